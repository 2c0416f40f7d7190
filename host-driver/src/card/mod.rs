//! A card that was found to be one.

mod chain;
mod clock;
mod error;
mod interface;
mod mapped;
mod pipeline;
mod queue;
mod receive;
mod send;
mod statistics;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use clock::{CardTime, Clock, ClockReading, Discipline, Offset};
pub use error::CardError;
pub use interface::{Interface, Port, PortState};
pub use pipeline::{HostCounts, Pipeline, PortCounts};
pub use receive::{Captured, Receiver, ReceiverOptions, ReceiverStatus};
pub use send::Sender;
pub use statistics::Statistics;

use chain::walk;
use interface::{Queues, read_interfaces, read_queues};

use crate::bus::{Addresses, Bus, Interrupt, Space, read_u32, write_u32};
use crate::pci;
use crate::registers::{
    PIPELINE_APPLICATION, application, clock as clock_block, firmware, interfaces,
    statistics as statistics_block,
};

/// The NIC's registers.
pub(crate) const NIC: Space = Space::Bar(0);
/// The application's registers.
pub(crate) const APPLICATION: Space = Space::Bar(2);
/// Vendor and device of the cards that are known: Corundum's own, and those of two vendors who build it in.
const KNOWN: [(u16, u16); 2] = [(0x1234, 0x1001), (0x5543, 0x1001)];
/// More interrupts than that are not used.
const MAX_INTERRUPTS: u32 = 64;

/// What all parts of a card share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) bus: Arc<dyn Bus>,
    addresses: Mutex<Addresses>,
    pub(crate) interrupts: Vec<Interrupt>,
}

impl Shared {
    pub(crate) fn addresses(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a register of the NIC.
    pub(crate) fn read(&self, offset: u64) -> Result<u32, CardError> {
        let word = read_u32(&*self.bus, NIC, offset)?;
        if word == u32::MAX {
            self.present()?;
        }
        Ok(word)
    }

    /// Writes one.
    pub(crate) fn write(&self, offset: u64, word: u32) -> Result<(), CardError> {
        Ok(write_u32(&*self.bus, NIC, offset, word)?)
    }

    /// Whether the card is still there: one that was pulled out reads as all ones.
    pub(crate) fn present(&self) -> Result<(), CardError> {
        match pci::read_u16(&*self.bus, pci::VENDOR)? {
            u16::MAX => Err(CardError::Gone),
            _ => Ok(()),
        }
    }
}

/// What the card says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// What the firmware is.
    pub id: u32,
    /// Its version: four numbers, the highest byte first.
    pub version: u32,
    /// What the board is: subsystem vendor and number.
    pub board: u32,
    /// Its version.
    pub board_version: u32,
    /// When it was built, seconds since the UNIX epoch.
    pub built: u32,
    /// The first 4 bytes of the revision it was built from.
    pub revision: u32,
}

/// The application block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// What application it is.
    pub id: u32,
    /// Bytes of its registers.
    pub bytes: u64,
}

/// A card, and what it says that it has.
#[derive(Debug)]
pub struct Card {
    shared: Arc<Shared>,
    firmware: Firmware,
    application: Option<Application>,
    interfaces: Vec<Interface>,
    clock: Option<u64>,
    statistics: Option<Queues>,
}

impl Card {
    /// Looks at a function, and gets it ready: it may read and write memory, its interrupts are connected, and its registers are found.
    ///
    /// # Errors
    ///
    /// [`CardError`]: it is not such a card, or one that is not known here.
    pub fn open(bus: Arc<dyn Bus>) -> Result<Self, CardError> {
        identify(&*bus)?;
        for space in [Space::Config, NIC] {
            if bus.size(space) == 0 {
                return Err(CardError::NoSpace { space });
            }
        }
        let command = pci::read_u16(&*bus, pci::COMMAND)?;
        let command = command | pci::COMMAND_MEMORY | pci::COMMAND_MASTER | pci::COMMAND_NO_INTX;
        bus.write(Space::Config, pci::COMMAND, &command.to_le_bytes())?;
        let vectors = bus.vectors().min(MAX_INTERRUPTS);
        let interrupts = (0..vectors).map(|_| Interrupt::new()).collect::<Result<Vec<_>, _>>();
        let interrupts = interrupts.map_err(CardError::Memory)?;
        bus.connect(&interrupts)?;
        let addresses = Mutex::new(Addresses::new(&bus.addresses()));
        let shared = Arc::new(Shared { bus, addresses, interrupts });
        Self::look(shared)
    }

    fn look(shared: Arc<Shared>) -> Result<Self, CardError> {
        let found = walk(&shared, 0)?;
        let firmware = read_firmware(&shared, found.need(&firmware::BLOCK)?)?;
        let application = match found.find(&application::BLOCK)? {
            Some(at) => Some(Application {
                id: shared.read(at + application::ID)?,
                bytes: shared.bus.size(APPLICATION),
            }),
            None => None,
        };
        let statistics = match found.find(&statistics_block::BLOCK)? {
            Some(at) => Some(read_queues(&shared, at, &statistics_block::BLOCK)?),
            None => None,
        };
        let clock = found.find(&clock_block::BLOCK)?;
        let interfaces = read_interfaces(&shared, found.need(&interfaces::BLOCK)?)?;
        Ok(Self { shared, firmware, application, interfaces, clock, statistics })
    }

