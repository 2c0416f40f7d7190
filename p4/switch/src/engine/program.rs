//! A program as it runs: instructions, and what they refer to by index.

use std::sync::Arc;

use sluice_entities::{CounterUnit, PipelineInfo};
use sluice_ir::{CloneKind, HashAlgorithm};

use super::op::{Op, Pc, Slot};
use super::wide_op::WideOp;
use crate::native::Stage;
use crate::tables::Shape;

/// A prepared program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    pub(crate) entry: EntryPoints,
    pub(crate) layout: Layout,
    pub(crate) wide: Vec<WideOp>,
    pub(crate) selects: Vec<SelectTable>,
    pub(crate) headers: Vec<HeaderPlan>,
    /// By header.
    pub(crate) emits: Vec<EmitPlan>,
    pub(crate) stacks: Vec<StackPlan>,
    pub(crate) sites: Vec<ApplySite>,
    pub(crate) selections: Vec<Selection>,
    pub(crate) tables: Vec<TablePlan>,
    pub(crate) actions: Vec<ActionPlan>,
    pub(crate) externs: Vec<ExternPlan>,
    pub(crate) registers: Vec<RegisterPlan>,
    pub(crate) profiles: Vec<ProfilePlan>,
    pub(crate) value_sets: Vec<Shape>,
    /// Names of the parser's states by the instruction that each starts with, ascending.
    pub(crate) states: Vec<(Pc, String)>,
    pub(crate) errors: Vec<String>,
    /// Index of `PacketTooShort` among them.
    pub(crate) too_short: u16,
    pub(crate) info: Arc<PipelineInfo>,
}

/// First instructions of the blocks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EntryPoints {
    pub(crate) parser: Pc,
    pub(crate) verify: Pc,
    pub(crate) ingress: Pc,
    pub(crate) egress: Pc,
    pub(crate) compute: Pc,
    pub(crate) deparser: Pc,
}

/// Where things are in a packet's state.
///
/// Words come in regions: what egress can see (copied for each replica) up to `egress_words`, the rest of the program's storage up
/// to `zeroed_words`, temporaries, and constants, which stay as `template` has them.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) egress_words: usize,
    pub(crate) zeroed_words: usize,
    /// Slot of the first constant.
    pub(crate) first_constant: usize,
    /// Initial values of all words.
    pub(crate) template: Vec<u64>,
    /// Bytes of header storage, without the slack that wide loads need.
    pub(crate) header_bytes: usize,
    /// Slots of the intrinsics, by `Intrinsic as usize`.
    pub(crate) intrinsics: [Slot; INTRINSICS],
    /// Slots of metadata and intrinsics, which cloning, resubmitting and recirculating reset, with their field lists.
    pub(crate) metadata: Vec<MetadataSlot>,
    /// Slot that says whether the first header is valid; the others follow in order.
    pub(crate) first_valid: Slot,
    /// First slot of the action data.
    pub(crate) params: Slot,
}

/// Number of [`sluice_ir::Intrinsic`]s.
pub(crate) const INTRINSICS: usize = 16;

/// One scalar that goes with a packet.
#[derive(Debug)]
pub(crate) struct MetadataSlot {
    pub(crate) slot: Slot,
    pub(crate) limbs: u16,
    pub(crate) field_lists: Vec<u32>,
}

/// One header.
#[derive(Debug)]
pub(crate) struct HeaderPlan {
    pub(crate) name: String,
    /// Its first byte.
    pub(crate) at: u32,
    /// Bytes without the varbit field.
    pub(crate) fixed_bytes: u32,
    /// Bytes of storage.
    pub(crate) max_bytes: u32,
    /// Whether it is valid: 0 or 1.
    pub(crate) valid: Slot,
    /// The other members of its union.
    pub(crate) rivals: Vec<Slot>,
    pub(crate) varbit: Option<VarbitPlan>,
}

/// The varbit field of a header. Its storage is at the end; in the frame it stands at `offset`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VarbitPlan {
    /// Byte of the header where it starts.
    pub(crate) offset: u32,
    pub(crate) max_bytes: u32,
    /// Its length now, bytes.
    pub(crate) length: Slot,
}

