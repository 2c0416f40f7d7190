//! The broker in the kernel: XDP sends the same bytes and counts the same as the soft switch.

use sluice_broker::Build;
use sluice_conformance::captures::{self, Captured};
use sluice_conformance::generate::traffic::{Compared, SHAPES, damaged_captures, random_policy};
use sluice_conformance::generate::{Frames, PolicyShape, Values};
use sluice_conformance::harness::{self, Broker};
use sluice_conformance::programs::{has_xdp, stay_on_processor};
use sluice_conformance::trial::{self, Dice};
use sluice_entities::{DirectCounterEntry, Entity, Query};
use sluice_switch::{Engine, Ingress, Output, Sink};
use sluice_xdp::{Arrival, Departure, Device, Freeze, MAX_TEST_FRAME, Purpose};

/// Everything that the soft switch sent.
#[derive(Default)]
struct Sent(Vec<Departure>);

impl Sink for Sent {
    fn send(&mut self, output: Output<'_>) {
        let frame = output.data.to_vec();
        let Output { port, instance, original_length, .. } = output;
        self.0.push(Departure { port, instance, frame, original_length });
    }
}

/// The same broker twice.
struct Pair {
    soft: Broker,
    xdp: Device,
    packets: u64,
    copies: u64,
    policies: u64,
}

impl Pair {
    fn new(build: Build) -> Self {
        stay_on_processor();
        let module = harness::module(build);
        let xdp = Device::new(&module, "broker.p4", Purpose::Test).expect("the kernel takes the broker");
        Self { soft: Broker::on(build, Engine::Native), xdp, packets: 0, copies: 0, policies: 0 }
    }
}

impl Compared for Pair {
    fn apply(&mut self, yaml: &str) -> bool {
        let Ok(plan) = self.soft.plan(yaml) else { return false };
        let xdp = &mut self.xdp;
        let both = |_, updates: Vec<_>, _: &mut Broker| {
            xdp.write(&updates).expect("the kernel takes what the soft switch takes");
            vec![updates]
        };
        self.soft.carry_out(plan, both, |_, _| {});
        // Every second policy has a program of its own, half of those with constants; the one after it finds that in its place.
        self.policies += 1;
        if self.policies.is_multiple_of(2) {
            self.xdp.specialize(Freeze::Nothing).expect("the kernel takes what is left of the program");
        }
        if self.policies.is_multiple_of(4) {
            self.xdp.specialize(Freeze::Contents).expect("the kernel takes it with constants");
        }
        true
    }

    fn send(&mut self, port: u16, frame: &Captured, bad_frame: bool) {
        let Captured { time_ns, data, wire_length } = frame;
        if data.len() > MAX_TEST_FRAME {
            return;
        }
        let ingress = Ingress { port, time_ns: *time_ns, data, wire_length: *wire_length, bad_frame };
        let mut expected = Sent::default();
        self.soft.process(&ingress, &mut expected);
        let (time_ns, wire_length) = (*time_ns, *wire_length);
        let arrival = Arrival { port, time_ns, frame: data, wire_length, is_bad: bad_frame };
        let found = self.xdp.pass(&arrival).expect("the kernel runs it");
        assert_eq!(found, expected.0, "port {port}, {} bytes: {data:02x?}", data.len());
        self.packets += 1;
        self.copies += found.len() as u64;
    }

    fn packets(&self) -> u64 {
        self.packets
    }

    fn check(&mut self) {
        for counted in
            self.soft.switch().read(&Query::DirectCounter { table: None, key: None }).expect("it is there")
        {
            let Entity::DirectCounter(DirectCounterEntry { table, key, data }) = counted else { continue };
            let found = self.xdp.direct_counter(&table, &key).expect("the kernel has it");
            assert_eq!(found, data, "{table} {key:?}");
        }
    }
}

#[test]
fn random_policies_and_packets() {
    if !has_xdp() {
        return;
    }
    let mut pair = Pair::new(Build::default());
    trial::each(900_000, trial::count(20, 4_000), |dice| {
        let shape = *dice.pick(&SHAPES);
        random_policy(&mut pair, dice, shape);
    });
    println!("{} packets, {} copies", pair.packets, pair.copies);
    assert!(pair.copies > 0);
}

/// Bitmaps of sixteen words, and a hundred more tables.
#[test]
fn a_build_with_more_terms() {
    if !has_xdp() {
        return;
    }
    let shape = PolicyShape { filters: 60, edits: 30, sampling: true, dedup: true, groups: true };
    let mut pair = Pair::new(Build { terms: 1_024, ..Build::default() });
    trial::each(920_000, trial::count(3, 400), |dice| random_policy(&mut pair, dice, shape));
    println!("{} packets, {} copies", pair.packets, pair.copies);
    assert!(pair.copies > 0);
}

/// Captures as they are, cut short, and with bytes flipped, through a policy with every feature.
#[test]
fn captures_with_byte_flips() {
    let Some(files) = captures::files() else { return };
    if !has_xdp() {
        return;
    }
    let mut pair = Pair::new(Build::default());
    assert!(pair.apply(harness::EVERYTHING));
    trial::each(910_000, 1, |dice| {
        for path in &files {
            damaged_captures(&mut pair, dice, &captures::read(path));
        }
    });
    pair.check();
    println!("{} packets, {} copies", pair.packets, pair.copies);
}

/// What ingress of a packet costs in the kernel: figures to read, of one run.
#[test]
#[ignore = "prints figures"]
fn ingress_times() {
    if !has_xdp() {
        return;
    }
    let mut pair = Pair::new(Build::default());
    let values = Values::new(&mut Dice::new(1), false);
    let frames = Frames::new(&values, 0);
    let mut dice = Dice::new(2);
    let some: Vec<Captured> = (0..50).map(|_| frames.next(&mut dice)).collect();
    for (name, yaml) in [("nothing", None), ("everything", Some(harness::EVERYTHING))] {
        if let Some(yaml) = yaml {
            assert!(pair.apply(yaml));
        }
        let mut times: Vec<u128> = some
            .iter()
            .map(|frame| {
                let (time_ns, wire_length) = (frame.time_ns, frame.wire_length);
                let arrival = Arrival { port: 1, time_ns, frame: &frame.data, wire_length, is_bad: false };
                (0..20)
                    .map(|_| pair.xdp.time_ingress(&arrival, 2_000).expect("it runs").as_nanos())
                    .min()
                    .unwrap_or(0)
            })
            .collect();
        times.sort_unstable();
        println!("{name}: least {} ns, median {}, most {}", times[0], times[25], times[49]);
    }
}
