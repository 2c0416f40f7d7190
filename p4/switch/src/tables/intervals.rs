//! One prefix or range key: the number line cut at every bound, with the winner of each piece.
//!
//! Overlaps are resolved when the table is built, so that a look-up is one binary search, which an index by the key's
//! highest bits shortens.

use std::collections::BinaryHeap;

use sluice_entities::{Bits, Match};

use super::{MISS, Rule};

/// Bits of the index.
const INDEX_BITS: u32 = 10;

/// Numbers that keys can be.
pub(crate) trait KeyNumber: Copy + Ord {
    const ZERO: Self;
    fn from_bits(bits: &Bits) -> Self;
    /// The next number, if there is one of `width` bits.
    fn successor(self, width: u32) -> Option<Self>;
    /// The bits from `shift` on.
    fn top(self, shift: u32) -> usize;
}

impl KeyNumber for u64 {
    const ZERO: Self = 0;
    fn from_bits(bits: &Bits) -> Self {
        bits.limbs().first().copied().unwrap_or(0)
    }
    fn successor(self, width: u32) -> Option<Self> {
        self.checked_add(1).filter(|next| width >= 64 || *next >> width == 0)
    }
    fn top(self, shift: u32) -> usize {
        (self >> shift) as usize
    }
}

impl KeyNumber for u128 {
    const ZERO: Self = 0;
    fn from_bits(bits: &Bits) -> Self {
        bits.resize(128).to_u128().unwrap_or(0)
    }
    fn successor(self, width: u32) -> Option<Self> {
        self.checked_add(1).filter(|next| width >= 128 || *next >> width == 0)
    }
    fn top(self, shift: u32) -> usize {
        (self >> shift) as usize
    }
}

/// One entry: first number, last number, rank, slot.
type Reach<K> = (K, K, u64, u32);

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Intervals<K> {
    width: u32,
    /// First numbers of the pieces, ascending; the first is 0.
    starts: Vec<K>,
    winners: Vec<u32>,
    /// For each value of the highest bits, the last piece that starts below its numbers; 0 if none does.
    index: Vec<u32>,
    shift: u32,
    /// By slot.
    entries: Vec<Option<Reach<K>>>,
}

