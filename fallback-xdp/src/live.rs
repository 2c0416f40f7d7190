//! A program on devices: ports, groups of them, and what did not leave.

use std::collections::{BTreeMap, BTreeSet};

use sluice_entities::MulticastGroup;

use crate::device::Device;
use crate::error::{Result, XdpError};
use crate::kernel::{Attached, Inner};

/// Members of a group (`struct members` of the program).
const MAX_MEMBERS: usize = 64;

/// Why the program sent no copy, by the number of its cell in `drops` (`programs.c`).
pub const DROP_REASONS: [&str; 9] = [
    "no_port",
    "ingress_drop",
    "unknown_group",
    "ended",
    "redirect",
    "egress_drop",
    "no_instance",
    "frame",
    "state",
];

/// What a device is to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Frames come in and nothing is ever sent: a tap.
    Network,
    /// Copies leave; what comes in is the host's.
    Tool,
}

/// Ports and groups as the kernel has them.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Devices of ports that send.
    tools: BTreeMap<u16, u32>,
    /// Devices that the program receives from; it is there as long as these are.
    taps: BTreeMap<u16, Attached>,
    groups: BTreeMap<u16, Group>,
}

/// A group, and where its members' instances are known.
#[derive(Debug)]
struct Group {
    members: BTreeSet<u16>,
    _map: Inner,
}

fn member(group: u16, port: u16) -> Vec<u8> {
    [u32::from(group), u32::from(port)].iter().flat_map(|word| word.to_ne_bytes()).collect()
}

impl Device {
    /// Makes a device a port. A tap's frames go to the program from now on, and never to the host's own network; nothing is sent to it, since no map of
    /// targets has it.
    ///
    /// # Errors
    /// The port or its device is in use, or the kernel refuses the program there.
    pub fn attach(&mut self, port: u16, device: u32, role: Role) -> Result<()> {
        let is_used = self.live.taps.contains_key(&port) || self.live.tools.contains_key(&port);
        if is_used {
            return Err(XdpError::Cannot("two devices as one port"));
        }
        let number = u32::from(port);
        self.kernel.update("ports", &device.to_ne_bytes(), &number.to_ne_bytes())?;
        match role {
            Role::Network => {
                let attached = self.kernel.attach("sluice_ingress", device)?;
                self.live.taps.insert(port, attached);
            }
            Role::Tool => {
                let target = self.kernel.target(device, "sluice_egress")?;
                self.kernel.update("devices", &number.to_ne_bytes(), &target)?;
                self.live.tools.insert(port, device);
            }
        }
        self.rewrite_groups()
    }

    /// Groups that have a port that was not there before.
    fn rewrite_groups(&mut self) -> Result<()> {
        for group in self.shadow.multicast_groups() {
            self.put_group(&group)?;
        }
        Ok(())
    }

    /// A group's members in the kernel, all at once. Ports without a device are left out.
    pub(crate) fn put_group(&mut self, group: &MulticastGroup) -> Result<()> {
        let mut members: BTreeMap<u16, u16> = BTreeMap::new();
        for replica in group.replicas() {
            if members.insert(replica.port, replica.instance).is_some() {
                return Err(XdpError::Cannot(
                    "two copies of one packet to one port; give the second tool a device of its own",
                ));
            }
        }
        if members.len() > MAX_MEMBERS {
            return Err(XdpError::Cannot("groups of more than 64 members"));
        }
        members.retain(|port, _| self.live.tools.contains_key(port));
        // Instances first: a copy asks for its own as soon as the group is there.
        for (port, instance) in &members {
            self.kernel.update("instances", &member(group.id, *port), &u32::from(*instance).to_ne_bytes())?;
        }
        let map = self.kernel.create_members(MAX_MEMBERS as u32)?;
        for (slot, port) in members.keys().enumerate() {
            let target = self.kernel.target(self.live.tools[port], "sluice_egress")?;
            self.kernel.update_inner(&map, &(slot as u32).to_ne_bytes(), &target)?;
        }
        self.kernel.place("groups", u32::from(group.id), &map)?;
        let now = Group { members: members.into_keys().collect(), _map: map };
        let before = self.live.groups.insert(group.id, now);
        let gone = before.map(|before| before.members).unwrap_or_default();
        let kept = &self.live.groups[&group.id].members;
        gone.difference(kept).try_for_each(|port| self.kernel.delete("instances", &member(group.id, *port)))
    }

    /// A group that is no more.
    pub(crate) fn remove_group(&mut self, id: u16) -> Result<()> {
        let Some(group) = self.live.groups.remove(&id) else { return Ok(()) };
        self.kernel.delete("groups", &u32::from(id).to_ne_bytes())?;
        group.members.iter().try_for_each(|port| self.kernel.delete("instances", &member(id, *port)))
    }

    /// Packets and copies that the program did not send, by reason; those that are not listed are none.
    ///
    /// # Errors
    /// The kernel refuses the look-up.
    pub fn drops(&self) -> Result<BTreeMap<&'static str, u64>> {
        let mut drops = BTreeMap::new();
        for (cell, reason) in DROP_REASONS.iter().enumerate() {
            let packets: u64 = self
                .kernel
                .lookup_all("drops", &(cell as u32).to_ne_bytes())?
                .iter()
                .filter_map(|value| value.first_chunk::<8>())
                .map(|word| u64::from_ne_bytes(*word))
                .sum();
            if packets > 0 {
                drops.insert(*reason, packets);
            }
        }
        Ok(drops)
    }
}
