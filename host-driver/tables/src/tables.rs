//! A program's tables in hardware, and what was written to them.

use std::collections::HashSet;

use sluice_entities::{Bits, CounterData, EntryKey, PipelineInfo};
use sluice_ir::Module;
use sluice_rtl::{ArrayLayout, EVENTS, EVENTS_BLOCK, Layout, row};
use sluice_switch::{Engine, Switch, SwitchOptions};

use crate::error::{FpgaError, Result};
use crate::groups::Groups;
use crate::registers::{File, Registers};
use crate::rows::Row;
use crate::table::{Change, Table};

/// What stands in the hardware before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing: it has just begun.
    Nothing,
    /// Nobody knows: all of it is written over.
    Anything,
}

/// The tables of a program in hardware.
#[derive(Debug)]
pub struct Tables<R> {
    pub(crate) file: File<R>,
    pub(crate) shadow: Switch,
    pub(crate) layout: Layout,
    pub(crate) tables: Vec<Table>,
    pub(crate) groups: Groups,
    /// Entries that have been, by table and number: their counters may not be zero any more.
    pub(crate) counted: HashSet<(usize, u32)>,
    /// Why an earlier write broke off.
    pub(crate) out_of_step: Option<String>,
}

impl<R: Registers> Tables<R> {
    /// The tables of a verified module that is laid out like that; its own entries are written.
    ///
    /// # Errors
    /// What exceeds a bound, an entry that there is no room for, or registers that cannot be reached.
    pub fn new(module: &Module, layout: Layout, registers: R, before: Before) -> Result<Self> {
        let options = SwitchOptions { engine: Engine::Interpreter, ..SwitchOptions::default() };
        let mut new = Self {
            file: File::new(registers, layout.row_words),
            shadow: Switch::new(module, options)?,
            tables: layout.tables.iter().map(Table::new).collect(),
            groups: Groups::default(),
            counted: HashSet::new(),
            layout,
            out_of_step: None,
        };
        new.begin(before)?;
        Ok(new)
    }

