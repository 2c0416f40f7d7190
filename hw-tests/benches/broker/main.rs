//! Packets per second through the whole broker: on the interpreter, as native code, and by hand ([`twin`]); beside them the floor,
//! only reading the same packets.
//!
//! `cargo bench -p sluice-conformance` measures; the ratios are printed at the end, with what each stage of the native code takes.
//! `SLUICE_RATIOS=1` prints them alone, which takes seconds; with `SLUICE_ROWS=1/64,1000/1500` only those of so many filters and bytes.
//! `SLUICE_ALONE=native/1/64` runs one way alone (`native`, `twin`, `read`), `SLUICE_ROUNDS` times, for a profiler to look at.

mod lookup;
mod twin;

use std::hint::black_box;
use std::io::Cursor;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sluice_broker::Build;
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp};
use sluice_capture::{PcapWriter, ReadOptions, Reader};
use sluice_conformance::harness::Broker;
use sluice_switch::{Engine, Ingress, Output, Sink};

use twin::Twin;

const LENGTHS: [usize; 3] = [64, 300, 1_500];
const FILTERS: [usize; 4] = [1, 10, 100, 1_000];
/// Packets of each capture.
const PACKETS: usize = 1_024;
const HEADERS: usize = 14 + 20 + 8;

/// Counts frames, so that none of the work can be left out.
#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn send(&mut self, output: Output<'_>) {
        self.0 += output.data.len() as u64;
    }
}

/// A capture of packets of that length; each filter matches one of them in turn.
fn capture(length: usize, filters: usize) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new()).expect("memory takes everything");
    for i in 0..PACKETS {
        let [high, low] = ((i % filters) as u16).to_be_bytes();
        let frame = Frame::new()
            .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
            .then(Ipv4::new([10, 0, high, low], [192, 0, 2, 1]).id(i as u16))
            .then(Udp::new(5_000, 6_000))
            .payload(&vec![0; length - HEADERS]);
        writer
            .write_packet(i as u64 * 1_000, &frame.build(), length as u32)
            .expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything")
}

/// That many filters of an address and a port, to four tools.
fn policy(filters: usize) -> String {
    let mut text = String::from("ports:\n  tap: { role: network, id: 1 }\n");
    for tool in 0..4 {
        text.push_str(&format!("  tool-{tool}: {{ role: tool, id: {} }}\n", 10 + tool));
    }
    text.push_str("filters:\n");
    for i in 0..filters {
        let address = format!("10.0.{}.{}", i / 256, i % 256);
        text.push_str(&format!(
            "  - {{ name: f{i}, match: 'src host {address} and udp dst port 6000', to: [tool-{}] }}\n",
            i % 4
        ));
    }
    text
}

/// Reads the capture and gives each packet to `packet`.
fn read(capture: &[u8], mut packet: impl FnMut(u64, &[u8], u32)) {
    let mut reader = Reader::new(Cursor::new(capture), ReadOptions::default()).expect("it was just written");
    while let Ok(Some(found)) = reader.next_packet() {
        packet(found.time_ns, found.data, found.wire_length);
    }
}

/// Gives each packet of the capture, as it comes in, to `process`.
fn through(capture: &[u8], mut process: impl FnMut(&Ingress<'_>, &mut dyn Sink)) -> u64 {
    let mut count = Count::default();
    read(capture, |time_ns, data, wire_length| {
        process(&Ingress { port: 1, time_ns, data, wire_length, bad_frame: false }, &mut count);
    });
    count.0
}

fn floor(capture: &[u8]) -> u64 {
    let mut bytes = 0;
    read(capture, |_, data, _| bytes += black_box(data).len() as u64);
    bytes
}

/// Nanoseconds a packet of each of some ways to process them: the quickest of many short runs in turn, so that what the machine does
/// beside them shows least, and in all of them.
fn nanoseconds<const N: usize>(mut ways: [&mut dyn FnMut() -> u64; N]) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    for _ in 0..60 {
        for (best, way) in best.iter_mut().zip(&mut ways) {
            let start = Instant::now();
            for _ in 0..4 {
                black_box(way());
            }
            *best = best.min(start.elapsed().as_nanos() as f64 / (4 * PACKETS) as f64);
        }
    }
    best
}

fn broker_with(filters: usize, engine: Engine) -> Broker {
    let terms = if filters > 256 { 1_024 } else { 256 };
    let mut broker = Broker::on(Build { terms, ..Build::default() }, engine);
    broker.apply(&policy(filters)).unwrap_or_else(|error| panic!("{error}"));
    broker
}

/// Keeps what comes out.
#[derive(Default, PartialEq, Eq, Debug)]
struct Kept(Vec<(u16, u16, Vec<u8>)>);

impl Sink for Kept {
    fn send(&mut self, output: Output<'_>) {
        self.0.push((output.port, output.instance, output.data.to_vec()));
    }
}

/// Whether a row of the table is to be measured.
fn is_wanted(filters: usize, length: usize) -> bool {
    let row = format!("{filters}/{length}");
    std::env::var("SLUICE_ROWS").map_or(true, |rows| rows.split(',').any(|wanted| wanted == row))
}

