//! What has been written, and how it becomes a configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_entities::{ActionCall, Bits, CounterData, Match, TableEntry};

use crate::configuration::{Choice, Configuration, Entry, Quick, TableState};
use crate::counters::{CellAllocator, Cells};
use crate::engine::program::{Program, TablePlan};
use crate::tables::{Engine, Rule};

/// What a worker is doing, for those who wait until it no longer uses something.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct WorkerSlot {
    /// Version of the configuration in use, [`Self::ENTERING`] or [`Self::IDLE`].
    epoch: AtomicU64,
    in_use: AtomicBool,
}

impl WorkerSlot {
    /// Older than every version: the worker is about to take a configuration.
    const ENTERING: u64 = 0;
    /// Newer than every version: the worker uses none.
    const IDLE: u64 = u64::MAX;

    fn new() -> Self {
        Self { epoch: AtomicU64::new(Self::IDLE), in_use: AtomicBool::new(true) }
    }

    /// The worker is about to read which configuration is current.
    ///
    /// The fence pairs with the one in [`oldest_in_use`]: either this worker reads the configuration that was published
    /// before that fence, or that fence's reader sees this worker entering.
    #[inline(always)]
    pub(crate) fn enter(&self) {
        self.epoch.store(Self::ENTERING, Ordering::Relaxed);
        std::sync::atomic::fence(Ordering::SeqCst);
    }

    /// The worker uses that version.
    #[inline(always)]
    pub(crate) fn uses(&self, version: u64) {
        self.epoch.store(version, Ordering::Release);
    }

    /// The worker uses no configuration any more.
    #[inline(always)]
    pub(crate) fn leave(&self) {
        self.epoch.store(Self::IDLE, Ordering::Release);
    }

    /// The worker is gone.
    pub(crate) fn release(&self) {
        self.leave();
        self.in_use.store(false, Ordering::Release);
    }
}

/// The oldest version that a worker may be using.
pub(crate) fn oldest_in_use(workers: &[Arc<WorkerSlot>]) -> u64 {
    std::sync::atomic::fence(Ordering::SeqCst);
    workers.iter().map(|worker| worker.epoch.load(Ordering::Acquire)).min().unwrap_or(WorkerSlot::IDLE)
}

/// One table's entries.
#[derive(Debug)]
pub(crate) struct MasterTable {
    pub(crate) by_key: FxHashMap<(Vec<Match>, u32), u32>,
    pub(crate) entries: Vec<Option<Arc<Entry>>>,
    pub(crate) free: Vec<u32>,
    /// The default action: index in the table's list, and data.
    pub(crate) default: (u16, ActionCall),
    /// The program's.
    pub(crate) original_default: (u16, ActionCall),
    pub(crate) default_cell: u32,
    pub(crate) counts: bool,
    /// Entries made so far.
    pub(crate) sequence: u32,
}

impl MasterTable {
    /// Puts an entry into a free slot.
    pub(crate) fn insert(&mut self, entry: Arc<Entry>) -> u32 {
        let key = (entry.entry.matches.clone(), entry.entry.priority);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.entries.push(None);
                (self.entries.len() - 1) as u32
            }
        };
        self.entries[slot as usize] = Some(entry);
        self.by_key.insert(key, slot);
        slot
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Arc<Entry>> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        self.by_key.remove(&(entry.entry.matches.clone(), entry.entry.priority));
        self.free.push(slot);
        Some(entry)
    }

    /// Puts another entry of the same key in its place.
    pub(crate) fn replace(&mut self, slot: u32, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        self.entries.get_mut(slot as usize)?.replace(entry)
    }

    pub(crate) fn find(&self, entry: &TableEntry) -> Option<(u32, &Arc<Entry>)> {
        let slot = *self.by_key.get(&(entry.matches.clone(), entry.priority))?;
        Some((slot, self.entries.get(slot as usize)?.as_ref()?))
    }

    /// Makes what workers look things up in.
    pub(crate) fn build(&self, program: &Program, plan: &TablePlan) -> TableState {
        let mut data = Vec::new();
        let mut choose = |action: u16, params: &[Bits], cell: u32| {
            let action_plan = &program.actions[usize::from(plan.actions[usize::from(action)])];
            let start = data.len() as u32;
            for value in params {
                data.extend_from_slice(value.limbs());
            }
            Choice {
                code: action_plan.code,
                combine: action_plan.combine,
                data: start,
                data_words: action_plan.param_words,
                action,
                cell,
            }
        };
        let default = choose(self.default.0, &self.default.1.params, self.default_cell);
        let mut rules = Vec::with_capacity(self.by_key.len());
        let mut choices = Vec::with_capacity(self.entries.len());
        for (slot, entry) in self.entries.iter().enumerate() {
            let Some(entry) = entry else {
                choices.push(default);
                continue;
            };
            choices.push(choose(entry.action, entry.params(), entry.cell));
            rules.push(Rule { slot: slot as u32, matches: entry.matches(), rank: entry.rank });
        }
        let engine = Engine::build(&plan.shape, &rules);
        TableState { engine, choices, default, data, entries: self.entries.clone(), used: rules.len() }
    }
}

/// Everything that has been written, and who works with it.
#[derive(Debug)]
pub(crate) struct Master {
    pub(crate) tables: Vec<MasterTable>,
    pub(crate) cells: CellAllocator,
    /// What direct counters' cells showed when their entries got them.
    pub(crate) baselines: FxHashMap<u32, CounterData>,
    pub(crate) workers: Vec<Arc<WorkerSlot>>,
}

impl Master {
    /// A place for a new worker.
    pub(crate) fn add_worker(&mut self) -> (usize, Arc<WorkerSlot>) {
        let unused = self.workers.iter().position(|slot| !slot.in_use.load(Ordering::Acquire));
        if let Some(index) = unused {
            self.workers[index].in_use.store(true, Ordering::Release);
            return (index, self.workers[index].clone());
        }
        let slot = Arc::new(WorkerSlot::new());
        self.workers.push(slot.clone());
        (self.workers.len() - 1, slot)
    }

    /// Cells with room for all workers and ids.
    pub(crate) fn grown(&self, cells: &Arc<Cells>) -> Arc<Cells> {
        let (workers, end) = (self.workers.len(), self.cells.end());
        if cells.have(workers, end) {
            return cells.clone();
        }
        let mut grown = Cells::clone(cells);
        grown.grow(workers, end);
        Arc::new(grown)
    }

    /// The next configuration, with the tables in `touched` built anew.
    pub(crate) fn next(
        &self,
        program: &Program,
        current: &Configuration,
        touched: &FxHashSet<usize>,
    ) -> Configuration {
        let mut next = Configuration {
            version: current.version + 1,
            tables: current.tables.clone(),
            quick: current.quick.clone(),
            replication: current.replication.clone(),
            meters: current.meters.clone(),
            ports: current.ports.clone(),
            cells: self.grown(&current.cells),
        };
        for (index, plan) in program.tables.iter().enumerate() {
            if touched.contains(&index) {
                let state = self.tables[index].build(program, plan);
                next.quick[index] = Quick::of(&state);
                next.tables[index] = Arc::new(state);
            }
        }
        next
    }
}
