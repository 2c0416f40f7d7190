//! Bad input: whatever comes in goes through without a panic, without a packet lost, and is counted right.

use sluice_conformance::captures::{self, Captured};
use sluice_conformance::generate::damage;
use sluice_conformance::harness::{Broker, EVERYTHING};
use sluice_conformance::trial::{self, Dice};
use sluice_switch::{Ingress, Output, Sink};

#[derive(Default)]
struct Count {
    copies: u64,
    to_taps: u64,
}

impl Sink for Count {
    fn send(&mut self, output: Output<'_>) {
        self.copies += 1;
        self.to_taps += u64::from(output.port < 10);
    }
}

/// The broker, and what went through it.
struct Flood {
    broker: Broker,
    count: Count,
    sent: u64,
}

impl Flood {
    fn send(&mut self, frame: &Captured) {
        let ingress = Ingress {
            port: 1 + (self.sent % 2) as u16,
            time_ns: frame.time_ns,
            data: &frame.data,
            wire_length: frame.wire_length,
            bad_frame: self.sent.is_multiple_of(17),
        };
        let before = self.count.copies;
        let verdict = self.broker.process(&ingress, &mut self.count);
        assert_eq!(self.count.copies - before, u64::from(verdict.sent));
        self.sent += 1;
    }

    fn check(&mut self) {
        let account = self.broker.account();
        assert!(account.violations.is_empty(), "{:?}", account.violations);
        let received: u64 = account.ports.iter().map(|port| port.received).sum();
        let left: u64 = account.tools.iter().map(|tool| tool.sent).sum();
        let misses: u64 = account.ports.iter().map(|port| port.table_miss + port.refused).sum();
        assert_eq!((received, left, misses), (self.sent, self.count.copies, 0));
        assert_eq!(self.count.to_taps, 0, "something was sent to a tap");
    }
}

/// The frame cut to that many bytes; `on_the_wire` says whether it was so short there, too.
fn cut(frame: &Captured, bytes: usize, on_the_wire: bool) -> Captured {
    let data = frame.data[..bytes.min(frame.data.len())].to_vec();
    let wire_length = if on_the_wire { data.len() as u32 } else { frame.wire_length };
    Captured { time_ns: frame.time_ns, data, wire_length }
}

/// Frames of a file that are cut at every length: those at its start, and some of the others.
fn is_cut(dice: &mut Dice, index: usize) -> bool {
    trial::is_long() || index < 8 || dice.below(200) == 0
}

#[test]
fn whatever_comes_in_is_counted_and_hurts_nothing() {
    let Some(files) = captures::files() else { return };
    let mut flood = Flood { broker: Broker::with_policy(EVERYTHING), count: Count::default(), sent: 0 };
    trial::each(9, 1, |dice| {
        for path in &files {
            for (index, frame) in captures::read(path).iter().enumerate() {
                flood.send(frame);
                if is_cut(dice, index) {
                    for bytes in 0..=frame.data.len().min(200) {
                        flood.send(&cut(frame, bytes, true));
                        flood.send(&cut(frame, bytes, false));
                    }
                }
                for _ in 0..trial::count(3, 50) {
                    let mut damaged = frame.clone();
                    damage(dice, &mut damaged);
                    flood.send(&damaged);
                }
            }
            flood.check();
        }
    });
    println!("{} frames of {} files, {} copies", flood.sent, files.len(), flood.count.copies);
}

#[test]
fn noise_and_extreme_lengths_pass() {
    let mut flood = Flood { broker: Broker::with_policy(EVERYTHING), count: Count::default(), sent: 0 };
    trial::each(10, trial::count(2_000, 200_000), |dice| {
        let length = *dice.pick(&[0, 1, 13, 14, 33, 60, 191, 192, 193, 300, 1_500]);
        let mut data = dice.bytes(length);
        // Noise behind a type that is looked into goes deeper.
        if data.len() >= 14 {
            let kinds: [[u8; 2]; 8] =
                [[8, 0], [0x86, 0xdd], [0x81, 0], [0x88, 0x47], [0x88, 0xe7], [0x88, 0x64], [8, 6], [0, 20]];
            let kind: &[u8; 2] = dice.pick(&kinds);
            data[12..14].copy_from_slice(kind);
        }
        flood.send(&Captured { time_ns: dice.word(), wire_length: data.len() as u32, data });
    });
    for length in [9_000, 65_535, 65_536, 262_144] {
        let data = vec![0; length];
        flood.send(&Captured { time_ns: u64::MAX, wire_length: length as u32, data });
    }
    flood.send(&Captured { time_ns: 0, wire_length: u32::MAX, data: vec![0xff; 64] });
    flood.check();
}

#[test]
fn configurations_that_are_wrong_change_nothing() {
    let mut broker = Broker::with_policy(EVERYTHING);
    for (wrong, says) in [
        ("ports: [", ""),
        (
            "ports: { a: { role: network, id: 1 } }\nfilters: [ { name: x, match: 'tcp prt 80', to: [] } ]",
            "prt",
        ),
        ("ports: { a: { role: network, id: 1 } }\nfilters: [ { name: x, to: [nowhere] } ]", "nowhere"),
        (
            "ports: { a: { role: network, id: 1 } }\nfilters: [ { name: x, from: [b], to: [] } ]",
            "there is no port `b`",
        ),
        ("ports: { a: { role: network, id: 1 } }\nfilters: [ { name: x, to: [a] } ]", "nothing is ever sent"),
    ] {
        let error = broker.apply(wrong).expect_err(wrong);
        assert!(error.contains("broker.yaml:") && error.contains(says), "{error}");
    }
    let frame = Captured { time_ns: 0, wire_length: 60, data: vec![0; 60] };
    assert!(!broker.send(1, &frame, false).copies.is_empty(), "the old policy is alive");
}

/// More sources than the table holds: refused, with the filter and the bound; nothing changes.
#[test]
fn overfull_tables_are_refused() {
    let mut broker = Broker::with_policy(EVERYTHING);
    let prefixes: Vec<String> =
        (0..40_000_u32).map(|i| format!("10.{}.{}.{}", i >> 15, (i >> 7) & 0xff, (i << 1) & 0xff)).collect();
    let text = format!(
        "ports: {{ a: {{ role: network, id: 1 }}, t: {{ role: tool, id: 2 }} }}\nsets:\n  many: [{}]\nfilters:\n  - {{ name: wide, match: src in @many, to: [t] }}\n",
        prefixes.join(", ")
    );
    let error = broker.apply(&text).expect_err("40,000 prefixes do not fit");
    assert!(
        error.contains("wide") && error.contains("narrow_ipv4_src"),
        "{}",
        &error[..error.len().min(2_000)]
    );
    assert!(broker.account().violations.is_empty());
}
