//! The P4-16 compiler: preprocessor, lexer, parser, types, lowering to the IR, passes.
//!
//! A program's text becomes tokens (`lex`), of which the preprocessor leaves those that count (`preprocess`); the
//! parser makes the syntax tree of them ([`ast`], by [`parse_program`]). What is wrong with the text is collected as
//! located diagnostics, several in one run, and each stage goes on with what is right. The bounds are in [`limits`].
//! Elaboration (`elaborate`) resolves names, checks types, computes constants and writes the IR in one walk from `main`.
//! [`compile`] does all of it; [`check`] looks for errors alone, and takes programs for other architectures, too.

pub mod ast;
mod bounds;
mod compile;
mod elaborate;
mod lex;
pub mod limits;
mod numbers;
mod parse;
pub mod passes;
mod preprocess;
mod report;
mod scope;
mod types;
mod value;

pub use compile::{CompileOptions, check, compile};
pub use parse::parse_program;
pub use preprocess::{DiskFiles, FileProvider, MemoryFiles};
