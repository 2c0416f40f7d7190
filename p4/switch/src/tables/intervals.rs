//! One prefix or range key: the number line cut at every bound, with the winner of each piece.
//!
//! Overlaps are resolved when the table is built, so that a look-up is one binary search, which an index ([`super::buckets`]) makes
//! short. What an entry that goes leaves behind is resolved at the end of a row of changes ([`Intervals::settle`]), by one look at all entries for all that went.

use std::collections::BinaryHeap;

use sluice_entities::{Bits, Match};

use super::buckets::Buckets;
use super::{Lookup, MISS, Rule};

/// Numbers that keys can be.
pub(crate) trait KeyNumber: Copy + Ord {
    const ZERO: Self;
    fn from_bits(bits: &Bits) -> Self;
    /// The next number, if there is one of `width` bits.
    fn successor(self, width: u32) -> Option<Self>;
    /// The number before; zero has none, and stays.
    fn predecessor(self) -> Self;
    /// How far it is from `base`; zero for numbers below.
    fn minus(self, base: Self) -> Self;
    /// The number `bucket * 2^shift` behind it, or the largest.
    fn plus(self, bucket: u64, shift: u32) -> Self;
    /// The bits from `shift` on, as far as 64 bits hold them.
    fn bucket(self, shift: u32) -> u64;
}

