//! The controller's packets: what leaves by its port comes by the host's queue 0, and what it sends comes in there.

use std::sync::mpsc::{Receiver, sync_channel};

use sluice_nic::{Captured, Card, CardError, Pipeline, Sender};
use sluice_target::{CPU_PORT, Event};

use crate::host::HostQueue;

/// The host's queue, and the transmit queue.
pub(crate) const QUEUE: u32 = 0;
/// Packets that wait for somebody to ask; what comes beyond is lost, as P4Runtime allows.
const WAITING: usize = 4096;

/// See the module.
pub(crate) struct Cpu {
    pub(crate) host: HostQueue,
    sender: Sender,
    packets: Receiver<Vec<u8>>,
}

impl Cpu {
    pub(crate) fn begin(card: &Card, pipeline: &Pipeline) -> Result<Self, CardError> {
        let (give, packets) = sync_channel(WAITING);
        let take = move |captured: &Captured<'_>| drop(give.try_send(captured.data.to_vec()));
        let host = HostQueue::begin(card, pipeline, QUEUE, CPU_PORT, Box::new(take))?;
        Ok(Self { host, sender: card.sender(0, QUEUE)?, packets })
    }

    /// Sends a packet; says whether there was room.
    pub(crate) fn send(&mut self, frame: &[u8]) -> Result<bool, CardError> {
        self.sender.send(frame)
    }

    /// What came.
    pub(crate) fn take(&self) -> impl Iterator<Item = Event> {
        self.packets.try_iter().map(Event::PacketIn)
    }
}
