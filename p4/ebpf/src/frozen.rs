//! Contents of tables as constants of a program: what it does is right as long as nobody writes to them.
//!
//! A frozen table has *rows*, what its default action and its entries do, and a *search* that gives a row for a key. Both are constants in the object: a
//! packet asks the kernel for no map, and words that are the same in all rows are constants where they are used.
//!
//! - The first row is the default action's; every other row is that of entries, shared by those that do the same.
//! - Rows have numbers of 16 bits.
//! - A search gives a row for each value of the key.

use std::collections::{BTreeMap, HashMap};

use crate::hashed::Hashed;
use crate::intervals::Intervals;

/// Frozen tables, by their index in the module.
pub type Contents = BTreeMap<usize, Frozen>;

/// Most pieces of a key's values.
const MAX_PIECES: usize = 1 << 16;

/// What is done with packets that find a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Index of the action among its table's.
    pub action: u32,
    /// Cell of its direct counter or meter; 0 where it has none.
    pub cell: u32,
    /// Its data, in words.
    pub data: Vec<u64>,
}

/// How the row of a key is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Search {
    /// By halving. Starts are as many as rows, a power of two less one.
    Pieces { starts: Vec<u32>, rows: Vec<u16> },
    /// By the key itself.
    Index(Vec<u16>),
    /// By a hash without collisions.
    Hash(Hashed),
}

/// A table's contents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frozen {
    pub(crate) rows: Vec<Row>,
    pub(crate) search: Search,
}

impl Frozen {
    /// A table whose key is one number of `width` bits, at most 32: entries with the bounds of their values, the highest precedence first. None where
    /// there are too many.
    pub fn of_ranges(default: Row, entries: Vec<(u32, u32, Row)>, width: u32) -> Option<Self> {
        let mut rows = Rows::new(default);
        let ranges: Vec<(u32, u32, u64)> =
            entries.into_iter().map(|(low, high, row)| (low, high, rows.number(row) as u64)).collect();
        let (mut starts, references) = Intervals::cut(&ranges, width, 0);
        let mut found = references.into_iter().map(u16::try_from).collect::<Result<Vec<_>, _>>().ok()?;
        let size = found.len().next_power_of_two();
        if size > MAX_PIECES {
            return None;
        }
        // Behind the last start stand highest values: a search that takes one of those for a start is for the highest value, and finds the last piece.
        found.resize(size, found.last().copied()?);
        starts.resize(size - 1, u32::MAX);
        Some(Self { rows: rows.all, search: Search::Pieces { starts, rows: found } })
    }

    /// A table whose key is an index of `bits` bits: entries with their keys. None where there are too many.
    pub fn of_indices(default: Row, entries: Vec<(usize, Row)>, bits: u32) -> Option<Self> {
        let mut rows = Rows::new(default);
        let mut found = vec![0; 1usize.checked_shl(bits)?];
        for (index, row) in entries {
            *found.get_mut(index)? = u16::try_from(rows.number(row)).ok()?;
        }
        Some(Self { rows: rows.all, search: Search::Index(found) })
    }

    /// A table of exact keys: entries with the words of their keys, all of one length. None where there are too many.
    pub fn of_words(default: Row, entries: Vec<(Vec<u64>, Row)>) -> Option<Self> {
        let mut rows = Rows::new(default);
        let numbered =
            entries.into_iter().map(|(key, row)| Some((key, u16::try_from(rows.number(row)).ok()?)));
        let hashed = Hashed::new(numbered.collect::<Option<Vec<_>>>()?)?;
        Some(Self { rows: rows.all, search: Search::Hash(hashed) })
    }
}

/// Rows, of which each stands once.
struct Rows {
    all: Vec<Row>,
    known: HashMap<Row, usize>,
}

impl Rows {
    /// The default action's, which is no entry's even if that does the same.
    fn new(default: Row) -> Self {
        Self { all: vec![default], known: HashMap::new() }
    }

    fn number(&mut self, row: Row) -> usize {
        *self.known.entry(row).or_insert_with_key(|row| {
            self.all.push(row.clone());
            self.all.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(word: u64) -> Row {
        Row { action: 1, cell: 0, data: vec![word] }
    }

    /// What a program does: `find_frozen`.
    fn found(frozen: &Frozen, key: u32) -> u64 {
        let row = match &frozen.search {
            Search::Index(rows) => rows[key as usize],
            Search::Pieces { starts, rows } => {
                let (mut at, mut step) = (0, rows.len() / 2);
                while step > 0 {
                    at += if starts[at + step - 1] <= key { step } else { 0 };
                    step /= 2;
                }
                rows[at]
            }
            Search::Hash(hashed) => hashed.find(&[u64::from(key)]),
        };
        frozen.rows[usize::from(row)].data[0]
    }

    #[test]
    fn a_range_within_another_comes_first_and_rows_are_shared() {
        let entries = vec![(10, 19, row(1)), (0, 99, row(2)), (200, u32::MAX, row(1))];
        let frozen = Frozen::of_ranges(row(0), entries, 32).expect("it is small");
        assert_eq!(frozen.rows.len(), 3, "the default's and two");
        let keys = [0, 9, 10, 19, 20, 99, 100, 199, 200, u32::MAX - 1, u32::MAX];
        assert_eq!(keys.map(|key| found(&frozen, key)), [2, 2, 1, 1, 2, 2, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn an_entry_that_does_what_the_default_does_has_a_row_of_its_own() {
        let frozen = Frozen::of_indices(row(7), vec![(3, row(7))], 2).expect("it is small");
        assert_eq!(frozen.search, Search::Index(vec![0, 0, 0, 1]));
        assert_eq!([2, 3].map(|key| found(&frozen, key)), [7, 7]);
    }

    #[test]
    fn a_table_without_a_piece_too_many_is_none() {
        let entries =
            |count: u32| (0..count).map(|i| (i * 4 + 1, i * 4 + 2, row(u64::from(i) % 5))).collect();
        let last = Frozen::of_ranges(row(9), entries(32_767), 32).expect("65,535 pieces");
        assert_eq!([0, 1, 2, 3, 4 * 32_766 + 2, u32::MAX].map(|key| found(&last, key)), [9, 0, 0, 9, 1, 9]);
        assert_eq!(Frozen::of_ranges(row(9), entries(32_768), 32), None);
        let rows = (0..1 << 13).map(|i| (i, row(i as u64))).collect();
        assert!(Frozen::of_indices(row(9), rows, 13).is_some());
        let words = (0..50).map(|i| (vec![i * i], row(i))).collect();
        let squares = Frozen::of_words(row(99), words).expect("it is small");
        assert_eq!([0, 1, 2, 2_401, 2_500].map(|key| found(&squares, key)), [0, 1, 99, 49, 99]);
    }
}
