//! The whole broker under test: P4 program, soft switch, policy; and the checker that compares it with the oracles.

pub mod alternating;
mod broker;
mod check;
pub mod lab;
mod rtl;

pub use broker::{Broker, Copy, EVERYTHING, Sent, module, parse};
pub use check::{Checker, Tally};
pub use rtl::{CLOCK_HZ, HARDWARE, in_hardware};
