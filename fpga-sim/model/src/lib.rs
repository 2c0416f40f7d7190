//! A model of the FPGA NIC (Corundum): what a driver sees of it.
//!
//! - [`NicModel`] is the PCI function: configuration space, the NIC's registers (BAR0) with queues, clock, counters and DMA, the application's registers (BAR2).
//! - [`Pipeline`] is what the application block does with frames.
//! - [`Shell`] is the application block with a program's [`DataPath`] in it: ports of the card, numbers of the program, counts.
//! - [`serve`] shows a model to another process over vfio-user: to this project's driver, or to QEMU, which shows it to a guest as a PCI device.
//! - [`Defect`] is what can be wrong with a card.
//!
//! # What the model promises
//!
//! - *Order.* A completion is written when its frame is in memory, an event when its completion is, and an interrupt is raised last.
//! - *Nothing is made up.* A frame for which there is no descriptor is dropped and counted, as the card does; [`NicModel::has_room`] says so before.
//! - *The same each time.* Time is what [`Time`] says, so that tests say it.
//!
//! Not modelled: sending by the host (transmit queues can be set up, and what is put into them stays there), flow control, schedulers, the statistics that Corundum's own blocks count.

mod clock;
mod config;
mod counters;
mod defect;
mod layout;
mod model;
mod pipeline;
mod queues;
mod serve;
mod shell;

pub use clock::Time;
pub use counters::Counter;
pub use defect::Defect;
pub use model::{Delivered, NicModel, Options};
pub use pipeline::{Out, Pipeline, ToHost};
pub use serve::{ServeError, Served, serve};
pub use shell::{DataPath, Leaving, Shell};
