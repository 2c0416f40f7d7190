//! What is told of traffic: sFlow and IPFIX, where `--telemetry` wants them.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use sluice_api::{Family, MoreMetrics};
use sluice_daemon::Broker;
use sluice_diagnostics::Sources;
use sluice_switch::DropReason;
use sluice_target::port::{PortSpec, Received, Role};
use sluice_target::{Observe, ObserveSent, Observers, PortStatus, Target};
use sluice_telemetry::sflow::{Direction, Interface, Way};
use sluice_telemetry::{Config, Counted, Exports, Interfaces, Lost, Receivers, SentTap, Tap, Ways};

use super::begin::{Begun, Shown};
use super::latency;
use super::ports::Wanted;
use crate::args;
use crate::failure::Failure;

/// The frames of a port, on their way to collectors.
struct Seen(Tap);

impl Observe for Seen {
    fn frame(&mut self, frame: &Received<'_>) {
        self.0.frame(frame.data, frame.wire_length, frame.time_ns);
    }

    fn idle(&mut self, now_ns: u64) {
        self.0.idle(now_ns);
    }
}

/// The frames that leave by a port, on their way to collectors.
struct Sent(SentTap);

impl ObserveSent for Sent {
    fn frame(&self, data: &[u8]) {
        self.0.frame(data);
    }
}

/// Says what sees the frames of a port, whenever it is attached. What sends them ends by itself, when those who see nothing any more have gone.
struct Watchers(Weak<Exports>);

impl Observers for Watchers {
    fn receiving(&self, port: u16, name: &str) -> Option<Box<dyn Observe>> {
        let tap = self.0.upgrade()?.tap(port, name)?;
        Some(Box::new(Seen(tap)))
    }

    fn sending(&self, port: u16, name: &str) -> Option<Box<dyn ObserveSent>> {
        let tap = self.0.upgrade()?.sent_tap(port, name)?;
        Some(Box::new(Sent(tap)))
    }
}

/// What sees the frames of all ports that are attached from now on.
pub(super) fn observers(exports: &Arc<Exports>) -> Arc<dyn Observers> {
    Arc::new(Watchers(Arc::downgrade(exports)))
}

/// The file, if there is one; `ports` are looked for in it as soon as it is known which there are.
pub(super) fn config(arguments: &args::Serve, ports: Option<&[Wanted]>) -> Result<Config, Failure> {
    let Some(path) = &arguments.telemetry else { return Ok(Config::default()) };
    let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
    let names: Option<Vec<&str>> = ports.map(|ports| ports.iter().map(|port| port.name.as_str()).collect());
    let mut sources = Sources::new();
    let source = sources.add(path.display().to_string(), text);
    sluice_telemetry::parse(&mut sources, source, names.as_deref())
        .map_err(|found| Failure::located(&found, &sources))
}

fn interface(port: &PortStatus, role: Role, speed: u64) -> Interface {
    let drops = |wanted: DropReason| {
        let drops = port.counters.drops.iter().find(|(reason, _)| *reason == wanted);
        drops.map_or(0, |(_, data)| data.packets)
    };
    let (received, sent, lost) = (port.counters.received, port.counters.sent, port.lost);
    Interface {
        port: port.port,
        speed,
        direction: match role {
            Role::Network => Direction::In,
            Role::Tool => Direction::Out,
            Role::Both => Direction::Full,
        },
        is_up: port.is_up,
        received: Way {
            octets: received.bytes,
            frames: received.packets,
            groups: None,
            discards: port.missed,
            errors: 0,
        },
        sent: Way {
            octets: sent.bytes,
            frames: sent.packets,
            groups: None,
            discards: lost.queue_full + lost.port_down + drops(DropReason::PortDown),
            errors: lost.refused + lost.not_written + drops(DropReason::MaxFrame),
        },
    }
}

/// Whether the frames of ports have to be seen for what is wanted.
fn wants_frames(config: &Config) -> bool {
    config.sflow.is_some() || config.ipfix.is_some() || !config.latency.is_empty()
}

/// Whether it is enough to see some frames for what is wanted.
///
/// # Errors
/// What is made of others, and what to do about it.
pub(super) fn check_shown(config: &Config, shown: Shown, ports: &[Wanted]) -> Result<(), (String, String)> {
    match shown {
        Shown::All => Ok(()),
        Shown::Copies if config.sflow.is_some() || config.ipfix.is_some() => Err((
            "sFlow and IPFIX are made of the frames of all ports, and XDP shows those of captures alone".to_string(),
            "leave `sflow:` and `ipfix:` out of `--telemetry`, or serve on the soft switch (`--data-path soft`)".to_string(),
        )),
        Shown::Copies => {
            let is_here = |port: &&Wanted| matches!(port.spec, PortSpec::Capture(_) | PortSpec::Watch);
            let here: Vec<&str> = ports.iter().filter(is_here).map(|port| port.name.as_str()).collect();
            match config.latency.iter().find(|way| !here.contains(&way.tool.as_str())) {
                None => Ok(()),
                Some(way) => Err((
                    format!("latency `{}` is measured in the copies for tool `{}`, and XDP shows those of captures alone", way.name, way.tool),
                    format!("let them come to this process: `--port {0}=watch:`, or to files, too: `--port {0}=capture:FOLDER`", way.tool),
                )),
            }
        }
        Shown::None if !wants_frames(config) => Ok(()),
        Shown::None => Err((
            "sFlow, IPFIX and latency are made of frames, and this data path shows them to nobody".to_string(),
            "leave `sflow:`, `ipfix:` and `latency:` out of `--telemetry`, or serve on the soft switch (`--data-path soft`)".to_string(),
        )),
    }
}

