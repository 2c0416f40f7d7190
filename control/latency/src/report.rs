//! What is told in the end: figures without any layout.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::{Analysis, Clock, Measure, Tap};
use crate::burst::{Burst, WindowBursts};
use crate::correlate::Sink;
use crate::heat::class_start;
use crate::histogram::{Delays, Figures};
use crate::labels::LabelTable;
use crate::rtt::RttReport;
use crate::segment::{Gap, Group, Segment};

/// All that was found out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Key profile.
    pub key: &'static str,
    /// Bytes that keys were made of, at most.
    pub depth_bytes: usize,
    /// How long the same packet was waited for.
    pub window_ns: u64,
    /// How far apart copies of a mirror port were taken for such.
    pub duplicate_ns: u64,
    /// Rate of links into devices that store frames: the time that a frame takes to come in there is taken off all delays.
    pub store_bits_per_second: Option<u64>,
    /// Most that a percentile of all delays may be off, as a share of it.
    pub percentile_error: f64,
    /// The taps, in the order of the path.
    pub taps: Vec<TapReport>,
    /// From each tap to the next.
    pub segments: Vec<SegmentReport>,
    /// From the first tap to the last, where there are more than two.
    pub whole: Option<SegmentReport>,
    /// Bytes that the correlation held.
    pub memory_bytes: usize,
    /// Packets settled before their window was over, for want of room: some of them may be unmatched wrongly.
    pub settled_early: u64,
    /// Packets of flows that found no place in the table of flows.
    pub in_other_flows: u64,
}

/// What a tap saw: `packets` is the sum of `matched`, `unmatched`, `duplicates`, `ambiguous` and `no_key`.
#[derive(Clone, Debug, Serialize)]
pub struct TapReport {
    /// Its name.
    pub name: String,
    /// Packets with a time.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// The least time.
    pub first_ns: Option<u64>,
    /// The greatest.
    pub last_ns: Option<u64>,
    /// Found at another tap.
    pub matched: u64,
    /// At no other tap.
    pub unmatched: u64,
    /// Copies that a mirror port made.
    pub duplicates: u64,
    /// Excluded, as their key means several packets.
    pub ambiguous: u64,
    /// Excluded, as the profile has nothing to go by.
    pub no_key: u64,
    /// Frames without stamp; in none of the above.
    pub unstamped: u64,
    /// Packets cut so short that their keys may differ from those of other taps.
    pub cut: u64,
    /// Packets whose time is before that of the one before.
    pub disordered: u64,
    /// What stamps say of their clock, and how many do.
    pub clock_stated: BTreeMap<&'static str, u64>,
    /// What is known of the clock besides.
    pub clock: Clock,
    /// Microbursts, by length of window.
    pub bursts: Vec<BurstReport>,
    /// Round-trip times, by how they were found.
    pub round_trips: Vec<RttReport>,
    /// Acknowledgments without a time, as what they acknowledge was sent twice.
    pub retransmitted: u64,
}

/// Microbursts of one length of window.
#[derive(Clone, Debug, Serialize)]
pub struct BurstReport {
    /// Length of the window.
    pub window_ns: u64,
    /// The greatest window of all.
    pub peak: Option<OneBurst>,
    /// Bursts, where a link rate was given.
    pub count: u64,
    /// The greatest of them, in the order of time.
    pub bursts: Vec<OneBurst>,
}

/// A burst.
#[derive(Clone, Debug, Serialize)]
pub struct OneBurst {
    /// First packet of its first window.
    pub start_ns: u64,
    /// Last packet of its last one.
    pub end_ns: u64,
    /// When its greatest window ended.
    pub peak_ns: u64,
    /// Rate of that.
    pub peak_bits_per_second: f64,
    /// Packets from start to end.
    pub packets: u64,
    /// Bytes on the link from start to end.
    pub bytes: u64,
    /// Flows and their bytes, the greatest first.
    pub top: Vec<(String, u64)>,
}

/// From one tap to another.
#[derive(Clone, Debug, Serialize)]
pub struct SegmentReport {
    /// Name of the first tap.
    pub from: String,
    /// Name of the second.
    pub to: String,
    /// At both.
    pub matched: u64,
    /// At the first, not at the second, though that was listening: loss.
    pub lost: u64,
    /// At the second, not at the first, though that was listening.
    pub gained: u64,
    /// At the first only, and the second saw nothing earlier, or nothing later: it was not listening.
    pub outside_from: u64,
    /// At the second only, and the first saw nothing earlier, or nothing later.
    pub outside_to: u64,
    /// Arrived behind a packet that passed the first tap later (RFC 4737).
    pub reordered: u64,
    /// Delays: negative where the second clock is behind by more than the packet was under way.
    pub delays: Option<Figures>,
    /// Most that all delays may be off together, as both clocks are; nothing where one's bound is not known.
    pub offset_bound_ns: Option<u64>,
    /// RFC 3550 jitter, the mean over flows by packets.
    pub jitter_ns: Option<f64>,
    /// How many delays are how long.
    pub histogram: Vec<Bin>,
    /// The delay that a share of all is not above.
    pub distribution: Vec<(f64, i64)>,
    /// Runs of lost packets, in the order of time: those with the most packets where there are many.
    pub gaps: Vec<GapReport>,
    /// All of them.
    pub gap_count: u64,
    /// By flow, the one with the most packets first.
    pub flows: Vec<GroupReport>,
    /// By VLAN.
    pub vlans: Vec<GroupReport>,
    /// By application port.
    pub applications: Vec<GroupReport>,
    /// Delays over time.
    #[serde(skip)]
    pub heat: HeatReport,
}

