//! Which data path: the kernel's where it can be, the soft switch where it must be, and why.

use sluice_diagnostics::Sources;
use sluice_policy::{Policy, State};
use sluice_target::Target;
use sluice_target::port::{PortSpec, Role};
use sluice_target::sys::{Linux, System};

use super::begin::Shown;
use super::ports::Wanted;
use super::telemetry;
use crate::args::{DataPath, Serve};
use crate::failure::Failure;

/// Bytes of an Ethernet header, which an MTU does not count.
const ETHERNET: u32 = 14;

/// A data path of this process, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Soft { why: String },
    Xdp { why: String },
    Nic { why: String },
}

impl Choice {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Soft { why } | Self::Xdp { why } | Self::Nic { why } => why,
        }
    }
}

/// Chooses. Without `--data-path` the ports say it.
pub(super) fn choose(
    arguments: &Serve,
    ports: &[Wanted],
    policy: Option<&Policy>,
) -> Result<Choice, Failure> {
    match nic(arguments, ports)? {
        Some(choice) => Ok(choice),
        None => without_card(arguments, ports, policy),
    }
}

/// The same where there is no card, or it cannot be.
pub(super) fn without_card(
    arguments: &Serve,
    ports: &[Wanted],
    policy: Option<&Policy>,
) -> Result<Choice, Failure> {
    let asked = arguments.data_path;
    let xdp = ports.iter().find(|port| matches!(port.spec, PortSpec::Xdp { .. }));
    match (asked, xdp) {
        (Some(DataPath::Soft), Some(port)) => Err(Failure::argument(
            format!("`--port {}` is of XDP, and `--data-path soft` has no such ports", port.text),
            "write `packet:INTERFACE`, or leave `--data-path` out",
        )),
        (Some(DataPath::Soft), None) => Ok(Choice::Soft { why: "asked for: --data-path soft".to_string() }),
        (None, None) => Ok(Choice::Soft { why: String::new() }),
        (Some(DataPath::Xdp), _) | (_, Some(_)) => {
            possible(arguments, ports, policy).map_err(|why| refused(&why))?;
            let why = match asked {
                Some(DataPath::Xdp) => "asked for: --data-path xdp",
                _ => "asked for: a port is `xdp:`",
            };
            Ok(Choice::Xdp { why: why.to_string() })
        }
        (Some(DataPath::Auto | DataPath::Nic), None) => Ok(match possible(arguments, ports, policy) {
            Ok(()) => Choice::Xdp { why: "every device can do it".to_string() },
            Err(why) => Choice::Soft { why: format!("XDP cannot be: {why}") },
        }),
    }
}

/// A card, where one is asked for or a port is of one.
fn nic(arguments: &Serve, ports: &[Wanted]) -> Result<Option<Choice>, Failure> {
    let asked = arguments.data_path;
    let port = ports.iter().find(|port| matches!(port.spec, PortSpec::Nic { .. }));
    let wants = match (asked, port) {
        (Some(DataPath::Nic), _) => Some("asked for: --data-path nic"),
        (None, Some(_)) => Some("asked for: a port is `nic:`"),
        (Some(DataPath::Auto), _) if arguments.card.is_some() => Some("there is a card"),
        (Some(DataPath::Soft | DataPath::Xdp | DataPath::Auto), Some(port)) => {
            return Err(Failure::argument(
                format!("`--port {}` is of an FPGA NIC, which is not the data path", port.text),
                "say which card it is, `--card CARD`, and `--data-path nic` or `auto`",
            ));
        }
        (_, None) => None,
    };
    let Some(why) = wants else { return Ok(None) };
    if arguments.card.is_none() {
        return Err(Failure::argument(
            "no card is named",
            "name it: `--card ADDRESS` as `sluice nic list` shows it, or `--card vfio-user:SOCKET`",
        ));
    }
    Ok(Some(Choice::Nic { why: why.to_string() }))
}

