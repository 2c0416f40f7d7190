//! One key of one range: the number line cut where an entry begins or ends, each piece with what the entry of the highest precedence does there.
//!
//! A packet halves the starts: as many turns as their number has bits, none of which depends on another key.

use std::collections::BTreeSet;

/// Starts that a map holds, and one more is the references that it has: the first piece begins at 0, which stands nowhere. A power of two,
/// so that a mask is all that the verifier asks for.
pub const MAX_INTERVALS: usize = 4096;

/// Most entries of a table of intervals. Each has two ends, which may be others' ends, too.
pub const MAX_RANGES: usize = MAX_INTERVALS / 2;

/// Widest key: starts are halves of a word, and a comparison is the sign of a difference.
pub const MAX_INTERVAL_BITS: u32 = 32;

/// Bytes of a map's one element: the first step of a search (a word), starts of 32 bits, references.
pub const INTERVALS_BYTES: usize = 8 + MAX_INTERVALS * (4 + 8);

/// What a map of intervals has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Where pieces but the first begin, rising.
    starts: Vec<u32>,
    /// What each piece does; one more than there are starts.
    references: Vec<u64>,
}

impl Intervals {
    /// Cuts ranges, each with its bounds and its reference, the highest precedence first, for a key of `width` bits. A range whose low bound is
    /// above its high one has no values. `none` is the reference where there is no range.
    ///
    /// Gives nothing where the pieces are too many for a map.
    pub fn new(ranges: &[(u32, u32, u64)], width: u32, none: u64) -> Option<Self> {
        let (starts, references) = Self::cut(ranges, width, none);
        (starts.len() < MAX_INTERVALS).then_some(Self { starts, references })
    }

    /// Where pieces but the first begin, and what each does: as [`Self::new`], as many as there are.
    pub(crate) fn cut(ranges: &[(u32, u32, u64)], width: u32, none: u64) -> (Vec<u32>, Vec<u64>) {
        let highest = u32::MAX >> 32u32.saturating_sub(width).min(31);
        // At each place, which ranges begin and which end, by rank.
        let mut events: Vec<(u32, bool, usize)> = Vec::new();
        for (rank, (low, high, _)) in ranges.iter().enumerate().filter(|(_, (low, high, _))| low <= high) {
            events.push((*low, true, rank));
            if *high < highest {
                events.push((high + 1, false, rank));
            }
        }
        events.sort_unstable();
        let (mut starts, mut references, mut there) = (Vec::new(), vec![none], BTreeSet::new());
        for at in events.chunk_by(|a, b| a.0 == b.0) {
            for (_, begins, rank) in at {
                if *begins {
                    there.insert(*rank)
                } else {
                    there.remove(rank)
                };
            }
            let reference = there.first().map_or(none, |rank| ranges[*rank].2);
            if at[0].0 == 0 {
                references[0] = reference;
            } else if references.last() != Some(&reference) {
                starts.push(at[0].0);
                references.push(reference);
            }
        }
        (starts, references)
    }

    /// The map's element, in the machine's order. Behind the last start stand highest values, and behind the last reference the same again: a search that
    /// takes one of those for a start for the key is the highest value, and finds the last piece.
    pub fn bytes(&self) -> Vec<u8> {
        let last = self.references.last().copied().unwrap_or_default();
        let first_step = (self.starts.len() + 1).next_power_of_two() as u64 / 2;
        let starts = self.starts.iter().copied().chain(std::iter::repeat(u32::MAX)).take(MAX_INTERVALS);
        let references = self.references.iter().copied().chain(std::iter::repeat(last)).take(MAX_INTERVALS);
        let mut bytes = first_step.to_ne_bytes().to_vec();
        bytes.extend(starts.flat_map(u32::to_ne_bytes));
        bytes.extend(references.flat_map(u64::to_ne_bytes));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program does with a map's bytes: `in_intervals`.
    fn search(bytes: &[u8], key: u32) -> u64 {
        let word = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
        let start = |at: usize| u32::from_ne_bytes(bytes[8 + at * 4..][..4].try_into().unwrap_or_default());
        let (mut at, mut step) = (0, word(0) as usize);
        while step > 0 {
            if start(at + step - 1) <= key {
                at += step;
            }
            step /= 2;
        }
        word(8 + MAX_INTERVALS * 4 + at * 8)
    }

    /// A small generator of numbers, the same each time (Knuth's MMIX constants).
    fn next(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed >> 33
    }

    #[test]
    fn each_value_finds_the_first_range_that_has_it() {
        let mut seed = 1;
        for round in 0..200 {
            let width = [6, 8, 16, 32][round % 4];
            let highest = u32::MAX >> (32 - width);
            let edges = [0, 1, highest - 1, highest];
            let mut value = || match next(&mut seed) {
                few if few % 8 == 0 => edges[few as usize / 8 % 4],
                other => other as u32 & highest,
            };
            let ranges: Vec<(u32, u32, u64)> =
                (0..round as u64 % 40).map(|reference| (value(), value(), reference % 7)).collect();
            let bytes = Intervals::new(&ranges, width, 99).expect("it is small").bytes();
            assert_eq!(bytes.len(), INTERVALS_BYTES);
            let bounds = ranges.iter().flat_map(|(low, high, _)| [*low, *high]);
            let near = bounds
                .chain(edges)
                .flat_map(|at| [at.saturating_sub(1), at, at.saturating_add(1).min(highest)]);
            for key in near.collect::<Vec<_>>().into_iter().chain((0..50).map(|_| value())) {
                let first = ranges.iter().find(|(low, high, _)| (*low..=*high).contains(&key));
                assert_eq!(search(&bytes, key), first.map_or(99, |range| range.2), "{key} in {ranges:?}");
            }
        }
    }

    #[test]
    fn a_map_is_full_when_no_start_is_free() {
        let ranges = |count: u32| -> Vec<(u32, u32, u64)> {
            (0..count).map(|i| (i * 4 + 1, i * 4 + 2, u64::from(i))).collect()
        };
        let fits = Intervals::new(&ranges(2047), 16, 9_999).expect("4,094 starts fit");
        assert_eq!(search(&fits.bytes(), 2046 * 4 + 2), 2046);
        assert_eq!(search(&fits.bytes(), 65_535), 9_999);
        assert_eq!(Intervals::new(&ranges(2048), 16, 9_999), None);
        let suffixes: Vec<(u32, u32, u64)> =
            (0..4_095).rev().map(|i| (i + 1, 65_535, u64::from(i))).collect();
        let full = Intervals::new(&suffixes, 16, 9_999).expect("4,095 starts fit").bytes();
        assert_eq!(
            [0, 1, 2_048, 4_095, 65_535].map(|key| search(&full, key)),
            [9_999, 0, 2_047, 4_094, 4_094]
        );
    }
}
