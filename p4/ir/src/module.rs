//! The module: storage, tables, actions, externs, and the pipeline that uses them.

use sluice_diagnostics::Span;
use sluice_entities::{ActionScope, Bits, CounterUnit, Match, MatchKind};

use crate::{Annotation, Arena, Block, DigestType, Expression, Handle, HashAlgorithm, NamedType, Type};

/// One program. See the crate's documentation for what it means.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Names of the errors; index 0 is `NoError`, then the rest of core.p4's in its order, then the program's.
    pub errors: Vec<String>,
    /// Header types.
    pub header_types: Arena<HeaderType>,
    /// Headers, elements of stacks and members of unions included.
    pub headers: Arena<Header>,
    /// Header stacks.
    pub stacks: Arena<Stack>,
    /// Header unions.
    pub unions: Arena<Union>,
    /// Scalars.
    pub variables: Arena<Variable>,
    /// Expressions; each only refers to ones before it.
    pub expressions: Arena<Expression>,
    /// Actions, in the order of the program. One that no table lists is there for its name alone: it is called by code, which has its body.
    pub actions: Arena<Action>,
    /// Tables, in the order of the program.
    pub tables: Arena<Table>,
    /// Indirect counters.
    pub counters: Arena<Counter>,
    /// Indirect meters.
    pub meters: Arena<Meter>,
    /// Registers.
    pub registers: Arena<Register>,
    /// Action profiles and selectors.
    pub action_profiles: Arena<ActionProfile>,
    /// Parser value sets.
    pub value_sets: Arena<ValueSet>,
    /// Declared types that the control plane is told of; each only refers to ones before it.
    pub named_types: Arena<NamedType>,
    /// What the program sends to the control plane.
    pub digests: Arena<DigestType>,
    /// Annotations of the package (`main`).
    pub annotations: Vec<Annotation>,
    /// What runs when.
    pub pipeline: Pipeline,
}

/// The v1model pipeline's blocks, in the order in which they run.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// Bits to headers.
    pub parser: Parser,
    /// Checksum verification.
    pub verify_checksum: Block,
    /// Ingress control.
    pub ingress: Block,
    /// Egress control, once per copy.
    pub egress: Block,
    /// Checksum computation.
    pub compute_checksum: Block,
    /// Headers to bits.
    pub deparser: Block,
}

impl Pipeline {
    /// The blocks behind the parser, each with its name in the text form, in the order in which they run.
    pub fn controls(&self) -> [(&'static str, &Block); 5] {
        [
            ("verify_checksum", &self.verify_checksum),
            ("ingress", &self.ingress),
            ("egress", &self.egress),
            ("compute_checksum", &self.compute_checksum),
            ("deparser", &self.deparser),
        ]
    }
}

/// Fields in wire order; the sum of the fixed widths is a multiple of 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderType {
    /// Its name.
    pub name: String,
    /// Its fields; at most one is `Varbit`.
    pub fields: Vec<Field>,
    /// Where it was declared.
    pub span: Span,
}

/// One field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// One header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its dotted path (`hdr.ipv4`, `hdr.vlan[1]`); unique.
    pub name: String,
    /// Its type.
    pub ty: Handle<HeaderType>,
    /// The union that it is a member of.
    pub union: Option<Handle<Union>>,
}

/// A header stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its dotted path; unique.
    pub name: String,
    /// Elements, all of one type.
    pub elements: Vec<Handle<Header>>,
    /// The stack whose next index it shares: stacks of unions become one stack a member.
    pub shares_index_of: Option<Handle<Stack>>,
}

/// A header union: at most one member is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union {
    /// Its dotted path; unique.
    pub name: String,
    /// Members.
    pub members: Vec<Handle<Header>>,
}

/// A scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its dotted path; unique.
    pub name: String,
    /// Its type; not `Varbit`.
    pub ty: Type,
    /// What it is.
    pub kind: VariableKind,
    /// Field lists that it is in (`@field_list`): kept by clone, resubmit and recirculate with that list.
    pub field_lists: Vec<u32>,
}

/// What a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VariableKind {
    /// User metadata: goes with the packet from parser to deparser.
    Metadata,
    /// A field of `standard_metadata`.
    Intrinsic(Intrinsic),
    /// A local of one block (parser, ingress, egress, ...); its value elsewhere is not defined.
    Local,
}

