//! Stamps in front of the frame: the 0xD28B header, and ERSPAN type III.

use super::{MAC_BYTES, SECOND_NS, Stamped, nearest, time};
use crate::key::layers::{Layers, u16_at, u32_at};

const D28B: u16 = 0xd28b;
const D28B_TIME: u16 = 1;
/// Tags that may stand in front of the stamp: a label pushed after it.
const MAX_TAGS: usize = 4;

/// The frame behind the header of EtherType 0xD28B.
#[inline(always)]
pub(super) fn d28b(plain: Stamped<'_>, tai_offset_s: u16) -> Option<Stamped<'_>> {
    let mut rest = plain.from_ether_type;
    for _ in 0..MAX_TAGS {
        if !matches!(u16_at(rest, 0)?, 0x8100 | 0x88a8 | 0x9100) {
            break;
        }
        rest = rest.get(4..)?;
    }
    if u16_at(rest, 0)? != D28B || u16_at(rest, 2)? != D28B_TIME {
        return None;
    }
    let version = u16_at(rest, 4)?;
    let offset = match version >> 8 {
        0 => u64::from(tai_offset_s),
        1 => 0,
        _ => return None,
    };
    let (seconds, nanoseconds, bytes) = match version & 0xff {
        0x10 => (u64::from(u32_at(rest, 6)?), u32_at(rest, 10)?, 14),
        0x20 => {
            // Only the low 16 bits of the seconds: those nearest to when the packet was captured.
            let low = u64::from(u16_at(rest, 6)?);
            (nearest(low, 1 << 16, plain.time_ns / SECOND_NS + offset), u32_at(rest, 8)?, 12)
        }
        _ => return None,
    };
    Some(Stamped {
        time_ns: time(seconds.checked_sub(offset)?, nanoseconds)?,
        from_ether_type: rest.get(bytes..)?,
        // The stamp, and a label in front of it.
        wire_length: plain
            .wire_length
            .saturating_sub((plain.from_ether_type.len() - rest.len() + bytes) as u32),
        ..plain
    })
}

/// GRE protocol type of ERSPAN type III.
const ERSPAN3: u16 = 0x22eb;

/// The frame that ERSPAN type III carries (draft-foschiano-erspan-03, section 4.3).
pub(super) fn erspan3(plain: Stamped<'_>) -> Option<Stamped<'_>> {
    let ip = Layers::read(plain.from_ether_type)?.ip?;
    if ip.protocol != 47 || ip.is_later_fragment() || u16_at(ip.body, 2)? != ERSPAN3 {
        return None;
    }
    let flags = u16_at(ip.body, 0)?;
    let optional = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count() * 4;
    let header = ip.body.get(4 + optional..)?;
    if header.first()? >> 4 != 2 {
        return None;
    }
    let stamp = u32_at(header, 4)?;
    let last = u16_at(header, 10)?;
    let (granularity, has_subheader) = (last >> 1 & 3, last & 1 != 0);
    // Platform: 3 has the upper half of a time of 64 bits, 5 and 6 have the seconds of a time of PTP.
    let subheader = if has_subheader { Some((header.get(12)? >> 2, u32_at(header, 16)?)) } else { None };
    let port = match subheader {
        Some((5 | 6, _)) => u16_at(header, 14),
        _ => None,
    };
    let now = plain.time_ns;
    let time_ns = match (granularity, subheader) {
        (2, Some((5 | 6, seconds))) => time(u64::from(seconds), stamp)?,
        (2, _) => {
            if u64::from(stamp) >= SECOND_NS {
                return None;
            }
            nearest(u64::from(stamp), SECOND_NS, now)
        }
        (1, Some((3, upper))) => (u64::from(upper) << 32 | u64::from(stamp)).checked_mul(100)?,
        // 100 ns: 32 bits turn over each 429.5 s; the turn nearest to the capture's time.
        (1, _) => nearest(u64::from(stamp), 1 << 32, now / 100).checked_mul(100)?,
        // 100 us, which is of no use, and units that the user defined.
        _ => return None,
    };
    let inner = header.get(if has_subheader { 20 } else { 12 }..)?;
    // What stands around: all of the packet's bytes but the inner frame's.
    let around = plain.from_ether_type.len() - ip.body.len() + MAC_BYTES + (ip.body.len() - inner.len());
    let inner_length = ip.body_length.saturating_sub((ip.body.len() - inner.len()) as u32);
    Some(Stamped {
        time_ns,
        macs: inner.get(..MAC_BYTES)?,
        from_ether_type: inner.get(MAC_BYTES..)?,
        wire_length: inner_length.min(plain.wire_length.saturating_sub(around as u32)),
        port,
        ..plain
    })
}
