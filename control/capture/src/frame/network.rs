//! IPv4 (RFC 791) and IPv6 with extension headers (RFC 8200).

use super::Around;
use super::checksum::Sum;

/// An IPv4 header. Lengths, protocol and checksum are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Source address.
    pub source: [u8; 4],
    /// Destination address.
    pub destination: [u8; 4],
    /// Time to live.
    pub ttl: u8,
    /// DSCP in the upper six bits, ECN in the lower two.
    pub traffic_class: u8,
    /// Identification.
    pub id: u16,
    /// The flag that forbids fragments.
    pub dont_fragment: bool,
    /// The flag that says that this is not the last fragment.
    pub more_fragments: bool,
    /// Fragment offset in units of 8 bytes.
    pub fragment_offset: u16,
    /// Options, filled with zeros up to a multiple of 4; at most 40 bytes are used.
    pub options: Vec<u8>,
    /// Protocol, where it is not that of the layer inside.
    pub protocol: Option<u8>,
}

impl Ipv4 {
    /// A header with time to live 64, and no fragment.
    pub fn new(source: [u8; 4], destination: [u8; 4]) -> Self {
        Self {
            source,
            destination,
            ttl: 64,
            traffic_class: 0,
            id: 0,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset: 0,
            options: Vec::new(),
            protocol: None,
        }
    }

    /// Sets the time to live.
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets the DSCP, 0 to 63.
    pub fn dscp(mut self, dscp: u8) -> Self {
        self.traffic_class = dscp << 2 | (self.traffic_class & 3);
        self
    }

    /// Sets the ECN bits, 0 to 3.
    pub fn ecn(mut self, ecn: u8) -> Self {
        self.traffic_class = (self.traffic_class & !3) | (ecn & 3);
        self
    }

    /// Sets the identification.
    pub fn id(mut self, id: u16) -> Self {
        self.id = id;
        self
    }

    /// Makes it a fragment that begins at `offset_bytes`, a multiple of 8, of the datagram.
    pub fn fragment(mut self, offset_bytes: usize, more: bool) -> Self {
        self.fragment_offset = (offset_bytes / 8) as u16;
        self.more_fragments = more;
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
        let header_bytes = 20 + options.len();
        let total = (header_bytes + body.len()) as u16;
        let fragment = u16::from(self.dont_fragment) << 14
            | u16::from(self.more_fragments) << 13
            | (self.fragment_offset & 0x1fff);
        let mut header = vec![0x40 | (header_bytes / 4) as u8, self.traffic_class];
        header.extend(total.to_be_bytes());
        header.extend(self.id.to_be_bytes());
        header.extend(fragment.to_be_bytes());
        header.extend([self.ttl, self.protocol.unwrap_or(around.ip_protocol()), 0, 0]);
        header.extend(self.source);
        header.extend(self.destination);
        header.extend(options);
        let checksum = Sum::default().add(&header).checksum();
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
        header.extend(body);
        header
    }
}

/// An IPv6 header. Length and next header are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    /// Source address.
    pub source: [u8; 16],
    /// Destination address.
    pub destination: [u8; 16],
    /// Hop limit.
    pub hop_limit: u8,
    /// DSCP in the upper six bits, ECN in the lower two.
    pub traffic_class: u8,
    /// Flow label, 20 bits.
    pub flow_label: u32,
}

impl Ipv6 {
    /// A header with hop limit 64.
    pub fn new(source: [u8; 16], destination: [u8; 16]) -> Self {
        Self { source, destination, hop_limit: 64, traffic_class: 0, flow_label: 0 }
    }

    /// Sets the hop limit.
    pub fn hop_limit(mut self, hop_limit: u8) -> Self {
        self.hop_limit = hop_limit;
        self
    }

    /// Sets the DSCP, 0 to 63.
    pub fn dscp(mut self, dscp: u8) -> Self {
        self.traffic_class = dscp << 2 | (self.traffic_class & 3);
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let first = 6 << 28 | u32::from(self.traffic_class) << 20 | (self.flow_label & 0xf_ffff);
        let length = (body.len() as u16).to_be_bytes();
        let next = [around.ip_protocol(), self.hop_limit];
        [&first.to_be_bytes()[..], &length, &next, &self.source, &self.destination, &body].concat()
    }
}

/// An IPv6 extension header. The next header is worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6Extension {
    /// Its number: 0 hop-by-hop, 43 routing, 44 fragment, 51 authentication, 60 destination options.
    pub kind: u8,
    /// All after next header and length, of a size that the format allows.
    body: Vec<u8>,
}

impl Ipv6Extension {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION: u8 = 60;

    /// Hop-by-hop options, padded.
    pub fn hop_by_hop(options: &[u8]) -> Self {
        Self { kind: Self::HOP_BY_HOP, body: padded_options(options) }
    }

    /// Destination options, padded.
    pub fn destination(options: &[u8]) -> Self {
        Self { kind: Self::DESTINATION, body: padded_options(options) }
    }

    /// A routing header of the given type with no segments left, whose addresses are for show.
    pub fn routing(kind: u8, addresses: &[[u8; 16]]) -> Self {
        let mut body = vec![kind, 0, 0, 0, 0, 0];
        body.extend(addresses.iter().flatten());
        Self { kind: Self::ROUTING, body }
    }

    /// A fragment header; `offset_bytes` is a multiple of 8.
    pub fn fragment(offset_bytes: usize, more: bool, id: u32) -> Self {
        let offset = (offset_bytes as u16 & !7) | u16::from(more);
        Self { kind: Self::FRAGMENT, body: [&offset.to_be_bytes()[..], &id.to_be_bytes()].concat() }
    }

    /// An authentication header (RFC 4302) with a 96-bit check value of zeros.
    pub fn authentication(security_parameters: u32, sequence: u32) -> Self {
        let numbers = [security_parameters.to_be_bytes(), sequence.to_be_bytes()].concat();
        Self { kind: Self::AUTHENTICATION, body: [&[0, 0][..], &numbers, &[0; 12]].concat() }
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let bytes = self.body.len() + 2;
        let length = match self.kind {
            Self::FRAGMENT => 0,
            // In units of 4 bytes, less two.
            Self::AUTHENTICATION => bytes / 4 - 2,
            // In units of 8 bytes, less one.
            _ => bytes / 8 - 1,
        };
        [&[around.ip_protocol(), length as u8][..], &self.body, &body].concat()
    }
}

/// Options with padding up to a header of a multiple of 8 bytes (RFC 8200, section 4.2).
fn padded_options(options: &[u8]) -> Vec<u8> {
    let mut body = options.to_vec();
    match (body.len() + 2).next_multiple_of(8) - (body.len() + 2) {
        0 => {}
        1 => body.push(0),
        missing => {
            body.extend([1, (missing - 2) as u8]);
            body.resize(body.len() + missing - 2, 0);
        }
    }
    body
}
