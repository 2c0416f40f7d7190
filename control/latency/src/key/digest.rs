//! The digest that keys are made of: 64 bits, two words of input a multiplication.

/// Odd constants without structure: fractional digits of pi.
const PI: [u64; 4] =
    [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1, 0x082e_fa98_ec4e_6c89];

/// A digest under way.
///
/// Two different inputs have the same digest by chance alone: of n keys in a window, about n * n / 2^65 pairs, which for a million is one in
/// 37 million windows. Who makes packets with the same digest on purpose makes them ambiguous, or matches them wrongly; a latency report is no
/// means of defense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

/// The 128-bit product, folded.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

fn word(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl Digest {
    /// Of what kind of key it is: the same bytes under different kinds are different keys.
    pub(crate) fn new(kind: u64) -> Self {
        Self(kind.wrapping_mul(PI[2] | 1) ^ PI[0])
    }

    /// Two words more.
    #[inline]
    pub(crate) fn words(self, first: u64, second: u64) -> Self {
        Self(fold(first ^ PI[1], second ^ self.0) ^ second.rotate_left(23))
    }

    /// Bytes more, with their number.
    #[inline]
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        let mut chunks = bytes.chunks_exact(16);
        for chunk in &mut chunks {
            self = self.words(word(chunk), word(&chunk[8..]));
        }
        let rest = chunks.remainder();
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        self.words(word(&last), word(&last[8..])).words(bytes.len() as u64, PI[3])
    }

    /// The digest.
    #[inline]
    pub(crate) fn finish(self) -> u64 {
        fold(self.0 ^ PI[3], PI[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every bit of the input moves about half of the bits of the digest, wherever it stands.
    #[test]
    fn each_bit_counts() {
        let bytes: Vec<u8> = (0..67).map(|n: u8| n.wrapping_mul(37)).collect();
        let whole = Digest::new(1).bytes(&bytes).finish();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let moved = (Digest::new(1).bytes(&other).finish() ^ whole).count_ones();
            assert!((12..=52).contains(&moved), "bit {bit} moves {moved}");
        }
        assert_ne!(Digest::new(2).bytes(&bytes).finish(), whole);
        assert_ne!(Digest::new(1).bytes(&bytes[..66]).finish(), whole);
        assert_ne!(Digest::new(1).bytes(&[0; 16]).finish(), Digest::new(1).bytes(&[0; 15]).finish());
    }
}
