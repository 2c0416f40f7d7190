//! A bus in this process: a device model is called directly.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Bus, BusError, Interrupt, Iova, Space, check};
use crate::function::{Function, Line, Machine};
use crate::memory::Memory;

/// A device model, and the machine around it.
pub struct InProcess<F> {
    inner: Mutex<Inner<F>>,
}

struct Inner<F> {
    function: F,
    machine: Machine,
}

impl<F> fmt::Debug for InProcess<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a device in this process")
    }
}

impl<F: Function> InProcess<F> {
    /// Puts a function into a machine.
    pub fn new(function: F) -> Self {
        Self { inner: Mutex::new(Inner { function, machine: Machine::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<F>> {
        // What a panic left is registers, any of which a driver has to take.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the device from outside: a frame comes in, time goes on.
    pub fn with<T>(&self, action: impl FnOnce(&mut F, &mut Machine) -> T) -> T {
        let mut inner = self.lock();
        let Inner { function, machine } = &mut *inner;
        action(function, machine)
    }
}

impl<F: Function> Bus for InProcess<F> {
    fn size(&self, space: Space) -> u64 {
        self.lock().function.size(space)
    }

    fn read(&self, space: Space, offset: u64, bytes: &mut [u8]) -> Result<(), BusError> {
        let mut inner = self.lock();
        check(space, offset, bytes.len(), inner.function.size(space))?;
        if inner.function.read(space, offset, bytes).is_err() {
            bytes.fill(0xff);
        }
        Ok(())
    }

    fn write(&self, space: Space, offset: u64, bytes: &[u8]) -> Result<(), BusError> {
        let mut inner = self.lock();
        check(space, offset, bytes.len(), inner.function.size(space))?;
        let Inner { function, machine } = &mut *inner;
        // As on a real bus: a posted write has no answer.
        let _ = function.write(machine, space, offset, bytes);
        Ok(())
    }

    fn map(&self, iova: Iova, memory: &Arc<Memory>) -> Result<(), BusError> {
        self.lock().machine.map(iova, memory.clone())
    }

    fn unmap(&self, iova: Iova, memory: &Memory) -> Result<(), BusError> {
        self.lock().machine.unmap(iova, memory.len() as u64);
        Ok(())
    }

    fn addresses(&self) -> Vec<RangeInclusive<u64>> {
        // As an IOMMU of 39 bits, the smallest in use.
        std::iter::once(0..=(1 << 39) - 1).collect()
    }

    fn vectors(&self) -> u32 {
        u32::from(self.lock().function.vectors())
    }

    fn connect(&self, interrupts: &[Interrupt]) -> Result<(), BusError> {
        let vectors = self.vectors();
        if interrupts.len() > vectors as usize {
            return Err(BusError::TooManyInterrupts { asked: interrupts.len(), vectors });
        }
        let lines = interrupts.iter().map(|interrupt| Some(Box::new(interrupt.clone()) as Box<dyn Line>));
        self.lock().machine.connect(lines.collect());
        Ok(())
    }

    fn reset(&self) -> Result<(), BusError> {
        self.lock().function.reset();
        Ok(())
    }

    fn wants_shared_memory(&self) -> bool {
        false
    }
}
