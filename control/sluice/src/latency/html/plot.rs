//! Plots as inline SVG.

use std::fmt::Write as _;

use sluice_latency::SegmentReport;

use crate::latency::units::{count, instant, time, time_ns};

/// Space around a plot for its axes.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 40.0;

/// Where a value of an axis is.
#[derive(Clone, Copy, Debug)]
struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    /// Of delays: even, or by ratios where the greatest is far above the median.
    fn of(segment: &SegmentReport) -> Option<Self> {
        let delays = segment.delays.as_ref()?;
        let (low, high) = (delays.min_ns as f64, delays.max_ns as f64);
        if low > 0.0 && high > 8.0 * delays.p50_ns.max(1) as f64 {
            return Some(Self { low, high: high * 1.02, logarithmic: true });
        }
        // Some room, so that a constant is a line in the middle.
        let room = ((high - low) * 0.04).max(low.abs().max(high.abs()) * 0.001).max(1.0);
        Some(Self { low: low - room, high: high + room, logarithmic: false })
    }

    /// From 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }

    /// Round values on it.
    fn ticks(&self, about: f64) -> Vec<f64> {
        if self.logarithmic {
            let decades = (self.high / self.low).log10();
            let steps: &[f64] = if decades > about {
                &[1.0]
            } else if decades > about / 2.5 {
                &[1.0, 3.0]
            } else {
                &[1.0, 2.0, 5.0]
            };
            let first = self.low.log10().floor() as i32;
            let last = self.high.log10().ceil() as i32;
            let all =
                (first..=last).flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
            return all.filter(|value| (self.low..=self.high).contains(value)).collect();
        }
        let raw = (self.high - self.low) / about;
        let power = 10_f64.powf(raw.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].iter().map(|step| step * power).find(|step| *step >= raw).unwrap_or(raw);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|at| at as f64 * step).collect()
    }
}

