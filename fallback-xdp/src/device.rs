//! A program in the kernel and what was written to it.
//!
//! A soft switch that no packet enters checks every write and keeps what was written, so that XDP takes and refuses what every other data
//! path does; what it took goes into the maps.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use sluice_ebpf::{CONFIGURATIONS, COUNTS, DIRECT_METERS, HAS_ENTRIES, IS_IDLE, Layout, METER_WORDS};
use sluice_entities::{
    ActionCall, CounterData, Entity, EntryKey, MeterConfig, Query, TableAction, TableEntry, Update,
    UpdateKind,
};
use sluice_ir::Module;
use sluice_switch::{Engine, Switch, SwitchOptions};

use crate::counted::sum;
use crate::encode;
use crate::error::{Result, XdpError};
use crate::kernel::{Inner, Kernel};
use crate::lean::{Lean, programs};
use crate::live::Live;
use crate::records::Records;
use crate::table::{Entries, data, put_list};

/// The largest burst of a meter, packets or bytes: its bucket counts billionths in 64 bits. A larger one is as good as none.
const MOST_BURST: u64 = 18_000_000_000;

/// What of an object is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The programs that are attached to devices.
    Live,
    /// Those that are run by `BPF_PROG_TEST_RUN`.
    Test,
}

/// A program in the kernel.
pub struct Device {
    pub(crate) kernel: Kernel,
    pub(crate) shadow: Switch,
    pub(crate) layout: Layout,
    pub(crate) tables: Vec<Entries>,
    /// How often each was written to.
    pub(crate) writes: Vec<u64>,
    pub(crate) records: BTreeMap<usize, Records>,
    /// Cells that no entry has.
    free_cells: Vec<u32>,
    pub(crate) configuration: Vec<u64>,
    pub(crate) is_changed: bool,
    /// The maps in use, so that they stay.
    current: Option<Inner>,
    sets: Vec<Option<Inner>>,
    pub(crate) purpose: Purpose,
    pub(crate) live: Live,
    /// The program and all that was written to it, as one number: of two loaded programs with the same one, the cells of counters mean the same.
    pub(crate) journal: u64,
    /// The whole program.
    pub(crate) module: Module,
    /// What is left of it while some of its tables are empty, and the same with contents of tables as constants.
    pub(crate) leans: Vec<Lean>,
    /// Which program runs: the whole one, or a lean one, counted from 1.
    pub(crate) running: usize,
}

/// A program's object, and how its maps are laid out.
pub(crate) struct Compiled {
    object: Arc<[u8]>,
    layout: Layout,
    sends_as_is: bool,
    /// Its C, as one number.
    pub(crate) hash: u64,
}

impl Compiled {
    pub(crate) fn new(module: &Module, name: &str) -> Result<Self> {
        let program = sluice_ebpf::compile(module, name).map_err(XdpError::Unsupported)?;
        let text = program.whole();
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let object = crate::clang::compile(&text)?;
        Ok(Self { object, layout: program.layout, sends_as_is: program.sends_as_is, hash: hasher.finish() })
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("shadow", &self.shadow).finish_non_exhaustive()
    }
}

impl Device {
    /// Compiles a verified module, loads it, and writes its own entries.
    ///
    /// # Errors
    /// What XDP has not, what clang or the kernel refuses, or what exceeds a bound.
    pub fn new(module: &Module, name: &str, purpose: Purpose) -> Result<Self> {
        Self::load(module, &Compiled::new(module, name)?, purpose, &BTreeMap::new())
    }

    /// Loads a compiled module; maps that are pinned at a path are those, not new ones.
    pub(crate) fn load(
        module: &Module,
        compiled: &Compiled,
        purpose: Purpose,
        pinned: &BTreeMap<String, PathBuf>,
    ) -> Result<Self> {
        let shadow =
            Switch::new(module, SwitchOptions { engine: Engine::Interpreter, ..SwitchOptions::default() })?;
        let kernel = Kernel::load(&compiled.object, &programs(purpose), compiled.sends_as_is, pinned)?;
        let layout = compiled.layout.clone();
        let mut device = Self {
            tables: layout.tables.iter().map(|_| Entries::default()).collect(),
            writes: vec![0; layout.tables.len()],
            records: layout
                .records
                .iter()
                .map(|(words, count)| (*words, Records::new(*words, *count)))
                .collect(),
            free_cells: (layout.first_entry_cell..layout.cells).rev().collect(),
            configuration: vec![0; layout.configuration_words],
            is_changed: true,
            current: None,
            sets: layout.value_sets.iter().map(|_| None).collect(),
            kernel,
            shadow,
            layout,
            purpose,
            live: Live::default(),
            journal: compiled.hash,
            module: module.clone(),
            leans: Vec::new(),
            running: 0,
        };
        for index in 0..device.tables.len() {
            let name = device.shadow.info().tables[index].name.clone();
            for entry in device.shadow.entries(&name).unwrap_or_default() {
                device.put_entry(index, &entry)?;
            }
            device.put_default(index)?;
        }
        device.publish()?;
        Ok(device)
    }

