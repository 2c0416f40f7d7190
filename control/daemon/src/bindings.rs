//! Which ports are what: a policy may not turn a port that is there into another one.

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_policy::{Policy, Port, PortRole};
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
