//! State of queues.

use sluice_nic::registers::{
    EVENT_ACTIVE, EVENT_ARMED, EVENT_ENABLED, EVENT_POINTERS, QUEUE_BASE_HIGH, QUEUE_BASE_LOW, QUEUE_CONTROL,
    RING_ACTIVE, RING_ENABLED, RING_POINTERS, RING_SIZE, SET_ARM, SET_CONSUMER, SET_CONSUMER_AND_ARM,
    SET_ENABLE, SET_PRODUCER, SET_SIZE, SET_TARGET,
};

/// A queue of any kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Queue {
    pub(crate) base: u64,
    log_size: u8,
    /// The queue or vector that is told.
    pub(crate) target: u32,
    pub(crate) producer: u16,
    pub(crate) consumer: u16,
    pub(crate) is_enabled: bool,
    pub(crate) is_armed: bool,
}

/// Whether a queue holds descriptors, or records that the card writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ring,
    Records,
}

impl Queue {
    pub(crate) fn size(self) -> usize {
        1 << self.log_size
    }

    /// Where a record at a pointer is, in records from the base.
    pub(crate) fn place(self, pointer: u16) -> u64 {
        (usize::from(pointer) & (self.size() - 1)) as u64
    }

    /// The phase of a record at a pointer: 1 the first time through the ring.
    pub(crate) fn phase(self, pointer: u16) -> bool {
        usize::from(pointer) & self.size() == 0
    }

    /// Descriptors that the driver has given, or records that it has not taken.
    pub(crate) fn waiting(self) -> usize {
        usize::from(self.producer.wrapping_sub(self.consumer))
    }

    pub(crate) fn read(self, kind: Kind, register: u64) -> u32 {
        let pointers = u32::from(self.consumer) << 16 | u32::from(self.producer);
        let on = |bits: u32, is_on: bool| if is_on { bits } else { 0 };
        match (kind, register) {
            (_, QUEUE_BASE_LOW) => self.base as u32,
            (_, QUEUE_BASE_HIGH) => (self.base >> 32) as u32,
            (Kind::Ring, QUEUE_CONTROL) => on(RING_ENABLED | RING_ACTIVE, self.is_enabled),
            (Kind::Records, QUEUE_CONTROL) => {
                on(EVENT_ENABLED | EVENT_ACTIVE, self.is_enabled)
                    | on(EVENT_ARMED, self.is_armed)
                    | self.target & 0xffff
            }
            (Kind::Ring, RING_SIZE) => u32::from(self.log_size) << 28 | self.target & 0x00ff_ffff,
            (Kind::Records, EVENT_POINTERS) | (Kind::Ring, RING_POINTERS) => pointers,
            _ => 0,
        }
    }

    /// Says whether something was armed: what waits is told of then.
    pub(crate) fn write(&mut self, register: u64, word: u32, starts: bool) -> bool {
        match register {
            QUEUE_BASE_LOW => self.base = self.base & !0xffff_ffff | u64::from(word & !0xfff),
            QUEUE_BASE_HIGH => self.base = self.base & 0xffff_ffff | u64::from(word) << 32,
            QUEUE_CONTROL => return self.command(word, starts),
            _ => {}
        }
        false
    }

    fn command(&mut self, word: u32, starts: bool) -> bool {
        let value = word as u16;
        match word & 0xffff_0000 {
            SET_SIZE => self.log_size = (word & 0xf) as u8,
            SET_PRODUCER => self.producer = value,
            SET_CONSUMER => self.consumer = value,
            SET_CONSUMER_AND_ARM => {
                self.consumer = value;
                self.is_armed = true;
                return true;
            }
            _ if word >> 24 == SET_TARGET >> 24 => self.target = word & 0x00ff_ffff,
            _ if word & !0xff == SET_ENABLE => {
                self.is_enabled = word & 1 != 0 && starts;
                self.is_armed &= self.is_enabled;
            }
            _ if word & !0xff == SET_ARM => {
                self.is_armed = word & 1 != 0;
                return self.is_armed;
            }
            _ => {}
        }
        false
    }
}
