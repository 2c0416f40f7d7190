//! What has been written to one action profile or selector.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use sluice_entities::{ProfileGroup, ProfileMember, SizeSemantics, TableAction};

use crate::configuration::Entry;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct MasterProfile {
    pub(crate) members: BTreeMap<u32, Placed<ProfileMember>>,
    pub(crate) groups: BTreeMap<u32, Placed<ProfileGroup>>,
    /// Places that members and groups had and have no more.
    free_members: Vec<u32>,
    free_groups: Vec<u32>,
    /// Groups that each member is in.
    memberships: FxHashMap<u32, u32>,
    /// Entries that refer to members and to groups.
    member_entries: FxHashMap<u32, u32>,
    group_entries: FxHashMap<u32, u32>,
    /// Entries with an action set of their own, and how much of the selector they take.
    sets: u64,
    set_load: u64,
    set_members: u64,
}

/// What was written under a number, and where workers find it.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) place: u32,
    pub(crate) written: T,
}

impl MasterProfile {
    /// How much of a selector some weights take.
    pub(crate) fn load(semantics: SizeSemantics, weights: impl Iterator<Item = u32>) -> u64 {
        match semantics {
            SizeSemantics::SumOfWeights => weights.map(u64::from).sum(),
            SizeSemantics::SumOfMembers { .. } => weights.count() as u64,
        }
    }

    /// How much of the selector is taken, without a group.
    pub(crate) fn taken(&self, semantics: SizeSemantics, without: Option<u32>) -> u64 {
        let groups = self.groups.iter().filter(|(id, _)| Some(**id) != without);
        let load = |group: &ProfileGroup| Self::load(semantics, group.members.iter().map(|one| one.weight));
        groups.map(|(_, group)| load(&group.written)).sum::<u64>() + self.set_load
    }

    /// Members, those of action sets included.
    pub(crate) fn member_count(&self) -> u64 {
        self.members.len() as u64 + self.set_members
    }

    /// Members and load of the action sets.
    pub(crate) fn is_used_by_sets(&self) -> bool {
        self.sets > 0
    }

    /// Whether members, groups, or entries that refer to them are there.
    pub(crate) fn is_used_by_references(&self) -> bool {
        !self.member_entries.is_empty() || !self.group_entries.is_empty()
    }

    /// What uses a member.
    pub(crate) fn member_user(&self, id: u32) -> Option<&'static str> {
        if self.memberships.contains_key(&id) {
            return Some("a group");
        }
        self.member_entries.contains_key(&id).then_some("an entry")
    }

    /// What uses a group.
    pub(crate) fn group_user(&self, id: u32) -> Option<&'static str> {
        self.group_entries.contains_key(&id).then_some("an entry")
    }

    /// Sets a member, or takes it away; gives back what was there.
    pub(crate) fn set_member(
        &mut self,
        id: u32,
        member: Option<ProfileMember>,
    ) -> (u32, Option<ProfileMember>) {
        set(&mut self.members, &mut self.free_members, id, member)
    }

    /// Sets a group, or takes it away; gives back what was there.
    pub(crate) fn set_group(&mut self, id: u32, group: Option<ProfileGroup>) -> (u32, Option<ProfileGroup>) {
        let members = group.iter().flat_map(|group| &group.members).map(|one| one.member);
        members.for_each(|member| count(&mut self.memberships, member, true));
        let (place, old) = set(&mut self.groups, &mut self.free_groups, id, group);
        let members = old.iter().flat_map(|group| &group.members).map(|one| one.member);
        members.for_each(|member| count(&mut self.memberships, member, false));
        (place, old)
    }

    /// Notes that an entry of a table with this profile comes or goes.
    pub(crate) fn refer(&mut self, semantics: SizeSemantics, entry: &Entry, comes: bool) {
        match &entry.entry.action {
            Some(TableAction::Member(id)) => count(&mut self.member_entries, *id, comes),
            Some(TableAction::Group(id)) => count(&mut self.group_entries, *id, comes),
            Some(TableAction::Set(actions)) => {
                let load = Self::load(semantics, actions.iter().map(|one| one.weight));
                let step = |total: &mut u64, by: u64| {
                    *total = if comes { *total + by } else { total.saturating_sub(by) };
                };
                step(&mut self.sets, 1);
                step(&mut self.set_load, load);
                step(&mut self.set_members, actions.len() as u64);
            }
            Some(TableAction::Call(_)) | None => {}
        }
    }
}

/// Puts something under a number, or takes it away; its place, and what was there.
fn set<T>(
    list: &mut BTreeMap<u32, Placed<T>>,
    free: &mut Vec<u32>,
    id: u32,
    written: Option<T>,
) -> (u32, Option<T>) {
    let Some(written) = written else {
        return match list.remove(&id) {
            Some(old) => {
                free.push(old.place);
                (old.place, Some(old.written))
            }
            None => (0, None),
        };
    };
    if let Some(known) = list.get_mut(&id) {
        return (known.place, Some(std::mem::replace(&mut known.written, written)));
    }
    // All places below the number of those in use and free ones were given out.
    let place = free.pop().unwrap_or(list.len() as u32);
    list.insert(id, Placed { place, written });
    (place, None)
}

fn count(counts: &mut FxHashMap<u32, u32>, id: u32, comes: bool) {
    let count = counts.entry(id).or_default();
    *count = if comes { *count + 1 } else { count.saturating_sub(1) };
    if *count == 0 {
        counts.remove(&id);
    }
}
