//! The pcapng format, little-endian, with the options that tools understand (IETF draft-ietf-opsawg-pcapng).

use std::io::{self, Write};

use super::invalid;
use crate::link_type::LINK_TYPE_ETHERNET;
use crate::read::{Direction, MAX_PACKET_BYTES};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// What the section header says of who captured, besides `shb_userappl`, which is `sluice`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SectionOptions<'a> {
    /// `shb_hardware`.
    pub hardware: Option<&'a str>,
    /// `shb_os`.
    pub os: Option<&'a str>,
}

/// What an interface block says. Times are nanoseconds, and capture length is without limit, always.
#[derive(Clone, Copy, Debug, Default)]
pub struct InterfaceOptions<'a> {
    /// `if_name`.
    pub name: &'a str,
    /// `if_description`.
    pub description: Option<&'a str>,
    /// `if_hardware`.
    pub hardware: Option<&'a str>,
    /// `if_fcslen`, in bytes as Wireshark has it: only where frames are written with their frame check
    /// sequence.
    pub fcs_bytes: Option<u8>,
}

/// A frame to write.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketRecord<'a> {
    /// Number that [`PcapngWriter::add_interface`] gave.
    pub interface: u32,
    /// Nanoseconds since the UNIX epoch, UTC.
    pub time_ns: u64,
    /// The frame, possibly cut short.
    pub data: &'a [u8],
    /// Length of the frame before it was cut short.
    pub wire_length: u32,
    /// Direction bits of `epb_flags`.
    pub direction: Direction,
    /// `epb_dropcount`: packets lost between the one before on this interface and this.
    pub dropped: Option<u64>,
    /// `epb_packetid`: the same for one packet seen on several interfaces.
    pub packet_id: Option<u64>,
    /// `epb_queue`.
    pub queue: Option<u32>,
}

/// Totals of an interface, for its statistics block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterfaceStatistics {
    /// `isb_ifrecv`: packets that the interface received.
    pub received: Option<u64>,
    /// `isb_ifdrop`: packets that it lost.
    pub dropped: Option<u64>,
    /// `isb_filteraccept`: packets that filters accepted.
    pub accepted: Option<u64>,
    /// `isb_usrdeliv`: packets delivered, those of this file.
    pub delivered: Option<u64>,
}

/// Writes a pcapng file of one section.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    output: W,
    /// The block being put together.
    block: Vec<u8>,
    /// Whether it has options, which then need an end.
    has_options: bool,
    /// Time of the last packet, one for each interface.
    last_times: Vec<u64>,
}

impl<W: Write> PcapngWriter<W> {
    /// Writes the section header. Each block is one write.
    pub fn new(output: W, options: SectionOptions<'_>) -> io::Result<Self> {
        let mut writer = Self { output, block: Vec::new(), has_options: false, last_times: Vec::new() };
        writer.begin(SECTION_HEADER);
        writer.u32(BYTE_ORDER_MAGIC);
        // Version 1.0; the section's length is not given.
        writer.u32(1);
        writer.block.extend([0xff; 8]);
        writer.text(2, options.hardware)?;
        writer.text(3, options.os)?;
        writer.text(4, Some("sluice"))?;
        writer.end()?;
        Ok(writer)
    }

    /// Describes an interface, and returns its number: 0, 1, ... in the order of calls.
    pub fn add_interface(&mut self, options: InterfaceOptions<'_>) -> io::Result<u32> {
        let number = u32::try_from(self.last_times.len()).map_err(|_| invalid("too many interfaces"))?;
        self.begin(INTERFACE_DESCRIPTION);
        // The two bytes behind the link type are reserved.
        self.u32(LINK_TYPE_ETHERNET);
        // Capture length: no limit.
        self.u32(0);
        self.text(2, Some(options.name))?;
        self.text(3, options.description)?;
        self.option(9, &[9])?;
        if let Some(bytes) = options.fcs_bytes {
            self.option(13, &[bytes])?;
        }
        self.text(15, options.hardware)?;
        self.end()?;
        self.last_times.push(0);
        Ok(number)
    }

    /// Writes a frame.
    pub fn write_packet(&mut self, packet: &PacketRecord<'_>) -> io::Result<()> {
        if packet.data.len() > MAX_PACKET_BYTES as usize {
            return Err(invalid("a packet is longer than any reader takes"));
        }
        let Some(last_time) = self.last_times.get_mut(packet.interface as usize) else {
            return Err(invalid("a packet is on an interface that was not added"));
        };
        *last_time = packet.time_ns;
        self.begin(ENHANCED_PACKET);
        self.u32(packet.interface);
        self.time(packet.time_ns);
        self.u32(packet.data.len() as u32);
        self.u32(packet.wire_length);
        self.padded(packet.data);
        let flags: u32 = match packet.direction {
            Direction::Unknown => 0,
            Direction::Inbound => 1,
            Direction::Outbound => 2,
        };
        if flags != 0 {
            self.option(2, &flags.to_le_bytes())?;
        }
        self.count(4, packet.dropped)?;
        self.count(5, packet.packet_id)?;
        if let Some(queue) = packet.queue {
            self.option(6, &queue.to_le_bytes())?;
        }
        self.end()
    }

    /// Writes the totals of an interface, as of its last packet. They belong behind all packets.
    pub fn write_statistics(&mut self, interface: u32, statistics: InterfaceStatistics) -> io::Result<()> {
        let Some(&last_time) = self.last_times.get(interface as usize) else {
            return Err(invalid("statistics are of an interface that was not added"));
        };
        self.begin(INTERFACE_STATISTICS);
        self.u32(interface);
        self.time(last_time);
        self.count(4, statistics.received)?;
        self.count(5, statistics.dropped)?;
        self.count(6, statistics.accepted)?;
        self.count(8, statistics.delivered)?;
        self.end()
    }

    /// Where blocks are written to.
    pub fn output(&self) -> &W {
        &self.output
    }

    /// The same, for whoever takes away what was written.
    pub fn output_mut(&mut self) -> &mut W {
        &mut self.output
    }

    /// Flushes, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }

    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.has_options = false;
        self.u32(kind);
        // The length, filled in at the end.
        self.u32(0);
    }

    /// Ends the options, if there are any, and writes the block.
    fn end(&mut self) -> io::Result<()> {
        if self.has_options {
            self.u32(0);
        }
        let length = u32::try_from(self.block.len() + 4).map_err(|_| invalid("a block is too long"))?;
        self.block[4..8].copy_from_slice(&length.to_le_bytes());
        self.u32(length);
        self.output.write_all(&self.block)
    }

    fn u32(&mut self, value: u32) {
        self.block.extend(value.to_le_bytes());
    }

    /// A time as the format has it: the upper half first, each half in the byte order of the file.
    fn time(&mut self, time_ns: u64) {
        self.u32((time_ns >> 32) as u32);
        self.u32(time_ns as u32);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn option(&mut self, code: u16, value: &[u8]) -> io::Result<()> {
        let length =
            u16::try_from(value.len()).map_err(|_| invalid("an option is longer than 65,535 bytes"))?;
        self.block.extend(code.to_le_bytes());
        self.block.extend(length.to_le_bytes());
        self.padded(value);
        self.has_options = true;
        Ok(())
    }

    fn text(&mut self, code: u16, value: Option<&str>) -> io::Result<()> {
        value.map_or(Ok(()), |text| self.option(code, text.as_bytes()))
    }

    fn count(&mut self, code: u16, value: Option<u64>) -> io::Result<()> {
        value.map_or(Ok(()), |count| self.option(code, &count.to_le_bytes()))
    }
}
