//! What each item is called in the text: its name, quoted where it must be, numbered where it is not the first of that name.

use std::collections::HashMap;
use std::fmt::Write;

use crate::text::words::is_plain;
use crate::{Arena, Handle, HeaderRef, Module, Variable};

/// A string literal.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The name bare, or quoted where it must be.
pub(super) fn shown(name: &str) -> String {
    if is_plain(name) { name.to_string() } else { quote(name) }
}

/// Names of the items of one arena, by position.
pub(super) struct ArenaNames {
    shown: Vec<String>,
}

impl ArenaNames {
    fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        let shown = names
            .map(|name| {
                let count = seen.entry(name).or_default();
                *count += 1;
                if *count == 1 { shown(name) } else { format!("{}#{count}", shown(name)) }
            })
            .collect();
        Self { shown }
    }

    /// What the item is called; `?7` for item 7 where there is none.
    pub(super) fn of<T>(&self, handle: Handle<T>) -> String {
        self.shown.get(handle.index()).cloned().unwrap_or_else(|| format!("?{}", handle.index()))
    }
}

/// Names of everything in a module.
pub(super) struct Names {
    pub(super) header_types: ArenaNames,
    pub(super) headers: ArenaNames,
    pub(super) stacks: ArenaNames,
    pub(super) unions: ArenaNames,
    pub(super) variables: ArenaNames,
    pub(super) actions: ArenaNames,
    pub(super) tables: ArenaNames,
    pub(super) counters: ArenaNames,
    pub(super) meters: ArenaNames,
    pub(super) registers: ArenaNames,
    pub(super) action_profiles: ArenaNames,
    pub(super) value_sets: ArenaNames,
    pub(super) named_types: ArenaNames,
    pub(super) digests: ArenaNames,
    pub(super) states: ArenaNames,
    /// How many variables and fields a bare path could mean.
    meanings: HashMap<String, u32>,
}

fn names_of<T>(arena: &Arena<T>, name: impl Fn(&T) -> &str) -> ArenaNames {
    ArenaNames::new(arena.iter().map(|(_, item)| name(item)))
}

impl Names {
    pub(super) fn new(module: &Module) -> Self {
        let mut names = Self {
            header_types: names_of(&module.header_types, |item| &item.name),
            headers: names_of(&module.headers, |item| &item.name),
            stacks: names_of(&module.stacks, |item| &item.name),
            unions: names_of(&module.unions, |item| &item.name),
            variables: names_of(&module.variables, |item| &item.name),
            actions: names_of(&module.actions, |item| &item.name),
            tables: names_of(&module.tables, |item| &item.name),
            counters: names_of(&module.counters, |item| &item.name),
            meters: names_of(&module.meters, |item| &item.name),
            registers: names_of(&module.registers, |item| &item.name),
            action_profiles: names_of(&module.action_profiles, |item| &item.name),
            value_sets: names_of(&module.value_sets, |item| &item.name),
            named_types: names_of(&module.named_types, |item| &item.name),
            digests: names_of(&module.digests, |item| &item.name),
            states: names_of(&module.pipeline.parser.states, |item| &item.name),
            meanings: HashMap::new(),
        };
        for (_, variable) in module.variables.iter() {
            *names.meanings.entry(variable.name.clone()).or_default() += 1;
        }
        for (_, header) in module.headers.iter() {
            let fields = module.header_types.try_index(header.ty).map_or(&[][..], |ty| &ty.fields);
            for field in fields {
                *names.meanings.entry(format!("{}.{}", header.name, field.name)).or_default() += 1;
            }
        }
        names
    }

    /// A variable as an expression or place: bare if nothing else could be meant.
    pub(super) fn variable_path(&self, module: &Module, handle: Handle<Variable>) -> String {
        let shown = self.variables.of(handle);
        match module.variables.try_index(handle) {
            Some(variable) if self.is_ambiguous(&variable.name) && !shown.starts_with('"') => {
                // Numbered ones (`a#2`) are never taken for a field, the first one could be.
                if shown == variable.name { quote(&variable.name) } else { shown }
            }
            _ => shown,
        }
    }

    /// A field: `header.field` where that means nothing else, `"header".field` where it could.
    pub(super) fn field_path(&self, module: &Module, header: HeaderRef, shown: &str, field: u32) -> String {
        let ty = module.header_type_of(header).and_then(|ty| module.header_types.try_index(ty));
        let named = ty.and_then(|ty| {
            let named = ty.fields.get(field as usize)?;
            // The name means the first field that has it.
            let first = ty.fields.iter().position(|other| other.name == named.name);
            (first == Some(field as usize)).then_some(named)
        });
        let Some(field) = named else {
            return format!("{}.?{field}", self.split_head(header, shown));
        };
        let plain_head = matches!(header, HeaderRef::Header(_)) && is_plain(shown);
        let path = format!("{shown}.{}", field.name);
        if plain_head && is_plain(&path) && !self.is_ambiguous(&path) {
            return path;
        }
        format!("{}.{}", self.split_head(header, shown), self::shown(&field.name))
    }

    /// A head behind which the lexer stops: names end at a quote, a number, a bracket or a parenthesis.
    fn split_head(&self, header: HeaderRef, shown: &str) -> String {
        if matches!(header, HeaderRef::Header(_)) && is_plain(shown) {
            quote(shown)
        } else {
            shown.to_string()
        }
    }

    fn is_ambiguous(&self, path: &str) -> bool {
        self.meanings.get(path).is_some_and(|count| *count > 1)
    }
}
