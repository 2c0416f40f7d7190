//! Tables: match keys, actions, entries (P4Runtime specification, section 9.1).

use std::sync::Arc;

use crate::{Bits, CounterData, MeterConfig, MeterCounters};

/// The value of one key field of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Match {
    /// Equal to the value.
    Exact(Bits),
    /// The `length` most significant bits equal; bits of `value` below them are zero.
    Lpm {
        /// The prefix.
        value: Bits,
        /// Bits that count, 0 to the key's width.
        length: u32,
    },
    /// Equal under the mask; bits of `value` outside it are zero.
    Ternary {
        /// The value.
        value: Bits,
        /// Ones where it counts.
        mask: Bits,
    },
    /// `low <= key <= high`.
    Range {
        /// Lower bound, included.
        low: Bits,
        /// Upper bound, included.
        high: Bits,
    },
    /// Equal, or `None` for anything.
    Optional(Option<Bits>),
}

/// An action with its data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionCall {
    /// Name of the action.
    pub action: Arc<str>,
    /// Action data, in the order of [`crate::ActionInfo::params`].
    pub params: Vec<Bits>,
}

/// One action of a one-shot action set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WeightedAction {
    /// What it does.
    pub action: ActionCall,
    /// Its share, at least 1.
    pub weight: u32,
    /// The port without which it is not chosen.
    pub watch_port: Option<u16>,
}

/// What an entry does (P4Runtime section 9.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TableAction {
    /// An action of its own: tables without action profile.
    Call(ActionCall),
    /// A member of the table's action profile or selector.
    Member(u32),
    /// A group of the table's action selector.
    Group(u32),
    /// A group and its members in one, known to this entry alone: tables with an action selector (section 9.2.3).
    Set(Vec<WeightedAction>),
}

impl From<ActionCall> for TableAction {
    fn from(call: ActionCall) -> Self {
        Self::Call(call)
    }
}

impl TableAction {
    /// The action, for an entry that has one of its own.
    pub fn call(&self) -> Option<&ActionCall> {
        if let Self::Call(call) = self { Some(call) } else { None }
    }
}

/// What entries and default actions may have beside key and action (P4Runtime sections 9.1, 9.1.5 and 9.1.6). All that is left out is
/// `Default`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntryAttributes {
    /// The controller's own data, kept and given back.
    pub metadata: Vec<u8>,
    /// The same as a number, as older controllers have it.
    pub controller_metadata: u64,
    /// After how long without a hit the controller is told, nanoseconds; 0: never.
    pub idle_timeout_ns: u64,
    /// Rates of the direct meter. Written as `None`: everything is green. Read: only where asked for.
    pub meter: Option<MeterConfig>,
    /// Value of the direct counter. Written as `None`: a new entry starts at 0, a known one stays as it is. Read: only where asked for.
    pub counter: Option<CounterData>,
    /// What the direct meter colored. Writing it sets all of it to 0; it may be nothing else. Read: only where asked for.
    pub meter_counters: Option<MeterCounters>,
    /// Only read, and only where asked for: time since the last packet hit the entry, nanoseconds.
    pub time_since_hit_ns: Option<u64>,
    /// Only read: whether the program fixes the entry.
    pub is_const: bool,
}

/// One entry of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableEntry {
    /// Name of the table.
    pub table: Arc<str>,
    /// Key fields, in the order of [`crate::TableInfo::keys`]. Key and priority together name the entry.
    pub matches: Vec<Match>,
    /// Higher wins, at least 1, for tables with a ternary, range or optional key; 0 for the others.
    pub priority: u32,
    /// What it does. `None` only in a modification, which leaves the action as it is.
    pub action: Option<TableAction>,
    /// Everything else.
    pub attributes: EntryAttributes,
}

impl TableEntry {
    /// An entry with key and action alone.
    pub fn new(table: Arc<str>, matches: Vec<Match>, priority: u32, action: impl Into<TableAction>) -> Self {
        let attributes = EntryAttributes::default();
        Self { table, matches, priority, action: Some(action.into()), attributes }
    }

    /// Its action, for an entry that has one of its own.
    pub fn call(&self) -> Option<&ActionCall> {
        self.action.as_ref()?.call()
    }
}

/// The default action of a table (P4Runtime section 9.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DefaultEntry {
    /// Name of the table.
    pub table: Arc<str>,
    /// What a miss does; `None` puts the program's own default back, with all else that belongs to the entry.
    pub action: Option<ActionCall>,
    /// Metadata, direct counter and meter. A default action has no idle timeout.
    pub attributes: EntryAttributes,
}

impl DefaultEntry {
    /// A default action alone.
    pub fn new(table: Arc<str>, action: Option<ActionCall>) -> Self {
        Self { table, action, attributes: EntryAttributes::default() }
    }
}

/// What names an entry within its table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKey {
    /// An entry.
    Entry {
        /// Its key fields.
        matches: Vec<Match>,
        /// Its priority.
        priority: u32,
    },
    /// The default action.
    Default,
}