/// Delays within limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// From here.
    pub from_ns: i64,
    /// Up to, but without this.
    pub to_ns: i64,
    /// How many.
    pub count: u64,
}

/// A run of lost packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GapReport {
    /// The run.
    #[serde(flatten)]
    pub gap: Gap,
    /// Time without any packet that arrived.
    pub length_ns: u64,
}

/// Delays of a flow, a VLAN or an application port. Percentiles are within [`GROUP_ERROR`](crate::GROUP_ERROR).
#[derive(Clone, Debug, Serialize)]
pub struct GroupReport {
    /// Its name.
    pub name: String,
    /// Delays.
    pub delays: Option<Figures>,
    /// RFC 3550 jitter.
    pub jitter_ns: f64,
    /// Packets of the first tap that were not at the second.
    pub lost: u64,
}

/// Delays over time: columns of time, rows of delay.
#[derive(Clone, Debug, Default)]
pub struct HeatReport {
    /// Begin of the first column.
    pub start_ns: u64,
    /// Time that a column covers.
    pub width_ns: u64,
    /// Of each column: least delay of a class, and how many there were.
    pub columns: Vec<Vec<(i64, u32)>>,
}

/// Bins of [`SegmentReport::histogram`].
const BINS: usize = 48;

/// Limits of `count` bins from the least delay to the greatest: even, or in even ratios where the greatest is far above the median.
fn edges(figures: &Figures, count: usize) -> Vec<i64> {
    let (low, high) = (figures.min_ns, figures.max_ns.saturating_add(1));
    let mut edges: Vec<i64> = if low > 0 && high as f64 > 8.0 * figures.p50_ns.max(1) as f64 {
        let ratio = high as f64 / low as f64;
        (0..=count).map(|at| (low as f64 * ratio.powf(at as f64 / count as f64)).round() as i64).collect()
    } else {
        let step = (i128::from(high) - i128::from(low)) as f64 / count as f64;
        (0..=count).map(|at| low.saturating_add((step * at as f64).round() as i64)).collect()
    };
    if let (Some(first), Some(last)) = (edges.first().copied(), edges.last_mut()) {
        *last = high.max(first);
    }
    edges.dedup();
    edges
}

fn histogram(delays: &Delays) -> Vec<Bin> {
    let Some(figures) = delays.figures() else { return Vec::new() };
    let edges = edges(&figures, BINS);
    let bins = edges.windows(2).zip(delays.counts(&edges));
    bins.map(|(limits, count)| Bin { from_ns: limits[0], to_ns: limits[1], count }).collect()
}

fn groups(list: &[Group], name: impl Fn(usize) -> String) -> Vec<GroupReport> {
    let report = |(number, group): (usize, &Group)| {
        group.is_used().then(|| GroupReport {
            name: name(number),
            delays: group.delays.figures(),
            jitter_ns: group.jitter_ns,
            lost: group.lost,
        })
    };
    let mut all: Vec<GroupReport> = list.iter().enumerate().filter_map(report).collect();
    let count = |group: &GroupReport| group.delays.map_or(0, |delays| delays.count);
    all.sort_by(|a, b| count(b).cmp(&count(a)).then_with(|| a.name.cmp(&b.name)));
    all
}

fn one_burst(burst: &Burst, window_ns: u64, labels: &LabelTable) -> OneBurst {
    OneBurst {
        start_ns: burst.start_ns,
        end_ns: burst.end_ns,
        peak_ns: burst.peak_ns,
        peak_bits_per_second: burst.peak_bits_per_second(window_ns),
        packets: burst.packets,
        bytes: burst.bytes,
        top: burst.top.iter().map(|one| (labels.flow_name(one.flow), one.bytes)).collect(),
    }
}

/// Bursts with names instead of numbers.
pub(crate) fn bursts(windows: Vec<WindowBursts>, labels: &LabelTable) -> Vec<BurstReport> {
    let report = |window: WindowBursts| BurstReport {
        window_ns: window.window_ns,
        peak: window.peak.map(|burst| one_burst(&burst, window.window_ns, labels)),
        count: window.count,
        bursts: window.bursts.iter().map(|burst| one_burst(burst, window.window_ns, labels)).collect(),
    };
    windows.into_iter().map(report).collect()
}

