//! Action profiles and selectors: from an entry's member or group to the action that runs.
//!
//! A selector takes the hash of the packet's selector keys, modulo the sum of the weights of the group's members, and goes through the
//! members in the order of their numbers (a one-shot set: in its own order), each as often as it weighs. That is what bmv2 does with a
//! group in which each member stands as often as it weighs; like there, the selector's output width does not matter.
//!
//! Where the chosen member's watch port is down, the choice is made once more, among the members that are up, with what the
//! first choice left of the hash: while all ports are up nothing differs from bmv2, and when one goes down only its packets go
//! elsewhere. If no member is up, or the group has none, no action runs; the packet has hit the entry nevertheless.

use std::sync::Arc;

use crate::configuration::{Choice, PortState};
use crate::counters::PORTS;
use crate::pages::Pages;

/// The members and groups of one action profile, by place.
#[derive(Clone, Debug)]
pub(crate) struct ProfileState {
    pub(crate) members: Pages<Option<Arc<Member>>>,
    pub(crate) groups: Pages<Option<Arc<Buckets>>>,
}

impl Default for ProfileState {
    fn default() -> Self {
        Self { members: Pages::new(None), groups: Pages::new(None) }
    }
}

/// An action with its data, for each table that uses the profile.
#[derive(Debug)]
pub(crate) struct Member {
    /// By the table's place among those of the profile; data starts at 0.
    pub(crate) choices: Box<[Choice]>,
    pub(crate) data: Box<[u64]>,
}

/// What a group chooses from.
#[derive(Debug)]
pub(crate) struct Buckets {
    picks: Box<[Pick]>,
    /// Sum of the weights.
    total: u64,
}

/// One member of a group.
#[derive(Debug)]
pub(crate) struct Pick {
    pub(crate) member: PickMember,
    pub(crate) weight: u32,
    pub(crate) watch_port: Option<u16>,
    /// Sum of the weights up to this member, it included.
    until: u64,
}

/// Where a group's member stands.
#[derive(Clone, Debug)]
pub(crate) enum PickMember {
    /// In the profile, at that place.
    Shared(u32),
    /// In a one-shot set.
    Own(Arc<Member>),
}

impl Pick {
    pub(crate) fn new(member: PickMember, weight: u32, watch_port: Option<u16>) -> Self {
        Self { member, weight, watch_port, until: 0 }
    }

    fn is_up(&self, ports: &[PortState; PORTS]) -> bool {
        self.watch_port.is_none_or(|port| ports[usize::from(port) % PORTS].up)
    }
}

impl Buckets {
    pub(crate) fn new(mut picks: Vec<Pick>) -> Self {
        let mut total = 0;
        for pick in &mut picks {
            total += u64::from(pick.weight);
            pick.until = total;
        }
        Self { picks: picks.into_boxed_slice(), total }
    }

    /// The member for a hash; `None` if none is up.
    pub(crate) fn pick(&self, hash: u64, ports: &[PortState; PORTS]) -> Option<&Pick> {
        let turn = hash.checked_rem(self.total)?;
        let pick = self.picks.get(self.picks.partition_point(|pick| pick.until <= turn))?;
        if pick.is_up(ports) {
            return Some(pick);
        }
        let up = || self.picks.iter().filter(|pick| pick.is_up(ports));
        let left: u64 = up().map(|pick| u64::from(pick.weight)).sum();
        let mut turn = mix(hash).checked_rem(left)?;
        for pick in up() {
            match turn.checked_sub(u64::from(pick.weight)) {
                Some(rest) => turn = rest,
                None => return Some(pick),
            }
        }
        None
    }
}

/// Another number for each hash, so that packets of one member spread over all others.
fn mix(hash: u64) -> u64 {
    let product = u128::from(hash ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(weights: &[(u32, Option<u16>)]) -> Buckets {
        let pick = |(i, (weight, watch)): (usize, &(u32, Option<u16>))| {
            Pick::new(PickMember::Shared(i as u32), *weight, *watch)
        };
        Buckets::new(weights.iter().enumerate().map(pick).collect())
    }

    fn place(pick: Option<&Pick>) -> Option<u32> {
        match pick?.member {
            PickMember::Shared(place) => Some(place),
            PickMember::Own(_) => None,
        }
    }

    #[test]
    fn weights_and_ports_decide() {
        let mut ports = [PortState::default(); PORTS];
        let buckets = group(&[(2, Some(4)), (1, None), (3, Some(5))]);
        let chosen = |ports: &[PortState; PORTS]| -> Vec<_> {
            (0..600).map(|hash| place(buckets.pick(hash, ports))).collect()
        };
        let all_up = chosen(&ports);
        assert_eq!(all_up[..6], [Some(0), Some(0), Some(1), Some(2), Some(2), Some(2)]);
        ports[4].up = false;
        let without = chosen(&ports);
        for (before, after) in all_up.iter().zip(&without) {
            assert!(*before == Some(0) || before == after);
            assert_ne!(*after, Some(0));
        }
        // The 200 packets of the member that went down go to the others by weight, 1 to 3.
        let moved = |to| all_up.iter().zip(&without).filter(|pair| *pair == (&Some(0), &Some(to))).count();
        assert!((30..70).contains(&moved(1)) && moved(1) + moved(2) == 200, "{}", moved(1));
        ports[5].up = false;
        assert!(chosen(&ports).iter().all(|place| *place == Some(1)));
        assert!(group(&[]).pick(5, &ports).is_none());
        assert!(group(&[(1, Some(4)), (7, Some(5))]).pick(5, &ports).is_none());
    }
}
