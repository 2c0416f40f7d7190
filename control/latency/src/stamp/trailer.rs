//! Stamps behind the frame.

use super::{ClockSource, time};
use crate::key::layers::{u16_at, u32_at};

/// What a trailer says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trailer {
    pub(super) time_ns: u64,
    /// Bytes that it takes.
    pub(super) bytes: usize,
    pub(super) clock: ClockSource,
    pub(super) port: Option<u16>,
}

/// The last bytes of a frame.
fn last(frame: &[u8], bytes: usize) -> Option<&[u8]> {
    frame.get(frame.len().checked_sub(bytes)?..)
}

/// Seconds, two bits of clock source, 30 bits of nanoseconds, the port.
pub(super) fn vss(frame: &[u8], port_bytes: u8) -> Option<Trailer> {
    let bytes = 8 + usize::from(port_bytes);
    let trailer = last(frame, bytes)?;
    let word = u32_at(trailer, 4)?;
    let clock = match word >> 30 {
        0 => ClockSource::Free,
        1 => ClockSource::Ntp,
        2 => ClockSource::Gps,
        _ => ClockSource::Ptp,
    };
    let port = match port_bytes {
        0 => None,
        1 => trailer.get(8).map(|port| u16::from(*port)),
        _ => u16_at(trailer, 8),
    };
    Some(Trailer { time_ns: time(u64::from(u32_at(trailer, 0)?), word & 0x3fff_ffff)?, bytes, clock, port })
}

/// Ones' complement sum of 16-bit words, the last byte padded with zero, complemented.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Type, length 8, seconds, nanoseconds; length of all that, 0xAF12, checksum of what is before it.
pub(super) fn ixia(frame: &[u8]) -> Option<Trailer> {
    const BYTES: usize = 15;
    let trailer = last(frame, BYTES)?;
    if trailer[1] != 8 || trailer[10] != 10 || u16_at(trailer, 11)? != 0xaf12 {
        return None;
    }
    if u16_at(trailer, 13)? != checksum(&trailer[..13]) {
        return None;
    }
    let clock = match trailer[0] {
        3 => ClockSource::Free,
        4 => ClockSource::Ntp,
        5 => ClockSource::Gps,
        6 => ClockSource::Ptp,
        7 => ClockSource::Holdover,
        _ => return None,
    };
    let time_ns = time(u64::from(u32_at(trailer, 2)?), u32_at(trailer, 6)?)?;
    Some(Trailer { time_ns, bytes: BYTES, clock, port: None })
}

/// Flags of Metamako's trailer, and the most words of extensions that are walked over.
const METAMAKO_EXTENDED: u8 = 0x02;
const METAMAKO_DEGRADED: u8 = 0x10;
const METAMAKO_MAX_EXTENSIONS: usize = 64;

/// Original check sequence, extensions, seconds, nanoseconds, flags, device, port.
pub(super) fn metamako(frame: &[u8]) -> Option<Trailer> {
    let fixed = last(frame, 12)?;
    let flags = fixed[8];
    let mut time_ns = time(u64::from(u32_at(fixed, 0)?), u32_at(fixed, 4)?)?;
    let mut bytes = 12;
    if flags & METAMAKO_EXTENDED != 0 {
        // From the end: a word whose lowest byte says what it is and how many words stand before it.
        for _ in 0..METAMAKO_MAX_EXTENSIONS {
            bytes += 4;
            let word = u32_at(last(frame, bytes)?, 0)?;
            let tag = word & 0x1f;
            let words = if tag == 0x1f { (word >> 6 & 0x3ff) + 1 } else { word >> 6 & 3 };
            if tag == 1 {
                // 2^-24 ns: to the nearest nanosecond.
                time_ns = time_ns.checked_add(u64::from(word >> 8 >= 1 << 23))?;
            }
            bytes += words as usize * 4;
            if word >> 5 & 1 != 0 {
                break;
            }
        }
    }
    bytes += 4;
    last(frame, bytes)?;
    let clock = if flags & METAMAKO_DEGRADED != 0 { ClockSource::Degraded } else { ClockSource::Unstated };
    Some(Trailer { time_ns, bytes, clock, port: Some(u16::from(fixed[11])) })
}

/// Original check sequence, device, port, seconds, 40 bits of fraction, reserved.
pub(super) fn exablaze(frame: &[u8]) -> Option<Trailer> {
    const BYTES: usize = 16;
    let trailer = last(frame, BYTES)?;
    let fraction = u64::from(u32_at(trailer, 10)?) << 8 | u64::from(trailer[14]);
    // To the nearest nanosecond; it may be the next second's first.
    let nanoseconds = (u128::from(fraction) * 1_000_000_000 + (1 << 39)) >> 40;
    let time_ns = time(u64::from(u32_at(trailer, 6)?), 0)?.checked_add(nanoseconds as u64)?;
    Some(Trailer { time_ns, bytes: BYTES, clock: ClockSource::Unstated, port: Some(u16::from(trailer[5])) })
}
