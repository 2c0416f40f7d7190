//! The PTP hardware clock of the model, which runs as wrong as it is told to.

use std::time::Instant;

use sluice_nic::CardTime;
use sluice_nic::registers::{CLOCK_LOCKED, clock};

/// Where the model has its time from: nanoseconds that never run backward.
#[derive(Debug)]
pub enum Time {
    /// This machine's, from when the model was made.
    Real(Instant),
    /// What a test says.
    Said(u64),
}

impl Time {
    /// This machine's, from now on.
    pub fn real() -> Self {
        Self::Real(Instant::now())
    }

    fn now_ns(&self) -> u64 {
        match self {
            Self::Real(begun) => begun.elapsed().as_nanos() as u64,
            Self::Said(ns) => *ns,
        }
    }
}

/// A period as the card is built: 6.4 ns, 156.25 MHz, in 2^-32 ns.
const NOMINAL: u64 = 6 << 32 | 0x6666_6666;

#[derive(Debug)]
pub(crate) struct ModelClock {
    time: Time,
    /// When `now` was right.
    last_ns: u64,
    /// The time of day, 2^-32 ns since the epoch.
    now: u128,
    period: u64,
    /// So many parts in 10^9 the oscillator is too fast.
    drift_ppb: i64,
    is_locked: bool,
    snapped: u128,
    /// What was written of a new time, or period, and is not set yet.
    set_ns: u32,
    set_seconds: u32,
    set_fns: u32,
}

impl ModelClock {
    pub(crate) fn new(time: Time, start_ns: u64, drift_ppb: i64) -> Self {
        let last_ns = time.now_ns();
        Self {
            time,
            last_ns,
            now: u128::from(start_ns) << 32,
            period: NOMINAL,
            drift_ppb,
            is_locked: false,
            snapped: 0,
            set_ns: 0,
            set_seconds: 0,
            set_fns: 0,
        }
    }

    /// Time goes on, if it is a test's.
    pub(crate) fn pass(&mut self, ns: u64) {
        if let Time::Said(now) = &mut self.time {
            *now += ns;
        }
    }

    fn go_on(&mut self) {
        let now_ns = self.time.now_ns();
        let passed = u128::from(now_ns.saturating_sub(self.last_ns));
        self.last_ns = now_ns;
        let oscillator = (passed << 32) * (1_000_000_000 + self.drift_ppb) as u128 / 1_000_000_000;
        self.now += oscillator * u128::from(self.period) / u128::from(NOMINAL);
    }

    /// The time now.
    pub(crate) fn now(&mut self) -> CardTime {
        self.go_on();
        CardTime::from_ns((self.now >> 32) as u64)
    }

    pub(crate) fn set_locked(&mut self, is_locked: bool) {
        self.is_locked = is_locked;
    }

    pub(crate) fn read(&mut self, register: u64) -> u32 {
        self.go_on();
        if register == clock::SNAP_FNS {
            self.snapped = self.now;
        }
        let part = |time: u128, which: u64| {
            let ns = (time >> 32) as u64;
            let (seconds, ns) = (ns / 1_000_000_000, ns % 1_000_000_000);
            match which {
                0 => time as u32,
                1 => ns as u32,
                2 => seconds as u32,
                _ => (seconds >> 32) as u32 & 0xffff,
            }
        };
        match register {
            clock::CONTROL if self.is_locked => CLOCK_LOCKED,
            clock::NOW_FNS..=clock::NOW_TOD_SEC_HIGH => part(self.now, (register - clock::NOW_FNS) / 4),
            clock::SNAP_FNS..=clock::SNAP_TOD_SEC_HIGH => {
                part(self.snapped, (register - clock::SNAP_FNS) / 4)
            }
            clock::NOMINAL_PERIOD_FNS => NOMINAL as u32,
            clock::NOMINAL_PERIOD_NS => (NOMINAL >> 32) as u32,
            clock::PERIOD_FNS => self.period as u32,
            clock::PERIOD_NS => (self.period >> 32) as u32,
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, register: u64, word: u32) {
        self.go_on();
        match register {
            clock::OFFSET_TOD_NS => {
                let by = i128::from(word.cast_signed()) << 32;
                self.now = self.now.saturating_add_signed(by);
            }
            clock::SET_TOD_NS => self.set_ns = word,
            clock::SET_TOD_SEC_LOW => self.set_seconds = word,
            clock::SET_TOD_SEC_HIGH => {
                let seconds = u128::from(word & 0xffff) << 32 | u128::from(self.set_seconds);
                self.now = (seconds * 1_000_000_000 + u128::from(self.set_ns)) << 32;
            }
            clock::PERIOD_FNS => self.set_fns = word,
            clock::PERIOD_NS => self.period = u64::from(word) << 32 | u64::from(self.set_fns),
            _ => {}
        }
    }
}
