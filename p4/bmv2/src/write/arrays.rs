//! Counters, meters, registers, value sets, and lists of fields.

use std::collections::BTreeSet;

use sluice_entities::{CounterUnit, MatchKind};
use sluice_ir::{Handle, Table, Type, VariableKind};

use super::Writer;
use super::storage::{SCALARS, field};
use crate::json::Json;

/// Field lists have numbers below this one; the list without fields has it.
pub(super) const FIELD_LISTS: u32 = 0xfffe;

/// Bits of a meter's color.
const COLOR_BITS: u32 = 8;

fn unit(unit: CounterUnit) -> Json {
    Json::text(if unit == CounterUnit::Packets { "packets" } else { "bytes" })
}

/// What a counter counts: the switch counts both.
fn counted(of: CounterUnit) -> Option<(&'static str, Json)> {
    (of != CounterUnit::Both).then(|| ("sluice", Json::Object(vec![("unit", unit(of))])))
}

impl Writer<'_> {
    /// The field that the direct meter of a table writes its color to.
    pub(super) fn meter_color(&mut self, table: Handle<Table>) -> Json {
        let name = self.color_name(table);
        if !self.colors.contains(&table) {
            self.colors.insert(table);
            return self.storage.scratch(&name, COLOR_BITS, false);
        }
        field(SCALARS, &name)
    }

    fn color_name(&self, table: Handle<Table>) -> String {
        format!("$color.{}", self.module.tables[table].name)
    }

    pub(super) fn counters(&self) -> Json {
        let mut list = Vec::new();
        for (_, counter) in self.module.counters.iter() {
            let mut entries = vec![
                ("name", Json::text(&counter.name)),
                ("id", Json::number(list.len())),
                ("size", Json::Number(counter.size)),
                ("is_direct", Json::Bool(false)),
            ];
            entries.extend(counted(counter.unit));
            list.push(Json::Object(entries));
        }
        for (handle, table) in self.module.tables.iter() {
            let Some(counter) = table.direct_counter.as_ref().filter(|_| self.is_applied(handle)) else {
                continue;
            };
            let mut entries = vec![
                ("name", Json::text(&counter.name)),
                ("id", Json::number(list.len())),
                ("is_direct", Json::Bool(true)),
                ("binding", Json::text(&table.name)),
            ];
            entries.extend(counted(counter.unit));
            list.push(Json::Object(entries));
        }
        Json::List(list)
    }

    pub(super) fn meters(&mut self) -> Json {
        let mut list = Vec::new();
        for (_, meter) in self.module.meters.iter() {
            list.push(Json::Object(vec![
                ("name", Json::text(&meter.name)),
                ("id", Json::number(list.len())),
                ("is_direct", Json::Bool(false)),
                ("size", Json::Number(meter.size)),
                ("rate_count", Json::number(2)),
                ("type", unit(meter.unit)),
            ]));
        }
        let module = self.module;
        for (handle, table) in module.tables.iter() {
            let Some(meter) = table.direct_meter.as_ref().filter(|_| self.is_applied(handle)) else {
                continue;
            };
            // A meter that no action reads has a field, too.
            let Json::Object(mut target) = self.meter_color(handle) else { continue };
            let target = target.pop().map_or(Json::Null, |(_, names)| names);
            list.push(Json::Object(vec![
                ("name", Json::text(&meter.name)),
                ("id", Json::number(list.len())),
                ("is_direct", Json::Bool(true)),
                ("size", Json::Number(table.size)),
                ("rate_count", Json::number(2)),
                ("type", unit(meter.unit)),
                ("binding", Json::text(&table.name)),
                ("result_target", target),
            ]));
        }
        Json::List(list)
    }

    pub(super) fn registers(&self) -> Json {
        let list = self.module.registers.iter().enumerate().map(|(id, (_, register))| {
            let mut entries = vec![
                ("name", Json::text(&register.name)),
                ("id", Json::number(id)),
                ("size", Json::Number(register.size)),
                ("bitwidth", Json::number(register.ty.width() as usize)),
            ];
            let signed = matches!(register.ty, Type::Int(_));
            if signed {
                entries.push(("sluice", Json::Object(vec![("signed", Json::Bool(true))])));
            }
            Json::Object(entries)
        });
        Json::List(list.collect())
    }

    pub(super) fn value_sets(&mut self) -> Json {
        let module = self.module;
        let mut list = Vec::new();
        for (_, set) in module.value_sets.iter() {
            if let Some(other) = set.fields.iter().find(|field| field.kind != MatchKind::Exact) {
                let message = format!(
                    "the value set `{}` compares `{}` by other means than equality",
                    set.name, other.name
                );
                self.refuse_somewhere(message, "bmv2's value sets compare whole values: leave out `@match`");
            }
            let bits: u64 = set.fields.iter().map(|field| u64::from(field.width)).sum();
            let fields = set
                .fields
                .iter()
                .map(|field| Json::List(vec![Json::text(&field.name), Json::number(field.width as usize)]));
            let fields = Json::List(fields.collect());
            list.push(Json::Object(vec![
                ("name", Json::text(&set.name)),
                ("id", Json::number(list.len())),
                ("compressed_bitwidth", Json::Number(bits)),
                ("max_size", Json::Number(set.size)),
                ("sluice", Json::Object(vec![("fields", fields)])),
            ]));
        }
        Json::List(list)
    }

    /// What clones and packets that come again keep. The id is the number of the list and 1.
    pub(super) fn field_lists(&mut self) -> Json {
        let module = self.module;
        let named = module.variables.iter().flat_map(|(_, variable)| variable.field_lists.iter().copied());
        let numbers: BTreeSet<u32> =
            named.filter(|number| *number < FIELD_LISTS).chain(self.field_lists.iter().copied()).collect();
        let list = numbers.into_iter().map(|number| {
            let fields =
                module.variables.iter().filter(|(_, variable)| variable.field_lists.contains(&number));
            // What the switch sets by itself is not kept, but for what v1model calls metadata.
            let elements = fields.filter(|(_, variable)| !matches!(variable.kind, VariableKind::Local));
            let elements = elements.map(|(handle, _)| {
                let (header, name) = self.variable(handle);
                field(header, &name)
            });
            Json::Object(vec![
                ("id", Json::number(number as usize + 1)),
                ("name", Json::text(format!("fields_{number}"))),
                ("elements", Json::List(elements.collect())),
            ])
        });
        Json::List(list.collect())
    }

    /// The id of the list without fields.
    pub(super) fn empty_list(&mut self) -> u32 {
        self.field_lists.insert(FIELD_LISTS);
        FIELD_LISTS + 1
    }

    pub(super) fn learn_lists(&mut self) -> Json {
        let lists = std::mem::take(&mut self.learn_lists);
        let list = lists.into_iter().enumerate().map(|(i, (name, elements))| {
            Json::Object(vec![
                ("name", Json::text(name)),
                ("id", Json::number(i + 1)),
                ("elements", Json::List(elements)),
            ])
        });
        Json::List(list.collect())
    }
}
