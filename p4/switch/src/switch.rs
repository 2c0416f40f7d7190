//! The switch: one program, its state, and the ways to write and read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustc_hash::{FxHashMap, FxHashSet};
use sluice_entities::{
    ActionCall, Bits, CounterData, CounterUnit, MulticastGroup, PipelineInfo, Replica, TableEntry, Update,
};
use sluice_ir::Module;

use crate::configuration::{Configuration, PortState, Quick, Replication};
use crate::control::error::{WriteError, WriteErrors};
use crate::control::master::{Master, MasterTable, oldest_in_use};
use crate::control::write::Batch;
use crate::counters::{
    CellAllocator, Cells, FIRST_PROGRAM_CELL, PORTS, ingress_drop_cell, path_drop_cell, received_cell,
    unicast_path,
};
use crate::engine::program::Program;
use crate::externs::meter::MeterCell;
use crate::externs::register::RegisterArray;
use crate::packet::{DROP_PORT, DropReason};
use crate::prepare::{PrepareError, prepare};
use crate::worker::Worker;

/// How a switch runs, apart from its program.
#[derive(Clone, Debug, Default)]
pub struct SwitchOptions {
    /// Seed of `random`; worker `n` starts at `seed + n`.
    pub seed: u64,
}

/// What workers and the control plane share.
pub(crate) struct Shared {
    pub(crate) program: Program,
    pub(crate) options: SwitchOptions,
    pub(crate) current: Arc<ArcSwap<Configuration>>,
    pub(crate) registers: Vec<RegisterArray>,
    meters: Vec<Box<[MeterCell]>>,
    pub(crate) meter_units: Vec<CounterUnit>,
    /// Counters: first cell of each.
    counter_cells: Vec<u32>,
    /// Writers wait for each other here; workers never come here.
    master: Mutex<Master>,
}

impl Shared {
    #[inline]
    pub(crate) fn meter_cell(&self, meter: usize, index: u64) -> Option<&MeterCell> {
        self.meters.get(meter)?.get(usize::try_from(index).ok()?)
    }

    fn master(&self) -> MutexGuard<'_, Master> {
        self.master.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A soft switch. Clones are the same switch.
#[derive(Clone)]
pub struct Switch {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = self.shared.current.load().version;
        f.debug_struct("Switch").field("configuration", &version).finish_non_exhaustive()
    }
}

/// How full a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableUsage {
    /// Entries that it has.
    pub used: u64,
    /// Entries that it holds.
    pub size: u64,
}

/// The direct counters of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectCounters {
    /// Each entry with what it counted.
    pub entries: Vec<(TableEntry, CounterData)>,
    /// What the default action counted.
    pub default: CounterData,
}

/// What one port has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortCounters {
    /// Packets that came in.
    pub received: CounterData,
    /// Copies that went out.
    pub sent: CounterData,
    /// Packets that came in here, and copies that were to go out here, which ended inside; reasons that never occurred left out.
    pub drops: Vec<(DropReason, CounterData)>,
}

/// What became of the copies for one (port, instance).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaCounters {
    /// Copies that went out.
    pub sent: CounterData,
    /// Copies that did not; reasons that never occurred left out.
    pub drops: Vec<(DropReason, CounterData)>,
}

