//! What the broker says, as messages.

use sluice_daemon::{
    AlertView, Applied, Explained, FilterView, GroupView, Happening, InForce, Past, Planned, PortView,
    Reading, What,
};
use sluice_policy::{FilterChange, TableUse};
use sluice_store::{AuditRecord, Summary, User};

use crate::problem::finding;
use crate::v1;

pub(crate) fn policy(in_force: InForce) -> v1::Policy {
    let InForce { summary, text } = in_force;
    v1::Policy {
        version: summary.version.0,
        text: text.to_string(),
        author: summary.author,
        reason: summary.reason,
        time_ns: summary.time_ns,
    }
}

fn filter_change(change: FilterChange) -> v1::FilterChange {
    let (name, kind, differs) = match change {
        FilterChange::Gained(name) => (name, "gained", Vec::new()),
        FilterChange::Lost(name) => (name, "lost", Vec::new()),
        FilterChange::Changed(name, differs) => (name, "changed", differs),
    };
    v1::FilterChange {
        name,
        kind: kind.to_string(),
        differs: differs.into_iter().map(str::to_string).collect(),
    }
}

pub(crate) fn plan(planned: Planned) -> v1::Plan {
    let Planned { base, report, warnings, updates } = planned;
    let text = report.to_string();
    let tool = |change: sluice_policy::ToolChange| v1::ToolChange {
        tool: change.tool,
        gains: change.gains,
        loses: change.loses,
        changes: change.changes,
    };
    let table = |table: TableUse| v1::TableSpace {
        table: table.table,
        used: table.before,
        after: table.after,
        size: table.size,
    };
    let disagreement = |one: sluice_policy::Disagreement| v1::Disagreement {
        first: one.first,
        second: one.second,
        tool: one.tool,
    };
    let phase = |(kind, updates): (sluice_policy::PhaseKind, u64)| v1::PhaseUpdates {
        phase: kind.name().to_string(),
        updates,
    };
    v1::Plan {
        base_version: base.0,
        filters: report.filters.into_iter().map(filter_change).collect(),
        tools: report.tools.into_iter().map(tool).collect(),
        tables: report.tables.into_iter().map(table).collect(),
        disagreements: report.disagreements.into_iter().map(disagreement).collect(),
        warnings: warnings.into_iter().map(finding).collect(),
        phases: updates.into_iter().map(phase).collect(),
        text,
    }
}

pub(crate) fn applied(applied: Applied) -> v1::Applied {
    v1::Applied { version: applied.version.0, changed: applied.is_changed, plan: Some(plan(applied.planned)) }
}

pub(crate) fn version(summary: Summary) -> v1::Version {
    v1::Version {
        version: summary.version.0,
        progress: summary.progress.name().to_string(),
        time_ns: summary.time_ns,
        author: summary.author,
        reason: summary.reason,
        summary: summary.summary,
        restores: summary.restores.map_or(0, |version| version.0),
        note: summary.note,
        tenant: summary.tenant,
    }
}

pub(crate) fn past(past: Past) -> v1::VersionDetail {
    v1::VersionDetail { version: Some(version(past.record.summary)), text: past.record.text, diff: past.diff }
}

pub(crate) fn explanation(explained: Explained) -> v1::Explanation {
    let Explained { version, explanation, notes } = explained;
    let mut text = explanation.to_string();
    for note in notes {
        text.push_str(&format!("  {note}\n"));
    }
    let matched = explanation.filters.into_iter().filter(|filter| filter.matched);
    let delivery = |(tool, _, edits)| v1::Delivery { tool, edits };
    v1::Explanation {
        policy_version: version.0,
        outcome: explanation.outcome,
        matched: matched.map(|filter| filter.filter).collect(),
        deliveries: explanation.deliveries.into_iter().map(delivery).collect(),
        text,
    }
}

