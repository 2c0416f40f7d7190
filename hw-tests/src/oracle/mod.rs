//! Oracles: what should happen, worked out without the code under test.

pub mod decode;
pub mod expression;
