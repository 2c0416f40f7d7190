//! The front end's bounds. What exceeds one is refused with a located error that names it.

/// Bytes of one source file.
pub const FILE_SIZE: usize = 16 << 20;

/// Files that are inside one another by `#include`.
pub const INCLUDE_DEPTH: usize = 64;

/// `#if`s that are open at once.
pub const CONDITION_DEPTH: usize = 64;

/// Macro expansions that are inside one another, arguments included.
pub const MACRO_DEPTH: usize = 128;

/// Tokens that come out of the preprocessor, and, separately, tokens that macros produce on the way.
pub const TOKENS: usize = 4 << 20;

/// Expressions, types, statements and blocks that are inside one another; each operator of a chain counts, too.
pub const NESTING: usize = 192;

/// Characters of an integer literal.
pub const INTEGER_LENGTH: usize = 4096;

/// The width before a literal, in bits.
pub const LITERAL_WIDTH: u32 = 1 << 16;

/// Errors that are shown; the front end gives up after so many.
pub const ERRORS: usize = 50;
