//! A user-space driver of the FPGA NIC (Corundum): it finds cards, binds them, walks their registers, runs their queues, reads their clock and takes captures from them.
//!
//! - [`bus`] is the seam to the outside: what a driver asks of a PCI function. Kernel drivers, device models behind a socket ([`bus::VfioUser`]) and device models in this process
//!   ([`bus::InProcess`]) are behind it; faults are a wrapper ([`bus::Faulty`]).
//! - [`function`] is the other side of that seam: what a device model is asked.
//! - [`memory`] is memory that a device reads and writes. It is never a Rust reference: words are read and written one by one, and bytes are copied.
//! - [`registers`] is the one map of the card's registers, as data: the driver, the device model and `docs/NIC.md` have it from there.
//! - [`Card`] is a card that was found to be one; [`Receiver`] takes what comes in at one of its receive queues, [`Clock`] is its PTP hardware clock.
//! - [`Pipeline`] are the registers of the application block: those of a program's pipeline, and which port has which number.
//! - [`discover`] lists the cards of a machine, and hands them to `vfio-pci` and back.
//!
//! The driver knows no P4.
//!
//! # What the driver promises
//!
//! - *Nothing a device says is believed.* Indexes, lengths, queue numbers and chains of registers are checked; what is wrong is a [`CardError`], and the queue that it came from is stopped.
//! - *No wait without an end.* Every wait has a bound, and its end is an error that says what was waited for.
//! - *Memory outlives its mapping.* Memory is unmapped from the device when its last owner goes, and only then freed.

pub mod bus;
mod card;
pub mod discover;
pub mod function;
pub mod memory;
pub mod pci;
pub mod registers;

pub use card::{
    Application, Captured, Card, CardError, CardTime, Clock, ClockReading, Discipline, Firmware, HostCounts,
    Interface, Offset, Pipeline, Port, PortCounts, PortState, Receiver, ReceiverOptions, ReceiverStatus,
    Sender, Statistics,
};
