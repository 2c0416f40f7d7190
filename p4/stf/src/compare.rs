//! Compares what came out with what was to come, port by port and in order.
//!
//! Where the numbers differ, packets are paired so that as many as possible fit: one that is missing does not make all that
//! come after it wrong.

use std::collections::BTreeMap;

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};

use crate::bind::{Expectation, Test};
use crate::script::Pattern;
use crate::target::Received;

/// Most pairs of packets of one port that are looked at for the best pairing; beyond, they are paired in order.
const MAX_PAIRS: usize = 1 << 22;

/// Most bytes of a packet that a message shows.
const SHOWN_BYTES: usize = 256;

/// What is missing, came unexpectedly, or is different. `packets` are the statements that sent the packets, in order.
///
/// Packets of ports that the script does not name are notes only: such ports are not plugged in.
pub fn compare(test: &Test, received: &[Received], packets: &[Span]) -> Diagnostics {
    let mut ports: BTreeMap<u16, (Vec<&Expectation>, Vec<&Received>)> = BTreeMap::new();
    for expected in &test.expected {
        ports.entry(expected.port).or_default().0.push(expected);
    }
    for packet in received {
        ports.entry(packet.port).or_default().1.push(packet);
    }
    let mut found = Diagnostics::new();
    for (port, (expected, received)) in ports {
        let is_plugged = test.ports.contains(&port);
        for pair in pairs(&expected, &received) {
            match pair {
                Pair::Differ(expected, received) => {
                    if let Some(diagnostic) = difference(expected, received) {
                        found.push(diagnostic);
                    }
                }
                Pair::Missing(expected) => found.push(
                    Diagnostic::error(format!("a packet did not come out of port {port}"))
                        .at(expected.span, "expected here"),
                ),
                Pair::Unexpected(received) => found.push(unexpected(received, is_plugged, packets)),
            }
        }
    }
    found
}

enum Pair<'a> {
    Differ(&'a Expectation, &'a Received),
    Missing(&'a Expectation),
    Unexpected(&'a Received),
}

fn fits(expected: &Expectation, received: &Received) -> bool {
    let Some(pattern) = &expected.pattern else { return true };
    first_difference(pattern, &received.data).is_none()
}

/// Pairs those that belong together; those that fit are left out.
fn pairs<'a>(expected: &[&'a Expectation], received: &[&'a Received]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let (mut left, mut right) = (0, 0);
    for (at, to) in anchors(expected, received).into_iter().chain([(expected.len(), received.len())]) {
        // Between two that fit, those that do not: in order, and what is left over is missing or unexpected.
        let (missing, extra) = (&expected[left..at], &received[right..to]);
        let both = missing.len().min(extra.len());
        pairs.extend(missing.iter().zip(extra).map(|(expected, received)| Pair::Differ(expected, received)));
        pairs.extend(missing[both..].iter().map(|expected| Pair::Missing(expected)));
        pairs.extend(extra[both..].iter().map(|received| Pair::Unexpected(received)));
        (left, right) = (at + 1, to + 1);
    }
    pairs
}

/// Indices of those that fit each other, as many as can be in order.
fn anchors(expected: &[&Expectation], received: &[&Received]) -> Vec<(usize, usize)> {
    let (rows, columns) = (expected.len(), received.len());
    let in_order = rows == columns && expected.iter().zip(received).all(|(one, other)| fits(one, other));
    if in_order || rows * columns > MAX_PAIRS {
        let all = expected.iter().zip(received).enumerate();
        return all.filter(|(_, (one, other))| fits(one, other)).map(|(at, _)| (at, at)).collect();
    }
    // most[row][column]: how many can fit from there on.
    let mut most = vec![vec![0u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            most[row][column] = if fits(expected[row], received[column]) {
                most[row + 1][column + 1] + 1
            } else {
                most[row + 1][column].max(most[row][column + 1])
            };
        }
    }
    let mut anchors = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if fits(expected[row], received[column]) {
            anchors.push((row, column));
            row += 1;
            column += 1;
        } else if most[row + 1][column] >= most[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    anchors
}

enum Difference {
    /// Index of the half byte.
    Digit(usize),
    /// The packet is shorter than the pattern.
    Short,
    /// The packet is longer than an exact pattern.
    Long,
}

fn first_difference(pattern: &Pattern, data: &[u8]) -> Option<Difference> {
    for (at, (wanted, _)) in pattern.nibbles.iter().enumerate() {
        let Some(byte) = data.get(at / 2) else { return Some(Difference::Short) };
        let have = if at % 2 == 0 { byte >> 4 } else { byte & 0xf };
        if wanted.is_some_and(|wanted| wanted != have) {
            return Some(Difference::Digit(at));
        }
    }
    (pattern.is_exact && data.len() * 2 > pattern.nibbles.len()).then_some(Difference::Long)
}

fn difference(expected: &Expectation, received: &Received) -> Option<Diagnostic> {
    let pattern = expected.pattern.as_ref()?;
    let (span, message, label) = match first_difference(pattern, &received.data)? {
        Difference::Digit(at) => {
            let start = pattern.nibbles[at].1 as usize;
            let span = Span::new(pattern.span.source, start, start + 1);
            let byte = received.data.get(at / 2).copied().unwrap_or(0);
            let have = if at % 2 == 0 { byte >> 4 } else { byte & 0xf };
            let message = format!("a packet of port {} differs in byte {}", expected.port, at / 2);
            (span, message, format!("`{have:x}` came"))
        }
        Difference::Short => {
            let message = format!("a packet of port {} is too short", expected.port);
            let label = format!(
                "{} bytes are wanted, {} came",
                pattern.nibbles.len().div_ceil(2),
                received.data.len()
            );
            (pattern.span, message, label)
        }
        Difference::Long => {
            let message = format!("a packet of port {} is too long", expected.port);
            let label =
                format!("{} bytes are wanted, {} came", pattern.nibbles.len() / 2, received.data.len());
            (pattern.span, message, label)
        }
    };
    Some(Diagnostic::error(message).at(span, label).help(format!("this came: {}", shown(&received.data))))
}

fn unexpected(received: &Received, is_plugged: bool, packets: &[Span]) -> Diagnostic {
    let mut diagnostic = if is_plugged {
        Diagnostic::error(format!("a packet came out of port {} that was not expected", received.port))
    } else {
        Diagnostic::note(format!("a packet went to port {}, which the script does not name", received.port))
    };
    if let Some(span) = received.cause.and_then(|cause| packets.get(cause)) {
        diagnostic = diagnostic.at(*span, "of this packet");
    }
    diagnostic.help(format!("this came: {}", shown(&received.data)))
}

/// Bytes in groups of four.
fn shown(data: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in data.iter().take(SHOWN_BYTES).enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(' ');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    if data.len() > SHOWN_BYTES {
        text.push_str(&format!(" ... ({} bytes)", data.len()));
    }
    text
}
