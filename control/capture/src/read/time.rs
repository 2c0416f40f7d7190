//! Ticks of a capture to nanoseconds since the UNIX epoch.

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Resolution and offset of an interface's times (`if_tsresol`, `if_tsoffset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// As in `if_tsresol`: a power of ten below a second, or with the top bit set, a power of two.
    pub(super) resolution: u8,
    /// Seconds to add.
    pub(super) offset_seconds: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { resolution: 6, offset_seconds: 0 }
    }
}

impl Clock {
    /// Time of `ticks`, kept between 0 and `u64::MAX` nanoseconds; a fraction of a nanosecond is cut off.
    pub(super) fn nanoseconds(self, ticks: u64) -> u64 {
        let exponent = u32::from(self.resolution & 0x7f);
        let ticks = u128::from(ticks);
        let since = if self.resolution & 0x80 != 0 {
            // 64 bits of ticks and 30 of nanoseconds leave the product well inside 128 bits.
            (ticks * NANOS_PER_SECOND) >> exponent
        } else if exponent <= 9 {
            ticks * 10u128.pow(9 - exponent)
        } else {
            // Where the divisor exceeds 128 bits, no 64-bit count of such ticks reaches a nanosecond.
            10u128.checked_pow(exponent - 9).map_or(0, |divisor| ticks / divisor)
        };
        let offset = i128::from(self.offset_seconds) * NANOS_PER_SECOND as i128;
        let time = i128::try_from(since).unwrap_or(i128::MAX).saturating_add(offset);
        u64::try_from(time.max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(resolution: u8, offset_seconds: i64) -> Clock {
        Clock { resolution, offset_seconds }
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(clock(6, 0).nanoseconds(1_500_000), 1_500_000_000);
        assert_eq!(clock(9, 0).nanoseconds(7), 7);
        assert_eq!(clock(0, 0).nanoseconds(3), 3_000_000_000);
        assert_eq!(clock(12, 0).nanoseconds(1_999), 1);
        assert_eq!(clock(127, 0).nanoseconds(u64::MAX), 0);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(clock(0x80 | 32, 0).nanoseconds(3 << 31), 1_500_000_000);
        assert_eq!(clock(0x80, 0).nanoseconds(2), 2_000_000_000);
        assert_eq!(clock(0xff, 0).nanoseconds(u64::MAX), 0);
    }

    #[test]
    fn offsets_and_limits() {
        assert_eq!(clock(6, 10).nanoseconds(1), 10_000_001_000);
        assert_eq!(clock(6, -10).nanoseconds(11_000_000), 1_000_000_000);
        assert_eq!(clock(6, -10).nanoseconds(1), 0);
        assert_eq!(clock(0, i64::MAX).nanoseconds(u64::MAX), u64::MAX);
        assert_eq!(clock(0, i64::MIN).nanoseconds(0), 0);
    }
}
