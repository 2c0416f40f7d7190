//! Tables, their keys and entries, and action profiles.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::{ActionScope, Bits, Match, MatchKind};
use sluice_ir::{
    ActionProfile, ActionUse, Expression, ExpressionKind, Handle, HeaderRef, InitialEntry, Table,
};

use super::externs::algorithm_name;
use super::storage::{field, field_value, shape};
use super::{Result, Writer, hex};
use crate::json::Json;

/// From this number entries of the control plane are counted down, as in `sluice-stf` and by P4Runtime: the lower one wins.
pub(crate) const LOWEST_PRIORITY: u64 = 1 << 30;

/// What a table asks for before it is applied.
pub(super) struct Preparation {
    /// Primitives that compute keys.
    pub(super) primitives: Vec<Json>,
    /// `key` of the table.
    pub(super) keys: Json,
}

fn kind_name(kind: MatchKind) -> &'static str {
    match kind {
        MatchKind::Exact | MatchKind::Selector => "exact",
        MatchKind::Lpm => "lpm",
        // The switch has no optional keys.
        MatchKind::Ternary | MatchKind::Optional => "ternary",
        MatchKind::Range => "range",
    }
}

impl Writer<'_> {
    /// The keys of a table, and what computes those that are no fields.
    pub(super) fn prepare(&mut self, handle: Handle<Table>, span: Span) -> Preparation {
        let module = self.module;
        let table = &module.tables[handle];
        let mut primitives = Vec::new();
        let mut keys = Vec::new();
        let mut selected = Vec::new();
        for key in &table.keys {
            let name = format!("$key.{}.{}", table.name, key.name);
            let Ok(target) = self.key_field(key.expression, &name, span, &mut primitives) else { continue };
            if key.kind == MatchKind::Selector {
                selected.push(target);
                continue;
            }
            let Json::Object(mut target) = target else { continue };
            let target = target.pop().map_or(Json::Null, |(_, names)| names);
            let mut entries = vec![
                ("match_type", Json::text(kind_name(key.kind))),
                ("name", Json::text(&key.name)),
                ("target", target),
                ("mask", Json::Null),
            ];
            if key.kind == MatchKind::Optional {
                entries.push(("sluice", Json::Object(vec![("kind", Json::text("optional"))])));
            }
            keys.push(Json::Object(entries));
        }
        if let Some(profile) =
            table.action_profile.filter(|profile| module.action_profiles[*profile].selector.is_some())
        {
            self.selects(profile, selected, table);
        }
        Preparation { primitives, keys: Json::List(keys) }
    }

    /// Notes what a selector hashes; tables that share it hash the same.
    fn selects(&mut self, profile: Handle<ActionProfile>, selected: Vec<Json>, table: &Table) {
        match self.selector_inputs.get(&profile) {
            Some(known) if *known != selected => {
                let name = &self.module.action_profiles[profile].name;
                let message = format!("tables hash different keys for the selector `{name}`");
                self.refuse(table.span, message, "bmv2 hashes the same fields for all tables of a selector");
            }
            Some(_) => {}
            None => {
                self.selector_inputs.insert(profile, selected);
            }
        }
    }

    /// The field that a key is, or that it is computed into.
    fn key_field(
        &mut self,
        key: Handle<Expression>,
        name: &str,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<Json> {
        let expression = &self.module.expressions[key];
        match &expression.kind {
            ExpressionKind::Variable(variable) => {
                let (header, name) = self.variable(*variable);
                return Ok(field(header, &name));
            }
            ExpressionKind::Field(header, index) => {
                if let Some(header) = self.constant_header(*header) {
                    return self.field(HeaderRef::Header(header), *index, expression.span);
                }
            }
            ExpressionKind::IsValid(header) => {
                if let Some(header) = self.constant_header(*header) {
                    return Ok(field(&self.module.headers[header].name, "$valid$"));
                }
            }
            _ => {}
        }
        let (bits, signed) = shape(expression.ty);
        let value = self.value(key)?;
        let scratch = self.storage.scratch(name, bits, signed);
        self.primitive("assign", vec![scratch.clone(), value], span, out);
        Ok(scratch)
    }

    /// A table; `actions` are the ids of its copies of the actions, in order, `next` what comes behind it.
    pub(super) fn table(&mut self, handle: Handle<Table>, keys: Json, actions: &[usize], next: Next) -> Json {
        let module = self.module;
        let table = &module.tables[handle];
        let has = |kinds: &[MatchKind]| table.keys.iter().any(|key| kinds.contains(&key.kind));
        let match_type = if has(&[MatchKind::Range]) {
            "range"
        } else if has(&[MatchKind::Ternary, MatchKind::Optional]) {
            "ternary"
        } else if has(&[MatchKind::Lpm]) {
            "lpm"
        } else {
            "exact"
        };
        let profile = table.action_profile.map(|profile| &module.action_profiles[profile]);
        let ty = match profile {
            None => "simple",
            Some(profile) if profile.selector.is_some() => "indirect_ws",
            Some(_) => "indirect",
        };
        let names: Vec<&str> =
            table.actions.iter().map(|listed| module.actions[listed.action].name.as_str()).collect();
        let mut entries = vec![("name", Json::text(&table.name)), ("id", Json::number(self.tables))];
        self.tables += 1;
        self.source.add(&mut entries, table.span);
        entries.extend([
            ("key", keys),
            ("match_type", Json::text(match_type)),
            ("type", Json::text(ty)),
            ("max_size", Json::Number(table.size)),
            ("with_counters", Json::Bool(table.direct_counter.is_some())),
            ("support_timeout", Json::Bool(table.support_timeout)),
            (
                "direct_meters",
                table.direct_meter.as_ref().map_or(Json::Null, |meter| Json::text(&meter.name)),
            ),
            ("action_ids", Json::List(actions.iter().map(|id| Json::number(*id)).collect())),
            ("actions", Json::List(names.iter().map(|name| Json::text(*name)).collect())),
        ]);
        if let Some(profile) = profile {
            entries.push(("action_profile", Json::text(&profile.name)));
        }
        entries.extend(next.entries(&names));
        entries.push(("default_entry", self.default_entry(table, actions)));
        if !table.entries.is_empty() || table.entries_are_const {
            let rows = self.entries(table, actions);
            entries.push(("entries", rows));
        }
        if let Some(ours) = self.ours(table, &names) {
            entries.push(("sluice", ours));
        }
        Json::Object(entries)
    }

    fn default_entry(&mut self, table: &Table, actions: &[usize]) -> Json {
        let default = &table.default_action;
        let is_const = table.default_is_const;
        let id = actions.get(default.index as usize).copied().unwrap_or(0);
        // Tables with an action profile have no fixed default action.
        let fixed = is_const && table.action_profile.is_none();
        Json::Object(vec![
            ("action_id", Json::number(id)),
            ("action_const", Json::Bool(fixed)),
            ("action_data", action_data(default)),
            ("action_entry_const", Json::Bool(fixed)),
        ])
    }

    fn entries(&mut self, table: &Table, actions: &[usize]) -> Json {
        if !table.entries_are_const {
            let message =
                format!("bmv2 does not let the entries of `{}` be changed, nor others be added", table.name);
            self.found.push(
                Diagnostic::warning(message)
                    .at(table.span, "")
                    .help("`const entries` says so; the soft switch allows it"),
            );
        }
        let most = table.entries.iter().map(|entry| entry.priority).max().unwrap_or(0);
        let rows = table.entries.iter().map(|entry| {
            let matches = entry
                .matches
                .iter()
                .zip(&table.keys)
                .map(|(value, key)| match_json(value, self.key_width(key.expression)));
            let action = Json::Object(vec![
                ("action_id", Json::number(actions.get(entry.action.index as usize).copied().unwrap_or(0))),
                ("action_data", action_data(&entry.action)),
            ]);
            Json::Object(vec![
                ("match_key", Json::List(matches.collect())),
                ("action_entry", action),
                ("priority", Json::Number(priority(entry, most, table.entries_are_const))),
            ])
        });
        Json::List(rows.collect())
    }

    /// What the format has no words for.
    fn ours(&self, table: &Table, names: &[&str]) -> Option<Json> {
        let mut entries = Vec::new();
        for (key, scope) in
            [("table_only", ActionScope::TableOnly), ("default_only", ActionScope::DefaultOnly)]
        {
            let listed = table.actions.iter().zip(names).filter(|(listed, _)| listed.scope == scope);
            let list: Vec<Json> = listed.map(|(_, name)| Json::text(*name)).collect();
            if !list.is_empty() {
                entries.push((key, Json::List(list)));
            }
        }
        if !table.entries.is_empty() && !table.entries_are_const {
            let fixed = table.entries.iter().enumerate().filter(|(_, entry)| entry.is_const);
            let fixed = fixed.map(|(i, _)| Json::number(i)).collect();
            entries.push(("const_entries", Json::List(fixed)));
        }
        if table.default_is_const && table.action_profile.is_some() {
            entries.push(("const_default", Json::Bool(true)));
        }
        (!entries.is_empty()).then_some(Json::Object(entries))
    }

    /// The action profiles that tables of a pipeline use; each stands in the first pipeline that uses it.
    pub(super) fn action_profile(&mut self, handle: Handle<ActionProfile>) -> Json {
        let module = self.module;
        let profile = &module.action_profiles[handle];
        let mut entries = vec![
            ("name", Json::text(&profile.name)),
            ("id", Json::number(handle.index())),
            ("max_size", Json::Number(profile.size)),
        ];
        if let Some(selector) = profile.selector {
            let input = self.selector_inputs.get(&handle).cloned().unwrap_or_default();
            let algorithm = algorithm_name(selector.algorithm).unwrap_or_else(|| {
                let message = format!("bmv2 has no algorithm `random` for the selector `{}`", profile.name);
                self.refuse_somewhere(message, "choose crc16, crc32, csum16, xor16 or identity");
                "identity"
            });
            let width = Json::number(selector.width as usize);
            let selector = Json::Object(vec![
                ("algo", Json::text(algorithm)),
                ("input", Json::List(input)),
                ("sluice", Json::Object(vec![("width", width)])),
            ]);
            entries.push(("selector", selector));
        }
        Json::Object(entries)
    }
}

