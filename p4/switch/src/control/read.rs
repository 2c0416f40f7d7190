//! Reads: what was written, and what packets made of it (P4Runtime section 13).
//!
//! A read takes a snapshot under the lock and answers from it without: as long as it may take, it holds up no write, and what it
//! says of entries is of one configuration. Counters, meters and registers are read one by one, as packets go on.

use std::sync::Arc;

use sluice_entities::{
    ActionCall, Bits, CounterData, CounterEntry, DefaultEntry, Details, DigestEntry, DirectCounterEntry,
    DirectMeterEntry, Entity, EntryKey, Match, MeterConfig, MeterCounters, MeterEntry, MulticastGroup,
    PipelineInfo, Query, RegisterEntry, TableEntry, TableQuery, ValueSetEntry,
};

use super::check::check_matches;
use super::error::WriteError;
use super::tables::MasterDefault;
use crate::configuration::{Configuration, Entry};
use crate::counters::first_counter_cell;
use crate::pages::Pages;
use crate::switch::{DirectCounters, Shared, Switch, TableUsage};

type Result<T> = std::result::Result<T, WriteError>;

/// Takes what is read, one by one.
type Take<'t> = &'t mut dyn FnMut(Entity);

/// What a read answers from.
struct Snapshot<'a> {
    shared: &'a Shared,
    config: Arc<Configuration>,
    baselines: Pages<CounterData>,
    /// Default actions, each with its cell.
    defaults: Vec<(MasterDefault, u32)>,
    now_ns: u64,
}

impl Switch {
    /// What a query asks for, in the order that [`Query`] says.
    ///
    /// # Errors
    ///
    /// A query that names what the program does not have, a cell beyond the last one, or the counter or meter of an entry that is not there.
    pub fn read(&self, query: &Query) -> Result<Vec<Entity>> {
        let mut entities = Vec::new();
        self.read_each(query, &mut |entity| entities.push(entity))?;
        Ok(entities)
    }

    /// The same, one by one: the whole answer is in memory nowhere. The switch can be written meanwhile.
    ///
    /// # Errors
    ///
    /// See [`Self::read`]; nothing was taken then.
    pub fn read_each(&self, query: &Query, take: Take<'_>) -> Result<()> {
        let snapshot = self.snapshot();
        match query {
            Query::Table(query) => snapshot.entries(query, take),
            Query::Default { table, details } => snapshot.default_entries(table.as_ref(), *details, take),
            Query::Member { profile, id } => self.members(profile.as_ref(), *id, take),
            Query::Group { profile, id } => self.groups(profile.as_ref(), *id, take),
            Query::Meter { meter, index, counters } => {
                snapshot.meters(meter.as_ref(), *index, *counters, take)
            }
            Query::DirectMeter { table, key, counters } => {
                snapshot.direct_meters(table.as_ref(), key.as_ref(), *counters, take)
            }
            Query::Counter { counter, index } => snapshot.counters(counter.as_ref(), *index, take),
            Query::DirectCounter { table, key } => {
                snapshot.direct_counters(table.as_ref(), key.as_ref(), take)
            }
            Query::Multicast { id } => {
                let groups =
                    snapshot.config.replication.groups.iter().filter_map(|(_, group)| group.as_ref());
                let groups =
                    groups.map(|group| &group.written).filter(|group| id.is_none_or(|id| id == group.id));
                groups.for_each(|group| take(Entity::Multicast(group.clone())));
                Ok(())
            }
            Query::Clone { id } => {
                let sessions =
                    snapshot.config.replication.sessions.iter().filter_map(|(_, one)| one.as_ref());
                let sessions =
                    sessions.map(|one| &one.written).filter(|one| id.is_none_or(|id| id == one.id));
                sessions.for_each(|session| take(Entity::Clone(session.clone())));
                Ok(())
            }
            Query::ValueSet { set } => snapshot.value_sets(set.as_ref(), take),
            Query::Register { register, index } => snapshot.registers(register.as_ref(), *index, take),
            Query::Digest { digest } => snapshot.digests(digest.as_ref(), take),
        }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        let master = self.shared.master();
        Snapshot {
            shared: &self.shared,
            config: self.shared.current.load_full(),
            baselines: master.baselines.clone(),
            defaults: master.tables.iter().map(|table| (table.default.clone(), table.default_cell)).collect(),
            now_ns: master.now_ns(),
        }
    }

