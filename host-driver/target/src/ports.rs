//! Ports of a card, and what is counted at them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use sluice_entities::{Entity, Query, Replica, Update};
use sluice_nic::{CardError, Port as CardPort, PortCounts};
use sluice_switch::{CounterData, PortCounters};
use sluice_target::port::{PortSpec, Role, check_role};
use sluice_target::{CPU_PORT, Event, LossCounters, Opened, OpensPorts, PortStatus, Program, QueueStatus};

use crate::cpu::{self, Cpu};
use crate::host::{Capture, HostQueue};
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

    /// Whether a port's link is up, as the card says. One that is off was turned on before the card was reset.
    fn is_linked(&self, at: u32, role: Role) -> Result<bool, CardError> {
        let Some(port) = self.card_port(at) else { return Ok(false) };
        let state = if role.sends() { port.send_state() } else { port.receive_state() }?;
        if state.is_on { Ok(state.is_up) } else { Err(CardError::ResetBy { port: at }) }
    }

    fn attached(&self) -> impl Iterator<Item = (&u16, &Port)> {
        self.ports.iter().filter(|(_, port)| port.is_attached)
    }

    /// Looks which ports have come up or gone down.
    pub(crate) fn look_at_ports(&mut self) {
        if self.lost.is_some() {
            for (number, capture) in self.captures.iter_mut().filter(|(_, capture)| capture.is_up()) {
                capture.end();
                self.events.push_back(Event::Port { port: *number, is_up: false });
            }
            for (number, port) in self.ports.iter_mut().filter(|(_, port)| port.is_up) {
                port.is_up = false;
                self.events.push_back(Event::Port { port: *number, is_up: false });
            }
            return;
        }
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

    /// Takes what the card counted; what it said last stands once it is out of reach.
    fn count(&mut self) {
        if self.lost.is_some() {
            return;
        }
        match self.pipeline.snapshot() {
            Ok((counts, _)) => {
                for port in self.ports.values_mut().filter(|port| port.is_attached) {
                    port.last = counts.get(port.at as usize).copied().unwrap_or(port.last);
                }
                let failed = self.hosts().find_map(|host| host.count().err());
                if let Some(error) = failed {
                    self.lose(&error.to_string());
                }
            }
            Err(error) => self.lose(&error.to_string()),
        }
    }

    pub(crate) fn statuses(&mut self) -> Vec<PortStatus> {
        self.count();
        let ports = self.ports.iter().map(|(number, port)| port.status(*number));
        let captures = self.captures.iter().map(|(number, capture)| capture.status(*number));
        let mut all: Vec<PortStatus> = ports.chain(captures).collect();
        all.sort_by_key(|port| port.port);
        all
    }

    /// Queues of the host at work.
    fn hosts(&mut self) -> impl Iterator<Item = &mut HostQueue> {
        let captures = self.captures.values_mut().filter_map(Capture::host);
        self.cpu.as_mut().map(|cpu| &mut cpu.host).into_iter().chain(captures)
    }

    /// Waits until what came for the host was taken.
    pub(crate) fn drain_host(&mut self) {
        self.count();
        self.hosts().for_each(|host| host.drain());
    }

    /// Takes what came for the controller, and looks whether queues of the host are well.
    pub(crate) fn look_at_host(&mut self) {
        if let Some(cpu) = &self.cpu {
            self.events.extend(cpu.take());
        }
        let failed = self.hosts().find_map(|host| host.failed());
        if let Some(why) = failed.filter(|_| self.lost.is_none()) {
            self.lose(&why);
        }
    }

    /// The lowest instance that a port has.
    fn lowest(&mut self, port: u16) -> Option<u16> {
        let mut lowest = None;
        let loaded = self.loaded.as_ref()?;
        let groups = loaded.tables.written_each(&Query::Multicast { id: None }, &mut |entity| {
            if let Entity::Multicast(group) = entity {
                let here = group.replicas().filter(|one| one.port == port);
                lowest = here.map(|one| one.instance).chain(lowest).min();
            }
        });
        groups.ok().and(lowest)
    }

    /// Copies of an instance that did not leave. The card tells them of the port alone: what is lost is told of the lowest instance that the port has at the time.
    pub(crate) fn lost(&mut self, replica: Replica) -> LossCounters {
        self.count();
        let lowest = self.lowest(replica.port);
        if let Some(capture) = self.captures.get_mut(&replica.port) {
            return capture.lost_of(replica.instance, lowest);
        }
        let Some(port) = self.ports.get_mut(&replica.port) else { return LossCounters::default() };
        let all = port.last.down.saturating_sub(port.before.down);
        let new = all.saturating_sub(port.down.values().sum());
        if new > 0 {
            *port.down.entry(lowest.unwrap_or(0)).or_default() += new;
        }
        let port_down = port.down.get(&replica.instance).copied().unwrap_or(0);
        LossCounters { port_down, ..LossCounters::default() }
    }

    fn is_free(&self, number: u16) -> io::Result<()> {
        if number >= CPU_PORT {
            return Err(refused(format!(
                "port {number} cannot be attached: ports are 0 to {}",
                CPU_PORT - 1
            )));
        }
        let card = self.ports.get(&number).filter(|port| port.is_attached).map(|port| &port.name);
        let capture = self.captures.get(&number).filter(|capture| capture.is_up()).map(Capture::name);
        match card.or(capture) {
            Some(name) => Err(refused(format!("port {number} is `{name}` already"))),
            None => Ok(()),
        }
    }

    /// Copies to that number are written here from now on.
    fn attach_capture(&mut self, number: u16, mut capture: Capture) -> io::Result<()> {
        self.is_free(number)?;
        self.out_of_reach().map_err(|fault| refused(fault.message))?;
        let queues: Vec<u32> = self.hosts().map(|host| host.queue()).collect();
        let free = (cpu::QUEUE + 1..self.pipeline.hosts()).find(|queue| !queues.contains(queue));
        let Some(queue) = free else {
            let most = self.pipeline.hosts().saturating_sub(1);
            return Err(refused(format!("the card has queues for {most} captures, and they are taken")));
        };
        let place = (queue, number);
        capture.begin(&self.card, &self.pipeline, place, self.tai_offset_s, &self.numbers).map_err(failed)?;
        self.captures.insert(number, capture);
        Ok(())
    }

    fn attach(&mut self, number: u16, at: u32, name: &str, role: Role) -> io::Result<()> {
        self.is_free(number)?;
        if let Some(taken) = self.ports.values().find(|port| port.is_attached && port.at == at) {
            return Err(refused(format!("port {at} of the card is `{}` already", taken.name)));
        }
        let (counts, _) = self.pipeline.snapshot().map_err(failed)?;
        let before = counts.get(at as usize).copied().unwrap_or_default();
        self.pipeline.set_number(at, Some(number)).map_err(failed)?;
        self.numbers.set(at, Some(number));
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

    /// Makes the ports of a card that is back what they were; they count anew, as the program does.
    pub(crate) fn attach_again(&mut self) -> Result<(), CardError> {
        self.pipeline.set_tai_offset(self.tai_offset_s)?;
        let (counts, _) = self.pipeline.snapshot()?;
        let attached: Vec<(u16, u32, Role)> =
            self.attached().map(|(number, port)| (*number, port.at, port.role)).collect();
        for (number, at, role) in attached {
            self.pipeline.set_number(at, Some(number))?;
            self.turn(at, role, true)?;
            let now = counts.get(at as usize).copied().unwrap_or_default();
            if let Some(port) = self.ports.get_mut(&number) {
                (port.before, port.last) = (now, now);
                port.down.clear();
            }
        }
        if self.cpu.take().is_some() {
            self.cpu = Some(Cpu::begin(&self.card, &self.pipeline)?);
        }
        let queues = (cpu::QUEUE + 1..).zip(&mut self.captures);
        for (queue, (number, capture)) in queues {
            capture.end();
            let place = (queue, *number);
            capture.begin(&self.card, &self.pipeline, place, self.tai_offset_s, &self.numbers)?;
        }
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
        if let Some(capture) = self.captures.get_mut(&number) {
            let was_up = capture.is_up();
            capture.close();
            return was_up;
        }
        let Some(port) = self.ports.get_mut(&number).filter(|port| port.is_attached) else { return false };
        (port.is_attached, port.is_up) = (false, false);
        let (at, role) = (port.at, port.role);
        let off = self.turn(at, role, false).and_then(|()| self.pipeline.set_number(at, None));
        self.numbers.set(at, None);
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
        match spec {
            PortSpec::Nic { port } => {
                let (name, at) = (name.to_string(), u32::from(*port));
                self.has_port(at)?;
                Ok(Box::new(move |number| self.attach(number, at, &name, role)))
            }
            PortSpec::Capture(spec) => {
                check_role(role)?;
                let capture = Capture::open(name, spec)?;
                Ok(Box::new(move |number| self.core().attach_capture(number, capture)))
            }
            PortSpec::Packet { .. }
            | PortSpec::Xdp { .. }
            | PortSpec::Tap { .. }
            | PortSpec::Udp { .. }
            | PortSpec::Watch => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the data path is an FPGA NIC, which has ports of its own: write `nic:NUMBER`, or `capture:FOLDER`",
            )),
        }
    }

    fn written(&self) -> Option<(Arc<Program>, Vec<Update>)> {
        self.core().loaded.as_ref()?.written()
    }

    fn detach_port(&self, number: u16) -> bool {
        let mut core = self.core();
        let was_there = core.detach(number);
        core.ports.remove(&number);
        core.captures.remove(&number);
        was_there
    }

    fn detach_ports(&self) {
        let mut core = self.core();
        let mut numbers: Vec<(bool, u16)> =
            core.ports.iter().map(|(number, port)| (!port.role.receives(), *number)).collect();
        numbers.sort_unstable();
        let captures: Vec<u16> = core.captures.keys().copied().collect();
        for number in numbers.into_iter().map(|(_, number)| number).chain(captures) {
            core.detach(number);
        }
    }
}
