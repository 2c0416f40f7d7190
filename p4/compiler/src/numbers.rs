//! Integers of type `int`: of any size, known at compile time.
//!
//! They have no width, so that an operation can fail, and says why. What has a width is computed as the IR says
//! ([`sluice_ir::arithmetic`]).

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, ToPrimitive, Zero};
use sluice_entities::Bits;

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
}
