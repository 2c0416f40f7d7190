//! What tells one packet from another, for duplicate removal: bytes that stay the same from tap to tap.

use super::decode::{Addresses, Decoded, Layers, Places};
use crate::captures::Captured;

/// Bytes behind the last header that count.
const WINDOW: usize = 64;

/// What a packet has in common with its repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The bytes that count.
    pub bytes: Vec<u8>,
    /// Whether its headers were all read. Where not, a repeat may pass: in doubt it does.
    pub is_sure: bool,
}

/// `ignore` has the bits of the setting.
pub fn identity(frame: &Captured, decoded: &Decoded, ignore: u8) -> Identity {
    let mut bytes = content(frame, decoded);
    let data = &frame.data;
    let asks = |bit: u8| ignore >> bit & 1 == 0;
    if asks(0) {
        bytes.extend(data.iter().take(12));
    }
    if asks(1) {
        let tags = decoded.outer.at.vlans.iter().flat_map(|tag| data[tag + 2..tag + 4].to_vec());
        bytes.extend(tags);
        bytes.push(decoded.outer.vlans.len() as u8);
    }
    if asks(2) {
        bytes.extend(decoded.outer.mpls_label.unwrap_or(u32::MAX).to_be_bytes());
    }
    let header = decoded.outer.at.l3.filter(|_| decoded.outer.ip_proto.is_some());
    if let Some(start) = header {
        let v4 = matches!(decoded.outer.addresses, Some(Addresses::V4(..)));
        if asks(3) {
            bytes.push(data[start + if v4 { 8 } else { 7 }]);
        }
        if asks(4) {
            bytes.extend([decoded.outer.dscp.unwrap_or(0xff), decoded.outer.ecn.unwrap_or(0xff)]);
        }
        if asks(5) && v4 {
            bytes.extend(&data[start + 10..start + 12]);
        }
    }
    Identity { bytes, is_sure: decoded.complete }
}

/// What no device between two taps changes.
fn content(frame: &Captured, decoded: &Decoded) -> Vec<u8> {
    let end = decoded.outer.at.l3_end.filter(|end| *end >= decoded.headers_end).unwrap_or(usize::MAX);
    let end = end.min(frame.data.len()).min(decoded.headers_end + WINDOW);
    let mut data = frame.data.clone();
    for layers in [Some(&decoded.outer), decoded.inner.as_ref()].into_iter().flatten() {
        clear_hop_fields(&mut data, layers);
    }
    let routed = decoded.outer.at.l3.filter(|_| decoded.outer.ip_proto.is_some());
    let mut bytes = Vec::new();
    let start = routed.unwrap_or_else(|| {
        // A frame that no router touches: its MACs belong to it.
        let at = decoded.second_frame.unwrap_or(0);
        bytes.extend(data.iter().take(12));
        at + 12 + 4 * decoded.outer.at.vlans.len()
    });
    bytes.extend(data.get(start..end).unwrap_or(&[]));
    bytes
}

/// TTL, traffic class and header checksum, which hops change.
fn clear_hop_fields(data: &mut [u8], layers: &Layers) {
    let Places { l3: Some(start), .. } = layers.at else { return };
    match layers.addresses {
        Some(Addresses::V4(..)) if layers.ip_proto.is_some() => {
            for at in [1, 8, 10, 11] {
                data[start + at] = 0;
            }
        }
        Some(Addresses::V6(..)) => {
            data[start] &= 0xf0;
            for at in [1, 2, 3, 7] {
                data[start + at] = 0;
            }
        }
        _ => {}
    }
}
