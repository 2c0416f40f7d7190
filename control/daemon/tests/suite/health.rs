//! Tool ports that go down and come back: their shares of a group move and return, and nothing else does; ports that are attached and detached while packets flow.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_daemon::{Broker, What};
use sluice_store::Store;
use sluice_target::Target;

use crate::lab::{Lab, all_to, frame, number};

/// Both tools share all flows.
const SHARED: &str = "ports:\n  tap: { role: network, id: 1 }\n  left: { role: tool, id: 11 }\n  right: { role: tool, id: 12 }\n\
                      groups:\n  both: { members: [left, right] }\nfilters:\n  - { name: everything, to: [both] }\n";

/// Flows that are sent.
const FLOWS: u32 = 60;

fn lab() -> Lab {
    let store = Store::in_memory().expect("there is memory");
    Lab::start(Arc::new(store), SHARED).expect("the policy is right")
}

/// A packet of a flow: its source port tells which.
fn of_flow(flow: u32) -> Vec<u8> {
    let mut frame = frame(flow);
    frame[34..36].copy_from_slice(&(1_000 + flow as u16).to_be_bytes());
    frame
}

/// Sends a packet of each flow; which tool got it.
fn owners(lab: &Lab) -> BTreeMap<u32, &'static str> {
    for flow in 0..FLOWS {
        assert!(lab.tap.send(u64::from(flow) * 1_000, &of_flow(flow)));
    }
    let mut owners = BTreeMap::new();
    let end = Instant::now() + Duration::from_secs(5);
    let mut quiet = 0;
    while quiet < 3 && Instant::now() < end {
        quiet += 1;
        for (name, tool) in [("left", &lab.left), ("right", &lab.right)] {
            while let Some(frame) = tool.receive(Duration::from_millis(20)) {
                assert_eq!(owners.insert(number(&frame), name), None, "nobody gets it twice");
                quiet = 0;
            }
        }
    }
    owners
}

fn health(broker: &Broker, name: &str) -> &'static str {
    let ports = broker.ports();
    ports.iter().find(|port| port.name == name).expect("the policy has it").health
}

/// Waits until that is so; how long that took.
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_micros(200));
    }
    begun.elapsed()
}

#[test]
fn the_share_of_a_port_that_is_down_moves_and_returns() {
    let lab = lab();
    let before = owners(&lab);
    assert_eq!(before.len() as u32, FLOWS);
    let shares = |owners: &BTreeMap<u32, &str>| owners.values().filter(|tool| **tool == "right").count();
    assert!((10..50).contains(&shares(&before)), "{before:?}");
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        lab.right.set_up(false);
        fastest = fastest.min(until("it is out", || health(&lab.broker, "right") == "out"));
        let during = owners(&lab);
        assert_eq!(during.len() as u32, FLOWS, "nothing is lost: {during:?}");
        assert!(during.values().all(|tool| *tool == "left"), "{during:?}");
        lab.right.set_up(true);
        until("it is up", || health(&lab.broker, "right") == "waiting");
        // Up for a second, and not earlier.
        assert_eq!(shares(&owners(&lab)), 0);
        let waited = until("it is back", || health(&lab.broker, "right") == "serving");
        assert!(waited > Duration::from_millis(300), "{waited:?}");
        assert_eq!(owners(&lab), before, "each flow is where it was");
    }
    println!("out within {fastest:?} of the cable's being drawn");
    // The fourth time in a minute is too often.
    lab.right.set_up(false);
    until("it is out", || health(&lab.broker, "right") == "out");
    lab.right.set_up(true);
    until("it is held", || health(&lab.broker, "right") == "held");
    std::thread::sleep(Duration::from_millis(1_300));
    assert_eq!(health(&lab.broker, "right"), "held");
    let told: Vec<String> = lab
        .broker
        .subscribe(Some(0))
        .missed
        .iter()
        .filter_map(|one| match &one.what {
            What::Out { port, is_held } => Some(format!("{port} out {is_held}")),
            What::Back { port } => Some(format!("{port} back")),
            _ => None,
        })
        .collect();
    let once = ["right out false", "right back"];
    assert_eq!(told, [&once[..], &once, &once, &["right out true"]].concat());
    let reading = lab.broker.reading_now().expect("it answers");
    assert_eq!(reading.account.violations, Vec::<String>::new());
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[test]
fn a_change_finds_the_ports_as_they_are() {
    let lab = lab();
    lab.right.set_up(false);
    until("it is out", || health(&lab.broker, "right") == "out");
    lab.apply(&SHARED.replace("everything", "all")).expect("it is right");
    assert!(owners(&lab).values().all(|tool| *tool == "left"));
    // A policy without groups has no shares; the port is out all the same.
    lab.apply(&all_to("left")).expect("it is right");
    assert_eq!(health(&lab.broker, "right"), "out");
    lab.apply(SHARED).expect("it is right");
    let owned = owners(&lab);
    assert!(owned.len() as u32 == FLOWS && owned.values().all(|tool| *tool == "left"), "{owned:?}");
}

