//! The broker's own program with a policy on the card: what leaves is what `sluice replay` writes, and what is told is what a broker on the soft switch tells of the same frames.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use sluice_capture::sample::{SampleFrame, SampleOptions, generate, write_tap};
use sluice_conformance::programs::{rtl_cache, verilator};
use sluice_entities::{Entity, Query};
use sluice_p4runtime::{RemoteOptions, RemoteTarget, RemoteToken};
use sluice_target::Target;

use crate::lab::{Broker, Ends, Process, frames, log, words};

/// The card's build of the program.
pub(crate) const SIZES: [&str; 4] = ["--terms", "64", "--copies", "64"];

/// Frames of each tap.
const FRAMES: usize = 24;

/// The policy's ports, in the order of the card's.
const PORTS: [&str; 7] = ["tap-a", "tap-b", "ids-1", "ids-2", "recorder", "analyser", "wan"];

/// The policy of the examples; a packet is a repeat also where it comes again much later.
fn policy() -> String {
    include_str!("../files/broker.yaml").replace("window: 50ms", "window: 60s")
}

pub(crate) fn write(folder: &Path, name: &str, frames: &[SampleFrame]) {
    let tap = write_tap(Vec::new(), "tap", frames).expect("memory takes it");
    std::fs::write(folder.join(name), tap).expect("it can be written");
}

/// Two captures, the second of which begins when the first has ended: in whatever way they are played the order is one.
fn captures(folder: &Path) -> [Vec<SampleFrame>; 2] {
    let options = SampleOptions { seed: 8, packets: 100, ..SampleOptions::default() };
    let sample = generate(options).expect("it is small");
    let (mut tap_a, mut tap_b) = (sample.tap_a, sample.tap_b);
    // Simulated, a frame takes a while.
    tap_a.truncate(FRAMES);
    tap_b.truncate(FRAMES);
    let (last, first) =
        (tap_a.last().map_or(0, |frame| frame.time_ns), tap_b.first().map_or(0, |frame| frame.time_ns));
    tap_b.iter_mut().for_each(|frame| frame.time_ns += last - first.min(last) + 1000);
    write(folder, "a.pcapng", &tap_a);
    write(folder, "b.pcapng", &tap_b);
    [tap_a, tap_b]
}

/// A card with the broker's program, whose frames wait.
pub(crate) fn card(folder: &Path, arguments: &[&str]) -> Process {
    static BUILDS: Mutex<()> = Mutex::new(());
    // Built once: the next one finds it.
    let _one = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = rtl_cache();
    let build = ["--build", cache.to_str().expect("the build's folder has a name of text")];
    let always = ["nic", "simulate", "--socket", "card.sock", "--broker", "--hold", "--out", "left"];
    let mut card = Process::start(folder, &[&always[..], &SIZES, &build, arguments].concat());
    assert_eq!(card.line(), "ready: vfio-user:card.sock\n", "{}", log(folder, "nic"));
    card
}

/// A broker on that card, whose ports are called that.
pub(crate) fn on_card(folder: &Path, names: &[&str], more: &[String]) -> Broker {
    let named = names.iter().enumerate().map(|(at, name)| format!("{name}=nic:{at}"));
    let ports: Vec<String> = named.flat_map(|port| ["--port".to_string(), port]).collect();
    let card = ["--card", "vfio-user:card.sock", "--card-patience", "600000"];
    Broker::start(folder, &[&card[..], &SIZES, &words(&ports), &words(more)].concat())
}

/// The same policy on the soft switch, with sockets as ports, and the frames of both taps taken through.
fn on_soft_switch(folder: &Path, taps: &[Vec<SampleFrame>; 2]) -> Broker {
    let ends = Ends::new(PORTS.len());
    let broker = Broker::start(folder, &[&SIZES[..], &words(&ends.arguments("--port", &PORTS))].concat());
    let mut sent = 0;
    for (at, frames) in taps.iter().enumerate() {
        for some in frames.chunks(40) {
            some.iter().for_each(|frame| ends.send(at, &frame.data));
            sent += some.len() as u64;
            broker.settle(sent);
        }
    }
    broker
}

/// What is told that is not of one data path alone: without times, and what a port's device is.
fn told(broker: &Broker, path: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !name.ends_with("_ns") && !name.starts_with("queue_"));
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = broker.json(path);
    strip(&mut value);
    value
}

/// What became of packets, as a controller reads it: the first cells, each as it is.
fn outcomes(broker: &Broker) -> Vec<Entity> {
    let token = RemoteToken::new(&broker.token).expect("it is one");
    let options =
        RemoteOptions { token: Some(token), ..RemoteOptions::new(format!("http://{}", broker.p4runtime)) };
    let remote = RemoteTarget::connect(options).expect("it serves");
    let mut all = Vec::new();
    for index in 0..40 {
        let query = Query::Counter { counter: Some("ingress.outcome".into()), index: Some(index) };
        remote.read_each(&query, &mut |entity| all.push(entity)).expect("it can be read");
    }
    all
}

#[test]
fn a_policy_on_a_card_is_told_of_as_on_the_soft_switch() {
    if verilator().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let beside = folder.join("soft");
    std::fs::create_dir(&beside).expect("it is new");
    for folder in [folder, &beside] {
        std::fs::write(folder.join("broker.yaml"), policy()).expect("it can be written");
    }
    let taps = captures(folder);
    let inputs = ["--in", "0=a.pcapng", "--in", "1=b.pcapng", "--ports", "7", "--capture-times"];
    let mut card = card(folder, &inputs);
    let broker = on_card(folder, &PORTS, &[]);
    card.go();
    let soft = on_soft_switch(&beside, &taps);
    let packets = taps.iter().map(Vec::len).sum::<usize>();
    assert_eq!(card.line(), format!("{packets} frames have come in\n"), "{}", log(folder, "nic"));
    broker.settle(packets as u64);

    let replay =
        ["replay", "broker.yaml", "--in", "tap-a=a.pcapng", "--in", "tap-b=b.pcapng", "--out", "replayed"];
    Process::start(folder, &replay).child.wait().expect("it ends");
    let mut left = 0;
    for (at, tool) in PORTS.iter().enumerate().skip(2) {
        let found = frames(&folder.join(format!("left/port-{at}.pcapng")));
        let file = if *tool == "wan" { "remote" } else { tool };
        let wanted = frames(&folder.join(format!("replayed/{file}.pcapng")));
        let first = found.iter().zip(&wanted).position(|(found, wanted)| found != wanted);
        assert!(found == wanted, "{tool}: {} of {}, frame {first:?}", found.len(), wanted.len());
        left += found.len();
    }
    assert!(left > packets / 2, "the sample has too little for the tools: {left}");
    for at in 0..2 {
        assert!(
            frames(&folder.join(format!("left/port-{at}.pcapng"))).is_empty(),
            "nothing is sent to a tap"
        );
    }

    for path in ["counters", "ports", "filters", "groups"] {
        let path = format!("/api/v1/{path}");
        let (on_card, on_soft) = (told(&broker, &path), told(&soft, &path));
        assert_eq!(on_card, on_soft, "{path}:\n{on_card:#}\n{on_soft:#}");
    }
    for words in [&["ports"][..], &["filters"], &["top", "--count", "1"]] {
        assert_eq!(broker.ask(folder, words), soft.ask(&beside, words), "{words:?}");
    }
    assert_eq!(outcomes(&broker), outcomes(&soft));
    let status = broker.ask(folder, &["status"]);
    assert!(status.contains(" on a FPGA NIC\n"), "{status}");
    assert!(status.contains("every packet and every copy is accounted for, 0 under way"), "{status}");
}
