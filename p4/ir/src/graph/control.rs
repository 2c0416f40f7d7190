//! A control's graph: what runs after what.

use std::collections::BTreeMap;

use super::dot::{Dot, Node};
use crate::text::Pieces;
use crate::{Handle, Label, Module, Statement, StatementKind, Table};

/// Ways out of what was drawn so far, which lead to what is drawn next: from where, and what leads along.
type Ways = Vec<(Node, Vec<String>)>;

/// The graph of a control's statements.
pub(super) fn graph(module: &Module, pieces: &Pieces<'_>, name: &str, block: &[Statement]) -> String {
    let mut dot = Dot::new(name);
    let start = dot.node("circle", &["start".to_string()]);
    let mut drawing =
        Drawing { module, pieces, dot, left: BTreeMap::new(), exits: Vec::new(), lines: Vec::new() };
    let mut ways = drawing.block(block, vec![(start, Vec::new())]);
    ways = drawing.boxed(ways);
    ways.append(&mut drawing.exits);
    let end = drawing.dot.node("doublecircle", &["end".to_string()]);
    drawing.connect(ways, end);
    drawing.dot.finish()
}

struct Drawing<'m> {
    module: &'m Module,
    pieces: &'m Pieces<'m>,
    dot: Dot,
    /// Where `leave` of a label comes from.
    left: BTreeMap<Label, Ways>,
    /// Where `exit` comes from.
    exits: Ways,
    /// Statements that go into the next box.
    lines: Vec<String>,
}

impl Drawing<'_> {
    fn connect(&mut self, ways: Ways, to: Node) {
        for (from, lines) in ways {
            self.dot.edge(from, to, &lines);
        }
    }

    /// Draws the statements that wait for a box.
    fn boxed(&mut self, ways: Ways) -> Ways {
        if self.lines.is_empty() || ways.is_empty() {
            self.lines.clear();
            return ways;
        }
        let lines = std::mem::take(&mut self.lines);
        let node = self.dot.node("box", &lines);
        self.connect(ways, node);
        vec![(node, Vec::new())]
    }

    fn block(&mut self, block: &[Statement], mut ways: Ways) -> Ways {
        for statement in block {
            // What nothing leads to is not drawn.
            if ways.is_empty() {
                break;
            }
            ways = self.statement(statement, ways);
        }
        self.boxed(ways)
    }

    fn statement(&mut self, statement: &Statement, ways: Ways) -> Ways {
        match &statement.kind {
            StatementKind::If { condition, accept, reject } => {
                let ways = self.boxed(ways);
                let node = self.dot.node("diamond", &[self.pieces.expression(*condition)]);
                self.connect(ways, node);
                let mut out = self.block(accept, vec![(node, vec!["true".to_string()])]);
                out.extend(self.block(reject, vec![(node, vec!["false".to_string()])]));
                out
            }
            StatementKind::Switch { selector, cases, default } => {
                let ways = self.boxed(ways);
                let node = self.dot.node("diamond", &[self.pieces.expression(*selector)]);
                self.connect(ways, node);
                let mut out = Vec::new();
                for (values, block) in cases {
                    let values = values.iter().map(ToString::to_string).collect();
                    out.extend(self.block(block, vec![(node, values)]));
                }
                out.extend(self.block(default, vec![(node, vec!["default".to_string()])]));
                out
            }
            StatementKind::Labelled(label, block) => {
                let mut out = self.block(block, ways);
                out.extend(self.left.remove(label).unwrap_or_default());
                out
            }
            StatementKind::Loop(label, block) => {
                let ways = self.boxed(ways);
                let head = self.dot.node("point", &[String::new()]);
                self.connect(ways, head);
                let again = self.block(block, vec![(head, Vec::new())]);
                self.connect(again, head);
                self.left.remove(label).unwrap_or_default()
            }
            StatementKind::Leave(label) => {
                let ways = self.boxed(ways);
                self.left.entry(*label).or_default().extend(ways);
                Vec::new()
            }
            StatementKind::Exit => {
                let ways = self.boxed(ways);
                self.exits.extend(ways);
                Vec::new()
            }
            StatementKind::Apply { table, .. } => {
                let ways = self.boxed(ways);
                self.table(*table, ways)
            }
            simple => {
                self.lines.push(self.pieces.statement(simple));
                ways
            }
        }
    }

    /// A table, and the actions that it may run, each of which goes on to what follows.
    fn table(&mut self, handle: Handle<Table>, ways: Ways) -> Ways {
        let node = self.dot.node("ellipse", &[self.pieces.table(handle)]);
        self.connect(ways, node);
        let Some(table) = self.module.tables.try_index(handle) else { return vec![(node, Vec::new())] };
        let mut out = Vec::new();
        for (i, listed) in table.actions.iter().enumerate() {
            let action = self.dot.node("box", &[self.pieces.action(listed.action)]);
            let is_default = table.default_action.index as usize == i;
            let label = if is_default { vec!["default".to_string()] } else { Vec::new() };
            self.dot.edge(node, action, &label);
            let ends = self.module.actions.try_index(listed.action).is_some_and(|action| {
                matches!(action.body.last().map(|last| &last.kind), Some(StatementKind::Exit))
            });
            if ends {
                self.exits.push((action, Vec::new()));
            } else {
                out.push((action, Vec::new()));
            }
        }
        if table.actions.is_empty() { vec![(node, Vec::new())] } else { out }
    }
}
