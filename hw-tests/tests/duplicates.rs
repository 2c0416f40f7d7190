//! Duplicate removal never loses a packet, and takes exactly the repeats.

use sluice_broker::Build;
use sluice_capture::frame::{Ethernet, Frame, Ipv4, Udp, Vlan};
use sluice_conformance::captures::Captured;
use sluice_conformance::harness::{Broker, Checker};
use sluice_conformance::model::{Filter, Model};
use sluice_conformance::trial;

const START: u64 = 1_700_000_000_000_000_000;

/// A packet unlike all with another number.
fn packet(number: u32) -> Frame {
    let [a, b, c, d] = number.to_be_bytes();
    Frame::new()
        .then(Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]))
        .then(Ipv4::new([10, b, c, d], [192, 0, 2, a]).id(number as u16))
        .then(Udp::new(5_000, 6_000))
        .payload(&number.to_be_bytes())
}

fn at(frame: &Frame, time_ns: u64) -> Captured {
    let data = frame.build();
    Captured { time_ns, wire_length: data.len() as u32, data }
}

fn removing(name: &str, from: usize, to: usize) -> Filter {
    Filter { from: vec![from], dedup: true, ..Filter::new(name, None, &[to]) }
}

#[test]
fn each_tool_gets_every_packet_once() {
    let model = Model::with_ports(2, 2).filter(removing("one", 0, 0)).filter(removing("two", 1, 1));
    let mut broker = Broker::with_policy(&model.to_string());
    let mut checker = Checker::new(&model);
    let packets = trial::count(2_000, 200_000) as u32;
    for number in 0..packets {
        let frame = packet(number);
        let time = START + u64::from(number) * 1_000;
        let routed = frame.clone().routed([2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]);
        for (port, frame, time) in [(1, &frame, time), (2, &routed, time + 300), (1, &frame, time + 600)] {
            checker
                .send(&mut broker, port, &at(frame, time), false)
                .unwrap_or_else(|error| panic!("{error}"));
        }
    }
    checker.check_totals(&broker).unwrap_or_else(|error| panic!("{error}"));
    let account = broker.account();
    for (tool, asked) in account.tools.iter().zip([2 * packets, packets]) {
        let expected = (u64::from(asked), u64::from(packets), u64::from(asked - packets));
        assert_eq!((tool.asked, tool.sent, tool.repeat), expected, "{}", tool.name);
    }
}

#[test]
fn repeats_end_with_the_window() {
    let filter = Filter { dedup: true, ..Filter::new("all", None, &[0]) };
    let mut model = Model::with_ports(2, 1).filter(filter);
    model.dedup.window_ns = 50_000;
    let mut broker = Broker::with_policy(&model.to_string());
    let mut checker = Checker::new(&model);
    let mut time = START;
    for (gap, copies) in [(0, 1), (1, 1), (30_000, 1), (50_000, 1), (50_001, 2), (1_000_000, 2)] {
        time += 10_000_000;
        let frame = packet(9);
        let routed = frame.clone().routed([2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]);
        let mut left = 0;
        for (port, frame, time) in [(1, &frame, time), (2, &routed, time + gap)] {
            let sent = checker.send(&mut broker, port, &at(frame, time), false);
            left += sent.unwrap_or_else(|error| panic!("{error}")).copies.len();
        }
        assert_eq!(left, copies, "{gap} ns apart");
    }
    checker.check_totals(&broker).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_is_not_ignored_tells_packets_apart() {
    let frame = packet(7);
    let mut tagged = packet(7);
    tagged.layers.insert(1, Vlan::new(5).into());
    let routed = packet(7).routed([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let moved = packet(7).routed([2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]);
    let mut marked = packet(7);
    marked.layers[1] = match &marked.layers[1] {
        sluice_capture::frame::Layer::Ipv4(ip) => ip.clone().dscp(46).into(),
        other => other.clone(),
    };
    let mut broker = Broker::default();
    let mut time = START;
    // What differs, and the bits that must all be ignored for it to be a repeat.
    for (other, bits) in
        [(&tagged, 0b00_0010), (&routed, 0b10_1000), (&moved, 0b10_1001), (&marked, 0b11_0000)]
    {
        for ignore in 0..0x40 {
            let filter = Filter { dedup: true, ..Filter::new("all", None, &[0]) };
            let mut model = Model::with_ports(1, 1).filter(filter);
            model.dedup.ignore = ignore;
            broker.apply(&model.to_string()).unwrap_or_else(|error| panic!("{error}"));
            // Long after the last ones.
            time += 1_000_000_000;
            let first = broker.send(1, &at(&frame, time), false).copies.len();
            let second = broker.send(1, &at(other, time + 1_000), false).copies.len();
            let repeat = ignore & bits == bits;
            assert_eq!(
                (first, second),
                (1, usize::from(!repeat)),
                "ignoring {ignore:06b}, {bits:06b} differ"
            );
        }
    }
}

/// With a digest of 16 bits there are 65,536 cells. A packet unlike all before is dropped wrongly where its cell is taken: by
/// each of the `i` before it with one chance in 65,536, so that after n packets `n - D (1 - (1 - 1/D)^n)` were.
#[test]
fn wrong_drops_are_as_rare_as_derived() {
    let filter = Filter { dedup: true, ..Filter::new("all", None, &[0]) };
    let mut model = Model::with_ports(1, 1).filter(filter);
    model.dedup.window_ns = 1_000_000_000;
    let mut broker = Broker::new(Build { digest_bits: 16, ..Build::default() });
    broker.apply(&model.to_string()).unwrap_or_else(|error| panic!("{error}"));
    let packets = 20_000;
    let dropped: usize = (0..packets)
        .map(|number| 1 - broker.send(1, &at(&packet(number), START + u64::from(number)), false).copies.len())
        .sum();
    let (n, cells) = (f64::from(packets), 65_536.0_f64);
    let expected = n - cells * (1.0 - (1.0 - 1.0 / cells).powf(n));
    // Nearly Poisson: five standard deviations.
    let tolerance = 5.0 * expected.sqrt();
    println!("{dropped} of {packets} dropped wrongly, {expected:.0} expected");
    assert!((dropped as f64 - expected).abs() < tolerance, "{dropped} dropped, {expected:.0} expected");
    let repeats = broker.account().tools[0].repeat;
    assert_eq!(repeats, dropped as u64);

    // The whole digest has none.
    let mut broker = Broker::with_policy(&model.to_string());
    for number in 0..packets {
        assert_eq!(broker.send(1, &at(&packet(number), START + u64::from(number)), false).copies.len(), 1);
    }
}
