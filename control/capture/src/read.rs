//! One capture, packet by packet.

mod pcap;
mod pcapng;
mod time;

use std::fmt;
use std::io::{self, Read};

use crate::error::{Error, Position};
use crate::link_type::LINK_TYPE_ETHERNET;
use crate::source::Source;

/// Longest frame that is read, the bound of libpcap too: 256 KiB. A longer one is refused as damage.
pub const MAX_PACKET_BYTES: u32 = 262_144;

/// Longest pcapng block that is read: 16 MiB, which holds large name-resolution and secrets blocks.
pub const MAX_BLOCK_BYTES: u32 = 16 * 1024 * 1024;

/// Most interface descriptions in one file, over all its sections.
pub const MAX_INTERFACES: usize = 65_536;

/// How to read a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Take link type 0 for Ethernet: bmv2 writes its captures so.
    pub assume_ethernet: bool,
    /// Length of the input in bytes, where known, for [`Reader::total_bytes`].
    pub total_bytes: Option<u64>,
}

/// One frame of a capture. It borrows from the reader and lasts until the next is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Nanoseconds since the UNIX epoch, UTC. A time before 1970 or after 2554 is set to the nearer limit.
    pub time_ns: u64,
    /// The frame as captured, from the destination MAC on, without frame check sequence.
    pub data: &'a [u8],
    /// Bytes of the whole frame on the wire, without frame check sequence; at least `data.len()`.
    pub wire_length: u32,
    /// Index into [`Reader::interfaces`], 0 in pcap.
    pub interface: u32,
    /// What `epb_flags` says; nothing in pcap.
    pub flags: PacketFlags,
    /// Packets lost on this interface between the one before and this (`epb_dropcount`), 0 where not given.
    pub dropped: u64,
    /// Identity of the packet over interfaces (`epb_packetid`).
    pub packet_id: Option<u64>,
    /// Receive queue (`epb_queue`).
    pub queue: Option<u32>,
}

/// Which way a packet went, seen from the capturing interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The capture does not say.
    #[default]
    Unknown,
    /// Received.
    Inbound,
    /// Sent.
    Outbound,
}

/// The word of the `epb_flags` option (pcapng draft, section 4.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketFlags(pub u32);

impl PacketFlags {
    /// Bits 0 and 1.
    pub fn direction(self) -> Direction {
        match self.0 & 3 {
            1 => Direction::Inbound,
            2 => Direction::Outbound,
            _ => Direction::Unknown,
        }
    }

    /// Whether the frame arrived with a wrong frame check sequence (bit 24).
    pub fn bad_fcs(self) -> bool {
        self.0 & (1 << 24) != 0
    }

    /// Bytes of the frame check sequence in the data (bits 5 to 8), where given.
    fn fcs_bytes(self) -> Option<u32> {
        let bytes = self.0 >> 5 & 0xf;
        (bytes != 0).then_some(bytes)
    }
}

/// An interface that packets of a capture came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Name given by who captured (`if_name`).
    pub name: Option<String>,
    /// Description given by who captured (`if_description`).
    pub description: Option<String>,
    /// Registered link type; see [`link_type_name`](crate::link_type_name).
    pub link_type: u32,
    /// Most bytes of a packet that were captured, 0 for no limit.
    pub snap_length: u32,
    /// Bytes of frame check sequence at the end of each frame, which reading cuts off.
    pub fcs_bytes: u32,
}

/// A packet that a format found, as a place in the window: the borrow comes last.
#[derive(Debug, Default)]
struct Found {
    time_ns: u64,
    /// The frame begins this many bytes before the first byte that is not consumed.
    back: usize,
    captured: u32,
    wire_length: u32,
    interface: u32,
    flags: PacketFlags,
    dropped: u64,
    packet_id: Option<u64>,
    queue: Option<u32>,
}

#[derive(Debug)]
enum Format {
    Pcap(pcap::Pcap),
    Pcapng(pcapng::Pcapng),
}

