//! Registers and records of queues.
//!
//! A queue's registers: base (8 bytes), control and status (at 8), then for transmit and receive queues size and completion queue (at 12) and pointers (at 16), for completion and event
//! queues pointers (at 12). Commands are written to the word at 8; the value is in their lower bits. Pointers run freely over 16 bits: the producer's stands in the lower half of the
//! word, the consumer's in the upper one.

/// Bytes of registers of an event or completion queue that are used.
pub const QUEUE_BASE_LOW: u64 = 0x00;
/// The upper half of the base.
pub const QUEUE_BASE_HIGH: u64 = 0x04;
/// Control and status; commands are written here.
pub const QUEUE_CONTROL: u64 = 0x08;
/// Pointers of a completion or event queue.
pub const EVENT_POINTERS: u64 = 0x0c;
/// Size and completion queue of a transmit or receive queue.
pub const RING_SIZE: u64 = 0x0c;
/// Pointers of a transmit or receive queue.
pub const RING_POINTERS: u64 = 0x10;

/// Command: the logarithm of the size.
pub const SET_SIZE: u32 = 0x8002_0000;
/// Command: the queue or vector that is told.
pub const SET_TARGET: u32 = 0xc000_0000;
/// Command: the producer's pointer.
pub const SET_PRODUCER: u32 = 0x8080_0000;
/// Command: the consumer's pointer.
pub const SET_CONSUMER: u32 = 0x8090_0000;
/// Command: the consumer's pointer, and the next record is told of.
pub const SET_CONSUMER_AND_ARM: u32 = 0x8091_0000;
/// Command: on or off.
pub const SET_ENABLE: u32 = 0x4000_0100;
/// Command: the next record is told of, or not.
pub const SET_ARM: u32 = 0x4000_0200;

/// Of a transmit or receive queue's control word: it is on.
pub const RING_ENABLED: u32 = 1 << 0;
/// Of a transmit or receive queue's control word: it is at work.
pub const RING_ACTIVE: u32 = 1 << 3;
/// Of a completion or event queue's control word: it is on.
pub const EVENT_ENABLED: u32 = 1 << 16;
/// Of a completion or event queue's control word: the next record is told of.
pub const EVENT_ARMED: u32 = 1 << 17;
/// Of a completion or event queue's control word: it is at work.
pub const EVENT_ACTIVE: u32 = 1 << 19;

/// All of them, for people.
pub(super) const QUEUE_WORDS: &[(&str, u32)] = &[
    ("SET_SIZE", SET_SIZE),
    ("SET_TARGET", SET_TARGET),
    ("SET_PRODUCER", SET_PRODUCER),
    ("SET_CONSUMER", SET_CONSUMER),
    ("SET_CONSUMER_AND_ARM", SET_CONSUMER_AND_ARM),
    ("SET_ENABLE", SET_ENABLE),
    ("SET_ARM", SET_ARM),
    ("RING_ENABLED", RING_ENABLED),
    ("RING_ACTIVE", RING_ACTIVE),
    ("EVENT_ENABLED", EVENT_ENABLED),
    ("EVENT_ARMED", EVENT_ARMED),
    ("EVENT_ACTIVE", EVENT_ACTIVE),
];

/// The smallest ring, in descriptors.
pub const MIN_RING: usize = 256;
/// The largest ring, in descriptors.
pub const MAX_RING: usize = 32_768;
/// Bytes of a descriptor.
pub const DESCRIPTOR_BYTES: usize = 16;
/// Bytes of a completion.
pub const COMPLETION_BYTES: usize = 32;
/// Bytes of an event.
pub const EVENT_BYTES: usize = 32;
/// Where in completions and events the word is whose highest bit is the phase.
pub const PHASE_AT: usize = 28;
/// The type of an event that says that a completion queue has something.
pub const COMPLETION_EVENT: u16 = 0;

/// Where a frame can be put, or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes.
    pub bytes: u32,
    /// Where.
    pub address: u64,
}

