//! The layers of a frame, so far as keys need them: quick, and without any claim to show a packet.

/// Most tags and labels in front of a network header, and most tunnels, that are looked through.
const MAX_TAGS: usize = 8;
const MAX_TUNNELS: usize = 4;
const MAX_EXTENSIONS: usize = 8;

const VXLAN_PORT: u16 = 4789;
const GENEVE_PORT: u16 = 6081;
const GTPU_PORT: u16 = 2152;

/// A frame from its EtherType on: what stands in front changes from hop to hop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layers<'a> {
    /// VLAN id of the outermost tag.
    pub(crate) vlan: Option<u16>,
    /// EtherType behind tags and labels.
    pub(crate) ether_type: u16,
    /// What stands behind it; of an IP packet without padding.
    pub(crate) network: &'a [u8],
    /// The IP packet, where it is one.
    pub(crate) ip: Option<Ip<'a>>,
}

/// An IP packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ip<'a> {
    /// Source and destination, one after the other.
    pub(crate) addresses: &'a [u8],
    /// Bytes behind the fixed header (IPv4: behind the options), as the header says.
    pub(crate) body_length: u32,
    /// IPv4: identification. IPv6: that of the fragment header.
    pub(crate) identification: u32,
    /// Flags and offset of a fragment, 0 of a whole packet; IPv4's "do not fragment" is in bit 14.
    pub(crate) fragment: u16,
    /// Protocol behind the extension headers.
    pub(crate) protocol: u8,
    /// From the transport header on, so far as it was captured.
    pub(crate) body: &'a [u8],
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

impl<'a> Ip<'a> {
    /// A later fragment has no transport header.
    pub(crate) fn is_later_fragment(&self) -> bool {
        self.fragment & 0x1fff != 0
    }

    /// Whether it is a part of a packet.
    pub(crate) fn is_fragment(&self) -> bool {
        self.fragment & 0x3fff != 0
    }

    /// Ports of TCP, UDP and SCTP.
    pub(crate) fn ports(&self) -> Option<(u16, u16)> {
        if !matches!(self.protocol, 6 | 17 | 132) || self.is_later_fragment() {
            return None;
        }
        Some((u16_at(self.body, 0)?, u16_at(self.body, 2)?))
    }

    /// Where the payload behind the transport header begins; none if that is not a header that is known, or was not captured.
    pub(crate) fn payload(&self) -> Option<&'a [u8]> {
        if self.is_later_fragment() {
            return Some(self.body);
        }
        let header = match self.protocol {
            6 => usize::from(*self.body.get(12)? >> 4) * 4,
            17 | 1 | 58 => 8,
            132 => 12,
            _ => 0,
        };
        self.body.get(header..)
    }
}

impl<'a> Layers<'a> {
    /// Reads from the EtherType on. Nothing if not even that is there.
    pub(crate) fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut vlan = None;
        let mut ether_type = u16_at(bytes, 0)?;
        bytes = &bytes[2..];
        for _ in 0..MAX_TAGS {
            if !matches!(ether_type, 0x8100 | 0x88a8 | 0x9100) {
                break;
            }
            let (Some(tag), Some(next)) = (u16_at(bytes, 0), u16_at(bytes, 2)) else { break };
            vlan = vlan.or(Some(tag & 0xfff));
            ether_type = next;
            bytes = &bytes[4..];
        }
        (ether_type, bytes) = through_labels(ether_type, bytes);
        let ip = match ether_type {
            0x0800 => ipv4(bytes),
            0x86dd => ipv6(bytes),
            _ => None,
        };
        let network = match ip {
            Some((_, length)) => bytes.get(..length).unwrap_or(bytes),
            None => bytes,
        };
        Some(Self { vlan, ether_type, network, ip: ip.map(|(ip, _)| ip) })
    }

    /// What is in the innermost tunnel: the packet itself where there is none.
    pub(crate) fn innermost(self) -> Self {
        let mut layers = self;
        for _ in 0..MAX_TUNNELS {
            let Some(inner) = layers.ip.and_then(|ip| inside(&ip)) else { break };
            layers = inner;
        }
        layers
    }
}

/// MPLS labels and PPPoE: what is behind them, as far as it can be told.
fn through_labels(ether_type: u16, mut bytes: &[u8]) -> (u16, &[u8]) {
    match ether_type {
        0x8847 | 0x8848 => {
            for _ in 0..MAX_TAGS {
                let Some(label) = u32_at(bytes, 0) else { return (ether_type, bytes) };
                bytes = &bytes[4..];
                if label & 0x100 != 0 {
                    break;
                }
            }
            match bytes.first().map(|byte| byte >> 4) {
                Some(4) => (0x0800, bytes),
                Some(6) => (0x86dd, bytes),
                _ => (ether_type, bytes),
            }
        }
        0x8864 => match u16_at(bytes, 6) {
            Some(0x0021) => (0x0800, &bytes[8..]),
            Some(0x0057) => (0x86dd, &bytes[8..]),
            _ => (ether_type, bytes),
        },
        _ => (ether_type, bytes),
    }
}

