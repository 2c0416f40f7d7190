//! Arithmetic on constants: integers of any size, and bit strings of stated width.
//!
//! What is computed here is what the soft switch would compute at run time: everything modulo 2^width, shifts by the width or more
//! give zero or the sign, division by zero gives zero. Integers of type `int` have no width, so that there the operations can
//! fail, and say why.

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, ToPrimitive, Zero};
use sluice_entities::Bits;
use sluice_ir::{BinaryOp, UnaryOp};

use crate::ast::BinaryOperator;
use crate::limits;

/// The value of a bit string, read as two's complement if `signed`.
pub(crate) fn to_integer(bits: &Bits, signed: bool) -> BigInt {
    let value = BigInt::from_bytes_be(Sign::Plus, &bits.to_bytes());
    if signed && bits.width() > 0 && bits.bit(bits.width() - 1) {
        value - (BigInt::from(1) << bits.width())
    } else {
        value
    }
}

/// The low `width` bits of an integer in two's complement.
pub(crate) fn to_bits(value: &BigInt, width: u32) -> Bits {
    let mut bytes = value.to_signed_bytes_be();
    let wanted = width.div_ceil(8) as usize;
    if bytes.len() < wanted {
        let fill = if value.is_negative() { 0xff } else { 0 };
        let mut extended = vec![fill; wanted - bytes.len()];
        extended.append(&mut bytes);
        bytes = extended;
    }
    Bits::from_bytes(width, &bytes)
}

/// Whether an integer is a value of `bit<width>`, or of `int<width>` if `signed`.
pub(crate) fn fits(value: &BigInt, width: u32, signed: bool) -> bool {
    if signed {
        let half = BigInt::from(1) << width.saturating_sub(1);
        *value < half && *value >= -half
    } else {
        !value.is_negative() && value.bits() <= u64::from(width)
    }
}

/// An operator on two constants of the same width; comparisons give one bit. `signed` says how the operands are read.
pub(crate) fn binary(op: BinaryOp, left: &Bits, right: &Bits, signed: bool) -> Bits {
    let width = left.width();
    let flag = |value: bool| Bits::new(1, u64::from(value));
    let (a, b) = (to_integer(left, signed), to_integer(right, signed));
    let shift = || right.to_u64().filter(|by| *by < u64::from(width)).map(|by| by as u32);
    match op {
        BinaryOp::Add => to_bits(&(a + b), width),
        BinaryOp::Sub => to_bits(&(a - b), width),
        BinaryOp::Mul => to_bits(&(a * b), width),
        BinaryOp::Div if b.is_zero() => Bits::zero(width),
        BinaryOp::Mod if b.is_zero() => Bits::zero(width),
        BinaryOp::Div => to_bits(&(a / b), width),
        BinaryOp::Mod => to_bits(&(a % b), width),
        BinaryOp::SatAdd => saturate(a + b, width, signed),
        BinaryOp::SatSub => saturate(a - b, width, signed),
        BinaryOp::And => left & right,
        BinaryOp::Or => left | right,
        BinaryOp::Xor => left ^ right,
        BinaryOp::Shl => shift().map_or_else(|| Bits::zero(width), |by| left.shl(by)),
        BinaryOp::Shr => match shift() {
            Some(by) => to_bits(&(a >> by), width),
            None if a.is_negative() => Bits::ones(width),
            None => Bits::zero(width),
        },
        BinaryOp::Eq => flag(a == b),
        BinaryOp::Ne => flag(a != b),
        BinaryOp::Lt => flag(a < b),
        BinaryOp::Le => flag(a <= b),
        BinaryOp::Gt => flag(a > b),
        BinaryOp::Ge => flag(a >= b),
        BinaryOp::LogicalAnd => left & right,
        BinaryOp::LogicalOr => left | right,
    }
}

fn saturate(value: BigInt, width: u32, signed: bool) -> Bits {
    let (low, high) = if signed {
        let half = BigInt::from(1) << width.saturating_sub(1);
        (-half.clone(), half - 1)
    } else {
        (BigInt::zero(), (BigInt::from(1) << width) - 1)
    };
    to_bits(&value.clamp(low, high), width)
}

/// An operator on one constant.
pub(crate) fn unary(op: UnaryOp, operand: &Bits) -> Bits {
    match op {
        UnaryOp::Not | UnaryOp::BitNot => !operand,
        UnaryOp::Negate => to_bits(&-to_integer(operand, false), operand.width()),
    }
}

