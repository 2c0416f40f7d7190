//! What makes a packet the same packet at the next tap: its key.

mod digest;
pub(crate) mod layers;

use std::fmt;
use std::net::IpAddr;

use digest::Digest;
use layers::Layers;

/// What must not change between the taps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Routers and switches: MACs, VLAN tags, MPLS labels, PPPoE, TTL or hop limit, DSCP and ECN, IPv6 flow label, IPv4 options and header checksum may change. The
    /// transport checksum must not, so that it speaks for the payload behind [`KeyOptions::depth`].
    #[default]
    Routed,
    /// Address translation: addresses, ports, checksums, and identifications may change as well. TCP's numbers, and the payload, decide.
    Nat,
    /// Tunnel ends: as [`Profile::Routed`], of the packet in the innermost tunnel, or of the packet itself where it is in none.
    Tunnel,
    /// Proxies that keep messages as they are: payload behind the transport header alone. What has none, has no key.
    Payload,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Routed, Self::Nat, Self::Tunnel, Self::Payload];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Routed => "routed",
            Self::Nat => "nat",
            Self::Tunnel => "tunnel",
            Self::Payload => "payload",
        }
    }
}

/// How keys are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOptions {
    /// What must not change.
    pub profile: Profile,
    /// Bytes digested from the transport header on (of [`Profile::Nat`] and [`Profile::Payload`]: of the payload). Taps that cut packets shorter than that, each at
    /// another place, find no matches.
    pub depth: usize,
}

impl Default for KeyOptions {
    fn default() -> Self {
        Self { profile: Profile::Routed, depth: 128 }
    }
}

/// A conversation's one direction, as a tap sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// VLAN id of the outermost tag.
    pub vlan: Option<u16>,
    /// EtherType behind tags and labels.
    pub ether_type: u16,
    /// IP protocol, 0 without IP.
    pub protocol: u8,
    /// Source address; unspecified without IP.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Source port, 0 where there is none.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
}

impl Flow {
    /// The smaller of both ports, by which services are known, with its protocol; nothing without ports.
    pub fn application(&self) -> Option<(u8, u16)> {
        let port = self.source_port.min(self.destination_port);
        (self.source_port != 0 || self.destination_port != 0).then_some((self.protocol, port))
    }
}

/// Name of an IP protocol.
pub fn protocol_name(protocol: u8) -> String {
    match protocol {
        1 => "icmp".to_string(),
        2 => "igmp".to_string(),
        6 => "tcp".to_string(),
        17 => "udp".to_string(),
        47 => "gre".to_string(),
        50 => "esp".to_string(),
        58 => "icmp6".to_string(),
        132 => "sctp".to_string(),
        other => format!("ip-proto-{other}"),
    }
}

/// Name of an EtherType that is not IP.
fn ether_type_name(ether_type: u16) -> String {
    match ether_type {
        0x0806 => "arp".to_string(),
        0x88cc => "lldp".to_string(),
        0..=1500 => "llc".to_string(),
        other => format!("ether-type-{other:#06x}"),
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.ether_type, 0x0800 | 0x86dd) {
            f.write_str(&ether_type_name(self.ether_type))?;
        } else {
            let end = |address: IpAddr, port: u16| match (address, port) {
                (address, 0) => address.to_string(),
                (IpAddr::V6(address), port) => format!("[{address}]:{port}"),
                (address, port) => format!("{address}:{port}"),
            };
            let (source, destination) =
                (end(self.source, self.source_port), end(self.destination, self.destination_port));
            write!(f, "{} {source} > {destination}", protocol_name(self.protocol))?;
        }
        self.vlan.map_or(Ok(()), |vlan| write!(f, " vlan {vlan}"))
    }
}

/// What a packet is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// Digest of what does not change between taps; none where the profile has nothing to go by.
    pub key: Option<u64>,
    /// Digest of the packet as it is: equal for a copy that a mirror port sent twice.
    pub exact: u32,
    /// The packet was cut shorter than [`KeyOptions::depth`] asks for.
    pub cut: bool,
    /// Digest of its flow: the same for packets whose [`Flow`] is.
    pub flow: u64,
}

/// Bytes of a packet that tell copies apart: headers with TTL, identification, checksums.
const EXACT_BYTES: usize = 64;

/// The key of a frame, from its EtherType on. Nothing for a frame that ends before.
#[inline(always)]
pub fn keyed(from_ether_type: &[u8], options: &KeyOptions) -> Option<Keyed> {
    let layers = Layers::read(from_ether_type)?;
    let exact =
        Digest::new(9).bytes(&layers.network[..layers.network.len().min(EXACT_BYTES)]).finish() as u32;
    let (key, cut) = match options.profile {
        Profile::Routed => routed(&layers, options.depth),
        Profile::Tunnel => routed(&layers.innermost(), options.depth),
        Profile::Nat => nat(&layers, options.depth),
        Profile::Payload => payload(&layers, options.depth),
    };
    Some(Keyed { key, exact, cut, flow: flow_digest(&layers) })
}

/// At most `depth` bytes, and whether fewer are there though the packet had more.
fn start(bytes: &[u8], depth: usize, whole: usize) -> (&[u8], bool) {
    let wanted = depth.min(whole);
    (&bytes[..bytes.len().min(depth)], bytes.len() < wanted)
}

