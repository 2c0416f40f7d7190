//! Every other mix of keys: entry by entry, in order of rank.

use sluice_entities::Match;

use super::{MISS, Rule, Shape, values_and_masks};

/// See the module.
#[derive(Debug)]
pub(crate) struct ScanList {
    words: usize,
    /// Slots, best first.
    slots: Vec<u32>,
    /// `words` for each entry.
    values: Vec<u64>,
    masks: Vec<u64>,
    /// Ranges of each entry, as many each.
    ranges: Vec<Span>,
    ranges_each: usize,
}

/// Bounds of one range, as limbs.
#[derive(Debug)]
struct Span {
    word: usize,
    low: Vec<u64>,
    high: Vec<u64>,
}

impl ScanList {
    pub(super) fn build(shape: &Shape, rules: &[Rule<'_>]) -> Self {
        let mut order: Vec<&Rule<'_>> = rules.iter().collect();
        order.sort_by_key(|rule| std::cmp::Reverse(rule.rank));
        let words = shape.words;
        let ranges_each =
            shape.fields.iter().filter(|field| field.kind == sluice_entities::MatchKind::Range).count();
        let mut list = Self {
            words,
            slots: Vec::new(),
            values: vec![0; words * order.len()],
            masks: vec![0; words * order.len()],
            ranges: Vec::new(),
            ranges_each,
        };
        for (i, rule) in order.into_iter().enumerate() {
            let part = i * words..(i + 1) * words;
            values_and_masks(
                shape,
                rule.matches,
                &mut list.values[part.clone()],
                Some(&mut list.masks[part]),
            );
            for (field, wanted) in shape.fields.iter().zip(rule.matches) {
                if let Match::Range { low, high } = wanted {
                    let (low, high) = (low.resize(field.width), high.resize(field.width));
                    list.ranges.push(Span {
                        word: field.word,
                        low: low.limbs().to_vec(),
                        high: high.limbs().to_vec(),
                    });
                }
            }
            list.slots.push(rule.slot);
        }
        list
    }

    pub(super) fn lookup(&self, key: &[u64]) -> u32 {
        if key.len() != self.words {
            return MISS;
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
