//! What a program computes, as a graph of values: no order but that of dependence, no storage, no branches.
//!
//! Equal values are one node, and what is known is computed here, so that a loop or a stack whose index is known costs nothing.

use std::collections::{BTreeSet, HashMap};

use sluice_entities::Bits;
use sluice_ir::{BinaryOp, Type, arithmetic};

/// Names one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Value(pub u32);

impl Value {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What comes into a pipeline beside its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Input {
    /// The first bytes of the frame, the first byte on top; what the frame does not have is zero.
    Window,
    /// Bytes of the frame.
    Length,
    /// Port that it came in by.
    Port,
    /// When its first beat came, nanoseconds.
    Time,
    /// Whether the port marked it bad.
    Bad,
    /// Where it stands in the frame store.
    Address,
    /// What ingress left in a slot.
    Slot(u32),
    /// Port of the copy.
    EgressPort,
    /// Instance of the copy.
    Instance,
    /// v1model's `instance_type`.
    InstanceType,
    /// Bytes that the parser took.
    Skip,
}

/// Names a block that the pipeline instantiates: an index into [`Graph::units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UnitId(pub u32);

/// Operators of two values of one width. Results of comparisons have one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Binary {
    And,
    Or,
    Xor,
    Add,
    Sub,
    Mul,
    Eq,
    Less,
    LessSigned,
    /// The right one says by how many bits, and may be of any width.
    Shl,
    Shr,
    ShrSigned,
}

/// How a value comes to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Constant(Bits),
    Input(Input),
    /// An output of a block.
    Output(UnitId, u8),
    Not(Value),
    Binary(Binary, Value, Value),
    /// Condition, value where it holds, value where not.
    Mux(Value, Value, Value),
    /// Bits from that one on.
    Slice(Value, u32),
    /// High, low.
    Concat(Value, Value),
    /// The or of several, of which at most one is not zero.
    Any(Vec<Value>),
    /// The first one, not before the others are there.
    After(Value, Vec<Value>),
    /// One of the functions of `sluice_hash.svh`, over all bits of the value.
    Function(Function, Value),
}

/// Functions over all bits of a value, whose text stands in `sluice_functions.svh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Function {
    /// CRC-32, as zlib's.
    Crc32,
    /// CRC-16/ARC.
    Crc16,
}

/// A value with its width.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) width: u32,
}

/// The values of one pipeline.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    known: HashMap<Node, Value>,
    /// What the program calls a value.
    pub(crate) names: HashMap<Value, String>,
}

impl Graph {
    pub(crate) fn node(&self, value: Value) -> &Node {
        &self.nodes[value.index()]
    }

    pub(crate) fn width(&self, value: Value) -> u32 {
        self.node(value).width
    }

    fn make(&mut self, op: Op, width: u32) -> Value {
        let node = Node { op, width };
        if let Some(value) = self.known.get(&node) {
            return *value;
        }
        let value = Value(self.nodes.len() as u32);
        self.nodes.push(node.clone());
        self.known.insert(node, value);
        value
    }

    /// Gives a value a name, unless it has one.
    pub(crate) fn name(&mut self, value: Value, name: &str) {
        if !matches!(self.node(value).op, Op::Constant(_)) && !self.names.contains_key(&value) {
            self.names.insert(value, name.to_string());
        }
    }

    pub(crate) fn constant(&mut self, bits: Bits) -> Value {
        let width = bits.width();
        self.make(Op::Constant(bits), width)
    }

    pub(crate) fn number(&mut self, width: u32, value: u64) -> Value {
        self.constant(Bits::new(width, value))
    }

    pub(crate) fn bit(&mut self, value: bool) -> Value {
        self.number(1, u64::from(value))
    }

    pub(crate) fn input(&mut self, input: Input, width: u32) -> Value {
        self.make(Op::Input(input), width)
    }

    pub(crate) fn output(&mut self, unit: UnitId, index: u8, width: u32) -> Value {
        self.make(Op::Output(unit, index), width)
    }

