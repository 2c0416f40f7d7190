//! Reads: what was written, as the shadow has it, with what packets made of it, as the kernel has it.

use sluice_ebpf::{DIRECT_METERS, METER_WORDS};
use sluice_entities::{
    Bits, CounterData, Details, Entity, EntryAttributes, EntryKey, MeterCounters, Query, TableQuery,
};
use sluice_switch::WriteError;

use crate::device::Device;
use crate::error::{Result, XdpError};

/// Where a meter's cell has what it colored: packets and bytes of green, yellow and red.
const COLORED: usize = METER_WORDS - 6;

fn word(bytes: &[u8], index: usize) -> u64 {
    bytes.as_chunks::<8>().0.get(index).map_or(0, |word| u64::from_ne_bytes(*word))
}

fn refused(error: WriteError) -> XdpError {
    XdpError::Write(sluice_switch::WriteErrors { errors: vec![(0, error)] })
}

impl Device {
    /// What a query asks for, one by one, in the order of [`sluice_switch::Switch::read_each`].
    ///
    /// # Errors
    /// A query for what the program does not have, or what the kernel refuses.
    pub fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<()> {
        let mut failed = None;
        let told = self.shadow.read_each(query, &mut |mut entity| {
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

    /// Puts in what the kernel counts.
    fn complete(&self, query: &Query, entity: &mut Entity) -> Result<()> {
        match entity {
            Entity::Table(entry) => {
                let Query::Table(TableQuery { details, .. }) = query else { return Ok(()) };
                let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
                self.attributes(&entry.table, &key, *details, &mut entry.attributes)
            }
            Entity::Default(entry) => {
                let Query::Default { details, .. } = query else { return Ok(()) };
                self.attributes(&entry.table, &EntryKey::Default, *details, &mut entry.attributes)
            }
            Entity::DirectCounter(entry) => {
                entry.data = self.direct_counter(&entry.table, &entry.key)?;
                Ok(())
            }
            Entity::Counter(entry) => {
                let index = entry.index.unwrap_or(0);
                entry.data = self.counter(&entry.counter, index)?;
                Ok(())
            }
            Entity::Meter(entry) if entry.counters.is_some() => {
                let found = self.shadow.info().meters.iter().position(|known| known.name == entry.meter);
                let (Some(at), Some(index)) = (found, entry.index) else { return Ok(()) };
                entry.counters = Some(self.colored(&self.layout.meters[at], index as u32)?);
                Ok(())
            }
            Entity::DirectMeter(entry) if entry.counters.is_some() => {
                if let Some(cell) = self.cell_of(&entry.table, &entry.key) {
                    entry.counters = Some(self.colored(DIRECT_METERS, cell)?);
                }
                Ok(())
            }
            Entity::Register(entry) => {
                let found =
                    self.shadow.info().registers.iter().position(|known| known.name == entry.register);
                let (Some(at), Some(index)) = (found, entry.index) else { return Ok(()) };
                let bytes = self.kernel.lookup(&self.layout.registers[at], &(index as u32).to_ne_bytes())?;
                let words: Vec<u64> = (0..bytes.len() / 8).map(|index| word(&bytes, index)).collect();
                entry.value = Bits::from_limbs(entry.value.width(), &words);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn attributes(
        &self,
        table: &str,
        key: &EntryKey,
        details: Details,
        attributes: &mut EntryAttributes,
    ) -> Result<()> {
        if attributes.counter.is_some() && details.counter {
            attributes.counter = Some(self.direct_counter(table, key)?.unwrap_or_default());
        }
        if attributes.meter_counters.is_some()
            && let Some(cell) = self.cell_of(table, key)
        {
            attributes.meter_counters = Some(self.colored(DIRECT_METERS, cell)?);
        }
        Ok(())
    }

    fn colored(&self, map: &str, cell: u32) -> Result<MeterCounters> {
        let bytes = self.kernel.lookup(map, &cell.to_ne_bytes())?;
        let data = |color: usize| CounterData {
            packets: word(&bytes, COLORED + 2 * color),
            bytes: word(&bytes, COLORED + 2 * color + 1),
        };
        Ok(MeterCounters { green: data(0), yellow: data(1), red: data(2) })
    }
}
