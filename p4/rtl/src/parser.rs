//! The parser as stops (`stops.rs`): at each one the packets that come there take what its state takes.
//!
//! At a stop the window is that of the way by which a packet came, moved by what it took there. What a stop puts into a slot is zero for
//! packets that do not come by it, so that most slots need no choice where ways meet (`merged.rs`). Nothing waits: a packet that has been
//! parsed goes on until the longest way is done.

use std::collections::BTreeMap;
use std::rc::Rc;

use sluice_entities::Bits;
use sluice_ir::{
    Expression, ExpressionKind, Handle, Header, HeaderRef, Intrinsic, KeySet, Module, Place, SelectCase,
    Stack, Target, Transition, Type,
};

use crate::exec::Exec;
use crate::graph::{Binary, Input, Value};
use crate::merged::{Known, join};
use crate::state::{LENGTH, NEXT, POSITION, Special, State, Way};
use crate::stops::{MAX_LEVELS, Stop, Stops, header_bits};

/// Indexes of core.p4's errors.
mod error {
    pub(super) const PACKET_TOO_SHORT: u64 = 1;
    pub(super) const NO_MATCH: u64 = 2;
    pub(super) const STACK_OUT_OF_BOUNDS: u64 = 3;
    pub(super) const HEADER_TOO_SHORT: u64 = 4;
    pub(super) const PARSER_INVALID_ARGUMENT: u64 = 6;
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

/// What comes to a stop by one way, or by all.
struct Coming {
    /// Whether a packet does.
    on: Value,
    state: State,
    /// What is known of each slot.
    known: Vec<Rc<Known>>,
}

impl Exec<'_> {
    /// Takes a packet through the parser.
    pub(crate) fn parse(&mut self, state: &mut State, stops: &Stops) {
        let module = self.module;
        let parser = &module.pipeline.parser;
        if stops.is_endless {
            if let Some((_, first)) = parser.states.iter().next() {
                self.at(first.span);
            }
            self.refuse(
                &format!("parsers of more than {MAX_LEVELS} states one behind the other"),
                "bound the loop by a header stack or by what it takes",
            );
            return;
        }
        // What comes to each stop, and to the end.
        let mut coming: BTreeMap<Option<Stop>, Vec<Coming>> = BTreeMap::new();
        let first = (!parser.states.is_empty()).then(Stop::default);
        let known = state.slots.iter().map(|value| Rc::new(Known::at_start(&self.graph, *value))).collect();
        coming.insert(first, vec![Coming { on: self.graph.bit(true), state: state.clone(), known }]);
        for stop in &stops.order {
            let Some(ways) = coming.remove(&Some(*stop)) else { continue };
            let here = self.join(&ways);
            for (to, way) in self.visit(*stop, here, stops) {
                coming.entry(to).or_default().push(way);
            }
        }
        // What would go on behind all that is seen ends there.
        let ended: Vec<Coming> = coming.into_values().flatten().collect();
        *state = self.join(&ended).state;
    }

    /// What all ways to a stop bring.
    fn join(&mut self, ways: &[Coming]) -> Coming {
        let never = self.graph.bit(false);
        let on = ways.iter().fold(never, |any, way| self.graph.or(any, way.on));
        let (mut slots, mut known) = (Vec::new(), Vec::new());
        for slot in 0..self.slots.len() as usize {
            let all: Vec<(Value, Value, &Known)> =
                ways.iter().map(|way| (way.on, way.state.slots[slot], &*way.known[slot])).collect();
            let (value, what) = join(&mut self.graph, &all, self.slots.name(slot as u32));
            slots.push(value);
            known.push(Rc::new(what));
        }
        Coming { on, state: State { slots, left: BTreeMap::new() }, known }
    }

