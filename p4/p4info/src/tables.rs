//! Tables and actions (P4Runtime 1.5, sections 6.4.1 and 6.4.2).

use sluice_entities::{ActionScope, Bits, MatchKind};
use sluice_ir::{Action, ActionUse, Annotation, Key, Module, Parameter, Table, TableAction};

use crate::annotations::{Annotations, is_hidden};
use crate::describe::Describer;
use crate::fields::field_ids;
use crate::proto;
use crate::proto::p4_ids::Prefix;
use crate::proto::{TableActionCall, action, action_ref, match_field, table, table_action_call};
use crate::types::small;

/// How a key field is compared, in P4Info's words; none for what only feeds a selector.
pub(crate) fn match_type(kind: MatchKind) -> Option<match_field::MatchType> {
    match kind {
        MatchKind::Exact => Some(match_field::MatchType::Exact),
        MatchKind::Lpm => Some(match_field::MatchType::Lpm),
        MatchKind::Ternary => Some(match_field::MatchType::Ternary),
        MatchKind::Range => Some(match_field::MatchType::Range),
        MatchKind::Optional => Some(match_field::MatchType::Optional),
        MatchKind::Selector => None,
    }
}

fn labels<'m, T: 'm>(
    items: &'m [T],
    label: impl Fn(&'m T) -> (&'m String, &'m Vec<Annotation>),
) -> impl Iterator<Item = (&'m str, &'m [Annotation])> {
    items.iter().map(move |item| {
        let (name, annotations) = label(item);
        (name.as_str(), annotations.as_slice())
    })
}

/// Actions that the control plane is told of, each once, in the order of the module: those of tables that are applied, and those
/// that no table lists, which code calls.
pub(crate) fn actions<'m>(module: &'m Module, tables: &[&'m Table]) -> Vec<&'m Action> {
    let mut told = vec![true; module.actions.len()];
    let all = module.tables.iter().map(|(_, table)| (table, false));
    for (table, applied) in all.chain(tables.iter().map(|table| (*table, true))) {
        for listed in &table.actions {
            if let Some(told) = told.get_mut(listed.action.index()) {
                *told = applied;
            }
        }
    }
    let mut actions: Vec<&Action> = Vec::new();
    for (handle, action) in module.actions.iter() {
        let known = actions.iter().any(|known| known.name == action.name);
        if told[handle.index()] && !known && !is_hidden(&action.annotations) {
            actions.push(action);
        }
    }
    actions
}

impl<'m> Describer<'m> {
    pub(crate) fn table(&mut self, table: &'m Table) -> proto::Table {
        let id = self.symbols.id(Prefix::Table, &table.name);
        let key_ids = field_ids(
            &table.name,
            Some(table.span),
            labels(&table.keys, |key| (&key.name, &key.annotations)),
            &mut self.found,
        );
        let keys = table.keys.iter().zip(key_ids);
        let match_fields = keys.filter_map(|(key, id)| self.match_field(key, id)).collect();
        let default = self.action_call(table, &table.default_action);
        let profile = table.action_profile.and_then(|profile| self.module.action_profiles.try_index(profile));
        let counter = table.direct_counter.as_ref();
        let counter = counter.map(|counter| self.symbols.id(Prefix::DirectCounter, &counter.name));
        let meter = table.direct_meter.as_ref();
        let meter = meter.map(|meter| self.symbols.id(Prefix::DirectMeter, &meter.name));
        let idle = if table.support_timeout {
            table::IdleTimeoutBehavior::NotifyControl
        } else {
            table::IdleTimeoutBehavior::NoTimeout
        };
        proto::Table {
            preamble: self.preamble(id, &table.name, &table.annotations),
            match_fields,
            action_refs: table.actions.iter().map(|listed| self.action_ref(listed)).collect(),
            const_default_action_id: match &default {
                Some(call) if table.default_is_const => call.action_id,
                _ => 0,
            },
            initial_default_action: default,
            implementation_id: profile
                .map_or(0, |profile| self.symbols.id(Prefix::ActionProfile, &profile.name)),
            direct_resource_ids: counter.into_iter().chain(meter).collect(),
            size: i64::try_from(table.size).unwrap_or(i64::MAX),
            idle_timeout_behavior: idle.into(),
            is_const_table: table.entries_are_const,
            has_initial_entries: !table.entries.is_empty(),
            other_properties: None,
        }
    }

    fn match_field(&mut self, key: &Key, id: u32) -> Option<proto::MatchField> {
        let match_type = match_type(key.kind)?;
        let ty = self.module.expressions.try_index(key.expression)?.ty;
        let scalar = self.types.scalar(ty, key.named);
        let annotations = Annotations::of(&key.annotations, &[]);
        Some(proto::MatchField {
            id,
            name: key.name.clone(),
            annotations: annotations.unstructured,
            annotation_locations: Vec::new(),
            bitwidth: scalar.bitwidth,
            doc: annotations.doc,
            type_name: scalar.type_name,
            structured_annotations: annotations.structured,
            r#match: Some(match_field::Match::MatchType(match_type.into())),
        })
    }

    fn action_ref(&self, listed: &TableAction) -> proto::ActionRef {
        let action = self.module.actions.try_index(listed.action);
        let annotations = Annotations::of(&listed.annotations, &[]);
        let scope = match listed.scope {
            ActionScope::TableAndDefault => action_ref::Scope::TableAndDefault,
            ActionScope::TableOnly => action_ref::Scope::TableOnly,
            ActionScope::DefaultOnly => action_ref::Scope::DefaultOnly,
        };
        proto::ActionRef {
            id: action.map_or(0, |action| self.symbols.id(Prefix::Action, &action.name)),
            scope: scope.into(),
            annotations: annotations.unstructured,
            annotation_locations: Vec::new(),
            structured_annotations: annotations.structured,
        }
    }

    /// An action with its data, each value in whole bytes of its parameter's width.
    fn action_call(&mut self, table: &'m Table, used: &ActionUse) -> Option<TableActionCall> {
        let listed = table.actions.get(used.index as usize)?;
        let action = self.module.actions.try_index(listed.action)?;
        // What is wrong with the ids is reported once, where the action is described.
        let ids = self.parameter_ids(action, false);
        let argument = |(param_id, value): (u32, &Bits)| table_action_call::Argument {
            param_id,
            value: value.to_bytes(),
        };
        let arguments = ids.into_iter().zip(&used.arguments).map(argument).collect();
        Some(TableActionCall { action_id: self.symbols.id(Prefix::Action, &action.name), arguments })
    }

    fn parameter_ids(&mut self, action: &'m Action, report: bool) -> Vec<u32> {
        let before = std::mem::take(&mut self.found);
        let params = labels(&action.params, |param| (&param.name, &param.annotations));
        let ids = field_ids(&action.name, Some(action.span), params, &mut self.found);
        let found = std::mem::replace(&mut self.found, before);
        if report {
            self.found.extend(found);
        }
        ids
    }

    pub(crate) fn action(&mut self, action: &'m Action) -> proto::Action {
        let id = self.symbols.id(Prefix::Action, &action.name);
        let ids = self.parameter_ids(action, true);
        let params = action.params.iter().zip(ids).map(|(param, id)| self.parameter(param, id)).collect();
        proto::Action { preamble: self.preamble(id, &action.name, &action.annotations), params }
    }

    fn parameter(&mut self, param: &Parameter, id: u32) -> action::Param {
        let scalar = self.types.scalar(param.ty, param.named);
        let nameless = self.types.nameless_enum(param.named);
        let annotations = Annotations::of(&param.annotations, &[]);
        action::Param {
            id,
            name: param.name.clone(),
            annotations: annotations.unstructured,
            annotation_locations: Vec::new(),
            bitwidth: if nameless.is_some() { 0 } else { small(scalar.bitwidth) },
            doc: annotations.doc,
            type_name: nameless.or(scalar.type_name),
            structured_annotations: annotations.structured,
        }
    }
}
