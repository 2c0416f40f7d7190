//! `fix_checksums`: makes an IP packet consistent after its frame was cut.
//!
//! Lengths say what is there (IPv4 total length, IPv6 payload length, UDP length), the IPv4 header checksum fits, and so do the
//! checksums of TCP, UDP, ICMP and ICMPv6. What cannot be made right is left as it is: a header that is not whole,
//! a fragment's checksum, which covers bytes of other packets. A UDP checksum of zero over IPv4 means "none" and stays.

use super::hash::{fold, sum16};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// Fixes the IP packet that starts at `offset` and goes to the end of the frame.
pub(crate) fn fix(frame: &mut [u8], offset: usize) {
    let Some(packet) = frame.get_mut(offset..) else { return };
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => fix_ipv4(packet),
        Some(6) => fix_ipv6(packet),
        _ => {}
    }
}

fn put16(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(field) = bytes.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

fn fix_ipv4(packet: &mut [u8]) {
    let header = usize::from(packet[0] & 0xf) * 4;
    if header < 20 || packet.len() < header {
        return;
    }
    // Padding behind the packet stays padding: the length only ever shrinks to what is there.
    let stated = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    let length = if stated < header { packet.len() } else { stated.min(packet.len()) };
    let packet = &mut packet[..length.min(usize::from(u16::MAX))];
    put16(packet, 2, packet.len() as u16);
    put16(packet, 10, 0);
    let checksum = !fold(sum16(&packet[..header]));
    put16(packet, 10, checksum);
    let fragment = u16::from_be_bytes([packet[6], packet[7]]) & 0x3fff != 0;
    let (protocol, pseudo) = (packet[9], sum16(&packet[12..20]));
    let first = u16::from_be_bytes([packet[6], packet[7]]) & 0x1fff == 0;
    fix_transport(&mut packet[header..], protocol, pseudo, fragment, first, true);
}

fn fix_ipv6(packet: &mut [u8]) {
    if packet.len() < 40 {
        return;
    }
    let stated = usize::from(u16::from_be_bytes([packet[4], packet[5]]));
    let length = stated.min(packet.len() - 40);
    let packet = &mut packet[..40 + length];
    put16(packet, 4, length as u16);
    let pseudo = sum16(&packet[8..40]);
    let (mut next, mut at) = (packet[6], 40);
    let (mut fragment, mut first) = (false, true);
    // Hop-by-hop options, routing, fragment, destination options (RFC 8200 section 4) and AH (RFC 4302).
    loop {
        let size = match (next, packet.get(at + 1)) {
            (0 | 43 | 60, Some(length)) => usize::from(*length) * 8 + 8,
            (44, Some(_)) => 8,
            (51, Some(length)) => usize::from(*length) * 4 + 8,
            _ => break,
        };
        if next == 44
            && let Some([high, low]) = packet.get(at + 2..at + 4)
        {
            let field = u16::from_be_bytes([*high, *low]);
            fragment |= field & 0xfff9 != 0;
            first &= field & 0xfff8 == 0;
        }
        next = packet[at];
        at += size;
        if at > packet.len() {
            return;
        }
    }
    fix_transport(&mut packet[at..], next, pseudo, fragment, first, false);
}

/// `pseudo` is the sum of the addresses.
fn fix_transport(segment: &mut [u8], protocol: u8, pseudo: u64, fragment: bool, first: bool, ipv4: bool) {
    let (at, minimum) = match protocol {
        TCP => (16, 20),
        UDP => (6, 8),
        ICMP if ipv4 => (2, 4),
        ICMPV6 if !ipv4 => (2, 4),
        _ => return,
    };
    if !first || segment.len() < minimum {
        return;
    }
    let length = segment.len() as u64;
    if fragment {
        return;
    }
    if protocol == UDP {
        put16(segment, 4, segment.len() as u16);
        if ipv4 && segment[6..8] == [0, 0] {
            return;
        }
    }
    put16(segment, at, 0);
    let pseudo = if protocol == ICMP { 0 } else { pseudo + length + u64::from(protocol) };
    let checksum = !fold(pseudo + sum16(segment));
    // RFC 768: a computed checksum of zero is sent as all ones.
    put16(segment, at, if protocol == UDP && checksum == 0 { 0xffff } else { checksum });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An IPv4 packet with a UDP datagram, nothing of it right.
    fn ipv4_udp(payload: usize) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0xff, 0xff, 0, 1, 0, 0, 64, UDP, 9, 9, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend([0x12, 0x34, 0, 53, 0xff, 0xff, 1, 1]);
        packet.extend((0..payload).map(|i| i as u8));
        packet
    }

    #[test]
    fn ipv4_and_udp_fit_what_is_there() {
        let mut packet = ipv4_udp(13);
        fix(&mut packet, 0);
        assert_eq!(packet[2..4], 41u16.to_be_bytes());
        assert_eq!(packet[24..26], 21u16.to_be_bytes());
        assert_eq!(fold(sum16(&packet[..20])), 0xffff);
        let pseudo = sum16(&packet[12..20]) + 17 + 21;
        assert_eq!(fold(pseudo + sum16(&packet[20..])), 0xffff);
    }

    #[test]
    fn padding_stays_padding() {
        let mut packet = ipv4_udp(0);
        packet[2..4].copy_from_slice(&28u16.to_be_bytes());
        packet.extend([0xaa; 10]);
        fix(&mut packet, 0);
        assert_eq!(packet[2..4], 28u16.to_be_bytes());
        assert_eq!(packet[24..26], 8u16.to_be_bytes());
        assert_eq!(packet[28..], [0xaa; 10]);
    }

    #[test]
    fn fragments_keep_their_checksum_and_udp_without_one_has_none() {
        let mut packet = ipv4_udp(4);
        packet[6] = 0x20;
        fix(&mut packet, 0);
        assert_eq!(packet[26..28], [1, 1]);
        let mut packet = ipv4_udp(4);
        packet[26..28].fill(0);
        fix(&mut packet, 0);
        assert_eq!(packet[26..28], [0, 0]);
    }

    #[test]
    fn ipv6_behind_extension_headers() {
        let mut packet = vec![0x60, 0, 0, 0, 0xff, 0xff, 0, 64];
        packet.extend([0x20; 32]);
        packet.extend([ICMPV6, 0, 1, 2, 3, 4, 5, 6]);
        packet.extend([128, 0, 7, 7, 1, 2, 3]);
        fix(&mut packet, 0);
        assert_eq!(packet[4..6], 15u16.to_be_bytes());
        let pseudo = sum16(&packet[8..40]) + 7 + u64::from(ICMPV6);
        assert_eq!(fold(pseudo + sum16(&packet[48..])), 0xffff);
    }

    #[test]
    fn nothing_panics_on_short_packets() {
        let whole = ipv4_udp(4);
        for length in 0..whole.len() {
            fix(&mut whole[..length].to_vec(), 0);
            let mut six = whole[..length].to_vec();
            if let Some(first) = six.first_mut() {
                *first = 0x60;
            }
            fix(&mut six, 0);
            fix(&mut six, length + 1);
        }
    }
}
