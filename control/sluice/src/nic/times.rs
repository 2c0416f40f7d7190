//! This machine's clocks.

use rustix::time::{ClockId, DynamicClockId, Timespec, clock_gettime, clock_gettime_dynamic};

/// A kernel without CLOCK_TAI (before 3.10) has UTC only.
fn tai() -> Timespec {
    clock_gettime_dynamic(DynamicClockId::Tai).unwrap_or_else(|_| clock_gettime(ClockId::Realtime))
}

fn ns(time: Timespec) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

/// TAI now, ns since the epoch: what the card's clock is kept beside.
pub(super) fn tai_ns() -> u64 {
    u64::try_from(ns(tai())).unwrap_or(0)
}

/// How far TAI is ahead of UTC as the kernel has it, ns: whole seconds; 0 where nobody told it.
pub(super) fn tai_ahead_ns() -> u64 {
    let ahead = ns(tai()) - ns(clock_gettime(ClockId::Realtime));
    // The two were read one after the other.
    u64::try_from((ahead + 500_000_000) / 1_000_000_000).unwrap_or(0) * 1_000_000_000
}