/// Numbers of const entries count from 1; others must fit those that the control plane will add.
fn priority(entry: &InitialEntry, most: u32, are_const: bool) -> u64 {
    if entry.priority == 0 {
        return 0;
    }
    if are_const {
        u64::from(most - entry.priority) + 1
    } else {
        LOWEST_PRIORITY.saturating_sub(u64::from(entry.priority))
    }
}

fn action_data(action: &ActionUse) -> Json {
    Json::List(action.arguments.iter().map(|value| Json::text(hex(value))).collect())
}

fn match_json(value: &Match, width: u32) -> Json {
    let ty = |name: &'static str| ("match_type", Json::text(name));
    let digits = |bits: &Bits| Json::text(hex(&bits.resize(width)));
    let ternary =
        |value: &Bits, mask: &Bits| vec![ty("ternary"), ("key", digits(value)), ("mask", digits(mask))];
    Json::Object(match value {
        Match::Exact(value) => vec![ty("exact"), ("key", digits(value))],
        Match::Lpm { value, length } => {
            vec![ty("lpm"), ("key", digits(value)), ("prefix_length", Json::number(*length as usize))]
        }
        Match::Ternary { value, mask } => ternary(value, mask),
        Match::Range { low, high } => vec![ty("range"), ("start", digits(low)), ("end", digits(high))],
        Match::Optional(Some(value)) => ternary(value, &Bits::ones(width)),
        Match::Optional(None) => ternary(&Bits::zero(width), &Bits::zero(width)),
    })
}