#[test]
fn ports_come_and_go_while_packets_flow() {
    let lab = lab();
    let before = owners(&lab);
    let refused =
        lab.broker.attach_port("right", "udp:127.0.0.1:1,127.0.0.1:2", "ann").expect_err("it has one");
    assert!(refused.to_string().contains("detach it first"), "{refused}");
    let refused = lab.broker.detach_port("middle", "ann").expect_err("there is none");
    assert!(refused.to_string().contains("no port `middle`"), "{refused}");
    // Packets all the time: none of those that others own is lost.
    let own: Vec<u32> = before.iter().filter(|(_, tool)| **tool == "left").map(|(flow, _)| *flow).collect();
    let (sent, stop) = (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicBool::new(false));
    let received = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Acquire) {
                for flow in &own {
                    while !lab.tap.send(0, &of_flow(*flow)) {
                        std::thread::yield_now();
                    }
                    sent.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
                }
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        let view = lab.broker.detach_port("right", "ann").expect("it is there");
        assert!(!view.is_attached && view.health == "out", "{view:?}");
        let ends =
            [UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0")].map(|end| end.expect("free"));
        let peer = ends[0].local_addr().expect("it is bound");
        let own_end = ends[1].local_addr().expect("it is bound");
        drop(ends);
        let peer_end = UdpSocket::bind(peer).expect("it was free");
        let device = format!("udp:{own_end},{peer}");
        let refused =
            lab.broker.attach_port("right", "packet:nosuch0", "ann").expect_err("there is no device");
        assert!(refused.to_string().contains("cannot be opened"), "{refused}");
        let view = lab.broker.attach_port("right", &device, "ann").expect("it can be opened");
        assert!(view.is_attached && view.is_up && view.health == "serving", "{view:?}");
        // It has its shares again, by its new device.
        let flow =
            before.iter().find(|(_, tool)| **tool == "right").map(|(flow, _)| *flow).expect("it has some");
        assert!(lab.tap.send(0, &of_flow(flow)));
        let mut bytes = [0; 100];
        peer_end.set_read_timeout(Some(Duration::from_secs(5))).expect("it is a time");
        let length = peer_end.recv(&mut bytes).expect("it comes");
        assert_eq!(bytes[..length], of_flow(flow));
        // Enough of the others for the test to test something, however slow this machine is.
        let end = Instant::now() + Duration::from_secs(20);
        while sent.load(std::sync::atomic::Ordering::Acquire) <= 100 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, std::sync::atomic::Ordering::Release);
        let mut received = 0;
        while lab.left.receive(Duration::from_millis(300)).is_some() {
            received += 1;
        }
        received
    });
    let sent = sent.load(std::sync::atomic::Ordering::Acquire);
    assert!(sent > 100, "{sent}");
    assert_eq!(received, sent, "frames of others are not touched");
    lab.target.drain();
    let reading = lab.broker.reading_now().expect("it answers");
    assert_eq!(reading.account.violations, Vec::<String>::new());
    let actions: Vec<String> =
        lab.broker.audits(None, 10).expect("it can be read").into_iter().map(|one| one.action).collect();
    assert_eq!(actions[..2], ["attach", "detach"]);
}
