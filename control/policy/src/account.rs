//! What became of every packet and every copy.
//!
//! Each number is counted at its own place, none by difference, and the equations between them are checked:
//!
//! - per port: received = bad_frame + refused + matched_nothing + discarded + table_miss + no_copy_left + delivered;
//! - per tool: asked = sampled_out + repeat + rate_limit + queue_full + mtu + port_down + unsupported + sent;
//! - per port group: asked = sampled_out + repeat + given.
//!
//! A copy through a port group is asked of the group; the member that owns the bucket is asked when the group gives the
//! copy, after selection. Counters of entries that a change removes are harvested into [`Totals`], by name of filter, tool
//! and group, so totals go on across changes.

mod tally;
mod text;

use std::collections::BTreeMap;

use sluice_entities::Match;

use crate::compile::program::Program;
use crate::config::PortRole;
use crate::plan::State;
use tally::Tally;

/// Reads counters of a data path.
pub trait CounterSource {
    /// Packets counted by the direct counter of an entry; 0 if it has none.
    fn entry(&self, table: &str, matches: &[Match], priority: u32) -> u64;
    /// Packets counted by the direct counter of a table's default action; 0 if it has none.
    fn default_entry(&self, table: &str) -> u64;
    /// Packets counted by a cell of an indirect counter.
    fn cell(&self, counter: &str, index: u64) -> u64;
    /// Copies that the data path itself lost behind the pipeline; growing numbers.
    fn egress_loss(&self, port: u16, instance: u16) -> EgressLoss {
        let _ = (port, instance);
        EgressLoss::default()
    }
}

/// Copies of one instance that did not leave although the pipeline sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EgressLoss {
    /// The port's queue was full.
    pub queue_full: u64,
    /// The port was down.
    pub port_down: u64,
}

/// Everything counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Network ports, in the order of the policy.
    pub ports: Vec<PortAccount>,
    /// Filters in the order of the policy, then those that are gone, by name.
    pub filters: Vec<FilterAccount>,
    /// Tools in the order of the policy, then those that are gone, by name.
    pub tools: Vec<ToolAccount>,
    /// Port groups, likewise.
    pub groups: Vec<GroupAccount>,
    /// Equations that do not hold and alarms, a line each; empty when all is well.
    pub violations: Vec<String>,
}

/// Packets of one port by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortAccount {
    /// The port's name.
    pub name: String,
    /// Its number.
    pub id: u16,
    /// All that came in.
    pub received: u64,
    /// Bad FCS, and the port drops those.
    pub bad_frame: u64,
    /// The port is no network port of the policy.
    pub refused: u64,
    /// No filter's packet, and no `otherwise`.
    pub matched_nothing: u64,
    /// Filters without tools alone.
    pub discarded: u64,
    /// A combination that the compiler did not foresee: an alarm.
    pub table_miss: u64,
    /// Selection took all copies.
    pub no_copy_left: u64,
    /// At least one copy was made.
    pub delivered: u64,
}

/// Packets that a filter matched, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterAccount {
    /// The filter's name, or `otherwise` for what no filter matched.
    pub name: String,
    /// Packets.
    pub hits: u64,
}

/// Copies of one tool by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolAccount {
    /// The tool's name.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Copies asked for: collected, one a packet, or given by a port group.
    pub asked: u64,
    /// Taken by sampling.
    pub sampled_out: u64,
    /// Taken by duplicate removal.
    pub repeat: u64,
    /// Above the tool's limit.
    pub rate_limit: u64,
    /// The queue was full.
    pub queue_full: u64,
    /// Longer than the tool takes.
    pub mtu: u64,
    /// The port was down.
    pub port_down: u64,
    /// The data path could not make the edits on this packet.
    pub unsupported: u64,
    /// Left.
    pub sent: u64,
}

/// Copies of one port group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupAccount {
    /// The group's name.
    pub name: String,
    /// Packets for which a filter asked the group.
    pub asked: u64,
    /// Taken by sampling.
    pub sampled_out: u64,
    /// Taken by duplicate removal.
    pub repeat: u64,
    /// Given to a member.
    pub given: u64,
}

impl PortAccount {
    /// Packets whose end is known: of a data path at rest, all that were received.
    pub fn accounted(&self) -> u64 {
        self.bad_frame
            + self.refused
            + self.matched_nothing
            + self.discarded
            + self.table_miss
            + self.no_copy_left
            + self.delivered
    }
}

impl ToolAccount {
    /// Copies whose end is known: of a data path at rest, all that were asked for.
    pub fn accounted(&self) -> u64 {
        self.sampled_out
            + self.repeat
            + self.rate_limit
            + self.queue_full
            + self.mtu
            + self.port_down
            + self.unsupported
            + self.sent
    }
}

impl GroupAccount {
    /// Copies whose end is known: of a data path at rest, all that were asked for.
    pub fn accounted(&self) -> u64 {
        self.sampled_out + self.repeat + self.given
    }
}

/// One side of an equation and the other: what began, and what ended.
struct Balance<'a> {
    kind: &'static str,
    name: &'a str,
    began: u64,
    ended: u64,
}

