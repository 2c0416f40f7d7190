//! Members and groups of action profiles and selectors, and one-shot action sets (P4Runtime section 9.2).

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_entities::{
    ActionCall, ActionProfileInfo, ProfileGroup, ProfileMember, SelectorSizes, SizeSemantics, TableAction,
    UpdateKind, WeightedAction,
};

use super::super::check::check_action;
use super::super::error::WriteError;
use super::super::profiles::MasterProfile;
use super::super::tables::{choice, put_data};
use super::{Batch, Result, Undo, present};
use crate::configuration::Entry;
use crate::packet::DROP_PORT;
use crate::selection::{Buckets, Member, Pick, PickMember};

impl Batch<'_> {
    fn profile_index(&self, name: &str) -> Result<usize> {
        let profiles = &self.program.info.action_profiles;
        let index = profiles.iter().position(|profile| &*profile.name == name);
        index.ok_or_else(|| WriteError::Unknown { what: "action profile", name: name.to_string() })
    }

    /// An action as a member, for each table that the profile belongs to.
    fn make_member(&self, profile: usize, call: &ActionCall) -> Result<Arc<Member>> {
        let program = self.program;
        let mut choices = Vec::new();
        for table in &program.profiles[profile].tables {
            let (info, plan) =
                (&program.info.tables[usize::from(*table)], &program.tables[usize::from(*table)]);
            let action = check_action(&program.info, info, call, false)?;
            choices.push(choice(program, plan, action, 0, 0));
        }
        if choices.is_empty() {
            let name = program.info.action_profiles[profile].name.to_string();
            return Err(WriteError::Size { what: name, rule: "no table, and so no actions".to_string() });
        }
        let mut data = vec![0; call.params.iter().map(|value| value.limbs().len()).sum()];
        put_data(&mut data, &call.params);
        Ok(Arc::new(Member { choices: choices.into_boxed_slice(), data: data.into_boxed_slice() }))
    }

    pub(super) fn member(&mut self, kind: UpdateKind, member: &ProfileMember) -> Result<()> {
        let index = self.profile_index(&member.profile)?;
        if member.id == 0 {
            return Err(WriteError::Zero { what: "member" });
        }
        let what = format!("member {} of `{}`", member.id, member.profile);
        let profile = &self.master.profiles[index];
        present(kind, profile.members.contains_key(&member.id), &what)?;
        let state = if kind == UpdateKind::Delete {
            if let Some(by) = profile.member_user(member.id) {
                return Err(WriteError::Used { what, by });
            }
            None
        } else {
            let most = self.program.info.action_profiles[index].size;
            let have = profile.member_count() + 1;
            if kind == UpdateKind::Insert && have > most {
                return Err(too_many(&format!("`{}`", member.profile), "members", have, most));
            }
            Some(self.make_member(index, &member.action)?)
        };
        let written = state.is_some().then(|| member.clone());
        let (place, old) = self.master.profiles[index].set_member(member.id, written);
        self.undo.push(Undo::Member { profile: index, id: member.id, old });
        Arc::make_mut(&mut self.next.profiles[index]).members.set(u64::from(place), state);
        Ok(())
    }

    pub(super) fn group(&mut self, kind: UpdateKind, group: &ProfileGroup) -> Result<()> {
        let index = self.profile_index(&group.profile)?;
        let info = &self.program.info.action_profiles[index];
        let Some(selector) = info.selector else {
            let rule = "members and no groups: it is not a selector".to_string();
            return Err(WriteError::Size { what: format!("action profile `{}`", info.name), rule });
        };
        if group.id == 0 {
            return Err(WriteError::Zero { what: "group" });
        }
        let what = format!("group {} of `{}`", group.id, group.profile);
        let profile = &self.master.profiles[index];
        present(kind, profile.groups.contains_key(&group.id), &what)?;
        let state = if kind == UpdateKind::Delete {
            if let Some(by) = profile.group_user(group.id) {
                return Err(WriteError::Used { what, by });
            }
            None
        } else {
            self.check_group(index, info, selector, group, &what)?;
            Some(Arc::new(self.buckets(index, group)))
        };
        let written = state.is_some().then(|| group.clone());
        let (place, old) = self.master.profiles[index].set_group(group.id, written);
        self.undo.push(Undo::Group { profile: index, id: group.id, old });
        Arc::make_mut(&mut self.next.profiles[index]).groups.set(u64::from(place), state);
        Ok(())
    }

    /// The members of a group, in the order of their numbers.
    fn buckets(&self, profile: usize, group: &ProfileGroup) -> Buckets {
        let mut members = group.members.clone();
        members.sort_by_key(|one| one.member);
        let known = &self.master.profiles[profile].members;
        let picks = members.iter().filter_map(|one| {
            let place = known.get(&one.member)?.place;
            Some(Pick::new(PickMember::Shared(place), one.weight, one.watch_port))
        });
        Buckets::new(picks.collect())
    }

    fn check_group(
        &self,
        index: usize,
        info: &ActionProfileInfo,
        selector: SelectorSizes,
        group: &ProfileGroup,
        what: &str,
    ) -> Result<()> {
        let profile = &self.master.profiles[index];
        let most = selector.max_group_size;
        if most > 0 && (group.max_size == 0 || group.max_size > most) {
            let rule = format!("a largest size from 1 to {most}, not {}", group.max_size);
            return Err(WriteError::Size { what: what.to_string(), rule });
        }
        if let Some(known) = profile.groups.get(&group.id)
            && known.written.max_size != group.max_size
        {
            let rule = format!("a largest size of {}, which stays", known.written.max_size);
            return Err(WriteError::Size { what: what.to_string(), rule });
        }
        let mut seen = BTreeSet::new();
        for one in &group.members {
            if !seen.insert(one.member) {
                let part = format!("member {}", one.member);
                return Err(WriteError::Twice { what: what.to_string(), part });
            }
            if !profile.members.contains_key(&one.member) {
                let what = format!("member {} of `{}`", one.member, group.profile);
                return Err(WriteError::Missing { what });
            }
            check_weight(what, selector.semantics, one.weight, one.watch_port)?;
        }
        let load = MasterProfile::load(selector.semantics, group.members.iter().map(|one| one.weight));
        if group.max_size > 0 && load > u64::from(group.max_size) {
            return Err(too_many(what, unit(selector.semantics), load, u64::from(group.max_size)));
        }
        let all = profile.taken(selector.semantics, Some(group.id)) + load;
        if all > info.size {
            return Err(too_many(&format!("`{}`", info.name), unit(selector.semantics), all, info.size));
        }
        Ok(())
    }

    /// Refuses a reference beside action sets.
    pub(super) fn no_sets(&self, profile: usize) -> Result<()> {
        if self.master.profiles[profile].is_used_by_sets() {
            let profile = self.program.info.action_profiles[profile].name.to_string();
            return Err(WriteError::Mixed { profile, have: "action sets" });
        }
        Ok(())
    }

    /// Checks an action set, and makes what workers choose from. `old` is the entry that it is to replace.
    pub(super) fn action_set(
        &self,
        table: usize,
        profile: usize,
        actions: &[WeightedAction],
        old: Option<&Arc<Entry>>,
    ) -> Result<Arc<Buckets>> {
        let info = &self.program.info.action_profiles[profile];
        let known = &self.master.profiles[profile];
        if known.is_used_by_references() {
            return Err(WriteError::Mixed { profile: info.name.to_string(), have: "members and groups" });
        }
        let SelectorSizes { semantics, max_group_size } =
            info.selector.unwrap_or(SelectorSizes { semantics: SizeSemantics::default(), max_group_size: 0 });
        let what = format!("this action set of table `{}`", self.program.info.tables[table].name);
        let mut picks = Vec::new();
        for one in actions {
            check_weight(&what, semantics, one.weight, one.watch_port)?;
            let member = PickMember::Own(self.make_member(profile, &one.action)?);
            picks.push(Pick::new(member, one.weight, one.watch_port));
        }
        let load = MasterProfile::load(semantics, actions.iter().map(|one| one.weight));
        if max_group_size > 0 && load > u64::from(max_group_size) {
            let rule = format!("at most {max_group_size} {}, not {load}", unit(semantics));
            return Err(WriteError::Size { what, rule });
        }
        let (mut replaced, mut replaced_members) = (0, 0);
        if let Some(TableAction::Set(old)) = old.and_then(|old| old.entry.action.as_ref()) {
            replaced = MasterProfile::load(semantics, old.iter().map(|one| one.weight));
            replaced_members = old.len() as u64;
        }
        let members = known.member_count() - replaced_members + actions.len() as u64;
        let all = known.taken(semantics, None) - replaced + load;
        if members > info.size {
            return Err(too_many(&format!("`{}`", info.name), "members", members, info.size));
        }
        if all > info.size {
            return Err(too_many(&format!("`{}`", info.name), unit(semantics), all, info.size));
        }
        Ok(Arc::new(Buckets::new(picks)))
    }
}

/// What a selector's sizes count.
fn unit(semantics: SizeSemantics) -> &'static str {
    match semantics {
        SizeSemantics::SumOfWeights => "in weights",
        SizeSemantics::SumOfMembers { .. } => "members of groups",
    }
}

fn too_many(what: &str, parts: &'static str, have: u64, most: u64) -> WriteError {
    WriteError::TooMany { what: what.to_string(), parts, have, most }
}

/// Checks one member's weight and watch port.
fn check_weight(what: &str, semantics: SizeSemantics, weight: u32, watch_port: Option<u16>) -> Result<()> {
    if let Some(port) = watch_port
        && port >= DROP_PORT
    {
        return Err(WriteError::Port { port });
    }
    let most = match semantics {
        SizeSemantics::SumOfMembers { max_member_weight } if max_member_weight > 0 => max_member_weight,
        _ => u32::MAX,
    };
    if weight == 0 || weight > most {
        let rule = if most == u32::MAX {
            "weights from 1 on".to_string()
        } else {
            format!("weights from 1 to {most}")
        };
        return Err(WriteError::Size { what: what.to_string(), rule: format!("{rule}, not {weight}") });
    }
    Ok(())
}
