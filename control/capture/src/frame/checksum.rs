//! The Internet checksum (RFC 1071) and SCTP's CRC32c (RFC 9260, appendix A).

/// A sum of 16-bit words in ones' complement. Parts may be added one by one if all but the last have even
/// length.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum(u64);

impl Sum {
    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let mut sum = self.0;
        let mut pairs = bytes.chunks_exact(2);
        for pair in &mut pairs {
            sum += u64::from(u16::from_be_bytes([pair[0], pair[1]]));
        }
        if let [last] = pairs.remainder() {
            sum += u64::from(*last) << 8;
        }
        Self(sum)
    }

    /// The complement of the folded sum, as a header carries it.
    pub(super) fn checksum(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        !(sum as u16)
    }
}

/// CRC32c, bit by bit: frames are short and few.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    const REFLECTED_POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (if crc & 1 != 0 { REFLECTED_POLYNOMIAL } else { 0 });
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_fold_and_pad() {
        assert_eq!(Sum::default().checksum(), 0xffff);
        // The example of RFC 1071, section 3.
        assert_eq!(Sum::default().add(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]).checksum(), !0xddf2);
        assert_eq!(Sum::default().add(&[0x01]).checksum(), !0x0100);
    }

    #[test]
    fn crc_of_the_check_string() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
