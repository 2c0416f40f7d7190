//! An index into pieces of the number line: where to begin to search for a key.
//!
//! The numbers from the first bound to the last are cut into buckets of one size, at least as many as there are pieces, so that
//! bounds that lie close together (the addresses of one network) have buckets of their own, however far they are from zero.

use super::intervals::KeyNumber;

/// Fewest and most buckets.
const BUCKETS: std::ops::RangeInclusive<usize> = 16..=1 << 16;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Buckets<K> {
    /// The first number of the first bucket; no piece but the first starts up to it.
    pub(super) base: K,
    /// Buckets hold 2^shift numbers each; the last one all that follow.
    pub(super) shift: u32,
    /// For each bucket the pieces of its first and of its last number: in the low and in the high half.
    pub(super) pieces: Vec<u64>,
}

impl<K: KeyNumber> Buckets<K> {
    /// The index of pieces that start at these numbers, ascending.
    pub(super) fn of(starts: &[K]) -> Self {
        let wanted = (starts.len() * 2).next_power_of_two().clamp(*BUCKETS.start(), *BUCKETS.end());
        let (Some(second), Some(last)) = (starts.get(1), starts.last()) else {
            return Self { base: K::ZERO, shift: 0, pieces: vec![0] };
        };
        let base = second.predecessor();
        let span = last.minus(base);
        let mut shift = 0;
        while span.bucket(shift) >= wanted as u64 {
            shift += 1;
        }
        let count = span.bucket(shift) as usize + 1;
        let mut pieces = Vec::with_capacity(count);
        let mut piece = 0;
        let mut up_to = |number: Option<K>| {
            let starts_by = |start: &K| number.is_none_or(|number| *start <= number);
            while starts.get(piece + 1).is_some_and(starts_by) {
                piece += 1;
            }
            piece as u64
        };
        for bucket in 0..count as u64 {
            let first = up_to(Some(base.plus(bucket, shift)));
            let is_last = bucket + 1 == count as u64;
            let last = up_to((!is_last).then(|| base.plus(bucket + 1, shift).predecessor()));
            pieces.push(first | last << 32);
        }
        Self { base, shift, pieces }
    }

    /// The pieces, first and last, among which the key's is.
    #[inline(always)]
    pub(super) fn find(&self, key: K) -> (usize, usize) {
        let bucket = key.minus(self.base).bucket(self.shift);
        let at = usize::try_from(bucket).unwrap_or(usize::MAX).min(self.pieces.len() - 1);
        let pieces = self.pieces[at];
        (pieces as u32 as usize, (pieces >> 32) as usize)
    }
}
