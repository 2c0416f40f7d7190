//! The broker on a soft switch with ports in memory.

mod change;
mod faults;
mod health;
mod lab;
mod reach;
mod standby;
mod views;
