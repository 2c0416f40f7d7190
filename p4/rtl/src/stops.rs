//! How the states of a parser are laid out: each once, those of a loop once for each turn.

use std::collections::{BTreeMap, BTreeSet};

use sluice_ir::{
    Block, ExpressionKind, Handle, HeaderRef, Module, StatementKind, Target, Transition, Type, walk,
};

/// Most bytes of a frame that the parser sees. A header that ends beyond them is as one beyond the frame's end.
pub(crate) const MAX_WINDOW_BYTES: u32 = 256;

/// Most states one behind the other.
pub(crate) const MAX_LEVELS: usize = 96;

/// A state as often as it is laid out: once, or in a loop once for each turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Stop {
    pub(crate) state: usize,
    /// In a loop, the elements of stacks that it has taken (or the steps, where some way around takes none).
    turn: u32,
}

/// The stops that a packet may come to, each behind all that lead there, and how far the furthest sees.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    pub(crate) order: Vec<Stop>,
    pub(crate) loops: Loops,
    pub(crate) window_bytes: u32,
    /// Whether some way is longer than what can be seen.
    pub(crate) is_cut: bool,
    /// Whether some way has no end.
    pub(crate) is_endless: bool,
}

/// What is known of packets on their way to a stop.
#[derive(Clone)]
struct Way {
    /// The least and the most bits that were taken.
    least: u32,
    most: u32,
    /// The fewest elements of each stack that were.
    nexts: Vec<u8>,
}

/// Follows all ways through the parser, without looking at what decides.
pub(crate) fn stops(module: &Module) -> Stops {
    let parser = &module.pipeline.parser;
    let mut found = Stops { loops: Loops::of(module), ..Stops::default() };
    let mut furthest = 0_u32;
    let mut leads: BTreeMap<Stop, BTreeSet<Stop>> = BTreeMap::new();
    let mut now: BTreeMap<Stop, Way> = BTreeMap::new();
    if !parser.states.is_empty() {
        now.insert(Stop::default(), Way { least: 0, most: 0, nexts: vec![0; module.stacks.len()] });
    }
    for depth in 0.. {
        if now.is_empty() {
            break;
        }
        if depth == MAX_LEVELS {
            found.is_endless = true;
            break;
        }
        let mut next: BTreeMap<Stop, Way> = BTreeMap::new();
        for (stop, mut way) in now {
            let leads = leads.entry(stop).or_default();
            let state = &parser.states[Handle::new(stop.state)];
            let Some((short, long, seen)) = taken(module, &state.body, &mut way.nexts) else { continue };
            furthest = furthest.max(way.most + seen);
            (way.least, way.most) = (way.least + short, way.most + long);
            if way.least > MAX_WINDOW_BYTES * 8 {
                continue;
            }
            for target in targets(&state.transition) {
                let to = found.loops.step(stop, target);
                leads.insert(to);
                let there = next.entry(to).or_insert_with(|| way.clone());
                there.least = there.least.min(way.least);
                there.most = there.most.max(way.most);
                there.nexts.iter_mut().zip(&way.nexts).for_each(|(least, next)| *least = (*least).min(*next));
            }
        }
        now = next;
    }
    if !found.is_endless {
        found.order = order(&leads);
    }
    let bytes = furthest.div_ceil(8);
    found.is_cut = bytes > MAX_WINDOW_BYTES;
    found.window_bytes = bytes.clamp(1, MAX_WINDOW_BYTES).next_multiple_of(64);
    found
}

/// All stops, each behind those that lead there.
fn order(leads: &BTreeMap<Stop, BTreeSet<Stop>>) -> Vec<Stop> {
    let mut missing: BTreeMap<Stop, usize> = leads.keys().map(|stop| (*stop, 0)).collect();
    for to in leads.values().flatten() {
        *missing.entry(*to).or_default() += 1;
    }
    let mut ready: Vec<Stop> =
        missing.iter().filter(|(_, count)| **count == 0).map(|(stop, _)| *stop).collect();
    let mut order = Vec::new();
    while let Some(stop) = ready.pop() {
        order.push(stop);
        for to in leads.get(&stop).into_iter().flatten().rev() {
            if let Some(count) = missing.get_mut(to) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    order
}

/// Which states lead back to themselves.
#[derive(Debug, Default)]
pub(crate) struct Loops {
    /// The loop that each state is in, by its first state.
    of: Vec<Option<usize>>,
    /// Elements of stacks that each state takes.
    takes: Vec<u32>,
    /// Loops, by their first states, in which some way around takes no element of a stack.
    by_steps: BTreeSet<usize>,
}

impl Loops {
    fn of(module: &Module) -> Self {
        let states = &module.pipeline.parser.states;
        let leads: Vec<Vec<usize>> = states.iter().map(|(_, state)| targets(&state.transition)).collect();
        let takes: Vec<u32> = states.iter().map(|(_, state)| elements(&state.body)).collect();
        let reach: Vec<BTreeSet<usize>> =
            (0..leads.len()).map(|from| reached(&leads, from, &|_| true)).collect();
        let of: Vec<Option<usize>> = (0..leads.len())
            .map(|state| reach[state].iter().copied().find(|other| reach[*other].contains(&state)))
            .collect();
        let free =
            |state: usize| takes[state] == 0 && reached(&leads, state, &|on| takes[on] == 0).contains(&state);
        let by_steps = (0..leads.len()).filter(|state| free(*state)).filter_map(|state| of[state]).collect();
        Self { of, takes, by_steps }
    }

    /// The stop that a packet comes to from a stop when it goes to a state.
    pub(crate) fn step(&self, from: Stop, state: usize) -> Stop {
        let around = self.of[state].filter(|around| self.of[from.state] == Some(*around));
        let turn = match around {
            None => 0,
            Some(around) if self.by_steps.contains(&around) => from.turn + 1,
            Some(_) => from.turn + self.takes[from.state],
        };
        Stop { state, turn }
    }
}

/// The states that one leads to in one step or more, over states that count.
fn reached(leads: &[Vec<usize>], from: usize, counts: &dyn Fn(usize) -> bool) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(state) = waiting.pop() {
        for to in leads[state].iter().copied().filter(|to| counts(*to)) {
            if found.insert(to) {
                waiting.push(to);
            }
        }
    }
    found
}

/// Elements of stacks that a state takes.
fn elements(body: &Block) -> u32 {
    let mut count = 0;
    walk::statements(body, &mut |statement| {
        let is_next = matches!(&statement.kind, StatementKind::Extract { header: HeaderRef::Next(_), .. });
        count += u32::from(is_next);
    });
    count
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

/// Bits of the fixed fields of a header, and the most of its varbit.
pub(crate) fn header_bits(module: &Module, header: HeaderRef) -> (u32, u32) {
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
