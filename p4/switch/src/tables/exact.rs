//! A hash table from keys of a fixed number of words to numbers: open addressing, linear probing, at most a quarter full while it is small
//! and half full when it is large: see decision 16.

use super::{Lookup, MISS};

/// What mixing a key starts with.
pub(crate) const MIX_START: u64 = 0x9E37_79B9_7F4A_7C15;

/// What each step of mixing multiplies by.
pub(crate) const MIX_FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

/// Keys up to which a quarter of the places is used at most.
const SMALL: usize = 4096;

/// Places for that many keys.
fn places_for(keys: usize) -> usize {
    (keys * if keys <= SMALL { 4 } else { 2 }).next_power_of_two().max(8)
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct ExactMap {
    words: usize,
    mask: usize,
    used: usize,
    /// `words` for each place.
    keys: Vec<u64>,
    /// [`MISS`] where the place is free.
    values: Vec<u32>,
}

/// Mixes a key; the low bits are the ones to use. Native code does the same.
#[inline(always)]
fn mix(key: &[u64]) -> u64 {
    let mut hash = MIX_START;
    for word in key {
        let product = u128::from(hash ^ word) * u128::from(MIX_FACTOR);
        hash = (product as u64) ^ (product >> 64) as u64;
    }
    hash
}

impl ExactMap {
    /// Room for that many keys.
    pub(super) fn with_capacity(words: usize, count: usize) -> Self {
        let places = places_for(count);
        Self { words, mask: places - 1, used: 0, keys: vec![0; places * words], values: vec![MISS; places] }
    }

    /// Where a key is, or would be.
    #[inline(always)]
    fn find(&self, key: &[u64]) -> (usize, u32) {
        let mut at = mix(key) as usize & self.mask;
        loop {
            let value = self.values[at];
            if value == MISS || self.keys[at * self.words..(at + 1) * self.words] == *key {
                return (at, value);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Adds a key or changes its value.
    pub(super) fn insert(&mut self, key: &[u64], value: u32) {
        let (mut at, known) = self.find(key);
        if known == MISS {
            if places_for(self.used + 1) > self.values.len() {
                self.grow();
                at = self.find(key).0;
            }
            self.used += 1;
        }
        self.keys[at * self.words..(at + 1) * self.words].copy_from_slice(key);
        self.values[at] = value;
    }

    fn grow(&mut self) {
        let mut larger = Self::with_capacity(self.words, (self.used + 1).next_power_of_two());
        for (at, value) in self.values.iter().enumerate() {
            if *value != MISS {
                larger.insert(&self.keys[at * self.words..(at + 1) * self.words], *value);
            }
        }
        *self = larger;
    }

    /// Takes a key out; what stands behind it because its own place was taken moves up.
    pub(super) fn remove(&mut self, key: &[u64]) {
        let (mut hole, value) = self.find(key);
        if value == MISS {
            return;
        }
        self.used -= 1;
        let words = self.words;
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            if self.values[at] == MISS {
                break;
            }
            let home = mix(&self.keys[at * words..(at + 1) * words]) as usize & self.mask;
            // It may move up if its own place is not between the hole and where it stands.
            if at.wrapping_sub(home) & self.mask >= at.wrapping_sub(hole) & self.mask {
                self.keys.copy_within(at * words..(at + 1) * words, hole * words);
                self.values[hole] = self.values[at];
                hole = at;
            }
        }
        self.values[hole] = MISS;
    }

    pub(super) fn lookup_parts(&self) -> Lookup<'_> {
        Lookup::by_place(&self.values, &self.keys, self.mask as u64)
    }

    /// All values, in the order of their places.
    pub(super) fn values(&self) -> impl Iterator<Item = u32> + '_ {
        self.values.iter().copied().filter(|value| *value != MISS)
    }

    /// The value of a key.
    #[inline]
    pub(super) fn lookup(&self, key: &[u64]) -> u32 {
        match key {
            // One word and two are the usual sizes: comparing them needs no loop.
            [word] if self.words == 1 => {
                let mut at = mix(&[*word]) as usize & self.mask;
                while self.values[at] != MISS && self.keys[at] != *word {
                    at = (at + 1) & self.mask;
                }
                self.values[at]
            }
            _ if key.len() == self.words => self.find(key).1,
            _ => MISS,
        }
    }
}
