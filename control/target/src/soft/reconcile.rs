//! What was written to one program, written to the next (P4Runtime section 14, RECONCILE_AND_COMMIT).
//!
//! Carried over is what the control plane has made of the old program: entries and default actions that differ from the program's own, members, groups, replication,
//! meters' rates, registers, value sets, digests, and what indirect counters counted.

use rustc_hash::{FxHashMap, FxHashSet};
use sluice_entities::{Atomicity, Code, Entity, EntryKey, Query, RegisterEntry, Update, UpdateKind};

use super::load::{Loaded, Read, entries, read};
use crate::target::Fault;

/// Writes to `next` what was written to `current`.
pub(super) fn carry_over(current: &Loaded, next: &Loaded) -> Result<(), Fault> {
    let updates = carried(&|query, take| read(&current.switch, query, take), &current.own, &next.own)?;
    next.switch.write_batch(&updates, Atomicity::DataplaneAtomic).map_err(|refused| {
        let message = refused.errors.first().map(|(_, error)| error.to_string()).unwrap_or_default();
        not_taken(&message)
    })
}

/// What is said of a program that does not take what was written to the one before it.
pub fn not_taken(why: &str) -> Fault {
    let message = format!("the new program does not take what was written to the old one: {why}");
    Fault::new(Code::InvalidArgument, message)
}

/// The updates that make a program what the one before it was made: `own` and `next_own` are their own entries and default actions, as [`entries`] tells them of a program to which
/// nothing was written.
///
/// # Errors
///
/// What the data path says.
pub fn carried(read: Read<'_>, own: &[Entity], next_own: &[Entity]) -> Result<Vec<Update>, Fault> {
    let mut updates = Vec::new();
    for query in before_entries() {
        let kind = kind_of(&query);
        read(&query, &mut |entity| {
            if is_worth(&entity) {
                updates.push(Update { kind, entity });
            }
        })?;
    }
    changed_entries(&entries(read)?, own, next_own, &mut updates);
    Ok(updates)
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

fn changed_entries(now: &[Entity], own: &[Entity], next_own: &[Entity], updates: &mut Vec<Update>) {
    let known: FxHashMap<Name, &Entity> =
        own.iter().filter_map(|entity| Some((name(entity)?, entity))).collect();
    let there: FxHashSet<Name> = next_own.iter().filter_map(name).collect();
    let kept: FxHashSet<Name> = now.iter().filter_map(name).collect();
    for entity in own {
        if let Some(name) = name(entity)
            && !kept.contains(&name)
            && there.contains(&name)
        {
            updates.push(Update { kind: UpdateKind::Delete, entity: entity.clone() });
        }
    }
    for entity in now {
        let Some(name) = name(entity) else { continue };
        if known.get(&name).is_some_and(|own| *own == entity) {
            continue;
        }
        let kind = if there.contains(&name) || name.1 == EntryKey::Default {
            UpdateKind::Modify
        } else {
            UpdateKind::Insert
        };
        updates.push(Update { kind, entity: entity.clone() });
    }
}
