//! Every other mix of keys: entry by entry, in order of rank.

use sluice_entities::Match;

use super::{MISS, Rule, Shape, values_and_masks};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct ScanList {
    words: usize,
    /// Ranks, highest first.
    ranks: Vec<u64>,
    slots: Vec<u32>,
    /// `words` for each entry.
    values: Vec<u64>,
    masks: Vec<u64>,
    /// Ranges of each entry, as many each.
    ranges: Vec<Span>,
    ranges_each: usize,
}

/// Bounds of one range, as limbs.
#[derive(Clone, Debug)]
struct Span {
    word: usize,
    low: Vec<u64>,
    high: Vec<u64>,
}

impl ScanList {
    pub(super) fn build(shape: &Shape, rules: &[Rule<'_>]) -> Self {
        let mut order: Vec<&Rule<'_>> = rules.iter().collect();
        order.sort_by_key(|rule| std::cmp::Reverse(rule.rank));
        let ranges = shape.fields.iter().filter(|field| field.kind == sluice_entities::MatchKind::Range);
        let mut list = Self {
            words: shape.words,
            ranks: Vec::new(),
            slots: Vec::new(),
            values: Vec::new(),
            masks: Vec::new(),
            ranges: Vec::new(),
            ranges_each: ranges.count(),
        };
        for (at, rule) in order.into_iter().enumerate() {
            list.put(shape, at, rule);
        }
        list
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Puts an entry before the one that stands there.
    fn put(&mut self, shape: &Shape, at: usize, rule: &Rule<'_>) {
        let (mut values, mut masks) = (vec![0; self.words], vec![0; self.words]);
        values_and_masks(shape, rule.matches, &mut values, Some(&mut masks));
        let ranges = shape.fields.iter().zip(rule.matches).filter_map(|(field, wanted)| {
            let Match::Range { low, high } = wanted else { return None };
            let (low, high) = (low.resize(field.width), high.resize(field.width));
            Some(Span { word: field.word, low: low.limbs().to_vec(), high: high.limbs().to_vec() })
        });
        self.ranks.insert(at, rule.rank);
        self.slots.insert(at, rule.slot);
        self.values.splice(at * self.words..at * self.words, values);
        self.masks.splice(at * self.words..at * self.words, masks);
        self.ranges.splice(at * self.ranges_each..at * self.ranges_each, ranges);
    }

    pub(super) fn insert(&mut self, shape: &Shape, rule: &Rule<'_>) {
        let at = self.ranks.partition_point(|rank| *rank >= rule.rank);
        self.put(shape, at, rule);
    }

    pub(super) fn remove(&mut self, rule: &Rule<'_>) {
        // Ranks differ: they have the age of their entry in them.
        let at = self.ranks.partition_point(|rank| *rank > rule.rank);
        if self.slots.get(at) != Some(&rule.slot) {
            return;
        }
        self.ranks.remove(at);
        self.slots.remove(at);
        self.values.drain(at * self.words..(at + 1) * self.words);
        self.masks.drain(at * self.words..(at + 1) * self.words);
        self.ranges.drain(at * self.ranges_each..(at + 1) * self.ranges_each);
    }

    pub(super) fn lookup(&self, key: &[u64]) -> u32 {
        if key.len() != self.words {
            return MISS;
        }
        if let ([key], 0) = (key, self.ranges_each) {
            // The usual size needs no inner loop.
            let mut wanted = self.values.iter().zip(&self.masks);
            let found = wanted.position(|(value, mask)| key & mask == *value);
            return found.and_then(|i| self.slots.get(i)).copied().unwrap_or(MISS);
        }
        for (i, slot) in self.slots.iter().enumerate() {
            let part = i * self.words..(i + 1) * self.words;
            let wanted = self.values[part.clone()].iter().zip(&self.masks[part]);
            if key.iter().zip(wanted).all(|(word, (value, mask))| word & mask == *value)
                && self.ranges[i * self.ranges_each..(i + 1) * self.ranges_each]
                    .iter()
                    .all(|range| range.contains(key))
            {
                return *slot;
            }
        }
        MISS
    }
}

impl Span {
    fn contains(&self, key: &[u64]) -> bool {
        let value = &key[self.word..self.word + self.low.len()];
        self.low.iter().rev().le(value.iter().rev()) && value.iter().rev().le(self.high.iter().rev())
    }
}
