//! Types of numbers, and literals of them.

use std::fmt;

use num_bigint::BigInt;

use crate::trial::Dice;

/// A type that expressions compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// `bit<W>`.
    Bit(u32),
    /// `int<W>`, two's complement.
    Int(u32),
    /// `bool`; its values are 0 and 1.
    Bool,
    /// `int`: of any size, known at compile time.
    Unbounded,
}

/// Widths that programs use: around bytes and machine words, and odd ones.
const WIDTHS: [u32; 22] =
    [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 24, 31, 32, 33, 48, 63, 64, 65, 100, 127, 128, 129];

impl Scalar {
    /// A type with a width, mostly narrow.
    pub fn random(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0 => Self::Bool,
            1..=2 => Self::Int(Self::width_of(dice)),
            _ => Self::Bit(Self::width_of(dice)),
        }
    }

    /// A width.
    pub fn width_of(dice: &mut Dice) -> u32 {
        match dice.below(4) {
            0 => *dice.pick(&WIDTHS),
            1 => 8,
            _ => WIDTHS[dice.below(13)],
        }
    }

    /// Bits that it takes; `None` for an integer of any size.
    pub fn width(self) -> Option<u32> {
        match self {
            Self::Bit(width) | Self::Int(width) => Some(width),
            Self::Bool => Some(1),
            Self::Unbounded => None,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bit(width) => write!(f, "bit<{width}>"),
            Self::Int(width) => write!(f, "int<{width}>"),
            Self::Bool => f.write_str("bool"),
            Self::Unbounded => f.write_str("int"),
        }
    }
}

/// A value of the type: often at one of its edges.
pub fn value(dice: &mut Dice, ty: Scalar) -> BigInt {
    let random = |dice: &mut Dice, width: u32| {
        let bytes = dice.bytes(width.div_ceil(8) as usize);
        BigInt::from_bytes_be(num_bigint::Sign::Plus, &bytes) % (BigInt::from(1) << width)
    };
    let unsigned = |dice: &mut Dice, width: u32| {
        let most: BigInt = (BigInt::from(1) << width) - 1;
        match dice.below(6) {
            0 => BigInt::from(0),
            1 => most,
            2 => BigInt::from(dice.below(5)).min(most),
            3 => most.clone() - BigInt::from(dice.below(3)).min(most),
            _ => random(dice, width),
        }
    };
    match ty {
        Scalar::Bool => BigInt::from(dice.below(2)),
        Scalar::Bit(width) => unsigned(dice, width),
        Scalar::Int(width) => unsigned(dice, width) - (BigInt::from(1) << (width - 1)),
        Scalar::Unbounded => {
            let width = 1 + dice.below(150) as u32;
            let number = unsigned(dice, width);
            if dice.percent(30) { -number } else { number }
        }
    }
}

/// Digits of a number that is not negative, in some base, the base before them.
fn digits(value: &BigInt, style: u8) -> String {
    match style % 5 {
        0 => format!("{value:#x}"),
        1 => format!("0b{value:b}"),
        2 => format!("0o{value:o}"),
        3 => format!("0X{value:X}_"),
        _ => value.to_string(),
    }
}

/// The literal of a value; the style chooses among the ways to write it.
pub(super) fn literal(ty: Scalar, value: &BigInt, style: u8) -> String {
    let magnitude = digits(&BigInt::from(value.magnitude().clone()), style);
    let is_negative = value.sign() == num_bigint::Sign::Minus;
    match ty {
        Scalar::Bool => (if is_zero(value) { "false" } else { "true" }).to_string(),
        Scalar::Bit(width) if style & 32 != 0 => format!("((bit<{width}>) {magnitude})"),
        Scalar::Bit(width) => format!("{width}w{magnitude}"),
        // The least value has no literal of its own type.
        Scalar::Int(width) if is_negative && *value == -(BigInt::from(1) << (width - 1)) => {
            format!("((int<{width}>) {width}w{magnitude})")
        }
        Scalar::Int(width) if is_negative => format!("(-{width}s{magnitude})"),
        Scalar::Int(width) => format!("{width}s{magnitude}"),
        Scalar::Unbounded if is_negative => format!("(-{magnitude})"),
        Scalar::Unbounded => magnitude,
    }
}

fn is_zero(value: &BigInt) -> bool {
    value.sign() == num_bigint::Sign::NoSign
}
