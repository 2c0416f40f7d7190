//! Random P4 programs, right by construction.

mod arithmetic;
mod body;
mod expression;
mod objects;
mod parser;
mod scalar;
mod scope;
mod shell;
mod statements;
mod tables;
mod types;
mod whole;
mod writer;

pub use arithmetic::{ArithmeticProgram, BodyProgram};
pub use body::{Argument, Callee, Calls, Kind, Statement, Target};
pub use expression::{Expr, Leaves, Operator, Prefix, expression};
pub use scalar::{Scalar, value};
pub use scope::Direction;
pub use shell::Shell;
pub use whole::WholeProgram;
