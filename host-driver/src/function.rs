//! The device's side of the seam: what a model of a PCI function is asked, and what it can ask of the machine it is in.

use std::io;
use std::sync::Arc;

use crate::bus::{BusError, Iova, Space};
use crate::memory::Memory;

/// A PCI function, as its model.
pub trait Function: Send {
    /// Bytes of a space; 0 for one that it does not have. Does not change.
    fn size(&self, space: Space) -> u64;

    /// MSI-X vectors. Does not change.
    fn vectors(&self) -> u16;

    /// Reads registers. The bytes lie in the space.
    ///
    /// # Errors
    ///
    /// What the function does not take; the machine sees all ones then.
    fn read(&mut self, space: Space, offset: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Writes registers. The bytes lie in the space.
    ///
    /// # Errors
    ///
    /// What the function does not take; the write has no effect then.
    fn write(&mut self, machine: &mut Machine, space: Space, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Function-level reset (PCI Express Base Specification, 6.6.2).
    fn reset(&mut self);
}

/// Something that can be told that an interrupt was raised.
pub trait Line: Send {
    /// Raises it once.
    fn raise(&self);
}

impl Line for crate::bus::Interrupt {
    fn raise(&self) {
        self.signal();
    }
}

/// The machine around a function: the memory it may reach, and the interrupts it may raise.
#[derive(Default)]
pub struct Machine {
    mappings: Vec<(Iova, Arc<Memory>)>,
    lines: Vec<Option<Box<dyn Line>>>,
    /// Reads and writes of the device that reached no memory.
    pub faults: u64,
    /// Interrupts raised that nobody listened to.
    pub unheard: u64,
}

impl Machine {
    /// A machine that has given the function nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the function reach memory, from an address on.
    ///
    /// # Errors
    ///
    /// [`BusError::Overlap`] with what it reaches already.
    pub fn map(&mut self, iova: Iova, memory: Arc<Memory>) -> Result<(), BusError> {
        let end = |start: Iova, memory: &Memory| start.0 + memory.len() as u64;
        if self
            .mappings
            .iter()
            .any(|(start, other)| start.0 < end(iova, &memory) && iova.0 < end(*start, other))
        {
            return Err(BusError::Overlap { iova });
        }
        self.mappings.push((iova, memory));
        self.mappings.sort_by_key(|(start, _)| *start);
        Ok(())
    }

    /// Takes memory away again: all that lies from an address on, that many bytes.
    pub fn unmap(&mut self, iova: Iova, bytes: u64) {
        self.mappings.retain(|(start, memory)| {
            let is_within =
                start.0 >= iova.0 && start.0 + memory.len() as u64 <= iova.0.saturating_add(bytes);
            !is_within
        });
    }

    /// Connects interrupts, vector 0 first; those that were connected before are no more.
    pub fn connect(&mut self, lines: Vec<Option<Box<dyn Line>>>) {
        self.lines = lines;
    }

    /// Connects some of the interrupts; the others stay.
    pub fn connect_from(&mut self, first: usize, lines: Vec<Option<Box<dyn Line>>>) {
        let end = first + lines.len();
        if self.lines.len() < end {
            self.lines.resize_with(end, || None);
        }
        for (slot, line) in self.lines[first..end].iter_mut().zip(lines) {
            *slot = line;
        }
    }

    /// Raises an interrupt, if somebody listens.
    pub fn raise(&mut self, vector: u16) {
        match self.lines.get(usize::from(vector)) {
            Some(Some(line)) => line.raise(),
            Some(None) | None => self.unheard += 1,
        }
    }

    fn find(&self, iova: Iova, bytes: usize) -> Option<(&Memory, usize)> {
        let after = self.mappings.partition_point(|(start, _)| *start <= iova);
        let (start, memory) = self.mappings.get(after.checked_sub(1)?)?;
        let at = usize::try_from(iova.0 - start.0).ok()?;
        at.checked_add(bytes).is_some_and(|end| end <= memory.len()).then_some((memory, at))
    }

    /// Does something with memory at an address; says whether there was some. Where not all of the bytes lie in one mapping, it is a fault and nothing is done.
    fn reach(&mut self, iova: Iova, bytes: usize, action: impl FnOnce(&Memory, usize)) -> bool {
        match self.find(iova, bytes) {
            Some((memory, at)) => {
                action(memory, at);
                true
            }
            None => {
                self.faults += 1;
                false
            }
        }
    }

    /// Reads memory; says whether there was some. Where there was none, the bytes stay as they are.
    pub fn read(&mut self, iova: Iova, bytes: &mut [u8]) -> bool {
        self.reach(iova, bytes.len(), |memory, at| memory.read(at, bytes))
    }

    /// Writes memory; says whether there was some.
    pub fn write(&mut self, iova: Iova, bytes: &[u8]) -> bool {
        self.reach(iova, bytes.len(), |memory, at| memory.write(at, bytes))
    }

    /// Writes memory whose last word says that the others are there: that word comes last. The bytes are words.
    pub fn write_record(&mut self, iova: Iova, bytes: &[u8]) -> bool {
        let (before, last) = bytes.split_at(bytes.len().saturating_sub(4));
        self.reach(iova, bytes.len(), |memory, at| {
            memory.write(at, before);
            Memory::write_barrier();
            let word = last.try_into().map_or(0, u32::from_le_bytes);
            memory.write_u32(at + before.len(), word);
        })
    }
}
