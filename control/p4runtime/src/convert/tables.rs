//! Keys and actions: what tables, direct resources and value sets share.

use std::sync::Arc;

use sluice_entities::{ActionCall, Bits, EntryKey, Match, MatchKind, TableAction, WeightedAction};

use crate::bytes::{canonical, number, port, port_number};
use crate::names::{Key, Names, Table};
use crate::refusal::Refusal;
use crate::v1;
use v1::field_match::FieldMatchType;

type Result<T> = std::result::Result<T, Refusal>;

/// A table that a message names.
pub(crate) fn table(names: &Names, id: u32) -> Result<&Table> {
    names
        .tables
        .id(id)
        .ok_or_else(|| Refusal::invalid(format!("table_id: the program has no table {id:#010x}")))
}

/// The value of a field that does not matter.
fn anything(key: &Key) -> Option<Match> {
    let zero = || Bits::zero(key.width);
    match key.kind {
        MatchKind::Exact | MatchKind::Selector => None,
        MatchKind::Lpm => Some(Match::Lpm { value: zero(), length: 0 }),
        MatchKind::Ternary => Some(Match::Ternary { value: zero(), mask: zero() }),
        MatchKind::Range => Some(Match::Range { low: zero(), high: Bits::ones(key.width) }),
        MatchKind::Optional => Some(Match::Optional(None)),
    }
}

fn left_out() -> Refusal {
    Refusal::invalid("it matches everything: leave the field out instead")
}

/// The value of a field that was given.
fn given(key: &Key, field: &v1::FieldMatch) -> Result<Match> {
    let value = |bytes: &[u8], what: &str| number(bytes, key.width).map_err(|refusal| refusal.at(what));
    match (key.kind, &field.field_match_type) {
        (MatchKind::Exact, Some(FieldMatchType::Exact(exact))) => {
            Ok(Match::Exact(value(&exact.value, "exact.value")?))
        }
        (MatchKind::Lpm, Some(FieldMatchType::Lpm(lpm))) => {
            let length = u32::try_from(lpm.prefix_len)
                .map_err(|_| Refusal::invalid("lpm.prefix_len: it is negative"))?;
            if length == 0 {
                return Err(left_out().at("lpm"));
            }
            Ok(Match::Lpm { value: value(&lpm.value, "lpm.value")?, length })
        }
        (MatchKind::Ternary, Some(FieldMatchType::Ternary(ternary))) => {
            let mask = value(&ternary.mask, "ternary.mask")?;
            if mask.is_zero() {
                return Err(left_out().at("ternary"));
            }
            Ok(Match::Ternary { value: value(&ternary.value, "ternary.value")?, mask })
        }
        (MatchKind::Range, Some(FieldMatchType::Range(range))) => {
            let (low, high) = (value(&range.low, "range.low")?, value(&range.high, "range.high")?);
            if low.is_zero() && high == Bits::ones(key.width) {
                return Err(left_out().at("range"));
            }
            Ok(Match::Range { low, high })
        }
        (MatchKind::Optional, Some(FieldMatchType::Optional(optional))) => {
            Ok(Match::Optional(Some(value(&optional.value, "optional.value")?)))
        }
        (kind, Some(_)) => {
            Err(Refusal::invalid(format!("`{}` is matched as {kind:?}, and not in this way", key.name)))
        }
        (_, None) => Err(Refusal::invalid("it says nothing: set one of the ways to match")),
    }
}

/// All key fields, in the order of P4Info.
pub(crate) fn matches(keys: &[Key], owner: &str, fields: &[v1::FieldMatch]) -> Result<Vec<Match>> {
    let mut found: Vec<Option<Match>> = vec![None; keys.len()];
    for (at, field) in fields.iter().enumerate() {
        let here = || format!("match[{at}]");
        let Some(index) = keys.iter().position(|key| key.id == field.field_id) else {
            let text = format!("field_id: `{owner}` has no field {}", field.field_id);
            return Err(Refusal::invalid(text).at(here()));
        };
        if found[index].is_some() {
            let text = format!("field_id: field {} is there twice", field.field_id);
            return Err(Refusal::invalid(text).at(here()));
        }
        found[index] = Some(given(&keys[index], field).map_err(|refusal| refusal.at(here()))?);
    }
    let complete = |(key, found): (&Key, Option<Match>)| {
        found.or_else(|| anything(key)).ok_or_else(|| {
            let text = format!("match: `{}` is missing: exact fields cannot be left out", key.name);
            Refusal::invalid(text)
        })
    };
    keys.iter().zip(found).map(complete).collect()
}

