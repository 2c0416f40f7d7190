//! Every packet and every copy is counted at its own place: each reason with its own number, and the equations.

use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp};
use sluice_conformance::captures::Captured;
use sluice_conformance::harness::Broker;

const START: u64 = 1_700_000_000_000_000_000;

const POLICY: &str = "
ports:
  tap: { role: network, id: 1 }
  span: { role: network, id: 2, bad_fcs: keep }
  a: { role: tool, id: 10 }
  b: { role: tool, id: 11, max_frame: 200 }
  c: { role: tool, id: 12 }
tools:
  slow: { port: c, limit: 8Mbps }
filters:
  - { name: nowhere, match: dst port 1, to: [] }
  - { name: sampled, match: dst port 2, to: [a], sample: 25% }
  - { name: once, match: dst port 3, to: [a, b], dedup: true }
  - { name: plain, match: dst port 4, to: [a, b] }
  - { name: limited, match: dst port 5, to: [slow] }
";

/// A packet to that port, told apart by a number.
fn packet(port: u16, number: u16, payload: usize) -> Captured {
    let frame = Frame::new()
        .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
        .then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(number))
        .then(Udp::new(40_000, port))
        .payload(&vec![0; payload]);
    let data = frame.build();
    Captured { time_ns: START + u64::from(number) * 1_000, wire_length: data.len() as u32, data }
}

#[test]
fn every_reason_has_its_number() {
    let mut broker = Broker::with_policy(POLICY);
    for number in 0..100 {
        let mut pass = |ingress: u16, port: u16, payload: usize, bad: bool| {
            broker.send(ingress, &packet(port, number, payload), bad).copies.len()
        };
        // Discarded, not matched, bad, bad but kept, refused at a tool's port.
        assert_eq!(pass(1, 1, 10, false), 0);
        assert_eq!(pass(1, 9, 10, false), 0);
        assert_eq!(pass(1, 4, 10, true), 0);
        assert_eq!(pass(2, 4, 10, true), 2);
        assert_eq!(pass(10, 4, 10, false), 0);
        // Once, and its repeat on the other port.
        assert_eq!(pass(1, 3, 10, false), 2);
        assert_eq!(pass(2, 3, 10, false), 0);
        // Too long for b.
        assert_eq!(pass(1, 4, 300, false), 1);
    }
    let sampled: usize =
        (0..1_000).map(|number| broker.send(1, &packet(2, number, 10), false).copies.len()).sum();
    let account = broker.account();
    assert!(account.violations.is_empty(), "{:?}", account.violations);
    let [tap, span] = &account.ports[..2] else { panic!("{account}") };
    assert_eq!((tap.received, span.received), (1_500, 200));
    assert_eq!((tap.bad_frame, tap.refused, tap.matched_nothing, tap.discarded), (100, 0, 100, 100));
    assert_eq!((tap.no_copy_left, tap.delivered), (1_000 - sampled as u64, 200 + sampled as u64));
    assert_eq!((span.no_copy_left, span.delivered, span.table_miss), (100, 100, 0));
    let tool = |name: &str| account.tools.iter().find(|tool| tool.name == name).expect("the tool is there");
    let (a, b) = (tool("a"), tool("b"));
    assert_eq!((a.asked, a.repeat, a.sent), (1_400, 100, 300 + sampled as u64));
    assert_eq!((a.sampled_out, a.mtu), (1_000 - sampled as u64, 0));
    assert_eq!((b.asked, b.repeat, b.mtu, b.sent), (400, 100, 100, 200));
    // A quarter of 1,000, five standard deviations around it.
    assert!((180..=320).contains(&sampled), "{sampled} of 1,000 sampled, a quarter asked");
    let hits =
        |name: &str| account.filters.iter().find(|filter| filter.name == name).map(|filter| filter.hits);
    assert_eq!([hits("nowhere"), hits("once"), hits("plain")], [Some(100), Some(200), Some(200)]);
    assert_eq!(hits("sampled"), Some(1_000));
}

#[test]
fn limits_and_ports_that_are_down_count() {
    let mut broker = Broker::with_policy(POLICY);
    // 1,000 frames of 1,000 bytes in 1 ms are 8 Gbit/s, a thousand times the limit.
    let sent: usize =
        (0..1_000).map(|number| broker.send(1, &packet(5, number, 958), false).copies.len()).sum();
    assert!(sent < 200, "{sent} frames passed a limit of 8 Mbit/s within 1 ms");
    broker.switch().set_port_up(10, false).expect("port 10 is there");
    for number in 0..50 {
        assert_eq!(broker.send(1, &packet(4, number, 10), false).copies.len(), 1);
    }
    let account = broker.account();
    assert!(account.violations.is_empty(), "{:?}", account.violations);
    let tool = |name: &str| account.tools.iter().find(|tool| tool.name == name).expect("the tool is there");
    let slow = tool("slow");
    assert_eq!((slow.asked, slow.sent, slow.rate_limit), (1_000, sent as u64, 1_000 - sent as u64));
    assert_eq!((tool("a").asked, tool("a").port_down, tool("a").sent), (50, 50, 0));
    assert_eq!(account.ports[0].delivered, 1_050);
}

#[test]
fn totals_go_on_across_changes() {
    let mut broker = Broker::with_policy(POLICY);
    let changed = POLICY.replace("match: dst port 4, to: [a, b]", "match: dst port 4 or dst port 6, to: [b]");
    for round in 0_u16..6 {
        for number in 0..10 {
            broker.send(1, &packet(4, number, 10), false);
            broker.send(1, &packet(1, number, 10), false);
        }
        broker
            .apply(if round % 2 == 0 { &changed } else { POLICY })
            .unwrap_or_else(|error| panic!("{error}"));
    }
    let account = broker.account();
    assert!(account.violations.is_empty(), "{:?}", account.violations);
    assert_eq!(
        (account.ports[0].received, account.ports[0].delivered, account.ports[0].discarded),
        (120, 60, 60)
    );
    let hits =
        |name: &str| account.filters.iter().find(|filter| filter.name == name).map(|filter| filter.hits);
    assert_eq!((hits("plain"), hits("nowhere")), (Some(60), Some(60)));
    let sent =
        |name: &str| account.tools.iter().find(|tool| tool.name == name).map(|tool| (tool.asked, tool.sent));
    assert_eq!((sent("a"), sent("b")), (Some((30, 30)), Some((60, 60))));
}
