//! Checks an entry against what its table takes (P4Runtime section 9.1).

use sluice_entities::{
    ActionCall, ActionScope, Bits, KeyInfo, Match, MatchKind, PipelineInfo, TableEntry, TableInfo,
};

use super::error::WriteError;

type Result<T> = std::result::Result<T, WriteError>;

/// Checks key and priority: what names an entry.
pub(crate) fn check_key(table: &TableInfo, entry: &TableEntry) -> Result<()> {
    let name = || table.name.to_string();
    if entry.matches.len() != table.keys.len() {
        return Err(WriteError::Count {
            what: format!("table `{}`", table.name),
            parts: "key fields",
            have: entry.matches.len(),
            want: table.keys.len(),
        });
    }
    for (key, wanted) in table.keys.iter().zip(&entry.matches) {
        check_match(table, key, wanted)?;
    }
    let kinds = [MatchKind::Ternary, MatchKind::Range, MatchKind::Optional];
    let prioritized = table.keys.iter().any(|key| kinds.contains(&key.kind));
    match (prioritized, entry.priority) {
        (true, 0) => Err(WriteError::Priority { table: name(), rule: "a priority of at least 1", have: 0 }),
        (false, have) if have != 0 => {
            Err(WriteError::Priority { table: name(), rule: "no priority (0)", have })
        }
        _ => Ok(()),
    }
}

fn check_match(table: &TableInfo, key: &KeyInfo, wanted: &Match) -> Result<()> {
    let names = || (table.name.to_string(), key.name.to_string());
    let width = |value: &Bits| {
        let what = format!("key `{}` of table `{}`", key.name, table.name);
        check_width(|| what, value, key.width)
    };
    let masked = |value: &Bits, mask: &Bits, kind| {
        let (table, key) = names();
        if &(value & mask) == value { Ok(()) } else { Err(WriteError::Masked { table, key, mask: kind }) }
    };
    match (key.kind, wanted) {
        (MatchKind::Exact, Match::Exact(value)) | (MatchKind::Optional, Match::Optional(Some(value))) => {
            width(value)
        }
        (MatchKind::Optional, Match::Optional(None)) => Ok(()),
        (MatchKind::Lpm, Match::Lpm { value, length }) => {
            width(value)?;
            if *length > key.width {
                let (table, name) = names();
                return Err(WriteError::PrefixLength { table, key: name, width: key.width, length: *length });
            }
            masked(value, &Bits::prefix_mask(key.width, *length), "prefix")
        }
        (MatchKind::Ternary, Match::Ternary { value, mask }) => {
            width(value)?;
            width(mask)?;
            masked(value, mask, "mask")
        }
        (MatchKind::Range, Match::Range { low, high }) => {
            width(low)?;
            width(high)?;
            if low > high {
                let (table, key) = names();
                let (low, high) = (format!("{low:#x}"), format!("{high:#x}"));
                return Err(WriteError::Range { table, key, low, high });
            }
            Ok(())
        }
        (want, _) => {
            let (table, key) = names();
            Err(WriteError::Kind { table, key, want })
        }
    }
}

pub(crate) fn check_width(what: impl FnOnce() -> String, value: &Bits, want: u32) -> Result<()> {
    if value.width() == want {
        Ok(())
    } else {
        Err(WriteError::Width { what: what(), have: value.width(), want })
    }
}

/// Checks an action with its data; gives its index in the table's list.
pub(crate) fn check_action(
    info: &PipelineInfo,
    table: &TableInfo,
    call: &ActionCall,
    default: bool,
) -> Result<u16> {
    let forbidden = if default { ActionScope::TableOnly } else { ActionScope::DefaultOnly };
    let fits = |scope: ActionScope| scope != forbidden;
    let index = table.actions.iter().position(|listed| listed.name == call.action && fits(listed.scope));
    let Some(index) = index else {
        let names = table.actions.iter().filter(|listed| fits(listed.scope));
        let names: Vec<String> = names.map(|listed| format!("`{}`", listed.name)).collect();
        return Err(WriteError::Action {
            table: table.name.to_string(),
            action: call.action.to_string(),
            place: if default { "as its default" } else { "in an entry" },
            allowed: if names.is_empty() { "none".to_string() } else { names.join(", ") },
        });
    };
    let Some(action) = info.action(&call.action) else {
        return Err(WriteError::Unknown { what: "action", name: call.action.to_string() });
    };
    if call.params.len() != action.params.len() {
        return Err(WriteError::Count {
            what: format!("action `{}`", action.name),
            parts: "parameters",
            have: call.params.len(),
            want: action.params.len(),
        });
    }
    for (param, value) in action.params.iter().zip(&call.params) {
        check_width(|| format!("parameter `{}` of `{}`", param.name, action.name), value, param.width)?;
    }
    Ok(index as u16)
}