    /// What a packet does at a stop: where it goes then, if not to the end, and what it brings there.
    fn visit(&mut self, stop: Stop, here: Coming, stops: &Stops) -> Vec<(Option<Stop>, Coming)> {
        let module = self.module;
        let node = &module.pipeline.parser.states[Handle::new(stop.state)];
        let mut there = here.state.clone();
        self.at(node.span);
        self.path.push(here.on);
        self.order.come(stop);
        self.block(&mut there, &node.body);
        self.at(node.span);
        let mut targets: BTreeMap<Option<Stop>, Value> = BTreeMap::new();
        for (on, target) in self.transition(&mut there, &node.transition) {
            let to = match target {
                Target::State(to) => Some(stops.loops.step(stop, to.index())),
                Target::Accept | Target::Reject => None,
            };
            let on = self.graph.and(here.on, on);
            self.order.go(to);
            let sum = *targets.entry(to).or_insert_with(|| self.graph.bit(false));
            targets.insert(to, self.graph.or(sum, on));
        }
        self.path.pop();
        let live = there.live(&mut self.graph);
        let rejected = there.left.remove(&Way::Reject).unwrap_or_else(|| self.graph.bit(false));
        there.left.clear();
        // Who goes on was not rejected: what depends on that is known.
        let mut going = there.clone();
        for (slot, before) in going.slots.iter_mut().zip(&here.state.slots) {
            if slot != before {
                *slot = self.graph.given(live, *slot);
            }
        }
        let on = self.graph.and(here.on, live);
        let known = self.known(&here, on, &going);
        let bring = |(to, on)| (to, Coming { on, state: going.clone(), known: known.clone() });
        let mut ways: Vec<(Option<Stop>, Coming)> = targets.into_iter().map(bring).collect();
        ways.push((None, self.rejected(&here, rejected, there, &known)));
        ways.retain(|(_, way)| !self.graph.is(way.on, 0));
        ways
    }

    /// What a packet brings that a stop rejects. `going` is what is known of those that go on.
    fn rejected(&mut self, here: &Coming, rejected: Value, mut there: State, going: &[Rc<Known>]) -> Coming {
        let on = self.graph.and(here.on, rejected);
        let window = self.slots.special(Special::Window) as usize;
        let mut known = here.known.clone();
        for (slot, known) in known.iter_mut().enumerate() {
            let (before, after) = (here.state.slots[slot], there.slots[slot]);
            if after == before || slot == window {
                continue;
            }
            let name = self.slots.name(slot as u32);
            let given = self.graph.given(rejected, after);
            there.slots[slot] = given;
            if given == before {
                continue;
            }
            // What was put before the stop rejects is often what those have that go on, who must not have two puts of one stop.
            let same = known.put(&mut self.graph, here.on, after, name);
            *known = if same == *going[slot] {
                Rc::new(same)
            } else {
                Rc::new(known.put(&mut self.graph, on, given, name))
            };
        }
        Coming { on, state: there, known }
    }

    /// What is known of the slots behind a stop.
    fn known(&mut self, before: &Coming, on: Value, after: &State) -> Vec<Rc<Known>> {
        let window = self.slots.special(Special::Window) as usize;
        let mut known = before.known.clone();
        for (slot, known) in known.iter_mut().enumerate() {
            if slot == window {
                *known = Rc::default();
            } else if after.slots[slot] != before.state.slots[slot] {
                *known =
                    Rc::new(known.put(&mut self.graph, on, after.slots[slot], self.slots.name(slot as u32)));
            }
        }
        known
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
        let headers = self.headers(state, header);
        self.order.take(headers.iter().map(|(_, header)| *header));
        for (on, header) in headers {
            self.leave_union(state, on, header);
            let valid = self.graph.bit(true);
            self.is_taking = true;
            self.put(state, self.slots.valid(header), on, valid);
            self.put(state, self.slots.taken(header), on, valid);
            self.fill(state, on, header, varbit_bits);
            self.is_taking = false;
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
        self.order.has_gaps = true;
    }
}
