//! The parser as levels: at each level a packet is in one state, and the window moves by what that state took.
//!
//! All states that a packet may be in at a level stand side by side; a multiplexer, whose ways are the few lengths that they take, moves
//! the window on. Nothing waits: a packet that has been parsed goes through the rest of the levels as it is.

use std::collections::{BTreeMap, BTreeSet};

use sluice_entities::Bits;
use sluice_ir::{
    Block, Expression, ExpressionKind, Handle, Header, HeaderRef, Intrinsic, KeySet, Module, Place,
    SelectCase, Stack, StatementKind, Target, Transition, Type, walk,
};

use crate::exec::Exec;
use crate::graph::{Binary, Input, Value};
use crate::state::{LENGTH, NEXT, POSITION, Special, State, Way, choose};

/// Most bytes of a frame that the parser sees. A header that ends beyond them is as one beyond the frame's end.
pub(crate) const MAX_WINDOW_BYTES: u32 = 256;

/// Most levels.
const MAX_LEVELS: usize = 96;

/// Indexes of core.p4's errors.
mod error {
    pub(super) const PACKET_TOO_SHORT: u64 = 1;
    pub(super) const NO_MATCH: u64 = 2;
    pub(super) const STACK_OUT_OF_BOUNDS: u64 = 3;
    pub(super) const HEADER_TOO_SHORT: u64 = 4;
    pub(super) const PARSER_INVALID_ARGUMENT: u64 = 6;
}

/// The states that a packet may be in at each level, and how far the furthest has come.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    pub(crate) states: Vec<BTreeSet<usize>>,
    pub(crate) window_bytes: u32,
    /// Whether some way is longer than what can be seen.
    pub(crate) is_cut: bool,
    /// Whether some way has no end.
    pub(crate) is_endless: bool,
}

/// Follows all ways through the parser, without looking at what decides.
pub(crate) fn levels(module: &Module) -> Levels {
    let parser = &module.pipeline.parser;
    let mut found = Levels::default();
    let mut furthest = 0_u32;
    // State and next indexes of stacks, with the least and the most bits taken.
    let mut now: BTreeMap<(usize, Vec<u8>), (u32, u32)> = BTreeMap::new();
    if !parser.states.is_empty() {
        now.insert((0, vec![0; module.stacks.len()]), (0, 0));
    }
    while !now.is_empty() {
        if found.states.len() == MAX_LEVELS {
            found.is_endless = true;
            break;
        }
        found.states.push(now.keys().map(|(state, _)| *state).collect());
        let mut next: BTreeMap<(usize, Vec<u8>), (u32, u32)> = BTreeMap::new();
        for ((state, nexts), (least, most)) in now {
            let state = &parser.states[Handle::new(state)];
            let mut nexts = nexts;
            let Some((short, long, seen)) = taken(module, &state.body, &mut nexts) else { continue };
            furthest = furthest.max(most + seen);
            let (least, most) = (least + short, most + long);
            if least > MAX_WINDOW_BYTES * 8 {
                continue;
            }
            for target in targets(&state.transition) {
                let entry = next.entry((target, nexts.clone())).or_insert((least, most));
                *entry = (entry.0.min(least), entry.1.max(most));
            }
        }
        now = next;
    }
    let bytes = furthest.div_ceil(8);
    found.is_cut = bytes > MAX_WINDOW_BYTES;
    found.window_bytes = bytes.clamp(1, MAX_WINDOW_BYTES).next_multiple_of(64);
    found
}

fn targets(transition: &Transition) -> Vec<usize> {
    let all = match transition {
        Transition::Always(target) => vec![*target],
        Transition::Select { cases, .. } => cases.iter().map(|case| case.target).collect(),
    };
    let states = all.into_iter().filter_map(|target| match target {
        Target::State(state) => Some(state.index()),
        Target::Accept | Target::Reject => None,
    });
    states.collect()
}

