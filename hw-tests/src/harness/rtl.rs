//! The broker in the simulated hardware.

use sluice_broker::{Arch, Build};
use sluice_rtl::Options;
use sluice_rtl_sim::Device;

use super::module;
use crate::programs::{rtl_cache, verilator};

/// What the hardware holds: no checksum over a payload that has not come yet can be made to fit.
pub const HARDWARE: Build =
    Build { arch: Arch::Sluice, terms: 64, copies: 64, digest_bits: 64, fixes_checksums: false };

/// The clock that it is made for, hertz: that of a MAC of 100 Gb/s.
pub const CLOCK_HZ: u64 = 322_265_625;

/// The broker with one stream of copies; none where there is no Verilator. The simulation is built once, and kept; `is_fast` is for long runs: a short one is over before a compiler
/// has made it fast.
///
/// # Panics
/// Where the program cannot be built.
pub fn in_hardware(is_fast: bool) -> Option<Device> {
    let verilator = verilator()?;
    let options = Options { queues: 1, ..Options::default() };
    let device = Device::new(&module(HARDWARE), "broker.p4", &options, verilator, is_fast, &rtl_cache());
    Some(device.expect("the program is built"))
}
