//! Entries of tables: keys by how they are matched, action data by its parameters.
//!
//! What a value leaves open is read as the reference compiler's runner for bmv2 does: a ternary key cares for the digits that
//! are written, an lpm key without a length has the length of its digits, a key field that is left out is 0 or anything.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::{
    ActionCall, ActionInfo, Bits, DefaultEntry, KeyInfo, Match, MatchKind, TableEntry, TableInfo,
};

use super::{Added, Binder, Result, StepKind, number};
use crate::names::{self, Kind};
use crate::number::Number;
use crate::script::{self, KeyField, KeyValue, Name, Removal};
use crate::target::Operation;

impl<'a> Binder<'a> {
    pub(super) fn table(&self, name: &Name) -> Result<&'a TableInfo> {
        names::find(name, Kind::new("table"), self.info.tables.iter().map(|table| (&*table.name, table)))
    }

    /// An entry; without an action, what names it only.
    pub(super) fn entry(
        &self,
        table: &Name,
        priority: Option<&Number>,
        keys: &[KeyField],
        action: Option<&script::ActionCall>,
    ) -> Result<TableEntry> {
        let info = self.table(table)?;
        let priority = entry_priority(info, table, priority)?;
        let matches = matches(info, keys)?;
        let action = match action {
            Some(action) => self.action(info, action)?,
            None => ActionCall { action: Arc::from(""), params: Vec::new() },
        };
        Ok(TableEntry::new(info.name.clone(), matches, priority, action))
    }

    pub(super) fn default_entry(&self, table: &Name, action: &script::ActionCall) -> Result<DefaultEntry> {
        let info = self.table(table)?;
        Ok(DefaultEntry::new(info.name.clone(), Some(self.action(info, action)?)))
    }

    fn action(&self, table: &TableInfo, call: &script::ActionCall) -> Result<ActionCall> {
        let place = format!(" of table `{}`", table.name);
        let kind = Kind { noun: "action", place: &place };
        let listed = table.actions.iter().filter_map(|listed| self.info.action(&listed.name));
        // The same action may be listed twice, with other arguments bound in the program.
        let mut distinct: Vec<&ActionInfo> = Vec::new();
        for action in listed {
            if !distinct.iter().any(|known| known.name == action.name) {
                distinct.push(action);
            }
        }
        let info = names::find(&call.name, kind, distinct.iter().map(|action| (&*action.name, *action)))?;
        let params = arguments(info, call)?;
        Ok(ActionCall { action: info.name.clone(), params })
    }

    pub(super) fn remove(&mut self, span: Span, removal: &Removal) -> Result<()> {
        let gone: Vec<Added> = match removal {
            Removal::All => std::mem::take(&mut self.added),
            Removal::Named(name) => {
                let by_handle = self.added.iter().position(|added| added.handle.as_ref() == Some(&name.text));
                if let Some(at) = by_handle {
                    vec![self.added.remove(at)]
                } else {
                    let table = self.table(name).map_err(|unknown| {
                        let handle = Diagnostic::error(format!("there is no entry `{}`", name.text));
                        Diagnostic { message: handle.message, ..unknown }
                            .help("an entry gets a name with `add ... = NAME`; a table's name removes all that was added to it")
                    })?;
                    self.take(|entry| entry.table == table.name)
                }
            }
            Removal::Entry { table, priority, keys } => {
                let wanted = self.entry(table, priority.as_ref(), keys, None)?;
                let same = |entry: &TableEntry| {
                    entry.table == wanted.table
                        && entry.matches == wanted.matches
                        && entry.priority == wanted.priority
                };
                let gone = self.take(same);
                if gone.is_empty() {
                    return Err(Diagnostic::error("the script has added no such entry")
                        .at(span, "")
                        .help("key and priority must be those of an `add` before it"));
                }
                gone
            }
        };
        for added in gone {
            self.push(span, StepKind::Operate(Box::new(Operation::Delete(added.entry))));
        }
        Ok(())
    }

    fn take(&mut self, is_meant: impl Fn(&TableEntry) -> bool) -> Vec<Added> {
        let (gone, kept) =
            std::mem::take(&mut self.added).into_iter().partition(|added| is_meant(&added.entry));
        self.added = kept;
        gone
    }
}

