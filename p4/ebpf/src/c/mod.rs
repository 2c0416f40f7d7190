//! The program's text.

mod arithmetic;
mod code;
mod deparser;
mod expression;
mod externs;
mod header;
mod liveness;
mod names;
mod order;
mod parser;
mod place;
mod program;
mod statement;
mod storage;
mod structures;
mod table;

pub use parser::MAX_TURNS;
pub use program::STATES;
pub(crate) use program::write;
