//! Fields of a frame, read straight from its bytes: the oracle's own decoder.
//!
//! It follows `docs/PIPELINE.md` and the protocols' own specifications, and shares no code with the P4 program or its compiler. A header
//! that is cut short, or that would end behind [`PARSE_DEPTH`], is not there, and nothing behind it is.

mod tunnels;

/// Bytes from the frame's start within which headers are read.
pub const PARSE_DEPTH: usize = 192;
const VLAN_TAGS_MAX: usize = 4;
const MPLS_LABELS_MAX: usize = 8;
const IPV6_EXTENSIONS_MAX: usize = 6;

/// Addresses of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// IPv4 source and destination, or ARP sender and target.
    V4(u32, u32),
    /// IPv6 source and destination.
    V6(u128, u128),
}

/// Which part of a datagram a packet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fragment {
    /// There is no IP header.
    #[default]
    NotIp,
    /// All of it.
    Whole,
    /// The first of several.
    First,
    /// Another than the first.
    Later,
}

/// Family of an ICMP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpFamily {
    /// Over IPv4.
    V4,
    /// Over IPv6.
    V6,
}

/// The fields of one packet, the frame's or the inner one's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// Destination and source MAC.
    pub macs: Option<(u64, u64)>,
    /// EtherType behind the outermost MACs; 0x10000 + DSAP for LLC.
    pub ether_type: Option<u32>,
    /// The same, of the first header that is neither tag nor label.
    pub l3: Option<u32>,
    /// VLAN ids, outermost first.
    pub vlans: Vec<u16>,
    /// Label of the top MPLS entry.
    pub mpls_label: Option<u32>,
    /// IP or ARP addresses.
    pub addresses: Option<Addresses>,
    /// IPv4 protocol, or the next header behind IPv6's extension headers.
    pub ip_proto: Option<u8>,
    /// Differentiated services code point.
    pub dscp: Option<u8>,
    /// Explicit congestion notification.
    pub ecn: Option<u8>,
    /// TTL or hop limit.
    pub ttl: Option<u8>,
    /// Which part of a datagram.
    pub fragment: Fragment,
    /// Source and destination port.
    pub ports: Option<(u16, u16)>,
    /// Byte 13 of the TCP header.
    pub tcp_flags: Option<u8>,
    /// Family, type and code.
    pub icmp: Option<(IcmpFamily, u8, u8)>,
    /// Where its headers stand.
    pub at: Places,
}

/// Where the headers of one packet stand, bytes from the frame's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The MACs.
    pub macs: Option<usize>,
    /// The VLAN tags, each from its TPID on, in front of the network header.
    pub vlans: Vec<usize>,
    /// The network header.
    pub l3: Option<usize>,
    /// Behind the IP packet, as its length field has it.
    pub l3_end: Option<usize>,
    /// Whether IPv6 extension headers stand between network and transport header.
    pub has_extensions: bool,
    /// The transport header.
    pub l4: Option<usize>,
    /// Behind the transport header: as long as TCP says, 12 bytes for SCTP, else 8.
    pub payload: Option<usize>,
}

/// What carries the inner packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
    /// RFC 7348.
    Vxlan,
    /// RFC 8926.
    Geneve,
    /// GRE with an IP packet.
    Gre,
    /// GRE with a frame: NVGRE and others.
    GreEthernet,
    /// Types I to III.
    Erspan,
    /// User plane of GTP.
    Gtpu,
    /// IP in IP.
    Ipip,
}

/// Everything that a filter can ask of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Length on the wire, bytes, without FCS.
    pub wire_length: u32,
    /// The outer packet.
    pub outer: Layers,
    /// VXLAN, Geneve or NVGRE network id.
    pub vni: Option<u32>,
    /// GTP-U tunnel endpoint id.
    pub teid: Option<u32>,
    /// GRE key.
    pub gre_key: Option<u32>,
    /// The payload of the first tunnel.
    pub inner: Option<Layers>,
    /// That tunnel; there may be one with nothing in it that can be read.
    pub tunnel: Option<Tunnel>,
    /// Where the type field in front of the MPLS labels or the PBB tag stands, and which it is.
    pub looked_through: Option<(LookedThrough, usize)>,
    /// Where a second frame begins that is looked through to (PBB, pseudowire).
    pub second_frame: Option<usize>,
    /// Where the last header that was read ends.
    pub headers_end: usize,
    /// Whether no header was cut short, too deep or malformed.
    pub complete: bool,
}

