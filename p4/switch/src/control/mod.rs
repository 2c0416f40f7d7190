//! The control plane's side: checks writes, keeps what was written, publishes configurations.
//!
//! [`Master`] is what has been written, behind a lock that workers never take. A write is checked and applied to it
//! update by update, and taken back as a whole if any update is wrong ([`write`]); then the tables that it touched are built anew
//! and published with all others as one configuration.

pub(crate) mod check;
pub(crate) mod error;
pub(crate) mod master;
pub(crate) mod write;
