//! One table's entries in the kernel.

use std::collections::HashMap;

use sluice_ebpf::{EntriesLayout, Intervals, ListLayout, MAX_LIST, Shape, TableLayout, list_bytes};
use sluice_entities::{ActionCall, EntryKey, Match};

use crate::encode;
use crate::error::{Result, XdpError};
use crate::kernel::{Inner, Kernel};
use crate::mapped::Words;

const OTHER_KEY: XdpError = XdpError::Cannot("an entry whose key is not its table's");

/// What the program takes for no entry.
const NO_REFERENCE: u64 = u64::MAX;

/// What an entry is in the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// Index of the record, or of the action where there are none.
    pub(crate) target: u32,
    /// Its cell; 0 where it has none.
    pub(crate) cell: u32,
    /// Its place among entries of one priority.
    order: u64,
}

impl Placed {
    fn reference(&self) -> u64 {
        u64::from(self.cell) << 32 | u64::from(self.target)
    }
}

/// The entries of a table.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    placed: HashMap<EntryKey, Placed>,
    map: Option<Inner>,
    /// Instead of it, where the key is an index.
    words: Option<Words>,
    next_order: u64,
}

impl Entries {
    pub(crate) fn get(&self, key: &EntryKey) -> Option<&Placed> {
        self.placed.get(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    /// Puts an entry in, or in the place of the one with that key; gives what it replaces.
    pub(crate) fn put(
        &mut self,
        kernel: &Kernel,
        layout: &TableLayout,
        key: EntryKey,
        target: u32,
        cell: u32,
    ) -> Result<Option<Placed>> {
        let Some(entries) = &layout.entries else {
            return Err(XdpError::Cannot("entries of a table without keys"));
        };
        let before = self.placed.get(&key).cloned();
        if before.is_none() && self.placed.len() as u64 >= layout.capacity {
            return Err(XdpError::Full { table: layout.name.clone(), capacity: layout.capacity });
        }
        let order = before.as_ref().map_or(self.next_order, |before| before.order);
        self.next_order += 1;
        let placed = Placed { target, cell, order };
        let reference = placed.reference();
        self.placed.insert(key.clone(), placed);
        let done = match entries {
            EntriesLayout::List(list) => self.write_list(kernel, list),
            EntriesLayout::Intervals { slot, width } => self.write_intervals(kernel, layout, *slot, *width),
            EntriesLayout::Direct { widths, .. } => {
                self.write_word(kernel, entries, widths, &key, reference + 1)
            }
            EntriesLayout::Hash { .. } | EntriesLayout::Trie { .. } => {
                self.write_one(kernel, layout, entries, &key, reference)
            }
        };
        if let Err(error) = done {
            match before {
                Some(before) => self.placed.insert(key, before),
                None => self.placed.remove(&key),
            };
            return Err(error);
        }
        Ok(before)
    }

    fn write_one(
        &mut self,
        kernel: &Kernel,
        layout: &TableLayout,
        entries: &EntriesLayout,
        key: &EntryKey,
        reference: u64,
    ) -> Result<()> {
        let bytes = key_bytes(entries, key)?;
        let shape = entries.shape();
        match &self.map {
            Some(map) => kernel.update_inner(map, &bytes, &reference.to_ne_bytes()),
            None => {
                let map = kernel.create(shape, layout.capacity)?;
                kernel.update_inner(&map, &bytes, &reference.to_ne_bytes())?;
                kernel.place(&shape.map(), entries.slot(), &map)?;
                self.map = Some(map);
                Ok(())
            }
        }
    }

    /// What an array has for a key: the reference and one, or 0.
    fn write_word(
        &mut self,
        kernel: &Kernel,
        entries: &EntriesLayout,
        widths: &[u32],
        key: &EntryKey,
        word: u64,
    ) -> Result<()> {
        let index = encode::index(widths, matches(key)).ok_or(OTHER_KEY)?;
        match &self.words {
            Some(words) => words.store(index, word),
            None => {
                let shape = entries.shape();
                let words = Words::new(kernel.create(shape, 1)?, 1 << widths.iter().sum::<u32>())?;
                words.store(index, word);
                kernel.place(&shape.map(), entries.slot(), words.map())?;
                self.words = Some(words);
            }
        }
        Ok(())
    }

    /// Takes an entry out.
    pub(crate) fn remove(
        &mut self,
        kernel: &Kernel,
        layout: &TableLayout,
        key: &EntryKey,
    ) -> Result<Option<Placed>> {
        let Some(placed) = self.placed.remove(key) else { return Ok(None) };
        match &layout.entries {
            Some(EntriesLayout::List(list)) => self.write_list(kernel, list)?,
            Some(EntriesLayout::Intervals { slot, width }) => {
                self.write_intervals(kernel, layout, *slot, *width)?;
            }
            Some(entries @ EntriesLayout::Direct { widths, .. }) => {
                self.write_word(kernel, entries, widths, key, 0)?;
            }
            Some(entries) => {
                if let Some(map) = &self.map {
                    kernel.delete_inner(map, &key_bytes(entries, key)?)?;
                }
            }
            None => {}
        }
        Ok(Some(placed))
    }

    /// The entries, the highest priority first, and of equals the one that came first.
    pub(crate) fn by_precedence(&self) -> Vec<(&EntryKey, &Placed)> {
        let mut entries: Vec<(&EntryKey, &Placed)> = self.placed.iter().collect();
        entries.sort_by_key(|(key, placed)| (std::cmp::Reverse(priority(key)), placed.order));
        entries
    }

    /// New intervals in the place of the old ones.
    fn write_intervals(
        &mut self,
        kernel: &Kernel,
        layout: &TableLayout,
        slot: u32,
        width: u32,
    ) -> Result<()> {
        let ranges = self.by_precedence().into_iter().map(|(key, placed)| {
            let (low, high) = encode::range(width, matches(key)).ok_or(OTHER_KEY)?;
            Ok((low, high, placed.reference()))
        });
        let ranges = ranges.collect::<Result<Vec<_>>>()?;
        let Some(intervals) = Intervals::new(&ranges, width, NO_REFERENCE) else {
            return Err(XdpError::Full { table: layout.name.clone(), capacity: layout.capacity });
        };
        let map = kernel.create(Shape::Intervals, 1)?;
        kernel.update_inner(&map, &0u32.to_ne_bytes(), &intervals.bytes())?;
        kernel.place(&Shape::Intervals.map(), slot, &map)?;
        self.map = Some(map);
        Ok(())
    }

    /// A new list in the place of the old one.
    fn write_list(&mut self, kernel: &Kernel, list: &ListLayout) -> Result<()> {
        let entries = self.by_precedence();
        let members = entries.iter().map(|(key, placed)| {
            let mut member = encode::member(list, matches(key));
            member.push(placed.reference());
            member
        });
        self.map = Some(put_list(kernel, list, members)?);
        Ok(())
    }
}

/// Makes a list and puts it in its slot.
pub(crate) fn put_list(
    kernel: &Kernel,
    list: &ListLayout,
    members: impl ExactSizeIterator<Item = Vec<u64>>,
) -> Result<Inner> {
    let shape = list.shape();
    let map = kernel.create(shape, 1)?;
    let mut words = vec![members.len().min(MAX_LIST) as u64];
    members.take(MAX_LIST).for_each(|member| words.extend(member));
    let mut bytes = encode::bytes(&words);
    bytes.resize(list_bytes(list.member_words().max(1)), 0);
    kernel.update_inner(&map, &0u32.to_ne_bytes(), &bytes)?;
    kernel.place(&shape.map(), list.slot, &map)?;
    Ok(map)
}

fn key_bytes(entries: &EntriesLayout, key: &EntryKey) -> Result<Vec<u8>> {
    encode::key(entries, matches(key)).ok_or(OTHER_KEY)
}

pub(crate) fn matches(key: &EntryKey) -> &[Match] {
    match key {
        EntryKey::Entry { matches, .. } => matches,
        EntryKey::Default => &[],
    }
}

fn priority(key: &EntryKey) -> u32 {
    match key {
        EntryKey::Entry { priority, .. } => *priority,
        EntryKey::Default => 0,
    }
}

/// An action's data.
pub(crate) fn data(call: &ActionCall) -> Vec<u64> {
    call.params.iter().flat_map(|param| encode::words(param, param.width())).collect()
}