/// What comes behind a table.
pub(super) enum Next {
    /// The same whatever happened.
    Always(Json),
    /// One for a hit, one for a miss.
    HitMiss(Json, Json),
}

impl Next {
    fn entries(self, names: &[&str]) -> Vec<(&'static str, Json)> {
        match self {
            Self::Always(next) => {
                let by_action = names.iter().map(|name| ((*name).to_string(), next.clone()));
                vec![("base_default_next", next.clone()), ("next_tables", Json::Map(by_action.collect()))]
            }
            Self::HitMiss(hit, miss) => {
                let by_result = vec![("__HIT__".to_string(), hit), ("__MISS__".to_string(), miss)];
                vec![("base_default_next", Json::Null), ("next_tables", Json::Map(by_result))]
            }
        }
    }
}

/// `next` of a table without keys, which has one action.
pub(super) fn dummy(name: &str, id: usize, action: (usize, &str), next: Json) -> Json {
    Json::Object(vec![
        ("name", Json::text(name)),
        ("id", Json::number(id)),
        ("key", Json::List(Vec::new())),
        ("match_type", Json::text("exact")),
        ("type", Json::text("simple")),
        ("max_size", Json::number(1024)),
        ("with_counters", Json::Bool(false)),
        ("support_timeout", Json::Bool(false)),
        ("direct_meters", Json::Null),
        ("action_ids", Json::List(vec![Json::number(action.0)])),
        ("actions", Json::List(vec![Json::text(action.1)])),
        ("base_default_next", next.clone()),
        ("next_tables", Json::Map(vec![(action.1.to_string(), next)])),
        (
            "default_entry",
            Json::Object(vec![
                ("action_id", Json::number(action.0)),
                ("action_const", Json::Bool(true)),
                ("action_data", Json::List(Vec::new())),
                ("action_entry_const", Json::Bool(true)),
            ]),
        ),
    ])
}

/// A field's names, as tables want them.
pub(super) fn names_of(field: &Json) -> Json {
    match field {
        Json::Object(entries) => entries.last().map_or(Json::Null, |(_, names)| names.clone()),
        _ => field_value("", ""),
    }
}