/// What stands between the link layer and the network header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedThrough {
    /// IEEE 802.1ah.
    Pbb,
    /// RFC 3032.
    Mpls,
    /// RFC 2516.
    Pppoe,
}

/// Reads headers one behind the other.
struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next header of that many bytes, if it is all there.
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at + length;
        if end > PARSE_DEPTH {
            return None;
        }
        let header = self.data.get(self.at..end)?;
        self.at = end;
        Some(header)
    }

    /// Bytes ahead, not moved over.
    fn peek(&self, length: usize) -> Option<&'a [u8]> {
        self.data.get(self.at..self.at + length)
    }
}

fn u16_at(header: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([header[at], header[at + 1]])
}

fn u24_at(header: &[u8], at: usize) -> u32 {
    u32::from(header[at]) << 16 | u32::from(u16_at(header, at + 1))
}

fn u32_at(header: &[u8], at: usize) -> u32 {
    u32::from(u16_at(header, at)) << 16 | u32::from(u16_at(header, at + 2))
}

fn u48_at(header: &[u8], at: usize) -> u64 {
    u64::from(u16_at(header, at)) << 32 | u64::from(u32_at(header, at + 2))
}

fn u128_at(header: &[u8], at: usize) -> u128 {
    header[at..at + 16].iter().fold(0, |value, byte| value << 8 | u128::from(*byte))
}

fn is_tpid(ether_type: u32) -> bool {
    matches!(ether_type, 0x8100 | 0x88a8 | 0x9100)
}

/// What stands behind the headers read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// An IP payload of that protocol, in a packet that is not a later fragment.
    Protocol(u8),
    /// Payload of UDP to that port.
    Udp(u16),
    /// Nothing that is looked into.
    Payload,
}

/// Reads the fields of a frame. `data` is what was captured, `wire_length` what was on the wire.
pub fn decode(data: &[u8], wire_length: u32) -> Decoded {
    let mut decoded = Decoded { wire_length, ..Decoded::default() };
    let mut cursor = Cursor { data, at: 0 };
    // Running out of bytes anywhere leaves what was read so far in place.
    decoded.complete = outer(&mut cursor, &mut decoded).is_some();
    decoded.headers_end = cursor.at;
    decoded
}

fn outer(cursor: &mut Cursor<'_>, decoded: &mut Decoded) -> Option<()> {
    let mut layers = Layers::default();
    let kind = link(cursor, &mut layers);
    decoded.outer = layers;
    let layers = &mut decoded.outer;
    let at = cursor.at.saturating_sub(2);
    let behind = match kind? {
        0x88e7 => {
            decoded.looked_through = Some((LookedThrough::Pbb, at));
            cursor.take(4)?;
            decoded.second_frame = Some(cursor.at);
            second_frame(cursor, layers)?
        }
        0x8847 | 0x8848 => {
            decoded.looked_through = Some((LookedThrough::Mpls, at));
            mpls(cursor, layers, &mut decoded.second_frame)?
        }
        0x8864 => {
            decoded.looked_through = Some((LookedThrough::Pppoe, at));
            pppoe(cursor, layers)?
        }
        kind => network(cursor, layers, kind)?,
    };
    tunnels::tunnel(cursor, decoded, behind)
}

