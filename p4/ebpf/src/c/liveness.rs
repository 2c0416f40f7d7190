//! What of a packet's state may be read before it is written, and so has to be zero at the start.
//!
//! The blocks are gone through in the order in which they run, with what is surely written on every way there. What surely is: variables and
//! fields that were assigned whole, fields of a header that was extracted, and, inside of a condition that says that a header is
//! valid, its fields. A header that the program itself makes valid may lack fields: there validity says nothing.
//!
//! The promise to the writer: zero what [`Cleared`] names, and each read gives what the IR says.

use std::collections::{BTreeMap, BTreeSet};

use sluice_ir::walk::{self, Part};
use sluice_ir::{
    BinaryOp, Block, Expression, ExpressionKind, Handle, Header, HeaderRef, Label, Module, Place, Statement,
    StatementKind, Target, Transition, UnaryOp, Variable,
};

use super::order::targets;
use super::table::matched;

/// What is zero at a packet's start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cleared {
    /// Variables.
    pub(super) variables: BTreeSet<usize>,
    /// Fields of headers.
    pub(super) fields: BTreeSet<(usize, u32)>,
}

/// What is surely written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Facts {
    variables: BTreeSet<usize>,
    fields: BTreeSet<(usize, u32)>,
    /// Headers that are valid.
    valid: BTreeSet<usize>,
}

impl Facts {
    /// What holds on both ways.
    fn meet(&mut self, other: &Self) {
        self.variables.retain(|variable| other.variables.contains(variable));
        self.fields.retain(|field| other.fields.contains(field));
        self.valid.retain(|header| other.valid.contains(header));
    }
}

/// What holds somewhere; nothing where no way leads.
type State = Option<Facts>;

fn meet(into: &mut State, other: State) {
    match (into.as_mut(), other) {
        (Some(known), Some(other)) => known.meet(&other),
        (None, other) => *into = other,
        (Some(_), None) => {}
    }
}

/// Finds what has to be zero.
pub(super) fn cleared(module: &Module) -> Cleared {
    let mut analysis = Analysis::new(module);
    let mut state = Some(Facts::default());
    analysis.parser(&mut state);
    let pipeline = &module.pipeline;
    for block in [&pipeline.verify_checksum, &pipeline.ingress] {
        analysis.control(block, &mut state);
    }
    analysis.behind_ingress(&mut state);
    analysis.cleared
}

/// Finds which variables a copy may read as ingress left them.
pub(super) fn read_by_copies(module: &Module) -> BTreeSet<usize> {
    let mut analysis = Analysis::new(module);
    analysis.behind_ingress(&mut Some(Facts::default()));
    analysis.cleared.variables
}

/// Headers that the program makes valid other than by extraction, and those that it copies from.
fn moved(module: &Module) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut made, mut copied) = (BTreeSet::new(), BTreeSet::new());
    let pipeline = &module.pipeline;
    let controls = pipeline.controls().into_iter().map(|(_, block)| block);
    let states = pipeline.parser.states.iter().map(|(_, state)| &state.body);
    let actions = module.actions.iter().map(|(_, action)| &action.body);
    for block in controls.chain(states).chain(actions) {
        walk::statements(block, &mut |statement| match &statement.kind {
            StatementKind::SetValid(header) => made.extend(named(module, *header)),
            StatementKind::CopyHeader { to, from } => {
                made.extend(named(module, *to));
                copied.extend(named(module, *from));
            }
            StatementKind::CopyStack { to, from } => {
                made.extend(named(module, HeaderRef::Last(*to)));
                copied.extend(named(module, HeaderRef::Last(*from)));
            }
            StatementKind::PushFront(stack, _) | StatementKind::PopFront(stack, _) => {
                made.extend(named(module, HeaderRef::Last(*stack)));
            }
            _ => {}
        });
    }
    (made, copied)
}

