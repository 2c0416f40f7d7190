//! The same packet at several taps: found by its key, within a window of time and a bound of memory.
//!
//! Packets of all taps are pushed in the order of their times (each tap's in its own order; a disorder between taps costs a part of the window). A packet is *settled* when the window
//! behind its first sighting is over: then it is known at which taps it was, and that its key meant it alone. Results come tap by tap, each tap's in
//! the order in which its packets were pushed.
//!
//! Packets are taken in small batches: that of one is looked for in memory while those of others are. So what is settled is told up to a batch later, or when it is asked for ([`Correlator::flush`]).
//!
//! Rules, for packets of one key within the window:
//!
//! - one a tap: the same packet;
//! - twice at one tap, equal to the last bit and at most `duplicate_ns` apart: the second is a *duplicate*, as a mirror port makes it;
//! - otherwise twice at one tap: the key is *ambiguous*. All its packets at all taps are excluded, and those that follow for at least a
//!   window, at most two, behind the last.

mod table;
mod waiting;

use std::collections::VecDeque;

use table::Table;
use waiting::{Bases, Elsewhere, State, Waiting};

/// Most taps that are compared.
pub const MAX_TAPS: usize = 8;

/// Bounds of a correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long the same packet is waited for; longer than any delay (and clock difference) between first and last tap.
    pub window_ns: u64,
    /// How far apart copies are that a mirror port makes.
    pub duplicate_ns: u64,
    /// Most packets under way. Beyond it the oldest is settled before its time, and counted.
    pub entries: usize,
}

impl Default for Bounds {
    /// A second, a millisecond, and four million packets: 600 MB or less with two taps.
    fn default() -> Self {
        Self { window_ns: 1_000_000_000, duplicate_ns: 1_000_000, entries: 4 << 20 }
    }
}

/// What results are told by; see [`crate::labels`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Number of the flow.
    pub flow: u32,
    /// Number of the VLAN.
    pub vlan: u16,
    /// Number of the application port.
    pub application: u16,
}

/// A packet at a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Number of the tap, below the correlator's number of them.
    pub tap: usize,
    /// When, by the tap's clock: nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// What it is found by; none if there is nothing to go by.
    pub key: Option<u64>,
    /// Digest of the packet as it is.
    pub exact: u32,
    /// Bytes on the wire.
    pub bytes: u32,
    /// What results are told by.
    pub labels: Labels,
}

/// A packet at another tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, by that tap's clock.
    pub time_ns: u64,
    /// The how-manieth packet of that tap it was, from 0.
    pub number: u64,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has no key.
    NoKey,
    /// A copy of the packet before.
    Duplicate,
    /// Its key means others, too.
    Ambiguous,
    /// It is alone under its key.
    Settled {
        /// A number that it shares with itself at other taps; none if it was at one tap only.
        id: Option<u64>,
        /// At the tap before.
        previous: Option<Seen>,
        /// When it was at the tap behind, by that tap's clock.
        next_ns: Option<u64>,
        /// At the first tap of all.
        first: Option<Seen>,
    },
}

/// A packet at a tap, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The tap.
    pub tap: usize,
    /// The how-manieth packet of the tap, from 0.
    pub number: u64,
    /// When, by the tap's clock.
    pub time_ns: u64,
    /// Bytes on the wire.
    pub bytes: u32,
    /// What results are told by.
    pub labels: Labels,
    /// What became of it.
    pub fate: Fate,
}

/// Takes results.
pub trait Sink {
    /// The next packet of a tap, settled.
    fn arrived(&mut self, arrival: &Arrival);
}

impl<F: FnMut(&Arrival)> Sink for F {
    fn arrived(&mut self, arrival: &Arrival) {
        self(arrival);
    }
}

/// Packets of a batch.
const BATCH: usize = 32;

/// Time at a tap where a packet was not seen.
const ABSENT: u64 = u64::MAX;

