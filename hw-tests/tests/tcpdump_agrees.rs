//! On untagged packets, what an expression selects is what tcpdump selects.

use std::collections::BTreeSet;

use sluice_conformance::captures::{self, Captured};
use sluice_conformance::generate::{Values, Vocabulary, expression, primitive};
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
fn the_oracle_agrees_with_tcpdump() {
    let Some((frames, selections)) = selections() else { return };
    let mut compared = 0;
    let mut selected_some = 0;
    for (expression, selected) in &selections {
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