/// The headers that a reference may name.
fn named(module: &Module, header: HeaderRef) -> Vec<usize> {
    match header {
        HeaderRef::Header(header) => vec![header.index()],
        HeaderRef::Element(stack, _) | HeaderRef::Next(stack) | HeaderRef::Last(stack) => {
            module.stacks[stack].elements.iter().map(|element| element.index()).collect()
        }
    }
}

struct Analysis<'m> {
    module: &'m Module,
    made_valid: BTreeSet<usize>,
    /// Headers whose fields some statement copies, whatever their validity.
    copied: BTreeSet<usize>,
    cleared: Cleared,
    /// What holds where a label is left for its end.
    leaves: BTreeMap<Label, State>,
    /// What holds where a control is ended before its end.
    ends: Vec<State>,
}

impl<'m> Analysis<'m> {
    fn new(module: &'m Module) -> Self {
        let (made_valid, copied) = moved(module);
        let cleared = Cleared::default();
        Self { module, made_valid, copied, cleared, leaves: BTreeMap::new(), ends: Vec::new() }
    }

    fn behind_ingress(&mut self, state: &mut State) {
        let pipeline = &self.module.pipeline;
        for block in [&pipeline.egress, &pipeline.compute_checksum, &pipeline.deparser] {
            self.control(block, state);
        }
    }

    /// All states, until nothing changes; a parser may be left from anywhere.
    fn parser(&mut self, state: &mut State) {
        let states = &self.module.pipeline.parser.states;
        if states.is_empty() {
            return;
        }
        let mut before: Vec<State> = vec![None; states.len()];
        before[0].clone_from(state);
        let after = loop {
            let known = before.clone();
            let mut after = None;
            for (handle, parser_state) in states.iter() {
                let mut here = before[handle.index()].clone();
                if here.is_none() {
                    continue;
                }
                self.ends.clear();
                self.block(&parser_state.body, &mut here);
                for end in std::mem::take(&mut self.ends) {
                    meet(&mut after, end);
                }
                if let Transition::Select { keys, .. } = &parser_state.transition {
                    keys.iter().for_each(|key| self.read(*key, &here));
                    // No case may match.
                    meet(&mut after, here.clone());
                }
                for target in targets(&parser_state.transition) {
                    match target {
                        Target::State(to) => meet(&mut before[to.index()], here.clone()),
                        Target::Accept | Target::Reject => meet(&mut after, here.clone()),
                    }
                }
            }
            if before == known {
                break after;
            }
        };
        *state = after.or_else(|| Some(Facts::default()));
    }

    fn control(&mut self, block: &Block, state: &mut State) {
        self.ends.clear();
        self.block(block, state);
        for end in std::mem::take(&mut self.ends) {
            meet(state, end);
        }
    }

    fn block(&mut self, block: &[Statement], state: &mut State) {
        for statement in block {
            if state.is_none() {
                return;
            }
            self.statement(statement, state);
        }
    }

    fn statement(&mut self, statement: &Statement, state: &mut State) {
        match &statement.kind {
            StatementKind::If { condition, accept, reject } => {
                self.read(*condition, state);
                let (mut yes, mut no) = (state.clone(), state.clone());
                self.assume(*condition, true, &mut yes);
                self.assume(*condition, false, &mut no);
                self.block(accept, &mut yes);
                self.block(reject, &mut no);
                *state = yes;
                meet(state, no);
            }
            StatementKind::Switch { selector, cases, default } => {
                self.read(*selector, state);
                let mut after = None;
                for block in cases.iter().map(|(_, block)| block).chain([default]) {
                    let mut here = state.clone();
                    self.block(block, &mut here);
                    meet(&mut after, here);
                }
                *state = after;
            }
            StatementKind::Labelled(label, block) => {
                self.leaves.insert(*label, None);
                self.block(block, state);
                let left = self.leaves.remove(label).flatten();
                meet(state, left);
            }
            StatementKind::Loop(label, block) => {
                // Until what holds before each turn does not change: a turn may make headers invalid.
                let mut before = state.clone();
                loop {
                    self.leaves.insert(*label, None);
                    let mut turn = before.clone();
                    self.block(block, &mut turn);
                    let known = before.clone();
                    meet(&mut before, turn);
                    if before == known {
                        break;
                    }
                }
                *state = self.leaves.remove(label).flatten();
                // A loop that turns too often ends the control.
                self.ends.push(before);
            }
            StatementKind::Leave(label) => {
                let left = state.take();
                meet(self.leaves.entry(*label).or_default(), left);
            }
            StatementKind::Exit => self.ends.push(state.take()),
            StatementKind::Apply { table, .. } => self.apply(statement, *table, state),
            _ => self.plain(statement, state),
        }
    }

