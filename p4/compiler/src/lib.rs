//! The P4-16 compiler: preprocessor, lexer, parser, types, lowering to the IR, passes

pub mod ast;
mod lex;
pub mod limits;
mod parse;
mod preprocess;
mod report;

pub use parse::parse_program;
pub use preprocess::{DiskFiles, FileProvider, MemoryFiles};
