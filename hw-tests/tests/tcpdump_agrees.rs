//! On untagged packets, what an expression selects is what tcpdump selects.

use std::collections::BTreeSet;

use sluice_capture::frame::{Ethernet, Frame, Ipv4, Ipv6, Ipv6Extension, Tcp, Vlan};
use sluice_conformance::captures::{self, Captured};
use sluice_conformance::generate::{Values, Vocabulary, expression, primitive};
use sluice_conformance::harness::{Broker, Sent};
use sluice_conformance::model::{Filter, Model};
use sluice_conformance::oracle::decode::{Addresses, Decoded, decode};
use sluice_conformance::oracle::expression::Expression;
use sluice_conformance::tools::{self, Scratch};
use sluice_conformance::trial::{self, Dice};

/// Untagged frames of all captures.
fn frames() -> Option<Vec<(Captured, Decoded)>> {
    let files = captures::files()?;
    let all = files.iter().flat_map(|path| captures::read(path));
    let decoded = all.map(|frame| {
        let decoded = decode(&frame.data, frame.wire_length);
        (frame, decoded)
    });
    Some(decoded.filter(|(_, decoded)| is_plain(decoded)).collect())
}

fn is_plain(decoded: &Decoded) -> bool {
    decoded.outer.vlans.is_empty() && decoded.looked_through.is_none()
}

/// Whether one of the three documented differences can show: extension headers, captured short, malformed lengths.
fn may_differ(decoded: &Decoded) -> bool {
    !decoded.complete || decoded.outer.at.has_extensions
}

/// Pools with what the captures contain.
fn values(dice: &mut Dice, frames: &[(Captured, Decoded)]) -> Values {
    let mut values = Values::new(dice, true);
    for _ in 0..120 {
        let layers = &dice.pick(frames).1.outer;
        match layers.addresses {
            Some(Addresses::V4(a, b)) => {
                let length = *dice.pick(&[32, 32, 24, 16, 9]);
                values.v4.extend([a, b].map(|address| (address & u32::MAX << (32 - length), length)));
                values.v4.extend([(a, 32), (b, 32)]);
            }
            Some(Addresses::V6(a, b)) => {
                let length = *dice.pick(&[128, 64, 48, 10]);
                values.v6.extend([a, b].map(|address| (address & u128::MAX << (128 - length), length)));
                values.v6.extend([(a, 128), (b, 128)]);
            }
            None => {}
        }
        values.ports.extend(layers.ports.iter().flat_map(|(a, b)| [*a, *b]));
        values.macs.extend(layers.macs.iter().flat_map(|(a, b)| [*a, *b]));
    }
    values
}

/// Expressions of the issue: 20 with each primitive, alone where it has that many forms, and 200 combinations.
fn expressions(dice: &mut Dice, values: &Values) -> Vec<Expression> {
    let words = Vocabulary::Tcpdump;
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for kind in 0..words.kinds() {
        let (mut found, mut tries) = (0, 0);
        while found < 20 {
            let test = Expression::Test(primitive(dice, values, words, kind));
            let other = expression(dice, values, words, 0);
            let expression = if tries < 40 { test } else { joined(dice, test, other) };
            tries += 1;
            if known.insert(expression.to_string()) {
                all.push(expression);
                found += 1;
            }
        }
    }
    while known.len() < words.kinds() * 20 + 200 {
        let expression = expression(dice, values, words, 3);
        if known.insert(expression.to_string()) {
            all.push(expression);
        }
    }
    all
}

fn joined(dice: &mut Dice, left: Expression, right: Expression) -> Expression {
    let left = if dice.percent(30) { Expression::Not(Box::new(left)) } else { left };
    if dice.percent(60) {
        Expression::And(Box::new(left), Box::new(right))
    } else {
        Expression::Or(Box::new(left), Box::new(right))
    }
}

/// The frames, and for each expression the numbers of those that tcpdump selects.
type Selections = (Vec<(Captured, Decoded)>, Vec<(Expression, BTreeSet<usize>)>);

fn selections() -> Option<Selections> {
    let frames = frames()?;
    if !tools::is_there("tcpdump") {
        return None;
    }
    let plain: Vec<Captured> = frames.iter().map(|(frame, _)| frame.clone()).collect();
    let capture = Scratch::numbered(&plain).expect("temporary files can be written");
    let mut selections = Vec::new();
    trial::each(1, 1, |dice| {
        let values = values(dice, &frames);
        for expression in expressions(dice, &values) {
            let text = expression.to_string();
            let selected = match tools::tcpdump_selects(&capture, &text) {
                Ok(selected) => selected.into_iter().collect(),
                // libpcap refuses what can never be true.
                Err(error) if error.contains("expression rejects all packets") => BTreeSet::new(),
                Err(error) => panic!("{text}: {error}"),
            };
            selections.push((expression, selected));
        }
    });
    Some((frames, selections))
}

#[test]
fn oracle_and_broker_agree_with_tcpdump() {
    let Some((frames, selections)) = selections() else { return };
    oracle_agrees(&frames, &selections);
    broker_agrees(&frames, &selections);
}

