//! Entries of tables and default actions (P4Runtime section 9.1).

use std::sync::Arc;

use sluice_entities::{
    ActionCall, DefaultEntry, EntryAttributes, EntryKey, SizeSemantics, TableAction, TableEntry, UpdateKind,
};

use super::super::check::{check_action, check_attributes, check_key};
use super::super::error::WriteError;
use super::super::tables::MasterDefault;
use super::{Batch, Result, Undo};
use crate::configuration::{DirectMeter, Entry, Target};
use crate::counters::NULL_CELL;

/// What an entry does, checked: index of an action of its own, and where its action stands.
type Resolved = (u16, Target);

impl Batch<'_> {
    pub(super) fn table_entry(&mut self, kind: UpdateKind, entry: &TableEntry) -> Result<()> {
        let index = self.table_index(&entry.table)?;
        let info = &self.program.info.tables[index];
        let changes_entries = kind != UpdateKind::Modify;
        if info.entries_are_const && changes_entries {
            return Err(WriteError::Constant { what: format!("the entries of table `{}`", info.name) });
        }
        if info.keys.is_empty() && kind == UpdateKind::Insert {
            return Err(WriteError::Keyless { table: info.name.to_string() });
        }
        check_key(info, &entry.matches, entry.priority)?;
        let known = self.master.tables[index].find(&entry.matches, entry.priority);
        let known = known.map(|(slot, known)| (slot, known.clone()));
        let what = || format!("this entry of table `{}`", info.name);
        match (kind, known) {
            (UpdateKind::Insert, Some(_)) => Err(WriteError::Exists { what: what() }),
            (UpdateKind::Insert, None) => {
                check_attributes(info, &entry.attributes, false)?;
                self.insert(index, entry, false)
            }
            (UpdateKind::Modify | UpdateKind::Delete, None) => Err(WriteError::Missing { what: what() }),
            (UpdateKind::Modify, Some((slot, old))) => self.modify(index, slot, old, entry),
            (UpdateKind::Delete, Some((_, old))) if old.is_const() => {
                Err(WriteError::Constant { what: what() })
            }
            (UpdateKind::Delete, Some((slot, old))) => {
                self.delete(index, slot, old);
                Ok(())
            }
        }
    }

    /// Adds an entry that is not there yet; its key and attributes are checked.
    pub(crate) fn insert(&mut self, index: usize, entry: &TableEntry, is_const: bool) -> Result<()> {
        let program = self.program;
        let (info, plan) = (&program.info.tables[index], &program.tables[index]);
        check_key(info, &entry.matches, entry.priority)?;
        let Some(written) = &entry.action else {
            return Err(WriteError::Absent { what: "the entry's action" });
        };
        let (action, target) = self.resolve(index, written, None)?;
        if self.master.tables[index].by_key.len() as u64 >= info.size {
            return Err(WriteError::Full { table: info.name.to_string(), size: info.size });
        }
        let cell = if plan.has_cells { self.master.cells.take() } else { NULL_CELL };
        if plan.has_cells {
            let initial = entry.attributes.counter.unwrap_or_default();
            self.master.set_count(&self.current.cells, cell, initial);
        }
        if entry.attributes.meter.is_some() {
            self.set_meter(cell, &entry.attributes);
        }
        let table = &mut self.master.tables[index];
        let rank = plan.shape.rank(&entry.matches, entry.priority, table.sequence);
        table.sequence = table.sequence.wrapping_add(1);
        let mut kept = entry.clone();
        kept.attributes = EntryAttributes { is_const, ..kept_attributes(&entry.attributes) };
        let new = Arc::new(Entry { entry: kept, action, target, rank, cell });
        let slot = table.insert(new.clone());
        self.refer(index, &new, true);
        self.undo.push(Undo::Remove { table: index, slot });
        self.master.told_idle.remove(&(index, slot));
        if info.has_idle_timeouts {
            self.effects.new_entries.push((index, slot));
        }
        Ok(())
    }

    fn modify(&mut self, index: usize, slot: u32, old: Arc<Entry>, entry: &TableEntry) -> Result<()> {
        let info = &self.program.info.tables[index];
        if old.is_const() && (entry.action.is_some() || entry.attributes.idle_timeout_ns > 0) {
            return Err(WriteError::Constant { what: format!("this entry of table `{}`", info.name) });
        }
        check_attributes(info, &entry.attributes, false)?;
        // Without an action, counter and meter are all that is written.
        if let Some(written) = &entry.action {
            let (action, target) = self.resolve(index, written, Some(&old))?;
            let mut kept = entry.clone();
            kept.attributes = kept_attributes(&entry.attributes);
            // The counter stays with the entry (P4Runtime section 9.1.6).
            let new = Arc::new(Entry { entry: kept, action, target, rank: old.rank, cell: old.cell });
            self.refer(index, &new, true);
            self.refer(index, &old, false);
            self.master.tables[index].replace(slot, new);
            self.master.told_idle.remove(&(index, slot));
            self.undo.push(Undo::Replace { table: index, slot, entry: old.clone() });
        }
        if info.direct_meter.is_some() {
            self.set_meter(old.cell, &entry.attributes);
        }
        if let Some(data) = entry.attributes.counter {
            self.effects.counters.push((old.cell, 1, data));
        }
        Ok(())
    }

    fn delete(&mut self, index: usize, slot: u32, old: Arc<Entry>) {
        self.master.tables[index].remove(slot);
        self.refer(index, &old, false);
        if self.program.tables[index].has_cells {
            self.effects.dropped_cells.push(old.cell);
            self.forget_meter(old.cell);
        }
        self.undo.push(Undo::PutBack { table: index, entry: old });
    }

    /// Sets the rates of a direct meter, and what it colored to zero where that is wanted.
    pub(super) fn set_meter(&mut self, cell: u32, attributes: &EntryAttributes) {
        let known = self.next.direct_meters.get(u64::from(cell)).as_ref();
        if attributes.meter_counters.is_some() {
            self.effects.direct_meters.extend(known.map(|known| known.cell.clone()));
        }
        let Some(config) = attributes.meter else { return self.forget_meter(cell) };
        let meter = known.map_or_else(Arc::default, |known| known.cell.clone());
        let meter = Some(DirectMeter { config, cell: meter });
        Arc::make_mut(&mut self.next.direct_meters).set(u64::from(cell), meter);
    }

    fn forget_meter(&mut self, cell: u32) {
        if self.next.direct_meters.get(u64::from(cell)).is_some() {
            Arc::make_mut(&mut self.next.direct_meters).set(u64::from(cell), None);
        }
    }

    /// Tells the table's action profile that an entry comes or goes.
    pub(super) fn refer(&mut self, table: usize, entry: &Entry, comes: bool) {
        if let Some(profile) = self.program.tables[table].profile {
            let semantics = self.semantics(usize::from(profile));
            self.master.profiles[usize::from(profile)].refer(semantics, entry, comes);
        }
    }

    fn semantics(&self, profile: usize) -> SizeSemantics {
        let info = &self.program.info.action_profiles[profile];
        info.selector.map_or_else(SizeSemantics::default, |selector| selector.semantics)
    }

    /// Checks what an entry does, and finds where its action stands.
    fn resolve(&mut self, table: usize, action: &TableAction, old: Option<&Arc<Entry>>) -> Result<Resolved> {
        let info = &self.program.info.tables[table];
        let Some(profile) = self.program.tables[table].profile.map(usize::from) else {
            return match action {
                TableAction::Call(call) => {
                    Ok((check_action(&self.program.info, info, call, false)?, Target::Own))
                }
                _ => Err(self.wrong_action(table, "an action of their own")),
            };
        };
        let known = &self.program.info.action_profiles[profile];
        let selector = known.selector;
        match action {
            TableAction::Member(id) => {
                self.no_sets(profile)?;
                let member = self.master.profiles[profile].members.get(id);
                let what = || format!("member {id} of `{}`", known.name);
                let place = member.ok_or_else(|| WriteError::Missing { what: what() })?.place;
                Ok((0, Target::Member(place)))
            }
            TableAction::Group(id) if selector.is_some() => {
                self.no_sets(profile)?;
                let group = self.master.profiles[profile].groups.get(id);
                let what = || format!("group {id} of `{}`", known.name);
                let place = group.ok_or_else(|| WriteError::Missing { what: what() })?.place;
                Ok((0, Target::Group(place)))
            }
            TableAction::Set(actions) if selector.is_some() => {
                Ok((0, Target::Set(self.action_set(table, profile, actions, old)?)))
            }
            _ if selector.is_some() => {
                let want = format!("a member or a group of selector `{}`, or an action set", known.name);
                Err(self.wrong_action(table, &want))
            }
            _ => Err(self.wrong_action(table, &format!("a member of action profile `{}`", known.name))),
        }
    }

    fn wrong_action(&self, table: usize, want: &str) -> WriteError {
        WriteError::ActionKind {
            table: self.program.info.tables[table].name.to_string(),
            want: want.to_string(),
        }
    }

    pub(super) fn default_entry(&mut self, kind: UpdateKind, entry: &DefaultEntry) -> Result<()> {
        let index = self.table_index(&entry.table)?;
        let program = self.program;
        let info = &program.info.tables[index];
        super::only_modified(kind, "a default action")?;
        if info.default_is_const {
            return Err(WriteError::Constant {
                what: format!("the default action of table `{}`", info.name),
            });
        }
        check_attributes(info, &entry.attributes, true)?;
        let table = &self.master.tables[index];
        let (default, attributes) = match &entry.action {
            None => (table.original_default.clone(), EntryAttributes::default()),
            Some(call) => (self.new_default(index, call, &entry.attributes)?, entry.attributes.clone()),
        };
        let cell = table.default_cell;
        let old = self.master.tables[index].set_default(default);
        self.undo.push(Undo::Default { table: index, default: old });
        if info.direct_meter.is_some() {
            self.set_meter(cell, &attributes);
        }
        if let Some(data) = attributes.counter {
            self.effects.counters.push((cell, 1, data));
        }
        Ok(())
    }

    fn new_default(
        &self,
        table: usize,
        call: &ActionCall,
        attributes: &EntryAttributes,
    ) -> Result<MasterDefault> {
        let info = &self.program.info;
        let action = check_action(info, &info.tables[table], call, true)?;
        Ok(MasterDefault { action, call: call.clone(), attributes: kept_attributes(attributes) })
    }

    /// The cell of an entry or a default action.
    pub(super) fn cell_of(&self, table: usize, key: &EntryKey) -> Result<u32> {
        let info = &self.program.info.tables[table];
        match key {
            EntryKey::Default => Ok(self.master.tables[table].default_cell),
            EntryKey::Entry { matches, priority } => {
                check_key(info, matches, *priority)?;
                match self.master.tables[table].find(matches, *priority) {
                    Some((_, entry)) => Ok(entry.cell),
                    None => Err(WriteError::Missing { what: format!("this entry of table `{}`", info.name) }),
                }
            }
        }
    }
}

/// What an entry keeps as it was written; counter and meter live elsewhere.
fn kept_attributes(written: &EntryAttributes) -> EntryAttributes {
    EntryAttributes {
        metadata: written.metadata.clone(),
        controller_metadata: written.controller_metadata,
        idle_timeout_ns: written.idle_timeout_ns,
        ..EntryAttributes::default()
    }
}
