//! Ranges that overlap, made disjoint: between two places where some range begins or ends, one entry wins.

use std::collections::BTreeSet;

use sluice_entities::Bits;

use crate::rows::successor;

/// One range of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Ranged {
    pub(crate) low: Bits,
    pub(crate) high: Bits,
    /// The highest wins, of equal ones the first.
    pub(crate) rank: u64,
    /// Which entry.
    pub(crate) entry: usize,
}

/// First keys of disjoint ranges in order, the first of them 0, each with the entry that wins there.
pub(crate) fn flatten(width: u32, ranges: &[Ranged]) -> Vec<(Bits, Option<usize>)> {
    let mut starts: BTreeSet<Bits> = BTreeSet::new();
    starts.insert(Bits::zero(width));
    for range in ranges {
        starts.insert(range.low.clone());
        starts.extend(successor(&range.high));
    }
    let mut found: Vec<(Bits, Option<usize>)> = Vec::new();
    for start in starts {
        let mut best: Option<&Ranged> = None;
        for range in ranges.iter().filter(|range| range.low <= start && start <= range.high) {
            if best.is_none_or(|best| range.rank > best.rank) {
                best = Some(range);
            }
        }
        let winner = best.map(|range| range.entry);
        if found.last().is_none_or(|(_, last)| *last != winner) {
            found.push((start, winner));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rank_wins_inside_others() {
        let range =
            |low, high, rank, entry| Ranged { low: Bits::new(8, low), high: Bits::new(8, high), rank, entry };
        let found = flatten(8, &[range(0, 255, 0, 0), range(16, 31, 4, 1), range(20, 20, 8, 2)]);
        let found: Vec<(u64, Option<usize>)> =
            found.iter().map(|(start, entry)| (start.to_u64().unwrap_or(0), *entry)).collect();
        assert_eq!(found, [(0, Some(0)), (16, Some(1)), (20, Some(2)), (21, Some(1)), (32, Some(0))]);
    }

    #[test]
    fn nothing_is_one_range_of_misses() {
        assert_eq!(flatten(4, &[]), [(Bits::zero(4), None)]);
    }
}