pub(crate) fn filters(views: Vec<FilterView>, reading: &Reading) -> v1::Filters {
    let hits = |name: &str| {
        let filters = &reading.account.filters;
        filters.iter().find(|filter| filter.name == name).map_or(0, |filter| filter.hits)
    };
    let all = f64::from(u32::MAX) + 1.0;
    let filter = |view: FilterView| v1::Filter {
        hits: hits(&view.name),
        name: view.name,
        r#match: view.expression,
        from: view.from,
        to: view.to,
        sample: view.sample.map_or(1.0, |below| f64::from(below) / all),
        dedup: view.dedup,
    };
    v1::Filters { filters: views.into_iter().map(filter).collect() }
}

pub(crate) fn groups(views: Vec<GroupView>) -> v1::Groups {
    let group = |view: GroupView| v1::Group {
        name: view.name,
        members: view.members,
        balance: view.balance.to_string(),
    };
    v1::Groups { groups: views.into_iter().map(group).collect() }
}

pub(crate) fn port(view: PortView) -> v1::Port {
    let drops = |(reason, packets): (&str, u64)| v1::Drops { reason: reason.to_string(), packets };
    v1::Port {
        name: view.name,
        number: u32::from(view.number),
        role: view.role.to_string(),
        speed: view.speed.unwrap_or(0),
        attached: view.is_attached,
        up: view.is_up,
        received_packets: view.received.0,
        received_bytes: view.received.1,
        sent_packets: view.sent.0,
        sent_bytes: view.sent.1,
        missed: view.missed,
        lost_queue_full: view.lost.queue_full,
        lost_port_down: view.lost.port_down,
        lost_refused: view.lost.refused,
        lost_not_written: view.lost.not_written,
        drops: view.drops.into_iter().map(drops).collect(),
        cleared_ns: view.cleared_ns,
        health: view.health.to_string(),
        queue_high_water: view.queue.high_water,
        queue_room: view.queue.room,
        queue_bursts: view.queue.bursts,
        queue_longest_burst: view.queue.longest_burst,
        tenant: view.tenant,
    }
}

pub(crate) fn counters(reading: &Reading) -> v1::Counters {
    let account = &reading.account;
    let table = |table: &TableUse| v1::TableSpace {
        table: table.table.clone(),
        used: table.after,
        after: table.after,
        size: table.size,
    };
    v1::Counters {
        policy_version: reading.version.0,
        time_ns: reading.time_ns,
        adds_up: account.violations.is_empty(),
        violations: account.violations.clone(),
        under_way: reading.under_way,
        ports: account.ports.iter().map(port_counters).collect(),
        filters: account
            .filters
            .iter()
            .map(|filter| v1::FilterCounters { name: filter.name.clone(), hits: filter.hits })
            .collect(),
        tools: account.tools.iter().map(tool_counters).collect(),
        groups: account.groups.iter().map(group_counters).collect(),
        tables: reading.tables.iter().map(table).collect(),
    }
}

fn port_counters(port: &sluice_policy::PortAccount) -> v1::PortCounters {
    v1::PortCounters {
        name: port.name.clone(),
        received: port.received,
        bad_frame: port.bad_frame,
        refused: port.refused,
        matched_nothing: port.matched_nothing,
        discarded: port.discarded,
        table_miss: port.table_miss,
        no_copy_left: port.no_copy_left,
        delivered: port.delivered,
    }
}

fn tool_counters(tool: &sluice_policy::ToolAccount) -> v1::ToolCounters {
    v1::ToolCounters {
        name: tool.name.clone(),
        asked: tool.asked,
        sampled_out: tool.sampled_out,
        repeat: tool.repeat,
        rate_limit: tool.rate_limit,
        queue_full: tool.queue_full,
        mtu: tool.mtu,
        port_down: tool.port_down,
        unsupported: tool.unsupported,
        sent: tool.sent,
    }
}

