//! What the operators compute (P4-16 sections 8.5 to 8.10, and this crate's choices where it leaves some open).
//!
//! The one definition: constant folding and every data path that does not generate code use it. Operands are of the types
//! that [`crate::verify`] asks for; with others the result has no meaning, but there is no panic.

use std::cmp::Ordering;

use sluice_entities::Bits;

use crate::{BinaryOp, Type, UnaryOp};

/// An operator applied to one value.
pub fn unary(op: UnaryOp, operand: &Bits) -> Bits {
    match op {
        UnaryOp::Not | UnaryOp::BitNot => !operand,
        UnaryOp::Negate => sub(&Bits::zero(operand.width()), operand),
    }
}

/// An operator applied to two values; `ty` is the left operand's type and says whether it is signed.
pub fn binary(op: BinaryOp, ty: Type, left: &Bits, right: &Bits) -> Bits {
    let signed = matches!(ty, Type::Int(_));
    let bool = |value: bool| Bits::new(1, u64::from(value));
    let order = || if signed { compare_signed(left, right) } else { left.cmp(right) };
    match op {
        BinaryOp::Add => add(left, right),
        BinaryOp::Sub => sub(left, right),
        BinaryOp::Mul => mul(left, right),
        BinaryOp::Div => divide(left, right, signed).0,
        BinaryOp::Mod => divide(left, right, signed).1,
        BinaryOp::SatAdd | BinaryOp::SatSub => saturating(op, left, right, signed),
        BinaryOp::And | BinaryOp::LogicalAnd => left & right,
        BinaryOp::Or | BinaryOp::LogicalOr => left | right,
        BinaryOp::Xor => left ^ right,
        BinaryOp::Shl => shift_left(left, right),
        BinaryOp::Shr => shift_right(left, right, signed),
        BinaryOp::Eq => bool(left == right),
        BinaryOp::Ne => bool(left != right),
        BinaryOp::Lt => bool(order().is_lt()),
        BinaryOp::Le => bool(order().is_le()),
        BinaryOp::Gt => bool(order().is_gt()),
        BinaryOp::Ge => bool(order().is_ge()),
    }
}

/// A value of type `from` as one of type `to`: cut, or extended by zeros or by the sign of an `Int`.
pub fn cast(from: Type, to: Type, value: &Bits) -> Bits {
    if matches!(from, Type::Int(_)) { extend(value, to.width()) } else { value.resize(to.width()) }
}

fn is_negative(value: &Bits) -> bool {
    value.width() > 0 && value.bit(value.width() - 1)
}

/// Sign extension, or the low bits.
fn extend(value: &Bits, width: u32) -> Bits {
    let wide = value.resize(width);
    if is_negative(value) && width > value.width() {
        &wide | &Bits::ones(width).shl(value.width())
    } else {
        wide
    }
}

fn compare_signed(left: &Bits, right: &Bits) -> Ordering {
    match (is_negative(left), is_negative(right)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => left.cmp(right),
    }
}

fn add(left: &Bits, right: &Bits) -> Bits {
    let mut carry = false;
    let limbs: Vec<u64> = left
        .limbs()
        .iter()
        .enumerate()
        .map(|(i, limb)| {
            let (sum, first) = limb.overflowing_add(right.limbs().get(i).copied().unwrap_or(0));
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            sum
        })
        .collect();
    Bits::from_limbs(left.width(), &limbs)
}

fn sub(left: &Bits, right: &Bits) -> Bits {
    let width = left.width();
    add(&add(left, &!&right.resize(width)), &Bits::new(width, 1))
}

