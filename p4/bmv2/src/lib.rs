//! BMv2 JSON, both ways: what `simple_switch` and `simple_switch_grpc` load.
//!
//! - [`write`]: a verified module as JSON, format version 2.23 (`docs/JSON_format.md` of the behavioral model).
//! - [`read`]: such JSON, whoever wrote it, as a verified module.
//!
//! The format has less than the IR. What it has not is refused with a place and a reason, or said in other words: see `docs/P4.md`, "BMv2
//! JSON". Four facts stand in an object under the key `sluice`, which the switch does not look at: match kinds that it calls by another
//! name, where actions may be used, entries that may be changed, and the width of a selector's hash.
//!
//! # Numbers
//!
//! Expressions of the format are over whole numbers without bounds; each result is cut to a width by an operation of its own. The writer
//! cuts where the IR's operators do. The reader goes the other way: it finds for each expression the bits that can matter, and computes
//! in that width.

mod graph;
mod json;
mod read;
mod write;

pub use read::read;
pub use write::{Options, write};

/// The JSON Schema (2020-12) of what [`write`] gives.
pub const SCHEMA: &str = include_str!("../schema/bmv2.schema.json");
