//! Ports, as they are now.

use std::collections::BTreeMap;

use sluice_policy::PortRole;
use sluice_store::Audit;
use sluice_target::{LossCounters, PortStatus, QueueStatus};

use crate::broker::{Broker, now_ns};
use crate::events::What;
use crate::health::PortHealth;
use crate::refusal::Refusal;

/// A port of the policy, or of the data path, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortView {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// `network`, `tool`, or empty if the policy does not have it.
    pub role: &'static str,
    /// Bits per second, where the policy says so.
    pub speed: Option<u64>,
    /// The tenant whose port it is; empty for others.
    pub tenant: String,
    /// Whether there is a device.
    pub is_attached: bool,
    /// Whether it sends and receives.
    pub is_up: bool,
    /// Packets and bytes that came in.
    pub received: (u64, u64),
    /// Packets and bytes that went out.
    pub sent: (u64, u64),
    /// Frames that came in and that the data path never saw.
    pub missed: u64,
    /// Copies that did not leave.
    pub lost: LossCounters,
    /// The queue of its sending side, since it was attached.
    pub queue: QueueStatus,
    /// Packets that ended inside, by reason.
    pub drops: Vec<(&'static str, u64)>,
    /// For a tool port: whether it gets its shares of groups, as [`crate::PortHealth::name`] has it; empty for others.
    pub health: &'static str,
    /// When its counters were cleared, nanoseconds since the UNIX epoch; 0: never.
    pub cleared_ns: u64,
}

/// What a port had counted when it was cleared, and when that was.
pub(crate) type Baselines = BTreeMap<u16, (PortStatus, u64)>;

/// Counts since a port was cleared.
fn counted(view: &mut PortView, now: &PortStatus, baseline: Option<&(PortStatus, u64)>) {
    let then = baseline.map(|(status, _)| status);
    let since = |count: fn(&PortStatus) -> u64| count(now).saturating_sub(then.map_or(0, count));
    view.is_attached = true;
    view.is_up = now.is_up;
    view.received =
        (since(|port| port.counters.received.packets), since(|port| port.counters.received.bytes));
    view.sent = (since(|port| port.counters.sent.packets), since(|port| port.counters.sent.bytes));
    view.missed = since(|port| port.missed);
    view.lost = LossCounters {
        queue_full: since(|port| port.lost.queue_full),
        port_down: since(|port| port.lost.port_down),
        refused: since(|port| port.lost.refused),
        not_written: since(|port| port.lost.not_written),
    };
    view.queue = now.queue;
    let before = |reason: &str| {
        let drops = then.map(|port| port.counters.drops.as_slice()).unwrap_or_default();
        drops.iter().find(|(other, _)| other.name() == reason).map_or(0, |(_, data)| data.packets)
    };
    let drops = now.counters.drops.iter().map(|(reason, data)| {
        let name = reason.name();
        (name, data.packets.saturating_sub(before(name)))
    });
    view.drops = drops.filter(|(_, packets)| *packets > 0).collect();
    view.cleared_ns = baseline.map_or(0, |(_, time_ns)| *time_ns);
}

fn unknown(name: &str, number: u16) -> PortView {
    PortView {
        name: name.to_string(),
        number,
        role: "",
        speed: None,
        tenant: String::new(),
        is_attached: false,
        is_up: false,
        received: (0, 0),
        sent: (0, 0),
        missed: 0,
        lost: LossCounters::default(),
        queue: QueueStatus::default(),
        drops: Vec::new(),
        health: "",
        cleared_ns: 0,
    }
}

impl Broker {
    /// All ports, those of the policy in its order, then those that are attached besides.
    pub fn ports(&self) -> Vec<PortView> {
        let mut attached = self.inner.target.ports();
        let baselines = self.baselines();
        let current = self.current();
        let mut views: Vec<PortView> = Vec::new();
        for port in &current.state.policy().ports {
            let role = match port.role {
                PortRole::Network { .. } => "network",
                PortRole::Tool { .. } => "tool",
            };
            let tenants = &current.state.policy().tenants;
            let owner = tenants.iter().find(|tenant| tenant.ports.contains(&port.id));
            let tenant = owner.map(|owner| owner.name.to_string()).unwrap_or_default();
            let mut view = PortView { role, speed: port.speed, tenant, ..unknown(&port.name, port.id) };
            if role == "tool" {
                let is_out = current.state.down().contains(&port.id);
                let health = self.inner.health().of(port.id);
                // One without a device is out, whatever was seen of it.
                let health = if is_out && health == PortHealth::Serving { PortHealth::Out } else { health };
                view.health = health.name();
            }
            if let Some(at) = attached.iter().position(|status| status.port == port.id) {
                counted(&mut view, &attached.remove(at), baselines.get(&port.id));
            }
            views.push(view);
        }
        for status in attached {
            let mut view = unknown(&status.name, status.port);
            counted(&mut view, &status, baselines.get(&status.port));
            views.push(view);
        }
        views
    }

    /// Begins to count anew at a port: what [`Self::ports`] tells of it. The accounting of packets and copies goes on, since it has to add up.
    ///
    /// # Errors
    ///
    /// There is no device of that name; the store could not record it.
    pub fn clear_port(&self, name: &str, user: &str, tenant: Option<&str>) -> Result<PortView, Refusal> {
        let find = |list: Vec<PortStatus>| list.into_iter().find(|port| port.name == name);
        let status = find(self.inner.target.ports())
            .ok_or_else(|| Refusal::NotFound(format!("no port `{name}` is attached")))?;
        let time_ns = now_ns();
        let tenant = tenant.unwrap_or_default();
        let audit = Audit { time_ns, user, tenant, action: "clear", subject: name, outcome: "done" };
        self.inner.history.audit(&audit)?;
        self.baselines().insert(status.port, (status, time_ns));
        tracing::info!(port = name, user, "counters of a port cleared");
        let what = What::Cleared { port: name.to_string(), user: user.to_string() };
        self.inner.events.push(time_ns, what);
        let view = self.ports().into_iter().find(|port| port.name == name);
        view.ok_or_else(|| Refusal::NotFound(format!("port `{name}` was taken away")))
    }
}
