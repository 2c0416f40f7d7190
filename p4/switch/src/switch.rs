//! The switch: one program, its state, and the ways to write and read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use sluice_entities::{
    ActionCall, Atomicity, CounterData, CounterUnit, EntryAttributes, PipelineInfo, TableEntry, Update,
};
use sluice_ir::Module;

use crate::configuration::{Configuration, PortState, Quick, Replication, ValueSetState};
use crate::control::batch::{Batch, Effects};
use crate::control::digests::{DigestList, Digests};
use crate::control::error::WriteErrors;
use crate::control::gate::Gate;
use crate::control::master::{Master, oldest_in_use, wait_for};
use crate::control::profiles::MasterProfile;
use crate::control::tables::{MasterDefault, MasterTable};
use crate::counters::{CellAllocator, Cells, FIRST_PROGRAM_CELL, NULL_CELL, PORTS};
use crate::engine::program::Program;
use crate::externs::meter::MeterCell;
use crate::externs::register::RegisterArray;
use crate::native::view::TableView;
use crate::native::{Engine, Native, NoNativeCode};
use crate::pages::Pages;
use crate::prepare::{PrepareError, prepare};
use crate::tables::Engine as MatchEngine;
use crate::worker::Worker;

/// How a switch runs, apart from its program.
#[derive(Clone, Debug, Default)]
pub struct SwitchOptions {
    /// Seed of `random`; worker `n` starts at `seed + n`.
    pub seed: u64,
    /// What runs the program; [`Switch::engine`] says what does.
    pub engine: Engine,
}

/// What workers and the control plane share.
pub(crate) struct Shared {
    pub(crate) program: Program,
    /// The program's native code, if it is wanted and there is some.
    pub(crate) native: Option<Native>,
    /// Why there is none though it is wanted.
    no_native: Option<NoNativeCode>,
    pub(crate) options: SwitchOptions,
    pub(crate) current: Arc<ArcSwap<Configuration>>,
    pub(crate) registers: Vec<RegisterArray>,
    meters: Vec<Box<[MeterCell]>>,
    pub(crate) meter_units: Vec<CounterUnit>,
    pub(crate) digests: Digests,
    /// Writers wait for each other here; workers never come here.
    master: Mutex<Master>,
}

impl Shared {
    #[inline]
    pub(crate) fn meter_cell(&self, meter: usize, index: u64) -> Option<&MeterCell> {
        self.meters.get(meter)?.get(usize::try_from(index).ok()?)
    }