/// A key under way.
#[derive(Debug)]
struct Entry<const N: usize> {
    key: u64,
    /// When the window began.
    since_ns: u64,
    /// Last sighting of an ambiguous key.
    last_ns: u64,
    ambiguous: bool,
    exact: [u32; N],
    times: [u64; N],
    /// Lower halves: packets under way lie within 2^31 of one another.
    numbers: [u32; N],
}

/// Correlates packets of up to `N` taps.
#[derive(Debug)]
pub struct Correlator<const N: usize> {
    taps: usize,
    bounds: Bounds,
    now_ns: u64,
    table: Table,
    /// By first sighting; the serial number of the first is `base`.
    entries: VecDeque<Entry<N>>,
    base: u64,
    waiting: [Waiting; N],
    early: u64,
    /// Those of the batch under way.
    batch: Vec<Sighting>,
}

impl<const N: usize> Correlator<N> {
    /// Of that many taps, 2 to `N`.
    pub fn new(taps: usize, bounds: Bounds) -> Self {
        Self {
            taps: taps.clamp(1, N),
            bounds: Bounds { entries: bounds.entries.clamp(1, 1 << 30), ..bounds },
            now_ns: 0,
            table: Table::new(),
            entries: VecDeque::new(),
            base: 0,
            waiting: std::array::from_fn(|_| Waiting::default()),
            early: 0,
            batch: Vec::with_capacity(BATCH),
        }
    }

    /// A packet more. Results that its batch settles go to `sink`.
    #[inline]
    pub fn push(&mut self, sighting: &Sighting, sink: &mut impl Sink) {
        self.batch.push(*sighting);
        if self.batch.len() >= BATCH {
            self.flush(sink);
        }
    }

    /// Takes what waits for its batch to be whole.
    #[inline(never)]
    pub fn flush(&mut self, sink: &mut impl Sink) {
        let mut batch = std::mem::take(&mut self.batch);
        // None of these waits for another one, so that memory is asked for all of them at once.
        let touched = batch.iter().filter_map(|sighting| sighting.key);
        std::hint::black_box(touched.fold(0, |all, key| all ^ self.table.touch(key)));
        for sighting in &batch {
            self.take(sighting, sink);
        }
        batch.clear();
        self.batch = batch;
    }

    #[inline]
    fn take(&mut self, sighting: &Sighting, sink: &mut impl Sink) {
        if sighting.time_ns > self.now_ns {
            self.now_ns = sighting.time_ns;
            self.expire(sink);
        }
        let tap = sighting.tap.min(self.taps - 1);
        let Some(key) = sighting.key else {
            self.waiting[tap].push(sighting, State::NoKey);
            self.tell(tap, sink);
            return;
        };
        let (entries, base) = (&self.entries, self.base);
        let index = |serial: u32| serial.wrapping_sub(base as u32) as usize;
        let found =
            self.table.find(key, |serial| entries.get(index(serial)).is_some_and(|entry| entry.key == key));
        let Some(index) = found.map(index) else {
            let number = self.waiting[tap].push(sighting, State::Pending);
            self.begin(key, sighting, tap, number, sink);
            return;
        };
        let entry = &mut self.entries[index];
        if !entry.ambiguous && entry.times[tap] == ABSENT {
            let number = self.waiting[tap].push(sighting, State::Pending);
            (entry.times[tap], entry.numbers[tap], entry.exact[tap]) =
                (sighting.time_ns, number, sighting.exact);
            return;
        }
        let same = !entry.ambiguous
            && entry.exact[tap] == sighting.exact
            && sighting.time_ns.abs_diff(entry.times[tap]) <= self.bounds.duplicate_ns;
        self.waiting[tap].push(sighting, if same { State::Duplicate } else { State::Ambiguous });
        if !same {
            entry.last_ns = self.now_ns;
            if !std::mem::replace(&mut entry.ambiguous, true) {
                for (other, waiting) in self.waiting.iter_mut().enumerate() {
                    if entry.times[other] != ABSENT {
                        waiting.exclude(entry.numbers[other]);
                    }
                }
            }
        }
        self.tell(tap, sink);
    }

