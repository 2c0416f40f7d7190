//! Ports: network devices, and what is counted at them.

use std::collections::BTreeMap;
use std::io;

use sluice_entities::Replica;
use sluice_switch::DROP_PORT;
use sluice_target::port::{Role, prepare};
use sluice_target::sys::{Setting, System};
use sluice_target::{Event, LossCounters, PortStatus, QueueStatus};

use super::load::Loaded;
use super::{Core, XdpTarget, no_program};
use crate::counted::PortCells;

/// The largest packet without its Ethernet header that a program sees in one piece, bytes: a page without what the kernel keeps beside it.
const MAX_MTU: u32 = 3_498;

/// A port.
pub(super) struct Port {
    name: String,
    interface: String,
    role: Role,
    is_up: bool,
    /// What the device had dropped, coming in and leaving, when it became a port.
    dropped: (u64, u64),
    /// Copies that the device did not send, as far as they were told of an instance.
    refused: BTreeMap<u16, u64>,
}

impl Port {
    fn cells(&self, number: u16, loaded: Option<&Loaded>) -> PortCells {
        let read = loaded.map(|loaded| loaded.device.port_cells(number));
        read.and_then(Result::ok).unwrap_or_default()
    }

    fn dropped_since(&self, system: &dyn System) -> (u64, u64) {
        let (received, sent) = system.dropped(&self.interface);
        (received.saturating_sub(self.dropped.0), sent.saturating_sub(self.dropped.1))
    }

    pub(super) fn status(&mut self, number: u16, loaded: Option<&Loaded>, system: &dyn System) -> PortStatus {
        let cells = self.cells(number, loaded);
        let (missed, unsent) = self.dropped_since(system);
        let mut counters = cells.counters();
        let down = counters.drops.iter().find(|(reason, _)| *reason == sluice_switch::DropReason::PortDown);
        let port_down = down.map_or(0, |(_, data)| data.packets);
        // It is told with the losses.
        counters.drops.retain(|(reason, _)| *reason != sluice_switch::DropReason::PortDown);
        PortStatus {
            port: number,
            name: self.name.clone(),
            is_up: system.is_up(&self.interface),
            counters,
            missed: if self.role.receives() { missed } else { 0 },
            lost: LossCounters { queue_full: 0, port_down, refused: cells.refused() + unsent },
            queue: QueueStatus::default(),
        }
    }

    /// Copies of an instance that were to leave and did not, though the port was up. The kernel tells them of the device alone: what is lost is told of the lowest instance that the port
    /// has at the time.
    pub(super) fn refused(&mut self, replica: Replica, loaded: &Loaded, system: &dyn System) -> u64 {
        let all = self.cells(replica.port, Some(loaded)).refused() + self.dropped_since(system).1;
        let new = all.saturating_sub(self.refused.values().sum());
        if new > 0 {
            let groups = loaded.device.shadow.multicast_groups();
            let at_port =
                groups.iter().flat_map(|group| group.replicas()).filter(|one| one.port == replica.port);
            let lowest = at_port.map(|one| one.instance).min().unwrap_or(0);
            *self.refused.entry(lowest).or_default() += new;
        }
        self.refused.get(&replica.instance).copied().unwrap_or(0)
    }
}

fn refused(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.into())
}

impl XdpTarget {
    /// Makes a network device a port. What a port receives does not come to this host's network; devices that receive must have no address.
    ///
    /// # Errors
    /// A number that cannot be or is taken; a device that is not there, that the host uses, or that XDP cannot use; there is no program.
    pub fn attach(&self, number: u16, name: &str, interface: &str, role: Role) -> io::Result<()> {
        if number >= DROP_PORT {
            return Err(refused(format!("port {number} cannot be attached: ports are 0 to 510")));
        }
        let system = &self.options.system;
        let facts = system.facts(interface)?;
        if role.receives() && facts.mtu > MAX_MTU {
            return Err(refused(format!(
                "`{interface}` has an MTU of {} bytes, and XDP takes frames of one piece: at most {MAX_MTU} (`ip link set dev {interface} mtu {MAX_MTU}`)",
                facts.mtu
            )));
        }
        prepare(interface, role, system)?;
        if role.receives() {
            system.set(interface, Setting::TagsInFrames)?;
            system.set(interface, Setting::Promiscuous)?;
        }
        system.set(interface, Setting::Up)?;
        let mut core = self.core();
        let Core { loaded, ports, .. } = &mut *core;
        if let Some(taken) = ports.get(&number) {
            return Err(refused(format!("port {number} is `{}` already", taken.name)));
        }
        let is_up = system.is_up(interface);
        let port = Port {
            name: name.to_string(),
            interface: interface.to_string(),
            role,
            is_up,
            dropped: system.dropped(interface),
            refused: BTreeMap::new(),
        };
        let loaded = loaded.as_mut().ok_or_else(|| refused(no_program().message))?;
        loaded
            .device
            .attach_as(number, facts.number, role, is_up)
            .map_err(|error| io::Error::other(format!("`{interface}`: {error}")))?;
        ports.insert(number, port);
        // Up until something else is seen, as everybody thinks of all ports.
        if !is_up {
            core.events.push_back(Event::Port { port: number, is_up });
        }
        Ok(())
    }

    /// Takes a port away: frames that came in are taken through, and no further ones. Says whether there was one.
    pub fn detach(&self, number: u16) -> bool {
        let mut core = self.core();
        let Core { loaded, ports, .. } = &mut *core;
        if let Some(loaded) = loaded {
            loaded.device.detach(number);
        }
        ports.remove(&number).is_some()
    }

    /// Takes all ports away, those that receive first.
    pub fn detach_all(&self) {
        let mut numbers: Vec<(bool, u16)> =
            self.core().ports.iter().map(|(number, port)| (!port.role.receives(), *number)).collect();
        numbers.sort_unstable();
        for (_, number) in numbers {
            self.detach(number);
        }
    }

    /// Tells the program, and whoever listens, of ports that came up or went down.
    pub(super) fn look_at_ports(&self) {
        let mut core = self.core();
        let Core { loaded, ports, events } = &mut *core;
        for (number, port) in ports {
            let is_up = self.options.system.is_up(&port.interface);
            if is_up == port.is_up {
                continue;
            }
            port.is_up = is_up;
            if let Some(loaded) = loaded
                && let Err(error) = loaded.device.set_up(*number, is_up)
            {
                tracing::error!(port = port.name, %error, "the kernel is not told of a port");
            }
            events.push_back(Event::Port { port: *number, is_up });
        }
    }
}
