//! How what the control plane writes stands in maps: the one description that the program's text and its loader share.
//!
//! All numbers are words of 64 bits in the machine's order; a value of more bits is several, the least significant first. Map names are
//! those in the object. A program may use 64 maps (`MAX_USED_MAPS`, kernel/bpf/verifier.c), fewer than it has tables: maps of one shape stand
//! in an array of maps, each table having its slot there; an empty slot is a table without entries.
//!
//! - **What an entry does** is a *reference*, one word: the index of a record in its lower half (of an action, where no action of the
//!   table has data), the cell of its direct counter or meter in its upper half. A record is the index of the action, then its data. A
//!   packet that found a reference finds its record whole: records are never changed, only replaced, and used again after a grace period.
//! - **Entries** of exact keys are in an array of references if the key has few bits, else in a hash map from its words to references, those of one prefix in a trie; those of one range are
//!   *intervals*, all others a list in order of precedence. Intervals and lists are replaced as a whole.
//! - **Default actions**, and whether a table has entries, are in one *configuration*, replaced as a whole: a packet sees one.

use std::collections::BTreeMap;

use sluice_entities::MatchKind;

/// Name of the map whose one element is the map with the configuration.
pub const CONFIGURATIONS: &str = "configurations";

/// Name of the map of all counters: packets and bytes of each cell, for each processor.
pub const COUNTS: &str = "counts";

/// Name of the map of all direct meters' cells.
pub const DIRECT_METERS: &str = "direct_meters";

/// Words of a meter's cell: lock and whether there are rates, 32 bits each; committed rate and burst, peak rate and burst (units a second,
/// units); whether the buckets were filled, their time, what they hold; packets and bytes of green, yellow and red.
pub const METER_WORDS: usize = 15;

/// In a table's first word of the configuration: it has entries.
pub const HAS_ENTRIES: u64 = 1;

/// In the same word: it has none, and its default action does nothing, so that nobody has to apply it.
pub const IS_IDLE: u64 = 2;

/// Everything that is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Tables, in the module's order.
    pub tables: Vec<TableLayout>,
    /// Value sets, in the module's order.
    pub value_sets: Vec<ListLayout>,
    /// Indirect counters, in the module's order: their first cells in [`COUNTS`], behind those of default actions, which are in the
    /// order of the tables.
    pub counters: Vec<u32>,
    /// Cells of [`COUNTS`] and of [`DIRECT_METERS`].
    pub cells: u32,
    /// The first of the cells that entries of tables use.
    pub first_entry_cell: u32,
    /// Registers, in the module's order: maps with words of one cell.
    pub registers: Vec<String>,
    /// Indirect meters, in the module's order: maps of cells ([`METER_WORDS`]).
    pub meters: Vec<String>,
    /// Maps of records, by the words of a record: how many records there are.
    pub records: BTreeMap<usize, u64>,
    /// Slots of the arrays of maps.
    pub slots: BTreeMap<Shape, u32>,
    /// Words of a configuration.
    pub configuration_words: usize,
}

/// What maps in one array of maps have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Arrays of `1 << n` words, which the control plane has in its memory too: a word is written at once.
    Direct(u32),
    /// Hash maps with keys of that many words.
    Hash(usize),
    /// Tries with keys of that many bytes behind the prefix's length.
    Trie(usize),
    /// Intervals of a key of one range: where a search begins, their starts, their references.
    Intervals,
    /// Lists: the number of members, then members of that many words.
    List(usize),
}

impl Shape {
    /// Name of the array of maps.
    pub fn map(self) -> String {
        match self {
            Self::Direct(bits) => format!("arrays_{bits}"),
            Self::Hash(words) => format!("hashes_{words}"),
            Self::Trie(bytes) => format!("tries_{bytes}"),
            Self::Intervals => "intervals".to_string(),
            Self::List(words) => format!("lists_{words}"),
        }
    }
}