/// MACs, tags, and the type behind them, which is given back.
fn link(cursor: &mut Cursor<'_>, layers: &mut Layers) -> Option<u32> {
    let start = cursor.at;
    let header = cursor.take(14)?;
    layers.at.macs = Some(start);
    layers.macs = Some((u48_at(header, 0), u48_at(header, 6)));
    let mut ether_type = ether_type_or_llc(cursor, u16_at(header, 12));
    layers.ether_type = ether_type;
    layers.l3 = ether_type;
    while let Some(kind) = ether_type
        && is_tpid(kind)
        && layers.vlans.len() < VLAN_TAGS_MAX
    {
        let at = cursor.at - 2;
        let Some(tag) = cursor.take(4) else {
            // The type field that announces a tag is part of it, and not there without it.
            cursor.at = at;
            return None;
        };
        layers.at.vlans.push(at);
        layers.vlans.push(u16_at(tag, 0) & 0xfff);
        ether_type = ether_type_or_llc(cursor, u16_at(tag, 2));
        layers.l3 = ether_type;
    }
    ether_type
}

/// A frame in a frame, looked through like a tag: its network header counts, its MACs and tags do not.
fn second_frame(cursor: &mut Cursor<'_>, layers: &mut Layers) -> Option<Behind> {
    let mut second = Layers::default();
    let kind = link(cursor, &mut second);
    layers.l3 = second.l3;
    network(cursor, layers, kind?)
}

/// A type field up to 1500 is a length, and LLC follows.
fn ether_type_or_llc(cursor: &Cursor<'_>, field: u16) -> Option<u32> {
    if field > 1500 {
        return Some(u32::from(field));
    }
    cursor.peek(1).map(|llc| 0x1_0000 + u32::from(llc[0]))
}

/// RFC 3032; what is behind the last label is told by its first nibble (RFC 4928).
fn mpls(cursor: &mut Cursor<'_>, layers: &mut Layers, second: &mut Option<usize>) -> Option<Behind> {
    layers.l3 = Some(0x8847);
    for i in 0..MPLS_LABELS_MAX {
        let entry = cursor.take(4)?;
        if i == 0 {
            layers.mpls_label = Some(u32_at(entry, 0) >> 12);
        }
        if entry[2] & 1 == 1 {
            let first = cursor.peek(1)?[0];
            return match (first >> 4, first & 0xf) {
                (4, 5..) => network(cursor, layers, 0x0800),
                (6, _) => network(cursor, layers, 0x86dd),
                (0, _) => {
                    cursor.take(4)?;
                    *second = Some(cursor.at);
                    second_frame(cursor, layers)
                }
                _ => Some(Behind::Payload),
            };
        }
    }
    None
}

/// RFC 2516, session stage.
fn pppoe(cursor: &mut Cursor<'_>, layers: &mut Layers) -> Option<Behind> {
    layers.l3 = Some(0x8864);
    let header = cursor.take(8)?;
    match u16_at(header, 6) {
        0x0021 => network(cursor, layers, 0x0800),
        0x0057 => network(cursor, layers, 0x86dd),
        _ => Some(Behind::Payload),
    }
}

fn network(cursor: &mut Cursor<'_>, layers: &mut Layers, ether_type: u32) -> Option<Behind> {
    layers.l3 = Some(ether_type);
    match ether_type {
        0x0800 => ipv4(cursor, layers),
        0x86dd => ipv6(cursor, layers),
        0x0806 | 0x8035 => {
            let start = cursor.at;
            let header = cursor.take(28)?;
            layers.at.l3 = Some(start);
            layers.addresses = Some(Addresses::V4(u32_at(header, 14), u32_at(header, 24)));
            Some(Behind::Payload)
        }
        _ => Some(Behind::Payload),
    }
}

fn ipv4(cursor: &mut Cursor<'_>, layers: &mut Layers) -> Option<Behind> {
    let start = cursor.at;
    let header = cursor.take(20)?;
    layers.at.l3 = Some(start);
    layers.at.l3_end = Some(start + usize::from(u16_at(header, 2)));
    layers.addresses = Some(Addresses::V4(u32_at(header, 12), u32_at(header, 16)));
    layers.ip_proto = Some(header[9]);
    layers.ttl = Some(header[8]);
    layers.dscp = Some(header[1] >> 2);
    layers.ecn = Some(header[1] & 3);
    let fragment = u16_at(header, 6);
    layers.fragment = match (fragment & 0x1fff, fragment & 0x2000) {
        (0, 0) => Fragment::Whole,
        (0, _) => Fragment::First,
        _ => Fragment::Later,
    };
    let header_words = usize::from(header[0] & 0xf);
    cursor.take(header_words.checked_sub(5)? * 4)?;
    transport(cursor, layers, header[9], IcmpFamily::V4)
}

