//! The parser's and the deparser's instructions.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use sluice_ir::Intrinsic;

use super::fields::parts;
use super::seam::{Ended, Frame, Function};
use super::translate::Translator;
use crate::engine::op::{Pc, Slot};
use crate::engine::program::HeaderPlan;

/// Valid bits of adjacent headers that are looked at together.
const FLAGS: u16 = 8;

impl Translator<'_, '_> {
    /// Where the parser is, bytes.
    fn cursor(&mut self) -> Value {
        match self.cursor {
            Some(cursor) => self.b.use_var(cursor),
            None => self.number(0),
        }
    }

    fn set_cursor(&mut self, value: Value) {
        if let Some(cursor) = self.cursor {
            self.b.def_var(cursor, value);
        }
    }

    /// The address of the packet's first byte, and how many there are.
    fn packet(&mut self) -> (Value, Value) {
        (
            self.fixed_from_frame(offset_of!(Frame, data)),
            self.fixed_from_frame(offset_of!(Frame, data_length)),
        )
    }

    /// Ends the parser with an error.
    pub(super) fn reject(&mut self, error: Value) {
        let slot = self.program.layout.intrinsics[Intrinsic::ParserError as usize];
        self.set(slot, error);
        self.leave(Ended::END);
    }

    /// Goes on where `holds`; else the parser ends with an error.
    fn reject_unless(&mut self, holds: Value, error: u16) {
        let (fails, behind) = (self.aside_block(), self.new_block());
        self.b.ins().brif(holds, behind, [], fails, []);
        self.b.switch_to_block(fails);
        let error = self.number(error.into());
        self.reject(error);
        self.b.switch_to_block(behind);
    }

    pub(super) fn verify(&mut self, a: Slot, error: Slot) {
        let (holds, error) = (self.get(a), self.get(error));
        let (fails, behind) = (self.new_block(), self.new_block());
        self.b.ins().brif(holds, behind, [], fails, []);
        self.b.switch_to_block(fails);
        let error = self.and(error, u64::from(u16::MAX));
        self.reject(error);
        self.b.switch_to_block(behind);
    }

