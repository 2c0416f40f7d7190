//! One block of the pipeline becomes one function.

use std::collections::BTreeMap;
use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AliasRegionData, Block, BlockArg, Function, InstBuilder, MemFlagsData, Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Switch, Variable};
use rustc_hash::FxHashMap;

use super::apply::{ActionData, Begun};
use super::code::Host;
use super::long::Long;
use super::order::Order;
use super::seam::{self, Ended, Frame};
use super::slots::{Access, Shared, accesses, reachable, successors};
use super::{MAX_NATIVE_STEPS, NoNativeCode, Stage};
use crate::engine::bytes::SLACK;
use crate::engine::op::{Op, Pc, Slot};
use crate::engine::program::{KeySource, Program, SelectTable};
use crate::engine::run::MAX_LOOP_TURNS;

/// What a translation step gives: an error ends it all.
pub(super) type Result<T> = std::result::Result<T, NoNativeCode>;

/// Tells the words that a call touches: first one, number, how.
pub(super) type Told<'t> = dyn Fn(&mut dyn FnMut(Slot, usize, Access)) + 't;

/// How each kind of memory is accessed. Kinds never overlap, so that a store to one does not make loads of another stale.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    pub(super) words: MemFlagsData,
    pub(super) bytes: MemFlagsData,
    pub(super) touched: MemFlagsData,
    /// The packet: nobody writes it.
    pub(super) packet: MemFlagsData,
    /// Tables: nobody writes them while a packet uses them.
    pub(super) tables: MemFlagsData,
    pub(super) cells: MemFlagsData,
    pub(super) output: MemFlagsData,
    pub(super) frame: MemFlagsData,
}

impl Memory {
    fn new(func: &mut Function) -> Self {
        let mut number = 0;
        let mut kind = |description: &'static str| {
            number += 1;
            let region = AliasRegionData { user_id: number, description: description.into() };
            let region = func.dfg.alias_regions.insert(region);
            MemFlagsData::new().with_notrap().with_alias_region(Some(region))
        };
        Self {
            words: kind("words"),
            bytes: kind("header bytes"),
            touched: kind("touched lines"),
            packet: kind("packet").with_readonly(),
            tables: kind("tables").with_readonly(),
            cells: kind("cells"),
            output: kind("output"),
            frame: kind("frame"),
        }
    }
}

/// What is known of a program before its functions are written.
#[derive(Clone, Copy)]
pub(super) struct Known<'p> {
    pub(super) program: &'p Program,
    pub(super) shared: &'p Shared,
    /// How to tell whether headers were changed, if the deparser is spared where they were not.
    pub(super) order: Option<&'p Order>,
}

/// Writes the function of one block.
pub(super) struct Translator<'p, 'f> {
    pub(super) program: &'p Program,
    pub(super) known: Known<'p>,
    pub(super) stage: Stage,
    steps: &'p mut usize,
    pub(super) b: FunctionBuilder<'f>,
    pub(super) memory: Memory,
    pub(super) frame: Value,
    pub(super) words: Value,
    pub(super) bytes: Value,
    /// Values of the words that the function keeps.
    pub(super) kept: FxHashMap<Slot, Variable>,
    /// Bytes of the packet that the parser consumed; the parser alone has it.
    pub(super) cursor: Option<Variable>,
    /// Where the next byte of output goes, and how many bytes there are; the deparser alone has it.
    pub(super) out_length: Option<Variable>,
    pub(super) signature: CallConv,
    /// The data of the action that is being written, where its instructions read them in place.
    pub(super) data: Option<ActionData>,
    /// Values too long for registers that are the function's own, by their first words.
    pub(super) longs: BTreeMap<Slot, Long>,
    /// Applications whose key is being made.
    pub(super) sites: FxHashMap<u16, Begun>,
    /// Whether blocks that are made now stand aside: they run for fewer packets than those around them.
    pub(super) is_aside: bool,
}