/// A stack of headers; `next` counts elements in use.
#[derive(Debug)]
pub(crate) struct StackPlan {
    pub(crate) elements: Vec<u16>,
    pub(crate) next: Slot,
    /// Whether that is its own, and not another stack's.
    pub(crate) owns_next: bool,
}

/// Where a value leads.
#[derive(Debug)]
pub(crate) enum SelectTable {
    /// By value; a value beyond the end goes to the default.
    Direct { targets: Vec<Pc>, default: Pc },
    /// Ascending values.
    Sorted { values: Vec<u64>, targets: Vec<Pc>, default: Pc },
}

impl SelectTable {
    pub(crate) fn target(&self, value: u64) -> Pc {
        match self {
            Self::Direct { targets, default } => {
                usize::try_from(value).ok().and_then(|i| targets.get(i)).copied().unwrap_or(*default)
            }
            Self::Sorted { values, targets, default } => match values.binary_search(&value) {
                Ok(i) => targets[i],
                Err(_) => *default,
            },
        }
    }
}

/// One place where a table is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApplySite {
    pub(crate) table: u16,
    pub(crate) key: Slot,
    pub(crate) key_words: u16,
    pub(crate) source: KeySource,
    pub(crate) hit: Slot,
    pub(crate) action_run: Slot,
    /// Word that holds the cell of the entry that matched last; `NO_SLOT` without a direct counter or meter.
    pub(crate) cell: Slot,
    /// Index into [`Program::selections`] for a table with an action profile; [`NO_SELECTION`] for the others.
    pub(crate) selection: u16,
}

/// See [`ApplySite::selection`].
pub(crate) const NO_SELECTION: u16 = u16::MAX;

/// How a table with an action profile finds its action, at one place where it is applied.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) profile: u16,
    /// The table's place among those of the profile.
    pub(crate) place: usize,
    /// Hash of the selector keys; nothing is hashed for a profile without selector.
    pub(crate) algorithm: HashAlgorithm,
    /// The selector keys.
    pub(crate) data: Vec<DataItem>,
}

/// One action profile.
#[derive(Debug)]
pub(crate) struct ProfilePlan {
    /// The tables that it is the implementation of, ascending.
    pub(crate) tables: Vec<u16>,
}

/// Where the words of a key come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeySource {
    /// Instructions before the application put them there.
    Words,
    /// One word: `width` bits of the wide value `a` from `low` on.
    Slice { a: Slot, low: u16, width: u8 },
    /// One word: a field, as [`Op::Load`] has it.
    Load { at: u32, shift: u8, width: u8 },
}

/// An action that does no more than `target = target & data` or `target = target | data` on a wide value, and counts: it runs
/// without instructions. The broker's narrow and collect tables have such actions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Combine {
    /// `&`, else `|`.
    pub(crate) and: bool,
    pub(crate) target: Slot,
    /// Gets the result too.
    pub(crate) copy: Slot,
    /// Where the data is among the action's data, words.
    pub(crate) offset: u16,
    pub(crate) limbs: u16,
    /// Whether it counts in the table's direct counter first.
    pub(crate) counts: bool,
}

/// What emitting a header needs, close together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmitPlan {
    pub(crate) has_varbit: bool,
    pub(crate) at: u32,
    pub(crate) fixed_bytes: u32,
}

/// One table.
#[derive(Debug)]
pub(crate) struct TablePlan {
    pub(crate) name: Arc<str>,
    pub(crate) shape: Shape,
    /// Its actions: index into [`Program::actions`], in the table's order.
    pub(crate) actions: Vec<u16>,
    /// Whether its entries have cells, for a direct counter or meter.
    pub(crate) has_cells: bool,
    /// Index of its action profile.
    pub(crate) profile: Option<u16>,
    /// The action of every entry, by its place among the table's actions, where there can be but one and entries have no cells.
    pub(crate) entry_action: Option<u16>,
}

impl TablePlan {
    /// Words of a record, which is what there is of each entry, and of the default action: a head, then the action's data.
    pub(crate) fn record_words(&self, program: &Program) -> usize {
        self.head_words() + self.data_words(program)
    }

    /// Words in front of the data: [`record_head`], if that is not the same for all entries.
    pub(crate) fn head_words(&self) -> usize {
        usize::from(self.entry_action.is_none())
    }

