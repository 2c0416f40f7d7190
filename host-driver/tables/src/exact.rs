//! Where entries of an exact table stand: a key has one row in each of the ways, by four hashes; an entry that finds all of its rows taken
//! moves others to other rows of theirs.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use sluice_entities::Bits;
use sluice_rtl::{POLYNOMIALS, TableLayout};

/// Most rows that are looked at to make room.
const MOST_STEPS: usize = 4096;

/// Which key stands where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exact {
    rows: HashMap<u32, Bits>,
    places: HashMap<Bits, u32>,
}

/// The row of a key in a way.
fn row(layout: &TableLayout, way: u32, key: &Bits) -> u32 {
    let polynomial = POLYNOMIALS[way as usize % POLYNOMIALS.len()];
    let mut sum = 0_u32;
    for at in (0..key.width()).rev() {
        let is_out = (sum >> 31 == 1) != key.bit(at);
        sum = sum << 1 ^ if is_out { polynomial } else { 0 };
    }
    way * layout.depth + sum % layout.depth
}

impl Exact {
    /// The row of a key.
    pub(crate) fn place(&self, key: &Bits) -> Option<u32> {
        self.places.get(key).copied()
    }

    /// The key in a row.
    pub(crate) fn key(&self, row: u32) -> Option<&Bits> {
        self.rows.get(&row)
    }

    /// Takes a key out; gives its row.
    pub(crate) fn remove(&mut self, key: &Bits) -> Option<u32> {
        let row = self.places.remove(key)?;
        self.rows.remove(&row);
        Some(row)
    }

    /// Puts a key in; gives the rows that change, in the order in which they are to be written, so that no entry is missing in between.
    /// None if there is no room.
    pub(crate) fn insert(&mut self, layout: &TableLayout, key: &Bits) -> Option<Vec<u32>> {
        let mut waiting: VecDeque<u32> = VecDeque::new();
        // From which row a row was come to.
        let mut from: HashMap<u32, Option<u32>> = HashMap::new();
        for way in 0..layout.ways {
            let row = row(layout, way, key);
            if from.insert(row, None).is_none() {
                waiting.push_back(row);
            }
        }
        for _ in 0..MOST_STEPS {
            let here = waiting.pop_front()?;
            let Some(sitting) = self.rows.get(&here) else { return Some(self.shift(here, &from, key)) };
            for way in 0..layout.ways {
                let next = row(layout, way, sitting);
                if let Entry::Vacant(new) = from.entry(next) {
                    new.insert(Some(here));
                    waiting.push_back(next);
                }
            }
        }
        None
    }

    /// Moves keys towards the free row, the last one first.
    fn shift(&mut self, free: u32, from: &HashMap<u32, Option<u32>>, key: &Bits) -> Vec<u32> {
        let mut changed = vec![free];
        let mut to = free;
        while let Some(Some(source)) = from.get(&to) {
            if let Some(moved) = self.rows.remove(source) {
                self.places.insert(moved.clone(), to);
                self.rows.insert(to, moved);
            }
            to = *source;
            changed.push(to);
        }
        self.places.insert(key.clone(), to);
        self.rows.insert(to, key.clone());
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_rtl::Shape;

    fn layout() -> TableLayout {
        TableLayout {
            name: "t".to_string(),
            block: 0,
            is_built: true,
            shape: Shape::Exact,
            key: Vec::new(),
            key_width: 20,
            data_width: 1,
            actions: Vec::new(),
            depth: 64,
            ways: 4,
        }
    }

    /// Three quarters of all rows can be taken, and every key stands in a row of its own.
    #[test]
    fn room_is_made() {
        let layout = layout();
        let mut exact = Exact::default();
        let keys: Vec<Bits> = (0..192).map(|number: u64| Bits::new(20, number * 5003)).collect();
        for key in &keys {
            assert!(exact.insert(&layout, key).is_some(), "there is room for {key:?}");
        }
        for key in &keys {
            let place = exact.place(key).expect("it was put in");
            assert!((0..4).any(|way| row(&layout, way, key) == place));
            assert_eq!(exact.rows.get(&place), Some(key));
        }
    }

    /// At each step of a chain of moves, a row is written from one that still holds what it had.
    #[test]
    fn nothing_is_missing_in_between() {
        let layout = layout();
        let mut exact = Exact::default();
        let mut written: HashMap<u32, Bits> = HashMap::new();
        for number in 0..200_u64 {
            let key = Bits::new(20, number * 7919);
            let Some(changed) = exact.insert(&layout, &key) else { break };
            for row in changed {
                let before = written.insert(row, exact.rows[&row].clone());
                if let Some(before) = before {
                    let elsewhere = written.iter().any(|(_, other)| *other == before);
                    assert!(elsewhere, "what stood in row {row} is nowhere");
                }
            }
        }
        assert!(exact.rows.len() > 150);
    }
}
