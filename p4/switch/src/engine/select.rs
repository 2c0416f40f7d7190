//! Entries whose action stands in an action profile or selector: which member runs.

use super::calls::gather;
use super::run::Env;
use super::state::PacketState;
use crate::configuration::{Choice, TableState, Target};
use crate::externs::hash::hash;
use crate::selection::{Buckets, PickMember};

/// Index of the action that runs where an entry's group has no member that is up: none of the table's.
const NO_ACTION: u16 = u16::MAX;

/// What runs for an entry whose action stands in an action profile; nothing if its group has no member that is up.
#[inline(never)]
pub(crate) fn choose<'c>(
    env: &mut Env<'c>,
    state: &PacketState,
    selection: usize,
    entries: &'c TableState,
    slot: u32,
) -> Option<(Choice, &'c [u64])> {
    let entry = entries.slot(slot)?;
    let (program, config) = (env.program, env.config);
    let selection = &program.selections[selection];
    let profile = &config.profiles[usize::from(selection.profile)];
    let shared = |place: u32| profile.members.get(u64::from(place)).as_deref();
    let mut pick = |buckets: &'c Buckets| {
        gather(env, state, &selection.data);
        let pick = buckets.pick(hash(selection.algorithm, env.gathered.bytes()), &config.ports)?;
        match &pick.member {
            PickMember::Shared(place) => shared(*place),
            PickMember::Own(member) => Some(&**member),
        }
    };
    let member = match &entry.target {
        Target::Own => return None,
        Target::Member(place) => shared(*place),
        Target::Group(place) => profile.groups.get(u64::from(*place)).as_deref().and_then(&mut pick),
        Target::Set(buckets) => pick(buckets),
    };
    let choice = member.and_then(|member| member.choices.get(selection.place));
    let cell = entry.cell;
    Some(match (choice, member) {
        (Some(choice), Some(member)) => (Choice { cell, ..*choice }, &member.data[..]),
        _ => {
            let nothing =
                Choice { code: None, combine: None, data: 0, data_words: 0, action: NO_ACTION, cell };
            (nothing, &[][..])
        }
    })
}
