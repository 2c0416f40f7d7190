//! Whether an entity is of the form that the program's objects have.
//!
//! Messages have numbers without widths, and fields without order: what does not fit the program could become another, valid message.

use sluice_entities::{ActionCall, Bits, Entity, EntryKey, Match, MatchKind, TableAction};

use crate::names::{Key, Names};
use crate::refusal::Refusal;

type Result<T> = std::result::Result<T, Refusal>;

/// Looks at every number of an entity.
///
/// # Errors
///
/// The first that is of another width or kind than the program's, or is missing.
pub(super) fn fits(names: &Names, entity: &Entity) -> Result<()> {
    match entity {
        Entity::Table(entry) => {
            key_fits(names, &entry.table, Some(&entry.matches))?;
            entry.action.as_ref().map_or(Ok(()), |action| action_fits(names, action))
        }
        Entity::Default(entry) => entry.action.as_ref().map_or(Ok(()), |call| call_fits(names, call)),
        Entity::Member(member) => call_fits(names, &member.action),
        Entity::DirectMeter(entry) => key_fits(names, &entry.table, matches(&entry.key)),
        Entity::DirectCounter(entry) => key_fits(names, &entry.table, matches(&entry.key)),
        Entity::ValueSet(entry) => match names.value_sets.name(&entry.set) {
            Some(known) => {
                entry.members.iter().try_for_each(|member| fields_fit(&known.of, &entry.set, member))
            }
            None => Ok(()),
        },
        Entity::Register(entry) => match names.registers.name(&entry.register) {
            Some(known) => width_fits(known.of.0, &entry.value, &entry.register),
            None => Ok(()),
        },
        Entity::Group(_)
        | Entity::Meter(_)
        | Entity::Counter(_)
        | Entity::Multicast(_)
        | Entity::Clone(_)
        | Entity::Digest(_) => Ok(()),
    }
}

fn matches(key: &EntryKey) -> Option<&[Match]> {
    match key {
        EntryKey::Default => None,
        EntryKey::Entry { matches, .. } => Some(matches),
    }
}

/// Looks at the key of an entry.
pub(super) fn key_fits(names: &Names, table: &str, matches: Option<&[Match]>) -> Result<()> {
    let (Some(known), Some(matches)) = (names.tables.name(table), matches) else { return Ok(()) };
    fields_fit(&known.keys, table, matches)
}

fn fields_fit(keys: &[Key], owner: &str, matches: &[Match]) -> Result<()> {
    if keys.len() != matches.len() {
        let text = format!("`{owner}` has {} key fields, and not {}", keys.len(), matches.len());
        return Err(Refusal::invalid(text));
    }
    keys.iter().zip(matches).try_for_each(|(key, value)| field_fits(key, value))
}

fn field_fits(key: &Key, value: &Match) -> Result<()> {
    let width = |value: &Bits| width_fits(key.width, value, &key.name);
    match (key.kind, value) {
        (MatchKind::Exact, Match::Exact(value)) | (MatchKind::Lpm, Match::Lpm { value, .. }) => width(value),
        (MatchKind::Ternary, Match::Ternary { value, mask }) => width(value).and_then(|()| width(mask)),
        (MatchKind::Range, Match::Range { low, high }) => width(low).and_then(|()| width(high)),
        (MatchKind::Optional, Match::Optional(value)) => value.as_ref().map_or(Ok(()), width),
        (kind, _) => {
            Err(Refusal::invalid(format!("`{}` is matched as {kind:?}, and not in this way", key.name)))
        }
    }
}

fn width_fits(width: u32, value: &Bits, what: &str) -> Result<()> {
    if value.width() == width {
        return Ok(());
    }
    Err(Refusal::invalid(format!("`{what}` has {width} bits, and not {}", value.width())))
}

fn action_fits(names: &Names, action: &TableAction) -> Result<()> {
    match action {
        TableAction::Call(call) => call_fits(names, call),
        TableAction::Set(set) => set.iter().try_for_each(|one| call_fits(names, &one.action)),
        TableAction::Member(_) | TableAction::Group(_) => Ok(()),
    }
}

fn call_fits(names: &Names, call: &ActionCall) -> Result<()> {
    let known = names.actions.name(&call.action);
    let known =
        known.ok_or_else(|| Refusal::invalid(format!("the program has no action `{}`", call.action)))?;
    if known.params.len() != call.params.len() {
        let (own, given) = (known.params.len(), call.params.len());
        return Err(Refusal::invalid(format!("`{}` has {own} parameters, and not {given}", call.action)));
    }
    known
        .params
        .iter()
        .zip(&call.params)
        .try_for_each(|(param, value)| width_fits(param.width, value, &param.name))
}
