//! Round-trip times of real captures, and what tshark says of the same packets.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_capture::frame::{Ethernet, Frame, Ipv4, Tcp};
use sluice_capture::{ReadOptions, Reader};
use sluice_latency::{RttFinder, RttKind};

/// Captures of the workplace, beside the project's folder.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pcaps");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"));
    paths.sort();
    paths
}

/// Times by kind and number of the answering packet, nanoseconds.
type Times = BTreeMap<(RttKind, u64), u64>;

/// The times of a capture, and how many answers were ambiguous.
fn found(path: &Path) -> Option<(Times, u64)> {
    let mut reader = Reader::new(File::open(path).ok()?, ReadOptions::default()).ok()?;
    let mut finder = RttFinder::new(3);
    let mut times = BTreeMap::new();
    let mut number = 0;
    while let Some(packet) = reader.next_packet().ok()? {
        number += 1;
        finder.packet(packet.time_ns, packet.data.get(12..)?, |sample| {
            times.insert((sample.kind, number), sample.rtt_ns);
        });
    }
    Some((times, finder.retransmitted()))
}

/// Fields of tshark, and what they count in, nanoseconds; and the kinds that they are.
const FIELDS: [(&str, f64, &[RttKind]); 3] = [
    ("tcp.analysis.ack_rtt", 1e9, &[RttKind::Syn, RttKind::SynAck, RttKind::Data]),
    ("icmp.resptime", 1e6, &[RttKind::Echo]),
    ("dns.time", 1e9, &[RttKind::Dns]),
];

/// A packet with a time by tshark: its number, the time of each field in nanoseconds, its protocols.
struct Told {
    number: u64,
    times: [Option<f64>; 3],
    protocols: String,
    fragment: bool,
}

fn told(path: &Path) -> Option<Vec<Told>> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(path).args([
        "-T",
        "fields",
        "-E",
        "occurrence=f",
        "-e",
        "frame.number",
        "-e",
        "frame.protocols",
    ]);
    // Put together from fragments: answered by the last, here by none.
    command.args(["-e", "ip.fragments", "-e", "ipv6.fragments"]);
    for (field, ..) in FIELDS {
        command.args(["-e", field]);
    }
    let text = String::from_utf8_lossy(&command.output().ok()?.stdout).into_owned();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let time = |at: usize| Some(cells.get(4 + at)?.parse::<f64>().ok()? * FIELDS[at].1);
        Some(Told {
            number: cells[0].parse().ok()?,
            times: [time(0), time(1), time(2)],
            protocols: cells[1].to_string(),
            fragment: !cells[2].is_empty() || !cells[3].is_empty(),
        })
    };
    Some(text.lines().filter_map(line).collect())
}

/// Tunnels that are not looked into.
const CLOSED: [&str; 3] = ["teredo", "ieee8021ah", "ppp"];
/// DNS that is not over UDP.
const OTHER_DNS: [&str; 2] = ["tcp:dns", "sctp:dns"];

#[test]
fn tshark_says_the_same_of_real_captures() {
    let captures = captures();
    if captures.is_empty() {
        println!("skipped: no captures beside the project");
        return;
    }
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    let mut compared = [0; 3];
    for path in captures {
        let name = path.file_name().expect("it has one").display().to_string();
        // Not Ethernet, or damaged.
        let Some((times, ambiguous)) = found(&path) else { continue };
        let told = told(&path).expect("tshark runs");
        let fragments = told.iter().any(|packet| packet.fragment);
        for (at, (field, _, kinds)) in FIELDS.into_iter().enumerate() {
            if at == 0 && fragments {
                // tshark puts segments together from fragments; here these say nothing, so that later segments are the first to acknowledge.
                continue;
            }
            let ours: BTreeMap<u64, u64> = times
                .iter()
                .filter(|((kind, _), _)| kinds.contains(kind))
                .map(|((_, number), rtt)| (*number, *rtt))
                .collect();
            let theirs: BTreeMap<u64, f64> =
                told.iter().filter_map(|packet| Some((packet.number, packet.times[at]?))).collect();
            for (number, rtt) in &ours {
                let Some(theirs) = theirs.get(number) else {
                    panic!("{name}: packet {number} has {field} {rtt} ns here, none by tshark");
                };
                // tshark prints as many digits as the capture has.
                assert!(
                    (theirs - *rtt as f64).abs() < 1_001.0,
                    "{name}: {number}: {rtt} is {theirs} by tshark"
                );
            }
            let more: Vec<u64> = told
                .iter()
                .filter(|packet| packet.times[at].is_some() && !ours.contains_key(&packet.number))
                .filter(|packet| {
                    !packet.fragment && !CLOSED.iter().any(|tunnel| packet.protocols.contains(tunnel))
                })
                .filter(|packet| at != 2 || !OTHER_DNS.iter().any(|other| packet.protocols.contains(other)))
                .map(|packet| packet.number)
                .collect();
            // What was sent twice has a time by tshark, and none here.
            let allowed = if at == 0 { ambiguous as usize } else { 0 };
            assert!(
                more.len() <= allowed,
                "{name}: {field} by tshark alone: {more:?}; {allowed} are ambiguous"
            );
            compared[at] += ours.len();
        }
    }
    println!("compared: {compared:?} of {:?}", FIELDS.map(|field| field.0));
    assert!(compared.iter().all(|count| *count > 10), "some of each: {compared:?}");
}

/// Numbers that wrap, an acknowledgment of several segments, something sent twice, and timestamps.
#[test]
fn rules_of_tcp() {
    let near = |tcp: Tcp, length: usize| {
        Frame::new()
            .then(Ethernet::new([2; 6], [4; 6]))
            .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]))
            .then(tcp)
            .payload(&vec![7; length])
            .build()
    };
    let far = |tcp: Tcp| {
        Frame::new()
            .then(Ethernet::new([4; 6], [2; 6]))
            .then(Ipv4::new([10, 0, 0, 2], [10, 0, 0, 1]))
            .then(tcp)
            .build()
    };
    let stamps =
        |value: u32, echo: u32| [&[1, 1, 8, 10][..], &value.to_be_bytes(), &echo.to_be_bytes()].concat();
    let data = |number: u32| Tcp::new(5_000, 80).numbers(number, 1);
    let ack = |number: u32| Tcp::new(80, 5_000).numbers(1, number);
    let start = u32::MAX - 150;
    let packets = [
        (0, near(data(start).options(&stamps(10, 1)), 100)),
        (10, near(data(start.wrapping_add(100)).options(&stamps(10, 1)), 100)),
        // Of both: the time of the second. The echo is of the first.
        (50, far(ack(start.wrapping_add(200)).options(&stamps(7, 10)))),
        (60, near(data(start.wrapping_add(200)), 100)),
        (70, near(data(start.wrapping_add(200)), 100)),
        (90, far(ack(start.wrapping_add(300)))),
        // Into the middle of a segment: no time, as nothing ends there.
        (100, near(data(start.wrapping_add(300)), 100)),
        (110, far(ack(start.wrapping_add(350)))),
        (130, far(ack(start.wrapping_add(400)))),
    ];
    let mut finder = RttFinder::new(3);
    let mut found = Vec::new();
    for (time_ns, bytes) in &packets {
        finder.packet(*time_ns, &bytes[12..], |sample| {
            found.push((sample.kind, sample.time_ns, sample.rtt_ns));
        });
    }
    let expected = [(RttKind::Data, 50, 40), (RttKind::Timestamp, 50, 50), (RttKind::Data, 130, 30)];
    assert_eq!(found, expected);
    assert_eq!(finder.retransmitted(), 1);
}
