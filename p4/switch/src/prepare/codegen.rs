//! What all parts of the code generator share: slots, constants, jumps.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sluice_entities::{Bits, PipelineInfo};
use sluice_ir::{Expression, Handle, Label, Module, Type};

use super::layout::{Storage, aligned, lay_out, limbs};
use super::{MAX_STATE_WORDS, PrepareError, bound};
use crate::engine::op::{Op, Pc, Slot};
use crate::engine::program::{
    ActionPlan, ApplySite, EmitPlan, EntryPoints, ExternPlan, ProfilePlan, Program, RegisterPlan,
    SelectTable, Selection, TablePlan,
};
use crate::engine::wide_op::WideOp;
use crate::tables::{KeyField, Shape};

/// Words for temporaries. They are never cleared or copied, so that there may be plenty.
const TEMPORARY_WORDS: usize = 4096;

/// A jump whose target is not known yet.
#[must_use]
#[derive(Clone, Copy)]
pub(super) struct Patch(usize);

/// Generates the instructions of one module.
pub(super) struct Codegen<'m> {
    pub(super) module: &'m Module,
    pub(super) ops: Vec<Op>,
    pub(super) storage: Storage,
    pub(super) wide: Vec<WideOp>,
    pub(super) selects: Vec<SelectTable>,
    pub(super) sites: Vec<ApplySite>,
    pub(super) selections: Vec<Selection>,
    pub(super) profiles: Vec<ProfilePlan>,
    /// By value set: how its members are looked up.
    pub(super) value_sets: Vec<Shape>,
    pub(super) tables: Vec<TablePlan>,
    pub(super) actions: Vec<ActionPlan>,
    pub(super) externs: Vec<ExternPlan>,
    pub(super) states: Vec<(Pc, String)>,
    /// Slots of the action's parameters, while an action is generated.
    pub(super) params: Vec<Slot>,
    /// Whether an action is generated: it ends by `Return` and applies no tables.
    pub(super) in_action: bool,
    /// Jumps to behind each enclosing labelled statement.
    pub(super) leaves: Vec<(Label, Vec<Patch>)>,
    /// First cell of each indirect counter.
    pub(super) counter_cells: Vec<u32>,
    /// First instruction that may be joined with the next one.
    barrier: usize,
    constants: FxHashMap<Vec<u64>, Slot>,
    constant_words: Vec<u64>,
    temporary: usize,
    first_temporary: usize,
    first_constant: usize,
}

impl<'m> Codegen<'m> {
    pub(super) fn new(module: &'m Module) -> Result<Self, PrepareError> {
        let storage = lay_out(module)?;
        let first_temporary = storage.used_words;
        let first_constant = first_temporary + TEMPORARY_WORDS;
        bound("words of state", first_constant as u64, MAX_STATE_WORDS as u64)?;
        let mut next_cell = crate::counters::FIRST_PROGRAM_CELL;
        let counter_cells = module
            .counters
            .iter()
            .map(|(_, counter)| {
                let first = next_cell;
                next_cell += counter.size as u32;
                first
            })
            .collect();
        Ok(Self {
            module,
            ops: Vec::new(),
            storage,
            wide: Vec::new(),
            selects: Vec::new(),
            sites: Vec::new(),
            selections: Vec::new(),
            profiles: module.action_profiles.iter().map(|_| ProfilePlan { tables: Vec::new() }).collect(),
            value_sets: module.value_sets.iter().map(|(_, set)| value_set_shape(set)).collect(),
            tables: Vec::new(),
            actions: Vec::new(),
            externs: Vec::new(),
            states: Vec::new(),
            params: Vec::new(),
            in_action: false,
            leaves: Vec::new(),
            counter_cells,
            barrier: 0,
            constants: FxHashMap::default(),
            constant_words: Vec::new(),
            temporary: first_temporary,
            first_temporary,
            first_constant,
        })
    }

    pub(super) fn finish(
        mut self,
        entry: EntryPoints,
        registers: Vec<RegisterPlan>,
        info: Arc<PipelineInfo>,
    ) -> Result<Program, PrepareError> {
        self.specialize();
        bound("instructions", self.ops.len() as u64, u64::from(u32::MAX))?;
        for (what, count) in [
            ("wide operations", self.wide.len()),
            ("selects", self.selects.len()),
            ("table applications", self.sites.len()),
            ("action profiles", self.profiles.len()),
            ("value sets", self.value_sets.len()),
            ("extern calls", self.externs.len()),
        ] {
            bound(what, count as u64, u64::from(u16::MAX))?;
        }
        let too_short = self.error("PacketTooShort");
        let mut layout = self.storage.layout;
        layout.first_constant = self.first_constant;
        layout.template = vec![0; self.first_constant];
        layout.template.extend(self.constant_words);
        let emits = self.storage.headers.iter().map(|header| EmitPlan {
            has_varbit: header.varbit.is_some(),
            at: header.at,
            fixed_bytes: header.fixed_bytes,
        });
        let emits = emits.collect();
        Ok(Program {
            ops: self.ops,
            entry,
            layout,
            wide: self.wide,
            selects: self.selects,
            emits,
            headers: self.storage.headers,
            stacks: self.storage.stacks,
            sites: self.sites,
            selections: self.selections,
            profiles: self.profiles,
            value_sets: self.value_sets,
            tables: self.tables,
            actions: self.actions,
            externs: self.externs,
            registers,
            states: self.states,
            errors: self.module.errors.clone(),
            too_short,
            info,
        })
    }

    /// The next instruction's place, which something leads to: it is not joined with the one before it.
    pub(super) fn here(&mut self) -> Pc {
        self.barrier = self.ops.len();
        self.ops.len() as Pc
    }

