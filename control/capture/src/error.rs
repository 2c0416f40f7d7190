//! What can be wrong with a capture.
//!
//! No error names the file: the caller knows it and puts it in front. Each tells how far reading got.

use std::fmt;
use std::io;

/// How far into a capture reading got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Offset in the file of the record or block that could not be read.
    pub byte: u64,
    /// Whole packets delivered before it.
    pub packets: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}, after {} whole packets", self.byte, self.packets)
    }
}

/// Why a capture cannot be read, or not read further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system could not read on.
    #[error("{at}: {source}")]
    Io {
        /// How far it got.
        at: Position,
        /// What the operating system says.
        source: io::Error,
    },
    /// No byte at all.
    #[error("the file is empty")]
    Empty,
    /// The first bytes are those of no capture format.
    #[error("not a pcap or pcapng file: it begins with the bytes {}", hex(.start))]
    NotACapture {
        /// The first bytes of the file, at most four.
        start: Vec<u8>,
    },
    /// A version of the format whose layout is not known.
    #[error("{at}: {format} version {major}.{minor} is not supported")]
    Version {
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Major version in the header.
        major: u16,
        /// Minor version in the header.
        minor: u16,
        /// How far it got.
        at: Position,
    },
    /// The file ends within a record. Every whole packet before it has been delivered.
    #[error("{at}: the file ends within a {what}: it has {available} of {needed} bytes")]
    Truncated {
        /// What was cut short.
        what: &'static str,
        /// Bytes that it should have.
        needed: u64,
        /// Bytes that are there.
        available: u64,
        /// How far it got.
        at: Position,
    },
    /// A length field above the bound; most likely the file is damaged.
    #[error("{at}: a {what} says it is {length} bytes long; the most that is read is {maximum}")]
    TooLong {
        /// What has the length.
        what: &'static str,
        /// The length that the file gives.
        length: u64,
        /// The bound: [`MAX_PACKET_BYTES`](crate::MAX_PACKET_BYTES) or
        /// [`MAX_BLOCK_BYTES`](crate::MAX_BLOCK_BYTES).
        maximum: u64,
        /// How far it got.
        at: Position,
    },
    /// A record that contradicts itself.
    #[error("{at}: {what}")]
    Corrupt {
        /// The contradiction.
        what: &'static str,
        /// How far it got.
        at: Position,
    },
    /// A packet names an interface that its section does not describe.
    #[error("{at}: a packet is on interface {interface}, but its section describes {described}")]
    UnknownInterface {
        /// Number in the packet block.
        interface: u32,
        /// Interfaces described so far in the section.
        described: u32,
        /// How far it got.
        at: Position,
    },
    /// More interface descriptions than are kept.
    #[error("{at}: more than {maximum} interfaces are described")]
    TooManyInterfaces {
        /// The bound: [`MAX_INTERFACES`](crate::MAX_INTERFACES).
        maximum: usize,
        /// How far it got.
        at: Position,
    },
    /// Packets that are not Ethernet frames.
    #[error("{at}: link type {link_type} ({}) of interface {interface}{} is not Ethernet",
        crate::link_type_name(*.link_type).unwrap_or("unknown"), quoted(.name.as_deref()))]
    LinkType {
        /// Link type as registered for capture files.
        link_type: u32,
        /// Interface, counted over all sections from 0.
        interface: u32,
        /// Name of the interface, where the capture gives one.
        name: Option<String>,
        /// How far it got.
        at: Position,
    },
}

impl Error {
    /// What would be right, where there is a definite answer: a line to show under the error.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotACapture { start } if start.starts_with(&[0x1f, 0x8b]) => {
                Some("this is gzip data: decompress it first")
            }
            Self::NotACapture { start } if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) => {
                Some("this is Zstandard data: decompress it first")
            }
            Self::NotACapture { .. } | Self::Empty => {
                Some("a capture is what `tcpdump -w` or Wireshark writes")
            }
            Self::LinkType { link_type: 0, .. } => Some(
                "bmv2 writes link type 0 for Ethernet frames: if this is such a file, read it as Ethernet",
            ),
            Self::LinkType { .. } => {
                Some("capture on one Ethernet interface, not on `any`, a tunnel or a wireless one")
            }
            Self::Truncated { .. } => {
                Some("the packets before this point are whole: the capture was probably cut off")
            }
            _ => None,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

fn quoted(name: Option<&str>) -> String {
    name.map(|name| format!(" ({name})")).unwrap_or_default()
}
