//! The pcap format with nanoseconds, little-endian.

use std::io::{self, Write};

use super::invalid;
use crate::link_type::LINK_TYPE_ETHERNET;
use crate::read::MAX_PACKET_BYTES;

const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;

/// Writes a pcap file of Ethernet frames with nanosecond times.
#[derive(Debug)]
pub struct PcapWriter<W> {
    output: W,
}

impl<W: Write> PcapWriter<W> {
    /// Writes the header. Each packet is a few small writes: give a buffered `output`.
    pub fn new(mut output: W) -> io::Result<Self> {
        output.write_all(&MAGIC_NANOSECONDS.to_le_bytes())?;
        output.write_all(&[2, 0, 4, 0])?;
        // Time zone and accuracy: 0 in all files.
        output.write_all(&[0; 8])?;
        output.write_all(&MAX_PACKET_BYTES.to_le_bytes())?;
        output.write_all(&LINK_TYPE_ETHERNET.to_le_bytes())?;
        Ok(Self { output })
    }

    /// Writes a frame without frame check sequence, of which `wire_length` bytes were on the wire.
    ///
    /// Fails where `time_ns` (since the UNIX epoch, UTC) is after 2106, which the format cannot say.
    pub fn write_packet(&mut self, time_ns: u64, data: &[u8], wire_length: u32) -> io::Result<()> {
        let seconds =
            u32::try_from(time_ns / 1_000_000_000).map_err(|_| invalid("pcap times end in 2106"))?;
        let nanoseconds = (time_ns % 1_000_000_000) as u32;
        let captured = u32::try_from(data.len()).map_err(|_| invalid("a packet is too long for pcap"))?;
        for field in [seconds, nanoseconds, captured, wire_length] {
            self.output.write_all(&field.to_le_bytes())?;
        }
        self.output.write_all(data)
    }

    /// Flushes, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
