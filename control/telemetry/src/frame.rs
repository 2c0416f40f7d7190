//! Frames, as far as flows need to know them: VLAN tags and MPLS labels are looked through to IP.

use crate::flows::Key;

/// Most VLAN tags, and most MPLS labels, that are looked through.
const MAX_TAGS: usize = 8;

const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
const MPLS: [u16; 2] = [0x8847, 0x8848];
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// Bytes of the two MAC addresses.
const MACS: usize = 12;

const TCP: u8 = 6;
/// Protocols whose header begins with a source and a destination port: TCP, UDP, DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u8; 5] = [TCP, 17, 33, 132, 136];

/// What a flow is told of one of its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dissected {
    /// The flow.
    pub key: Key,
    /// Bytes of the IP packet, its header included, as its header says (IPFIX `octetDeltaCount`).
    pub octets: u32,
    /// Flags of TCP, the lower eight; 0 of other protocols.
    pub tcp_flags: u8,
    /// Type of service, or traffic class.
    pub tos: u8,
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

/// Reads a frame; `None` if there is no whole IP header in it.
pub fn dissect(data: &[u8]) -> Option<Dissected> {
    let mut at = MACS;
    let mut vlan = None;
    let mut kind = u16_at(data, at)?;
    for _ in 0..MAX_TAGS {
        if !VLAN.contains(&kind) {
            break;
        }
        // The outermost tag names the VLAN; the highest four bits are no part of its number.
        vlan = vlan.or(Some(u16_at(data, at + 2)? & 0x0fff));
        at += 4;
        kind = u16_at(data, at)?;
    }
    at += 2;
    if MPLS.contains(&kind) {
        let mut is_last = false;
        for _ in 0..MAX_TAGS {
            is_last = data.get(at + 2)? & 1 == 1;
            at += 4;
            if is_last {
                break;
            }
        }
        // What the labels carry is told by nothing but its first bits.
        kind = match (is_last, data.get(at)? >> 4) {
            (true, 4) => IPV4,
            (true, 6) => IPV6,
            _ => return None,
        };
    }
    let packet = data.get(at..)?;
    match kind {
        IPV4 => ipv4(packet, vlan.unwrap_or(0)),
        IPV6 => ipv6(packet, vlan.unwrap_or(0)),
        _ => None,
    }
}

fn ipv4(packet: &[u8], vlan: u16) -> Option<Dissected> {
    let header: &[u8; 20] = packet.first_chunk()?;
    let length = usize::from(header[0] & 15) * 4;
    if header[0] >> 4 != 4 || length < header.len() {
        return None;
    }
    // Ports stand in the first fragment alone.
    let is_later = u16_at(header, 6)? & 0x1fff != 0;
    let upper = if is_later { &[][..] } else { packet.get(length..).unwrap_or_default() };
    let mut key = Key { vlan, protocol: header[9], ..Key::default() };
    key.source[12..].copy_from_slice(&header[12..16]);
    key.destination[12..].copy_from_slice(&header[16..20]);
    let octets = u32::from(u16_at(header, 2)?);
    Some(with_upper(key, upper, octets, header[1]))
}

fn ipv6(packet: &[u8], vlan: u16) -> Option<Dissected> {
    let header: &[u8; 40] = packet.first_chunk()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let octets = u32::from(u16_at(header, 4)?) + header.len() as u32;
    let mut key = Key { vlan, is_ipv6: true, ..Key::default() };
    key.source.copy_from_slice(&header[8..24]);
    key.destination.copy_from_slice(&header[24..40]);
    let (protocol, upper) = beyond_extensions(header[6], packet.get(header.len()..).unwrap_or_default());
    key.protocol = protocol;
    Some(with_upper(key, upper, octets, header[0] << 4 | header[1] >> 4))
}

/// The upper protocol, and what is there of it: nothing in later fragments (RFC 8200, section 4).
fn beyond_extensions(mut next: u8, mut rest: &[u8]) -> (u8, &[u8]) {
    for _ in 0..MAX_TAGS {
        let Some([following, length]) = rest.first_chunk() else { break };
        let (skip, is_later) = match next {
            // Hop-by-hop options, routing, destination options; the authentication header counts in other units.
            0 | 43 | 60 => ((usize::from(*length) + 1) * 8, false),
            51 => ((usize::from(*length) + 2) * 4, false),
            44 => (8, u16_at(rest, 2).is_some_and(|offset| offset & 0xfff8 != 0)),
            _ => break,
        };
        next = *following;
        rest = if is_later { &[] } else { rest.get(skip..).unwrap_or_default() };
    }
    (next, rest)
}

fn with_upper(mut key: Key, upper: &[u8], octets: u32, tos: u8) -> Dissected {
    if WITH_PORTS.contains(&key.protocol) {
        key.source_port = u16_at(upper, 0).unwrap_or(0);
        key.destination_port = u16_at(upper, 2).unwrap_or(0);
    }
    let tcp_flags = if key.protocol == TCP { upper.get(13).copied().unwrap_or(0) } else { 0 };
    Dissected { key, octets, tcp_flags, tos }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp4() -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame.extend([0x81, 0, 0x60, 7, 0x81, 0, 0, 9, 8, 0]);
        frame.extend([0x46, 0x28, 0, 64, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 1]);
        frame.extend([0x1f, 0x90, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x12]);
        frame
    }

    #[test]
    fn tags_and_options_are_looked_through() {
        let found = dissect(&tcp4()).expect("it is IP");
        let Key { vlan, protocol, source_port, destination_port, is_ipv6, .. } = found.key;
        assert_eq!((vlan, protocol, source_port, destination_port, is_ipv6), (7, 6, 8080, 80, false));
        assert_eq!((found.octets, found.tcp_flags, found.tos), (64, 0x12, 0x28));
        assert_eq!(
            (&found.key.source[12..], &found.key.destination[12..]),
            (&[10, 0, 0, 1][..], &[10, 0, 0, 2][..])
        );
    }

    #[test]
    fn later_fragments_have_no_ports() {
        let mut frame = tcp4();
        frame[12 + 10 + 7] = 1;
        let found = dissect(&frame).expect("it is IP");
        assert_eq!((found.key.source_port, found.key.destination_port, found.tcp_flags), (0, 0, 0));
    }

    #[test]
    fn extension_headers_and_labels_are_looked_through() {
        let mut frame = vec![2; 12];
        // Two labels, then IPv6 with hop-by-hop options and a first fragment of UDP.
        frame.extend([0x88, 0x47, 0, 0, 0x10, 64, 0, 0, 0x21, 64]);
        frame.extend([0x60, 0, 0, 0, 0, 24, 0, 64]);
        frame.extend([1; 16]);
        frame.extend([3; 16]);
        frame.extend([44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 0]);
        frame.extend([0, 53, 0, 54, 0, 8, 0, 0]);
        let found = dissect(&frame).expect("it is IP");
        assert!(found.key.is_ipv6 && found.key.source == [1; 16]);
        assert_eq!((found.key.protocol, found.key.source_port, found.octets), (17, 53, 64));
    }

    #[test]
    fn every_cut_and_every_byte_is_taken() {
        let whole = tcp4();
        for end in 0..whole.len() {
            let found = dissect(&whole[..end]);
            assert_eq!(found.is_some(), end >= 12 + 10 + 20, "{end}");
            for value in 0..=255 {
                let mut damaged = whole.clone();
                damaged[end] = value;
                let _ = dissect(&damaged);
            }
        }
    }
}
