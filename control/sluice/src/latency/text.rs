//! The report in the terminal.

use std::fmt::{self, Write as _};

use sluice_latency::{Figures, GroupReport, Report, SegmentReport, TapReport};

use super::args::By;
use super::taps::Taps;
use super::units::{bytes, count, instant, rate, round, time, time_ns};

/// Width of the histogram's longest bar.
const BAR: usize = 50;
/// Lines of a histogram.
const LINES: usize = 16;

/// A report, and how it is shown.
pub(super) struct Text<'a> {
    pub(super) report: &'a Report,
    pub(super) taps: &'a Taps,
    pub(super) by: By,
    pub(super) top: usize,
}

/// Rows in columns, indented; the first column and those whose head begins with a blank to the left, the others to the right.
fn table(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let width = widths[at];
            let left = at == 0 || rows[0][at].starts_with(' ');
            let cell = cell.trim_start();
            let cell = if left { format!("  {cell:width$}") } else { format!("  {cell:>width$}") };
            line.push_str(&cell);
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_string).to_vec()
}

/// What is known of a tap's clock, in words.
pub(super) fn clock(tap: &TapReport) -> String {
    let mut parts = Vec::new();
    if let Some(state) = &tap.clock.state {
        parts.push(state.clone());
    }
    for (source, packets) in &tap.clock_stated {
        if *source != "not stated" {
            parts.push(format!("stamps say {source} ({} packets)", count(*packets)));
        }
    }
    if parts.is_empty() {
        parts.push("state not known".to_string());
    }
    match tap.clock.bound_ns {
        Some(bound) => parts.push(format!("off by {} at most", round(bound))),
        None => parts.push("offset bound not known".to_string()),
    }
    parts.join(", ")
}

/// What both clocks' offsets mean for the delays of a segment.
pub(super) fn bound(segment: &SegmentReport) -> String {
    match segment.offset_bound_ns {
        Some(bound) => format!("all delays may be off together by {}", round(bound)),
        None => {
            "how far the clocks are apart is not known: all delays may be off together by that".to_string()
        }
    }
}

/// What was taken off the delays, if anything was.
pub(super) fn stored(report: &Report) -> Option<String> {
    let bits_per_second = report.store_bits_per_second?;
    Some(format!(
        "delays are without the time that a frame takes to come in at {}",
        rate(bits_per_second as f64)
    ))
}

fn taps(out: &mut String, text: &Text<'_>) {
    let mut rows = vec![row([
        "tap",
        "packets",
        "matched",
        "unmatched",
        "duplicates",
        "ambiguous",
        "no key",
        "no stamp",
    ])];
    for tap in &text.report.taps {
        let counts = [
            tap.packets,
            tap.matched,
            tap.unmatched,
            tap.duplicates,
            tap.ambiguous,
            tap.no_key,
            tap.unstamped,
        ];
        rows.push(std::iter::once(tap.name.clone()).chain(counts.map(count)).collect());
    }
    table(out, &rows);
    for (tap, source) in text.report.taps.iter().zip(&text.taps.taps) {
        let span = match (tap.first_ns, tap.last_ns) {
            (Some(first), Some(last)) => format!("{} and {} on", instant(first), time((last - first) as f64)),
            _ => "no packets".to_string(),
        };
        let file = text.taps.captures[source.capture].display();
        let _ = writeln!(
            out,
            "  {}: {file}, time: {}, {span}; clock: {}",
            tap.name,
            source.stamps.format,
            clock(tap)
        );
    }
}

fn figures(out: &mut String, delays: &Figures, error: f64) {
    let cells = [
        ("min", time_ns(delays.min_ns)),
        ("mean", time(delays.mean_ns)),
        ("p50", time_ns(delays.p50_ns)),
        ("p90", time_ns(delays.p90_ns)),
        ("p99", time_ns(delays.p99_ns)),
        ("p99.9", time_ns(delays.p99_9_ns)),
        ("p99.99", time_ns(delays.p99_99_ns)),
        ("max", time_ns(delays.max_ns)),
    ];
    let heads: Vec<String> = cells.iter().map(|(name, _)| name.to_string()).collect();
    let values: Vec<String> = cells.into_iter().map(|(_, value)| value).collect();
    table(out, &[heads, values]);
    let _ = writeln!(out, "  percentiles within {} %", error * 100.0);
}

