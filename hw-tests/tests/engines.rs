//! The two engines of the soft switch hold together: native code sends the same bytes, counts the same and leaves the same registers as the
//! interpreter, which is the reference.
//!
//! Every program below `p4/` runs on both engines, too: see `p4_programs.rs`.

use sluice_broker::Build;
use sluice_conformance::captures::{self, Captured};
use sluice_conformance::generate::PolicyShape;
use sluice_conformance::generate::traffic::{Compared, SHAPES, damaged_captures, random_policy};
use sluice_conformance::harness::Broker;
use sluice_conformance::trial;
use sluice_entities::{Entity, Query};
use sluice_switch::{Engine, Ingress, Output, Sink, Verdict};

/// Everything that came out.
#[derive(Default, PartialEq, Eq, Debug)]
struct Sent(Vec<(u16, u16, u32, Vec<u8>)>);

impl Sink for Sent {
    fn send(&mut self, output: Output<'_>) {
        self.0.push((output.port, output.instance, output.original_length, output.data.to_vec()));
    }
}

/// The same broker on both engines.
struct Pair {
    interpreter: Broker,
    native: Broker,
    packets: u64,
    copies: u64,
}

fn through(broker: &mut Broker, ingress: &Ingress<'_>) -> (Verdict, Sent) {
    let mut sent = Sent::default();
    let verdict = broker.process(ingress, &mut sent);
    (verdict, sent)
}

/// All that packets change, counters and registers; or what they changed in counters of entries.
fn traces(broker: &Broker, all: bool) -> Vec<Entity> {
    let queries = [
        Query::DirectCounter { table: None, key: None },
        Query::Counter { counter: None, index: None },
        Query::Register { register: None, index: None },
    ];
    queries[..if all { 3 } else { 1 }]
        .iter()
        .flat_map(|query| broker.switch().read(query).expect("it is there"))
        .collect()
}

impl Pair {
    fn new(build: Build) -> Self {
        let (interpreter, native) =
            (Broker::on(build, Engine::Interpreter), Broker::on(build, Engine::Native));
        Self { interpreter, native, packets: 0, copies: 0 }
    }

    /// What packets changed is the same.
    fn same(&self, all: bool) {
        let (one, other) = (traces(&self.interpreter, all), traces(&self.native, all));
        let difference = one.iter().zip(&other).find(|(one, other)| one != other);
        assert!(difference.is_none() && one.len() == other.len(), "{difference:?}");
    }
}

impl Compared for Pair {
    fn apply(&mut self, yaml: &str) -> bool {
        let (one, other) = (self.interpreter.apply(yaml), self.native.apply(yaml));
        assert_eq!(one, other);
        one.is_ok()
    }

    fn send(&mut self, port: u16, frame: &Captured, bad_frame: bool) {
        let Captured { time_ns, data, wire_length } = frame;
        let ingress = Ingress { port, time_ns: *time_ns, data, wire_length: *wire_length, bad_frame };
        let expected = through(&mut self.interpreter, &ingress);
        let found = through(&mut self.native, &ingress);
        assert_eq!(found, expected, "port {port}, {} bytes: {data:02x?}", data.len());
        self.packets += 1;
        self.copies += u64::from(found.0.sent);
    }

    fn packets(&self) -> u64 {
        self.packets
    }

    fn check(&mut self) {
        self.same(false);
    }
}

#[test]
fn random_policies_and_packets() {
    let mut pair = Pair::new(Build::default());
    trial::each(600_000, trial::count(20, 4_000), |dice| {
        let shape = *dice.pick(&SHAPES);
        random_policy(&mut pair, dice, shape);
    });
    pair.same(true);
    println!("{} packets, {} copies", pair.packets, pair.copies);
    assert!(pair.copies > 0);
}

/// Long bitmaps, which stand in memory and not in registers.
#[test]
fn a_build_with_more_terms() {
    let shape = PolicyShape { filters: 60, edits: 30, sampling: true, dedup: true, groups: true };
    let mut pair = Pair::new(Build { terms: 1_024, ..Build::default() });
    trial::each(700_000, trial::count(3, 400), |dice| random_policy(&mut pair, dice, shape));
    pair.same(true);
    assert!(pair.copies > 0);
}

/// Captures as they are, cut short, and with bytes flipped, through a policy with every feature.
#[test]
fn captures_with_byte_flips() {
    let Some(files) = captures::files() else { return };
    let mut pair = Pair::new(Build::default());
    assert!(pair.apply(sluice_conformance::harness::EVERYTHING));
    trial::each(800_000, 1, |dice| {
        for path in &files {
            damaged_captures(&mut pair, dice, &captures::read(path));
        }
    });
    pair.same(true);
    println!("{} packets, {} copies", pair.packets, pair.copies);
}
