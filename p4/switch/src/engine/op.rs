//! The instructions that a prepared program consists of.
//!
//! A packet's state is an array of 64-bit *words* and an array of header *bytes*. Operands are slots: indexes of words.
//! Constants have slots too, so no instruction needs a variant with an immediate. A scalar of up to 64 bits takes one word and
//! is always cut to its width; a wider one takes little-endian limbs in adjacent words ("wide" instructions: `..W`).
//! Wide instructions may name one place as operand and result, but no partly overlapping ones.

/// Index of a word.
pub(crate) type Slot = u16;

/// No word: the result is not wanted.
pub(crate) const NO_SLOT: Slot = Slot::MAX;

/// Index of an instruction.
pub(crate) type Pc = u32;

/// One instruction. `d` is the result's slot, `a` and `b` are operands', `n` counts limbs, `width` counts bits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Move {
        d: Slot,
        a: Slot,
    },
    MoveW {
        d: Slot,
        a: Slot,
        n: u16,
    },
    /// A field of at most 64 bits that lies within eight bytes from `at`.
    Load {
        d: Slot,
        at: u32,
        shift: u8,
        width: u8,
    },
    /// Any field: bits from `bit` on.
    LoadW {
        d: Slot,
        bit: u32,
        width: u16,
    },
    Store {
        a: Slot,
        at: u32,
        shift: u8,
        width: u8,
    },
    StoreW {
        a: Slot,
        bit: u32,
        width: u16,
    },
    Not {
        d: Slot,
        a: Slot,
    },
    BitNot {
        d: Slot,
        a: Slot,
        width: u8,
    },
    Negate {
        d: Slot,
        a: Slot,
        width: u8,
    },
    Add {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
    },
    Sub {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
    },
    Mul {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
    },
    Div {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Mod {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    SatAdd {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
        signed: bool,
    },
    SatSub {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
        signed: bool,
    },
    And {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Or {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Xor {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Shl {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
    },
    Shr {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
        signed: bool,
    },
    Eq {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Ne {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Lt {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Le {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    LtSigned {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
    },
    LeSigned {
        d: Slot,
        a: Slot,
        b: Slot,
        width: u8,
    },
    /// The low bits.
    Cut {
        d: Slot,
        a: Slot,
        width: u8,
    },
    SignExtend {
        d: Slot,
        a: Slot,
        from: u8,
        to: u8,
    },
    /// `width` bits from bit `low`.
    Slice {
        d: Slot,
        a: Slot,
        low: u8,
        width: u8,
    },
    /// The same out of a wide value.
    SliceW {
        d: Slot,
        a: Slot,
        low: u16,
        width: u8,
    },
    Concat {
        d: Slot,
        a: Slot,
        b: Slot,
        b_width: u8,
    },
    /// Puts `width` bits into `d` at bit `low`.
    Insert {
        d: Slot,
        a: Slot,
        low: u8,
        width: u8,
    },
    /// `condition ? a : b`.
    Choose {
        d: Slot,
        condition: Slot,
        a: Slot,
        b: Slot,
    },

    AndW {
        d: Slot,
        a: Slot,
        b: Slot,
        n: u16,
    },
    OrW {
        d: Slot,
        a: Slot,
        b: Slot,
        n: u16,
    },
    XorW {
        d: Slot,
        a: Slot,
        b: Slot,
        n: u16,
    },
    EqW {
        d: Slot,
        a: Slot,
        b: Slot,
        n: u16,
    },
    /// The same of exactly four limbs, and of exactly two: the broker's terms and copies. Without loop and call, the
    /// processor predicts better what comes next.
    And4 {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Or4 {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Move4 {
        d: Slot,
        a: Slot,
    },
    And2 {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Or2 {
        d: Slot,
        a: Slot,
        b: Slot,
    },
    Move2 {
        d: Slot,
        a: Slot,
    },
    /// Any other wide operation: index into [`super::program::Program::wide`].
    Wide {
        index: u16,
    },

    Jump {
        to: Pc,
    },
    JumpIf {
        a: Slot,
        to: Pc,
    },
    JumpUnless {
        a: Slot,
        to: Pc,
    },
    JumpEq {
        a: Slot,
        b: Slot,
        to: Pc,
    },
    JumpNe {
        a: Slot,
        b: Slot,
        to: Pc,
    },
    JumpLt {
        a: Slot,
        b: Slot,
        to: Pc,
    },
    JumpGe {
        a: Slot,
        b: Slot,
        to: Pc,
    },
    /// Of wide values.
    JumpEqW {
        a: Slot,
        b: Slot,
        n: u16,
        to: Pc,
    },
    JumpNeW {
        a: Slot,
        b: Slot,
        n: u16,
        to: Pc,
    },
    /// Where `width` bits of the wide value `a` from `low` on are `b`.
    JumpSliceEq {
        a: Slot,
        low: u16,
        width: u8,
        b: Slot,
        to: Pc,
    },
    JumpSliceNe {
        a: Slot,
        low: u16,
        width: u8,
        b: Slot,
        to: Pc,
    },
    /// By value: index into [`super::program::Program::selects`].
    JumpTable {
        a: Slot,
        table: u16,
    },
    /// A jump backwards, of which there are at most [`crate::MAX_LOOP_TURNS`] a pass.
    LoopBack {
        to: Pc,
    },
    /// Ends the block.
    End,
    /// Ends an action: goes on behind the `Apply`.
    Return,

    /// Index of a header.
    Extract {
        header: u16,
    },
    /// With a varbit field of as many bits as `bits` says (a narrow slot).
    ExtractVarbit {
        header: u16,
        bits: Slot,
    },
    Advance {
        a: Slot,
    },
    Lookahead {
        d: Slot,
        offset: u32,
        width: u16,
    },
    Reject {
        error: u16,
    },
    /// Rejects with the error in `error` unless `a`.
    Verify {
        a: Slot,
        error: Slot,
    },
    /// `count` headers with adjacent indexes, as far as they are valid.
    EmitRun {
        header: u16,
        count: u16,
    },
    CopyHeader {
        to: u16,
        from: u16,
    },
    /// Moves a stack's elements by `by` places, upwards if positive.
    ShiftStack {
        stack: u16,
        by: i16,
    },

    /// Where the site's table has no entries: runs its default action and goes on at `to`, behind the `Apply`.
    ApplyEmpty {
        site: u16,
        to: Pc,
    },
    Apply {
        site: u16,
    },
    /// Index into [`super::program::Program::externs`].
    Extern {
        index: u16,
    },
}
