//! Bit strings of stated width, from 0 to thousands of bits.

use std::cmp::Ordering;
use std::fmt;

use smallvec::SmallVec;

/// A value of `bit<width>` (P4-16 section 8.6): an unsigned integer below 2^width.
///
/// Bits beyond the width are always zero, so equality, order and hash are those of (value, width).
/// Limbs are little endian: limb 0 holds bits 0..64.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bits {
    width: u32,
    limbs: SmallVec<[u64; 4]>,
}

/// Why a text is not a number of the stated width.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseBitsError {
    /// Not digits of the stated base.
    #[error("`{text}` is not a number (decimal, or 0x and hexadecimal digits)")]
    NotANumber {
        /// What stood there.
        text: String,
    },
    /// The value needs more bits.
    #[error("`{text}` does not fit {width} bits")]
    TooWide {
        /// What stood there.
        text: String,
        /// Bits there are.
        width: u32,
    },
}

fn limb_count(width: u32) -> usize {
    width.div_ceil(64) as usize
}

impl Bits {
    /// Zero.
    pub fn zero(width: u32) -> Self {
        Self { width, limbs: SmallVec::from_elem(0, limb_count(width)) }
    }

    /// All ones.
    pub fn ones(width: u32) -> Self {
        Self { width, limbs: SmallVec::from_elem(u64::MAX, limb_count(width)) }.trimmed()
    }

    /// The low `width` bits of `value`.
    pub fn new(width: u32, value: u64) -> Self {
        Self::from_limbs(width, &[value])
    }

    /// The low `width` bits of `value`.
    pub fn from_u128(width: u32, value: u128) -> Self {
        Self::from_limbs(width, &[value as u64, (value >> 64) as u64])
    }

    /// The low `width` bits of little-endian limbs; missing limbs are zero.
    pub fn from_limbs(width: u32, limbs: &[u64]) -> Self {
        let mut all = Self::zero(width);
        for (to, from) in all.limbs.iter_mut().zip(limbs) {
            *to = *from;
        }
        all.trimmed()
    }

    /// The low `width` bits of a big-endian byte string, as P4Runtime (section 8.4) and headers have them.
    pub fn from_bytes(width: u32, bytes: &[u8]) -> Self {
        let mut all = Self::zero(width);
        for (i, byte) in bytes.iter().rev().enumerate() {
            if let Some(limb) = all.limbs.get_mut(i / 8) {
                *limb |= u64::from(*byte) << (i % 8 * 8);
            }
        }
        all.trimmed()
    }

    /// A mask of the `prefix_length` most significant bits.
    pub fn prefix_mask(width: u32, prefix_length: u32) -> Self {
        let length = prefix_length.min(width);
        Self::ones(width).shl(width - length)
    }

