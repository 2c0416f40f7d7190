//! Calls of externs: those that only read the frame or count are written out, all others lead into Rust.

use std::mem::{offset_of, size_of};

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use sluice_ir::Intrinsic;

use super::seam::{Ended, Frame, Function};
use super::slots::extern_accesses;
use super::translate::Translator;
use crate::counters::{CHUNK, Cell, CellsView};
use crate::engine::op::Slot;
use crate::engine::program::ExternPlan;
use crate::packet::DROP_PORT;

impl Translator<'_, '_> {
    pub(super) fn call_extern(&mut self, index: u16) {
        let program = self.program;
        match &program.externs[usize::from(index)] {
            ExternPlan::DirectCount { cell } => {
                let cell = self.get(*cell);
                self.count(cell);
            }
            ExternPlan::Count { first_cell, size, index, .. } => {
                let index = self.get(*index);
                let is_there = self.compare_with(IntCC::UnsignedLessThan, index, *size);
                let (counts, behind) = (self.new_block(), self.new_block());
                self.b.ins().brif(is_there, counts, [], behind, []);
                self.b.switch_to_block(counts);
                let cell = self.b.ins().iadd_imm_u(index, i64::from(*first_cell));
                self.count(cell);
                self.b.ins().jump(behind, []);
                self.b.switch_to_block(behind);
            }
            ExternPlan::IngressTimeNs { d } => self.take_from_frame(*d, offset_of!(Frame, time_ns)),
            ExternPlan::WireLength { d } => self.take_from_frame(*d, offset_of!(Frame, wire_length)),
            ExternPlan::BadFrame { d } => self.take_from_frame(*d, offset_of!(Frame, bad_frame)),
            ExternPlan::PacketLength { d } => self.take_from_frame(*d, offset_of!(Frame, data_length)),
            ExternPlan::MarkToDrop => {
                let (port, zero) = (self.number(DROP_PORT.into()), self.number(0));
                self.set(program.layout.intrinsics[Intrinsic::EgressSpec as usize], port);
                self.set(program.layout.intrinsics[Intrinsic::McastGrp as usize], zero);
            }
            ExternPlan::Assert { condition, .. } => {
                let holds = self.get(*condition);
                let (fails, behind) = (self.aside_block(), self.new_block());
                self.b.ins().brif(holds, behind, [], fails, []);
                self.b.switch_to_block(fails);
                self.leave(Ended::ASSERTION);
                self.b.switch_to_block(behind);
            }
            // Lines of a log are only made for tracers.
            ExternPlan::Log { .. } => {}
            plan => {
                let number = self.number(index.into());
                self.call_on_words(Function::Extern, &[number], &|f| extern_accesses(program, plan, f));
            }
        }
    }

    fn take_from_frame(&mut self, d: Slot, offset: usize) {
        let value = self.fixed_from_frame(offset);
        self.set(d, value);
    }

    /// Counts the packet in a cell, if the worker has it.
    pub(super) fn count(&mut self, cell: Value) {
        // A cell's number has 32 bits, as the interpreter cuts it.
        let cell = self.and(cell, u32::MAX.into());
        let chunk = self.b.ins().ushr_imm_u(cell, i64::from(CHUNK.trailing_zeros()));
        let view = offset_of!(Frame, cells);
        let count = self.fixed_from_frame(view + offset_of!(CellsView, count));
        let is_there = self.b.ins().icmp(IntCC::UnsignedLessThan, chunk, count);
        let (counts, behind) = (self.new_block(), self.new_block());
        self.b.ins().brif(is_there, counts, [], behind, []);
        self.b.switch_to_block(counts);
        let chunks = self.fixed_from_frame(view + offset_of!(CellsView, chunks));
        let at = self.b.ins().ishl_imm_u(chunk, 3);
        let at = self.b.ins().iadd(chunks, at);
        let chunk = self.b.ins().load(types::I64, self.memory.tables, at, 0);
        let at = self.and(cell, CHUNK as u64 - 1);
        let at = self.b.ins().imul_imm_u(at, size_of::<Cell>() as i64);
        let at = self.b.ins().iadd(chunk, at);
        let one = self.number(1);
        let length = self.fixed_from_frame(offset_of!(Frame, wire_length));
        for (offset, more) in [(offset_of!(Cell, packets), one), (offset_of!(Cell, bytes), length)] {
            let value = self.b.ins().load(types::I64, self.memory.cells, at, offset as i32);
            let value = self.b.ins().iadd(value, more);
            self.b.ins().store(self.memory.cells, value, at, offset as i32);
        }
        self.b.ins().jump(behind, []);
        self.b.switch_to_block(behind);
    }
}
