//! Expressions as values.

use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, Header, HeaderRef, Place, Type, UnaryOp};

use crate::exec::Exec;
use crate::graph::{Binary, Graph, Value};
use crate::state::{LENGTH, NEXT, Slots, State};

impl Exec<'_> {
    /// The value of an expression at a point of the program.
    pub(crate) fn value(&mut self, state: &State, expression: Handle<Expression>) -> Value {
        let module = self.module;
        let Expression { kind, ty, .. } = &module.expressions[expression];
        match kind {
            ExpressionKind::Constant(bits) => self.graph.constant(bits.clone()),
            ExpressionKind::Variable(variable) => state.slots[self.slots.variable(*variable) as usize],
            ExpressionKind::Field(header, field) => {
                let zero = self.graph.number(ty.width(), 0);
                self.read(state, *header, zero, |slots, header| slots.field(header, *field))
            }
            ExpressionKind::Parameter(index) => match self.parameters.get(*index as usize) {
                Some(value) => *value,
                None => self.graph.number(ty.width(), 0),
            },
            ExpressionKind::IsValid(header) => {
                let never = self.graph.bit(false);
                self.read(state, *header, never, Slots::valid)
            }
            ExpressionKind::LastIndex(stack) => {
                let next = state.slots[self.slots.next(module, *stack) as usize];
                let next = self.graph.resize(next, 32);
                let one = self.graph.number(32, 1);
                self.graph.binary(Binary::Sub, next, one)
            }
            ExpressionKind::Unary(op, operand) => {
                let operand = self.value(state, *operand);
                match op {
                    UnaryOp::Not | UnaryOp::BitNot => self.graph.not(operand),
                    UnaryOp::Negate => {
                        let zero = self.graph.number(ty.width(), 0);
                        self.graph.binary(Binary::Sub, zero, operand)
                    }
                }
            }
            ExpressionKind::Binary(op, left, right) => self.operation(state, *op, *left, *right),
            ExpressionKind::Mux { condition, accept, reject } => {
                let condition = self.value(state, *condition);
                let (accept, reject) = (self.value(state, *accept), self.value(state, *reject));
                self.graph.mux(condition, accept, reject)
            }
            ExpressionKind::Slice { base, high, low } => {
                let base = self.value(state, *base);
                self.graph.slice(base, *low, high - low + 1)
            }
            ExpressionKind::Concat(left, right) => {
                let (left, right) = (self.value(state, *left), self.value(state, *right));
                self.graph.concat(left, right)
            }
            ExpressionKind::Cast(operand) => {
                let from = module.expressions[*operand].ty;
                let operand = self.value(state, *operand);
                if matches!(from, Type::Int(_)) {
                    self.graph.extend_sign(operand, ty.width())
                } else {
                    self.graph.resize(operand, ty.width())
                }
            }
        }
    }

    fn operation(
        &mut self,
        state: &State,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Value {
        let ty = self.module.expressions[left].ty;
        if matches!(ty, Type::Varbit(_)) {
            self.refuse("a comparison of varbit fields", "compare fixed fields");
            return self.graph.bit(false);
        }
        let signed = matches!(ty, Type::Int(_));
        let (a, b) = (self.value(state, left), self.value(state, right));
        let graph = &mut self.graph;
        let less = if signed { Binary::LessSigned } else { Binary::Less };
        match op {
            BinaryOp::Add => graph.add(a, b),
            BinaryOp::Sub => graph.binary(Binary::Sub, a, b),
            BinaryOp::Mul => graph.binary(Binary::Mul, a, b),
            BinaryOp::Div | BinaryOp::Mod => self.division(op, signed, a, b),
            BinaryOp::SatAdd | BinaryOp::SatSub => self.saturating(op, signed, a, b),
            BinaryOp::And | BinaryOp::LogicalAnd => graph.and(a, b),
            BinaryOp::Or | BinaryOp::LogicalOr => graph.or(a, b),
            BinaryOp::Xor => graph.binary(Binary::Xor, a, b),
            BinaryOp::Shl => graph.binary(Binary::Shl, a, b),
            BinaryOp::Shr => graph.binary(if signed { Binary::ShrSigned } else { Binary::Shr }, a, b),
            BinaryOp::Eq => graph.equals(a, b),
            BinaryOp::Ne => {
                let equal = graph.equals(a, b);
                graph.not(equal)
            }
            BinaryOp::Lt if !signed => graph.less(a, b),
            BinaryOp::Gt if !signed => graph.less(b, a),
            BinaryOp::Lt => graph.binary(less, a, b),
            BinaryOp::Gt => graph.binary(less, b, a),
            BinaryOp::Le => {
                let greater = graph.binary(less, b, a);
                graph.not(greater)
            }
            BinaryOp::Ge => {
                let less = graph.binary(less, a, b);
                graph.not(less)
            }
        }
    }

    /// Division by a power of two is wires; by anything else it is no operation of one clock.
    fn division(&mut self, op: BinaryOp, signed: bool, left: Value, right: Value) -> Value {
        let width = self.graph.width(left);
        if let (Some(_), Some(divisor)) = (self.graph.known(left), self.graph.known(right)) {
            let ty = if signed { Type::Int(width) } else { Type::Bits(width) };
            let dividend = self.graph.known(left).cloned().unwrap_or_else(|| divisor.clone());
            let bits = sluice_ir::arithmetic::binary(op, ty, &dividend, divisor);
            return self.graph.constant(bits);
        }
        let power = self.graph.known(right).filter(|bits| bits.count_ones() == 1 && !signed);
        let Some(by) = power.map(|bits| bits.bit_length() - 1) else {
            self.refuse("division or remainder by anything but a constant power of two", "shift and mask");
            return self.graph.number(width, 0);
        };
        let by_bits = self.graph.number(width.max(32), u64::from(by));
        match op {
            BinaryOp::Div => self.graph.binary(Binary::Shr, left, by_bits),
            _ if by == 0 => self.graph.number(width, 0),
            _ => {
                let low = self.graph.slice(left, 0, by);
                self.graph.resize(low, width)
            }
        }
    }

    fn saturating(&mut self, op: BinaryOp, signed: bool, left: Value, right: Value) -> Value {
        let width = self.graph.width(left);
        let graph = &mut self.graph;
        let mut wide = |value| {
            if signed { graph.extend_sign(value, width + 2) } else { graph.resize(value, width + 2) }
        };
        let (a, b) = (wide(left), wide(right));
        let sum = match op {
            BinaryOp::SatAdd => graph.binary(Binary::Add, a, b),
            _ => graph.binary(Binary::Sub, a, b),
        };
        let (least, greatest) = if signed {
            let least = sluice_entities::Bits::new(width, 1).shl(width - 1);
            let greatest = !&least;
            (least, greatest)
        } else {
            (sluice_entities::Bits::zero(width), sluice_entities::Bits::ones(width))
        };
        let (least, greatest) = (graph.constant(least), graph.constant(greatest));
        let mut wide = |value| {
            if signed { graph.extend_sign(value, width + 2) } else { graph.resize(value, width + 2) }
        };
        let (low, high) = (wide(least), wide(greatest));
        let below = graph.binary(Binary::LessSigned, sum, low);
        let above = graph.binary(Binary::LessSigned, high, sum);
        let sum = graph.slice(sum, 0, width);
        let capped = graph.mux(above, greatest, sum);
        graph.mux(below, least, capped)
    }

    /// The headers that a reference may name, each with the condition under which it does.
    pub(crate) fn headers(&mut self, state: &State, header: HeaderRef) -> Vec<(Value, Handle<Header>)> {
        let module = self.module;
        let (stack, index) = match header {
            HeaderRef::Header(header) => return vec![(self.graph.bit(true), header)],
            HeaderRef::Element(stack, index) => (stack, self.value(state, index)),
            HeaderRef::Next(stack) => (stack, state.slots[self.slots.next(module, stack) as usize]),
            HeaderRef::Last(stack) => {
                let next = state.slots[self.slots.next(module, stack) as usize];
                let one = self.graph.number(NEXT, 1);
                (stack, self.graph.binary(Binary::Sub, next, one))
            }
        };
        let width = self.graph.width(index);
        let elements = &module.stacks[stack].elements;
        let fits = |at: usize| width >= 32 || (at as u64) < 1 << width;
        let mut found = Vec::new();
        for (at, element) in elements.iter().enumerate().filter(|(at, _)| fits(*at)) {
            let here = self.graph.equals_number(index, at as u64);
            if !self.graph.is(here, 0) {
                found.push((here, *element));
            }
        }
        found
    }

    /// What stands in a slot of the header that a reference names; `nothing` where it names none.
    pub(crate) fn read(
        &mut self,
        state: &State,
        header: HeaderRef,
        nothing: Value,
        slot: impl Fn(&Slots, Handle<Header>) -> u32,
    ) -> Value {
        let headers = self.headers(state, header);
        let mut values: Vec<(Value, Value)> = headers
            .into_iter()
            .map(|(on, header)| (on, state.slots[slot(&self.slots, header) as usize]))
            .collect();
        let always = self.graph.bit(true);
        values.push((always, nothing));
        choose_first(&mut self.graph, &values)
    }

    /// Puts a value into a slot where control is there and the condition holds.
    pub(crate) fn put(&mut self, state: &mut State, slot: u32, on: Value, value: Value) {
        let live = state.live(&mut self.graph);
        let on = self.graph.and(live, on);
        let before = state.slots[slot as usize];
        let after = self.graph.mux(on, value, before);
        let name = self.slots.name(slot).to_string();
        self.graph.name(after, &name);
        state.slots[slot as usize] = after;
        if !self.is_taking {
            self.written.insert(slot);
            if !self.graph.is(value, 0) {
                self.raised.insert(slot);
            }
        }
    }

    /// Assigns to a place.
    pub(crate) fn assign(&mut self, state: &mut State, place: &Place, value: Value) {
        let (base, low) = flat(place);
        let targets: Vec<(Value, u32)> = match base {
            Place::Variable(variable) => vec![(self.graph.bit(true), self.slots.variable(*variable))],
            Place::Field(header, field) => {
                let headers = self.headers(state, *header);
                headers.into_iter().map(|(on, header)| (on, self.slots.field(header, *field))).collect()
            }
            Place::Slice { .. } => Vec::new(),
        };
        for (on, slot) in targets {
            let whole = self.slots.width(slot);
            let width = self.graph.width(value);
            let before = state.slots[slot as usize];
            let mut parts = Vec::new();
            if low + width < whole {
                parts.push(self.graph.slice(before, low + width, whole - low - width));
            }
            parts.push(value);
            if low > 0 {
                parts.push(self.graph.slice(before, 0, low));
            }
            let value = self.graph.join(parts).unwrap_or(value);
            self.put(state, slot, on, value);
        }
    }

    /// A length in bytes, in the width of lengths; what is longer is the longest.
    pub(crate) fn length(&mut self, value: Value) -> Value {
        let width = self.graph.width(value);
        if width <= LENGTH {
            return self.graph.resize(value, LENGTH);
        }
        let high = self.graph.slice(value, LENGTH, width - LENGTH);
        let fits = self.graph.equals_number(high, 0);
        let low = self.graph.slice(value, 0, LENGTH);
        let most = self.graph.number(LENGTH, u64::from(u16::MAX));
        self.graph.mux(fits, low, most)
    }
}

/// The first whose condition holds; the last one's does.
fn choose_first(graph: &mut Graph, values: &[(Value, Value)]) -> Value {
    let Some(((_, last), before)) = values.split_last() else { return graph.bit(false) };
    before.iter().rev().fold(*last, |chosen, (on, value)| graph.mux(*on, *value, chosen))
}

/// The place without slices of it, and the lowest bit that is meant.
fn flat(place: &Place) -> (&Place, u32) {
    match place {
        Place::Slice { base, low, .. } => {
            let (whole, start) = flat(base);
            (whole, start + low)
        }
        whole => (whole, 0),
    }
}
