//! Statements, and the calls that have effects.

use sluice_diagnostics::Span;

use crate::{Counter, Expression, Handle, HeaderRef, Meter, Place, Register, Stack, Table, Variable};

/// Statements run in order.
pub type Block = Vec<Statement>;

/// Names an enclosing `Labelled` or `Loop`; unique within a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(pub u32);

/// One statement and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Where it was written.
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// Puts a value of the same type into a place. The value is computed before anything is stored.
    Assign(Place, Handle<Expression>),
    /// Copies a header of the same type: fields and validity.
    CopyHeader {
        /// Written.
        to: HeaderRef,
        /// Read.
        from: HeaderRef,
    },
    /// Copies a stack of the same type and size: elements and next index.
    CopyStack {
        /// Written.
        to: Handle<Stack>,
        /// Read.
        from: Handle<Stack>,
    },
    /// Makes a header valid; the other members of its union become invalid.
    SetValid(HeaderRef),
    /// Makes a header invalid.
    SetInvalid(HeaderRef),
    /// P4-16 section 8.18: shifts elements towards higher indexes; the first `count` become invalid. Validity moves with an
    /// element: of stacks of unions, that of each member is shifted by itself, and no member makes another invalid; a
    /// next index that is another stack's stays.
    PushFront(Handle<Stack>, u32),
    /// P4-16 section 8.18: shifts elements towards lower indexes; the last `count` become invalid. Validity moves as in `PushFront`.
    PopFront(Handle<Stack>, u32),
    /// Two ways.
    If {
        /// `Bool`.
        condition: Handle<Expression>,
        /// Where it holds.
        accept: Block,
        /// Where it does not.
        reject: Block,
    },
    /// Many ways: the case that lists the selector's value, else the default.
    Switch {
        /// `Bits` or `Error`.
        selector: Handle<Expression>,
        /// Values (of the selector's width, unique over all cases) and what they run.
        cases: Vec<(Vec<sluice_entities::Bits>, Block)>,
        /// For all other values.
        default: Block,
    },
    /// Applies a table (ingress and egress only).
    Apply {
        /// Which.
        table: Handle<Table>,
        /// `Bool` variable that is told whether an entry matched.
        hit: Option<Handle<Variable>>,
        /// `Bits(16)` variable that gets the index, in [`Table::actions`], of the action that ran.
        action_run: Option<Handle<Variable>>,
    },
    /// Runs its body once; `Leave` of its label jumps behind it.
    Labelled(Label, Block),
    /// Runs its body again and again until `Leave` of its label.
    Loop(Label, Block),
    /// Jumps behind the enclosing statement of that label.
    Leave(Label),
    /// Ends the current control (ingress, egress, or a checksum control).
    Exit,
    /// Parser: moves a header's bits from the packet into it and makes it valid; rejects with `PacketTooShort`.
    Extract {
        /// Into which.
        header: HeaderRef,
        /// Bits of its varbit field, where it has one (`HeaderTooShort` beyond its maximum, `ParserInvalidArgument` if not of whole bytes).
        varbit_bits: Option<Handle<Expression>>,
    },
    /// Parser: reads bits ahead without moving; rejects with `PacketTooShort`.
    Lookahead {
        /// Gets them; its width says how many.
        to: Place,
        /// Bits skipped before them.
        offset_bits: u32,
    },
    /// Parser: skips that many bits; rejects with `PacketTooShort`.
    Advance(Handle<Expression>),
    /// Parser: rejects with the error unless the condition holds.
    Verify {
        /// `Bool`.
        condition: Handle<Expression>,
        /// `Error`.
        error: Handle<Expression>,
    },
    /// Deparser: appends the header's bits if it is valid.
    Emit(HeaderRef),
    /// A call of an extern.
    Extern(ExternCall),
}