    fn members(&self, profile: Option<&Arc<str>>, id: Option<u32>, take: Take<'_>) -> Result<()> {
        let names = self.info().action_profiles.iter().map(|profile| &profile.name);
        for index in chosen("action profile", profile, names)? {
            let members = &self.shared.master().profiles[index].members;
            let wanted = members.iter().filter(|(known, _)| id.is_none_or(|id| id == **known));
            let found: Vec<_> = wanted.map(|(_, member)| member.written.clone()).collect();
            found.into_iter().for_each(|member| take(Entity::Member(member)));
        }
        Ok(())
    }

    fn groups(&self, profile: Option<&Arc<str>>, id: Option<u32>, take: Take<'_>) -> Result<()> {
        let names = self.info().action_profiles.iter().map(|profile| &profile.name);
        for index in chosen("action profile", profile, names)? {
            let groups = &self.shared.master().profiles[index].groups;
            let wanted = groups.iter().filter(|(known, _)| id.is_none_or(|id| id == **known));
            let found: Vec<_> = wanted.map(|(_, group)| group.written.clone()).collect();
            found.into_iter().for_each(|group| take(Entity::Group(group)));
        }
        Ok(())
    }

    fn table(&self, name: &str) -> Option<usize> {
        self.shared.program.tables.iter().position(|table| &*table.name == name)
    }

    /// The entries of a table, those of the program included; `None` if there is no such table.
    pub fn entries(&self, table: &str) -> Option<Vec<TableEntry>> {
        let index = self.table(table)?;
        let current = self.shared.current.load();
        Some(current.tables[index].entries.iter().flatten().map(|entry| entry.entry.clone()).collect())
    }

    /// An entry of a table by its key, with its meter's rates; `None` if it is not there.
    pub fn entry(&self, table: &str, matches: &[Match], priority: u32) -> Option<TableEntry> {
        let index = self.table(table)?;
        let current = self.shared.current.load();
        let (_, entry) = self.shared.master().tables[index]
            .find(matches, priority)
            .map(|(slot, one)| (slot, one.clone()))?;
        let mut told = entry.entry.clone();
        if self.info().tables[index].direct_meter.is_some() {
            told.attributes.meter =
                current.direct_meters.get(u64::from(entry.cell)).as_ref().map(|meter| meter.config);
        }
        Some(told)
    }

    /// What a table does on a miss now.
    pub fn default_action(&self, table: &str) -> Option<ActionCall> {
        let index = self.table(table)?;
        Some(self.shared.master().tables[index].default.call.clone())
    }

    /// How full a table is.
    pub fn table_usage(&self, table: &str) -> Option<TableUsage> {
        let index = self.table(table)?;
        let used = self.shared.current.load().tables[index].used as u64;
        Some(TableUsage { used, size: self.shared.program.info.tables[index].size })
    }

    /// The multicast groups, by id.
    pub fn multicast_groups(&self) -> Vec<MulticastGroup> {
        let current = self.shared.current.load();
        let groups = current.replication.groups.iter().filter_map(|(_, group)| group.as_ref());
        groups.map(|group| group.written.clone()).collect()
    }

    /// One cell of a counter; `None` if there is no such cell.
    pub fn counter(&self, name: &str, index: u64) -> Option<CounterData> {
        let info = self.info();
        let at = info.counters.iter().position(|counter| &*counter.name == name)?;
        if index >= info.counters[at].size {
            return None;
        }
        let cell = first_counter_cell(info, at) + index as u32;
        Some(self.shared.master().count(&self.shared.current.load().cells, cell))
    }

