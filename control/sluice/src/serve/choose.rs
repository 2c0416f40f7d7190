//! Which data path: the kernel's where it can be, the soft switch where it must be, and why.

use std::path::Path;

use sluice_policy::Policy;
use sluice_target::port::{PortSpec, Role};
use sluice_target::sys::{Linux, System};

use super::ports::Wanted;
use crate::args::DataPath;
use crate::failure::Failure;

/// Bytes of an Ethernet header, which an MTU does not count.
const ETHERNET: u32 = 14;

/// A data path of this process, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Soft { why: String },
    Xdp { why: String },
}

impl Choice {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Soft { why } | Self::Xdp { why } => why,
        }
    }
}

/// Chooses. Without `--data-path` the ports say it.
pub(super) fn choose(
    asked: Option<DataPath>,
    ports: &[Wanted],
    policy: Option<&Policy>,
    pins: &Path,
) -> Result<Choice, Failure> {
    let xdp = ports.iter().find(|port| matches!(port.spec, PortSpec::Xdp { .. }));
    match (asked, xdp) {
        (Some(DataPath::Soft), Some(port)) => Err(Failure::argument(
            format!("`--port {}` is of XDP, and `--data-path soft` has no such ports", port.text),
            "write `packet:INTERFACE`, or leave `--data-path` out",
        )),
        (Some(DataPath::Soft), None) => Ok(Choice::Soft { why: "asked for: --data-path soft".to_string() }),
        (None, None) => Ok(Choice::Soft { why: String::new() }),
        (Some(DataPath::Xdp), _) | (_, Some(_)) => {
            possible(ports, policy, pins).map_err(|why| refused(&why))?;
            let why = match asked {
                Some(DataPath::Xdp) => "asked for: --data-path xdp",
                _ => "asked for: a port is `xdp:`",
            };
            Ok(Choice::Xdp { why: why.to_string() })
        }
        (Some(DataPath::Auto), None) => Ok(match possible(ports, policy, pins) {
            Ok(()) => Choice::Xdp { why: "every device can do it".to_string() },
            Err(why) => Choice::Soft { why: format!("XDP cannot be: {why}") },
        }),
    }
}

/// What is said where XDP was asked for and cannot be.
pub(super) fn refused(why: &str) -> Failure {
    Failure::argument(
        format!("XDP cannot be the data path: {why}"),
        "mend that, or take the soft switch: `packet:INTERFACE` and `--data-path soft`, or `--data-path auto` for whichever can be",
    )
}

/// Whether XDP can be the data path of these ports, as far as that can be seen before.
fn possible(ports: &[Wanted], policy: Option<&Policy>, pins: &Path) -> Result<(), String> {
    let named = |port: &Wanted| {
        let none = || format!("`--port {}` is no network interface that was there before", port.text);
        port.spec.interface().map(str::to_string).ok_or_else(none)
    };
    let interfaces = ports.iter().map(named).collect::<Result<Vec<String>, String>>()?;
    sluice_xdp::check_kernel().map_err(|error| error.to_string())?;
    let mut longest = 0;
    for (port, interface) in ports.iter().zip(&interfaces) {
        sluice_xdp::suits(interface, port.role, &Linux, Some(pins)).map_err(|error| error.to_string())?;
        if port.role.receives() {
            longest = longest.max(mtu(interface)?);
        }
    }
    let Some(policy) = policy else { return Ok(()) };
    for (port, interface) in ports.iter().zip(&interfaces).filter(|(port, _)| port.role == Role::Tool) {
        let added = u32::from(policy.most_added(port.number));
        let (has, needs) = (mtu(interface)?, longest + added);
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

fn mtu(interface: &str) -> Result<u32, String> {
    Linux.facts(interface).map(|facts| facts.mtu).map_err(|error| format!("`{interface}`: {error}"))
}
