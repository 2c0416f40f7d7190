//! The words of the text form, one table for printer and reader each.

use sluice_entities::{ActionScope, CounterUnit, MatchKind};

use crate::{BinaryOp, CloneKind, HashAlgorithm, Intrinsic, UnaryOp};

/// A word for each value of an enum.
pub(super) type Words<T> = &'static [(T, &'static str)];

/// The word for a value; the tables below are complete, which a test checks.
pub(super) fn word_of<T: Copy + PartialEq>(words: Words<T>, value: T) -> &'static str {
    words.iter().find(|(of, _)| *of == value).map_or("?", |(_, word)| word)
}

/// The value for a word.
pub(super) fn value_of<T: Copy>(words: Words<T>, word: &str) -> Option<T> {
    words.iter().find(|(_, of)| *of == word).map(|(value, _)| *value)
}

/// Operators of two operands, longest first where one begins another.
pub(super) const BINARY: Words<BinaryOp> = &[
    (BinaryOp::SatAdd, "|+|"),
    (BinaryOp::SatSub, "|-|"),
    (BinaryOp::LogicalAnd, "&&"),
    (BinaryOp::LogicalOr, "||"),
    (BinaryOp::Eq, "=="),
    (BinaryOp::Ne, "!="),
    (BinaryOp::Le, "<="),
    (BinaryOp::Ge, ">="),
    (BinaryOp::Shl, "<<"),
    (BinaryOp::Shr, ">>"),
    (BinaryOp::Lt, "<"),
    (BinaryOp::Gt, ">"),
    (BinaryOp::Add, "+"),
    (BinaryOp::Sub, "-"),
    (BinaryOp::Mul, "*"),
    (BinaryOp::Div, "/"),
    (BinaryOp::Mod, "%"),
    (BinaryOp::And, "&"),
    (BinaryOp::Or, "|"),
    (BinaryOp::Xor, "^"),
];

/// Operators of one operand.
pub(super) const UNARY: Words<UnaryOp> =
    &[(UnaryOp::Not, "!"), (UnaryOp::BitNot, "~"), (UnaryOp::Negate, "-")];

/// Fields of `standard_metadata`.
pub(super) const INTRINSICS: Words<Intrinsic> = &Intrinsic::NAMES;

/// Hash and checksum algorithms.
pub(super) const ALGORITHMS: Words<HashAlgorithm> = &[
    (HashAlgorithm::Crc32, "crc32"),
    (HashAlgorithm::Crc32Custom, "crc32_custom"),
    (HashAlgorithm::Crc16, "crc16"),
    (HashAlgorithm::Crc16Custom, "crc16_custom"),
    (HashAlgorithm::Random, "random"),
    (HashAlgorithm::Identity, "identity"),
    (HashAlgorithm::Csum16, "csum16"),
    (HashAlgorithm::Xor16, "xor16"),
];

/// What `clone` copies.
pub(super) const CLONES: Words<CloneKind> =
    &[(CloneKind::IngressToEgress, "ingress_to_egress"), (CloneKind::EgressToEgress, "egress_to_egress")];

/// Units of counters and meters.
pub(super) const UNITS: Words<CounterUnit> =
    &[(CounterUnit::Packets, "packets"), (CounterUnit::Bytes, "bytes"), (CounterUnit::Both, "both")];

/// Match kinds.
pub(super) const MATCH_KINDS: Words<MatchKind> = &[
    (MatchKind::Exact, "exact"),
    (MatchKind::Lpm, "lpm"),
    (MatchKind::Ternary, "ternary"),
    (MatchKind::Range, "range"),
    (MatchKind::Optional, "optional"),
    (MatchKind::Selector, "selector"),
];

/// Where a table may use an action; nothing is said for everywhere.
pub(super) const SCOPES: Words<ActionScope> = &[
    (ActionScope::TableAndDefault, ""),
    (ActionScope::TableOnly, "tableonly"),
    (ActionScope::DefaultOnly, "defaultonly"),
];

/// Words that begin something where a name could stand, too; a name that is one of them is quoted.
pub(super) const RESERVED: &[&str] = &[
    "accept",
    "apply",
    "bit",
    "bool",
    "case",
    "const",
    "copy",
    "copy_stack",
    "default",
    "defaultonly",
    "else",
    "error",
    "exit",
    "false",
    "goto",
    "hit",
    "if",
    "in",
    "int",
    "is",
    "label",
    "last",
    "last_index",
    "leave",
    "loop",
    "next",
    "optional",
    "priority",
    "reject",
    "run",
    "select",
    "shares",
    "state",
    "switch",
    "tableonly",
    "true",
    "valid",
    "value_set",
    "varbit",
];

/// Whether a name stands bare: parts of letters, digits, `_` and `$`, joined by dots, each with `[number]`s behind it.
pub(super) fn is_plain(name: &str) -> bool {
    if RESERVED.contains(&name) || name.starts_with("error.") {
        return false;
    }
    super::lex::name_length(name) == name.len() && !name.is_empty()
}
