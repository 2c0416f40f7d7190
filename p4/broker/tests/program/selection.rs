//! Sampling, duplicate removal, balancing, and what is counted of it.

use crate::bench::{Bench, TOOL};
use sluice_broker::{Arch, Build};
use sluice_capture::frame::{Ethernet, Frame, Icmp, Ipv4, Ipv6, Tcp, Udp, Vlan};
use sluice_entities::{ActionCall, Bits, Entity, Match, MulticastGroup, Replica, TableEntry, UpdateKind};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];
const WINDOW_NS: u64 = 50_000_000;

fn tcp(id: u16, sequence: u32) -> Frame {
    Frame::new()
        .then(Ethernet::new(A, B))
        .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(id))
        .then(Tcp::new(1000, 80).numbers(sequence, 1))
        .payload(b"what is said")
}

fn deduplicating(build: Build, ignore: u64) -> Bench {
    let bench = Bench::new(build);
    bench.default("ingress.dedup_0", "ingress.configure", &[WINDOW_NS, 1, ignore]);
    bench
}

#[test]
fn a_repeat_within_the_window_goes() {
    let mut bench = deduplicating(Build::default(), 0x3f);
    let frame = tcp(1, 1).build();
    let start = 1_000_000_000;
    assert_eq!(bench.run_at(start, &frame).len(), 1);
    assert_eq!(bench.run_at(start + 30_000, &frame).len(), 0);
    assert_eq!(bench.run_at(start + WINDOW_NS, &frame).len(), 0);
    // A repeat does not refresh: the window counts from the first.
    assert_eq!(bench.run_at(start + WINDOW_NS + 1, &frame).len(), 1);
    // Time that goes backwards makes no repeat.
    assert_eq!(bench.run_at(start, &frame).len(), 1);
    assert_eq!(bench.run_at(start, &tcp(1, 2).build()).len(), 1);
    assert_eq!((bench.outcome(7), bench.outcome(6), bench.outcome(0)), (4, 2, 6));
}

#[test]
fn what_differs_between_taps_is_ignored_only_if_told() {
    let plain = tcp(1, 1);
    let routed = Frame::new()
        .then(Ethernet::new([9; 6], [8; 6]))
        .then(Vlan::new(5))
        .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(1).ttl(63).dscp(4))
        .then(Tcp::new(1000, 80).numbers(1, 1))
        .payload(b"what is said");
    let mut bench = deduplicating(Build::default(), 0x3f);
    assert_eq!(bench.run_at(0, &plain.build_padded()).len(), 1);
    assert_eq!(bench.run_at(1, &routed.build_padded()).len(), 0);
    for bit in [0, 1, 3, 4, 5] {
        let mut bench = deduplicating(Build::default(), 0x3f & !(1 << bit));
        assert_eq!(bench.run_at(0, &plain.build()).len(), 1);
        assert_eq!(bench.run_at(1, &routed.build()).len(), 1, "bit {bit}");
        assert_eq!(bench.run_at(2, &routed.build()).len(), 0, "bit {bit}");
    }
}

#[test]
fn both_adapters_have_the_same_digest() {
    // The same narrowed digest collides for the same packets; v1model's clock counts microseconds.
    let mut drops = Vec::new();
    for arch in [Arch::Sluice, Arch::V1model] {
        let mut bench = deduplicating(Build { arch, digest_bits: 8, ..Build::default() }, 0x3f);
        let repeats: Vec<bool> = (0..300_u16)
            .map(|id| bench.run_at(u64::from(id) * 1000, &tcp(id, 1).build()).is_empty())
            .collect();
        drops.push(repeats);
    }
    assert_eq!(drops[0], drops[1]);
    assert!(drops[0].iter().any(|dropped| *dropped));
}

#[test]
fn a_packet_that_was_not_read_to_its_end_always_passes() {
    let mut bench = deduplicating(Build::default(), 0x3f);
    let frame = tcp(1, 1).build();
    for time in 0..3 {
        assert_eq!(bench.run_at(time, &frame[..40]).len(), 1);
    }
}

#[test]
fn the_window_tells_payloads_apart_at_every_length() {
    let frame = |payload: &[u8]| {
        let icmp = Icmp::echo_request(1, 1);
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]);
        Frame::new().then(Ethernet::new(A, B)).then(ip).then(icmp).payload(payload).build()
    };
    let mut bench = deduplicating(Build::default(), 0x3f);
    for length in 0..56 {
        let payload = vec![7; length];
        assert_eq!(bench.run_at(0, &frame(&payload)).len(), 1, "{length}");
        for changed in 0..length {
            let mut other = payload.clone();
            other[changed] = 8;
            assert_eq!(bench.run_at(0, &frame(&other)).len(), 1, "{length}, {changed}");
        }
        assert_eq!(bench.run_at(0, &frame(&payload)).len(), 0, "{length}");
    }
}

#[test]
fn sampling_keeps_a_share_and_always_the_same() {
    let frames: Vec<Vec<u8>> = (0..4000).map(|sequence| tcp(1, sequence).build()).collect();
    let kept = |bench: &mut Bench| -> Vec<bool> {
        frames.iter().map(|frame| bench.run_at(0, frame).len() == 1).collect()
    };
    let mut bench = Bench::new(Build::default());
    bench.default("ingress.sample_2", "ingress.thin", &[1 << 30, 1]);
    let first = kept(&mut bench);
    let count = first.iter().filter(|kept| **kept).count();
    // A quarter of 4,000: five standard deviations are 137.
    assert!((863..=1137).contains(&count), "{count}");
    assert_eq!(first, kept(&mut bench));
    assert_eq!(bench.outcome(6), 2 * (4000 - count as u64));
}

