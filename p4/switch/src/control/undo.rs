//! What takes a batch back: for data paths that keep a switch beside what they write, and find only while they write it that it cannot be.

use std::collections::HashMap;

use sluice_entities::{
    Bits, CloneSession, DefaultEntry, Details, DigestConfig, Entity, EntryAttributes, MulticastGroup, Query,
    TableEntry, Update, UpdateKind,
};

use crate::Switch;

/// How something was before a batch, and whether the batch left it there.
#[derive(Debug)]
struct Before {
    name: Entity,
    was: Vec<Entity>,
    is_there: bool,
}

/// An entity without what it says: its name alone.
fn name(entity: &Entity) -> Entity {
    let mut name = entity.clone();
    match &mut name {
        Entity::Table(TableEntry { action, attributes, .. }) => {
            *action = None;
            *attributes = EntryAttributes::default();
        }
        Entity::Default(entry) => *entry = DefaultEntry::new(entry.table.clone(), None),
        Entity::Member(member) => member.action.params.clear(),
        Entity::Group(group) => group.members.clear(),
        Entity::Meter(entry) => (entry.config, entry.counters) = (None, None),
        Entity::DirectMeter(entry) => (entry.config, entry.counters) = (None, None),
        Entity::Counter(entry) => entry.data = None,
        Entity::DirectCounter(entry) => entry.data = None,
        Entity::Multicast(group) => *group = MulticastGroup::new(group.id, []),
        Entity::Clone(session) => {
            *session = CloneSession {
                id: session.id,
                branches: Vec::new(),
                class_of_service: 0,
                packet_length_bytes: 0,
            };
        }
        Entity::ValueSet(set) => set.members.clear(),
        Entity::Register(entry) => entry.value = Bits::zero(entry.value.width()),
        Entity::Digest(entry) => entry.config = DigestConfig::default(),
    }
    name
}

/// How everything that a batch is about was before it.
#[derive(Debug)]
pub struct Undo {
    befores: Vec<Before>,
}

impl Undo {
    /// Looks before a batch. Entries are as the switch has them; `read` gives all else as it is now, cells with what packets made of them.
    pub fn before(switch: &Switch, updates: &[Update], read: &mut dyn FnMut(&Query) -> Vec<Entity>) -> Self {
        let mut known: HashMap<Entity, usize> = HashMap::new();
        let mut befores: Vec<Before> = Vec::new();
        for update in updates {
            let name = name(&update.entity);
            let is_there = update.kind != UpdateKind::Delete;
            match known.get(&name) {
                Some(at) => befores[*at].is_there = is_there,
                None => {
                    known.insert(name.clone(), befores.len());
                    let was = match &name {
                        Entity::Table(entry) => {
                            let found = switch.entry(&entry.table, &entry.matches, entry.priority);
                            found.map(Entity::Table).into_iter().collect()
                        }
                        other => query(other).map(|query| read(&query)).unwrap_or_default(),
                    };
                    befores.push(Before { was, name, is_there });
                }
            }
        }
        Self { befores }
    }

    /// The updates that make it as it was, once all of the batch is done.
    pub fn into_updates(self) -> Vec<Update> {
        let mut updates = Vec::new();
        // What refers to something else came later, and goes first.
        for Before { name, was, is_there } in self.befores.into_iter().rev() {
            let is_cell = matches!(
                name,
                Entity::Meter(_)
                    | Entity::DirectMeter(_)
                    | Entity::Counter(_)
                    | Entity::DirectCounter(_)
                    | Entity::Register(_)
            );
            let kind = if is_there { UpdateKind::Modify } else { UpdateKind::Insert };
            if was.is_empty() && is_there && !is_cell {
                updates.push(Update { kind: UpdateKind::Delete, entity: name });
            }
            updates.extend(was.into_iter().map(|entity| Update { kind, entity }));
        }
        updates
    }
}

/// What asks for everything of that name.
fn query(name: &Entity) -> Option<Query> {
    let details = Details { meter: true, ..Details::default() };
    Some(match name {
        Entity::Table(_) => return None,
        Entity::Default(entry) => Query::Default { table: Some(entry.table.clone()), details },
        Entity::Member(member) => {
            Query::Member { profile: Some(member.profile.clone()), id: Some(member.id) }
        }
        Entity::Group(group) => Query::Group { profile: Some(group.profile.clone()), id: Some(group.id) },
        Entity::Meter(entry) => {
            Query::Meter { meter: Some(entry.meter.clone()), index: entry.index, counters: false }
        }
        Entity::DirectMeter(entry) => Query::DirectMeter {
            table: Some(entry.table.clone()),
            key: Some(entry.key.clone()),
            counters: false,
        },
        Entity::Counter(entry) => Query::Counter { counter: Some(entry.counter.clone()), index: entry.index },
        Entity::DirectCounter(entry) => {
            Query::DirectCounter { table: Some(entry.table.clone()), key: Some(entry.key.clone()) }
        }
        Entity::Multicast(group) => Query::Multicast { id: Some(group.id) },
        Entity::Clone(session) => Query::Clone { id: Some(session.id) },
        Entity::ValueSet(set) => Query::ValueSet { set: Some(set.set.clone()) },
        Entity::Register(entry) => {
            Query::Register { register: Some(entry.register.clone()), index: entry.index }
        }
        Entity::Digest(entry) => Query::Digest { digest: Some(entry.digest.clone()) },
    })
}
