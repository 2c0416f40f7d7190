//! Tables as somebody would write them by hand: arrays, hash maps, sorted bounds.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use sluice_entities::{Bits, Match, TableEntry};
use sluice_switch::Switch;

/// Keys up to this are indexes of an array.
const ARRAY: u64 = 1 << 13;

/// Exact keys of 128 bits: a row for each, and a number.
pub(crate) struct Direct(FxHashMap<u128, (usize, u64)>);

impl Direct {
    /// Rows in the order of the keys given.
    pub(crate) fn new(pairs: impl Iterator<Item = (u128, u64)>) -> Self {
        Self(pairs.enumerate().map(|(row, (key, value))| (key, (row, value))).collect())
    }

    /// Row and number of a key.
    pub(crate) fn find(&self, key: u128) -> Option<(usize, u64)> {
        self.0.get(&key).copied()
    }
}

/// How rows are found.
enum Search {
    Nothing,
    /// One more than the row, by value.
    Array(Vec<u32>),
    Map(FxHashMap<u64, u32>),
    /// First values of pieces, ascending, and one more than the row of each.
    Pieces(Vec<u64>, Vec<u32>),
    /// Value, mask, row; the best first.
    Masks(Vec<(u64, u64, u32)>),
}

/// A table that narrows: from a key to the terms that stay.
pub(crate) struct Lookup<const W: usize> {
    search: Search,
    /// The terms of each row; of those with two bitmaps, the first.
    rows: Vec<[u64; W]>,
    /// What a miss keeps.
    miss: Option<([u64; W], [u64; W])>,
}

fn words<const W: usize>(bits: Option<&Bits>) -> [u64; W] {
    std::array::from_fn(|i| bits.and_then(|bits| bits.limbs().get(i)).copied().unwrap_or(0))
}

fn number(bits: &Bits) -> u64 {
    bits.to_u64().expect("keys of the twin have at most 64 bits")
}

impl<const W: usize> Lookup<W> {
    /// The table as the switch has it now.
    pub(crate) fn new(switch: &Switch, table: &str) -> Self {
        let entries = switch.entries(table).unwrap_or_default();
        let params = |entry: &TableEntry| entry.call().map(|call| call.params.clone()).unwrap_or_default();
        let rows = entries.iter().map(|entry| words(params(entry).first())).collect();
        let default = switch.default_action(table).map(|call| call.params).unwrap_or_default();
        let miss = match &default[..] {
            [] => None,
            [one] => Some((words(Some(one)), words(Some(one)))),
            [one, other, ..] => Some((words(Some(one)), words(Some(other)))),
        };
        Self { search: search(&entries), rows, miss }
    }

    #[inline(always)]
    fn row(&self, key: u64) -> Option<&[u64; W]> {
        let row = match &self.search {
            Search::Nothing => 0,
            Search::Array(rows) => rows.get(key as usize).copied().unwrap_or(0),
            Search::Map(rows) => rows.get(&key).copied().unwrap_or(0),
            Search::Pieces(starts, rows) => rows[starts.partition_point(|start| *start <= key) - 1],
            Search::Masks(masks) => {
                masks.iter().find(|(value, mask, _)| key & mask == *value).map_or(0, |(.., row)| row + 1)
            }
        };
        self.rows.get((row as usize).wrapping_sub(1)).or(self.miss.as_ref().map(|(first, _)| first))
    }

    /// Keeps what the key's entry keeps.
    #[inline(always)]
    pub(crate) fn narrow(&self, key: u64, kept: &mut [u64; W]) {
        if let Some(row) = self.row(key) {
            kept.iter_mut().zip(row).for_each(|(word, row)| *word &= row);
        }
    }

    /// Keeps what source and destination keep; of terms of either side, what one of them keeps.
    #[inline(always)]
    pub(crate) fn meet(
        source: (&Self, u64),
        destination: (&Self, u64),
        either: &[u64; W],
        kept: &mut [u64; W],
    ) {
        let all = [u64::MAX; W];
        let source = source.0.row(source.1).unwrap_or(&all);
        let destination = destination.0.row(destination.1).unwrap_or(&all);
        for (((word, a), b), either) in kept.iter_mut().zip(source).zip(destination).zip(either) {
            *word &= (a & b) | (either & (a | b));
        }
    }

    /// The same for a packet that has neither.
    pub(crate) fn narrow_both(&self, either: &[u64; W], kept: &mut [u64; W]) {
        if let Some((source, destination)) = &self.miss {
            for (((word, a), b), either) in kept.iter_mut().zip(source).zip(destination).zip(either) {
                *word &= (a & b) | (either & (a | b));
            }
        }
    }
}

fn search(entries: &[TableEntry]) -> Search {
    let matches: Vec<&Match> = entries.iter().filter_map(|entry| entry.matches.first()).collect();
    match matches.first() {
        None => Search::Nothing,
        Some(Match::Exact(_)) => {
            let keys: Vec<u64> = matches
                .iter()
                .map(|wanted| if let Match::Exact(value) = wanted { number(value) } else { 0 })
                .collect();
            if keys.iter().any(|key| *key >= ARRAY) {
                return Search::Map(keys.into_iter().zip(1..).collect());
            }
            let mut rows = vec![0; ARRAY as usize];
            keys.into_iter().zip(1..).for_each(|(key, row)| rows[key as usize] = row);
            Search::Array(rows)
        }
        Some(Match::Ternary { .. } | Match::Optional(_)) => masks(entries),
        Some(Match::Lpm { .. } | Match::Range { .. }) => pieces(entries),
    }
}

fn masks(entries: &[TableEntry]) -> Search {
    let mut rows: Vec<_> = entries
        .iter()
        .zip(0..)
        .map(|(entry, row)| match &entry.matches[0] {
            Match::Ternary { value, mask } => (entry.priority, number(value), number(mask), row),
            _ => panic!("a ternary key"),
        })
        .collect();
    rows.sort_by_key(|(priority, ..)| std::cmp::Reverse(*priority));
    Search::Masks(rows.into_iter().map(|(_, value, mask, row)| (value, mask, row)).collect())
}

/// The number line, cut at every bound.
fn pieces(entries: &[TableEntry]) -> Search {
    let reaches: Vec<(u64, u64, u32)> = entries
        .iter()
        .map(|entry| match &entry.matches[0] {
            Match::Range { low, high } => (number(low), number(high), entry.priority),
            Match::Lpm { value, length } => {
                let spare = value.width() - length;
                let ones = if spare == 0 { 0 } else { u64::MAX >> (64 - spare) };
                (number(value), number(value) | ones, *length)
            }
            _ => panic!("a prefix or a range"),
        })
        .collect();
    let mut starts: BTreeSet<u64> = [0].into();
    starts.extend(reaches.iter().flat_map(|(low, high, _)| [*low, high.saturating_add(1)]));
    let winner = |start: u64| {
        let within = reaches.iter().zip(1..).filter(|((low, high, _), _)| (*low..=*high).contains(&start));
        within.max_by_key(|((_, _, rank), row)| (*rank, std::cmp::Reverse(*row))).map_or(0, |(_, row)| row)
    };
    let starts: Vec<u64> = starts.into_iter().collect();
    let rows = starts.iter().map(|start| winner(*start)).collect();
    Search::Pieces(starts, rows)
}
