//! A broker without its card: it falls back where it is told to, at the start and once the card has gone.

use std::time::Duration;

use sluice_capture::sample::SampleFrame;
use sluice_conformance::harness::alternating::{self, LEFT};
use sluice_conformance::programs::verilator;

use crate::broker::{card, on_card, write};
use crate::lab::{Ends, PATIENCE, Process, log, until};

const PORTS: [&str; 3] = ["tap", "left", "right"];

/// The card is gone in the middle of it all: what is in force by then is on the soft switch, at the ports to fall back to, and it is told everywhere that this is so.
#[test]
fn a_policy_goes_on_without_its_card() {
    if verilator().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(folder.join("broker.yaml"), alternating::policy(0)).expect("it can be written");
    std::fs::write(folder.join("next.yaml"), alternating::policy(1)).expect("it can be written");
    let frame = |number| SampleFrame {
        time_ns: 1_700_000_000_000_000_000 + number,
        data: alternating::frame(number),
    };
    write(folder, "tap.pcapng", &(0..10).map(frame).collect::<Vec<_>>());
    let mut card = card(folder, &["--in", "0=tap.pcapng", "--ports", "3"]);
    let ends = Ends::new(3);
    let more = [ends.arguments("--fallback", &PORTS), vec!["--data-path".to_string(), "auto".to_string()]];
    let broker = on_card(folder, &PORTS, &more.concat());
    card.go();
    assert_eq!(card.line(), "10 frames have come in\n", "{}", log(folder, "nic"));
    broker.settle(10);
    let said = broker.ask(folder, &["apply", "next.yaml"]);
    assert!(said.contains("in force"), "{said}{}", log(folder, "serve"));
    assert!(broker.ask(folder, &["status"]).contains(" on a FPGA NIC\ndata path: there is a card\n"));

    drop(card);
    let status = until("the soft switch to stand in", || {
        let status = broker.ask(folder, &["status"]);
        (status.contains("STANDS IN") && !status.contains("OUT OF REACH")).then_some(status)
    });
    assert!(status.contains(" on a soft switch\nSTANDS IN: the card is out of reach: "), "{status}");
    assert!(status.contains("; the soft switch stands in ("), "{status}");
    assert!(status.contains("until the broker is begun again\npolicy version 2,"), "{status}");
    // Its ports open once it has what is in force.
    until("the ports to be there", || {
        let ports = broker.ask(folder, &["ports"]);
        (ports.matches(" up ").count() == 3).then_some(())
    });
    for number in 0..20 {
        ends.send(0, &alternating::frame(number));
        for port in [1, 2] {
            let copy = ends.receive(port, PATIENCE).expect("both tools get it");
            assert_eq!(copy, alternating::frame(number)[..LEFT[1]], "by the policy that is in force");
        }
    }
    assert_eq!(ends.receive(0, Duration::from_millis(1)), None, "nothing is sent to a tap");
    // All of it is counted anew.
    broker.settle(20);
    std::fs::write(folder.join("third.yaml"), alternating::policy(2)).expect("it can be written");
    let said = broker.ask(folder, &["apply", "third.yaml"]);
    assert!(said.contains("in force"), "{said}{}", log(folder, "serve"));
    ends.send(0, &alternating::frame(20));
    assert_eq!(ends.receive(1, PATIENCE).map(|copy| copy.len()), Some(LEFT[0]));

    let metrics = crate::http::get(&broker.api, "/metrics", &broker.token);
    assert!(metrics.contains("\nsluice_target_stands_in 1\n"), "{metrics}");
    let alert = until("the alert", || {
        let alerts = broker.json("/api/v1/alerts");
        let alert = alerts["alerts"].as_array()?.iter().find(|alert| alert["alert"] == "target_health")?;
        Some(alert["message"].as_str()?.to_string())
    });
    assert!(alert.contains("the card is out of reach: ") && alert.contains("stands in"), "{alert}");
    let said = log(folder, "serve");
    for line in [
        "the card is out of reach",
        "counted before the data path went port=\"tap\" received=10",
        "the soft switch stands in for the data path",
        "another data path was given what is in force, and counts anew",
    ] {
        assert!(said.contains(line), "{line}:\n{said}");
    }
    let said = broker.process.end();
    assert!(said.contains("\ntap         21         21\n"), "{said}");
}

#[test]
fn without_its_card_a_broker_falls_back_where_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let wanted =
        ["serve", "--card", "vfio-user:nothing.sock", "--p4runtime", "127.0.0.1:0", "--port", "1=nic:0"];
    let mut broker = Process::start(folder, &wanted);
    assert_eq!(broker.line(), "");
    assert_eq!(broker.child.wait().expect("it was begun here").code(), Some(2));
    let said = log(folder, "serve");
    assert!(said.contains("the card cannot be the data path: "), "{said}");
    assert!(said.contains("`--data-path auto` and `--fallback"), "{said}");

    let back = ["--data-path", "auto", "--fallback", "1=udp:127.0.0.1:0,127.0.0.1:9"];
    let mut broker = Process::start(folder, &[&wanted[..], &back].concat());
    let ready = broker.line();
    assert!(ready.ends_with(", 1 ports\n"), "{ready}{}", log(folder, "serve"));
    let said = log(folder, "serve");
    assert!(said.contains("the card cannot be the data path"), "{said}");
    assert!(said.contains("data path: soft switch"), "{said}");
    broker.end();

    // Each port has to have one.
    let ports = [&wanted[..], &["--port", "2=nic:1"], &back].concat();
    let mut broker = Process::start(folder, &ports);
    assert_eq!(broker.child.wait().expect("it was begun here").code(), Some(2));
    let said = log(folder, "serve");
    assert!(said.contains("`--port 2=nic:1` has no `--fallback`"), "{said}");
}
