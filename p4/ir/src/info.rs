//! What the control plane sees of a module.

use std::sync::Arc;

use sluice_entities::{
    ActionInfo, ActionRef, CounterInfo, KeyInfo, MatchKind, MeterInfo, ParamInfo, PipelineInfo, RegisterInfo,
    TableInfo,
};

use crate::{Action, Handle, Module, Table};

impl Module {
    /// What P4Info says of the program (P4Runtime 1.4.1, section 6), in the module's order.
    ///
    /// Specialisations of one action are one action to the control plane, and selector keys are not match fields. The module must be verified:
    /// of what is out of range nothing is said.
    pub fn info(&self) -> PipelineInfo {
        let mut info = PipelineInfo {
            tables: self.tables.iter().map(|(_, table)| self.table_info(table)).collect(),
            ..PipelineInfo::default()
        };
        for (_, action) in self.actions.iter() {
            if info.action(&action.name).is_none() {
                info.actions.push(action_info(action));
            }
        }
        for (_, counter) in self.counters.iter() {
            let name = Arc::from(counter.name.as_str());
            info.counters.push(CounterInfo { name, size: counter.size, unit: counter.unit });
        }
        for (_, meter) in self.meters.iter() {
            info.meters.push(MeterInfo {
                name: Arc::from(meter.name.as_str()),
                size: meter.size,
                unit: meter.unit,
            });
        }
        for (_, register) in self.registers.iter() {
            let name = Arc::from(register.name.as_str());
            info.registers.push(RegisterInfo { name, size: register.size, width: register.ty.width() });
        }
        info
    }

    fn action_name(&self, action: Handle<Action>) -> Arc<str> {
        Arc::from(self.actions.try_index(action).map_or("", |action| action.name.as_str()))
    }

    fn table_info(&self, table: &Table) -> TableInfo {
        let key = |key: &crate::Key| KeyInfo {
            name: Arc::from(key.name.as_str()),
            kind: key.kind,
            width: self.expressions.try_index(key.expression).map_or(0, |expression| expression.ty.width()),
        };
        let default = table.actions.get(table.default_action.index as usize);
        TableInfo {
            name: Arc::from(table.name.as_str()),
            keys: table.keys.iter().filter(|key| key.kind != MatchKind::Selector).map(key).collect(),
            actions: table
                .actions
                .iter()
                .map(|listed| ActionRef { name: self.action_name(listed.action), scope: listed.scope })
                .collect(),
            size: table.size,
            default_action: default.map_or_else(|| Arc::from(""), |listed| self.action_name(listed.action)),
            default_is_const: table.default_is_const,
            entries_are_const: table.entries_are_const,
            direct_counter: table.direct_counter.as_ref().map(|counter| counter.unit),
            direct_meter: table.direct_meter.is_some(),
        }
    }
}

fn action_info(action: &Action) -> ActionInfo {
    let param =
        |param: &crate::Field| ParamInfo { name: Arc::from(param.name.as_str()), width: param.ty.width() };
    ActionInfo { name: Arc::from(action.name.as_str()), params: action.params.iter().map(param).collect() }
}
