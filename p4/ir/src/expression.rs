//! Types, places and pure expressions.

use sluice_diagnostics::Span;
use sluice_entities::Bits;

use crate::{Handle, Header, Stack, Variable};

/// Type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`; its constants are [`Bits`] of width 1.
    Bool,
    /// `bit<width>`, width at least 1 (`bit<0>` values are folded away). Enums are `Bits` too.
    Bits(u32),
    /// `int<width>`: two's complement in [`Bits`] of that width.
    Int(u32),
    /// `error`: an index into [`crate::Module::errors`], as `Bits` of width 16.
    Error,
    /// `varbit<max>`: up to `max` bits, length a multiple of 8 when extracted. Only header fields have it; such an expression
    /// stands only in copies, `==`, `!=`, checksums and hashes. Two are equal if they have the same length and the same bits.
    Varbit(u32),
}

impl Type {
    /// Bits of storage: 1 for bool, 16 for error, the maximum for varbit.
    pub fn width(self) -> u32 {
        match self {
            Self::Bool => 1,
            Self::Bits(width) | Self::Int(width) | Self::Varbit(width) => width,
            Self::Error => 16,
        }
    }
}

/// Names one header at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderRef {
    /// That header.
    Header(Handle<Header>),
    /// Element of a stack; the index is an expression of any unsigned width.
    Element(Handle<Stack>, Handle<Expression>),
    /// `stack.next`: the element at the stack's next index (parsers only).
    Next(Handle<Stack>),
    /// `stack.last`: the element before the next index (parsers only).
    Last(Handle<Stack>),
}

/// Something that can be assigned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A variable.
    Variable(Handle<Variable>),
    /// A field of a header: index into [`crate::HeaderType::fields`].
    Field(HeaderRef, u32),
    /// Bits `low..=high` of a variable or field.
    Slice {
        /// Of what; not itself a slice.
        base: Box<Place>,
        /// Highest bit.
        high: u32,
        /// Lowest bit.
        low: u32,
    },
}

/// A pure expression with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// What it computes.
    pub kind: ExpressionKind,
    /// Its type.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// What an expression computes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    /// A constant of the expression's width.
    Constant(Bits),
    /// Value of a variable.
    Variable(Handle<Variable>),
    /// Value of a header's field: index into [`crate::HeaderType::fields`].
    Field(HeaderRef, u32),
    /// Action data of the action that the expression stands in: index into [`crate::Action::params`].
    Parameter(u32),
    /// Whether the header is valid.
    IsValid(HeaderRef),
    /// `stack.lastIndex`, `Bits(32)`.
    LastIndex(Handle<Stack>),
    /// Of one operand.
    Unary(UnaryOp, Handle<Expression>),
    /// Of two operands.
    Binary(BinaryOp, Handle<Expression>, Handle<Expression>),
    /// `condition ? accept : reject`.
    Mux {
        /// `Bool`.
        condition: Handle<Expression>,
        /// Of the expression's type.
        accept: Handle<Expression>,
        /// Of the expression's type.
        reject: Handle<Expression>,
    },
    /// Bits `low..=high`, type `Bits(high - low + 1)`.
    Slice {
        /// `Bits` or `Int`.
        base: Handle<Expression>,
        /// Highest bit, below the base's width.
        high: u32,
        /// Lowest bit.
        low: u32,
    },
    /// Left operand in the high bits.
    Concat(Handle<Expression>, Handle<Expression>),
    /// To the expression's type: cut, or extended by zeros (from `Bits`) or sign (from `Int`); `Bool` to and from `Bits(1)`.
    Cast(Handle<Expression>),
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `!` of `Bool`.
    Not,
    /// `~` of `Bits` or `Int`.
    BitNot,
    /// `-` of `Bits` or `Int`, modulo 2^width.
    Negate,
}

/// Operators of two operands. Both have the same type but for shifts, whose right operand is any `Bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+` modulo 2^width.
    Add,
    /// `-` modulo 2^width.
    Sub,
    /// `*` modulo 2^width.
    Mul,
    /// `/`.
    Div,
    /// `%`.
    Mod,
    /// `|+|`.
    SatAdd,
    /// `|-|`.
    SatSub,
    /// `&`.
    And,
    /// `|`.
    Or,
    /// `^`.
    Xor,
    /// `<<`.
    Shl,
    /// `>>`, arithmetic for `Int`.
    Shr,
    /// `==`; result `Bool`, as of all below.
    Eq,
    /// `!=`.
    Ne,
    /// `<`, signed for `Int`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// `&&` of `Bool`.
    LogicalAnd,
    /// `||` of `Bool`.
    LogicalOr,
}
