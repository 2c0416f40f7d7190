//! Seeded chance, the same on every platform: ChaCha with 8 rounds and nothing whose result depends on word
//! size.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The only source of chance of a sample.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From `least` to `most`, both included. The bias of the multiplication is below one in 2^32: it does
    /// not matter here.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        let count = u128::from(most.saturating_sub(least)) + 1;
        least + ((u128::from(self.0.next_u64()) * count) >> 64) as u64
    }

    /// True `per_mille` times of a thousand.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.between(1, 1_000) <= u64::from(per_mille)
    }

    pub(super) fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub(super) fn short(&mut self) -> u16 {
        self.0.next_u32() as u16
    }

    /// A port that clients use.
    pub(super) fn client_port(&mut self) -> u16 {
        self.between(49_152, 65_535) as u16
    }

    /// Bytes that no decoder takes for a protocol of its own by their start.
    pub(super) fn opaque(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = self.bytes(count);
        for (byte, mark) in bytes.iter_mut().zip(b"datagram of a sample: ") {
            *byte = *mark;
        }
        bytes
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