    /// What the entries of a table and its default action counted; `None` if it has no direct counter.
    pub fn direct_counters(&self, table: &str) -> Option<DirectCounters> {
        let index = self.table(table)?;
        self.info().tables[index].direct_counter?;
        let snapshot = self.snapshot();
        let entries = snapshot.config.tables[index].entries.iter().flatten();
        Some(DirectCounters {
            entries: entries.map(|entry| (entry.entry.clone(), snapshot.count(entry.cell))).collect(),
            default: snapshot.count(snapshot.defaults[index].1),
        })
    }

    /// One cell of a register; `None` if there is no such cell.
    pub fn register(&self, name: &str, index: u64) -> Option<Bits> {
        let registers = &self.shared.program.registers;
        let at = registers.iter().position(|register| &*register.name == name)?;
        (index < registers[at].size).then(|| self.shared.registers[at].value(index))
    }
}

/// Indexes of the things of a name, or of all.
fn chosen<'n>(
    what: &'static str,
    name: Option<&Arc<str>>,
    names: impl Iterator<Item = &'n Arc<str>>,
) -> Result<Vec<usize>> {
    let wanted = |(_, known): &(usize, &Arc<str>)| name.is_none_or(|name| name == *known);
    let found: Vec<usize> = names.enumerate().filter(wanted).map(|(index, _)| index).collect();
    match name {
        Some(name) if found.is_empty() => Err(WriteError::Unknown { what, name: name.to_string() }),
        _ => Ok(found),
    }
}

/// The cells that are meant.
fn cells(index: Option<u64>, size: u64, what: impl FnOnce() -> String) -> Result<std::ops::Range<u64>> {
    match index {
        None => Ok(0..size),
        Some(index) if index < size => Ok(index..index + 1),
        Some(index) => Err(WriteError::Index { what: what(), index, size }),
    }
}

