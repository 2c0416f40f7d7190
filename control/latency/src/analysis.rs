//! All of it together: taps in, a report out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::burst::BurstFinder;
use crate::correlate::{Arrival, Bounds, Correlator, Fate, Labels, MAX_TAPS, Sighting, Sink};
use crate::key::{Flow, KeyOptions, keyed};
use crate::labels::LabelTable;
use crate::rtt::RttFinder;
use crate::segment::{GroupBy, Segment};
use crate::stamp::{ClockSource, Stamped};

/// What to find out, and within which bounds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of the taps, in the order of the path; 1 to [`MAX_TAPS`]. Of a single one, only bursts and round trips are found.
    pub taps: Vec<String>,
    /// How the same packet is found.
    pub keys: KeyOptions,
    /// Window and memory.
    pub bounds: Bounds,
    /// What delays are told by.
    pub by: GroupBy,
    /// Significant digits of percentiles.
    pub digits: u8,
    /// Flows that are told apart; later ones are counted together.
    pub flows: usize,
    /// Rate of the links, bits a second: with it, windows over `burst_share` of it are bursts.
    pub link_bits_per_second: Option<u64>,
    /// See `link_bits_per_second`.
    pub burst_share: f64,
    /// Whether to look for microbursts at all.
    pub bursts: bool,
    /// Whether to look for round-trip times at each tap.
    pub round_trips: bool,
    /// What is known of the taps' clocks, by tap; those behind its end are unknown.
    pub clocks: Vec<Clock>,
    /// Rate of links into devices that store a frame before they send it on, bits a second: with it, the time that a frame takes to come in at that rate
    /// is taken off each delay from a tap to the next.
    pub store_bits_per_second: Option<u64>,
}

/// What is known of a clock from elsewhere than stamps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// Its state: free running, PTP locked, holdover.
    pub state: Option<String>,
    /// Most that it is off from UTC, nanoseconds.
    pub bound_ns: Option<u64>,
}

impl Settings {
    /// Of taps with these names, by default bounds.
    pub fn new(taps: Vec<String>) -> Self {
        Self {
            taps,
            keys: KeyOptions::default(),
            bounds: Bounds::default(),
            by: GroupBy::ALL,
            digits: 3,
            flows: 4_096,
            link_bits_per_second: None,
            burst_share: 0.8,
            bursts: true,
            round_trips: true,
            clocks: Vec::new(),
            store_bits_per_second: None,
        }
    }
}

/// What a tap saw.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) name: String,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Frames without stamp, or too short for one.
    pub(crate) unstamped: u64,
    pub(crate) cut: u64,
    pub(crate) no_key: u64,
    pub(crate) duplicates: u64,
    pub(crate) ambiguous: u64,
    /// Of the settled ones, those that were at the first tap; of the first, all.
    pub(crate) settled: u64,
    pub(crate) matched: u64,
    /// Times of the first and last packet, the least and the greatest.
    pub(crate) span_ns: Option<(u64, u64)>,
    /// Packets whose time is before that of the one before: the capture is not in order.
    pub(crate) disordered: u64,
    last_ns: u64,
    pub(crate) clocks: BTreeMap<ClockSource, u64>,
    last_clock: (ClockSource, u64),
    pub(crate) bursts: Option<BurstFinder>,
    pub(crate) round_trips: Option<Box<RttFinder>>,
}

impl Tap {
    fn new(name: String, settings: &Settings) -> Self {
        let finder = || BurstFinder::new(settings.link_bits_per_second, settings.burst_share);
        Self {
            name,
            packets: 0,
            bytes: 0,
            unstamped: 0,
            cut: 0,
            no_key: 0,
            duplicates: 0,
            ambiguous: 0,
            settled: 0,
            matched: 0,
            span_ns: None,
            disordered: 0,
            last_ns: 0,
            clocks: BTreeMap::new(),
            last_clock: (ClockSource::Unstated, 0),
            bursts: settings.bursts.then(finder),
            round_trips: settings.round_trips.then(|| Box::new(RttFinder::new(settings.digits))),
        }
    }

