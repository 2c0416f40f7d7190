//! The RTL pipeline, simulated clock by clock.
//!
//! `rtl/` has the hand-written blocks, one module a file; `sluice_rtl` writes the two pipelines that stand between them. Verilator turns
//! both into C++, a compiler makes a program of it ([`build`]), and that runs as a process of its own ([`Machine`]): a mistake in it ends it
//! and nothing else. [`Device`] takes frames through; its tables are `sluice_fpga`'s, as those of a card are.
//!
//! [`Verilated`] is the same behind a card's BAR2, for the card's model.
//!
//! ```text
//! Module --sluice_rtl--> SystemVerilog + Layout
//!                              |            |
//!             rtl/*.sv --Verilator, c++--> process <--registers, frames-- Device
//! ```

mod build;
mod card;
mod device;
mod error;
mod machine;

pub use build::{BLOCKS, Build, Verilator, build};
pub use card::Verilated;
pub use device::{Arrival, Departure, Device};
pub use error::SimError;
pub use machine::{Machine, Run, Sent};