/// Least and most bits that a state takes, and the most that it looks at; none where a stack is always full.
fn taken(module: &Module, body: &Block, nexts: &mut [u8]) -> Option<(u32, u32, u32)> {
    let (mut least, mut most, mut seen) = (0_u32, 0_u32, 0_u32);
    let mut is_dead = false;
    walk::statements(body, &mut |statement| match &statement.kind {
        StatementKind::Extract { header, .. } => {
            let (fixed, varbit) = header_bits(module, *header);
            (least, most) = (least.saturating_add(fixed), most.saturating_add(fixed + varbit));
            seen = seen.max(most);
            if let HeaderRef::Next(stack) = header {
                let owner = module.stacks[*stack].shares_index_of.unwrap_or(*stack).index();
                is_dead |= usize::from(nexts[owner]) >= module.stacks[*stack].elements.len();
                nexts[owner] = nexts[owner].saturating_add(1);
            }
        }
        StatementKind::Lookahead { to, offset_bits } => {
            let width = module.place_type(to).map_or(0, Type::width);
            seen = seen.max(most.saturating_add(offset_bits + width));
        }
        StatementKind::Advance(bits) => {
            let by = match &module.expressions[*bits].kind {
                ExpressionKind::Constant(bits) => bits.to_u64().unwrap_or(u64::MAX).min(1 << 20) as u32,
                _ => 0,
            };
            least = least.saturating_add(by);
            most = most.saturating_add(by.max(if by == 0 { MAX_WINDOW_BYTES * 8 } else { 0 }));
            seen = seen.max(most.min(seen.saturating_add(by)));
        }
        _ => {}
    });
    (!is_dead).then_some((least, most, seen))
}

/// The stacks whose last element an expression looks at.
fn lasts(module: &Module, expression: Handle<Expression>, found: &mut Vec<Handle<Stack>>) {
    match &module.expressions[expression].kind {
        ExpressionKind::Field(HeaderRef::Last(stack), _)
        | ExpressionKind::IsValid(HeaderRef::Last(stack)) => {
            found.push(*stack);
        }
        ExpressionKind::Unary(_, inner)
        | ExpressionKind::Slice { base: inner, .. }
        | ExpressionKind::Cast(inner) => lasts(module, *inner, found),
        ExpressionKind::Binary(_, left, right) | ExpressionKind::Concat(left, right) => {
            lasts(module, *left, found);
            lasts(module, *right, found);
        }
        ExpressionKind::Mux { condition, accept, reject } => {
            [condition, accept, reject].into_iter().for_each(|part| lasts(module, *part, found));
        }
        ExpressionKind::Constant(_)
        | ExpressionKind::Variable(_)
        | ExpressionKind::Field(..)
        | ExpressionKind::Parameter(_)
        | ExpressionKind::IsValid(_)
        | ExpressionKind::LastIndex(_) => {}
    }
}

/// Bits of the fixed fields of a header, and the most of its varbit.
fn header_bits(module: &Module, header: HeaderRef) -> (u32, u32) {
    let Some(ty) = module.header_type_of(header) else { return (0, 0) };
    let (mut fixed, mut varbit) = (0, 0);
    for field in &module.header_types[ty].fields {
        match field.ty {
            Type::Varbit(most) => varbit = most,
            other => fixed += other.width(),
        }
    }
    (fixed, varbit)
}