/// Begins to send; nothing if nothing is wanted.
pub(super) fn start(config: &Config, begun: &Begun) -> Result<Option<Exports>, Failure> {
    if !wants_frames(config) {
        return Ok(None);
    }
    check_shown(config, begun.shown, &begun.ports).map_err(|(what, help)| Failure::argument(what, help))?;
    let roles: BTreeMap<u16, Role> = begun.ports.iter().map(|port| (port.number, port.role)).collect();
    let target: Arc<dyn Target> = begun.target.clone();
    let broker = begun.brokered.as_ref().map(|brokered| brokered.broker.clone());
    let interfaces: Interfaces = Box::new(move || {
        // Ports may come while it runs: what they are, the policy says.
        let known = broker.as_ref().map(Broker::ports).unwrap_or_default();
        let known: BTreeMap<u16, (&str, u64)> =
            known.iter().map(|port| (port.number, (port.role, port.speed.unwrap_or(0)))).collect();
        let of = |port: &PortStatus| {
            let (role, speed) = known.get(&port.port).copied().unwrap_or_default();
            let role = match role {
                "network" => Role::Network,
                "tool" => Role::Tool,
                _ => roles.get(&port.port).copied().unwrap_or(Role::Both),
            };
            interface(port, role, speed)
        };
        target.ports().iter().map(of).collect()
    });
    let exports =
        Exports::start(config, interfaces).map_err(Failure::system("begin to send to collectors"))?;
    if let Some(sflow) = &config.sflow {
        tracing::info!(collectors = ?sflow.collectors, one_of = sflow.sample, "sFlow is sent");
    }
    if let Some(ipfix) = &config.ipfix {
        tracing::info!(collectors = ?ipfix.collectors, domain = ipfix.domain, "IPFIX is sent");
    }
    for way in &config.latency {
        tracing::info!(way = way.name, tool = way.tool, from = way.from, to = way.to, "latency is measured");
    }
    Ok(Some(exports))
}

/// Metrics of what is told to others.
pub(super) fn metrics(counted: Option<Counted>, ways: Ways, receivers: Weak<Receivers>) -> MoreMetrics {
    Arc::new(move || {
        let mut families = Vec::new();
        if let Some(counted) = &counted {
            exported(&counted.lost(), &mut families);
        }
        families.extend(latency::families(&ways));
        let delivered = receivers.upgrade().map(|receivers| receivers.delivered()).unwrap_or_default();
        let samples = delivered.into_iter().flat_map(|(receiver, delivered, lost)| {
            let of =
                move |outcome: &str| vec![("receiver", receiver.clone()), ("outcome", outcome.to_string())];
            [(of("delivered"), delivered), (of("lost"), lost)]
        });
        families.push(Family {
            name: "sluice_alert_deliveries_total",
            kind: "counter",
            help: "Alerts for receivers, by what became of them.",
            samples: samples.collect(),
            histograms: Vec::new(),
        });
        families
    })
}

fn exported(lost: &[(String, Lost)], families: &mut Vec<Family>) {
    let records = lost.iter().flat_map(|(port, lost)| {
        let all = [
            ("sample", "handed_over", lost.samples),
            ("sample", "lost", lost.lost_samples),
            ("flow", "handed_over", lost.flows),
            ("flow", "lost", lost.lost_flows),
        ];
        all.map(|(kind, outcome, count)| {
            let labels =
                vec![("port", port.clone()), ("kind", kind.to_string()), ("outcome", outcome.to_string())];
            (labels, count)
        })
    });
    families.push(Family {
        name: "sluice_export_records_total",
        kind: "counter",
        help: "Samples for sFlow and flows for IPFIX, by what became of them.",
        samples: records.collect(),
        histograms: Vec::new(),
    });
    let each = |count: fn(&Lost) -> u64| -> Vec<(Vec<(&'static str, String)>, u64)> {
        lost.iter().map(|(port, lost)| (vec![("port", port.clone())], count(lost))).collect()
    };
    families.push(Family {
        name: "sluice_export_flows_evicted_total",
        kind: "counter",
        help: "Flows that gave way to others, since there was no room for both.",
        samples: each(|lost| lost.evicted_flows),
        histograms: Vec::new(),
    });
    families.push(Family {
        name: "sluice_export_frames_without_flow_total",
        kind: "counter",
        help: "Frames that are in no flow, since they are not IP.",
        samples: each(|lost| lost.not_ip),
        histograms: Vec::new(),
    });
}