    /// Reads decimal digits, or `0x` and hexadecimal digits; `_` may separate digits.
    pub fn parse(width: u32, text: &str) -> Result<Self, ParseBitsError> {
        let not_a_number = || ParseBitsError::NotANumber { text: text.to_string() };
        let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (text, 10),
        };
        let mut any = false;
        let mut value = Self::zero(width + 8);
        for c in digits.chars().filter(|c| *c != '_') {
            let digit = c.to_digit(base).ok_or_else(not_a_number)?;
            any = true;
            value.multiply_add(base, digit);
            if value.bit_length() > width {
                return Err(ParseBitsError::TooWide { text: text.to_string(), width });
            }
        }
        if any { Ok(value.resize(width)) } else { Err(not_a_number()) }
    }

    fn multiply_add(&mut self, factor: u32, term: u32) {
        let mut carry = u128::from(term);
        for limb in &mut self.limbs {
            let sum = u128::from(*limb) * u128::from(factor) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
    }

    fn trimmed(mut self) -> Self {
        let spare = self.width % 64;
        if spare != 0
            && let Some(last) = self.limbs.last_mut()
        {
            *last &= u64::MAX >> (64 - spare);
        }
        self
    }

    /// Number of bits.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Little-endian limbs; `width.div_ceil(64)` of them.
    pub fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    /// The value, if it fits 64 bits.
    pub fn to_u64(&self) -> Option<u64> {
        (self.bit_length() <= 64).then(|| self.limbs.first().copied().unwrap_or(0))
    }

    /// The value, if it fits 128 bits.
    pub fn to_u128(&self) -> Option<u128> {
        let limb = |i: usize| u128::from(self.limbs.get(i).copied().unwrap_or(0));
        (self.bit_length() <= 128).then(|| limb(0) | limb(1) << 64)
    }

    /// The value as `width.div_ceil(8)` big-endian bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = self.width.div_ceil(8) as usize;
        (0..count).rev().map(|i| (self.limbs[i / 8] >> (i % 8 * 8)) as u8).collect()
    }

    /// The same value in another width; bits that do not fit are cut off.
    pub fn resize(&self, width: u32) -> Self {
        Self::from_limbs(width, &self.limbs)
    }

    /// Position of the highest one, plus 1; 0 for zero.
    pub fn bit_length(&self) -> u32 {
        for (i, limb) in self.limbs.iter().enumerate().rev() {
            if *limb != 0 {
                return i as u32 * 64 + 64 - limb.leading_zeros();
            }
        }
        0
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.limbs.iter().all(|limb| *limb == 0)
    }

    /// Bit `index`; false beyond the width.
    pub fn bit(&self, index: u32) -> bool {
        self.limbs.get(index as usize / 64).is_some_and(|limb| limb >> (index % 64) & 1 == 1)
    }

    /// Sets bit `index`; nothing beyond the width.
    pub fn set_bit(&mut self, index: u32, value: bool) {
        if index < self.width {
            let mask = 1 << (index % 64);
            let limb = &mut self.limbs[index as usize / 64];
            *limb = if value { *limb | mask } else { *limb & !mask };
        }
    }

    /// Positions of the ones, ascending.
    pub fn iter_ones(&self) -> impl Iterator<Item = u32> + '_ {
        self.limbs.iter().enumerate().flat_map(|(i, limb)| {
            let mut rest = *limb;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    i as u32 * 64 + bit
                })
            })
        })
    }

    /// Number of ones.
    pub fn count_ones(&self) -> u32 {
        self.limbs.iter().map(|limb| limb.count_ones()).sum()
    }

    /// Bits `low..=high` as a value of width `high - low + 1`; bits beyond the width read as zero.
    pub fn slice(&self, high: u32, low: u32) -> Self {
        self.shr(low).resize(high.saturating_sub(low) + 1)
    }

    /// Shifted left; the width stays.
    pub fn shl(&self, by: u32) -> Self {
        let mut out = Self::zero(self.width);
        let (limbs, bits) = ((by / 64) as usize, by % 64);
        for i in limbs..out.limbs.len() {
            let low = self.limbs[i - limbs] << bits;
            let carried = if bits > 0 && i > limbs { self.limbs[i - limbs - 1] >> (64 - bits) } else { 0 };
            out.limbs[i] = low | carried;
        }
        out.trimmed()
    }

    /// Shifted right, zeros from the left; the width stays.
    pub fn shr(&self, by: u32) -> Self {
        let mut out = Self::zero(self.width);
        let (limbs, bits) = ((by / 64) as usize, by % 64);
        for i in 0..out.limbs.len().saturating_sub(limbs) {
            let high = self.limbs[i + limbs] >> bits;
            let next = self.limbs.get(i + limbs + 1).copied().unwrap_or(0);
            out.limbs[i] = high | if bits > 0 { next << (64 - bits) } else { 0 };
        }
        out
    }

    /// `self` in the high bits, `low` below it.
    pub fn concat(&self, low: &Self) -> Self {
        let width = self.width + low.width;
        let high = self.resize(width).shl(low.width);
        &high | &low.resize(width)
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut out = self.clone();
        for (i, limb) in out.limbs.iter_mut().enumerate() {
            *limb = f(*limb, other.limbs.get(i).copied().unwrap_or(0));
        }
        out.trimmed()
    }
}

