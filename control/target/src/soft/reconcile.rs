//! What was written to one program, written to the next (P4Runtime section 14, RECONCILE_AND_COMMIT).
//!
//! Carried over is what the control plane has made of the old program: entries and default actions that differ from the program's own, members, groups, replication,
//! meters' rates, registers, value sets, digests, and what indirect counters counted.

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_entities::{Atomicity, Code, Entity, EntryKey, Query, RegisterEntry, Update, UpdateKind};
use sluice_switch::Switch;

use super::load::{Loaded, entries};
use crate::target::Fault;

/// Writes to `next` what was written to `current`.
pub(super) fn carry_over(current: &Loaded, next: &Loaded) -> Result<(), Fault> {
    let mut updates = Vec::new();
    for query in before_entries() {
        let kind = kind_of(&query);
        read(&current.switch, &query, &mut |entity| {
            if is_worth(&entity) {
                updates.push(Update { kind, entity });
            }
        })?;
    }
    changed_entries(current, next, &mut updates)?;
    next.switch.write_batch(&updates, Atomicity::DataplaneAtomic).map_err(|refused| {
        let message = refused.errors.first().map(|(_, error)| error.to_string()).unwrap_or_default();
        let code = Code::InvalidArgument;
        Fault::new(code, format!("the new program does not take what was written to the old one: {message}"))
    })
}

/// What entries may refer to, and what stands by itself, in an order in which it can be written.
fn before_entries() -> [Query; 9] {
    [
        Query::Member { profile: None, id: None },
        Query::Group { profile: None, id: None },
        Query::Multicast { id: None },
        Query::Clone { id: None },
        Query::ValueSet { set: None },
        Query::Digest { digest: None },
        Query::Meter { meter: None, index: None, counters: false },
        Query::Counter { counter: None, index: None },
        Query::Register { register: None, index: None },
    ]
}

fn kind_of(query: &Query) -> UpdateKind {
    match query {
        Query::Member { .. }
        | Query::Group { .. }
        | Query::Multicast { .. }
        | Query::Clone { .. }
        | Query::Digest { .. } => UpdateKind::Insert,
        _ => UpdateKind::Modify,
    }
}

/// Whether it differs from what a new program has by itself: most cells do not.
fn is_worth(entity: &Entity) -> bool {
    match entity {
        Entity::Meter(entry) => entry.config.is_some(),
        Entity::Counter(entry) => {
            entry.data.is_some_and(|data| data != sluice_entities::CounterData::default())
        }
        Entity::Register(RegisterEntry { value, .. }) => !value.is_zero(),
        Entity::ValueSet(entry) => !entry.members.is_empty(),
        _ => true,
    }
}

fn read(switch: &Switch, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
    switch.read_each(query, take).map_err(|error| Fault::new(error.code(), error.to_string()))
}

type Name = (std::sync::Arc<str>, EntryKey);

fn name(entity: &Entity) -> Option<Name> {
    match entity {
        Entity::Table(entry) if !entry.attributes.is_const => {
            let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
            Some((entry.table.clone(), key))
        }
        Entity::Default(entry) if !entry.attributes.is_const => {
            Some((entry.table.clone(), EntryKey::Default))
        }
        // The program's alone, or not an entry.
        _ => None,
    }
}

fn changed_entries(current: &Loaded, next: &Loaded, updates: &mut Vec<Update>) -> Result<(), Fault> {
    let own: FxHashMap<Name, &Entity> =
        current.own.iter().filter_map(|entity| Some((name(entity)?, entity))).collect();
    let there: FxHashSet<Name> = next.own.iter().filter_map(name).collect();
    let now = entries(&current.switch)?;
    let kept: FxHashSet<Name> = now.iter().filter_map(name).collect();
    for entity in &current.own {
        if let Some(name) = name(entity)
            && !kept.contains(&name)
            && there.contains(&name)
        {
            updates.push(Update { kind: UpdateKind::Delete, entity: entity.clone() });
        }
    }
    for entity in now {
        let Some(name) = name(&entity) else { continue };
        if own.get(&name).is_some_and(|own| **own == entity) {
            continue;
        }
        let kind = if there.contains(&name) || name.1 == EntryKey::Default {
            UpdateKind::Modify
        } else {
            UpdateKind::Insert
        };
        updates.push(Update { kind, entity });
    }
    Ok(())
}
