//! Applies a batch of updates: all or nothing.
//!
//! Updates are applied in order, each to what those before it left; one that is wrong is noted and left out, so that one
//! answer tells all that is wrong. If anything is, the batch is taken back in reverse.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_entities::{
    ActionCall, Bits, Branch, CloneSession, DefaultEntry, Entity, MeterConfig, MeterEntry, MulticastGroup,
    PipelineInfo, RegisterEntry, Replica, TableAction, TableEntry, Update, UpdateKind,
};

use super::check::{check_action, check_key, check_width};
use super::error::{WriteError, WriteErrors};
use super::master::Master;
use crate::configuration::{Configuration, Entry, Path, Replication, Session};
use crate::counters::{PATH_CELLS, unicast_path};
use crate::engine::program::Program;
use crate::packet::DROP_PORT;

type Result<T> = std::result::Result<T, WriteError>;

/// Most different pairs of port and instance that a switch counts, over its whole life.
pub const MAX_PATHS: usize = 1 << 18;

/// How to take an update back.
enum Undo {
    Remove { table: usize, slot: u32 },
    PutBack { table: usize, entry: Arc<Entry> },
    Replace { table: usize, slot: u32, entry: Arc<Entry> },
    Default { table: usize, default: (u16, ActionCall) },
}

/// A batch under way.
pub(crate) struct Batch<'a> {
    program: &'a Program,
    current: &'a Configuration,
    master: &'a mut Master,
    touched: FxHashSet<usize>,
    replication: Option<Replication>,
    meters: Option<FxHashMap<(u16, u64), MeterConfig>>,
    registers: Vec<(usize, u64, Bits)>,
    undo: Vec<Undo>,
    /// Cells of deleted entries.
    dropped_cells: Vec<u32>,
}

/// What a batch leads to.
pub(crate) struct Applied {
    pub(crate) configuration: Configuration,
    /// Registers to set: index, cell and value.
    pub(crate) registers: Vec<(usize, u64, Bits)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(program: &'a Program, current: &'a Configuration, master: &'a mut Master) -> Self {
        Self {
            program,
            current,
            master,
            touched: FxHashSet::default(),
            replication: None,
            meters: None,
            registers: Vec::new(),
            undo: Vec::new(),
            dropped_cells: Vec::new(),
        }
    }

    /// Applies all updates, or none.
    pub(crate) fn apply(mut self, updates: &[Update]) -> std::result::Result<Applied, WriteErrors> {
        let mut errors = Vec::new();
        for (index, update) in updates.iter().enumerate() {
            if let Err(error) = self.update(update) {
                errors.push((index, error));
            }
        }
        if !errors.is_empty() {
            self.take_back();
            return Err(WriteErrors { errors });
        }
        let version = self.current.version + 1;
        for cell in self.dropped_cells {
            self.master.cells.retire(version, cell);
        }
        let mut configuration = self.master.next(self.program, self.current, &self.touched);
        if let Some(replication) = self.replication {
            configuration.replication = Arc::new(replication);
        }
        if let Some(meters) = self.meters {
            configuration.meters = Arc::new(meters);
        }
        Ok(Applied { configuration, registers: self.registers })
    }

    fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Remove { table, slot } => {
                    if let Some(entry) = self.master.tables[table].remove(slot)
                        && self.master.tables[table].counts
                    {
                        // No configuration ever had it.
                        self.master.cells.retire(0, entry.cell);
                    }
                }
                Undo::PutBack { table, entry } => {
                    self.master.tables[table].insert(entry);
                }
                Undo::Replace { table, slot, entry } => {
                    self.master.tables[table].replace(slot, entry);
                }
                Undo::Default { table, default } => self.master.tables[table].default = default,
            }
        }
    }

    fn update(&mut self, update: &Update) -> Result<()> {
        match &update.entity {
            Entity::Table(entry) => self.table_entry(update.kind, entry),
            Entity::Default(entry) => self.default_entry(update.kind, entry),
            Entity::Multicast(group) => self.multicast(update.kind, group),
            Entity::Clone(session) => self.clone_session(update.kind, session),
            Entity::Meter(entry) => self.meter(update.kind, entry),
            Entity::Register(entry) => self.register(update.kind, entry),
            Entity::Member(_) => Err(WriteError::Unimplemented { what: "members of action profiles" }),
            Entity::Group(_) => Err(WriteError::Unimplemented { what: "groups of action selectors" }),
            Entity::DirectMeter(_) => Err(WriteError::Unimplemented { what: "direct meters" }),
            Entity::Counter(_) | Entity::DirectCounter(_) => {
                Err(WriteError::Unimplemented { what: "writes of counters" })
            }
            Entity::ValueSet(_) => Err(WriteError::Unimplemented { what: "members of value sets" }),
            Entity::Digest(_) => Err(WriteError::Unimplemented { what: "digest configurations" }),
        }
    }

    fn table_index(&self, name: &str) -> Result<usize> {
        let index = self.program.tables.iter().position(|table| &*table.name == name);
        index.ok_or_else(|| WriteError::Unknown { what: "table", name: name.to_string() })
    }

    fn table_entry(&mut self, kind: UpdateKind, entry: &TableEntry) -> Result<()> {
        let index = self.table_index(&entry.table)?;
        let program = self.program;
        let info = &program.info.tables[index];
        if info.entries_are_const {
            return Err(WriteError::Constant { what: format!("the entries of table `{}`", info.name) });
        }
        check_key(info, entry)?;
        let known = self.master.tables[index].find(entry).map(|(slot, entry)| (slot, entry.clone()));
        if known.as_ref().is_some_and(|(_, known)| known.is_const) && kind != UpdateKind::Insert {
            return Err(WriteError::Constant { what: format!("this entry of table `{}`", info.name) });
        }
        let what = || format!("this entry of table `{}`", info.name);
        match (kind, known) {
            (UpdateKind::Insert, Some(_)) => Err(WriteError::Exists { what: what() }),
            (UpdateKind::Insert, None) => self.insert(index, entry, false),
            (UpdateKind::Modify | UpdateKind::Delete, None) => Err(WriteError::Missing { what: what() }),
            (UpdateKind::Modify, Some((slot, old))) => {
                let action = check_action(&program.info, info, own_action(entry)?, false)?;
                // The counter stays with the entry (P4Runtime section 9.1.6).
                let new =
                    Entry { entry: entry.clone(), action, rank: old.rank, cell: old.cell, is_const: false };
                self.master.tables[index].replace(slot, Arc::new(new));
                self.undo.push(Undo::Replace { table: index, slot, entry: old });
                self.touched.insert(index);
                Ok(())
            }
            (UpdateKind::Delete, Some((slot, old))) => {
                self.master.tables[index].remove(slot);
                if self.master.tables[index].counts {
                    self.dropped_cells.push(old.cell);
                }
                self.undo.push(Undo::PutBack { table: index, entry: old });
                self.touched.insert(index);
                Ok(())
            }
        }
    }

    /// Adds an entry that is not there yet.
    pub(crate) fn insert(&mut self, index: usize, entry: &TableEntry, is_const: bool) -> Result<()> {
        let program = self.program;
        let info = &program.info.tables[index];
        check_key(info, entry)?;
        let action = check_action(&program.info, info, own_action(entry)?, false)?;
        let table = &mut self.master.tables[index];
        if info.keys.is_empty() || table.by_key.len() as u64 >= info.size {
            let size = if info.keys.is_empty() { 0 } else { info.size };
            return Err(WriteError::Full { table: info.name.to_string(), size });
        }
        let cell = if table.counts { self.master.cells.take() } else { crate::counters::NULL_CELL };
        if table.counts {
            self.master.baselines.insert(cell, self.current.cells.read(cell));
        }
        let rank = program.tables[index].shape.rank(&entry.matches, entry.priority, table.sequence);
        table.sequence = table.sequence.wrapping_add(1);
        let slot = table.insert(Arc::new(Entry { entry: entry.clone(), action, rank, cell, is_const }));
        self.undo.push(Undo::Remove { table: index, slot });
        self.touched.insert(index);
        Ok(())
    }

    fn default_entry(&mut self, kind: UpdateKind, entry: &DefaultEntry) -> Result<()> {
        let index = self.table_index(&entry.table)?;
        let info = &self.program.info.tables[index];
        if kind != UpdateKind::Modify {
            return Err(WriteError::OnlyModified { what: "a default action" });
        }
        if info.default_is_const {
            return Err(WriteError::Constant {
                what: format!("the default action of table `{}`", info.name),
            });
        }
        let table = &mut self.master.tables[index];
        let default = match &entry.action {
            None => table.original_default.clone(),
            Some(call) => (check_action(&self.program.info, info, call, true)?, call.clone()),
        };
        let default = std::mem::replace(&mut table.default, default);
        self.undo.push(Undo::Default { table: index, default });
        self.touched.insert(index);
        Ok(())
    }

    fn replication(&mut self) -> &mut Replication {
        let current = &self.current.replication;
        self.replication.get_or_insert_with(|| Replication::clone(current))
    }

    /// Checks the copies of a group or session, and finds where each is counted.
    fn paths(&mut self, what: &str, replicas: &[Replica]) -> Result<Arc<[Path]>> {
        let mut seen = FxHashSet::default();
        for replica in replicas {
            if replica.port >= DROP_PORT {
                return Err(WriteError::Port { port: replica.port });
            }
            if !seen.insert(*replica) {
                let Replica { port, instance } = *replica;
                return Err(WriteError::Replica { what: what.to_string(), port, instance });
            }
        }
        replicas
            .iter()
            .map(|replica| Ok(Path { replica: *replica, cells: self.path_cells(*replica)? }))
            .collect()
    }

    fn path_cells(&mut self, replica: Replica) -> Result<u32> {
        if replica.instance == 0 {
            return Ok(unicast_path(replica.port));
        }
        if let Some(cells) = self.replication().paths.get(&replica) {
            return Ok(*cells);
        }
        if self.replication().paths.len() >= MAX_PATHS {
            return Err(WriteError::Paths { most: MAX_PATHS });
        }
        let cells = self.master.cells.take_range(PATH_CELLS);
        Arc::make_mut(&mut self.replication().paths).insert(replica, cells);
        Ok(cells)
    }

    fn multicast(&mut self, kind: UpdateKind, group: &MulticastGroup) -> Result<()> {
        if group.id == 0 {
            return Err(WriteError::Zero { what: "multicast group" });
        }
        let what = format!("multicast group {}", group.id);
        present(kind, self.replication().groups.contains_key(&group.id), &what)?;
        if kind == UpdateKind::Delete {
            self.replication().groups.remove(&group.id);
            return Ok(());
        }
        let paths = self.paths(&what, &replicas(&group.branches)?)?;
        self.replication().groups.insert(group.id, paths);
        Ok(())
    }

    fn clone_session(&mut self, kind: UpdateKind, session: &CloneSession) -> Result<()> {
        if session.id == 0 {
            return Err(WriteError::Zero { what: "clone session" });
        }
        let what = format!("clone session {}", session.id);
        present(kind, self.replication().sessions.contains_key(&session.id), &what)?;
        if kind == UpdateKind::Delete {
            self.replication().sessions.remove(&session.id);
            return Ok(());
        }
        let copies = self.paths(&what, &replicas(&session.branches)?)?;
        let session_state = Session { copies, length_bytes: session.packet_length_bytes };
        self.replication().sessions.insert(session.id, session_state);
        Ok(())
    }

    fn meter(&mut self, kind: UpdateKind, entry: &MeterEntry) -> Result<()> {
        if kind != UpdateKind::Modify {
            return Err(WriteError::OnlyModified { what: "a meter cell" });
        }
        let info: &PipelineInfo = &self.program.info;
        let Some(index) = info.meters.iter().position(|meter| meter.name == entry.meter) else {
            return Err(WriteError::Unknown { what: "meter", name: entry.meter.to_string() });
        };
        let size = info.meters[index].size;
        let cell = entry.index.ok_or(WriteError::Absent { what: "a cell" })?;
        if cell >= size {
            return Err(WriteError::Index { what: format!("meter `{}`", entry.meter), index: cell, size });
        }
        if let Some(config) = entry.config
            && (config.pir < config.cir || config.pburst < config.cburst)
        {
            return Err(WriteError::Rates { meter: entry.meter.to_string() });
        }
        let current = &self.current.meters;
        let meters = self.meters.get_or_insert_with(|| FxHashMap::clone(current));
        match entry.config {
            Some(config) => meters.insert((index as u16, cell), config),
            None => meters.remove(&(index as u16, cell)),
        };
        Ok(())
    }

    fn register(&mut self, kind: UpdateKind, entry: &RegisterEntry) -> Result<()> {
        if kind != UpdateKind::Modify {
            return Err(WriteError::OnlyModified { what: "a register cell" });
        }
        let Some(index) = self.program.registers.iter().position(|register| register.name == entry.register)
        else {
            return Err(WriteError::Unknown { what: "register", name: entry.register.to_string() });
        };
        let register = &self.program.registers[index];
        let what = || format!("register `{}`", register.name);
        check_width(what, &entry.value, register.width)?;
        let cell = entry.index.ok_or(WriteError::Absent { what: "a cell" })?;
        if cell >= register.size {
            return Err(WriteError::Index { what: what(), index: cell, size: register.size });
        }
        self.registers.push((index, cell, entry.value.clone()));
        Ok(())
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

/// The action of an entry that has one of its own.
fn own_action(entry: &TableEntry) -> Result<&ActionCall> {
    match &entry.action {
        Some(TableAction::Call(call)) => Ok(call),
        Some(_) => Err(WriteError::Unimplemented { what: "entries that refer to action profiles" }),
        None => Err(WriteError::Absent { what: "the entry's action" }),
    }
}

/// The copies of branches.
fn replicas(branches: &[Branch]) -> Result<Vec<Replica>> {
    if branches.iter().any(|branch| !branch.backups.is_empty()) {
        return Err(WriteError::Unimplemented { what: "backup replicas" });
    }
    Ok(branches.iter().map(|branch| branch.replica).collect())
}
