//! What the model counts, in the card's statistics.

/// A counter, by its number in the statistics block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Counter {
    /// Frames that came in.
    ReceivedFrames = 0,
    /// Their bytes.
    ReceivedBytes = 1,
    /// Frames written to memory of the host.
    HostFrames = 2,
    /// Their bytes, as written.
    HostBytes = 3,
    /// Frames for the host for which there was no descriptor, or no queue.
    NoDescriptor = 4,
    /// Frames that left by ports.
    SentFrames = 5,
    /// Their bytes.
    SentBytes = 6,
    /// Frames that came in at a port that was off.
    PortOff = 7,
    /// Reads and writes of memory that the card was not given.
    DmaFaults = 8,
    /// Frames that the host sent.
    HostSent = 9,
}

/// How many there are.
pub(crate) const COUNTERS: usize = 16;

/// All counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters([u64; COUNTERS]);

impl Counters {
    pub(crate) fn add(&mut self, counter: Counter, by: u64) {
        let value = &mut self.0[counter as usize];
        *value = value.wrapping_add(by);
    }

    pub(crate) fn set(&mut self, counter: Counter, value: u64) {
        self.0[counter as usize] = value;
    }

    pub(crate) fn get(&self, number: usize) -> u64 {
        self.0.get(number).copied().unwrap_or(0)
    }
}