/// Priority as P4Runtime counts: higher wins, and 0 is none. Scripts start at 0.
fn entry_priority(info: &TableInfo, table: &Name, priority: Option<&Number>) -> Result<u32> {
    let kinds = [MatchKind::Ternary, MatchKind::Range, MatchKind::Optional];
    if !info.keys.iter().any(|key| kinds.contains(&key.kind)) {
        return Ok(0);
    }
    let Some(written) = priority else {
        return Err(Diagnostic::error(format!("entries of table `{}` need a priority", info.name))
            .at(table.span, "write it behind this")
            .help(
                "as in `add TABLE 10 ...`; of several entries that fit, the one with the higher number wins",
            ));
    };
    number(written, u64::from(u32::MAX) - 1, "the priority").map(|value| value as u32 + 1)
}

fn matches(info: &TableInfo, fields: &[KeyField]) -> Result<Vec<Match>> {
    let mut matches: Vec<Option<(Match, Span)>> = vec![None; info.keys.len()];
    let place = format!(" of table `{}`", info.name);
    let kind = Kind { noun: "key field", place: &place };
    let forms: Vec<String> = info.keys.iter().map(|key| names::key(&key.name)).collect();
    for field in fields {
        let wanted = Name { text: names::key(&field.name.text), span: field.name.span };
        let keys = forms.iter().enumerate().map(|(at, form)| (form.as_str(), at));
        let at = names::find(&wanted, kind, keys.clone()).or_else(|unknown| {
            // A header's name alone is its validity.
            let valid = Name { text: format!("{}.$valid$", wanted.text), span: wanted.span };
            names::find(&valid, kind, keys).map_err(|_| unknown)
        })?;
        if let Some((_, before)) = &matches[at] {
            return Err(Diagnostic::error(format!("the key field `{}` has two values", info.keys[at].name))
                .at(field.span, "")
                .also(*before, "here too"));
        }
        matches[at] = Some((key_match(&info.keys[at], field)?, field.span));
    }
    let all = matches.into_iter().zip(&info.keys);
    Ok(all.map(|(found, key)| found.map_or_else(|| left_out(key), |(found, _)| found)).collect())
}

/// What a key field that is not written matches.
fn left_out(key: &KeyInfo) -> Match {
    let zero = || Bits::zero(key.width);
    match key.kind {
        MatchKind::Exact => Match::Exact(zero()),
        MatchKind::Lpm => Match::Lpm { value: zero(), length: 0 },
        MatchKind::Ternary => Match::Ternary { value: zero(), mask: zero() },
        MatchKind::Range => Match::Range { low: zero(), high: Bits::ones(key.width) },
        MatchKind::Optional | MatchKind::Selector => Match::Optional(None),
    }
}

fn key_match(key: &KeyInfo, field: &KeyField) -> Result<Match> {
    match (key.kind, &field.value) {
        (MatchKind::Exact, KeyValue::Plain(value)) => Ok(Match::Exact(closed(key, value)?)),
        (MatchKind::Lpm, KeyValue::Plain(value)) => {
            let length = implied_length(key, value)?;
            prefix(key, value, length)
        }
        (MatchKind::Lpm | MatchKind::Ternary, KeyValue::Prefix(value, length)) => {
            let length = number(length, u64::from(key.width), "the prefix length")? as u32;
            match prefix(key, value, length)? {
                Match::Lpm { value, .. } if key.kind == MatchKind::Ternary => {
                    Ok(Match::Ternary { value, mask: Bits::prefix_mask(key.width, length) })
                }
                found => Ok(found),
            }
        }
        (MatchKind::Ternary, KeyValue::Plain(value)) => {
            let mask = value.mask(key.width);
            Ok(Match::Ternary { value: &fitting(key, value)? & &mask, mask })
        }
        (MatchKind::Ternary, KeyValue::Masked(value, mask)) => {
            let mask = closed(key, mask)?;
            Ok(Match::Ternary { value: &closed(key, value)? & &mask, mask })
        }
        (MatchKind::Range, KeyValue::Plain(value)) if value.is_open() => Ok(left_out(key)),
        (MatchKind::Range, KeyValue::Plain(value)) => {
            let value = closed(key, value)?;
            Ok(Match::Range { low: value.clone(), high: value })
        }
        (MatchKind::Range, KeyValue::Range(low, high)) => {
            Ok(Match::Range { low: closed(key, low)?, high: closed(key, high)? })
        }
        (MatchKind::Optional | MatchKind::Selector, KeyValue::Plain(value)) if value.is_open() => {
            Ok(Match::Optional(None))
        }
        (MatchKind::Optional | MatchKind::Selector, KeyValue::Plain(value)) => {
            Ok(Match::Optional(Some(closed(key, value)?)))
        }
        _ => Err(wrong_form(key, field)),
    }
}

