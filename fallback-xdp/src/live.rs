//! A program on devices: ports, and groups of them.

use std::collections::{BTreeMap, BTreeSet};

use sluice_entities::{Branch, MulticastGroup, Replica};
use sluice_target::port::Role;

use crate::device::Device;
use crate::error::{Result, XdpError};
use crate::kernel::{Attached, Inner, Kernel, check_free, check_source, check_target};

/// Members of a group (`MAX_MEMBERS` of the program).
const MAX_MEMBERS: usize = 64;

/// Beside a port's number in the maps of ports: there is one (`PORT_KNOWN` of `programs.c`).
const PORT_KNOWN: u32 = 0x4_0000;

/// In the same place: it is down (`PORT_DOWN` of `programs.c`).
const PORT_DOWN: u32 = 0x1_0000;

/// In the same place: some group has members without a device (`SOME_ABSENT`).
const SOME_ABSENT: u32 = 0x2_0000;

/// In the same place: who receives this port's copies is told of them (`PORT_TOLD`), and there is such a port (`SOME_TOLD`).
const PORT_TOLD: u32 = 0x8_0000;
const SOME_TOLD: u32 = 0x10_0000;

/// A device as a port.
#[derive(Debug)]
pub(crate) struct LivePort {
    pub(crate) device: u32,
    pub(crate) role: Role,
    pub(crate) is_up: bool,
    /// Whether who receives its copies is told of them.
    pub(crate) is_told: bool,
    /// The program, where the port receives; it is there as long as this is.
    pub(crate) attached: Option<Attached>,
}

/// In `struct replicas`, beside a port's number: it is down (`REPLICA_DOWN`).
const REPLICA_DOWN: u16 = 0x8000;

/// Ports and groups as the kernel has them.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) ports: BTreeMap<u16, LivePort>,
    groups: BTreeMap<u16, Group>,
    /// Groups with members that have no device.
    absent: BTreeSet<u16>,
    /// How far the program takes TAI to be ahead of UTC, nanoseconds.
    pub(crate) tai_ahead_ns: u64,
}

/// A group, and where its members' instances are known.
#[derive(Debug)]
struct Group {
    members: BTreeSet<u16>,
    /// A map for each object that is loaded.
    _maps: Vec<Inner>,
}

/// The program of frames that come in.
const INGRESS: &str = "sluice_ingress";

/// The program of frames that leave.
const EGRESS: &str = "sluice_egress";

/// Devices with numbers below this are in `near_ports`, the others in `ports` (`programs.c`).
const NEAR_DEVICES: u32 = 4096;

fn put_device(kernel: &Kernel, port: u16, device: u32) -> Result<()> {
    let target = kernel.target(device, EGRESS)?;
    kernel.update("devices", &u32::from(port).to_ne_bytes(), &target)
}

