//! One conformance suite for every target: oracles, generators, the properties that all data paths keep.

pub mod campaign;
pub mod captures;
pub mod generate;
pub mod harness;
pub mod model;
pub mod oracle;
pub mod programs;
pub mod tools;
pub mod trial;
