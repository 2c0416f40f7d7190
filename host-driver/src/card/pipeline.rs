//! The application block: a pipeline's registers, and the shell between it and the ports.

use std::sync::Arc;

use super::{APPLICATION, CardError, Shared};
use crate::bus::{read_u32, write_u32};
use crate::registers::{
    BLOCK_TYPE, BLOCK_VERSION, MOST_SHELL_HOSTS, MOST_SHELL_PORTS, NO_NUMBER, SHELL, SHELL_HOST_STRIDE,
    SHELL_HOSTS, SHELL_PORT_STRIDE, SHELL_PORTS, shell, shell_host, shell_port,
};

/// What a port counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounts {
    /// Frames that came in.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Frames that left.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Copies that were to leave while the port was down or off.
    pub down: u64,
}

/// What a queue of the host counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostCounts {
    /// Copies for it.
    pub copies: u64,
    /// Of them, those that found no descriptor.
    pub no_room: u64,
    /// Frames that the host sent.
    pub frames: u64,
}

/// The pipeline of a card. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Pipeline {
    shared: Arc<Shared>,
    program: u64,
    ports: u32,
    hosts: u32,
}

impl Pipeline {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, CardError> {
        let mut new = Self { shared, program: 0, ports: 0, hosts: 0 };
        let known = shell::BLOCK;
        let kind = new.read(SHELL + BLOCK_TYPE)?;
        if kind != known.kind {
            return Err(CardError::Missing { block: known.name });
        }
        let found = new.read(SHELL + BLOCK_VERSION)?;
        if found >> 8 != known.version >> 8 {
            return Err(CardError::Version { block: known.name, found, known: known.version });
        }
        let (low, high) = (new.read(SHELL + shell::PROGRAM_LOW)?, new.read(SHELL + shell::PROGRAM_HIGH)?);
        new.program = u64::from(high) << 32 | u64::from(low);
        new.ports = new.read(SHELL + shell::PORTS)?;
        if new.ports > MOST_SHELL_PORTS {
            let why = format!("{} ports, and a card has {MOST_SHELL_PORTS} at most", new.ports);
            return Err(CardError::Chain { at: SHELL, why });
        }
        // Older shells have none, and nothing at that place.
        new.hosts = if found & 0xff > 0 { new.read(SHELL + shell::HOSTS)?.min(MOST_SHELL_HOSTS) } else { 0 };
        Ok(new)
    }

    /// A hash of the program that the card's bitstream was made of.
    pub fn program(&self) -> u64 {
        self.program
    }

    /// Ports of the card.
    pub fn ports(&self) -> u32 {
        self.ports
    }

    /// Whether nothing was written to the pipeline and no frame came in since the bitstream was loaded: all its memories are zero.
    ///
    /// # Errors
    ///
    /// The card cannot be reached.
    pub fn is_fresh(&self) -> Result<bool, CardError> {
        Ok(self.read(SHELL + shell::FRESH)? == 1)
    }

    /// Reads a register of BAR2.
    ///
    /// # Errors
    ///
    /// [`CardError::Gone`], or what the bus says.
    pub fn read(&self, offset: u64) -> Result<u32, CardError> {
        let word = read_u32(&*self.shared.bus, APPLICATION, offset)?;
        if word == u32::MAX {
            self.shared.present()?;
        }
        Ok(word)
    }

    /// Writes a register of BAR2. It is posted: it has arrived when something has been read.
    ///
    /// # Errors
    ///
    /// What the bus says.
    pub fn write(&self, offset: u64, word: u32) -> Result<(), CardError> {
        Ok(write_u32(&*self.shared.bus, APPLICATION, offset, word)?)
    }

    fn port(&self, port: u32) -> Result<u64, CardError> {
        if port >= self.ports {
            return Err(CardError::NoQueue { kind: "port", number: port, count: self.ports });
        }
        Ok(SHELL_PORTS + u64::from(port) * SHELL_PORT_STRIDE)
    }

    fn set(&self, offset: u64, word: u32) -> Result<(), CardError> {
        self.write(offset, word)?;
        self.read(offset).map(drop)
    }

    /// Gives a port the number that the program knows it by; none: nothing comes in there, and nothing leaves.
    ///
    /// # Errors
    ///
    /// There is no such port, or the card cannot be reached.
    pub fn set_number(&self, port: u32, number: Option<u16>) -> Result<(), CardError> {
        self.set(self.port(port)? + shell_port::NUMBER, number.map_or(NO_NUMBER, u32::from))
    }

    /// Queues of the host that have a number.
    pub fn hosts(&self) -> u32 {
        self.hosts
    }

    fn host(&self, queue: u32) -> Result<u64, CardError> {
        if queue >= self.hosts {
            return Err(CardError::NoQueue { kind: "queue of the host", number: queue, count: self.hosts });
        }
        Ok(SHELL_HOSTS + u64::from(queue) * SHELL_HOST_STRIDE)
    }

    /// Gives a queue of the host the number that the program knows it by: copies to it go to that receive queue, and what that transmit queue sends comes in by it.
    ///
    /// # Errors
    ///
    /// There is no such queue, or the card cannot be reached.
    pub fn set_host(&self, queue: u32, number: Option<u16>) -> Result<(), CardError> {
        self.set(self.host(queue)? + shell_host::NUMBER, number.map_or(NO_NUMBER, u32::from))
    }

    /// What a queue of the host counted, as of the last [`Self::snapshot`].
    ///
    /// # Errors
    ///
    /// There is no such queue, or the card cannot be reached.
    pub fn host_counts(&self, queue: u32) -> Result<HostCounts, CardError> {
        let at = self.host(queue)?;
        Ok(HostCounts {
            copies: self.read_u64(at + shell_host::COPIES)?,
            no_room: self.read_u64(at + shell_host::NO_ROOM)?,
            frames: self.read_u64(at + shell_host::FRAMES)?,
        })
    }

    /// Seconds that TAI is ahead of UTC.
    ///
    /// # Errors
    ///
    /// The card cannot be reached.
    pub fn set_tai_offset(&self, seconds: u32) -> Result<(), CardError> {
        self.set(SHELL + shell::TAI_OFFSET, seconds)
    }

    /// What all ports counted, at one moment, and copies to numbers that no port has.
    ///
    /// # Errors
    ///
    /// The card cannot be reached.
    pub fn snapshot(&self) -> Result<(Vec<PortCounts>, u64), CardError> {
        self.write(SHELL + shell::SNAPSHOT, 1)?;
        let nowhere = self.read_u64(SHELL + shell::NOWHERE)?;
        let ports = (0..self.ports).map(|port| {
            let at = self.port(port)?;
            Ok(PortCounts {
                received: self.read_u64(at + shell_port::RECEIVED)?,
                received_bytes: self.read_u64(at + shell_port::RECEIVED_BYTES)?,
                sent: self.read_u64(at + shell_port::SENT)?,
                sent_bytes: self.read_u64(at + shell_port::SENT_BYTES)?,
                down: self.read_u64(at + shell_port::DOWN)?,
            })
        });
        Ok((ports.collect::<Result<_, CardError>>()?, nowhere))
    }

    fn read_u64(&self, offset: u64) -> Result<u64, CardError> {
        Ok(u64::from(self.read(offset)?) | u64::from(self.read(offset + 4)?) << 32)
    }

    /// Whether the card is still there.
    ///
    /// # Errors
    ///
    /// [`CardError::Gone`], or what the bus says.
    pub fn present(&self) -> Result<(), CardError> {
        self.shared.present()
    }
}
