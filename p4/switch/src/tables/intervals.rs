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

/// See the module.
#[derive(Debug)]
pub(crate) struct Intervals<K> {
    /// First numbers of the pieces, ascending; the first is 0.
    starts: Vec<K>,
    winners: Vec<u32>,
    /// For each value of the highest bits, the last piece that starts at or before its first number.
    index: Vec<u32>,
    shift: u32,
}

impl<K: KeyNumber> Intervals<K> {
    pub(super) fn build(width: u32, rules: &[Rule<'_>]) -> Self {
        let mut spans: Vec<(K, K, u64, u32)> = rules
            .iter()
            .filter_map(|rule| {
                let (low, high) = bounds(rule.matches.first()?, width)?;
                Some((K::from_bits(&low), K::from_bits(&high), rule.rank, rule.slot))
            })
            .collect();
        spans.sort_unstable_by_key(|span| span.0);
        let mut cuts: Vec<K> = spans.iter().map(|span| span.0).collect();
        cuts.extend(spans.iter().filter_map(|span| span.1.successor(width)));
        cuts.push(K::ZERO);
        cuts.sort_unstable();
        cuts.dedup();

        let (mut starts, mut winners) = (Vec::with_capacity(cuts.len()), Vec::with_capacity(cuts.len()));
        let mut open: BinaryHeap<(u64, u32, K)> = BinaryHeap::new();
        let mut coming = spans.into_iter().peekable();
        for cut in cuts {
            while let Some((_, high, rank, slot)) = coming.next_if(|span| span.0 == cut) {
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
        let shift = width.saturating_sub(INDEX_BITS);
        let mut index = Vec::with_capacity(1 << INDEX_BITS);
        let mut piece = 0;
        for top in 0..1usize << width.min(INDEX_BITS) {
            // The last piece that starts below this value's numbers, or at its first one.
            while starts.get(piece + 1).is_some_and(|start: &K| start.top(shift) < top) {
                piece += 1;
            }
            index.push(piece as u32);
        }
        Self { starts, winners, index, shift }
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
