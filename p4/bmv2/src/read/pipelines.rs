//! Ingress and egress: from nodes that name what comes behind them to statements.

use std::collections::BTreeMap;

use sluice_entities::Bits;
use sluice_ir::{ActionProfile, Block, Handle, Statement, StatementKind, Table, Type};

use super::structure::{Exit, Piece};
use super::{Reader, Result};
use crate::json::Node;

/// What a node of a pipeline is.
enum Kind<'n> {
    /// A table that only runs one action: code that was written outside of actions.
    Code(&'n Node),
    Table(Handle<Table>, Vec<u64>),
    Condition,
    Call(&'n Node),
}

impl<'n> Reader<'n> {
    pub(super) fn read_pipelines(&mut self) {
        let root = self.root;
        let pipelines = self.list(root, "pipelines");
        let mut profiles = BTreeMap::new();
        for pipeline in pipelines {
            for node in self.list(pipeline, "action_profiles") {
                if let Ok(name) = self.need_text(node, "name")
                    && let Ok(handle) = self.action_profile(node, name)
                {
                    profiles.insert(name, (handle, node));
                }
            }
        }
        for node in pipelines {
            let Ok(name) = self.need_text(node, "name") else { continue };
            if !matches!(name, "ingress" | "egress") {
                let message = format!("there is a pipeline `{name}`");
                self.refuse(node.start(), message, "simple_switch has `ingress` and `egress`");
                continue;
            }
            // What is wrong was noted.
            let block = self.pipeline(node, &profiles).unwrap_or_default();
            if name == "ingress" {
                self.module.pipeline.ingress = block;
            } else {
                self.module.pipeline.egress = block;
            }
        }
    }

    fn pipeline(
        &mut self,
        node: &'n Node,
        profiles: &BTreeMap<&'n str, (Handle<ActionProfile>, &'n Node)>,
    ) -> Result<Block> {
        let Some(first) = node.get("init_table") else {
            // Its tables are there for the control plane all the same.
            for table in self.list(node, "tables") {
                if self.only_action(table).is_none() {
                    self.table(table, profiles)?;
                }
            }
            return Ok(Vec::new());
        };
        let mut nodes: Vec<(&'n Node, Kind<'n>)> = Vec::new();
        let mut named: BTreeMap<&'n str, usize> = BTreeMap::new();
        // The first piece only leads to what `init_table` names.
        let mut insert = |reader: &mut Self, item: &'n Node, kind: Kind<'n>, nodes: &mut Vec<_>| {
            let Ok(name) = reader.need_text(item, "name") else { return };
            nodes.push((item, kind));
            if named.insert(name, nodes.len()).is_some() {
                let message = format!("two nodes of the pipeline are called `{name}`");
                reader.refuse(item.start(), message, "names are unique");
            }
        };
        for item in self.list(node, "tables") {
            let kind = match self.only_action(item) {
                Some(action) => Kind::Code(action),
                None => {
                    let (table, ids) = self.table(item, profiles)?;
                    Kind::Table(table, ids)
                }
            };
            insert(self, item, kind, &mut nodes);
        }
        for item in self.list(node, "conditionals") {
            insert(self, item, Kind::Condition, &mut nodes);
        }
        for item in self.list(node, "action_calls") {
            let id = self.need_number(item, "action_id")?;
            let Some(action) = self.actions.get(&id).copied() else {
                return Err(self.refuse(item.start(), "no action has this id", "give an id of `actions`"));
            };
            insert(self, item, Kind::Call(action), &mut nodes);
        }
        let end = nodes.len() + 1;
        let mut pieces = vec![Piece { body: Vec::new(), exit: Exit::Stop, span: first.start() }];
        pieces[0].exit = Exit::Goto(self.next(Some(first), &named, end)?);
        for (item, kind) in &nodes {
            let piece = self.piece(item, kind, &named, end)?;
            pieces.push(piece);
        }
        pieces.push(Piece { body: Vec::new(), exit: Exit::Stop, span: node.start() });
        self.structured(pieces)
    }

    /// The number of the piece that is named; the end where it is null.
    fn next(
        &mut self,
        name: Option<&'n Node>,
        named: &BTreeMap<&'n str, usize>,
        end: usize,
    ) -> Result<usize> {
        let Some(node) = name else { return Ok(end) };
        let Some(name) = node.as_text() else {
            return Err(self.wrong(node, "the name of a table or conditional"));
        };
        match named.get(name) {
            Some(index) => Ok(*index),
            None => Err(self.unknown(node, "table or conditional", name, named.keys().copied())),
        }
    }

    /// The action of a table that is code: it has no keys, a fixed action, and a name that no program's table has.
    fn only_action(&self, node: &'n Node) -> Option<&'n Node> {
        let flag = |node: &Node, key: &str| node.get(key).and_then(Node::as_bool).unwrap_or(false);
        let name = node.get("name")?.as_text()?;
        let is_ours = name.starts_with('$') || name.starts_with("tbl_") && !name.contains('.');
        let keys = node.get("key").map_or(&[][..], Node::items);
        let default = node.get("default_entry")?;
        let is_fixed = flag(default, "action_const") && flag(default, "action_entry_const");
        if !is_ours
            || !keys.is_empty()
            || !is_fixed
            || flag(node, "with_counters")
            || node.get("direct_meters").is_some()
        {
            return None;
        }
        let action = self.actions.get(&default.get("action_id")?.as_number()?).copied()?;
        let data = action.get("runtime_data").map_or(&[][..], Node::items);
        data.is_empty().then_some(action)
    }

    fn piece(
        &mut self,
        item: &'n Node,
        kind: &Kind<'n>,
        named: &BTreeMap<&'n str, usize>,
        end: usize,
    ) -> Result<Piece> {
        let span = item.start();
        match kind {
            Kind::Code(action) => {
                let list = self.list(action, "primitives");
                let body = self.primitives(list);
                let by_action = item.get("next_tables");
                let name = action.get("name").and_then(Node::as_text).unwrap_or("");
                let next = by_action.and_then(|next| next.get(name).or_else(|| next.get("__MISS__")));
                let next = match by_action {
                    Some(_) => next,
                    None => item.get("base_default_next"),
                };
                Ok(Piece { body, exit: Exit::Goto(self.next(next, named, end)?), span })
            }
            Kind::Call(action) => {
                let list = self.list(action, "primitives");
                let body = self.primitives(list);
                let next = item.get("next_node");
                Ok(Piece { body, exit: Exit::Goto(self.next(next, named, end)?), span })
            }
            Kind::Condition => {
                let asked = self.need(item, "expression")?;
                let condition = self.boolean(asked)?;
                let body = std::mem::take(&mut self.before);
                let accept = self.next(item.get("true_next"), named, end)?;
                let reject = self.next(item.get("false_next"), named, end)?;
                Ok(Piece { body, exit: Exit::Branch { condition, accept, reject }, span })
            }
            Kind::Table(table, ids) => self.table_piece(item, *table, ids, named, end),
        }
    }

    fn table_piece(
        &mut self,
        item: &'n Node,
        table: Handle<Table>,
        ids: &[u64],
        named: &BTreeMap<&'n str, usize>,
        end: usize,
    ) -> Result<Piece> {
        let span = item.start();
        let by_result = item.get("next_tables");
        let default = self.next(item.get("base_default_next"), named, end)?;
        let has = |key: &str| by_result.is_some_and(|next| next.get(key).is_some() || has_key(next, key));
        let (mut hit, mut run) = (None, None);
        let exit = if has("__HIT__") || has("__MISS__") {
            let accept = self.next(by_result.and_then(|next| next.get("__HIT__")), named, end)?;
            let reject = self.next(by_result.and_then(|next| next.get("__MISS__")), named, end)?;
            if accept == reject {
                Exit::Goto(accept)
            } else {
                let (variable, condition) = self.told("$hit", Type::Bool, item);
                hit = Some(variable);
                Exit::Branch { condition, accept, reject }
            }
        } else {
            let mut targets: Vec<(usize, Vec<Bits>)> = Vec::new();
            for (index, id) in ids.iter().enumerate() {
                let name = self.actions.get(id).and_then(|action| action.get("name")).and_then(Node::as_text);
                let next = match (by_result, name) {
                    (Some(by_result), Some(name)) => self.next(by_result.get(name), named, end)?,
                    _ => default,
                };
                let value = Bits::new(16, index as u64);
                match targets.iter_mut().find(|(target, _)| *target == next) {
                    Some((_, values)) => values.push(value),
                    None => targets.push((next, vec![value])),
                }
            }
            // A default action that was added for the file has no next table of its own.
            let added = self.module.tables[table].actions.len() > ids.len();
            match targets.as_slice() {
                [] => Exit::Goto(default),
                [(only, _)] if !added || *only == default => Exit::Goto(*only),
                _ => {
                    let (variable, selector) = self.told("$run", Type::Bits(16), item);
                    run = Some(variable);
                    let cases = targets.into_iter().map(|(target, values)| (values, target)).collect();
                    Exit::Switch { selector, cases, default }
                }
            }
        };
        let kind = StatementKind::Apply { table, hit, action_run: run };
        Ok(Piece { body: vec![Statement { kind, span }], exit, span })
    }
}

/// Whether an object has a key, be its value null or not.
fn has_key(node: &Node, key: &str) -> bool {
    matches!(&node.kind, crate::json::NodeKind::Object(entries) if entries.iter().any(|(name, _)| name == key))
}
