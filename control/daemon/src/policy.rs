//! What is in force, and what was.

use std::sync::Arc;

use similar::TextDiff;
use sluice_diagnostics::{Sources, Span};
use sluice_policy::{Destination, Filter, Policy, State, TableUse};
use sluice_store::{AuditRecord, Progress, Record, Summary, Version};

use crate::broker::Broker;
use crate::refusal::Refusal;

/// The policy in force, and what it left in the data path.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) summary: Summary,
    pub(crate) text: Arc<str>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) state: State,
    pub(crate) tables: Vec<TableUse>,
}

/// The policy in force.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Who, when, why.
    pub summary: Summary,
    /// As it was written.
    pub text: Arc<str>,
}

/// A change of the past.
#[derive(Clone, Debug)]
pub struct Past {
    /// The change.
    pub record: Record,
    /// What it changed in the text of the one that was in force before, as a unified diff.
    pub diff: String,
}

/// A filter of the policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterView {
    /// Its name.
    pub name: String,
    /// Its expression, as it was written; empty: everything.
    pub expression: String,
    /// Names of network ports.
    pub from: Vec<String>,
    /// Names of tools and groups.
    pub to: Vec<String>,
    /// The share of packets that is kept, of 2 to the 32; `None`: all.
    pub sample: Option<u32>,
    /// Whether repeats are removed.
    pub dedup: bool,
}

/// A group of the policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// Names of its tools.
    pub members: Vec<String>,
    /// `flows` or `hosts`.
    pub balance: &'static str,
}

fn expression(filter: &Filter, sources: &Sources) -> String {
    // Without an expression the place is the filter's name.
    let at = |span: Span| (span.source, span.start);
    if at(filter.match_span) == at(filter.span) {
        String::new()
    } else {
        sources.text(filter.match_span).to_string()
    }
}

fn filter(filter: &Filter, policy: &Policy, sources: &Sources) -> FilterView {
    let port = |id: &u16| policy.port(*id).map_or_else(|| id.to_string(), |port| port.name.to_string());
    let destination = |to: &Destination| match to {
        Destination::Tool(tool) => policy.tools.get(*tool).map(|tool| tool.name.to_string()),
        Destination::Group(group) => policy.groups.get(*group).map(|group| group.name.to_string()),
    };
    FilterView {
        name: filter.name.to_string(),
        expression: expression(filter, sources),
        from: filter.from.iter().map(port).collect(),
        to: filter.to.iter().filter_map(destination).collect(),
        sample: filter.sample,
        dedup: filter.dedup,
    }
}

impl Broker {
    /// The policy in force.
    pub fn in_force(&self) -> InForce {
        let current = self.current();
        InForce { summary: current.summary.clone(), text: current.text.clone() }
    }

    /// The version in force.
    pub fn version(&self) -> Version {
        self.current().summary.version
    }

    /// Its filters, `otherwise` last.
    pub fn filters(&self) -> Vec<FilterView> {
        let current = self.current();
        let policy = current.state.policy();
        policy.all_filters().map(|one| filter(one, policy, &current.sources)).collect()
    }

    /// Its groups.
    pub fn groups(&self) -> Vec<GroupView> {
        let current = self.current();
        let policy = current.state.policy();
        let name = |tool: &usize| policy.tools.get(*tool).map(|tool| tool.name.to_string());
        let view = |group: &sluice_policy::Group| GroupView {
            name: group.name.to_string(),
            members: group.members.iter().filter_map(name).collect(),
            balance: if group.hosts { "hosts" } else { "flows" },
        };
        policy.groups.iter().map(view).collect()
    }

    /// Changes before that version (or all), the latest first, so many at most; with a tenant's name those of its part.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn history(
        &self,
        before: Option<Version>,
        limit: u32,
        tenant: Option<&str>,
    ) -> Result<Vec<Summary>, Refusal> {
        Ok(self.inner.history.list(before, limit, tenant)?)
    }

    /// One change, with its text and what differs in it; of a tenant's part alone.
    ///
    /// # Errors
    ///
    /// There is none of that version; the store cannot be read.
    pub fn past(&self, version: Version, tenant: Option<&str>) -> Result<Past, Refusal> {
        let record = match tenant {
            Some(tenant) => self.record_of_part(version, tenant)?,
            None => self.record(version)?,
        };
        let before = self.committed_before(version)?.map(|record| record.text).unwrap_or_default();
        let before = match tenant {
            Some(tenant) => sluice_policy::part_of(&before, tenant).unwrap_or_default().to_string(),
            None => before,
        };
        let diff = TextDiff::from_lines(&before, &record.text).unified_diff().to_string();
        Ok(Past { record, diff })
    }

    pub(crate) fn record(&self, version: Version) -> Result<Record, Refusal> {
        let record = self.inner.history.get(version)?;
        record.ok_or_else(|| Refusal::NotFound(format!("there is no version {version}")))
    }

    fn committed_before(&self, version: Version) -> Result<Option<Record>, Refusal> {
        let mut before = version;
        loop {
            // A few at a time: of many abandoned ones in a row there is no end known.
            let list = self.inner.history.list(Some(before), 16, None)?;
            let committed = list.iter().find(|one| one.progress == Progress::Committed);
            if let Some(committed) = committed {
                return Ok(self.inner.history.get(committed.version)?);
            }
            let Some(last) = list.last() else { return Ok(None) };
            before = last.version;
        }
    }

    /// Calls that changed something, or were to, before that number (or all), the latest first, so many at most.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn audits(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, Refusal> {
        Ok(self.inner.history.audits(before, limit)?)
    }
}
