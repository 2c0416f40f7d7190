//! The P4-16 compiler: preprocessor, lexer, parser, types, lowering to the IR, passes

pub mod ast;
