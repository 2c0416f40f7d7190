//! The parser: states with operations and transitions.

use std::collections::BTreeSet;

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{
    Expression, ExpressionKind, Handle, HeaderRef, KeySet, Place, SelectCase, State, Statement,
    StatementKind, Target, Transition, Type,
};

use super::expressions::{argument, unary};
use super::storage::{ERROR_BITS, SCALARS, StackName, field, shape};
use super::{Context, Result, Writer};
use crate::graph::{End, Graph};
use crate::json::Json;

/// Most transitions that ranges of one state may become.
const MOST_TRANSITIONS: usize = 4096;

/// The state of selects that nothing fits.
const NO_MATCH: &str = "$no_match";

/// A value under a mask, as hexadecimal digits of whole bytes.
#[derive(Clone, Default)]
struct Pattern {
    value: String,
    mask: String,
    is_exact: bool,
}

impl Writer<'_> {
    pub(super) fn parsers(&mut self) -> Json {
        self.context = Context::Parser;
        let module = self.module;
        let mut states = Vec::new();
        let mut names: BTreeSet<String> =
            module.pipeline.parser.states.iter().map(|(_, state)| state.name.clone()).collect();
        for (_, state) in module.pipeline.parser.states.iter() {
            self.state(state, &mut names, &mut states);
        }
        if self.needs_no_match {
            states.push(self.no_match(states.len()));
        }
        if states.is_empty() {
            let always = self.transitions(&Transition::Always(Target::Accept), &[], nowhere());
            states.push(state_json("start", 0, Vec::new(), always, Vec::new()));
        }
        self.context = Context::Action;
        Json::List(vec![Json::Object(vec![
            ("name", Json::text("parser")),
            ("id", Json::number(0)),
            ("init_state", Json::text("start")),
            ("parse_states", Json::List(states)),
        ])])
    }

    /// The state in which a select ends that no case fits: the switch would go on as if nothing were wrong.
    fn no_match(&mut self, id: usize) -> Json {
        let error = self.module.errors.iter().position(|error| error == "NoMatch").unwrap_or(0);
        let parameters = vec![
            Json::typed("bool", Json::Bool(false)),
            super::constant(&Bits::new(ERROR_BITS, error as u64)),
        ];
        let mut operations = Vec::new();
        self.operation("verify", parameters, nowhere(), &mut operations);
        let end = vec![transition("default", Json::Null, Json::Null, Json::Null)];
        state_json(NO_MATCH, id, operations, end, Vec::new())
    }

    /// One state of the IR: several where there are branches in it.
    fn state(&mut self, state: &State, names: &mut BTreeSet<String>, out: &mut Vec<Json>) {
        let graph = Graph::new(&state.body);
        let mut of_node = vec![state.name.clone()];
        for number in 1..graph.nodes.len() {
            let mut name = format!("{}${number}", state.name);
            while !names.insert(name.clone()) {
                name.push('$');
            }
            of_node.push(name);
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            let mut operations = Vec::new();
            for statement in &node.statements {
                self.statement(statement, &mut operations);
            }
            let to = |target: usize| Json::text(&of_node[target]);
            let (keys, transitions) = match node.end {
                End::Stop | End::Exit => {
                    let keys = self.keys(&state.transition, state.span, &mut operations);
                    (
                        keys,
                        self.transitions(&state.transition, &self.key_widths(&state.transition), state.span),
                    )
                }
                End::Goto(target) | End::Apply { next: target, .. } => {
                    (Vec::new(), vec![transition("default", Json::Null, Json::Null, to(target))])
                }
                End::If { condition, accept, reject, span } => {
                    let scratch = self.storage.scratch("$branch", 1, false);
                    if let Ok(condition) = self.condition(condition) {
                        self.set(scratch.clone(), argument(unary("b2d", condition)), span, &mut operations);
                    }
                    let one = Json::text("0x01");
                    let transitions = vec![
                        transition("hexstr", one, Json::Null, to(accept)),
                        transition("default", Json::Null, Json::Null, to(reject)),
                    ];
                    (vec![scratch], transitions)
                }
            };
            out.push(state_json(&of_node[index], out.len(), operations, transitions, keys));
        }
    }

    /// Sets a field.
    fn set(&mut self, target: Json, value: Json, span: Span, out: &mut Vec<Json>) {
        self.operation("set", vec![target, value], span, out);
    }

    fn operation(&mut self, op: &str, parameters: Vec<Json>, span: Span, out: &mut Vec<Json>) {
        let mut entries = vec![("op", Json::text(op)), ("parameters", Json::List(parameters))];
        self.source.add(&mut entries, span);
        out.push(Json::Object(entries));
    }

    /// Statements that only parsers have.
    pub(super) fn parser_statement(&mut self, statement: &Statement, out: &mut Vec<Json>) -> Result<()> {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Extract { header, varbit_bits } => self.extract(*header, *varbit_bits, span, out),
            StatementKind::Lookahead { to, offset_bits } => {
                let width = self.module.place_type(to).map_or(0, Type::width);
                let ahead = Json::typed(
                    "lookahead",
                    Json::List(vec![Json::number(*offset_bits as usize), Json::number(width as usize)]),
                );
                let target = self.result(to, "$ahead", span)?;
                self.set(target.clone(), ahead, span, out);
                self.settle(to, target, span, out)
            }
            StatementKind::Advance(bits) => {
                let bits = self.value(*bits)?;
                self.operation("advance", vec![bits], span, out);
                Ok(())
            }
            StatementKind::Verify { condition, error } => {
                let parameters = vec![self.boolean(*condition)?, self.data(*error)?];
                self.operation("verify", parameters, span, out);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn extract(
        &mut self,
        header: HeaderRef,
        varbit_bits: Option<Handle<Expression>>,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        let target = match (header, self.constant_header(header)) {
            (_, Some(header)) => Json::typed("regular", Json::text(&self.module.headers[header].name)),
            (HeaderRef::Next(stack), None) => match self.storage.stack(stack) {
                StackName::Headers(name) => Json::typed("stack", Json::text(name)),
                StackName::Unions { stack, member } => {
                    Json::typed("union_stack", Json::List(vec![Json::text(stack), Json::text(member)]))
                }
            },
            _ => {
                let message = "bmv2 does not extract into an element that is known only with the packet";
                return Err(self.refuse(span, message, "extract into `next`, or use a constant index"));
            }
        };
        match varbit_bits {
            None => self.operation("extract", vec![target], span, out),
            Some(bits) => {
                let bits = self.data(bits)?;
                let length = Json::typed("expression", bits);
                self.operation("extract_VL", vec![target, length], span, out);
            }
        }
        Ok(())
    }

    fn key_widths(&self, transition: &Transition) -> Vec<u32> {
        let Transition::Select { keys, .. } = transition else { return Vec::new() };
        keys.iter().map(|key| shape(self.module.expressions[*key].ty).0).collect()
    }

    /// The fields that a select compares; computed ones are put into scratch fields before.
    fn keys(&mut self, transition: &Transition, span: Span, out: &mut Vec<Json>) -> Vec<Json> {
        let Transition::Select { keys, .. } = transition else { return Vec::new() };
        keys.iter().filter_map(|key| self.key(*key, span, out).ok()).collect()
    }

    fn key(&mut self, key: Handle<Expression>, span: Span, out: &mut Vec<Json>) -> Result<Json> {
        let expression = &self.module.expressions[key];
        match &expression.kind {
            ExpressionKind::Variable(_) => {
                let (header, name) = match expression.kind {
                    ExpressionKind::Variable(variable) => self.variable(variable),
                    _ => (SCALARS, String::new()),
                };
                return Ok(field(header, &name));
            }
            ExpressionKind::Field(HeaderRef::Last(stack), index)
                if matches!(self.storage.stack(*stack), StackName::Unions { .. }) =>
            {
                let StackName::Unions { stack: name, member } = self.storage.stack(*stack) else {
                    return Ok(Json::Null);
                };
                let ty = self.module.header_type_of(HeaderRef::Last(*stack));
                let fields = ty.map(|ty| &self.module.header_types[ty].fields);
                let field =
                    fields.and_then(|fields| fields.get(*index as usize)).map_or("", |field| &field.name);
                let value = vec![Json::text(name), Json::text(member), Json::text(field)];
                return Ok(Json::typed("union_stack_field", Json::List(value)));
            }
            ExpressionKind::Field(header, index)
                if self.constant_header(*header).is_some() || matches!(header, HeaderRef::Last(_)) =>
            {
                return self.field(*header, *index, expression.span);
            }
            _ => {}
        }
        let (bits, _) = shape(expression.ty);
        let value = self.value(key)?;
        let scratch = self.storage.scratch("$key", bits, false);
        self.assign_scratch(&scratch, value, span, out);
        Ok(scratch)
    }

    fn assign_scratch(&mut self, scratch: &Json, value: Json, span: Span, out: &mut Vec<Json>) {
        self.set(scratch.clone(), value, span, out);
    }

    fn transitions(&mut self, transition_of: &Transition, widths: &[u32], span: Span) -> Vec<Json> {
        let module = self.module;
        let next = |target: Target| match target {
            // A parser that rejects goes on to ingress as one that accepts does.
            Target::Accept | Target::Reject => Json::Null,
            Target::State(state) => Json::text(&module.pipeline.parser.states[state].name),
        };
        let default = |target| transition("default", Json::Null, Json::Null, next(target));
        let cases = match transition_of {
            Transition::Always(target) => return vec![default(*target)],
            Transition::Select { cases, .. } => cases,
        };
        let mut list = Vec::new();
        for case in cases {
            if case.sets.iter().all(|set| *set == KeySet::Any) {
                // No case behind it is looked at.
                list.push(default(case.target));
                return list;
            }
            if let [KeySet::ValueSet(set)] = case.sets.as_slice() {
                let name = Json::text(&self.module.value_sets[*set].name);
                list.push(transition("parse_vset", name, Json::Null, next(case.target)));
                continue;
            }
            for pattern in patterns(case, widths) {
                let mask =
                    if pattern.is_exact { Json::Null } else { Json::text(format!("0x{}", pattern.mask)) };
                let value = Json::text(format!("0x{}", pattern.value));
                list.push(transition("hexstr", value, mask, next(case.target)));
            }
            if list.len() > MOST_TRANSITIONS {
                let message =
                    format!("the ranges of this select become more than {MOST_TRANSITIONS} cases for bmv2");
                self.refuse(span, message, "use masks, or ranges that end at powers of two");
                return list;
            }
        }
        self.needs_no_match = true;
        list.push(transition("default", Json::Null, Json::Null, Json::text(NO_MATCH)));
        list
    }
}

/// A place of nothing.
fn nowhere() -> Span {
    Span::new(sluice_diagnostics::SourceId(0), 0, 0)
}

fn transition(ty: &str, value: Json, mask: Json, next: Json) -> Json {
    Json::Object(vec![("type", Json::text(ty)), ("value", value), ("mask", mask), ("next_state", next)])
}

fn state_json(name: &str, id: usize, operations: Vec<Json>, transitions: Vec<Json>, keys: Vec<Json>) -> Json {
    Json::Object(vec![
        ("name", Json::text(name)),
        ("id", Json::number(id)),
        ("parser_ops", Json::List(operations)),
        ("transitions", Json::List(transitions)),
        ("transition_key", Json::List(keys)),
    ])
}

/// The values under masks that together are a case: each key's in whole bytes, one behind the other.
fn patterns(case: &SelectCase, widths: &[u32]) -> Vec<Pattern> {
    let mut all = vec![Pattern { is_exact: true, ..Pattern::default() }];
    for (set, width) in case.sets.iter().zip(widths) {
        let digits = width.div_ceil(8) as usize * 2;
        let of_set = masked(set, *width);
        let mut next = Vec::new();
        for before in &all {
            for (value, mask) in &of_set {
                let is_exact = before.is_exact && mask.count_ones() == *width;
                next.push(Pattern {
                    value: format!("{}{:0digits$x}", before.value, value),
                    mask: format!("{}{:0digits$x}", before.mask, mask),
                    is_exact,
                });
            }
            if next.len() > MOST_TRANSITIONS {
                break;
            }
        }
        all = next;
    }
    all
}

/// Values under masks that together are one key's set.
fn masked(set: &KeySet, width: u32) -> Vec<(Bits, Bits)> {
    let ones = Bits::ones(width);
    match set {
        KeySet::Value(value) => vec![(value.resize(width), ones)],
        KeySet::Masked { value, mask } => vec![(value & mask, mask.clone())],
        KeySet::Range { low, high } => prefixes(low, high),
        KeySet::Any | KeySet::ValueSet(_) => vec![(Bits::zero(width), Bits::zero(width))],
    }
}

/// A range as the fewest prefixes.
fn prefixes(low: &Bits, high: &Bits) -> Vec<(Bits, Bits)> {
    let width = low.width();
    let mut list = Vec::new();
    let mut at = low.clone();
    loop {
        // The largest block that starts here and does not go beyond the end.
        let mut free = 0;
        while free < width && !at.bit(free) {
            let larger = &at | &!&Bits::prefix_mask(width, width - free - 1);
            if larger > *high {
                break;
            }
            free += 1;
        }
        let mask = Bits::prefix_mask(width, width - free);
        let last = &at | &!&mask;
        list.push((at.clone(), mask));
        if last >= *high {
            return list;
        }
        at = sluice_ir::arithmetic::binary(
            sluice_ir::BinaryOp::Add,
            Type::Bits(width),
            &last,
            &Bits::new(width, 1),
        );
    }
}

impl Writer<'_> {
    /// Bits that an error has as a key.
    pub(super) fn key_width(&self, key: Handle<Expression>) -> u32 {
        let ty = self.module.expressions[key].ty;
        if ty == Type::Error { ERROR_BITS } else { ty.width() }
    }

    /// Whether a place is a field or variable without an index.
    pub(super) fn is_plain(&self, place: &Place) -> bool {
        match place {
            Place::Variable(_) => true,
            Place::Field(header, _) => self.constant_header(*header).is_some(),
            Place::Slice { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_prefixes_that_cover_them() {
        for (low, high) in [(0_u64, 255_u64), (1, 254), (7, 7), (16, 47), (0, 0), (128, 255)] {
            let found = prefixes(&Bits::new(8, low), &Bits::new(8, high));
            for value in 0..256_u64 {
                let inside = found.iter().filter(|(base, mask)| &Bits::new(8, value) & mask == *base).count();
                assert_eq!(inside, usize::from((low..=high).contains(&value)), "{value} in {low}..{high}");
            }
        }
        assert_eq!(prefixes(&Bits::new(8, 1), &Bits::new(8, 254)).len(), 14);
    }
}
