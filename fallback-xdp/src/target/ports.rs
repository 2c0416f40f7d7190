//! Ports: network devices, and what is counted at them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use sluice_entities::Replica;
use sluice_switch::DROP_PORT;
use sluice_target::port::{PortSpec, Recorder, Role, check_role, check_watched, prepare};
use sluice_target::sys::{Setting, System};
use sluice_target::{Event, Fault, LossCounters, Observers, Opened, OpensPorts, PortStatus, QueueStatus};

use super::load::Loaded;
use super::pinned::Pinned;
use super::{Core, XdpTarget, fault};
use crate::capture::{CAPTURE_MTU, Capture, Pair, queues, tai_ahead_ns};
use crate::counted::PortCells;
use crate::kernel::{check_free, check_source, check_target};
use crate::pins::has_left;

/// The largest packet without its Ethernet header that a program sees in one piece, bytes: a page without what the kernel keeps beside it.
const MAX_MTU: u32 = 3_498;

/// A port.
pub(super) struct Port {
    name: String,
    interface: String,
    role: Role,
    /// The kernel's number of the device.
    device: u32,
    is_up: bool,
    /// What the device had dropped, coming in and leaving, when it became a port.
    dropped: (u64, u64),
    /// Where copies are written, for a port that is a capture.
    capture: Option<Capture>,
    /// The most that was seen waiting for a capture's disk, bytes.
    most_waiting: u64,
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

    /// Makes the device a port of a program.
    pub(super) fn connect(
        &self,
        number: u16,
        loaded: &mut Loaded,
        pinned: Option<&mut Pinned>,
    ) -> Result<(), Fault> {
        let Self { device, role, is_up, .. } = *self;
        let is_told = self.capture.is_some();
        let done = match pinned {
            Some(pinned) => pinned.attach(loaded, number, device, role, is_up, is_told),
            None => {
                let attached = loaded.device.attach_as(number, device, role, is_up, is_told, None);
                attached.map_err(|error| fault(&error))
            }
        };
        done.map_err(|fault| Fault::new(fault.code, format!("`{}`: {}", self.interface, fault.message)))
    }

    pub(super) fn status(&mut self, number: u16, loaded: Option<&Loaded>, system: &dyn System) -> PortStatus {
        let cells = self.cells(number, loaded);
        let (missed, unsent) = self.dropped_since(system);
        let mut counters = cells.counters();
        let down = counters.drops.iter().find(|(reason, _)| *reason == sluice_switch::DropReason::PortDown);
        let port_down = down.map_or(0, |(_, data)| data.packets);
        let at_capture = self.capture.as_ref().map(Capture::lost).unwrap_or_default();
        // It is told with the losses.
        counters.drops.retain(|(reason, _)| *reason != sluice_switch::DropReason::PortDown);
        PortStatus {
            port: number,
            name: self.name.clone(),
            is_up: system.is_up(&self.interface),
            counters,
            missed: if self.role.receives() { missed } else { 0 },
            lost: LossCounters {
                queue_full: at_capture.queue_full,
                port_down: port_down + at_capture.port_down,
                refused: cells.refused() + unsent,
                not_written: at_capture.not_written,
            },
            queue: self.queue(),
        }
    }

    /// What waits for a capture's disk.
    fn queue(&mut self) -> QueueStatus {
        let Some(capture) = &self.capture else { return QueueStatus::default() };
        let (waiting, room) = capture.waiting();
        self.most_waiting = self.most_waiting.max(waiting);
        QueueStatus { high_water: self.most_waiting, room, ..QueueStatus::default() }
    }

    /// Copies that were to leave and did not, though the port was up, beside those that the program counts.
    pub(super) fn unsent(&self, system: &dyn System) -> u64 {
        let LossCounters { queue_full, port_down, refused, not_written } =
            self.capture.as_ref().map(Capture::lost).unwrap_or_default();
        self.dropped_since(system).1 + queue_full + port_down + refused + not_written
    }

