//! Seeded trials: how many, from which seed, and saying which seed failed.
//!
//! `SLUICE_LONG=1` runs the long counts, `SLUICE_SEED=n` one trial again.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The only source of chance in a trial: ChaCha with 8 rounds, the same on every platform.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The sequence that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// 64 random bits.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to `count - 1`; 0 where `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.word()) * count as u128) >> 64) as usize
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + ((u128::from(self.word()) * (u128::from(most.saturating_sub(least)) + 1)) >> 64) as u64
    }

    /// True that many times of a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of the items.
    ///
    /// # Panics
    /// Where there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Random bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// The items in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Whether the long counts are asked for.
pub fn is_long() -> bool {
    std::env::var("SLUICE_LONG").is_ok_and(|value| value == "1")
}

/// `short`, or `long` under `SLUICE_LONG=1`.
pub fn count(short: u64, long: u64) -> u64 {
    if is_long() { long } else { short }
}

/// Prints the seed while a panic passes.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was seed {0}: SLUICE_SEED={0} runs it again", self.0);
        }
    }
}

/// Runs the test with that many seeds from `first` on, or with the one of `SLUICE_SEED`.
pub fn each(first: u64, trials: u64, mut test: impl FnMut(&mut Dice)) {
    let asked = std::env::var("SLUICE_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let seeds = asked.map_or(first..first + trials, |seed| seed..seed + 1);
    for seed in seeds {
        let _guard = Seed(seed);
        test(&mut Dice::new(seed));
    }
}
