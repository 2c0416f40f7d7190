//! A capture replayed through two taps of each data path: what `sluice-latency` measures in the stamped copies is the replay's clock, and on the simulated hardware, for packets that go
//! through it twice, the simulator's clocks.

use std::collections::BTreeMap;

use sluice_broker::Build;
use sluice_capture::sample::{SampleOptions, generate};
use sluice_conformance::captures::{self, Captured};
use sluice_conformance::harness::{self, Broker, CLOCK_HZ, HARDWARE};
use sluice_conformance::programs::{has_xdp, stay_on_processor};
use sluice_conformance::trial::{self, Dice};
use sluice_latency::{Analysis, Arrival, Fate, Format, Report, Settings, StampReader};
use sluice_rtl_sim::Run;
use sluice_switch::{Engine, Ingress, Output, Sink};
use sluice_xdp::{self as xdp, Device, Purpose};

/// Ports of the taps, the tool that measures, and the tool whose cable goes to the second tap.
const TAPS: [u16; 2] = [1, 2];
const IDS: u16 = 11;
const LOOP: u16 = 12;
/// Labels of the taps.
const LABELS: [u16; 2] = [101, 102];

const POLICY: &str = "
ports:
  tap-a: { role: network, id: 1, label: 101 }
  tap-b: { role: network, id: 2, label: 102 }
  ids: { role: tool, id: 11 }
  loop: { role: tool, id: 12 }
filters:
  - { name: timed, to: [ids], edits: { slice: { after: l4, bytes: 32 }, label: true, stamp: { format: d28b } } }
";

/// The same, and what the first tap sees goes through to the second.
fn through() -> String {
    format!("{POLICY}  - {{ name: through, from: [tap-a], to: [loop] }}\n")
}

/// Bytes of the longest frame that is replayed: all data paths take it.
const LONGEST: usize = 1_518;
/// When replays begin, nanoseconds since the UNIX epoch, in the middle of a second.
const START_NS: u64 = 1_700_000_000_400_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A frame at a tap.
#[derive(Clone, Debug)]
struct Event {
    port: u16,
    time_ns: u64,
    data: Vec<u8>,
}

/// Captures and their names: real ones, or a made one where there are none.
fn replays() -> Vec<(String, Vec<Captured>)> {
    let names: &[&str] = if trial::is_long() {
        &["cwd-navigation.pcap", "ssh.pcap", "smb2.pcap", "206_example_b.pcap", "sctp.pcap", "wikipedia.pcap"]
    } else {
        &["cwd-navigation.pcap", "sctp.pcap"]
    };
    let real: Vec<(String, Vec<Captured>)> =
        names.iter().filter_map(|name| Some(((*name).to_string(), captures::named(name)?))).collect();
    if !real.is_empty() {
        return real;
    }
    let made = generate(SampleOptions { seed: 9, packets: 1_000, ..SampleOptions::default() });
    let frames = made.expect("it is small").tap_a.into_iter().map(|frame| Captured {
        time_ns: frame.time_ns,
        wire_length: frame.data.len() as u32,
        data: frame.data,
    });
    vec![("a made one".to_string(), frames.collect())]
}

/// The frames of a capture at the first tap by its own clock, no two at one time, and at the second some microseconds later: as a network would have it, most soon, a few
/// much later, and as many earlier as clocks that are not set well make them.
fn at_two_taps(frames: &[Captured], dice: &mut Dice, most: usize) -> Vec<Event> {
    let begun_ns = frames.first().map_or(0, |frame| frame.time_ns);
    let mut last_ns = START_NS;
    let mut events = Vec::new();
    for frame in frames.iter().filter(|frame| (14..=LONGEST).contains(&frame.data.len())).take(most) {
        last_ns = (START_NS + frame.time_ns.saturating_sub(begun_ns)).max(last_ns + 1);
        let delay_ns = match dice.below(10) {
            0 => dice.between(500_000, 9_000_000),
            1 => 0,
            _ => dice.between(900, 40_000),
        };
        for (port, time_ns) in TAPS.into_iter().zip([last_ns, last_ns + delay_ns]) {
            events.push(Event { port, time_ns, data: frame.data.clone() });
        }
    }
    events.sort_by_key(|event| event.time_ns);
    events
}

