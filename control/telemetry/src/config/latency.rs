//! `latency:`.

use std::path::PathBuf;
use std::time::Duration;

use sluice_diagnostics::closest;
use sluice_latency::Profile;
use sluice_yaml::{Node, Reader};

use super::alerts::{Unit, rule};
use super::{number, time};
use crate::latency::LatencyConfig;

/// Most ways.
const MAX_WAYS: usize = 16;
/// Largest VLAN id that a label can be.
const MAX_LABEL: u64 = 4_094;
/// Most packets under way, of a way.
const MAX_ENTRIES: u64 = 1 << 24;

const PROFILES: [(&str, Profile); 4] = [
    ("routed", Profile::Routed),
    ("nat", Profile::Nat),
    ("tunnel", Profile::Tunnel),
    ("payload", Profile::Payload),
];

/// Reads the list of ways; `ports` are the names of the broker's ports, where they are known.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, ports: Option<&[&str]>) -> Vec<LatencyConfig> {
    let list = reader.list(node, "`latency`").unwrap_or_default();
    if list.len() > MAX_WAYS {
        reader.error(format!("{} ways are too many", list.len()), node.span, format!("up to {MAX_WAYS}"));
    }
    let mut ways: Vec<LatencyConfig> = Vec::new();
    for node in list {
        let Some(way) = way(reader, node, ports) else { continue };
        if ways.iter().any(|other| other.name == way.name) {
            reader.error(
                format!("two ways are named `{}`", way.name),
                node.span,
                "give each a name of its own",
            );
        }
        ways.push(way);
    }
    ways
}

fn way(reader: &mut Reader<'_>, node: &Node, ports: Option<&[&str]>) -> Option<LatencyConfig> {
    const KEYS: [&str; 12] =
        ["name", "tool", "from", "to", "key", "depth", "window", "entries", "every", "json", "p99", "loss"];
    let what = "a way of `latency`";
    let fields = reader.fields(node, what, &KEYS)?;
    let mut text = |key: &str| {
        let node = reader.required(&fields, key, what, fields.span)?;
        reader.text(node, key).map(|text| (text.to_string(), node.span))
    };
    let (name, tool) = (text("name"), text("tool"));
    let mut label = |key: &str| {
        let node = reader.required(&fields, key, what, fields.span)?;
        reader.number(node, "label of a network port", 1, MAX_LABEL).map(|label| label as u16)
    };
    let (from, to) = (label("from"), label("to"));
    if let (Some(from), Some(to)) = (from, to)
        && from == to
    {
        reader.error(
            "a way from a tap to itself",
            fields.span,
            "`from` and `to` are the labels of two network ports",
        );
    }
    if let (Some((tool, span)), Some(ports)) = (&tool, ports)
        && !ports.contains(&tool.as_str())
    {
        let help = match closest(tool, ports.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "the tool port to which the policy sends stamped and labeled copies".to_string(),
        };
        reader.error(format!("there is no port `{tool}`"), *span, help);
    }
    let key = match fields.value("key") {
        Some(node) => PROFILES[reader.word(node, "key profile", &PROFILES.map(|(name, _)| name))?].1,
        None => Profile::Routed,
    };
    let window = match fields.value("window") {
        Some(node) => reader.duration(node)?,
        None => 100_000_000,
    };
    let alert = |reader: &mut Reader<'_>, key: &str, unit| {
        fields.value(key).and_then(|node| rule(reader, node, key, unit, None))
    };
    let (p99, loss) = (alert(reader, "p99", Unit::Time), alert(reader, "loss", Unit::Percent));
    Some(LatencyConfig {
        name: name?.0,
        tool: tool?.0,
        from: from?,
        to: to?,
        key,
        depth: number(reader, &fields, "depth", 8, 1_024, 32) as usize,
        window: Duration::from_nanos(window),
        entries: number(reader, &fields, "entries", 1_024, MAX_ENTRIES, 1 << 20) as usize,
        every: time(reader, &fields, "every", 10),
        json: fields.value("json").and_then(|node| reader.text(node, "`json`")).map(PathBuf::from),
        p99,
        loss,
    })
}
