//! Random P4 programs, right by construction.

mod arithmetic;
mod expression;
mod objects;
mod parser;
mod scalar;
mod scope;
mod statements;
mod tables;
mod types;
mod whole;
mod writer;

pub use arithmetic::ArithmeticProgram;
pub use expression::{Expr, Leaves, Operator, Prefix, expression};
pub use scalar::{Scalar, value};
pub use whole::WholeProgram;
