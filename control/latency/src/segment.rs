//! From one tap to the next: delays, loss, order, jitter.

use serde::Serialize;

use crate::analysis::Settings;
use crate::correlate::{Arrival, Labels, Seen};
use crate::heat::Heat;
use crate::histogram::Delays;
use crate::small::SmallDelays;

/// Gaps that are kept: those with the most packets.
pub const KEPT_GAPS: usize = 1_000;

/// Packets in a row that were seen at one tap and not at the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// First of them, by the clock of the tap that saw it.
    pub start_ns: u64,
    /// Last of them.
    pub end_ns: u64,
    /// How many.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// The packet before them that arrived, by the same clock.
    pub before_ns: Option<u64>,
    /// The packet behind them that arrived.
    pub after_ns: Option<u64>,
}

impl Gap {
    /// Time without any packet that arrived; from the first to the last lost one where the capture begins or ends with them.
    pub fn length_ns(&self) -> u64 {
        self.after_ns.unwrap_or(self.end_ns).saturating_sub(self.before_ns.unwrap_or(self.start_ns))
    }
}

/// Puts unmatched packets of a tap together, in the order of the tap.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    open: Option<Gap>,
    last_arrived_ns: Option<u64>,
    last_there_ns: Option<u64>,
    pub(crate) kept: Vec<Gap>,
    pub(crate) count: u64,
    /// Unmatched packets, without those outside.
    pub(crate) packets: u64,
    /// Unmatched before the other tap's first packet or behind its last: it was not listening.
    pub(crate) outside: u64,
}

impl Gaps {
    /// A packet that was at the other tap, too, at `there_ns`. `other` is when that tap saw its first and its last packet so far.
    pub(crate) fn arrived(&mut self, time_ns: u64, there_ns: u64, other: Option<(u64, u64)>) {
        if let Some(mut gap) = self.open.take() {
            gap.after_ns = Some(time_ns);
            // At the begin: the other tap listened if it saw anything before this packet.
            let listening = gap.before_ns.is_some() || other.is_some_and(|(first, _)| first < there_ns);
            self.close(gap, listening);
        }
        self.last_arrived_ns = Some(time_ns);
        self.last_there_ns = self.last_there_ns.max(Some(there_ns));
    }

    pub(crate) fn missed(&mut self, time_ns: u64, bytes: u32) {
        let gap = self.open.get_or_insert(Gap {
            start_ns: time_ns,
            end_ns: time_ns,
            packets: 0,
            bytes: 0,
            before_ns: self.last_arrived_ns,
            after_ns: None,
        });
        gap.end_ns = time_ns;
        gap.packets += 1;
        gap.bytes += u64::from(bytes);
    }

    fn close(&mut self, gap: Gap, listening: bool) {
        if !listening {
            self.outside += gap.packets;
            return;
        }
        self.packets += gap.packets;
        self.count += 1;
        self.kept.push(gap);
        if self.kept.len() >= KEPT_GAPS * 2 {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.kept.sort_by_key(|gap| (std::cmp::Reverse(gap.packets), gap.start_ns));
        self.kept.truncate(KEPT_GAPS);
        self.kept.sort_by_key(|gap| gap.start_ns);
    }

    /// Behind the last packet. `other` is when the other tap saw its first and its last packet.
    pub(crate) fn finish(&mut self, other: Option<(u64, u64)>) {
        if let Some(gap) = self.open.take() {
            // At the end: it listened if it saw anything behind the last packet that arrived; without any, if both listened at the same time.
            let listening = other.is_some_and(|(first, last)| match self.last_there_ns {
                Some(there) => last > there,
                None => gap.end_ns >= first && gap.start_ns <= last,
            });
            self.close(gap, listening);
        }
        self.trim();
    }
}

/// Delays of a flow, a VLAN or an application port.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) delays: SmallDelays,
    /// RFC 3550, section 6.4.1, nanoseconds.
    pub(crate) jitter_ns: f64,
    last_ns: i64,
    pub(crate) lost: u64,
}

impl Group {
    #[inline]
    fn record(&mut self, delay_ns: i64) {
        if self.delays.count() > 0 {
            self.jitter_ns += (delay_ns.abs_diff(self.last_ns) as f64 - self.jitter_ns) / 16.0;
        }
        self.last_ns = delay_ns;
        self.delays.record(delay_ns);
    }

    /// Whether anything is known of it.
    pub(crate) fn is_used(&self) -> bool {
        self.delays.count() > 0 || self.lost > 0
    }
}

/// Groups by number.
#[derive(Debug, Default)]
pub(crate) struct Groups(pub(crate) Vec<Group>);

