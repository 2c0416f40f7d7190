//! Memory that a card reaches.

use std::sync::Arc;

use super::{CardError, Shared};
use crate::bus::Iova;
use crate::memory::Memory;

/// Memory, and where the card sees it. It is taken away from the card when this goes, and only then freed.
#[derive(Debug)]
pub(super) struct Mapped {
    memory: Arc<Memory>,
    iova: Iova,
    shared: Arc<Shared>,
}

impl Mapped {
    /// Memory of at least that many bytes.
    pub(super) fn new(shared: Arc<Shared>, bytes: usize) -> Result<Self, CardError> {
        let memory = match shared.bus.wants_shared_memory() {
            true => Memory::shared(bytes).map_err(CardError::Memory)?,
            false => Memory::private(bytes),
        };
        let memory = Arc::new(memory);
        let iova = shared.addresses().take(&memory)?;
        if let Err(error) = shared.bus.map(iova, &memory) {
            shared.addresses().give_back(iova, &memory);
            return Err(error.into());
        }
        Ok(Self { memory, iova, shared })
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Where the card sees a byte of it.
    pub(super) fn address(&self, at: usize) -> u64 {
        self.iova.0 + at as u64
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        match self.shared.bus.unmap(self.iova, &self.memory) {
            Ok(()) => self.shared.addresses().give_back(self.iova, &self.memory),
            Err(error) => {
                // The card may still write to it: better lost than given to somebody else.
                tracing::warn!(%error, "memory could not be taken away from the card and is kept");
                std::mem::forget(self.memory.clone());
            }
        }
    }
}
