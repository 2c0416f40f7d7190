//! Where each block stands in time, as a picture (SVG).

use std::fmt::Write;

use crate::exec::Unit;
use crate::layout::Layout;
use crate::pipeline::Pipeline;
use crate::schedule::Schedule;

/// Pixels of a clock, a row, and the room for names.
const CLOCK: u32 = 12;
const ROW: u32 = 22;
const MARGIN: u32 = 220;

/// One block of the picture.
struct Bar {
    name: String,
    color: &'static str,
    from: u32,
    to: u32,
}

/// Both pipelines, one above the other, each block from the clock at which it takes its inputs to that of its result.
pub(crate) fn diagram(parts: [(&str, &Pipeline, &Schedule); 2], layout: &Layout) -> String {
    let mut body = String::new();
    let mut top = 10;
    let mut widest = 0;
    for (title, pipeline, schedule) in parts {
        let bars = bars(pipeline, schedule, layout);
        widest = widest.max(schedule.latency);
        let width = (schedule.latency + 1) * CLOCK;
        let _ = writeln!(
            body,
            "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{title}: {} clocks</text>",
            top + 15,
            schedule.latency
        );
        top += ROW;
        let height = (bars.len() as u32).max(1) * ROW;
        let _ = writeln!(
            body,
            "<rect x=\"{MARGIN}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"#f4f4f4\" stroke=\"#999\"/>"
        );
        for tenth in (0..=schedule.latency).step_by(10) {
            let x = MARGIN + tenth * CLOCK;
            let _ = writeln!(
                body,
                "<line x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{}\" stroke=\"#ccc\"/><text x=\"{x}\" y=\"{}\" font-size=\"10\">{tenth}</text>",
                top + height,
                top - 3
            );
        }
        for bar in bars {
            let (x, width) = (MARGIN + bar.from * CLOCK, (bar.to - bar.from).max(1) * CLOCK);
            let _ = writeln!(
                body,
                "<text x=\"10\" y=\"{}\">{}</text><rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>",
                top + 15,
                escaped(&bar.name),
                top + 3,
                ROW - 6,
                bar.color
            );
            top += ROW;
        }
        top += ROW;
    }
    let width = MARGIN + (widest + 3) * CLOCK;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" font-family=\"sans-serif\" font-size=\"12\">\n{body}</svg>\n"
    )
}

fn bars(pipeline: &Pipeline, schedule: &Schedule, layout: &Layout) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for (index, unit) in pipeline.units.iter().enumerate() {
        let from = schedule.units[index];
        let (name, color) = match unit {
            Unit::Table { table, .. } => (&layout.tables[table.index()].name, "#4477aa"),
            Unit::Register { register, .. } => (&layout.registers[register.index()].name, "#aa7744"),
            Unit::Meter { meter, .. } => (&layout.meters[meter.index()].name, "#aa4477"),
            Unit::Counter { counter: crate::exec::Counted::Indexed(counter), .. } => {
                (&layout.counters[counter.index()].name, "#77aa44")
            }
            Unit::Counter { counter: crate::exec::Counted::Direct(table), .. } => {
                (&layout.tables[table.index()].name, "#77aa44")
            }
        };
        let to = from + crate::emit::latency(layout, unit);
        bars.push(Bar { name: name.clone(), color, from, to });
    }
    bars.sort_by(|a, b| (a.from, &a.name).cmp(&(b.from, &b.name)));
    bars
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
