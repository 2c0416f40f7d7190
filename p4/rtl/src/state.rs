//! Where the program's storage stands while it is turned into values: one slot for each scalar.

use std::collections::BTreeMap;

use sluice_ir::{Handle, Header, Label, Module, Stack, Type, Variable};

use crate::graph::{Graph, Value};

/// Bits of a position in a frame, in bits: 9,214 bytes fit.
pub(crate) const POSITION: u32 = 18;

/// Bits of a length in bytes.
pub(crate) const LENGTH: u32 = 16;

/// Bits of a stack's next index.
pub(crate) const NEXT: u32 = 8;

/// What a packet keeps beside the program's own storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    /// Bits that the parser took.
    Cursor,
    /// What it has not taken of the window, from the top on.
    Window,
    /// Bytes that truncation leaves.
    Truncate,
    /// Bytes that trimming leaves.
    Trim,
}

const SPECIALS: usize = 4;

#[derive(Debug)]
struct HeaderSlots {
    valid: u32,
    first: u32,
    /// Slot with the bits of the varbit field.
    length: Option<u32>,
}

/// Which slot is whose, with the width of each.
#[derive(Debug)]
pub(crate) struct Slots {
    widths: Vec<u32>,
    names: Vec<String>,
    headers: Vec<HeaderSlots>,
    stacks: Vec<u32>,
    specials: u32,
    taken: u32,
}

impl Slots {
    pub(crate) fn new(module: &Module, window_bits: u32) -> Self {
        let mut slots = Self {
            widths: Vec::new(),
            names: Vec::new(),
            headers: Vec::new(),
            stacks: Vec::new(),
            specials: 0,
            taken: 0,
        };
        for (_, variable) in module.variables.iter() {
            slots.add(variable.ty.width(), variable.name.clone());
        }
        for (_, header) in module.headers.iter() {
            let valid = slots.add(1, format!("{}.valid", header.name));
            let first = slots.widths.len() as u32;
            let mut length = None;
            let fields = &module.header_types[header.ty].fields;
            for field in fields {
                slots.add(field.ty.width().max(1), format!("{}.{}", header.name, field.name));
            }
            if fields.iter().any(|field| matches!(field.ty, Type::Varbit(_))) {
                length = Some(slots.add(LENGTH, format!("{}.bits", header.name)));
            }
            slots.headers.push(HeaderSlots { valid, first, length });
        }
        for (_, stack) in module.stacks.iter() {
            let next = slots.add(NEXT, format!("{}.next", stack.name));
            slots.stacks.push(next);
        }
        slots.specials = slots.widths.len() as u32;
        for (name, width) in
            [("cursor", POSITION), ("window", window_bits), ("truncate", LENGTH), ("trim", LENGTH)]
        {
            slots.add(width, name.to_string());
        }
        debug_assert_eq!(slots.specials as usize + SPECIALS, slots.widths.len());
        slots.taken = slots.widths.len() as u32;
        for (_, header) in module.headers.iter() {
            slots.add(1, format!("{}.taken", header.name));
        }
        slots
    }

    fn add(&mut self, width: u32, name: String) -> u32 {
        self.widths.push(width);
        self.names.push(name);
        self.widths.len() as u32 - 1
    }

    pub(crate) fn variable(&self, variable: Handle<Variable>) -> u32 {
        variable.index() as u32
    }

    pub(crate) fn field(&self, header: Handle<Header>, field: u32) -> u32 {
        self.headers[header.index()].first + field
    }

    pub(crate) fn valid(&self, header: Handle<Header>) -> u32 {
        self.headers[header.index()].valid
    }

    /// Whether the parser took a header, which stays so when the header is no more valid.
    pub(crate) fn taken(&self, header: Handle<Header>) -> u32 {
        self.taken + header.index() as u32
    }

    /// The slot with the bits of a header's varbit field.
    pub(crate) fn length(&self, header: Handle<Header>) -> Option<u32> {
        self.headers[header.index()].length
    }

    /// All slots of a header but its validity.
    pub(crate) fn contents(&self, header: Handle<Header>) -> std::ops::Range<u32> {
        let here = &self.headers[header.index()];
        let end = self.headers.get(header.index() + 1).map(|next| next.valid);
        here.first..end.unwrap_or_else(|| self.stacks.first().copied().unwrap_or(self.specials))
    }

