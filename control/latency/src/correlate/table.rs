//! Where keys are: an open hash table of 8 bytes a place, linear probing, no tombstones.

/// Half key, half serial number of the entry.
const EMPTY: u64 = u64::MAX;

/// Places that a new table has.
const SMALLEST: usize = 1 << 12;

/// Serial numbers, by key. Serial numbers of entries alive lie within 2^31 of one another, so their low 32 bits tell them.
#[derive(Debug)]
pub(super) struct Table {
    places: Vec<u64>,
    used: usize,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { places: vec![EMPTY; SMALLEST], used: 0 }
    }

    fn home(&self, half: u32) -> usize {
        // The half key is a part of a digest: its bits are even.
        half as usize & (self.places.len() - 1)
    }

    /// What stands where that key is looked for first.
    #[inline]
    pub(super) fn touch(&self, key: u64) -> u64 {
        self.places.get(self.home(half(key))).copied().unwrap_or(EMPTY)
    }

    /// The serial number (its low half) under that key for which `is` holds: what stands there may be another key with the same half.
    #[inline]
    pub(super) fn find(&self, key: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let half = half(key);
        let mut at = self.home(half);
        loop {
            let place = self.places[at];
            if place == EMPTY {
                return None;
            }
            if (place >> 32) as u32 == half && is(place as u32) {
                return Some(place as u32);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: u64, serial: u32) {
        if (self.used + 1) * 2 > self.places.len() {
            let wider = vec![EMPTY; self.places.len() * 2];
            let old = std::mem::replace(&mut self.places, wider);
            for place in old.into_iter().filter(|place| *place != EMPTY) {
                self.put(place);
            }
        }
        self.put(u64::from(half(key)) << 32 | u64::from(serial));
        self.used += 1;
    }

    fn put(&mut self, place: u64) {
        let mut at = self.home((place >> 32) as u32);
        while self.places[at] != EMPTY {
            at = (at + 1) & (self.places.len() - 1);
        }
        self.places[at] = place;
    }

    /// Takes a key away; those behind it that were pushed on come nearer to their places.
    pub(super) fn remove(&mut self, key: u64, serial: u32) {
        let mask = self.places.len() - 1;
        let wanted = u64::from(half(key)) << 32 | u64::from(serial);
        let mut hole = self.home(half(key));
        while self.places[hole] != wanted {
            if self.places[hole] == EMPTY {
                return;
            }
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place == EMPTY {
                break;
            }
            let home = self.home((place >> 32) as u32);
            // It may move if its home is not between the hole (exclusive) and where it is.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.places[hole] = place;
                hole = at;
            }
        }
        self.places[hole] = EMPTY;
        self.used -= 1;
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.places.capacity() * size_of::<u64>()
    }
}

/// The half that is kept; never that of [`EMPTY`].
fn half(key: u64) -> u32 {
    ((key >> 32) as u32).min(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// As a map, under keys that crowd together.
    #[test]
    fn agrees_with_a_map() {
        let mut table = Table::new();
        let mut map: HashMap<u64, u32> = HashMap::new();
        let mut state: u64 = 1;
        for step in 0..200_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = ((state >> 33) % 6_000) << 31 | (state >> 20 & 1);
            if let Some(serial) = map.remove(&key) {
                assert_eq!(table.find(key, |found| found == serial), Some(serial));
                table.remove(key, serial);
            } else {
                assert_eq!(table.find(key, |found| map.get(&key) == Some(&found)), None);
                table.insert(key, step);
                map.insert(key, step);
            }
        }
        assert_eq!(table.used, map.len());
        assert!(map.len() > 1_000);
    }
}
