//! Statements as changes of a state: both ways of a branch are computed, and a multiplexer chooses.

use sluice_ir::{Block, Expression, Handle, HeaderRef, Label, Stack, Statement, StatementKind, Type};

use crate::exec::Exec;
use crate::graph::Value;
use crate::state::{NEXT, State, Way};

/// Most turns of a loop that are laid out one behind the other.
const MAX_TURNS: usize = 64;

impl Exec<'_> {
    /// Runs a block.
    pub(crate) fn block(&mut self, state: &mut State, block: &Block) {
        for statement in block {
            let live = state.live(&mut self.graph);
            if self.graph.is(live, 0) {
                return;
            }
            self.at(statement.span);
            self.statement(state, statement);
        }
    }

    fn statement(&mut self, state: &mut State, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                if matches!(self.module.expressions[*value].ty, Type::Varbit(_)) {
                    return self.refuse("assignments of varbit fields", "copy the whole header");
                }
                self.refuse_empty(state, *value);
                let value = self.value(state, *value);
                self.assign(state, place, value);
            }
            StatementKind::CopyHeader { to, from } => self.copy_header(state, *to, *from),
            StatementKind::CopyStack { to, from } => self.copy_stack(state, *to, *from),
            StatementKind::SetValid(header) => self.set_validity(state, *header, true),
            StatementKind::SetInvalid(header) => self.set_validity(state, *header, false),
            StatementKind::PushFront(stack, count) => self.shift_stack(state, *stack, *count as usize, true),
            StatementKind::PopFront(stack, count) => self.shift_stack(state, *stack, *count as usize, false),
            StatementKind::If { condition, accept, reject } => {
                let condition = self.value(state, *condition);
                let not = self.graph.not(condition);
                self.branches(state, vec![(condition, accept), (not, reject)]);
            }
            StatementKind::Switch { selector, cases, default } => {
                self.switch(state, *selector, cases, default);
            }
            StatementKind::Apply { table, hit, action_run } => self.apply(state, *table, *hit, *action_run),
            StatementKind::Labelled(label, block) => {
                self.block(state, block);
                state.left.remove(&Way::To(*label));
            }
            StatementKind::Loop(label, block) => self.turns(state, *label, block),
            StatementKind::Leave(label) => self.leave(state, Way::To(*label)),
            StatementKind::Exit => self.leave(state, Way::Exit),
            StatementKind::Extract { header, varbit_bits } => self.extract(state, *header, *varbit_bits),
            StatementKind::Lookahead { to, offset_bits } => self.lookahead(state, to, *offset_bits),
            StatementKind::Advance(bits) => self.advance(state, *bits),
            StatementKind::Verify { condition, error } => {
                let holds = self.value(state, *condition);
                let error = self.value(state, *error);
                let fails = self.graph.not(holds);
                self.reject(state, fails, error);
            }
            StatementKind::Emit(header) => self.emit(state, *header),
            StatementKind::Extern(call) => self.extern_call(state, call),
        }
    }

    fn leave(&mut self, state: &mut State, way: Way) {
        let always = self.graph.bit(true);
        state.leave(&mut self.graph, way, always);
    }

    /// Of several ways, of which one is gone.
    pub(crate) fn branches(&mut self, state: &mut State, ways: Vec<(Value, &Block)>) {
        let mut after = Vec::new();
        for (on, block) in ways {
            if self.graph.is(on, 0) {
                continue;
            }
            let mut there = state.clone();
            self.path.push(on);
            self.block(&mut there, block);
            self.path.pop();
            after.push((on, there));
        }
        if let [(_, only)] = &mut after[..] {
            std::mem::swap(state, only);
        } else if !after.is_empty() {
            *state = State::merge(&mut self.graph, &self.slots, &after);
        }
    }

    fn switch(
        &mut self,
        state: &mut State,
        selector: Handle<Expression>,
        cases: &[(Vec<sluice_entities::Bits>, Block)],
        default: &Block,
    ) {
        let selector = self.value(state, selector);
        let mut ways = Vec::new();
        let mut others = self.graph.bit(true);
        for (values, block) in cases {
            let mut any = self.graph.bit(false);
            for value in values {
                let value = self.graph.constant(value.clone());
                let same = self.graph.equals(selector, value);
                any = self.graph.or(any, same);
            }
            let not = self.graph.not(any);
            others = self.graph.and(others, not);
            ways.push((any, block));
        }
        ways.push((others, default));
        self.branches(state, ways);
    }

    /// A loop whose number of turns is known, one turn behind the other.
    fn turns(&mut self, state: &mut State, label: Label, block: &Block) {
        for _ in 0..MAX_TURNS {
            let live = state.live(&mut self.graph);
            if self.graph.is(live, 0) {
                state.left.remove(&Way::To(label));
                return;
            }
            self.block(state, block);
        }
        self.refuse(
            &format!("loops whose end is not known or stands behind {MAX_TURNS} turns"),
            "give the loop constant bounds",
        );
        state.left.remove(&Way::To(label));
    }

    fn set_validity(&mut self, state: &mut State, header: HeaderRef, valid: bool) {
        let value = self.graph.bit(valid);
        for (on, header) in self.headers(state, header) {
            if valid {
                self.leave_union(state, on, header);
            }
            self.put(state, self.slots.valid(header), on, value);
        }
    }

    /// The other members of a header's union become invalid.
    pub(crate) fn leave_union(&mut self, state: &mut State, on: Value, header: Handle<sluice_ir::Header>) {
        let module = self.module;
        let Some(union) = module.headers[header].union else { return };
        let never = self.graph.bit(false);
        for member in module.unions[union].members.iter().filter(|member| **member != header) {
            self.put(state, self.slots.valid(*member), on, never);
        }
    }

    /// Copies what stands in all slots of a header.
    fn copy_header(&mut self, state: &mut State, to: HeaderRef, from: HeaderRef) {
        let sources = self.headers(state, from);
        let targets = self.headers(state, to);
        let before = state.clone();
        for (on, target) in &targets {
            let valid = sources
                .iter()
                .map(|(when, source)| (*when, before.slots[self.slots.valid(*source) as usize]));
            let valid = self.first(valid.collect(), 1);
            let becomes = self.graph.and(*on, valid);
            self.leave_union(state, becomes, *target);
            self.put(state, self.slots.valid(*target), *on, valid);
            for (index, slot) in self.slots.contents(*target).enumerate() {
                let values = sources.iter().map(|(when, source)| {
                    let from = self.slots.contents(*source).start + index as u32;
                    (*when, before.slots[from as usize])
                });
                let values = values.collect();
                let value = self.first(values, self.slots.width(slot));
                self.put(state, slot, *on, value);
            }
        }
    }

    fn first(&mut self, values: Vec<(Value, Value)>, width: u32) -> Value {
        let zero = self.graph.number(width, 0);
        values.into_iter().rev().fold(zero, |chosen, (on, value)| self.graph.mux(on, value, chosen))
    }

    fn copy_stack(&mut self, state: &mut State, to: Handle<Stack>, from: Handle<Stack>) {
        let module = self.module;
        for (to, from) in module.stacks[to].elements.iter().zip(&module.stacks[from].elements) {
            self.copy_header(state, HeaderRef::Header(*to), HeaderRef::Header(*from));
        }
        let next = state.slots[self.slots.next(module, from) as usize];
        let always = self.graph.bit(true);
        self.put(state, self.slots.next(module, to), always, next);
    }

    fn shift_stack(&mut self, state: &mut State, stack: Handle<Stack>, count: usize, up: bool) {
        let module = self.module;
        let elements = &module.stacks[stack].elements;
        let before = state.clone();
        let (always, never) = (self.graph.bit(true), self.graph.bit(false));
        for (at, element) in elements.iter().enumerate() {
            let source = if up { at.checked_sub(count) } else { Some(at + count) };
            let Some(source) = source.and_then(|at| elements.get(at)) else {
                self.put(state, self.slots.valid(*element), always, never);
                continue;
            };
            let valid = before.slots[self.slots.valid(*source) as usize];
            self.put(state, self.slots.valid(*element), always, valid);
            for (to, from) in self.slots.contents(*element).zip(self.slots.contents(*source)) {
                self.put(state, to, always, before.slots[from as usize]);
            }
        }
        if module.stacks[stack].shares_index_of.is_some() {
            return;
        }
        let slot = self.slots.next(module, stack);
        let (next, size) = (before.slots[slot as usize], elements.len() as u64);
        let moved = if up {
            let most = self.graph.number(NEXT, size.saturating_sub(count as u64));
            let by = self.graph.number(NEXT, count as u64);
            let fits = self.graph.less(next, most);
            let sum = self.graph.add(next, by);
            let size = self.graph.number(NEXT, size);
            self.graph.mux(fits, sum, size)
        } else {
            let by = self.graph.number(NEXT, count as u64);
            let short = self.graph.less(next, by);
            let rest = self.graph.binary(crate::graph::Binary::Sub, next, by);
            let zero = self.graph.number(NEXT, 0);
            self.graph.mux(short, zero, rest)
        };
        self.put(state, slot, always, moved);
    }
}
