//! What the host sends, by a transmit queue.
//!
//! A sender has a ring of descriptors with a buffer each, and a completion queue that says which of them the card has read. A frame is copied into a buffer; the buffer belongs to the card until its
//! completion is there. Nobody is told of completions: they are looked at when the next frame is sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::queue::{Kind, Queue, Ring};
use super::{CardError, Interface, Shared};
use crate::memory::{Memory, PAGE_BYTES};
use crate::registers::{COMPLETION_BYTES, Completion, DESCRIPTOR_BYTES, Descriptor, MIN_RING, PHASE_AT};

/// Frames that can be under way.
const RING: usize = MIN_RING;
/// Bytes of a buffer: more than the longest frame.
const BUFFER_BYTES: usize = 16_384;
const COMPLETIONS: usize = (RING * DESCRIPTOR_BYTES).next_multiple_of(PAGE_BYTES);
const BUFFERS: usize = COMPLETIONS + (RING * COMPLETION_BYTES).next_multiple_of(PAGE_BYTES);
/// How often completions are looked for while somebody waits.
const POLL: Duration = Duration::from_micros(50);

/// A transmit queue at work. It is stopped when this goes.
pub struct Sender {
    // In this order: the queues are stopped before the memory goes.
    ring: Option<Queue>,
    completions: Option<Queue>,
    mapped: Mapped,
    number: u32,
    /// Pointers, running freely: frames given, and completions taken, which come in order.
    given: u16,
    completed: u16,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("queue", &self.number).finish_non_exhaustive()
    }
}

fn place(pointer: u16) -> usize {
    usize::from(pointer) & (RING - 1)
}

fn buffer(pointer: u16) -> usize {
    BUFFERS + place(pointer) * BUFFER_BYTES
}

impl Sender {
    /// Completion queues are taken from the last one on, those of receivers from the first.
    pub(super) fn new(shared: Arc<Shared>, interface: &Interface, number: u32) -> Result<Self, CardError> {
        let count = interface.completions.count;
        let no_queue = || CardError::NoQueue { kind: Kind::Completion.name(), number, count };
        let completion = count.checked_sub(1 + number).ok_or_else(no_queue)?;
        let at_ring = interface.transmitters.place(Kind::Transmit.name(), number)?;
        let at_completions = interface.completions.place(Kind::Completion.name(), completion)?;
        let mapped = Mapped::new(shared.clone(), BUFFERS + RING * BUFFER_BYTES)?;
        let ring = |at, target| Ring { base: mapped.address(at), size: RING, target };
        let (records, frames) = (ring(COMPLETIONS, 0), ring(0, completion));
        let completions =
            Queue::start(shared.clone(), Kind::Completion, completion, at_completions, records)?;
        let ring = Queue::start(shared, Kind::Transmit, number, at_ring, frames)?;
        let (ring, completions) = (Some(ring), Some(completions));
        Ok(Self { ring, completions, mapped, number, given: 0, completed: 0 })
    }

    /// Stops the queue: what the card writes cannot be believed.
    fn stop(&mut self, why: String) -> CardError {
        self.ring = None;
        self.completions = None;
        CardError::Sent { queue: self.number, why }
    }

    fn queue<'a>(&self, queue: &'a Option<Queue>) -> Result<&'a Queue, CardError> {
        queue.as_ref().ok_or(CardError::SenderStopped { queue: self.number })
    }

    /// Takes completions.
    fn reap(&mut self) -> Result<(), CardError> {
        let before = self.completed;
        while self.completed != self.given {
            let at = COMPLETIONS + place(self.completed) * COMPLETION_BYTES;
            let phase = self.mapped.memory().read_u32_acquire(at + PHASE_AT) >> 31 == 1;
            if phase != (usize::from(self.completed) & RING == 0) {
                break;
            }
            let mut record = [0; COMPLETION_BYTES];
            self.mapped.memory().read(at, &mut record);
            let Completion { queue, index, .. } = Completion::decode(&record);
            if u32::from(queue) != self.number {
                return Err(self.stop(format!("it is of queue {queue}")));
            }
            if index != self.completed {
                return Err(
                    self.stop(format!("it is of descriptor {index}, and {} is the next", self.completed))
                );
            }
            self.completed = self.completed.wrapping_add(1);
        }
        if self.completed != before {
            self.queue(&self.completions)?.set_consumer(self.completed)?;
        }
        Ok(())
    }

    /// Sends a frame, without FCS; says whether there was room. Does not wait.
    ///
    /// # Errors
    ///
    /// [`CardError::FrameTooLong`], and what the bus says; after [`CardError::Sent`] the queue is stopped.
    pub fn send(&mut self, frame: &[u8]) -> Result<bool, CardError> {
        self.queue(&self.ring)?;
        if frame.len() > BUFFER_BYTES {
            return Err(CardError::FrameTooLong { bytes: frame.len(), most: BUFFER_BYTES });
        }
        self.reap()?;
        if usize::from(self.given.wrapping_sub(self.completed)) == RING {
            return Ok(false);
        }
        let at = buffer(self.given);
        self.mapped.memory().write(at, frame);
        let descriptor = Descriptor { bytes: frame.len() as u32, address: self.mapped.address(at) };
        self.mapped.memory().write(place(self.given) * DESCRIPTOR_BYTES, &descriptor.encode());
        self.given = self.given.wrapping_add(1);
        Memory::write_barrier();
        self.queue(&self.ring)?.set_producer(self.given)?;
        Ok(true)
    }

    /// Waits until the card has read all frames, or the time has run out; says whether it has.
    ///
    /// # Errors
    ///
    /// As [`Self::send`], and the card is gone or was reset.
    pub fn flush(&mut self, timeout: Duration) -> Result<bool, CardError> {
        let end = Instant::now() + timeout;
        loop {
            self.reap()?;
            if self.completed == self.given {
                return Ok(true);
            }
            if Instant::now() >= end {
                let is_on = self.queue(&self.ring)?.is_on()?;
                return if is_on {
                    Ok(false)
                } else {
                    Err(self.stop("the card was reset by somebody else".to_string()))
                };
            }
            std::thread::sleep(POLL);
        }
    }
}
