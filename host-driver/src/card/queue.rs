//! Registers of one queue.

use std::sync::Arc;

use super::{CardError, Shared};
use crate::registers::{
    EVENT_ENABLED, EVENT_POINTERS, QUEUE_BASE_HIGH, QUEUE_BASE_LOW, QUEUE_CONTROL, RING_ENABLED,
    RING_POINTERS, SET_ARM, SET_CONSUMER, SET_CONSUMER_AND_ARM, SET_ENABLE, SET_PRODUCER, SET_SIZE,
    SET_TARGET,
};

/// What kind of queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Event,
    Completion,
    Receive,
    Transmit,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Event => "event queue",
            Self::Completion => "completion queue",
            Self::Receive => "receive queue",
            Self::Transmit => "transmit queue",
        }
    }

    fn enabled(self) -> u32 {
        match self {
            Self::Event | Self::Completion => EVENT_ENABLED,
            Self::Receive | Self::Transmit => RING_ENABLED,
        }
    }

    fn pointers(self) -> u64 {
        match self {
            Self::Event | Self::Completion => EVENT_POINTERS,
            Self::Receive | Self::Transmit => RING_POINTERS,
        }
    }
}

/// Where a ring is, and whom it tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring {
    /// As the card sees it.
    pub(super) base: u64,
    /// Records; a power of two.
    pub(super) size: usize,
    /// The vector or queue that is told.
    pub(super) target: u32,
}

/// A queue of the card. It is turned off when this goes.
#[derive(Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
    kind: Kind,
    number: u32,
    place: u64,
}

impl Queue {
    /// Sets a queue up, and turns it on.
    pub(super) fn start(
        shared: Arc<Shared>,
        kind: Kind,
        number: u32,
        place: u64,
        ring: Ring,
    ) -> Result<Self, CardError> {
        // Made first: whatever fails below, the queue is turned off.
        let queue = Self { shared, kind, number, place };
        queue.command(SET_ENABLE)?;
        queue.shared.write(place + QUEUE_BASE_LOW, ring.base as u32)?;
        queue.shared.write(place + QUEUE_BASE_HIGH, (ring.base >> 32) as u32)?;
        queue.command(SET_SIZE | ring.size.ilog2())?;
        queue.command(SET_TARGET | ring.target)?;
        queue.command(SET_PRODUCER)?;
        queue.command(SET_CONSUMER)?;
        queue.command(SET_ENABLE | 1)?;
        let word = queue.shared.read(place + QUEUE_CONTROL)?;
        if word & kind.enabled() == 0 {
            return Err(CardError::NotStarted { kind: kind.name(), number, word });
        }
        Ok(queue)
    }

    fn command(&self, word: u32) -> Result<(), CardError> {
        self.shared.write(self.place + QUEUE_CONTROL, word)
    }

    pub(super) fn set_producer(&self, pointer: u16) -> Result<(), CardError> {
        self.command(SET_PRODUCER | u32::from(pointer))
    }

    pub(super) fn set_consumer(&self, pointer: u16) -> Result<(), CardError> {
        self.command(SET_CONSUMER | u32::from(pointer))
    }

    /// The next record is told of.
    pub(super) fn set_consumer_and_arm(&self, pointer: u16) -> Result<(), CardError> {
        self.command(SET_CONSUMER_AND_ARM | u32::from(pointer))
    }

    /// Whether the card still has it on.
    pub(super) fn is_on(&self) -> Result<bool, CardError> {
        Ok(self.shared.read(self.place + QUEUE_CONTROL)? & self.kind.enabled() != 0)
    }

    /// The producer's and the consumer's pointer, as the card has them.
    pub(super) fn pointers(&self) -> Result<(u16, u16), CardError> {
        let word = self.shared.read(self.place + self.kind.pointers())?;
        Ok((word as u16, (word >> 16) as u16))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let disarm = match self.kind {
            Kind::Event | Kind::Completion => self.command(SET_ARM),
            Kind::Receive | Kind::Transmit => Ok(()),
        };
        let stopped = disarm.and_then(|()| self.command(SET_ENABLE)).and_then(|()| {
            // Writes are posted: when this has been read, the card has stopped.
            self.shared.read(self.place + QUEUE_CONTROL)
        });
        match stopped {
            Ok(word) if word & self.kind.enabled() == 0 => {}
            Ok(word) => {
                tracing::warn!(kind = self.kind.name(), number = self.number, word, "a queue does not stop");
            }
            Err(error) => {
                tracing::debug!(kind = self.kind.name(), number = self.number, %error, "a queue was not stopped");
            }
        }
    }
}
