//! STF: scripts that write tables, send packets and say which packets must come out.
//!
//! It is the format of the P4 reference compiler's tests, and this project's packet tests are written in it; `docs/P4.md`
//! has its reference.
//!
//! ```text
//! text --parse--> Script --bind (names, widths: PipelineInfo)--> Test --run--> Target (soft switch, bmv2)
//!                                                                         |
//!                                     expected packets --compare-- received packets --> Report
//! ```
//!
//! [`parse`] knows the format alone, [`bind`] what a program has, and a [`Target`] how to write and what came out. Whatever
//! is wrong, in the script or with the packets, is a located diagnostic.

mod bind;
mod bmv2;
mod board;
mod compare;
mod names;
mod number;
mod parse;
mod run;
mod script;
mod switch;
mod target;
mod token;

pub use bind::{Expectation, Step, StepKind, Test, bind};
pub use bmv2::{Bmv2Target, find_program};
pub use board::{Board, BoardTarget};
pub use compare::compare;
pub use number::{MAX_DIGITS, Number};
pub use parse::parse;
pub use run::{Report, run};
pub use script::{
    ActionCall, Argument, Cell, Command, Comparison, Condition, KeyField, KeyValue, Name, Pattern, Quantity,
    Rate, Removal, Script, Statement,
};
pub use switch::{SwitchBoard, SwitchTarget};
pub use target::{Count, CounterCell, MirrorTarget, Operation, Received, Target, TargetError};