fn tap_report(tap: Tap, clock: Clock, labels: &LabelTable) -> TapReport {
    TapReport {
        packets: tap.packets,
        bytes: tap.bytes,
        first_ns: tap.span_ns.map(|span| span.0),
        last_ns: tap.span_ns.map(|span| span.1),
        matched: tap.matched,
        unmatched: tap.settled - tap.matched,
        duplicates: tap.duplicates,
        ambiguous: tap.ambiguous,
        no_key: tap.no_key,
        unstamped: tap.unstamped,
        cut: tap.cut,
        disordered: tap.disordered,
        clock_stated: tap.clocks.into_iter().map(|(source, packets)| (source.name(), packets)).collect(),
        clock,
        round_trips: tap.round_trips.as_ref().map_or_else(Vec::new, |finder| finder.report()),
        retransmitted: tap.round_trips.as_ref().map_or(0, |finder| finder.retransmitted()),
        bursts: tap.bursts.map_or_else(Vec::new, |finder| bursts(finder.finish(), labels)),
        name: tap.name,
    }
}

fn segment_report(segment: Segment, from: &TapReport, to: &TapReport, labels: &LabelTable) -> SegmentReport {
    // Each nine of the tail in ten steps, as fine as the rest.
    let nines = (2..5)
        .flat_map(|nines| (1..=9).map(move |at| 1.0 - 0.1_f64.powi(nines) * (1.0 - f64::from(at) / 10.0)));
    let shares: Vec<f64> = (0..100).map(|at| f64::from(at) / 100.0).chain(nines).chain([1.0]).collect();
    let delays = segment.delays.figures();
    let distribution = shares.into_iter().map(|share| (share, segment.delays.quantile(share)));
    let (start_ns, width_ns, columns) = segment.heat.clone().finish();
    let column = |column: &BTreeMap<i32, u32>| {
        column.iter().map(|(class, count)| (class_start(*class), *count)).collect()
    };
    SegmentReport {
        from: from.name.clone(),
        to: to.name.clone(),
        matched: segment.delays.count(),
        lost: segment.lost.packets,
        gained: segment.gained.packets,
        outside_from: segment.lost.outside,
        outside_to: segment.gained.outside,
        reordered: segment.reordered,
        delays,
        offset_bound_ns: from.clock.bound_ns.zip(to.clock.bound_ns).map(|(a, b)| a.saturating_add(b)),
        jitter_ns: segment.jitter_ns(),
        histogram: histogram(&segment.delays),
        distribution: if delays.is_some() { distribution.collect() } else { Vec::new() },
        gaps: segment
            .lost
            .kept
            .iter()
            .map(|gap| GapReport { gap: *gap, length_ns: gap.length_ns() })
            .collect(),
        gap_count: segment.lost.count,
        flows: groups(&segment.flows.0, |number| labels.flow_name(number as u32)),
        vlans: groups(&segment.vlans.0, |number| labels.vlan_name(number as u16)),
        applications: groups(&segment.applications.0, |number| labels.application_name(number as u16)),
        heat: HeatReport { start_ns, width_ns, columns: columns.iter().map(column).collect() },
    }
}

impl Analysis {
    /// Settles what is under way, and tells what was found.
    pub fn finish(mut self, sink: &mut impl Sink) -> Report {
        self.settle(sink);
        let (memory_bytes, settled_early) = (self.memory_bytes(), self.early());
        let Self { settings, labels, measure, .. } = self;
        let Measure { taps, segments, whole } = measure;
        let percentile_error = 1.0 / 10_f64.powi(i32::from(settings.digits));
        let clock = |at: usize| settings.clocks.get(at).cloned().unwrap_or_default();
        let taps: Vec<TapReport> =
            taps.into_iter().enumerate().map(|(at, tap)| tap_report(tap, clock(at), &labels)).collect();
        let segments = segments.into_iter().zip(taps.windows(2));
        let whole = whole.zip(taps.first().zip(taps.last()));
        Report {
            key: settings.keys.profile.name(),
            depth_bytes: settings.keys.depth,
            window_ns: settings.bounds.window_ns,
            duplicate_ns: settings.bounds.duplicate_ns,
            store_bits_per_second: settings.store_bits_per_second,
            percentile_error,
            segments: segments
                .map(|(segment, ends)| segment_report(segment, &ends[0], &ends[1], &labels))
                .collect(),
            whole: whole.map(|(segment, (from, to))| segment_report(segment, from, to, &labels)),
            taps,
            memory_bytes,
            settled_early,
            in_other_flows: labels.overflowed,
        }
    }
}
