//! Ports on a pretended system: what they ask of it, and what they never ask.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use sluice_target::port::{Loss, PortSpec, Role, packet, pair, tap, udp};
use sluice_target::sys::{Call, Linux, Pretended, RawFrame, Setting, System};

fn pretended() -> (Pretended, Arc<dyn System>) {
    let system = Pretended::default();
    (system.clone(), Arc::new(system))
}

const WAIT: Duration = Duration::from_secs(2);

#[test]
fn a_network_port_is_silenced_before_it_is_opened_and_brought_up() {
    let (log, system) = pretended();
    let port = packet("tap-a", "eth1", Role::Network, &system).expect("the system agrees");
    assert!(port.transmit.is_none(), "nothing can be sent by it");
    let eth1 = || "eth1".to_string();
    let expected = [
        Call::Set(eth1(), Setting::NoIpv6),
        Call::Set(eth1(), Setting::NoArp),
        Call::Set(eth1(), Setting::NoReceiveOffload),
        Call::OpenReceive(eth1()),
        Call::Set(eth1(), Setting::Up),
    ];
    assert_eq!(log.calls(), expected);
}

#[test]
fn a_tool_port_receives_nothing() {
    let (log, system) = pretended();
    let port = packet("ids", "eth2", Role::Tool, &system).expect("the system agrees");
    assert!(port.receive.is_none());
    port.transmit.expect("it sends").send(b"a copy").expect("the system agrees");
    let eth2 = || "eth2".to_string();
    let expected = [
        Call::Set(eth2(), Setting::NoIpv6),
        Call::Set(eth2(), Setting::NoArp),
        Call::OpenTransmit(eth2()),
        Call::Set(eth2(), Setting::Up),
        Call::Transmit(eth2(), b"a copy".to_vec()),
    ];
    assert_eq!(log.calls(), expected);
}

#[test]
fn an_interface_of_the_host_is_no_network_port() {
    let (log, system) = pretended();
    log.address("eth0");
    let error = packet("tap-a", "eth0", Role::Network, &system).expect_err("the host uses it");
    assert!(error.to_string().contains("`eth0` has an address"), "{error}");
    assert_eq!(log.calls(), [], "it is left as it was");
    packet("ids", "eth0", Role::Tool, &system).expect("copies may leave by it");
    let eth0 = || "eth0".to_string();
    assert_eq!(
        log.calls(),
        [Call::OpenTransmit(eth0()), Call::Set(eth0(), Setting::Up)],
        "and it works as before"
    );
}

#[test]
fn the_tag_that_the_kernel_took_out_is_put_back() {
    let (log, system) = pretended();
    let mut port = packet("tap-a", "eth1", Role::Network, &system)
        .expect("the system agrees")
        .receive
        .expect("it receives");
    let plain: Vec<u8> = (0..60).collect();
    let raw = |tag, wire_length| RawFrame { captured: 0, wire_length, time_ns: 77, tag };
    log.arrive("eth1", raw(Some([0x88, 0xa8, 0x20, 0x05]), 60), &plain);
    log.arrive("eth1", raw(None, 60), &plain);
    log.arrive("eth1", raw(Some([0x81, 0, 0, 1]), 9), &plain[..9]);
    let tagged = port.receive(WAIT).expect("no error").expect("a frame");
    assert_eq!((tagged.wire_length, tagged.time_ns), (64, 77));
    assert_eq!(tagged.data, [&plain[..12], &[0x88, 0xa8, 0x20, 0x05], &plain[12..]].concat());
    let untagged = port.receive(WAIT).expect("no error").expect("a frame");
    assert_eq!((untagged.data, untagged.wire_length), (&plain[..], 60));
    let short = port.receive(WAIT).expect("no error").expect("a frame");
    assert_eq!(short.data, &plain[..9], "there is no place for a tag");
}

