//! Reads: what was written, as the shadow has it, with what packets made of it, as the hardware has it.

use sluice_entities::{Entity, EntryKey, Query, TableQuery};
use sluice_switch::{WriteError, WriteErrors};

use crate::error::{FpgaError, Result};
use crate::registers::Registers;
use crate::tables::Tables;

fn refused(error: WriteError) -> FpgaError {
    FpgaError::Write(WriteErrors { errors: vec![(0, error)] })
}

impl<R: Registers> Tables<R> {
    /// What a query asks for, one by one, in the order of [`sluice_switch::Switch::read_each`]. Each counter and each register is of one moment.
    ///
    /// # Errors
    /// A query for what the program does not have, or registers that cannot be reached.
    pub fn read_each(&mut self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<()> {
        let shadow = self.shadow.clone();
        let mut failed = None;
        let told = shadow.read_each(query, &mut |mut entity| {
            if failed.is_none() {
                match self.complete(query, &mut entity) {
                    Ok(()) => take(entity),
                    Err(error) => failed = Some(error),
                }
            }
        });
        told.map_err(refused)?;
        failed.map_or(Ok(()), Err)
    }

    /// What a query asks for as it was written: cells and counters are those of a program that no packet has met. The hardware is not asked.
    ///
    /// # Errors
    /// A query for what the program does not have.
    pub fn written_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<()> {
        self.shadow.read_each(query, take).map_err(refused)
    }

    /// Puts in what the hardware counts.
    fn complete(&mut self, query: &Query, entity: &mut Entity) -> Result<()> {
        match entity {
            Entity::Table(entry) => {
                let Query::Table(TableQuery { details, .. }) = query else { return Ok(()) };
                if entry.attributes.counter.is_some() && details.counter {
                    let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
                    entry.attributes.counter =
                        Some(self.direct_counter(&entry.table, &key)?.unwrap_or_default());
                }
            }
            Entity::Default(entry) => {
                let Query::Default { details, .. } = query else { return Ok(()) };
                if entry.attributes.counter.is_some() && details.counter {
                    entry.attributes.counter =
                        Some(self.direct_counter(&entry.table, &EntryKey::Default)?.unwrap_or_default());
                }
            }
            Entity::DirectCounter(entry) => {
                entry.data = self.direct_counter(&entry.table, &entry.key)?.or(entry.data);
            }
            Entity::Counter(entry) => {
                let index = entry.index.unwrap_or(0);
                entry.data = self.counter(&entry.counter, index)?.or(entry.data);
            }
            Entity::Register(entry) => {
                let found = self.layout.registers.iter().find(|array| *array.name == *entry.register);
                let (Some(block), Some(index)) = (found.and_then(|array| array.blocks.first()), entry.index)
                else {
                    return Ok(());
                };
                let width = entry.value.width();
                entry.value = self.file.get(*block, index as u32)?.resize(width);
            }
            _ => {}
        }
        Ok(())
    }
}
