//! Bits of byte strings: fields of headers, keys of data, the packet ahead.
//!
//! Bit 0 of a string is the most significant bit of its first byte. Strings that fields are loaded from end with
//! [`SLACK`] bytes that belong to nothing, so that a load never has to look where the string ends.

/// Bytes behind header storage.
pub(crate) const SLACK: usize = 16;

/// A mask of the low `width` bits, `width` from 1 to 64.
#[inline(always)]
pub(crate) fn low_mask(width: u8) -> u64 {
    u64::MAX >> (64 - u32::from(width).clamp(1, 64))
}

/// The eight bytes from `at` on, as a number; 0 where they are not there.
#[inline(always)]
pub(crate) fn load64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Writes the bits of `mask` into the eight bytes from `at` on.
#[inline(always)]
pub(crate) fn store64(bytes: &mut [u8], at: usize, value: u64, mask: u64) {
    if let Some(window) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *window = (u64::from_be_bytes(*window) & !mask | value & mask).to_be_bytes();
    }
}

/// At most 64 bits from bit `bit` on; bytes beyond the end count as zero.
pub(crate) fn load_bits(bytes: &[u8], bit: usize, width: u32) -> u64 {
    let tail = bytes.get(bit / 8..).unwrap_or(&[]);
    let window = match tail.first_chunk() {
        Some(window) => u128::from_be_bytes(*window),
        None => {
            let mut window = [0; 16];
            window[..tail.len()].copy_from_slice(tail);
            u128::from_be_bytes(window)
        }
    };
    let shift = 128 - (bit % 8) as u32 - width.clamp(1, 64);
    (window >> shift) as u64 & low_mask(width.clamp(1, 64) as u8)
}

/// Loads any number of bits into little-endian limbs.
pub(crate) fn load_limbs(bytes: &[u8], bit: usize, width: u32, limbs: &mut [u64]) {
    let mut left = width;
    for limb in limbs {
        let part = left.min(64);
        left -= part;
        *limb = if part == 0 { 0 } else { load_bits(bytes, bit + left as usize, part) };
    }
}

/// Stores the low `width` bits of little-endian limbs from bit `bit` on, and leaves other bits as they are.
pub(crate) fn store_limbs(bytes: &mut [u8], bit: usize, width: u32, limbs: &[u64]) {
    let mut left = width;
    for limb in limbs {
        let part = left.min(64);
        if part == 0 {
            break;
        }
        left -= part;
        store_bits(bytes, bit + left as usize, part, *limb);
    }
}

fn store_bits(bytes: &mut [u8], bit: usize, width: u32, value: u64) {
    let Some(window) = bytes.get_mut(bit / 8..).and_then(<[u8]>::first_chunk_mut::<16>) else { return };
    let shift = 128 - (bit % 8) as u32 - width;
    let mask = u128::from(low_mask(width as u8)) << shift;
    let value = u128::from(value) << shift;
    *window = (u128::from_be_bytes(*window) & !mask | value & mask).to_be_bytes();
}

/// A growing string of bits.
#[derive(Debug, Default)]
pub(crate) struct BitString {
    bytes: Vec<u8>,
    /// Bits of the last byte that are in use, 0 for all of them.
    spare: u32,
}

impl BitString {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.spare = 0;
    }

    /// The bytes, the last one filled up with zeros.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        if self.spare == 0 {
            self.bytes.extend_from_slice(bytes);
        } else {
            bytes.iter().for_each(|byte| self.push_bits(u64::from(*byte), 8));
        }
    }

    /// Appends the low `width` bits of little-endian limbs, the highest first.
    pub(crate) fn push_limbs(&mut self, limbs: &[u64], width: u32) {
        let top = width.div_ceil(64) as usize;
        for (i, limb) in limbs.iter().take(top).enumerate().rev() {
            let part = (width - i as u32 * 64).min(64);
            self.push_bits(*limb, part);
        }
    }

    fn push_bits(&mut self, value: u64, width: u32) {
        let mut left = width;
        while left > 0 {
            if self.spare == 0 {
                self.bytes.push(0);
                self.spare = 8;
            }
            let take = left.min(self.spare);
            let part = (value >> (left - take)) as u8 & (0xff >> (8 - take));
            if let Some(last) = self.bytes.last_mut() {
                *last |= part << (self.spare - take);
            }
            self.spare -= take;
            left -= take;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_entities::Bits;

    #[test]
    fn loads_and_stores_agree_with_bit_strings() {
        let bytes: Vec<u8> = (0..64u8).map(|i| i.wrapping_mul(37) ^ 0x5a).collect();
        let all = Bits::from_bytes(512, &bytes);
        for (bit, width) in [(0, 8), (3, 13), (7, 64), (1, 200), (5, 256), (64, 65), (13, 1)] {
            let mut limbs = [0; 8];
            load_limbs(&bytes, bit, width, &mut limbs[..width.div_ceil(64) as usize]);
            let expected = all.slice(511 - bit as u32, 512 - bit as u32 - width);
            assert_eq!(Bits::from_limbs(width, &limbs), expected, "{bit} {width}");
            let mut copy = vec![0xff; 80];
            store_limbs(&mut copy, bit, width, &limbs);
            let mut back = [0; 8];
            load_limbs(&copy, bit, width, &mut back[..width.div_ceil(64) as usize]);
            assert_eq!(limbs, back);
            let ones: u32 = copy.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(ones, 640 - width + expected.count_ones());
        }
    }

    #[test]
    fn bit_strings_concatenate() {
        let mut bits = BitString::default();
        bits.push_limbs(&[0b101], 3);
        bits.push_bytes(&[0xff, 0x00]);
        bits.push_limbs(&[0x1234_5678_9abc_def0, 0x1f], 69);
        let expected = Bits::new(3, 5)
            .concat(&Bits::new(16, 0xff00))
            .concat(&Bits::from_limbs(69, &[0x1234_5678_9abc_def0, 0x1f]));
        assert_eq!(bits.bytes(), expected.resize(88).to_bytes());
    }
}
