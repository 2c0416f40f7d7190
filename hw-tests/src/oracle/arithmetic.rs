//! What expressions of P4 are worth, computed on integers of any size as the specification says (sections 8.5 to 8.10).
//!
//! Nothing here knows the IR or its bit strings: a value of `bit<W>` is an integer from 0 on, one of `int<W>` is signed, a
//! `bool` is 0 or 1.

use num_bigint::BigInt;
use num_bigint::Sign::Minus;

use crate::generate::program::{Expr, Operator, Prefix, Scalar};

/// Shifts by more give what a shift by this gives: no type of the tests is so wide.
const FAR: u32 = 1 << 16;

fn power(exponent: u32) -> BigInt {
    BigInt::from(1) << exponent
}

/// The value that is left of an integer in a type: its low bits.
pub fn wrap(ty: Scalar, value: &BigInt) -> BigInt {
    match ty {
        Scalar::Unbounded => value.clone(),
        Scalar::Bool => low_bits(1, value),
        Scalar::Bit(width) => low_bits(width, value),
        Scalar::Int(width) => {
            let low = low_bits(width, value);
            if low >= power(width - 1) { low - power(width) } else { low }
        }
    }
}

/// The low bits as a number that is not negative.
pub(super) fn low_bits(width: u32, value: &BigInt) -> BigInt {
    let modulus = power(width);
    let rest = value % &modulus;
    if rest.sign() == Minus { rest + modulus } else { rest }
}

/// The value of an expression, `leaf` giving those of its leaves, which are asked for in the order in which the specification
/// evaluates them: from left to right, and only where the value counts.
///
/// # Panics
/// On an expression that the generator does not make: one without a value.
pub fn evaluate(expr: &Expr, leaf: &mut dyn FnMut(&str) -> BigInt) -> BigInt {
    let ty = expr.ty();
    match expr {
        Expr::Literal(_, value, _) | Expr::Bare(_, value) => value.clone(),
        Expr::Leaf(_, text) => leaf(text),
        Expr::Prefix(prefix, of) => {
            let value = evaluate(of, leaf);
            match prefix {
                Prefix::Minus => wrap(ty, &-value),
                Prefix::Plus => value,
                Prefix::Complement => wrap(ty, &(-value - 1)),
                Prefix::Not => 1 - value,
            }
        }
        Expr::Binary(op, left, right) => {
            let of = if matches!(**left, Expr::Bare(..)) { right.ty() } else { left.ty() };
            let left = evaluate(left, leaf);
            let decides = match op {
                Operator::LogicalAnd => left == BigInt::from(0),
                Operator::LogicalOr => left == BigInt::from(1),
                _ => false,
            };
            if decides { left } else { binary(*op, of, &left, &evaluate(right, leaf)) }
        }
        Expr::Mux(condition, accept, reject) => {
            let taken = if evaluate(condition, leaf) == BigInt::from(1) { accept } else { reject };
            evaluate(taken, leaf)
        }
        Expr::Slice(of, high, low) => low_bits(high + 1, &evaluate(of, leaf)) >> *low,
        Expr::Concat(left, right) => {
            let width = right.ty().width().expect("operands of ++ have a width");
            let high = evaluate(left, leaf) << width;
            let low = low_bits(width, &evaluate(right, leaf));
            wrap(ty, &(high + low))
        }
        Expr::Cast(to, of) => wrap(*to, &evaluate(of, leaf)),
    }
}

/// An operator on operands of type `ty`; the second operand of a shift is of any.
pub(super) fn binary(op: Operator, ty: Scalar, left: &BigInt, right: &BigInt) -> BigInt {
    let truth = |truth: bool| BigInt::from(u8::from(truth));
    match op {
        Operator::Add => wrap(ty, &(left + right)),
        Operator::Subtract => wrap(ty, &(left - right)),
        Operator::Multiply => wrap(ty, &(left * right)),
        Operator::Divide => left / right,
        Operator::Modulo => left % right,
        Operator::SaturatingAdd => saturate(ty, left + right),
        Operator::SaturatingSubtract => saturate(ty, left - right),
        // On two's complement of any length.
        Operator::And => left & right,
        Operator::Or => left | right,
        Operator::Xor => left ^ right,
        Operator::ShiftLeft => wrap(ty, &(left << shift(right))),
        Operator::ShiftRight => left >> shift(right),
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::Less => truth(left < right),
        Operator::LessEqual => truth(left <= right),
        Operator::Greater => truth(left > right),
        Operator::GreaterEqual => truth(left >= right),
        Operator::LogicalAnd => left * right,
        Operator::LogicalOr => truth(left + right > BigInt::from(0)),
    }
}

fn shift(by: &BigInt) -> u32 {
    u32::try_from(by).unwrap_or(FAR).min(FAR)
}

fn saturate(ty: Scalar, value: BigInt) -> BigInt {
    let (least, most) = match ty {
        Scalar::Bit(width) => (BigInt::from(0), power(width) - 1),
        Scalar::Int(width) => (-power(width - 1), power(width - 1) - 1),
        Scalar::Bool | Scalar::Unbounded => return value,
    };
    value.clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(op: Operator, ty: Scalar, left: i64, right: i64) -> i64 {
        i64::try_from(binary(op, ty, &left.into(), &right.into())).expect("small")
    }

    /// By hand.
    #[test]
    fn edges() {
        assert_eq!(number(Operator::Add, Scalar::Bit(8), 250, 10), 4);
        assert_eq!(number(Operator::Add, Scalar::Int(8), 120, 10), -126);
        assert_eq!(number(Operator::SaturatingSubtract, Scalar::Bit(8), 3, 10), 0);
        assert_eq!(number(Operator::SaturatingAdd, Scalar::Int(8), -120, -10), -128);
        assert_eq!(number(Operator::ShiftRight, Scalar::Int(8), -3, 1), -2);
        assert_eq!(number(Operator::ShiftRight, Scalar::Int(8), -3, 200), -1);
        assert_eq!(number(Operator::ShiftLeft, Scalar::Bit(8), 3, 7), 128);
        assert_eq!(number(Operator::ShiftLeft, Scalar::Int(8), 1, 7), -128);
        assert_eq!(number(Operator::Xor, Scalar::Int(4), -1, 5), -6);
        assert_eq!(number(Operator::Less, Scalar::Int(4), -1, 0), 1);
        assert_eq!(wrap(Scalar::Int(1), &BigInt::from(1)), BigInt::from(-1));
        assert_eq!(wrap(Scalar::Bit(3), &BigInt::from(-1)), BigInt::from(7));
    }
}
