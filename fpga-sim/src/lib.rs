//! The RTL pipeline, simulated clock by clock.
//!
//! `rtl/` has the hand-written blocks, one module a file; `sluice_rtl` writes the two pipelines that stand between them. Verilator turns
//! both into C++, a compiler makes a program of it ([`build`]), and that runs as a process of its own ([`Machine`]): a mistake in it ends it
//! and nothing else. [`Device`] writes tables through the register file by the layout, as a driver of the card would, and takes frames
//! through.
//!
//! ```text
//! Module --sluice_rtl--> SystemVerilog + Layout
//!                              |            |
//!             rtl/*.sv --Verilator, c++--> process <--registers, frames-- Device
//! ```

mod build;
mod device;
mod error;
mod exact;
mod groups;
mod interval;
mod machine;
mod rows;
mod table;

pub use build::{BLOCKS, Build, Verilator, build};
pub use device::{Arrival, Departure, Device};
pub use error::SimError;
pub use machine::{Machine, Run, Sent};
