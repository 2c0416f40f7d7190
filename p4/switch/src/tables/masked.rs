//! Any mix of exact, prefix, ternary and optional keys: one hash table for each combination of masks that occurs.
//!
//! Groups stand in the order of their best entry's rank, so that the search ends as soon as no group left could win.

use std::collections::BTreeMap;

use super::exact::ExactMap;
use super::{MASKED_WORDS, MISS, Rule, Shape, values_and_masks};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct MaskedGroups {
    words: usize,
    groups: Vec<Group>,
    /// Rank and slot of each masked value's best entry; the groups' tables hold indexes into it.
    winners: Vec<(u64, u32)>,
    /// The other entries of a masked value, by its index among the winners; most values have none.
    others: BTreeMap<u32, Vec<(u64, u32)>>,
    /// Indexes of winners that no group refers to.
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Group {
    mask: Vec<u64>,
    /// No entry has a higher rank; where the best one went, the highest rank may be lower.
    best: u64,
    /// Entries, those of equal masked values included.
    count: usize,
    /// Entries that went since `best` was the highest rank.
    gone: usize,
    entries: ExactMap,
}

impl MaskedGroups {
    pub(super) fn build(shape: &Shape, rules: &[Rule<'_>]) -> Self {
        // Masked value, rank and slot.
        type Wanted = (Vec<u64>, u64, u32);
        let mut by_mask: BTreeMap<Vec<u64>, Vec<Wanted>> = BTreeMap::new();
        for rule in rules {
            let (mask, values) = Self::words_of(shape, rule);
            by_mask.entry(mask).or_default().push((values, rule.rank, rule.slot));
        }
        let mut built = Self {
            words: shape.words,
            groups: Vec::new(),
            winners: Vec::new(),
            others: BTreeMap::new(),
            free: Vec::new(),
        };
        for (mask, wanted) in by_mask {
            let entries = ExactMap::with_capacity(shape.words, wanted.len());
            let mut group = Group { mask, best: 0, count: 0, gone: 0, entries };
            for (values, rank, slot) in wanted {
                built.add(&mut group, &values, rank, slot);
            }
            built.groups.push(group);
        }
        built.groups.sort_by_key(|group| std::cmp::Reverse(group.best));
        built
    }

    /// Mask and masked value of an entry.
    fn words_of(shape: &Shape, rule: &Rule<'_>) -> (Vec<u64>, Vec<u64>) {
        let (mut values, mut masks) = (vec![0; shape.words], vec![0; shape.words]);
        values_and_masks(shape, rule.matches, &mut values, Some(&mut masks));
        (masks, values)
    }

    fn add(&mut self, group: &mut Group, values: &[u64], rank: u64, slot: u32) {
        group.best = group.best.max(rank);
        group.count += 1;
        match group.entries.lookup(values) {
            MISS => {
                let index = self.free.pop().unwrap_or_else(|| {
                    self.winners.push((0, MISS));
                    (self.winners.len() - 1) as u32
                });
                self.winners[index as usize] = (rank, slot);
                group.entries.insert(values, index);
            }
            index => {
                let winner = &mut self.winners[index as usize];
                let loser =
                    if winner.0 < rank { std::mem::replace(winner, (rank, slot)) } else { (rank, slot) };
                self.others.entry(index).or_default().push(loser);
            }
        }
    }

    /// Number of combinations of masks.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(super) fn insert(&mut self, shape: &Shape, rule: &Rule<'_>) {
        let (mask, values) = Self::words_of(shape, rule);
        let known = self.groups.iter().position(|group| group.mask == mask);
        let mut group = match known {
            Some(at) => self.groups.remove(at),
            None => {
                let entries = ExactMap::with_capacity(shape.words, 1);
                Group { mask, best: 0, count: 0, gone: 0, entries }
            }
        };
        self.add(&mut group, &values, rule.rank, rule.slot);
        self.place(group);
    }

    /// Puts a group where its best entry's rank belongs.
    fn place(&mut self, group: Group) {
        let at = self.groups.partition_point(|other| other.best >= group.best);
        self.groups.insert(at, group);
    }

    pub(super) fn remove(&mut self, shape: &Shape, rule: &Rule<'_>) {
        let (mask, values) = Self::words_of(shape, rule);
        let Some(at) = self.groups.iter().position(|group| group.mask == mask) else { return };
        let mut group = self.groups.remove(at);
        let index = group.entries.lookup(&values);
        if index == MISS {
            return self.place(group);
        }
        group.count -= 1;
        let others = self.others.get_mut(&index);
        if self.winners[index as usize].1 != rule.slot {
            others.into_iter().for_each(|others| others.retain(|(_, slot)| *slot != rule.slot));
        } else if let Some(others) = others
            && let Some(best) = (0..others.len()).max_by_key(|i| others[*i].0)
        {
            self.winners[index as usize] = others.swap_remove(best);
        } else {
            group.entries.remove(&values);
            self.free.push(index);
        }
        if self.others.get(&index).is_some_and(Vec::is_empty) {
            self.others.remove(&index);
        }
        if group.count == 0 {
            return;
        }
        // To find the highest rank takes a look at all: once in as many removals as there are entries.
        group.gone += 1;
        if group.gone > group.count {
            let ranks = group.entries.values().map(|index| self.winners[index as usize].0);
            group.best = ranks.max().unwrap_or(0);
            group.gone = 0;
        }
        self.place(group);
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
