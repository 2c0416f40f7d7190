//! What each part of a packet's way costs, by the kernel's test runs: ingress of a program that is made for a policy, and what a policy with one thing more takes.

use sluice_broker::Build;
use sluice_xdp::{Arrival, Purpose};

use crate::floor::{Floor, frame};
use crate::{broker, loads};

/// Runs of one measurement: few, so that some rounds are not disturbed.
const RUNS: u32 = 20_000;

const ROUNDS: usize = 40;

pub(crate) fn print(floor: &Floor) {
    let policies = [
        ("no condition", "to: [one]"),
        ("a port (array)", "match: tcp dst port 80, to: [one]"),
        ("a range of ports", "match: tcp dst portrange 80-90, to: [one]"),
        ("a prefix (trie)", "match: src net 172.16.0.0/16, to: [one]"),
        ("an address (hash map)", "match: src host 172.16.0.0, to: [one]"),
        ("no VLAN, a protocol", "match: not vlan 5 and ip proto 6, to: [one]"),
        ("a sample of half", "sample: 1/2, to: [one]"),
        ("duplicate removal", "dedup: true, to: [one]"),
        ("three tools", "to: [one, two, three]"),
        ("sliced", "to: [one], edits: { slice: { after: frame, bytes: 48 } }"),
    ];
    println!("\nns of ingress of a frame (test runs of {RUNS}, the quickest of {ROUNDS})");
    let frame = frame();
    let empty = (0..ROUNDS).map(|_| floor.time_empty(RUNS)).min();
    println!("  {:<24} {:5}", "an empty program", empty.unwrap_or_default().as_nanos());
    for (name, filter) in policies {
        let device = broker(Build::default(), &loads::one(filter), Purpose::Test);
        let time = |round: usize| {
            let time_ns = round as u64 + 1;
            let arrival = Arrival { port: 1, time_ns, frame: &frame, wire_length: 64, is_bad: false };
            device.time_ingress(&arrival, RUNS).expect("it runs")
        };
        let best = (0..ROUNDS).map(time).min();
        println!("  {name:<24} {:5}", best.unwrap_or_default().as_nanos());
    }
}