/// Hash and checksum algorithms of v1model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// CRC-32 (reflected, polynomial 0x04C11DB7, as zlib's).
    Crc32,
    /// CRC-32 with a configured polynomial.
    Crc32Custom,
    /// CRC-16 (reflected, polynomial 0x8005, initial value 0: CRC-16/ARC).
    Crc16,
    /// CRC-16 with a configured polynomial.
    Crc16Custom,
    /// Always 0.
    Random,
    /// The input's low bits.
    Identity,
    /// Ones'-complement sum, complemented (RFC 1071).
    Csum16,
    /// Exclusive or of 16-bit words.
    Xor16,
}

/// Which packet `clone` copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloneKind {
    /// As it came in; the copy starts at egress.
    IngressToEgress,
    /// As egress left it; the copy goes through egress again.
    EgressToEgress,
}

/// An argument of `log_msg`.
pub type LogArgument = Handle<Expression>;

/// A call with an effect. Data lists are scalars in order, headers and structs flattened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternCall {
    /// Counts in one cell.
    CounterCount {
        /// The counter.
        counter: Handle<Counter>,
        /// The cell: `Bits` of any width.
        index: Handle<Expression>,
    },
    /// Counts in the entry that matched (also done by every table with a direct counter on each hit or default; v1model counts
    /// implicitly only if no action calls it: the compiler writes the calls out, so a table counts where this stands).
    DirectCounterCount {
        /// The table whose direct counter counts.
        table: Handle<Table>,
    },
    /// Runs a meter cell; result 0 green, 1 yellow, 2 red.
    MeterExecute {
        /// The meter.
        meter: Handle<Meter>,
        /// The cell: `Bits` of any width.
        index: Handle<Expression>,
        /// Gets the color: `Bits` of at least 2 bits.
        result: Place,
    },
    /// Runs the direct meter of the entry that matched.
    DirectMeterRead {
        /// The table whose direct meter runs.
        table: Handle<Table>,
        /// Gets the color: `Bits` of at least 2 bits.
        result: Place,
    },
    /// Reads a cell; an index out of range gives zero.
    RegisterRead {
        /// The register array.
        register: Handle<Register>,
        /// The cell: `Bits` of any width.
        index: Handle<Expression>,
        /// Gets the cell, of its type.
        result: Place,
    },
    /// Writes a cell; an index out of range does nothing.
    RegisterWrite {
        /// The register array.
        register: Handle<Register>,
        /// The cell: `Bits` of any width.
        index: Handle<Expression>,
        /// Of the cell's type.
        value: Handle<Expression>,
    },
    /// `base + hash(data) % max`, or `base` where `max` is 0.
    Hash {
        /// How.
        algorithm: HashAlgorithm,
        /// Gets the sum, cut to its width.
        result: Place,
        /// Added to the hash.
        base: Handle<Expression>,
        /// The modulus; 0: the result is `base`.
        max: Handle<Expression>,
        /// What goes in, in order.
        data: Vec<Handle<Expression>>,
    },
    /// A number between the two, both included, from a generator seeded per run.
    Random {
        /// Gets the number.
        result: Place,
        /// Least number, of the result's type.
        low: Handle<Expression>,
        /// Greatest number, of the result's type.
        high: Handle<Expression>,
    },
    /// Sends data to the control plane.
    Digest {
        /// Name of the digest (its type's name).
        name: String,
        /// v1model's receiver number; not looked at.
        receiver: Handle<Expression>,
        /// What goes in, in order.
        data: Vec<Handle<Expression>>,
    },
    /// Copies the packet to a clone session at the end of the control; the last call in a control counts.
    Clone {
        /// Which packet.
        kind: CloneKind,
        /// Clone session: `Bits`.
        session: Handle<Expression>,
        /// Index of the field list that is kept; none: nothing is kept.
        field_list: Option<Handle<Expression>>,
    },
    /// Parses the original packet again at the end of ingress.
    Resubmit {
        /// Index of the field list that is kept; none: nothing is kept.
        field_list: Option<Handle<Expression>>,
    },
    /// Sends the deparsed packet to the parser again at the end of egress.
    Recirculate {
        /// Index of the field list that is kept; none: nothing is kept.
        field_list: Option<Handle<Expression>>,
    },
    /// Cuts the deparsed packet to that many bytes at most.
    Truncate {
        /// Bytes that are left.
        length_bytes: Handle<Expression>,
    },
    /// `mark_to_drop`: egress_spec becomes the drop port, mcast_grp 0.
    MarkToDrop,
    /// Aborts the run (a test's failure) unless it holds.
    Assert {
        /// `Bool`.
        condition: Handle<Expression>,
        /// The condition as it was written.
        text: String,
    },
    /// As `assert`, for a verifier.
    Assume {
        /// `Bool`.
        condition: Handle<Expression>,
        /// The condition as it was written.
        text: String,
    },
    /// Writes a line to the log.
    LogMessage {
        /// The text; each `{}` stands for one argument.
        format: String,
        /// What the `{}` stand for, in order.
        arguments: Vec<LogArgument>,
    },
    /// Sets `checksum_error` if the condition holds and the sum differs.
    VerifyChecksum {
        /// `Bool`.
        condition: Handle<Expression>,
        /// What goes in, in order.
        data: Vec<Handle<Expression>>,
        /// The sum that the packet brings.
        checksum: Handle<Expression>,
        /// How.
        algorithm: HashAlgorithm,
        /// Whether the bytes that were not parsed are summed, too, behind the data.
        with_payload: bool,
    },
    /// Computes a checksum if the condition holds.
    UpdateChecksum {
        /// `Bool`.
        condition: Handle<Expression>,
        /// What goes in, in order.
        data: Vec<Handle<Expression>>,
        /// Gets the sum.
        checksum: Place,
        /// How.
        algorithm: HashAlgorithm,
        /// Whether the bytes that were not parsed are summed, too, behind the data.
        with_payload: bool,
    },
    /// Length of the packet in the parser, bytes (`packet_in.length`).
    PacketLength {
        /// Gets the length, `Bits(32)`.
        result: Place,
    },
    /// What v1model cannot say.
    Sluice(SluiceCall),
}

