//! Data paths: one trait for all of them.
//!
//! Whoever writes entries, reads counters or listens to a data path does so through [`Target`], in P4Runtime's words. The soft switch is behind it
//! with real ports ([`SoftTarget`]); others are behind it in the same way, and have to pass the same tests ([`conformance`]).
//!
//! - [`Target`]: what a data path does, and what it promises.
//! - [`SoftTarget`]: the soft switch, the threads that run it, and its ports ([`port`]); [`Observers`]: who else sees the frames of a port.
//! - [`OpensPorts`]: a data path whose ports this process opens.
//! - [`Standby`]: a data path that another one stands in for once it is out of reach.
//! - [`Captures`]: captures as ports, in the packets' own time, as fast as they can be read.
//! - [`Counters`], [`carry_out`], [`Recorder`]: the policy's way to a data path: counters for its accounting, its plans, what a packet met.
//! - [`ptp`]: what a PTP daemon says of its clock.
//! - [`sys`]: the system calls that ports need, as a trait; the one place with `unsafe`, and a stand-in for tests.

mod captures;
pub mod conformance;
mod counters;
mod opens;
mod policy;
pub mod port;
pub mod ptp;
mod soft;
mod standby;
pub mod sys;
mod target;
mod trace;

pub use captures::Captures;
pub use counters::Counters;
pub use opens::{Opened, OpensPorts};
pub use policy::{CarryOutError, carry_out, carry_out_told};
pub use soft::{
    CPU_PORT, MAX_EVENTS, Observe, ObserveSent, Observers, Read, SoftOptions, SoftTarget, carried, checked,
    decode, entries, not_taken, pushable,
};
pub use standby::{Giver, OpenPorts, StandIn, Standby};
pub use target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, QueueStatus, Target,
};
pub use trace::Recorder;
