//! TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861).

use super::Around;
use super::checksum::{Sum, crc32c};

/// A TCP header. Header length and checksum are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// The eight flag bits.
    pub flags: u8,
    /// Window.
    pub window: u16,
    /// Options, filled with zeros up to a multiple of 4; at most 40 bytes are used.
    pub options: Vec<u8>,
}

impl Tcp {
    /// No more data will come.
    pub const FIN: u8 = 0x01;
    /// Opens a connection.
    pub const SYN: u8 = 0x02;
    /// Resets the connection.
    pub const RST: u8 = 0x04;
    /// Deliver without delay.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;

    /// A header with ACK set and a full window.
    pub fn new(source: u16, destination: u16) -> Self {
        let (flags, window) = (Self::ACK, 0xffff);
        Self { source, destination, sequence: 0, acknowledgment: 0, flags, window, options: Vec::new() }
    }

    /// Sets the flags.
    pub fn flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    /// Sets sequence and acknowledgment numbers.
    pub fn numbers(mut self, sequence: u32, acknowledgment: u32) -> Self {
        (self.sequence, self.acknowledgment) = (sequence, acknowledgment);
        self
    }

    /// Sets the options.
    pub fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let mut options = self.options.clone();
        options.truncate(40);
        options.resize(options.len().next_multiple_of(4), 0);
        let mut bytes = ports(self.source, self.destination);
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.acknowledgment.to_be_bytes());
        bytes.extend([((5 + options.len() / 4) << 4) as u8, self.flags]);
        bytes.extend(self.window.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(options);
        bytes.extend(body);
        let checksum = around.pseudo_header(6, bytes.len()).add(&bytes).checksum();
        bytes[16..18].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }
}

/// A UDP header. Length and checksum are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Whether the checksum is left at 0, as VXLAN senders do over IPv4.
    pub without_checksum: bool,
}

impl Udp {
    /// Port of VXLAN.
    pub const VXLAN: u16 = 4789;
    /// Port of Geneve.
    pub const GENEVE: u16 = 6081;
    /// Port of GTP-U.
    pub const GTP_U: u16 = 2152;

    /// A header with checksum.
    pub fn new(source: u16, destination: u16) -> Self {
        Self { source, destination, without_checksum: false }
    }

    /// Leaves the checksum at 0.
    pub fn without_checksum(mut self) -> Self {
        self.without_checksum = true;
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let mut bytes = ports(self.source, self.destination);
        bytes.extend(((body.len() + 8) as u16).to_be_bytes());
        bytes.extend([0; 2]);
        bytes.extend(body);
        if !self.without_checksum {
            let checksum = around.pseudo_header(17, bytes.len()).add(&bytes).checksum();
            // A sum of 0 is sent as its equal, for 0 means none.
            let checksum = if checksum == 0 { 0xffff } else { checksum };
            bytes[6..8].copy_from_slice(&checksum.to_be_bytes());
        }
        bytes
    }
}

/// An SCTP common header. The payload is chunks; see [`sctp_data_chunk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sctp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Verification tag.
    pub tag: u32,
}

impl Sctp {
    /// A header for the association that the receiver knows by `tag`.
    pub fn new(source: u16, destination: u16, tag: u32) -> Self {
        Self { source, destination, tag }
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        let mut bytes = ports(self.source, self.destination);
        bytes.extend(self.tag.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body);
        let checksum = crc32c(&bytes);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

/// An SCTP DATA chunk with a whole message of stream 0, padded.
pub fn sctp_data_chunk(transmission: u32, stream_sequence: u16, message: &[u8]) -> Vec<u8> {
    // Type 0, flags: first and last part of its message.
    let mut chunk = vec![0, 3];
    chunk.extend(((message.len() + 16) as u16).to_be_bytes());
    chunk.extend(transmission.to_be_bytes());
    chunk.extend([0, 0]);
    chunk.extend(stream_sequence.to_be_bytes());
    chunk.extend([0; 4]);
    chunk.extend(message);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

/// An ICMP message for IPv4: type, code, four bytes, and the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icmp {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// What follows the checksum: identifier and sequence number of an echo.
    pub rest: [u8; 4],
}

impl Icmp {
    /// An echo request.
    pub fn echo_request(id: u16, sequence: u16) -> Self {
        Self { kind: 8, code: 0, rest: id_and_sequence(id, sequence) }
    }

    /// The answer to one.
    pub fn echo_reply(id: u16, sequence: u16) -> Self {
        Self { kind: 0, code: 0, rest: id_and_sequence(id, sequence) }
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        let mut bytes = [&[self.kind, self.code, 0, 0][..], &self.rest, &body].concat();
        let checksum = Sum::default().add(&bytes).checksum();
        bytes[2..4].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }
}

/// An ICMPv6 message: type, code, and all that follows the checksum ahead of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icmpv6 {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// What follows the checksum.
    pub rest: Vec<u8>,
}

impl Icmpv6 {
    /// An echo request.
    pub fn echo_request(id: u16, sequence: u16) -> Self {
        Self { kind: 128, code: 0, rest: id_and_sequence(id, sequence).to_vec() }
    }

    /// The answer to one.
    pub fn echo_reply(id: u16, sequence: u16) -> Self {
        Self { kind: 129, code: 0, rest: id_and_sequence(id, sequence).to_vec() }
    }

    /// Who has `target`? With the sender's MAC.
    pub fn neighbor_solicitation(target: [u8; 16], sender: [u8; 6]) -> Self {
        Self { kind: 135, code: 0, rest: [&[0; 4][..], &target, &[1, 1], &sender].concat() }
    }

    /// The answer: `target` is at `mac`.
    pub fn neighbor_advertisement(target: [u8; 16], mac: [u8; 6]) -> Self {
        // Flags: solicited, override.
        Self { kind: 136, code: 0, rest: [&[0x60, 0, 0, 0][..], &target, &[2, 1], &mac].concat() }
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let mut bytes = [&[self.kind, self.code, 0, 0][..], &self.rest, &body].concat();
        let checksum = around.pseudo_header(58, bytes.len()).add(&bytes).checksum();
        bytes[2..4].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }
}

fn ports(source: u16, destination: u16) -> Vec<u8> {
    [source.to_be_bytes(), destination.to_be_bytes()].concat()
}

fn id_and_sequence(id: u16, sequence: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (id.to_be_bytes(), sequence.to_be_bytes());
    [a, b, c, d]
}