impl Snapshot<'_> {
    fn info(&self) -> &PipelineInfo {
        &self.shared.program.info
    }

    fn count(&self, cell: u32) -> CounterData {
        self.config.cells.read(cell).since(*self.baselines.get(u64::from(cell)))
    }

    fn meter(&self, cell: u32) -> (Option<MeterConfig>, MeterCounters) {
        match self.config.direct_meters.get(u64::from(cell)) {
            Some(meter) => (Some(meter.config), meter.cell.counters()),
            None => (None, MeterCounters::default()),
        }
    }

    fn tables(&self, name: Option<&Arc<str>>) -> Result<Vec<usize>> {
        chosen("table", name, self.info().tables.iter().map(|table| &table.name))
    }

    fn entries(&self, query: &TableQuery, take: Take<'_>) -> Result<()> {
        let tables = self.tables(query.table.as_ref())?;
        if query.table.is_none() {
            let all = TableQuery { details: query.details, ..TableQuery::default() };
            tables.into_iter().for_each(|table| self.table_entries(table, &all, take));
            return Ok(());
        }
        for table in tables {
            let info = &self.info().tables[table];
            if let Some(matches) = &query.matches {
                check_matches("table", &info.name, &info.keys, matches)?;
            }
            self.table_entries(table, query, take);
        }
        Ok(())
    }

    fn table_entries(&self, table: usize, query: &TableQuery, take: Take<'_>) {
        for (slot, entry) in self.config.tables[table].entries.iter().enumerate() {
            if let Some(entry) = entry
                && is_wanted(query, entry)
            {
                take(Entity::Table(self.entry(table, slot as u32, entry, query.details)));
            }
        }
    }

    /// An entry with what is asked for of it.
    fn entry(&self, table: usize, slot: u32, entry: &Entry, details: Details) -> TableEntry {
        let info = &self.info().tables[table];
        let mut told = entry.entry.clone();
        if info.direct_counter.is_some() && details.counter {
            told.attributes.counter = Some(self.count(entry.cell));
        }
        if info.direct_meter.is_some() && (details.meter || details.meter_counters) {
            let (config, counters) = self.meter(entry.cell);
            told.attributes.meter = config.filter(|_| details.meter);
            told.attributes.meter_counters = details.meter_counters.then_some(counters);
        }
        if let Some(hits) = &self.config.tables[table].hits
            && details.time_since_hit
        {
            let last = hits.last(slot);
            let since = if last == 0 { 0 } else { self.now_ns.saturating_sub(last) };
            told.attributes.time_since_hit_ns = Some(since);
        }
        told
    }

    fn default_entries(&self, name: Option<&Arc<str>>, details: Details, take: Take<'_>) -> Result<()> {
        for table in self.tables(name)? {
            let info = &self.info().tables[table];
            let (default, cell) = &self.defaults[table];
            let mut attributes = default.attributes.clone();
            attributes.is_const = info.default_is_const;
            if info.direct_counter.is_some() && details.counter {
                attributes.counter = Some(self.count(*cell));
            }
            if info.direct_meter.is_some() {
                let (config, counters) = self.meter(*cell);
                attributes.meter = config.filter(|_| details.meter);
                attributes.meter_counters = details.meter_counters.then_some(counters);
            }
            let action = Some(default.call.clone());
            take(Entity::Default(DefaultEntry { table: info.name.clone(), action, attributes }));
        }
        Ok(())
    }

    /// Entries of a table by key, with their cells; all but the default action without a key.
    fn keyed(&self, table: usize, key: Option<&EntryKey>) -> Result<Vec<(EntryKey, u32)>> {
        let entries = self.config.tables[table].entries.iter().flatten();
        let key_of = |entry: &Entry| EntryKey::Entry {
            matches: entry.entry.matches.clone(),
            priority: entry.entry.priority,
        };
        match key {
            None => Ok(entries.map(|entry| (key_of(entry), entry.cell)).collect()),
            Some(EntryKey::Default) => Ok(vec![(EntryKey::Default, self.defaults[table].1)]),
            Some(EntryKey::Entry { matches, priority }) => {
                let is = |entry: &&Arc<Entry>| is_keyed(entry, matches, *priority);
                let found = { entries }.find(is).map(|entry| vec![(key_of(entry), entry.cell)]);
                let what = || format!("this entry of table `{}`", self.info().tables[table].name);
                found.ok_or_else(|| WriteError::Missing { what: what() })
            }
        }
    }

    fn direct_counters(&self, name: Option<&Arc<str>>, key: Option<&EntryKey>, take: Take<'_>) -> Result<()> {
        for table in self.tables(name)? {
            let info = &self.info().tables[table];
            if info.direct_counter.is_none() {
                no_resource(name, "direct counter")?;
                continue;
            }
            for (key, cell) in self.keyed(table, key.filter(|_| name.is_some()))? {
                let data = Some(self.count(cell));
                take(Entity::DirectCounter(DirectCounterEntry { table: info.name.clone(), key, data }));
            }
        }
        Ok(())
    }

    fn direct_meters(
        &self,
        name: Option<&Arc<str>>,
        key: Option<&EntryKey>,
        with_counters: bool,
        take: Take<'_>,
    ) -> Result<()> {
        for table in self.tables(name)? {
            let info = &self.info().tables[table];
            if info.direct_meter.is_none() {
                no_resource(name, "direct meter")?;
                continue;
            }
            for (key, cell) in self.keyed(table, key.filter(|_| name.is_some()))? {
                let (config, counters) = self.meter(cell);
                let counters = with_counters.then_some(counters);
                let table = info.name.clone();
                take(Entity::DirectMeter(DirectMeterEntry { table, key, config, counters }));
            }
        }
        Ok(())
    }

    fn meters(
        &self,
        name: Option<&Arc<str>>,
        index: Option<u64>,
        with_counters: bool,
        take: Take<'_>,
    ) -> Result<()> {
        for at in chosen("meter", name, self.info().meters.iter().map(|meter| &meter.name))? {
            let info = &self.info().meters[at];
            for cell in
                cells(index.filter(|_| name.is_some()), info.size, || format!("meter `{}`", info.name))?
            {
                let counters = self.shared.meter_cell(at, cell).filter(|_| with_counters);
                take(Entity::Meter(MeterEntry {
                    meter: info.name.clone(),
                    index: Some(cell),
                    config: *self.config.meters[at].get(cell),
                    counters: counters.map(|cell| cell.counters()),
                }));
            }
        }
        Ok(())
    }

    fn counters(&self, name: Option<&Arc<str>>, index: Option<u64>, take: Take<'_>) -> Result<()> {
        for at in chosen("counter", name, self.info().counters.iter().map(|counter| &counter.name))? {
            let info = &self.info().counters[at];
            let first = first_counter_cell(self.info(), at);
            for cell in
                cells(index.filter(|_| name.is_some()), info.size, || format!("counter `{}`", info.name))?
            {
                let data = Some(self.count(first + cell as u32));
                take(Entity::Counter(CounterEntry { counter: info.name.clone(), index: Some(cell), data }));
            }
        }
        Ok(())
    }

    fn registers(&self, name: Option<&Arc<str>>, index: Option<u64>, take: Take<'_>) -> Result<()> {
        for at in chosen("register", name, self.info().registers.iter().map(|register| &register.name))? {
            let info = &self.info().registers[at];
            for cell in
                cells(index.filter(|_| name.is_some()), info.size, || format!("register `{}`", info.name))?
            {
                let value = self.shared.registers[at].value(cell);
                take(Entity::Register(RegisterEntry {
                    register: info.name.clone(),
                    index: Some(cell),
                    value,
                }));
            }
        }
        Ok(())
    }

    fn value_sets(&self, name: Option<&Arc<str>>, take: Take<'_>) -> Result<()> {
        for at in chosen("value set", name, self.info().value_sets.iter().map(|set| &set.name))? {
            let set = self.info().value_sets[at].name.clone();
            let members = self.config.value_sets[at].members.clone();
            take(Entity::ValueSet(ValueSetEntry { set, members }));
        }
        Ok(())
    }

    fn digests(&self, name: Option<&Arc<str>>, take: Take<'_>) -> Result<()> {
        for at in chosen("digest", name, self.info().digests.iter().map(|digest| &digest.name))? {
            if let Some(config) = self.config.digests[at] {
                let digest = self.info().digests[at].name.clone();
                take(Entity::Digest(DigestEntry { digest, config }));
            }
        }
        Ok(())
    }
}

fn is_wanted(query: &TableQuery, entry: &Entry) -> bool {
    let TableEntry { matches, priority, attributes, .. } = &entry.entry;
    query.matches.as_ref().is_none_or(|wanted| wanted == matches)
        && (query.priority == 0 || query.priority == *priority)
        && query
            .action
            .as_ref()
            .is_none_or(|wanted| entry.entry.call().is_some_and(|call| call.action == *wanted))
        && (query.metadata.is_empty() || query.metadata == attributes.metadata)
        && (query.controller_metadata == 0 || query.controller_metadata == attributes.controller_metadata)
}

fn is_keyed(entry: &Entry, matches: &[Match], priority: u32) -> bool {
    entry.entry.matches == matches && entry.entry.priority == priority
}

/// A mistake where a table is named, and nothing where all are meant.
fn no_resource(table: Option<&Arc<str>>, what: &'static str) -> Result<()> {
    match table {
        Some(table) => Err(WriteError::NoResource { table: table.to_string(), what }),
        None => Ok(()),
    }
}
