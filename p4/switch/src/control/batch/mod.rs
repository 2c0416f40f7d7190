//! Applies a batch of updates.
//!
//! Updates are applied in order, each to what those before it left. Each is looked at whole before anything of it is done, so that
//! one that is wrong leaves nothing behind. What becomes of the others then is the batch's [`Atomicity`]: what was done is kept, or
//! taken back in reverse. Whatever is kept is published as one configuration, so that packets see all of it or nothing: that is
//! more than two of the three kinds ask for, and takes less time than publishing updates one by one.

mod cells;
mod entries;
mod profiles;
mod replication;

use std::sync::Arc;

use sluice_entities::{Atomicity, Bits, CounterData, ProfileGroup, ProfileMember, Update, UpdateKind};

use super::error::{WriteError, WriteErrors};
use super::master::Master;
use super::tables::MasterDefault;
use crate::configuration::{Configuration, Entry};
use crate::engine::program::Program;
use crate::externs::meter::MeterCell;

pub use replication::MAX_PATHS;

type Result<T> = std::result::Result<T, WriteError>;

/// How to take an update back.
enum Undo {
    Remove { table: usize, slot: u32 },
    PutBack { table: usize, entry: Arc<Entry> },
    Replace { table: usize, slot: u32, entry: Arc<Entry> },
    Default { table: usize, default: MasterDefault },
    Member { profile: usize, id: u32, old: Option<ProfileMember> },
    Group { profile: usize, id: u32, old: Option<ProfileGroup> },
}

/// What is done when the batch is published: none of it is part of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Registers to set: index, cell (`None` for all) and value.
    pub(crate) registers: Vec<(usize, Option<u64>, Bits)>,
    /// Counters to set: first cell, how many, and value.
    pub(crate) counters: Vec<(u32, u64, CounterData)>,
    /// Meters whose counters are to be zero: index and cell (`None` for all).
    pub(crate) meters: Vec<(usize, Option<u64>)>,
    /// The same, of entries.
    pub(crate) direct_meters: Vec<Arc<MeterCell>>,
    /// Slots of new entries of tables with idle timeouts.
    pub(crate) new_entries: Vec<(usize, u32)>,
    /// Digests that were configured anew.
    pub(crate) digests: Vec<usize>,
    /// Cells of deleted entries.
    dropped_cells: Vec<u32>,
}

/// A batch under way.
pub(crate) struct Batch<'a> {
    program: &'a Program,
    current: &'a Configuration,
    master: &'a mut Master,
    /// What the batch leads to, but for tables.
    next: Configuration,
    effects: Effects,
    undo: Vec<Undo>,
}

/// What a batch leads to.
pub(crate) struct Applied {
    pub(crate) configuration: Configuration,
    pub(crate) effects: Effects,
    /// What was wrong; nothing, unless a batch goes on behind errors.
    pub(crate) errors: Vec<(usize, WriteError)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(program: &'a Program, current: &'a Configuration, master: &'a mut Master) -> Self {
        let next = current.clone();
        Self { program, current, master, next, effects: Effects::default(), undo: Vec::new() }
    }

    /// Applies the updates, as far as one that is wrong lets it.
    pub(crate) fn apply(
        mut self,
        updates: &[Update],
        atomicity: Atomicity,
    ) -> std::result::Result<Applied, WriteErrors> {
        let mut errors = Vec::new();
        for (index, update) in updates.iter().enumerate() {
            if let Err(error) = self.update(update) {
                errors.push((index, error));
                if atomicity == Atomicity::RollbackOnError {
                    break;
                }
            }
        }
        if !errors.is_empty() && atomicity != Atomicity::ContinueOnError {
            self.take_back();
            return Err(WriteErrors { errors });
        }
        let version = self.current.version + 1;
        for cell in std::mem::take(&mut self.effects.dropped_cells) {
            self.master.cells.retire(version, cell);
        }
        let mut configuration = self.next;
        self.master.finish(self.program, self.current, &mut configuration);
        Ok(Applied { configuration, effects: self.effects, errors })
    }

    fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Remove { table, slot } => {
                    if let Some(entry) = self.master.tables[table].remove(slot) {
                        self.refer(table, &entry, false);
                        if self.program.tables[table].has_cells {
                            // No configuration ever had it.
                            self.master.cells.retire(0, entry.cell);
                        }
                    }
                }
                Undo::PutBack { table, entry } => {
                    self.refer(table, &entry, true);
                    self.master.tables[table].insert(entry);
                }
                Undo::Replace { table, slot, entry } => {
                    self.refer(table, &entry, true);
                    if let Some(new) = self.master.tables[table].replace(slot, entry) {
                        self.refer(table, &new, false);
                    }
                }
                Undo::Default { table, default } => {
                    self.master.tables[table].set_default(default);
                }
                Undo::Member { profile, id, old } => {
                    self.master.profiles[profile].set_member(id, old);
                }
                Undo::Group { profile, id, old } => {
                    self.master.profiles[profile].set_group(id, old);
                }
            }
        }
    }

    fn update(&mut self, update: &Update) -> Result<()> {
        use sluice_entities::Entity;
        let kind = update.kind;
        match &update.entity {
            Entity::Table(entry) => self.table_entry(kind, entry),
            Entity::Default(entry) => self.default_entry(kind, entry),
            Entity::Member(member) => self.member(kind, member),
            Entity::Group(group) => self.group(kind, group),
            Entity::Multicast(group) => self.multicast(kind, group),
            Entity::Clone(session) => self.clone_session(kind, session),
            Entity::Meter(entry) => self.meter(kind, entry),
            Entity::DirectMeter(entry) => self.direct_meter(kind, entry),
            Entity::Counter(entry) => self.counter(kind, entry),
            Entity::DirectCounter(entry) => self.direct_counter(kind, entry),
            Entity::ValueSet(entry) => self.value_set(kind, entry),
            Entity::Register(entry) => self.register(kind, entry),
            Entity::Digest(entry) => self.digest(kind, entry),
        }
    }

    fn table_index(&self, name: &str) -> Result<usize> {
        let index = self.program.tables.iter().position(|table| &*table.name == name);
        index.ok_or_else(|| WriteError::Unknown { what: "table", name: name.to_string() })
    }
}

/// Whether what an update names is there, or not, as the update wants.
fn present(kind: UpdateKind, there: bool, what: &str) -> Result<()> {
    match (kind, there) {
        (UpdateKind::Insert, true) => Err(WriteError::Exists { what: what.to_string() }),
        (UpdateKind::Modify | UpdateKind::Delete, false) => {
            Err(WriteError::Missing { what: what.to_string() })
        }
        _ => Ok(()),
    }
}

/// Refuses everything but a modification.
fn only_modified(kind: UpdateKind, what: &'static str) -> Result<()> {
    if kind == UpdateKind::Modify { Ok(()) } else { Err(WriteError::OnlyModified { what }) }
}

/// The cell that is meant; `None` for all.
fn check_index(index: Option<u64>, size: u64, what: impl FnOnce() -> String) -> Result<Option<u64>> {
    match index {
        Some(index) if index >= size => Err(WriteError::Index { what: what(), index, size }),
        index => Ok(index),
    }
}
