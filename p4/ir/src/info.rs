//! What the control plane sees of a module.

use std::sync::Arc;

use sluice_entities::{
    ActionInfo, ActionProfileInfo, ActionRef, CounterInfo, DigestInfo, KeyInfo, MatchKind, MeterInfo,
    ParamInfo, PipelineInfo, RegisterInfo, SelectorSizes, SizeSemantics, TableInfo, ValueSetInfo,
};

use crate::control_plane::find;
use crate::{
    Action, ActionProfile, Annotation, ExternCall, Handle, Key, Module, StatementKind, Table, ValueSet,
    ValueSetField, walk,
};

impl Module {
    /// What P4Info says of the program (P4Runtime 1.5, section 6), in the module's order.
    ///
    /// Specialisations of one action are one action to the control plane, and selector keys stand apart from match fields. The
    /// module must be verified: of what is out of range nothing is said.
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
        info.action_profiles =
            self.action_profiles.iter().map(|(_, profile)| profile_info(profile)).collect();
        info.value_sets = self.value_sets.iter().map(|(_, set)| value_set_info(set)).collect();
        info.digests = self.digests();
        info
    }

    fn action_name(&self, action: Handle<Action>) -> Arc<str> {
        Arc::from(self.actions.try_index(action).map_or("", |action| action.name.as_str()))
    }

    fn key_info(&self, key: &Key) -> KeyInfo {
        KeyInfo {
            name: Arc::from(key.name.as_str()),
            kind: key.kind,
            width: self.expressions.try_index(key.expression).map_or(0, |expression| expression.ty.width()),
        }
    }

    fn table_info(&self, table: &Table) -> TableInfo {
        let keys = |selects: bool| {
            let keys = table.keys.iter().filter(move |key| (key.kind == MatchKind::Selector) == selects);
            keys.map(|key| self.key_info(key)).collect()
        };
        let default = table.actions.get(table.default_action.index as usize);
        let profile = table.action_profile.and_then(|profile| self.action_profiles.try_index(profile));
        TableInfo {
            name: Arc::from(table.name.as_str()),
            keys: keys(false),
            selector_keys: keys(true),
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
            direct_meter: table.direct_meter.as_ref().map(|meter| meter.unit),
            action_profile: profile.map(|profile| Arc::from(profile.name.as_str())),
            has_idle_timeouts: table.support_timeout,
        }
    }

    /// The digests that actions and controls send, in the order in which the module has them.
    fn digests(&self) -> Vec<DigestInfo> {
        let mut digests: Vec<DigestInfo> = Vec::new();
        let actions = self.actions.iter().map(|(_, action)| &action.body);
        for block in actions.chain([&self.pipeline.ingress, &self.pipeline.egress]) {
            walk::statements(block, &mut |statement| {
                let StatementKind::Extern(ExternCall::Digest { name, data, .. }) = &statement.kind else {
                    return;
                };
                if digests.iter().any(|known| *known.name == **name) {
                    return;
                }
                let width = |operand| self.expressions.try_index(operand).map_or(0, |node| node.ty.width());
                let widths = data.iter().map(|operand| width(*operand)).collect();
                digests.push(DigestInfo { name: Arc::from(name.as_str()), widths });
            });
        }
        digests
    }
}

fn action_info(action: &Action) -> ActionInfo {
    let param = |param: &crate::Parameter| ParamInfo {
        name: Arc::from(param.name.as_str()),
        width: param.ty.width(),
    };
    ActionInfo { name: Arc::from(action.name.as_str()), params: action.params.iter().map(param).collect() }
}

fn profile_info(profile: &ActionProfile) -> ActionProfileInfo {
    let number = |name| {
        let number = find(&profile.annotations, name).and_then(Annotation::integer);
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
    };
    let by_members = find(&profile.annotations, "selector_size_semantics")
        .and_then(Annotation::string)
        .is_some_and(|semantics| semantics.eq_ignore_ascii_case("sum_of_members"));
    let semantics = if by_members {
        SizeSemantics::SumOfMembers { max_member_weight: number("max_member_weight") }
    } else {
        SizeSemantics::SumOfWeights
    };
    ActionProfileInfo {
        name: Arc::from(profile.name.as_str()),
        size: profile.size,
        selector: profile
            .selector
            .is_some()
            .then(|| SelectorSizes { semantics, max_group_size: number("max_group_size") }),
    }
}

fn value_set_info(set: &ValueSet) -> ValueSetInfo {
    let field = |field: &ValueSetField| KeyInfo {
        name: Arc::from(field.name.as_str()),
        kind: field.kind,
        width: field.width,
    };
    ValueSetInfo {
        name: Arc::from(set.name.as_str()),
        size: set.size,
        fields: set.fields.iter().map(field).collect(),
    }
}
