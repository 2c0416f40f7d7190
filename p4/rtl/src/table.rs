//! Tables: a block looks the key up, and the action that it names runs on the packet.

use sluice_entities::MatchKind;
use sluice_ir::{Action, Handle, Module, Table, Type, Variable};

use crate::exec::{ACTION, ENTRY, Exec, Unit, table_output};
use crate::graph::{UnitId, Value};
use crate::layout::{Field, KeyField, Shape};
use crate::state::{State, Way};

/// Exact keys of at most that many bits are indexes.
const MAX_DIRECT_BITS: u32 = 10;

/// How a table is built, by its keys.
pub(crate) fn shape(module: &Module, table: &Table) -> Shape {
    let kinds: Vec<MatchKind> = table.keys.iter().map(|key| key.kind).collect();
    let width: u32 = table.keys.iter().map(|key| module.expressions[key.expression].ty.width()).sum();
    if kinds.is_empty() {
        return Shape::Default;
    }
    let ordered = kinds.iter().filter(|kind| matches!(kind, MatchKind::Lpm | MatchKind::Range)).count();
    let exact = kinds.iter().filter(|kind| **kind == MatchKind::Exact).count();
    if exact == kinds.len() {
        if width <= MAX_DIRECT_BITS { Shape::Direct } else { Shape::Exact }
    } else if ordered == 1 && exact + 1 == kinds.len() {
        Shape::Interval
    } else {
        Shape::Ternary
    }
}

/// The key fields of a table in the order in which they stand in its key, the highest first.
///
/// Of an interval table the ordered key stands last, so that all keys are one number and each entry is one range of it.
pub(crate) fn key_fields(module: &Module, table: &Table) -> Vec<KeyField> {
    let mut fields: Vec<KeyField> = table
        .keys
        .iter()
        .enumerate()
        .map(|(at, key)| KeyField {
            name: key.name.clone(),
            position: at as u32,
            width: module.expressions[key.expression].ty.width(),
            kind: key.kind,
        })
        .collect();
    if shape(module, table) == Shape::Interval {
        fields.sort_by_key(|field| field.kind != MatchKind::Exact);
    }
    fields
}

/// Where the parameters of an action stand in a table's data, the first one lowest.
pub(crate) fn parameters(action: &Action) -> Vec<Field> {
    let mut low = 0;
    let fields = action.params.iter().map(|parameter| {
        let width = parameter.ty.width();
        let field = Field { name: parameter.name.clone(), low, width };
        low += width;
        field
    });
    fields.collect()
}

/// Bits of a table's action data, at least one.
pub(crate) fn data_width(module: &Module, table: &Table) -> u32 {
    let widths = table.actions.iter().map(|listed| {
        module.actions[listed.action].params.iter().map(|parameter| parameter.ty.width()).sum::<u32>()
    });
    widths.max().unwrap_or(0).max(1)
}

impl Exec<'_> {
    pub(crate) fn apply(
        &mut self,
        state: &mut State,
        table: Handle<Table>,
        hit: Option<Handle<Variable>>,
        action_run: Option<Handle<Variable>>,
    ) {
        let module = self.module;
        let info = &module.tables[table];
        if info.action_profile.is_some() {
            self.refuse("action profiles and selectors", "put the actions into the table's entries");
        }
        if info.support_timeout {
            self.refuse("entries that expire", "let the control plane remove them");
        }
        if info.direct_meter.is_some() {
            self.refuse("meters", "limit the rate behind the switch");
        }
        let fields = key_fields(module, info);
        let keys: Vec<Value> = fields
            .iter()
            .map(|field| {
                let expression = info.keys[field.position as usize].expression;
                if matches!(module.expressions[expression].ty, Type::Int(_)) && field.kind == MatchKind::Range
                {
                    self.refuse("ranges of signed keys", "cast the key to bit<>");
                }
                self.value(state, expression)
            })
            .collect();
        let key = self.graph.join(keys);
        let unit = self.table_unit(state, table, key);
        let found = self.graph.output(unit, table_output::HIT, 1);
        let action = self.graph.output(unit, table_output::ACTION, ACTION);
        let data = self.graph.output(unit, table_output::DATA, data_width(module, info));
        let (saved, acting) = (std::mem::take(&mut self.parameters), self.acting.replace((table, unit)));
        let mut ways = Vec::new();
        for (index, listed) in info.actions.iter().enumerate() {
            let is_it = if info.actions.len() == 1 {
                self.graph.bit(true)
            } else {
                self.graph.equals_number(action, index as u64)
            };
            let body = &module.actions[listed.action];
            self.parameters =
                parameters(body).iter().map(|field| self.graph.slice(data, field.low, field.width)).collect();
            let mut there = state.clone();
            self.path.push(is_it);
            self.block(&mut there, &body.body);
            self.path.pop();
            ways.push((is_it, there));
        }
        (self.parameters, self.acting) = (saved, acting);
        if !ways.is_empty() {
            *state = State::merge(&mut self.graph, &self.slots, &ways);
        }
        // What an action leaves behind is told even where it ended the control.
        let exits = state.left.remove(&Way::Exit);
        let always = self.graph.bit(true);
        if let Some(variable) = hit {
            self.put(state, self.slots.variable(variable), always, found);
        }
        if let Some(variable) = action_run {
            let action = self.graph.resize(action, 16);
            self.put(state, self.slots.variable(variable), always, action);
        }
        if let Some(exits) = exits {
            state.left.insert(Way::Exit, exits);
        }
    }

    /// The block of a table; a table that is applied at several places is one, if a packet comes to one of them at most.
    fn table_unit(&mut self, state: &State, table: Handle<Table>, key: Option<Value>) -> UnitId {
        let path = self.conditions(state);
        let Some(unit) = self.tables.get(&table).copied() else {
            let unit = self.unit(Unit::Table { table, key, paths: vec![path] });
            self.tables.insert(table, unit);
            return unit;
        };
        let Unit::Table { key: before, paths, .. } = self.units[unit.0 as usize].clone() else { return unit };
        let excluded = paths.iter().all(|other| self.excludes(other, &path));
        let on = self.graph.all(path.clone());
        let own = |exec: &Self, value: Value| {
            exec.depends(
                value,
                &|part| matches!(exec.graph.node(part).op, crate::graph::Op::Output(of, _) if of == unit),
            )
        };
        let is_circular = own(self, on) || key.is_some_and(|key| own(self, key));
        if !excluded || is_circular {
            self.refuse(
                "second look-up in the same table for one packet",
                "apply the table once, or declare a second table",
            );
            return unit;
        }
        let key = match (key, before) {
            (Some(key), Some(before)) => Some(self.graph.mux(on, key, before)),
            (key, before) => key.or(before),
        };
        let paths = paths.into_iter().chain([path]).collect();
        self.units[unit.0 as usize] = Unit::Table { table, key, paths };
        unit
    }

    /// The entry of the table whose action runs, for its direct counter.
    pub(crate) fn acting_entry(&mut self) -> Option<(Handle<Table>, Value)> {
        let (table, unit) = self.acting?;
        Some((table, self.graph.output(unit, table_output::ENTRY, ENTRY)))
    }
}