    /// Writes what has come.
    fn end(&mut self) {
        if let Some(capture) = &mut self.capture {
            capture.end();
        }
    }
}

/// Copies for a port number that were to leave and did not, told of instances. The kernel tells them of the device alone: what is lost is told of the lowest instance that the port has at
/// the time.
#[derive(Default)]
pub(super) struct Losses {
    /// Of devices that are gone.
    gone: u64,
    told: BTreeMap<u16, u64>,
}

impl Losses {
    /// Those of an instance; `unsent` is what the device has lost that is there now.
    pub(super) fn of(&mut self, replica: Replica, unsent: u64, loaded: &Loaded) -> u64 {
        let counted = loaded.device.port_cells(replica.port).map_or(0, |cells| cells.refused());
        let new = (counted + self.gone + unsent).saturating_sub(self.told.values().sum());
        if new > 0 {
            let groups = loaded.device.shadow.multicast_groups();
            let at_port =
                groups.iter().flat_map(|group| group.replicas()).filter(|one| one.port == replica.port);
            let lowest = at_port.map(|one| one.instance).min().unwrap_or(0);
            *self.told.entry(lowest).or_default() += new;
        }
        self.told.get(&replica.instance).copied().unwrap_or(0)
    }
}

fn refused(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.into())
}

/// What would make a receiving device faster: each of its queues is one processor's work.
fn advice(interface: &str, queues: usize) -> Option<String> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (1..processors).contains(&queues).then(|| {
        format!(
            "frames of `{interface}` come in by {queues} of {processors} processors: give it more queues (`ethtool -L {interface} combined {processors}`), with interrupts on processors of their own (/proc/interrupts, smp_affinity)"
        )
    })
}

/// Whether XDP can take an interface as a port, as far as that can be seen before. A program that an earlier process left on it, pinned in that folder, is no hindrance.
///
/// # Errors
/// Why not, and what would help.
pub fn suits(interface: &str, role: Role, system: &dyn System, pins: Option<&Path>) -> io::Result<()> {
    let facts =
        system.facts(interface).map_err(|error| io::Error::other(format!("`{interface}`: {error}")))?;
    if role.receives() && facts.mtu > MAX_MTU {
        return Err(refused(format!(
            "`{interface}` has an MTU of {} bytes, and XDP takes frames of one piece: at most {MAX_MTU} (`ip link set dev {interface} mtu {MAX_MTU}`)",
            facts.mtu
        )));
    }
    let named = |error: crate::XdpError| io::Error::other(format!("`{interface}`: {error}"));
    if role.receives() {
        check_source(facts.number).map_err(named)?;
        if !pins.is_some_and(|folder| has_left(folder, facts.number)) {
            check_free(facts.number).map_err(named)?;
        }
    }
    if role.sends() {
        check_target(facts.number).map_err(named)?;
    }
    Ok(())
}

impl OpensPorts for XdpTarget {
    fn observe(&self, observers: Arc<dyn Observers>) {
        self.core().observers = Some(observers);
    }

    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>> {
        let interface = match spec {
            PortSpec::Xdp { interface } => interface,
            PortSpec::Capture(spec) => {
                check_role(role)?;
                let recorder = Recorder::begin(name, spec, self.options.system.clone())?;
                return Ok(self.open_capture(name, Some(recorder)));
            }
            PortSpec::Watch => {
                check_watched(role)?;
                return Ok(self.open_capture(name, None));
            }
            PortSpec::Packet { .. } | PortSpec::Nic { .. } | PortSpec::Tap { .. } | PortSpec::Udp { .. } => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "the data path is XDP, which takes network interfaces and copies for this process: write `xdp:INTERFACE`, `capture:FOLDER` or `watch:`",
                ));
            }
        };
        suits(interface, role, &*self.options.system, self.options.pins.as_deref())?;
        let (name, interface) = (name.to_string(), interface.clone());
        Ok(Box::new(move |number| self.attach(number, &name, &interface, role)))
    }

    fn detach_port(&self, number: u16) -> bool {
        self.detach(number)
    }

    fn ports_are_there(&self) {
        self.forget_others();
    }

    fn detach_ports(&self) {
        self.detach_all();
        self.release();
    }
}

