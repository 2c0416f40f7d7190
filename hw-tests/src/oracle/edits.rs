//! What edits make of a frame, byte by byte, from the oracle's own decoding.

use super::decode::{Decoded, LookedThrough, Places, Tunnel, decode};
use crate::captures::Captured;
use crate::model::{Anchor, Edits, Mask, Stamp};

/// A frame as a tool should get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Its bytes.
    pub data: Vec<u8>,
    /// Its length without slice, and with what the capture lacks.
    pub original_length: u32,
}

/// The frame while it is edited.
struct Work {
    data: Vec<u8>,
    outer: Places,
    inner: Places,
    headers_end: usize,
}

const MACS: usize = 12;

/// TAI minus UTC, seconds, where the policy does not say otherwise.
const TAI_OFFSET: u64 = 37;

/// The frame with the edits. `label` is the VLAN id of the port that it came in by.
pub fn apply(frame: &Captured, edits: &Edits, label: u16) -> Edited {
    let decoded = decode(&frame.data, frame.wire_length);
    let missing = frame.wire_length.saturating_sub(frame.data.len() as u32);
    let mut work = strip(&frame.data, &decoded, edits.strip);
    for mask in &edits.masks {
        overwrite(&mut work, *mask);
    }
    let whole = work.data.len();
    if let Some((anchor, bytes)) = edits.slice {
        let start = work.find(anchor).unwrap_or(work.headers_end);
        work.data.truncate((start + usize::from(bytes)).max(MACS + 2));
    }
    let mut data = work.data;
    let kept = data.len();
    let mut added = Vec::new();
    let has_macs = decoded.outer.at.macs.is_some();
    if has_macs && let Some(Stamp::D28b { long, utc }) = edits.stamp {
        added.extend(d28b(frame.time_ns, long, utc));
    }
    if has_macs && edits.label {
        added.extend([0x81, 0, (label >> 8) as u8, label as u8]);
    }
    if has_macs {
        data.splice(MACS..MACS, added);
    }
    // What has no MACs is no frame: nothing is added to it.
    if has_macs && let Some(stamp) = edits.stamp {
        data.extend(trailer(frame.time_ns, stamp));
    }
    let original_length = (data.len() - kept + whole) as u32 + missing;
    Edited { data, original_length }
}

fn strip(data: &[u8], decoded: &Decoded, what: u16) -> Work {
    let asks = |bit: u16| what >> bit & 1 == 1;
    let mut work = Work {
        data: data.to_vec(),
        outer: decoded.outer.at.clone(),
        inner: decoded.inner.as_ref().map(|inner| inner.at.clone()).unwrap_or_default(),
        headers_end: decoded.headers_end,
    };
    // Padding behind the outer packet is not the inner one's.
    let trimmed = decoded.outer.at.l3_end.filter(|end| (decoded.headers_end..data.len()).contains(end));
    let mut tags = decoded.outer.at.vlans.clone();
    let tunnel_asked = decoded.tunnel.is_some_and(|tunnel| asks(tunnel_bit(tunnel)));
    let labeled = matches!(decoded.looked_through, Some((LookedThrough::Mpls, _)))
        && decoded.outer.mpls_label.is_some();
    let backbone = matches!(decoded.looked_through, Some((LookedThrough::Pbb, _)));
    let second = decoded.second_frame.filter(|start| data.len() >= start + 14);
    if tunnel_asked && (work.inner.macs.is_some() || work.inner.l3.is_some()) {
        work.data.truncate(trimmed.unwrap_or(data.len()));
        let inner = std::mem::take(&mut work.inner);
        if let Some(start) = inner.macs {
            tags.clone_from(&inner.vlans);
            work.cut(0, start, &mut tags, inner);
        } else if let Some(start) = inner.l3 {
            let kind = decoded.inner.as_ref().and_then(|inner| inner.l3);
            work.join_network(start, &tags, kind, inner);
        }
    } else if asks(1) && labeled {
        let outer = work.outer.clone();
        if let Some(start) = second {
            tags = second_tags(data, start);
            work.cut(0, start, &mut tags, outer);
        } else if let Some(start) = outer.l3.filter(|_| is_ip(decoded)) {
            work.data.truncate(trimmed.unwrap_or(data.len()));
            work.join_network(start, &tags, decoded.outer.l3, outer);
        }
    } else if asks(2)
        && backbone
        && let Some(start) = second
    {
        tags = second_tags(data, start);
        let outer = work.outer.clone();
        work.cut(0, start, &mut tags, outer);
    }
    if asks(0) {
        for tag in tags.clone().iter().rev() {
            let (outer, mut none) = (work.outer.clone(), Vec::new());
            work.cut(*tag, tag + 4, &mut none, outer);
        }
    }
    work
}

/// Bit of a tunnel in `strip`.
fn tunnel_bit(tunnel: Tunnel) -> u16 {
    match tunnel {
        Tunnel::Vxlan => 3,
        Tunnel::Geneve => 4,
        Tunnel::Gre => 5,
        Tunnel::GreEthernet => 6,
        Tunnel::Erspan => 7,
        Tunnel::Gtpu => 8,
        Tunnel::Ipip => 9,
    }
}

