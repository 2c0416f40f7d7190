//! JSON as this crate needs it: written with keys in a given order, read with the place of each value.

mod parse;
mod print;

pub(crate) use parse::{Node, NodeKind, parse};
pub(crate) use print::Json;

/// Values that are inside one another, at most, in what is read: the reader recurses.
pub(crate) const DEPTH: u32 = 1024;