/// What was measured: the report, and each packet's times at both taps.
struct Measured {
    report: Report,
    pairs: Vec<(u64, u64)>,
}

/// Reads the stamped copies as a tool does.
fn measure(copies: &[Vec<u8>]) -> Measured {
    let reader = StampReader::new(Format::D28b);
    let mut seen: Vec<_> = copies
        .iter()
        .map(|copy| {
            let stamped = reader.read(copy, 0, copy.len() as u32).expect("each copy has a stamp");
            let (tag, _) = stamped.from_ether_type.split_at(4);
            let label = u16::from_be_bytes([tag[2], tag[3]]) & 0xfff;
            let tap = LABELS.iter().position(|own| *own == label).expect("each copy has a label");
            (stamped.time_ns, tap, stamped)
        })
        .collect();
    seen.sort_by_key(|(time_ns, tap, _)| (*time_ns, *tap));
    let mut analysis = Analysis::new(Settings::new(vec!["tap-a".to_string(), "tap-b".to_string()]));
    let mut pairs = Vec::new();
    let mut sink = |arrival: &Arrival| {
        if let Fate::Settled { previous: Some(before), .. } = arrival.fate {
            pairs.push((before.time_ns, arrival.time_ns));
        }
    };
    for (_, tap, stamped) in &seen {
        analysis.push(*tap, stamped, &mut sink);
    }
    let report = analysis.finish(&mut sink);
    Measured { report, pairs }
}

/// All delays are those that are known, and every packet is accounted for. Says how many were found.
fn agrees(what: &str, copies: &[Vec<u8>], known: &BTreeMap<u64, u64>) -> usize {
    let Measured { report, pairs } = measure(copies);
    let segment = &report.segments[0];
    for (first_ns, second_ns) in &pairs {
        assert_eq!(known.get(first_ns), Some(second_ns), "{what}: a packet of {first_ns}");
    }
    assert_eq!((segment.lost, segment.gained), (0, 0), "{what}");
    for tap in &report.taps {
        let all = tap.matched + tap.duplicates + tap.ambiguous + tap.no_key + tap.unmatched;
        assert_eq!((tap.packets, all, tap.unstamped), (known.len() as u64, known.len() as u64, 0), "{what}");
    }
    // Of equal packets nobody can tell which came.
    assert!(pairs.len() * 10 > known.len() * 7, "{what}: {} of {}", pairs.len(), known.len());
    let delays = || pairs.iter().map(|(first, second)| second - first);
    let figures = segment.delays.expect("there are some");
    let (least, most) = (delays().min().unwrap_or(0), delays().max().unwrap_or(0));
    assert_eq!((figures.min_ns, figures.max_ns), (least as i64, most as i64), "{what}");
    println!(
        "{what}: {} of {} packets, {least} to {most} ns, p50 {}",
        pairs.len(),
        known.len(),
        figures.p50_ns
    );
    pairs.len()
}

/// Time at the second tap by that at the first.
fn known(events: &[Event]) -> BTreeMap<u64, u64> {
    let mut open: BTreeMap<&[u8], Vec<u64>> = BTreeMap::new();
    let mut known = BTreeMap::new();
    // Equal frames are in the order of the first tap; who overtook whom, the replay does not say, and nobody is asked: their key is ambiguous.
    for event in events.iter().filter(|event| event.port == TAPS[0]) {
        open.entry(&event.data).or_default().push(event.time_ns);
    }
    let mut later: BTreeMap<&[u8], Vec<u64>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.port == TAPS[1]) {
        later.entry(&event.data).or_default().push(event.time_ns);
    }
    for (data, first) in open {
        known.extend(first.into_iter().zip(later.remove(data).unwrap_or_default()));
    }
    known
}

/// Copies that the soft switch sends to the measuring tool.
#[derive(Default)]
struct ToTool(Vec<Vec<u8>>);

impl Sink for ToTool {
    fn send(&mut self, output: Output<'_>) {
        if output.port == IDS {
            self.0.push(output.data.to_vec());
        }
    }
}

