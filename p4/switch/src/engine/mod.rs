//! Runs prepared programs.
//!
//! [`op`] and [`program`] say what a prepared program is; [`run`] is the interpreter, with [`headers`] and [`apply`] for
//! headers and tables, [`bytes`] and [`wide`] for what does not fit one machine word, and [`calls`] for externs; [`passes`] takes a packet through parser and
//! ingress, [`replicate`] makes copies, [`leave`] takes each through egress and deparser; [`finish`] makes the frame.

mod apply;
pub(crate) mod bytes;
pub(crate) mod calls;
pub(crate) mod finish;
pub(crate) mod headers;
mod leave;
pub(crate) mod op;
pub(crate) mod passes;
pub(crate) mod program;
mod replicate;
pub(crate) mod run;
pub(crate) mod select;
pub(crate) mod state;
pub(crate) mod wide;
pub(crate) mod wide_op;
