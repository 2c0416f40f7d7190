//! What is written together with registers takes effect together.
//!
//! Registers are not part of a configuration: packets write them, and all workers share them. A batch that writes them with anything
//! else publishes a configuration with a shut gate: a worker that takes it waits at the gate. Once no worker is in a packet with an older
//! configuration, the registers are set and the gate is opened: every packet finds all of the batch done, or none. It is the one case in
//! which a worker waits for a write: as long as the other workers need for the packet that they are in.

use std::sync::atomic::{AtomicBool, Ordering};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    is_open: AtomicBool,
}

impl Gate {
    /// Waits until the gate is open.
    #[inline]
    pub(crate) fn pass(&self) {
        // What was written before the gate was opened is seen behind it.
        while !self.is_open.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
    }

    /// Lets everybody pass, from now on.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }
}
