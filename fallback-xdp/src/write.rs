//! Batches of updates: done in order, and taken back where one is refused.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sluice_entities::{
    Atomicity, Bits, CloneSession, DefaultEntry, Details, DigestConfig, Entity, EntryAttributes, EntryKey,
    MulticastGroup, Query, TableEntry, Update, UpdateKind,
};

use crate::device::Device;
use crate::error::{BatchError, Result, XdpError};

/// How something was before a batch, and whether the batch left it there.
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

impl Device {
    /// As [`Self::write_batch`], all of the updates or none.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn write(&mut self, updates: &[Update]) -> Result<()> {
        let done = self.write_batch(updates, Atomicity::RollbackOnError);
        done.map_err(|refused| match refused.0.into_iter().next() {
            Some((_, error)) => error,
            None => XdpError::Missing("reason".to_string()),
        })
    }

    /// Does updates in order. A packet may find some of them done and others not, and after a mistake also some that are taken back then; each of them it finds whole.
    ///
    /// # Errors
    /// What is wrong with updates: with [`Atomicity::ContinueOnError`] all others are done, with the other two none is, and the first is told alone. What the kernel refuses, or a map that is
    /// full, is a mistake as well; entries that were removed and come back begin to count anew.
    pub fn write_batch(
        &mut self,
        updates: &[Update],
        atomicity: Atomicity,
    ) -> std::result::Result<(), BatchError> {
        // A program that does without a table has to be gone before the table has something to do.
        self.generalize_for(updates).map_err(|error| BatchError(vec![(0, error)]))?;
        let errors = if atomicity == Atomicity::ContinueOnError {
            let each = updates.iter().enumerate();
            each.filter_map(|(index, update)| Some((index, self.all(std::slice::from_ref(update)).err()?.1)))
                .collect()
        } else {
            self.all(updates).err().into_iter().collect::<Vec<_>>()
        };
        // Cells that were taken and given back may be taken in another order afterwards.
        let mut hasher = DefaultHasher::new();
        (self.journal, updates, errors.is_empty()).hash(&mut hasher);
        self.journal = hasher.finish();
        // What could not be published now is with the next write.
        let published = self.publish().map_err(|error| BatchError(vec![(0, error)]));
        if errors.is_empty() { published } else { Err(BatchError(errors)) }
    }

    /// All updates or none; defaults become visible with the next [`Self::publish`].
    fn all(&mut self, updates: &[Update]) -> std::result::Result<(), (usize, XdpError)> {
        let befores = self.befores(updates);
        self.shadow.write_batch(updates, Atomicity::RollbackOnError).map_err(|refused| {
            let at = refused.errors.first().map_or(0, |(index, _)| *index);
            (at, XdpError::Write(refused))
        })?;
        for (index, update) in updates.iter().enumerate() {
            if let Err(error) = self.sync(update) {
                self.restore(befores);
                return Err((index, error));
            }
        }
        Ok(())
    }

    /// How everything that updates are about is now, by the first of them that is about it.
    fn befores(&self, updates: &[Update]) -> Vec<Before> {
        let mut known: HashMap<Entity, usize> = HashMap::new();
        let mut befores: Vec<Before> = Vec::new();
        for update in updates {
            let name = name(&update.entity);
            let is_there = update.kind != UpdateKind::Delete;
            match known.get(&name) {
                Some(at) => befores[*at].is_there = is_there,
                None => {
                    known.insert(name.clone(), befores.len());
                    befores.push(Before { was: self.now(&name), name, is_there });
                }
            }
        }
        befores
    }

    /// What there is of that name; nothing where there is none.
    fn now(&self, name: &Entity) -> Vec<Entity> {
        let details = Details { meter: true, ..Details::default() };
        let query = match name {
            Entity::Table(entry) => {
                let found = self.shadow.entry(&entry.table, &entry.matches, entry.priority);
                return found.map(Entity::Table).into_iter().collect();
            }
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
            Entity::Counter(entry) => {
                Query::Counter { counter: Some(entry.counter.clone()), index: entry.index }
            }
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
        };
        let mut found = Vec::new();
        // A name that the program does not have is refused when it is written.
        let _ = self.read_each(&query, &mut |entity| found.push(entity));
        found
    }

    /// Takes back what was done.
    fn restore(&mut self, befores: Vec<Before>) {
        let mut updates = Vec::new();
        // What refers to something else came later, and goes first.
        for Before { name, was, is_there } in befores.into_iter().rev() {
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
        if let Err(errors) = self.shadow.write_batch(&updates, Atomicity::ContinueOnError) {
            tracing::error!(%errors, "what was written before cannot be written again");
        }
        for update in &updates {
            if let Err(error) = self.sync(update) {
                tracing::error!(%error, "the kernel does not take back what it took before");
            }
        }
    }

    /// The direct cell of an entry or default action.
    pub(crate) fn cell_of(&self, table: &str, key: &EntryKey) -> Option<u32> {
        self.cell(table, key).ok()
    }
}
