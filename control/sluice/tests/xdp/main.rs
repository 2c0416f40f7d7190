//! `sluice serve` over XDP: forwarding outlives the broker, and the next one takes over; what cannot be is refused at the start.
//!
//! Needs root, clang, `ip` and `ethtool`; skipped, saying so, where one is missing.

mod lab;
mod record;
mod taps;

use std::time::Duration;

use lab::{Lab, Traffic, exists, policy, run, wait_until};

const NAMES: [&str; 3] = ["tap", "left", "right"];
const PORTS: [&str; 6] = ["--port", "tap=xdp:tap", "--port", "left=xdp:left", "--port", "right=xdp:right"];

/// All frames came, each once and in order, first those of the one tool, then those of the other.
fn all_came((sent, mut numbers): (u64, Vec<Vec<u64>>)) {
    let all: Vec<u64> = numbers.iter_mut().flat_map(std::mem::take).collect();
    let first = all.iter().zip(0..).position(|(found, expected)| *found != expected);
    assert!(first.is_none(), "frame {first:?} did not come where it should, of {sent}");
    assert_eq!(all.len() as u64, sent);
}

#[test]
fn a_broker_that_is_killed_forwards_on_and_the_next_one_takes_over() {
    let Some(lab) = Lab::new("k", &NAMES) else { return };
    lab.write("broker.yaml", &policy("left"));
    lab.write("next.yaml", &policy("right"));
    let first = lab.serve(&PORTS);
    let traffic = Traffic::begin("tap", &["left", "right"]);
    traffic.flow(1_000);
    first.kill();
    traffic.flow(2_000);
    let second = lab.serve(&PORTS);
    traffic.flow(2_000);
    assert!(lab.log().contains("counters of the broker before go on"), "{}", lab.log());
    let status = lab.ask(&second, &["status"]);
    assert!(status.contains("every packet and every copy is accounted for"), "{status}");
    // Another one with the same folder has no business there.
    let other = lab.refused(&PORTS);
    assert!(other.contains("another broker has /sys/fs/bpf/sluice-"), "{other}");

    // With another policy in force than the one that the program began with, counters begin anew; frames go on.
    let applied = lab.ask(&second, &["apply", "next.yaml"]);
    traffic.flow(2_000);
    let status = lab.ask(&second, &["status"]);
    assert!(status.contains("every packet and every copy is accounted for"), "{status}\n{applied}");
    second.kill();
    traffic.flow(2_000);
    let third = lab.serve(&PORTS);
    traffic.flow(2_000);
    assert!(lab.log().contains("counters begin anew"), "{}", lab.log());
    let (sent, numbers) = traffic.end();
    let (left, right) = (numbers[0].len(), numbers[1].len());
    all_came((sent, numbers));
    // Ports count on, whatever the policy is.
    for (port, expected) in [("tap", [sent, 0]), ("left", [0, left as u64]), ("right", [0, right as u64])] {
        assert_eq!(lab.counted(&third, port), [expected[0], expected[1], 0, 0], "{port}");
    }
    third.end();
    assert!(!exists(&lab.pins()), "something is left in {}", lab.pins());
}

#[test]
fn a_broker_that_is_killed_while_it_takes_over_loses_nothing() {
    let Some(lab) = Lab::new("t", &NAMES) else { return };
    lab.write("broker.yaml", &policy("left"));
    let first = lab.serve(&PORTS);
    let traffic = Traffic::begin("tap", &["left"]);
    traffic.flow(500);
    first.kill();
    let times = if std::env::var_os("SLUICE_LONG").is_some() { 60 } else { 4 };
    for turn in 0..times {
        // From the beginning to the end of what a start takes, however long that is here.
        lab.killed_after(&PORTS, Duration::from_millis(100 + turn * 4_000 / times));
        traffic.flow(200);
    }
    let last = lab.serve(&PORTS);
    traffic.flow(500);
    let (sent, numbers) = traffic.end();
    all_came((sent, numbers));
    assert_eq!(lab.counted(&last, "tap"), [sent, 0, 0, 0]);
    assert_eq!(lab.counted(&last, "left"), [0, sent, 0, 0]);
    last.end();
}

#[test]
fn forwarding_can_be_kept_and_is_released() {
    let Some(lab) = Lab::new("r", &NAMES) else { return };
    lab.write("broker.yaml", &policy("left"));
    let keeping: Vec<&str> = PORTS.iter().copied().chain(["--keep-forwarding"]).collect();
    let first = lab.serve(&keeping);
    let traffic = Traffic::begin("tap", &["left"]);
    traffic.flow(500);
    first.end();
    traffic.flow(1_000);
    let release = format!("{} release --pin {}", env!("CARGO_BIN_EXE_sluice"), lab.pin());
    assert!(run(&release), "{release}");
    assert!(!exists(&lab.pins()), "something is left in {}", lab.pins());
    let is_quiet = || {
        let before = traffic.received();
        std::thread::sleep(Duration::from_millis(200));
        traffic.received() == before
    };
    wait_until("quiet", is_quiet);
    traffic.end();
}

#[test]
fn what_cannot_be_is_refused_and_auto_says_why() {
    let Some(lab) = Lab::new("c", &NAMES) else { return };
    lab.write("broker.yaml", &policy("left"));
    // Somebody else's program.
    lab::must(&format!("ip link set dev tap xdp obj {} sec xdp", lab.path("far.o")));
    let taken = lab.refused(&PORTS);
    assert!(taken.contains("`tap`: ") && taken.contains("(`far`) already"), "{taken}");
    let packets = PORTS
        .map(|word| if word.contains("=xdp:") { word.replace("xdp:", "packet:") } else { word.to_string() });
    let packets: Vec<&str> = packets.iter().map(String::as_str).chain(["--data-path", "auto"]).collect();
    let soft = lab.serve(&packets);
    let status = lab.ask(&soft, &["status"]);
    assert!(status.contains("on a soft switch") && status.contains("XDP cannot be: `tap`"), "{status}");
    soft.end();
    lab::must("ip link set dev tap xdp off");

    // A tool to which nothing can be redirected, and one whose device takes shorter frames.
    lab::must("ip link set dev left-end xdp off");
    let deaf = lab.refused(&PORTS);
    assert!(deaf.contains("`left`: ") && deaf.contains("gro on"), "{deaf}");
    lab::must(&format!("ip link set dev left-end xdp obj {} sec xdp", lab.path("far.o")));
    lab::must("ip link set dev left mtu 1400");
    let short = lab.refused(&PORTS);
    assert!(short.contains("tool `left`") && short.contains("mtu 1500"), "{short}");
    lab::must("ip link set dev left mtu 1500");

    // Two copies of a packet for one port.
    let twice = policy("left")
        .replace("filters:", "tools:\n  other: { port: left, vlan: 7 }\nfilters:")
        .replace("[left]", "[left, other]");
    lab.write("broker.yaml", &twice);
    let clash = lab.refused(&PORTS);
    assert!(
        clash.contains("tools `left` and `other` would get copies of one packet by the same port"),
        "{clash}"
    );
    lab.write("broker.yaml", &policy("left"));

    // With all of it mended, XDP is chosen; a policy that it cannot do is refused then, at its place.
    let xdp = lab.serve(&packets);
    let status = lab.ask(&xdp, &["status"]);
    assert!(status.contains("on a XDP") && status.contains("every device can do it"), "{status}");
    lab.write("twice.yaml", &twice);
    let clash = lab.ask(&xdp, &["apply", "twice.yaml"]);
    assert!(clash.contains("tools `left` and `other`") && clash.contains("--data-path soft"), "{clash}");
    xdp.end();
}
