//! `digest64(seed, data)`: a quick 64-bit digest that is the same on every target.
//!
//! The data's bits stand one behind the other in order, and zeros fill the last of their big-endian 64-bit words `w`. Then, modulo 2^64:
//!
//! ```text
//! h = seed ^ 0x9E3779B97F4A7C15
//! for each w:  h = h ^ w;  h = h * 0xFF51AFD7ED558CCD;  h = h ^ (h >> 32)
//! h = h * 0xC4CEB9FE1A85EC53
//! h = h ^ (h >> 29)
//! ```

/// Digests a string of bytes, zeros filling its last word.
pub(crate) fn digest64(seed: u64, data: &[u8]) -> u64 {
    let mut hash = seed ^ 0x9E37_79B9_7F4A_7C15;
    let mut add = |word: u64| {
        hash = (hash ^ word).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        hash ^= hash >> 32;
    };
    let (words, rest) = data.as_chunks::<8>();
    words.iter().for_each(|word| add(u64::from_be_bytes(*word)));
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        add(u64::from_be_bytes(last));
    }
    hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ hash >> 29
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use sluice_entities::Bits;

    use crate::engine::bytes::BitString;

    /// The definition, bit by bit.
    fn by_bits(seed: u64, fields: &[Bits]) -> u64 {
        let mut bits: Vec<bool> = Vec::new();
        for field in fields {
            bits.extend((0..field.width()).rev().map(|i| field.bit(i)));
        }
        while !bits.len().is_multiple_of(64) {
            bits.push(false);
        }
        let mut hash = seed ^ 0x9E37_79B9_7F4A_7C15;
        for word in bits.chunks(64) {
            let word = word.iter().fold(0u64, |value, bit| value << 1 | u64::from(*bit));
            hash ^= word;
            hash = hash.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
            hash ^= hash >> 32;
        }
        hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        hash ^ hash >> 29
    }

    #[test]
    fn agrees_with_its_definition() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..500 {
            let seed = rng.random();
            let fields: Vec<Bits> = (0..rng.random_range(0..8))
                .map(|_| {
                    let limbs: [u64; 5] = rng.random();
                    Bits::from_limbs(rng.random_range(1..300), &limbs)
                })
                .collect();
            let mut gathered = BitString::default();
            fields.iter().for_each(|field| gathered.push_limbs(field.limbs(), field.width()));
            assert_eq!(digest64(seed, gathered.bytes()), by_bits(seed, &fields));
        }
    }

    #[test]
    fn known_values() {
        assert_eq!(digest64(0, &[]), by_bits(0, &[]));
        assert_ne!(digest64(0, &[0]), digest64(0, &[]));
        assert_ne!(digest64(1, b"sluice"), digest64(0, b"sluice"));
    }
}