macro_rules! bitwise {
    ($trait:ident, $method:ident, $assign:ident, $assign_method:ident, $op:tt) => {
        impl std::ops::$trait for &Bits {
            type Output = Bits;
            /// Of the left operand's width; the right one is cut or extended with zeros.
            fn $method(self, other: Self) -> Bits {
                self.zip(other, |a, b| a $op b)
            }
        }
        impl std::ops::$assign<&Bits> for Bits {
            fn $assign_method(&mut self, other: &Bits) {
                *self = &*self $op other;
            }
        }
    };
}
bitwise!(BitAnd, bitand, BitAndAssign, bitand_assign, &);
bitwise!(BitOr, bitor, BitOrAssign, bitor_assign, |);
bitwise!(BitXor, bitxor, BitXorAssign, bitxor_assign, ^);

impl std::ops::Not for &Bits {
    type Output = Bits;
    fn not(self) -> Bits {
        self.zip(self, |a, _| !a)
    }
}

impl Ord for Bits {
    /// By value, then by width.
    fn cmp(&self, other: &Self) -> Ordering {
        let count = self.limbs.len().max(other.limbs.len());
        let limb = |bits: &Self, i: usize| bits.limbs.get(i).copied().unwrap_or(0);
        (0..count)
            .rev()
            .map(|i| limb(self, i).cmp(&limb(other, i)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| self.width.cmp(&other.width))
    }
}

impl PartialOrd for Bits {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::LowerHex for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for limb in self.limbs.iter().rev() {
            if text.is_empty() {
                if *limb != 0 {
                    text = format!("{limb:x}");
                }
            } else {
                text.push_str(&format!("{limb:016x}"));
            }
        }
        if text.is_empty() {
            text.push('0');
        }
        f.pad_integral(true, "0x", &text)
    }
}

impl fmt::Display for Bits {
    /// As a P4 literal: `8w0x2a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}w{:#x}", self.width, self)
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_beyond_the_width_are_zero() {
        assert_eq!(Bits::new(4, 0xff), Bits::new(4, 0xf));
        assert_eq!(Bits::ones(65).limbs(), &[u64::MAX, 1]);
        assert_eq!(!&Bits::zero(3), Bits::new(3, 7));
    }

    #[test]
    fn bytes_are_big_endian() {
        let bits = Bits::from_bytes(20, &[0x1, 0x23, 0x45]);
        assert_eq!(bits.to_u64(), Some(0x1_2345));
        assert_eq!(bits.to_bytes(), [0x01, 0x23, 0x45]);
    }

    #[test]
    fn shifts_cross_limbs() {
        let one = Bits::new(200, 1);
        assert_eq!(one.shl(130).iter_ones().collect::<Vec<_>>(), [130]);
        assert_eq!(one.shl(130).shr(129).to_u64(), Some(2));
        assert!(one.shl(200).is_zero());
        assert_eq!(Bits::prefix_mask(32, 8).to_u64(), Some(0xff00_0000));
    }

    #[test]
    fn slices_and_concatenations_invert() {
        let value = Bits::from_u128(100, 0x1234_5678_9abc_def0_1122);
        assert_eq!(value.slice(99, 37).concat(&value.slice(36, 0)), value);
    }

    #[test]
    fn parses_within_the_width() {
        assert_eq!(Bits::parse(16, "0xbe_ef"), Ok(Bits::new(16, 0xbeef)));
        assert_eq!(Bits::parse(8, "255"), Ok(Bits::new(8, 255)));
        assert!(matches!(Bits::parse(8, "256"), Err(ParseBitsError::TooWide { width: 8, .. })));
        assert!(matches!(Bits::parse(8, "0x"), Err(ParseBitsError::NotANumber { .. })));
        assert!(matches!(Bits::parse(8, "1z"), Err(ParseBitsError::NotANumber { .. })));
    }

    #[test]
    fn order_is_by_value() {
        assert!(Bits::new(128, 5) < Bits::new(8, 6));
        assert!(Bits::ones(65) > Bits::ones(64));
    }
}
