//! The program's text.

mod arithmetic;
mod code;
mod deparser;
mod expression;
mod externs;
mod frozen;
mod header;
mod liveness;
mod local;
mod names;
mod order;
mod parser;
mod place;
mod program;
mod reads;
mod statement;
mod storage;
mod structures;
mod table;

pub use parser::MAX_TURNS;
pub use program::STATES;
pub(crate) use program::write;

/// How blocks and tables stand in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A function each, which the verifier looks at once: it takes any program so.
    Functions,
    /// All but the parser are one function, in which clang sees what stands where. The verifier goes through a table once for each way that leads there.
    Inlined,
    /// The same, and values that only ingress knows are variables of that function: they have to fit on the stack, and the verifier tells apart what they were.
    Locals,
}
