//! This machine's clocks.

use rustix::time::{ClockId, DynamicClockId, Timespec, clock_gettime, clock_gettime_dynamic};
use sluice_target::sys::{Linux, System};

/// A kernel without CLOCK_TAI (before 3.10) has UTC only.
fn tai() -> Timespec {
    clock_gettime_dynamic(DynamicClockId::Tai).unwrap_or_else(|_| clock_gettime(ClockId::Realtime))
}

/// TAI now, ns since the epoch: what the card's clock is kept beside.
pub(super) fn tai_ns() -> u64 {
    let now = tai();
    let ns = i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec);
    u64::try_from(ns).unwrap_or(0)
}

/// How far TAI is ahead of UTC as the kernel has it, ns: whole seconds; 0 where nobody told it.
pub(crate) fn tai_ahead_ns() -> u64 {
    let told_s = Linux.kernel_clock().map_or(0, |clock| clock.tai_offset_s);
    u64::try_from(told_s).unwrap_or(0) * 1_000_000_000
}