/// Fields of v1model's `standard_metadata_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intrinsic {
    /// `ingress_port`, 9 bits.
    IngressPort,
    /// `egress_spec`, 9 bits.
    EgressSpec,
    /// `egress_port`, 9 bits.
    EgressPort,
    /// `instance_type`, 32 bits.
    InstanceType,
    /// `packet_length`, 32 bits: bytes received.
    PacketLength,
    /// `enq_timestamp`, 32 bits, microseconds.
    EnqTimestamp,
    /// `enq_qdepth`, 19 bits.
    EnqQdepth,
    /// `deq_timedelta`, 32 bits, microseconds.
    DeqTimedelta,
    /// `deq_qdepth`, 19 bits.
    DeqQdepth,
    /// `ingress_global_timestamp`, 48 bits, microseconds.
    IngressGlobalTimestamp,
    /// `egress_global_timestamp`, 48 bits, microseconds.
    EgressGlobalTimestamp,
    /// `mcast_grp`, 16 bits.
    McastGrp,
    /// `egress_rid`, 16 bits.
    EgressRid,
    /// `checksum_error`, 1 bit.
    ChecksumError,
    /// `parser_error`.
    ParserError,
    /// `priority`, 3 bits.
    Priority,
}

impl Intrinsic {
    /// All of them with their names in P4, in v1model's order.
    pub const NAMES: [(Self, &str); 16] = [
        (Self::IngressPort, "ingress_port"),
        (Self::EgressSpec, "egress_spec"),
        (Self::EgressPort, "egress_port"),
        (Self::InstanceType, "instance_type"),
        (Self::PacketLength, "packet_length"),
        (Self::EnqTimestamp, "enq_timestamp"),
        (Self::EnqQdepth, "enq_qdepth"),
        (Self::DeqTimedelta, "deq_timedelta"),
        (Self::DeqQdepth, "deq_qdepth"),
        (Self::IngressGlobalTimestamp, "ingress_global_timestamp"),
        (Self::EgressGlobalTimestamp, "egress_global_timestamp"),
        (Self::McastGrp, "mcast_grp"),
        (Self::EgressRid, "egress_rid"),
        (Self::ChecksumError, "checksum_error"),
        (Self::ParserError, "parser_error"),
        (Self::Priority, "priority"),
    ];

    /// What P4 calls it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(of, _)| *of == self).map_or("", |(_, name)| name)
    }

    /// The one that P4 calls so.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(of, _)| *of)
    }
}

/// An action after instantiation.
#[derive(Clone, Debug)]
pub struct Action {
    /// Control-plane name; several specialisations of one action share it.
    pub name: String,
    /// Action data.
    pub params: Vec<Parameter>,
    /// What it does.
    pub body: Block,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
    /// Where it was declared.
    pub span: Span,
}

/// A value that the control plane gives an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type: `Bits`, `Int` or `Bool`.
    pub ty: Type,
    /// The type's name, where it has one.
    pub named: Option<Handle<NamedType>>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// A match-action table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Control-plane name; unique.
    pub name: String,
    /// Key fields; empty: only the default action runs, as a miss.
    pub keys: Vec<Key>,
    /// Actions that it may run, each once.
    pub actions: Vec<TableAction>,
    /// What a miss does until the control plane changes it.
    pub default_action: ActionUse,
    /// Whether the default action may not be changed.
    pub default_is_const: bool,
    /// Most entries it holds.
    pub size: u64,
    /// Entries of the program, in order; for ternary-like keys the priorities decide.
    pub entries: Vec<InitialEntry>,
    /// Whether `entries` are const: nothing may be added, changed or removed.
    pub entries_are_const: bool,
    /// Its direct counter.
    pub direct_counter: Option<DirectCounter>,
    /// Its direct meter.
    pub direct_meter: Option<DirectMeter>,
    /// The action profile or selector that holds its actions.
    pub action_profile: Option<Handle<ActionProfile>>,
    /// Whether an entry may have a time to live, at whose end the control plane is told that it was not used.
    pub support_timeout: bool,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
    /// Where it was declared.
    pub span: Span,
}

