//! Two taps of a broker that runs: a packet that it sends on from the first comes in at the second, on the soft switch and in the kernel. What is measured while it runs, and in the capture of the
//! stamped copies afterwards, lies within when each packet was sent and came back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use sluice_capture::sample::{SampleOptions, generate};
use sluice_capture::{ReadOptions, Reader};
use sluice_latency::{Format, KeyOptions, StampReader, keyed};
use sluice_target::port::Role;

use crate::lab::{Lab, PATIENCE, end, must, wait_until};
use crate::record::{files, now_ns};

const POLICY: &str = "
ports:
  tap-a: { role: network, id: 1, label: 101 }
  tap-b: { role: network, id: 2, label: 102 }
  ids: { role: tool, id: 11 }
  rec: { role: tool, id: 12 }
  loop: { role: tool, id: 13 }
  left: { role: tool, id: 14 }
filters:
  - { name: timed, to: [ids, rec], edits: { slice: { after: l4, bytes: 32 }, label: true, stamp: { format: d28b } } }
  - { name: through, from: [tap-a], to: [loop] }
  - { name: back, from: [tap-b], to: [left] }
";

const TELEMETRY: &str = "latency:
  - { name: wan, tool: ids, from: 101, to: 102, window: 1s, every: 1s, json: wan.jsonl }
";

/// What label and stamp add to a copy, bytes.
const ADDED: u32 = 4 + 14;

/// A few hundred frames of real traffic, each another one, by their keys: frames that are not told apart are of no use here.
fn frames() -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pcaps/cwd-navigation.pcap");
    let mut all: Vec<Vec<u8>> = Vec::new();
    if let Ok(file) = File::open(&path) {
        let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
        while let Ok(Some(packet)) = reader.next_packet() {
            all.push(packet.data.to_vec());
        }
    } else {
        println!("there is no {}: frames are made", path.display());
        let made = generate(SampleOptions { seed: 8, packets: 500, ..SampleOptions::default() });
        all.extend(made.expect("it is small").tap_a.into_iter().map(|frame| frame.data));
    }
    let mut by_key: BTreeMap<Option<u64>, Vec<u8>> = BTreeMap::new();
    let options = KeyOptions { depth: 32, ..KeyOptions::default() };
    for frame in all.into_iter().filter(|frame| (60..=1_514).contains(&frame.len())) {
        let key = keyed(&frame[12..], &options).and_then(|keyed| keyed.key);
        by_key.entry(key).or_insert(frame);
    }
    by_key.into_values().take(300).collect()
}

/// A stamped copy of a capture.
struct Copy {
    tap: String,
    /// When it came in, as the capture says, and as its stamp says.
    time_ns: u64,
    stamp_ns: u64,
    wire_length: u32,
    key: Option<u64>,
}

fn copies(folder: &str) -> Vec<Copy> {
    let stamps = StampReader::new(Format::D28b);
    let mut all = Vec::new();
    for file in files(folder) {
        let mut reader = Reader::new(File::open(&file).expect("it is there"), ReadOptions::default())
            .expect("it is a capture");
        let mut found = Vec::new();
        while let Ok(Some(packet)) = reader.next_packet() {
            let stamped = stamps.read(packet.data, 0, packet.wire_length).expect("each has a stamp");
            let options = KeyOptions { depth: 32, ..KeyOptions::default() };
            let key = keyed(&stamped.from_ether_type[4..], &options).and_then(|keyed| keyed.key);
            found.push((packet.interface, packet.time_ns, stamped.time_ns, packet.wire_length, key));
        }
        let names: Vec<String> =
            reader.interfaces().iter().map(|interface| interface.name.clone().unwrap_or_default()).collect();
        all.extend(found.into_iter().map(|(interface, time_ns, stamp_ns, wire_length, key)| Copy {
            tap: names.get(interface as usize).cloned().unwrap_or_default(),
            time_ns,
            stamp_ns,
            wire_length,
            key,
        }));
    }
    all
}

