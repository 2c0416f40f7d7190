//! The policy: filters, terms, copies, plans, explanations; pure, no I/O

pub mod fields;
pub mod filter;
pub mod sets;
pub mod term;
