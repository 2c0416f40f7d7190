//! Tenants: teams that share a broker, each with a part of the policy of its own. What a team is told and may change is its part, its tool ports, and the network ports that it may take from.

use std::collections::BTreeSet;

use sluice_diagnostics::{Diagnostic, Diagnostics, Label, SourceId, Sources};
use sluice_policy::{PortRole, Tenant, part_of};
use sluice_store::{Progress, Record, Version};

use crate::broker::Broker;
use crate::change::Loaded;
use crate::policy::InForce;
use crate::refusal::Refusal;

/// What a tenant has, by name, in the policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantView {
    /// Its name.
    pub name: String,
    /// Its tool ports.
    pub tool_ports: BTreeSet<String>,
    /// Tools at them.
    pub tools: BTreeSet<String>,
    /// Network ports that it may take from.
    pub network_ports: BTreeSet<String>,
}

impl TenantView {
    /// Whether a filter or group is its own.
    pub fn owns(&self, name: &str) -> bool {
        name.strip_prefix(&self.name).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether it sees a port.
    pub fn sees_port(&self, name: &str) -> bool {
        self.tool_ports.contains(name) || self.network_ports.contains(name)
    }
}

/// The tenant is in nobody's policy.
fn unknown(name: &str) -> Refusal {
    Refusal::NotFound(format!(
        "the policy in force has no tenant `{name}`: whoever runs the broker has to name it under `tenants:`"
    ))
}

impl Broker {
    fn with_tenant<T>(&self, name: &str, work: impl FnOnce(&Tenant, &str) -> T) -> Result<T, Refusal> {
        let current = self.current();
        let tenant = current.state.policy().tenants.iter().find(|tenant| *tenant.name == *name);
        tenant.map(|tenant| work(tenant, &current.text)).ok_or_else(|| unknown(name))
    }

    /// What a tenant has.
    ///
    /// # Errors
    ///
    /// The policy in force names no such tenant.
    pub fn tenant(&self, name: &str) -> Result<TenantView, Refusal> {
        let current = self.current();
        let policy = current.state.policy();
        let tenant =
            policy.tenants.iter().find(|tenant| *tenant.name == *name).ok_or_else(|| unknown(name))?;
        let named = |wanted: bool, numbers: &[u16]| {
            let ports =
                policy.ports.iter().filter(|port| matches!(port.role, PortRole::Tool { .. }) == wanted);
            ports.filter(|port| numbers.contains(&port.id)).map(|port| port.name.to_string()).collect()
        };
        let tools = policy.tools.iter().filter(|tool| tenant.ports.contains(&tool.port));
        Ok(TenantView {
            name: name.to_string(),
            tool_ports: named(true, &tenant.ports),
            tools: tools.map(|tool| tool.name.to_string()).collect(),
            network_ports: named(false, &tenant.from),
        })
    }

    /// The part of a tenant in the policy in force, as it was written; of one that has none yet, what it begins with.
    ///
    /// # Errors
    ///
    /// The policy in force names no such tenant.
    pub fn part_in_force(&self, tenant: &str) -> Result<InForce, Refusal> {
        let text = self.with_tenant(tenant, |_, text| part_of(text, tenant).map(str::to_string))?;
        let text = text.unwrap_or_else(|| format!("tenant: {tenant}\nfilters: []\n"));
        Ok(InForce { text: text.into(), ..self.in_force() })
    }

    /// A change of a tenant's part alone: of others nothing is told.
    pub(crate) fn record_of_part(&self, version: Version, tenant: &str) -> Result<Record, Refusal> {
        let record = self.record(version).ok().filter(|record| record.summary.tenant == tenant);
        let none = || Refusal::NotFound(format!("tenant `{tenant}` made no version {version}"));
        let mut record = record.ok_or_else(none)?;
        record.text = part_of(&record.text, tenant).unwrap_or_default().to_string();
        Ok(record)
    }

    /// Whether a tenant's part is still as it was in a version that was in force: what others changed since then is none of its business.
    pub(crate) fn is_part_unchanged(&self, tenant: &str, since: Version, now: &str) -> bool {
        let record = self.record(since).ok();
        let then = record.filter(|record| record.summary.progress == Progress::Committed);
        then.is_some_and(|then| part_of(&then.text, tenant) == part_of(now, tenant))
    }

    /// The policy in force with another part for a tenant, and its text.
    pub(crate) fn load_part(&self, tenant: &str, part: &str) -> Result<(Loaded, String), Refusal> {
        let whole = self.with_tenant(tenant, |_, text| text.to_string())?;
        let mut sources = Sources::new();
        let of_whole = sources.add("the whole policy", whole.as_str());
        let of_part = sources.add(crate::change::NAME, part);
        let read = sluice_policy::parse_with_part(&mut sources, of_whole, tenant, of_part);
        let policy = match read {
            Ok(policy) => policy,
            Err(found) => return Err(Refusal::invalid(&scoped(&found, of_part), &sources)),
        };
        let text = sluice_policy::with_part(&whole, tenant, part).ok_or_else(|| {
            Refusal::Argument(
                "the part cannot stand beside others: leave out YAML's directives and document ends"
                    .to_string(),
            )
        })?;
        Ok((Loaded { sources, policy, part: Some(of_part) }, text))
    }
}

/// What a tenant is told of what was found: places of others, and what stands there, are left out.
pub(crate) fn scoped(found: &Diagnostics, part: SourceId) -> Diagnostics {
    let is_own = |label: &Label| label.span.source == part;
    let one = |one: &Diagnostic| {
        let mut own = one.primary.iter().chain(&one.secondary).filter(|label| is_own(label)).cloned();
        Diagnostic { primary: own.next(), secondary: own.collect(), ..one.clone() }
    };
    found.iter().map(one).collect()
}
