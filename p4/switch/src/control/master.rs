//! What has been written, and who works with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustc_hash::FxHashMap;
use sluice_entities::{CounterData, Replica};

use super::barrier;
use super::profiles::MasterProfile;
use super::tables::MasterTable;
use crate::configuration::{Configuration, Quick};
use crate::counters::{CellAllocator, Cells};
use crate::engine::program::Program;
use crate::native::view::TableView;
use crate::pages::Pages;

/// What a worker is doing, for those who wait until it no longer uses something.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct WorkerSlot {
    /// Version of the configuration in use, [`Self::ENTERING`] or [`Self::IDLE`].
    epoch: AtomicU64,
    /// Time of the last packet, nanoseconds.
    time_ns: AtomicU64,
    in_use: AtomicBool,
    /// See [`barrier::is_remote`].
    has_remote_barrier: bool,
}

impl WorkerSlot {
    /// Older than every version: the worker is about to take a configuration.
    const ENTERING: u64 = 0;
    /// Newer than every version: the worker uses none.
    const IDLE: u64 = u64::MAX;

    fn new() -> Self {
        Self {
            epoch: AtomicU64::new(Self::IDLE),
            time_ns: AtomicU64::new(0),
            in_use: AtomicBool::new(true),
            has_remote_barrier: barrier::is_remote(),
        }
    }

    /// The worker is about to read which configuration is current, for a packet of that time.
    ///
    /// The barrier pairs with the one in [`oldest_in_use`]: either this worker reads the configuration that was published
    /// before that one, or whoever reads behind that one sees this worker entering.
    #[inline(always)]
    pub(crate) fn enter(&self, time_ns: u64) {
        self.time_ns.store(time_ns, Ordering::Relaxed);
        self.epoch.store(Self::ENTERING, Ordering::Relaxed);
        barrier::of_worker(self.has_remote_barrier);
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
    if !barrier::of_writer() {
        // Nothing is known: any of them may be entering.
        return WorkerSlot::ENTERING;
    }
    workers.iter().map(|worker| worker.epoch.load(Ordering::Acquire)).min().unwrap_or(WorkerSlot::IDLE)
}

/// Waits until no worker uses a version older than that one.
pub(crate) fn wait_for(workers: &[Arc<WorkerSlot>], version: u64) {
    let mut rounds = 0u32;
    while oldest_in_use(workers) < version {
        rounds += 1;
        if rounds < 100 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Master {
    pub(crate) tables: Vec<MasterTable>,
    pub(crate) profiles: Vec<MasterProfile>,
    pub(crate) cells: CellAllocator,
    /// What counters' cells show where they are to show zero.
    pub(crate) baselines: Pages<CounterData>,
    /// First counter cell of each (port, instance) that a group or session ever had.
    pub(crate) paths: FxHashMap<Replica, u32>,
    pub(crate) workers: Vec<Arc<WorkerSlot>>,
    /// The latest time that the switch was told, nanoseconds.
    pub(crate) clock_ns: u64,
    /// When an idle entry was told last, nanoseconds, by table and slot.
    pub(crate) told_idle: FxHashMap<(usize, u32), u64>,
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

    /// The time: the latest that a packet had or that the switch was told.
    pub(crate) fn now_ns(&self) -> u64 {
        let packets = self.workers.iter().map(|worker| worker.time_ns.load(Ordering::Relaxed));
        packets.max().unwrap_or(0).max(self.clock_ns)
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

    /// What a cell counted.
    pub(crate) fn count(&self, cells: &Cells, cell: u32) -> CounterData {
        cells.read(cell).since(*self.baselines.get(u64::from(cell)))
    }

    /// Makes a cell show that from now on.
    pub(crate) fn set_count(&mut self, cells: &Cells, cell: u32, data: CounterData) {
        self.baselines.set(u64::from(cell), cells.read(cell).since(data));
    }

    /// Makes a configuration the one behind `current`: what was written to tables goes into it.
    pub(crate) fn finish(&mut self, program: &Program, current: &Configuration, next: &mut Configuration) {
        next.version = current.version + 1;
        next.gate = None;
        next.cells = self.grown(&current.cells);
        for (index, table) in self.tables.iter_mut().enumerate() {
            if table.is_touched {
                let state = table.publish(program, &program.tables[index], &current.tables[index]);
                next.quick[index] = Quick::of(&state);
                next.views.set(index, TableView::of(&state, &program.tables[index]));
                next.tables[index] = state;
            }
        }
    }
}