fn ipv6(cursor: &mut Cursor<'_>, layers: &mut Layers) -> Option<Behind> {
    let start = cursor.at;
    let header = cursor.take(40)?;
    layers.at.l3 = Some(start);
    layers.at.l3_end = Some(start + 40 + usize::from(u16_at(header, 4)));
    layers.addresses = Some(Addresses::V6(u128_at(header, 8), u128_at(header, 24)));
    layers.ttl = Some(header[7]);
    let traffic_class = (u16_at(header, 0) >> 4) as u8;
    layers.dscp = Some(traffic_class >> 2);
    layers.ecn = Some(traffic_class & 3);
    layers.fragment = Fragment::Whole;
    let mut next = header[6];
    layers.ip_proto = Some(next);
    for _ in 0..IPV6_EXTENSIONS_MAX {
        match next {
            0 | 43 | 60 | 135 => {
                let length = (usize::from(cursor.peek(2)?[1]) + 1) * 8;
                next = cursor.take(length)?[0];
            }
            51 => {
                let length = (usize::from(cursor.peek(2)?[1]) + 2) * 4;
                next = cursor.take(length)?[0];
            }
            44 => {
                let extension = cursor.take(8)?;
                next = extension[0];
                let field = u16_at(extension, 2);
                layers.fragment = match (field >> 3, field & 1) {
                    // Of several fragment headers the last counts.
                    (0, 0) => Fragment::Whole,
                    (0, _) => Fragment::First,
                    _ => Fragment::Later,
                };
            }
            _ => break,
        }
        layers.at.has_extensions = true;
        layers.ip_proto = Some(next);
        if layers.fragment == Fragment::Later {
            break;
        }
    }
    transport(cursor, layers, next, IcmpFamily::V6)
}

fn transport(
    cursor: &mut Cursor<'_>,
    layers: &mut Layers,
    protocol: u8,
    family: IcmpFamily,
) -> Option<Behind> {
    if layers.fragment == Fragment::Later {
        return Some(Behind::Payload);
    }
    let start = cursor.at;
    match protocol {
        6 | 17 | 132 => {
            let header = cursor.take(4)?;
            layers.at.l4 = Some(start);
            layers.at.payload = Some(start + 8);
            let ports = (u16_at(header, 0), u16_at(header, 2));
            layers.ports = Some(ports);
            match protocol {
                6 => {
                    let rest = cursor.take(16)?;
                    layers.tcp_flags = Some(rest[9]);
                    layers.at.payload = Some(start + usize::from(rest[8] >> 4).max(5) * 4);
                }
                17 => _ = cursor.take(4)?,
                _ => {
                    cursor.take(8)?;
                    layers.at.payload = Some(start + 12);
                }
            }
            Some(if protocol == 17 { Behind::Udp(ports.1) } else { Behind::Payload })
        }
        2 => {
            layers.at.l4 = Some(start);
            layers.at.payload = Some(start + 8);
            Some(Behind::Payload)
        }
        1 if family == IcmpFamily::V4 => icmp(cursor, layers, family),
        58 if family == IcmpFamily::V6 => icmp(cursor, layers, family),
        other => Some(Behind::Protocol(other)),
    }
}

fn icmp(cursor: &mut Cursor<'_>, layers: &mut Layers, family: IcmpFamily) -> Option<Behind> {
    let start = cursor.at;
    let header = cursor.take(2)?;
    layers.at.l4 = Some(start);
    layers.at.payload = Some(start + 8);
    layers.icmp = Some((family, header[0], header[1]));
    Some(Behind::Payload)
}