/// All that the broker and the twin have in common: one table of measurements.
fn compare<const W: usize>(filters: usize, lines: &mut Vec<String>) {
    let lengths: Vec<usize> = LENGTHS.into_iter().filter(|length| is_wanted(filters, *length)).collect();
    if lengths.is_empty() {
        return;
    }
    let mut interpreter = broker_with(filters, Engine::Interpreter);
    let mut native = broker_with(filters, Engine::Native);
    let mut twin = Twin::<W>::new(native.switch());
    for length in lengths {
        let capture = capture(length, filters);
        let mut kept = [Kept::default(), Kept::default(), Kept::default()];
        read(&capture, |time_ns, data, wire_length| {
            let ingress = Ingress { port: 1, time_ns, data, wire_length, bad_frame: false };
            interpreter.process(&ingress, &mut kept[0]);
            native.process(&ingress, &mut kept[1]);
            twin.process(&ingress, &mut kept[2]);
        });
        assert_eq!(kept[0].0.len(), PACKETS, "one copy of every packet");
        assert_eq!(kept[0], kept[1], "native code");
        assert_eq!(kept[0], kept[2], "the twin");
        let outcomes: [u64; 8] = std::array::from_fn(|reason| {
            let counted = native.switch().counter("ingress.outcome", 8 + reason as u64);
            counted.expect("it is there").packets
        });
        assert_eq!(outcomes, twin.outcomes(1), "after {length} bytes");
        let [least, slow, quick, hand] = nanoseconds([
            &mut || floor(&capture),
            &mut || {
                through(&capture, |ingress, sink| {
                    interpreter.process(ingress, sink);
                })
            },
            &mut || {
                through(&capture, |ingress, sink| {
                    native.process(ingress, sink);
                })
            },
            &mut || through(&capture, |ingress, sink| twin.process(ingress, sink)),
        ]);
        // The twin has to count the same in the next round.
        twin = Twin::new(native.switch());
        native = broker_with(filters, Engine::Native);
        lines.push(format!(
            "{filters:7} {length:6} {least:7.0} {slow:12.0} {quick:7.0} {hand:7.0} {:9.2} {:12.2} {:11.1} {:10.2}",
            1e3 / quick,
            slow / quick,
            quick / least,
            hand / quick,
        ));
    }
}

fn ratios() {
    let mut lines = vec![
        "filters  bytes    read  interpreter  native    twin   million/s  interpreter/  native/read  twin/"
            .to_string(),
        "                    ns           ns      ns      ns      native        native                native"
            .to_string(),
    ];
    for filters in FILTERS {
        if filters > 256 { compare::<16>(filters, &mut lines) } else { compare::<4>(filters, &mut lines) }
    }
    println!("{}", lines.join("\n"));
}

/// Where a packet's time goes in native code.
fn stages() {
    let mut broker = broker_with(100, Engine::Native);
    let capture = capture(64, 100);
    for _ in 0..200 {
        through(&capture, |ingress, sink| {
            broker.process_profiled(ingress, sink);
        });
    }
    let profile = broker.profile();
    println!("native code, 100 filters, 64 bytes, ns a packet by stage:");
    for part in &profile.parts {
        println!("{:8.1}  {}", part.nanoseconds / profile.packets as f64, part.name);
    }
}

/// Runs one contender alone for a while, for a profiler to look at: `native/1/64`, `twin/1000/300`.
fn alone<const W: usize>(way: &str, filters: usize, length: usize) {
    let mut native = broker_with(filters, Engine::Native);
    let mut twin = Twin::<W>::new(native.switch());
    let capture = capture(length, filters);
    let rounds = std::env::var("SLUICE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10_000);
    let start = Instant::now();
    for _ in 0..rounds {
        black_box(match way {
            "native" => through(&capture, |ingress, sink| {
                native.process(ingress, sink);
            }),
            "read" => floor(&capture),
            _ => through(&capture, |ingress, sink| twin.process(ingress, sink)),
        });
    }
    println!("{way}: {:.1} ns", start.elapsed().as_nanos() as f64 / (rounds * PACKETS) as f64);
}

fn packets(criterion: &mut Criterion) {
    if let Ok(wanted) = std::env::var("SLUICE_ALONE") {
        let parts: Vec<&str> = wanted.split('/').collect();
        if let [way, filters, length] = parts[..] {
            let number = |text: &str| text.parse().unwrap_or(1);
            let (filters, length) = (number(filters), number(length));
            if filters > 256 {
                alone::<16>(way, filters, length);
            } else {
                alone::<4>(way, filters, length);
            }
            return;
        }
    }
    ratios();
    stages();
    if std::env::var_os("SLUICE_RATIOS").is_some() {
        return;
    }
    let mut group = criterion.benchmark_group("packets");
    group.throughput(Throughput::Elements(PACKETS as u64));
    for length in LENGTHS {
        let capture = capture(length, 1);
        group.bench_with_input(BenchmarkId::new("read", length), &capture, |bencher, capture| {
            bencher.iter(|| floor(capture));
        });
    }
    for filters in FILTERS {
        for engine in Engine::ALL {
            let mut broker = broker_with(filters, engine);
            for length in LENGTHS {
                let capture = capture(length, filters);
                let id = BenchmarkId::new(format!("{filters} filters, {engine}"), length);
                group.bench_with_input(id, &capture, |bencher, capture| {
                    bencher.iter(|| {
                        through(capture, |ingress, sink| {
                            broker.process(ingress, sink);
                        })
                    });
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, packets);
criterion_main!(benches);
