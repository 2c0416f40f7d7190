//! A program in the simulated hardware, and what was written to it.
//!
//! A soft switch that no packet enters checks every write and keeps what was written, as on XDP; what it took goes through the register
//! file into the blocks.

use std::path::Path;

use sluice_entities::{ActionCall, Bits, CounterData, Entity, TableAction, TableEntry, Update, UpdateKind};
use sluice_ir::Module;
use sluice_rtl::{ArrayLayout, EVENTS, EVENTS_BLOCK, Layout, Options, row};
use sluice_switch::{Engine, Switch, SwitchOptions};

use crate::build::{Build, Verilator, build};
use crate::error::{Result, SimError};
use crate::groups::Groups;
use crate::machine::{Machine, Run};
use crate::rows::Row;
use crate::table::Table;

/// Addresses of the register file (`rtl/sluice_registers.sv`).
mod register {
    pub(super) const BLOCK: u32 = 0x004;
    pub(super) const ROW: u32 = 0x008;
    pub(super) const COMMIT: u32 = 0x00C;
    pub(super) const READ: u32 = 0x010;
    pub(super) const RESULT: u32 = 0x020;
    pub(super) const WORDS: u32 = 0x1000;
}

/// A frame that goes in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'f> {
    /// Port that it comes in by.
    pub port: u16,
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// Its bytes.
    pub frame: &'f [u8],
    /// Whether the port marked it bad.
    pub is_bad: bool,
}

/// A frame that comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Port that it leaves by.
    pub port: u16,
    /// Instance of the copy.
    pub instance: u16,
    /// Its bytes.
    pub frame: Vec<u8>,
}

/// A program in the simulated hardware.
#[derive(Debug)]
pub struct Device {
    machine: Machine,
    shadow: Switch,
    layout: Layout,
    tables: Vec<Table>,
    groups: Groups,
    /// The words of the register file's shadow.
    words: Vec<u32>,
}

impl Device {
    /// Compiles a verified module, builds it, and writes its own entries.
    ///
    /// # Errors
    /// What the back end has not, a tool that fails, or an entry that there is no room for.
    pub fn new(
        module: &Module,
        name: &str,
        options: &Options,
        verilator: &Verilator,
        is_fast: bool,
        cache: &Path,
    ) -> Result<Self> {
        let program = sluice_rtl::compile(module, name, options).map_err(SimError::Unsupported)?;
        let how = Build { queues: options.queues, is_fast };
        let path = build(verilator, &program.text, how, cache)?;
        let shadow =
            Switch::new(module, SwitchOptions { engine: Engine::Interpreter, ..SwitchOptions::default() })?;
        let mut device = Self {
            machine: Machine::start(&path)?,
            shadow,
            tables: program.layout.tables.iter().map(Table::new).collect(),
            groups: Groups::default(),
            words: vec![0; program.layout.row_words as usize],
            layout: program.layout,
        };
        for index in 0..device.tables.len() {
            device.sync_table(index)?;
            device.sync_default(index)?;
        }
        device.machine.run(1)?;
        Ok(device)
    }

    /// How the program is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The simulation itself.
    pub fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// Checks all updates, then does them. They have all been done when the next frame goes in.
    ///
    /// # Errors
    /// What is wrong with an update, or what there is no room for.
    pub fn write(&mut self, updates: &[Update]) -> Result<()> {
        self.shadow.write(updates)?;
        for update in updates {
            self.sync(update)?;
        }
        Ok(())
    }

    fn table(&self, name: &str) -> Result<usize> {
        let found = self.shadow.info().tables.iter().position(|table| &*table.name == name);
        found.ok_or_else(|| SimError::Refused(format!("there is no table `{name}`")))
    }

    fn sync(&mut self, update: &Update) -> Result<()> {
        match &update.entity {
            Entity::Table(entry) => self.sync_table(self.table(&entry.table)?),
            Entity::Default(entry) => self.sync_default(self.table(&entry.table)?),
            Entity::Multicast(group) => {
                let replicas = if update.kind == UpdateKind::Delete {
                    Vec::new()
                } else {
                    let groups = self.shadow.multicast_groups();
                    let found = groups.iter().find(|known| known.id == group.id);
                    found.map_or_else(Vec::new, |found| found.replicas().collect())
                };
                let rows = self.groups.put(&self.layout, group.id, &replicas)?;
                rows.iter().try_for_each(|row| self.put(row))
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
                let bits = Bits::new(64, data.bytes).concat(&Bits::new(64, data.packets));
                self.put_cells(&array, entry.index, &bits)
            }
            Entity::DirectCounter(_) => {
                Err(SimError::Refused("direct counters cannot be written".to_string()))
            }
            Entity::Member(_)
            | Entity::Group(_)
            | Entity::DirectMeter(_)
            | Entity::Clone(_)
            | Entity::ValueSet(_)
            | Entity::Digest(_) => Err(SimError::Refused("the hardware has no such thing".to_string())),
        }
    }