fn is_ip(decoded: &Decoded) -> bool {
    matches!(decoded.outer.l3, Some(0x0800 | 0x86dd))
}

/// Tags of the frame that starts there: a decoding of its own.
fn second_tags(data: &[u8], start: usize) -> Vec<usize> {
    let second = decode(&data[start..], 0);
    second.outer.at.vlans.iter().map(|tag| tag + start).collect()
}

impl Work {
    /// Takes bytes `from..to` out; places behind them move. `outer` are the places of what is now the outer packet.
    fn cut(&mut self, from: usize, to: usize, tags: &mut [usize], outer: Places) {
        self.data.drain(from..to.min(self.data.len()));
        let moved = |place: Option<usize>| place.map(|at| if at >= to { at - (to - from) } else { at });
        let shift = |places: &Places| Places {
            macs: moved(places.macs),
            vlans: Vec::new(),
            l3: moved(places.l3),
            l3_end: moved(places.l3_end),
            has_extensions: places.has_extensions,
            l4: moved(places.l4),
            payload: moved(places.payload),
        };
        self.outer = shift(&outer);
        self.inner = shift(&self.inner);
        self.headers_end -= to - from;
        for tag in tags {
            *tag -= to - from;
        }
    }

    /// Takes out what stands between the type field of the outermost frame and the IP packet of that kind at `start`.
    fn join_network(&mut self, start: usize, tags: &[usize], kind: Option<u32>, outer: Places) {
        let type_end = MACS + 2 + 4 * tags.len();
        let kind = if kind == Some(0x86dd) { [0x86, 0xdd] } else { [0x08, 0x00] };
        self.data[type_end - 2..type_end].copy_from_slice(&kind);
        self.cut(type_end, start, &mut [], outer);
    }

    fn find(&self, anchor: Anchor) -> Option<usize> {
        match anchor {
            Anchor::Frame => Some(0),
            Anchor::L3 => self.outer.l3,
            Anchor::L4 => self.outer.l4,
            Anchor::Payload => self.outer.payload,
            Anchor::InnerL3 => self.inner.l3,
            Anchor::InnerL4 => self.inner.l4,
            Anchor::InnerPayload => self.inner.payload,
        }
    }
}

fn overwrite(work: &mut Work, mask: Mask) {
    let Some(start) = work.find(mask.at) else { return };
    let from = start + usize::from(mask.offset);
    let to = from + usize::from(mask.length);
    for byte in work.data.iter_mut().take(to).skip(from) {
        *byte = mask.value;
    }
}

/// EtherType 0xD28B, subtype 1, version, time.
fn d28b(time_ns: u64, long: bool, utc: bool) -> Vec<u8> {
    let seconds = time_ns / 1_000_000_000 + if utc { 0 } else { TAI_OFFSET };
    let nanoseconds = (time_ns % 1_000_000_000) as u32;
    let version = if long { 0x0010_u16 } else { 0x0020 } | if utc { 0x0100 } else { 0 };
    let mut bytes = vec![0xd2, 0x8b, 0, 1];
    bytes.extend(version.to_be_bytes());
    let seconds = (seconds as u32).to_be_bytes();
    bytes.extend(&seconds[if long { 0 } else { 2 }..]);
    bytes.extend(nanoseconds.to_be_bytes());
    bytes
}

/// What a stamp puts behind the frame.
fn trailer(time_ns: u64, stamp: Stamp) -> Vec<u8> {
    let seconds = ((time_ns / 1_000_000_000) as u32).to_be_bytes();
    let part = (time_ns % 1_000_000_000) as u32;
    let nanoseconds = part.to_be_bytes();
    match stamp {
        Stamp::D28b { .. } => Vec::new(),
        Stamp::Vss { source, port_bytes, port } => {
            let word = (u32::from(source) << 30 | part).to_be_bytes();
            let port = port.to_be_bytes();
            [&seconds[..], &word, &port[2 - usize::from(port_bytes)..]].concat()
        }
        Stamp::Ixia { source } => {
            let mut bytes = [&[source, 8][..], &seconds, &nanoseconds, &[10, 0xaf, 0x12]].concat();
            let words = bytes
                .chunks(2)
                .map(|pair| u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])));
            // The remainder of the sum by 2^16 - 1, which is what carrying around the end gives; no sum of a time is 0.
            let sum = words.sum::<u64>() % 0xffff;
            bytes.extend((!(if sum == 0 { 0xffff } else { sum } as u16)).to_be_bytes());
            bytes
        }
        Stamp::Metamako { degraded, device, port } => {
            let flags = if degraded { 0x10 } else { 0 };
            let device = device.to_be_bytes();
            [&[0; 4][..], &seconds, &nanoseconds, &[flags], &device, &[port]].concat()
        }
        Stamp::Exablaze { device, port } => {
            let fraction = (u128::from(part) << 40).div_ceil(1_000_000_000) as u64;
            [&[0, 0, 0, 0, device, port][..], &seconds, &fraction.to_be_bytes()[3..], &[0]].concat()
        }
    }
}