    pub(crate) fn master(&self) -> MutexGuard<'_, Master> {
        self.master.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A soft switch. Clones are the same switch.
#[derive(Clone)]
pub struct Switch {
    pub(crate) shared: Arc<Shared>,
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

impl Switch {
    /// Prepares a verified module, with its own entries in its tables and all ports up.
    ///
    /// # Errors
    ///
    /// What exceeds a bound of the soft switch, a module that the verifier would refuse, or an entry of the program that its
    /// table does not take.
    pub fn new(module: &Module, options: SwitchOptions) -> Result<Self, PrepareError> {
        let program = prepare(module)?;
        let mut master = first_master(module, &program);
        let first = first_configuration(&program, &master);
        let first = with_program_entries(module, &program, &first, &mut master)?;
        let registers =
            program.registers.iter().map(|plan| RegisterArray::new(plan.size, plan.width)).collect();
        let meters =
            module.meters.iter().map(|(_, meter)| (0..meter.size).map(|_| MeterCell::default()).collect());
        let (native, no_native) = match options.engine {
            Engine::Interpreter => (None, None),
            Engine::Native => match Native::compile(&program) {
                Ok(native) => (Some(native), None),
                Err(why) => (None, Some(why)),
            },
        };
        let shared = Shared {
            native,
            no_native,
            options,
            current: Arc::new(ArcSwap::from_pointee(first)),
            registers,
            meters: meters.collect(),
            meter_units: module.meters.iter().map(|(_, meter)| meter.unit).collect(),
            digests: Digests::new(&program.info),
            master: Mutex::new(master),
            program,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What runs the program: what the options want, or the interpreter, if there is no native code.
    pub fn engine(&self) -> Engine {
        if self.shared.native.is_some() { Engine::Native } else { Engine::Interpreter }
    }

    /// Why the program has no native code, if it was wanted.
    pub fn no_native_code(&self) -> Option<&NoNativeCode> {
        self.shared.no_native.as_ref()
    }

    /// Tables, actions and externs of the program.
    pub fn info(&self) -> &PipelineInfo {
        &self.shared.program.info
    }

    /// Checks all updates, then applies them as one new configuration; or applies none.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any update.
    pub fn write(&self, updates: &[Update]) -> Result<(), WriteErrors> {
        self.write_batch(updates, Atomicity::DataplaneAtomic)
    }

    /// Applies updates in order. A packet finds all that is done of them done, or nothing.
    ///
    /// Must not be called by a sink, while its worker is in a packet, if the updates write registers.
    ///
    /// # Errors
    ///
    /// What is wrong with updates. With [`Atomicity::ContinueOnError`] all others are done, with the other two none is; with
    /// [`Atomicity::RollbackOnError`] the first mistake is told alone.
    pub fn write_batch(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), WriteErrors> {
        let mut master = self.shared.master();
        let oldest = oldest_in_use(&master.workers);
        master.cells.reclaim(oldest);
        let current = self.shared.current.load_full();
        let applied = Batch::new(&self.shared.program, &current, &mut master).apply(updates, atomicity)?;
        // Tables can use what they had before as soon as nobody holds it.
        drop(current);
        self.publish(&mut master, applied.configuration, &applied.effects);
        if applied.errors.is_empty() { Ok(()) } else { Err(WriteErrors { errors: applied.errors }) }
    }

    /// Publishes a configuration together with what belongs to it and stands elsewhere.
    fn publish(&self, master: &mut Master, mut next: Configuration, effects: &Effects) {
        let now_ns = master.now_ns();
        for (table, slot) in &effects.new_entries {
            if let Some(hits) = &next.tables[*table].hits {
                hits.note(*slot, now_ns);
            }
        }
        for (first, count, data) in &effects.counters {
            (*first..*first + *count as u32).for_each(|cell| master.set_count(&next.cells, cell, *data));
        }
        for (meter, cell) in &effects.meters {
            match cell {
                Some(cell) => self.shared.meter_cell(*meter, *cell).into_iter().for_each(MeterCell::clear),
                None => self.shared.meters[*meter].iter().for_each(MeterCell::clear),
            }
        }
        effects.direct_meters.iter().for_each(|meter| meter.clear());
        effects.digests.iter().for_each(|digest| self.shared.digests.clear(*digest));
        if effects.registers.is_empty() {
            self.shared.current.store(Arc::new(next));
            return;
        }
        let gate = Arc::new(Gate::default());
        next.gate = Some(gate.clone());
        let mut open = next.clone();
        let version = next.version;
        self.shared.current.store(Arc::new(next));
        wait_for(&master.workers, version);
        for (register, cell, value) in &effects.registers {
            let array = &self.shared.registers[*register];
            match cell {
                Some(cell) => array.write(*cell, value.limbs()),
                None => (0..self.shared.program.registers[*register].size)
                    .for_each(|cell| array.write(cell, value.limbs())),
            }
        }
        gate.open();
        open.gate = None;
        open.version += 1;
        self.shared.current.store(Arc::new(open));
    }

    /// Waits until no worker uses a configuration older than the latest one. Workers are not held up.
    pub fn drain(&self) {
        let (version, workers) = {
            let master = self.shared.master();
            (self.shared.current.load().version, master.workers.clone())
        };
        wait_for(&workers, version);
    }

    /// A worker, for one thread. It counts in cells of its own, which the switch keeps when the worker ends.
    pub fn worker(&self) -> Worker {
        let mut master = self.shared.master();
        let (index, slot) = master.add_worker();
        let current = self.shared.current.load_full();
        let mut next = Configuration::clone(&current);
        master.finish(&self.shared.program, &current, &mut next);
        self.shared.current.store(Arc::new(next));
        drop(master);
        Worker::new(self.shared.clone(), index, slot)
    }

    /// The lists of digest messages that are ready, by digest and number; each is told once.
    pub fn digest_lists(&self) -> Vec<DigestList> {
        let now_ns = self.now_ns();
        self.shared.digests.ready(&self.shared.current.load(), now_ns)
    }

    /// The controller has acted on a list of digest messages; says whether there is a digest of that name.
    pub fn acknowledge_digests(&self, digest: &str, list: u64) -> bool {
        self.shared.digests.acknowledge(digest, list)
    }
}

/// No entries, no groups.
fn first_master(module: &Module, program: &Program) -> Master {
    let counted: u64 = module.counters.iter().map(|(_, counter)| counter.size).sum();
    let mut cells = CellAllocator::new(FIRST_PROGRAM_CELL + counted as u32);
    let tables = module.tables.iter().zip(&program.info.tables).zip(&program.tables);
    let tables = tables.map(|(((_, table), info), plan)| {
        let call = ActionCall {
            action: info.default_action.clone(),
            params: table.default_action.arguments.clone(),
        };
        let action = table.default_action.index as u16;
        let default = MasterDefault { action, call, attributes: EntryAttributes::default() };
        let cell = if plan.has_cells { cells.take() } else { NULL_CELL };
        MasterTable::new(program, plan, default, cell)
    });
    Master {
        tables: tables.collect(),
        profiles: program.profiles.iter().map(|_| MasterProfile::default()).collect(),
        cells,
        baselines: Pages::new(CounterData::default()),
        paths: FxHashMap::default(),
        workers: Vec::new(),
        clock_ns: 0,
        told_idle: FxHashMap::default(),
    }
}

fn first_configuration(program: &Program, master: &Master) -> Configuration {
    let tables = master.tables.iter().zip(&program.tables).zip(&program.info.tables);
    let tables: Vec<_> = tables
        .map(|((table, plan), info)| Arc::new(table.first(program, plan, info.has_idle_timeouts)))
        .collect();
    let value_set = |shape| ValueSetState { engine: MatchEngine::build(shape, &[]), members: Vec::new() };
    Configuration {
        version: 1,
        quick: tables.iter().map(|state| Quick::of(state)).collect(),
        views: tables.iter().zip(&program.tables).map(|(state, plan)| TableView::of(state, plan)).collect(),
        tables,
        profiles: program.profiles.iter().map(|_| Arc::default()).collect(),
        value_sets: program.value_sets.iter().map(|shape| Arc::new(value_set(shape))).collect(),
        replication: Arc::new(Replication::default()),
        meters: Arc::new(program.info.meters.iter().map(|_| Pages::new(None)).collect()),
        direct_meters: Arc::new(Pages::new(None)),
        digests: Arc::new(vec![None; program.info.digests.len()]),
        ports: Arc::new([PortState::default(); PORTS]),
        cells: Arc::new(Cells::default()),
        gate: None,
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
    match batch.apply(&[], Atomicity::DataplaneAtomic) {
        Ok(applied) => Ok(applied.configuration),
        Err(errors) => Err(PrepareError::Invalid { what: errors.to_string() }),
    }
}