/// What is said where the card was asked for and cannot be.
pub(super) fn no_card(why: &str) -> Failure {
    Failure::argument(
        format!("the card cannot be the data path: {why}"),
        "mend that, or say what to fall back to: `--data-path auto` and `--fallback NAME=KIND:DEVICE` for each port",
    )
}

/// What is said where XDP was asked for and cannot be.
pub(super) fn refused(why: &str) -> Failure {
    Failure::argument(
        format!("XDP cannot be the data path: {why}"),
        "mend that, or take the soft switch: `packet:INTERFACE` and `--data-path soft`, or `--data-path auto` for whichever can be",
    )
}

/// Whether XDP can be the data path of these ports, as far as that can be seen before.
fn possible(arguments: &Serve, ports: &[Wanted], policy: Option<&Policy>) -> Result<(), String> {
    let interfaces = ports.iter().filter_map(|port| Some((port, port.spec.interface()?)));
    let interfaces: Vec<(&Wanted, &str)> = interfaces.collect();
    let is_made = |port: &&Wanted| {
        matches!(port.spec, PortSpec::Nic { .. } | PortSpec::Tap { .. } | PortSpec::Udp { .. })
    };
    if let Some(port) = ports.iter().find(is_made) {
        return Err(format!("`--port {}` is no network interface that was there before", port.text));
    }
    // What is wrong with the file is told by who reads it to follow it.
    let config = telemetry::config(arguments, None).unwrap_or_default();
    telemetry::check_shown(&config, Shown::Copies, ports)
        .map_err(|(what, help)| format!("{what} ({help})"))?;
    sluice_xdp::check_kernel().map_err(|error| error.to_string())?;
    let pins = arguments.kernel.pins();
    let mut longest = 0;
    for (port, interface) in &interfaces {
        sluice_xdp::suits(interface, port.role, &Linux, Some(&pins)).map_err(|error| error.to_string())?;
        if port.role.receives() {
            longest = longest.max(mtu(interface)?);
        }
    }
    let Some(policy) = policy else { return Ok(()) };
    for port in ports.iter().filter(|port| port.role == Role::Tool) {
        let added = u32::from(policy.most_added(port.number));
        let needs = longest + added;
        let Some(interface) = port.spec.interface() else {
            if needs > sluice_xdp::CAPTURE_MTU {
                return Err(format!(
                    "capture `{}` takes an MTU of {} bytes, taps have {longest} and edits add up to {added}",
                    port.name,
                    sluice_xdp::CAPTURE_MTU
                ));
            }
            continue;
        };
        let has = mtu(interface)?;
        if has < needs {
            let more = if added == 0 { String::new() } else { format!(" and edits add up to {added} bytes") };
            return Err(format!(
                "tool `{}` at `{interface}` has an MTU of {has} bytes, taps have {longest}{more}: longer frames would be lost (`ip link set dev {interface} mtu {needs}`; frames of {} bytes)",
                port.name,
                needs + ETHERNET
            ));
        }
    }
    Ok(())
}

/// Whether a data path can do what a policy asks of its ports.
pub(super) fn fits(target: &dyn Target, policy: Option<&Policy>, sources: &Sources) -> Result<(), String> {
    let Some(policy) = policy.filter(|_| !target.capabilities().copies_to_one_port) else { return Ok(()) };
    let info = target.info();
    let planned = State::empty(&info).and_then(|empty| sluice_policy::plan(&empty, policy, &info));
    // What is wrong with it on every data path is told when it is applied.
    let checked = planned.map_or(Ok(()), |plan| sluice_daemon::check_copies(&plan, policy));
    checked.map_err(|found| {
        let rendered = found.render(sources);
        let first = rendered.lines().next().unwrap_or_default();
        first.strip_prefix("error: ").unwrap_or(first).to_string()
    })
}

fn mtu(interface: &str) -> Result<u32, String> {
    Linux.facts(interface).map(|facts| facts.mtu).map_err(|error| format!("`{interface}`: {error}"))
}
