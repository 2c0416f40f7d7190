//! Latency between two taps, measured by a broker that runs: its metrics, its lines of JSON, its records of IPFIX and its alert say what was sent.

use std::cell::Cell;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::Value;
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp};

use crate::lab::{Daemon, address, own_addresses, socket, until};

const POLICY: &str = "ports:
  tap: { role: network, id: 1, label: 101 }
  tap-b: { role: network, id: 2, label: 102 }
  ids: { role: tool, id: 11, speed: 100M }
filters:
  - { name: timed, to: [ids], edits: { slice: { after: l4, bytes: 32 }, label: true, stamp: { format: d28b } } }
";

fn frame(number: u32) -> Vec<u8> {
    let mut payload = vec![0; 200];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    Frame::new()
        .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
        .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]))
        .then(Udp::new(5_000, 6_000))
        .payload(&payload)
        .build()
}

/// A number of the page, by its name with labels.
pub(crate) fn metric(page: &str, name: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// A broker that measures the way between its two taps.
pub(crate) struct Way {
    pub(crate) daemon: Daemon,
    second: UdpSocket,
    own: SocketAddr,
    sent: Cell<u32>,
}

impl Way {
    pub(crate) fn start() -> Self {
        let telemetry = "latency:\n  - { name: wan, tool: ids, from: 101, to: 102, window: 1s, every: 1s, json: wan.jsonl }\n";
        let (second, (own, _)) = (socket(), own_addresses());
        let port = format!("tap-b=udp:{own},{}", address(&second));
        let files = [("broker.yaml", POLICY), ("telemetry.yaml", telemetry)];
        let daemon = Daemon::start(&files, &["--port", &port, "--telemetry", "telemetry.yaml"]);
        Self { daemon, second, own, sent: Cell::new(0) }
    }

    /// Twenty packets at both taps, at the second some time later.
    pub(crate) fn twenty(&self) {
        let from = self.sent.replace(self.sent.get() + 20);
        let frames: Vec<Vec<u8>> = (from..from + 20).map(frame).collect();
        frames.iter().for_each(|frame| self.daemon.send(frame));
        std::thread::sleep(Duration::from_millis(20));
        for frame in &frames {
            self.second.send_to(frame, self.own).expect("it can be sent");
        }
    }

    /// What it wrote to its file until now.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.daemon.folder.path().join("wan.jsonl")).unwrap_or_default();
        // The last line may be half written.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// Packets of the first record of delays in a message.
fn delay_records(message: &[u8]) -> Option<u64> {
    let word =
        |at: usize| message.get(at..at + 2).map(|bytes| usize::from(bytes[0]) << 8 | usize::from(bytes[1]));
    let mut at = 16;
    while let (Some(set), Some(length)) = (word(at), word(at + 2)) {
        if set == 258 {
            // Behind the way's number and the label.
            let packets = message.get(at + 14..at + 22)?;
            return Some(packets.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)));
        }
        at += length.max(4);
    }
    None
}

#[test]
fn what_is_under_way_between_two_taps_is_told() {
    let collector = socket();
    let telemetry = format!(
        "ipfix: {{ collectors: [\"{}\"] }}\nlatency:\n  - {{ name: wan, tool: ids, from: 101, to: 102, window: 1s, every: 1s, json: wan.jsonl, loss: {{ raise: 5%, clear: 1% }}, p99: {{ raise: 3000s }} }}\nalerts: {{ raise_after: 0s }}\n",
        address(&collector)
    );
    let (second, (own, _)) = (socket(), own_addresses());
    let port = format!("tap-b=udp:{own},{}", address(&second));
    let files = [("broker.yaml", POLICY), ("telemetry.yaml", telemetry.as_str())];
    let daemon = Daemon::start(&files, &["--port", &port, "--telemetry", "telemetry.yaml"]);
    // One of ten does not come to the second tap. What is under way is known when later packets are there.
    let (mut sent, mut lost) = (0_u32, 0.0);
    let mut twenty = || {
        let frames: Vec<(u32, Vec<u8>)> = (sent..sent + 20).map(|number| (number, frame(number))).collect();
        frames.iter().for_each(|(_, frame)| daemon.send(frame));
        // So long that the first tap's thread has seen them: IPFIX knows no delay below zero.
        std::thread::sleep(Duration::from_millis(20));
        for (_, frame) in frames.iter().filter(|(number, _)| number % 10 != 9) {
            second.send_to(frame, own).expect("it can be sent");
        }
        sent += 20;
        lost += 2.0;
    };
    let page = until("ten of a hundred are lost", || {
        twenty();
        let page = daemon.get("/metrics");
        let told = metric(&page, "sluice_latency_packets_total{way=\"wan\",fate=\"lost\"}")?;
        let raised = metric(&page, "sluice_alert_active{alert=\"latency_loss\",subject=\"wan\"}");
        (told >= 10.0 && raised == Some(1.0)).then_some(page)
    });
    let of = |fate: &str| {
        let name = format!("sluice_latency_packets_total{{way=\"wan\",fate=\"{fate}\"}}");
        metric(&page, &name).unwrap_or_else(|| panic!("no {name}\n{page}"))
    };
    // Sockets may be overrun, and threads may come late: then a few are lost, or at the second tap alone; but the most are at both.
    let (matched, told) = (of("matched"), of("lost"));
    assert!(matched >= 4.0 * told && told <= lost + 0.05 * f64::from(sent), "{page}");
    assert_eq!((of("duplicate"), of("ambiguous"), of("no_key"), of("unstamped")), (0.0, 0.0, 0.0, 0.0));
    let count = |name: &str| metric(&page, name).unwrap_or_else(|| panic!("no {name}\n{page}"));
    assert_eq!(count("sluice_latency_seconds_count{way=\"wan\"}"), matched);
    assert_eq!(count("sluice_latency_seconds_bucket{way=\"wan\",le=\"+Inf\"}"), matched);
    assert!(count("sluice_latency_memory_bytes{way=\"wan\"}") > 0.0);
    assert!(!page.contains("latency_p99"), "an hour is not reached");
    let mut buffer = [0; 2_000];
    let packets = until("a record of delays comes", || {
        let length = collector.recv(&mut buffer).ok()?;
        delay_records(&buffer[..length])
    });
    assert!(packets > 0);
    let folder = daemon.folder.path().to_path_buf();
    let text = std::fs::read_to_string(folder.join("wan.jsonl")).expect("it was written");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let sum = |key: &str| lines.iter().filter_map(|line| line[key].as_u64()).sum::<u64>() as f64;
    assert!(sum("matched") >= matched && sum("lost") >= told, "{text}");
    for line in &lines {
        assert_eq!(line["way"], "wan");
        if line["matched"].as_u64() > Some(0) {
            let delays = &line["delays"];
            assert!(delays["min_ns"].as_i64() <= delays["p99_ns"].as_i64(), "{line}");
        }
    }
    daemon.end();
}
