//! The broker on a soft switch with ports in memory.

mod change;
mod faults;
mod lab;
mod views;
