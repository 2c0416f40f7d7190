//! What can be wrong with a card.

use std::io;

use crate::bus::{BusError, Space};

/// What is wrong, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// What the bus says.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// It was pulled out, or is in reset: everything reads as all ones.
    #[error("the card is gone: it reads as all ones")]
    Gone,
    /// It is something else.
    #[error("{vendor:04x}:{device:04x} is not a card that is known here (1234:1001 and 5543:1001 are)")]
    NotACard {
        /// PCI vendor.
        vendor: u16,
        /// PCI device.
        device: u16,
    },
    /// It does not have a space that all cards have.
    #[error("the card does not have {space}")]
    NoSpace {
        /// Which.
        space: Space,
    },
    /// Its registers are not what they should be.
    #[error("the card's registers at {at:#x} make no sense: {why}")]
    Chain {
        /// Where, in BAR0.
        at: u64,
        /// What is wrong.
        why: String,
    },
    /// It lacks a block of registers.
    #[error("the card has no registers of the kind `{block}`")]
    Missing {
        /// The block's name.
        block: &'static str,
    },
    /// A block is newer or older than what is known here.
    #[error("the card's `{block}` is of version {}.{}, and {}.{} is known here", found >> 8, found & 0xff, known >> 8, known & 0xff)]
    Version {
        /// The block's name.
        block: &'static str,
        /// What it says.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// It runs something else.
    #[error(
        "the card runs application {found:#010x}, and {expected:#010x} is wanted: load the right bitstream"
    )]
    WrongApplication {
        /// What it says.
        found: u32,
        /// What was wanted.
        expected: u32,
    },
    /// It runs no application.
    #[error("the card runs no application, and {expected:#010x} is wanted: load the right bitstream")]
    NoApplication {
        /// What was wanted.
        expected: u32,
    },
    /// There are fewer.
    #[error("there is no {kind} {number}: the card has {count}, from 0")]
    NoQueue {
        /// Of what.
        kind: &'static str,
        /// Asked for.
        number: u32,
        /// How many there are.
        count: u32,
    },
    /// An option is out of bounds.
    #[error("{what} of {value} is not possible: {least} to {most}, and a power of two")]
    Option {
        /// Which.
        what: &'static str,
        /// What was asked for.
        value: usize,
        /// The least.
        least: usize,
        /// The most.
        most: usize,
    },
    /// The card cannot receive frames of that length.
    #[error("frames of {bytes} bytes cannot be received: the card takes {most} at most")]
    TooLong {
        /// Asked for.
        bytes: u32,
        /// The most.
        most: u32,
    },
    /// A queue does not start.
    #[error("{kind} {number} does not start: its control word is {word:#010x} after it was turned on")]
    NotStarted {
        /// Of what.
        kind: &'static str,
        /// Which.
        number: u32,
        /// What it says.
        word: u32,
    },
    /// The card wrote a completion that cannot be.
    #[error("receive queue {queue} was stopped: the card wrote a completion that cannot be: {why}")]
    Completion {
        /// The queue.
        queue: u32,
        /// What is wrong with it.
        why: String,
    },
    /// The card says that it wrote completions, and they are not in memory.
    #[error(
        "receive queue {queue} was stopped: the card says that it wrote {missing} completions that are not in memory: what it writes does not arrive (look for faults of the IOMMU)"
    )]
    LostCompletions {
        /// The queue.
        queue: u32,
        /// How many.
        missing: u16,
    },
    /// Somebody reset the card.
    #[error("receive queue {queue} was stopped: the card was reset by somebody else")]
    WasReset {
        /// The queue.
        queue: u32,
    },
    /// Somebody reset the card: a port is off that was turned on.
    #[error("the card was reset by somebody else: port {port} is off, and was turned on")]
    ResetBy {
        /// The port.
        port: u32,
    },
    /// The queue was stopped by an earlier error.
    #[error("receive queue {queue} is stopped")]
    Stopped {
        /// The queue.
        queue: u32,
    },
    /// The card wrote a completion that cannot be, or was reset.
    #[error("transmit queue {queue} was stopped: what the card says of what it read cannot be: {why}")]
    Sent {
        /// The queue.
        queue: u32,
        /// What is wrong.
        why: String,
    },
    /// The queue was stopped by an earlier error.
    #[error("transmit queue {queue} is stopped")]
    SenderStopped {
        /// The queue.
        queue: u32,
    },
    /// A frame is longer than what can be sent.
    #[error("a frame of {bytes} bytes cannot be sent: {most} at most")]
    FrameTooLong {
        /// Its bytes.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// A time that the card's clock cannot have.
    #[error("the card's clock cannot be set to {seconds} s: it has 48 bits")]
    Time {
        /// Seconds.
        seconds: u64,
    },
    /// A rate that the card's clock cannot have.
    #[error("the card's clock cannot be {ppb} parts in 10^9 faster: at most 100,000,000")]
    Rate {
        /// Asked for.
        ppb: i64,
    },
    /// What the system says: there is no memory, or there are no descriptors.
    #[error("memory or descriptors for the card: {0}")]
    Memory(#[source] io::Error),
}