/// Key fields as messages, those left out that do not matter.
pub(crate) fn to_fields(keys: &[Key], matches: &[Match]) -> Vec<v1::FieldMatch> {
    keys.iter().zip(matches).filter_map(|(key, value)| to_field(key, value)).collect()
}

fn to_field(key: &Key, value: &Match) -> Option<v1::FieldMatch> {
    if anything(key).as_ref() == Some(value) {
        return None;
    }
    let field = match value {
        Match::Exact(value) => FieldMatchType::Exact(v1::field_match::Exact { value: canonical(value) }),
        Match::Lpm { value, length } => FieldMatchType::Lpm(v1::field_match::Lpm {
            value: canonical(value),
            prefix_len: i32::try_from(*length).unwrap_or(i32::MAX),
        }),
        Match::Ternary { value, mask } => FieldMatchType::Ternary(v1::field_match::Ternary {
            value: canonical(value),
            mask: canonical(mask),
        }),
        Match::Range { low, high } => {
            FieldMatchType::Range(v1::field_match::Range { low: canonical(low), high: canonical(high) })
        }
        Match::Optional(value) => {
            FieldMatchType::Optional(v1::field_match::Optional { value: canonical(value.as_ref()?) })
        }
    };
    Some(v1::FieldMatch { field_id: key.id, field_match_type: Some(field) })
}

/// A number that is not negative.
pub(crate) fn count<T: TryFrom<i64>>(value: impl Into<i64>, field: &str) -> Result<T> {
    let value = value.into();
    T::try_from(value).map_err(|_| Refusal::invalid(format!("{field}: {value} cannot be")))
}

/// What names an entry of a table.
pub(crate) fn entry_key(table: &Table, entry: &v1::TableEntry) -> Result<EntryKey> {
    if entry.is_default_action {
        if !entry.r#match.is_empty() || entry.priority != 0 {
            let text = "is_default_action: the default action has neither match nor priority";
            return Err(Refusal::invalid(text));
        }
        return Ok(EntryKey::Default);
    }
    let matches = matches(&table.keys, &table.name, &entry.r#match)?;
    Ok(EntryKey::Entry { matches, priority: count(entry.priority, "priority")? })
}

/// An action with its data.
pub(crate) fn action(names: &Names, action: &v1::Action) -> Result<ActionCall> {
    let Some(known) = names.actions.id(action.action_id) else {
        return Err(Refusal::invalid(format!(
            "action_id: the program has no action {:#010x}",
            action.action_id
        )));
    };
    let mut params: Vec<Option<Bits>> = vec![None; known.params.len()];
    for (at, param) in action.params.iter().enumerate() {
        let here = || format!("params[{at}]");
        let Some(index) = known.params.iter().position(|one| one.id == param.param_id) else {
            let text = format!("param_id: `{}` has no parameter {}", known.name, param.param_id);
            return Err(Refusal::invalid(text).at(here()));
        };
        if params[index].is_some() {
            let text = format!("param_id: parameter {} is there twice", param.param_id);
            return Err(Refusal::invalid(text).at(here()));
        }
        let value = number(&param.value, known.params[index].width);
        // Section 9.1.2 names this code for values that do not fit.
        params[index] = Some(value.map_err(|refusal| refusal.at("value").at(here()))?);
    }
    let complete = |(one, found): (&crate::names::Param, Option<Bits>)| {
        found
            .ok_or_else(|| Refusal::invalid(format!("params: `{}` of `{}` is missing", one.name, known.name)))
    };
    let params = known.params.iter().zip(params).map(complete).collect::<Result<_>>()?;
    Ok(ActionCall { action: known.name.clone(), params })
}

pub(crate) fn to_action(names: &Names, call: &ActionCall) -> v1::Action {
    let Some(known) = names.actions.name(&call.action) else { return v1::Action::default() };
    let param = |(one, value): (&crate::names::Param, &Bits)| v1::action::Param {
        param_id: one.id,
        value: canonical(value),
    };
    v1::Action { action_id: known.id, params: known.params.iter().zip(&call.params).map(param).collect() }
}

