//! What P4Info says of a program (P4Runtime specification, section 6), as data.

use std::sync::Arc;

/// The control-plane view of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineInfo {
    /// The tables, in the order of the program.
    pub tables: Vec<TableInfo>,
    /// The actions, in the order of the program.
    pub actions: Vec<ActionInfo>,
    /// Indirect counters.
    pub counters: Vec<CounterInfo>,
    /// Indirect meters.
    pub meters: Vec<MeterInfo>,
    /// Registers.
    pub registers: Vec<RegisterInfo>,
    /// Action profiles and selectors.
    pub action_profiles: Vec<ActionProfileInfo>,
    /// Parser value sets.
    pub value_sets: Vec<ValueSetInfo>,
    /// Digests.
    pub digests: Vec<DigestInfo>,
}

impl PipelineInfo {
    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&TableInfo> {
        self.tables.iter().find(|table| &*table.name == name)
    }

    /// The action of that name.
    pub fn action(&self, name: &str) -> Option<&ActionInfo> {
        self.actions.iter().find(|action| &*action.name == name)
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Control-plane name: the last part is the table's, those before it name its control (`ingress.policy`),
    /// unless `@name` says otherwise.
    pub name: Arc<str>,
    /// Key fields, in order; empty for a table with a default action only.
    pub keys: Vec<KeyInfo>,
    /// Key fields of kind [`MatchKind::Selector`], in order: input of the action selector's hash, not part of an entry.
    pub selector_keys: Vec<KeyInfo>,
    /// Actions that it may run.
    pub actions: Vec<ActionRef>,
    /// Most entries it holds.
    pub size: u64,
    /// Name of the default action in the program.
    pub default_action: Arc<str>,
    /// Whether the default action may be changed.
    pub default_is_const: bool,
    /// Whether all entries are const: nothing may be written.
    pub entries_are_const: bool,
    /// Its direct counter.
    pub direct_counter: Option<CounterUnit>,
    /// Its direct meter.
    pub direct_meter: Option<CounterUnit>,
    /// The action profile or selector that holds its actions.
    pub action_profile: Option<Arc<str>>,
    /// Whether its entries may have idle timeouts.
    pub has_idle_timeouts: bool,
}

/// An action of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRef {
    /// Name of the action.
    pub name: Arc<str>,
    /// Where it may be used.
    pub scope: ActionScope,
}

/// Where a table may use an action (annotations `@tableonly`, `@defaultonly`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionScope {
    /// In entries and as the default.
    TableAndDefault,
    /// In entries only.
    TableOnly,
    /// As the default only.
    DefaultOnly,
}

/// One key field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Control-plane name (`@name`, else the expression's text).
    pub name: Arc<str>,
    /// How it is compared.
    pub kind: MatchKind,
    /// Bits.
    pub width: u32,
}

/// How a key field is compared (core.p4, v1model.p4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchKind {
    /// Equal.
    Exact,
    /// The longest prefix.
    Lpm,
    /// Equal under a mask; the highest priority wins.
    Ternary,
    /// Between two bounds, both included; the highest priority wins.
    Range,
    /// Equal, or anything; the highest priority wins.
    Optional,
    /// Not compared: input of an action selector's hash.
    Selector,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionInfo {
    /// Control-plane name.
    pub name: Arc<str>,
    /// Action data, in order.
    pub params: Vec<ParamInfo>,
}

/// One parameter of an action that the control plane sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Bits.
    pub width: u32,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterUnit {
    /// Packets.
    Packets,
    /// Bytes.
    Bytes,
    /// Both.
    Both,
}

/// An indirect counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterInfo {
    /// Control-plane name.
    pub name: Arc<str>,
    /// Cells.
    pub size: u64,
    /// What each counts.
    pub unit: CounterUnit,
}

/// An indirect meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterInfo {
    /// Control-plane name.
    pub name: Arc<str>,
    /// Cells.
    pub size: u64,
    /// What each measures: packets or bytes per second.
    pub unit: CounterUnit,
}

/// A register array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterInfo {
    /// Control-plane name.
    pub name: Arc<str>,
    /// Cells.
    pub size: u64,
    /// Bits of each.
    pub width: u32,
}

/// An action profile or selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionProfileInfo {
    /// Control-plane name.
    pub name: Arc<str>,
    /// Most members; for a selector also what all its groups may hold, as [`SelectorSizes::semantics`] counts.
    pub size: u64,
    /// Present for a selector.
    pub selector: Option<SelectorSizes>,
}

/// What the groups of a selector may hold (P4Runtime section 6.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectorSizes {
    /// How it is counted.
    pub semantics: SizeSemantics,
    /// Most of one group (`@max_group_size`); 0: no bound but the selector's size.
    pub max_group_size: u32,
}

/// What the sizes of a selector and its groups count (annotation `@selector_size_semantics`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SizeSemantics {
    /// The sum of the members' weights.
    #[default]
    SumOfWeights,
    /// Members.
    SumOfMembers {
        /// Largest weight of a member (`@max_member_weight`); 0: no bound.
        max_member_weight: u32,
    },
}

/// A parser value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSetInfo {
    /// Control-plane name.
    pub name: Arc<str>,
    /// Most members.
    pub size: u64,
    /// Fields of a member.
    pub fields: Vec<KeyInfo>,
}

/// A digest: a kind of message to the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestInfo {
    /// Control-plane name: that of its type.
    pub name: Arc<str>,
    /// Bits of its fields, in order.
    pub widths: Vec<u32>,
}
