//! Ingress and egress: tables and conditionals, each with what comes behind it.

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::{SourceId, Span};
use sluice_ir::{Block, Handle, StatementKind, Table, Variable, walk};

use super::expressions::binary;
use super::storage::{SCALARS, field};
use super::tables::{Next, Preparation, dummy};
use super::{Writer, small};
use crate::graph::{End, Graph};
use crate::json::Json;

/// One pipeline as it is written.
struct Flow<'m> {
    name: &'static str,
    graph: Graph<'m>,
    /// Nodes that apply a table, by table.
    sites: BTreeMap<Handle<Table>, Vec<usize>>,
    prepared: BTreeMap<Handle<Table>, Preparation>,
    tables: Vec<Json>,
    conditionals: Vec<Json>,
    /// What comes behind the last node.
    end: Json,
}

/// Scalars that are told about one application of a table.
#[derive(Clone, Copy)]
struct Told {
    hit: Option<Handle<Variable>>,
    run: Option<Handle<Variable>>,
}

impl Flow<'_> {
    /// Whether a node has a table of its own for its statements.
    fn has_action(&self, node: usize) -> bool {
        let of_table = match self.graph.nodes[node].end {
            End::Apply { table, .. } => {
                self.sites_of(table) > 1 || !self.prepared[&table].primitives.is_empty()
            }
            _ => false,
        };
        of_table || !self.graph.nodes[node].statements.is_empty()
    }

    fn sites_of(&self, table: Handle<Table>) -> usize {
        self.sites.get(&table).map_or(0, Vec::len)
    }

    fn action_name(&self, node: usize) -> String {
        format!("${}.{node}", self.name)
    }

    fn condition_name(&self, node: usize) -> String {
        format!("${}.if.{node}", self.name)
    }
}

