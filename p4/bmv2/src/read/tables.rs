//! Tables, their keys, actions and entries.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use sluice_entities::{ActionScope, Bits, CounterUnit, Match, MatchKind};
use sluice_ir::{
    Action, ActionProfile, ActionUse, DirectCounter, DirectMeter, Expression, ExpressionKind, ExternCall,
    Handle, InitialEntry, Key, Parameter, Place, SelectorInfo, Statement, StatementKind, Table, TableAction,
    Type,
};

use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;
use crate::write::LOWEST_PRIORITY;

/// Entries of a table that does not say.
const DEFAULT_SIZE: u64 = 1024;
/// Bits of a selector's hash where the file does not say.
const SELECTOR_BITS: u32 = 16;

impl<'n> Reader<'n> {
    /// Reads a table into the module; gives it with the ids of its actions.
    pub(super) fn table(
        &mut self,
        node: &'n Node,
        profiles: &BTreeMap<&'n str, (Handle<ActionProfile>, &'n Node)>,
    ) -> Result<(Handle<Table>, Vec<u64>)> {
        let name = self.need_text(node, "name")?;
        let handle = Handle::new(self.module.tables.len());
        let mut keys = Vec::new();
        for key in self.list(node, "key") {
            keys.push(self.key(key)?);
        }
        let profile = self.profile_of(node, profiles)?;
        if let Some((_, selector)) = profile {
            self.selector_keys(selector, &mut keys)?;
        }
        let direct_counter = self.direct_counter(node, name);
        let direct_meter = self.direct_meter(node)?;
        let meter = direct_meter.as_ref().map(|(_, target)| *target);
        let ids = self.action_ids(node)?;
        let mut actions = Vec::new();
        for id in &ids {
            let action = self.table_action(node, *id, handle, direct_counter.is_some(), meter)?;
            let scope = self.scope(node, action);
            actions.push(TableAction { action, scope, annotations: Vec::new() });
        }
        let (default_action, default_is_const) = self.default_action(node, &ids, &mut actions)?;
        let (entries, entries_are_const) = self.entries(node, &keys, &ids)?;
        let size = node.get("max_size").and_then(Node::as_number).unwrap_or(DEFAULT_SIZE);
        let table = Table {
            name: name.to_string(),
            keys,
            actions,
            default_action,
            default_is_const,
            size: size.max(entries.len() as u64),
            entries,
            entries_are_const,
            direct_counter,
            direct_meter: direct_meter.map(|(meter, _)| meter),
            action_profile: profile.map(|(handle, _)| handle),
            support_timeout: node.get("support_timeout").and_then(Node::as_bool).unwrap_or(false),
            annotations: Vec::new(),
            span: node.start(),
        };
        Ok((self.module.tables.push(table), ids))
    }

    fn key(&mut self, node: &'n Node) -> Result<Key> {
        let span = node.start();
        let kind_node = self.need(node, "match_type")?;
        let word = self.need_text(node, "match_type")?;
        let target = self.need(node, "target")?;
        let slot = match (word, target.as_text()) {
            ("valid", Some(header)) => {
                Slot::Valid(sluice_ir::HeaderRef::Header(self.header_named(target, header)?))
            }
            _ => self.slot(target)?,
        };
        let optional =
            node.get("sluice").and_then(|ours| ours.get("kind")).and_then(Node::as_text) == Some("optional");
        let kind = match word {
            "exact" | "valid" => MatchKind::Exact,
            "lpm" => MatchKind::Lpm,
            "ternary" if optional => MatchKind::Optional,
            "ternary" => MatchKind::Ternary,
            "optional" => MatchKind::Optional,
            "range" => MatchKind::Range,
            other => {
                let known = ["exact", "lpm", "ternary", "range", "valid", "optional"];
                return Err(self.unknown(kind_node, "match type", other, known));
            }
        };
        let mut expression = self.load(slot, span);
        if let Some(mask) = node.get("mask") {
            let ty = self.ty(expression);
            let mask = self.hex_bits(mask, ty.width().div_ceil(8) * 8)?.resize(ty.width());
            let mask = self.push(ExpressionKind::Constant(mask), ty, span);
            if matches!(ty, Type::Bits(_) | Type::Int(_)) {
                expression =
                    self.push(ExpressionKind::Binary(sluice_ir::BinaryOp::And, expression, mask), ty, span);
            }
        }
        let name = match node.get("name").and_then(Node::as_text) {
            Some(name) => name.to_string(),
            None => match target.as_text() {
                Some(header) => header.to_string(),
                None => self.pair(target)?.join("."),
            },
        };
        Ok(Key { name, expression, kind, named: None, annotations: Vec::new() })
    }

    /// The action profile of a table, with what describes its selector.
    fn profile_of(
        &mut self,
        node: &'n Node,
        profiles: &BTreeMap<&'n str, (Handle<ActionProfile>, &'n Node)>,
    ) -> Result<Option<(Handle<ActionProfile>, &'n Node)>> {
        let ty = node.get("type").and_then(Node::as_text).unwrap_or("simple");
        if ty == "simple" {
            return Ok(None);
        }
        if !matches!(ty, "indirect" | "indirect_ws") {
            let message = format!("no table is of type `{ty}`");
            return Err(self.refuse(node.start(), message, "types are simple, indirect and indirect_ws"));
        }
        if let Some(value) = node.get("action_profile") {
            let name = self.need_text(node, "action_profile")?;
            return match profiles.get(name) {
                Some(found) => Ok(Some(*found)),
                None => Err(self.unknown(value, "action profile", name, profiles.keys().copied())),
            };
        }
        // Older files describe it in the table.
        let name = self.need_text(node, "act_prof_name")?;
        let handle = self.action_profile(node, name)?;
        Ok(Some((handle, node)))
    }

    /// Adds an action profile; `node` may have a selector.
    pub(super) fn action_profile(&mut self, node: &'n Node, name: &str) -> Result<Handle<ActionProfile>> {
        let selector = match node.get("selector") {
            None => None,
            Some(selector) => {
                let algorithm = self.algorithm(selector)?;
                let width = match selector.get("sluice").and_then(|ours| ours.get("width")) {
                    Some(width) => self.width(width)?,
                    None => SELECTOR_BITS,
                };
                Some(SelectorInfo { algorithm, width })
            }
        };
        let size = node.get("max_size").and_then(Node::as_number).unwrap_or(DEFAULT_SIZE);
        let profile = ActionProfile { name: name.to_string(), size, selector, annotations: Vec::new() };
        Ok(self.module.action_profiles.push(profile))
    }

    fn selector_keys(&mut self, node: &'n Node, keys: &mut Vec<Key>) -> Result<()> {
        let Some(selector) = node.get("selector") else { return Ok(()) };
        for item in self.list(selector, "input") {
            let slot = self.slot_operand(item)?;
            let expression = self.load(slot, item.start());
            let value = self.need(item, "value")?;
            let mut name = self.pair(value)?.join(".");
            while keys.iter().any(|key| key.name == name) {
                name.push('$');
            }
            keys.push(Key {
                name,
                expression,
                kind: MatchKind::Selector,
                named: None,
                annotations: Vec::new(),
            });
        }
        Ok(())
    }

    fn direct_counter(&mut self, node: &'n Node, table: &str) -> Option<DirectCounter> {
        let has = node.get("with_counters").and_then(Node::as_bool).unwrap_or(false);
        let known = self.externs.direct_counters.get(table);
        let (name, unit) = match known {
            Some((name, unit)) => ((*name).to_string(), *unit),
            None => (format!("{table}$counter"), CounterUnit::Both),
        };
        has.then_some(DirectCounter { name, unit, annotations: Vec::new() })
    }

    /// The direct meter of a table, and the slot that gets its color.
    fn direct_meter(&mut self, node: &'n Node) -> Result<Option<(DirectMeter, (Slot, &'n Node))>> {
        let Some(value) = node.get("direct_meters") else { return Ok(None) };
        let name = self.need_text(node, "direct_meters")?;
        let Some(meter) = self.externs.direct_meters.get(name).copied() else {
            let known: Vec<&str> = self.externs.direct_meters.keys().copied().collect();
            return Err(self.unknown(value, "direct meter", name, known));
        };
        let unit = self.meter_unit(meter)?;
        let target = self.need(meter, "result_target")?;
        let slot = self.slot(target)?;
        Ok(Some((DirectMeter { name: name.to_string(), unit, annotations: Vec::new() }, (slot, target))))
    }

    /// Ids of a table's actions; older files have names only.
    fn action_ids(&mut self, node: &'n Node) -> Result<Vec<u64>> {
        let mut ids = Vec::new();
        if node.get("action_ids").is_some() {
            for item in self.list(node, "action_ids") {
                match item.as_number().filter(|id| self.actions.contains_key(id)) {
                    Some(id) => ids.push(id),
                    None => {
                        return Err(self.refuse(
                            item.start(),
                            "no action has this id",
                            "give ids of `actions`",
                        ));
                    }
                }
            }
            return Ok(ids);
        }
        for item in self.list(node, "actions") {
            let Some(name) = item.as_text() else { return Err(self.wrong(item, "the name of an action")) };
            let named = |node: &Node| node.get("name").and_then(Node::as_text) == Some(name);
            match self.actions.iter().find(|(_, action)| named(action)) {
                Some((id, _)) => ids.push(*id),
                None => {
                    let known: Vec<&str> =
                        self.actions.values().filter_map(|action| action.get("name")?.as_text()).collect();
                    return Err(self.unknown(item, "action", name, known));
                }
            }
        }
        Ok(ids)
    }

    /// An action for a table. Those with counters or meters have copies of their own, in which these are used.
    fn table_action(
        &mut self,
        table_node: &'n Node,
        id: u64,
        table: Handle<Table>,
        counts: bool,
        meter: Option<(Slot, &'n Node)>,
    ) -> Result<Handle<Action>> {
        let own = counts || meter.is_some();
        if let Some(action) = self.read_actions.get(&id).filter(|_| !own) {
            return Ok(*action);
        }
        let Some(node) = self.actions.get(&id).copied() else {
            return Err(self.wrong(table_node, "actions"));
        };
        let mut action = self.action(node)?;
        let span = node.start();
        let mut first = Vec::new();
        if counts {
            first.push(Statement {
                kind: StatementKind::Extern(ExternCall::DirectCounterCount { table }),
                span,
            });
        }
        if let Some((slot, target)) = meter {
            let (result, after) = match self.stored_type(slot) {
                Type::Bits(width) if width >= 2 => (self.place(slot, target)?, None),
                _ => {
                    let variable = self.temporary("$color", Type::Bits(2));
                    let value = self.push(ExpressionKind::Variable(variable), Type::Bits(2), span);
                    (Place::Variable(variable), Some(self.store(slot, value, target)?))
                }
            };
            let call = ExternCall::DirectMeterRead { table, result };
            first.push(Statement { kind: StatementKind::Extern(call), span });
            first.extend(after);
        }
        action.body.splice(0..0, first);
        let handle = self.module.actions.push(action);
        if !own {
            self.read_actions.insert(id, handle);
        }
        Ok(handle)
    }

    /// An action with its body.
    pub(super) fn action(&mut self, node: &'n Node) -> Result<Action> {
        let name = self.need_text(node, "name")?;
        let mut params = Vec::new();
        for item in self.list(node, "runtime_data") {
            let name = self.need_text(item, "name")?;
            let width = self.need(item, "bitwidth")?;
            let ty = Type::Bits(self.width(width)?);
            params.push(Parameter { name: name.to_string(), ty, named: None, annotations: Vec::new() });
        }
        self.params = params.iter().map(|param| param.ty).collect();
        let list = self.list(node, "primitives");
        let body = self.primitives(list);
        self.params.clear();
        Ok(Action { name: name.to_string(), params, body, annotations: Vec::new(), span: node.start() })
    }

    fn scope(&self, node: &'n Node, action: Handle<Action>) -> ActionScope {
        let name = &self.module.actions[action].name;
        let listed = |key: &str| {
            let list = node.get("sluice").and_then(|ours| ours.get(key));
            list.is_some_and(|list| list.items().iter().any(|item| item.as_text() == Some(name)))
        };
        if listed("table_only") {
            ActionScope::TableOnly
        } else if listed("default_only") {
            ActionScope::DefaultOnly
        } else {
            ActionScope::TableAndDefault
        }
    }

    fn default_action(
        &mut self,
        node: &'n Node,
        ids: &[u64],
        actions: &mut Vec<TableAction>,
    ) -> Result<(ActionUse, bool)> {
        let flag = |entry: &Node, key: &str| entry.get(key).and_then(Node::as_bool).unwrap_or(false);
        let entry = node.get("default_entry").filter(|entry| entry.get("action_id").is_some());
        if let Some(entry) = entry {
            let id = self.need_number(entry, "action_id")?;
            let Some(index) = ids.iter().position(|listed| *listed == id) else {
                let message = format!("the default action {id} is not among the table's");
                return Err(self.refuse(entry.start(), message, "list it in `action_ids`"));
            };
            let params = &self.module.actions[actions[index].action].params;
            if entry.get("action_data").is_some() || params.is_empty() {
                let widths = params.iter().map(|param| param.ty.width()).collect();
                let call = self.action_use(entry, index, widths)?;
                let ours = node.get("sluice").is_some_and(|ours| flag(ours, "const_default"));
                return Ok((call, flag(entry, "action_const") && flag(entry, "action_entry_const") || ours));
            }
        }
        // Without one, a miss does nothing.
        let is_nothing =
            |action: &Action| action.name == "NoAction" && action.params.is_empty() && action.body.is_empty();
        let known = actions.iter().position(|listed| is_nothing(&self.module.actions[listed.action]));
        let index = known.unwrap_or_else(|| {
            let mut name = "NoAction".to_string();
            while actions.iter().any(|listed| self.module.actions[listed.action].name == name) {
                name.push('$');
            }
            let nothing = Action {
                name,
                params: Vec::new(),
                body: Vec::new(),
                annotations: Vec::new(),
                span: node.start(),
            };
            let action = self.module.actions.push(nothing);
            actions.push(TableAction { action, scope: ActionScope::DefaultOnly, annotations: Vec::new() });
            actions.len() - 1
        });
        Ok((ActionUse { index: index as u32, arguments: Vec::new() }, false))
    }

    fn entries(&mut self, node: &'n Node, keys: &[Key], ids: &[u64]) -> Result<(Vec<InitialEntry>, bool)> {
        if node.get("entries").is_none() {
            return Ok((Vec::new(), false));
        }
        let list = self.list(node, "entries");
        let changeable = node.get("sluice").and_then(|ours| ours.get("const_entries"));
        let fixed: Vec<u64> = changeable
            .map(|list| list.items().iter().filter_map(Node::as_number).collect())
            .unwrap_or_default();
        let keys: Vec<&Key> = keys.iter().filter(|key| key.kind != MatchKind::Selector).collect();
        let ranked = |kind| matches!(kind, MatchKind::Ternary | MatchKind::Range | MatchKind::Optional);
        let ranked = keys.iter().any(|key| ranked(key.kind));
        let number = |entry: &Node| entry.get("priority").and_then(Node::as_number).unwrap_or(0);
        let most = list.iter().map(number).max().unwrap_or(0);
        let mut entries = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let values = self.list(item, "match_key");
            if values.len() != keys.len() {
                let message = format!("an entry has {} values for {} keys", values.len(), keys.len());
                return Err(self.refuse(item.start(), message, "give one value for each key"));
            }
            let mut matches = Vec::new();
            for (value, key) in values.iter().zip(&keys) {
                matches.push(self.match_value(value, key)?);
            }
            let call = self.need(item, "action_entry")?;
            let id = self.need_number(call, "action_id")?;
            let Some(index) = ids.iter().position(|listed| *listed == id) else {
                return Err(self.refuse(
                    call.start(),
                    "the action is not among the table's",
                    "list it in `action_ids`",
                ));
            };
            let action = self.action_of(id, call)?;
            let action = self.action_use(call, index, action)?;
            // The format's lower number wins, the IR's higher one.
            let priority = match number(item) {
                _ if !ranked => 0,
                own if own > LOWEST_PRIORITY / 2 && own < LOWEST_PRIORITY => LOWEST_PRIORITY - own,
                own => most.saturating_sub(own) + 1,
            };
            let priority = u32::try_from(priority).unwrap_or(u32::MAX);
            let is_const = changeable.is_none() || fixed.contains(&(at as u64));
            entries.push(InitialEntry { matches, priority, action, is_const });
        }
        Ok((entries, changeable.is_none()))
    }

    /// Widths of an action's parameters, by its id.
    fn action_of(&mut self, id: u64, call: &'n Node) -> Result<Vec<u32>> {
        let Some(node) = self.actions.get(&id).copied() else { return Err(self.wrong(call, "an action")) };
        let mut widths = Vec::new();
        for item in self.list(node, "runtime_data") {
            let width = self.need(item, "bitwidth")?;
            widths.push(self.width(width)?);
        }
        Ok(widths)
    }

    fn action_use(&mut self, node: &'n Node, index: usize, widths: Vec<u32>) -> Result<ActionUse> {
        let data = self.list(node, "action_data");
        if data.len() != widths.len() {
            let message = format!("{} values are given to an action", data.len());
            return Err(self.refuse(node.start(), message, format!("it has {} parameters", widths.len())));
        }
        let mut arguments = Vec::new();
        for (value, width) in data.iter().zip(widths) {
            arguments.push(self.hex_bits(value, width)?);
        }
        Ok(ActionUse { index: index as u32, arguments })
    }

    fn match_value(&mut self, node: &'n Node, key: &Key) -> Result<Match> {
        let ty = self.ty(key.expression);
        let of = |reader: &mut Self, name: &str| -> Result<Bits> {
            let value = reader.need(node, name)?;
            if ty == Type::Error {
                return reader.error_bits(value);
            }
            if let Some(value) = value.as_bool() {
                return Ok(Bits::new(ty.width(), u64::from(value)));
            }
            reader.hex_bits(value, ty.width())
        };
        Ok(match key.kind {
            MatchKind::Exact | MatchKind::Selector => Match::Exact(of(self, "key")?),
            MatchKind::Lpm => {
                let value = of(self, "key")?;
                let length = self.need_number(node, "prefix_length")?;
                let Some(length) = u32::try_from(length).ok().filter(|length| *length <= ty.width()) else {
                    let help = format!("it is at most {}", ty.width());
                    return Err(self.refuse(node.start(), "the prefix is too long", help));
                };
                Match::Lpm { value: &value & &Bits::prefix_mask(ty.width(), length), length }
            }
            MatchKind::Ternary | MatchKind::Optional => {
                let value = of(self, "key")?;
                let mask = match (ty, node.get("mask")) {
                    // Only all or nothing of an error is compared.
                    (Type::Error, Some(mask)) => {
                        let is_all = !self.hex_bits(mask, 32)?.is_zero();
                        if is_all { Bits::ones(ty.width()) } else { Bits::zero(ty.width()) }
                    }
                    _ => of(self, "mask")?,
                };
                if key.kind == MatchKind::Optional {
                    Match::Optional((!mask.is_zero()).then_some(value))
                } else {
                    Match::Ternary { value: &value & &mask, mask }
                }
            }
            MatchKind::Range => Match::Range { low: of(self, "start")?, high: of(self, "end")? },
        })
    }

    /// The number that the module has for an error's value in the file.
    fn error_bits(&mut self, node: &'n Node) -> Result<Bits> {
        let number: BigInt = self.hex(node)?;
        match self.error_index(&number) {
            Some(index) => Ok(Bits::new(16, index as u64)),
            None => {
                Err(self.refuse(node.start(), "no error has this value", "errors are listed in `errors`"))
            }
        }
    }

    /// A variable that a table tells something.
    pub(super) fn told(
        &mut self,
        name: &str,
        ty: Type,
        node: &Node,
    ) -> (Handle<sluice_ir::Variable>, Handle<Expression>) {
        let variable = self.temporary(name, ty);
        (variable, self.push(ExpressionKind::Variable(variable), ty, node.start()))
    }
}