impl KeyNumber for u64 {
    const ZERO: Self = 0;
    fn from_bits(bits: &Bits) -> Self {
        bits.limbs().first().copied().unwrap_or(0)
    }
    fn successor(self, width: u32) -> Option<Self> {
        self.checked_add(1).filter(|next| width >= 64 || *next >> width == 0)
    }
    fn predecessor(self) -> Self {
        self.saturating_sub(1)
    }
    #[inline(always)]
    fn minus(self, base: Self) -> Self {
        self.saturating_sub(base)
    }
    fn plus(self, bucket: u64, shift: u32) -> Self {
        let distance = u128::from(bucket) << shift;
        self.saturating_add(Self::try_from(distance).unwrap_or(Self::MAX))
    }
    #[inline(always)]
    fn bucket(self, shift: u32) -> u64 {
        self.checked_shr(shift).unwrap_or(0)
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
    fn predecessor(self) -> Self {
        self.saturating_sub(1)
    }
    #[inline(always)]
    fn minus(self, base: Self) -> Self {
        self.saturating_sub(base)
    }
    fn plus(self, bucket: u64, shift: u32) -> Self {
        let distance = Self::from(bucket).checked_mul(1 << shift.min(127));
        self.saturating_add(distance.unwrap_or(Self::MAX))
    }
    #[inline(always)]
    fn bucket(self, shift: u32) -> u64 {
        u64::try_from(self.checked_shr(shift).unwrap_or(0)).unwrap_or(u64::MAX)
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
    index: Buckets<K>,
    /// Whether the index is of other pieces; nothing is looked up until [`Self::settle`].
    is_stale: bool,
    /// Where entries were that went: the pieces there may be wrong until [`Self::settle`]. First numbers, and those behind the last ones, if there are any.
    left: Vec<(K, Option<K>)>,
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
        let index = Buckets::of(&starts);
        Self { width, starts, winners, index, is_stale: false, left: Vec::new(), entries }
    }

    /// Brings the index up to date, behind all changes.
    pub(super) fn settle(&mut self) {
        self.close_gaps();
        if std::mem::take(&mut self.is_stale) {
            self.index = Buckets::of(&self.starts);
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
        self.left.push((low, high.successor(self.width)));
    }

    /// Resolves anew where entries went.
    fn close_gaps(&mut self) {
        if self.left.is_empty() {
            return;
        }
        let gaps = joined(std::mem::take(&mut self.left));
        // What reaches into each gap: those that begin before its end, and do not end before it.
        let mut reaches: Vec<Vec<Reach<K>>> = vec![Vec::new(); gaps.len()];
        for entry in self.entries.iter().flatten() {
            let first = gaps.partition_point(|(_, end)| end.is_some_and(|end| end <= entry.0));
            for (gap, into) in
                gaps.iter().zip(&mut reaches).skip(first).take_while(|(gap, _)| gap.0 <= entry.1)
            {
                debug_assert!(gap.1.is_none_or(|end| entry.0 < end), "it begins before the gap's end");
                into.push(*entry);
            }
        }
        let old = (std::mem::take(&mut self.starts), std::mem::take(&mut self.winners));
        let mut pieces = old.0.into_iter().zip(old.1).peekable();
        let mut before = MISS;
        for ((low, end), reaches) in gaps.into_iter().zip(reaches) {
            while let Some((start, winner)) = pieces.next_if(|(start, _)| *start < low) {
                before = winner;
                self.append(start, winner);
            }
            // The piece that the gap ends in goes on behind it.
            while let Some((_, winner)) = pieces.next_if(|(start, _)| end.is_none_or(|end| *start < end)) {
                before = winner;
            }
            let (starts, winners) = resolve(self.width, low, end, reaches);
            starts.into_iter().zip(winners).for_each(|(start, winner)| self.append(start, winner));
            if let Some(end) = end
                && pieces.peek().is_none_or(|(start, _)| *start != end)
            {
                self.append(end, before);
            }
        }
        pieces.for_each(|(start, winner)| self.append(start, winner));
        self.is_stale = true;
    }

    /// Puts a piece behind the last one; neighbors with the same winner are one piece.
    fn append(&mut self, start: K, winner: u32) {
        if self.winners.last() != Some(&winner) {
            self.starts.push(start);
            self.winners.push(winner);
        }
    }

    /// The pieces that hold numbers from `low` to `end`, `end` left out.
    fn pieces(&self, low: K, end: Option<K>) -> (usize, usize) {
        let from = self.starts.partition_point(|start| *start <= low).saturating_sub(1);
        let to = end.map_or(self.starts.len(), |end| self.starts.partition_point(|start| *start < end));
        (from, to.max(from + 1).min(self.starts.len()))
    }

    /// Puts other pieces in the place of some.
    fn replace(&mut self, from: usize, to: usize, mut starts: Vec<K>, mut winners: Vec<u32>) {
        // Neighbors with the same winner are one piece.
        if from > 0 && winners.first() == self.winners.get(from - 1) {
            starts.remove(0);
            winners.remove(0);
        }
        let before = winners.last().or(from.checked_sub(1).and_then(|i| self.winners.get(i)));
        let joins = to < self.starts.len() && before == self.winners.get(to);
        let to = to + usize::from(joins);
        self.starts.splice(from..to, starts);
        self.winners.splice(from..to, winners);
        self.is_stale = true;
    }

    #[inline]
    pub(super) fn lookup(&self, key: K) -> u32 {
        debug_assert!(!self.is_stale, "looked up between changes");
        let (from, to) = self.index.find(key);
        // The first of them starts at the key or below.
        let within = self.starts[from + 1..=to].partition_point(|start| *start <= key);
        self.winners[from + within]
    }
}

impl Intervals<u64> {
    pub(super) fn lookup_parts(&self) -> Lookup<'_> {
        let Buckets { base, shift, pieces } = &self.index;
        Lookup {
            slots: &self.winners,
            keys: &self.starts,
            index: pieces,
            mask: pieces.len() as u64 - 1,
            base: *base,
            shift: *shift,
        }
    }
}

/// Gaps in order, those that meet as one.
fn joined<K: KeyNumber>(mut gaps: Vec<(K, Option<K>)>) -> Vec<(K, Option<K>)> {
    gaps.sort_unstable_by_key(|(low, _)| *low);
    let mut all: Vec<(K, Option<K>)> = Vec::with_capacity(gaps.len());
    for (low, end) in gaps {
        match all.last_mut() {
            Some((_, known)) if known.is_none_or(|known| low <= known) => {
                *known = known.zip(end).map(|(known, end)| known.max(end));
            }
            _ => all.push((low, end)),
        }
    }
    all
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