/// The port without which a member is not chosen, and whether it was given as a number.
pub(crate) fn watch(number: Option<i32>, bytes: Option<&[u8]>) -> Result<(Option<u16>, bool)> {
    match (number, bytes) {
        (Some(number), _) => {
            let number: u64 = count(number, "watch")?;
            // Zero is "none" in this older form.
            let port = if number == 0 {
                None
            } else {
                Some(port_number(number).map_err(|refusal| refusal.at("watch"))?)
            };
            Ok((port, port.is_some()))
        }
        (None, Some(bytes)) => Ok((Some(port(bytes).map_err(|refusal| refusal.at("watch_port"))?), false)),
        (None, None) => Ok((None, false)),
    }
}

/// What an entry does.
pub(crate) fn table_action(names: &Names, given: &v1::TableAction) -> Result<TableAction> {
    use v1::table_action::Type;
    match given.r#type.as_ref() {
        Some(Type::Action(one)) => {
            Ok(TableAction::Call(action(names, one).map_err(|refusal| refusal.at("action"))?))
        }
        Some(Type::ActionProfileMemberId(id)) => Ok(TableAction::Member(*id)),
        Some(Type::ActionProfileGroupId(id)) => Ok(TableAction::Group(*id)),
        Some(Type::ActionProfileActionSet(set)) => {
            let default = (set.action_selection_mode, set.size_semantics) == (0, 0);
            if !default {
                let text = "action_profile_action_set: the selector's own way to choose and to count is the only one here";
                return Err(Refusal::new(sluice_entities::Code::Unimplemented, text));
            }
            let one = |(at, one): (usize, &v1::ActionProfileAction)| {
                weighted(names, one).map_err(|refusal| {
                    refusal.at(format!("action_profile_actions[{at}]")).at("action_profile_action_set")
                })
            };
            Ok(TableAction::Set(
                set.action_profile_actions.iter().enumerate().map(one).collect::<Result<_>>()?,
            ))
        }
        None => Err(Refusal::invalid("it says nothing: set one of its kinds")),
    }
}

fn weighted(names: &Names, one: &v1::ActionProfileAction) -> Result<WeightedAction> {
    use v1::action_profile_action::WatchKind;
    let Some(given) = &one.action else { return Err(Refusal::invalid("action: it is missing")) };
    let (watch_port, _) = match &one.watch_kind {
        Some(WatchKind::Watch(number)) => watch(Some(*number), None)?,
        Some(WatchKind::WatchPort(bytes)) => watch(None, Some(bytes))?,
        None => (None, false),
    };
    let action = action(names, given).map_err(|refusal| refusal.at("action"))?;
    Ok(WeightedAction { action, weight: count(one.weight, "weight")?, watch_port })
}

pub(crate) fn to_table_action(names: &Names, action: &TableAction) -> v1::TableAction {
    use v1::table_action::Type;
    let one = |one: &WeightedAction| v1::ActionProfileAction {
        action: Some(to_action(names, &one.action)),
        weight: i32::try_from(one.weight).unwrap_or(i32::MAX),
        watch_kind: one.watch_port.map(|port| v1::action_profile_action::WatchKind::WatchPort(to_port(port))),
    };
    let kind = match action {
        TableAction::Call(call) => Type::Action(to_action(names, call)),
        TableAction::Member(id) => Type::ActionProfileMemberId(*id),
        TableAction::Group(id) => Type::ActionProfileGroupId(*id),
        TableAction::Set(set) => Type::ActionProfileActionSet(v1::ActionProfileActionSet {
            action_profile_actions: set.iter().map(one).collect(),
            ..v1::ActionProfileActionSet::default()
        }),
    };
    v1::TableAction { r#type: Some(kind) }
}

pub(crate) fn to_port(port: u16) -> Vec<u8> {
    canonical(&Bits::new(16, u64::from(port)))
}

/// An object that is looked up by its id: its name.
pub(crate) fn named<T>(
    kind: &crate::names::Kind<crate::names::Object<T>>,
    id: u32,
    what: &str,
) -> Result<Arc<str>> {
    let found = kind.id(id).map(|object| object.name.clone());
    found.ok_or_else(|| {
        Refusal::invalid(format!("{what}_id: the program has no {} {id:#010x}", what.replace('_', " ")))
    })
}
