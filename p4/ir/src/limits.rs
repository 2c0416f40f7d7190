//! Bounds of the IR: what exceeds one is refused by the verifier and the reader, so back ends may recurse.

/// Expressions that are inside one another.
pub const EXPRESSION_DEPTH: u32 = 200;

/// Nodes of one expression written out as a tree, that is, with shared operands counted each time.
pub const EXPRESSION_SIZE: u32 = 1 << 14;

/// Blocks that are inside one another.
pub const BLOCK_DEPTH: u32 = 200;

/// Bits of one scalar or field.
pub const WIDTH: u32 = 1 << 16;

/// Cells of one counter, meter or register array, and entries of one table.
pub const CELLS: u64 = 1 << 28;

/// Bytes of one module's text.
pub const TEXT_BYTES: usize = 64 << 20;
