//! Cables that are drawn: a tool's end goes down, and how long its flows are without a tool. In a network namespace of its own, in which this test runs itself again.
//!
//! Skipped where none can be made (no root).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluice_target::sys::{Linux, System};

use crate::lab::{Daemon, ask};

/// Set in the process that is in the namespace.
const INSIDE: &str = "SLUICE_IN_NAMESPACE";
const FLOWS: u32 = 16;
/// From one frame to the next.
const STEP: Duration = Duration::from_micros(500);
/// How long packets go before and after what is done.
const AROUND: Duration = Duration::from_millis(200);

const POLICY: &str = "ports:\n  tap: { role: network, id: 1 }\n  a: { role: tool, id: 11 }\n  b: { role: tool, id: 12 }\n  c: { role: tool, id: 13 }\n\
                      groups:\n  all: { members: [a, b, c] }\nfilters:\n  - { name: everything, to: [all] }\n";

/// A namespace; it goes with this.
struct Namespace(String);

impl Drop for Namespace {
    fn drop(&mut self) {
        run(&format!("ip netns del {}", self.0));
    }
}

fn run(line: &str) -> bool {
    let mut words = line.split(' ');
    Command::new(words.next().unwrap_or_default())
        .args(words)
        .output()
        .is_ok_and(|output| output.status.success())
}

fn must(line: &str) {
    assert!(run(line), "{line}");
}

#[test]
fn the_flows_of_a_tool_whose_cable_is_drawn_go_elsewhere() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let namespace = Namespace(format!("sluice-c{}", std::process::id()));
    if !run(&format!("ip netns add {}", namespace.0)) {
        eprintln!("skipped: no network namespaces can be made here (needs root and `ip`)");
        return;
    }
    let own = std::env::current_exe().expect("this program has a path");
    let status = Command::new("ip")
        .args(["netns", "exec", &namespace.0])
        .arg(own)
        .args(["cable::the_flows_of_a_tool_whose_cable_is_drawn_go_elsewhere", "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(status.expect("it runs").success());
}

/// A frame of a flow, with a number.
fn frame(number: u32) -> Vec<u8> {
    let flow = number % FLOWS;
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend((1_000 + flow as u16).to_be_bytes());
    frame.extend([0, 53, 0, 26, 0, 0]);
    frame.extend(number.to_be_bytes());
    frame.resize(60, 0);
    frame
}

/// Raised when this goes, a panic included: nobody waits for ever.
struct Raise<'a>(&'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Sends while something is done, and a while before and after; when each frame was sent, and which tool got it.
fn traffic(meanwhile: impl FnOnce()) -> (Vec<Instant>, BTreeMap<u32, &'static str>) {
    let (done, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (until_done, until_stop) = (Raise(&done), Raise(&stop));
        let receiver = |name: &'static str, interface: &'static str| {
            let frames = Linux.open_receive(interface).expect("it is there");
            let stop = &stop;
            scope.spawn(move || {
                let (mut buffer, mut got) = ([0; 2048], Vec::new());
                while !stop.load(Ordering::Acquire) {
                    let received = frames.receive(&mut buffer, Duration::from_millis(20));
                    if let Ok(Some(frame)) = received
                        && frame.captured >= 46
                    {
                        let number = buffer[42..46].try_into().expect("four bytes");
                        got.push((u32::from_be_bytes(number), name));
                    }
                }
                got
            })
        };
        let receivers = [receiver("a", "a1"), receiver("b", "b1"), receiver("c", "c1")];
        let sender = scope.spawn(|| {
            let transmit = Linux.open_transmit("tap1").expect("it is there");
            let mut sent = Vec::new();
            while !done.load(Ordering::Acquire) {
                transmit.transmit(&frame(sent.len() as u32)).expect("there is room");
                sent.push(Instant::now());
                std::thread::sleep(STEP);
            }
            sent
        });
        std::thread::sleep(AROUND);
        meanwhile();
        std::thread::sleep(AROUND);
        drop(until_done);
        let sent = sender.join().expect("it does not panic");
        std::thread::sleep(Duration::from_millis(200));
        drop(until_stop);
        let got = receivers.into_iter().flat_map(|receiver| receiver.join().expect("it does not panic"));
        (sent, got.collect())
    })
}

/// By flow, who has it at the end.
fn owners(got: &BTreeMap<u32, &'static str>) -> BTreeMap<u32, &'static str> {
    got.iter().map(|(number, tool)| (number % FLOWS, *tool)).collect()
}

/// Waits until the broker says that of `b`.
fn until_b_is(folder: &Path, daemon: &Daemon, state: &str) {
    let begun = Instant::now();
    loop {
        let (text, _) = ask(folder, daemon, &["ports"]);
        let line = text.lines().find(|line| line.starts_with("b ")).unwrap_or_default().to_string();
        if line.split_whitespace().nth(3) == Some(state) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn inside() {
    must("ip link set lo up");
    for name in ["tap", "a", "b", "c"] {
        must(&format!("ip link add {name}0 type veth peer name {name}1"));
        for end in ["0", "1"] {
            let path = format!("/proc/sys/net/ipv6/conf/{name}{end}/disable_ipv6");
            // A kernel without IPv6 has nothing to turn off.
            let _ = std::fs::write(path, "1");
            must(&format!("ip link set {name}{end} up"));
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(folder.join("broker.yaml"), POLICY).expect("it can be written");
    let mut arguments: Vec<String> = ["tap", "a", "b", "c"]
        .iter()
        .flat_map(|name| ["--port".to_string(), format!("{name}=packet:{name}0")])
        .collect();
    arguments.extend([
        "--port-up-for".to_string(),
        "200".to_string(),
        "--port-downs".to_string(),
        "10".to_string(),
    ]);
    let daemon = Daemon::with(folder, &arguments);
    let (sent, got) = traffic(|| {});
    assert_eq!(got.len(), sent.len(), "nothing is lost while all are up");
    let before = owners(&got);
    let of_b = before.values().filter(|tool| **tool == "b").count();
    assert!(of_b > 0, "{before:?}");
    let mut outages = Vec::new();
    for _ in 0..5 {
        let (sent, got) = traffic(|| {
            must("ip link set b1 down");
            until_b_is(folder, &daemon, "down");
        });
        let after = owners(&got);
        for (flow, tool) in &before {
            assert!(
                if *tool == "b" { after[flow] != "b" } else { after[flow] == *tool },
                "{flow}: only its buckets move"
            );
        }
        let lost: Vec<u32> = (0..sent.len() as u32).filter(|number| !got.contains_key(number)).collect();
        assert!(lost.iter().all(|number| before[&(number % FLOWS)] == "b"), "no frame of others is lost");
        let outage = match (lost.first(), lost.last()) {
            (Some(first), Some(last)) => sent[*last as usize] - sent[*first as usize],
            _ => Duration::ZERO,
        };
        outages.push(outage);
        must("ip link set b1 up");
        until_b_is(folder, &daemon, "up");
        let (sent, got) = traffic(|| {});
        assert_eq!((got.len(), owners(&got)), (sent.len(), before.clone()), "each flow is where it was");
    }
    outages.sort_unstable();
    println!("flows of a tool whose cable is drawn are lost for {outages:?}");
    // A machine that does something else meanwhile may be late now and then.
    assert!(outages[1] < Duration::from_millis(50), "{outages:?}");
    let (text, code) = ask(folder, &daemon, &["status"]);
    assert!(code == Some(0) && text.contains("accounted for"), "{text}");
}
