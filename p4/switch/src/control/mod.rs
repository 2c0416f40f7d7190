//! The control plane: checks updates, keeps what was written, and builds configurations.
//!
//! [`master`] holds the written state behind a lock that writers, readers and new workers share. A write is checked and applied to it
//! update by update ([`batch`]); then the tables that it touched are brought up to date ([`tables`]) and published with all others as one
//! configuration. [`read`] answers queries from a snapshot.

mod barrier;
pub(crate) mod batch;
pub(crate) mod check;
pub(crate) mod digests;
pub(crate) mod error;
pub(crate) mod gate;
pub(crate) mod idle;
pub(crate) mod master;
mod ports;
pub(crate) mod profiles;
pub(crate) mod read;
pub(crate) mod tables;
mod undo;

pub use ports::{PortCounters, ReplicaCounters};
pub use undo::Undo;
