//! Both formats of the message: text for people and goldens, binary for the wire.
//!
//! The text is protocol buffers' text format as their C++ library, hence p4c, writes it: fields by number, two blanks a level, a field
//! of its own for each element of a list. Maps are in order of their keys.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};

use crate::DESCRIPTORS;
use crate::proto::P4Info;

/// The comment lines with which p4c begins the text of a P4Info.
pub const TEXT_HEAD: &str =
    "# proto-file: p4/config/v1/p4info.proto\n# proto-message: p4.config.v1.P4Info\n\n";

/// Why a P4Info cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not the text of one.
    #[error("not the text of a P4Info: {0}")]
    Text(prost_reflect::text_format::ParseError),
    /// They are not the bytes of one.
    #[error("not the bytes of a P4Info: {0}")]
    Binary(#[from] prost::DecodeError),
}

static P4INFO: LazyLock<Option<MessageDescriptor>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).ok()?.get_message_by_name("p4.config.v1.P4Info"));

/// The descriptor of the message.
#[allow(clippy::expect_used, reason = "the descriptors are this build's own, and a test reads them")]
fn descriptor() -> MessageDescriptor {
    P4INFO.clone().expect("the build's own descriptors describe P4Info")
}

/// The message as bytes.
pub fn to_binary(info: &P4Info) -> Vec<u8> {
    info.encode_to_vec()
}

/// The message that bytes are.
///
/// # Errors
///
/// Where they are not those of a P4Info. Fields that version 1.5 does not have are dropped.
pub fn from_binary(bytes: &[u8]) -> Result<P4Info, ReadError> {
    Ok(P4Info::decode(bytes)?)
}

/// The message as text.
pub fn to_text(info: &P4Info) -> String {
    let mut out = TEXT_HEAD.to_string();
    // Bytes of the message itself decode.
    if let Ok(message) = DynamicMessage::decode(descriptor(), info.encode_to_vec().as_slice()) {
        fields(&message, 0, &mut out);
    }
    out
}

/// The message that a text says.
///
/// # Errors
///
/// Where it is not the text format's, or names fields that P4Info does not have.
pub fn from_text(text: &str) -> Result<P4Info, ReadError> {
    let message = DynamicMessage::parse_text_format(descriptor(), text).map_err(ReadError::Text)?;
    from_binary(&message.encode_to_vec())
}

fn fields(message: &DynamicMessage, depth: usize, out: &mut String) {
    for (field, value) in message.fields() {
        match value {
            Value::List(values) => {
                for value in values {
                    one(&field, value, depth, out);
                }
            }
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|a, b| a.0.cmp(b.0));
                for (key, value) in entries {
                    entry(&field, key, value, depth, out);
                }
            }
            value => one(&field, value, depth, out),
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn one(field: &FieldDescriptor, value: &Value, depth: usize, out: &mut String) {
    indent(depth, out);
    out.push_str(field.name());
    write_value(&field.kind(), value, depth, out);
}

fn entry(field: &FieldDescriptor, key: &MapKey, value: &Value, depth: usize, out: &mut String) {
    indent(depth, out);
    out.push_str(field.name());
    out.push_str(" {\n");
    indent(depth + 1, out);
    let key = match key {
        MapKey::String(key) => quoted(key.as_bytes()),
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
    };
    out.push_str(&format!("key: {key}\n"));
    if let Kind::Message(entry) = field.kind() {
        indent(depth + 1, out);
        out.push_str("value");
        write_value(&entry.map_entry_value_field().kind(), value, depth + 1, out);
    }
    indent(depth, out);
    out.push_str("}\n");
}

/// `: value` or ` {...}`, and the end of the line.
fn write_value(kind: &Kind, value: &Value, depth: usize, out: &mut String) {
    let scalar = match value {
        Value::Message(message) => {
            out.push_str(" {\n");
            fields(message, depth + 1, out);
            indent(depth, out);
            out.push_str("}\n");
            return;
        }
        Value::String(text) => quoted(text.as_bytes()),
        Value::Bytes(bytes) => quoted(bytes),
        Value::EnumNumber(number) => match kind {
            Kind::Enum(of) => {
                of.get_value(*number).map_or(number.to_string(), |value| value.name().to_string())
            }
            _ => number.to_string(),
        },
        Value::Bool(value) => value.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        // Lists and maps are taken apart before.
        Value::List(_) | Value::Map(_) => String::new(),
    };
    out.push_str(&format!(": {scalar}\n"));
}

/// A string or bytes between quotes; what is not printable ASCII is octal.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'"' | b'\'' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            0x20..=0x7e => out.push(char::from(*byte)),
            byte => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}
