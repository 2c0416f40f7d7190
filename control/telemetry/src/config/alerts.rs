//! `alerts:`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use sluice_yaml::{Fields, Node, Reader};

use super::{AlertsConfig, WebhookConfig};
use crate::alerts::{PortRules, REASONS, Rules, Threshold};
use crate::syslog::Syslog;

/// The port of syslog over UDP (RFC 5426); over TCP there is none of its own, and this one is used.
const SYSLOG_PORT: u16 = 514;

/// Most receivers of a kind.
const MAX_RECEIVERS: usize = 8;

/// Where Debian has the certificates of all authorities.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Millionths of a hundred percent, ten times over: rates may be above what a port's speed says.
const MOST_SHARE: u64 = 10_000_000;
const MOST_RATE: u64 = 1_000_000_000_000;

/// A day.
const MOST_TIME_NS: u64 = 86_400_000_000_000;

/// How the values of a threshold are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Percent,
    PerSecond,
    Time,
}

fn value(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, unit: Unit, default: u64) -> u64 {
    let given = fields.value(key).and_then(|node| match unit {
        Unit::Percent => reader.percent(node, key, MOST_SHARE),
        Unit::PerSecond => reader.number(node, key, 0, MOST_RATE),
        Unit::Time => reader.duration(node),
    });
    given.unwrap_or(default)
}

fn threshold(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    unit: Unit,
    default: Option<Threshold>,
) -> Threshold {
    let default = default.unwrap_or(Threshold { raise: 1, clear: 0 });
    let raise = value(reader, fields, "raise", unit, default.raise);
    // Without a word, as far below as usual.
    let clear = value(reader, fields, "clear", unit, default.clear.min(raise.saturating_sub(1)));
    if raise == 0 || clear >= raise {
        let help = "an alert is raised at `raise` and above, and cleared at `clear` and below, which is less";
        reader.error("these thresholds do not fit together", fields.span, help);
    }
    Threshold { raise, clear }
}

/// A rule with thresholds, or `false`.
pub(super) fn rule(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    unit: Unit,
    default: Option<Threshold>,
) -> Option<Threshold> {
    if let sluice_yaml::Value::Scalar(_) = node.value {
        return if reader.truth(node, key)? { default } else { None };
    }
    let fields = reader.fields(node, &format!("`{key}`"), &["raise", "clear"])?;
    Some(threshold(reader, &fields, unit, default))
}