    fn apply(&mut self, statement: &Statement, table: Handle<sluice_ir::Table>, state: &mut State) {
        let module = self.module;
        let table = &module.tables[table];
        matched(table).for_each(|key| self.read(key.expression, state));
        let mut after = None;
        for listed in &table.actions {
            let mut here = state.clone();
            self.block(&module.actions[listed.action].body, &mut here);
            meet(&mut after, here);
        }
        if !table.actions.is_empty() {
            *state = after;
        }
        self.plain(statement, state);
    }

    /// A statement without blocks: its reads, then its writes.
    fn plain(&mut self, statement: &Statement, state: &mut State) {
        let module = self.module;
        match &statement.kind {
            StatementKind::CopyStack { from, .. } => self.read_header(HeaderRef::Last(*from), state),
            StatementKind::PushFront(stack, _) | StatementKind::PopFront(stack, _) => {
                self.read_header(HeaderRef::Last(*stack), state);
                self.forget(HeaderRef::Last(*stack), state);
            }
            StatementKind::Extract { .. }
            | StatementKind::Lookahead { .. }
            | StatementKind::Verify { .. } => {
                self.ends.push(state.clone());
            }
            StatementKind::Advance(_) => self.ends.push(state.clone()),
            _ => {}
        }
        let mut writes = Vec::new();
        walk::parts_mut(&mut statement.clone(), &mut |part| match part {
            Part::Read(expression) => self.read(*expression, state),
            Part::ReadHeader(header) => self.read_header(*header, state),
            Part::Write(place) => writes.push(place.clone()),
            Part::Tell(variable) => writes.push(Place::Variable(*variable)),
            Part::WriteHeader(_) => {}
        });
        for place in writes {
            self.write(&place, state);
        }
        let Some(facts) = state else { return };
        match &statement.kind {
            StatementKind::Extract { header: HeaderRef::Header(header), .. } => {
                let ty = &module.header_types[module.headers[*header].ty];
                facts.fields.extend((0..ty.fields.len() as u32).map(|field| (header.index(), field)));
                facts.valid.insert(header.index());
                self.rivals(*header, state);
            }
            StatementKind::SetValid(HeaderRef::Header(header)) => {
                facts.valid.insert(header.index());
                self.rivals(*header, state);
            }
            StatementKind::SetInvalid(header) | StatementKind::CopyHeader { to: header, .. } => {
                self.forget(*header, state);
            }
            StatementKind::SetValid(header) | StatementKind::Extract { header, .. } => {
                self.forget(*header, state);
            }
            StatementKind::CopyStack { to, .. } => self.forget(HeaderRef::Last(*to), state),
            _ => {}
        }
    }

    /// Whoever becomes valid makes the other members of its union invalid.
    fn rivals(&self, header: Handle<Header>, state: &mut State) {
        if let (Some(facts), Some(union)) = (state, self.module.headers[header].union) {
            for member in self.module.unions[union].members.iter().filter(|member| **member != header) {
                facts.valid.remove(&member.index());
            }
        }
    }

    /// Nothing is known of the header's validity any more.
    fn forget(&self, header: HeaderRef, state: &mut State) {
        if let Some(facts) = state {
            for header in named(self.module, header) {
                facts.valid.remove(&header);
            }
        }
    }

