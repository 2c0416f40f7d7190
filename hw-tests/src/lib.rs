//! One conformance suite for every target: oracles, generators, the properties that all data paths keep.

pub mod oracle;
