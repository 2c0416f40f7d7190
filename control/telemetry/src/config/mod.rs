//! The file that says what a broker tells to whom.

mod alerts;
mod latency;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use sluice_diagnostics::{Diagnostics, SourceId, Sources, closest};
use sluice_yaml::{Fields, Node, Reader};

use crate::alerts::Rules;
use crate::latency::LatencyConfig;
use crate::sflow::MAX_HEADER;
use crate::syslog::Syslog;
use crate::webhook::Url;

/// The ports of collectors, as IANA has them.
const SFLOW_PORT: u16 = 6343;
const IPFIX_PORT: u16 = 4739;

/// Most collectors of a kind.
const MAX_COLLECTORS: usize = 8;

/// Most flows of a port.
const MAX_FLOWS: u64 = 1 << 22;

const SECOND_NS: u64 = 1_000_000_000;

/// What is told to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Samples and counters.
    pub sflow: Option<SflowConfig>,
    /// Flows.
    pub ipfix: Option<IpfixConfig>,
    /// Ways between taps that are measured.
    pub latency: Vec<LatencyConfig>,
    /// What is watched, and who is told.
    pub alerts: AlertsConfig,
}

/// Alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertsConfig {
    /// What is watched.
    pub rules: Rules,
    /// Who is told by syslog.
    pub syslog: Vec<Syslog>,
    /// Who is told by POST.
    pub webhooks: Vec<WebhookConfig>,
}

/// A receiver by POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Where.
    pub url: Url,
    /// A file with the token that it wants, as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// For `https`: a file with the certificates of the authorities that vouch for it (PEM).
    pub ca: PathBuf,
}

/// sFlow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SflowConfig {
    /// Where datagrams go, all to each.
    pub collectors: Vec<SocketAddr>,
    /// What the broker is known by; without it, the address by which it reaches the first collector.
    pub agent: Option<IpAddr>,
    /// One of so many frames is picked.
    pub sample: u32,
    /// The same of what tool ports send; without it of those alone that are named in `ports`.
    pub tools: Option<u32>,
    /// Rates of single ports, by name.
    pub ports: BTreeMap<String, u32>,
    /// Bytes of a frame that a sample has.
    pub header: usize,
    /// From one reading of the counters to the next.
    pub poll: Duration,
}

/// IPFIX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpfixConfig {
    /// Where messages go, all to each.
    pub collectors: Vec<SocketAddr>,
    /// The observation domain.
    pub domain: u32,
    /// Most flows of a port.
    pub flows: usize,
    /// A flow without packets for so long is told and forgotten.
    pub idle: Duration,
    /// A flow that goes on is told that often.
    pub active: Duration,
    /// Templates are sent that often.
    pub templates: Duration,
}

/// Reads a file; `ports` are the names of the broker's ports, where they are known.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn parse(sources: &mut Sources, source: SourceId, ports: Option<&[&str]>) -> Result<Config, Diagnostics> {
    let mut found = Diagnostics::new();
    let least = "it has `sflow:`, `ipfix:`, `latency:`, `alerts:`, or some of them";
    let Some(root) = sluice_yaml::parse(sources, source, least, &mut found) else { return Err(found) };
    let mut reader = Reader { sources, source, found };
    let mut config = Config::default();
    if let Some(fields) = reader.fields(&root, "the telemetry", &["sflow", "ipfix", "latency", "alerts"]) {
        config.sflow = fields.value("sflow").and_then(|node| sflow(&mut reader, node, ports));
        config.ipfix = fields.value("ipfix").and_then(|node| ipfix(&mut reader, node));
        if let Some(node) = fields.value("alerts") {
            config.alerts = alerts::read(&mut reader, node);
        }
        if let Some(node) = fields.value("latency") {
            config.latency = latency::read(&mut reader, node, ports);
            let rules = config.latency.iter().map(|way| (way.name.clone(), (way.p99, way.loss)));
            config.alerts.rules.latency = rules.collect();
        }
    }
    if reader.found.has_errors() { Err(reader.found) } else { Ok(config) }
}