/// Group 0 has two members, copies 0 (port 9, lower buckets) and 1 (port 10).
fn balancing(hosts: u64) -> Bench {
    let bench = Bench::new(Build::default());
    bench.default("ingress.balance_by", "ingress.hash_by", &[hosts, 3]);
    bench.entry("ingress.deliver", &[2], "ingress.send", &[2]);
    let replicas = vec![Replica { port: TOOL + 1, instance: 6 }];
    bench.write(UpdateKind::Insert, Entity::Multicast(MulticastGroup::new(2, replicas)));
    for bucket in 0..64 {
        let lost = if bucket < 32 { 2 } else { 1 };
        bench.entry("ingress.balance_0", &[bucket], "ingress.choose", &[lost]);
    }
    bench
}

/// Collects copies 0 and 1 together.
fn both_copies(bench: &Bench) {
    let action = ActionCall { action: "ingress.collect".into(), params: vec![Bits::new(128, 3)] };
    let matches = vec![Match::Exact(Bits::new(8, 1))];
    let entry = TableEntry::new("ingress.collect_0".into(), matches, 0, action);
    bench.write(UpdateKind::Modify, Entity::Table(entry));
}

fn port_of(bench: &mut Bench, frame: &[u8]) -> u16 {
    let sent = bench.run_at(0, frame);
    assert_eq!(sent.len(), 1);
    sent[0].port
}

#[test]
fn both_directions_go_to_one_member_and_neighbors_spread() {
    let mut bench = balancing(0);
    both_copies(&bench);
    let mut first = 0;
    let mut flows = 0;
    for a in 0..32_u8 {
        for b in 0..32_u8 {
            let one = |source: u8, destination: u8, ports: (u16, u16)| {
                let ip = Ipv4::new([10, 0, 0, source], [10, 0, 0, destination]);
                Frame::new().then(Ethernet::new(A, B)).then(ip).then(Udp::new(ports.0, ports.1)).build()
            };
            let there = port_of(&mut bench, &one(a, 100 + b, (5000, 53)));
            let back = port_of(&mut bench, &one(100 + b, a, (53, 5000)));
            assert_eq!(there, back);
            first += u32::from(there == TOOL);
            flows += 1;
        }
    }
    // Half of 1,024: five standard deviations are 80.
    assert!((flows / 2 - 80..flows / 2 + 80).contains(&first), "{first} of {flows}");
}

#[test]
fn fragments_stay_together_and_hosts_too() {
    let datagram = |port| {
        Frame::new()
            .then(Ethernet::new(A, B))
            .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(7))
            .then(Udp::new(port, 53))
            .payload(&[5; 2000])
    };
    let mut flows = balancing(0);
    both_copies(&flows);
    let mut hosts = balancing(1);
    both_copies(&hosts);
    let host = port_of(&mut hosts, &datagram(1).build());
    let mut whole = Vec::new();
    for port in 1..40 {
        let mut pieces: Vec<u16> =
            datagram(port).fragments(600).iter().map(|piece| port_of(&mut flows, &piece.build())).collect();
        pieces.dedup();
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0], host, "fragments count addresses and protocol, as hosts do");
        whole.push(port_of(&mut flows, &datagram(port).build()));
        assert_eq!(port_of(&mut hosts, &datagram(port).build()), host);
    }
    whole.dedup();
    assert!(whole.len() > 1, "flows spread");
}

#[test]
fn ipv6_is_symmetric_too() {
    let mut bench = balancing(0);
    both_copies(&bench);
    let mut ports = Vec::new();
    for number in 0..64_u8 {
        let (mut a, b) = ([0x20; 16], [0x21; 16]);
        a[15] = number;
        let there = Frame::new().then(Ethernet::new(A, B)).then(Ipv6::new(a, b)).then(Tcp::new(1, 2)).build();
        let back = Frame::new().then(Ethernet::new(B, A)).then(Ipv6::new(b, a)).then(Tcp::new(2, 1)).build();
        let port = port_of(&mut bench, &there);
        assert_eq!(port, port_of(&mut bench, &back));
        ports.push(port);
    }
    ports.dedup();
    assert!(ports.len() > 1);
}

#[test]
fn every_packet_has_one_outcome() {
    let frame = tcp(1, 1).build();
    // Nobody listens.
    let mut bench = Bench::new(Build::default());
    bench.default("ingress.policy", "ingress.activate", &[2, 0, 0, 0]);
    assert!(bench.run_at(0, &frame).is_empty());
    assert_eq!((bench.outcome(0), bench.outcome(3)), (1, 1));
    // A term is left whose copies `deliver` does not know; discard.
    let mut bench = Bench::new(Build::default());
    bench.default("ingress.policy", "ingress.activate", &[2, 0, 0, 0]);
    bench.entry("ingress.collect_0", &[2], "ingress.collect", &[4]);
    bench.write_admission(7);
    assert!(bench.run_at(0, &frame).is_empty());
    assert_eq!((bench.outcome(0), bench.outcome(5)), (1, 1));
    bench.entry("ingress.deliver", &[4], "ingress.discard", &[]);
    assert!(bench.run_at(0, &frame).is_empty());
    assert_eq!((bench.outcome(0), bench.outcome(4)), (2, 1));
    // The collector gets what nobody else does.
    let mut bench = Bench::new(Build::default());
    bench.default("ingress.policy", "ingress.activate", &[3, 0, 0, 2]);
    bench.write_admission(3);
    bench.entry("ingress.collect_0", &[3], "ingress.collect", &[3]);
    bench.entry("ingress.collect_0", &[2], "ingress.collect", &[2]);
    assert_eq!(bench.run_at(0, &frame).len(), 1);
    assert_eq!(bench.outcome(7), 1);
}
