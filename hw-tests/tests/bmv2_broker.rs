//! The broker's program for bmv2, written as BMv2 JSON and read back, does the same with the same packets.

use std::sync::Arc;

use sluice_broker::{Arch, Build};
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp};
use sluice_capture::sample::{SampleOptions, generate};
use sluice_conformance::captures::Captured;
use sluice_conformance::harness::{Broker, module};
use sluice_diagnostics::Sources;
use sluice_switch::Engine;

const START: u64 = 1_700_000_000_000_000_000;

/// What pure v1model can say: no masks, trailers or sums.
const POLICY: &str = "
ports:
  tap: { role: network, id: 1 }
  span: { role: network, id: 2 }
  a: { role: tool, id: 10 }
  b: { role: tool, id: 11, max_frame: 200 }
  c: { role: tool, id: 12 }
tools:
  slow: { port: c, limit: 8Mbps }
filters:
  - { name: sampled, match: dst port 2, to: [a], sample: 25% }
  - { name: once, match: dst port 3, to: [a, b], dedup: true }
  - { name: plain, match: dst port 4, to: [a, b] }
  - { name: limited, match: dst port 5, to: [slow] }
  - { name: web, match: tcp port 80 or tcp port 443, to: [a], edits: { strip: [vlan] } }
  - { name: names, match: udp port 53, to: [b, slow], edits: { slice: { bytes: 64 } } }
  - { name: rest, match: ip6, to: [a] }
";

fn read_back() -> sluice_ir::Module {
    let program = module(Build { arch: Arch::V1model, ..Build::default() });
    let sources = Sources::new();
    let options = sluice_bmv2::Options { program: "v1model.p4", sources: &sources };
    let (text, warnings) = sluice_bmv2::write(&program, options)
        .unwrap_or_else(|found| panic!("bmv2 cannot say the program\n{}", found.render(&sources)));
    assert!(warnings.is_empty(), "{}", warnings.render(&sources));
    let mut sources = Sources::new();
    let source = sources.add("v1model.json", text);
    match sluice_bmv2::read(&sources, source) {
        Ok((module, _)) => module,
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

/// Packets to some ports, then those of a sample of two taps.
fn packets() -> Vec<(u16, Captured)> {
    let mut packets = Vec::new();
    for number in 0..200_u16 {
        let frame = Frame::new()
            .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
            .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(number / 2))
            .then(Udp::new(40_000, 1 + number % 6))
            .payload(&vec![0; usize::from(number) * 3]);
        let data = frame.build();
        let time_ns = START + u64::from(number) * 1_000;
        packets.push((1 + number % 2, Captured { time_ns, wire_length: data.len() as u32, data }));
    }
    let sample =
        generate(SampleOptions { seed: 3, packets: 600, ..SampleOptions::default() }).expect("it is small");
    for (port, frames) in [(1, &sample.tap_a), (2, &sample.tap_b)] {
        for (number, frame) in frames.iter().enumerate() {
            let time_ns = START + 1_000_000 + number as u64 * 2_000 + u64::from(port);
            let data = frame.data.clone();
            packets.push((port, Captured { time_ns, wire_length: data.len() as u32, data }));
        }
    }
    packets
}

#[test]
fn json_does_what_the_program_does() {
    let program = module(Build { arch: Arch::V1model, ..Build::default() });
    let mut brokers = [
        Broker::running(program, Engine::default()),
        Broker::running(Arc::new(read_back()), Engine::default()),
    ];
    for broker in &mut brokers {
        broker.apply(POLICY).unwrap_or_else(|refused| panic!("{refused}"));
    }
    let mut copies = 0;
    for (number, (port, frame)) in packets().iter().enumerate() {
        let [one, other] = brokers.each_mut().map(|broker| broker.send(*port, frame, false));
        assert_eq!(one.outcome, other.outcome, "packet {number}");
        assert_eq!(one.copies, other.copies, "packet {number}");
        copies += one.copies.len();
    }
    assert!(copies > 200, "{copies} copies");
}