impl XdpTarget {
    /// Makes a network device a port. What a port receives does not come to this host's network; devices that receive must have no address.
    ///
    /// # Errors
    /// A number that cannot be or is taken; a device that is not there, that the host uses, or that XDP cannot use.
    pub fn attach(&self, number: u16, name: &str, interface: &str, role: Role) -> io::Result<()> {
        self.attach_with(number, name, interface, role, None)
    }

    /// A port whose copies are received here; the devices come when its number is known.
    fn open_capture(&self, name: &str, recorder: Option<Recorder>) -> Opened<'_> {
        let name = name.to_string();
        Box::new(move |number| {
            let pair = Pair::make(self.options.pins.as_deref(), number, CAPTURE_MTU, queues())?;
            let observers = self.core().observers.clone();
            let observer = observers.and_then(|observers| observers.sending(number, &name));
            let capture = Capture::begin(&name, pair, recorder, observer, &self.options.system);
            let capture = capture.map_err(io::Error::other)?;
            let device = capture.device().to_string();
            self.attach_with(number, &name, &device, Role::Tool, Some(capture))
        })
    }

    fn attach_with(
        &self,
        number: u16,
        name: &str,
        interface: &str,
        role: Role,
        capture: Option<Capture>,
    ) -> io::Result<()> {
        if number >= DROP_PORT {
            return Err(refused(format!("port {number} cannot be attached: ports are 0 to 510")));
        }
        let system = &self.options.system;
        let facts = system.facts(interface)?;
        suits(interface, role, &**system, self.options.pins.as_deref())?;
        prepare(interface, role, system)?;
        if role.receives() {
            system.set(interface, Setting::TagsInFrames)?;
            system.set(interface, Setting::Promiscuous)?;
        }
        system.set(interface, Setting::Up)?;
        let mut core = self.core();
        let Core { loaded, ports, pinned, .. } = &mut *core;
        if let Some(taken) = ports.get(&number) {
            return Err(refused(format!("port {number} is `{}` already", taken.name)));
        }
        let is_up = system.is_up(interface);
        let port = Port {
            name: name.to_string(),
            interface: interface.to_string(),
            role,
            device: facts.number,
            is_up,
            dropped: system.dropped(interface),
            capture,
            most_waiting: 0,
        };
        // Without a program it waits for one.
        if let Some(loaded) = loaded {
            self.tell_clock(loaded);
            port.connect(number, loaded, pinned.as_mut()).map_err(io::Error::other)?;
        }
        if let Some(advice) = advice(interface, facts.queues).filter(|_| role.receives()) {
            tracing::info!(port = name, "{advice}");
        }
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
        let Core { loaded, ports, pinned, .. } = &mut *core;
        if let Some(pinned) = pinned {
            pinned.unpin(number);
        }
        if let Some(loaded) = loaded {
            loaded.device.detach(number);
        }
        let Some(mut port) = ports.remove(&number) else { return false };
        // What waits is written while others go on.
        drop(core);
        port.end();
        let unsent = port.unsent(&*self.options.system);
        self.core().losses.entry(number).or_default().gone += unsent;
        true
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

    /// Tells a program how far the kernel's TAI is ahead of UTC now.
    pub(super) fn tell_clock(&self, loaded: &mut Loaded) {
        if let Err(error) = loaded.device.set_tai_ahead(tai_ahead_ns(&*self.options.system)) {
            tracing::error!(%error, "the kernel's program is not told how far TAI is ahead of UTC");
        }
    }

    /// Tells the program, and whoever listens, of ports that came up or went down.
    pub(super) fn look_at_ports(&self) {
        let mut core = self.core();
        let Core { loaded, ports, events, .. } = &mut *core;
        if let Some(loaded) = loaded {
            self.tell_clock(loaded);
        }
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