impl Writer<'_> {
    /// Tables that a control applies: others are left out.
    pub(super) fn is_applied(&self, table: Handle<Table>) -> bool {
        self.applied.contains(&table)
    }

    pub(super) fn find_applied(&mut self) {
        let pipeline = &self.module.pipeline;
        let mut applied = BTreeSet::new();
        for block in [&pipeline.ingress, &pipeline.egress] {
            walk::statements(block, &mut |statement| {
                if let StatementKind::Apply { table, .. } = statement.kind {
                    applied.insert(table);
                }
            });
        }
        self.applied = applied;
    }

    /// Both pipelines; `epilogue` runs at the end of egress.
    pub(super) fn pipelines(&mut self, epilogue: Vec<Json>) -> Json {
        let pipeline = &self.module.pipeline;
        let ingress = self.pipeline("ingress", 0, &pipeline.ingress, Vec::new());
        let egress = self.pipeline("egress", 1, &pipeline.egress, epilogue);
        Json::List(vec![ingress, egress])
    }

    fn pipeline(&mut self, name: &'static str, id: usize, block: &Block, mut epilogue: Vec<Json>) -> Json {
        let late = if name == "egress" { std::mem::take(&mut self.late) } else { Vec::new() };
        for (target, value) in late {
            if let Ok(value) = self.value(value) {
                self.primitive("assign", vec![target, value], nowhere(), &mut epilogue);
            }
        }
        let graph = Graph::new(block);
        let mut sites: BTreeMap<Handle<Table>, Vec<usize>> = BTreeMap::new();
        let mut prepared = BTreeMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            if let End::Apply { table, span, .. } = node.end {
                sites.entry(table).or_default().push(index);
                prepared.entry(table).or_insert_with(|| self.prepare(table, span));
            }
        }
        let end = if epilogue.is_empty() { Json::Null } else { Json::text(format!("${name}.end")) };
        let mut flow = Flow {
            name,
            graph,
            sites,
            prepared,
            tables: Vec::new(),
            conditionals: Vec::new(),
            end: end.clone(),
        };
        for node in 0..flow.graph.nodes.len() {
            self.node(node, &mut flow);
        }
        let init = self.entry(0, &flow);
        if !epilogue.is_empty() {
            self.refuse_exits(&flow);
            let name = format!("${name}.end");
            self.add_dummy(&name, epilogue, Json::Null, &mut flow);
        }
        let profiles = self.profiles(&flow);
        Json::Object(vec![
            ("name", Json::text(name)),
            ("id", Json::number(id)),
            ("init_table", init),
            ("tables", Json::List(flow.tables)),
            ("action_profiles", profiles),
            ("conditionals", Json::List(flow.conditionals)),
        ])
    }

    /// After an exit in an action the switch runs nothing more of the pipeline.
    fn refuse_exits(&mut self, flow: &Flow<'_>) {
        let module = self.module;
        for table in flow.sites.keys() {
            for listed in &module.tables[*table].actions {
                let action = &module.actions[listed.action];
                walk::statements(&action.body, &mut |statement| {
                    if statement.kind == StatementKind::Exit {
                        let message =
                            "bmv2 ends egress here, before what its deparser and checksums need is computed";
                        self.refuse(statement.span, message, "compute it before, or exit in the control");
                    }
                });
            }
        }
    }

    fn profiles(&mut self, flow: &Flow<'_>) -> Json {
        let mut list = Vec::new();
        for table in flow.sites.keys() {
            if let Some(profile) = self.module.tables[*table].action_profile
                && self.profiles.insert(profile)
            {
                list.push(self.action_profile(profile));
            }
        }
        Json::List(list)
    }

    /// The first thing of a node.
    fn entry(&mut self, mut node: usize, flow: &Flow<'_>) -> Json {
        for _ in 0..=flow.graph.nodes.len() {
            if flow.has_action(node) {
                return Json::text(flow.action_name(node));
            }
            match flow.graph.nodes[node].end {
                End::Stop | End::Exit => return flow.end.clone(),
                End::Goto(next) => node = next,
                End::If { .. } => return Json::text(flow.condition_name(node)),
                End::Apply { table, .. } => return Json::text(&self.module.tables[table].name),
            }
        }
        self.refuse_somewhere("a loop has no end and does nothing", "leave it out");
        Json::Null
    }

    fn node(&mut self, index: usize, flow: &mut Flow<'_>) {
        let end = flow.graph.nodes[index].end;
        if flow.has_action(index) {
            let mut primitives = Vec::new();
            for statement in std::mem::take(&mut flow.graph.nodes[index].statements) {
                self.statement(statement, &mut primitives);
                flow.graph.nodes[index].statements.push(statement);
            }
            if let End::Apply { table, .. } = end {
                primitives.extend(flow.prepared[&table].primitives.iter().cloned());
                if let Some(site) = self.site(index, table, flow) {
                    let target = field(SCALARS, &self.own("site", table));
                    self.primitive("assign", vec![target, small(site as u64)], nowhere(), &mut primitives);
                }
            }
            let next = self.behind_action(index, flow);
            let name = flow.action_name(index);
            self.add_dummy(&name, primitives, next, flow);
        }
        match end {
            End::If { condition, accept, reject, span } => {
                if let Ok(condition) = self.condition(condition) {
                    let (accept, reject) = (self.entry(accept, flow), self.entry(reject, flow));
                    let name = flow.condition_name(index);
                    self.conditional(name, condition, [accept, reject], span, flow);
                }
            }
            // The last of several applications writes the table.
            End::Apply { table, .. } => {
                if flow.sites.get(&table).and_then(|sites| sites.first()) == Some(&index) {
                    self.applied_table(table, flow);
                }
            }
            End::Stop | End::Exit | End::Goto(_) => {}
        }
    }

    /// The number of an application among those of its table, if there are several.
    fn site(&self, node: usize, table: Handle<Table>, flow: &Flow<'_>) -> Option<usize> {
        let sites = flow.sites.get(&table).filter(|sites| sites.len() > 1)?;
        sites.iter().position(|site| *site == node)
    }

    fn behind_action(&mut self, index: usize, flow: &Flow<'_>) -> Json {
        match flow.graph.nodes[index].end {
            End::Stop | End::Exit => flow.end.clone(),
            End::Goto(next) => self.entry(next, flow),
            End::If { .. } => Json::text(flow.condition_name(index)),
            End::Apply { table, .. } => Json::text(&self.module.tables[table].name),
        }
    }

    /// A scalar of the writer's own that belongs to a table.
    fn own(&self, what: &str, table: Handle<Table>) -> String {
        format!("${what}.{}", self.module.tables[table].name)
    }

    /// Writes a table with its actions, and what tells the code about its result.
    fn applied_table(&mut self, table: Handle<Table>, flow: &mut Flow<'_>) {
        let sites: Vec<(usize, Told)> = flow.sites[&table]
            .iter()
            .filter_map(|site| match flow.graph.nodes[*site].end {
                End::Apply { hit, action_run: run, next, .. } => Some((next, Told { hit, run })),
                _ => None,
            })
            .collect();
        let single = sites.len() == 1;
        let any_hit = sites.iter().any(|(_, told)| told.hit.is_some());
        let any_run = sites.iter().any(|(_, told)| told.run.is_some());
        let (mut hit, mut run) = (None, None);
        if single {
            let (_, told) = sites[0];
            hit = told.hit.map(|variable| self.variable(variable).1);
            run = told.run.map(|variable| self.variable(variable).1);
        } else {
            let bits = [("site", 16, true), ("hit", 1, any_hit), ("run", 16, any_run)];
            for (what, bits, wanted) in bits {
                if wanted {
                    let name = self.own(what, table);
                    self.storage.scratch(&name, bits, false);
                }
            }
            hit = any_hit.then(|| self.own("hit", table)).or(hit);
            run = any_run.then(|| self.own("run", table)).or(run);
        }
        let behind = if single { self.entry(sites[0].0, flow) } else { self.dispatch(table, &sites, flow) };
        let next = match hit {
            None => Next::Always(behind),
            Some(variable) => {
                let mut told = Vec::new();
                for (word, value) in [("hit", 1), ("miss", 0)] {
                    let name = format!("${}.{word}.{}", flow.name, self.module.tables[table].name);
                    let mut primitives = Vec::new();
                    let target = field(SCALARS, &variable);
                    self.primitive("assign", vec![target, small(value)], nowhere(), &mut primitives);
                    self.add_dummy(&name, primitives, behind.clone(), flow);
                    told.push(Json::text(name));
                }
                let miss = told.pop().unwrap_or(Json::Null);
                Next::HitMiss(told.pop().unwrap_or(Json::Null), miss)
            }
        };
        let count = self.module.tables[table].actions.len();
        let actions: Vec<usize> =
            (0..count).map(|index| self.table_action(table, index, run.as_deref())).collect();
        let Some(preparation) = flow.prepared.get_mut(&table) else { return };
        let keys = std::mem::replace(&mut preparation.keys, Json::Null);
        let json = self.table(table, keys, &actions, next);
        flow.tables.push(json);
    }

    /// Conditionals that go on where a table was applied, one behind the other.
    fn dispatch(&mut self, table: Handle<Table>, sites: &[(usize, Told)], flow: &mut Flow<'_>) -> Json {
        let mut next = Json::Null;
        for (site, (to, told)) in sites.iter().enumerate().rev() {
            let mut primitives = Vec::new();
            for (variable, what) in [(told.hit, "hit"), (told.run, "run")] {
                if let Some(variable) = variable {
                    let (header, name) = self.variable(variable);
                    let arguments = vec![field(header, &name), field(SCALARS, &self.own(what, table))];
                    self.primitive("assign", arguments, nowhere(), &mut primitives);
                }
            }
            let mut here = self.entry(*to, flow);
            let label = format!("${}.{site}.{}", flow.name, self.module.tables[table].name);
            if !primitives.is_empty() {
                self.add_dummy(&label, primitives, here, flow);
                here = Json::text(&label);
            }
            if site + 1 == sites.len() {
                next = here;
            } else {
                let asked = binary("==", field(SCALARS, &self.own("site", table)), small(site as u64));
                let name = format!("${}.if.{site}.{}", flow.name, self.module.tables[table].name);
                self.conditional(name.clone(), asked, [here, next], nowhere(), flow);
                next = Json::text(name);
            }
        }
        next
    }

    fn conditional(
        &mut self,
        name: String,
        condition: Json,
        [accept, reject]: [Json; 2],
        span: Span,
        flow: &mut Flow<'_>,
    ) {
        let mut entries = vec![("name", Json::text(name)), ("id", Json::number(self.conditions))];
        self.conditions += 1;
        self.source.add(&mut entries, span);
        entries.extend([("expression", condition), ("true_next", accept), ("false_next", reject)]);
        flow.conditionals.push(Json::Object(entries));
    }

    /// Adds a table without keys that runs primitives.
    fn add_dummy(&mut self, name: &str, primitives: Vec<Json>, next: Json, flow: &mut Flow<'_>) {
        let action = self.add_action(name, Json::List(Vec::new()), primitives, nowhere());
        let id = self.tables;
        self.tables += 1;
        flow.tables.push(dummy(name, id, (action, name), next));
    }
}

/// A place of nothing.
pub(super) fn nowhere() -> Span {
    Span::new(SourceId(0), 0, 0)
}