    fn table(&self, name: &str) -> Result<usize> {
        let found = self.shadow.info().tables.iter().position(|table| &*table.name == name);
        found.ok_or_else(|| XdpError::Missing(format!("table {name}")))
    }

    pub(crate) fn sync(&mut self, update: &Update) -> Result<()> {
        match &update.entity {
            Entity::Table(entry) => {
                let table = self.table(&entry.table)?;
                match update.kind {
                    UpdateKind::Delete => self.remove_entry(table, entry),
                    UpdateKind::Insert | UpdateKind::Modify if entry.action.is_some() => {
                        self.put_entry(table, entry)
                    }
                    UpdateKind::Insert | UpdateKind::Modify => Ok(()),
                }
            }
            Entity::Default(entry) => {
                let table = self.table(&entry.table)?;
                self.put_default(table)
            }
            Entity::Member(member) => self.member_changed(&member.profile, member.id),
            Entity::Multicast(group) => match (self.purpose, update.kind) {
                // The test's replication is done outside of the kernel.
                (Purpose::Test, _) => Ok(()),
                (Purpose::Live, UpdateKind::Delete) => self.remove_group(group.id),
                (Purpose::Live, UpdateKind::Insert | UpdateKind::Modify) => self.put_group(group),
            },
            Entity::Group(_) | Entity::Clone(_) | Entity::Digest(_) => Ok(()),
            Entity::ValueSet(set) => {
                let found = self.shadow.info().value_sets.iter().position(|known| known.name == set.set);
                let Some(index) = found else { return Ok(()) };
                let list = &self.layout.value_sets[index];
                let members: Vec<_> = set.members.iter().map(|member| encode::member(list, member)).collect();
                self.sets[index] = Some(put_list(&self.kernel, list, members.into_iter())?);
                Ok(())
            }
            Entity::Register(entry) => self.put_register(&entry.register, entry.index, &entry.value),
            Entity::Meter(entry) => {
                let found = self.shadow.info().meters.iter().position(|known| known.name == entry.meter);
                let Some(index) = found else { return Ok(()) };
                let size = self.shadow.info().meters[index].size;
                let cells = entry.index.map_or(0..size, |cell| cell..cell + 1);
                let map = self.layout.meters[index].clone();
                cells.into_iter().try_for_each(|cell| self.put_meter(&map, cell as u32, entry.config))
            }
            Entity::DirectMeter(entry) => {
                let cell = self.cell(&entry.table, &entry.key)?;
                self.put_meter(DIRECT_METERS, cell, entry.config)
            }
            Entity::Counter(entry) => {
                let Some(data) = entry.data else { return Ok(()) };
                let found = self.shadow.info().counters.iter().position(|known| known.name == entry.counter);
                let Some(index) = found else { return Ok(()) };
                let size = self.shadow.info().counters[index].size;
                let cells = entry.index.map_or(0..size, |cell| cell..cell + 1);
                let first = self.layout.counters[index];
                cells.into_iter().try_for_each(|cell| self.set_count(first + cell as u32, data))
            }
            Entity::DirectCounter(entry) => {
                let Some(data) = entry.data else { return Ok(()) };
                let cell = self.cell(&entry.table, &entry.key)?;
                self.set_count(cell, data)
            }
        }
    }

    /// The action of an entry; none where its group decides.
    fn action_of(&self, entry: &TableEntry) -> Result<ActionCall> {
        match &entry.action {
            Some(TableAction::Call(call)) => Ok(call.clone()),
            Some(TableAction::Member(id)) => {
                let info = self.shadow.info().table(&entry.table);
                let profile = info.and_then(|table| table.action_profile.clone());
                let found = self.shadow.read(&Query::Member { profile, id: Some(*id) }).unwrap_or_default();
                match found.first() {
                    Some(Entity::Member(member)) => Ok(member.action.clone()),
                    _ => Err(XdpError::Missing(format!("member {id}"))),
                }
            }
            Some(TableAction::Group(_) | TableAction::Set(_)) | None => {
                Err(XdpError::Cannot("groups of action selectors"))
            }
        }
    }

    fn action_index(&self, table: usize, action: &str) -> Result<u32> {
        let actions = &self.shadow.info().tables[table].actions;
        let found = actions.iter().position(|listed| &*listed.name == action);
        found.map(|index| index as u32).ok_or_else(|| XdpError::Missing(format!("action {action}")))
    }

