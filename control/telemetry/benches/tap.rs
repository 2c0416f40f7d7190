//! What a tap costs a frame.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sluice_diagnostics::Sources;
use sluice_telemetry::{Exports, Tap};

/// Frames of a round.
const FRAMES: usize = 10_000;

/// TCP over IPv4, of so many flows in turn.
fn frames(flows: u32) -> Vec<Vec<u8>> {
    let frame = |number: u32| {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        frame.extend([0x45, 0, 1, 0xf0, 0, 0, 0, 0, 64, 6, 0, 0]);
        frame.extend((0x0a00_0000 + number % flows).to_be_bytes());
        frame.extend([10, 255, 0, 2, 0x1f, 0x90, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10]);
        frame.resize(510, 0);
        frame
    };
    (0..FRAMES as u32).map(frame).collect()
}

/// What is told goes nowhere: nobody listens at that port.
fn exports(text: &str) -> Exports {
    let mut sources = Sources::new();
    let source = sources.add("telemetry.yaml", text);
    let config = sluice_telemetry::parse(&mut sources, source, None);
    let config = config.unwrap_or_else(|found| panic!("{}", found.render(&sources)));
    Exports::start(&config, Box::new(Vec::new)).expect("there are threads")
}

fn taps(criterion: &mut Criterion) {
    let sflow = "sflow: { collectors: [\"127.0.0.1:9\"], sample: 1000 }\n";
    let ipfix = "ipfix: { collectors: [\"127.0.0.1:9\"] }\n";
    let cases = [
        ("sflow, 1 of 1000", sflow.to_string(), 1),
        ("ipfix, 100 flows", ipfix.to_string(), 100),
        ("ipfix, 10,000 flows", ipfix.to_string(), 10_000),
        ("both, 1,000 flows", format!("{sflow}{ipfix}"), 1_000),
    ];
    let mut group = criterion.benchmark_group("tap");
    group.throughput(Throughput::Elements(FRAMES as u64));
    for (name, text, flows) in cases {
        let exports = exports(&text);
        let frames = frames(flows);
        let mut time_ns = 1_700_000_000_000_000_000;
        let mut tap: Tap = exports.tap(1, "tap").expect("something is wanted");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for frame in &frames {
                    // A million frames a second.
                    time_ns += 1_000;
                    tap.frame(frame, frame.len() as u32, time_ns);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, taps);
criterion_main!(benches);