    /// What the card says that it is.
    pub fn firmware(&self) -> Firmware {
        self.firmware
    }

    /// Its application block, if it has one.
    pub fn application(&self) -> Option<Application> {
        self.application
    }

    /// Its interfaces.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Makes sure that the card runs that application.
    ///
    /// # Errors
    ///
    /// [`CardError::NoApplication`], [`CardError::WrongApplication`].
    pub fn expect_application(&self, expected: u32) -> Result<(), CardError> {
        match self.application {
            None => Err(CardError::NoApplication { expected }),
            Some(Application { id, .. }) if id != expected => {
                Err(CardError::WrongApplication { found: id, expected })
            }
            Some(_) => Ok(()),
        }
    }

    /// Its PTP hardware clock.
    ///
    /// # Errors
    ///
    /// [`CardError::Missing`] if it has none.
    pub fn clock(&self) -> Result<Clock, CardError> {
        let place = self.clock.ok_or(CardError::Missing { block: clock_block::BLOCK.name })?;
        Ok(Clock::new(self.shared.clone(), place))
    }

    /// Its counters.
    ///
    /// # Errors
    ///
    /// [`CardError::Missing`] if it has none.
    pub fn statistics(&self) -> Result<Statistics, CardError> {
        let place = self.statistics.ok_or(CardError::Missing { block: statistics_block::BLOCK.name })?;
        Ok(Statistics::new(self.shared.clone(), place))
    }

    /// The pipeline in its application block.
    ///
    /// # Errors
    ///
    /// [`CardError::NoApplication`], [`CardError::WrongApplication`], [`CardError::Version`]: it is another one, or none.
    pub fn pipeline(&self) -> Result<Pipeline, CardError> {
        self.expect_application(PIPELINE_APPLICATION)?;
        Pipeline::new(self.shared.clone())
    }

    /// Takes what comes in at a receive queue of an interface.
    ///
    /// # Errors
    ///
    /// [`CardError`]: there is no such queue, its options are out of bounds, or it does not start.
    pub fn receiver(
        &self,
        interface: usize,
        queue: u32,
        options: ReceiverOptions,
    ) -> Result<Receiver, CardError> {
        let count = self.interfaces.len() as u32;
        let found = self.interfaces.get(interface);
        let found = found.ok_or(CardError::NoQueue { kind: "interface", number: interface as u32, count })?;
        Receiver::new(self.shared.clone(), found, queue, options, self.clock().ok())
    }

    /// Sends by a transmit queue of an interface.
    ///
    /// # Errors
    ///
    /// [`CardError`]: there is no such queue, or it does not start.
    pub fn sender(&self, interface: usize, queue: u32) -> Result<Sender, CardError> {
        let count = self.interfaces.len() as u32;
        let found = self.interfaces.get(interface);
        let found = found.ok_or(CardError::NoQueue { kind: "interface", number: interface as u32, count })?;
        Sender::new(self.shared.clone(), found, queue)
    }

    /// Whether the card is still there.
    ///
    /// # Errors
    ///
    /// [`CardError::Gone`], or what the bus says.
    pub fn present(&self) -> Result<(), CardError> {
        self.shared.present()
    }

    /// Resets it. All queues have to be stopped before; the card has to be opened again.
    ///
    /// # Errors
    ///
    /// [`CardError::Bus`].
    pub fn reset(self) -> Result<(), CardError> {
        Ok(self.shared.bus.reset()?)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The card may be gone: then there is nothing to take away.
        let _ = self.bus.connect(&[]);
        if let Ok(command) = pci::read_u16(&*self.bus, pci::COMMAND) {
            let command = command & !pci::COMMAND_MASTER;
            let _ = self.bus.write(Space::Config, pci::COMMAND, &command.to_le_bytes());
        }
    }
}

/// A card by its vendor and device.
fn identify(bus: &dyn Bus) -> Result<(), CardError> {
    if bus.size(Space::Config) == 0 {
        return Err(CardError::NoSpace { space: Space::Config });
    }
    let (vendor, device) = (pci::read_u16(bus, pci::VENDOR)?, pci::read_u16(bus, pci::DEVICE)?);
    if vendor == u16::MAX || device == u16::MAX {
        return Err(CardError::Gone);
    }
    if KNOWN.contains(&(vendor, device)) { Ok(()) } else { Err(CardError::NotACard { vendor, device }) }
}

/// Whether these are vendor and device of a card that is known here.
pub(crate) fn is_known(vendor: u16, device: u16) -> bool {
    KNOWN.contains(&(vendor, device))
}

fn read_firmware(shared: &Shared, at: u64) -> Result<Firmware, CardError> {
    Ok(Firmware {
        id: shared.read(at + firmware::FIRMWARE)?,
        version: shared.read(at + firmware::FIRMWARE_VERSION)?,
        board: shared.read(at + firmware::BOARD)?,
        board_version: shared.read(at + firmware::BOARD_VERSION)?,
        built: shared.read(at + firmware::BUILT)?,
        revision: shared.read(at + firmware::REVISION)?,
    })
}
