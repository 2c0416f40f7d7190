//! Tunnel headers. Those over UDP go behind a [`Udp`](super::Udp) layer with their port, ERSPAN behind
//! [`Gre`].

use super::Around;
use super::checksum::Sum;

/// GRE (RFC 2784, RFC 2890). With a key and an Ethernet frame inside, it is NVGRE too (RFC 7637).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gre {
    /// Key, where there is one.
    pub key: Option<u32>,
    /// Sequence number, where there is one.
    pub sequence: Option<u32>,
    /// Whether there is a checksum.
    pub checksum: bool,
}

impl Gre {
    /// The bare header of four bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key.
    pub fn key(mut self, key: u32) -> Self {
        self.key = Some(key);
        self
    }

    /// Adds a sequence number.
    pub fn sequence(mut self, sequence: u32) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// Adds a checksum.
    pub fn checksum(mut self) -> Self {
        self.checksum = true;
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let flags = u16::from(self.checksum) << 15
            | u16::from(self.key.is_some()) << 13
            | u16::from(self.sequence.is_some()) << 12;
        let mut bytes = [flags.to_be_bytes(), around.ether_type().to_be_bytes()].concat();
        if self.checksum {
            bytes.extend([0; 4]);
        }
        bytes.extend(self.key.iter().chain(&self.sequence).flat_map(|field| field.to_be_bytes()));
        bytes.extend(body);
        if self.checksum {
            let checksum = Sum::default().add(&bytes).checksum();
            bytes[4..6].copy_from_slice(&checksum.to_be_bytes());
        }
        bytes
    }
}

/// VXLAN (RFC 7348).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vxlan {
    /// Network identifier, 24 bits.
    pub vni: u32,
}

impl Vxlan {
    /// The header for a network.
    pub fn new(vni: u32) -> Self {
        Self { vni }
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        [&[8, 0, 0, 0][..], &(self.vni << 8).to_be_bytes(), &body].concat()
    }
}

/// Geneve (RFC 8926).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geneve {
    /// Network identifier, 24 bits.
    pub vni: u32,
    /// Options as they stand in the header, of a multiple of 4 bytes, at most 252.
    pub options: Vec<u8>,
}

impl Geneve {
    /// The header for a network, without options.
    pub fn new(vni: u32) -> Self {
        Self { vni, options: Vec::new() }
    }

    /// Adds an option; data is padded to a multiple of 4 bytes.
    pub fn option(mut self, class: u16, kind: u8, data: &[u8]) -> Self {
        let words = data.len().div_ceil(4);
        self.options.extend(class.to_be_bytes());
        self.options.extend([kind, (words & 0x1f) as u8]);
        self.options.extend(data);
        self.options.resize(self.options.len().next_multiple_of(4), 0);
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let first = [((self.options.len() / 4) & 0x3f) as u8, 0];
        let protocol = around.ether_type().to_be_bytes();
        [&first[..], &protocol, &(self.vni << 8).to_be_bytes(), &self.options, &body].concat()
    }
}

/// GTP-U with a user packet (3GPP TS 29.281).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GtpU {
    /// Tunnel endpoint identifier.
    pub teid: u32,
    /// Sequence number, where there is one.
    pub sequence: Option<u16>,
    /// QoS flow of a PDU session container (3GPP TS 38.415), a downlink one, where there is one.
    pub qos_flow: Option<u8>,
}

impl GtpU {
    /// The bare header.
    pub fn new(teid: u32) -> Self {
        Self { teid, sequence: None, qos_flow: None }
    }

    /// Adds a sequence number.
    pub fn sequence(mut self, sequence: u16) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// Adds a PDU session container, as in 5G.
    pub fn qos_flow(mut self, flow: u8) -> Self {
        self.qos_flow = Some(flow);
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        const PDU_SESSION_CONTAINER: u8 = 0x85;
        let mut optional = Vec::new();
        if self.sequence.is_some() || self.qos_flow.is_some() {
            optional.extend(self.sequence.unwrap_or(0).to_be_bytes());
            optional.push(0);
            optional.push(if self.qos_flow.is_some() { PDU_SESSION_CONTAINER } else { 0 });
        }
        if let Some(flow) = self.qos_flow {
            // One word: length in words, PDU type 0 (downlink), the flow, and no extension after it.
            optional.extend([1, 0, flow & 0x3f, 0]);
        }
        // Version 1, GTP; then extension and sequence bits. Message 255 is a user packet.
        let flags = 0x30 | u8::from(self.qos_flow.is_some()) << 2 | u8::from(self.sequence.is_some()) << 1;
        let length = ((optional.len() + body.len()) as u16).to_be_bytes();
        [&[flags, 255][..], &length, &self.teid.to_be_bytes(), &optional, &body].concat()
    }
}

/// ERSPAN type II (draft-foschiano-erspan): a mirrored frame behind GRE with a sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erspan2 {
    /// Session, 10 bits.
    pub session: u16,
    /// VLAN that the frame was on, 12 bits.
    pub vlan: u16,
    /// Index, 20 bits: what port and direction it was mirrored from.
    pub index: u32,
}

impl Erspan2 {
    /// A session without VLAN.
    pub fn new(session: u16) -> Self {
        Self { session, vlan: 0, index: 0 }
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        let first = 1 << 28 | u32::from(self.vlan & 0xfff) << 16 | u32::from(self.session & 0x3ff);
        [&first.to_be_bytes()[..], &(self.index & 0xf_ffff).to_be_bytes(), &body].concat()
    }
}
