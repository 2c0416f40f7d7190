//! Oracles: what should happen, worked out without the code under test.

pub mod arithmetic;
pub mod decode;
pub mod edits;
pub mod execution;
pub mod expression;
pub mod identity;
pub mod policy;