/// An address with a port, or without one: the usual one then.
fn address(reader: &mut Reader<'_>, node: &Node, port: u16) -> Option<SocketAddr> {
    let text = reader.text(node, "a collector")?;
    let whole = text.parse::<SocketAddr>().ok();
    let address = whole.or_else(|| Some(SocketAddr::new(text.parse().ok()?, port)));
    if address.is_none() {
        let help = format!(
            "an address, with a port or without: `192.0.2.10`, `192.0.2.10:{port}`, `\"[2001:db8::10]:{port}\"`"
        );
        reader.error(format!("`{text}` is no address of a collector"), node.span, help);
    }
    address
}

fn collectors(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    what: &str,
    port: u16,
) -> Option<Vec<SocketAddr>> {
    let node = reader.required(fields, "collectors", what, fields.span)?;
    let list = reader.list(node, "`collectors`")?;
    if list.is_empty() || list.len() > MAX_COLLECTORS {
        let message = format!("{} collectors are not wanted", list.len());
        reader.error(message, node.span, format!("1 to {MAX_COLLECTORS}"));
    }
    Some(list.iter().filter_map(|node| address(reader, node, port)).collect())
}

fn number(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, low: u64, high: u64, default: u64) -> u64 {
    let given = fields.value(key).and_then(|node| reader.number(node, key, low, high));
    given.unwrap_or(default)
}

/// At least a second.
fn time(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, default: u64) -> Duration {
    let Some(node) = fields.value(key) else { return Duration::from_secs(default) };
    let given = reader.duration(node).unwrap_or(default * SECOND_NS);
    if given < SECOND_NS {
        reader.error(format!("`{key}` is too short"), node.span, "at least `1s`");
    }
    Duration::from_nanos(given)
}

fn sflow(reader: &mut Reader<'_>, node: &Node, ports: Option<&[&str]>) -> Option<SflowConfig> {
    const KEYS: [&str; 7] = ["collectors", "agent", "sample", "tools", "ports", "header", "poll"];
    let fields = reader.fields(node, "`sflow`", &KEYS)?;
    let agent = fields.value("agent").and_then(|node| {
        let text = reader.text(node, "`agent`")?;
        let address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            reader.error(format!("`{text}` is no address"), node.span, "an IP address, as `192.0.2.1`");
        }
        address
    });
    let most = u64::from(u32::MAX >> 1);
    let mut rates = BTreeMap::new();
    if let Some(entries) = fields.value("ports").and_then(|node| reader.mapping(node, "`ports`")) {
        for (key, node) in entries {
            if let Some(ports) = ports.filter(|ports| !ports.contains(&key.text.as_str())) {
                let help = match closest(&key.text, ports.iter().copied()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "frames are picked where they come in, and where copies leave".to_string(),
                };
                reader.error(format!("there is no port `{}`", key.text), key.span, help);
            }
            if let Some(rate) = reader.number(node, "rate of samples", 1, most) {
                rates.insert(key.text.clone(), rate as u32);
            }
        }
    }
    Some(SflowConfig {
        collectors: collectors(reader, &fields, "`sflow`", SFLOW_PORT).unwrap_or_default(),
        agent,
        sample: number(reader, &fields, "sample", 1, most, 1_000) as u32,
        tools: fields
            .value("tools")
            .and_then(|node| reader.number(node, "rate of samples", 1, most))
            .map(|rate| rate as u32),
        ports: rates,
        header: number(reader, &fields, "header", 14, MAX_HEADER as u64, 128) as usize,
        poll: time(reader, &fields, "poll", 20),
    })
}