/// Name of the map of records of that many words.
pub fn records_map(words: usize) -> String {
    format!("records_{words}")
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLayout {
    /// Name in the program.
    pub name: String,
    /// Entries; none for a table without keys.
    pub entries: Option<EntriesLayout>,
    /// Words of its records; none where references are actions.
    pub record_words: Option<usize>,
    /// Words of the longest action's data.
    pub data_words: usize,
    /// Where in the configuration it begins: what is to be done ([`HAS_ENTRIES`], [`IS_IDLE`]), then the default action's index, cell and data.
    pub configuration_at: usize,
    /// For each of its actions, whether it does nothing.
    pub idle_actions: Vec<bool>,
    /// Whether its entries have cells in [`COUNTS`].
    pub is_counted: bool,
    /// Whether its entries have cells in [`DIRECT_METERS`].
    pub is_metered: bool,
    /// Entries that it holds.
    pub capacity: u64,
}

/// How a table's entries are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntriesLayout {
    /// An array: the fields one behind the other are the index. What is there is the reference and one, or 0 where there is no entry.
    Direct {
        /// Its slot among those of its shape.
        slot: u32,
        /// Widths of the key's fields.
        widths: Vec<u32>,
    },
    /// A hash map.
    Hash {
        /// Its slot among those of its shape.
        slot: u32,
        /// Widths of the key's fields.
        widths: Vec<u32>,
    },
    /// A trie: the length of the prefix in bits (32 bits, the machine's order), then the key's bits from the highest on, each field filled
    /// up to whole bytes: exact ones first and filled in front, the one with the prefix last and filled behind.
    Trie {
        /// Its slot among those of its shape.
        slot: u32,
        /// Widths of the fields in the order of the table's keys, and whether it is the one with the prefix.
        fields: Vec<(u32, bool)>,
    },
    /// Intervals ([`Intervals`]).
    Intervals {
        /// Its slot among those of its shape.
        slot: u32,
        /// Width of the key, at most [`MAX_INTERVAL_BITS`].
        width: u32,
    },
    /// A list.
    List(ListLayout),
}

impl EntriesLayout {
    /// The shape of its map.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Direct { widths, .. } => Shape::Direct(widths.iter().sum()),
            Self::Hash { widths, .. } => Shape::Hash(widths.iter().map(|width| words_of(*width)).sum()),
            Self::Trie { fields, .. } => {
                let bytes: u32 = fields.iter().map(|(width, _)| width.div_ceil(8)).sum();
                Shape::Trie(bytes.div_ceil(4) as usize * 4)
            }
            Self::Intervals { .. } => Shape::Intervals,
            Self::List(list) => list.shape(),
        }
    }

    /// Its slot among those of its shape.
    pub fn slot(&self) -> u32 {
        match self {
            Self::Direct { slot, .. }
            | Self::Hash { slot, .. }
            | Self::Trie { slot, .. }
            | Self::Intervals { slot, .. } => *slot,
            Self::List(list) => list.slot,
        }
    }
}

/// Most bits of a key that is an index: 64 KiB for a table that has entries.
pub const MAX_DIRECT_BITS: u32 = 13;

/// Most members of a list: the verifier follows a packet past each of them.
pub const MAX_LIST: usize = 1024;

/// A map whose one element is the number of members, then the members, as many as fit into [`MAX_LIST`].
///
/// A member has, for each field, a value and a mask, or the two bounds of a range; then, in a table, its reference. The first that
/// matches counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListLayout {
    /// Its slot among those of its shape.
    pub slot: u32,
    /// Fields, by kind and width.
    pub fields: Vec<(MatchKind, u32)>,
    /// Whether members have references.
    pub has_references: bool,
    /// Most members.
    pub capacity: usize,
}

/// Words of a value of so many bits.
pub fn words_of(width: u32) -> usize {
    width.div_ceil(64).max(1) as usize
}

impl ListLayout {
    /// Words of a member.
    pub fn member_words(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(_, width)| 2 * words_of(*width)).sum();
        fields + usize::from(self.has_references)
    }

    /// The shape of its map.
    pub fn shape(&self) -> Shape {
        Shape::List(self.member_words())
    }
}

/// Bytes of a list with members of that many words.
pub fn list_bytes(member_words: usize) -> usize {
    (1 + MAX_LIST * member_words) * 8
}
