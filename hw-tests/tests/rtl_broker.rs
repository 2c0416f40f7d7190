//! The broker on the simulated hardware: it sends the same bytes and counts the same as the soft switch.
//!
//! Frames go in one behind the other, as on a wire, and what leaves by each port is compared as a sequence. The simulation is built once, by
//! Verilator and a C++ compiler, and kept (docs/TESTING.md).

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sluice_capture::sample::{SampleOptions, generate};
use sluice_conformance::captures::{self, Captured};
use sluice_conformance::generate::traffic::{Compared, SHAPES, damaged_captures, random_policy};
use sluice_conformance::generate::{PolicyShape, damage};
use sluice_conformance::harness::alternating::{self, LEFT, NUMBER_AT};
use sluice_conformance::harness::{self, Broker};
use sluice_conformance::trial::{self, Dice};
use sluice_entities::{DirectCounterEntry, Entity, EntryAttributes, EntryKey, Query, TableEntry, Update};
use sluice_policy::PhaseKind;
use sluice_rtl_sim::Device;
use sluice_switch::{Engine, Ingress, Output, Sink};

/// Everything that the soft switch sent, by port.
#[derive(Default)]
struct Sent(BTreeMap<u16, Vec<(u16, Vec<u8>)>>);

impl Sink for Sent {
    fn send(&mut self, output: Output<'_>) {
        self.0.entry(output.port).or_default().push((output.instance, output.data.to_vec()));
    }
}

/// The same broker twice.
struct Pair {
    soft: Broker,
    rtl: Device,
    /// What is to leave, of all frames that are on their way.
    expected: Sent,
    /// Clocks that the copies of the last frame take: the next one comes behind them, since more than one port carries is not the question here.
    busy: u32,
    packets: u64,
    copies: u64,
    clocks: u64,
}

impl Pair {
    /// None where there is no Verilator.
    fn new(is_fast: bool) -> Option<Self> {
        let begun = Instant::now();
        let rtl = harness::in_hardware(is_fast)?;
        println!("built in {:.0?}", begun.elapsed());
        Some(Self {
            soft: Broker::on(harness::HARDWARE, Engine::Native),
            rtl,
            expected: Sent::default(),
            busy: 0,
            packets: 0,
            copies: 0,
            clocks: 0,
        })
    }

    /// Waits for all that is on its way, and compares.
    fn arrive(&mut self) {
        let run = self.rtl.run().expect("it runs");
        self.clocks = run.clock;
        let mut found: BTreeMap<u16, Vec<(u16, Vec<u8>)>> = BTreeMap::new();
        for sent in run.sent {
            found.entry(sent.port).or_default().push((sent.instance, sent.bytes));
        }
        let expected = std::mem::take(&mut self.expected).0;
        self.copies += expected.values().map(Vec::len).sum::<usize>() as u64;
        let ports: std::collections::BTreeSet<u16> = expected.keys().chain(found.keys()).copied().collect();
        for port in ports {
            let (expected, found) = (expected.get(&port), found.get(&port));
            let (expected, found) = (expected.map_or(&[][..], |all| all), found.map_or(&[][..], |all| all));
            for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
                assert_eq!(
                    found, expected,
                    "port {port}, copy {number}:\n{:02x?}\ninstead of\n{:02x?}",
                    found.1, expected.1
                );
            }
            assert_eq!(found.len(), expected.len(), "copies to port {port}: {:?}", self.rtl.events());
        }
    }
}

impl Compared for Pair {
    fn apply(&mut self, yaml: &str) -> bool {
        self.arrive();
        let Ok(plan) = self.soft.plan(yaml) else { return false };
        let mut refused = None;
        let rtl = &mut self.rtl;
        let both = |_, updates: Vec<_>, _: &mut Broker| {
            // What does not fit is refused before anything of it is written.
            if refused.is_none() {
                refused = rtl.write(&updates).err();
            }
            vec![updates]
        };
        self.soft.carry_out(plan, both, |_, _| {});
        assert!(refused.is_none(), "{refused:?}\n{yaml}");
        // All has been written before the next frame comes.
        self.rtl.machine().run(8).expect("it runs");
        true
    }

