//! Any mix of exact, prefix, ternary and optional keys: one hash table for each combination of masks that occurs.
//!
//! Groups stand in the order of their best entry's rank, so that the search ends as soon as no group left could win.

use std::collections::BTreeMap;

use super::exact::ExactMap;
use super::{MASKED_WORDS, MISS, Rule, Shape, values_and_masks};

/// See the module.
#[derive(Debug)]
pub(crate) struct MaskedGroups {
    words: usize,
    groups: Vec<Group>,
    /// Rank and slot of each masked value's best entry; the groups' tables hold indexes into it.
    winners: Vec<(u64, u32)>,
}

#[derive(Debug)]
struct Group {
    mask: Vec<u64>,
    best: u64,
    entries: ExactMap,
}

impl MaskedGroups {
    pub(super) fn build(shape: &Shape, rules: &[Rule<'_>]) -> Self {
        // Masked value, rank and slot.
        type Wanted = (Vec<u64>, u64, u32);
        let mut by_mask: BTreeMap<Vec<u64>, Vec<Wanted>> = BTreeMap::new();
        for rule in rules {
            let (mut values, mut masks) = (vec![0; shape.words], vec![0; shape.words]);
            values_and_masks(shape, rule.matches, &mut values, Some(&mut masks));
            by_mask.entry(masks).or_default().push((values, rule.rank, rule.slot));
        }
        let mut winners = Vec::new();
        let mut groups = Vec::new();
        for (mask, entries) in by_mask {
            let mut map = ExactMap::with_capacity(shape.words, entries.len());
            let mut best = 0;
            for (values, rank, slot) in entries {
                best = best.max(rank);
                match map.lookup(&values) {
                    MISS => {
                        map.insert(&values, winners.len() as u32);
                        winners.push((rank, slot));
                    }
                    known if winners[known as usize].0 < rank => winners[known as usize] = (rank, slot),
                    _ => {}
                }
            }
            groups.push(Group { mask, best, entries: map });
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.best));
        Self { words: shape.words, groups, winners }
    }

    pub(super) fn lookup(&self, key: &[u64]) -> u32 {
        if key.len() != self.words || self.words > MASKED_WORDS {
            return MISS;
        }
        let (mut best, mut slot) = (0, MISS);
        let mut masked = [0; MASKED_WORDS];
        for group in &self.groups {
            if slot != MISS && group.best < best {
                break;
            }
            for ((to, word), mask) in masked.iter_mut().zip(key).zip(&group.mask) {
                *to = word & mask;
            }
            let found = group.entries.lookup(&masked[..self.words]);
            if found != MISS {
                let (rank, candidate) = self.winners[found as usize];
                if slot == MISS || rank > best {
                    (best, slot) = (rank, candidate);
                }
            }
        }
        slot
    }
}
