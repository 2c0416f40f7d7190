//! A bus to a device model in another process, over a UNIX socket (vfio-user).

mod connection;
mod wire;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connection::Connection;
use wire::{
    BY_EVENTFD, CONFIG_REGION, Command, DEVICE_IS_PCI, DEVICE_RESETS, MSIX, NO_DATA, Numbers, READ_AND_WRITE,
    TRIGGER,
};

use super::{Bus, BusError, Interrupt, Iova, Space, check};
use crate::memory::Memory;

/// A device model at a socket.
#[derive(Debug)]
pub struct VfioUser {
    connection: Mutex<Connection>,
    sizes: BTreeMap<Space, u64>,
    vectors: u32,
    resets: bool,
    /// The most descriptors a message may carry.
    descriptors: usize,
    /// The most bytes that are read or written at once.
    transfer: usize,
}

/// How an answer that is too short is told.
const SHORT: &str = "it is too short";

impl VfioUser {
    /// Connects. No answer takes longer than that.
    ///
    /// # Errors
    ///
    /// [`BusError`]: nobody listens at that path, or it is no PCI device that speaks version 0 of the protocol.
    pub fn connect(path: &Path, patience: Duration) -> Result<Self, BusError> {
        let mut connection = Connection::new(path, patience)?;
        let greeting = connection.greet()?;
        let mut info = Vec::new();
        [16u32, 0, 0, 0].iter().for_each(|word| info.extend(word.to_ne_bytes()));
        let answer = connection.ask(Command::DeviceInfo, &info, &[])?;
        let mut numbers = Numbers(&answer);
        let words = (numbers.word(), numbers.word(), numbers.word(), numbers.word());
        let (Some(_), Some(flags), Some(regions), Some(interrupts)) = words else {
            return Err(protocol(Command::DeviceInfo, SHORT));
        };
        if flags & DEVICE_IS_PCI == 0 {
            return Err(protocol(Command::DeviceInfo, "it is no PCI device"));
        }
        let mut sizes = BTreeMap::new();
        for index in (0..=CONFIG_REGION).filter(|index| *index < regions) {
            let space = match index {
                CONFIG_REGION => Space::Config,
                0..=5 => Space::Bar(index as u8),
                // The expansion ROM.
                _ => continue,
            };
            let size = region_size(&mut connection, index)?;
            if size > 0 {
                sizes.insert(space, size);
            }
        }
        let vectors = if interrupts > MSIX { vectors(&mut connection)? } else { 0 };
        Ok(Self {
            connection: Mutex::new(connection),
            sizes,
            vectors,
            resets: flags & DEVICE_RESETS != 0,
            descriptors: greeting.capabilities.max_msg_fds.clamp(1, 16) as usize,
            // Beyond a page there is nothing to gain, and some servers take no more.
            transfer: greeting.capabilities.max_data_xfer_size.clamp(4, 4096) as usize,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn protocol(command: Command, why: &str) -> BusError {
    BusError::Protocol { request: command.name(), why: why.into() }
}

/// `struct vfio_region_info`: argsz, flags, index, cap_offset, size, offset.
fn region_size(connection: &mut Connection, index: u32) -> Result<u64, BusError> {
    let mut body = Vec::new();
    [32u32, 0, index, 0].iter().for_each(|word| body.extend(word.to_ne_bytes()));
    body.extend([0; 16]);
    let answer = connection.ask(Command::RegionInfo, &body, &[])?;
    let size = answer.get(16..).and_then(|rest| Numbers(rest).long());
    size.ok_or_else(|| protocol(Command::RegionInfo, SHORT))
}

/// `struct vfio_irq_info`: argsz, flags, index, count.
fn vectors(connection: &mut Connection) -> Result<u32, BusError> {
    let mut body = Vec::new();
    [16u32, 0, MSIX, 0].iter().for_each(|word| body.extend(word.to_ne_bytes()));
    let answer = connection.ask(Command::InterruptInfo, &body, &[])?;
    let count = answer.get(12..).and_then(|rest| Numbers(rest).word());
    count.ok_or_else(|| protocol(Command::InterruptInfo, SHORT))
}

fn region(space: Space) -> u32 {
    match space {
        Space::Config => CONFIG_REGION,
        Space::Bar(number) => u32::from(number),
    }
}

/// Offset, region, bytes: what reads and writes begin with.
fn access(space: Space, offset: u64, bytes: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(16 + bytes);
    body.extend(offset.to_ne_bytes());
    body.extend(region(space).to_ne_bytes());
    body.extend((bytes as u32).to_ne_bytes());
    body
}

impl Bus for VfioUser {
    fn size(&self, space: Space) -> u64 {
        self.sizes.get(&space).copied().unwrap_or(0)
    }

    fn read(&self, space: Space, offset: u64, bytes: &mut [u8]) -> Result<(), BusError> {
        check(space, offset, bytes.len(), self.size(space))?;
        let mut connection = self.lock();
        let mut at = offset;
        for part in bytes.chunks_mut(self.transfer) {
            let answer = match connection.ask(Command::Read, &access(space, at, part.len()), &[]) {
                Ok(answer) => answer,
                // As on a real bus: what is not answered by registers reads as all ones.
                Err(BusError::Refused { .. }) => {
                    part.fill(0xff);
                    at += part.len() as u64;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let data = answer.get(16..).filter(|data| data.len() == part.len());
            part.copy_from_slice(
                data.ok_or_else(|| protocol(Command::Read, "it has other bytes than were asked for"))?,
            );
            at += part.len() as u64;
        }
        Ok(())
    }

    fn write(&self, space: Space, offset: u64, bytes: &[u8]) -> Result<(), BusError> {
        check(space, offset, bytes.len(), self.size(space))?;
        let mut connection = self.lock();
        let mut at = offset;
        for part in bytes.chunks(self.transfer) {
            let mut body = access(space, at, part.len());
            body.extend(part);
            connection.post(Command::Write, &body)?;
            at += part.len() as u64;
        }
        Ok(())
    }

    fn map(&self, iova: Iova, memory: &Arc<Memory>) -> Result<(), BusError> {
        let (file, offset) = memory.file().ok_or(BusError::NotShared)?;
        let mut body = Vec::new();
        [32u32, READ_AND_WRITE].iter().for_each(|word| body.extend(word.to_ne_bytes()));
        [offset, iova.0, memory.len() as u64].iter().for_each(|long| body.extend(long.to_ne_bytes()));
        self.lock().ask(Command::MapMemory, &body, &[file]).map(drop)
    }

    fn unmap(&self, iova: Iova, memory: &Memory) -> Result<(), BusError> {
        let mut body = Vec::new();
        [24u32, 0].iter().for_each(|word| body.extend(word.to_ne_bytes()));
        [iova.0, memory.len() as u64].iter().for_each(|long| body.extend(long.to_ne_bytes()));
        self.lock().ask(Command::UnmapMemory, &body, &[]).map(drop)
    }

    fn addresses(&self) -> Vec<RangeInclusive<u64>> {
        // The protocol has no limits of its own. Models that stand for machines have 39 bits at the least.
        std::iter::once(0..=(1 << 39) - 1).collect()
    }

    fn vectors(&self) -> u32 {
        self.vectors
    }

    fn connect(&self, interrupts: &[Interrupt]) -> Result<(), BusError> {
        if interrupts.len() > self.vectors as usize {
            return Err(BusError::TooManyInterrupts { asked: interrupts.len(), vectors: self.vectors });
        }
        let mut connection = self.lock();
        let mut set = |flags: u32, first: usize, interrupts: &[Interrupt]| {
            let mut body = Vec::new();
            let (first, count) = (first as u32, interrupts.len() as u32);
            [20, flags | TRIGGER, MSIX, first, count].iter().for_each(|word| body.extend(word.to_ne_bytes()));
            let files: Vec<_> = interrupts.iter().map(AsFd::as_fd).collect();
            connection.ask(Command::SetInterrupts, &body, &files).map(drop)
        };
        // None at all: those of before are taken away.
        set(NO_DATA, 0, &[])?;
        for (number, some) in interrupts.chunks(self.descriptors).enumerate() {
            set(BY_EVENTFD, number * self.descriptors, some)?;
        }
        Ok(())
    }

    fn reset(&self) -> Result<(), BusError> {
        if !self.resets {
            let why = "the device says that it cannot be reset".into();
            return Err(BusError::Refused { request: Command::Reset.name(), why });
        }
        self.lock().ask(Command::Reset, &[], &[]).map(drop)
    }

    fn wants_shared_memory(&self) -> bool {
        true
    }
}
