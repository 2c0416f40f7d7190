//! What stands in one table's block, and what has to be written to make it what it is to be.

use std::collections::{BTreeMap, HashMap};

use sluice_entities::{ActionCall, Bits, EntryKey, Match, TableEntry};
use sluice_rtl::{Shape, TableLayout, row};

use crate::error::{Result, SimError};
use crate::exact::Exact;
use crate::interval::{Ranged, flatten};
use crate::rows::{Row, exact_key, masked_keys, range, value};

/// One table's block.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) layout: TableLayout,
    /// Numbers of entries.
    ids: HashMap<EntryKey, u32>,
    default: Option<Bits>,
    /// What was written: kind, row and bank, where it is not zero.
    written: BTreeMap<(u32, u32, bool), Bits>,
    exact: Exact,
    /// The bank in use.
    bank: bool,
}

/// An entry with its number and its value.
struct Placed<'e> {
    entry: &'e TableEntry,
    id: u32,
    value: Bits,
}

impl Table {
    pub(crate) fn new(layout: &TableLayout) -> Self {
        Self {
            layout: layout.clone(),
            ids: HashMap::new(),
            default: None,
            written: BTreeMap::new(),
            exact: Exact::default(),
            bank: false,
        }
    }

    fn full(&self) -> SimError {
        SimError::Refused(format!(
            "table `{}` has no room: the hardware has {} rows",
            self.layout.name,
            self.layout.rows()
        ))
    }

    /// The number by which an entry is counted.
    pub(crate) fn id(&self, entry: &TableEntry) -> Option<u32> {
        self.ids.get(&key_of(entry)).copied()
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

    /// The rows that have to be written, in order, and the numbers of entries that are new.
    pub(crate) fn set(
        &mut self,
        entries: &[TableEntry],
        call: &dyn Fn(&TableEntry) -> Option<ActionCall>,
    ) -> Result<(Vec<Row>, Vec<u32>)> {
        let new = self.number(entries)?;
        let mut placed = Vec::new();
        for entry in entries {
            let Some(call) = call(entry) else { continue };
            let id = self.id(entry).unwrap_or(0);
            placed.push(Placed { entry, id, value: value(&self.layout, &call)? });
        }
        let rows = match self.layout.shape {
            Shape::Default => Vec::new(),
            Shape::Direct => self.direct(&placed),
            Shape::Exact => self.hashed(&placed)?,
            Shape::Ternary => self.ternary(placed)?,
            Shape::Interval => self.intervals(&placed)?,
        };
        Ok((rows, new))
    }

    /// Gives new entries numbers, and takes back those of entries that are gone.
    fn number(&mut self, entries: &[TableEntry]) -> Result<Vec<u32>> {
        let wanted: HashMap<EntryKey, &TableEntry> =
            entries.iter().map(|entry| (key_of(entry), entry)).collect();
        self.ids.retain(|key, _| wanted.contains_key(key));
        let mut taken: Vec<bool> = vec![false; self.layout.rows() as usize];
        self.ids.values().for_each(|id| taken[*id as usize] = true);
        let mut new = Vec::new();
        for entry in entries {
            let key = key_of(entry);
            if self.ids.contains_key(&key) {
                continue;
            }
            let id = if self.layout.shape == Shape::Direct {
                exact_key(&self.layout, &entry.matches).and_then(|key| key.to_u64()).map(|key| key as usize)
            } else {
                taken.iter().position(|taken| !taken)
            };
            let Some(id) = id.filter(|id| *id < taken.len()) else { return Err(self.full()) };
            taken[id] = true;
            self.ids.insert(key, id as u32);
            new.push(id as u32);
        }
        Ok(new)
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

    fn direct(&mut self, placed: &[Placed<'_>]) -> Vec<Row> {
        let valid = Bits::new(1, 1);
        let wanted = placed.iter().map(|entry| (entry.id, valid.concat(&entry.value))).collect();
        self.change(row::ENTRY, false, &wanted)
    }

    fn hashed(&mut self, placed: &[Placed<'_>]) -> Result<Vec<Row>> {
        let keyed: Vec<(Bits, &Placed<'_>)> = placed
            .iter()
            .filter_map(|entry| Some((exact_key(&self.layout, &entry.entry.matches)?, entry)))
            .collect();
        let contents: HashMap<&Bits, Bits> = keyed
            .iter()
            .map(|(key, entry)| {
                let id = Bits::new(16, entry.id.into());
                (key, Bits::new(1, 1).concat(key).concat(&id).concat(&entry.value))
            })
            .collect();
        let gone: Vec<Bits> = self.exact.keys().filter(|key| !contents.contains_key(key)).cloned().collect();
        for key in gone {
            self.exact.remove(&key);
        }
        let mut order = Vec::new();
        for (key, _) in &keyed {
            if self.exact.place(key).is_none() {
                order.extend(self.exact.insert(&self.layout, key).ok_or_else(|| self.full())?);
            }
        }
        let wanted: BTreeMap<u32, Bits> =
            contents.iter().filter_map(|(key, bits)| Some((self.exact.place(key)?, bits.clone()))).collect();
        let mut rows = self.change(row::ENTRY, false, &wanted);
        // What was moved away is written before what takes its place.
        rows.sort_by_key(|row| order.iter().position(|at| *at == row.row).unwrap_or(usize::MAX));
        Ok(rows)
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

fn key_of(entry: &TableEntry) -> EntryKey {
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
