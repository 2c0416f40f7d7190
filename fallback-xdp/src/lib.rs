//! The data path in the Linux kernel: compiles a program for XDP, loads it, and keeps what is written in its maps.
//!
//! ```text
//! Module --sluice_ebpf--> C, Layout --clang--> object --libbpf--> kernel
//! Update --shadow switch (checks, keeps)--> encode --> maps ------^
//! ```
//!
//! [`Device`] is a loaded program, on devices ([`Device::attach`]) or for test runs. [`Device::write`] takes P4Runtime's updates; [`Device::pass`] takes a packet through the program by
//! `BPF_PROG_TEST_RUN`, the two bodies run by the kernel, the replication done here. [`XdpTarget`] is a program on devices behind [`sluice_target::Target`].
//!
//! The broker's own program, as it is built without options, was compiled when this crate was; clang is asked for other ones alone.

mod capture;
mod clang;
mod counted;
mod device;
mod encode;
mod error;
mod frozen;
mod kernel;
mod lean;
mod live;
mod mapped;
mod pins;
mod read;
mod records;
mod run;
mod table;
mod target;
mod write;

pub use capture::CAPTURE_MTU;
pub use counted::PortCells;
pub use device::{Device, Purpose};
pub use error::{BatchError, Result, XdpError};
pub use kernel::MAX_TEST_FRAME;
pub use lean::{Freeze, LeanObject, LeanSource};
pub use run::{Arrival, Departure};
pub use target::{XdpOptions, XdpTarget, release, suits};

/// Whether the kernel lets this process load programs.
///
/// # Errors
/// What it says.
pub fn check_kernel() -> Result<()> {
    kernel::Kernel::check()
}

/// Whether programs can be compiled and loaded here: there is a clang, and the kernel lets this process load programs.
///
/// # Errors
/// What is missing.
pub fn check() -> Result<()> {
    clang::check()?;
    check_kernel()
}