    /// Tells of what is known of a tap's packets.
    #[inline]
    fn tell(&mut self, tap: usize, sink: &mut impl Sink) {
        let base = |tap: usize| self.waiting[tap].base;
        let bases = Bases { previous: base(tap.saturating_sub(1)), first: base(0) };
        self.waiting[tap].tell(tap, bases, sink);
    }

    /// Settles all that is under way. No packet may follow.
    pub fn finish(&mut self, sink: &mut impl Sink) {
        self.flush(sink);
        while !self.entries.is_empty() {
            self.settle_first(sink);
        }
    }

    fn begin(&mut self, key: u64, sighting: &Sighting, tap: usize, number: u32, sink: &mut impl Sink) {
        if self.entries.len() >= self.bounds.entries {
            self.early += 1;
            self.settle_first(sink);
        }
        let mut entry = Entry {
            key,
            since_ns: self.now_ns,
            last_ns: self.now_ns,
            ambiguous: false,
            exact: [0; N],
            times: [ABSENT; N],
            numbers: [0; N],
        };
        (entry.times[tap], entry.numbers[tap], entry.exact[tap]) = (sighting.time_ns, number, sighting.exact);
        self.table.insert(key, (self.base + self.entries.len() as u64) as u32);
        self.entries.push_back(entry);
    }

    fn expire(&mut self, sink: &mut impl Sink) {
        let Some(horizon) = self.now_ns.checked_sub(self.bounds.window_ns) else { return };
        while let Some(entry) = self.entries.front() {
            if entry.since_ns >= horizon {
                break;
            }
            if entry.ambiguous && entry.last_ns >= horizon {
                self.renew();
            } else {
                self.settle_first(sink);
            }
        }
    }

    /// Puts the first entry behind all others, for a window more.
    fn renew(&mut self) {
        let Some(mut entry) = self.entries.pop_front() else { return };
        self.table.remove(entry.key, self.base as u32);
        self.base += 1;
        entry.since_ns = self.now_ns;
        self.table.insert(entry.key, (self.base + self.entries.len() as u64) as u32);
        self.entries.push_back(entry);
    }

    fn settle_first(&mut self, sink: &mut impl Sink) {
        let Some(entry) = self.entries.pop_front() else { return };
        let serial = self.base;
        self.table.remove(entry.key, serial as u32);
        self.base += 1;
        if entry.ambiguous {
            return;
        }
        let seen = |tap: usize| (entry.times[tap], entry.numbers[tap]);
        let several = entry.times.iter().filter(|time| **time != ABSENT).count() > 1;
        for tap in 0..self.taps {
            if entry.times[tap] == ABSENT {
                continue;
            }
            let elsewhere = Elsewhere {
                id: if several { serial } else { ABSENT },
                previous: tap.checked_sub(1).map_or((ABSENT, 0), seen),
                next_ns: entry.times.get(tap + 1).copied().unwrap_or(ABSENT),
                first: seen(0),
            };
            self.waiting[tap].settle(entry.numbers[tap], elsewhere);
        }
        for tap in 0..self.taps {
            if entry.times[tap] != ABSENT {
                self.tell(tap, sink);
            }
        }
    }

    /// Packets that were settled before their window was over, for want of room.
    pub fn early(&self) -> u64 {
        self.early
    }

    /// Bytes that it holds; it never gives any back, so that this is its most, too.
    pub fn memory_bytes(&self) -> usize {
        let waiting: usize = self.waiting.iter().map(Waiting::memory_bytes).sum();
        self.table.memory_bytes() + self.entries.capacity() * size_of::<Entry<N>>() + waiting
    }
}
