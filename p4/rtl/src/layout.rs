//! How a program's tables, arrays and counters stand in the hardware: what a driver has to know.
//!
//! Every block has a number. A driver writes the words of a row, block, kind and row number into the register file and strobes the commit:
//! the whole row is written in one clock (`fpga-sim/rtl/sluice_registers.sv`). The lowest bit of a row stands in bit 0 of word 0.
//!
//! | kind | row of |
//! |---|---|
//! | 0 | an entry: `{valid, key, entry, action, data}` of an exact table, row `way * depth + index`; `{valid, action, data}` of a direct one, row = key; `{valid, mask, key, entry, action, data}` of a ternary one, the lowest row wins; `{hit, entry, action, data}` of the interval `row` of an interval table; `{value}` of a register; `{instance, port}` of a member |
//! | 1 | what a miss does: `{action, data}` |
//! | 2 | none: the banks of an interval table change places |
//! | 3 | the first key of the interval `row` of an interval table: `{valid, key}`; `{count, start}` of a group |
//!
//! `entry` is a number of the driver's choice, below [`TableLayout::rows`], by which a direct counter counts; that of a direct table is the key.
//! The bits of `{a, b}` are those of `a` above those of `b`, as in SystemVerilog. Rows of interval tables go into the bank that is not in use.

use serde::Serialize;
use sluice_entities::MatchKind;

/// What kind of block a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// No key: only what a miss does.
    Default,
    /// The key is the row.
    Direct,
    /// Hashed, placed by the driver.
    Exact,
    /// Value and mask, the lowest row first.
    Ternary,
    /// Binary search over ranges that the driver has made disjoint.
    Interval,
}

/// Kinds of rows.
pub mod row {
    /// An entry, a cell, a member.
    pub const ENTRY: u32 = 0;
    /// What a miss does.
    pub const DEFAULT: u32 = 1;
    /// Banks change places.
    pub const FLIP: u32 = 2;
    /// The first key of an interval; a group.
    pub const NODE: u32 = 3;
}

/// The polynomials of an exact table's ways: the row is the low bits of the CRC of the key, its highest bit first, start value 0.
pub const POLYNOMIALS: [u32; 4] = [0x04C1_1DB7, 0x1EDC_6F41, 0x741B_8CD7, 0x8141_41AB];

/// A field of a row's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its lowest bit.
    pub low: u32,
    /// Bits.
    pub width: u32,
}

/// A field of a key, in the order in which they stand in it, the highest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyField {
    /// Its name.
    pub name: String,
    /// Which key of the program it is.
    pub position: u32,
    /// Bits.
    pub width: u32,
    /// How it is matched.
    #[serde(serialize_with = "kind_name")]
    pub kind: MatchKind,
}

fn kind_name<S: serde::Serializer>(kind: &MatchKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match kind {
        MatchKind::Exact => "exact",
        MatchKind::Lpm => "lpm",
        MatchKind::Ternary => "ternary",
        MatchKind::Range => "range",
        MatchKind::Optional => "optional",
        MatchKind::Selector => "selector",
    })
}

/// An action of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionLayout {
    /// Its name.
    pub name: String,
    /// Where its parameters stand in the data.
    pub parameters: Vec<Field>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableLayout {
    /// Its name.
    pub name: String,
    /// Number of its block.
    pub block: u32,
    /// Whether a packet comes there at all; if not, there is no block.
    pub is_built: bool,
    /// What kind of block it is.
    pub shape: Shape,
    /// Fields of its key.
    pub key: Vec<KeyField>,
    /// Bits of its key.
    pub key_width: u32,
    /// Bits of its action data.
    pub data_width: u32,
    /// Actions, by number.
    pub actions: Vec<ActionLayout>,
    /// Rows of an exact table's way, of a ternary table, or intervals.
    pub depth: u32,
    /// Ways of an exact table.
    pub ways: u32,
}

impl TableLayout {
    /// Entries that can be told from each other; the next number is that of a miss.
    pub fn rows(&self) -> u32 {
        match self.shape {
            Shape::Default => 0,
            Shape::Direct | Shape::Ternary | Shape::Interval => self.depth,
            Shape::Exact => self.depth * self.ways,
        }
    }
}

/// A register array, a meter or a counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArrayLayout {
    /// Its name; of a direct counter that of the table.
    pub name: String,
    /// Numbers of its blocks: of a counter as many as it may count times for one packet, whose cells together are what it counted. None
    /// where no packet comes there.
    pub blocks: Vec<u32>,
    /// Cells.
    pub size: u32,
    /// Bits of a cell. A counter's cell has packets in the low 64 bits and bytes above; a meter's is `{on, committed rate, committed burst, peak rate,
    /// peak burst}`, 64 bits each.
    pub width: u32,
    /// Whether a meter measures packets, not bytes.
    pub counts_packets: bool,
}

/// Bits that a program carries from clock to clock: what its values cost beside its blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Bits times clocks in rings (`sluice_delay`), which become memories.
    pub rings: u64,
    /// Bits in registers.
    pub registers: u64,
}

/// What a driver has to know of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// Bytes of a frame that the parser sees.
    pub window_bytes: u32,
    /// Most bytes of headers that the deparser writes.
    pub head_bytes: u32,
    /// Clocks of parser and ingress.
    pub ingress_clocks: u32,
    /// Clocks of egress and deparser.
    pub egress_clocks: u32,
    /// Most levels of logic in a clock, tenths.
    pub depth_tenths: u32,
    /// What parser and ingress carry.
    pub ingress_carried: Carried,
    /// What egress and deparser carry.
    pub egress_carried: Carried,
    /// Bits of a packet that go from ingress through replication to egress.
    pub replicated_bits: u32,
    /// 32-bit words of the longest row.
    pub row_words: u32,
    /// Output queues; a packet goes to that of its port's number modulo this.
    pub queues: u32,
    /// Number of the block with groups and members.
    pub replication_block: u32,
    /// Most groups, by their ids.
    pub groups: u32,
    /// Most members in all.
    pub members: u32,
    /// Tables, in the order of the program.
    pub tables: Vec<TableLayout>,
    /// Register arrays, in the order of the program.
    pub registers: Vec<ArrayLayout>,
    /// Indirect meters, in the order of the program.
    pub meters: Vec<ArrayLayout>,
    /// Indirect counters, in the order of the program.
    pub counters: Vec<ArrayLayout>,
    /// Direct counters, by table.
    pub direct_counters: Vec<Option<ArrayLayout>>,
}

impl Layout {
    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|_| String::new(), |text| text + "\n")
    }
}

/// How large a program's blocks are at most: a table that asks for more entries has so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Entries of exact tables.
    pub exact_entries: u32,
    /// Entries of ternary tables.
    pub ternary_entries: u32,
    /// Intervals of interval tables.
    pub intervals: u32,
    /// Output queues.
    pub queues: u32,
    /// Beats of the frame store.
    pub store_beats: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { exact_entries: 4096, ternary_entries: 64, intervals: 512, queues: 4, store_beats: 2048 }
    }
}
