//! What was written, for programs that have it as constants.

use sluice_ebpf::{Contents, EntriesLayout, Frozen, HAS_ENTRIES, MAX_INTERVAL_BITS, Row, TableLayout};
use sluice_entities::{Bits, EntryKey, Match};

use crate::device::Device;
use crate::encode;
use crate::table::{Placed, matches};

/// How the entries of a table that can be a constant are found.
enum Kind<'l> {
    Index(&'l [u32]),
    Words(&'l [u32]),
    Range(u32),
    Prefix(u32),
}

impl Kind<'_> {
    fn of(layout: &TableLayout) -> Option<Kind<'_>> {
        match layout.entries.as_ref()? {
            EntriesLayout::Direct { widths, .. } => Some(Kind::Index(widths)),
            EntriesLayout::Intervals { width, .. } => Some(Kind::Range(*width)),
            EntriesLayout::Trie { fields, .. } => match fields[..] {
                [(width @ 1..=MAX_INTERVAL_BITS, true)] => Some(Kind::Prefix(width)),
                _ => None,
            },
            EntriesLayout::Hash { widths, .. } => Some(Kind::Words(widths)),
            EntriesLayout::List(_) => None,
        }
    }
}

impl Device {
    /// Tables that have entries and can be constants, and how often each was written to.
    pub(crate) fn candidates(&self) -> Vec<(usize, u64)> {
        let tables = self.layout.tables.iter().enumerate();
        let can_be = tables.filter(|(index, layout)| self.has_entries(layout) && self.kind(*index).is_some());
        can_be.map(|(index, _)| (index, self.writes[index])).collect()
    }

    fn has_entries(&self, layout: &TableLayout) -> bool {
        self.configuration[layout.configuration_at] == HAS_ENTRIES
    }

    /// How the entries of a table are found; none where it cannot be a constant, for example since an entry's action can change without a write to its table.
    fn kind(&self, table: usize) -> Option<Kind<'_>> {
        let is_shared = self.shadow.info().tables[table].action_profile.is_some();
        if is_shared { None } else { Kind::of(&self.layout.tables[table]) }
    }

    /// The contents of those tables that have entries and can be constants: exact ones, and those of one range or prefix of at most 32 bits.
    pub(crate) fn contents(&self, is_asked: impl Fn(usize) -> bool) -> Contents {
        let tables = self.layout.tables.iter().enumerate().filter(|(index, _)| is_asked(*index));
        tables.filter_map(|(index, layout)| Some((index, self.frozen(index, layout)?))).collect()
    }

    fn frozen(&self, index: usize, layout: &TableLayout) -> Option<Frozen> {
        if !self.has_entries(layout) {
            return None;
        }
        let default = self.default_row(layout);
        let ranges = |entries: Vec<((u32, u32), Row)>| {
            entries.into_iter().map(|((low, high), row)| (low, high, row)).collect()
        };
        match self.kind(index)? {
            Kind::Index(widths) => {
                let entries = self.rows(index, layout, |key| encode::index(widths, matches(key)))?;
                Frozen::of_indices(default, entries, widths.iter().sum())
            }
            Kind::Words(widths) => {
                let entries = self.rows(index, layout, |key| encode::key_words(widths, matches(key)))?;
                Frozen::of_words(default, entries)
            }
            Kind::Range(width) => {
                let entries = self.rows(index, layout, |key| encode::range(width, matches(key)))?;
                Frozen::of_ranges(default, ranges(entries), width)
            }
            Kind::Prefix(width) => {
                let mut entries = self.rows(index, layout, |key| prefix(width, matches(key)))?;
                // The longest prefix takes precedence: the shortest range, as of two that meet one is within the other.
                entries.sort_by_key(|((low, high), _)| high - low);
                Frozen::of_ranges(default, ranges(entries), width)
            }
        }
    }

    /// Entries in order of precedence, each with what its key is.
    fn rows<T>(
        &self,
        table: usize,
        layout: &TableLayout,
        place: impl Fn(&EntryKey) -> Option<T>,
    ) -> Option<Vec<(T, Row)>> {
        let entries = self.tables[table].by_precedence().into_iter();
        entries.map(|(key, placed)| Some((place(key)?, self.row(layout, placed)?))).collect()
    }

    fn row(&self, layout: &TableLayout, placed: &Placed) -> Option<Row> {
        let Some(words) = layout.record_words else {
            return Some(Row { action: placed.target, cell: placed.cell, data: Vec::new() });
        };
        let (action, data) = self.records.get(&words)?.content(placed.target)?.split_first()?;
        let data = data.iter().copied().take(layout.data_words).collect();
        Some(Row { action: u32::try_from(*action).ok()?, cell: placed.cell, data })
    }

    fn default_row(&self, layout: &TableLayout) -> Row {
        let words = &self.configuration[layout.configuration_at + 1..][..2 + layout.data_words];
        Row { action: words[0] as u32, cell: words[1] as u32, data: words[2..].to_vec() }
    }
}

/// The bounds of the one prefix of an entry; none for matches of another shape.
fn prefix(width: u32, matches: &[Match]) -> Option<(u32, u32)> {
    match matches {
        [Match::Lpm { value, length }] => {
            let mask = Bits::prefix_mask(width, *length);
            let low = u32::try_from((value & &mask).to_u64()?).ok()?;
            let free = u32::MAX >> (32 - width);
            let rest = u32::try_from(mask.to_u64()?).ok()? ^ free;
            Some((low, low | rest))
        }
        _ => None,
    }
}