impl Descriptor {
    /// As it stands in memory: 2 bytes reserved, 2 for checksums, length, address.
    pub fn encode(self) -> [u8; DESCRIPTOR_BYTES] {
        let mut record = [0; DESCRIPTOR_BYTES];
        record[4..8].copy_from_slice(&self.bytes.to_le_bytes());
        record[8..].copy_from_slice(&self.address.to_le_bytes());
        record
    }

    /// What stands in memory.
    pub fn decode(record: &[u8; DESCRIPTOR_BYTES]) -> Self {
        Self {
            bytes: word(record, 4),
            address: u64::from(word(record, 8)) | u64::from(word(record, 12)) << 32,
        }
    }
}

/// What became of a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The queue it is of.
    pub queue: u16,
    /// Its place in the ring, running freely.
    pub index: u16,
    /// Bytes of the frame.
    pub bytes: u16,
    /// When it came in: nanoseconds of the second.
    pub ns: u32,
    /// The lowest 16 bits of that second.
    pub second: u16,
    /// Hash of addresses and ports.
    pub hash: u32,
    /// The port.
    pub port: u8,
    /// Turns each time the ring is gone through: 1 the first time.
    pub phase: bool,
}

impl Completion {
    /// As it stands in memory.
    pub fn encode(self) -> [u8; COMPLETION_BYTES] {
        let mut record = [0; COMPLETION_BYTES];
        record[0..2].copy_from_slice(&self.queue.to_le_bytes());
        record[2..4].copy_from_slice(&self.index.to_le_bytes());
        record[4..6].copy_from_slice(&self.bytes.to_le_bytes());
        record[8..12].copy_from_slice(&self.ns.to_le_bytes());
        record[12..14].copy_from_slice(&self.second.to_le_bytes());
        record[16..20].copy_from_slice(&self.hash.to_le_bytes());
        record[21] = self.port;
        record[PHASE_AT..].copy_from_slice(&(u32::from(self.phase) << 31).to_le_bytes());
        record
    }

    /// What stands in memory.
    pub fn decode(record: &[u8; COMPLETION_BYTES]) -> Self {
        Self {
            queue: half(record, 0),
            index: half(record, 2),
            bytes: half(record, 4),
            ns: word(record, 8),
            second: half(record, 12),
            hash: word(record, 16),
            port: record[21],
            phase: word(record, PHASE_AT) >> 31 == 1,
        }
    }
}

/// Something happened in a completion queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What: [`COMPLETION_EVENT`].
    pub kind: u16,
    /// The completion queue.
    pub source: u16,
    /// As in [`Completion`].
    pub phase: bool,
}

impl Event {
    /// As it stands in memory.
    pub fn encode(self) -> [u8; EVENT_BYTES] {
        let mut record = [0; EVENT_BYTES];
        record[0..2].copy_from_slice(&self.kind.to_le_bytes());
        record[2..4].copy_from_slice(&self.source.to_le_bytes());
        record[PHASE_AT..].copy_from_slice(&(u32::from(self.phase) << 31).to_le_bytes());
        record
    }

    /// What stands in memory.
    pub fn decode(record: &[u8; EVENT_BYTES]) -> Self {
        Self { kind: half(record, 0), source: half(record, 2), phase: word(record, PHASE_AT) >> 31 == 1 }
    }
}

fn half(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([record[at], record[at + 1]])
}

fn word(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        let descriptor = Descriptor { bytes: 2048, address: 0x1_2345_6789 };
        assert_eq!(Descriptor::decode(&descriptor.encode()), descriptor);
        let completion = Completion {
            queue: 3,
            index: 0xfffe,
            bytes: 1514,
            ns: 999_999_999,
            second: 0xabcd,
            hash: 0x0102_0304,
            port: 1,
            phase: true,
        };
        assert_eq!(Completion::decode(&completion.encode()), completion);
        let event = Event { kind: COMPLETION_EVENT, source: 17, phase: true };
        assert_eq!(Event::decode(&event.encode()), event);
    }
}