impl Groups {
    #[inline]
    fn group(&mut self, number: usize) -> &mut Group {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, Group::default);
        }
        &mut self.0[number]
    }
}

/// What delays are told by, besides all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupBy {
    /// By flow.
    pub flows: bool,
    /// By VLAN.
    pub vlans: bool,
    /// By application port.
    pub applications: bool,
}

impl GroupBy {
    /// By all of these.
    pub const ALL: Self = Self { flows: true, vlans: true, applications: true };
    /// By none.
    pub const NONE: Self = Self { flows: false, vlans: false, applications: false };
}

/// Bits of fraction of [`Segment::store_ns_per_byte`].
const STORE_BITS: u32 = 20;
/// The frame check sequence, which comes in as well.
const CHECK_BYTES: u64 = 4;

/// Nanoseconds that a byte takes to come in, in parts of 2^-20, to the nearest.
fn ns_per_byte(bits_per_second: u64) -> u64 {
    let rate = u128::from(bits_per_second.max(1));
    ((8_000_000_000_u128 << STORE_BITS) + rate / 2).checked_div(rate).unwrap_or(0) as u64
}

/// What happened between two taps.
#[derive(Debug)]
pub(crate) struct Segment {
    by: GroupBy,
    /// What is taken off a delay for each byte that came in, nanoseconds in parts of 2^-20.
    store_ns_per_byte: u64,
    pub(crate) delays: Delays,
    pub(crate) heat: Heat,
    pub(crate) flows: Groups,
    pub(crate) vlans: Groups,
    pub(crate) applications: Groups,
    pub(crate) reordered: u64,
    next_number: u64,
    /// Of the first tap: not seen at the second.
    pub(crate) lost: Gaps,
    /// Of the second tap: not seen at the first.
    pub(crate) gained: Gaps,
}

impl Segment {
    /// A way over so many hops.
    pub(crate) fn new(settings: &Settings, hops: u64) -> Self {
        Self {
            by: settings.by,
            store_ns_per_byte: settings.store_bits_per_second.map_or(0, |rate| hops * ns_per_byte(rate)),
            delays: Delays::new(settings.digits),
            heat: Heat::default(),
            flows: Groups::default(),
            vlans: Groups::default(),
            applications: Groups::default(),
            reordered: 0,
            next_number: 0,
            lost: Gaps::default(),
            gained: Gaps::default(),
        }
    }

    /// A packet of the second tap that was at the first.
    #[inline]
    pub(crate) fn matched(&mut self, arrival: &Arrival, before: Seen) {
        let (time_ns, labels) = (arrival.time_ns, arrival.labels);
        let mut delay_ns = time_ns.wrapping_sub(before.time_ns) as i64;
        if self.store_ns_per_byte != 0 {
            let bytes = u64::from(arrival.bytes) + CHECK_BYTES;
            let stored = u128::from(bytes) * u128::from(self.store_ns_per_byte);
            delay_ns -= ((stored + (1 << (STORE_BITS - 1))) >> STORE_BITS) as i64;
        }
        self.delays.record(delay_ns);
        self.heat.record(time_ns, delay_ns);
        // RFC 4737, section 3.3: it arrives behind one that was sent after it.
        if before.number < self.next_number {
            self.reordered += 1;
        } else {
            self.next_number = before.number + 1;
        }
        if self.by.flows {
            self.flows.group(labels.flow as usize).record(delay_ns);
        }
        if self.by.vlans {
            self.vlans.group(usize::from(labels.vlan)).record(delay_ns);
        }
        if self.by.applications {
            self.applications.group(usize::from(labels.application)).record(delay_ns);
        }
    }

    /// A packet of the first tap that was not at the second.
    pub(crate) fn missed(&mut self, time_ns: u64, bytes: u32, labels: Labels) {
        self.lost.missed(time_ns, bytes);
        if self.by.flows {
            self.flows.group(labels.flow as usize).lost += 1;
        }
        if self.by.vlans {
            self.vlans.group(usize::from(labels.vlan)).lost += 1;
        }
        if self.by.applications {
            self.applications.group(usize::from(labels.application)).lost += 1;
        }
    }

    /// RFC 3550 jitter, the mean over flows by packets; nothing without flows.
    pub(crate) fn jitter_ns(&self) -> Option<f64> {
        let groups = || self.flows.0.iter().filter(|group| group.delays.count() > 1);
        let packets: u64 = groups().map(|group| group.delays.count()).sum();
        let sum: f64 = groups().map(|group| group.jitter_ns * group.delays.count() as f64).sum();
        (packets > 0).then(|| sum / packets as f64)
    }
}