/// The oracle is judged first: what it says of other frames counts in all other tests.
fn oracle_agrees(frames: &[(Captured, Decoded)], selections: &[(Expression, BTreeSet<usize>)]) {
    let mut compared = 0;
    let mut selected_some = 0;
    for (expression, selected) in selections {
        selected_some += usize::from(!selected.is_empty());
        for (index, (_, decoded)) in frames.iter().enumerate() {
            if !may_differ(decoded) {
                let (ours, theirs) = (expression.selects(decoded), selected.contains(&index));
                assert_eq!(ours, theirs, "`{expression}` on frame {index}: {decoded:?}");
                compared += 1;
            }
        }
    }
    println!(
        "{} expressions, {} frames, {compared} comparisons, {selected_some} select something",
        selections.len(),
        frames.len()
    );
    assert!(selections.len() >= 600 && selected_some * 2 > selections.len());
}

/// Filters of one policy, each to a tool of its own: more would make more combinations of copies than the tables hold.
const FILTERS: usize = 12;

fn broker_agrees(frames: &[(Captured, Decoded)], selections: &[(Expression, BTreeSet<usize>)]) {
    let mut rest: Vec<&[(Expression, BTreeSet<usize>)]> = selections.chunks(FILTERS).rev().collect();
    let mut refused = 0;
    let mut policies = 0;
    let mut broker = Broker::default();
    while let Some(chunk) = rest.pop() {
        let mut model = Model::with_ports(1, chunk.len() as u16);
        for (index, (expression, _)) in chunk.iter().enumerate() {
            let filter = Filter::new(&format!("filter-{index}"), Some(expression.clone()), &[index]);
            model.filters.push(filter);
        }
        match broker.apply(&model.to_string()) {
            Ok(()) => policies += 1,
            Err(_) if chunk.len() > 1 => {
                let (left, right) = chunk.split_at(chunk.len() / 2);
                rest.extend([right, left]);
                continue;
            }
            Err(error) => {
                println!("refused: {}\n{error}", chunk[0].0);
                refused += 1;
                continue;
            }
        }
        for (index, (frame, decoded)) in frames.iter().enumerate() {
            if may_differ(decoded) {
                continue;
            }
            let Sent { copies, .. } = broker.send(1, frame, false);
            for (number, (expression, selected)) in chunk.iter().enumerate() {
                let port = model.tools[number].id;
                let delivered = copies.iter().any(|copy| copy.port == port && copy.data == frame.data);
                assert_eq!(
                    delivered,
                    selected.contains(&index),
                    "`{expression}` on frame {index}: {decoded:?}"
                );
            }
        }
    }
    println!("{policies} policies, {refused} expressions refused alone");
    assert!(refused * 50 < selections.len(), "the compiler refuses too many of these expressions");
}

/// Whether tcpdump and the broker select a frame.
fn selected_by(expression: &str, frame: &Captured) -> (bool, bool) {
    let capture = Scratch::numbered(std::slice::from_ref(frame)).expect("temporary files can be written");
    let tcpdump = tools::tcpdump_selects(&capture, expression).expect("tcpdump knows these words");
    let mut model = Model::with_ports(1, 1);
    model.filters.push(Filter::new("one", None, &[0]));
    let yaml = model.to_string().replace("    to:", &format!("    match: \"{expression}\"\n    to:"));
    let mut broker = Broker::with_policy(&yaml);
    (tcpdump == [0], broker.send(1, frame, false).copies.len() == 1)
}

fn captured(frame: &Frame) -> Captured {
    let data = frame.build();
    Captured { time_ns: 0, wire_length: data.len() as u32, data }
}

fn web() -> Frame {
    let macs = Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    Frame::new().then(macs).then(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2])).then(Tcp::new(50_000, 80))
}

#[test]
fn tags_are_transparent() {
    if !tools::is_there("tcpdump") {
        return;
    }
    let mut frame = web();
    assert_eq!(selected_by("tcp port 80", &captured(&frame)), (true, true));
    frame.layers.insert(1, Vlan::new(7).into());
    assert_eq!(selected_by("tcp port 80", &captured(&frame)), (false, true));
}

#[test]
fn ipv6_extension_headers_are_walked() {
    if !tools::is_there("tcpdump") {
        return;
    }
    let macs = Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let frame = Frame::new()
        .then(macs)
        .then(Ipv6::new([1; 16], [2; 16]))
        .then(Ipv6Extension::hop_by_hop(&[]))
        .then(Tcp::new(50_000, 80));
    assert_eq!(selected_by("tcp port 80", &captured(&frame)), (false, true));
    assert_eq!(selected_by("ip6 proto 6", &captured(&frame)), (false, true));
}

#[test]
fn what_was_captured_short_is_classed_by_what_is_there() {
    if !tools::is_there("tcpdump") {
        return;
    }
    let mut frame = captured(&web());
    frame.data.truncate(36);
    // BPF gives up on the whole filter at the load of a port that was not captured; here the packet has no ports.
    assert_eq!(selected_by("tcp port 80", &frame), (false, false));
    assert_eq!(selected_by("not tcp port 80", &frame), (false, true));
}

#[test]
fn malformed_header_lengths_have_no_transport_header() {
    if !tools::is_there("tcpdump") {
        return;
    }
    let mut frame = captured(&web());
    // A header of 16 bytes: BPF takes the destination address for ports.
    frame.data[14] = 0x44;
    assert_eq!(selected_by("tcp port 2560", &frame), (true, false));
    assert_eq!(selected_by("ip proto 6", &frame), (true, true));
}