impl Switch {
    /// Prepares a verified module, with its own entries in its tables and all ports up.
    ///
    /// # Errors
    ///
    /// What exceeds a bound of the soft switch, a module that the verifier would refuse, or an entry of the program that its
    /// table does not take.
    pub fn new(module: &Module, options: SwitchOptions) -> Result<Self, PrepareError> {
        let program = prepare(module)?;
        let mut next_cell = FIRST_PROGRAM_CELL;
        let mut counter_cells = Vec::new();
        for (_, counter) in module.counters.iter() {
            counter_cells.push(next_cell);
            next_cell += counter.size as u32;
        }
        let mut cells = CellAllocator::new(next_cell);
        let tables = module.tables.iter().zip(&program.info.tables);
        let tables = tables
            .map(|((_, table), info)| {
                let default = (
                    table.default_action.index as u16,
                    ActionCall {
                        action: info.default_action.clone(),
                        params: table.default_action.arguments.clone(),
                    },
                );
                MasterTable {
                    by_key: FxHashMap::default(),
                    entries: Vec::new(),
                    free: Vec::new(),
                    original_default: default.clone(),
                    default,
                    default_cell: if table.direct_counter.is_some() { cells.take() } else { 0 },
                    counts: table.direct_counter.is_some(),
                    sequence: 0,
                }
            })
            .collect();
        let mut master = Master { tables, cells, baselines: FxHashMap::default(), workers: Vec::new() };
        let first = first_configuration(&program, &master);
        let first = with_program_entries(module, &program, &first, &mut master)?;
        let registers =
            program.registers.iter().map(|plan| RegisterArray::new(plan.size, plan.width)).collect();
        let meters =
            module.meters.iter().map(|(_, meter)| (0..meter.size).map(|_| MeterCell::default()).collect());
        let shared = Shared {
            options,
            current: Arc::new(ArcSwap::from_pointee(first)),
            registers,
            meters: meters.collect(),
            meter_units: module.meters.iter().map(|(_, meter)| meter.unit).collect(),
            counter_cells,
            master: Mutex::new(master),
            program,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Tables, actions and externs of the program.
    pub fn info(&self) -> &PipelineInfo {
        &self.shared.program.info
    }

    /// Checks all updates, then applies them as one new configuration; or applies none.
    ///
    /// Registers are not part of the configuration: they are set right after it is published.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any update.
    pub fn write(&self, updates: &[Update]) -> Result<(), WriteErrors> {
        let mut master = self.shared.master();
        let oldest = oldest_in_use(&master.workers);
        master.cells.reclaim(oldest);
        let current = self.shared.current.load_full();
        let applied = Batch::new(&self.shared.program, &current, &mut master).apply(updates)?;
        self.shared.current.store(Arc::new(applied.configuration));
        for (index, cell, value) in applied.registers {
            self.shared.registers[index].write(cell, value.limbs());
        }
        Ok(())
    }

    /// Waits until no worker uses a configuration older than the latest one. Workers are not held up.
    pub fn drain(&self) {
        let (version, workers) = {
            let master = self.shared.master();
            (self.shared.current.load().version, master.workers.clone())
        };
        let mut rounds = 0u32;
        while oldest_in_use(&workers) < version {
            rounds += 1;
            if rounds < 100 {
                std::thread::yield_now();
            } else {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    }

    /// A worker, for one thread. It counts in cells of its own, which the switch keeps when the worker ends.
    pub fn worker(&self) -> Worker {
        let mut master = self.shared.master();
        let (index, slot) = master.add_worker();
        let current = self.shared.current.load_full();
        let next = master.next(&self.shared.program, &current, &FxHashSet::default());
        self.shared.current.store(Arc::new(next));
        drop(master);
        Worker::new(self.shared.clone(), index, slot)
    }

    fn table(&self, name: &str) -> Option<usize> {
        self.shared.program.tables.iter().position(|table| &*table.name == name)
    }

    /// The entries of a table, those of the program included; `None` if there is no such table.
    pub fn entries(&self, table: &str) -> Option<Vec<TableEntry>> {
        let index = self.table(table)?;
        let current = self.shared.current.load();
        Some(current.tables[index].entries.iter().flatten().map(|entry| entry.entry.clone()).collect())
    }

    /// What a table does on a miss now.
    pub fn default_action(&self, table: &str) -> Option<ActionCall> {
        let index = self.table(table)?;
        Some(self.shared.master().tables[index].default.1.clone())
    }

    /// How full a table is.
    pub fn table_usage(&self, table: &str) -> Option<TableUsage> {
        let index = self.table(table)?;
        let used = self.shared.current.load().tables[index].used as u64;
        Some(TableUsage { used, size: self.shared.program.info.tables[index].size })
    }

    /// The multicast groups, by id.
    pub fn multicast_groups(&self) -> Vec<MulticastGroup> {
        let current = self.shared.current.load();
        let mut groups: Vec<MulticastGroup> = current
            .replication
            .groups
            .iter()
            .map(|(id, paths)| MulticastGroup::new(*id, paths.iter().map(|path| path.replica)))
            .collect();
        groups.sort_by_key(|group| group.id);
        groups
    }

    /// One cell of a counter; `None` if there is no such cell.
    pub fn counter(&self, name: &str, index: u64) -> Option<CounterData> {
        let counters = &self.shared.program.info.counters;
        let at = counters.iter().position(|counter| &*counter.name == name)?;
        if index >= counters[at].size {
            return None;
        }
        Some(self.shared.current.load().cells.read(self.shared.counter_cells[at] + index as u32))
    }

    /// What the entries of a table and its default action counted; `None` if it has no direct counter.
    pub fn direct_counters(&self, table: &str) -> Option<DirectCounters> {
        let index = self.table(table)?;
        let master = self.shared.master();
        if !master.tables[index].counts {
            return None;
        }
        let current = self.shared.current.load();
        let read = |cell: u32| {
            let baseline = master.baselines.get(&cell).copied().unwrap_or_default();
            current.cells.read(cell).since(baseline)
        };
        let entries = current.tables[index].entries.iter().flatten();
        Some(DirectCounters {
            entries: entries.map(|entry| (entry.entry.clone(), read(entry.cell))).collect(),
            default: read(master.tables[index].default_cell),
        })
    }

    /// One cell of a register; `None` if there is no such cell.
    pub fn register(&self, name: &str, index: u64) -> Option<Bits> {
        let registers = &self.shared.program.registers;
        let at = registers.iter().position(|register| &*register.name == name)?;
        (index < registers[at].size).then(|| self.shared.registers[at].value(index))
    }

    fn change_port(&self, port: u16, change: impl FnOnce(&mut PortState)) -> Result<(), WriteError> {
        if port >= DROP_PORT {
            return Err(WriteError::Port { port });
        }
        let master = self.shared.master();
        let current = self.shared.current.load_full();
        let mut next = master.next(&self.shared.program, &current, &FxHashSet::default());
        let mut ports = *next.ports;
        change(&mut ports[usize::from(port)]);
        next.ports = Arc::new(ports);
        self.shared.current.store(Arc::new(next));
        Ok(())
    }

    /// Sets whether a port sends; copies for a port that is down are dropped and counted.
    ///
    /// # Errors
    ///
    /// [`WriteError::Port`] for a port above 510.
    pub fn set_port_up(&self, port: u16, up: bool) -> Result<(), WriteError> {
        self.change_port(port, |state| state.up = up)
    }

    /// Sets the longest frame that a port sends, bytes; longer ones are dropped and counted.
    ///
    /// # Errors
    ///
    /// [`WriteError::Port`] for a port above 510.
    pub fn set_max_frame(&self, port: u16, bytes: Option<u32>) -> Result<(), WriteError> {
        self.change_port(port, |state| state.max_frame = bytes)
    }

    /// What a port has seen; all zero for ports that do not exist.
    pub fn port_counters(&self, port: u16) -> PortCounters {
        let current = self.shared.current.load();
        if port >= DROP_PORT {
            return PortCounters {
                received: CounterData::default(),
                sent: CounterData::default(),
                drops: Vec::new(),
            };
        }
        let mut paths = vec![unicast_path(port)];
        let others = current.replication.paths.iter();
        paths.extend(others.filter(|(replica, _)| replica.port == port).map(|(_, cells)| *cells));
        let drops = drops(|reason| {
            let mut sum = current.cells.read(ingress_drop_cell(port, reason));
            paths.iter().for_each(|path| sum += current.cells.read(path_drop_cell(*path, reason)));
            sum
        });
        let mut sent = CounterData::default();
        paths.iter().for_each(|path| sent += current.cells.read(*path));
        PortCounters { received: current.cells.read(received_cell(port)), sent, drops }
    }

    /// What became of the copies for one port and instance. Instance 0 includes packets that were not replicated.
    pub fn replica_counters(&self, replica: Replica) -> ReplicaCounters {
        let current = self.shared.current.load();
        let path = match replica.instance {
            0 if replica.port < DROP_PORT => Some(unicast_path(replica.port)),
            _ => current.replication.paths.get(&replica).copied(),
        };
        let Some(path) = path else {
            return ReplicaCounters { sent: CounterData::default(), drops: Vec::new() };
        };
        ReplicaCounters {
            sent: current.cells.read(path),
            drops: drops(|reason| current.cells.read(path_drop_cell(path, reason))),
        }
    }
}

fn drops(count: impl Fn(DropReason) -> CounterData) -> Vec<(DropReason, CounterData)> {
    let all = DropReason::ALL.into_iter().map(|reason| (reason, count(reason)));
    all.filter(|(_, data)| data.packets > 0).collect()
}

/// No entries, no groups.
fn first_configuration(program: &Program, master: &Master) -> Configuration {
    let states: Vec<_> = master
        .tables
        .iter()
        .zip(&program.tables)
        .map(|(table, plan)| Arc::new(table.build(program, plan)))
        .collect();
    Configuration {
        version: 1,
        quick: states.iter().map(|state| Quick::of(state)).collect(),
        tables: states,
        replication: Arc::new(Replication::default()),
        meters: Arc::new(FxHashMap::default()),
        ports: Arc::new([PortState::default(); PORTS]),
        cells: Arc::new(Cells::default()),
    }
}

/// The program's own entries, put in as if written.
fn with_program_entries(
    module: &Module,
    program: &Program,
    first: &Configuration,
    master: &mut Master,
) -> Result<Configuration, PrepareError> {
    let mut batch = Batch::new(program, first, master);
    for ((handle, table), info) in module.tables.iter().zip(&program.info.tables) {
        for (index, entry) in table.entries.iter().enumerate() {
            let action = info.actions.get(entry.action.index as usize);
            let action = ActionCall {
                action: action.map_or_else(|| Arc::from(""), |listed| listed.name.clone()),
                params: entry.action.arguments.clone(),
            };
            let written = TableEntry::new(info.name.clone(), entry.matches.clone(), entry.priority, action);
            let is_const = entry.is_const || table.entries_are_const;
            batch.insert(handle.index(), &written, is_const).map_err(|error| PrepareError::Entry {
                table: table.name.clone(),
                index,
                error: Box::new(error),
            })?;
        }
    }
    match batch.apply(&[]) {
        Ok(applied) => Ok(applied.configuration),
        Err(errors) => Err(PrepareError::Invalid { what: errors.to_string() }),
    }
}