fn address_words(addresses: &[u8]) -> [u64; 4] {
    let word = |at: usize| {
        addresses
            .get(at..)
            .and_then(|bytes| bytes.first_chunk())
            .map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    [word(0), word(8), word(16), word(24)]
}

fn routed(layers: &Layers<'_>, depth: usize) -> (Option<u64>, bool) {
    let Some(ip) = &layers.ip else {
        // All there is, without MACs and tags: ARP, link-layer protocols.
        let (bytes, cut) = start(layers.network, depth, layers.network.len());
        return (Some(Digest::new(1).words(u64::from(layers.ether_type), 0).bytes(bytes).finish()), cut);
    };
    let (bytes, cut) = start(ip.body, depth, ip.body_length as usize);
    let [a, b, c, d] = address_words(ip.addresses);
    let about = u64::from(ip.body_length) << 32 | u64::from(ip.fragment) << 8 | u64::from(ip.protocol);
    let mut digest = Digest::new(2).words(a, u64::from(ip.identification) ^ about.rotate_left(8));
    if ip.addresses.len() > 8 {
        digest = digest.words(b, c).words(d, about);
    }
    (Some(digest.bytes(bytes).finish()), cut)
}

fn nat(layers: &Layers<'_>, depth: usize) -> (Option<u64>, bool) {
    let Some(ip) = &layers.ip else { return routed(layers, depth) };
    let payload_length = ip.body_length as usize;
    // "Do not fragment" stays; the place of a fragment is what tells it from the others.
    let about = u64::from(ip.body_length) << 32 | u64::from(ip.fragment) << 8 | u64::from(ip.protocol);
    let digest = Digest::new(3);
    let word = |at| u64::from(layers::u32_at(ip.body, at).unwrap_or(0));
    let (digest, header) = match ip.protocol {
        _ if ip.is_later_fragment() => (digest.words(about, 0), 0),
        // Sequence and acknowledgment numbers; length, flags and window.
        6 => (digest.words(about, word(4) << 32 | word(8)).words(word(12), 0), 20),
        17 => (digest.words(about, 0), 8),
        // Type and code; the sequence number, without the identifier, which is translated.
        1 | 58 => (digest.words(about, (word(0) >> 16) << 16 | word(4) & 0xffff), 8),
        // Verification tag.
        132 => (digest.words(about, word(4)), 12),
        _ => (digest.words(about, 1), 0),
    };
    let Some(rest) = ip.body.get(header..) else { return (Some(digest.bytes(&[]).finish()), true) };
    let (bytes, cut) = start(rest, depth, payload_length.saturating_sub(header));
    (Some(digest.bytes(bytes).finish()), cut)
}

fn payload(layers: &Layers<'_>, depth: usize) -> (Option<u64>, bool) {
    let Some(ip) = &layers.ip else { return (None, false) };
    let Some(payload) = ip.payload() else { return (None, ip.body.len() < ip.body_length as usize) };
    let length = (ip.body_length as usize).saturating_sub(ip.body.len() - payload.len());
    if length == 0 {
        return (None, false);
    }
    let (bytes, cut) = start(payload, depth, length);
    (Some(Digest::new(4).words(length as u64, u64::from(ip.fragment & 0x1fff)).bytes(bytes).finish()), cut)
}

#[inline(always)]
fn flow_digest(layers: &Layers<'_>) -> u64 {
    let vlan = layers.vlan.map_or(0x1_0000, u64::from);
    let about = vlan << 24 | u64::from(layers.ether_type) << 8;
    let Some(ip) = &layers.ip else { return Digest::new(7).words(about, 1).finish() };
    let (source, destination) = ip.ports().unwrap_or((0, 0));
    let ports = u64::from(source) << 48 | u64::from(destination) << 32;
    let [a, b, c, d] = address_words(ip.addresses);
    let digest = Digest::new(8).words(a, ports ^ about ^ u64::from(ip.protocol));
    if ip.addresses.len() > 8 { digest.words(b, c).words(d, 2).finish() } else { digest.finish() }
}

impl Flow {
    /// The flow of a frame, from its EtherType on. Nothing for a frame that ends before.
    pub fn of(from_ether_type: &[u8]) -> Option<Self> {
        Some(flow(&Layers::read(from_ether_type)?))
    }
}

fn flow(layers: &Layers<'_>) -> Flow {
    let none = IpAddr::from([0; 4]);
    let (mut source, mut destination, mut protocol, mut ports) = (none, none, 0, (0, 0));
    if let Some(ip) = &layers.ip {
        protocol = ip.protocol;
        ports = ip.ports().unwrap_or((0, 0));
        if let Ok(both) = <[u8; 8]>::try_from(ip.addresses) {
            source = IpAddr::from([both[0], both[1], both[2], both[3]]);
            destination = IpAddr::from([both[4], both[5], both[6], both[7]]);
        } else if let (Some(first), Some(second)) =
            (ip.addresses.first_chunk::<16>(), ip.addresses.last_chunk::<16>())
        {
            (source, destination) = (IpAddr::from(*first), IpAddr::from(*second));
        }
    }
    Flow {
        vlan: layers.vlan,
        ether_type: layers.ether_type,
        protocol,
        source,
        destination,
        source_port: ports.0,
        destination_port: ports.1,
    }
}
