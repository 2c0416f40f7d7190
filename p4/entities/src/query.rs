//! What the control plane asks for (P4Runtime specification, sections 9 and 13).
//!
//! A query names a kind of entity; what it leaves open (`None`) is read for all. The answers are in the order of the program, then
//! of ids and cells; entries of one table are in an order that depends on nothing but what was written.

use std::sync::Arc;

use crate::{EntryKey, Match};

/// What to read of entries beside what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The direct meter's rates.
    pub meter: bool,
    /// The direct counter.
    pub counter: bool,
    /// What the direct meter colored.
    pub meter_counters: bool,
    /// The time since the last hit.
    pub time_since_hit: bool,
}

/// Which entries of tables to read (P4Runtime section 9.1.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableQuery {
    /// Of this table; without it no other filter is looked at.
    pub table: Option<Arc<str>>,
    /// With this key.
    pub matches: Option<Vec<Match>>,
    /// With this priority; 0 for any.
    pub priority: u32,
    /// With this action of their own.
    pub action: Option<Arc<str>>,
    /// With this metadata; empty for any.
    pub metadata: Vec<u8>,
    /// With this number; 0 for any.
    pub controller_metadata: u64,
    /// What to tell of them.
    pub details: Details,
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Entries of tables, those of the program included, without default actions.
    Table(TableQuery),
    /// Default actions.
    Default {
        /// Of this table.
        table: Option<Arc<str>>,
        /// What to tell of them.
        details: Details,
    },
    /// Members of action profiles and selectors.
    Member {
        /// Of this one.
        profile: Option<Arc<str>>,
        /// This one.
        id: Option<u32>,
    },
    /// Groups of action selectors.
    Group {
        /// Of this one.
        profile: Option<Arc<str>>,
        /// This one.
        id: Option<u32>,
    },
    /// Cells of indirect meters.
    Meter {
        /// Of this one.
        meter: Option<Arc<str>>,
        /// This one.
        index: Option<u64>,
        /// Whether to tell what they colored.
        counters: bool,
    },
    /// Direct meters.
    DirectMeter {
        /// Of this table.
        table: Option<Arc<str>>,
        /// Of this entry of it; `None` for all entries, without the default action.
        key: Option<EntryKey>,
        /// Whether to tell what they colored.
        counters: bool,
    },
    /// Cells of indirect counters.
    Counter {
        /// Of this one.
        counter: Option<Arc<str>>,
        /// This one.
        index: Option<u64>,
    },
    /// Direct counters.
    DirectCounter {
        /// Of this table.
        table: Option<Arc<str>>,
        /// Of this entry of it; `None` for all entries, without the default action.
        key: Option<EntryKey>,
    },
    /// Multicast groups.
    Multicast {
        /// This one.
        id: Option<u16>,
    },
    /// Clone sessions.
    Clone {
        /// This one.
        id: Option<u16>,
    },
    /// Value sets.
    ValueSet {
        /// This one.
        set: Option<Arc<str>>,
    },
    /// Cells of registers.
    Register {
        /// Of this one.
        register: Option<Arc<str>>,
        /// This one.
        index: Option<u64>,
    },
    /// Digests that are sent.
    Digest {
        /// This one.
        digest: Option<Arc<str>>,
    },
}
