//! Random P4 programs, right by construction.

mod arithmetic;
mod expression;
mod scalar;

pub use arithmetic::ArithmeticProgram;
pub use expression::{Expr, Leaves, Operator, Prefix, expression};
pub use scalar::{Scalar, value};
