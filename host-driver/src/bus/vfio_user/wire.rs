//! Messages of the vfio-user protocol, version 0.1 (QEMU, "vfio-user Protocol Specification"). Both ends are on one machine: numbers are in its byte order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bytes of a message's header.
pub(super) const HEADER_BYTES: usize = 16;
/// The longest message that an answer may be.
pub(super) const MAX_MESSAGE_BYTES: usize = (1 << 20) + 4096;

/// Flags of a header: the lowest four bits are the kind, and 1 is an answer.
pub(super) const KIND: u32 = 0xf;
pub(super) const ANSWER: u32 = 1;
/// No answer is wanted.
pub(super) const NO_REPLY: u32 = 1 << 4;
/// The answer is an error; its number stands in the header.
pub(super) const ERROR: u32 = 1 << 5;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Command {
    Version = 1,
    MapMemory = 2,
    UnmapMemory = 3,
    DeviceInfo = 4,
    RegionInfo = 5,
    InterruptInfo = 7,
    SetInterrupts = 8,
    Read = 9,
    Write = 10,
    Reset = 13,
}

impl Command {
    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Version => "the greeting",
            Self::MapMemory => "a mapping of memory",
            Self::UnmapMemory => "the end of a mapping",
            Self::DeviceInfo => "the question what device it is",
            Self::RegionInfo => "the question how large a region is",
            Self::InterruptInfo => "the question how many interrupts there are",
            Self::SetInterrupts => "the connection of interrupts",
            Self::Read => "a read of registers",
            Self::Write => "a write of registers",
            Self::Reset => "a reset",
        }
    }
}

/// Device flags (`VFIO_DEVICE_FLAGS_*`).
pub(super) const DEVICE_RESETS: u32 = 1 << 0;
pub(super) const DEVICE_IS_PCI: u32 = 1 << 1;
/// Regions of a PCI device (`VFIO_PCI_CONFIG_REGION_INDEX`): BAR0 to BAR5 come first.
pub(super) const CONFIG_REGION: u32 = 7;
/// Interrupts of a PCI device (`VFIO_PCI_MSIX_IRQ_INDEX`).
pub(super) const MSIX: u32 = 2;
/// What to do with interrupts (`VFIO_IRQ_SET_*`).
pub(super) const NO_DATA: u32 = 1 << 0;
pub(super) const BY_EVENTFD: u32 = 1 << 2;
pub(super) const TRIGGER: u32 = 1 << 5;
/// Memory that the device may read and write.
pub(super) const READ_AND_WRITE: u32 = 3;

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) command: u16,
    /// Bytes of the message, with the header.
    pub(super) bytes: u32,
    pub(super) flags: u32,
    pub(super) error: u32,
}

impl Header {
    pub(super) fn write(self, message: &mut Vec<u8>) {
        message.extend(self.id.to_ne_bytes());
        message.extend(self.command.to_ne_bytes());
        message.extend(self.bytes.to_ne_bytes());
        message.extend(self.flags.to_ne_bytes());
        message.extend(self.error.to_ne_bytes());
    }

    pub(super) fn read(bytes: &[u8; HEADER_BYTES]) -> Self {
        let half = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Self { id: half(0), command: half(2), bytes: word(4), flags: word(8), error: word(12) }
    }
}

/// Numbers of an answer, one after the other.
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl Numbers<'_> {
    pub(super) fn half(&mut self) -> Option<u16> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_ne_bytes(*number))
    }

    pub(super) fn word(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*number))
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*number))
    }
}

/// What each end says of itself in the greeting.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Greeting {
    #[serde(default)]
    pub(super) capabilities: Capabilities,
}

/// Of the greeting; what is not said is as the protocol says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Capabilities {
    #[serde(default = "one")]
    pub(super) max_msg_fds: u32,
    #[serde(default = "megabyte")]
    pub(super) max_data_xfer_size: u32,
    /// What this end does not use.
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { max_msg_fds: one(), max_data_xfer_size: megabyte(), others: BTreeMap::new() }
    }
}

fn one() -> u32 {
    1
}

fn megabyte() -> u32 {
    1 << 20
}