impl Account {
    fn balances(&self) -> impl Iterator<Item = Balance<'_>> {
        let ports = self.ports.iter().map(|one| ("port", one.name.as_str(), (one.received, one.accounted())));
        let tools = self.tools.iter().map(|one| ("tool", one.name.as_str(), (one.asked, one.accounted())));
        let groups = self.groups.iter().map(|one| ("group", one.name.as_str(), (one.asked, one.accounted())));
        let all = ports.chain(tools).chain(groups);
        all.map(|(kind, name, (began, ended))| Balance { kind, name, began, ended })
    }

    /// Equations that do not hold whatever is under way: for two readings of a data path that works, `earlier` made first, then a drain, then this one. Numbers of a reading are not
    /// all of one moment, so that a single one of a busy data path adds up by chance alone; but what had begun by the first reading has ended by the second, and what had ended by the
    /// first has begun by the second.
    pub fn violations_since(&self, earlier: &Self) -> Vec<String> {
        let mut found = alarms(self);
        for now in self.balances() {
            let is_same = |other: &Balance<'_>| (other.kind, other.name) == (now.kind, now.name);
            let Some(then) = earlier.balances().find(is_same) else { continue };
            let Balance { kind, name, .. } = now;
            if then.began > now.ended {
                found.push(format!("{kind} {name}: {} began, {} accounted for later", then.began, now.ended));
            }
            if then.ended > now.began {
                found.push(format!("{kind} {name}: {} accounted for, {} began later", then.ended, now.began));
            }
        }
        found
    }
}

/// What was harvested, by name, and what stood in cells when their last user went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) filters: BTreeMap<String, u64>,
    pub(crate) tools: BTreeMap<String, ToolAccount>,
    pub(crate) groups: BTreeMap<String, GroupAccount>,
    /// `copy_outcome` by cell, and what the data path lost by (instance, reason): to be subtracted.
    pub(crate) bases: BTreeMap<u64, u64>,
    pub(crate) losses: BTreeMap<u16, (u64, u64)>,
}

impl Totals {
    pub(crate) fn tool(&mut self, name: &str, port: u16) -> &mut ToolAccount {
        let account = self.tools.entry(name.to_string()).or_default();
        account.name = name.to_string();
        account.port = port;
        account
    }

    pub(crate) fn group(&mut self, name: &str) -> &mut GroupAccount {
        let account = self.groups.entry(name.to_string()).or_default();
        account.name = name.to_string();
        account
    }
}

/// Adds what `before` has and `next` has not to the totals of `next`.
pub(crate) fn harvest(before: &Program, next: &mut State, counters: &dyn CounterSource) {
    let mut totals = std::mem::take(&mut next.totals);
    let mut tally = Tally { program: before, layout: &next.layout, counters, totals: &mut totals };
    tally.entries(Some(&next.program));
    tally.instances(Some(&next.program));
    next.totals = totals;
}

/// Reads everything.
pub(crate) fn account(state: &State, counters: &dyn CounterSource) -> Account {
    let mut totals = state.totals.clone();
    let mut tally = Tally { program: &state.program, layout: &state.layout, counters, totals: &mut totals };
    tally.entries(None);
    tally.instances(None);
    let mut account = Account::default();
    for port in &state.program.policy.ports {
        if matches!(port.role, PortRole::Network { .. }) {
            account.ports.push(port_account(state, &port.name, port.id, counters));
        }
    }
    let policy = &state.program.policy;
    for filter in policy.all_filters() {
        let hits = totals.filters.remove(&*filter.name).unwrap_or(0);
        account.filters.push(FilterAccount { name: filter.name.to_string(), hits });
    }
    account.filters.extend(totals.filters.into_iter().map(|(name, hits)| FilterAccount { name, hits }));
    for tool in &policy.tools {
        let known = totals.tools.remove(&*tool.name).unwrap_or_default();
        account.tools.push(ToolAccount { name: tool.name.to_string(), port: tool.port, ..known });
    }
    account.tools.extend(totals.tools.into_values());
    for group in &policy.groups {
        let known = totals.groups.remove(&*group.name).unwrap_or_default();
        account.groups.push(GroupAccount { name: group.name.to_string(), ..known });
    }
    account.groups.extend(totals.groups.into_values());
    account.violations = violations(&account);
    account
}

fn port_account(state: &State, name: &str, id: u16, counters: &dyn CounterSource) -> PortAccount {
    let cell = |reason: u64| match &state.layout.outcome {
        Some(counter) => counters.cell(counter, u64::from(id) * 8 + reason),
        None => 0,
    };
    PortAccount {
        name: name.to_string(),
        id,
        received: cell(0),
        bad_frame: cell(1),
        refused: cell(2),
        matched_nothing: cell(3),
        discarded: cell(4),
        table_miss: cell(5),
        no_copy_left: cell(6),
        delivered: cell(7),
    }
}

/// What must not be, whatever else was counted.
fn alarms(account: &Account) -> Vec<String> {
    let missed = account.ports.iter().filter(|port| port.table_miss > 0);
    missed
        .map(|port| format!("port {}: {} packets missed in table `deliver`", port.name, port.table_miss))
        .collect()
}

fn violations(account: &Account) -> Vec<String> {
    let unequal = account.balances().filter(|balance| balance.began != balance.ended);
    let told = |Balance { kind, name, began, ended }: Balance<'_>| match kind {
        "port" => format!("port {name}: {began} packets received, {ended} accounted for"),
        _ => format!("{kind} {name}: {began} copies asked for, {ended} accounted for"),
    };
    let mut found: Vec<String> = unequal.map(told).collect();
    found.extend(alarms(account));
    found
}