/// A stream of the packets of one capture, in file order, with bounded memory.
///
/// After an error or the end, there are no more packets.
pub struct Reader<R> {
    source: Source<R>,
    format: Format,
    options: ReadOptions,
    interfaces: Vec<Interface>,
    packets: u64,
    /// The packet that was read last, still in the window.
    last: Option<Found>,
    done: bool,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("format", &self.format)
            .field("packets", &self.packets)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Reader<R> {
    /// Reads the header. No buffering is needed around `input`.
    pub fn new(input: R, options: ReadOptions) -> Result<Self, Error> {
        let mut source = Source::new(input);
        let mut interfaces = Vec::new();
        let at = Position { byte: 0, packets: 0 };
        let available = source.fill(4).map_err(|source| Error::Io { at, source })?;
        if available == 0 {
            return Err(Error::Empty);
        }
        let start = source.data()[..available].to_vec();
        let format = if start == pcapng::SECTION_HEADER.to_le_bytes() {
            Format::Pcapng(pcapng::Pcapng::default())
        } else if pcap::is_magic(&start) {
            let (format, interface) = pcap::Pcap::open(&mut source)?;
            interfaces.push(interface);
            check_link_type(&interfaces, 0, options, at)?;
            Format::Pcap(format)
        } else {
            return Err(Error::NotACapture { start });
        };
        Ok(Self { source, format, options, interfaces, packets: 0, last: None, done: false })
    }

    /// The next packet, or none at the end of the capture.
    ///
    /// A capture that ends within a packet gives all whole packets first, then [`Error::Truncated`].
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, Error> {
        if self.done {
            return Ok(None);
        }
        let found = self.find();
        self.done = !matches!(found, Ok(Some(_)));
        self.last = None;
        self.last = found?;
        self.packets += u64::from(self.last.is_some());
        Ok(self.held())
    }

    /// The packet that [`Self::next_packet`] gave last, again.
    pub(crate) fn held(&self) -> Option<Packet<'_>> {
        self.last.as_ref().map(|found| self.borrow(found))
    }

    fn find(&mut self) -> Result<Option<Found>, Error> {
        let at = Position { byte: self.source.consumed(), packets: self.packets };
        let found = match &mut self.format {
            Format::Pcap(format) => format.next(&mut self.source, at)?,
            Format::Pcapng(format) => format.next(&mut self.source, &mut self.interfaces, self.packets)?,
        };
        if let Some(found) = &found {
            check_link_type(&self.interfaces, found.interface, self.options, at)?;
        }
        Ok(found)
    }

    /// The found packet without its frame check sequence.
    fn borrow(&self, found: &Found) -> Packet<'_> {
        let interface_fcs =
            self.interfaces.get(found.interface as usize).map_or(0, |interface| interface.fcs_bytes);
        let fcs_bytes = found.flags.fcs_bytes().unwrap_or(interface_fcs);
        let wire_length = found.wire_length.max(found.captured).saturating_sub(fcs_bytes);
        let captured = found.captured.min(wire_length);
        Packet {
            time_ns: found.time_ns,
            data: self.source.kept(found.back, captured as usize),
            wire_length,
            interface: found.interface,
            flags: found.flags,
            dropped: found.dropped,
            packet_id: found.packet_id,
            queue: found.queue,
        }
    }

    /// The interfaces described so far: all of them only once the capture is read to its end.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Packets delivered so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Bytes of the input that the packets so far took, for a progress bar.
    pub fn consumed_bytes(&self) -> u64 {
        self.source.consumed()
    }

    /// Length of the input as the caller gave it.
    pub fn total_bytes(&self) -> Option<u64> {
        self.options.total_bytes
    }
}

fn check_link_type(
    interfaces: &[Interface],
    index: u32,
    options: ReadOptions,
    at: Position,
) -> Result<(), Error> {
    let Some(interface) = interfaces.get(index as usize) else { return Ok(()) };
    let link_type = interface.link_type;
    if link_type == LINK_TYPE_ETHERNET || (link_type == 0 && options.assume_ethernet) {
        return Ok(());
    }
    Err(Error::LinkType { link_type, interface: index, name: interface.name.clone(), at })
}

/// Makes `needed` bytes of the record at `at` available.
fn fill_whole<R: Read>(
    source: &mut Source<R>,
    needed: u32,
    what: &'static str,
    at: Position,
) -> Result<(), Error> {
    let available = source.fill(needed as usize).map_err(|source: io::Error| Error::Io { at, source })?;
    if available < needed as usize {
        return Err(Error::Truncated { what, needed: u64::from(needed), available: available as u64, at });
    }
    Ok(())
}
