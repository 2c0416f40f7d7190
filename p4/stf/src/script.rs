//! A script as it is written: names are not resolved yet, and numbers have no width.

use sluice_diagnostics::Span;

use crate::number::Number;

/// A whole script, statement by statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// In the order of the text.
    pub statements: Vec<Statement>,
}

/// One statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From its keyword to its last word.
    pub span: Span,
    /// What it says.
    pub command: Command,
}

/// A name of the program (a table, an action, a key field), or of the script (a handle).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As written, without quotes.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `add TABLE [PRIORITY] KEY:VALUE... ACTION(ARGUMENT:VALUE,...) [= HANDLE]`.
    Add {
        /// The table.
        table: Name,
        /// Higher wins.
        priority: Option<Number>,
        /// Key fields; those left out match anything, or zero where the key is exact.
        keys: Vec<KeyField>,
        /// What the entry does.
        action: ActionCall,
        /// What later statements call the entry.
        handle: Option<Name>,
    },
    /// `setdefault TABLE ACTION(...)`.
    SetDefault {
        /// The table.
        table: Name,
        /// What a miss does.
        action: ActionCall,
    },
    /// `remove ...`.
    Remove(Removal),
    /// `mirroring_add SESSION PORT`: clones of the session go to the port.
    MirroringAdd {
        /// Clone session.
        session: Number,
        /// Egress port.
        port: Number,
    },
    /// `mirroring_add_mc SESSION GROUP`: clones of the session go to the members of a multicast group.
    MirroringAddMc {
        /// Clone session.
        session: Number,
        /// Multicast group.
        group: Number,
    },
    /// `mirroring_delete SESSION`.
    MirroringDelete {
        /// Clone session.
        session: Number,
    },
    /// `mirroring_get SESSION`: the session must exist.
    MirroringGet {
        /// Clone session.
        session: Number,
    },
    /// `mc_mgrp_create GROUP`.
    GroupCreate {
        /// Multicast group.
        group: Number,
    },
    /// `mc_node_create RID PORT...`: nodes are numbered from 0 in the order of their creation.
    NodeCreate {
        /// `egress_rid` of the node's copies.
        rid: Number,
        /// Ports, one copy each.
        ports: Vec<Number>,
    },
    /// `mc_node_update NODE PORT...`.
    NodeUpdate {
        /// Number of the node.
        node: Number,
        /// Ports, one copy each.
        ports: Vec<Number>,
    },
    /// `mc_node_associate GROUP NODE`.
    NodeAssociate {
        /// Multicast group.
        group: Number,
        /// Number of the node.
        node: Number,
    },
    /// `counter_read COUNTER INDEX`: the cell must exist.
    CounterRead {
        /// The counter.
        counter: Name,
        /// Its cell.
        index: Number,
    },
    /// `counter_write COUNTER INDEX PACKETS BYTES`.
    CounterWrite {
        /// The counter.
        counter: Name,
        /// Its cell.
        index: Number,
        /// Packets counted so far.
        packets: Number,
        /// Bytes counted so far.
        bytes: Number,
    },
    /// `register_read REGISTER INDEX`: the cell must exist.
    RegisterRead {
        /// The register array.
        register: Name,
        /// Its cell.
        index: Number,
    },
    /// `register_write REGISTER INDEX VALUE`.
    RegisterWrite {
        /// The register array.
        register: Name,
        /// Its cell.
        index: Number,
        /// What it holds then.
        value: Number,
    },
    /// `register_reset REGISTER`: all cells become zero.
    RegisterReset {
        /// The register array.
        register: Name,
    },
    /// `meter_get_rates METER INDEX`: the cell must exist.
    MeterGetRates {
        /// The meter.
        meter: Name,
        /// Its cell.
        index: Number,
    },
    /// `meter_set_rates METER INDEX RATE:BURST RATE:BURST`: committed, then peak.
    MeterSetRates {
        /// The meter.
        meter: Name,
        /// Its cell.
        index: Number,
        /// Committed and peak.
        rates: Vec<Rate>,
    },
    /// `meter_array_set_rates METER RATE:BURST RATE:BURST`: all cells.
    MeterArraySetRates {
        /// The meter.
        meter: Name,
        /// Committed and peak.
        rates: Vec<Rate>,
    },
    /// `check_counter COUNTER(CELL) [packets|bytes COMPARISON NUMBER]`; without a condition, nothing was counted.
    CheckCounter {
        /// The counter.
        counter: Name,
        /// An index, or the handle of an entry with a direct counter.
        cell: Cell,
        /// What must hold.
        condition: Option<Condition>,
    },
    /// `packet PORT HEX`.
    Packet {
        /// Where it comes in.
        port: Number,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// `expect PORT [PATTERN]`.
    Expect {
        /// Where it must come out.
        port: Number,
        /// What it must look like; `None` for any packet.
        pattern: Option<Pattern>,
    },
    /// `no_packet`: nothing comes out of the packet before it.
    NoPacket,
    /// `wait`: everything sent so far has passed before the script goes on.
    Wait,
}

/// What `remove` takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// `remove all`: every entry that the script added and that is still there.
    All,
    /// `remove NAME`: the entry with that handle, or every entry that the script added to that table.
    Named(Name),
    /// `remove TABLE [PRIORITY] KEY:VALUE...`.
    Entry {
        /// The table.
        table: Name,
        /// Its priority.
        priority: Option<Number>,
        /// Its key.
        keys: Vec<KeyField>,
    },
}

/// `NAME:VALUE` of an entry's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyField {
    /// The key field.
    pub name: Name,
    /// What it must be.
    pub value: KeyValue,
    /// The value's place.
    pub span: Span,
}

/// The value of a key field; how it is meant depends on how the field is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// `0x0a`, `0x0a**`: digits, some of them wildcards.
    Plain(Number),
    /// `0x0a000000/8`.
    Prefix(Number, Number),
    /// `0x0a00&&&0xff00`.
    Masked(Number, Number),
    /// `10->20`.
    Range(Number, Number),
}

/// `ACTION(ARGUMENT:VALUE, ...)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionCall {
    /// The action.
    pub name: Name,
    /// Its data, in any order.
    pub arguments: Vec<Argument>,
    /// All of it.
    pub span: Span,
}

/// `ARGUMENT:VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The parameter.
    pub name: Name,
    /// Its value.
    pub value: Number,
}

/// `RATE:BURST` of a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units (bytes or packets) per second; written as units per microsecond.
    pub per_second: u64,
    /// Units.
    pub burst: Number,
    /// Where.
    pub span: Span,
}

/// Which cell of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// That of an index.
    Index(Number),
    /// That of an entry, by its handle (without `$`).
    Handle(Name),
}

/// What a cell must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Packets or bytes.
    pub quantity: Quantity,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: Number,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Packets.
    Packets,
    /// Bytes.
    Bytes,
}

/// A comparison of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
}

impl Comparison {
    /// Whether it holds of `left` and `right`.
    pub fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
        }
    }

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

/// What a packet must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Half bytes, the high one first, each with its place; `None` takes any.
    pub nibbles: Vec<(Option<u8>, u32)>,
    /// Whether the packet ends there; otherwise more may follow.
    pub is_exact: bool,
    /// From the first digit to the last.
    pub span: Span,
}