/// One key field.
#[derive(Clone, Debug)]
pub struct Key {
    /// Control-plane name.
    pub name: String,
    /// What is compared: `Bits`, `Int`, `Bool` or `Error`.
    pub expression: Handle<Expression>,
    /// How.
    pub kind: MatchKind,
    /// The name of the expression's type, where it has one.
    pub named: Option<Handle<NamedType>>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// An action in a table's list.
#[derive(Clone, Debug)]
pub struct TableAction {
    /// Which.
    pub action: Handle<Action>,
    /// Where it may be used.
    pub scope: ActionScope,
    /// Annotations in the table's list.
    pub annotations: Vec<Annotation>,
}

/// An action of a table with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionUse {
    /// Index into [`Table::actions`].
    pub index: u32,
    /// Action data, one for each of [`Action::params`].
    pub arguments: Vec<Bits>,
}

/// An entry that the program brings.
#[derive(Clone, Debug)]
pub struct InitialEntry {
    /// One for each of [`Table::keys`].
    pub matches: Vec<Match>,
    /// Higher wins; 0 where keys need none.
    pub priority: u32,
    /// What it does.
    pub action: ActionUse,
    /// Whether this one may not be changed.
    pub is_const: bool,
}

/// Counts per entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectCounter {
    /// Control-plane name.
    pub name: String,
    /// What it counts.
    pub unit: CounterUnit,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// Measures per entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectMeter {
    /// Control-plane name.
    pub name: String,
    /// Packets or bytes.
    pub unit: CounterUnit,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// An indirect counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Control-plane name.
    pub name: String,
    /// Cells.
    pub size: u64,
    /// What each counts.
    pub unit: CounterUnit,
    /// The name of the index's type, where it has one.
    pub index: Option<Handle<NamedType>>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// An indirect meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Control-plane name.
    pub name: String,
    /// Cells.
    pub size: u64,
    /// Packets or bytes.
    pub unit: CounterUnit,
    /// The name of the index's type, where it has one.
    pub index: Option<Handle<NamedType>>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// A register array; zero at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Control-plane name.
    pub name: String,
    /// Cells.
    pub size: u64,
    /// Type of each.
    pub ty: Type,
    /// The name of that type, where it has one.
    pub named: Option<Handle<NamedType>>,
    /// The name of the index's type, where it has one.
    pub index: Option<Handle<NamedType>>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// An action profile or selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionProfile {
    /// Control-plane name.
    pub name: String,
    /// Most members.
    pub size: u64,
    /// Present for a selector.
    pub selector: Option<SelectorInfo>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// How a selector chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectorInfo {
    /// Hash over the selector keys.
    pub algorithm: HashAlgorithm,
    /// Bits of the hash.
    pub width: u32,
}

/// A parser value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSet {
    /// Control-plane name.
    pub name: String,
    /// Most members.
    pub size: u64,
    /// Fields of a member.
    pub fields: Vec<ValueSetField>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// A field of a value set's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSetField {
    /// Its name; empty where the members are one number.
    pub name: String,
    /// How it is compared (`@match`, else exact).
    pub kind: MatchKind,
    /// Bits.
    pub width: u32,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// A parser after instantiation: one graph.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// States; the first is `start`. Empty: accepts at once.
    pub states: Arena<State>,
}

/// One parser state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name; unique.
    pub name: String,
    /// What it does.
    pub body: Block,
    /// Where it goes.
    pub transition: Transition,
    /// Where it was declared.
    pub span: Span,
}

/// Where a state goes.
#[derive(Clone, Debug)]
pub enum Transition {
    /// There, always.
    Always(Target),
    /// To the first case that matches; rejects with `NoMatch` where none does.
    Select {
        /// Scalars that are compared.
        keys: Vec<Handle<Expression>>,
        /// In order.
        cases: Vec<SelectCase>,
    },
}

/// One case of a select.
#[derive(Clone, Debug)]
pub struct SelectCase {
    /// One for each key, or one `ValueSet` for all of them.
    pub sets: Vec<KeySet>,
    /// Where it goes.
    pub target: Target,
}

/// A set of values of one select key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySet {
    /// That value.
    Value(Bits),
    /// Equal under the mask.
    Masked {
        /// The value.
        value: Bits,
        /// Ones where it counts.
        mask: Bits,
    },
    /// Between two bounds, both included.
    Range {
        /// Lower bound.
        low: Bits,
        /// Upper bound.
        high: Bits,
    },
    /// Every value.
    Any,
    /// Members of a value set, over all keys of the select.
    ValueSet(Handle<ValueSet>),
}

/// Where a transition ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Parsing is done.
    Accept,
    /// Parsing failed; `parser_error` as it is (explicit `reject` leaves `NoError`).
    Reject,
    /// Another state.
    State(Handle<State>),
}
