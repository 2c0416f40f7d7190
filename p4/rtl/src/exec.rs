//! A program turned into values: all that both pipelines share.

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};
use sluice_ir::{Counter, Handle, Intrinsic, Meter, Module, Register, Table, VariableKind};

use crate::deparser::Emitted;
use crate::graph::{Graph, Input, UnitId, Value};
use crate::order::Order;
use crate::state::{LENGTH, Slots, Special, State};

/// A block that a pipeline instantiates, with what goes into it.
#[derive(Clone, Debug)]
pub(crate) enum Unit {
    /// A table: outputs hit, action, data, entry.
    Table { table: Handle<Table>, key: Option<Value>, paths: Vec<Vec<Value>> },
    /// A register array: output the cell.
    Register { register: Handle<Register>, read: Option<Access>, write: Option<Write>, span: Option<Span> },
    /// A meter: output the color.
    Meter { meter: Handle<Meter>, on: Value, index: Value, bytes: Value, time: Value, paths: Vec<Vec<Value>> },
    /// A counter.
    Counter { counter: Counted, bank: usize, on: Value, index: Value, bytes: Value, paths: Vec<Vec<Value>> },
}

/// Reading a register.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) index: Value,
    /// The conditions of each place that reads.
    pub(crate) paths: Vec<Vec<Value>>,
}

/// Writing a register.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) on: Value,
    pub(crate) index: Value,
    pub(crate) value: Value,
    pub(crate) paths: Vec<Vec<Value>>,
}

/// What a counter counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counted {
    Indexed(Handle<Counter>),
    Direct(Handle<Table>),
}

/// The outputs of a table.
pub(crate) mod table_output {
    pub(crate) const HIT: u8 = 0;
    pub(crate) const ACTION: u8 = 1;
    pub(crate) const DATA: u8 = 2;
    pub(crate) const ENTRY: u8 = 3;
}

/// Bits of an action's number.
pub(crate) const ACTION: u32 = 8;

/// Bits of an entry's number.
pub(crate) const ENTRY: u32 = 16;

/// Turns one part of a program, ingress or egress, into values.
pub(crate) struct Exec<'m> {
    pub(crate) module: &'m Module,
    pub(crate) graph: Graph,
    pub(crate) slots: Slots,
    pub(crate) units: Vec<Unit>,
    pub(crate) refused: Diagnostics,
    /// The conditions under which control is where it is.
    pub(crate) path: Vec<Value>,
    /// Action data of the action that runs.
    pub(crate) parameters: Vec<Value>,
    /// The table that an action runs for, and its block.
    pub(crate) acting: Option<(Handle<Table>, UnitId)>,
    /// Blocks by what they are of.
    pub(crate) tables: BTreeMap<Handle<Table>, UnitId>,
    pub(crate) registers: BTreeMap<Handle<Register>, UnitId>,
    pub(crate) meters: BTreeMap<Handle<Meter>, UnitId>,
    /// A counter has a bank of its own for each time that it may count for one packet.
    pub(crate) counters: BTreeMap<Counted, Vec<UnitId>>,
    /// Statements that overwrite and append, in order.
    pub(crate) edits: Vec<Edit>,
    /// What the deparser emits, in order.
    pub(crate) emitted: Vec<Emitted>,
    /// Slots that something else than the parser's taking puts something into.
    pub(crate) written: BTreeSet<u32>,
    /// Those of them that are put something else than zero into.
    pub(crate) raised: BTreeSet<u32>,
    /// Whether what is put comes from the frame.
    pub(crate) is_taking: bool,
    /// What the parser takes, in what order.
    pub(crate) order: Order,
    /// Where the statement stands that is being turned.
    pub(crate) span: Option<Span>,
}

/// An edit of the whole frame, with the condition under which it is done.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    /// First byte, how many, with what.
    Overwrite { on: Value, offset: Value, length: Value, value: Value },
    /// The bytes.
    Trailer { on: Value, data: Value },
}

impl<'m> Exec<'m> {
    pub(crate) fn new(module: &'m Module, window_bits: u32) -> Self {
        Self {
            module,
            graph: Graph::default(),
            slots: Slots::new(module, window_bits),
            units: Vec::new(),
            refused: Diagnostics::new(),
            path: Vec::new(),
            parameters: Vec::new(),
            acting: None,
            tables: BTreeMap::new(),
            registers: BTreeMap::new(),
            meters: BTreeMap::new(),
            counters: BTreeMap::new(),
            edits: Vec::new(),
            emitted: Vec::new(),
            written: BTreeSet::new(),
            raised: BTreeSet::new(),
            is_taking: false,
            order: Order::default(),
            span: None,
        }
    }

    /// What is refused from now on stands there.
    pub(crate) fn at(&mut self, span: Span) {
        self.span = Some(span);
    }

    pub(crate) fn refuse(&mut self, what: &str, instead: &str) {
        let mut error = Diagnostic::error(format!("RTL has no {what}"));
        if let Some(span) = self.span {
            error = error.at(span, "");
        }
        self.refused.push(error.help(instead));
    }