/// The externs of `sluice.p4`, which soft switch, XDP and RTL have and v1model has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SluiceCall {
    /// Ingress time, nanoseconds since the UNIX epoch, `Bits(64)`.
    IngressTimeNs {
        /// Gets the time, `Bits(64)`.
        result: Place,
    },
    /// Length of the frame on the wire without FCS, bytes, `Bits(32)`: more than was captured where the capture is short.
    WireLength {
        /// Gets the length, `Bits(32)`.
        result: Place,
    },
    /// Whether the port marked the frame bad (FCS), `Bool`.
    BadFrame {
        /// Gets the mark, `Bool`.
        result: Place,
    },
    /// `digest64(seed, data)`: see `docs/PIPELINE.md`, "digest64". Result `Bits(64)`.
    Digest64 {
        /// Gets the digest, `Bits(64)`.
        result: Place,
        /// `Bits(64)`.
        seed: Handle<Expression>,
        /// What goes in, in order.
        data: Vec<Handle<Expression>>,
    },
    /// Overwrites `length` bytes of the deparsed frame from `offset` with `value` (`Bits(8)`), as far as there are any; before trimming and truncation.
    Overwrite {
        /// Bytes from the frame's start.
        offset_bytes: Handle<Expression>,
        /// Bytes that are overwritten.
        length_bytes: Handle<Expression>,
        /// `Bits(8)`: written to each byte.
        value: Handle<Expression>,
    },
    /// Removes what stands behind that many bytes of the deparsed frame (padding); the original length shrinks too. Before truncation.
    Trim {
        /// Bytes that are left.
        length_bytes: Handle<Expression>,
    },
    /// Makes the IP packet that starts at that offset of the frame consistent after truncation: IPv4/IPv6 and UDP lengths say
    /// what is there, IPv4 header checksum and TCP, UDP, ICMP, ICMPv6 checksum fit.
    FixChecksums {
        /// Bytes from the frame's start.
        offset_bytes: Handle<Expression>,
    },
    /// Appends data behind the frame, after truncation; whole bytes.
    AppendTrailer {
        /// What goes in, in order.
        data: Vec<Handle<Expression>>,
    },
}
