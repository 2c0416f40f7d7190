//! What a driver asks of a PCI function: the one seam to the outside.
//!
//! Mechanical, one request each, no decision. What an implementation promises:
//!
//! - *Order.* Writes arrive in order. They are posted: a write may have returned before it arrives; a read returns after all writes before it have arrived.
//! - *Whole.* An access of 4 bytes at a multiple of 4 is one access.
//! - *All ones.* A function that is gone reads as all ones, without an error, as on a real bus: whoever reads decides whether that can be.
//! - *An end.* No call waits for ever.

mod fake;
mod faulty;
#[cfg(not(miri))]
mod vfio;
mod vfio_user;

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

pub use fake::InProcess;
pub use faulty::{Fault, Faulty};
#[cfg(not(miri))]
pub use vfio::Vfio;
pub use vfio_user::VfioUser;

use crate::memory::{HUGE_PAGE_BYTES, Memory, PAGE_BYTES};

/// An address space of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// The configuration space.
    Config,
    /// A base address register's memory, 0 to 5.
    Bar(u8),
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config => f.write_str("the configuration space"),
            Self::Bar(number) => write!(f, "BAR{number}"),
        }
    }
}

/// An address as a device sees memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Iova(pub u64);

impl fmt::Display for Iova {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What a bus could not do.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The access does not lie in the space.
    #[error("{bytes} bytes at {offset:#x} do not lie in {space}, which has {size:#x} bytes")]
    Outside {
        /// The space.
        space: Space,
        /// Where.
        offset: u64,
        /// How many.
        bytes: usize,
        /// Bytes of the space.
        size: u64,
    },
    /// No answer came in time; what follows is out of step, so that the bus takes no more requests.
    #[error(
        "no answer to {request} within {waited_ms} ms: the device model hangs or is too slow; connect again"
    )]
    NoAnswer {
        /// What was asked.
        request: &'static str,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The other end answered that it cannot.
    #[error("{request} was refused: {why}")]
    Refused {
        /// What was asked.
        request: &'static str,
        /// In its words or the system's.
        why: String,
    },
    /// The other end said something that is not an answer.
    #[error("the answer to {request} is none: {why}")]
    Protocol {
        /// What was asked.
        request: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The connection was lost, or was given up after an earlier error.
    #[error("the connection to the device is closed")]
    Closed,
    /// The device reaches memory there already.
    #[error("the device reaches other memory at {iova} already")]
    Overlap {
        /// Where.
        iova: Iova,
    },
    /// Memory that the other end cannot be given.
    #[error("memory of this process alone cannot be given to another one: make it by `Memory::shared`")]
    NotShared,
    /// There are fewer interrupts.
    #[error("{asked} interrupts were asked for, and the device has {vectors}")]
    TooManyInterrupts {
        /// Asked for.
        asked: usize,
        /// What there are.
        vectors: u32,
    },
    /// No addresses are left.
    #[error("there is no room for {bytes} bytes in the addresses that the device can reach")]
    NoAddresses {
        /// How many were asked for.
        bytes: usize,
    },
    /// What the system said.
    #[error("{request}: {source}")]
    System {
        /// What was asked.
        request: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// An interrupt of a device as this process hears it: an eventfd (`eventfd(2)`).
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<OwnedFd>);

impl Interrupt {
    /// One that was not raised.
    ///
    /// # Errors
    ///
    /// What the system says: no descriptors are left.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// One that another process gave.
    pub fn from_fd(fd: OwnedFd) -> Self {
        Self(Arc::new(fd))
    }

    /// Raises it.
    pub fn signal(&self) {
        // An eventfd that is full has been raised often enough.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }

    /// Waits until it is raised, and takes it back; how often it was, 0 if the time ran out.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn wait(&self, timeout: Duration) -> io::Result<u64> {
        let timeout = Timespec::try_from(timeout).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut polled = [PollFd::new(&*self.0, PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(0),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut count = [0; 8];
        match rustix::io::read(&*self.0, &mut count) {
            Ok(_) => Ok(u64::from_ne_bytes(count)),
            Err(rustix::io::Errno::AGAIN) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A PCI function that can be driven. All methods can be called from any thread.
pub trait Bus: Send + Sync + fmt::Debug {
    /// Bytes of a space; 0 for one that the function does not have.
    fn size(&self, space: Space) -> u64;

    /// Reads.
    ///
    /// # Errors
    ///
    /// [`BusError`]; never for a function that is gone.
    fn read(&self, space: Space, offset: u64, bytes: &mut [u8]) -> Result<(), BusError>;

    /// Writes.
    ///
    /// # Errors
    ///
    /// [`BusError`]; never for a function that is gone.
    fn write(&self, space: Space, offset: u64, bytes: &[u8]) -> Result<(), BusError>;

    /// Lets the device read and write memory, from an address on.
    ///
    /// # Errors
    ///
    /// [`BusError`].
    fn map(&self, iova: Iova, memory: &Arc<Memory>) -> Result<(), BusError>;

    /// Takes it away again.
    ///
    /// # Errors
    ///
    /// [`BusError`]; the device may still reach it then.
    fn unmap(&self, iova: Iova, memory: &Memory) -> Result<(), BusError>;

    /// The addresses that the device can be given.
    fn addresses(&self) -> Vec<RangeInclusive<u64>>;

    /// MSI-X vectors.
    fn vectors(&self) -> u32;

    /// Connects interrupts, vector 0 first; none: they are all taken away.
    ///
    /// # Errors
    ///
    /// [`BusError`].
    fn connect(&self, interrupts: &[Interrupt]) -> Result<(), BusError>;

    /// Resets the function (FLR): registers are as after power on.
    ///
    /// # Errors
    ///
    /// [`BusError`].
    fn reset(&self) -> Result<(), BusError>;

    /// Whether memory for the device has to be of [`Memory::shared`].
    fn wants_shared_memory(&self) -> bool;
}

impl<B: Bus + ?Sized> Bus for Arc<B> {
    fn size(&self, space: Space) -> u64 {
        (**self).size(space)
    }

    fn read(&self, space: Space, offset: u64, bytes: &mut [u8]) -> Result<(), BusError> {
        (**self).read(space, offset, bytes)
    }

    fn write(&self, space: Space, offset: u64, bytes: &[u8]) -> Result<(), BusError> {
        (**self).write(space, offset, bytes)
    }

    fn map(&self, iova: Iova, memory: &Arc<Memory>) -> Result<(), BusError> {
        (**self).map(iova, memory)
    }

    fn unmap(&self, iova: Iova, memory: &Memory) -> Result<(), BusError> {
        (**self).unmap(iova, memory)
    }

    fn addresses(&self) -> Vec<RangeInclusive<u64>> {
        (**self).addresses()
    }

    fn vectors(&self) -> u32 {
        (**self).vectors()
    }

    fn connect(&self, interrupts: &[Interrupt]) -> Result<(), BusError> {
        (**self).connect(interrupts)
    }

    fn reset(&self) -> Result<(), BusError> {
        (**self).reset()
    }

    fn wants_shared_memory(&self) -> bool {
        (**self).wants_shared_memory()
    }
}

/// Reads a register of 4 bytes, little endian.
pub(crate) fn read_u32(bus: &dyn Bus, space: Space, offset: u64) -> Result<u32, BusError> {
    let mut bytes = [0; 4];
    bus.read(space, offset, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Writes a register of 4 bytes, little endian.
pub(crate) fn write_u32(bus: &dyn Bus, space: Space, offset: u64, word: u32) -> Result<(), BusError> {
    bus.write(space, offset, &word.to_le_bytes())
}

/// An access that lies in its space.
pub(crate) fn check(space: Space, offset: u64, bytes: usize, size: u64) -> Result<(), BusError> {
    let lies_in = offset.checked_add(bytes as u64).is_some_and(|end| end <= size);
    if lies_in { Ok(()) } else { Err(BusError::Outside { space, offset, bytes, size }) }
}

/// The addresses that a device can be given, and which of them are.
///
/// First fit, in order of the addresses: what is given is the same in every run.
#[derive(Debug)]
pub struct Addresses {
    /// Free ones, from and to (exclusive), in order, none touching the next.
    free: Vec<(u64, u64)>,
}

impl Addresses {
    /// All of these are free; the first page is never given, so that a device that forgets to set an address does not reach memory.
    pub fn new(ranges: &[RangeInclusive<u64>]) -> Self {
        let page = PAGE_BYTES as u64;
        let mut free: Vec<(u64, u64)> = ranges
            .iter()
            .map(|range| ((*range.start()).max(page).next_multiple_of(page), range.end().saturating_add(1)))
            .filter(|(start, end)| start < end)
            .collect();
        free.sort_unstable();
        Self { free }
    }

    /// Takes addresses for memory: aligned to huge pages if it is of them.
    ///
    /// # Errors
    ///
    /// [`BusError::NoAddresses`].
    pub fn take(&mut self, memory: &Memory) -> Result<Iova, BusError> {
        let align = if memory.is_huge() { HUGE_PAGE_BYTES } else { PAGE_BYTES } as u64;
        let bytes = memory.len() as u64;
        for index in 0..self.free.len() {
            let (start, end) = self.free[index];
            let at = start.next_multiple_of(align);
            let Some(after) = at.checked_add(bytes).filter(|after| *after <= end) else { continue };
            let rest = [(start, at), (after, end)].into_iter().filter(|(from, to)| from < to);
            self.free.splice(index..=index, rest);
            return Ok(Iova(at));
        }
        Err(BusError::NoAddresses { bytes: memory.len() })
    }

    /// Gives them back.
    pub fn give_back(&mut self, iova: Iova, memory: &Memory) {
        let (start, end) = (iova.0, iova.0 + memory.len() as u64);
        let index = self.free.partition_point(|(from, _)| *from < start);
        self.free.insert(index, (start, end));
        self.free.dedup_by(|next, before| {
            let touches = before.1 == next.0;
            if touches {
                before.1 = next.1;
            }
            touches
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_given_once_and_found_again() {
        let page = PAGE_BYTES as u64;
        let mut addresses = Addresses::new(&[0..=4 * page - 1, 8 * page..=9 * page - 1]);
        let (one, two) = (Memory::private(1), Memory::private(2 * PAGE_BYTES));
        let first = addresses.take(&one).expect("there is room");
        assert_eq!(first, Iova(page), "the first page is never given");
        let second = addresses.take(&two).expect("there is room");
        assert_eq!(second, Iova(2 * page));
        assert_eq!(addresses.take(&one).expect("there is room"), Iova(8 * page));
        let error = addresses.take(&one).expect_err("all are given");
        assert_eq!(
            error.to_string(),
            "there is no room for 4096 bytes in the addresses that the device can reach"
        );
        addresses.give_back(first, &one);
        addresses.give_back(second, &two);
        let three = Memory::private(3 * PAGE_BYTES);
        assert_eq!(addresses.take(&three).expect("what was given back is one again"), Iova(page));
    }
}
