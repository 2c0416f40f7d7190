//! Checks an entry against what its table takes (P4Runtime section 9.1).

use sluice_entities::{
    ActionCall, ActionScope, Bits, EntryAttributes, KeyInfo, Match, MatchKind, MeterConfig, MeterCounters,
    PipelineInfo, TableInfo,
};

use super::error::WriteError;

type Result<T> = std::result::Result<T, WriteError>;

/// Checks key and priority: what names an entry.
pub(crate) fn check_key(table: &TableInfo, matches: &[Match], priority: u32) -> Result<()> {
    let name = || table.name.to_string();
    check_matches("table", &table.name, &table.keys, matches)?;
    let kinds = [MatchKind::Ternary, MatchKind::Range, MatchKind::Optional];
    let prioritized = table.keys.iter().any(|key| kinds.contains(&key.kind));
    match (prioritized, priority) {
        (true, 0) => Err(WriteError::Priority { table: name(), rule: "a priority of at least 1", have: 0 }),
        (false, have) if have != 0 => {
            Err(WriteError::Priority { table: name(), rule: "no priority (0)", have })
        }
        _ => Ok(()),
    }
}

/// Checks the fields of an entry, or of a value set's member.
pub(crate) fn check_matches(kind: &str, owner: &str, keys: &[KeyInfo], matches: &[Match]) -> Result<()> {
    if matches.len() != keys.len() {
        return Err(WriteError::Count {
            what: format!("{kind} `{owner}`"),
            parts: "key fields",
            have: matches.len(),
            want: keys.len(),
        });
    }
    keys.iter()
        .zip(matches)
        .try_for_each(|(key, wanted)| check_match(&format!("{kind} `{owner}`"), key, wanted))
}

fn check_match(owner: &str, key: &KeyInfo, wanted: &Match) -> Result<()> {
    let names = || (owner.to_string(), key.name.to_string());
    let width = |value: &Bits| {
        let what = format!("key `{}` of {owner}", key.name);
        check_width(|| what, value, key.width)
    };
    let masked = |value: &Bits, mask: &Bits, kind| {
        let (owner, key) = names();
        if &(value & mask) == value { Ok(()) } else { Err(WriteError::Masked { owner, key, mask: kind }) }
    };
    match (key.kind, wanted) {
        (MatchKind::Exact, Match::Exact(value)) | (MatchKind::Optional, Match::Optional(Some(value))) => {
            width(value)
        }
        (MatchKind::Optional, Match::Optional(None)) => Ok(()),
        (MatchKind::Lpm, Match::Lpm { value, length }) => {
            width(value)?;
            if *length > key.width {
                let (owner, name) = names();
                return Err(WriteError::PrefixLength { owner, key: name, width: key.width, length: *length });
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
                let (owner, key) = names();
                let (low, high) = (format!("{low:#x}"), format!("{high:#x}"));
                return Err(WriteError::Range { owner, key, low, high });
            }
            Ok(())
        }
        (want, _) => {
            let (owner, key) = names();
            Err(WriteError::Kind { owner, key, want })
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
            is_listed: table.actions.iter().any(|listed| listed.name == call.action),
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

/// Checks what an entry or a default action has beside key and action.
pub(crate) fn check_attributes(table: &TableInfo, attributes: &EntryAttributes, default: bool) -> Result<()> {
    let missing = |what| Err(WriteError::NoResource { table: table.name.to_string(), what });
    if attributes.is_const {
        return Err(WriteError::ReadOnly { what: "whether an entry is constant" });
    }
    if attributes.time_since_hit_ns.is_some() {
        return Err(WriteError::ReadOnly { what: "the time since the last hit" });
    }
    if attributes.idle_timeout_ns > 0 && (default || !table.has_idle_timeouts) {
        return missing(if default { "idle timeout for its default action" } else { "idle timeouts" });
    }
    if attributes.counter.is_some() && table.direct_counter.is_none() {
        return missing("direct counter");
    }
    if (attributes.meter.is_some() || attributes.meter_counters.is_some()) && table.direct_meter.is_none() {
        return missing("direct meter");
    }
    check_rates(|| format!("direct meter of table `{}`", table.name), attributes.meter.as_ref())?;
    check_zero(attributes.meter_counters.as_ref())
}

pub(crate) fn check_rates(what: impl FnOnce() -> String, config: Option<&MeterConfig>) -> Result<()> {
    match config {
        Some(config) if config.pir < config.cir || config.pburst < config.cburst => {
            Err(WriteError::Rates { meter: what() })
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_zero(counters: Option<&MeterCounters>) -> Result<()> {
    match counters {
        Some(counters) if *counters != MeterCounters::default() => Err(WriteError::NotZero),
        _ => Ok(()),
    }
}