    /// The value, if it is known.
    pub(crate) fn known(&self, value: Value) -> Option<&Bits> {
        match &self.node(value).op {
            Op::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    pub(crate) fn is(&self, value: Value, number: u64) -> bool {
        self.known(value).is_some_and(|bits| bits.to_u64() == Some(number))
    }

    fn is_ones(&self, value: Value) -> bool {
        self.known(value).is_some_and(|bits| *bits == Bits::ones(bits.width()))
    }

    pub(crate) fn not(&mut self, value: Value) -> Value {
        match &self.node(value).op {
            Op::Constant(bits) => {
                let bits = !bits;
                self.constant(bits)
            }
            Op::Not(inner) => *inner,
            _ => {
                let width = self.width(value);
                self.make(Op::Not(value), width)
            }
        }
    }

    fn is_not_of(&self, left: Value, right: Value) -> bool {
        self.node(left).op == Op::Not(right) || self.node(right).op == Op::Not(left)
    }

    pub(crate) fn and(&mut self, left: Value, right: Value) -> Value {
        let width = self.width(left);
        if left == right || self.is_ones(right) || self.is(left, 0) {
            return left;
        }
        if self.is_ones(left) || self.is(right, 0) {
            return right;
        }
        if self.is_not_of(left, right) {
            return self.number(width, 0);
        }
        self.binary(Binary::And, left, right)
    }

    pub(crate) fn or(&mut self, left: Value, right: Value) -> Value {
        if left == right || self.is(right, 0) || self.is_ones(left) {
            return left;
        }
        if self.is(left, 0) || self.is_ones(right) {
            return right;
        }
        if self.is_not_of(left, right) {
            let width = self.width(left);
            return self.constant(Bits::ones(width));
        }
        self.binary(Binary::Or, left, right)
    }

    pub(crate) fn all(&mut self, values: impl IntoIterator<Item = Value>) -> Value {
        let start = self.bit(true);
        values.into_iter().fold(start, |all, value| self.and(all, value))
    }

    /// The exclusive or, sum or product of many, as a tree.
    pub(crate) fn tree(&mut self, op: Binary, mut values: Vec<Value>) -> Option<Value> {
        while values.len() > 1 {
            values = values
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => self.binary(op, *left, *right),
                    _ => pair[0],
                })
                .collect();
        }
        values.first().copied()
    }

    pub(crate) fn equals(&mut self, left: Value, right: Value) -> Value {
        if left == right {
            return self.bit(true);
        }
        if self.width(left) == 1 {
            for (one, other) in [(left, right), (right, left)] {
                if self.is(one, 1) {
                    return other;
                }
                if self.is(one, 0) {
                    return self.not(other);
                }
            }
        }
        self.binary(Binary::Eq, left, right)
    }

    pub(crate) fn equals_number(&mut self, value: Value, number: u64) -> Value {
        let number = self.number(self.width(value), number);
        self.equals(value, number)
    }

    /// `left < right`, without sign.
    pub(crate) fn less(&mut self, left: Value, right: Value) -> Value {
        if left == right || self.is(right, 0) || self.is_ones(left) {
            return self.bit(false);
        }
        self.binary(Binary::Less, left, right)
    }

    pub(crate) fn add(&mut self, left: Value, right: Value) -> Value {
        if self.is(right, 0) {
            return left;
        }
        if self.is(left, 0) {
            return right;
        }
        self.binary(Binary::Add, left, right)
    }

    pub(crate) fn binary(&mut self, op: Binary, left: Value, right: Value) -> Value {
        if let (Some(a), Some(b)) = (self.known(left), self.known(right)) {
            let (ir, ty) = in_ir(op, a.width());
            let bits = arithmetic::binary(ir, ty, a, b);
            return self.constant(bits);
        }
        let width = match op {
            Binary::Eq | Binary::Less | Binary::LessSigned => 1,
            _ => self.width(left),
        };
        if let (Binary::Shl | Binary::Shr | Binary::ShrSigned, Some(by)) = (op, self.known(right)) {
            let by = by.to_u64().map_or(width, |by| by.min(u64::from(width)) as u32);
            return self.shift(op, left, by);
        }
        self.make(Op::Binary(op, left, right), width)
    }

