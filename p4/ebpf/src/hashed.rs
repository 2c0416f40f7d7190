//! Exact keys by a hash under which each has a place of its own (hash and displace: F. C. Botelho, D. Belazzougui, M. Dietzfelbinger, "Compress,
//! hash, and displace", ESA 2009, without the compression).
//!
//! A key's hash gives a bucket, whose displacement moves it to its place. There the key stands in full: any other key that comes there is none.

/// Most keys: beyond that the kernel's hash maps do as well.
const MAX_KEYS: usize = 4_096;

/// Most words of a key.
const MAX_WORDS: usize = 4;

/// Hashes that are tried; each fails for keys of one bucket whose upper halves are alike.
const TRIES: u64 = 64;

/// What words are multiplied by: the 64 bits behind the point of the golden ratio, an odd number.
pub(crate) const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Keys and what they find.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hashed {
    /// Where the hash begins.
    pub(crate) seed: u64,
    /// By bucket; as many as a power of two.
    pub(crate) displacements: Vec<u16>,
    /// By place, as many as a power of two: the words of the key, and what it finds; 0 for a place without a key.
    pub(crate) places: Vec<(Vec<u64>, u16)>,
}

/// Of the words of a key, as `find_frozen` writes it.
fn hash(seed: u64, key: &[u64]) -> u64 {
    key.iter().fold(seed, |hash, word| {
        let product = (hash ^ word).wrapping_mul(FACTOR);
        product ^ product >> 32
    })
}

impl Hashed {
    /// Keys, all of one length and different, with what each finds; none where they are too many or too long.
    pub(crate) fn new(keys: Vec<(Vec<u64>, u16)>) -> Option<Self> {
        let words = keys.first().map_or(1, |(key, _)| key.len());
        if keys.len() > MAX_KEYS || !(1..=MAX_WORDS).contains(&words) {
            return None;
        }
        (1..=TRIES).find_map(|seed| Self::with_seed(&keys, words, seed.wrapping_mul(FACTOR)))
    }

    fn with_seed(keys: &[(Vec<u64>, u16)], words: usize, seed: u64) -> Option<Self> {
        let count = (keys.len() * 2).next_power_of_two();
        let mut buckets: Vec<(usize, Vec<usize>)> =
            (0..count.div_ceil(4)).map(|bucket| (bucket, Vec::new())).collect();
        for (index, (key, _)) in keys.iter().enumerate() {
            let bucket = hash(seed, key) as usize & (buckets.len() - 1);
            buckets[bucket].1.push(index);
        }
        let mut displacements = vec![0; buckets.len()];
        let mut taken: Vec<Option<usize>> = vec![None; count];
        // The fullest first, while there is room.
        buckets.sort_by_key(|(bucket, members)| (std::cmp::Reverse(members.len()), *bucket));
        for (bucket, members) in buckets.iter().filter(|(_, members)| !members.is_empty()) {
            let place =
                |index: &usize, by: usize| ((hash(seed, &keys[*index].0) >> 32) as usize ^ by) & (count - 1);
            let fits = |by: &usize| {
                let mut places: Vec<usize> = members.iter().map(|index| place(index, *by)).collect();
                let is_free = places.iter().all(|place| taken[*place].is_none());
                places.sort_unstable();
                places.dedup();
                is_free && places.len() == members.len()
            };
            let by = (0..count).find(fits)?;
            displacements[*bucket] = u16::try_from(by).ok()?;
            members.iter().for_each(|index| taken[place(index, by)] = Some(*index));
        }
        let nothing = (vec![0; words], 0);
        let places =
            taken.into_iter().map(|index| index.map_or(nothing.clone(), |index| keys[index].clone()));
        Some(Self { seed, displacements, places: places.collect() })
    }

    /// What a key finds, or 0: what a program does.
    #[cfg(test)]
    pub(crate) fn find(&self, key: &[u64]) -> u16 {
        let hash = hash(self.seed, key);
        let by = usize::from(self.displacements[hash as usize & (self.displacements.len() - 1)]);
        let (there, found) = &self.places[((hash >> 32) as usize ^ by) & (self.places.len() - 1)];
        if there == key { *found } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_finds_its_own_and_others_find_nothing() {
        for count in [0u64, 1, 2, 3, 5, 100, 1_000, 4_096] {
            for words in 1..=3 {
                let key = |i: u64| (0..words).map(|word| (i << (7 * word)) ^ word).collect::<Vec<u64>>();
                let keys: Vec<(Vec<u64>, u16)> =
                    (0..count).map(|i| (key(i), (i % 1_000 + 1) as u16)).collect();
                let hashed =
                    Hashed::new(keys.clone()).unwrap_or_else(|| panic!("{count} keys of {words} words"));
                assert!(keys.iter().all(|(key, found)| hashed.find(key) == *found));
                assert!((count..count + 1_000).all(|i| hashed.find(&key(i)) == 0));
            }
        }
    }

    #[test]
    fn too_many_or_too_long_keys_are_left_to_the_kernel() {
        let keys = |count: u64, words: usize| (0..count).map(|i| (vec![i; words], 1)).collect();
        assert_eq!(Hashed::new(keys(4_097, 1)), None);
        assert_eq!(Hashed::new(keys(1, 5)), None);
    }
}
