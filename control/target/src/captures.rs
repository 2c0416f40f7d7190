//! Captures as ports: packets come in at the times that they were captured, as fast as they can be read.

use std::io::Read;

use sluice_capture::{Merge, MergeError, Packet};
use sluice_switch::Ingress;

/// Captures of network ports, merged by time. The clock is the packets'.
#[derive(Debug)]
pub struct Captures<R> {
    merge: Merge<u16, R>,
}

impl<R: Read> Captures<R> {
    /// Captures that are tagged with the number of their port.
    pub fn new(merge: Merge<u16, R>) -> Self {
        Self { merge }
    }

    /// The next packet of all, by time.
    ///
    /// # Errors
    ///
    /// What is wrong with a capture; the others can be read further.
    #[inline]
    pub fn receive(&mut self) -> Result<Option<Ingress<'_>>, MergeError> {
        Ok(self.merge.next_packet()?.map(|(port, packet)| ingress(port, &packet)))
    }

    /// Bytes of all captures, where their sizes are known.
    pub fn total_bytes(&self) -> Option<u64> {
        self.merge.total_bytes()
    }

    /// Bytes that have been read.
    pub fn consumed_bytes(&self) -> u64 {
        self.merge.consumed_bytes()
    }
}

/// A packet of a capture as the switch takes it.
fn ingress<'a>(port: u16, packet: &Packet<'a>) -> Ingress<'a> {
    Ingress {
        port,
        time_ns: packet.time_ns,
        data: packet.data,
        wire_length: packet.wire_length,
        bad_frame: packet.flags.bad_fcs(),
    }
}