    /// A shift by a known amount is wires.
    fn shift(&mut self, op: Binary, value: Value, by: u32) -> Value {
        let width = self.width(value);
        if by == 0 {
            return value;
        }
        if op == Binary::ShrSigned {
            let by = by.min(width - 1);
            let kept = self.slice(value, by, width - by);
            return self.extend_sign(kept, width);
        }
        let zeros = self.number(by, 0);
        if by >= width {
            return self.number(width, 0);
        }
        if op == Binary::Shl {
            let kept = self.slice(value, 0, width - by);
            self.concat(kept, zeros)
        } else {
            let kept = self.slice(value, by, width - by);
            self.concat(zeros, kept)
        }
    }

    pub(crate) fn mux(&mut self, condition: Value, accept: Value, reject: Value) -> Value {
        if accept == reject || self.is(condition, 1) {
            return accept;
        }
        if self.is(condition, 0) {
            return reject;
        }
        if let Op::Not(inner) = self.node(condition).op {
            return self.mux(inner, reject, accept);
        }
        if self.width(accept) == 1 {
            if self.is(accept, 1) {
                return self.or(condition, reject);
            }
            if self.is(accept, 0) {
                let not = self.not(condition);
                return self.and(not, reject);
            }
            if self.is(reject, 0) {
                return self.and(condition, accept);
            }
        }
        // Once the condition is known to hold, what it decides again is decided.
        if let Op::Mux(again, first, _) = self.node(accept).op
            && again == condition
        {
            return self.mux(condition, first, reject);
        }
        if let Op::Mux(again, _, second) = self.node(reject).op
            && again == condition
        {
            return self.mux(condition, accept, second);
        }
        let width = self.width(accept);
        self.make(Op::Mux(condition, accept, reject), width)
    }

    /// `width` bits from `low` on.
    pub(crate) fn slice(&mut self, value: Value, low: u32, width: u32) -> Value {
        if low == 0 && width == self.width(value) {
            return value;
        }
        match self.node(value).op.clone() {
            Op::Constant(bits) => self.constant(bits.slice(low + width - 1, low)),
            Op::Slice(base, start) => self.slice(base, start + low, width),
            Op::Concat(high, below) => {
                let split = self.width(below);
                if low >= split {
                    self.slice(high, low - split, width)
                } else if low + width <= split {
                    self.slice(below, low, width)
                } else {
                    let above = self.slice(high, 0, low + width - split);
                    let under = self.slice(below, low, split - low);
                    self.concat(above, under)
                }
            }
            _ => self.make(Op::Slice(value, low), width),
        }
    }

    pub(crate) fn concat(&mut self, high: Value, low: Value) -> Value {
        if let (Some(a), Some(b)) = (self.known(high), self.known(low)) {
            let bits = a.concat(b);
            return self.constant(bits);
        }
        // What was taken apart and put together again is whole.
        if let (Op::Slice(a, top), Op::Slice(b, start)) = (&self.node(high).op, &self.node(low).op)
            && a == b
            && *top == start + self.width(low)
        {
            let (base, start) = (*a, *start);
            let width = self.width(high) + self.width(low);
            return self.slice(base, start, width);
        }
        let width = self.width(high) + self.width(low);
        self.make(Op::Concat(high, low), width)
    }

    /// The or of values of one width, of which at most one is not zero.
    pub(crate) fn any(&mut self, width: u32, values: impl IntoIterator<Item = Value>) -> Value {
        let values: Vec<Value> = values.into_iter().filter(|value| !self.is(*value, 0)).collect();
        match values[..] {
            [] => self.number(width, 0),
            [only] => only,
            _ => self.make(Op::Any(values), width),
        }
    }

    /// A value that nobody is to have before the others are there, so that what is made of it need not wait for them.
    pub(crate) fn after(&mut self, value: Value, others: impl IntoIterator<Item = Value>) -> Value {
        let others: BTreeSet<Value> = others.into_iter().filter(|other| self.is_late(*other)).collect();
        if others.is_empty() {
            return value;
        }
        let width = self.width(value);
        self.make(Op::After(value, others.into_iter().collect()), width)
    }

