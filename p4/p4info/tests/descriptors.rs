//! The messages against those of the package `p4runtime` for Python, where it is installed: every name, number, type and
//! label is the same. `SLUICE_PYTHON` names another interpreter than `python3`.

use std::collections::BTreeMap;
use std::process::Command;

use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// Prints the files' descriptors in hexadecimal, a line each.
const SCRIPT: &str = "
from google.protobuf import descriptor_pb2
from p4.config.v1 import p4info_pb2, p4types_pb2
for module in (p4info_pb2, p4types_pb2):
    proto = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(proto)
    print(proto.SerializeToString().hex())
";

/// What must agree of every field and enumeration value, by its full name.
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
    for nested in &message.nested_type {
        self::message(&name, nested, facts);
    }
    for nested in &message.enum_type {
        enumeration(&name, nested, facts);
    }
}

fn enumeration(prefix: &str, of: &EnumDescriptorProto, facts: &mut Facts) {
    for value in &of.value {
        facts.insert(format!("{prefix}.{}.{}", of.name(), value.name()), value.number().to_string());
    }
}

fn facts<'f>(files: impl Iterator<Item = &'f FileDescriptorProto>) -> Facts {
    let mut facts = Facts::new();
    for file in files.filter(|file| file.package() == "p4.config.v1") {
        for declared in &file.message_type {
            message(file.package(), declared, &mut facts);
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
    let python = std::env::var("SLUICE_PYTHON").unwrap_or_else(|_| "python3".to_string());
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        // Generated code of older versions runs in the pure Python implementation only.
        .env("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
        .output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        eprintln!("skipped: there is no Python with the package `p4runtime`");
        return;
    };
    let printed = String::from_utf8(output.stdout).expect("hexadecimal digits");
    let theirs: Vec<_> = printed
        .lines()
        .map(|line| FileDescriptorProto::decode(bytes(line).as_slice()).expect("a descriptor"))
        .collect();
    let theirs = facts(theirs.iter());
    let ours = FileDescriptorSet::decode(sluice_p4info::DESCRIPTORS).expect("our descriptors");
    let ours = facts(ours.file.iter());
    assert!(ours.len() > 200, "{} facts", ours.len());
    for (name, fact) in &ours {
        assert_eq!(theirs.get(name), Some(fact), "{name}");
    }
}