impl Exec<'_> {
    /// Takes a packet through the parser.
    pub(crate) fn parse(&mut self, state: &mut State, levels: &Levels) {
        let module = self.module;
        let parser = &module.pipeline.parser;
        if levels.is_endless {
            if let Some((_, first)) = parser.states.iter().next() {
                self.at(first.span);
            }
            self.refuse(
                &format!("parsers of more than {MAX_LEVELS} states one behind the other"),
                "bound the loop by a header stack or by what it takes",
            );
            return;
        }
        // Who is in which state; nobody is done.
        let mut now: BTreeMap<usize, Value> = BTreeMap::new();
        let mut done = self.graph.bit(parser.states.is_empty());
        now.insert(0, self.graph.not(done));
        for states in &levels.states {
            let mut ways = vec![(done, state.clone())];
            let mut next: BTreeMap<usize, Value> = BTreeMap::new();
            let mut ended = done;
            for index in states {
                let Some(here) = now.get(index).copied().filter(|here| !self.graph.is(*here, 0)) else {
                    continue;
                };
                let node = &parser.states[Handle::new(*index)];
                let mut there = state.clone();
                self.at(node.span);
                self.path.push(here);
                self.block(&mut there, &node.body);
                self.at(node.span);
                for (on, target) in self.transition(&mut there, &node.transition) {
                    let on = self.graph.and(here, on);
                    let sum = match target {
                        Target::State(to) => next.entry(to.index()).or_insert_with(|| self.graph.bit(false)),
                        Target::Accept | Target::Reject => &mut ended,
                    };
                    let value = *sum;
                    *sum = self.graph.or(value, on);
                }
                let rejected = there.left.remove(&Way::Reject).unwrap_or_else(|| self.graph.bit(false));
                let rejected = self.graph.and(here, rejected);
                ended = self.graph.or(ended, rejected);
                there.left.clear();
                self.path.pop();
                ways.push((here, there));
            }
            ways.retain(|(on, _)| !self.graph.is(*on, 0));
            // Who is done looks at the window no more.
            let slot = self.slots.special(Special::Window) as usize;
            let active: Vec<(Value, Value)> = ways
                .iter()
                .filter(|(on, _)| *on != done || ways.len() == 1)
                .map(|(on, state)| (*on, state.slots[slot]))
                .collect();
            let window = choose(&mut self.graph, &active);
            *state = State::merge(&mut self.graph, &self.slots, &ways);
            state.slots[slot] = window;
            (now, done) = (next, ended);
        }
    }

    /// Where a state goes, each with its condition.
    fn transition(&mut self, state: &mut State, transition: &Transition) -> Vec<(Value, Target)> {
        match transition {
            Transition::Always(target) => vec![(state.live(&mut self.graph), *target)],
            Transition::Select { keys, cases } => {
                keys.iter().for_each(|key| self.refuse_empty(state, *key));
                let mut others = state.live(&mut self.graph);
                let keys: Vec<Value> = keys.iter().map(|key| self.value(state, *key)).collect();
                let mut found = Vec::new();
                for case in cases {
                    let matches = self.matches(&keys, case);
                    let on = self.graph.and(others, matches);
                    found.push((on, case.target));
                    let not = self.graph.not(matches);
                    others = self.graph.and(others, not);
                }
                let error = self.graph.number(16, error::NO_MATCH);
                self.reject(state, others, error);
                found
            }
        }
    }

    fn matches(&mut self, keys: &[Value], case: &SelectCase) -> Value {
        let mut all = self.graph.bit(true);
        for (key, set) in keys.iter().zip(&case.sets) {
            let width = self.graph.width(*key);
            let holds = match set {
                KeySet::Any => self.graph.bit(true),
                KeySet::Value(value) => {
                    let value = self.graph.constant(value.resize(width));
                    self.graph.equals(*key, value)
                }
                KeySet::Masked { value, mask } => self.masked(*key, value, &mask.resize(width)),
                KeySet::Range { low, high } => {
                    let low = self.graph.constant(low.resize(width));
                    let high = self.graph.constant(high.resize(width));
                    let (below, above) = (self.graph.less(*key, low), self.graph.less(high, *key));
                    let outside = self.graph.or(below, above);
                    self.graph.not(outside)
                }
                KeySet::ValueSet(_) => {
                    self.refuse("value sets", "write the values into the program, or match them in a table");
                    self.graph.bit(false)
                }
            };
            all = self.graph.and(all, holds);
        }
        all
    }

    /// Whether a key is equal under a mask: only bits that count are wired.
    fn masked(&mut self, key: Value, value: &Bits, mask: &Bits) -> Value {
        let wanted: Vec<u32> = mask.iter_ones().collect();
        let Some((first, last)) = wanted.first().zip(wanted.last()) else { return self.graph.bit(true) };
        let width = last - first + 1;
        let part = self.graph.slice(key, *first, width);
        let mask_part = self.graph.constant(mask.slice(*last, *first));
        let part = self.graph.and(part, mask_part);
        let wide = value.resize(mask.width());
        let value = self.graph.constant((&wide & mask).slice(*last, *first));
        self.graph.equals(part, value)
    }

    /// Ends parsing with an error where the condition holds.
    pub(crate) fn reject(&mut self, state: &mut State, on: Value, error: Value) {
        if let Some(slot) = self.intrinsic(Intrinsic::ParserError) {
            self.put(state, slot, on, error);
        }
        state.leave(&mut self.graph, Way::Reject, on);
    }

    /// Whether fewer than so many bits are left.
    fn too_short(&mut self, state: &State, bits: Value) -> Value {
        let window = self.slots.width(self.slots.special(Special::Window));
        let cursor = state.slots[self.slots.special(Special::Cursor) as usize];
        let length = self.graph.input(Input::Length, LENGTH);
        let zeros = self.graph.number(3, 0);
        let length = self.graph.concat(length, zeros);
        let wide = POSITION + 2;
        let (length, cursor) = (self.graph.resize(length, wide), self.graph.resize(cursor, wide));
        let bits = self.graph.resize(bits, wide);
        let end = self.graph.add(cursor, bits);
        let most = self.graph.number(wide, u64::from(window));
        let (past_end, unseen) = (self.graph.less(length, end), self.graph.less(most, end));
        self.graph.or(past_end, unseen)
    }

    /// Takes bits from the front, where control is there.
    fn take(&mut self, state: &mut State, bits: Value) {
        let always = self.graph.bit(true);
        // Who has been rejected looks at the window no more.
        let slot = self.slots.special(Special::Window);
        let window = state.slots[slot as usize];
        state.slots[slot as usize] = self.graph.binary(Binary::Shl, window, bits);
        let slot = self.slots.special(Special::Cursor);
        let bits = self.graph.resize(bits, POSITION);
        let moved = self.graph.add(state.slots[slot as usize], bits);
        self.put(state, slot, always, moved);
    }

    /// So many bits from the top of what is left, `skip` bits further.
    fn top(&mut self, state: &State, skip: u32, width: u32) -> Value {
        let window = state.slots[self.slots.special(Special::Window) as usize];
        let have = self.graph.width(window);
        if skip + width > have {
            return self.graph.number(width, 0);
        }
        self.graph.slice(window, have - skip - width, width)
    }

    fn refuse_short(&mut self, state: &mut State, bits: Value) {
        let short = self.too_short(state, bits);
        let error = self.graph.number(16, error::PACKET_TOO_SHORT);
        self.reject(state, short, error);
    }

    pub(crate) fn extract(
        &mut self,
        state: &mut State,
        header: HeaderRef,
        varbit: Option<Handle<Expression>>,
    ) {
        let module = self.module;
        if let HeaderRef::Next(stack) = header {
            self.refuse_full(state, stack);
        }
        let (fixed, most) = header_bits(module, header);
        varbit.iter().for_each(|bits| self.refuse_empty(state, *bits));
        let varbit_bits = varbit.map(|bits| self.value(state, bits));
        let mut total = self.graph.number(POSITION, u64::from(fixed));
        if let Some(bits) = varbit_bits {
            let bits = self.checked_varbit(state, bits, most);
            total = self.graph.add(total, bits);
        }
        self.refuse_short(state, total);
        for (on, header) in self.headers(state, header) {
            self.leave_union(state, on, header);
            let valid = self.graph.bit(true);
            self.put(state, self.slots.valid(header), on, valid);
            self.fill(state, on, header, varbit_bits);
        }
        self.take(state, total);
        if let HeaderRef::Next(stack) = header {
            let (slot, always) = (self.slots.next(module, stack), self.graph.bit(true));
            let one = self.graph.number(NEXT, 1);
            let next = self.graph.add(state.slots[slot as usize], one);
            self.put(state, slot, always, next);
        }
    }

    /// Looking at the last element of an empty stack ends parsing.
    pub(crate) fn refuse_empty(&mut self, state: &mut State, expression: Handle<Expression>) {
        let mut stacks = Vec::new();
        lasts(self.module, expression, &mut stacks);
        for stack in stacks {
            let next = state.slots[self.slots.next(self.module, stack) as usize];
            let empty = self.graph.equals_number(next, 0);
            let error = self.graph.number(16, error::STACK_OUT_OF_BOUNDS);
            self.reject(state, empty, error);
        }
    }

    fn refuse_full(&mut self, state: &mut State, stack: Handle<Stack>) {
        let size = self.module.stacks[stack].elements.len() as u64;
        let next = state.slots[self.slots.next(self.module, stack) as usize];
        let size = self.graph.number(NEXT, size);
        let room = self.graph.less(next, size);
        let full = self.graph.not(room);
        let error = self.graph.number(16, error::STACK_OUT_OF_BOUNDS);
        self.reject(state, full, error);
    }

    /// The length of a varbit, rejected where it is none.
    fn checked_varbit(&mut self, state: &mut State, bits: Value, most: u32) -> Value {
        let width = self.graph.width(bits).max(POSITION);
        let wide = self.graph.resize(bits, width);
        let limit = self.graph.number(width, u64::from(most));
        let long = self.graph.less(limit, wide);
        let error = self.graph.number(16, error::HEADER_TOO_SHORT);
        self.reject(state, long, error);
        let odd = self.graph.slice(wide, 0, 3);
        let even = self.graph.equals_number(odd, 0);
        let odd = self.graph.not(even);
        let error = self.graph.number(16, error::PARSER_INVALID_ARGUMENT);
        self.reject(state, odd, error);
        let bytes = self.graph.slice(wide, 3, POSITION - 3);
        let zeros = self.graph.number(3, 0);
        self.graph.concat(bytes, zeros)
    }

    /// Puts what stands at the front into a header's fields.
    fn fill(&mut self, state: &mut State, on: Value, header: Handle<Header>, varbit: Option<Value>) {
        let module = self.module;
        let mut skip = 0;
        let mut shift: Option<Value> = None;
        for (index, field) in module.header_types[module.headers[header].ty].fields.iter().enumerate() {
            let slot = self.slots.field(header, index as u32);
            let width = field.ty.width();
            let (Type::Varbit(_), Some(bits)) = (field.ty, varbit) else {
                let value = match shift {
                    None => self.top(state, skip, width),
                    Some(by) => self.shifted(state, by, skip, width),
                };
                self.put(state, slot, on, value);
                skip += width;
                continue;
            };
            // All that there may be, and zeros behind its end.
            let bits = self.graph.resize(bits, POSITION);
            let whole = self.top(state, skip, width);
            let ones = self.graph.constant(Bits::ones(width));
            let behind = self.graph.binary(Binary::Shr, ones, bits);
            let kept = self.graph.not(behind);
            let value = self.graph.and(whole, kept);
            self.put(state, slot, on, value);
            if let Some(slot) = self.slots.length(header) {
                let length = self.graph.resize(bits, LENGTH);
                self.put(state, slot, on, length);
            }
            shift = Some(bits);
        }
    }

    /// Bits behind a varbit.
    fn shifted(&mut self, state: &State, by: Value, skip: u32, width: u32) -> Value {
        let window = state.slots[self.slots.special(Special::Window) as usize];
        let moved = self.graph.binary(Binary::Shl, window, by);
        let have = self.graph.width(moved);
        if skip + width > have {
            return self.graph.number(width, 0);
        }
        self.graph.slice(moved, have - skip - width, width)
    }

    pub(crate) fn lookahead(&mut self, state: &mut State, to: &Place, offset: u32) {
        let width = self.module.place_type(to).map_or(1, Type::width);
        let end = self.graph.number(POSITION, u64::from(offset + width));
        self.refuse_short(state, end);
        let value = self.top(state, offset, width);
        self.assign(state, to, value);
    }

    pub(crate) fn advance(&mut self, state: &mut State, bits: Handle<Expression>) {
        self.refuse_empty(state, bits);
        let bits = self.value(state, bits);
        let width = self.graph.width(bits);
        let mut by = self.graph.resize(bits, POSITION);
        if width > POSITION {
            // So far no frame reaches.
            let high = self.graph.slice(bits, POSITION, width - POSITION);
            let fits = self.graph.equals_number(high, 0);
            let far = self.graph.constant(Bits::ones(POSITION));
            by = self.graph.mux(fits, by, far);
        }
        self.refuse_short(state, by);
        self.take(state, by);
    }
}
