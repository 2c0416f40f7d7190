//! What the control plane has written, as workers see it: immutable, replaced as a whole.
//!
//! A worker takes one [`Configuration`] for each packet, so that a packet never sees half a write. A write makes a new one that
//! shares whatever it did not touch with the one before.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sluice_entities::{Bits, Match, MeterConfig, Replica, TableEntry};

use crate::counters::{Cells, PORTS};
use crate::engine::op::Pc;
use crate::engine::program::Combine;
use crate::tables::{Engine, MISS};

/// One state of all that can be written, ports included.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Counts the configurations of a switch.
    pub(crate) version: u64,
    pub(crate) tables: Vec<Arc<TableState>>,
    /// What is needed of each table to see that it has no entries.
    pub(crate) quick: Vec<Quick>,
    pub(crate) replication: Arc<Replication>,
    pub(crate) meters: Arc<FxHashMap<(u16, u64), MeterConfig>>,
    pub(crate) ports: Arc<[PortState; PORTS]>,
    pub(crate) cells: Arc<Cells>,
}

/// What runs for an entry, or on a miss.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// First instruction; `None` if the action does nothing.
    pub(crate) code: Option<Pc>,
    /// The same in one step, where the action is such a one.
    pub(crate) combine: Option<Combine>,
    /// First word of its data in [`TableState::data`].
    pub(crate) data: u32,
    pub(crate) data_words: u16,
    /// Index in the table's list of actions.
    pub(crate) action: u16,
    /// Its direct counter.
    pub(crate) cell: u32,
}

/// See [`Configuration::quick`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quick {
    pub(crate) has_entries: bool,
    /// Whether it has none and its default action does nothing.
    pub(crate) is_idle: bool,
    pub(crate) default: Choice,
}

impl Quick {
    pub(crate) fn of(table: &TableState) -> Self {
        let has_entries = table.used > 0;
        Self { has_entries, is_idle: !has_entries && table.default.code.is_none(), default: table.default }
    }
}

/// The entries of one table.
#[derive(Debug)]
pub(crate) struct TableState {
    pub(crate) engine: Engine,
    /// By slot.
    pub(crate) choices: Vec<Choice>,
    pub(crate) default: Choice,
    /// Action data of all entries.
    pub(crate) data: Vec<u64>,
    /// By slot; `None` for free slots.
    pub(crate) entries: Vec<Option<Arc<Entry>>>,
    pub(crate) used: usize,
}

/// One entry with what identifies it and its counter.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) entry: TableEntry,
    /// Index in the table's list of actions.
    pub(crate) action: u16,
    pub(crate) rank: u64,
    pub(crate) cell: u32,
    /// Whether the program brought it and it may not be changed.
    pub(crate) is_const: bool,
}

impl Entry {
    pub(crate) fn matches(&self) -> &[Match] {
        &self.entry.matches
    }

    /// The action's data; none for an action that stands elsewhere.
    pub(crate) fn params(&self) -> &[Bits] {
        self.entry.call().map_or(&[], |call| &call.params)
    }
}

impl TableState {
    /// The slot of the entry that wins, or [`MISS`].
    #[inline(always)]
    pub(crate) fn lookup(&self, key: &[u64]) -> u32 {
        self.engine.lookup(key)
    }

    #[inline(always)]
    pub(crate) fn choice(&self, slot: u32) -> &Choice {
        self.choices.get(slot as usize).unwrap_or(&self.default)
    }

    pub(crate) fn entry(&self, slot: u32) -> Option<&TableEntry> {
        if slot == MISS {
            return None;
        }
        self.entries.get(slot as usize)?.as_ref().map(|entry| &entry.entry)
    }
}

/// Multicast groups and clone sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replication {
    pub(crate) groups: FxHashMap<u16, Arc<[Path]>>,
    pub(crate) sessions: FxHashMap<u16, Session>,
    /// First counter cell of each (port, instance) that a group or session ever had.
    pub(crate) paths: Arc<FxHashMap<Replica, u32>>,
}

/// A clone session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) copies: Arc<[Path]>,
    /// Bytes kept of each copy; 0 for all.
    pub(crate) length_bytes: u16,
}

/// One copy, and where it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) replica: Replica,
    /// First of its [`crate::counters::PATH_CELLS`].
    pub(crate) cells: u32,
}

/// What a port takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortState {
    pub(crate) up: bool,
    /// Longest frame, bytes.
    pub(crate) max_frame: Option<u32>,
}

impl Default for PortState {
    fn default() -> Self {
        Self { up: true, max_frame: None }
    }
}