/// When each frame was sent, and when it was back.
fn replay(frames: &[Vec<u8>]) -> Vec<(u64, u64)> {
    let tap = end("tap-a", Role::Tool).transmit.expect("it sends");
    let mut left = end("left", Role::Network).receive.expect("it receives");
    let mut times = Vec::new();
    for frame in frames {
        let sent_ns = now_ns();
        tap.send(frame).expect("the cable is in");
        let begun = Instant::now();
        loop {
            let back = left.receive(Duration::from_millis(50)).expect("the cable is in");
            if back.is_some_and(|back| back.data == frame.as_slice()) {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "a frame of {} bytes does not come back", frame.len());
        }
        times.push((sent_ns, now_ns()));
    }
    times
}

fn intervals(lab: &Lab) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(lab.path("wan.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
}

/// Ports of `kind`; those that end in this process are the same for both.
fn packets_through(kind: &str) {
    let Some(lab) = Lab::new(&kind[..2], &["tap-a", "left"]) else { return };
    // One cable from a tool port to the second tap.
    must("ip link add loop mtu 1500 type veth peer name tap-b mtu 1500");
    must("ip link set loop up arp off && ip link set tap-b up arp off && ethtool -K tap-b gro on");
    lab.write("broker.yaml", POLICY);
    lab.write("telemetry.yaml", TELEMETRY);
    let folder = lab.path("rec");
    fs::create_dir(&folder).expect("it can be made");
    let ports = ["tap-a", "tap-b", "loop", "left"].map(|name| format!("{name}={kind}:{name}"));
    let here = ["ids=watch:".to_string(), format!("rec=capture:{folder}")];
    let words = ports.iter().chain(&here).flat_map(|port| ["--port", port.as_str()]);
    let words: Vec<&str> = words.chain(["--telemetry", "telemetry.yaml"]).collect();
    let daemon = lab.serve(&words);
    let frames = frames();
    let times = replay(&frames);
    wait_until("the capture", || copies(&folder).len() >= 2 * frames.len());
    let matched = || intervals(&lab).iter().filter_map(|line| line["matched"].as_u64()).sum::<u64>() as usize;
    // What is under way is known when later packets are there, or when it ends.
    let status = lab.ask(&daemon, &["status"]);
    assert!(status.contains("every packet and every copy is accounted for"), "{status}");
    daemon.end();
    assert_eq!(matched(), frames.len(), "{:?}\n{}", intervals(&lab), lab.log());

    let mut found: BTreeMap<(String, Option<u64>), Copy> = BTreeMap::new();
    for copy in copies(&folder) {
        assert_eq!(copy.time_ns, copy.stamp_ns, "the capture has the time at the tap");
        assert!(found.insert((copy.tap.clone(), copy.key), copy).is_none(), "one copy a tap");
    }
    assert_eq!(found.len(), 2 * frames.len(), "no other tap");
    let mut delays = Vec::new();
    for (frame, (sent_ns, back_ns)) in frames.iter().zip(&times) {
        let options = KeyOptions { depth: 32, ..KeyOptions::default() };
        let key = keyed(&frame[12..], &options).and_then(|keyed| keyed.key);
        let at = |tap: &str| &found[&(tap.to_string(), key)];
        let (first, second) = (at("tap-a"), at("tap-b"));
        let order = [*sent_ns, first.stamp_ns, second.stamp_ns, *back_ns];
        assert!(order.is_sorted(), "sent, at the first tap, at the second, back: {order:?}");
        assert_eq!(first.wire_length, frame.len() as u32 + ADDED, "as long as it would be without a slice");
        delays.push(second.stamp_ns - first.stamp_ns);
    }
    // What was told while it ran is what the capture says.
    let told = intervals(&lab);
    let told = told.iter().filter(|line| line["matched"].as_u64() > Some(0)).map(|line| &line["delays"]);
    let ends: Vec<(u64, u64)> =
        told.filter_map(|delays| Some((delays["min_ns"].as_u64()?, delays["max_ns"].as_u64()?))).collect();
    delays.sort_unstable();
    let (least, most) = (delays[0], delays[delays.len() - 1]);
    let all = (ends.iter().map(|(min, _)| *min).min(), ends.iter().map(|(_, max)| *max).max());
    assert_eq!(all, (Some(least), Some(most)), "{ends:?}");
    println!("{kind}: {} packets, {least} to {most} ns, median {}", delays.len(), delays[delays.len() / 2]);
}

#[test]
fn the_soft_switch_measures_packets_through_itself() {
    packets_through("packet");
}

#[test]
fn the_kernel_measures_packets_through_itself() {
    packets_through("xdp");
}
