//! Register arrays, shared by the workers.
//!
//! A cell of up to 64 bits is read and written without a lock; one of more bits under a lock that is held for that access alone. A read
//! and a write by one packet are two accesses: other workers may come between.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use sluice_entities::Bits;

/// One array.
#[derive(Debug)]
pub(crate) struct RegisterArray {
    width: u32,
    cells: Storage,
}

#[derive(Debug)]
enum Storage {
    Narrow(Box<[AtomicU64]>),
    /// Limbs of all cells.
    Wide(Mutex<Box<[u64]>>),
}

impl RegisterArray {
    /// All zero.
    pub(crate) fn new(size: u64, width: u32) -> Self {
        let count = usize::try_from(size).unwrap_or(0);
        let cells = if width <= 64 {
            Storage::Narrow((0..count).map(|_| AtomicU64::new(0)).collect())
        } else {
            let limbs = width.div_ceil(64) as usize;
            Storage::Wide(Mutex::new(vec![0; count * limbs].into_boxed_slice()))
        };
        Self { width, cells }
    }

    fn limbs(&self) -> usize {
        self.width.div_ceil(64) as usize
    }

    /// Reads a cell into limbs; zero beyond the end.
    #[inline]
    pub(crate) fn read(&self, index: u64, to: &mut [u64]) {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        match &self.cells {
            Storage::Narrow(cells) => {
                if let Some(to) = to.first_mut() {
                    *to = cells.get(index).map_or(0, |cell| cell.load(Relaxed));
                }
            }
            Storage::Wide(cells) => {
                let cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
                let limbs = self.limbs();
                let cell = index.checked_mul(limbs).and_then(|at| cells.get(at..at + limbs));
                match cell {
                    Some(cell) => to.copy_from_slice(cell),
                    None => to.fill(0),
                }
            }
        }
    }

    /// Writes a cell; nothing beyond the end.
    #[inline]
    pub(crate) fn write(&self, index: u64, from: &[u64]) {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        match &self.cells {
            Storage::Narrow(cells) => {
                if let (Some(cell), Some(value)) = (cells.get(index), from.first()) {
                    cell.store(*value, Relaxed);
                }
            }
            Storage::Wide(cells) => {
                let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
                let limbs = self.limbs();
                if let Some(cell) = index.checked_mul(limbs).and_then(|at| cells.get_mut(at..at + limbs)) {
                    cell.copy_from_slice(from);
                }
            }
        }
    }

    /// A cell's value.
    pub(crate) fn value(&self, index: u64) -> Bits {
        let mut limbs = vec![0; self.limbs()];
        self.read(index, &mut limbs);
        Bits::from_limbs(self.width, &limbs)
    }
}