/// Writes the function of a block of the program.
pub(super) fn function(
    known: Known<'_>,
    stage: Stage,
    steps: &mut usize,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
    host: Host,
) -> Result<()> {
    let program = known.program;
    let memory = Memory::new(func);
    let mut b = FunctionBuilder::new(func, context);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let frame = b.block_params(start)[0];
    let fixed = memory.frame.with_readonly();
    let words = b.ins().load(types::I64, fixed, frame, offset_of!(Frame, words) as i32);
    let bytes = b.ins().load(types::I64, fixed, frame, offset_of!(Frame, bytes) as i32);
    let mut translator = Translator {
        program,
        known,
        stage,
        steps,
        b,
        memory,
        frame,
        words,
        bytes,
        kept: FxHashMap::default(),
        cursor: None,
        out_length: None,
        signature: host.config.default_call_conv,
        data: None,
        longs: BTreeMap::new(),
        sites: FxHashMap::default(),
        is_aside: false,
    };
    translator.begin();
    translator.region(stage.entry(&program.entry), None)?;
    translator.b.seal_all_blocks();
    translator.b.finalize(host.config);
    Ok(())
}

impl Translator<'_, '_> {
    fn begin(&mut self) {
        match self.stage {
            Stage::Parser => {
                let cursor = self.b.declare_var(types::I64);
                let bits = self.load_frame(offset_of!(Frame, cursor));
                // A pass begins at a whole byte.
                let bytes = self.b.ins().ushr_imm_u(bits, 3);
                self.b.def_var(cursor, bytes);
                self.cursor = Some(cursor);
            }
            Stage::Deparser => {
                let length = self.b.declare_var(types::I64);
                let bytes = self.load_frame(offset_of!(Frame, out_length));
                self.b.def_var(length, bytes);
                self.out_length = Some(length);
            }
            Stage::Verify | Stage::Ingress | Stage::Egress | Stage::Compute => {}
        }
        // The parser may have to hand over to the interpreter, which has all values in their own words.
        if self.stage != Stage::Parser {
            self.begin_longs();
        }
    }

    /// Counts what is written; says when it is too much.
    fn step(&mut self, count: usize) -> Result<()> {
        *self.steps += count;
        if *self.steps > MAX_NATIVE_STEPS { Err(NoNativeCode::TooLarge) } else { Ok(()) }
    }

    /// Writes all that can run from an instruction on. `behind` is where an action goes back to.
    pub(super) fn region(&mut self, entry: Pc, behind: Option<Block>) -> Result<()> {
        let program = self.program;
        let ops = reachable(program, entry);
        let mut blocks = BTreeMap::new();
        blocks.insert(entry, self.new_block());
        for pc in &ops {
            successors(program, program.ops[*pc as usize], &mut |to| {
                blocks.entry(to).or_insert_with(|| self.new_block());
            });
        }
        self.b.ins().jump(blocks[&entry], []);
        let mut goes_on = false;
        // An instruction that is not there ends the block.
        let ends = blocks.keys().copied().filter(|pc| *pc as usize >= program.ops.len());
        let mut all = ops;
        all.extend(ends.collect::<Vec<_>>());
        let mut done = 0;
        for pc in all {
            if let Some(block) = blocks.get(&pc) {
                if goes_on {
                    self.b.ins().jump(*block, []);
                }
                self.b.switch_to_block(*block);
            }
            let Some(op) = program.ops.get(pc as usize).copied() else {
                self.leave(Ended::END);
                goes_on = false;
                continue;
            };
            if !self.bytes_are_there(op) {
                return Err(NoNativeCode::Generator("an instruction outside of header storage".to_string()));
            }
            let mut words = 1;
            accesses(program, op, &mut |_, count, _| words = words.max(count));
            self.step(words)?;
            if self.known.order.is_some_and(|order| order.changes(program, pc, op)) {
                let yes = self.number(1);
                self.store_frame(offset_of!(Frame, is_changed), yes);
            }
            if pc >= done {
                let run = self.run_from(pc, &blocks);
                if run.len() > 1 {
                    done = pc + run.len() as Pc;
                    self.write_run(&run, done);
                }
            }
            if pc >= done {
                self.op(op, pc, &blocks, behind)?;
            }
            goes_on = successors(program, op, &mut |_| ());
            if goes_on && program.ops.get(pc as usize + 1).is_none() {
                self.leave(Ended::END);
                goes_on = false;
            }
        }
        Ok(())
    }

