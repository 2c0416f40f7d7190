//! `sluice serve` with an FPGA NIC as the data path: the card is simulated by `sluice nic simulate`, whose RTL takes captures through clock by clock.
//!
//! Needs Verilator, which is installed once; skipped, saying so, where that cannot be.

mod broker;
mod controller;
mod fallback;
#[path = "../shared/http.rs"]
mod http;
mod lab;