    fn put_entry(&mut self, table: usize, entry: &TableEntry) -> Result<()> {
        self.writes[table] += 1;
        let call = self.action_of(entry)?;
        let action = self.action_index(table, &call.action)?;
        let layout = &self.layout.tables[table];
        let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
        let before = self.tables[table].get(&key).cloned();
        let target = match layout.record_words {
            None => action,
            Some(words) => {
                let content = std::iter::once(u64::from(action)).chain(data(&call)).collect();
                self.record(words, content)?
            }
        };
        let layout = &self.layout.tables[table];
        let cell = match before {
            Some(before) => before.cell,
            None if layout.is_counted || layout.is_metered => self.take_cell(table)?,
            None => 0,
        };
        let layout = &self.layout.tables[table];
        let replaced = self.tables[table].put(&self.kernel, layout, key, target, cell)?;
        if let (Some(replaced), Some(words)) = (replaced, layout.record_words)
            && let Some(records) = self.records.get_mut(&words)
        {
            records.leave(replaced.target);
        }
        if self.layout.tables[table].is_metered {
            self.put_meter(DIRECT_METERS, cell, entry.attributes.meter)?;
        }
        if let Some(count) = entry.attributes.counter.filter(|_| self.layout.tables[table].is_counted) {
            self.set_count(cell, count)?;
        }
        self.note_entries(table);
        Ok(())
    }

    fn remove_entry(&mut self, table: usize, entry: &TableEntry) -> Result<()> {
        self.writes[table] += 1;
        let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
        let layout = &self.layout.tables[table];
        let Some(removed) = self.tables[table].remove(&self.kernel, layout, &key)? else { return Ok(()) };
        if let Some(words) = layout.record_words
            && let Some(records) = self.records.get_mut(&words)
        {
            records.leave(removed.target);
        }
        if removed.cell != 0 {
            self.set_count(removed.cell, CounterData::default())?;
            self.free_cells.push(removed.cell);
        }
        self.note_entries(table);
        Ok(())
    }

    fn record(&mut self, words: usize, content: Vec<u64>) -> Result<u32> {
        if self.records.get(&words).is_some_and(Records::wants_grace) {
            self.is_changed = true;
            self.publish()?;
        }
        let records =
            self.records.get_mut(&words).ok_or_else(|| XdpError::Missing("map of records".to_string()))?;
        records.take(&self.kernel, content)
    }

    fn take_cell(&mut self, table: usize) -> Result<u32> {
        let layout = &self.layout.tables[table];
        let full = || XdpError::Full { table: layout.name.clone(), capacity: layout.capacity };
        self.free_cells.pop().ok_or_else(full)
    }

    /// What a table is to do now, for the configuration.
    fn note_entries(&mut self, table: usize) {
        let layout = &self.layout.tables[table];
        let at = layout.configuration_at;
        let default = usize::try_from(self.configuration[at + 1]).unwrap_or(usize::MAX);
        let todo = if !self.tables[table].is_empty() {
            HAS_ENTRIES
        } else if layout.idle_actions.get(default) == Some(&true) {
            IS_IDLE
        } else {
            0
        };
        if self.configuration[at] != todo {
            self.configuration[at] = todo;
            self.is_changed = true;
        }
    }

    fn put_default(&mut self, table: usize) -> Result<()> {
        self.writes[table] += 1;
        let name = self.shadow.info().tables[table].name.clone();
        let Some(call) = self.shadow.default_action(&name) else { return Ok(()) };
        let action = self.action_index(table, &call.action)?;
        let layout = &self.layout.tables[table];
        let mut words = vec![u64::from(action), table as u64];
        words.extend(data(&call));
        words.resize(2 + layout.data_words, 0);
        let at = layout.configuration_at + 1;
        if self.configuration[at..at + words.len()] != words[..] {
            self.configuration[at..at + words.len()].copy_from_slice(&words);
            self.is_changed = true;
        }
        self.note_entries(table);
        Ok(())
    }

    fn member_changed(&mut self, profile: &Arc<str>, id: u32) -> Result<()> {
        let tables: Vec<(usize, Arc<str>)> = self
            .shadow
            .info()
            .tables
            .iter()
            .enumerate()
            .filter(|(_, table)| table.action_profile.as_ref() == Some(profile))
            .map(|(index, table)| (index, table.name.clone()))
            .collect();
        for (index, name) in tables {
            let entries = self.shadow.entries(&name).unwrap_or_default();
            for entry in entries.iter().filter(|entry| entry.action == Some(TableAction::Member(id))) {
                self.put_entry(index, entry)?;
            }
        }
        Ok(())
    }

