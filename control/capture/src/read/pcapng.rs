//! The pcapng format: blocks of a type, a length, a body, and the length again (IETF
//! draft-ietf-opsawg-pcapng).
//!
//! Blocks that say nothing about packets (names, secrets, statistics, custom) are passed over.

use std::io::{self, Read};

use pcap_parser::pcapng::{
    PcapNGOption, parse_enhancedpacketblock_be, parse_enhancedpacketblock_le,
    parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le, parse_option_be, parse_option_le,
    parse_sectionheaderblock,
};

use super::time::Clock;
use super::{Found, Interface, MAX_BLOCK_BYTES, MAX_INTERFACES, MAX_PACKET_BYTES, PacketFlags, fill_whole};
use crate::error::{Error, Position};
use crate::source::Source;

/// Type of the section header block, the same in both byte orders.
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Type, length and trailing length.
const SMALLEST_BLOCK_BYTES: u32 = 12;
const OBSOLETE_PACKET_FIXED_BYTES: usize = 32;
const SIMPLE_PACKET_FIXED_BYTES: usize = 16;

/// What the section so far says of the blocks to come.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    big_endian: bool,
    /// One for each interface of the file, those of earlier sections included.
    clocks: Vec<Clock>,
    /// Index over the file of the section's interface 0.
    section_base: usize,
}

