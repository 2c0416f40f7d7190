//! A program in the simulated hardware.

use std::path::Path;

use sluice_entities::{CounterData, EntryKey, TableEntry, Update};
use sluice_fpga::{Before, Tables};
use sluice_ir::Module;
use sluice_rtl::{Layout, Options};

use crate::build::{Build, Verilator, build};
use crate::error::{Result, SimError};
use crate::machine::{Machine, Run};

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

/// Clocks after which nothing more comes out of a pipeline.
pub(crate) fn quiet(layout: &Layout) -> u32 {
    layout.ingress_clocks + layout.egress_clocks + 64
}

/// A program in the simulated hardware.
#[derive(Debug)]
pub struct Device {
    tables: Tables<Machine>,
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
        let machine = Machine::start(&build(verilator, &program.text, how, cache)?)?;
        let mut tables = Tables::new(module, program.layout, machine, Before::Nothing)?;
        tables.registers().run(1)?;
        Ok(Self { tables })
    }

    /// How the program is laid out.
    pub fn layout(&self) -> &Layout {
        self.tables.layout()
    }

    /// The simulation itself.
    pub fn machine(&mut self) -> &mut Machine {
        self.tables.registers()
    }

    /// Checks all updates, then does them. They have all been done when the next frame goes in.
    ///
    /// # Errors
    /// What is wrong with an update, or what there is no room for: nothing is done then.
    pub fn write(&mut self, updates: &[Update]) -> Result<()> {
        Ok(self.tables.write(updates)?)
    }

    /// Takes a frame through the program.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn pass(&mut self, arrival: &Arrival<'_>) -> Result<Vec<Departure>> {
        // What was written has been done before the frame comes.
        self.machine().run(8)?;
        self.machine().frame(arrival.port, arrival.is_bad, arrival.time_ns, 0, arrival.frame)?;
        let run = self.run()?;
        let departures = run.sent.into_iter().map(|sent| Departure {
            port: sent.port,
            instance: sent.instance,
            frame: sent.bytes,
        });
        Ok(departures.collect())
    }

    /// Clocks after which nothing more comes out.
    pub fn quiet(&self) -> u32 {
        quiet(self.layout())
    }

    /// Runs until nothing more comes out.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn run(&mut self) -> Result<Run> {
        let quiet = self.quiet();
        self.machine().run(quiet)
    }

    /// A cell of a counter; none if there is no such cell.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn counter(&mut self, name: &str, index: u64) -> Result<Option<CounterData>> {
        Ok(self.tables.counter(name, index)?)
    }

    /// What an entry counted; none if there is no such entry or it does not count.
    ///
    /// # Errors
    /// There is no such table, or the simulation has ended.
    pub fn direct_counter(&mut self, entry: &TableEntry) -> Result<Option<CounterData>> {
        let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
        Ok(self.tables.direct_counter(&entry.table, &key)?)
    }

    /// What happened to packets and copies, by name.
    ///
    /// # Errors
    /// The simulation has ended.
    pub fn events(&mut self) -> Result<Vec<(&'static str, u64)>> {
        Ok(self.tables.events()?)
    }
}
