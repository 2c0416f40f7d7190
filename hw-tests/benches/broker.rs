//! Packets per second through the whole broker, and beside it the floor: only reading the same packets.
//!
//! `cargo bench -p sluice-conformance` measures; the ratios are printed at the end.

use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sluice_broker::Build;
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp};
use sluice_capture::{PcapWriter, ReadOptions, Reader};
use sluice_conformance::harness::Broker;
use sluice_switch::{Ingress, Output, Sink};

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

fn through(broker: &mut Broker, capture: &[u8]) -> u64 {
    let mut count = Count::default();
    read(capture, |time_ns, data, wire_length| {
        broker.process(&Ingress { port: 1, time_ns, data, wire_length, bad_frame: false }, &mut count);
    });
    count.0
}

fn floor(capture: &[u8]) -> u64 {
    let mut bytes = 0;
    read(capture, |_, data, _| bytes += black_box(data).len() as u64);
    bytes
}

/// Nanoseconds a packet, over a tenth of a second.
fn nanoseconds(mut run: impl FnMut() -> u64) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < Duration::from_millis(100) {
        black_box(run());
        runs += 1;
    }
    start.elapsed().as_nanos() as f64 / f64::from(runs) / PACKETS as f64
}

fn broker_with(filters: usize) -> Broker {
    let terms = if filters > 256 { 1_024 } else { 256 };
    let mut broker = Broker::new(Build { terms, ..Build::default() });
    broker.apply(&policy(filters)).unwrap_or_else(|error| panic!("{error}"));
    broker
}

fn packets(criterion: &mut Criterion) {
    let mut lines = Vec::new();
    let mut group = criterion.benchmark_group("packets");
    group.throughput(Throughput::Elements(PACKETS as u64));
    for length in LENGTHS {
        let capture = capture(length, 1);
        group.bench_with_input(BenchmarkId::new("read", length), &capture, |bencher, capture| {
            bencher.iter(|| floor(capture));
        });
    }
    for filters in FILTERS {
        let mut broker = broker_with(filters);
        for length in LENGTHS {
            let capture = capture(length, filters);
            assert_eq!(through(&mut broker, &capture), (PACKETS * length) as u64, "one copy of every packet");
            let id = BenchmarkId::new(format!("{filters} filters"), length);
            group.bench_with_input(id, &capture, |bencher, capture| {
                bencher.iter(|| through(&mut broker, capture));
            });
            let (whole, least) =
                (nanoseconds(|| through(&mut broker, &capture)), nanoseconds(|| floor(&capture)));
            lines.push(format!(
                "{filters:5} filters, {length:5} bytes: {:9.0} packets/s, {whole:6.0} ns a packet, {:5.1} times reading alone",
                1e9 / whole,
                whole / least
            ));
        }
    }
    group.finish();
    println!("{}", lines.join("\n"));
}

criterion_group!(benches, packets);
criterion_main!(benches);
