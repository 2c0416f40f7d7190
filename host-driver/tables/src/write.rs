//! Batches of updates: done in order, and taken back where one is refused.

use std::collections::BTreeMap;

use sluice_entities::{Atomicity, Bits, CounterData, Entity, EntryKey, Query, Update, UpdateKind};
use sluice_switch::Undo;

use crate::error::{BatchError, FpgaError, Result};
use crate::registers::Registers;
use crate::table::key_of;
use crate::tables::Tables;

/// A row of updates that are done together.
#[derive(Debug)]
enum Step<'u> {
    /// Entries of one table.
    Entries { table: usize, updates: Vec<(usize, &'u Update)> },
    /// Something else.
    Other(usize, &'u Update),
}

/// A counter's cell.
fn count(data: CounterData) -> Bits {
    Bits::new(64, data.bytes).concat(&Bits::new(64, data.packets))
}

impl<R: Registers> Tables<R> {
    /// All of the updates, or none.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn write(&mut self, updates: &[Update]) -> Result<()> {
        let done = self.write_batch(updates, Atomicity::RollbackOnError);
        done.map_err(|refused| match refused.0.into_iter().next() {
            Some((_, error)) => error,
            None => FpgaError::Cannot("nothing is wrong".to_string()),
        })
    }

    /// Does updates in order. A packet may find some of them done and others not, and after a mistake also some that are taken back then; each row it finds whole. Entries of one table that
    /// follow each other are planned together.
    ///
    /// # Errors
    /// What is wrong with updates: with [`Atomicity::ContinueOnError`] all others are done, with the other two none is, and the first is told alone. A table that is full, and registers that
    /// cannot be reached, are a mistake as well; entries that were removed and come back begin to count anew.
    pub fn write_batch(
        &mut self,
        updates: &[Update],
        atomicity: Atomicity,
    ) -> std::result::Result<(), BatchError> {
        if let Some(why) = &self.out_of_step {
            let each = 0..updates.len().max(1);
            return Err(BatchError(each.map(|at| (at, FpgaError::OutOfStep(why.clone()))).collect()));
        }
        let first = match self.all(updates) {
            Ok(()) => return Ok(()),
            Err(first) => first,
        };
        if let (Some(why), true) = (&self.out_of_step, first.1.is_of_device()) {
            let others = (0..updates.len()).filter(|at| *at != first.0);
            let mut errors: Vec<_> = others.map(|at| (at, FpgaError::OutOfStep(why.clone()))).collect();
            errors.insert(first.0.min(errors.len()), first);
            return Err(BatchError(errors));
        }
        if atomicity != Atomicity::ContinueOnError {
            return Err(BatchError(vec![first]));
        }
        let each = updates.iter().enumerate();
        let errors: Vec<_> = each
            .filter_map(|(at, update)| Some((at, self.all(std::slice::from_ref(update)).err()?.1)))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(BatchError(errors)) }
    }

    fn found(&mut self, query: &Query) -> Vec<Entity> {
        let mut found = Vec::new();
        // A name that the program does not have is refused when it is written.
        let _ = self.read_each(query, &mut |entity| found.push(entity));
        found
    }

    /// All updates or none.
    fn all(&mut self, updates: &[Update]) -> std::result::Result<(), (usize, FpgaError)> {
        let shadow = self.shadow.clone();
        let undo = Undo::before(&shadow, updates, &mut |query| self.found(query));
        shadow.write_batch(updates, Atomicity::RollbackOnError).map_err(|refused| {
            let at = refused.errors.first().map_or(0, |(index, _)| *index);
            (at, FpgaError::Write(refused))
        })?;
        let Err((at, error)) = self.sync_all(updates) else { return Ok(()) };
        if error.is_of_device() {
            self.out_of_step = Some(error.to_string());
            // Nobody knows what the hardware has of it, and what was written is all that was not refused.
            self.forget(undo);
        } else {
            self.restore(undo);
        }
        Err((at, error))
    }

    /// Takes back what was done in the shadow; says what that took.
    fn forget(&mut self, undo: Undo) -> Vec<Update> {
        let updates = undo.into_updates();
        if let Err(errors) = self.shadow.write_batch(&updates, Atomicity::ContinueOnError) {
            tracing::error!(%errors, "what was written before cannot be written again");
        }
        updates
    }

    /// Takes back what was done.
    fn restore(&mut self, undo: Undo) {
        let updates = self.forget(undo);
        if let Err((_, error)) = self.sync_all(&updates) {
            tracing::error!(%error, "the hardware does not take back what it took before");
            self.out_of_step = Some(error.to_string());
        }
    }

    /// Writes what the shadow has of everything that updates are about.
    fn sync_all(&mut self, updates: &[Update]) -> std::result::Result<(), (usize, FpgaError)> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        for (at, update) in updates.iter().enumerate() {
            let Entity::Table(entry) = &update.entity else {
                steps.push(Step::Other(at, update));
                continue;
            };
            let name = self.table(&entry.table).map_err(|error| (at, error))?;
            match steps.last_mut() {
                Some(Step::Entries { table, updates }) if *table == name => updates.push((at, update)),
                _ => steps.push(Step::Entries { table: name, updates: vec![(at, update)] }),
            }
        }
        for step in steps {
            match step {
                Step::Other(at, update) => self.sync(update).map_err(|error| (at, error))?,
                Step::Entries { table, updates } => self.sync_entries(table, &updates)?,
            }
        }
        Ok(())
    }

    fn sync_entries(
        &mut self,
        table: usize,
        updates: &[(usize, &Update)],
    ) -> std::result::Result<(), (usize, FpgaError)> {
        let last = updates.last().map_or(0, |(at, _)| *at);
        if !self.tables[table].layout.is_built {
            return Ok(());
        }
        if !self.tables[table].is_single() {
            self.sync_whole(table).map_err(|error| (last, error))?;
            return self.sync_counts(table, updates);
        }
        // Those that go make room for those that come.
        let mut coming = BTreeMap::new();
        for (at, update) in updates {
            let Entity::Table(named) = &update.entity else { continue };
            match self.shadow.entry(&named.table, &named.matches, named.priority) {
                Some(entry) => {
                    coming.insert(*at, entry);
                }
                None => {
                    let rows = self.tables[table].take(&key_of(named));
                    rows.iter().try_for_each(|row| self.file.put(row)).map_err(|error| (*at, error))?;
                }
            }
        }
        for (at, entry) in coming {
            let done = self.tables[table].put(&entry).and_then(|change| self.carry_out(table, &change));
            done.map_err(|error| (at, error))?;
        }
        self.sync_counts(table, updates)
    }

    /// Entries that say what they have counted already.
    fn sync_counts(
        &mut self,
        table: usize,
        updates: &[(usize, &Update)],
    ) -> std::result::Result<(), (usize, FpgaError)> {
        for (at, update) in updates {
            let Entity::Table(entry) = &update.entity else { continue };
            let Some(data) = entry.attributes.counter else { continue };
            self.put_count(table, &key_of(entry), data).map_err(|error| (*at, error))?;
        }
        Ok(())
    }

    fn sync(&mut self, update: &Update) -> Result<()> {
        match &update.entity {
            Entity::Table(entry) => self.sync_whole(self.table(&entry.table)?),
            Entity::Default(entry) => {
                let table = self.table(&entry.table)?;
                self.sync_default(table)?;
                match entry.attributes.counter {
                    Some(data) => self.put_count(table, &EntryKey::Default, data),
                    None => Ok(()),
                }
            }
            Entity::Multicast(group) => {
                let replicas = if update.kind == UpdateKind::Delete {
                    Vec::new()
                } else {
                    let groups = self.shadow.multicast_groups();
                    let found = groups.iter().find(|known| known.id == group.id);
                    found.map_or_else(Vec::new, |found| found.replicas().collect())
                };
                let rows = self.groups.put(&self.layout, group.id, &replicas)?;
                rows.iter().try_for_each(|row| self.file.put(row))
            }
            Entity::Register(entry) => {
                let found = self.layout.registers.iter().find(|array| *array.name == *entry.register);
                let Some(array) = found.cloned() else { return Ok(()) };
                self.put_cells(&array, entry.index, &entry.value)
            }
            Entity::Meter(entry) => {
                let found = self.layout.meters.iter().find(|array| *array.name == *entry.meter);
                let Some(array) = found.cloned() else { return Ok(()) };
                let bits = match entry.config {
                    None => Bits::zero(257),
                    Some(config) => [config.cir, config.cburst, config.pir, config.pburst]
                        .iter()
                        .fold(Bits::new(1, 1), |bits, part| bits.concat(&Bits::new(64, *part))),
                };
                self.put_cells(&array, entry.index, &bits)
            }
            Entity::Counter(entry) => {
                let found = self.layout.counters.iter().find(|array| *array.name == *entry.counter);
                let (Some(array), Some(data)) = (found.cloned(), entry.data) else { return Ok(()) };
                self.put_cells(&array, entry.index, &count(data))
            }
            Entity::DirectCounter(entry) => match entry.data {
                Some(data) => self.put_count(self.table(&entry.table)?, &entry.key, data),
                None => Ok(()),
            },
            Entity::Member(_)
            | Entity::Group(_)
            | Entity::DirectMeter(_)
            | Entity::Clone(_)
            | Entity::ValueSet(_)
            | Entity::Digest(_) => Err(FpgaError::Cannot(
                "members of action profiles, direct meters, clones, value sets and digests".to_string(),
            )),
        }
    }

    fn put_count(&mut self, table: usize, key: &EntryKey, data: CounterData) -> Result<()> {
        let array = self.layout.direct_counters[table].clone();
        let (Some(array), Some(id)) = (array, self.tables[table].id(key)) else { return Ok(()) };
        self.put_cells(&array, Some(id.into()), &count(data))
    }
}