/// The unit in which all ticks of an axis are whole, or nearly so.
fn tick_label(value: f64, ticks: &[f64]) -> String {
    let most = ticks.iter().fold(0.0_f64, |most, tick| most.max(tick.abs()));
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(most.max(1.0), f64::min);
    let (unit, name) = match most {
        most if most < 1e3 => (1.0, "ns"),
        most if most < 1e6 => (1e3, "us"),
        most if most < 1e9 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    let digits = (-(step / unit).log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{:.digits$} {name}", value / unit)
}

/// The frame of a plot, with what is drawn in it.
struct Plot {
    width: f64,
    height: f64,
    svg: String,
}

impl Plot {
    fn new(width: f64, height: f64, label: &str) -> Self {
        let mut svg = String::new();
        let _ = write!(svg, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">");
        Self { width, height, svg }
    }

    fn x(&self, share: f64) -> f64 {
        LEFT + share * (self.width - LEFT - RIGHT)
    }

    fn y(&self, share: f64) -> f64 {
        self.height - BOTTOM - share * (self.height - TOP - BOTTOM)
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let _ = write!(self.svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
    }

    fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        let _ = write!(self.svg, "<path class=\"axis\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>");
    }

    /// Marks from bottom to top, with lines across.
    fn left_axis(&mut self, marks: &[(f64, String)]) {
        for (share, label) in marks {
            let y = self.y(*share);
            self.line(self.x(0.0), y, self.x(1.0), y);
            self.text(LEFT - 6.0, y + 4.0, "end", label);
        }
    }

    /// Marks from left to right, and what the axis is.
    fn bottom_axis(&mut self, marks: &[(f64, String)], title: &str) {
        let y = self.y(0.0);
        self.line(self.x(0.0), y, self.x(1.0), y);
        for (share, label) in marks {
            let x = self.x(*share);
            self.line(x, y, x, y + 4.0);
            self.text(x, y + 16.0, "middle", label);
        }
        self.text(self.x(0.5), self.height - 6.0, "middle", title);
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

fn delay_marks(scale: &Scale, about: f64) -> Vec<(f64, String)> {
    let ticks = scale.ticks(about);
    let label = |value: &f64| if scale.logarithmic { time(*value) } else { tick_label(*value, &ticks) };
    ticks.iter().map(|value| (scale.place(*value), label(value))).collect()
}

/// Rows of the heat map, and shades.
const ROWS: usize = 56;
const SHADES: usize = 8;

/// Delay over time: the darker a cell (in the dark: the lighter), the more packets. Runs of lost packets are marked below.
pub(super) fn heat_map(segment: &SegmentReport) -> Option<String> {
    let scale = Scale::of(segment)?;
    let heat = &segment.heat;
    let mut cells = vec![[0_u64; ROWS]; heat.columns.len()];
    for (cells, column) in cells.iter_mut().zip(&heat.columns) {
        for (delay, packets) in column {
            let row = (scale.place(*delay as f64) * ROWS as f64) as usize;
            cells[row.min(ROWS - 1)] += u64::from(*packets);
        }
    }
    let most = cells.iter().flatten().copied().max()?.max(2) as f64;
    let mut plot = Plot::new(1024.0, 330.0, "delay over time");
    plot.left_axis(&delay_marks(&scale, 7.0));
    let width = 1.0 / heat.columns.len().max(1) as f64;
    let mut paths: [String; SHADES] = Default::default();
    for (at, column) in cells.iter().enumerate() {
        for (row, packets) in column.iter().enumerate().filter(|(_, packets)| **packets > 0) {
            let shade = ((*packets as f64).ln() / most.ln() * (SHADES - 1) as f64).round() as usize;
            let (x, y) = (plot.x(at as f64 * width), plot.y((row + 1) as f64 / ROWS as f64));
            let (w, h) = (plot.x(width) - plot.x(0.0), plot.y(0.0) - plot.y(1.0 / ROWS as f64));
            let _ = write!(paths[shade.min(SHADES - 1)], "M{x:.1} {y:.1}h{w:.1}v{h:.1}h-{w:.1}z");
        }
    }
    for (shade, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let _ = write!(plot.svg, "<path class=\"h{shade}\" d=\"{path}\"/>");
    }
    let span = (heat.width_ns * heat.columns.len() as u64).max(1) as f64;
    for gap in &segment.gaps {
        let x = plot.x((gap.gap.start_ns.saturating_sub(heat.start_ns) as f64 / span).min(1.0));
        let w =
            (plot.x(gap.gap.end_ns.saturating_sub(gap.gap.start_ns) as f64 / span) - plot.x(0.0)).max(1.5);
        let y = plot.y(0.0);
        let _ = write!(
            plot.svg,
            "<rect class=\"gap\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"5\"><title>{} lost at {}</title></rect>",
            count(gap.gap.packets),
            instant(gap.gap.start_ns)
        );
    }
    let times = Scale { low: 0.0, high: span, logarithmic: false };
    let ticks = times.ticks(8.0);
    let marks: Vec<(f64, String)> =
        ticks.iter().map(|tick| (times.place(*tick), tick_label(*tick, &ticks))).collect();
    let lost = if segment.gaps.is_empty() { "" } else { "; red: packets lost" };
    plot.bottom_axis(&marks, &format!("time since {} UTC{lost}", instant(heat.start_ns)));
    Some(plot.finish())
}

/// Share of packets that are not slower, on a scale of nines: the tail has as much room as the rest.
pub(super) fn distribution(segment: &SegmentReport) -> Option<String> {
    let scale = Scale::of(segment)?;
    let mut plot = Plot::new(500.0, 280.0, "cumulative distribution of delays");
    let nines = |share: f64| (-(1.0 - share).max(1e-5).log10() / 5.0).clamp(0.0, 1.0);
    let marks = [
        ("0 %", 0.0),
        ("50 %", 0.5),
        ("90 %", 0.9),
        ("99 %", 0.99),
        ("99.9 %", 0.999),
        ("99.99 %", 0.9999),
        ("100 %", 1.0),
    ];
    let marks: Vec<(f64, String)> =
        marks.iter().map(|(label, share)| (nines(*share), (*label).to_string())).collect();
    plot.left_axis(&marks);
    let mut path = String::new();
    for (at, (share, delay)) in segment.distribution.iter().enumerate() {
        let (x, y) = (plot.x(scale.place(*delay as f64)), plot.y(nines(*share)));
        // A step: a share is reached at its delay.
        let _ = if at == 0 { write!(path, "M{x:.1} {y:.1}") } else { write!(path, "H{x:.1}V{y:.1}") };
    }
    let _ = write!(plot.svg, "<path class=\"curve\" d=\"{path}\"/>");
    plot.bottom_axis(&delay_marks(&scale, 4.0), "delay");
    Some(plot.finish())
}

/// How many packets took how long.
pub(super) fn histogram(segment: &SegmentReport) -> Option<String> {
    let scale = Scale::of(segment)?;
    let most = segment.histogram.iter().map(|bin| bin.count).max()?.max(1) as f64;
    let mut plot = Plot::new(500.0, 280.0, "histogram of delays");
    let counts = Scale { low: 0.0, high: most, logarithmic: false };
    let whole = counts.ticks(5.0).into_iter().filter(|tick| tick.fract() == 0.0);
    let marks: Vec<(f64, String)> = whole.map(|tick| (counts.place(tick), count(tick as u64))).collect();
    plot.left_axis(&marks);
    for bin in segment.histogram.iter().filter(|bin| bin.count > 0) {
        let x = plot.x(scale.place(bin.from_ns as f64));
        let w = (plot.x(scale.place(bin.to_ns as f64)) - x - 0.5).max(1.0);
        let (y, bottom) = (plot.y(bin.count as f64 / most), plot.y(0.0));
        let h = (bottom - y).max(1.0);
        let _ = write!(
            plot.svg,
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"><title>{} to {}: {}</title></rect>",
            bottom - h,
            time_ns(bin.from_ns),
            time_ns(bin.to_ns),
            count(bin.count)
        );
    }
    plot.bottom_axis(&delay_marks(&scale, 4.0), "delay");
    Some(plot.finish())
}
