//! Bounds of what a program may become once everything in it is put in its place.

/// Functions, actions, sub-controls and sub-parsers inside one another, and instances likewise.
pub(crate) const CALLS: usize = 64;

/// Expressions and statements inside one another, those of all calls on the way included. What this many take fits the stack
/// of any thread.
pub(crate) const NESTING: usize = 400;

/// Expressions of the IR.
pub(crate) const EXPRESSIONS: usize = 1 << 20;

/// States of the parser, those of its sub-parsers included.
pub(crate) const STATES: usize = 4096;

/// Elements of one header stack, and storage places of one variable.
pub(crate) const STACK: u32 = 1024;

/// Scalars and headers of one variable, and of all storage.
pub(crate) const STORAGE: usize = 1 << 16;

/// Scalars of one value, with all its parts.
pub(crate) const CELLS: u64 = 1 << 20;

/// Rounds of a `for` over a list or stack, which are written out one by one.
pub(crate) const ROUNDS: usize = 4096;
