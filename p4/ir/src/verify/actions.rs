//! Rules about actions, tables and their entries.

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::Span;
use sluice_entities::{ActionScope, Bits, Match, MatchKind};

use super::{Checker, Context, Scope, show};
use crate::{Action, ActionUse, InitialEntry, Key, Table, Type, limits};

impl Checker<'_> {
    /// Checks signatures of actions, and tables; bodies are checked with all other code.
    pub(super) fn actions_and_tables(&mut self) {
        let module = self.module;
        let mut by_name: BTreeMap<&str, &Action> = BTreeMap::new();
        for (_, action) in module.actions.iter() {
            self.field_names(action.params.iter().map(|param| &param.name), action.span);
            for param in &action.params {
                self.width(param.ty, &format!("parameter `{}`", param.name), Some(action.span));
                if !matches!(param.ty, Type::Bits(_) | Type::Int(_) | Type::Bool) {
                    let message = format!("parameter `{}` is of type {}", param.name, show(param.ty));
                    self.error(action.span, message, "action data are bit, int or bool");
                }
                self.named(param.named, param.ty, &format!("parameter `{}`", param.name), Some(action.span));
            }
            let first = *by_name.entry(&action.name).or_insert(action);
            let data = |action: &Action| {
                action.params.iter().map(|param| (param.name.clone(), param.ty)).collect::<Vec<_>>()
            };
            if data(first) != data(action) {
                let message = format!("two actions `{}` have different parameters", action.name);
                self.error(action.span, message, "actions of one name are one action to the control plane");
            }
        }
        for (_, table) in module.tables.iter() {
            self.table(table);
        }
    }

    fn table(&mut self, table: &Table) {
        let module = self.module;
        let widths = self.keys(table);
        self.listed_actions(table);
        self.action_use(table, &table.default_action, ActionScope::TableOnly, table.span);
        if table.size > limits::CELLS {
            let message = format!("the table has {} entries", table.size);
            self.error(table.span, message, format!("at most {} are possible", limits::CELLS));
        }
        if let Some(profile) = table.action_profile {
            self.in_range(&module.action_profiles, profile, "a table", Some(table.span));
            if !table.entries.is_empty() {
                let message = "a table with an action profile has entries";
                self.error(table.span, message, "its members come from the control plane");
            }
        }
        if table.entries.len() as u64 > table.size {
            let message = format!("{} entries in a table of {}", table.entries.len(), table.size);
            self.error(table.span, message, "make the table larger");
        }
        for entry in &table.entries {
            self.entry(table, entry, &widths);
        }
    }

    /// Checks the keys; their widths.
    fn keys(&mut self, table: &Table) -> Vec<Option<u32>> {
        // Where tables are applied, which ingress and egress see alike.
        let scope = Scope { context: Context::Ingress, action: None, span: table.span };
        let profile = table.action_profile.and_then(|profile| self.module.action_profiles.try_index(profile));
        let selects = profile.is_some_and(|profile| profile.selector.is_some());
        let mut names = BTreeSet::new();
        let mut prefixes = 0;
        let mut widths = Vec::new();
        for Key { name, expression, kind, named, .. } in &table.keys {
            widths.push(self.compared(*expression, &scope));
            if let Some(key) = self.module.expressions.try_index(*expression) {
                self.named(*named, key.ty, &format!("key `{name}`"), Some(table.span));
            }
            if !names.insert(name) {
                self.error(table.span, format!("two keys are called `{name}`"), "key names are unique");
            }
            if *kind == MatchKind::Selector && !selects {
                let message = format!("key `{name}` is for a selector, which the table does not have");
                self.error(table.span, message, "give it an action selector");
            }
            prefixes += u32::from(*kind == MatchKind::Lpm);
        }
        if prefixes > 1 {
            self.error(table.span, format!("{prefixes} keys are of kind lpm"), "one is possible");
        }
        widths
    }

    fn listed_actions(&mut self, table: &Table) {
        let module = self.module;
        let mut names = BTreeSet::new();
        for listed in &table.actions {
            if self.in_range(&module.actions, listed.action, "a table", Some(table.span)) {
                let name = &module.actions[listed.action].name;
                if !names.insert(name) {
                    let message = format!("the table lists `{name}` twice");
                    self.error(table.span, message, "entries name their action");
                }
            }
        }
    }

    /// Checks an action with its data; `refused` is the scope that does not allow it.
    fn action_use(&mut self, table: &Table, action: &ActionUse, refused: ActionScope, span: Span) {
        let Some(listed) = table.actions.get(action.index as usize) else {
            self.error(span, "an action is used that the table does not list", "list it");
            return;
        };
        let Some(definition) = self.module.actions.try_index(listed.action) else { return };
        if listed.scope == refused {
            let message = format!("`{}` may not be used here", definition.name);
            self.error(span, message, "see the scopes `tableonly` and `defaultonly`");
        }
        let widths = definition.params.iter().map(|param| param.ty.width());
        if !widths.eq(action.arguments.iter().map(Bits::width)) {
            let message = format!("the data do not fit the parameters of `{}`", definition.name);
            self.error(span, message, "give one constant of its width for each parameter");
        }
    }

    fn entry(&mut self, table: &Table, entry: &InitialEntry, widths: &[Option<u32>]) {
        self.action_use(table, &entry.action, ActionScope::DefaultOnly, table.span);
        if table.keys.is_empty() || entry.matches.len() != table.keys.len() {
            let message =
                format!("an entry has {} values for {} keys", entry.matches.len(), table.keys.len());
            self.error(
                table.span,
                message,
                "give one value for each key; a table without keys has no entries",
            );
        }
        for ((value, key), width) in entry.matches.iter().zip(&table.keys).zip(widths) {
            let Some(width) = *width else { continue };
            if !match_fits(value, key.kind, width) {
                let message = format!("an entry's value for key `{}` does not fit it", key.name);
                let help = "kind and width are the key's, no bits outside prefix or mask, ranges not empty";
                self.error(table.span, message, help);
            }
        }
        let ranked = table
            .keys
            .iter()
            .any(|key| matches!(key.kind, MatchKind::Ternary | MatchKind::Range | MatchKind::Optional));
        if ranked != (entry.priority > 0) {
            let message = format!("an entry has priority {}", entry.priority);
            let help = "from 1 where a key is ternary, range or optional, else 0";
            self.error(table.span, message, help);
        }
    }
}

/// Whether a value is one of a key of that kind and width.
fn match_fits(value: &Match, kind: MatchKind, width: u32) -> bool {
    let inside = |value: &Bits, mask: &Bits| (value & &!mask).is_zero();
    match (kind, value) {
        (MatchKind::Exact, Match::Exact(value)) => value.width() == width,
        (MatchKind::Lpm, Match::Lpm { value, length }) => {
            value.width() == width && *length <= width && inside(value, &Bits::prefix_mask(width, *length))
        }
        (MatchKind::Ternary, Match::Ternary { value, mask }) => {
            value.width() == width && mask.width() == width && inside(value, mask)
        }
        (MatchKind::Range, Match::Range { low, high }) => {
            low.width() == width && high.width() == width && low <= high
        }
        (MatchKind::Optional, Match::Optional(value)) => {
            value.as_ref().is_none_or(|value| value.width() == width)
        }
        _ => false,
    }
}