/// The packet, and its length as the header says.
#[inline]
fn ipv4(bytes: &[u8]) -> Option<(Ip<'_>, usize)> {
    let header: &[u8; 20] = bytes.first_chunk()?;
    let header_length = usize::from(header[0] & 0xf) * 4;
    let said = usize::from(u16::from_be_bytes([header[2], header[3]]));
    // Segmentation offload leaves 0 there: then it goes to the end.
    let length = if said == 0 { bytes.len() } else { said };
    if header[0] >> 4 != 4 || header_length < 20 || length < header_length {
        return None;
    }
    let body = bytes.get(header_length..length.min(bytes.len()))?;
    let ip = Ip {
        addresses: &bytes[12..20],
        body_length: (length - header_length) as u32,
        identification: u32::from(u16::from_be_bytes([header[4], header[5]])),
        fragment: u16::from_be_bytes([header[6], header[7]]),
        protocol: header[9],
        body,
    };
    Some((ip, length))
}

fn ipv6(bytes: &[u8]) -> Option<(Ip<'_>, usize)> {
    let header: &[u8; 40] = bytes.first_chunk()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let said = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let length = if said == 0 { bytes.len() } else { 40 + said };
    let whole = &bytes[..length.min(bytes.len())];
    let mut ip = Ip {
        addresses: &bytes[8..40],
        body_length: (length - 40) as u32,
        identification: 0,
        fragment: 0,
        protocol: header[6],
        body: &whole[40..],
    };
    for _ in 0..MAX_EXTENSIONS {
        let size = match ip.protocol {
            44 => {
                let (Some(offset), Some(identification)) = (u16_at(ip.body, 2), u32_at(ip.body, 4)) else {
                    break;
                };
                ip.identification = identification;
                // The offset as IPv4 has it; "more fragments" goes to its place there.
                ip.fragment = offset >> 3 | (offset & 1) << 13;
                8
            }
            0 | 43 | 60 | 135 => ip.body.get(1).map_or(0, |length| (usize::from(*length) + 1) * 8),
            51 => ip.body.get(1).map_or(0, |length| (usize::from(*length) + 2) * 4),
            _ => break,
        };
        let (Some(&next), Some(rest)) = (ip.body.first(), ip.body.get(size..)) else { break };
        if size == 0 {
            break;
        }
        (ip.protocol, ip.body) = (next, rest);
        if ip.is_later_fragment() {
            break;
        }
    }
    Some((ip, length))
}

/// A frame from its MACs on.
fn frame(bytes: &[u8]) -> Option<Layers<'_>> {
    Layers::read(bytes.get(12..)?)
}

/// An IP packet without frame.
fn bare(bytes: &[u8]) -> Option<Layers<'_>> {
    let (ether_type, ip) = match bytes.first()? >> 4 {
        4 => (0x0800, ipv4(bytes)?),
        6 => (0x86dd, ipv6(bytes)?),
        _ => return None,
    };
    let network = bytes.get(..ip.1).unwrap_or(bytes);
    Some(Layers { vlan: None, ether_type, network, ip: Some(ip.0) })
}

/// What a tunnel carries.
fn inside<'a>(ip: &Ip<'a>) -> Option<Layers<'a>> {
    if ip.is_later_fragment() {
        return None;
    }
    match ip.protocol {
        4 | 41 => bare(ip.body),
        47 => gre(ip.body),
        17 => {
            let (source, destination) = ip.ports()?;
            let payload = ip.payload()?;
            match destination {
                VXLAN_PORT if payload.first()? & 0x08 != 0 => frame(payload.get(8..)?),
                GENEVE_PORT => {
                    let options = usize::from(payload.first()? & 0x3f) * 4;
                    let behind = payload.get(8 + options..)?;
                    match u16_at(payload, 2)? {
                        0x6558 => frame(behind),
                        _ => bare(behind),
                    }
                }
                GTPU_PORT => gtpu(payload),
                _ if source == GTPU_PORT => gtpu(payload),
                _ => None,
            }
        }
        _ => None,
    }
}

fn gre(bytes: &[u8]) -> Option<Layers<'_>> {
    let flags = u16_at(bytes, 0)?;
    // Versions but 0 and source routes are not looked into.
    if flags & 0x4007 != 0 {
        return None;
    }
    let optional = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count() * 4;
    let behind = bytes.get(4 + optional..)?;
    match u16_at(bytes, 2)? {
        0x0800 | 0x86dd => bare(behind),
        0x6558 => frame(behind),
        // ERSPAN: type I has neither sequence number nor header, type II 8 bytes, type III 12 and perhaps 8 more.
        0x88be if flags & 0x1000 == 0 => frame(behind),
        0x88be => frame(behind.get(8..)?),
        0x22eb => frame(behind.get(if u16_at(behind, 10)? & 1 != 0 { 20 } else { 12 }..)?),
        _ => None,
    }
}

fn gtpu(bytes: &[u8]) -> Option<Layers<'_>> {
    let flags = *bytes.first()?;
    if flags >> 4 != 3 || *bytes.get(1)? != 255 {
        return None;
    }
    let mut at = 8;
    if flags & 7 != 0 {
        at = 12;
        let mut next = if flags & 4 != 0 { *bytes.get(11)? } else { 0 };
        for _ in 0..MAX_EXTENSIONS {
            if next == 0 {
                break;
            }
            let length = usize::from(*bytes.get(at)?) * 4;
            if length == 0 {
                return None;
            }
            next = *bytes.get(at + length - 1)?;
            at += length;
        }
    }
    bare(bytes.get(at..)?)
}