impl<K: KeyNumber> Intervals<K> {
    pub(super) fn build(width: u32, rules: &[Rule<'_>]) -> Self {
        let reaches: Vec<Reach<K>> = rules.iter().filter_map(|rule| reach(rule, width)).collect();
        let mut entries = Vec::new();
        for entry in &reaches {
            let at = entry.3 as usize;
            if entries.len() <= at {
                entries.resize(at + 1, None);
            }
            entries[at] = Some(*entry);
        }
        let (starts, winners) = resolve(width, K::ZERO, None, reaches);
        let mut built = Self {
            width,
            starts,
            winners,
            index: vec![0; 1 << width.min(INDEX_BITS)],
            shift: width.saturating_sub(INDEX_BITS),
            entries,
        };
        built.reindex(0, built.index.len(), 0);
        built
    }

    /// Brings the index up to date: values of the highest bits in a range anew, those behind it moved by some pieces.
    fn reindex(&mut self, from: usize, to: usize, moved: i64) {
        for top in from..to.min(self.index.len()) {
            let below = self.starts.partition_point(|start| start.top(self.shift) < top);
            self.index[top] = below.saturating_sub(1) as u32;
        }
        if moved != 0 {
            for piece in self.index.iter_mut().skip(to) {
                *piece = (i64::from(*piece) + moved) as u32;
            }
        }
    }

    pub(super) fn insert(&mut self, rule: &Rule<'_>) {
        let Some(entry) = reach(rule, self.width) else { return };
        let at = entry.3 as usize;
        if self.entries.len() <= at {
            self.entries.resize(at + 1, None);
        }
        self.entries[at] = Some(entry);
        let (low, high, rank, slot) = entry;
        let end = high.successor(self.width);
        let (from, to) = self.pieces(low, end);
        // Pieces within the entry's reach, and what they are without it before and behind.
        let (mut starts, mut winners) = (Vec::new(), Vec::new());
        let mut push = |start: K, winner: u32| {
            if winners.last() != Some(&winner) {
                starts.push(start);
                winners.push(winner);
            }
        };
        for piece in from..to {
            let (start, winner) = (self.starts[piece], self.winners[piece]);
            if start < low {
                push(start, winner);
            }
            let known = self.entries.get(winner as usize).copied().flatten();
            let wins = known.is_none_or(|(_, _, other, _)| other < rank);
            push(start.max(low), if wins { slot } else { winner });
            let next = self.starts.get(piece + 1).copied();
            if let Some(end) = end
                && next.is_none_or(|next| end < next)
            {
                push(end, winner);
            }
        }
        self.replace(from, to, starts, winners);
    }

    pub(super) fn remove(&mut self, rule: &Rule<'_>) {
        let Some(known) = self.entries.get_mut(rule.slot as usize) else { return };
        let Some((low, high, ..)) = known.take() else { return };
        let end = high.successor(self.width);
        let (from, to) = self.pieces(low, end);
        // Everything that reaches into the pieces that change.
        let first = self.starts[from];
        let next = self.starts.get(to).copied();
        let touches = |entry: &&Reach<K>| entry.1 >= first && next.is_none_or(|next| entry.0 < next);
        let reaches = self.entries.iter().flatten().filter(touches).copied().collect();
        let (starts, winners) = resolve(self.width, first, next, reaches);
        self.replace(from, to, starts, winners);
    }

    /// The pieces that hold numbers from `low` to `end`, `end` left out.
    fn pieces(&self, low: K, end: Option<K>) -> (usize, usize) {
        let from = self.starts.partition_point(|start| *start <= low).saturating_sub(1);
        let to = end.map_or(self.starts.len(), |end| self.starts.partition_point(|start| *start < end));
        (from, to.max(from + 1).min(self.starts.len()))
    }

    /// Puts other pieces in the place of some.
    fn replace(&mut self, from: usize, to: usize, mut starts: Vec<K>, mut winners: Vec<u32>) {
        let top = |start: &K| start.top(self.shift);
        let first_top = top(&self.starts[from]);
        let mut last_top = starts.iter().chain(&self.starts[from..to]).map(top).max().unwrap_or(first_top);
        // Neighbors with the same winner are one piece.
        if from > 0 && winners.first() == self.winners.get(from - 1) {
            starts.remove(0);
            winners.remove(0);
        }
        let before = winners.last().or(from.checked_sub(1).and_then(|i| self.winners.get(i)));
        let joins = to < self.starts.len() && before == self.winners.get(to);
        let to = to + usize::from(joins);
        if joins {
            last_top = last_top.max(top(&self.starts[to - 1]));
        }
        let moved = starts.len() as i64 - (to - from) as i64;
        self.starts.splice(from..to, starts);
        self.winners.splice(from..to, winners);
        self.reindex(first_top, last_top + 2, moved);
    }

    #[inline]
    pub(super) fn lookup(&self, key: K) -> u32 {
        let top = key.top(self.shift);
        let from = self.index.get(top).map_or(0, |piece| *piece as usize);
        let to = self.index.get(top + 1).map_or(self.starts.len(), |piece| *piece as usize + 1);
        let within = self.starts[from..to].partition_point(|start| *start <= key);
        self.winners[(from + within).saturating_sub(1)]
    }
}

/// The pieces from `first` on, up to `end`, with the entry of highest rank for each: their starts and their winners.
fn resolve<K: KeyNumber>(
    width: u32,
    first: K,
    end: Option<K>,
    mut reaches: Vec<Reach<K>>,
) -> (Vec<K>, Vec<u32>) {
    reaches.sort_unstable_by_key(|reach| reach.0);
    let mut cuts: Vec<K> = reaches.iter().map(|reach| reach.0).collect();
    cuts.extend(reaches.iter().filter_map(|reach| reach.1.successor(width)));
    cuts.push(first);
    cuts.retain(|cut| *cut >= first && end.is_none_or(|end| *cut < end));
    cuts.sort_unstable();
    cuts.dedup();

    let (mut starts, mut winners) = (Vec::with_capacity(cuts.len()), Vec::with_capacity(cuts.len()));
    let mut open: BinaryHeap<(u64, u32, K)> = BinaryHeap::new();
    let mut coming = reaches.into_iter().peekable();
    for cut in cuts {
        while let Some((_, high, rank, slot)) = coming.next_if(|reach| reach.0 <= cut) {
            open.push((rank, slot, high));
        }
        while open.peek().is_some_and(|(_, _, high)| *high < cut) {
            open.pop();
        }
        let winner = open.peek().map_or(MISS, |(_, slot, _)| *slot);
        if winners.last() != Some(&winner) {
            starts.push(cut);
            winners.push(winner);
        }
    }
    (starts, winners)
}

fn reach<K: KeyNumber>(rule: &Rule<'_>, width: u32) -> Option<Reach<K>> {
    let (low, high) = bounds(rule.matches.first()?, width)?;
    Some((K::from_bits(&low), K::from_bits(&high), rule.rank, rule.slot))
}

/// Lowest and highest value that match.
fn bounds(wanted: &Match, width: u32) -> Option<(Bits, Bits)> {
    match wanted {
        Match::Range { low, high } => Some((low.clone(), high.clone())),
        Match::Lpm { value, length } => {
            let mask = Bits::prefix_mask(width, *length);
            Some((value & &mask, value | &!&mask))
        }
        _ => None,
    }
}
