//! Counter cells.
//!
//! Every number that the switch counts has a cell id. Each worker has its own cell of each id and is the only one to write it, so
//! that counting is an ordinary addition; reading adds the workers' cells up. Cells only ever grow: a reader that wants
//! to start from zero (a new table entry with a used id) keeps the sum that it started from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sluice_entities::{CounterData, PipelineInfo};

use crate::native::seam::CellAddress;
use crate::packet::DropReason;

/// Ports there are, the drop port included.
pub(crate) const PORTS: usize = 512;

/// Cells of a port: received packets, then one for each reason to drop at ingress.
const PORT_CELLS: u32 = 1 + DropReason::ALL.len() as u32;

/// Cells of a (port, instance): sent packets, then one for each reason to drop.
pub(crate) const PATH_CELLS: u32 = PORT_CELLS;

/// The cell that nobody reads: what is counted before any table matched.
pub(crate) const NULL_CELL: u32 = 0;

const FIRST_PORT_CELL: u32 = 1;

/// First cell of the path (port, 0) of port 0; the others follow.
const FIRST_UNICAST_CELL: u32 = FIRST_PORT_CELL + PORTS as u32 * PORT_CELLS;

/// First cell of the program's counters.
pub(crate) const FIRST_PROGRAM_CELL: u32 = FIRST_UNICAST_CELL + PORTS as u32 * PATH_CELLS;

/// First cell of one of the program's counters.
pub(crate) fn first_counter_cell(info: &PipelineInfo, counter: usize) -> u32 {
    let before = info.counters.iter().take(counter).map(|counter| counter.size as u32);
    FIRST_PROGRAM_CELL + before.sum::<u32>()
}

/// The cell of packets received on a port.
pub(crate) fn received_cell(port: u16) -> u32 {
    FIRST_PORT_CELL + u32::from(port) % PORTS as u32 * PORT_CELLS
}

/// The cell of packets that ingress of a port dropped for a reason.
pub(crate) fn ingress_drop_cell(port: u16, reason: DropReason) -> u32 {
    received_cell(port) + 1 + reason as u32
}

/// First cell of the path to a port without replication.
pub(crate) fn unicast_path(port: u16) -> u32 {
    FIRST_UNICAST_CELL + u32::from(port) % PORTS as u32 * PATH_CELLS
}

/// The cell of copies that were dropped on a path.
pub(crate) fn path_drop_cell(path: u32, reason: DropReason) -> u32 {
    path + 1 + reason as u32
}

/// Cells of one chunk.
pub(crate) const CHUNK: usize = 1024;

/// One number of packets and bytes. Native code knows where its fields are.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Cell {
    pub(crate) packets: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

type Chunk = Arc<[Cell; CHUNK]>;

/// A worker's cells, as native code sees them.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct CellsView {
    /// The first cell of each chunk.
    pub(crate) chunks: *const CellAddress,
    /// Number of chunks.
    pub(crate) count: u64,
}

fn new_chunk() -> Chunk {
    Arc::new(std::array::from_fn(|_| Cell::default()))
}

/// One worker's cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkerCells {
    chunks: Vec<Chunk>,
    /// Where each chunk is.
    addresses: Vec<CellAddress>,
}

impl WorkerCells {
    /// Counts one packet. Only the worker that the cells belong to may call this.
    #[inline(always)]
    pub(crate) fn count(&self, cell: u32, bytes: u64) {
        let cell = cell as usize;
        if let Some(chunk) = self.chunks.get(cell / CHUNK) {
            let cell = &chunk[cell % CHUNK];
            cell.packets.store(cell.packets.load(Relaxed).wrapping_add(1), Relaxed);
            cell.bytes.store(cell.bytes.load(Relaxed).wrapping_add(bytes), Relaxed);
        }
    }

    fn read(&self, cell: u32) -> CounterData {
        let cell = cell as usize;
        self.chunks.get(cell / CHUNK).map_or_else(CounterData::default, |chunk| {
            let cell = &chunk[cell % CHUNK];
            CounterData { packets: cell.packets.load(Relaxed), bytes: cell.bytes.load(Relaxed) }
        })
    }

    /// Makes room for that many cells.
    fn grow(&mut self, cells: u32) {
        while self.chunks.len() * CHUNK < cells as usize {
            let chunk = new_chunk();
            self.addresses.push(CellAddress::of(&chunk));
            self.chunks.push(chunk);
        }
    }

    pub(crate) fn view(&self) -> CellsView {
        CellsView { chunks: self.addresses.as_ptr(), count: self.addresses.len() as u64 }
    }
}

/// The cells of all workers, by worker index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    workers: Vec<WorkerCells>,
}

impl Cells {
    pub(crate) fn worker(&self, index: usize) -> Option<&WorkerCells> {
        self.workers.get(index)
    }

    /// The sum over all workers.
    pub(crate) fn read(&self, cell: u32) -> CounterData {
        let mut sum = CounterData::default();
        for worker in &self.workers {
            sum += worker.read(cell);
        }
        sum
    }

    /// Makes room for that many workers and cells.
    pub(crate) fn grow(&mut self, workers: usize, cells: u32) {
        if self.workers.len() < workers {
            self.workers.resize_with(workers, WorkerCells::default);
        }
        for worker in &mut self.workers {
            worker.grow(cells);
        }
    }

    /// Whether there is room.
    pub(crate) fn have(&self, workers: usize, cells: u32) -> bool {
        self.workers.len() >= workers
            && self.workers.iter().all(|worker| worker.chunks.len() * CHUNK >= cells as usize)
    }
}

/// Hands out cell ids. An id that was given back is handed out again when no worker can still count in it.
#[derive(Debug)]
pub(crate) struct CellAllocator {
    next: u32,
    free: Vec<u32>,
    /// Version of the first configuration without the id, and the id.
    retired: Vec<(u64, u32)>,
}

impl CellAllocator {
    /// Ids from `first` on.
    pub(crate) fn new(first: u32) -> Self {
        Self { next: first, free: Vec::new(), retired: Vec::new() }
    }

    /// Number of cells that workers need.
    pub(crate) fn end(&self) -> u32 {
        self.next
    }

    /// A cell that nobody uses.
    pub(crate) fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| self.take_range(1))
    }

    /// Adjacent cells.
    pub(crate) fn take_range(&mut self, count: u32) -> u32 {
        let first = self.next;
        self.next = self.next.saturating_add(count);
        first
    }

    /// Takes an id back that configurations from `version` on do not have.
    pub(crate) fn retire(&mut self, version: u64, cell: u32) {
        self.retired.push((version, cell));
    }

    /// Frees the ids that no worker uses any more: all workers have `oldest` or a later version.
    pub(crate) fn reclaim(&mut self, oldest: u64) {
        let free = &mut self.free;
        self.retired.retain(|(version, cell)| {
            let in_use = *version > oldest;
            if !in_use {
                free.push(*cell);
            }
            in_use
        });
    }
}
