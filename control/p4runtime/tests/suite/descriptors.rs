//! Our messages, P4Info's among them, against those of the package `p4runtime` for Python, field by field, where it is installed.

use std::collections::BTreeMap;

use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

use crate::python;

/// Prints the files' descriptors in hexadecimal, a line each.
const SCRIPT: &str = "
from google.protobuf import descriptor_pb2
from google.rpc import status_pb2
from p4.config.v1 import p4info_pb2, p4types_pb2
from p4.v1 import p4data_pb2, p4runtime_pb2
for module in (p4info_pb2, p4types_pb2, p4data_pb2, p4runtime_pb2, status_pb2):
    proto = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(proto)
    print(proto.SerializeToString().hex())
";

/// What must agree of every field, enumeration value and call, by its full name.
type Facts = BTreeMap<String, String>;

fn message(prefix: &str, message: &DescriptorProto, facts: &mut Facts) {
    let name = format!("{prefix}.{}", message.name());
    facts.insert(name.clone(), "a message".to_string());
    for field in &message.field {
        let one_of = field.oneof_index.map(|index| message.oneof_decl[index as usize].name().to_string());
        let fact = format!(
            "{} = {}, {:?} {:?}, in {one_of:?}",
            field.type_name(),
            field.number(),
            field.label(),
            field.r#type()
        );
        facts.insert(format!("{name}.{}", field.name()), fact);
    }
    message.nested_type.iter().for_each(|nested| self::message(&name, nested, facts));
    message.enum_type.iter().for_each(|nested| enumeration(&name, nested, facts));
}

fn enumeration(prefix: &str, of: &EnumDescriptorProto, facts: &mut Facts) {
    for value in &of.value {
        facts.insert(format!("{prefix}.{}.{}", of.name(), value.name()), value.number().to_string());
    }
}

fn facts<'f>(files: impl Iterator<Item = &'f FileDescriptorProto>) -> Facts {
    let mut facts = Facts::new();
    for file in files.filter(|file| ["p4.config.v1", "p4.v1", "google.rpc"].contains(&file.package())) {
        file.message_type.iter().for_each(|declared| message(file.package(), declared, &mut facts));
        file.enum_type.iter().for_each(|declared| enumeration(file.package(), declared, &mut facts));
        for service in &file.service {
            for call in &service.method {
                let streams = (call.client_streaming(), call.server_streaming());
                let fact = format!("{} -> {}, {streams:?}", call.input_type(), call.output_type());
                facts.insert(format!("{}.{}.{}", file.package(), service.name(), call.name()), fact);
            }
        }
    }
    facts
}

fn bytes(line: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).expect("hexadecimal digits");
    (0..line.len()).step_by(2).map(digit).collect()
}

#[test]
fn messages_are_those_of_the_python_package() {
    let Some(python) = python::with("p4runtime") else { return };
    let printed = python::output(&python, &["-c", SCRIPT]);
    let read = |line: &str| FileDescriptorProto::decode(bytes(line).as_slice()).expect("a descriptor");
    let theirs: Vec<_> = printed.lines().map(read).collect();
    let theirs = facts(theirs.iter());
    let ours = FileDescriptorSet::decode(sluice_p4runtime::DESCRIPTORS).expect("our descriptors");
    let ours = facts(ours.file.iter());
    assert!(ours.len() > 450, "{} facts", ours.len());
    // Both ways: nothing of theirs is missing, nothing is ours alone.
    assert_eq!(ours, theirs);
}