fn histogram(out: &mut String, segment: &SegmentReport) {
    // Bins of the report put together to lines.
    let each = segment.histogram.len().div_ceil(LINES).max(1);
    let lines: Vec<(i64, i64, u64)> = segment
        .histogram
        .chunks(each)
        .map(|bins| (bins[0].from_ns, bins[bins.len() - 1].to_ns, bins.iter().map(|bin| bin.count).sum()))
        .collect();
    let most = lines.iter().map(|line| line.2).max().unwrap_or(1).max(1);
    let mut rows = Vec::new();
    for (from, to, packets) in lines {
        let length = (packets as f64 / most as f64 * BAR as f64).ceil() as usize;
        rows.push((time_ns(from), time_ns(to), packets, "#".repeat(length)));
    }
    let width = |cell: fn(&(String, String, u64, String)) -> usize| rows.iter().map(cell).max().unwrap_or(0);
    let (from, to, packets) = (width(|r| r.0.len()), width(|r| r.1.len()), width(|r| count(r.2).len()));
    for row in &rows {
        let line = format!("  {:>from$} .. {:>to$}  {:>packets$}  {}", row.0, row.1, count(row.2), row.3);
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn groups(out: &mut String, what: &str, list: &[GroupReport], top: usize) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  by {what}, {} of {}:", top.min(list.len()), count(list.len() as u64));
    let mut rows = vec![row([what, "packets", "lost", "min", "p50", "p99", "max", "jitter"])];
    for group in list.iter().take(top) {
        let cell = |value: fn(&Figures) -> i64| {
            group.delays.as_ref().map_or_else(|| "-".to_string(), |d| time_ns(value(d)))
        };
        rows.push(vec![
            group.name.clone(),
            count(group.delays.map_or(0, |delays| delays.count)),
            count(group.lost),
            cell(|d| d.min_ns),
            cell(|d| d.p50_ns),
            cell(|d| d.p99_ns),
            cell(|d| d.max_ns),
            time(group.jitter_ns),
        ]);
    }
    table(out, &rows);
}

fn gaps(out: &mut String, segment: &SegmentReport, top: usize) {
    if segment.gaps.is_empty() {
        return;
    }
    let mut largest: Vec<_> = segment.gaps.iter().collect();
    largest.sort_by_key(|gap| (std::cmp::Reverse(gap.gap.packets), gap.gap.start_ns));
    let _ = writeln!(
        out,
        "\n  gaps, {} of {}, those with most packets:",
        top.min(largest.len()),
        count(segment.gap_count)
    );
    let mut rows = vec![row(["first packet lost", "packets", "bytes", "nothing arrived for"])];
    for gap in largest.into_iter().take(top) {
        rows.push(vec![
            instant(gap.gap.start_ns),
            count(gap.gap.packets),
            bytes(gap.gap.bytes),
            time(gap.length_ns as f64),
        ]);
    }
    table(out, &rows);
}

fn segment(out: &mut String, segment: &SegmentReport, text: &Text<'_>) {
    let _ = writeln!(out, "\n{} -> {}", segment.from, segment.to);
    let _ = writeln!(
        out,
        "  {} matched, {} lost in {} gaps, {} gained, {} reordered",
        count(segment.matched),
        count(segment.lost),
        count(segment.gap_count),
        count(segment.gained),
        count(segment.reordered),
    );
    if segment.outside_from + segment.outside_to > 0 {
        let _ = writeln!(
            out,
            "  {} at {} and {} at {} while the other tap saw nothing yet, or nothing more",
            count(segment.outside_from),
            segment.from,
            count(segment.outside_to),
            segment.to,
        );
    }
    let Some(delays) = &segment.delays else {
        let _ = writeln!(
            out,
            "  no packet was seen at both: another `--key`, a larger `--window`, or a smaller `--depth`?"
        );
        return;
    };
    figures(out, delays, text.report.percentile_error);
    if let Some(jitter) = segment.jitter_ns {
        let _ = writeln!(out, "  jitter (RFC 3550, mean of flows): {}", time(jitter));
    }
    let _ = writeln!(out, "  clocks: {}\n", bound(segment));
    histogram(out, segment);
    gaps(out, segment, text.top);
    match text.by {
        By::Flow => groups(out, "flow", &segment.flows, text.top),
        By::Vlan => groups(out, "VLAN", &segment.vlans, text.top),
        By::Port => groups(out, "application port", &segment.applications, text.top),
    }
}

fn bursts(out: &mut String, report: &Report) {
    let _ = writeln!(out, "\nmicrobursts");
    let mut rows = vec![row(["tap", "window", "peak", "at", "packets", "bursts", " most of it"])];
    for tap in &report.taps {
        for window in &tap.bursts {
            let Some(peak) = &window.peak else { continue };
            let most = peak.top.first().map_or_else(String::new, |(flow, part)| {
                format!("{flow} ({:.0} %)", *part as f64 * 100.0 / peak.bytes.max(1) as f64)
            });
            rows.push(vec![
                tap.name.clone(),
                round(window.window_ns),
                rate(peak.peak_bits_per_second),
                instant(peak.peak_ns),
                count(peak.packets),
                count(window.count),
                most,
            ]);
        }
    }
    table(out, &rows);
}

fn round_trips(out: &mut String, report: &Report) {
    let heads = row(["tap", " found by", "count", "min", "p50", "p90", "p99", "max"]);
    let mut rows = vec![heads];
    for tap in &report.taps {
        for found in &tap.round_trips {
            let times = &found.times;
            let figures = [times.min_ns, times.p50_ns, times.p90_ns, times.p99_ns, times.max_ns];
            let cells = [tap.name.clone(), found.kind.to_string(), count(times.count)];
            rows.push(cells.into_iter().chain(figures.map(time_ns)).collect());
        }
    }
    if rows.len() > 1 {
        let _ = writeln!(out, "\nround-trip times, from each tap to the answerer and back");
        table(out, &rows);
    }
}

fn notes(out: &mut String, report: &Report, taps: &Taps) {
    let cut: u64 = report.taps.iter().map(|tap| tap.cut).sum();
    let mut notes = Vec::new();
    if let Some(stored) = stored(report) {
        notes.push(stored);
    }
    if cut > 0 {
        let depth = report.depth_bytes;
        notes.push(format!("{} packets are cut within the {depth} bytes of a key: taps that cut at different places need a smaller `--depth`", count(cut)));
    }
    for (tap, source) in report.taps.iter().zip(&taps.taps).filter(|(tap, _)| tap.unstamped > 0) {
        let format = source.stamps.format;
        notes.push(format!(
            "{}: {} frames have no stamp of format {format}, and are left out: another `--format`?",
            tap.name,
            count(tap.unstamped)
        ));
    }
    if report.settled_early > 0 {
        notes.push(format!(
            "{} packets were given up before the window was over, for want of room: a larger `--entries`, or a smaller `--window`",
            count(report.settled_early)
        ));
    }
    if report.in_other_flows > 0 {
        notes.push(format!(
            "{} packets are of flows that are counted together as others",
            count(report.in_other_flows)
        ));
    }
    for tap in report.taps.iter().filter(|tap| tap.disordered > 0) {
        notes.push(format!(
            "{}: {} packets have a time before that of the one before",
            tap.name,
            count(tap.disordered)
        ));
    }
    for note in notes {
        let _ = writeln!(out, "note: {note}");
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        let report = self.report;
        taps(&mut out, self);
        let _ = writeln!(
            out,
            "  key: {} ({} bytes), window: {}, memory: {}",
            report.key,
            report.depth_bytes,
            round(report.window_ns),
            bytes(report.memory_bytes as u64),
        );
        for part in &report.segments {
            segment(&mut out, part, self);
        }
        if let Some(whole) = &report.whole {
            segment(&mut out, whole, self);
        }
        bursts(&mut out, report);
        round_trips(&mut out, report);
        notes(&mut out, report, self.taps);
        f.write_str(&out)
    }
}