fn group_counters(group: &sluice_policy::GroupAccount) -> v1::GroupCounters {
    v1::GroupCounters {
        name: group.name.clone(),
        asked: group.asked,
        sampled_out: group.sampled_out,
        repeat: group.repeat,
        given: group.given,
    }
}

pub(crate) fn event(happening: &Happening) -> v1::Event {
    let (kind, subject, user, message) = match &happening.what {
        What::Applied { version, author, restores, tenant: _ } => {
            let message = match restores {
                Some(restored) => {
                    format!("policy version {version} is in force, the same as version {restored}")
                }
                None => format!("policy version {version} is in force"),
            };
            ("policy_applied", version.to_string(), author.clone(), message)
        }
        What::Refused { author, why, tenant: _ } => {
            ("policy_refused", String::new(), author.clone(), why.clone())
        }
        What::Port { port, is_up: true } => {
            ("port_up", port.clone(), String::new(), format!("port {port} is up"))
        }
        What::Port { port, is_up: false } => {
            ("port_down", port.clone(), String::new(), format!("port {port} is down"))
        }
        What::Out { port, is_held } => {
            let held = if *is_held { ", and it has to be up for longer: it went down too often" } else { "" };
            let message = format!("the other members of its groups have the shares of port {port}{held}");
            ("port_out", port.clone(), String::new(), message)
        }
        What::Back { port } => {
            let message = format!("port {port} has its shares of groups again");
            ("port_back", port.clone(), String::new(), message)
        }
        What::SharesStay { why } => (
            "shares_stay",
            String::new(),
            String::new(),
            format!("shares of groups could not be moved: {why}"),
        ),
        What::OutOfReach { why } => {
            ("target_down", String::new(), String::new(), format!("the data path is out of reach: {why}"))
        }
        What::BackInReach { is_rewritten } => {
            let message = match is_rewritten {
                true => "the data path is back, and was given what is in force: its counters begin anew",
                false => "the data path is back, and has what is in force",
            };
            ("target_up", String::new(), String::new(), message.to_string())
        }
        What::StandsIn { why } => {
            let message = format!("another data path was given what is in force, and counts anew: {why}");
            ("target_stands_in", String::new(), String::new(), message)
        }
        What::Attached { port, device, user } => {
            ("port_attached", port.clone(), user.clone(), format!("port {port} is {device}"))
        }
        What::Detached { port, user } => {
            ("port_detached", port.clone(), user.clone(), format!("port {port} has no device any more"))
        }
        What::Cleared { port, user } => {
            let message = format!("the counters of port {port} were cleared");
            ("port_cleared", port.clone(), user.clone(), message)
        }
        What::Alert { subject, is_raised, message, .. } => {
            let kind = if *is_raised { "alert_raised" } else { "alert_cleared" };
            (kind, subject.clone(), String::new(), message.clone())
        }
    };
    let alert = match &happening.what {
        What::Alert { alert, .. } => alert.clone(),
        _ => String::new(),
    };
    let (id, time_ns, kind) = (happening.id, happening.time_ns, kind.to_string());
    v1::Event { id, time_ns, kind, subject, user, message, alert }
}

pub(crate) fn alerts(views: Vec<AlertView>) -> v1::Alerts {
    let alert = |view: AlertView| {
        let AlertView { alert, subject, since_ns, message } = view;
        v1::Alert { alert, subject, since_ns, message }
    };
    v1::Alerts { alerts: views.into_iter().map(alert).collect() }
}

pub(crate) fn audit(record: AuditRecord) -> v1::Audit {
    v1::Audit {
        id: record.id,
        time_ns: record.time_ns,
        user: record.user,
        action: record.action,
        subject: record.subject,
        outcome: record.outcome,
        tenant: record.tenant,
    }
}

pub(crate) fn user(user: User) -> v1::User {
    v1::User { name: user.name, role: user.role, time_ns: user.time_ns, tenant: user.tenant }
}
