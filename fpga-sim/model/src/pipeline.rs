//! What the application block does with frames.

use sluice_nic::CardTime;

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// It goes to the host, to that receive queue.
    Host {
        /// The queue.
        queue: u16,
        /// The frame.
        frame: Vec<u8>,
    },
    /// It leaves by a port.
    Port {
        /// The port.
        port: u8,
        /// The frame.
        frame: Vec<u8>,
    },
}

/// An application block.
pub trait Pipeline: Send {
    /// What application it is: the card's `application` block says so.
    fn id(&self) -> u32;

    /// A frame came in at a port at that time.
    fn frame(&mut self, port: u8, frame: &[u8], time: CardTime) -> Vec<Out>;

    /// The host sent a frame by that transmit queue at that time.
    fn sent_by_host(&mut self, _queue: u16, _frame: &[u8], _time: CardTime) -> Vec<Out> {
        Vec::new()
    }

    /// A copy for the host found no descriptor in its queue.
    fn found_no_room(&mut self, _queue: u16) {}

    /// Reads a register of BAR2.
    fn read(&mut self, offset: u64) -> u32;

    /// Writes a register of BAR2.
    fn write(&mut self, offset: u64, word: u32);

    /// Whether a port sends now: it is on, and its link is up.
    fn set_sends(&mut self, _port: u8, _sends: bool) {}

    /// As after power on.
    fn reset(&mut self);
}

/// An application block that is turned off: each frame goes to the host, to the first queue.
#[derive(Clone, Copy, Debug)]
pub struct ToHost {
    /// What it says that it is.
    pub id: u32,
}

impl Pipeline for ToHost {
    fn id(&self) -> u32 {
        self.id
    }

    fn frame(&mut self, _port: u8, frame: &[u8], _time: CardTime) -> Vec<Out> {
        vec![Out::Host { queue: 0, frame: frame.to_vec() }]
    }

    fn read(&mut self, _offset: u64) -> u32 {
        0
    }

    fn write(&mut self, _offset: u64, _word: u32) {}

    fn reset(&mut self) {}
}
