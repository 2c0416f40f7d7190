//! Operations on values of more than 64 bits, too rare to be instructions ([`super::op`]).

use super::op::Slot;

/// An operation. Sizes are in bits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WideOp {
    Arithmetic {
        op: WideArithmetic,
        d: Slot,
        a: Slot,
        b: Slot,
        width: u32,
    },
    /// By as many bits as the narrow slot `by` says.
    Shift {
        left: bool,
        signed: bool,
        d: Slot,
        a: Slot,
        by: Slot,
        width: u32,
    },
    /// `a < b`, or `a <= b` where `or_equal`.
    Less {
        or_equal: bool,
        signed: bool,
        d: Slot,
        a: Slot,
        b: Slot,
        width: u32,
    },
    /// `width` bits of `a` (of `a_width` bits) from `low` on.
    Slice {
        d: Slot,
        a: Slot,
        a_width: u32,
        low: u32,
        width: u32,
    },
    Concat {
        d: Slot,
        a: Slot,
        a_width: u32,
        b: Slot,
        b_width: u32,
    },
    /// Puts `width` bits into `d` (of `d_width` bits) at `low`.
    Insert {
        d: Slot,
        d_width: u32,
        a: Slot,
        low: u32,
        width: u32,
    },
    Resize {
        d: Slot,
        a: Slot,
        from: u32,
        to: u32,
        signed: bool,
    },
    Not {
        d: Slot,
        a: Slot,
        width: u32,
    },
    /// The value, or 2^64 - 1 where it needs more bits.
    Saturate {
        d: Slot,
        a: Slot,
        n: u16,
    },
    Lookahead {
        d: Slot,
        offset: u32,
        width: u32,
    },
}

/// Wide arithmetic of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WideArithmetic {
    Add,
    Sub,
    Mul,
    /// Towards zero; zero for a divisor of zero.
    Div {
        signed: bool,
    },
    /// Of the sign of the left operand.
    Mod {
        signed: bool,
    },
    SatAdd {
        signed: bool,
    },
    SatSub {
        signed: bool,
    },
}