fn on_soft_switch(events: &[Event], build: Build) -> Vec<Vec<u8>> {
    let mut broker = Broker::on(build, Engine::Native);
    broker.apply(POLICY).unwrap_or_else(|refused| panic!("{refused}"));
    let mut copies = ToTool::default();
    for Event { port, time_ns, data } in events {
        let wire_length = data.len() as u32;
        let ingress = Ingress { port: *port, time_ns: *time_ns, data, wire_length, bad_frame: false };
        broker.process(&ingress, &mut copies);
    }
    copies.0
}

/// Nothing where the kernel takes no programs.
fn in_kernel(events: &[Event]) -> Option<Vec<Vec<u8>>> {
    if !has_xdp() {
        return None;
    }
    stay_on_processor();
    let module = harness::module(Build::default());
    let mut device = Device::new(&module, "broker.p4", Purpose::Test).expect("the kernel takes the broker");
    let mut broker = Broker::default();
    let plan = broker.plan(POLICY).unwrap_or_else(|refused| panic!("{refused}"));
    let write = |_, updates: Vec<_>, _: &mut Broker| {
        device.write(&updates).expect("the kernel takes what the soft switch takes");
        vec![updates]
    };
    broker.carry_out(plan, write, |_, _| {});
    let mut copies = Vec::new();
    for Event { port, time_ns, data } in events {
        let wire_length = data.len() as u32;
        let arrival =
            xdp::Arrival { port: *port, time_ns: *time_ns, frame: data, wire_length, is_bad: false };
        let sent = device.pass(&arrival).expect("the kernel runs it");
        copies.extend(sent.into_iter().filter(|copy| copy.port == IDS).map(|copy| copy.frame));
    }
    Some(copies)
}

/// The broker in the simulated hardware, by that policy; none without Verilator.
fn hardware(yaml: &str) -> Option<sluice_rtl_sim::Device> {
    let mut device = harness::in_hardware(trial::is_long())?;
    let mut broker = Broker::on(HARDWARE, Engine::Native);
    let plan = broker.plan(yaml).unwrap_or_else(|refused| panic!("{refused}"));
    let write = |_, updates: Vec<_>, _: &mut Broker| {
        device.write(&updates).expect("there is room");
        vec![updates]
    };
    broker.carry_out(plan, write, |_, _| {});
    device.machine().run(8).expect("it runs");
    Some(device)
}

fn nothing_lost(device: &mut sluice_rtl_sim::Device) {
    let fine = ["received", "packet_dropped", "copy_dropped", "no_group"];
    let events = device.events().expect("it runs");
    assert!(events.iter().all(|(name, count)| fine.contains(name) || *count == 0), "{events:?}");
}

fn to_tool(run: &Run, port: u16) -> impl Iterator<Item = &sluice_rtl_sim::Sent> {
    run.sent.iter().filter(move |sent| sent.port == port)
}

/// Frames of a replay that the simulated hardware gets.
fn simulated() -> usize {
    trial::count(60, 2_000) as usize
}

#[test]
fn the_replays_clock_is_measured_on_every_target() {
    for (name, frames) in replays() {
        let mut dice = Dice::new(6);
        let events = at_two_taps(&frames, &mut dice, usize::MAX);
        let truth = known(&events);
        agrees(&format!("{name}, soft switch"), &on_soft_switch(&events, Build::default()), &truth);
        if let Some(copies) = in_kernel(&events) {
            agrees(&format!("{name}, XDP"), &copies, &truth);
        }
        let events = at_two_taps(&frames, &mut dice, simulated());
        let Some(mut device) = hardware(POLICY) else { continue };
        for Event { port, time_ns, data } in &events {
            device.machine().frame(*port, false, *time_ns, 8, data).expect("it goes in");
        }
        let run = device.run().expect("it runs");
        nothing_lost(&mut device);
        let copies: Vec<Vec<u8>> = to_tool(&run, IDS).map(|sent| sent.bytes.clone()).collect();
        agrees(&format!("{name}, RTL"), &copies, &known(&events));
        // And the same bytes as the soft switch.
        assert_eq!(copies, on_soft_switch(&events, HARDWARE), "{name}");
    }
}