    fn is_late(&self, value: Value) -> bool {
        !matches!(self.node(value).op, Op::Constant(_) | Op::Input(_))
    }

    /// Bytes of a value leave at its low end.
    pub(crate) fn shift_bytes_out(&mut self, value: Value, bytes: Value) -> Value {
        self.shift_bytes(Binary::Shr, value, bytes)
    }

    /// Bytes of a value leave at its high end.
    pub(crate) fn shift_bytes_up(&mut self, value: Value, bytes: Value) -> Value {
        self.shift_bytes(Binary::Shl, value, bytes)
    }

    /// By one bit of the distance after the other, so that it may go over more than one clock.
    fn shift_bytes(&mut self, op: Binary, value: Value, bytes: Value) -> Value {
        let width = self.width(value);
        let mut moved = value;
        for bit in (0..self.width(bytes)).rev() {
            let by = 8_u64 << bit;
            let by = self.number(32, by.min(u64::from(u32::MAX)));
            let far = self.binary(op, moved, by);
            let on = self.slice(bytes, bit, 1);
            moved = self.mux(on, far, moved);
        }
        debug_assert_eq!(self.width(moved), width);
        moved
    }

    /// All of them, the first on top; nothing for none.
    pub(crate) fn join(&mut self, values: impl IntoIterator<Item = Value>) -> Option<Value> {
        values.into_iter().fold(None, |joined, value| match joined {
            None => Some(value),
            Some(high) => Some(self.concat(high, value)),
        })
    }

    /// Cut, or extended by zeros.
    pub(crate) fn resize(&mut self, value: Value, width: u32) -> Value {
        let have = self.width(value);
        if width <= have {
            return self.slice(value, 0, width);
        }
        let zeros = self.number(width - have, 0);
        self.concat(zeros, value)
    }

    /// Cut, or extended by the sign.
    pub(crate) fn extend_sign(&mut self, value: Value, width: u32) -> Value {
        let have = self.width(value);
        if width <= have {
            return self.slice(value, 0, width);
        }
        let sign = self.slice(value, have - 1, 1);
        let (ones, zeros) = (self.constant(Bits::ones(width - have)), self.number(width - have, 0));
        let high = self.mux(sign, ones, zeros);
        self.concat(high, value)
    }

    pub(crate) fn function(&mut self, function: Function, value: Value, width: u32) -> Value {
        self.make(Op::Function(function, value), width)
    }

    /// The values that a value is made of directly.
    pub(crate) fn operands(&self, value: Value) -> Vec<Value> {
        match &self.node(value).op {
            Op::Constant(_) | Op::Input(_) | Op::Output(..) => Vec::new(),
            Op::Not(a) | Op::Slice(a, _) | Op::Function(_, a) => vec![*a],
            Op::Binary(_, a, b) | Op::Concat(a, b) => vec![*a, *b],
            Op::Mux(a, b, c) => vec![*a, *b, *c],
            Op::Any(values) => values.clone(),
            Op::After(value, others) => std::iter::once(value).chain(others).copied().collect(),
        }
    }
}

fn in_ir(op: Binary, width: u32) -> (BinaryOp, Type) {
    let plain = Type::Bits(width);
    match op {
        Binary::And => (BinaryOp::And, plain),
        Binary::Or => (BinaryOp::Or, plain),
        Binary::Xor => (BinaryOp::Xor, plain),
        Binary::Add => (BinaryOp::Add, plain),
        Binary::Sub => (BinaryOp::Sub, plain),
        Binary::Mul => (BinaryOp::Mul, plain),
        Binary::Eq => (BinaryOp::Eq, plain),
        Binary::Less => (BinaryOp::Lt, plain),
        Binary::LessSigned => (BinaryOp::Lt, Type::Int(width)),
        Binary::Shl => (BinaryOp::Shl, plain),
        Binary::Shr => (BinaryOp::Shr, plain),
        Binary::ShrSigned => (BinaryOp::Shr, Type::Int(width)),
    }
}
