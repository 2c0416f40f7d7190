//! TCP: segments that wait for their acknowledgment, timestamps that wait for their echo.

use std::collections::VecDeque;
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::{KEPT, RttKind};
use crate::key::layers::{Ip, u32_at};

/// Segments and timestamps of one direction that wait, at most.
const WAITING: usize = 1_024;

const SYN: u8 = 2;
const FIN: u8 = 1;
const RST: u8 = 4;
const ACK: u8 = 16;

/// A segment that was not acknowledged yet.
#[derive(Debug)]
struct Segment {
    start: u32,
    end: u32,
    time_ns: u64,
    kind: RttKind,
    /// Some of it was sent twice.
    again: bool,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Direction {
    segments: VecDeque<Segment>,
    /// TSval and when it was first seen.
    stamps: VecDeque<(u32, u64)>,
    last_stamp: Option<u32>,
    /// Behind all that was sent.
    next: Option<u32>,
}

/// Lower end, its port, upper end, its port.
type Name = (IpAddr, u16, IpAddr, u16);

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: FxHashMap<Name, [Direction; 2]>,
    order: VecDeque<Name>,
    pub(super) retransmitted: u64,
}

/// Whether `a` comes before `b` (RFC 9293, section 3.4).
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// TSval and TSecr (RFC 7323, section 3.2).
fn timestamps(options: &[u8]) -> Option<(u32, u32)> {
    let mut at = 0;
    while let Some(kind) = options.get(at) {
        match kind {
            0 => return None,
            1 => at += 1,
            8 if options.get(at + 1) == Some(&10) => {
                return Some((u32_at(options, at + 2)?, u32_at(options, at + 6)?));
            }
            _ => at += usize::from(*options.get(at + 1)?).max(2),
        }
    }
    None
}

impl Connections {
    fn connection(&mut self, name: Name) -> &mut [Direction; 2] {
        if !self.open.contains_key(&name) {
            self.order.push_back(name);
            if self.order.len() > KEPT
                && let Some(oldest) = self.order.pop_front()
            {
                self.open.remove(&oldest);
            }
        }
        self.open.entry(name).or_default()
    }

    /// A segment of TCP; `found` is told what it answers.
    pub(super) fn segment(
        &mut self,
        time_ns: u64,
        (source, destination): (IpAddr, IpAddr),
        ip: &Ip<'_>,
        found: &mut impl FnMut(RttKind, u64),
    ) {
        let (Some((from, to)), Some(header)) = (ip.ports(), ip.body.first_chunk::<20>()) else { return };
        let header_length = u32::from(header[12] >> 4) * 4;
        let flags = header[13];
        // A reset that acknowledges still does so.
        if header_length < 20 || flags & (RST | ACK) == RST {
            return;
        }
        let options = ip.body.get(20..header_length as usize).unwrap_or_default();
        let first = (source, from) <= (destination, to);
        let name = if first { (source, from, destination, to) } else { (destination, to, source, from) };
        let length = ip.body_length.saturating_sub(header_length);
        let (start, acknowledged) = (u32_at(ip.body, 4).unwrap_or(0), u32_at(ip.body, 8).unwrap_or(0));
        let [a, b] = self.connection(name);
        let (own, other) = if first { (a, b) } else { (b, a) };
        let mut ambiguous = 0;
        if flags & ACK != 0 {
            ambiguous = other.acknowledged(acknowledged, time_ns, found);
        }
        let stamps = timestamps(options);
        if let Some((_, echo)) = stamps
            && flags & ACK != 0
        {
            other.echoed(echo, time_ns, found);
        }
        let asks = length > 0 || flags & SYN != 0;
        if let Some((stamp, _)) = stamps
            && asks
        {
            own.stamp(stamp, time_ns);
        }
        if asks || flags & FIN != 0 {
            let end = start.wrapping_add(length + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0));
            let kind = match flags & (SYN | ACK) {
                SYN => RttKind::Syn,
                both if both == SYN | ACK => RttKind::SynAck,
                _ => RttKind::Data,
            };
            own.sent(start, end, time_ns, kind);
        }
        self.retransmitted += ambiguous;
    }
}

impl Direction {
    fn sent(&mut self, start: u32, end: u32, time_ns: u64, kind: RttKind) {
        let again = self.next.is_some_and(|next| before(start, next));
        if again {
            for segment in &mut self.segments {
                segment.again |= before(start, segment.end) && before(segment.start, end);
            }
            if self.segments.iter().any(|segment| segment.end == end) {
                return;
            }
        }
        self.next = Some(self.next.map_or(end, |next| if before(next, end) { end } else { next }));
        self.segments.push_back(Segment { start, end, time_ns, kind, again });
        if self.segments.len() > WAITING {
            self.segments.pop_front();
        }
    }

    /// All before `number` is acknowledged; how many times that gave no time.
    fn acknowledged(&mut self, number: u32, time_ns: u64, found: &mut impl FnMut(RttKind, u64)) -> u64 {
        let mut ambiguous = 0;
        self.segments.retain(|segment| {
            if before(number, segment.end) {
                return true;
            }
            if segment.end == number {
                if segment.again {
                    ambiguous += 1;
                } else if let Some(rtt) = time_ns.checked_sub(segment.time_ns) {
                    found(segment.kind, rtt);
                }
            }
            false
        });
        ambiguous
    }

    fn stamp(&mut self, stamp: u32, time_ns: u64) {
        if self.last_stamp.is_some_and(|last| !before(last, stamp)) {
            return;
        }
        self.last_stamp = Some(stamp);
        self.stamps.push_back((stamp, time_ns));
        if self.stamps.len() > WAITING {
            self.stamps.pop_front();
        }
    }

    fn echoed(&mut self, echo: u32, time_ns: u64, found: &mut impl FnMut(RttKind, u64)) {
        while let Some(&(stamp, asked)) = self.stamps.front() {
            if before(echo, stamp) {
                return;
            }
            self.stamps.pop_front();
            if stamp == echo
                && let Some(rtt) = time_ns.checked_sub(asked)
            {
                found(RttKind::Timestamp, rtt);
            }
        }
    }
}
