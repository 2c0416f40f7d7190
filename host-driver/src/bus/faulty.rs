//! Faults of a bus, as a wrapper.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Bus, BusError, Interrupt, Iova, Space};
use crate::memory::Memory;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The function is pulled out: reads give all ones, writes go nowhere.
    Removed,
    /// It answers no more.
    Silent,
    /// It refuses to reset.
    NoReset,
    /// It cannot be given memory.
    NoMapping,
}

/// A bus on which something goes wrong when it is told to.
#[derive(Debug)]
pub struct Faulty<B> {
    bus: B,
    /// What is wrong, and after how many accesses.
    fault: Mutex<Option<(Fault, u64)>>,
    accesses: AtomicU64,
}

impl<B: Bus> Faulty<B> {
    /// A bus with which nothing is wrong yet.
    pub fn new(bus: B) -> Self {
        Self { bus, fault: Mutex::new(None), accesses: AtomicU64::new(0) }
    }

    /// The bus below.
    pub fn bus(&self) -> &B {
        &self.bus
    }

    /// From now on, after so many more accesses to registers, this is wrong.
    pub fn inject(&self, fault: Fault, after: u64) {
        let from = self.accesses.load(Ordering::Relaxed).saturating_add(after);
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some((fault, from));
    }

    /// How many accesses to registers there were.
    pub fn accesses(&self) -> u64 {
        self.accesses.load(Ordering::Relaxed)
    }

    /// What is wrong with the access after so many.
    fn after(&self, accesses: u64) -> Option<Fault> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.filter(|(_, from)| accesses >= *from).map(|(fault, _)| fault)
    }

    /// What is wrong with an access to registers, which is counted.
    fn of_access(&self) -> Option<Fault> {
        self.after(self.accesses.fetch_add(1, Ordering::Relaxed))
    }

    /// What is wrong with any other request.
    fn now(&self) -> Option<Fault> {
        self.after(self.accesses())
    }

    fn silent<T>(request: &'static str) -> Result<T, BusError> {
        Err(BusError::NoAnswer { request, waited_ms: 0 })
    }
}

impl<B: Bus> Bus for Faulty<B> {
    fn size(&self, space: Space) -> u64 {
        self.bus.size(space)
    }

    fn read(&self, space: Space, offset: u64, bytes: &mut [u8]) -> Result<(), BusError> {
        match self.of_access() {
            Some(Fault::Removed) => {
                bytes.fill(0xff);
                Ok(())
            }
            Some(Fault::Silent) => Self::silent("a read"),
            Some(Fault::NoReset | Fault::NoMapping) | None => self.bus.read(space, offset, bytes),
        }
    }

    fn write(&self, space: Space, offset: u64, bytes: &[u8]) -> Result<(), BusError> {
        match self.of_access() {
            Some(Fault::Removed) => Ok(()),
            Some(Fault::Silent) => Self::silent("a write"),
            Some(Fault::NoReset | Fault::NoMapping) | None => self.bus.write(space, offset, bytes),
        }
    }

    fn map(&self, iova: Iova, memory: &Arc<Memory>) -> Result<(), BusError> {
        match self.now() {
            Some(Fault::Silent) => Self::silent("a mapping"),
            Some(Fault::NoMapping) => {
                Err(BusError::Refused { request: "a mapping", why: "no memory can be locked".into() })
            }
            Some(Fault::Removed | Fault::NoReset) | None => self.bus.map(iova, memory),
        }
    }

    fn unmap(&self, iova: Iova, memory: &Memory) -> Result<(), BusError> {
        self.bus.unmap(iova, memory)
    }

    fn addresses(&self) -> Vec<RangeInclusive<u64>> {
        self.bus.addresses()
    }

    fn vectors(&self) -> u32 {
        self.bus.vectors()
    }

    fn connect(&self, interrupts: &[Interrupt]) -> Result<(), BusError> {
        self.bus.connect(interrupts)
    }

    fn reset(&self) -> Result<(), BusError> {
        match self.now() {
            Some(Fault::Silent) => Self::silent("a reset"),
            Some(Fault::NoReset | Fault::Removed) => {
                Err(BusError::Refused { request: "a reset", why: "the function does not come back".into() })
            }
            Some(Fault::NoMapping) | None => self.bus.reset(),
        }
    }

    fn wants_shared_memory(&self) -> bool {
        self.bus.wants_shared_memory()
    }
}
