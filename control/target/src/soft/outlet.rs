//! The sending side of a port, and what is seen of its queue.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ObserveSent;
use crate::port::{Leaving, Loss, Transmit};
use crate::target::QueueStatus;

/// The queue is looked at with one frame of so many: asking the system costs as much as sending.
const LOOK: u64 = 16;

/// See the module. All threads share it; numbers are as exact as that allows.
pub(super) struct Outlet {
    transmit: Box<dyn Transmit>,
    observer: Option<Box<dyn ObserveSent>>,
    sent: AtomicU64,
    high_water: AtomicU64,
    room: AtomicU64,
    /// Frames one behind the other that found no room, up to now.
    run: AtomicU64,
    bursts: AtomicU64,
    longest: AtomicU64,
}

impl Outlet {
    pub(super) fn new(transmit: Box<dyn Transmit>, observer: Option<Box<dyn ObserveSent>>) -> Self {
        let zero = || AtomicU64::new(0);
        let (sent, high_water, room) = (zero(), zero(), zero());
        Self { transmit, observer, sent, high_water, room, run: zero(), bursts: zero(), longest: zero() }
    }

    pub(super) fn send(&self, copy: &Leaving<'_>) -> Result<(), Loss> {
        let result = self.transmit.leave(copy);
        match result {
            Ok(()) => {
                if let Some(observer) = &self.observer {
                    observer.frame(copy.data);
                }
                if self.run.load(Ordering::Relaxed) != 0 {
                    self.run.store(0, Ordering::Relaxed);
                }
                if self.sent.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK) {
                    self.look();
                }
            }
            Err(Loss::QueueFull) => {
                let run = self.run.fetch_add(1, Ordering::Relaxed) + 1;
                self.longest.fetch_max(run, Ordering::Relaxed);
                if run == 1 {
                    self.bursts.fetch_add(1, Ordering::Relaxed);
                    self.look();
                }
            }
            Err(Loss::Down | Loss::Refused | Loss::NotWritten) => {}
        }
        result
    }

    pub(super) fn take_lost(&self) -> BTreeMap<u16, u64> {
        self.transmit.take_lost()
    }

    pub(super) fn end(&self) {
        self.transmit.end();
    }

    fn look(&self) {
        let Some((used, room)) = self.transmit.queue() else { return };
        self.room.store(room, Ordering::Relaxed);
        self.high_water.fetch_max(used, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> QueueStatus {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        QueueStatus {
            high_water: read(&self.high_water),
            room: read(&self.room),
            bursts: read(&self.bursts),
            longest_burst: read(&self.longest),
        }
    }
}
