//! What stands in one table's block, and what has to be written to make it what it is to be.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sluice_entities::{ActionCall, Bits, EntryKey, Match, TableAction, TableEntry};
use sluice_rtl::{Shape, TableLayout, row};

use crate::error::{FpgaError, Result};
use crate::exact::Exact;
use crate::interval::{Ranged, flatten};
use crate::rows::{Row, exact_key, masked_keys, range, value};

/// One table's block.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) layout: TableLayout,
    /// Numbers of entries, and those that none has.
    ids: HashMap<EntryKey, u32>,
    free: BTreeSet<u32>,
    default: Option<Bits>,
    /// What was written: kind, row and bank, where it is not zero.
    written: BTreeMap<(u32, u32, bool), Bits>,
    exact: Exact,
    /// The rows of an exact table's entries, by key.
    contents: HashMap<Bits, Bits>,
    /// The bank in use.
    bank: bool,
}

/// An entry with its number and its value.
struct Placed<'e> {
    entry: &'e TableEntry,
    id: u32,
    value: Bits,
}

/// What has to be written, in order, and the numbers of entries that are new.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) rows: Vec<Row>,
    pub(crate) new: Vec<u32>,
}

impl Table {
    pub(crate) fn new(layout: &TableLayout) -> Self {
        Self {
            layout: layout.clone(),
            ids: HashMap::new(),
            free: (0..layout.rows()).collect(),
            default: None,
            written: BTreeMap::new(),
            exact: Exact::default(),
            contents: HashMap::new(),
            bank: false,
        }
    }

    fn full(&self) -> FpgaError {
        let of = if self.layout.shape == Shape::Interval { "intervals" } else { "rows" };
        FpgaError::Full { what: format!("table `{}`", self.layout.name), rows: self.layout.rows(), of }
    }

    /// Whether an entry is written by itself, and not with all others.
    pub(crate) fn is_single(&self) -> bool {
        match self.layout.shape {
            Shape::Direct | Shape::Exact => true,
            Shape::Default | Shape::Ternary | Shape::Interval => false,
        }
    }

    /// The number by which an entry, or a miss, is counted.
    pub(crate) fn id(&self, key: &EntryKey) -> Option<u32> {
        match key {
            EntryKey::Default => Some(self.layout.rows()),
            EntryKey::Entry { .. } => self.ids.get(key).copied(),
        }
    }

    /// The row that says what a miss does, if it is another one.
    pub(crate) fn set_default(&mut self, call: &ActionCall) -> Result<Option<Row>> {
        let bits = value(&self.layout, call)?;
        if self.default.as_ref() == Some(&bits) {
            return Ok(None);
        }
        self.default = Some(bits.clone());
        Ok(Some(Row { block: self.layout.block, kind: row::DEFAULT, row: 0, bits }))
    }

    /// One entry of an exact or direct table comes or is changed.
    pub(crate) fn put(&mut self, entry: &TableEntry) -> Result<Change> {
        let value = value(&self.layout, call_of(entry)?)?;
        let key = exact_key(&self.layout, &entry.matches);
        let key = key.ok_or_else(|| FpgaError::Cannot("an exact key without a value".to_string()))?;
        let name = key_of(entry);
        let known = self.ids.get(&name).copied();
        if self.layout.shape == Shape::Direct {
            let id = key.to_u64().and_then(|id| u32::try_from(id).ok());
            let id = id.filter(|id| *id < self.layout.rows()).ok_or_else(|| self.full())?;
            self.ids.insert(name, id);
            let rows = vec![self.write(id, Bits::new(1, 1).concat(&value))];
            return Ok(Change { rows, new: if known.is_none() { vec![id] } else { Vec::new() } });
        }
        let id = known.or_else(|| self.free.first().copied()).ok_or_else(|| self.full())?;
        let order = match self.exact.place(&key) {
            Some(row) => vec![row],
            None => self.exact.insert(&self.layout, &key).ok_or_else(|| self.full())?,
        };
        self.free.remove(&id);
        self.ids.insert(name, id);
        let bits = Bits::new(1, 1).concat(&key).concat(&Bits::new(16, id.into())).concat(&value);
        self.contents.insert(key, bits);
        // What was moved away is written before what takes its place.
        let mut rows = Vec::new();
        for at in order {
            let bits = self.exact.key(at).and_then(|key| self.contents.get(key)).cloned();
            rows.extend(bits.map(|bits| self.write(at, bits)));
        }
        Ok(Change { rows, new: if known.is_none() { vec![id] } else { Vec::new() } })
    }

