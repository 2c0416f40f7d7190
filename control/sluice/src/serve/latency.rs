//! Latency between taps, as it is measured: what it says to Prometheus, and to who watches.

use std::time::Duration;

use sluice_api::{Family, HistogramSeries, NativeHistogram};
use sluice_latency::{Exponential, SCHEMA};
use sluice_telemetry::Ways;
use sluice_telemetry::alerts::{Kind, Observation};
use sluice_telemetry::latency::{BOUNDS_NS, WayView};

/// Delays as a native histogram, of seconds.
fn native(counts: &Exponential) -> NativeHistogram {
    let Exponential { positive, negative, zero } = counts.clone();
    NativeHistogram { schema: SCHEMA, positive, negative, zero }
}

/// Metrics of all ways.
pub(super) fn families(ways: &Ways) -> Vec<Family> {
    let views = ways.views();
    if views.is_empty() {
        return Vec::new();
    }
    let seconds = |ns: i64| Duration::from_nanos(ns.unsigned_abs()).as_secs_f64();
    let series = |way: &WayView| HistogramSeries {
        labels: vec![("way", way.name.clone())],
        buckets: BOUNDS_NS.iter().map(|bound| seconds(*bound)).zip(way.totals.classes).collect(),
        sum: way.totals.sum_ns as f64 / 1e9,
        count: way.totals.matched,
        native: Some(native(&way.totals.exponential)),
    };
    let packets = views.iter().flat_map(|way| {
        let totals = &way.totals;
        let all = [
            ("matched", totals.matched),
            ("lost", totals.lost),
            ("gained", totals.gained),
            ("duplicate", totals.duplicates),
            ("ambiguous", totals.ambiguous),
            ("no_key", totals.no_key),
            ("unstamped", way.unstamped),
            ("overrun", way.overrun),
        ];
        all.map(|(fate, count)| (vec![("way", way.name.clone()), ("fate", fate.to_string())], count))
    });
    let memory = views.iter().map(|way| (vec![("way", way.name.clone())], way.memory_bytes as u64));
    vec![
        Family {
            name: "sluice_latency_seconds",
            kind: "histogram",
            help: "Delays from tap to tap; those below zero are in the lowest class.",
            samples: Vec::new(),
            histograms: views.iter().map(series).collect(),
        },
        Family {
            name: "sluice_latency_packets_total",
            kind: "counter",
            help: "Packets of a way, by what became of them.",
            samples: packets.collect(),
            histograms: Vec::new(),
        },
        Family {
            name: "sluice_latency_memory_bytes",
            kind: "gauge",
            help: "Memory of packets under way.",
            samples: memory.collect(),
            histograms: Vec::new(),
        },
    ]
}

/// What is to be seen of all ways: the interval that was closed last.
pub(super) fn look(ways: &Ways, all: &mut Vec<Observation>) {
    for way in ways.views() {
        let Some(last) = &way.last else { continue };
        if let Some(delays) = &last.delays {
            let text =
                format!("{}: 99% of delays are {:.3} us at most", way.name, delays.p99_ns as f64 / 1e3);
            let value = u64::try_from(delays.p99_ns).unwrap_or(0);
            all.push(Observation { kind: Kind::LatencyP99, subject: way.name.clone(), value, text });
        }
        let text = format!("{}: {} of {} packets are lost", way.name, last.lost, last.lost + last.matched);
        all.push(Observation {
            kind: Kind::LatencyLoss,
            subject: way.name.clone(),
            value: last.loss(),
            text,
        });
    }
}
