//! Ports on the kernel that this runs on: a pair of interfaces in a network namespace of its own. Skipped where that cannot be made.

use std::sync::Arc;
use std::time::Duration;

use sluice_target::port::{Role, packet, tap};
use sluice_target::sys::{Linux, System};

/// Runs a test again within a new network namespace; says whether this is the run within.
fn within_namespace(test: &str) -> bool {
    if std::env::var_os("SLUICE_WITHIN_NAMESPACE").is_some() {
        return true;
    }
    let this = std::env::current_exe().expect("a test has a file");
    let probe = std::process::Command::new("unshare").args(["--net", "true"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("skipped: no network namespace can be made here (needs root and unshare)");
        return false;
    }
    let output = std::process::Command::new("unshare")
        .args(["--net", "--"])
        .arg(this)
        .args(["--exact", test, "--nocapture"])
        .env("SLUICE_WITHIN_NAMESPACE", "1")
        .output()
        .expect("it was just run");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

fn ip(arguments: &str) {
    let status = std::process::Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.is_ok_and(|status| status.success()), "ip {arguments}");
}

const WAIT: Duration = Duration::from_secs(2);

#[test]
fn frames_cross_a_pair_of_interfaces() {
    if !within_namespace("devices::frames_cross_a_pair_of_interfaces") {
        return;
    }
    let system: Arc<dyn System> = Arc::new(Linux);
    ip("link add left type veth peer name right");
    let left = packet("left", "left", Role::Tool, &system).expect("it is there");
    let right = packet("right", "right", Role::Network, &system).expect("it is there");
    assert!(right.device.is_up() && left.device.is_up(), "the cable is in");
    let (send, mut receive) = (left.transmit.expect("it sends"), right.receive.expect("it receives"));
    // Nobody's address: only a promiscuous port sees it. The tag is taken out by the kernel on the way.
    let mut frame = vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x81, 0, 0x60, 0x07, 0x12, 0x34];
    frame.extend([0x5a; 1000]);
    send.send(&frame).expect("the interface is up");
    let received = receive.receive(WAIT).expect("no error").expect("the frame");
    assert_eq!((received.data, received.wire_length), (&frame[..], frame.len() as u32));
    let age = Linux.now_ns().abs_diff(received.time_ns);
    assert!(age < 10_000_000_000, "the time is the kernel's: {age}");
    assert!(send.send(&[0; 20_000]).is_err(), "longer than the interface takes");
    assert!(receive.receive(Duration::from_millis(50)).expect("no error").is_none());
    ip("link set left down");
    assert!(!right.device.is_up() && !left.device.is_up());
    assert!(send.send(&frame).is_err());
    let error = packet("x", "nothing", Role::Tool, &system).expect_err("there is no such interface");
    assert_eq!(error.raw_os_error(), Some(libc::ENODEV));
    ip("addr add 192.0.2.1/24 dev left");
    assert!(packet("x", "left", Role::Network, &system).is_err(), "the host uses it");
}

#[test]
fn the_host_is_heard_by_a_tap_interface() {
    if !std::path::Path::new("/dev/net/tun").exists() {
        eprintln!("skipped: there is no /dev/net/tun");
        return;
    }
    if !within_namespace("devices::the_host_is_heard_by_a_tap_interface") {
        return;
    }
    let system: Arc<dyn System> = Arc::new(Linux);
    let port = tap("host", "sluice0", Role::Both, &system).expect("it can be made");
    let other = packet("watch", "sluice0", Role::Both, &system).expect("it is there");
    let frame = [[2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x12, 0x34].as_slice(), &[7; 60]].concat();
    let mut host_receive = other.receive.expect("it receives");
    port.transmit.expect("it sends").send(&frame).expect("it is up");
    let at_host = host_receive.receive(WAIT).expect("no error").expect("the frame");
    assert_eq!(at_host.data, frame);
    other.transmit.expect("it sends").send(&frame).expect("it is up");
    let mut receive = port.receive.expect("it receives");
    let found = (0..20).find_map(|_| {
        let received = receive.receive(WAIT).expect("no error")?;
        (received.data == frame).then_some(())
    });
    assert_eq!(found, Some(()), "what the host sends comes in");
}