    /// One entry of an exact or direct table goes.
    pub(crate) fn take(&mut self, key: &EntryKey) -> Vec<Row> {
        let EntryKey::Entry { matches, .. } = key else { return Vec::new() };
        let Some(id) = self.ids.remove(key) else { return Vec::new() };
        let at = if self.layout.shape == Shape::Direct {
            Some(id)
        } else {
            self.free.insert(id);
            exact_key(&self.layout, matches).and_then(|key| {
                self.contents.remove(&key);
                self.exact.remove(&key)
            })
        };
        let gone = at.and_then(|at| Some((at, self.written.remove(&(row::ENTRY, at, false))?)));
        let block = self.layout.block;
        let zero =
            |(row, bits): (u32, Bits)| Row { block, kind: row::ENTRY, row, bits: Bits::zero(bits.width()) };
        gone.map(zero).into_iter().collect()
    }

    fn write(&mut self, row: u32, bits: Bits) -> Row {
        self.written.insert((row::ENTRY, row, false), bits.clone());
        Row { block: self.layout.block, kind: row::ENTRY, row, bits }
    }

    /// All entries of a ternary or interval table. If there is no room, everything is as it was.
    pub(crate) fn set(&mut self, entries: &[TableEntry]) -> Result<Change> {
        let (ids, free) = (self.ids.clone(), self.free.clone());
        let done = self.plan(entries);
        if done.is_err() {
            (self.ids, self.free) = (ids, free);
        }
        done
    }

    fn plan(&mut self, entries: &[TableEntry]) -> Result<Change> {
        let new = self.number(entries)?;
        let mut placed = Vec::new();
        for entry in entries {
            let id = self.id(&key_of(entry)).unwrap_or(0);
            placed.push(Placed { entry, id, value: value(&self.layout, call_of(entry)?)? });
        }
        let rows = match self.layout.shape {
            Shape::Default | Shape::Direct | Shape::Exact => Vec::new(),
            Shape::Ternary => self.ternary(placed)?,
            Shape::Interval => self.intervals(&placed)?,
        };
        Ok(Change { rows, new })
    }

    /// Gives new entries numbers, and takes back those of entries that are gone.
    fn number(&mut self, entries: &[TableEntry]) -> Result<Vec<u32>> {
        let wanted: HashSet<EntryKey> = entries.iter().map(key_of).collect();
        let free = &mut self.free;
        self.ids.retain(|key, id| {
            let stays = wanted.contains(key);
            if !stays {
                free.insert(*id);
            }
            stays
        });
        let mut new = Vec::new();
        for entry in entries {
            let key = key_of(entry);
            if self.ids.contains_key(&key) {
                continue;
            }
            let id = self.free.pop_first().ok_or_else(|| self.full())?;
            self.ids.insert(key, id);
            new.push(id);
        }
        Ok(new)
    }

    /// Rows that make a block of which nothing is known one without entries, and what a miss does the first action.
    pub(crate) fn cleared(&self) -> Vec<Row> {
        let layout = &self.layout;
        let row = |kind, row| Row { block: layout.block, kind, row, bits: Bits::zero(1) };
        let entries = |count| (0..count).map(move |at| row(row::ENTRY, at));
        match layout.shape {
            Shape::Default => Vec::new(),
            Shape::Direct | Shape::Exact | Shape::Ternary => entries(layout.rows()).collect(),
            Shape::Interval => {
                let bank = || {
                    let nodes = (1..layout.depth).map(|at| row(row::NODE, at));
                    nodes.chain(entries(layout.depth)).chain([row(row::FLIP, 0)])
                };
                bank().chain(bank()).collect()
            }
        }
    }