    fn send(&mut self, port: u16, frame: &Captured, bad_frame: bool) {
        let Captured { time_ns, data, .. } = frame;
        if data.is_empty() {
            return;
        }
        let ingress = Ingress { port, time_ns: *time_ns, data, wire_length: data.len() as u32, bad_frame };
        let mut sent = Sent::default();
        self.soft.process(&ingress, &mut sent);
        self.rtl.machine().frame(port, bad_frame, *time_ns, self.busy, data).expect("it goes in");
        self.packets += 1;
        self.busy = 0;
        for (port, copies) in sent.0 {
            self.busy += copies.iter().map(|(_, data)| 2 + data.len().div_ceil(64) as u32).sum::<u32>();
            self.expected.0.entry(port).or_default().extend(copies);
        }
    }

    fn packets(&self) -> u64 {
        self.packets
    }

    fn check(&mut self) {
        self.arrive();
        let counted = self.soft.switch().read(&Query::DirectCounter { table: None, key: None });
        for counted in counted.expect("it is there") {
            let Entity::DirectCounter(DirectCounterEntry { table, key, data }) = counted else { continue };
            let EntryKey::Entry { matches, priority } = &key else { continue };
            let (matches, priority) = (matches.clone(), *priority);
            let attributes = EntryAttributes::default();
            let entry = TableEntry { table: table.clone(), matches, priority, action: None, attributes };
            let found = self.rtl.direct_counter(&entry).expect("it runs");
            assert_eq!(found, data, "{table} {key:?}");
        }
        let lost = self.rtl.events().expect("it runs");
        let is_loss =
            |name: &str| !matches!(name, "received" | "packet_dropped" | "copy_dropped" | "no_group");
        assert!(lost.iter().all(|(name, count)| !is_loss(name) || *count == 0), "{lost:?}");
    }
}

/// Policies that the build has room for.
fn small(shape: PolicyShape) -> PolicyShape {
    PolicyShape { filters: shape.filters.min(8), ..shape }
}

fn trial(pair: &mut Pair, dice: &mut Dice) {
    let shape = small(*dice.pick(&SHAPES));
    random_policy(pair, dice, shape);
}

#[test]
fn random_policies_and_packets() {
    let Some(mut pair) = Pair::new(trial::is_long()) else { return };
    let begun = Instant::now();
    trial::each(950_000, trial::count(3, 400), |dice| trial(&mut pair, dice));
    println!(
        "{} packets, {} copies, {} clocks in {:.1?}",
        pair.packets,
        pair.copies,
        pair.clocks,
        begun.elapsed()
    );
    assert!(pair.copies > 0);
}

/// Two taps with the same flows, some frames damaged, through a policy with every feature.
#[test]
fn everything_at_once() {
    let Some(mut pair) = Pair::new(trial::is_long()) else { return };
    assert!(pair.apply(harness::EVERYTHING), "the build has room for it");
    let packets = trial::count(80, 5_000) as usize;
    let sample =
        generate(SampleOptions { seed: 5, packets, ..SampleOptions::default() }).expect("it is small");
    let mut dice = Dice::new(5);
    for (number, (one, other)) in sample.tap_a.iter().zip(&sample.tap_b).enumerate() {
        for (port, frame) in [(1, one), (2, other)] {
            let time_ns = 1_700_000_000_000_000_000 + number as u64 * 2_000 + u64::from(port);
            let (data, wire_length) = (frame.data.clone(), frame.data.len() as u32);
            let mut frame = Captured { time_ns, data, wire_length };
            if dice.percent(20) {
                damage(&mut dice, &mut frame);
            }
            pair.send(port, &frame, dice.percent(2));
        }
    }
    pair.check();
    if let Some(files) = captures::files().filter(|_| trial::is_long()) {
        for path in &files {
            damaged_captures(&mut pair, &mut dice, &captures::read(path));
            pair.check();
        }
    }
    println!("{} packets, {} copies, {} clocks", pair.packets, pair.copies, pair.clocks);
    assert!(pair.copies > 0);
}