    /// Whether the bytes of header storage that an instruction names are there.
    fn bytes_are_there(&self, op: Op) -> bool {
        let program = self.program;
        let all = program.layout.header_bytes + SLACK;
        let header = |header: u16| {
            program
                .headers
                .get(usize::from(header))
                .is_some_and(|plan| (plan.at + plan.max_bytes) as usize <= all)
        };
        match op {
            Op::Load { at, .. } | Op::Store { at, .. } => at as usize + 8 <= all,
            Op::LoadW { bit, width, .. } | Op::StoreW { bit, width, .. } => {
                (bit as usize + usize::from(width)).div_ceil(8) <= all
            }
            Op::Apply { site } => match program.sites[usize::from(site)].source {
                KeySource::Load { at, .. } => at as usize + 8 <= all,
                KeySource::Words | KeySource::Slice { .. } => true,
            },
            Op::Extract { header: index } => header(index),
            Op::EmitRun { header: first, count } => (first..first.saturating_add(count)).all(header),
            _ => true,
        }
    }

    fn op(&mut self, op: Op, pc: Pc, blocks: &BTreeMap<Pc, Block>, behind: Option<Block>) -> Result<()> {
        let target = |to: &Pc| blocks[to];
        match op {
            Op::Jump { to } => {
                self.b.ins().jump(target(&to), []);
            }
            Op::JumpIf { a, to } => {
                let a = self.get(a);
                self.jump_if(a, target(&to));
            }
            Op::JumpUnless { a, to } => {
                let a = self.get(a);
                let zero = self.compare_with(IntCC::Equal, a, 0);
                self.jump_if(zero, target(&to));
            }
            Op::JumpEq { a, b, to } => self.jump_compare(IntCC::Equal, a, b, target(&to)),
            Op::JumpNe { a, b, to } => self.jump_compare(IntCC::NotEqual, a, b, target(&to)),
            Op::JumpLt { a, b, to } => self.jump_compare(IntCC::UnsignedLessThan, a, b, target(&to)),
            Op::JumpGe { a, b, to } => {
                self.jump_compare(IntCC::UnsignedGreaterThanOrEqual, a, b, target(&to));
            }
            Op::JumpEqW { a, b, n, to } => {
                let equal = self.equal(a, b, n);
                self.jump_if(equal, target(&to));
            }
            Op::JumpNeW { a, b, n, to } => {
                let equal = self.equal(a, b, n);
                let differ = self.compare_with(IntCC::Equal, equal, 0);
                self.jump_if(differ, target(&to));
            }
            Op::JumpSliceEq { a, low, width, b, to } | Op::JumpSliceNe { a, low, width, b, to } => {
                let found = self.slice_wide(a, low, width);
                let b = self.get(b);
                let how = if matches!(op, Op::JumpSliceEq { .. }) { IntCC::Equal } else { IntCC::NotEqual };
                let holds = self.b.ins().icmp(how, found, b);
                self.jump_if(holds, target(&to));
            }
            Op::JumpTable { a, table } => {
                self.jump_table(a, &self.program.selects[usize::from(table)], blocks);
            }
            Op::LoopBack { to } => self.loop_back(target(&to)),
            Op::End => self.leave(Ended::END),
            Op::Return => match behind {
                Some(behind) => {
                    self.b.ins().jump(behind, []);
                }
                None => self.leave(Ended::END),
            },
            // Where it leads is right behind the application, which ends in the same place.
            Op::ApplyEmpty { site, .. } => self.apply_empty(site),
            Op::Apply { site } => self.apply(site)?,
            Op::Extern { index } => self.call_extern(index),
            Op::Extract { header } => self.extract(header),
            Op::ExtractVarbit { header, bits } => self.extract_varbit(header, bits),
            Op::Advance { a } => self.advance(a, pc + 1),
            Op::Lookahead { d, offset, width } => self.lookahead(d, offset, width.into()),
            Op::Reject { error } => {
                let error = self.number(error.into());
                self.reject(error);
            }
            Op::Verify { a, error } => self.verify(a, error),
            Op::EmitRun { header, count } => self.emit_run(header, count),
            Op::CopyHeader { to, from } => {
                let arguments = [self.number(to.into()), self.number(from.into())];
                self.call_with_frame(seam::Function::CopyHeader, &arguments);
            }
            Op::ShiftStack { stack, by } => {
                let arguments = [self.number(stack.into()), self.number(by as u64)];
                self.call_with_frame(seam::Function::ShiftStack, &arguments);
            }
            Op::Load { d, at, shift, width } => {
                let value = self.load_field(at, shift, width);
                self.set(d, value);
            }
            Op::LoadW { d, bit, width } => self.load_wide(d, bit, width),
            Op::Store { a, at, shift, width } => self.store_field(a, at, shift, width),
            Op::StoreW { a, bit, width } => self.store_wide(a, bit, width),
            Op::Wide { index } => self.wide(index),
            _ => self.scalar(op),
        }
        Ok(())
    }

