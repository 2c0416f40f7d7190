//! The card's PTP hardware clock.

use std::sync::Arc;

use super::{CardError, Shared};
use crate::registers::{CLOCK_LOCKED, clock};

/// A time of the card's clock: TAI, since 1970-01-01 00:00:00 TAI (IEEE 1588-2019, 7.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardTime {
    /// Seconds.
    pub seconds: u64,
    /// Nanoseconds of the second.
    pub ns: u32,
}

impl CardTime {
    /// From nanoseconds since the epoch.
    pub fn from_ns(ns: u64) -> Self {
        Self { seconds: ns / 1_000_000_000, ns: (ns % 1_000_000_000) as u32 }
    }

    /// Nanoseconds since the epoch, TAI; the latest there is for times after the year 2554.
    pub fn as_ns(self) -> u64 {
        self.seconds.saturating_mul(1_000_000_000).saturating_add(u64::from(self.ns))
    }
}

/// The clock beside another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// How far it is ahead, ns.
    pub ahead_ns: i64,
    /// By how much that may be wrong, ns, as far as reading it tells: half of the time that it took.
    pub bound_ns: u64,
    /// When that was, by the other clock, ns.
    pub at_ns: u64,
}

/// A reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The time.
    pub time: CardTime,
    /// The fraction, 2^-32 ns.
    pub fns: u32,
    /// Whether the card says that it follows a grandmaster.
    pub is_locked: bool,
}

/// The clock.
#[derive(Clone, Debug)]
pub struct Clock {
    shared: Arc<Shared>,
    place: u64,
}

/// A clock can be made faster or slower by a tenth.
const MAX_PPB: i64 = 100_000_000;
/// A period in 2^-32 ns, where the card does not say which it was built with: 250 MHz.
const DEFAULT_PERIOD: u64 = 4 << 32;

impl Clock {
    pub(super) fn new(shared: Arc<Shared>, place: u64) -> Self {
        Self { shared, place }
    }

    fn get(&self, register: u64) -> Result<u32, CardError> {
        self.shared.read(self.place + register)
    }

    fn put(&self, register: u64, word: u32) -> Result<(), CardError> {
        self.shared.write(self.place + register, word)
    }

