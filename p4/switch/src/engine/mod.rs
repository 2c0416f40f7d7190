//! Runs prepared programs.
//!
//! [`op`] and [`program`] say what a prepared program is; [`run`] is the interpreter, with [`bytes`] and [`wide`] for what
//! does not fit one machine word and [`calls`] for externs; [`passes`] takes a packet through parser, ingress,
//! replication, egress and deparser; [`finish`] makes the frame.

pub(crate) mod bytes;
pub(crate) mod calls;
pub(crate) mod finish;
pub(crate) mod op;
pub(crate) mod passes;
pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod select;
pub(crate) mod state;
pub(crate) mod wide;