fn wrong_form(key: &KeyInfo, field: &KeyField) -> Diagnostic {
    let (kind, form) = match key.kind {
        MatchKind::Exact => ("exactly", "a value"),
        MatchKind::Lpm => ("by its longest prefix", "a value, or `value/prefix_length`"),
        MatchKind::Ternary => ("under a mask", "a value with `*` for open digits, or `value&&&mask`"),
        MatchKind::Range => ("with a range", "`low->high`, or a value"),
        MatchKind::Optional | MatchKind::Selector => ("exactly or not at all", "a value, or `*`"),
    };
    Diagnostic::error(format!("the key field `{}` is matched {kind}", key.name))
        .at(field.span, "not in this form")
        .help(format!("write {form}"))
}

/// A value in the width of the key; wildcards are zeros.
fn fitting(key: &KeyInfo, value: &Number) -> Result<Bits> {
    value.value(key.width).ok_or_else(|| too_wide(&key.name, value, key.width))
}

fn too_wide(name: &str, value: &Number, width: u32) -> Diagnostic {
    Diagnostic::error(format!("`{}` does not fit `{name}`", value.text))
        .at(value.span, format!("more than {width} bits"))
}

/// A value without wildcards.
fn closed(key: &KeyInfo, value: &Number) -> Result<Bits> {
    if value.has_wildcards() {
        return Err(Diagnostic::error(format!("the key field `{}` takes no wildcards here", key.name))
            .at(value.span, "")
            .help("`*` stands for open digits of ternary keys, and at the end of lpm keys"));
    }
    fitting(key, value)
}

/// The prefix length that the digits of an lpm value say: those before the first wildcard count, and decimal numbers have
/// all bits.
fn implied_length(key: &KeyInfo, value: &Number) -> Result<u32> {
    let Some(bits) = value.digit_bits() else { return Ok(key.width) };
    let written = value.digits().iter().take_while(|digit| digit.is_some()).count();
    if value.digits()[written..].iter().any(Option::is_some) {
        return Err(Diagnostic::error(format!("the key field `{}` is matched by a prefix", key.name))
            .at(value.span, "a digit behind a wildcard")
            .help("wildcards of an lpm key stand at its end"));
    }
    Ok((written as u32 * bits).min(key.width))
}

fn prefix(key: &KeyInfo, value: &Number, length: u32) -> Result<Match> {
    let value = fitting(key, value)?;
    Ok(Match::Lpm { value: &value & &Bits::prefix_mask(key.width, length), length })
}

/// Action data in the order of the parameters.
fn arguments(info: &ActionInfo, call: &script::ActionCall) -> Result<Vec<Bits>> {
    let mut values: Vec<Option<Bits>> = vec![None; info.params.len()];
    let place = format!(" of action `{}`", info.name);
    let kind = Kind { noun: "parameter", place: &place };
    for argument in &call.arguments {
        let params = info.params.iter().enumerate().map(|(at, param)| (&*param.name, at));
        let at = names::find(&argument.name, kind, params)?;
        let param = &info.params[at];
        if argument.value.has_wildcards() {
            return Err(Diagnostic::error("action data has no wildcards").at(argument.value.span, ""));
        }
        if values[at].is_some() {
            return Err(Diagnostic::error(format!("the parameter `{}` has two values", param.name))
                .at(argument.name.span, ""));
        }
        let value = argument.value.value(param.width);
        values[at] = Some(value.ok_or_else(|| too_wide(&param.name, &argument.value, param.width))?);
    }
    let missing = info.params.iter().zip(&values).filter(|(_, value)| value.is_none());
    let missing: Vec<String> = missing.map(|(param, _)| format!("`{}`", param.name)).collect();
    if !missing.is_empty() {
        return Err(Diagnostic::error(format!("`{}` lacks {}", info.name, missing.join(", ")))
            .at(call.span, "")
            .help("write every parameter as `name:value`"));
    }
    Ok(values.into_iter().flatten().collect())
}