fn ipfix(reader: &mut Reader<'_>, node: &Node) -> Option<IpfixConfig> {
    const KEYS: [&str; 6] = ["collectors", "domain", "flows", "idle", "active", "templates"];
    let fields = reader.fields(node, "`ipfix`", &KEYS)?;
    Some(IpfixConfig {
        collectors: collectors(reader, &fields, "`ipfix`", IPFIX_PORT).unwrap_or_default(),
        domain: number(reader, &fields, "domain", 0, u64::from(u32::MAX), 1) as u32,
        flows: number(reader, &fields, "flows", 8, MAX_FLOWS, 16_384) as usize,
        idle: time(reader, &fields, "idle", 15),
        active: time(reader, &fields, "active", 60),
        templates: time(reader, &fields, "templates", 30),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let mut sources = Sources::new();
        let source = sources.add("telemetry.yaml", text);
        parse(&mut sources, source, Some(&["tap-a", "tap-b"])).map_err(|found| found.render(&sources))
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let config = read(
            "sflow: { collectors: [192.0.2.10], ports: { tap-a: 10 } }\nipfix: { collectors: [\"[2001:db8::1]:99\"] }\nalerts: { drops: { raise: 100 }, port_down: false, syslog: [udp:192.0.2.1, /dev/log], webhooks: [{ url: https://hooks.example/x }] }\n",
        );
        let config = config.unwrap_or_else(|found| panic!("{found}"));
        let sflow = config.sflow.expect("it is there");
        assert_eq!(
            (sflow.collectors[0].to_string().as_str(), sflow.sample, sflow.header),
            ("192.0.2.10:6343", 1000, 128)
        );
        assert_eq!((sflow.ports["tap-a"], sflow.poll, sflow.agent), (10, Duration::from_secs(20), None));
        let ipfix = config.ipfix.expect("it is there");
        assert_eq!((ipfix.collectors[0].to_string().as_str(), ipfix.domain), ("[2001:db8::1]:99", 1));
        assert_eq!(sflow.tools, None);
        let alerts = config.alerts;
        let drops = alerts.rules.drops.expect("it is watched");
        assert_eq!((drops.raise, drops.clear, alerts.rules.port_down), (100, 0, false));
        assert_eq!(alerts.rules.tool_rate, Rules::default().tool_rate);
        assert_eq!(
            alerts.syslog.iter().map(Syslog::to_string).collect::<Vec<_>>(),
            ["udp:192.0.2.1:514", "local:/dev/log"]
        );
        assert_eq!(alerts.webhooks[0].ca.display().to_string(), "/etc/ssl/certs/ca-certificates.crt");
    }

    #[test]
    fn clocks_tools_and_single_ports_have_words() {
        let config = read(
            "sflow: { collectors: [192.0.2.10], tools: 500 }\nalerts:\n  clock_unlocked: false\n  clock_offset: { raise: 20us }\n  clock_step: false\n  ports:\n    ids: { tool_rate: { raise: 50%, clear: 40% }, drops: false }\n    tap-a: { port_down: false }\n",
        );
        let config = config.unwrap_or_else(|found| panic!("{found}"));
        assert_eq!(config.sflow.expect("it is there").tools, Some(500));
        let rules = config.alerts.rules;
        let offset = rules.clock_offset.expect("it is watched");
        assert_eq!((offset.raise, offset.clear), (20_000, 19_999));
        assert!(!rules.clock_unlocked && rules.clock_step.is_none());
        let ids = &rules.ports["ids"];
        let rate = ids.tool_rate.flatten().expect("it is watched");
        assert_eq!((rate.raise, rate.clear, ids.drops, ids.port_down), (500_000, 400_000, Some(None), None));
        assert_eq!(rules.ports["tap-a"].port_down, Some(false));
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        for (text, parts) in [
            ("", &["the configuration is empty", "`sflow:`"][..]),
            ("sflo: {}", &["unknown key `sflo`", "did you mean `sflow`?"]),
            ("sflow: { sample: 0 }", &["`0` is no sample", "`sflow` has no `collectors`"]),
            (
                "sflow: { collectors: [here], ports: { tap-c: 5 } }",
                &["no address of a collector", "no port `tap-c`", "did you mean `tap-"],
            ),
            ("ipfix: { collectors: [], idle: 10ms }", &["0 collectors", "`idle` is too short"]),
            ("alerts: { tool_rate: { raise: 50%, clear: 60% } }", &["do not fit together"]),
            (
                "alerts: { reasons: [queue_ful], raise_after: soon }",
                &["did you mean `queue_full`?", "`soon` is no time"],
            ),
            (
                "alerts: { clock_step: { raise: soon }, ports: { ids: { tool_rat: false, drops: { raise: 0 } } } }",
                &["`soon` is no duration", "did you mean `tool_rate`?", "do not fit together"],
            ),
            (
                "alerts: { syslog: [log], webhooks: [{ url: nowhere }] }",
                &["no receiver by syslog", "no URL of a webhook"],
            ),
        ] {
            let found = read(text).expect_err(text);
            for part in parts {
                assert!(found.contains(part), "{part}\n{found}");
            }
        }
    }
}
