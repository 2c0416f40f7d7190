//! v1model's hash algorithms, with the results that bmv2 gives.

use sluice_ir::HashAlgorithm;

/// The hash of a string of bytes. bmv2 fills the last byte of an odd number of bits up with zeros.
///
/// The custom CRCs have their initial configuration, which is that of the plain ones. `Identity` is, as in bmv2, the
/// first eight bytes as a number: all of the input where it is of at most 64 bits.
pub(crate) fn hash(algorithm: HashAlgorithm, data: &[u8]) -> u64 {
    match algorithm {
        HashAlgorithm::Crc32 | HashAlgorithm::Crc32Custom => u64::from(crc32(data)),
        HashAlgorithm::Crc16 | HashAlgorithm::Crc16Custom => u64::from(crc16(data)),
        HashAlgorithm::Random => 0,
        HashAlgorithm::Identity => data.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte)),
        HashAlgorithm::Csum16 => u64::from(!fold(sum16(data))),
        HashAlgorithm::Xor16 => u64::from(words16(data).fold(0, |sum, word| sum ^ word)),
    }
}

fn words16(data: &[u8]) -> impl Iterator<Item = u16> + '_ {
    data.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))
}

/// Sum of the big-endian 16-bit words; zero fills the last one (RFC 1071).
pub(crate) fn sum16(data: &[u8]) -> u64 {
    let (quads, rest) = data.as_chunks::<4>();
    let sum: u64 = quads.iter().map(|quad| u64::from(u32::from_be_bytes(*quad))).sum();
    sum + words16(rest).map(u64::from).sum::<u64>()
}

/// The ones'-complement sum of 16 bits that a longer sum stands for.
pub(crate) fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

const CRC32_TABLE: [u32; 256] = crc_table(0xEDB8_8320);
const CRC16_TABLE: [u32; 256] = crc_table(0xA001);

/// Table of a reflected CRC.
const fn crc_table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ polynomial } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| crc >> 8 ^ CRC32_TABLE[usize::from(crc as u8 ^ byte)])
}

fn crc16(data: &[u8]) -> u16 {
    data.iter().fold(0u32, |crc, byte| crc >> 8 ^ CRC16_TABLE[usize::from(crc as u8 ^ byte)]) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_check_values() {
        let digits = b"123456789";
        assert_eq!(hash(HashAlgorithm::Crc32, digits), 0xCBF4_3926);
        assert_eq!(hash(HashAlgorithm::Crc16, digits), 0xBB3D);
        assert_eq!(hash(HashAlgorithm::Identity, &[1, 2, 3]), 0x010203);
        assert_eq!(hash(HashAlgorithm::Identity, &[1, 2, 3, 4, 5, 6, 7, 8, 9]), 0x0102_0304_0506_0708);
        assert_eq!(hash(HashAlgorithm::Xor16, &[0x12, 0x34, 0x56]), 0x1234 ^ 0x5600);
        // RFC 1071, section 3.
        let example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(hash(HashAlgorithm::Csum16, &example), u64::from(!0xddf2u16));
        assert_eq!(hash(HashAlgorithm::Random, digits), 0);
    }
}