    /// The slot of a stack's next index.
    pub(crate) fn next(&self, module: &Module, stack: Handle<Stack>) -> u32 {
        let owner = module.stacks[stack].shares_index_of.unwrap_or(stack);
        self.stacks[owner.index()]
    }

    pub(crate) fn special(&self, which: Special) -> u32 {
        self.specials + which as u32
    }

    pub(crate) fn width(&self, slot: u32) -> u32 {
        self.widths[slot as usize]
    }

    pub(crate) fn name(&self, slot: u32) -> &str {
        &self.names[slot as usize]
    }

    pub(crate) fn len(&self) -> u32 {
        self.widths.len() as u32
    }
}

/// How control leaves a block other than at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    To(Label),
    Exit,
    Reject,
}

/// What stands in each slot at one point of the program, and who is still there.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) slots: Vec<Value>,
    /// Whether control has left by that way.
    pub(crate) left: BTreeMap<Way, Value>,
}

impl State {
    /// Whether control is still there.
    pub(crate) fn live(&self, graph: &mut Graph) -> Value {
        let left: Vec<Value> = self.left.values().copied().collect();
        let gone: Vec<Value> = left.into_iter().map(|value| graph.not(value)).collect();
        graph.all(gone)
    }

    /// Whoever is there leaves.
    pub(crate) fn leave(&mut self, graph: &mut Graph, way: Way, on: Value) {
        let live = self.live(graph);
        let going = graph.and(live, on);
        let before = self.left.get(&way).copied().unwrap_or_else(|| graph.bit(false));
        let after = graph.or(before, going);
        self.left.insert(way, after);
    }

    /// Of several states, that whose condition holds; one of them does.
    pub(crate) fn merge(graph: &mut Graph, slots: &Slots, ways: &[(Value, Self)]) -> Self {
        let Some((_, last)) = ways.last() else {
            return Self { slots: Vec::new(), left: BTreeMap::new() };
        };
        let mut merged = last.clone();
        for slot in 0..slots.len() as usize {
            let values: Vec<(Value, Value)> =
                ways.iter().map(|(on, state)| (*on, state.slots[slot])).collect();
            merged.slots[slot] = choose(graph, &values);
        }
        let ways_left: Vec<Way> = ways.iter().flat_map(|(_, state)| state.left.keys().copied()).collect();
        let never = graph.bit(false);
        for way in ways_left {
            let values: Vec<(Value, Value)> =
                ways.iter().map(|(on, state)| (*on, *state.left.get(&way).unwrap_or(&never))).collect();
            let value = choose(graph, &values);
            merged.left.insert(way, value);
        }
        merged
    }
}

/// Of several values, that whose condition holds, which one of them does; equal ones share a way. The value that most have needs no
/// condition.
pub(crate) fn choose(graph: &mut Graph, values: &[(Value, Value)]) -> Value {
    let mut distinct: Vec<(Value, Vec<Value>)> = Vec::new();
    for (on, value) in values {
        match distinct.iter_mut().find(|(known, _)| known == value) {
            Some((_, when)) => when.push(*on),
            None => distinct.push((*value, vec![*on])),
        }
    }
    let most = (0..distinct.len()).rev().max_by_key(|at| distinct[*at].1.len());
    let Some(most) = most else { return graph.bit(false) };
    let (otherwise, _) = distinct.remove(most);
    let ways: Vec<(Value, Value)> = distinct
        .into_iter()
        .map(|(value, when)| {
            let never = graph.bit(false);
            (when.into_iter().fold(never, |any, on| graph.or(any, on)), value)
        })
        .collect();
    halves(graph, &ways, otherwise)
}

/// A chain of few, a tree of many.
fn halves(graph: &mut Graph, ways: &[(Value, Value)], otherwise: Value) -> Value {
    if ways.len() <= 3 {
        return ways.iter().rev().fold(otherwise, |chosen, (on, value)| graph.mux(*on, *value, chosen));
    }
    let (left, right) = ways.split_at(ways.len() / 2);
    let never = graph.bit(false);
    let any = left.iter().fold(never, |any, (on, _)| graph.or(any, *on));
    let (first, last) = (left.len() - 1, left[left.len() - 1].1);
    let (left, right) = (halves(graph, &left[..first], last), halves(graph, right, otherwise));
    graph.mux(any, left, right)
}