    /// The last instruction, if it always runs right before the next one.
    pub(super) fn last_op(&mut self) -> Option<&mut Op> {
        if self.ops.len() > self.barrier { self.ops.last_mut() } else { None }
    }

    pub(super) fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// Puts the forms of fixed size in the place of wide instructions, where there are such forms.
    fn specialize(&mut self) {
        for op in &mut self.ops {
            *op = match *op {
                Op::AndW { d, a, b, n: 4 } => Op::And4 { d, a, b },
                Op::OrW { d, a, b, n: 4 } => Op::Or4 { d, a, b },
                Op::MoveW { d, a, n: 4 } => Op::Move4 { d, a },
                Op::AndW { d, a, b, n: 2 } => Op::And2 { d, a, b },
                Op::OrW { d, a, b, n: 2 } => Op::Or2 { d, a, b },
                Op::MoveW { d, a, n: 2 } => Op::Move2 { d, a },
                other => other,
            };
        }
    }

    /// Adds a jump whose target [`Self::land`] fills in.
    pub(super) fn jump(&mut self, op: Op) -> Patch {
        self.ops.push(op);
        Patch(self.ops.len() - 1)
    }

    /// Lets the jumps lead here.
    pub(super) fn land(&mut self, patches: impl IntoIterator<Item = Patch>) {
        let here = self.here();
        for patch in patches {
            self.aim(patch, here);
        }
    }

    /// Lets the jump lead to `target`.
    pub(super) fn aim(&mut self, patch: Patch, target: Pc) {
        match &mut self.ops[patch.0] {
            Op::Jump { to }
            | Op::JumpIf { to, .. }
            | Op::JumpUnless { to, .. }
            | Op::JumpEq { to, .. }
            | Op::JumpNe { to, .. }
            | Op::JumpLt { to, .. }
            | Op::JumpGe { to, .. }
            | Op::JumpEqW { to, .. }
            | Op::JumpNeW { to, .. }
            | Op::JumpSliceEq { to, .. }
            | Op::JumpSliceNe { to, .. }
            | Op::LoopBack { to }
            | Op::ApplyEmpty { to, .. } => *to = target,
            _ => {}
        }
    }

    /// Fresh words, until [`Self::release`] of an earlier [`Self::mark`].
    pub(super) fn temporary(&mut self, width: u32) -> Result<Slot, PrepareError> {
        self.temporary_words(limbs(width))
    }

    pub(super) fn temporary_words(&mut self, count: usize) -> Result<Slot, PrepareError> {
        let slot = aligned(self.temporary, count);
        self.temporary = slot + count;
        bound(
            "words of temporaries in one statement",
            (self.temporary - self.first_temporary) as u64,
            TEMPORARY_WORDS as u64,
        )?;
        Ok(slot as Slot)
    }

    /// Whether a slot is a statement's own.
    pub(super) fn is_temporary(&self, slot: Slot) -> bool {
        (self.first_temporary..self.first_constant).contains(&usize::from(slot))
            && !self.params.contains(&slot)
    }

    pub(super) fn mark(&self) -> usize {
        self.temporary
    }

    pub(super) fn release(&mut self, mark: usize) {
        self.temporary = mark;
    }

    /// The slot of a constant.
    pub(super) fn constant(&mut self, bits: &Bits) -> Result<Slot, PrepareError> {
        self.constant_limbs(bits.limbs().to_vec())
    }

    pub(super) fn number(&mut self, value: u64) -> Result<Slot, PrepareError> {
        self.constant_limbs(vec![value])
    }

    fn constant_limbs(&mut self, limbs: Vec<u64>) -> Result<Slot, PrepareError> {
        if let Some(slot) = self.constants.get(&limbs) {
            return Ok(*slot);
        }
        let end = self.first_constant + self.constant_words.len();
        let slot = aligned(end, limbs.len());
        self.constant_words.resize(slot - self.first_constant, 0);
        self.constant_words.extend(&limbs);
        bound("words of state", (slot + limbs.len()) as u64, MAX_STATE_WORDS as u64)?;
        self.constants.insert(limbs, slot as Slot);
        Ok(slot as Slot)
    }

    pub(super) fn ty(&self, expression: Handle<Expression>) -> Result<Type, PrepareError> {
        self.module
            .expressions
            .try_index(expression)
            .map(|expression| expression.ty)
            .ok_or_else(|| invalid("expression"))
    }

    pub(super) fn add_wide(&mut self, op: WideOp) {
        self.wide.push(op);
        self.push(Op::Wide { index: (self.wide.len() - 1) as u16 });
    }

    pub(super) fn add_extern(&mut self, plan: ExternPlan) {
        self.externs.push(plan);
        self.push(Op::Extern { index: (self.externs.len() - 1) as u16 });
    }

    /// Index of an error of core.p4.
    pub(super) fn error(&self, name: &str) -> u16 {
        self.module.errors.iter().position(|error| error == name).unwrap_or(0) as u16
    }
}

/// A reference that leads nowhere.
pub(super) fn invalid(what: &str) -> PrepareError {
    PrepareError::Invalid { what: format!("a reference to a {what} that is not there") }
}

/// A value set's members are looked up like the entries of a table.
fn value_set_shape(set: &sluice_ir::ValueSet) -> Shape {
    let mut word = 0;
    let field = |field: &sluice_ir::ValueSetField| {
        let field = KeyField { word, width: field.width, kind: field.kind };
        word += field.words();
        field
    };
    Shape::new(set.fields.iter().map(field).collect())
}
