//! Ranges that overlap, made disjoint: between two places where some range begins or ends, one entry wins.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

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
    // At each place, which ranges begin there and which have ended before.
    let mut places: BTreeMap<Bits, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    places.entry(Bits::zero(width)).or_default();
    for (index, range) in ranges.iter().enumerate() {
        places.entry(range.low.clone()).or_default().0.push(index);
        if let Some(after) = successor(&range.high) {
            places.entry(after).or_default().1.push(index);
        }
    }
    // The best stands last.
    let order = |index: usize| (ranges[index].rank, Reverse(index));
    let mut here: BTreeSet<(u64, Reverse<usize>)> = BTreeSet::new();
    let mut found: Vec<(Bits, Option<usize>)> = Vec::new();
    for (start, (begun, ended)) in places {
        for index in ended {
            here.remove(&order(index));
        }
        here.extend(begun.into_iter().map(order));
        let winner = here.last().map(|(_, Reverse(index))| ranges[*index].entry);
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