    /// Jumps where the condition is not zero, and else goes on.
    fn jump_if(&mut self, condition: Value, to: Block) {
        let behind = self.new_block();
        self.b.ins().brif(condition, to, [], behind, []);
        self.b.switch_to_block(behind);
    }

    fn jump_compare(&mut self, how: IntCC, a: Slot, b: Slot, to: Block) {
        let (a, b) = (self.get(a), self.get(b));
        let holds = self.b.ins().icmp(how, a, b);
        self.jump_if(holds, to);
    }

    fn jump_table(&mut self, a: Slot, table: &SelectTable, blocks: &BTreeMap<Pc, Block>) {
        let a = self.get(a);
        let mut switch = Switch::new();
        let default = match table {
            SelectTable::Direct { targets, default } => {
                for (value, to) in targets.iter().enumerate().filter(|(_, to)| *to != default) {
                    switch.set_entry(value as u128, blocks[to]);
                }
                *default
            }
            SelectTable::Sorted { values, targets, default } => {
                for (value, to) in values.iter().zip(targets) {
                    switch.set_entry(u128::from(*value), blocks[to]);
                }
                *default
            }
        };
        switch.emit(&mut self.b, a, blocks[&default]);
    }

    fn loop_back(&mut self, to: Block) {
        let turns = self.load_frame(offset_of!(Frame, turns));
        let turns = self.b.ins().iadd_imm_u(turns, 1);
        self.store_frame(offset_of!(Frame, turns), turns);
        let too_many = self.compare_with(IntCC::UnsignedGreaterThan, turns, u64::from(MAX_LOOP_TURNS));
        let limit = self.aside_block();
        self.b.ins().brif(too_many, limit, [], to, []);
        self.b.switch_to_block(limit);
        self.leave(Ended::LOOP_LIMIT);
    }

    /// Returns from the function.
    pub(super) fn leave(&mut self, ended: u64) {
        if let Some(cursor) = self.cursor {
            let bytes = self.b.use_var(cursor);
            let bits = self.b.ins().ishl_imm_u(bytes, 3);
            self.store_frame(offset_of!(Frame, cursor), bits);
        }
        self.show_output();
        let ended = self.number(ended);
        self.b.ins().return_(&[ended]);
    }

    /// Returns, for the interpreter to go on at an instruction; the cursor, in bits, is in the frame already.
    pub(super) fn leave_for_interpreter(&mut self, at: Pc) {
        let mut kept: Vec<_> = self.kept.iter().map(|(slot, variable)| (*slot, *variable)).collect();
        kept.sort_unstable_by_key(|(slot, _)| *slot);
        for (slot, variable) in kept {
            let value = self.b.use_var(variable);
            self.store_word(slot, value);
        }
        let at = self.number(at.into());
        self.store_frame(offset_of!(Frame, resume), at);
        let ended = self.number(Ended::RESUME);
        self.b.ins().return_(&[ended]);
    }

    /// A block, as far aside as what is being written.
    pub(super) fn new_block(&mut self) -> Block {
        let block = self.b.create_block();
        if self.is_aside {
            self.b.set_cold_block(block);
        }
        block
    }

    /// A block that hardly ever runs, or for few packets.
    pub(super) fn aside_block(&mut self) -> Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        block
    }

    /// Goes on in `to` with values.
    pub(super) fn go(&mut self, to: Block, values: &[Value]) {
        let values: Vec<BlockArg> = values.iter().map(|value| BlockArg::Value(*value)).collect();
        self.b.ins().jump(to, &values);
    }
}
