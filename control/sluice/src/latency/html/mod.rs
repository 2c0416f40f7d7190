//! The report as one HTML page: no script, nothing loaded from anywhere, light and dark as the reader's system is.

mod plot;

use std::fmt::Write as _;

use sluice_latency::{Figures, GroupReport, OneBurst, Report, SegmentReport};

use super::taps::Taps;
use super::text;
use super::units::{bytes, count, instant, rate, round, time, time_ns};

/// Rows of a table, at most; JSON has all.
const ROWS: usize = 100;

/// Gaps, at most.
const GAPS: usize = 25;

/// What stands in HTML as it is.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

fn table(out: &mut String, heads: &[&str], rows: &[Vec<String>]) {
    out.push_str("<div class=\"scroll\"><table><thead><tr>");
    for head in heads {
        let _ = write!(out, "<th>{}</th>", escaped(head));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", escaped(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn tile(out: &mut String, name: &str, value: &str, bad: bool) {
    let class = if bad { "tile bad" } else { "tile" };
    let _ =
        write!(out, "<div class=\"{class}\"><b>{}</b><span>{}</span></div>", escaped(value), escaped(name));
}

/// The whole page.
pub(super) fn page(report: &Report, taps: &Taps) -> String {
    let names: Vec<&str> = report.taps.iter().map(|tap| &*tap.name).collect();
    let title = escaped(&format!("Latency {}", names.join(" to ")));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{}</style></head>\n<body>\n<h1>{title}</h1>\n",
        include_str!("page.css")
    );
    let _ = writeln!(
        out,
        "<p class=\"soft\">Same packets by key <b>{}</b> ({} bytes), waited for {}; percentiles within {} %, other figures exact. Times are UTC. Made by sluice {}.</p>",
        report.key,
        report.depth_bytes,
        round(report.window_ns),
        report.percentile_error * 100.0,
        env!("CARGO_PKG_VERSION"),
    );
    if let Some(stored) = text::stored(report) {
        let _ = writeln!(out, "<p class=\"soft\">{}</p>", escaped(&stored));
    }
    for one in report.whole.iter().chain(&report.segments) {
        segment(&mut out, one);
    }
    tap_tables(&mut out, report, taps);
    bursts(&mut out, report);
    round_trips(&mut out, report);
    out.push_str("</body></html>\n");
    out
}

fn segment(out: &mut String, segment: &SegmentReport) {
    let _ = writeln!(out, "<h2>{} &rarr; {}</h2>", escaped(&segment.from), escaped(&segment.to));
    out.push_str("<div class=\"tiles\">");
    if let Some(delays) = &segment.delays {
        let tiles = [
            ("median", time_ns(delays.p50_ns)),
            ("p99", time_ns(delays.p99_ns)),
            ("p99.99", time_ns(delays.p99_99_ns)),
            ("max", time_ns(delays.max_ns)),
            ("min", time_ns(delays.min_ns)),
        ];
        for (name, value) in tiles {
            tile(out, name, &value, false);
        }
    }
    tile(out, "matched", &count(segment.matched), segment.matched == 0);
    tile(out, "lost", &count(segment.lost), segment.lost > 0);
    tile(out, "reordered", &count(segment.reordered), segment.reordered > 0);
    out.push_str("</div>\n");
    let negative = segment.delays.is_some_and(|delays| delays.min_ns < 0);
    let class = if segment.offset_bound_ns.is_none() || negative { "note bad" } else { "note" };
    let _ = write!(out, "<p class=\"{class}\">Clocks: {}.", escaped(&text::bound(segment)));
    if negative {
        let _ = write!(
            out,
            " Some delays are negative: the clock at {} is behind that at {}.",
            escaped(&segment.to),
            escaped(&segment.from)
        );
    }
    out.push_str("</p>\n");
    let Some(delays) = &segment.delays else {
        out.push_str("<p>No packet was seen at both taps.</p>\n");
        return;
    };
    if let Some(svg) = plot::heat_map(segment) {
        let _ = writeln!(
            out,
            "<h3>Delay over time</h3><p class=\"soft\">The more packets in a cell, the stronger its shade, by ratios.</p>{svg}"
        );
    }
    if let (Some(left), Some(right)) = (plot::distribution(segment), plot::histogram(segment)) {
        let _ = writeln!(
            out,
            "<div class=\"pair\"><div><h3>Packets not slower than</h3>{left}</div><div><h3>Packets by delay</h3>{right}</div></div>"
        );
    }
    figures(out, segment, delays);
    groups(out, "Flows", &segment.flows);
    gaps(out, segment);
    groups(out, "VLANs", &segment.vlans);
    groups(out, "Application ports", &segment.applications);
}

fn figures(out: &mut String, segment: &SegmentReport, delays: &Figures) {
    out.push_str("<h3>Figures</h3>");
    let heads =
        ["packets", "min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max", "jitter (RFC 3550)"];
    let row = vec![
        count(delays.count),
        time_ns(delays.min_ns),
        time(delays.mean_ns),
        time_ns(delays.p50_ns),
        time_ns(delays.p90_ns),
        time_ns(delays.p99_ns),
        time_ns(delays.p99_9_ns),
        time_ns(delays.p99_99_ns),
        time_ns(delays.max_ns),
        segment.jitter_ns.map_or_else(|| "-".to_string(), time),
    ];
    table(out, &heads, &[row]);
}