impl Pcapng {
    /// Reads blocks up to and including the next one that holds a packet.
    pub(super) fn next<R: Read>(
        &mut self,
        source: &mut Source<R>,
        interfaces: &mut Vec<Interface>,
        packets: u64,
    ) -> Result<Option<Found>, Error> {
        loop {
            let at = Position { byte: source.consumed(), packets };
            if source.fill(1).map_err(|source: io::Error| Error::Io { at, source })? == 0 {
                return Ok(None);
            }
            let (kind, length) = self.frame(source, at)?;
            let block = &source.data()[..length as usize];
            let found = match kind {
                SECTION_HEADER => {
                    self.section_header(block, interfaces.len(), at)?;
                    None
                }
                INTERFACE_DESCRIPTION => {
                    self.interface(block, interfaces, at)?;
                    None
                }
                ENHANCED_PACKET => Some(self.enhanced(block, at)?),
                SIMPLE_PACKET => Some(self.simple(block, interfaces, at)?),
                OBSOLETE_PACKET => Some(self.obsolete(block, at)?),
                _ => None,
            };
            source.consume(length as usize);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Makes the next block available whole; its type and length.
    fn frame<R: Read>(&mut self, source: &mut Source<R>, at: Position) -> Result<(u32, u32), Error> {
        fill_whole(source, SMALLEST_BLOCK_BYTES, "block", at)?;
        let data = source.data();
        if self.u32_at(data, 0) == SECTION_HEADER {
            self.big_endian = match self.u32_at(data, 8) {
                BYTE_ORDER_MAGIC => self.big_endian,
                swapped if swapped == BYTE_ORDER_MAGIC.swap_bytes() => !self.big_endian,
                _ => return Err(Error::Corrupt { what: "a section header has no byte-order magic", at }),
            };
        }
        let (kind, length) = (self.u32_at(data, 0), self.u32_at(data, 4));
        if length > MAX_BLOCK_BYTES {
            let (length, maximum) = (u64::from(length), u64::from(MAX_BLOCK_BYTES));
            return Err(Error::TooLong { what: "block", length, maximum, at });
        }
        if length < SMALLEST_BLOCK_BYTES || !length.is_multiple_of(4) {
            return Err(Error::Corrupt { what: "a block's length is below 12 or not a multiple of 4", at });
        }
        fill_whole(source, length, "block", at)?;
        if self.u32_at(source.data(), length as usize - 4) != length {
            return Err(Error::Corrupt { what: "a block's two lengths differ", at });
        }
        Ok((kind, length))
    }

    fn section_header(&mut self, block: &[u8], interfaces: usize, at: Position) -> Result<(), Error> {
        let Ok((_, section)) = parse_sectionheaderblock(block) else {
            return Err(Error::Corrupt { what: "a section header is too short", at });
        };
        if section.major_version != 1 {
            let (major, minor) = (section.major_version, section.minor_version);
            return Err(Error::Version { format: "pcapng", major, minor, at });
        }
        self.section_base = interfaces;
        Ok(())
    }

    fn interface(
        &mut self,
        block: &[u8],
        interfaces: &mut Vec<Interface>,
        at: Position,
    ) -> Result<(), Error> {
        if interfaces.len() >= MAX_INTERFACES {
            return Err(Error::TooManyInterfaces { maximum: MAX_INTERFACES, at });
        }
        let parsed = if self.big_endian {
            parse_interfacedescriptionblock_be(block)
        } else {
            parse_interfacedescriptionblock_le(block)
        };
        let Ok((_, described)) = parsed else {
            return Err(Error::Corrupt { what: "an interface description is too short", at });
        };
        let mut interface = Interface {
            link_type: described.linktype.0.cast_unsigned(),
            snap_length: described.snaplen,
            ..Interface::default()
        };
        let mut clock = Clock::default();
        for option in &described.options {
            let Ok(value) = option.as_bytes() else { continue };
            match (option.code.0, value) {
                (0, _) => break,
                (2, text) => interface.name = Some(String::from_utf8_lossy(text).into_owned()),
                (3, text) => interface.description = Some(String::from_utf8_lossy(text).into_owned()),
                (9, &[resolution]) => clock.resolution = resolution,
                (13, &[length]) => interface.fcs_bytes = fcs_bytes(length),
                (14, offset) => clock.offset_seconds = self.u64_option(offset).unwrap_or(0).cast_signed(),
                _ => {}
            }
        }
        interfaces.push(interface);
        self.clocks.push(clock);
        Ok(())
    }

    fn enhanced(&self, block: &[u8], at: Position) -> Result<Found, Error> {
        let parsed = if self.big_endian {
            parse_enhancedpacketblock_be(block)
        } else {
            parse_enhancedpacketblock_le(block)
        };
        let Ok((_, packet)) = parsed else {
            return Err(Error::Corrupt { what: "a packet block is shorter than its packet", at });
        };
        let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
        let mut found = self.found(packet.if_id, ticks, packet.caplen, packet.origlen, at)?;
        found.back = block.len() - 28;
        self.packet_options(&packet.options, &mut found);
        Ok(found)
    }

    /// The packet block that the enhanced one replaced (draft, appendix A).
    fn obsolete(&self, block: &[u8], at: Position) -> Result<Found, Error> {
        let short = Error::Corrupt { what: "a packet block is shorter than its packet", at };
        if block.len() < OBSOLETE_PACKET_FIXED_BYTES {
            return Err(short);
        }
        let id = self.u32_at(block, 8);
        // Interface and drop count are 16 bits each, in file order.
        let (interface, dropped) =
            if self.big_endian { (id >> 16, id & 0xffff) } else { (id & 0xffff, id >> 16) };
        let ticks = u64::from(self.u32_at(block, 12)) << 32 | u64::from(self.u32_at(block, 16));
        let captured = self.u32_at(block, 20);
        let mut found = self.found(interface, ticks, captured, self.u32_at(block, 24), at)?;
        let padded = captured.next_multiple_of(4) as usize;
        if padded > block.len() - OBSOLETE_PACKET_FIXED_BYTES {
            return Err(short);
        }
        found.back = block.len() - 28;
        let mut rest = &block[28 + padded..block.len() - 4];
        let parse = if self.big_endian { parse_option_be::<()> } else { parse_option_le::<()> };
        let mut options = Vec::new();
        while let Ok((after, option)) = parse(rest) {
            rest = after;
            options.push(option);
        }
        self.packet_options(&options, &mut found);
        // 0xffff means that the count is not known.
        found.dropped = if dropped == 0xffff { 0 } else { u64::from(dropped) };
        Ok(found)
    }

    /// A packet without time or options, on interface 0 of its section. Its time is given as 0.
    fn simple(&self, block: &[u8], interfaces: &[Interface], at: Position) -> Result<Found, Error> {
        let Some(room) = block.len().checked_sub(SIMPLE_PACKET_FIXED_BYTES) else {
            return Err(Error::Corrupt { what: "a simple packet block is too short", at });
        };
        let wire_length = self.u32_at(block, 8);
        let snap_length = interfaces.get(self.section_base).map_or(0, |interface| interface.snap_length);
        let limit = if snap_length == 0 { u32::MAX } else { snap_length };
        let captured = wire_length.min(limit).min(u32::try_from(room).unwrap_or(u32::MAX));
        let mut found = self.found(0, 0, captured, wire_length, at)?;
        found.time_ns = 0;
        found.back = block.len() - 12;
        Ok(found)
    }

    fn found(
        &self,
        interface: u32,
        ticks: u64,
        captured: u32,
        wire_length: u32,
        at: Position,
    ) -> Result<Found, Error> {
        if captured > MAX_PACKET_BYTES {
            let (length, maximum) = (u64::from(captured), u64::from(MAX_PACKET_BYTES));
            return Err(Error::TooLong { what: "packet", length, maximum, at });
        }
        let described = self.clocks.len() - self.section_base;
        let Some(clock) = self.clocks[self.section_base..].get(interface as usize) else {
            return Err(Error::UnknownInterface { interface, described: described as u32, at });
        };
        Ok(Found {
            time_ns: clock.nanoseconds(ticks),
            captured,
            wire_length,
            interface: self.section_base as u32 + interface,
            ..Found::default()
        })
    }

    fn packet_options(&self, options: &[PcapNGOption<'_>], found: &mut Found) {
        for option in options {
            let Ok(value) = option.as_bytes() else { continue };
            match option.code.0 {
                0 => break,
                2 => found.flags = PacketFlags(self.u32_option(value).unwrap_or(0)),
                4 => found.dropped = self.u64_option(value).unwrap_or(0),
                5 => found.packet_id = self.u64_option(value),
                6 => found.queue = self.u32_option(value),
                _ => {}
            }
        }
    }

    /// The 32 bits at `offset`, in the section's byte order; 0 behind the end, which callers have excluded.
    fn u32_at(&self, data: &[u8], offset: usize) -> u32 {
        data.get(offset..offset + 4).and_then(|bytes| self.u32_option(bytes)).unwrap_or(0)
    }

    fn u32_option(&self, value: &[u8]) -> Option<u32> {
        let bytes = value.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64_option(&self, value: &[u8]) -> Option<u64> {
        let bytes = value.try_into().ok()?;
        Some(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

/// `if_fcslen` in bytes. The draft defines it in bits, Wireshark writes and reads bytes: no check sequence is
/// so long that the two could be confused.
fn fcs_bytes(length: u8) -> u32 {
    u32::from(if length >= 16 { length / 8 } else { length })
}
