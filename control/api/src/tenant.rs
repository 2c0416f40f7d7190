//! What a tenant's users are told: answers without what is of others.

use sluice_daemon::{Explained, TenantView, What};

use crate::v1;

pub(crate) fn plan(view: &TenantView, mut plan: sluice_policy::PlanReport) -> sluice_policy::PlanReport {
    plan.disagreements.retain(|one| view.owns(&one.first) && view.owns(&one.second));
    plan.tools.retain(|one| view.tools.contains(&one.tool));
    plan
}

pub(crate) fn explained(view: &TenantView, mut explained: Explained) -> Explained {
    let explanation = &mut explained.explanation;
    explanation.filters.retain(|one| view.owns(&one.filter));
    explanation.deliveries.retain(|(tool, ..)| view.tools.contains(tool));
    // Names of copies, and what happened to bytes, are of all of them together.
    explanation.collected.clear();
    explanation.removed.clear();
    explained.notes.clear();
    let is_matched = explanation.filters.iter().any(|one| one.matched);
    explanation.outcome = match (is_matched, explanation.deliveries.is_empty()) {
        (_, false) => "delivered",
        (true, true) => "no copy left",
        (false, true) => "matched nothing",
    }
    .to_string();
    explained
}

pub(crate) fn filters(view: &TenantView, mut filters: v1::Filters) -> v1::Filters {
    filters.filters.retain(|one| view.owns(&one.name));
    filters
}

pub(crate) fn groups(view: &TenantView, mut groups: v1::Groups) -> v1::Groups {
    groups.groups.retain(|one| view.owns(&one.name));
    groups
}

pub(crate) fn ports(view: &TenantView, mut ports: v1::Ports) -> v1::Ports {
    ports.ports.retain(|one| view.sees_port(&one.name));
    for port in ports.ports.iter_mut().filter(|port| !view.tool_ports.contains(&port.name)) {
        // Packets that ended inside did so for somebody's filters.
        port.drops.clear();
    }
    ports
}

/// Network ports and tables are everybody's: what they count tells of others.
pub(crate) fn counters(view: &TenantView, mut counters: v1::Counters) -> v1::Counters {
    counters.ports.clear();
    counters.tables.clear();
    counters.violations.clear();
    counters.filters.retain(|one| view.owns(&one.name));
    counters.groups.retain(|one| view.owns(&one.name));
    counters.tools.retain(|one| view.tools.contains(&one.name));
    counters
}

/// Subjects of alerts are ports, or `PORT/REASON` and `TOOL/REASON`.
fn sees_subject(view: &TenantView, alert: &str, subject: &str) -> bool {
    let name = subject.split('/').next().unwrap_or_default();
    let is_of_ports = matches!(alert, "tool_rate" | "drops" | "port_down");
    is_of_ports && (view.tool_ports.contains(name) || view.tools.contains(name))
}

pub(crate) fn alerts(view: &TenantView, mut alerts: v1::Alerts) -> v1::Alerts {
    alerts.alerts.retain(|one| sees_subject(view, &one.alert, &one.subject));
    alerts
}

/// Whether it is told of something that happened.
pub(crate) fn sees(view: &TenantView, what: &What) -> bool {
    match what {
        What::Applied { tenant, .. } | What::Refused { tenant, .. } => {
            tenant.as_deref() == Some(view.name.as_str())
        }
        What::Port { port, .. }
        | What::Out { port, .. }
        | What::Back { port }
        | What::Attached { port, .. }
        | What::Detached { port, .. }
        | What::Cleared { port, .. } => view.sees_port(port),
        What::SharesStay { .. } => false,
        What::OutOfReach { .. } | What::BackInReach { .. } | What::StandsIn { .. } => true,
        What::Alert { alert, subject, .. } => sees_subject(view, alert, subject),
    }
}
