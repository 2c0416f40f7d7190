//! What the control plane is told beyond what packets need: types by their names, digests, annotations.
//!
//! Code knows scalars of so many bits ([`crate::Type`]); a controller also wants to know that those bits are a `PortId_t`,
//! which it may have to translate, or that a digest brings a struct with these fields. That is what stands here, in the
//! terms of P4Info (P4Runtime 1.5, section 6). None of it changes what happens to a packet.

use sluice_entities::Bits;

use crate::Handle;

/// `@name`, `@name(...)` or `@name[...]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Without the `@`.
    pub name: String,
    /// What stands behind it.
    pub body: AnnotationBody,
}

/// What stands behind an annotation's name (P4-16 section 18.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationBody {
    /// Nothing.
    None,
    /// `(...)`: tokens as they were written, a space between each two.
    Text(String),
    /// `[1, "x", true]`
    Values(Vec<AnnotationValue>),
    /// `[key = 1, other = "x"]`
    Pairs(Vec<(String, AnnotationValue)>),
}

/// A value in a structured annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationValue {
    /// A string.
    Text(String),
    /// A number; P4Info has 64 bits for it.
    Integer(i64),
    /// A truth value.
    Bool(bool),
}

impl Annotation {
    /// The one string of `@name("...")`, without its quotes.
    pub fn string(&self) -> Option<String> {
        match &self.body {
            AnnotationBody::Text(text) => unquoted(text),
            AnnotationBody::Values(values) => match values.as_slice() {
                [AnnotationValue::Text(text)] => Some(text.clone()),
                _ => None,
            },
            AnnotationBody::None | AnnotationBody::Pairs(_) => None,
        }
    }

    /// The one number of `@name(7)`: decimal, `0x`, `0o` or `0b`, with a width before it or without.
    pub fn integer(&self) -> Option<u64> {
        match &self.body {
            AnnotationBody::Text(text) => number(text),
            AnnotationBody::Values(values) => match values.as_slice() {
                [AnnotationValue::Integer(number)] => u64::try_from(*number).ok(),
                _ => None,
            },
            AnnotationBody::None | AnnotationBody::Pairs(_) => None,
        }
    }
}

/// The annotation of that name.
pub fn find<'a>(annotations: &'a [Annotation], name: &str) -> Option<&'a Annotation> {
    annotations.iter().find(|annotation| annotation.name == name)
}

/// The content of a string literal, or of several in a row, which are one.
fn unquoted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let mut chars = rest.strip_prefix('"')?.char_indices();
        loop {
            match chars.next()? {
                (at, '"') => {
                    rest = rest[at + 2..].trim_start();
                    break;
                }
                (_, '\\') => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    'r' => out.push('\r'),
                    't' => out.push('\t'),
                    other => out.push(other),
                },
                (_, other) => out.push(other),
            }
        }
    }
    Some(out)
}

/// A P4 integer literal.
fn number(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    let width = text.bytes().take_while(u8::is_ascii_digit).count();
    let digits = match text.as_bytes().get(width) {
        Some(b'w' | b's') => &text[width + 1..],
        _ => &text,
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        Some("0d" | "0D") => (10, &digits[2..]),
        _ => (10, digits),
    };
    u64::from_str_radix(digits, radix).ok()
}

/// A type as the control plane is told it (P4Info's `P4DataTypeSpec`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `bit<W>`
    Bits(u32),
    /// `int<W>`
    Int(u32),
    /// `varbit<W>`
    Varbit(u32),
    /// `bool`
    Bool,
    /// `error`
    Error,
    /// `tuple<...>`
    Tuple(Vec<DataType>),
    /// A type with a name.
    Named(Handle<NamedType>),
    /// A stack of headers or of header unions: of what, and how many.
    Stack(Handle<NamedType>, u32),
}

/// A declared type that the control plane is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedType {
    /// Its name; unique.
    pub name: String,
    /// What it is.
    pub kind: NamedKind,
    /// Its annotations. A header with `@controller_header` is the format of packets from or to the controller.
    pub annotations: Vec<Annotation>,
}

/// What a declared type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedKind {
    /// `struct`
    Struct(Vec<Member>),
    /// `header`
    Header(Vec<Member>),
    /// `header_union`
    Union(Vec<Member>),
    /// `enum`: names of the members.
    Enum(Vec<String>),
    /// `enum bit<W>`
    SerializableEnum {
        /// Bits.
        width: u32,
        /// Names and values, of that width.
        members: Vec<(String, Bits)>,
    },
    /// `type`: a type of its own made of another.
    New {
        /// The type that it is made of, itself not a new one.
        of: DataType,
        /// How the controller's values differ from the switch's (`@p4runtime_translation`).
        translation: Option<Translation>,
    },
}

/// A field of a struct, header or header union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: DataType,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// `@p4runtime_translation(uri, type)`: the controller has another representation of the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Says which translation.
    pub uri: String,
    /// Bits of the controller's values; none where they are strings.
    pub width: Option<u32>,
}

/// Data that the program sends to the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestType {
    /// The name that [`crate::ExternCall::Digest`] has; unique.
    pub name: String,
    /// What it brings.
    pub ty: DataType,
}