    fn count(&mut self, stamped: &Stamped<'_>, flow: u32) {
        let time_ns = stamped.time_ns;
        self.packets += 1;
        self.bytes += u64::from(stamped.wire_length);
        let (first, last) = self.span_ns.unwrap_or((time_ns, time_ns));
        self.span_ns = Some((first.min(time_ns), last.max(time_ns)));
        self.disordered += u64::from(time_ns < self.last_ns);
        self.last_ns = time_ns;
        if self.last_clock.0 != stamped.clock {
            self.count_clock();
            self.last_clock = (stamped.clock, 0);
        }
        self.last_clock.1 += 1;
        if let Some(bursts) = &mut self.bursts {
            bursts.push(time_ns, stamped.wire_length, flow);
        }
        if let Some(finder) = &mut self.round_trips {
            finder.packet(time_ns, stamped.from_ether_type, |_| {});
        }
    }

    fn count_clock(&mut self) {
        if self.last_clock.1 > 0 {
            *self.clocks.entry(self.last_clock.0).or_default() += self.last_clock.1;
            self.last_clock.1 = 0;
        }
    }
}

/// Where results of the correlation go.
#[derive(Debug)]
pub(crate) struct Measure {
    pub(crate) taps: Vec<Tap>,
    /// From each tap to the next.
    pub(crate) segments: Vec<Segment>,
    /// From the first tap to the last, where there are more than two.
    pub(crate) whole: Option<Segment>,
}

impl Measure {
    fn arrived(&mut self, arrival: &Arrival) {
        let tap = arrival.tap;
        let spans: [Option<(u64, u64)>; 2] =
            [tap.checked_sub(1), Some(tap + 1)].map(|other| self.taps.get(other?)?.span_ns);
        let counts = &mut self.taps[tap];
        let (id, previous, next_ns, first) = match arrival.fate {
            Fate::NoKey => {
                counts.no_key += 1;
                return;
            }
            Fate::Duplicate => {
                counts.duplicates += 1;
                return;
            }
            Fate::Ambiguous => {
                counts.ambiguous += 1;
                return;
            }
            Fate::Settled { id, previous, next_ns, first } => (id, previous, next_ns, first),
        };
        counts.settled += 1;
        counts.matched += u64::from(id.is_some());
        if let Some(segment) = tap.checked_sub(1).and_then(|at| self.segments.get_mut(at)) {
            if let Some(before) = previous {
                segment.matched(arrival, before);
                segment.gained.arrived(arrival.time_ns, before.time_ns, spans[0]);
            } else {
                segment.gained.missed(arrival.time_ns, arrival.bytes);
            }
        }
        if let Some(segment) = self.segments.get_mut(tap) {
            if let Some(next_ns) = next_ns {
                segment.lost.arrived(arrival.time_ns, next_ns, spans[1]);
            } else {
                segment.missed(arrival.time_ns, arrival.bytes, arrival.labels);
            }
        }
        if tap == self.segments.len()
            && let (Some(whole), Some(first)) = (&mut self.whole, first)
        {
            whole.matched(arrival, first);
        }
    }
}

/// The correlator, as wide as needed.
#[derive(Debug)]
enum Width {
    Two(Box<Correlator<2>>),
    Four(Box<Correlator<4>>),
    Eight(Box<Correlator<MAX_TAPS>>),
}

/// Packets of several taps under way to a report.
#[derive(Debug)]
pub struct Analysis {
    pub(crate) settings: Settings,
    correlator: Width,
    pub(crate) labels: LabelTable,
    /// Whether anything is told by labels.
    labeled: bool,
    pub(crate) measure: Measure,
}

/// Hands results on to who asked for them, and to the measures.
struct Both<'a, S>(&'a mut Measure, &'a mut S);

impl<S: Sink> Sink for Both<'_, S> {
    #[inline]
    fn arrived(&mut self, arrival: &Arrival) {
        self.0.arrived(arrival);
        self.1.arrived(arrival);
    }
}