    fn put_cells(&mut self, array: &ArrayLayout, index: Option<u64>, bits: &Bits) -> Result<()> {
        let cells = index.map_or(0..u64::from(array.size), |index| index..index + 1);
        for cell in cells {
            // What is written stands in the first bank, and the others are cleared.
            for (bank, block) in array.blocks.iter().enumerate() {
                let bits = if bank == 0 { bits.clone() } else { Bits::zero(bits.width()) };
                self.put(&Row { block: *block, kind: row::ENTRY, row: cell as u32, bits })?;
            }
        }
        Ok(())
    }

    fn sync_table(&mut self, index: usize) -> Result<()> {
        if !self.tables[index].layout.is_built {
            return Ok(());
        }
        let name = self.shadow.info().tables[index].name.clone();
        let entries = self.shadow.entries(&name).unwrap_or_default();
        let call = |entry: &TableEntry| match &entry.action {
            Some(TableAction::Call(call)) => Some(ActionCall::clone(call)),
            _ => None,
        };
        let (rows, new) = self.tables[index].set(&entries, &call)?;
        if let Some(counter) = self.layout.direct_counters[index].clone() {
            for id in new {
                self.put_cells(&counter, Some(id.into()), &Bits::zero(128))?;
            }
        }
        rows.iter().try_for_each(|row| self.put(row))
    }

    fn sync_default(&mut self, index: usize) -> Result<()> {
        if !self.tables[index].layout.is_built {
            return Ok(());
        }
        let name = self.shadow.info().tables[index].name.clone();
        let Some(call) = self.shadow.default_action(&name) else { return Ok(()) };
        match self.tables[index].set_default(&call)? {
            Some(row) => self.put(&row),
            None => Ok(()),
        }
    }

    /// Writes a row: the words that differ from those that stand there, then block, row and the strobe.
    fn put(&mut self, row: &Row) -> Result<()> {
        for at in 0..self.words.len() {
            let limb = row.bits.limbs().get(at / 2).copied().unwrap_or(0);
            let word = (limb >> (32 * (at % 2))) as u32;
            if self.words[at] != word {
                self.words[at] = word;
                self.machine.write(register::WORDS + 4 * at as u32, word)?;
            }
        }
        self.machine.write(register::BLOCK, row.block)?;
        self.machine.write(register::ROW, row.row)?;
        self.machine.write(register::COMMIT, row.kind)
    }

    /// Takes a frame through the program.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn pass(&mut self, arrival: &Arrival<'_>) -> Result<Vec<Departure>> {
        // What was written has been done before the frame comes.
        self.machine.run(8)?;
        self.machine.frame(arrival.port, arrival.is_bad, arrival.time_ns, 0, arrival.frame)?;
        let run = self.machine.run(self.quiet())?;
        let departures = run.sent.into_iter().map(|sent| Departure {
            port: sent.port,
            instance: sent.instance,
            frame: sent.bytes,
        });
        Ok(departures.collect())
    }

    /// Clocks after which nothing more comes out.
    pub fn quiet(&self) -> u32 {
        self.layout.ingress_clocks + self.layout.egress_clocks + 64
    }

    /// Runs until nothing more comes out.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn run(&mut self) -> Result<Run> {
        let quiet = self.quiet();
        self.machine.run(quiet)
    }

    /// A row of a counter or a register array.
    fn get(&mut self, block: u32, row: u32) -> Result<Bits> {
        self.machine.write(register::BLOCK, block)?;
        self.machine.write(register::ROW, row)?;
        self.machine.write(register::READ, 1)?;
        let mut limbs = [0_u64; 2];
        for word in 0..4 {
            let value = u64::from(self.machine.read(register::RESULT + 4 * word)?);
            limbs[word as usize / 2] |= value << (32 * (word % 2));
        }
        Ok(Bits::from_limbs(128, &limbs))
    }

    fn count(&mut self, array: &ArrayLayout, row: u64) -> Result<Option<CounterData>> {
        if row >= u64::from(array.size) {
            return Ok(None);
        }
        let mut sum = CounterData::default();
        for block in &array.blocks {
            let bits = self.get(*block, row as u32)?;
            sum += CounterData { packets: bits.limbs()[0], bytes: bits.limbs()[1] };
        }
        Ok(Some(sum))
    }

    /// A cell of a counter; none if there is no such cell.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn counter(&mut self, name: &str, index: u64) -> Result<Option<CounterData>> {
        match self.layout.counters.iter().find(|array| array.name == name).cloned() {
            Some(array) => self.count(&array, index),
            None => Ok(None),
        }
    }

    /// What an entry counted; none if there is no such entry or it does not count.
    ///
    /// # Errors
    /// There is no such table, or the simulation has ended.
    pub fn direct_counter(&mut self, entry: &TableEntry) -> Result<Option<CounterData>> {
        let index = self.table(&entry.table)?;
        let (Some(array), Some(id)) =
            (self.layout.direct_counters[index].clone(), self.tables[index].id(entry))
        else {
            return Ok(None);
        };
        self.count(&array, id.into())
    }

    /// What happened to packets and copies, by name.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn events(&mut self) -> Result<Vec<(&'static str, u64)>> {
        let mut found = Vec::new();
        for (row, name) in EVENTS.iter().enumerate() {
            let bits = self.get(EVENTS_BLOCK, row as u32)?;
            found.push((*name, bits.limbs()[0]));
        }
        Ok(found)
    }
}
