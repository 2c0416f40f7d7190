//! Interfaces and their ports.

use std::sync::Arc;

use super::chain::walk;
use super::{CardError, NIC, Shared};
use crate::registers::{
    Block, PORT_ON, PORT_RESET, PORT_UP, completion_queues, event_queues, interface, interfaces, port,
    port_control, receive_queues, transmit_queues,
};

/// More interfaces than a card has.
const MAX_INTERFACES: u32 = 8;

/// Queues of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Queues {
    offset: u64,
    pub(super) count: u32,
    stride: u64,
}

impl Queues {
    /// Where a queue's registers are.
    pub(super) fn place(self, kind: &'static str, number: u32) -> Result<u64, CardError> {
        if number >= self.count {
            return Err(CardError::NoQueue { kind, number, count: self.count });
        }
        Ok(self.offset + u64::from(number) * self.stride)
    }
}

/// An interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// What it can, as [`interface::FEATURES`] says.
    pub features: u32,
    /// The longest frame that it can receive, bytes without FCS.
    pub max_receive_bytes: u32,
    /// Its ports.
    pub ports: Vec<Port>,
    place: u64,
    shared: Arc<Shared>,
    pub(super) events: Queues,
    pub(super) completions: Queues,
    pub(super) transmitters: Queues,
    pub(super) receivers: Queues,
}

impl Interface {
    /// How many receive queues there are.
    pub fn receive_queues(&self) -> u32 {
        self.receivers.count
    }

    /// The longest frame that it receives, bytes without FCS.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn receive_bytes(&self) -> Result<u32, CardError> {
        self.shared.read(self.place + interface::RECEIVE_BYTES)
    }

    /// Receives frames of that many bytes and no longer ones: those are cut.
    ///
    /// # Errors
    ///
    /// [`CardError::TooLong`] for more than the card can, and what the bus says.
    pub fn set_receive_bytes(&self, bytes: u32) -> Result<(), CardError> {
        if bytes > self.max_receive_bytes {
            return Err(CardError::TooLong { bytes, most: self.max_receive_bytes });
        }
        self.shared.write(self.place + interface::RECEIVE_BYTES, bytes)?;
        self.receive_bytes().map(drop)
    }
}

/// A port of an interface.
#[derive(Clone, Debug)]
pub struct Port {
    place: u64,
    shared: Arc<Shared>,
}

/// One direction of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortState {
    /// It is on.
    pub is_on: bool,
    /// The link is up.
    pub is_up: bool,
    /// It is in reset.
    pub is_in_reset: bool,
}

impl Port {
    /// What comes in.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn receive_state(&self) -> Result<PortState, CardError> {
        self.state(port_control::RECEIVE)
    }

    /// What goes out.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn send_state(&self) -> Result<PortState, CardError> {
        self.state(port_control::SEND)
    }

    fn state(&self, register: u64) -> Result<PortState, CardError> {
        let word = self.shared.read(self.place + register)?;
        Ok(PortState {
            is_on: word & PORT_ON != 0,
            is_up: word & PORT_UP != 0,
            is_in_reset: word & PORT_RESET != 0,
        })
    }

    /// Turns receiving on or off.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn set_receive(&self, is_on: bool) -> Result<(), CardError> {
        self.turn(port_control::RECEIVE, is_on)
    }

    /// Turns sending on or off. A port to a tap is never turned on.
    ///
    /// # Errors
    ///
    /// [`CardError`].
    pub fn set_send(&self, is_on: bool) -> Result<(), CardError> {
        self.turn(port_control::SEND, is_on)
    }

    /// Writes are posted: when the register has been read, what was written has arrived, and no frame comes before it.
    fn turn(&self, register: u64, is_on: bool) -> Result<(), CardError> {
        self.shared.write(self.place + register, if is_on { PORT_ON } else { 0 })?;
        self.shared.read(self.place + register).map(drop)
    }
}

/// Offset, count and stride, which stand at the same places in all blocks that have them; the queues lie in the space.
pub(super) fn read_queues(shared: &Shared, at: u64, block: &Block) -> Result<Queues, CardError> {
    let offset = u64::from(shared.read(at + receive_queues::OFFSET)?);
    let count = shared.read(at + receive_queues::COUNT)?;
    let stride = u64::from(shared.read(at + receive_queues::STRIDE)?);
    let size = shared.bus.size(NIC);
    let end = offset.saturating_add(stride.saturating_mul(u64::from(count)));
    if end > size || stride == 0 || stride % 4 != 0 || offset % 4 != 0 {
        let why = format!(
            "{count} at {offset:#x}, {stride} bytes each, do not lie in {size:#x} bytes of registers"
        );
        return Err(CardError::Chain { at, why: format!("{}: {why}", block.name) });
    }
    Ok(Queues { offset, count, stride })
}

pub(super) fn read_interfaces(shared: &Arc<Shared>, at: u64) -> Result<Vec<Interface>, CardError> {
    let places = read_queues(shared, at, &interfaces::BLOCK)?;
    let csr = u64::from(shared.read(at + interfaces::CSR_OFFSET)?);
    if places.count > MAX_INTERFACES {
        let why = format!("{} interfaces, and a card has {MAX_INTERFACES} at most", places.count);
        return Err(CardError::Chain { at, why });
    }
    (0..u64::from(places.count))
        .map(|number| read_interface(shared, places.offset + number * places.stride + csr))
        .collect()
}

fn read_interface(shared: &Arc<Shared>, at: u64) -> Result<Interface, CardError> {
    let found = walk(shared, at)?;
    let place = found.need(&interface::BLOCK)?;
    let ports = found.all(&port::BLOCK).map(|at| read_port(shared, at)).collect::<Result<_, _>>()?;
    Ok(Interface {
        features: shared.read(place + interface::FEATURES)?,
        max_receive_bytes: shared.read(place + interface::MAX_RECEIVE_BYTES)?,
        ports,
        place,
        shared: shared.clone(),
        events: read_queues(shared, found.need(&event_queues::BLOCK)?, &event_queues::BLOCK)?,
        completions: read_queues(shared, found.need(&completion_queues::BLOCK)?, &completion_queues::BLOCK)?,
        transmitters: read_queues(shared, found.need(&transmit_queues::BLOCK)?, &transmit_queues::BLOCK)?,
        receivers: read_queues(shared, found.need(&receive_queues::BLOCK)?, &receive_queues::BLOCK)?,
    })
}

fn read_port(shared: &Arc<Shared>, at: u64) -> Result<Port, CardError> {
    let first = u64::from(shared.read(at + port::OFFSET)?);
    let found = walk(shared, first)?;
    Ok(Port { place: found.need(&port_control::BLOCK)?, shared: shared.clone() })
}
