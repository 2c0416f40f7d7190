//! Bodies with branches as lists of primitives with jumps.

use sluice_diagnostics::Span;
use sluice_ir::{Action, Block, Handle, Table};

use super::expressions::{argument, binary, unary};
use super::storage::SCALARS;
use super::{Result, Writer, small};
use crate::graph::{Condition, End, Graph};
use crate::json::Json;

/// A jump whose target is not written yet.
struct Patch {
    /// Index of the primitive.
    at: usize,
    /// The node that it goes to.
    to: usize,
}

impl Writer<'_> {
    /// The copy of an action that a table has; gives its id. Each table has its own, so that it can tell which one ran: `ran` are
    /// the scalar that is told, and what.
    pub(super) fn table_action(&mut self, table: Handle<Table>, index: usize, ran: Option<&str>) -> usize {
        let listed = self.module.tables[table].actions[index].action;
        let action = &self.module.actions[listed];
        let mut primitives = Vec::new();
        if let Some(variable) = ran {
            let target = super::storage::field(SCALARS, variable);
            self.primitive("assign", vec![target, small(index as u64)], action.span, &mut primitives);
        }
        self.action = Some(listed);
        self.body(&action.body, &mut primitives);
        self.action = None;
        let (name, span) = (action.name.clone(), action.span);
        let data = self.runtime_data(listed);
        self.add_action(&name, data, primitives, span)
    }

    fn runtime_data(&self, action: Handle<Action>) -> Json {
        let params = &self.module.actions[action].params;
        let data = params.iter().map(|param| {
            Json::Object(vec![
                ("name", Json::text(&param.name)),
                ("bitwidth", Json::number(param.ty.width() as usize)),
            ])
        });
        Json::List(data.collect())
    }

    /// Adds an action; gives its id.
    pub(super) fn add_action(&mut self, name: &str, data: Json, primitives: Vec<Json>, span: Span) -> usize {
        let id = self.actions.len();
        let mut entries = vec![
            ("name", Json::text(name)),
            ("id", Json::number(id)),
            ("runtime_data", data),
            ("primitives", Json::List(primitives)),
        ];
        self.source.add(&mut entries, span);
        self.actions.push(Json::Object(entries));
        id
    }

    /// Adds the primitives of a body behind those that are there.
    pub(super) fn body(&mut self, block: &Block, out: &mut Vec<Json>) {
        let graph = Graph::new(block);
        let mut starts = vec![0; graph.nodes.len()];
        let mut patches: Vec<Patch> = Vec::new();
        let end = graph.nodes.len();
        for (index, node) in graph.nodes.iter().enumerate() {
            starts[index] = out.len();
            for statement in &node.statements {
                self.statement(statement, out);
            }
            let next = index + 1;
            let mut jump = |writer: &mut Self, to: usize, out: &mut Vec<Json>| {
                if to != next {
                    patches.push(Patch { at: out.len(), to });
                    writer.primitive("_jump", vec![Json::Null], node_span(node), out);
                }
            };
            match node.end {
                End::Stop => jump(self, end, out),
                End::Goto(to) => jump(self, to, out),
                End::Exit => {
                    self.primitive("exit", Vec::new(), node_span(node), out);
                    jump(self, end, out);
                }
                End::If { condition, accept, reject, span } => {
                    if let Ok(value) = self.condition(condition) {
                        patches.push(Patch { at: out.len(), to: reject });
                        self.primitive(
                            "_jump_if_zero",
                            vec![argument(unary("b2d", value)), Json::Null],
                            span,
                            out,
                        );
                    }
                    if accept != next {
                        patches.push(Patch { at: out.len(), to: accept });
                        self.primitive("_jump", vec![Json::Null], span, out);
                    }
                }
                // Tables are applied in controls only.
                End::Apply { next: to, .. } => jump(self, to, out),
            }
        }
        let length = out.len();
        for patch in patches {
            let to = starts.get(patch.to).copied().unwrap_or(length);
            set_last_parameter(&mut out[patch.at], small(to as u64));
        }
    }

    /// What a branch asks.
    pub(super) fn condition(&mut self, condition: Condition<'_>) -> Result<Json> {
        match condition {
            Condition::Holds(condition) => self.boolean(condition),
            Condition::OneOf(selector, values) => {
                let mut any: Option<Json> = None;
                for value in values {
                    let is_error = self.module.expressions[selector].ty == sluice_ir::Type::Error;
                    let value =
                        if is_error { value.resize(super::storage::ERROR_BITS) } else { value.clone() };
                    let one = binary("==", self.data(selector)?, super::constant(&value));
                    any = Some(match any {
                        Some(others) => binary("or", others, one),
                        None => one,
                    });
                }
                Ok(any.unwrap_or_else(|| Json::typed("bool", Json::Bool(false))))
            }
        }
    }
}

/// Where a node's last statement was written; jumps are of no other place.
fn node_span(node: &crate::graph::Node<'_>) -> Span {
    let nowhere = Span::new(sluice_diagnostics::SourceId(0), 0, 0);
    node.statements.last().map_or(nowhere, |statement| statement.span)
}

fn set_last_parameter(primitive: &mut Json, value: Json) {
    let Json::Object(entries) = primitive else { return };
    for (key, parameters) in entries {
        if *key == "parameters"
            && let Json::List(list) = parameters
            && let Some(last) = list.last_mut()
        {
            *last = value;
            return;
        }
    }
}
