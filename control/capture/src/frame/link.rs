//! Layers up to the network layer: Ethernet, VLAN, MPLS, ARP, and any other as bytes.

use super::Around;

/// An Ethernet header. The EtherType follows from the layer inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Source MAC.
    pub source: [u8; 6],
    /// Destination MAC.
    pub destination: [u8; 6],
}

impl Ethernet {
    /// From `source` to `destination`.
    pub fn new(source: [u8; 6], destination: [u8; 6]) -> Self {
        Self { source, destination }
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        [&self.destination[..], &self.source, &around.ether_type().to_be_bytes(), &body].concat()
    }
}

/// A VLAN tag (IEEE 802.1Q).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// EtherType of the tag itself.
    pub tpid: u16,
    /// Priority, 0 to 7.
    pub priority: u8,
    /// VLAN id, 12 bits.
    pub id: u16,
}

impl Vlan {
    /// A customer tag, EtherType 0x8100.
    pub fn new(id: u16) -> Self {
        Self { tpid: 0x8100, priority: 0, id }
    }

    /// A service tag, EtherType 0x88a8.
    pub fn service(id: u16) -> Self {
        Self { tpid: 0x88a8, ..Self::new(id) }
    }

    /// Sets the priority.
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let tag = u16::from(self.priority & 7) << 13 | (self.id & 0xfff);
        [&tag.to_be_bytes()[..], &around.ether_type().to_be_bytes(), &body].concat()
    }
}

/// An MPLS label stack entry (RFC 3032). It is the bottom of the stack where no other is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mpls {
    /// Label, 20 bits.
    pub label: u32,
    /// Traffic class, 0 to 7.
    pub traffic_class: u8,
    /// Time to live.
    pub ttl: u8,
}

impl Mpls {
    /// A label with time to live 64.
    pub fn new(label: u32) -> Self {
        Self { label, traffic_class: 0, ttl: 64 }
    }

    pub(super) fn encode(&self, body: Vec<u8>, around: Around<'_>) -> Vec<u8> {
        let bottom = !matches!(around.next, Some(super::Layer::Mpls(_)));
        let class = u32::from(self.traffic_class & 7);
        let entry = (self.label & 0xf_ffff) << 12 | class << 9 | u32::from(bottom) << 8 | u32::from(self.ttl);
        [&entry.to_be_bytes()[..], &body].concat()
    }
}

/// ARP for IPv4 over Ethernet (RFC 826).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arp {
    /// 1 request, 2 reply.
    pub operation: u16,
    /// MAC and address of the sender.
    pub sender: ([u8; 6], [u8; 4]),
    /// MAC and address of the target.
    pub target: ([u8; 6], [u8; 4]),
}

impl Arp {
    /// Who has `target`?
    pub fn request(sender: ([u8; 6], [u8; 4]), target: [u8; 4]) -> Self {
        Self { operation: 1, sender, target: ([0; 6], target) }
    }

    /// The answer to `target`.
    pub fn reply(sender: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4])) -> Self {
        Self { operation: 2, sender, target }
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        let (sender, target) = (&self.sender, &self.target);
        let fixed = [0, 1, 8, 0, 6, 4];
        let operation = self.operation.to_be_bytes();
        [&fixed[..], &operation, &sender.0, &sender.1, &target.0, &target.1, &body].concat()
    }
}

/// Any header as bytes, for protocols without a layer of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the layer outside calls it: an EtherType, or in the low byte an IP protocol.
    pub number: u16,
    /// The header itself.
    pub bytes: Vec<u8>,
}

impl Header {
    /// `bytes`, called `number` by the layer outside.
    pub fn new(number: u16, bytes: &[u8]) -> Self {
        Self { number, bytes: bytes.to_vec() }
    }

    pub(super) fn encode(&self, body: Vec<u8>, _: Around<'_>) -> Vec<u8> {
        [&self.bytes[..], &body].concat()
    }
}