#[test]
fn losses_have_their_reasons() {
    let (log, system) = pretended();
    let port =
        packet("ids", "eth2", Role::Tool, &system).expect("the system agrees").transmit.expect("it sends");
    for (errno, loss) in [
        (libc::ENOBUFS, Loss::QueueFull),
        (libc::EAGAIN, Loss::QueueFull),
        (libc::ENETDOWN, Loss::Down),
        (libc::ENXIO, Loss::Down),
        (libc::EMSGSIZE, Loss::Refused),
    ] {
        log.fail_transmit(errno);
        assert_eq!(port.send(b"a copy"), Err(loss), "{errno}");
    }
    assert_eq!(port.send(b"a copy"), Ok(()));
}

#[test]
fn a_tap_interface_of_a_network_port_has_nothing_to_say() {
    let (log, system) = pretended();
    let port = tap("tap-a", "sluice0", Role::Network, &system).expect("the system agrees");
    assert!(port.transmit.is_none());
    let name = || "sluice0".to_string();
    let expected = [
        Call::OpenTap(name()),
        Call::Set(name(), Setting::NoIpv6),
        Call::Set(name(), Setting::NoArp),
        Call::Set(name(), Setting::Up),
    ];
    assert_eq!(log.calls(), expected);
    log.unplug("sluice0");
    assert!(!port.device.is_up());
}

#[test]
fn frames_go_as_datagrams() {
    let system: Arc<dyn System> = Arc::new(Linux);
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    peer.set_read_timeout(Some(WAIT)).expect("a time-out");
    let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port is free");
    let to = peer.local_addr().expect("it is bound");
    let port = udp("far", free, to, Role::Both, &system).expect("the port was free just now");
    port.transmit.expect("it sends").send(b"one frame").expect("there is a way");
    let mut buffer = [0; 100];
    let (length, from) = peer.recv_from(&mut buffer).expect("it comes");
    assert_eq!((&buffer[..length], from), (&b"one frame"[..], free));
    peer.send_to(b"another", free).expect("there is a way");
    let mut receive = port.receive.expect("it receives");
    let frame = receive.receive(WAIT).expect("no error").expect("a frame");
    assert_eq!(frame.data, b"another");
    assert!(frame.time_ns > 0);
    // A stranger's datagrams are not taken.
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let _ = stranger.send_to(b"strange", free);
    assert!(receive.receive(Duration::from_millis(50)).expect("no error").is_none());
}

#[test]
fn memory_has_a_bound() {
    let (port, end) = pair("p", Role::Both, 2);
    let transmit = port.transmit.expect("it sends");
    assert_eq!(
        (0..3).map(|_| transmit.send(b"x")).collect::<Vec<_>>(),
        [Ok(()), Ok(()), Err(Loss::QueueFull)]
    );
    assert_eq!((0..3).map(|_| end.send(1, b"y")).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(port.device.missed(), 1);
    end.set_up(false);
    assert_eq!(transmit.send(b"x"), Err(Loss::Down));
}

#[test]
fn ports_are_named_by_kind_and_device() {
    let packet = PortSpec::Packet { interface: "eth1".to_string() };
    assert_eq!("packet:eth1".parse(), Ok(packet));
    let udp = PortSpec::Udp {
        local: "127.0.0.1:1".parse().expect("an address"),
        peer: "[::1]:2".parse().expect("an address"),
    };
    assert_eq!("udp:127.0.0.1:1,[::1]:2".parse(), Ok(udp));
    // The soft switch has no such ports, and says what it has.
    let xdp: PortSpec = "xdp:eth1".parse().expect("it is a kind of port");
    let error = xdp.open("tap", Role::Network, &pretended().1).expect_err("it is another data path's");
    assert!(error.to_string().contains("write `packet:eth1`"), "{error}");
    for (text, told) in [
        ("eth1", "names no kind of port"),
        ("packet:", "names no interface"),
        ("packet:an-interface-too-long", "longer than the 15 bytes"),
        ("udp:127.0.0.1:1", "names no peer"),
        ("udp:127.0.0.1:1,nowhere", "is no address with a port"),
        ("dpdk:eth1", "no kind of port `dpdk`"),
    ] {
        let error = text.parse::<PortSpec>().expect_err(text);
        assert!(error.contains(told), "{error}");
    }
}