    /// Makes a new configuration the one in force, if there is one. When this returns, no packet uses the one before.
    pub(crate) fn publish(&mut self) -> Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        let map = self.kernel.create_single("configuration", self.configuration.len() * 8)?;
        self.kernel.update_inner(&map, &0u32.to_ne_bytes(), &encode::bytes(&self.configuration))?;
        self.kernel.place(CONFIGURATIONS, 0, &map)?;
        self.current = Some(map);
        self.is_changed = false;
        self.records.values_mut().for_each(Records::passed);
        Ok(())
    }

    /// Waits until no packet is under way that found what was there before the call.
    pub(crate) fn drain(&mut self) -> Result<()> {
        self.is_changed = true;
        self.publish()
    }

    /// Maps with what packets left behind, of which only those of ports say anything without what was written.
    pub(crate) fn state_maps(&self) -> Vec<String> {
        let mut names = vec![COUNTS.to_string(), "lost".to_string(), "port_cells".to_string()];
        if self.layout.tables.iter().any(|table| table.is_metered) {
            names.push(DIRECT_METERS.to_string());
        }
        names.extend(self.layout.registers.iter().chain(&self.layout.meters).cloned());
        names
    }

    fn put_register(&self, name: &str, index: Option<u64>, value: &sluice_entities::Bits) -> Result<()> {
        let found = self.shadow.info().registers.iter().position(|known| &*known.name == name);
        let Some(at) = found else { return Ok(()) };
        let info = &self.shadow.info().registers[at];
        let bytes = encode::bytes(&encode::words(value, info.width));
        let cells = index.map_or(0..info.size, |cell| cell..cell + 1);
        for cell in cells {
            self.kernel.update(&self.layout.registers[at], &(cell as u32).to_ne_bytes(), &bytes)?;
        }
        Ok(())
    }

    /// Writes a meter's rates; its buckets begin full.
    fn put_meter(&self, map: &str, cell: u32, config: Option<MeterConfig>) -> Result<()> {
        let mut words = vec![0u64; METER_WORDS];
        if let Some(MeterConfig { cir, cburst, pir, pburst }) = config {
            // Two halves of one word: the lock, which the kernel leaves as it is, and whether there are rates.
            words[0] = if cfg!(target_endian = "little") { 1 << 32 } else { 1 };
            let [cburst, pburst] = [cburst, pburst].map(|burst| burst.min(MOST_BURST));
            words[1..5].copy_from_slice(&[cir, cburst, pir, pburst]);
        }
        self.kernel.update(map, &cell.to_ne_bytes(), &encode::bytes(&words))
    }

    pub(crate) fn cell(&self, table: &str, key: &EntryKey) -> Result<u32> {
        let index = self.table(table)?;
        match key {
            EntryKey::Default => Ok(index as u32),
            entry @ EntryKey::Entry { .. } => {
                let placed = self.tables[index].get(entry);
                placed.map(|placed| placed.cell).ok_or_else(|| XdpError::Missing("entry".to_string()))
            }
        }
    }

    fn set_count(&self, cell: u32, data: CounterData) -> Result<()> {
        let key = cell.to_ne_bytes();
        let mut values = self.kernel.lookup_all(COUNTS, &key)?;
        for (index, value) in values.iter_mut().enumerate() {
            let words = if index == 0 { [data.packets, data.bytes] } else { [0, 0] };
            *value = encode::bytes(&words);
        }
        self.kernel.update_all(COUNTS, &key, &values)
    }

    pub(crate) fn count(&self, cell: u32) -> Result<CounterData> {
        self.kernel.lookup_all(COUNTS, &cell.to_ne_bytes()).map(|values| sum(&values))
    }

    /// What a cell of an indirect counter counted; none if there is no such cell.
    ///
    /// # Errors
    /// The kernel refuses the look-up.
    pub fn counter(&self, name: &str, index: u64) -> Result<Option<CounterData>> {
        let found = self.shadow.info().counters.iter().position(|known| &*known.name == name);
        let Some(at) = found else { return Ok(None) };
        if index >= self.shadow.info().counters[at].size {
            return Ok(None);
        }
        self.count(self.layout.counters[at] + index as u32).map(Some)
    }

    /// What an entry of a table counted; none if there is no such entry, or its table does not count.
    ///
    /// # Errors
    /// The kernel refuses the look-up.
    pub fn direct_counter(&self, table: &str, key: &EntryKey) -> Result<Option<CounterData>> {
        let index = self.table(table)?;
        if !self.layout.tables[index].is_counted {
            return Ok(None);
        }
        self.cell(table, key).map_or(Ok(None), |cell| self.count(cell).map(Some))
    }
}