    fn write(&mut self, place: &Place, state: &mut State) {
        match place {
            Place::Variable(variable) => {
                if let Some(facts) = state {
                    facts.variables.insert(variable.index());
                }
            }
            Place::Field(HeaderRef::Header(header), field) => {
                if let Some(facts) = state {
                    facts.fields.insert((header.index(), *field));
                }
            }
            Place::Field(..) => {}
            // The other bits stay.
            Place::Slice { base, .. } => match &**base {
                Place::Variable(variable) => self.read_variable(*variable, state),
                Place::Field(header, field) => self.read_field(*header, *field, state),
                Place::Slice { .. } => {}
            },
        }
    }

    /// What a condition says of validity.
    fn assume(&self, condition: Handle<Expression>, holds: bool, state: &mut State) {
        match &self.module.expressions[condition].kind {
            ExpressionKind::IsValid(HeaderRef::Header(header)) if holds => {
                if let Some(facts) = state {
                    facts.valid.insert(header.index());
                }
            }
            ExpressionKind::Unary(UnaryOp::Not, operand) => self.assume(*operand, !holds, state),
            ExpressionKind::Binary(BinaryOp::LogicalAnd, left, right) if holds => {
                self.assume(*left, true, state);
                self.assume(*right, true, state);
            }
            ExpressionKind::Binary(BinaryOp::LogicalOr, left, right) if !holds => {
                self.assume(*left, false, state);
                self.assume(*right, false, state);
            }
            _ => {}
        }
    }

    /// Reads that decide nothing are left out: behind `&&`, `||` and in the ways of a choice, what comes in front is known.
    fn read(&mut self, expression: Handle<Expression>, state: &State) {
        let module = self.module;
        match &module.expressions[expression].kind {
            ExpressionKind::Variable(variable) => self.read_variable(*variable, state),
            ExpressionKind::Field(header, field) => {
                if let HeaderRef::Element(_, index) = header {
                    self.read(*index, state);
                }
                self.read_field(*header, *field, state);
            }
            ExpressionKind::Binary(op @ (BinaryOp::LogicalAnd | BinaryOp::LogicalOr), left, right) => {
                self.read(*left, state);
                let mut then = state.clone();
                self.assume(*left, *op == BinaryOp::LogicalAnd, &mut then);
                self.read(*right, &then);
            }
            ExpressionKind::Mux { condition, accept, reject } => {
                self.read(*condition, state);
                for (way, holds) in [(accept, true), (reject, false)] {
                    let mut then = state.clone();
                    self.assume(*condition, holds, &mut then);
                    self.read(*way, &then);
                }
            }
            kind => kind.for_each_operand(|operand| self.read(operand, state)),
        }
    }

    fn read_variable(&mut self, variable: Handle<Variable>, state: &State) {
        let is_written = state.as_ref().is_none_or(|facts| facts.variables.contains(&variable.index()));
        if !is_written {
            self.cleared.variables.insert(variable.index());
        }
    }

    fn read_field(&mut self, header: HeaderRef, field: u32, state: &State) {
        let Some(facts) = state else { return };
        let is_single = matches!(header, HeaderRef::Header(_));
        for header in named(self.module, header) {
            let is_extracted = facts.valid.contains(&header) && !self.made_valid.contains(&header);
            if !(is_single && (is_extracted || facts.fields.contains(&(header, field)))) {
                self.cleared.fields.insert((header, field));
            }
        }
    }

    /// A header that is emitted or copied: its fields count if it is valid, and then it was extracted, unless the program made it so. A
    /// copy is of an invalid header's fields, too.
    fn read_header(&mut self, header: HeaderRef, state: &State) {
        let Some(facts) = state else { return };
        for header in named(self.module, header) {
            if !self.made_valid.contains(&header) && !self.copied.contains(&header) {
                continue;
            }
            let ty = self.module.headers[Handle::new(header)].ty;
            for field in 0..self.module.header_types[ty].fields.len() as u32 {
                if !facts.fields.contains(&(header, field)) {
                    self.cleared.fields.insert((header, field));
                }
            }
        }
    }
}