fn mul(left: &Bits, right: &Bits) -> Bits {
    let count = left.limbs().len();
    let mut limbs = vec![0_u64; count];
    for (i, a) in left.limbs().iter().enumerate() {
        let mut carry = 0_u128;
        for (limb, b) in limbs[i..].iter_mut().zip(right.limbs()) {
            let sum = u128::from(*limb) + u128::from(*a) * u128::from(*b) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
    }
    Bits::from_limbs(left.width(), &limbs)
}

/// Quotient, rounded to zero, and remainder with the dividend's sign; both zero for a divisor of zero.
fn divide(left: &Bits, right: &Bits, signed: bool) -> (Bits, Bits) {
    if !signed {
        return divide_unsigned(left, right);
    }
    let magnitude =
        |value: &Bits| if is_negative(value) { unary(UnaryOp::Negate, value) } else { value.clone() };
    let with_sign = |value: Bits, negative| if negative { unary(UnaryOp::Negate, &value) } else { value };
    let (quotient, remainder) = divide_unsigned(&magnitude(left), &magnitude(right));
    (with_sign(quotient, is_negative(left) != is_negative(right)), with_sign(remainder, is_negative(left)))
}

fn divide_unsigned(left: &Bits, right: &Bits) -> (Bits, Bits) {
    let width = left.width();
    if right.is_zero() {
        return (Bits::zero(width), Bits::zero(width));
    }
    if let (Some(a), Some(b)) = (left.to_u128(), right.to_u128()) {
        return (Bits::from_u128(width, a / b), Bits::from_u128(width, a % b));
    }
    // Long division, a bit a step; one bit more for the remainder's shift.
    let (mut quotient, mut remainder) = (Bits::zero(width), Bits::zero(width + 1));
    let divisor = right.resize(width + 1);
    for i in (0..left.bit_length()).rev() {
        remainder = remainder.shl(1);
        remainder.set_bit(0, left.bit(i));
        if remainder >= divisor {
            remainder = sub(&remainder, &divisor);
            quotient.set_bit(i, true);
        }
    }
    (quotient, remainder.resize(width))
}

fn saturating(op: BinaryOp, left: &Bits, right: &Bits, signed: bool) -> Bits {
    let width = left.width();
    // Two bits more hold every sum and difference with its sign.
    let wide = |value: &Bits| if signed { extend(value, width + 2) } else { value.resize(width + 2) };
    let result = match op {
        BinaryOp::SatAdd => add(&wide(left), &wide(right)),
        _ => sub(&wide(left), &wide(right)),
    };
    let (least, greatest) = if signed {
        let least = Bits::new(width, 1).shl(width.saturating_sub(1));
        let greatest = !&least;
        (least, greatest)
    } else {
        (Bits::zero(width), Bits::ones(width))
    };
    if compare_signed(&result, &wide(&least)).is_lt() {
        least
    } else if compare_signed(&result, &wide(&greatest)).is_gt() {
        greatest
    } else {
        result.resize(width)
    }
}

/// The amount, if it is less than the width.
fn amount(by: &Bits, width: u32) -> Option<u32> {
    by.to_u64().and_then(|by| u32::try_from(by).ok()).filter(|by| *by < width)
}

fn shift_left(left: &Bits, by: &Bits) -> Bits {
    let width = left.width();
    amount(by, width).map_or_else(|| Bits::zero(width), |by| left.shl(by))
}

fn shift_right(left: &Bits, by: &Bits, signed: bool) -> Bits {
    let width = left.width();
    let fill = signed && is_negative(left);
    match amount(by, width) {
        Some(by) if fill => &left.shr(by) | &Bits::prefix_mask(width, by),
        Some(by) => left.shr(by),
        None if fill => Bits::ones(width),
        None => Bits::zero(width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(op: BinaryOp, ty: Type, left: i128, right: i128) -> Bits {
        let width = ty.width();
        binary(op, ty, &Bits::from_u128(width, left as u128), &Bits::from_u128(width, right as u128))
    }

    /// Every operator on every pair of 5-bit values against machine integers.
    #[test]
    fn small_widths_agree_with_machine_integers() {
        for (a, b) in (0..32).flat_map(|a| (0..32).map(move |b| (a, b))) {
            let (ty, wrap) = (Type::Bits(5), |value: i128| Bits::from_u128(5, value as u128));
            assert_eq!(eval(BinaryOp::Add, ty, a, b), wrap(a + b));
            assert_eq!(eval(BinaryOp::Sub, ty, a, b), wrap(a - b));
            assert_eq!(eval(BinaryOp::Mul, ty, a, b), wrap(a * b));
            assert_eq!(eval(BinaryOp::Div, ty, a, b), wrap(a.checked_div(b).unwrap_or(0)));
            assert_eq!(eval(BinaryOp::Mod, ty, a, b), wrap(a.checked_rem(b).unwrap_or(0)));
            assert_eq!(eval(BinaryOp::SatAdd, ty, a, b), wrap((a + b).min(31)));
            assert_eq!(eval(BinaryOp::SatSub, ty, a, b), wrap((a - b).max(0)));
            assert_eq!(eval(BinaryOp::Shl, ty, a, b), wrap(a << b));
            assert_eq!(eval(BinaryOp::Shr, ty, a, b), wrap(a >> b));
            assert_eq!(eval(BinaryOp::Le, ty, a, b), Bits::new(1, u64::from(a <= b)));
            let (ty, a, signed_b) = (Type::Int(5), a - 16, b - 16);
            assert_eq!(eval(BinaryOp::SatAdd, ty, a, signed_b), wrap((a + signed_b).clamp(-16, 15)));
            assert_eq!(eval(BinaryOp::SatSub, ty, a, signed_b), wrap((a - signed_b).clamp(-16, 15)));
            assert_eq!(eval(BinaryOp::Div, ty, a, signed_b), wrap(a.checked_div(signed_b).unwrap_or(0)));
            assert_eq!(eval(BinaryOp::Mod, ty, a, signed_b), wrap(a.checked_rem(signed_b).unwrap_or(0)));
            assert_eq!(eval(BinaryOp::Shr, ty, a, b), wrap(a >> b));
            assert_eq!(eval(BinaryOp::Lt, ty, a, signed_b), Bits::new(1, u64::from(a < signed_b)));
        }
    }

    #[test]
    fn wide_division_inverts_multiplication() {
        let a = Bits::from_limbs(300, &[u64::MAX, 12, 7, u64::MAX]);
        let b = Bits::from_limbs(300, &[3, 0, 9]);
        let (quotient, remainder) = divide(&a, &b, false);
        assert!(remainder < b);
        assert_eq!(add(&mul(&quotient, &b), &remainder), a);
    }

    #[test]
    fn casts_extend_by_type() {
        let value = Bits::new(4, 0xc);
        assert_eq!(cast(Type::Int(4), Type::Bits(8), &value), Bits::new(8, 0xfc));
        assert_eq!(cast(Type::Bits(4), Type::Int(8), &value), Bits::new(8, 0x0c));
        assert_eq!(cast(Type::Int(4), Type::Int(2), &value), Bits::zero(2));
    }
}
