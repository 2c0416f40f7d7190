//! Which ports are what: a policy may not turn a port that is there into another one, or ask of the data path what it cannot do with its ports.

use std::collections::BTreeMap;

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_entities::Entity;
use sluice_policy::{Plan, Policy, Port, PortRole};
use sluice_target::port::Role;

/// A port that was attached to the data path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its number.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Which sides it has.
    pub role: Role,
}

impl Binding {
    /// The binding of a port of a policy.
    pub fn of(port: &Port) -> Self {
        Self { number: port.id, name: port.name.to_string(), role: role(&port.role) }
    }

    /// The most important promise: what is attached as a network port stays one.
    fn check(&self, port: &Port) -> Option<Diagnostic> {
        let same_name = *port.name == *self.name;
        if !same_name && port.id != self.number || *self == Self::of(port) {
            return None;
        }
        let (is, number, name) = (word(self.role), self.number, &self.name);
        let said = if !same_name {
            format!("port {number} is attached as `{name}`")
        } else if port.id != self.number {
            format!("port `{name}` is attached as number {number}")
        } else {
            format!("port `{name}` is attached as a {is} port")
        };
        let help = format!(
            "keep `{name}: {{ role: {is}, id: {number} }}`, leave the port out, or detach it first (`sluice ports --detach`)"
        );
        Some(Diagnostic::error(said).at(port.span, "").help(help))
    }
}

fn role(role: &PortRole) -> Role {
    match role {
        PortRole::Network { .. } => Role::Network,
        PortRole::Tool { .. } => Role::Tool,
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Network => "network",
        Role::Tool => "tool",
        Role::Both => "two-way",
    }
}

/// Whether a policy takes the ports for what they are.
pub(crate) fn check(bindings: &[Binding], policy: &Policy) -> Result<(), Diagnostics> {
    let pairs = policy.ports.iter().flat_map(|port| bindings.iter().map(move |binding| (port, binding)));
    let found: Diagnostics = pairs.filter_map(|(port, binding)| binding.check(port)).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Whether no packet has two copies that leave by one port, for a data path whose copies of a packet are told apart by their ports
/// ([`sluice_target::Capabilities::copies_to_one_port`]).
///
/// # Errors
///
/// Which tools would get them, at the port's place.
pub fn check_copies(plan: &Plan, policy: &Policy) -> Result<(), Diagnostics> {
    let tools: BTreeMap<u16, &str> =
        plan.next.instances().map(|(instance, tool, _)| (instance, &*tool.name)).collect();
    let mut clashes: BTreeMap<(u16, &str, &str), ()> = BTreeMap::new();
    for update in plan.phases.iter().flat_map(|phase| &phase.updates) {
        let Entity::Multicast(group) = &update.entity else { continue };
        let mut seen: BTreeMap<u16, u16> = BTreeMap::new();
        for replica in group.replicas() {
            if let Some(first) = seen.insert(replica.port, replica.instance) {
                let name = |instance: u16| tools.get(&instance).copied().unwrap_or("?");
                let (one, other) = (name(first), name(replica.instance));
                clashes.insert((replica.port, one.min(other), one.max(other)), ());
            }
        }
    }
    let found: Diagnostics =
        clashes.into_keys().map(|(id, one, other)| clash(policy.port(id), one, other)).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn clash(port: Option<&Port>, one: &str, other: &str) -> Diagnostic {
    let name = port.map_or("?", |port| &*port.name);
    let said = if one == other {
        format!("tool `{one}` at port `{name}` would get two copies of one packet")
    } else {
        format!("tools `{one}` and `{other}` would get copies of one packet by the same port `{name}`")
    };
    let diagnostic = Diagnostic::error(said);
    let diagnostic = match port {
        Some(port) => diagnostic.at(port.span, "this data path makes one copy of a packet for each port"),
        None => diagnostic,
    };
    diagnostic.help("give each tool a port of its own, or serve on the soft switch (`--data-path soft`)")
}

#[cfg(test)]
mod tests {
    use sluice_diagnostics::Sources;
    use sluice_policy::State;
    use sluice_target::{SoftOptions, SoftTarget, Target};

    use super::*;

    #[test]
    fn two_copies_to_one_port_are_told_by_the_names_of_the_tools() {
        let module = sluice_broker::compile(sluice_broker::Build::default()).expect("the broker compiles");
        let target = SoftTarget::with_module(module, SoftOptions::default()).expect("it is a program");
        let text = "ports:\n  tap: { role: network, id: 1 }\n  left: { role: tool, id: 11 }\n  right: { role: tool, id: 12 }\n\
                    tools:\n  near: { port: left }\n  far: { port: left, vlan: 7 }\n\
                    filters:\n  - { name: all, to: [near, far, right] }\n";
        let check = |text: &str| {
            let mut sources = Sources::new();
            let source = sources.add("policy", text);
            let policy = sluice_policy::parse_policy(&mut sources, source).expect("it is right");
            let info = target.info();
            let empty = State::empty(&info).expect("it is the broker");
            let plan = sluice_policy::plan(&empty, &policy, &info).expect("it fits");
            check_copies(&plan, &policy).map_err(|found| found.render(&sources))
        };
        let refused = check(text).expect_err("both are at one port");
        assert!(
            refused.contains("tools `far` and `near` would get copies of one packet by the same port `left`"),
            "{refused}"
        );
        check(&text.replace("far: { port: left", "far: { port: right").replace(", right] }", "] }"))
            .expect("each has its own");
    }
}
