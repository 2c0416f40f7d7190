//! Parts of JSON values, with what is wrong with them.

use num_bigint::BigInt;
use num_traits::{Num, Signed, Zero};
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::Bits;

use super::{Reader, Refused, Result};
use crate::json::{Node, NodeKind};

/// Most digits of one constant: those of the widest field, and some.
const DIGITS: usize = 1 << 15;

impl Node {
    /// Its first character: objects go over many lines.
    pub(super) fn start(&self) -> Span {
        match self.kind {
            NodeKind::Object(_) | NodeKind::List(_) => {
                Span::new(self.span.source, self.span.start as usize, self.span.start as usize + 1)
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Text(_) => self.span,
        }
    }

    /// The value of a key; none where it is missing or null, or where this is no object.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let NodeKind::Object(entries) = &self.kind else { return None };
        let found = entries.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        found.filter(|value| !matches!(value.kind, NodeKind::Null))
    }

    /// The items of an array; none of anything else.
    pub(super) fn items(&self) -> &[Node] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let NodeKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        if let NodeKind::Bool(value) = self.kind { Some(value) } else { None }
    }

    /// A number from 0.
    pub(super) fn as_number(&self) -> Option<u64> {
        if let NodeKind::Number(text) = &self.kind { text.parse().ok() } else { None }
    }
}

impl<'n> Reader<'n> {
    pub(super) fn refuse(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Refused {
        self.found.push(Diagnostic::error(message).at(span, "").help(help));
        Refused
    }

    /// Says that a value is of another kind than it should be.
    pub(super) fn wrong(&mut self, node: &Node, due: &str) -> Refused {
        let message = format!("expected {due}, found {}", node.kind.describe());
        self.refuse(node.start(), message, format!("give {due}"))
    }

    /// Says that a name means nothing, with the one that may be meant.
    pub(super) fn unknown<'c>(
        &mut self,
        node: &Node,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'c str>,
    ) -> Refused {
        let help = match closest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name a {what} of this file"),
        };
        self.refuse(node.start(), format!("there is no {what} `{name}`"), help)
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, node: &'n Node, key: &str) -> Result<&'n Node> {
        if !matches!(node.kind, NodeKind::Object(_)) {
            return Err(self.wrong(node, "an object"));
        }
        match node.get(key) {
            Some(value) => Ok(value),
            None => {
                Err(self.refuse(node.start(), format!("the key `{key}` is missing"), format!("give `{key}`")))
            }
        }
    }

    pub(super) fn need_text(&mut self, node: &'n Node, key: &str) -> Result<&'n str> {
        let value = self.need(node, key)?;
        match value.as_text() {
            Some(text) => Ok(text),
            None => Err(self.wrong(value, "a string")),
        }
    }

    pub(super) fn need_number(&mut self, node: &'n Node, key: &str) -> Result<u64> {
        let value = self.need(node, key)?;
        match value.as_number() {
            Some(number) => Ok(number),
            None => Err(self.wrong(value, "a whole number from 0")),
        }
    }

    /// A width, within the IR's bounds.
    pub(super) fn width(&mut self, node: &'n Node) -> Result<u32> {
        match node.as_number() {
            Some(number) if (1..=u64::from(sluice_ir::limits::WIDTH)).contains(&number) => Ok(number as u32),
            _ => {
                let help = format!("widths are 1 to {}", sluice_ir::limits::WIDTH);
                Err(self.refuse(node.start(), "this is no width in bits", help))
            }
        }
    }

    /// The items of an array under a key; none where it is missing.
    pub(super) fn list(&mut self, node: &'n Node, key: &str) -> &'n [Node] {
        let Some(value) = node.get(key) else { return &[] };
        if !matches!(value.kind, NodeKind::List(_)) {
            self.wrong(value, "an array");
        }
        value.items()
    }

    /// The two strings of a field's names.
    pub(super) fn pair(&mut self, node: &'n Node) -> Result<[&'n str; 2]> {
        if let [header, field] = node.items()
            && let (Some(header), Some(field)) = (header.as_text(), field.as_text())
        {
            return Ok([header, field]);
        }
        Err(self.refuse(node.start(), "this names no field", "write [\"header\", \"field\"]"))
    }

    /// A constant in hexadecimal.
    pub(super) fn hex(&mut self, node: &'n Node) -> Result<BigInt> {
        let Some(text) = node.as_text() else {
            return Err(self.wrong(node, "a string with a number in hexadecimal"));
        };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
        let is_right =
            !digits.is_empty() && digits.len() <= DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match BigInt::from_str_radix(digits, 16) {
            Ok(number) if is_right => Ok(if negative { -number } else { number }),
            _ => Err(self.refuse(node.start(), "this is no number in hexadecimal", "write it like \"0x0a\"")),
        }
    }

    /// A constant that fits a width.
    pub(super) fn hex_bits(&mut self, node: &'n Node, width: u32) -> Result<Bits> {
        let number = self.hex(node)?;
        if number.is_negative() || number.bits() > u64::from(width) {
            let message = format!("the value has more than {width} bits");
            return Err(self.refuse(node.start(), message, format!("values here are of {width} bits")));
        }
        Ok(bits(&number, width))
    }
}

/// The low bits of a number in two's complement.
pub(super) fn bits(number: &BigInt, width: u32) -> Bits {
    let modulus = BigInt::from(1) << width;
    let mut rest = number % &modulus;
    if rest.is_negative() {
        rest += &modulus;
    }
    if rest.is_zero() {
        return Bits::zero(width);
    }
    let (_, bytes) = rest.to_bytes_be();
    Bits::from_bytes(width, &bytes)
}