    /// The same tables with nothing written to them but the module's own entries, whatever went wrong before.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn renew(&mut self, module: &Module, layout: Layout) -> Result<()> {
        let options = SwitchOptions { engine: Engine::Interpreter, ..SwitchOptions::default() };
        self.shadow = Switch::new(module, options)?;
        self.tables = layout.tables.iter().map(Table::new).collect();
        self.groups = Groups::default();
        self.counted.clear();
        self.file.begin(layout.row_words);
        self.layout = layout;
        self.out_of_step = None;
        self.begin(Before::Anything)
    }

    fn begin(&mut self, before: Before) -> Result<()> {
        let done = self.begin_or_not(before);
        if let Err(error) = &done {
            self.out_of_step = Some(error.to_string());
        }
        done
    }

    fn begin_or_not(&mut self, before: Before) -> Result<()> {
        if before == Before::Anything {
            self.clear()?;
        }
        for index in 0..self.tables.len() {
            self.sync_whole(index)?;
            self.sync_default(index)?;
        }
        Ok(())
    }

    /// Makes everything as if nothing had been written.
    fn clear(&mut self) -> Result<()> {
        let mut rows: Vec<Row> =
            self.tables.iter().filter(|table| table.layout.is_built).flat_map(Table::cleared).collect();
        let block = self.layout.replication_block;
        let groups = 0..self.layout.groups;
        rows.extend(groups.map(|row| Row { block, kind: row::NODE, row, bits: Bits::zero(32) }));
        let layout = &self.layout;
        let counters = layout.counters.iter().chain(layout.direct_counters.iter().flatten());
        for array in layout.registers.iter().chain(&layout.meters).chain(counters) {
            for block in &array.blocks {
                rows.extend((0..array.size).map(|row| Row {
                    block: *block,
                    kind: row::ENTRY,
                    row,
                    bits: Bits::zero(array.width),
                }));
            }
        }
        rows.iter().try_for_each(|row| self.file.put(row))
    }

    /// How the program is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Tables, actions and externs of the program.
    pub fn info(&self) -> &PipelineInfo {
        self.shadow.info()
    }

    /// The registers themselves.
    pub fn registers(&mut self) -> &mut R {
        &mut self.file.registers
    }

    /// Waits until all that was written has arrived, and makes sure that it did.
    ///
    /// # Errors
    /// The hardware is gone, or what was written last is not there.
    pub fn verify(&mut self) -> Result<()> {
        let done = self.file.verify();
        if let Err(error) = &done {
            self.out_of_step = Some(error.to_string());
        }
        done
    }

    pub(crate) fn table(&self, name: &str) -> Result<usize> {
        let found = self.shadow.info().tables.iter().position(|table| &*table.name == name);
        found.ok_or_else(|| FpgaError::Cannot(format!("there is no table `{name}`")))
    }

    pub(crate) fn put_cells(&mut self, array: &ArrayLayout, index: Option<u64>, bits: &Bits) -> Result<()> {
        let cells = index.map_or(0..u64::from(array.size), |index| index..index + 1);
        for cell in cells {
            // What is written stands in the first bank, and the others are cleared.
            for (bank, block) in array.blocks.iter().enumerate() {
                let bits = if bank == 0 { bits.clone() } else { Bits::zero(bits.width()) };
                self.file.put(&Row { block: *block, kind: row::ENTRY, row: cell as u32, bits })?;
            }
        }
        Ok(())
    }

    /// Writes what a plan says; entries that are new begin to count at 0, where their counters have been at the beginning.
    pub(crate) fn carry_out(&mut self, index: usize, change: &Change) -> Result<()> {
        if let Some(counter) = self.layout.direct_counters[index].clone() {
            for id in &change.new {
                if self.counted.insert((index, *id)) {
                    continue;
                }
                self.put_cells(&counter, Some((*id).into()), &Bits::zero(128))?;
            }
        }
        change.rows.iter().try_for_each(|row| self.file.put(row))
    }

    /// Writes all entries of a table.
    pub(crate) fn sync_whole(&mut self, index: usize) -> Result<()> {
        if !self.tables[index].layout.is_built {
            return Ok(());
        }
        let name = self.shadow.info().tables[index].name.clone();
        let entries = self.shadow.entries(&name).unwrap_or_default();
        if !self.tables[index].is_single() {
            let change = self.tables[index].set(&entries)?;
            return self.carry_out(index, &change);
        }
        for entry in &entries {
            let change = self.tables[index].put(entry)?;
            self.carry_out(index, &change)?;
        }
        Ok(())
    }

    pub(crate) fn sync_default(&mut self, index: usize) -> Result<()> {
        if !self.tables[index].layout.is_built {
            return Ok(());
        }
        let name = self.shadow.info().tables[index].name.clone();
        let Some(call) = self.shadow.default_action(&name) else { return Ok(()) };
        match self.tables[index].set_default(&call)? {
            Some(row) => self.file.put(&row),
            None => Ok(()),
        }
    }

    fn count(&mut self, array: &ArrayLayout, row: u64) -> Result<Option<CounterData>> {
        if row >= u64::from(array.size) {
            return Ok(None);
        }
        let mut sum = CounterData::default();
        for block in &array.blocks {
            let bits = self.file.get(*block, row as u32)?;
            sum += CounterData { packets: bits.limbs()[0], bytes: bits.limbs()[1] };
        }
        Ok(Some(sum))
    }

    /// A cell of a counter; none if there is no such cell.
    ///
    /// # Errors
    /// The registers cannot be reached.
    pub fn counter(&mut self, name: &str, index: u64) -> Result<Option<CounterData>> {
        match self.layout.counters.iter().find(|array| array.name == name).cloned() {
            Some(array) => self.count(&array, index),
            None => Ok(None),
        }
    }

    /// What an entry or a miss counted; none if there is no such entry or it does not count.
    ///
    /// # Errors
    /// There is no such table, or the registers cannot be reached.
    pub fn direct_counter(&mut self, table: &str, key: &EntryKey) -> Result<Option<CounterData>> {
        let index = self.table(table)?;
        let (Some(array), Some(id)) =
            (self.layout.direct_counters[index].clone(), self.tables[index].id(key))
        else {
            return Ok(None);
        };
        self.count(&array, id.into())
    }

    /// What happened to packets and copies, by name.
    ///
    /// # Errors
    /// The registers cannot be reached.
    pub fn events(&mut self) -> Result<Vec<(&'static str, u64)>> {
        let mut found = Vec::new();
        for (row, name) in EVENTS.iter().enumerate() {
            let bits = self.file.get(EVENTS_BLOCK, row as u32)?;
            found.push((*name, bits.limbs()[0]));
        }
        Ok(found)
    }
}