/// The hardware's time at a clock, as a counter of nanoseconds beside it would have it.
fn time_of(clock: u64) -> u64 {
    START_NS + (u128::from(clock) * u128::from(SECOND_NS) / u128::from(CLOCK_HZ)) as u64
}

/// Clocks that a frame is on a stream.
fn beats(bytes: &[u8]) -> u64 {
    bytes.len().div_ceil(64) as u64
}

/// Sends the frames in at the first tap, some behind each other without a pause, stamped with the time of the clock at which their first beat comes.
fn first_pass(device: &mut sluice_rtl_sim::Device, frames: &[Captured], dice: &mut Dice) -> Run {
    let mut clock = device.machine().run(1).expect("it runs").clock;
    let mut expected = Vec::new();
    // Clocks that copies take and frames do not.
    let mut behind: u64 = 0;
    for frame in frames {
        let gap = if dice.percent(60) { dice.between(0, 5) } else { behind + dice.between(0, 40) };
        behind = behind.saturating_sub(gap);
        // The copy for the tool that measures, and two clocks for each.
        behind += 8;
        clock += gap;
        expected.push(clock);
        device.machine().frame(TAPS[0], false, time_of(clock), gap as u32, &frame.data).expect("it goes in");
        clock += beats(&frame.data);
    }
    let run = device.run().expect("it runs");
    assert_eq!(run.begun, expected, "the simulator begins frames when it was asked to");
    run
}

/// The copies of the first tap's packets that leave by the port `loop` come in at the second tap, at the clock at which they leave. What is measured between the two is what packets
/// are in the pipeline: to the nanosecond that of the simulator's clocks from a packet's first beat in to its copy's first beat out.
#[test]
fn the_simulators_clocks_are_measured() {
    for (name, frames) in replays() {
        let Some(mut device) = hardware(&through()) else { return };
        let fits = |frame: &&Captured| (14..=LONGEST).contains(&frame.data.len());
        let frames: Vec<Captured> = frames.iter().filter(fits).take(simulated()).cloned().collect();
        let mut dice = Dice::new(7);
        let run = first_pass(&mut device, &frames, &mut dice);
        let mut copies: Vec<Vec<u8>> = to_tool(&run, IDS).map(|sent| sent.bytes.clone()).collect();
        let out: Vec<_> = to_tool(&run, LOOP).collect();
        assert!(out.iter().map(|sent| &sent.bytes).eq(frames.iter().map(|frame| &frame.data)), "{name}");
        for sent in &out {
            device.machine().frame(TAPS[1], false, time_of(sent.first), 8, &sent.bytes).expect("it goes in");
        }
        let second = device.run().expect("it runs");
        nothing_lost(&mut device);
        copies.extend(to_tool(&second, IDS).map(|sent| sent.bytes.clone()));
        let ways: Vec<(u64, u64)> =
            run.begun.iter().copied().zip(out.iter().map(|sent| sent.first)).collect();
        let known = ways.iter().map(|(begun, left)| (time_of(*begun), time_of(*left))).collect();
        agrees(&format!("{name}, through RTL"), &copies, &known);
        for (first_ns, second_ns) in measure(&copies).pairs {
            let (begun, left) =
                ways.iter().find(|(begun, _)| time_of(*begun) == first_ns).expect("it is known");
            // Both ends of it are whole nanoseconds.
            let of_clocks = (left - begun) as f64 * SECOND_NS as f64 / CLOCK_HZ as f64;
            assert!((of_clocks - (second_ns - first_ns) as f64).abs() < 1.0, "{of_clocks} ns, {first_ns}");
        }
        let clocks = || ways.iter().map(|(begun, left)| left - begun);
        let (least, most) = (clocks().min().unwrap_or(0), clocks().max().unwrap_or(0));
        println!("{name}: {least} to {most} clocks in the pipeline");
        let layout = device.layout();
        assert!(
            least >= u64::from(layout.ingress_clocks),
            "{least} clocks: a packet left before its verdict"
        );
        assert!(most > least, "no packet waited for another: the test tests nothing");
    }
}