    /// The state of a packet before its parser.
    pub(crate) fn start(&mut self) -> State {
        let slots = (0..self.slots.len()).map(|slot| self.graph.number(self.slots.width(slot), 0)).collect();
        let mut state = State { slots, left: BTreeMap::new() };
        for which in [Special::Truncate, Special::Trim] {
            let most = self.graph.number(LENGTH, u64::from(u16::MAX));
            state.slots[self.slots.special(which) as usize] = most;
        }
        let window = self.slots.special(Special::Window);
        state.slots[window as usize] = self.graph.input(Input::Window, self.slots.width(window));
        let port = self.graph.input(Input::Port, 9);
        self.set_intrinsic(&mut state, Intrinsic::IngressPort, port);
        let length = self.graph.input(Input::Length, LENGTH);
        let length = self.graph.resize(length, 32);
        self.set_intrinsic(&mut state, Intrinsic::PacketLength, length);
        if self.intrinsic(Intrinsic::IngressGlobalTimestamp).is_some_and(|slot| self.is_read(slot)) {
            self.span = None;
            self.refuse(
                "time in microseconds (ingress_global_timestamp)",
                "use ingress_time_ns of sluice.p4",
            );
        }
        state
    }

    /// The slot of an intrinsic, if the program has it.
    pub(crate) fn intrinsic(&self, which: Intrinsic) -> Option<u32> {
        let is_it = |kind| kind == VariableKind::Intrinsic(which);
        let found = self.module.variables.iter().find(|(_, variable)| is_it(variable.kind));
        found.map(|(handle, _)| self.slots.variable(handle))
    }

    pub(crate) fn set_intrinsic(&mut self, state: &mut State, which: Intrinsic, value: Value) {
        if let Some(slot) = self.intrinsic(which) {
            let value = self.graph.resize(value, self.slots.width(slot));
            state.slots[slot as usize] = value;
        }
    }

    /// The value of an intrinsic; zero if the program has it not.
    pub(crate) fn intrinsic_value(&mut self, state: &State, which: Intrinsic, width: u32) -> Value {
        match self.intrinsic(which) {
            Some(slot) => self.graph.resize(state.slots[slot as usize], width),
            None => self.graph.number(width, 0),
        }
    }

    /// Whether an expression of the program reads a variable's slot.
    fn is_read(&self, slot: u32) -> bool {
        self.module.expressions.iter().any(|(_, expression)| {
            matches!(&expression.kind, sluice_ir::ExpressionKind::Variable(variable)
                if self.slots.variable(*variable) == slot)
        })
    }

    /// The condition under which control is where it is.
    pub(crate) fn here(&mut self, state: &State) -> Value {
        let live = state.live(&mut self.graph);
        let path = self.path.clone();
        let path = self.graph.all(path);
        self.graph.and(path, live)
    }

    /// The conditions that all hold where control is, one by one.
    pub(crate) fn conditions(&mut self, state: &State) -> Vec<Value> {
        let live = state.live(&mut self.graph);
        self.path.iter().copied().chain([live]).collect()
    }

    /// Whether control is never in both places.
    pub(crate) fn excludes(&self, one: &[Value], other: &[Value]) -> bool {
        one.iter().any(|a| other.iter().any(|b| self.contradicts(*a, *b)))
    }

    fn contradicts(&self, a: Value, b: Value) -> bool {
        use crate::graph::{Binary, Op};
        match (&self.graph.node(a).op, &self.graph.node(b).op) {
            (Op::Not(a), _) if *a == b => true,
            (_, Op::Not(b)) if *b == a => true,
            (Op::Binary(Binary::Eq, x, c), Op::Binary(Binary::Eq, y, d)) => {
                x == y && c != d && self.graph.known(*c).is_some() && self.graph.known(*d).is_some()
            }
            (Op::Binary(Binary::And, x, y), _) => self.contradicts(*x, b) || self.contradicts(*y, b),
            (_, Op::Binary(Binary::And, x, y)) => self.contradicts(a, *x) || self.contradicts(a, *y),
            // Neither of two is: each is not.
            (Op::Not(inner), _) if self.covers(*inner, b) => true,
            (_, Op::Not(inner)) if self.covers(*inner, a) => true,
            _ => false,
        }
    }

    /// Whether `value` is one of the alternatives of `any`.
    fn covers(&self, any: Value, value: Value) -> bool {
        use crate::graph::{Binary, Op};
        any == value
            || matches!(self.graph.node(any).op, Op::Binary(Binary::Or, x, y)
                if self.covers(x, value) || self.covers(y, value))
    }

    /// Whether one value is made of another.
    pub(crate) fn depends(&self, value: Value, on: &dyn Fn(Value) -> bool) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            if !seen.insert(value) {
                continue;
            }
            if on(value) {
                return true;
            }
            waiting.extend(self.graph.operands(value));
            if let crate::graph::Op::Output(unit, _) = self.graph.node(value).op {
                waiting.extend(self.units[unit.0 as usize].inputs());
            }
        }
        false
    }

    /// Adds a block.
    pub(crate) fn unit(&mut self, unit: Unit) -> UnitId {
        self.units.push(unit);
        UnitId(self.units.len() as u32 - 1)
    }
}

impl Unit {
    /// What goes into the block.
    pub(crate) fn inputs(&self) -> Vec<Value> {
        match self {
            Self::Table { key, .. } => key.iter().copied().collect(),
            Self::Register { read, write, .. } => {
                let read = read.iter().map(|read| read.index);
                read.chain(write.iter().flat_map(|write| [write.on, write.index, write.value])).collect()
            }
            Self::Meter { on, index, bytes, time, .. } => vec![*on, *index, *bytes, *time],
            Self::Counter { on, index, bytes, .. } => vec![*on, *index, *bytes],
        }
    }
}
