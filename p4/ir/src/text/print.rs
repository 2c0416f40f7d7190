//! Declarations as text.

use sluice_entities::Match;

use super::names::{Names, shown};
use super::print_control_plane::inline;
use super::print_expression::show_type;
use super::words::{self, word_of};
use crate::extent::{Extent, extents};
use crate::{
    Action, ActionUse, Counter, KeySet, Meter, Module, Parameter, State, Statement, Table, Target,
    Transition, ValueSetField, Variable, VariableKind,
};

/// Writes a module's text.
pub(super) struct Printer<'m> {
    pub(super) module: &'m Module,
    pub(super) names: Names,
    pub(super) extents: Vec<Extent>,
    /// The action whose body is being printed; parameters have its names.
    pub(super) action: Option<&'m Action>,
    /// Blocks that are open.
    pub(super) depth: u32,
    indent: usize,
    out: String,
}

/// The text of a module.
pub(super) fn print(module: &Module) -> String {
    let mut printer = Printer::new(module);
    printer.types();
    printer.storage();
    printer.control_plane();
    printer.externs();
    for (handle, action) in module.actions.iter() {
        printer.action(&printer.names.actions.of(handle), action);
    }
    for (handle, table) in module.tables.iter() {
        printer.table(&printer.names.tables.of(handle), table);
    }
    printer.pipeline();
    printer.out
}

impl<'m> Printer<'m> {
    /// Has written nothing yet.
    pub(super) fn new(module: &'m Module) -> Self {
        Self {
            module,
            names: Names::new(module),
            extents: extents(module),
            action: None,
            depth: 0,
            indent: 0,
            out: String::new(),
        }
    }

    /// The lines of a block.
    pub(super) fn lines(module: &'m Module, block: &[Statement]) -> Vec<String> {
        let mut printer = Self::new(module);
        printer.block(block);
        printer.out.lines().map(str::to_string).collect()
    }