/// Clocks from one frame to the next while policies change: both copies of one have left by then.
const APART: u32 = 12;

/// Frames that go in while registers are written, and what left.
#[derive(Default)]
struct Traffic {
    sent: u64,
    written: u64,
    /// Lengths of the copies of the frames of one change, in order, by port.
    lengths: BTreeMap<u16, Vec<usize>>,
}

impl Traffic {
    /// Does what was written since the last time, with frames from before it until behind it.
    fn flow(&mut self, rtl: &mut Device) {
        let clocks = 2 * (rtl.machine().written() - self.written);
        let frames = clocks / u64::from(APART) + 20;
        self.written = rtl.machine().written();
        for number in self.sent..self.sent + frames {
            rtl.machine().frame(1, false, 0, APART - 4, &alternating::frame(number)).expect("it goes in");
        }
        let run = rtl.run().expect("it runs");
        for port in [11, 12] {
            let copies = || run.sent.iter().filter(|sent| sent.port == port);
            let number = |bytes: &[u8]| {
                bytes[NUMBER_AT..NUMBER_AT + 8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            };
            let numbers: Vec<u64> = copies().map(|sent| number(&sent.bytes)).collect();
            assert!(numbers.iter().copied().eq(self.sent..self.sent + frames), "port {port}: {numbers:?}");
            self.lengths.entry(port).or_default().extend(copies().map(|sent| sent.bytes.len()));
        }
        self.sent += frames;
    }
}

/// Policies change while frames come: none is lost, both copies of each are of one policy, and there is one moment at which it changes.
#[test]
fn policies_change_under_traffic() {
    let Some(mut pair) = Pair::new(trial::is_long()) else { return };
    assert!(pair.apply(&alternating::policy(0)), "it fits");
    let mut traffic = Traffic { written: pair.rtl.machine().written(), ..Traffic::default() };
    let changes = trial::count(3, 200) as usize;
    for turn in 1..=changes {
        let plan = pair.soft.plan(&alternating::policy(turn)).expect("it fits");
        let rtl = &mut pair.rtl;
        let write = |kind, updates: Vec<Update>, _: &mut Broker| {
            // What the old policy had goes once no packet is on its way by it.
            if kind == PhaseKind::Remove {
                traffic.flow(rtl);
            }
            rtl.write(&updates).expect("there is room");
            vec![updates]
        };
        pair.soft.carry_out(plan, write, |_, _| {});
        traffic.flow(rtl);
        let lengths = std::mem::take(&mut traffic.lengths);
        assert_eq!(lengths[&11], lengths[&12], "a frame met two policies");
        let mut seen = lengths[&11].clone();
        seen.dedup();
        assert_eq!(seen, [LEFT[(turn + 1) % 2], LEFT[turn % 2]], "the old policy, then the new one");
    }
    println!("{changes} changes, {} frames", traffic.sent);
}

/// For so long as `SLUICE_FUZZ_SECONDS` says, from a seed that the clock gives.
#[test]
fn differential_fuzz() {
    let seconds = std::env::var("SLUICE_FUZZ_SECONDS").ok().and_then(|text| text.parse::<u64>().ok());
    let Some(seconds) = seconds else { return };
    let Some(mut pair) = Pair::new(true) else { return };
    let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs()) << 24;
    let (begun, mut trials) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        trial::each(first + trials, 1, |dice| trial(&mut pair, dice));
        trials += 1;
    }
    println!(
        "from seed {first}: {trials} policies, {} packets, {} copies, {} clocks",
        pair.packets, pair.copies, pair.clocks
    );
    assert!(pair.copies > 0);
}
