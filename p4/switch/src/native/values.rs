//! Values: of words, wherever they are kept, of the frame, and of calls.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, Type, Value, types};
use cranelift_frontend::Variable;

use super::seam;
use super::slots::Access;
use super::translate::{Told, Translator};
use crate::engine::op::Slot;

impl Translator<'_, '_> {
    pub(super) fn number(&mut self, value: u64) -> Value {
        self.b.ins().iconst(types::I64, value.cast_signed())
    }

    pub(super) fn compare_with(&mut self, how: IntCC, a: Value, value: u64) -> Value {
        let ty = self.b.func.dfg.value_type(a);
        let value = self.b.ins().iconst(ty, value.cast_signed());
        self.b.ins().icmp(how, a, value)
    }

    pub(super) fn load_frame(&mut self, offset: usize) -> Value {
        self.b.ins().load(types::I64, self.memory.frame, self.frame, offset as i32)
    }

    /// What nobody changes while the function runs.
    pub(super) fn fixed_from_frame(&mut self, offset: usize) -> Value {
        let fixed = self.memory.frame.with_readonly();
        self.b.ins().load(types::I64, fixed, self.frame, offset as i32)
    }

    pub(super) fn store_frame(&mut self, offset: usize, value: Value) {
        self.b.ins().store(self.memory.frame, value, self.frame, offset as i32);
    }

    /// The variable of a word that the function keeps.
    pub(super) fn variable(&mut self, slot: Slot) -> Option<Variable> {
        if let Some(known) = self.kept.get(&slot) {
            return Some(*known);
        }
        if !self.known.shared.keeps(self.program, self.stage, slot) {
            return None;
        }
        let variable = self.b.declare_var(types::I64);
        self.kept.insert(slot, variable);
        Some(variable)
    }

    /// The value of a word that is a constant.
    pub(super) fn constant(&self, slot: Slot) -> Option<u64> {
        let layout = &self.program.layout;
        let is_constant = usize::from(slot) >= layout.first_constant;
        is_constant.then(|| layout.template.get(usize::from(slot)).copied().unwrap_or(0))
    }

    /// The value of a word.
    pub(super) fn get(&mut self, slot: Slot) -> Value {
        if let Some(value) = self.constant(slot) {
            return self.number(value);
        }
        if let Some((flags, address, offset)) = self.elsewhere(slot) {
            return self.b.ins().load(types::I64, flags, address, offset);
        }
        match self.variable(slot) {
            // A word that was not written yet is zero, as words are before ingress.
            Some(variable) => self.b.use_var(variable),
            None => self.load_word(slot, types::I64),
        }
    }

    /// Sets a word.
    pub(super) fn set(&mut self, slot: Slot, value: Value) {
        match self.variable(slot) {
            Some(variable) => self.b.def_var(variable, value),
            None => self.store_word(slot, value),
        }
    }

    pub(super) fn load_word(&mut self, slot: Slot, ty: Type) -> Value {
        self.b.ins().load(ty, self.memory.words, self.words, i32::from(slot) * 8)
    }

    pub(super) fn store_word(&mut self, slot: Slot, value: Value) {
        self.b.ins().store(self.memory.words, value, self.words, i32::from(slot) * 8);
    }

    /// The address of a word.
    pub(super) fn word_address(&mut self, slot: Slot) -> Value {
        self.b.ins().iadd_imm_u(self.words, i64::from(slot) * 8)
    }

    /// Whether a word stands in the packet's state, and nowhere else.
    pub(super) fn is_in_memory(&mut self, slot: Slot) -> bool {
        usize::from(slot) < self.program.layout.first_constant && self.variable(slot).is_none()
    }

    /// Puts words into the packet's state, for Rust to read.
    pub(super) fn show(&mut self, first: Slot, words: usize) {
        for slot in (first..).take(words) {
            if let Some(variable) = self.variable(slot) {
                let value = self.b.use_var(variable);
                self.store_word(slot, value);
            }
        }
    }

    /// Takes over what Rust wrote to the packet's state.
    pub(super) fn take(&mut self, first: Slot, words: usize) {
        for slot in (first..).take(words) {
            if let Some(variable) = self.variable(slot) {
                let value = self.load_word(slot, types::I64);
                self.b.def_var(variable, value);
            }
        }
    }

    /// Calls a function that reads and writes words as `told` says.
    pub(super) fn call_on_words(
        &mut self,
        function: seam::Function,
        arguments: &[Value],
        told: &Told<'_>,
    ) -> Value {
        let mut all = Vec::new();
        told(&mut |first, words, access| all.push((first, words, access)));
        for (first, words, access) in &all {
            if *access == Access::Read {
                self.show(*first, *words);
            }
        }
        let result = self.call_with_frame(function, arguments);
        for (first, words, access) in all {
            if access == Access::Write {
                self.take(first, words);
            }
        }
        result
    }

    /// Calls a function whose first argument is the frame.
    pub(super) fn call_with_frame(&mut self, function: seam::Function, arguments: &[Value]) -> Value {
        let all: Vec<Value> = [self.frame].into_iter().chain(arguments.iter().copied()).collect();
        self.call(function, &all)
    }

    pub(super) fn call(&mut self, function: seam::Function, arguments: &[Value]) -> Value {
        debug_assert_eq!(function.arguments(), arguments.len(), "{function:?}");
        let mut signature = Signature::new(self.signature);
        signature.params.extend(arguments.iter().map(|_| AbiParam::new(types::I64)));
        signature.returns.push(AbiParam::new(types::I64));
        let signature = self.b.import_signature(signature);
        let address = self.number(seam::address(function) as u64);
        let call = self.b.ins().call_indirect(signature, address, arguments);
        self.b.inst_results(call)[0]
    }
}