    /// One line at the current indentation.
    pub(super) fn line(&mut self, text: &str) {
        self.out.extend(std::iter::repeat_n("  ", self.indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `head {` and everything until [`Self::close`] one step to the right.
    pub(super) fn open(&mut self, head: &str) {
        self.line(&format!("{head} {{"));
        self.indent += 1;
    }

    /// Ends what [`Self::open`] began.
    pub(super) fn close(&mut self) {
        self.indent -= 1;
        self.line("}");
    }

    /// One step to the right.
    pub(super) fn indented(&mut self, f: impl FnOnce(&mut Self)) {
        self.indent += 1;
        f(self);
        self.indent -= 1;
    }

    /// An empty line between groups, none at the start.
    pub(super) fn gap(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn types(&mut self) {
        let module = self.module;
        if module.errors != super::CORE_ERRORS {
            let names: Vec<String> = module.errors.iter().map(|name| shown(name)).collect();
            self.line(&format!("errors {{{}}}", names.join(", ")));
        }
        for (handle, ty) in module.header_types.iter() {
            self.gap();
            self.open(&format!("header_type {}", self.names.header_types.of(handle)));
            for field in &ty.fields {
                self.line(&format!("{}: {};", shown(&field.name), show_type(field.ty)));
            }
            self.close();
        }
    }

    fn storage(&mut self) {
        let module = self.module;
        if !module.headers.is_empty() || !module.stacks.is_empty() || !module.unions.is_empty() {
            self.gap();
        }
        for (handle, header) in module.headers.iter() {
            let union = header.union.map(|union| format!(" in {}", self.names.unions.of(union)));
            self.line(&format!(
                "header {}: {}{};",
                self.names.headers.of(handle),
                self.names.header_types.of(header.ty),
                union.unwrap_or_default()
            ));
        }
        for (handle, stack) in module.stacks.iter() {
            let elements: Vec<String> = stack.elements.iter().map(|e| self.names.headers.of(*e)).collect();
            let shares = stack.shares_index_of.map(|of| format!(" shares {}", self.names.stacks.of(of)));
            let shares = shares.unwrap_or_default();
            self.line(&format!("stack {}{shares} {{{}}}", self.names.stacks.of(handle), elements.join(", ")));
        }
        for (handle, union) in module.unions.iter() {
            let members: Vec<String> = union.members.iter().map(|m| self.names.headers.of(*m)).collect();
            self.line(&format!("union {} {{{}}}", self.names.unions.of(handle), members.join(", ")));
        }
        if !module.variables.is_empty() {
            self.gap();
        }
        for (handle, variable) in module.variables.iter() {
            self.variable(&self.names.variables.of(handle), variable);
        }
    }

    fn variable(&mut self, name: &str, variable: &Variable) {
        let ty = show_type(variable.ty);
        let mut text = match variable.kind {
            VariableKind::Metadata => format!("metadata {name}: {ty}"),
            VariableKind::Intrinsic(which) => {
                format!("intrinsic {name}: {ty} is {}", word_of(words::INTRINSICS, which))
            }
            VariableKind::Local => format!("local {name}: {ty}"),
        };
        if !variable.field_lists.is_empty() {
            let lists: Vec<String> = variable.field_lists.iter().map(ToString::to_string).collect();
            text += &format!(" in ({})", lists.join(", "));
        }
        self.line(&format!("{text};"));
    }

    fn externs(&mut self) {
        let module = self.module;
        for (handle, Counter { size, unit, index, annotations, .. }) in module.counters.iter() {
            self.gap();
            self.annotations(annotations);
            let name = self.names.counters.of(handle);
            let by = self.index(*index);
            self.line(&format!("counter {name}: {}, size {size}{by};", word_of(words::UNITS, *unit)));
        }
        for (handle, Meter { size, unit, index, annotations, .. }) in module.meters.iter() {
            self.gap();
            self.annotations(annotations);
            let name = self.names.meters.of(handle);
            let by = self.index(*index);
            self.line(&format!("meter {name}: {}, size {size}{by};", word_of(words::UNITS, *unit)));
        }
        for (handle, register) in module.registers.iter() {
            self.gap();
            self.annotations(&register.annotations);
            let name = self.names.registers.of(handle);
            let (named, by) = (self.named(register.named), self.index(register.index));
            let ty = show_type(register.ty);
            self.line(&format!("register {name}: {ty}{named}, size {}{by};", register.size));
        }
        for (handle, profile) in module.action_profiles.iter() {
            self.gap();
            self.annotations(&profile.annotations);
            let mut text =
                format!("action_profile {}: size {}", self.names.action_profiles.of(handle), profile.size);
            if let Some(selector) = profile.selector {
                let algorithm = word_of(words::ALGORITHMS, selector.algorithm);
                text += &format!(", selector {algorithm}, width {}", selector.width);
            }
            self.line(&format!("{text};"));
        }
        for (handle, set) in module.value_sets.iter() {
            self.gap();
            self.annotations(&set.annotations);
            self.open(&format!("value_set {}: size {}", self.names.value_sets.of(handle), set.size));
            for ValueSetField { name, kind, width, annotations } in &set.fields {
                let kind = word_of(words::MATCH_KINDS, *kind);
                self.line(&format!("{}{}: {kind}, width {width};", inline(annotations), shown(name)));
            }
            self.close();
        }
    }

    fn action(&mut self, name: &str, action: &'m Action) {
        self.gap();
        self.annotations(&action.annotations);
        let param = |param: &Parameter| {
            let annotations = inline(&param.annotations);
            let (ty, named) = (show_type(param.ty), self.named(param.named));
            format!("{annotations}{}: {ty}{named}", shown(&param.name))
        };
        let params: Vec<String> = action.params.iter().map(param).collect();
        self.action = Some(action);
        self.braced(&format!("action {name}({})", params.join(", ")), &action.body);
        self.action = None;
    }

    fn table(&mut self, name: &str, table: &Table) {
        self.gap();
        self.annotations(&table.annotations);
        self.open(&format!("table {name}"));
        if !table.keys.is_empty() {
            self.open("key");
            for key in &table.keys {
                self.annotations(&key.annotations);
                let kind = word_of(words::MATCH_KINDS, key.kind);
                let named = self.named(key.named);
                let value = self.expression(key.expression);
                self.line(&format!("{}: {kind}{named} = {value};", shown(&key.name)));
            }
            self.close();
        }
        self.open("actions");
        for action in &table.actions {
            self.annotations(&action.annotations);
            let scope = word_of(words::SCOPES, action.scope);
            let name = self.names.actions.of(action.action);
            self.line(format!("{scope} {name};").trim_start());
        }
        self.close();
        self.table_properties(table);
        self.close();
    }

    fn table_properties(&mut self, table: &Table) {
        let constant = |is: bool| if is { "const " } else { "" };
        let default = self.action_use(table, &table.default_action);
        self.line(&format!("{}default {default};", constant(table.default_is_const)));
        self.line(&format!("size {};", table.size));
        if let Some(counter) = &table.direct_counter {
            self.annotations(&counter.annotations);
            self.line(&format!("counter {}: {};", shown(&counter.name), word_of(words::UNITS, counter.unit)));
        }
        if let Some(meter) = &table.direct_meter {
            self.annotations(&meter.annotations);
            self.line(&format!("meter {}: {};", shown(&meter.name), word_of(words::UNITS, meter.unit)));
        }
        if let Some(profile) = table.action_profile {
            self.line(&format!("action_profile {};", self.names.action_profiles.of(profile)));
        }
        if table.support_timeout {
            self.line("support_timeout;");
        }
        if table.entries.is_empty() && !table.entries_are_const {
            return;
        }
        self.open(&format!("{}entries", constant(table.entries_are_const)));
        for entry in &table.entries {
            let matches: Vec<String> = entry.matches.iter().map(show_match).collect();
            let priority =
                if entry.priority == 0 { String::new() } else { format!(" priority {}", entry.priority) };
            let action = self.action_use(table, &entry.action);
            let constant = constant(entry.is_const);
            self.line(&format!("{constant}({}){priority}: {action};", matches.join(", ")));
        }
        self.close();
    }

    fn action_use(&self, table: &Table, action: &ActionUse) -> String {
        let name = match table.actions.get(action.index as usize) {
            Some(listed) => self.names.actions.of(listed.action),
            None => format!("?{}", action.index),
        };
        let arguments: Vec<String> = action.arguments.iter().map(ToString::to_string).collect();
        format!("{name}({})", arguments.join(", "))
    }

    fn pipeline(&mut self) {
        let pipeline = &self.module.pipeline;
        if !pipeline.parser.states.is_empty() {
            self.gap();
            self.open("parser");
            for (handle, state) in pipeline.parser.states.iter() {
                self.state(&self.names.states.of(handle), state);
            }
            self.close();
        }
        for (name, block) in pipeline.controls() {
            if !block.is_empty() {
                self.gap();
                self.braced(name, block);
            }
        }
    }

    fn state(&mut self, name: &str, state: &State) {
        self.open(&format!("state {name}"));
        self.block(&state.body);
        match &state.transition {
            Transition::Always(target) => {
                let target = self.target(*target);
                self.line(&format!("goto {target};"));
            }
            Transition::Select { keys, cases } => {
                let keys: Vec<String> = keys.iter().map(|key| self.expression(*key)).collect();
                self.open(&format!("select ({})", keys.join(", ")));
                for case in cases {
                    let sets: Vec<String> = case.sets.iter().map(|set| self.key_set(set)).collect();
                    let target = self.target(case.target);
                    self.line(&format!("({}): {target};", sets.join(", ")));
                }
                self.close();
            }
        }
        self.close();
    }

    pub(super) fn key_set(&self, set: &KeySet) -> String {
        match set {
            KeySet::Value(value) => value.to_string(),
            KeySet::Masked { value, mask } => format!("{value} &&& {mask}"),
            KeySet::Range { low, high } => format!("{low} .. {high}"),
            KeySet::Any => "_".to_string(),
            KeySet::ValueSet(set) => format!("value_set {}", self.names.value_sets.of(*set)),
        }
    }

    fn target(&self, target: Target) -> String {
        match target {
            Target::Accept => "accept".to_string(),
            Target::Reject => "reject".to_string(),
            Target::State(state) => self.names.states.of(state),
        }
    }
}

fn show_match(value: &Match) -> String {
    match value {
        Match::Exact(value) => value.to_string(),
        Match::Lpm { value, length } => format!("{value} / {length}"),
        Match::Ternary { value, mask } => format!("{value} &&& {mask}"),
        Match::Range { low, high } => format!("{low} .. {high}"),
        Match::Optional(Some(value)) => format!("optional {value}"),
        Match::Optional(None) => "optional _".to_string(),
    }
}