    /// What has to be written so that these rows of a kind, and no others, are not zero; in ascending order of rows.
    fn change(&mut self, kind: u32, bank: bool, wanted: &BTreeMap<u32, Bits>) -> Vec<Row> {
        let mut rows = Vec::new();
        let known = self.written.keys().filter(|(of, _, in_bank)| *of == kind && *in_bank == bank);
        let gone: Vec<u32> = known.map(|(_, row, _)| *row).filter(|row| !wanted.contains_key(row)).collect();
        for row in gone {
            if let Some(bits) = self.written.remove(&(kind, row, bank)) {
                let bits = Bits::zero(bits.width());
                rows.push(Row { block: self.layout.block, kind, row, bits });
            }
        }
        for (row, bits) in wanted {
            if self.written.get(&(kind, *row, bank)) != Some(bits) {
                self.written.insert((kind, *row, bank), bits.clone());
                rows.push(Row { block: self.layout.block, kind, row: *row, bits: bits.clone() });
            }
        }
        rows.sort_by_key(|row| row.row);
        rows
    }

    fn ternary(&mut self, mut placed: Vec<Placed<'_>>) -> Result<Vec<Row>> {
        placed.sort_by_key(|entry| std::cmp::Reverse(rank(&entry.entry.matches, entry.entry.priority)));
        let mut wanted: BTreeMap<u32, Bits> = BTreeMap::new();
        for entry in &placed {
            for (key, mask) in masked_keys(&self.layout, &entry.entry.matches) {
                let id = Bits::new(16, entry.id.into());
                let bits = Bits::new(1, 1).concat(&mask).concat(&key).concat(&id).concat(&entry.value);
                wanted.insert(wanted.len() as u32, bits);
            }
        }
        if wanted.len() > self.layout.depth as usize {
            return Err(self.full());
        }
        let before = self.written.len();
        let mut rows = self.change(row::ENTRY, false, &wanted);
        // Rows move down from the last one on, and up from the first one on: an entry stands in one place at least.
        if wanted.len() >= before {
            rows.reverse();
        }
        Ok(rows)
    }

    fn intervals(&mut self, placed: &[Placed<'_>]) -> Result<Vec<Row>> {
        let ranges: Vec<Ranged> = placed
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let (low, high) = range(&self.layout, &entry.entry.matches)?;
                let rank = rank(&entry.entry.matches, entry.entry.priority);
                Some(Ranged { low, high, rank, entry: index })
            })
            .collect();
        let flat = flatten(self.layout.key_width, &ranges);
        if flat.len() > self.layout.depth as usize {
            return Err(self.full());
        }
        let (mut nodes, mut entries) = (BTreeMap::new(), BTreeMap::new());
        for (index, (start, winner)) in flat.iter().enumerate() {
            if index > 0 {
                nodes.insert(index as u32, Bits::new(1, 1).concat(start));
            }
            if let Some(winner) = winner {
                let entry = &placed[*winner];
                let id = Bits::new(16, entry.id.into());
                entries.insert(index as u32, Bits::new(1, 1).concat(&id).concat(&entry.value));
            }
        }
        self.bank = !self.bank;
        let mut rows = self.change(row::NODE, self.bank, &nodes);
        rows.extend(self.change(row::ENTRY, self.bank, &entries));
        rows.push(Row { block: self.layout.block, kind: row::FLIP, row: 0, bits: Bits::zero(1) });
        Ok(rows)
    }
}

/// What an entry does.
fn call_of(entry: &TableEntry) -> Result<&ActionCall> {
    match &entry.action {
        Some(TableAction::Call(call)) => Ok(call),
        _ => Err(FpgaError::Cannot("entries with members of an action profile".to_string())),
    }
}

pub(crate) fn key_of(entry: &TableEntry) -> EntryKey {
    EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority }
}

/// Which of two entries that match wins: the one of higher priority, or that of the longer prefix.
fn rank(matches: &[Match], priority: u32) -> u64 {
    let lengths = matches.iter().map(|part| match part {
        Match::Lpm { length, .. } => u64::from(*length),
        _ => 0,
    });
    (u64::from(priority) << 32) + lengths.max().unwrap_or(0)
}
