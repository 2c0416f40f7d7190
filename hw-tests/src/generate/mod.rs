//! Random values, expressions, packets and policies. They know the oracle's types only, nothing of the code under test.

mod expressions;
mod packets;
mod policies;
pub mod program;
mod text;
pub mod traffic;
mod values;

pub use expressions::{Vocabulary, expression, primitive};
pub use packets::{Frames, damage};
pub use policies::{PolicyShape, edits, policy, vary};
pub use text::damaged_text;
pub use values::Values;