fn gaps(out: &mut String, segment: &SegmentReport) {
    if segment.gaps.is_empty() {
        return;
    }
    let shown = segment.gaps.len().min(GAPS);
    let _ =
        writeln!(out, "<h3>Gaps: {} of {}, those with most packets</h3>", shown, count(segment.gap_count));
    let mut largest: Vec<_> = segment.gaps.iter().collect();
    largest.sort_by_key(|gap| (std::cmp::Reverse(gap.gap.packets), gap.gap.start_ns));
    let rows: Vec<Vec<String>> = largest
        .into_iter()
        .take(GAPS)
        .map(|gap| {
            vec![
                instant(gap.gap.start_ns),
                count(gap.gap.packets),
                bytes(gap.gap.bytes),
                time(gap.gap.end_ns.saturating_sub(gap.gap.start_ns) as f64),
                time(gap.length_ns as f64),
            ]
        })
        .collect();
    table(
        out,
        &["first packet lost", "packets", "bytes", "first to last lost", "nothing arrived for"],
        &rows,
    );
}

fn groups(out: &mut String, what: &str, list: &[GroupReport]) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h3>{what}: {} of {}</h3>", list.len().min(ROWS), count(list.len() as u64));
    let rows: Vec<Vec<String>> = list
        .iter()
        .take(ROWS)
        .map(|group| {
            let cell = |value: fn(&Figures) -> i64| {
                group.delays.as_ref().map_or_else(|| "-".to_string(), |delays| time_ns(value(delays)))
            };
            vec![
                group.name.clone(),
                count(group.delays.map_or(0, |delays| delays.count)),
                count(group.lost),
                cell(|d| d.min_ns),
                cell(|d| d.p50_ns),
                cell(|d| d.p90_ns),
                cell(|d| d.p99_ns),
                cell(|d| d.max_ns),
                time(group.jitter_ns),
            ]
        })
        .collect();
    let head = what.trim_end_matches('s').to_lowercase().replace("vlan", "VLAN");
    table(out, &[&head, "packets", "lost", "min", "p50", "p90", "p99", "max", "jitter"], &rows);
}

fn tap_tables(out: &mut String, report: &Report, taps: &Taps) {
    out.push_str("<h2>Taps</h2>\n");
    let heads =
        ["tap", "packets", "bytes", "matched", "unmatched", "duplicates", "ambiguous", "no key", "no stamp"];
    let rows: Vec<Vec<String>> = report
        .taps
        .iter()
        .map(|tap| {
            let counts =
                [tap.matched, tap.unmatched, tap.duplicates, tap.ambiguous, tap.no_key, tap.unstamped];
            let first = [tap.name.clone(), count(tap.packets), bytes(tap.bytes)];
            first.into_iter().chain(counts.map(count)).collect()
        })
        .collect();
    table(out, &heads, &rows);
    for (tap, source) in report.taps.iter().zip(&taps.taps) {
        let span = match (tap.first_ns, tap.last_ns) {
            (Some(first), Some(last)) => format!("{} and {} on", instant(first), time((last - first) as f64)),
            _ => "no packets".to_string(),
        };
        let _ = writeln!(
            out,
            "<p><b>{}</b> <span class=\"soft\">{}; time: {}; {}; clock: {}</span></p>",
            escaped(&tap.name),
            escaped(&taps.captures[source.capture].display().to_string()),
            source.stamps.format,
            span,
            escaped(&text::clock(tap)),
        );
    }
}

fn burst_row(tap: &str, window_ns: u64, burst: &OneBurst) -> Vec<String> {
    let whole = burst.bytes.max(1) as f64;
    let top: Vec<String> = burst
        .top
        .iter()
        .take(3)
        .map(|(flow, part)| format!("{flow} ({:.0} %)", *part as f64 * 100.0 / whole))
        .collect();
    vec![
        tap.to_string(),
        round(window_ns),
        rate(burst.peak_bits_per_second),
        instant(burst.start_ns),
        time(burst.end_ns.saturating_sub(burst.start_ns) as f64),
        count(burst.packets),
        top.join(", "),
    ]
}

fn bursts(out: &mut String, report: &Report) {
    out.push_str("<h2>Microbursts</h2>\n<h3>Greatest windows</h3>");
    let heads = ["tap", "window", "rate", "begin", "lasted", "packets", "most of it"];
    let mut rows = Vec::new();
    let mut over = Vec::new();
    let mut all = 0;
    for tap in &report.taps {
        for window in &tap.bursts {
            rows.extend(window.peak.iter().map(|burst| burst_row(&tap.name, window.window_ns, burst)));
            all += window.count;
            over.extend(
                window
                    .bursts
                    .iter()
                    .map(|burst| (burst.peak_bits_per_second, burst_row(&tap.name, window.window_ns, burst))),
            );
        }
    }
    table(out, &heads, &rows);
    if over.is_empty() {
        return;
    }
    over.sort_by(|a, b| b.0.total_cmp(&a.0));
    let _ = writeln!(
        out,
        "<h3>Windows over the share of the link rate: {} of {} bursts</h3>",
        over.len().min(ROWS),
        count(all)
    );
    let rows: Vec<Vec<String>> = over.into_iter().take(ROWS).map(|(_, row)| row).collect();
    table(out, &heads, &rows);
}

fn round_trips(out: &mut String, report: &Report) {
    let mut rows = Vec::new();
    for tap in &report.taps {
        for found in &tap.round_trips {
            let times = &found.times;
            let figures =
                [times.min_ns, times.p50_ns, times.p90_ns, times.p99_ns, times.p99_9_ns, times.max_ns];
            let cells = [tap.name.clone(), found.kind.to_string(), count(times.count)];
            rows.push(cells.into_iter().chain(figures.map(time_ns)).collect());
        }
    }
    if rows.is_empty() {
        return;
    }
    out.push_str("<h2>Round-trip times</h2>\n<p class=\"soft\">From each tap to the answerer and back, with what the answerer took.</p>");
    table(out, &["tap", "found by", "count", "min", "p50", "p90", "p99", "p99.9", "max"], &rows);
}
