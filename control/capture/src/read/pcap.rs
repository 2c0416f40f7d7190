//! The pcap format: a header of 24 bytes, then records of 16 bytes and a frame (IETF draft-ietf-opsawg-pcap).

use std::io::{self, Read};

use pcap_parser::{LegacyPcapBlock, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_header};

use super::{Found, Interface, MAX_PACKET_BYTES, fill_whole};
use crate::error::{Error, Position};
use crate::source::Source;

const HEADER_BYTES: u32 = 24;
const RECORD_HEADER_BYTES: u32 = 16;

/// Whether the first four bytes are those of pcap: either byte order, microseconds or nanoseconds.
pub(super) fn is_magic(start: &[u8]) -> bool {
    const MAGICS: [[u8; 4]; 4] = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
    ];
    MAGICS.iter().any(|magic| start == magic)
}

/// What the header says of all records.
#[derive(Debug)]
pub(super) struct Pcap {
    big_endian: bool,
    nanos_per_tick: u64,
}

impl Pcap {
    pub(super) fn open<R: Read>(source: &mut Source<R>) -> Result<(Self, Interface), Error> {
        let at = Position { byte: 0, packets: 0 };
        fill_whole(source, HEADER_BYTES, "pcap header", at)?;
        let Ok((_, header)) = parse_pcap_header(source.data()) else {
            return Err(Error::Corrupt { what: "the pcap header cannot be read", at });
        };
        if header.version_major != 2 {
            let (major, minor) = (header.version_major, header.version_minor);
            return Err(Error::Version { format: "pcap", major, minor, at });
        }
        source.consume(HEADER_BYTES as usize);
        let format = Self {
            big_endian: header.is_bigendian(),
            nanos_per_tick: if header.is_nanosecond_precision() { 1 } else { 1_000 },
        };
        let network = header.network.0.cast_unsigned();
        let interface = Interface {
            link_type: network & 0x03ff_ffff,
            snap_length: header.snaplen,
            // Bit 26 says that the top four bits hold the length, in units of two bytes.
            fcs_bytes: if network & (1 << 26) != 0 { (network >> 28) * 2 } else { 0 },
            ..Interface::default()
        };
        Ok((format, interface))
    }

    pub(super) fn next<R: Read>(
        &mut self,
        source: &mut Source<R>,
        at: Position,
    ) -> Result<Option<Found>, Error> {
        if source.fill(1).map_err(|source: io::Error| Error::Io { at, source })? == 0 {
            return Ok(None);
        }
        fill_whole(source, RECORD_HEADER_BYTES, "packet header", at)?;
        let captured = self.captured_bytes(source.data());
        if captured > MAX_PACKET_BYTES {
            let (length, maximum) = (u64::from(captured), u64::from(MAX_PACKET_BYTES));
            return Err(Error::TooLong { what: "packet", length, maximum, at });
        }
        let total = RECORD_HEADER_BYTES + captured;
        fill_whole(source, total, "packet", at)?;
        let parse = if self.big_endian { parse_pcap_frame_be } else { parse_pcap_frame };
        let Ok((_, record)) = parse(source.data()) else {
            return Err(Error::Corrupt { what: "a packet header cannot be read", at });
        };
        let found = self.found(&record);
        source.consume(total as usize);
        Ok(Some(found))
    }

    fn captured_bytes(&self, record: &[u8]) -> u32 {
        let bytes = [record[8], record[9], record[10], record[11]];
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn found(&self, record: &LegacyPcapBlock<'_>) -> Found {
        // The fraction may exceed a second in a damaged record: it carries over.
        let time_ns =
            u64::from(record.ts_sec) * 1_000_000_000 + u64::from(record.ts_usec) * self.nanos_per_tick;
        Found {
            time_ns,
            back: record.data.len(),
            captured: record.caplen,
            wire_length: record.origlen,
            ..Found::default()
        }
    }
}
