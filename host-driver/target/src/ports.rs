//! Ports of a card, and what is counted at them.

use std::collections::BTreeMap;
use std::io;

use sluice_entities::{Entity, Query, Replica};
use sluice_nic::{CardError, Port as CardPort, PortCounts};
use sluice_switch::{CounterData, DROP_PORT, PortCounters};
use sluice_target::port::{PortSpec, Role};
use sluice_target::{Event, LossCounters, Opened, OpensPorts, PortStatus, QueueStatus};

use crate::{Core, NicTarget};

/// A port at the data path.
pub(crate) struct Port {
    name: String,
    /// Which port of the card.
    at: u32,
    role: Role,
    is_up: bool,
    /// Whether it is still a port; what it counted is told afterwards, too.
    is_attached: bool,
    /// What the card had counted when the port was attached, and what it said last.
    before: PortCounts,
    last: PortCounts,
    /// Copies that were to leave while it was down, as far as they were told of an instance.
    down: BTreeMap<u16, u64>,
}

impl Port {
    fn status(&self, number: u16) -> PortStatus {
        let since = |field: fn(&PortCounts) -> u64| field(&self.last).saturating_sub(field(&self.before));
        let counters = PortCounters {
            received: CounterData {
                packets: since(|counts| counts.received),
                bytes: since(|counts| counts.received_bytes),
            },
            sent: CounterData {
                packets: since(|counts| counts.sent),
                bytes: since(|counts| counts.sent_bytes),
            },
            drops: Vec::new(),
        };
        PortStatus {
            port: number,
            name: self.name.clone(),
            is_up: self.is_up,
            counters,
            missed: 0,
            lost: LossCounters { port_down: since(|counts| counts.down), ..LossCounters::default() },
            queue: QueueStatus::default(),
        }
    }
}

fn refused(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.into())
}

fn failed(error: CardError) -> io::Error {
    io::Error::other(error.to_string())
}

impl Core {
    /// The card's port of that number.
    fn card_port(&self, at: u32) -> Option<&CardPort> {
        self.card.interfaces().iter().flat_map(|interface| &interface.ports).nth(at as usize)
    }

    /// Whether a port's link is up, as the card says.
    fn is_linked(&self, at: u32, role: Role) -> Result<bool, CardError> {
        let Some(port) = self.card_port(at) else { return Ok(false) };
        let state = if role.sends() { port.send_state() } else { port.receive_state() }?;
        Ok(state.is_up && state.is_on)
    }

    fn attached(&self) -> impl Iterator<Item = (&u16, &Port)> {
        self.ports.iter().filter(|(_, port)| port.is_attached)
    }

    /// Looks which ports have come up or gone down.
    pub(crate) fn look_at_ports(&mut self) {
        let looked: Vec<(u16, Result<bool, CardError>)> =
            self.attached().map(|(number, port)| (*number, self.is_linked(port.at, port.role))).collect();
        for (number, is_up) in looked {
            let is_up = is_up.unwrap_or_else(|error| {
                self.lose(&error.to_string());
                false
            });
            let Some(port) = self.ports.get_mut(&number).filter(|port| port.is_up != is_up) else { continue };
            port.is_up = is_up;
            self.events.push_back(Event::Port { port: number, is_up });
        }
    }

    /// Takes what the card counted.
    fn count(&mut self) {
        match self.pipeline.snapshot() {
            Ok((counts, _)) => {
                for port in self.ports.values_mut().filter(|port| port.is_attached) {
                    port.last = counts.get(port.at as usize).copied().unwrap_or(port.last);
                }
            }
            Err(error) => self.lose(&error.to_string()),
        }
    }

    pub(crate) fn statuses(&mut self) -> Vec<PortStatus> {
        self.count();
        self.ports.iter().map(|(number, port)| port.status(*number)).collect()
    }