/// What an operator on two integers of type `int` gives.
pub(crate) enum Folded {
    /// An integer.
    Int(BigInt),
    /// The result of a comparison.
    Bool(bool),
    /// It has no value; why.
    Undefined(&'static str),
}

/// An operator on two integers of type `int` (section 8.8).
pub(crate) fn integers(op: BinaryOperator, a: &BigInt, b: &BigInt) -> Folded {
    let shift = b.to_usize().filter(|by| *by <= limits::LITERAL_WIDTH as usize);
    let too_large = a.bits() + b.bits() > u64::from(limits::LITERAL_WIDTH) * 4;
    match op {
        BinaryOperator::Multiply if too_large => Folded::Undefined("the product is too large"),
        BinaryOperator::Multiply => Folded::Int(a * b),
        BinaryOperator::Divide | BinaryOperator::Modulo if b.is_zero() => {
            Folded::Undefined("division by zero")
        }
        BinaryOperator::Divide | BinaryOperator::Modulo if a.is_negative() || b.is_negative() => {
            Folded::Undefined("division is not defined for negative numbers")
        }
        BinaryOperator::Divide => Folded::Int(a / b),
        BinaryOperator::Modulo => Folded::Int(a % b),
        BinaryOperator::Add => Folded::Int(a + b),
        BinaryOperator::Subtract => Folded::Int(a - b),
        BinaryOperator::SaturatingAdd | BinaryOperator::SaturatingSubtract => {
            Folded::Undefined("saturation needs a width; write one as in `8w5`")
        }
        BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight if b.is_negative() => {
            Folded::Undefined("a shift by a negative number")
        }
        BinaryOperator::ShiftLeft => match shift.filter(|_| !too_large) {
            Some(by) => Folded::Int(a << by),
            None => Folded::Undefined("the shifted number is too large"),
        },
        BinaryOperator::ShiftRight => match shift {
            Some(by) => Folded::Int(a >> by),
            None => Folded::Int(if a.is_negative() { BigInt::from(-1) } else { BigInt::zero() }),
        },
        BinaryOperator::BitAnd => Folded::Int(a & b),
        BinaryOperator::BitXor => Folded::Int(a ^ b),
        BinaryOperator::BitOr => Folded::Int(a | b),
        BinaryOperator::LessEqual => Folded::Bool(a <= b),
        BinaryOperator::GreaterEqual => Folded::Bool(a >= b),
        BinaryOperator::Less => Folded::Bool(a < b),
        BinaryOperator::Greater => Folded::Bool(a > b),
        BinaryOperator::Equal => Folded::Bool(a == b),
        BinaryOperator::NotEqual => Folded::Bool(a != b),
        BinaryOperator::Concat => Folded::Undefined("concatenation needs widths; write them as in `8w5`"),
        BinaryOperator::And | BinaryOperator::Or => Folded::Undefined("an integer is no `bool`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_numbers_are_twos_complement() {
        assert_eq!(to_bits(&BigInt::from(-1), 12), Bits::ones(12));
        assert_eq!(to_bits(&BigInt::from(-2), 130).slice(129, 1), Bits::ones(129));
        assert_eq!(to_integer(&Bits::new(4, 9), true), BigInt::from(-7));
        assert_eq!(to_bits(&BigInt::from(300), 8), Bits::new(8, 44));
    }

    #[test]
    fn saturation_stops_at_the_bounds() {
        let (a, b) = (Bits::new(8, 200), Bits::new(8, 100));
        assert_eq!(binary(BinaryOp::SatAdd, &a, &b, false), Bits::new(8, 255));
        assert_eq!(binary(BinaryOp::SatSub, &b, &a, false), Bits::zero(8));
        // -56 - 100 as int<8> is below -128.
        assert_eq!(binary(BinaryOp::SatSub, &a, &b, true), Bits::new(8, 128));
    }

    #[test]
    fn shifts_beyond_the_width_leave_zero_or_the_sign() {
        let (minus, far) = (Bits::new(8, 0x80), Bits::new(64, 1 << 40));
        assert_eq!(binary(BinaryOp::Shr, &minus, &far, true), Bits::ones(8));
        assert_eq!(binary(BinaryOp::Shr, &minus, &far, false), Bits::zero(8));
        assert_eq!(binary(BinaryOp::Shl, &minus, &far, false), Bits::zero(8));
    }

    #[test]
    fn division_by_zero_gives_zero() {
        assert_eq!(binary(BinaryOp::Div, &Bits::new(8, 5), &Bits::zero(8), false), Bits::zero(8));
    }
}
