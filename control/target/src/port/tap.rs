//! TAP interfaces: what the switch sends comes in at the host's network stack, and the other way round.

use std::io;
use std::sync::Arc;

use super::packet::{Interface, Reader, Writer};
use super::{Port, Receive, Role, Transmit};
use crate::sys::{Setting, System};

/// Makes a TAP interface and brings it up. It goes when the port is closed.
///
/// # Errors
///
/// What the system says.
pub fn tap(name: &str, interface: &str, role: Role, system: &Arc<dyn System>) -> io::Result<Port> {
    let (receive, transmit) = system.open_tap(interface)?;
    if role == Role::Network {
        // The host hears nothing by it, and has nothing to say to it of its own.
        system.set(interface, Setting::NoIpv6)?;
        system.set(interface, Setting::NoArp)?;
    }
    system.set(interface, Setting::Up)?;
    Ok(Port {
        name: name.to_string(),
        receive: role.receives().then(|| Box::new(Reader::new(receive.clone())) as Box<dyn Receive>),
        transmit: role.sends().then(|| Box::new(Writer(transmit)) as Box<dyn Transmit>),
        device: Arc::new(Interface {
            name: interface.to_string(),
            system: system.clone(),
            frames: Some(receive),
        }),
    })
}
