//! The P4-16 compiler: preprocessor, lexer, parser, types, lowering to the IR, passes.
//!
//! A program's text becomes tokens (`lex`), of which the preprocessor leaves those that count (`preprocess`); the
//! parser makes the syntax tree of them ([`ast`], by [`parse_program`]). What is wrong with the text is collected as
//! located diagnostics, several in one run, and each stage goes on with what is right. The bounds are in [`limits`].

pub mod ast;
mod lex;
pub mod limits;
mod parse;
mod preprocess;
mod report;

pub use parse::parse_program;
pub use preprocess::{DiskFiles, FileProvider, MemoryFiles};