fn member(group: u16, port: u16) -> Vec<u8> {
    [u32::from(group), u32::from(port)].iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// Whether a port may get copies of a group.
fn concerns(group: &MulticastGroup, port: u16) -> bool {
    let is = |replica: &Replica| replica.port == port;
    group.branches.iter().any(|branch| is(&branch.replica) || branch.backups.iter().any(is))
}

/// `struct replicas`.
fn replicas(members: &[Replica]) -> Vec<u8> {
    let mut bytes = (members.len() as u32).to_ne_bytes().to_vec();
    for replica in members {
        bytes.extend(replica.port.to_ne_bytes());
        bytes.extend(replica.instance.to_ne_bytes());
    }
    bytes.resize(4 + 4 * MAX_MEMBERS, 0);
    bytes
}

impl Device {
    /// Makes a device a port. Frames that a network port's device receives go to the program from now on, and never to the host's own network; nothing is sent to it, since no map of
    /// targets has it. What a tool's device receives is the host's.
    ///
    /// # Errors
    /// The port or its device is in use, or the kernel refuses the program there.
    pub fn attach(&mut self, port: u16, device: u32, role: Role) -> Result<()> {
        self.attach_as(port, device, role, true, false, None)
    }

    /// As [`Self::attach`], of a port that may be down, whose copies may have what is known of them in front, and may have the program of an earlier process.
    pub(crate) fn attach_as(
        &mut self,
        port: u16,
        device: u32,
        role: Role,
        is_up: bool,
        is_told: bool,
        earlier: Option<Attached>,
    ) -> Result<()> {
        if self.live.ports.iter().any(|(known, live)| *known == port || live.device == device) {
            return Err(XdpError::Cannot("two devices as one port, or one as two"));
        }
        self.live.ports.insert(port, LivePort { device, role, is_up, is_told, attached: None });
        let done = self.connect(port, device, role, earlier);
        if done.is_err() {
            self.detach(port);
        }
        done
    }

    /// Takes the ports of another program: every frame meets the one program or the other.
    ///
    /// # Errors
    /// What the kernel refuses; ports that were taken by then have this program, the others none.
    pub(crate) fn take_ports(&mut self, other: &mut Self) -> Result<()> {
        let ports = std::mem::take(&mut other.live.ports);
        let (receiving, sending): (BTreeMap<_, _>, BTreeMap<_, _>) =
            ports.into_iter().partition(|(_, live)| live.role.receives());
        // Targets first, so that there is a way out of the new program for what comes in.
        for (port, live) in sending.into_iter().chain(receiving) {
            let LivePort { device, role, is_up, is_told, attached } = live;
            self.live.ports.insert(port, LivePort { device, role, is_up, is_told, attached: None });
            self.connect_target(port, device, role)?;
            if let Some(mut attached) = attached {
                self.kernel.switch(&mut attached, INGRESS)?;
                if let Some(live) = self.live.ports.get_mut(&port) {
                    live.attached = Some(attached);
                }
            }
        }
        Ok(())
    }

    fn connect_target(&mut self, port: u16, device: u32, role: Role) -> Result<()> {
        self.put_port(port)?;
        self.tell_of(port)?;
        if role.sends() {
            check_target(device)?;
            self.kernels().try_for_each(|kernel| put_device(kernel, port, device))?;
            self.rewrite_groups(|group| concerns(group, port))?;
        }
        Ok(())
    }

    fn connect(&mut self, port: u16, device: u32, role: Role, earlier: Option<Attached>) -> Result<()> {
        self.connect_target(port, device, role)?;
        if role.receives() {
            let attached = match earlier {
                Some(mut attached) => {
                    self.running().switch(&mut attached, INGRESS)?;
                    attached
                }
                None => {
                    check_free(device)?;
                    check_source(device)?;
                    self.running().attach(INGRESS, device)?
                }
            };
            if let Some(live) = self.live.ports.get_mut(&port) {
                live.attached = Some(attached);
            }
        }
        Ok(())
    }

    /// If copies of a port are told of, every port's frames have to have what is told from now on.
    fn tell_of(&self, port: u16) -> Result<()> {
        let is_told = self.live.ports.get(&port).is_some_and(|live| live.is_told);
        self.live.ports.keys().filter(|_| is_told).try_for_each(|port| self.put_port(*port))
    }

    /// Takes a port away: nothing comes in by it any more, and copies for it are counted as lost. Says whether there was one.
    pub fn detach(&mut self, port: u16) -> bool {
        let Some(live) = self.live.ports.remove(&port) else { return false };
        // First the program: what came in before is taken through.
        drop(live.attached);
        if live.role.sends() {
            // A map that refuses this has no such element.
            let _ = self.rewrite_groups(|group| concerns(group, port));
            let key = u32::from(port).to_ne_bytes();
            let _ = self.kernels().try_for_each(|kernel| kernel.delete("devices", &key));
        }
        let key = live.device.to_ne_bytes();
        // An array has all of its elements always.
        let _ = if live.device < NEAR_DEVICES {
            self.kernel.update("near_ports", &key, &0u32.to_ne_bytes())
        } else {
            self.kernel.delete("ports", &key)
        };
        if live.is_told {
            // What is told of and wanted by nobody costs time, and nothing else.
            let _ = self.live.ports.keys().try_for_each(|port| self.put_port(*port));
        }
        true
    }

    /// Says how far the kernel's TAI is ahead of UTC, nanoseconds: packets' times are UTC.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn set_tai_ahead(&mut self, tai_ahead_ns: u64) -> Result<()> {
        if self.live.tai_ahead_ns != tai_ahead_ns {
            self.kernel.update("tai_ahead", &0u32.to_ne_bytes(), &tai_ahead_ns.to_ne_bytes())?;
            self.live.tai_ahead_ns = tai_ahead_ns;
        }
        Ok(())
    }

    /// Says whether a port is up. Copies for one that is not are counted as lost, and do not come to its device.
    ///
    /// # Errors
    /// There is no such port, or the kernel refuses the update.
    pub fn set_up(&mut self, port: u16, is_up: bool) -> Result<()> {
        let live = self.live.ports.get_mut(&port);
        live.ok_or_else(|| XdpError::Missing(format!("port {port}")))?.is_up = is_up;
        self.put_port(port)?;
        // Egress, which looks at each copy's port, is not there where copies leave as they are.
        let all = self.kernels().any(Kernel::sends_as_is);
        self.rewrite_groups(|group| {
            let has_backups = group.branches.iter().any(|branch| !branch.backups.is_empty());
            (all || has_backups) && concerns(group, port)
        })
    }

    /// A port's element, by which its frames find it.
    fn put_port(&self, port: u16) -> Result<()> {
        let Some(live) = self.live.ports.get(&port) else { return Ok(()) };
        let down = if live.is_up { 0 } else { PORT_DOWN };
        let absent = if self.live.absent.is_empty() { 0 } else { SOME_ABSENT };
        let told = if live.is_told { PORT_TOLD } else { 0 };
        let some_told = if self.live.ports.values().any(|live| live.is_told) { SOME_TOLD } else { 0 };
        let value = PORT_KNOWN | u32::from(port) | down | absent | told | some_told;
        let map = if live.device < NEAR_DEVICES { "near_ports" } else { "ports" };
        self.kernel.update(map, &live.device.to_ne_bytes(), &value.to_ne_bytes())
    }

    fn rewrite_groups(&mut self, is_meant: impl Fn(&MulticastGroup) -> bool) -> Result<()> {
        let groups = self.shadow.multicast_groups();
        groups.iter().filter(|group| is_meant(group)).try_for_each(|group| self.put_group(group))
    }

    /// The copy that a branch makes now: the first of its backups where its own port is down.
    fn chosen(&self, branch: &Branch) -> Replica {
        let is_up = |replica: &&Replica| self.live.ports.get(&replica.port).is_some_and(|live| live.is_up);
        let all = std::iter::once(&branch.replica).chain(&branch.backups);
        *{ all }.find(is_up).unwrap_or(&branch.replica)
    }

    /// A group's members in the kernel, all at once.
    pub(crate) fn put_group(&mut self, group: &MulticastGroup) -> Result<()> {
        let mut members: BTreeMap<u16, u16> = BTreeMap::new();
        for replica in group.branches.iter().map(|branch| self.chosen(branch)) {
            if members.insert(replica.port, replica.instance).is_some() {
                return Err(XdpError::Cannot(
                    "two copies of one packet to one port; give the second tool a device of its own",
                ));
            }
        }
        if members.len() > MAX_MEMBERS {
            return Err(XdpError::Cannot("groups of more than 64 members"));
        }
        let sends = |port: &u16| self.live.ports.get(port).is_some_and(|live| live.role.sends());
        let (there, missing): (BTreeMap<u16, u16>, BTreeMap<u16, u16>) =
            members.into_iter().partition(|(port, _)| sends(port));
        // Instances first: a copy asks for its own as soon as the group is there.
        for (port, instance) in &there {
            self.kernel.update("instances", &member(group.id, *port), &u32::from(*instance).to_ne_bytes())?;
        }
        let is_down = |port: &u16| self.live.ports.get(port).is_some_and(|live| !live.is_up);
        let listed = there.iter().map(|(port, instance)| {
            let down = if is_down(port) { REPLICA_DOWN } else { 0 };
            Replica { port: port | down, instance: *instance }
        });
        let listed = replicas(&listed.collect::<Vec<_>>());
        self.kernel.update("replicas", &u32::from(group.id).to_ne_bytes(), &listed)?;
        let maps = self.kernels().map(|kernel| {
            let sent = there.keys().filter(|port| !(kernel.sends_as_is() && is_down(port)));
            self.put_members(kernel, group.id, &sent.copied().collect::<Vec<_>>())
        });
        let maps = maps.collect::<Result<Vec<Inner>>>()?;
        let now = Group { members: there.into_keys().collect(), _maps: maps };
        let before = self.live.groups.insert(group.id, now);
        let gone = before.map(|before| before.members).unwrap_or_default();
        let kept = &self.live.groups[&group.id].members;
        gone.difference(kept)
            .try_for_each(|port| self.kernel.delete("instances", &member(group.id, *port)))?;
        let missing: Vec<Replica> =
            missing.into_iter().map(|(port, instance)| Replica { port, instance }).collect();
        self.put_absent(group.id, &missing)
    }

    /// A group's members for the programs of one object, all at once.
    fn put_members(&self, kernel: &Kernel, group: u16, ports: &[u16]) -> Result<Inner> {
        // The kernel walks over all elements of such a map for each packet, empty ones included.
        let map = kernel.create_members(ports.len().max(1) as u32)?;
        for (slot, port) in ports.iter().enumerate() {
            let target = kernel.target(self.live.ports[port].device, EGRESS)?;
            kernel.update_inner(&map, &(slot as u32).to_ne_bytes(), &target)?;
        }
        kernel.place("groups", u32::from(group), &map)?;
        Ok(map)
    }

    /// Makes the program that is to run that of all devices. Targets first: a packet finds them as soon as its program runs.
    pub(crate) fn replace_programs(&mut self) -> Result<()> {
        if self.running > 0 {
            let sending = self.live.ports.iter().filter(|(_, live)| live.role.sends());
            { sending }.try_for_each(|(port, live)| put_device(self.running(), *port, live.device))?;
        }
        self.rewrite_groups(|_| true)?;
        let running = match self.running.checked_sub(1) {
            Some(lean) => &self.leans[lean].kernel,
            None => &self.kernel,
        };
        let mut attached = self.live.ports.values_mut().filter_map(|live| live.attached.as_mut());
        attached.try_for_each(|attached| running.switch(attached, INGRESS))
    }

    /// Members of a group that have no device.
    fn put_absent(&mut self, group: u16, members: &[Replica]) -> Result<()> {
        let key = u32::from(group).to_ne_bytes();
        let was = !self.live.absent.is_empty();
        if !members.is_empty() {
            self.kernel.update("absents", &key, &replicas(members))?;
            self.live.absent.insert(group);
        } else if self.live.absent.remove(&group) {
            self.kernel.delete("absents", &key)?;
        }
        if was == self.live.absent.is_empty() {
            let ports: Vec<u16> = self.live.ports.keys().copied().collect();
            ports.into_iter().try_for_each(|port| self.put_port(port))?;
        }
        Ok(())
    }

    /// A group that is no more.
    pub(crate) fn remove_group(&mut self, id: u16) -> Result<()> {
        let Some(group) = self.live.groups.remove(&id) else { return Ok(()) };
        self.kernels().try_for_each(|kernel| kernel.delete("groups", &u32::from(id).to_ne_bytes()))?;
        self.kernel.delete("replicas", &u32::from(id).to_ne_bytes())?;
        group.members.iter().try_for_each(|port| self.kernel.delete("instances", &member(id, *port)))?;
        self.put_absent(id, &[])
    }
}
