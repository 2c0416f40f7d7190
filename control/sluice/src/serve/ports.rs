//! `--port NAME=KIND:DEVICE`: which ports there are.

use sluice_daemon::Binding;
use sluice_policy::{Policy, PortRole};
use sluice_target::OpensPorts;
use sluice_target::port::{PortSpec, Role};

use crate::failure::Failure;

/// A port that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) number: u16,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) spec: PortSpec,
    /// As it was typed.
    pub(super) text: String,
}

/// Reads the arguments; all that is wrong with them is said at once.
pub(super) fn ports(
    option: &str,
    arguments: &[String],
    policy: Option<&Policy>,
) -> Result<Vec<Wanted>, Failure> {
    let mut list: Vec<Wanted> = Vec::new();
    let mut wrong = Vec::new();
    for text in arguments {
        match wanted(text, policy) {
            Ok(port) => match list.iter().find(|other| other.number == port.number) {
                Some(_) => wrong.push(format!("`{option} {text}`: port `{}` is there twice", port.name)),
                None => list.push(port),
            },
            Err(message) => wrong.push(format!("`{option} {text}`: {message}")),
        }
    }
    if wrong.is_empty() {
        return Ok(list);
    }
    let help = match policy {
        Some(policy) => {
            let names: Vec<&str> = policy.ports.iter().map(|port| &*port.name).collect();
            format!("write `{option} NAME=KIND:DEVICE`; the policy's ports are: {}", names.join(", "))
        }
        None => format!("write `{option} NUMBER=KIND:DEVICE`, numbers from 1 to 509"),
    };
    Err(Failure::argument(wrong.join("\nerror: "), help))
}

fn wanted(text: &str, policy: Option<&Policy>) -> Result<Wanted, String> {
    let (name, device) = text.split_once('=').ok_or("it names no device")?;
    let spec = device.parse::<PortSpec>()?;
    let (number, role) = match policy {
        Some(policy) => {
            let port = policy.ports.iter().find(|port| &*port.name == name);
            let port = port.ok_or_else(|| format!("the policy has no port `{name}`"))?;
            let role = if matches!(port.role, PortRole::Network { .. }) { Role::Network } else { Role::Tool };
            (port.id, role)
        }
        None => {
            let number = name.parse().ok().filter(|number| (1..510).contains(number));
            (number.ok_or_else(|| format!("`{name}` is no port number"))?, Role::Both)
        }
    };
    let spec = match policy {
        Some(policy) => spec.with_taps_of(policy),
        None => spec,
    };
    Ok(Wanted { number, name: name.to_string(), role, spec, text: text.to_string() })
}

/// What they are, for a broker.
pub(super) fn bindings(ports: &[Wanted]) -> Vec<Binding> {
    let binding = |port: &Wanted| Binding { number: port.number, name: port.name.clone(), role: port.role };
    ports.iter().map(binding).collect()
}

/// Takes interfaces by XDP, whatever they were asked for as.
pub(super) fn by_xdp(ports: &mut [Wanted]) {
    for port in ports {
        if let PortSpec::Packet { interface } = &port.spec {
            port.spec = PortSpec::Xdp { interface: interface.clone() };
        }
    }
}

/// Opens the ports and puts them at the data path: those of tools first, so that no copy comes too early.
pub(super) fn attach(target: &dyn OpensPorts, ports: &[Wanted]) -> Result<(), Failure> {
    let failed = |port: &Wanted| Failure::system(format!("open `--port {}`", port.text));
    let mut opened = Vec::new();
    for wanted in ports {
        let attach = target.open_port(&wanted.name, wanted.role, &wanted.spec).map_err(failed(wanted))?;
        opened.push((wanted, attach));
    }
    opened.sort_by_key(|(wanted, _)| wanted.role.receives());
    for (wanted, attach) in opened {
        attach(wanted.number).map_err(failed(wanted))?;
        let Wanted { number, name, role, text, .. } = wanted;
        tracing::info!(port = name, number, role = ?role, as_typed = text, "port attached");
    }
    target.ports_are_there();
    Ok(())
}

/// The same for a data path that takes the place of another one, which had the ports of those numbers: each that cannot be had is said, and the others are there.
pub(super) fn attach_each(target: &dyn OpensPorts, ports: &[Wanted], numbers: &[u16]) -> Vec<String> {
    let is_known = |number: &&u16| ports.iter().any(|wanted| wanted.number == **number);
    let unknown = numbers.iter().filter(|number| !is_known(number));
    let mut missing: Vec<String> =
        unknown.map(|number| format!("port {number}, which has no `--fallback`")).collect();
    let mut wanted: Vec<&Wanted> = ports.iter().filter(|one| numbers.contains(&one.number)).collect();
    wanted.sort_by_key(|wanted| wanted.role.receives());
    for Wanted { number, name, role, spec, text } in wanted {
        match target.open_port(name, *role, spec).and_then(|attach| attach(*number)) {
            Ok(()) => tracing::info!(port = name, number, role = ?role, as_typed = text, "port attached"),
            Err(error) => missing.push(format!("`--fallback {text}` ({error})")),
        }
    }
    missing.iter().for_each(|why| tracing::error!(why, "a port is not there any more"));
    missing
}