    pub(super) fn extract(&mut self, header: u16) {
        let program = self.program;
        let plan = &program.headers[usize::from(header)];
        let (data, length) = self.packet();
        let cursor = self.cursor();
        let end = self.b.ins().iadd_imm_u(cursor, i64::from(plan.fixed_bytes));
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, end, length);
        self.reject_unless(fits, program.too_short);
        let from = self.b.ins().iadd(data, cursor);
        let to = (self.memory.bytes, self.bytes, plan.at);
        self.copy_bytes((self.memory.packet, from, 0), to, plan.fixed_bytes);
        self.touch(plan.at, plan.fixed_bytes);
        self.make_valid(plan);
        self.set_cursor(end);
    }

    fn make_valid(&mut self, plan: &HeaderPlan) {
        let (one, zero) = (self.number(1), self.number(0));
        self.set(plan.valid, one);
        for rival in &plan.rivals {
            self.set(*rival, zero);
        }
    }

    pub(super) fn extract_varbit(&mut self, header: u16, bits: Slot) {
        let bits = self.get(bits);
        let header = self.number(header.into());
        self.show_cursor();
        let failed = self.call_with_frame(Function::ExtractVarbit, &[header, bits]);
        let (fails, behind) = (self.aside_block(), self.new_block());
        self.b.ins().brif(failed, fails, [], behind, []);
        self.b.switch_to_block(fails);
        let error = self.b.ins().iadd_imm_s(failed, -1);
        self.reject(error);
        self.b.switch_to_block(behind);
        let bits = self.load_frame(offset_of!(Frame, cursor));
        let bytes = self.b.ins().ushr_imm_u(bits, 3);
        self.set_cursor(bytes);
    }

    /// Puts the cursor into the frame, in bits.
    fn show_cursor(&mut self) {
        let bytes = self.cursor();
        let bits = self.b.ins().ishl_imm_u(bytes, 3);
        self.store_frame(offset_of!(Frame, cursor), bits);
    }

    /// Moves the cursor. Behind a part of a byte the interpreter goes on, at `next`.
    pub(super) fn advance(&mut self, a: Slot, next: Pc) {
        let bits = self.get(a);
        let (_, length) = self.packet();
        let cursor = self.cursor();
        let left = self.b.ins().isub(length, cursor);
        let left = self.b.ins().ishl_imm_u(left, 3);
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, bits, left);
        self.reject_unless(fits, self.program.too_short);
        let part = self.and(bits, 7);
        let (uneven, behind) = (self.aside_block(), self.new_block());
        self.b.ins().brif(part, uneven, [], behind, []);
        self.b.switch_to_block(uneven);
        let before = self.b.ins().ishl_imm_u(cursor, 3);
        let after = self.b.ins().iadd(before, bits);
        self.store_frame(offset_of!(Frame, cursor), after);
        self.leave_for_interpreter(next);
        self.b.switch_to_block(behind);
        let bytes = self.b.ins().ushr_imm_u(bits, 3);
        let cursor = self.b.ins().iadd(cursor, bytes);
        self.set_cursor(cursor);
    }

    pub(super) fn lookahead(&mut self, d: Slot, offset: u32, width: u32) {
        let (data, length) = self.packet();
        let cursor = self.cursor();
        let bytes = (u64::from(offset) + u64::from(width)).div_ceil(8);
        let end = self.b.ins().iadd_imm_u(cursor, bytes.cast_signed());
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, end, length);
        self.reject_unless(fits, self.program.too_short);
        let (offset, ahead) = (offset % 8, offset / 8);
        let from = self.b.ins().iadd(data, cursor);
        let from = self.b.ins().iadd_imm_u(from, i64::from(ahead));
        for (word, bit, part) in parts(offset, width) {
            let value = self.load_bits(self.memory.packet, from, bit, part);
            self.set(d + word, value);
        }
    }

    /// Emits the valid ones of adjacent headers.
    pub(super) fn emit_run(&mut self, header: u16, count: u16) {
        let program = self.program;
        let plans = &program.headers[usize::from(header)..usize::from(header) + usize::from(count)];
        self.need_room(plans.iter().map(|plan| u64::from(plan.max_bytes)).sum());
        let mut index = 0;
        for group in plans.chunks(usize::from(FLAGS)) {
            let behind = self.new_block();
            if group.len() > 1 {
                // Most headers are invalid: a group without valid ones is passed over at once.
                let mut any = self.get(group[0].valid);
                for plan in &group[1..] {
                    let flag = self.get(plan.valid);
                    any = self.b.ins().bor(any, flag);
                }
                let some = self.new_block();
                self.b.ins().brif(any, some, [], behind, []);
                self.b.switch_to_block(some);
            }
            for plan in group {
                self.emit(header + index, plan);
                index += 1;
            }
            self.b.ins().jump(behind, []);
            self.b.switch_to_block(behind);
        }
    }

    /// Makes sure that so many bytes more can be written.
    fn need_room(&mut self, bytes: u64) {
        let Some(length) = self.out_length else { return };
        let used = self.b.use_var(length);
        let room = self.load_frame(offset_of!(Frame, out_room));
        let left = self.b.ins().isub(room, used);
        let too_little = self.compare_with(IntCC::UnsignedLessThan, left, bytes);
        let (grow, behind) = (self.aside_block(), self.new_block());
        self.b.ins().brif(too_little, grow, [], behind, []);
        self.b.switch_to_block(grow);
        self.show_output();
        let bytes = self.number(bytes);
        self.call_with_frame(Function::Room, &[bytes]);
        self.b.ins().jump(behind, []);
        self.b.switch_to_block(behind);
    }

    fn emit(&mut self, header: u16, plan: &HeaderPlan) {
        let Some(length) = self.out_length else { return };
        let valid = self.get(plan.valid);
        let (write, behind) = (self.new_block(), self.new_block());
        self.b.ins().brif(valid, write, [], behind, []);
        self.b.switch_to_block(write);
        if plan.varbit.is_some() {
            self.show_output();
            let header = self.number(header.into());
            self.call_with_frame(Function::EmitVarbit, &[header]);
            let bytes = self.load_frame(offset_of!(Frame, out_length));
            self.b.def_var(length, bytes);
        } else {
            let used = self.b.use_var(length);
            let out = self.load_frame(offset_of!(Frame, out));
            let to = self.b.ins().iadd(out, used);
            let from = (self.memory.bytes, self.bytes, plan.at);
            self.copy_bytes(from, (self.memory.output, to, 0), plan.fixed_bytes);
            let used = self.b.ins().iadd_imm_u(used, i64::from(plan.fixed_bytes));
            self.b.def_var(length, used);
        }
        self.b.ins().jump(behind, []);
        self.b.switch_to_block(behind);
    }

    /// Puts the number of bytes of output into the frame.
    pub(super) fn show_output(&mut self) {
        if let Some(length) = self.out_length {
            let bytes = self.b.use_var(length);
            self.store_frame(offset_of!(Frame, out_length), bytes);
        }
    }
}