fn time(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, default: Duration) -> Duration {
    let Some(node) = fields.value(key) else { return default };
    const UNITS: [(&str, u64); 4] =
        [("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000), ("h", 3_600_000_000_000)];
    let given = reader.unit(node, "time", &UNITS, 0, MOST_TIME_NS, "a time up to a day, as `10s` or `5min`");
    given.map_or(default, Duration::from_nanos)
}

fn syslog(reader: &mut Reader<'_>, node: &Node) -> Option<Syslog> {
    let text = reader.text(node, "a receiver by syslog")?;
    let address = |text: &str| -> Option<std::net::SocketAddr> {
        text.parse().ok().or_else(|| Some(std::net::SocketAddr::new(text.parse().ok()?, SYSLOG_PORT)))
    };
    let receiver = match text.split_once(':') {
        Some(("udp", rest)) => address(rest).map(Syslog::Udp),
        Some(("tcp", rest)) => address(rest).map(Syslog::Tcp),
        Some(_) | None if text.starts_with('/') => Some(Syslog::Local(PathBuf::from(text))),
        Some(_) | None => None,
    };
    if receiver.is_none() {
        let help = "`udp:ADDRESS`, `tcp:ADDRESS`, each with a port or without, or a path: `/dev/log`";
        reader.error(format!("`{text}` is no receiver by syslog"), node.span, help);
    }
    receiver
}

fn webhook(reader: &mut Reader<'_>, node: &Node) -> Option<WebhookConfig> {
    let fields = reader.fields(node, "a webhook", &["url", "token_file", "ca"])?;
    let at = reader.required(&fields, "url", "a webhook", fields.span)?;
    let url = match reader.text(at, "`url`")?.parse() {
        Ok(url) => url,
        Err(why) => {
            reader.error(
                format!("this is no URL of a webhook: {why}"),
                at.span,
                "as `https://hooks.example/sluice`",
            );
            return None;
        }
    };
    let mut path = |key: &str| fields.value(key).and_then(|node| reader.text(node, key)).map(PathBuf::from);
    let token_file = path("token_file");
    let ca = path("ca").unwrap_or_else(|| PathBuf::from(AUTHORITIES));
    Some(WebhookConfig { url, token_file, ca })
}

fn receivers<T>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    read: fn(&mut Reader<'_>, &Node) -> Option<T>,
) -> Vec<T> {
    let Some(node) = fields.value(key) else { return Vec::new() };
    let list = reader.list(node, &format!("`{key}`")).unwrap_or_default();
    if list.len() > MAX_RECEIVERS {
        reader.error(
            format!("{} receivers are too many", list.len()),
            node.span,
            format!("up to {MAX_RECEIVERS}"),
        );
    }
    list.iter().filter_map(|node| read(reader, node)).collect()
}

/// What is otherwise for single ports and tools. A name that the policy does not have is no mistake: policies change.
fn ports(reader: &mut Reader<'_>, node: &Node, all: &Rules) -> BTreeMap<String, PortRules> {
    let mut ports = BTreeMap::new();
    for (key, node) in reader.mapping(node, "`ports`").unwrap_or_default() {
        let what = format!("alerts of `{}`", key.text);
        let Some(fields) = reader.fields(node, &what, &["tool_rate", "drops", "port_down"]) else { continue };
        let mut of =
            |key: &str, unit, default| fields.value(key).map(|node| rule(reader, node, key, unit, default));
        let tool_rate = of("tool_rate", Unit::Percent, all.tool_rate);
        let drops = of("drops", Unit::PerSecond, all.drops);
        let port_down = fields.value("port_down").and_then(|node| reader.truth(node, "port_down"));
        ports.insert(key.text.clone(), PortRules { tool_rate, drops, port_down });
    }
    ports
}

/// Reads `alerts:`; what is not said is as usual.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> AlertsConfig {
    const KEYS: [&str; 14] = [
        "tool_rate",
        "drops",
        "reasons",
        "port_down",
        "table_space",
        "target_health",
        "clock_unlocked",
        "clock_offset",
        "clock_step",
        "ports",
        "raise_after",
        "clear_after",
        "syslog",
        "webhooks",
    ];
    let mut config = AlertsConfig::default();
    let Some(fields) = reader.fields(node, "`alerts`", &KEYS) else { return config };
    let rules = &mut config.rules;
    if let Some(node) = fields.value("tool_rate") {
        rules.tool_rate = rule(reader, node, "tool_rate", Unit::Percent, rules.tool_rate);
    }
    if let Some(node) = fields.value("table_space") {
        rules.table_space = rule(reader, node, "table_space", Unit::Percent, rules.table_space);
    }
    if let Some(node) = fields.value("drops") {
        rules.drops = rule(reader, node, "drops", Unit::PerSecond, rules.drops);
    }
    if let Some(list) = fields.value("reasons").and_then(|node| reader.list(node, "`reasons`")) {
        let reasons = list.iter().filter_map(|node| reader.word(node, "reason of drops", &REASONS));
        rules.reasons = reasons.filter_map(|at| REASONS.get(at).copied()).collect();
    }
    if let Some(node) = fields.value("clock_offset") {
        rules.clock_offset = rule(reader, node, "clock_offset", Unit::Time, rules.clock_offset);
    }
    if let Some(node) = fields.value("clock_step") {
        rules.clock_step = rule(reader, node, "clock_step", Unit::Time, rules.clock_step);
    }
    let switches = [
        ("port_down", &mut rules.port_down),
        ("target_health", &mut rules.target_health),
        ("clock_unlocked", &mut rules.clock_unlocked),
    ];
    for (key, rule) in switches {
        if let Some(is_watched) = fields.value(key).and_then(|node| reader.truth(node, key)) {
            *rule = is_watched;
        }
    }
    if let Some(node) = fields.value("ports") {
        rules.ports = ports(reader, node, rules);
    }
    rules.raise_after = time(reader, &fields, "raise_after", rules.raise_after);
    rules.clear_after = time(reader, &fields, "clear_after", rules.clear_after);
    config.syslog = receivers(reader, &fields, "syslog", syslog);
    config.webhooks = receivers(reader, &fields, "webhooks", webhook);
    config
}