    /// Words of action data that each entry has room for.
    fn data_words(&self, program: &Program) -> usize {
        let words = self.actions.iter().map(|action| program.actions[usize::from(*action)].param_words);
        words.max().map_or(0, usize::from)
    }
}

/// The head of a record: the cell, then the action in the low 16 bits.
pub(crate) fn record_head(action: u16, cell: u32) -> u64 {
    u64::from(cell) << 32 | u64::from(action)
}

/// One action.
#[derive(Debug)]
pub(crate) struct ActionPlan {
    pub(crate) name: Arc<str>,
    /// First instruction; `None` for an empty body.
    pub(crate) code: Option<Pc>,
    /// The same in one step.
    pub(crate) combine: Option<Combine>,
    /// Widths of its parameters, bits; each takes its limbs in adjacent words.
    pub(crate) params: Vec<u32>,
    pub(crate) param_words: u16,
}

/// One register array.
#[derive(Debug)]
pub(crate) struct RegisterPlan {
    pub(crate) name: Arc<str>,
    pub(crate) size: u64,
    pub(crate) width: u32,
}

/// A piece of a list of data, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DataItem {
    /// Whole bytes of header storage.
    Bytes { at: u32, length: u32 },
    /// A scalar in words.
    Scalar { slot: Slot, width: u32 },
    /// A varbit field, as long as the word says.
    Varbit { at: u32, length: Slot },
}

/// A call with an effect; its operands are in words, its result goes to the word `d`.
#[derive(Debug)]
pub(crate) enum ExternPlan {
    Count {
        first_cell: u32,
        size: u64,
        index: Slot,
        name: Arc<str>,
    },
    DirectCount {
        cell: Slot,
    },
    Meter {
        meter: u16,
        index: Slot,
        d: Slot,
    },
    DirectMeter {
        cell: Slot,
        unit: CounterUnit,
        d: Slot,
    },
    /// Whether the words from `key` on are a member of a value set.
    InValueSet {
        set: u16,
        key: Slot,
        words: u16,
        d: Slot,
    },
    RegisterRead {
        register: u16,
        index: Slot,
        d: Slot,
    },
    RegisterWrite {
        register: u16,
        index: Slot,
        a: Slot,
    },
    /// `base + hash % max`, cut to 64 bits; the program cuts it to the result's width.
    Hash {
        algorithm: HashAlgorithm,
        base: Slot,
        max: Slot,
        data: Vec<DataItem>,
        d: Slot,
    },
    Random {
        low: Slot,
        high: Slot,
        d: Slot,
    },
    Digest {
        name: String,
        receiver: Slot,
        data: Vec<(Slot, u32)>,
    },
    Clone {
        kind: CloneKind,
        session: Slot,
        field_list: Slot,
    },
    Resubmit {
        field_list: Slot,
    },
    Recirculate {
        field_list: Slot,
    },
    Truncate {
        length: Slot,
    },
    MarkToDrop,
    Assert {
        condition: Slot,
        text: String,
    },
    Log {
        format: String,
        arguments: Vec<(Slot, u32)>,
    },
    /// Puts the sum into `d`.
    Checksum {
        algorithm: HashAlgorithm,
        data: Vec<DataItem>,
        with_payload: bool,
        d: Slot,
    },
    PacketLength {
        d: Slot,
    },
    IngressTimeNs {
        d: Slot,
    },
    WireLength {
        d: Slot,
    },
    BadFrame {
        d: Slot,
    },
    Digest64 {
        seed: Slot,
        data: Vec<DataItem>,
        d: Slot,
    },
    Overwrite {
        offset: Slot,
        length: Slot,
        value: Slot,
    },
    Trim {
        length: Slot,
    },
    FixChecksums {
        offset: Slot,
    },
    AppendTrailer {
        data: Vec<DataItem>,
    },
}

impl Program {
    /// Whether a block does nothing.
    pub(crate) fn is_empty(&self, stage: Stage) -> bool {
        matches!(self.ops.get(stage.entry(&self.entry) as usize), Some(Op::End) | None)
    }

    /// Index of an error of core.p4, by name; that of `NoError` where the program has none of that name.
    pub(crate) fn error(&self, name: &str) -> u16 {
        self.errors.iter().position(|error| error == name).unwrap_or(0) as u16
    }
}
