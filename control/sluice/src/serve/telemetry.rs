//! What is told of traffic: sFlow and IPFIX, where `--telemetry` wants them.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_diagnostics::Sources;
use sluice_switch::DropReason;
use sluice_target::port::{Received, Role};
use sluice_target::{Observe, PortStatus, SoftTarget, Target};
use sluice_telemetry::sflow::{Direction, Interface, Way};
use sluice_telemetry::{Config, Exports, Interfaces, Tap};

use super::begin::Begun;
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

/// What sees the frames of a port, if something is wanted of them.
pub(super) fn observer(exports: Option<&Exports>, number: u16, name: &str) -> Option<Box<dyn Observe>> {
    let tap = exports?.tap(number, name)?;
    Some(Box::new(Seen(tap)))
}

/// The file, if there is one.
pub(super) fn config(arguments: &args::Serve, begun: &Begun) -> Result<Config, Failure> {
    let Some(path) = &arguments.telemetry else { return Ok(Config::default()) };
    let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
    let taps = begun.ports.iter().filter(|port| port.role.receives());
    let names: Vec<&str> = taps.map(|port| port.name.as_str()).collect();
    let mut sources = Sources::new();
    let source = sources.add(path.display().to_string(), text);
    sluice_telemetry::parse(&mut sources, source, &names).map_err(|found| Failure::located(&found, &sources))
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
            errors: lost.refused + drops(DropReason::MaxFrame),
        },
    }
}

/// Begins to send; nothing if nothing is wanted.
pub(super) fn start(config: &Config, begun: &Begun) -> Result<Option<Exports>, Failure> {
    if config.sflow.is_none() && config.ipfix.is_none() {
        return Ok(None);
    }
    let roles: BTreeMap<u16, Role> = begun.ports.iter().map(|port| (port.number, port.role)).collect();
    let target: Arc<SoftTarget> = begun.target.clone();
    let broker = begun.brokered.as_ref().map(|brokered| brokered.broker.clone());
    let interfaces: Interfaces = Box::new(move || {
        let speeds: BTreeMap<u16, u64> = broker.as_ref().map_or_else(BTreeMap::new, |broker| {
            broker.ports().into_iter().filter_map(|port| Some((port.number, port.speed?))).collect()
        });
        let of = |port: &PortStatus| {
            let role = roles.get(&port.port).copied().unwrap_or(Role::Both);
            interface(port, role, speeds.get(&port.port).copied().unwrap_or(0))
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
    Ok(Some(exports))
}
