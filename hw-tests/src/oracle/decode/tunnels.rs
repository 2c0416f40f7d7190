//! Tunnels, and the inner packet: the payload of the first of them.

use super::{Behind, Cursor, Decoded, Layers, Tunnel, link, network, u16_at, u24_at, u32_at};

const VXLAN_PORT: u16 = 4789;
const GENEVE_PORT: u16 = 6081;
const GTPU_PORT: u16 = 2152;

/// What is behind the outer packet's headers.
pub(super) fn tunnel(cursor: &mut Cursor<'_>, decoded: &mut Decoded, behind: Behind) -> Option<()> {
    match behind {
        Behind::Protocol(4) => {
            decoded.tunnel = Some(Tunnel::Ipip);
            inner_network(cursor, decoded, 0x0800)
        }
        Behind::Protocol(41) => {
            decoded.tunnel = Some(Tunnel::Ipip);
            inner_network(cursor, decoded, 0x86dd)
        }
        Behind::Protocol(47) => gre(cursor, decoded),
        Behind::Udp(VXLAN_PORT) => {
            let header = cursor.take(8)?;
            decoded.tunnel = Some(Tunnel::Vxlan);
            decoded.vni = Some(u24_at(header, 4));
            inner_ethernet(cursor, decoded)
        }
        Behind::Udp(GENEVE_PORT) => geneve(cursor, decoded),
        Behind::Udp(GTPU_PORT) => gtpu(cursor, decoded),
        Behind::Protocol(_) | Behind::Udp(_) | Behind::Payload => Some(()),
    }
}

fn inner_ethernet(cursor: &mut Cursor<'_>, decoded: &mut Decoded) -> Option<()> {
    let mut layers = Layers::default();
    let read = link(cursor, &mut layers).and_then(|kind| network(cursor, &mut layers, kind));
    // Without the inner MACs there is no inner packet.
    decoded.inner = layers.macs.is_some().then_some(layers);
    read.map(|_| ())
}

fn inner_network(cursor: &mut Cursor<'_>, decoded: &mut Decoded, ether_type: u32) -> Option<()> {
    let mut layers = Layers::default();
    let read = network(cursor, &mut layers, ether_type);
    decoded.inner = Some(layers);
    read.map(|_| ())
}

/// RFC 8926.
fn geneve(cursor: &mut Cursor<'_>, decoded: &mut Decoded) -> Option<()> {
    let header = cursor.take(8)?;
    decoded.tunnel = Some(Tunnel::Geneve);
    decoded.vni = Some(u24_at(header, 4));
    let protocol = u32::from(u16_at(header, 2));
    cursor.take(usize::from(header[0] & 0x3f) * 4)?;
    match protocol {
        0x6558 => inner_ethernet(cursor, decoded),
        0x0800 | 0x86dd => inner_network(cursor, decoded, protocol),
        _ => Some(()),
    }
}

/// 3GPP TS 29.281: user data is message type 255.
fn gtpu(cursor: &mut Cursor<'_>, decoded: &mut Decoded) -> Option<()> {
    let header = cursor.take(8)?;
    if header[0] >> 4 != 3 {
        return Some(());
    }
    decoded.tunnel = Some(Tunnel::Gtpu);
    decoded.teid = Some(u32_at(header, 4));
    if header[1] != 255 {
        return Some(());
    }
    if header[0] & 7 != 0 {
        let optional = cursor.take(4)?;
        let mut next = if header[0] & 4 != 0 { optional[3] } else { 0 };
        while next != 0 {
            let length = usize::from(cursor.peek(1)?[0]) * 4;
            let extension = cursor.take(length)?;
            next = *extension.last()?;
        }
    }
    match cursor.peek(1)?[0] >> 4 {
        4 => inner_network(cursor, decoded, 0x0800),
        6 => inner_network(cursor, decoded, 0x86dd),
        _ => Some(()),
    }
}

/// RFC 2784, RFC 2890, RFC 7637 (NVGRE), ERSPAN.
fn gre(cursor: &mut Cursor<'_>, decoded: &mut Decoded) -> Option<()> {
    let header = cursor.take(4)?;
    let (flags, protocol) = (u16_at(header, 0), u32::from(u16_at(header, 2)));
    // Version 0 only, and no routing.
    if flags & 0x4007 != 0 {
        return Some(());
    }
    if flags & 0x8000 != 0 {
        cursor.take(4)?;
    }
    if flags & 0x2000 != 0 {
        let key = u32_at(cursor.take(4)?, 0);
        decoded.gre_key = Some(key);
        if protocol == 0x6558 {
            decoded.vni = Some(key >> 8);
        }
    }
    let has_sequence = flags & 0x1000 != 0;
    if has_sequence {
        cursor.take(4)?;
    }
    decoded.tunnel = match protocol {
        0x6558 => Some(Tunnel::GreEthernet),
        0x0800 | 0x86dd => Some(Tunnel::Gre),
        0x88be | 0x22eb => Some(Tunnel::Erspan),
        _ => None,
    };
    match protocol {
        0x6558 => inner_ethernet(cursor, decoded),
        0x0800 | 0x86dd => inner_network(cursor, decoded, protocol),
        0x88be => {
            // Type I has neither sequence nor header of its own.
            if has_sequence {
                cursor.take(8)?;
            }
            inner_ethernet(cursor, decoded)
        }
        0x22eb => {
            let erspan = cursor.take(12)?;
            if erspan[11] & 1 == 1 {
                cursor.take(8)?;
            }
            inner_ethernet(cursor, decoded)
        }
        _ => Some(()),
    }
}