impl Analysis {
    /// Without packets.
    pub fn new(settings: Settings) -> Self {
        let taps = settings.taps.len();
        let correlator = match taps {
            ..=2 => Width::Two(Box::new(Correlator::new(taps, settings.bounds))),
            3..=4 => Width::Four(Box::new(Correlator::new(taps, settings.bounds))),
            _ => Width::Eight(Box::new(Correlator::new(taps, settings.bounds))),
        };
        let hops = taps.min(MAX_TAPS).saturating_sub(1) as u64;
        let segment = |hops| Segment::new(&settings, hops);
        let measure = Measure {
            taps: settings.taps.iter().take(MAX_TAPS).map(|name| Tap::new(name.clone(), &settings)).collect(),
            segments: (0..hops).map(|_| segment(1)).collect(),
            whole: (taps > 2).then(|| segment(hops)),
        };
        let labeled = settings.by != GroupBy::NONE || settings.bursts;
        Self { labels: LabelTable::new(settings.flows), labeled, settings, correlator, measure }
    }

    /// Whether [`Analysis::push`] takes such a frame: not if it ends before its EtherType.
    pub fn takes(stamped: &Stamped<'_>) -> bool {
        stamped.from_ether_type.len() >= 2
    }

    /// A packet of a tap, the taps' packets in the order of time. What it settles goes to `sink`, too. A frame that is not taken counts as one without stamp.
    #[inline]
    pub fn push(&mut self, tap: usize, stamped: &Stamped<'_>, sink: &mut impl Sink) {
        let Some(keyed) = keyed(stamped.from_ether_type, &self.settings.keys) else {
            self.unstamped(tap);
            return;
        };
        let labels = if self.labeled {
            self.labels.labels(keyed.flow, || Flow::of(stamped.from_ether_type))
        } else {
            Labels::default()
        };
        let Some(counts) = self.measure.taps.get_mut(tap) else { return };
        counts.count(stamped, labels.flow);
        counts.cut += u64::from(keyed.cut);
        let sighting = Sighting {
            tap,
            time_ns: stamped.time_ns,
            key: keyed.key,
            exact: keyed.exact,
            bytes: stamped.wire_length,
            labels,
        };
        let mut both = Both(&mut self.measure, sink);
        match &mut self.correlator {
            Width::Two(correlator) => correlator.push(&sighting, &mut both),
            Width::Four(correlator) => correlator.push(&sighting, &mut both),
            Width::Eight(correlator) => correlator.push(&sighting, &mut both),
        }
    }

    /// A frame of a tap that has no stamp where one should be. It is counted, and in no result.
    pub fn unstamped(&mut self, tap: usize) {
        if let Some(tap) = self.measure.taps.get_mut(tap) {
            tap.unstamped += 1;
        }
    }

    /// Bytes that the correlation holds; it never gives any back.
    pub fn memory_bytes(&self) -> usize {
        match &self.correlator {
            Width::Two(correlator) => correlator.memory_bytes(),
            Width::Four(correlator) => correlator.memory_bytes(),
            Width::Eight(correlator) => correlator.memory_bytes(),
        }
    }

    /// Packets settled early, for want of room.
    pub(crate) fn early(&self) -> u64 {
        match &self.correlator {
            Width::Two(correlator) => correlator.early(),
            Width::Four(correlator) => correlator.early(),
            Width::Eight(correlator) => correlator.early(),
        }
    }

    /// Settles what is under way.
    pub fn settle(&mut self, sink: &mut impl Sink) {
        let mut both = Both(&mut self.measure, sink);
        match &mut self.correlator {
            Width::Two(correlator) => correlator.finish(&mut both),
            Width::Four(correlator) => correlator.finish(&mut both),
            Width::Eight(correlator) => correlator.finish(&mut both),
        }
        let Measure { taps, segments, whole: _ } = &mut self.measure;
        for tap in taps.iter_mut() {
            tap.count_clock();
        }
        for (at, segment) in segments.iter_mut().enumerate() {
            segment.lost.finish(taps[at + 1].span_ns);
            segment.gained.finish(taps[at].span_ns);
        }
    }
}
