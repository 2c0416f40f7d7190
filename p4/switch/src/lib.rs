//! The soft switch: runs the IR.
//!
//! Its reading of the IR is the meaning of a program; every other target is compared with it.
//!
//! - [`Switch::new`] prepares a module once: fields become slots, expressions and statements a list of instructions, tables
//!   get the match engine that suits their keys.
//! - [`Switch::write`] and [`Switch::write_batch`] check a batch of P4Runtime updates and publish it as one new configuration;
//!   [`Switch::read`] gives back what was written and what was counted, [`Switch::idle_entries`] and [`Switch::digest_lists`] what the
//!   controller is to be told.
//! - [`Worker::process`] takes a packet through the v1model pipeline. A worker uses one configuration for a packet, takes no lock
//!   and waits for nobody (but for a wide register's or a meter's cell, for the time of one access).
//! - [`Engine`] says what runs the program: native code, or the interpreter, which is the reference.
//!
//! ```text
//! Module --prepare--> Program ---------------------------+
//! Update --check--> Master --build--> Configuration --+  |
//!                                                     v  v
//! Ingress ------------------------------------------> Worker --> Sink
//! ```

mod configuration;
mod control;
mod counters;
mod engine;
mod externs;
mod native;
mod packet;
mod pages;
mod prepare;
mod profile;
mod selection;
mod switch;
mod tables;
mod trace;
mod worker;

pub use control::batch::MAX_PATHS;
pub use control::digests::{DigestList, MAX_DIGEST_LIST, MAX_WAITING_DIGESTS};
pub use control::error::{WriteError, WriteErrors};
pub use control::idle::IdleEntry;
pub use control::{PortCounters, ReplicaCounters, Undo};
pub use engine::calls::{MAX_DIGESTS_PER_PACKET, MAX_FRAME_EDITS, MAX_TRAILER_BYTES};
pub use engine::passes::MAX_PASSES;
pub use engine::run::MAX_LOOP_TURNS;
pub use native::{Engine, MAX_NATIVE_STEPS, NoNativeCode};
pub use packet::{DROP_PORT, Digest, DropReason, Ingress, Outcome, Output, Sink, Verdict};
pub use prepare::{
    MAX_COUNTER_CELLS, MAX_HEADER_BYTES, MAX_METER_CELLS, MAX_REGISTER_BYTES, MAX_SCALAR_BITS,
    MAX_STATE_WORDS, PrepareError,
};
pub use profile::{Profile, ProfilePart};
pub use sluice_entities::CounterData;
pub use switch::{DirectCounters, Switch, SwitchOptions, TableUsage};
pub use trace::{FrameEdit, Replicator, TraceEvent, Tracer};
pub use worker::Worker;