    /// The time, all of its parts at one moment.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn read(&self) -> Result<CardTime, CardError> {
        self.get(clock::SNAP_FNS)?;
        self.snapped()
    }

    fn snapped(&self) -> Result<CardTime, CardError> {
        let ns = self.get(clock::SNAP_TOD_NS)?;
        let low = self.get(clock::SNAP_TOD_SEC_LOW)?;
        let high = self.get(clock::SNAP_TOD_SEC_HIGH)? & 0xffff;
        if ns >= 1_000_000_000 {
            let why = format!("the clock's time has {ns} ns");
            return Err(CardError::Chain { at: self.place + clock::SNAP_TOD_NS, why });
        }
        Ok(CardTime { seconds: u64::from(high) << 32 | u64::from(low), ns })
    }

    /// The time, and how the clock is kept.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn look(&self) -> Result<ClockReading, CardError> {
        let fns = self.get(clock::SNAP_FNS)?;
        let time = self.snapped()?;
        Ok(ClockReading { time, fns, is_locked: self.get(clock::CONTROL)? & CLOCK_LOCKED != 0 })
    }

    /// Sets the time.
    ///
    /// # Errors
    ///
    /// [`CardError::Time`], and what the bus says.
    pub fn set(&self, time: CardTime) -> Result<(), CardError> {
        if time.seconds >> 48 != 0 || time.ns >= 1_000_000_000 {
            return Err(CardError::Time { seconds: time.seconds });
        }
        self.put(clock::SET_TOD_NS, time.ns)?;
        self.put(clock::SET_TOD_SEC_LOW, time.seconds as u32)?;
        self.put(clock::SET_TOD_SEC_HIGH, (time.seconds >> 32) as u32)
    }

    /// Moves the time: positive is forward. Less than a second is exact; more is set anew, and late by as long as that takes.
    ///
    /// # Errors
    ///
    /// As [`Self::set`].
    pub fn shift(&self, ns: i64) -> Result<(), CardError> {
        if let Ok(small) = i32::try_from(ns)
            && small.unsigned_abs() < 1_000_000_000
        {
            return self.put(clock::OFFSET_TOD_NS, small.cast_unsigned());
        }
        let now = self.read()?.as_ns();
        self.set(CardTime::from_ns(now.saturating_add_signed(ns)))
    }

    /// Makes it faster than it was built by so many parts in 10^9; negative is slower.
    ///
    /// # Errors
    ///
    /// [`CardError::Rate`] beyond a tenth, and what the bus says.
    pub fn set_rate(&self, ppb: i64) -> Result<(), CardError> {
        if ppb.abs() > MAX_PPB {
            return Err(CardError::Rate { ppb });
        }
        let fns = self.get(clock::NOMINAL_PERIOD_FNS)?;
        let nominal = u64::from(self.get(clock::NOMINAL_PERIOD_NS)?) << 32 | u64::from(fns);
        let nominal = if nominal == 0 { DEFAULT_PERIOD } else { nominal };
        let change = i128::from(nominal) * i128::from(ppb) / 1_000_000_000;
        // A tenth of a period is less than the period, and a period is less than 2^40.
        let period = (i128::from(nominal) + change) as u64;
        self.put(clock::PERIOD_FNS, period as u32)?;
        self.put(clock::PERIOD_NS, (period >> 32) as u32)
    }

    /// Compares it with another clock, which is read just before and just after, so many times: the reading that took the shortest time is the one that counts.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn compare(&self, tries: u32, mut other_ns: impl FnMut() -> u64) -> Result<Offset, CardError> {
        let mut best: Option<Offset> = None;
        for _ in 0..tries.max(1) {
            let before = other_ns();
            self.get(clock::SNAP_FNS)?;
            let after = other_ns();
            let took = after.saturating_sub(before);
            let (at_ns, bound_ns) = (before + took / 2, took.div_ceil(2));
            let ahead = i128::from(self.snapped()?.as_ns()) - i128::from(at_ns);
            let ahead_ns = ahead.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            if best.is_none_or(|best| bound_ns < best.bound_ns) {
                best = Some(Offset { ahead_ns, bound_ns, at_ns });
            }
        }
        Ok(best.unwrap_or(Offset { ahead_ns: 0, bound_ns: u64::MAX, at_ns: 0 }))
    }
}

/// Keeps a clock beside another one: a proportional and integral controller over measured offsets.
///
/// - The first offset, and any beyond a millisecond, is taken away at once: the clock jumps.
/// - Others are taken away by rate, so that time never runs backward.
#[derive(Clone, Debug, Default)]
pub struct Discipline {
    /// What the clock's own error is thought to be, ppb.
    rate_ppb: f64,
    last: Option<Offset>,
    has_begun: bool,
}

/// An offset beyond this is not taken away by rate, ns.
const JUMP_NS: u64 = 1_000_000;
/// Of an offset, what is taken away until the next measurement, and what is thought to be the clock's own error: critically damped.
const PROPORTION: f64 = 0.7;
const INTEGRAL: f64 = 0.3;

impl Discipline {
    /// Nothing is known of the clock yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the clock's own error is thought to be: so many parts in 10^9 too fast.
    pub fn rate_ppb(&self) -> i64 {
        self.rate_ppb as i64
    }

    /// Acts on a measured offset.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn act(&mut self, clock: &Clock, offset: Offset) -> Result<(), CardError> {
        if !self.has_begun || offset.ahead_ns.unsigned_abs() > JUMP_NS {
            clock.shift(offset.ahead_ns.saturating_neg())?;
            self.has_begun = true;
            self.last = Some(offset);
            return Ok(());
        }
        let passed_ns = self.last.map_or(0, |last| offset.at_ns.saturating_sub(last.at_ns));
        if passed_ns == 0 {
            return Ok(());
        }
        let error_ppb = offset.ahead_ns as f64 * 1e9 / passed_ns as f64;
        self.rate_ppb =
            (self.rate_ppb + INTEGRAL * error_ppb).clamp(-(MAX_PPB as f64) / 2.0, MAX_PPB as f64 / 2.0);
        let wanted = -(self.rate_ppb + PROPORTION * error_ppb);
        clock.set_rate(wanted.clamp(-(MAX_PPB as f64), MAX_PPB as f64) as i64)?;
        self.last = Some(offset);
        Ok(())
    }
}