    /// Copies of an instance that were to leave by a port that was down. The card tells them of the port alone: what is lost is told of the lowest instance that the port has at the time.
    pub(crate) fn down(&mut self, replica: Replica) -> u64 {
        self.count();
        let mut lowest = None;
        if let Some(loaded) = &mut self.loaded {
            let groups = loaded.tables.read_each(&Query::Multicast { id: None }, &mut |entity| {
                if let Entity::Multicast(group) = entity {
                    let here = group.replicas().filter(|one| one.port == replica.port);
                    lowest = here.map(|one| one.instance).chain(lowest).min();
                }
            });
            if let Err(error) = groups {
                self.lose(&error.to_string());
            }
        }
        let Some(port) = self.ports.get_mut(&replica.port) else { return 0 };
        let all = port.last.down.saturating_sub(port.before.down);
        let new = all.saturating_sub(port.down.values().sum());
        if new > 0 {
            *port.down.entry(lowest.unwrap_or(0)).or_default() += new;
        }
        port.down.get(&replica.instance).copied().unwrap_or(0)
    }

    fn attach(&mut self, number: u16, at: u32, name: &str, role: Role) -> io::Result<()> {
        if number >= DROP_PORT {
            return Err(refused(format!(
                "port {number} cannot be attached: ports are 0 to {}",
                DROP_PORT - 1
            )));
        }
        if let Some(taken) = self.ports.get(&number).filter(|port| port.is_attached) {
            return Err(refused(format!("port {number} is `{}` already", taken.name)));
        }
        if let Some(taken) = self.ports.values().find(|port| port.is_attached && port.at == at) {
            return Err(refused(format!("port {at} of the card is `{}` already", taken.name)));
        }
        let (counts, _) = self.pipeline.snapshot().map_err(failed)?;
        let before = counts.get(at as usize).copied().unwrap_or_default();
        self.pipeline.set_number(at, Some(number)).map_err(failed)?;
        self.turn(at, role, true).map_err(failed)?;
        let is_up = self.is_linked(at, role).map_err(failed)?;
        let port = Port {
            name: name.to_string(),
            at,
            role,
            is_up,
            is_attached: true,
            before,
            last: before,
            down: BTreeMap::new(),
        };
        self.ports.insert(number, port);
        Ok(())
    }

    /// Turns the sides that a role has on or off. A port to a tap never sends.
    fn turn(&self, at: u32, role: Role, is_on: bool) -> Result<(), CardError> {
        let Some(port) = self.card_port(at) else { return Ok(()) };
        port.set_send(is_on && role.sends())?;
        port.set_receive(is_on && role.receives())
    }

    /// Takes a port away; says whether there was one.
    fn detach(&mut self, number: u16) -> bool {
        self.count();
        let Some(port) = self.ports.get_mut(&number).filter(|port| port.is_attached) else { return false };
        (port.is_attached, port.is_up) = (false, false);
        let (at, role) = (port.at, port.role);
        let off = self.turn(at, role, false).and_then(|()| self.pipeline.set_number(at, None));
        if let Err(error) = off {
            self.lose(&error.to_string());
        }
        true
    }
}

impl NicTarget {
    /// Makes a port of the card a port of the data path.
    ///
    /// # Errors
    ///
    /// A number that cannot be or is taken, a port that the card has not, or a card that cannot be reached.
    pub fn attach(&self, number: u16, at: u32, name: &str, role: Role) -> io::Result<()> {
        self.has_port(at)?;
        self.core().attach(number, at, name, role)
    }

    fn has_port(&self, at: u32) -> io::Result<()> {
        let core = self.core();
        if core.card_port(at).is_some() && at < core.pipeline.ports() {
            return Ok(());
        }
        Err(refused(format!("the card has no port {at}: it has {}, from 0", core.pipeline.ports())))
    }
}

impl OpensPorts for NicTarget {
    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>> {
        let PortSpec::Nic { port } = spec else {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the data path is an FPGA NIC, which has ports of its own: write `nic:NUMBER`",
            ));
        };
        let (name, at) = (name.to_string(), u32::from(*port));
        self.has_port(at)?;
        Ok(Box::new(move |number| self.attach(number, at, &name, role)))
    }

    fn detach_port(&self, number: u16) -> bool {
        let mut core = self.core();
        let was_there = core.detach(number);
        core.ports.remove(&number);
        was_there
    }

    fn detach_ports(&self) {
        let mut core = self.core();
        let mut numbers: Vec<(bool, u16)> =
            core.ports.iter().map(|(number, port)| (!port.role.receives(), *number)).collect();
        numbers.sort_unstable();
        for (_, number) in numbers {
            core.detach(number);
        }
    }
}
