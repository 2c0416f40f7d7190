//! Tables (section 14.2).

use std::cell::Cell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::{ActionScope, MatchKind};
use sluice_ir as ir;
use sluice_ir::{Handle, Table};

use super::annotations::{control_plane_name, find, scope};
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind, TablePropertyKind};
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{ActionDeclaration, Direct, ExternKind, Object, Operand, TableObject, Value};

/// Entries of a table that does not say its size, as bmv2's compiler has it.
const DEFAULT_SIZE: u64 = 1024;

/// The properties of a table, each found once.
#[derive(Debug, Default)]
pub(super) struct Properties<'a> {
    pub(super) key: &'a [ast::KeyElement],
    pub(super) actions: &'a [ast::ActionRef],
    pub(super) default_action: Option<(&'a ast::ActionRef, bool)>,
    pub(super) entries: Option<(&'a [ast::Entry], bool)>,
    custom: Vec<(&'a ast::TableProperty, &'a ast::Name, &'a ast::Expr)>,
}

/// An action in a table's list, as its entries need it.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) declared: Rc<ActionDeclaration<'a>>,
    pub(super) scope: ActionScope,
    annotations: Vec<ir::Annotation>,
    /// What the list binds to parameters with a direction.
    bound: &'a [ast::Argument],
}

impl<'a> Elaborator<'a> {
    pub(super) fn declare_table(
        &mut self,
        table: &'a ast::Table,
        annotations: &'a [ast::Annotation],
        span: Span,
    ) -> Result<()> {
        let made = self.table(table, annotations, span);
        match made {
            Ok(object) => {
                let operand = Operand::new(Value::Object(Object::Table(Rc::new(object))), Type::Table);
                self.declare(&table.name, Entity::Value(operand))
            }
            Err(reported) => {
                self.declare_wrong(&table.name);
                Err(reported)
            }
        }
    }

    fn table(
        &mut self,
        table: &'a ast::Table,
        annotations: &'a [ast::Annotation],
        span: Span,
    ) -> Result<TableObject<'a>> {
        if !self.frame.site.has_tables() {
            return self.misplaced(
                "a table",
                table.name.span,
                "v1model has tables in the ingress and egress controls only",
            );
        }
        let properties = self.properties(table)?;
        let name = control_plane_name(annotations, table.name.as_str(), &self.frame.path);
        let same =
            self.module.tables.iter().find(|(_, other)| other.name == name).map(|(_, other)| other.span);
        if let Some(before) = same {
            return self.fail(
                Diagnostic::error(format!("two tables are named `{name}` for the control plane"))
                    .at(table.name.span, "this one")
                    .also(before, "and this one")
                    .help("give one of them another `@name`"),
            );
        }
        let kept = self.annotations(annotations)?;
        let handle = self.module.tables.push(empty_table(name, kept, span));
        let (keys, before) = self.nested(|this| this.keys(properties.key));
        self.module.tables[handle].keys = keys?;
        let counts = self.custom_properties(handle, &properties, table)?;
        self.drop_selector_keys(handle, properties.key);
        let listed = self.table_actions(handle, &properties, counts, table)?;
        self.default_action(handle, &properties, &listed)?;
        if let Some((entries, is_const)) = properties.entries {
            self.entries(handle, entries, is_const, &listed, &properties)?;
        }
        Ok(TableObject {
            handle,
            before,
            actions: listed.into_iter().map(|listed| listed.declared).collect(),
            applied: Cell::new(false),
            name: table.name.clone(),
        })
    }

    fn properties(&mut self, table: &'a ast::Table) -> Result<Properties<'a>> {
        let mut known: FxHashMap<&str, Span> = FxHashMap::default();
        let mut found = Properties::default();
        for property in &table.properties {
            let name = match &property.kind {
                TablePropertyKind::Key(elements) => {
                    found.key = elements;
                    "key"
                }
                TablePropertyKind::Actions(actions) => {
                    found.actions = actions;
                    "actions"
                }
                TablePropertyKind::DefaultAction(action) => {
                    found.default_action = Some((action, property.is_const));
                    "default_action"
                }
                TablePropertyKind::Entries(entries) => {
                    found.entries = Some((entries, property.is_const));
                    "entries"
                }
                TablePropertyKind::Custom { name, value } => {
                    found.custom.push((property, name, value));
                    name.as_str()
                }
            };
            if let Some(before) = known.insert(name, property.span) {
                return self.fail(
                    Diagnostic::error(format!("the table `{}` has two properties `{name}`", table.name))
                        .at(property.span, "the second one")
                        .also(before, "the first one")
                        .help("merge them into one"),
                );
            }
        }
        if !known.contains_key("actions") {
            return self.fail(
                Diagnostic::error(format!("the table `{}` has no actions", table.name))
                    .at(table.name.span, "")
                    .help("add `actions = { ... }`"),
            );
        }
        Ok(found)
    }

    fn keys(&mut self, elements: &'a [ast::KeyElement]) -> Result<Vec<ir::Key>> {
        let mut keys: Vec<ir::Key> = Vec::with_capacity(elements.len());
        let mut lpm = None;
        let mut failed = None;
        for element in elements {
            match self.key(element, &mut lpm) {
                Ok(key) => keys.push(key),
                // The next one is elaborated for its errors.
                Err(reported) => failed = Some(reported),
            }
        }
        failed.map_or(Ok(keys), Err)
    }

    fn key(&mut self, element: &'a ast::KeyElement, lpm: &mut Option<Span>) -> Result<ir::Key> {
        let kind = self.match_kind(&element.match_kind)?;
        if kind == MatchKind::Lpm
            && let Some(before) = lpm.replace(element.span)
        {
            return self.fail(
                Diagnostic::error("a table has at most one `lpm` key")
                    .at(element.span, "the second one")
                    .also(before, "the first one")
                    .help("make one of them `ternary`"),
            );
        }
        let operand = self.expr(&element.value)?;
        let expression = match operand.ty.scalar() {
            Some(ir::Type::Varbit(_)) | None => {
                return self.fail(
                    Diagnostic::error(format!("a key cannot be of type `{}`", operand.ty))
                        .at(element.value.span, "")
                        .help("keys are numbers, `bool`, enumerations or errors; name one field of a struct"),
                );
            }
            Some(_) => self.scalar(&operand, element.value.span)?,
        };
        let name = self.key_name(element)?;
        let named = self.scalar_name(&operand.ty, element.value.span)?;
        let annotations = self.annotations(&element.annotations)?;
        Ok(ir::Key { name, expression, kind, named, annotations })
    }

    /// Without an action selector, nothing looks at the keys that are for one.
    fn drop_selector_keys(&mut self, handle: Handle<Table>, written: &'a [ast::KeyElement]) {
        let table = &self.module.tables[handle];
        let profile = table.action_profile.map(|profile| &self.module.action_profiles[profile]);
        if profile.is_some_and(|profile| profile.selector.is_some()) {
            return;
        }
        if !self.is_v1model() {
            return;
        }
        let is_selector = |key: &ir::Key| key.kind == MatchKind::Selector;
        let unused: Vec<Span> = std::iter::zip(&table.keys, written)
            .filter(|(key, _)| is_selector(key))
            .map(|(_, element)| element.span)
            .collect();
        self.module.tables[handle].keys.retain(|key| !is_selector(key));
        for span in unused {
            self.warn(
                Diagnostic::warning("this key selects nothing")
                    .at(span, "only an action selector looks at it")
                    .help("add `implementation = action_selector(...)`, or remove the key"),
            );
        }
    }

    pub(super) fn match_kind(&mut self, name: &ast::Name) -> Result<MatchKind> {
        let kind = match name.as_str() {
            "exact" => Some(MatchKind::Exact),
            "lpm" => Some(MatchKind::Lpm),
            "ternary" => Some(MatchKind::Ternary),
            "range" => Some(MatchKind::Range),
            "optional" => Some(MatchKind::Optional),
            "selector" => Some(MatchKind::Selector),
            _ => None,
        };
        match (kind, self.match_kinds.contains(&name.text)) {
            (Some(kind), true) => Ok(kind),
            // How an architecture of another kind matches is its own affair.
            (None, true) if self.checks_only() => Ok(MatchKind::Exact),
            (None, true) => self.unsupported(
                &format!("the match kind `{name}`"),
                name.span,
                "v1model has exact, lpm, ternary, range, optional and selector",
            ),
            (_, false) => {
                let mut names: Vec<&str> = self.match_kinds.iter().map(|name| &**name).collect();
                names.sort_unstable();
                let help = match closest(name.as_str(), names.iter().copied()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("there are {}", super::convert::enumeration(names.into_iter())),
                };
                self.fail(
                    Diagnostic::error(format!("there is no match kind `{name}`"))
                        .at(name.span, "")
                        .help(help),
                )
            }
        }
    }

    /// The name that the control plane knows a key by: `@name`, else the expression as it was written.
    fn key_name(&mut self, element: &'a ast::KeyElement) -> Result<String> {
        if let Some(name) = find(&element.annotations, "name").and_then(ast::Annotation::string) {
            return Ok(name.strip_prefix('.').unwrap_or(name).to_string());
        }
        match self.written_name(&element.value) {
            Some(name) => Ok(name),
            None => self.fail(
                Diagnostic::error("this key needs a name for the control plane")
                    .at(element.value.span, "more than a field")
                    .help("add an annotation behind the match kind: `... : exact @name(\"...\")`"),
            ),
        }
    }

    fn written_name(&self, expr: &ast::Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Path(path) => Some(path.name.to_string()),
            ExprKind::Member { base, member } => Some(format!("{}.{member}", self.written_name(base)?)),
            ExprKind::Index { base, index } => {
                let index = match &index.kind {
                    ExprKind::Integer(integer) => integer.value.to_string(),
                    _ => self.written_name(index)?,
                };
                Some(format!("{}[{index}]", self.written_name(base)?))
            }
            ExprKind::Slice { base, high, low } => {
                let number = |expr: &ast::Expr| match &expr.kind {
                    ExprKind::Integer(integer) => Some(integer.value.to_string()),
                    _ => self.written_name(expr),
                };
                Some(format!("{}[{}:{}]", self.written_name(base)?, number(high)?, number(low)?))
            }
            ExprKind::Call { callee, arguments, .. } if arguments.is_empty() => match &callee.kind {
                ExprKind::Member { base, member } if member.as_str() == "isValid" => {
                    Some(format!("{}.$valid$", self.written_name(base)?))
                }
                _ => None,
            },
            ExprKind::Binary { operator: ast::BinaryOperator::BitAnd, left, right } => match &right.kind {
                ExprKind::Integer(_) => {
                    Some(format!("{} & {}", self.written_name(left)?, self.sources.text(right.span)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Size, counters, meters and implementation. Says whether the compiler is to write the counting into the actions.
    fn custom_properties(
        &mut self,
        handle: Handle<Table>,
        properties: &Properties<'a>,
        table: &'a ast::Table,
    ) -> Result<Option<Rc<crate::value::ExternObject>>> {
        let mut counter = None;
        for (property, name, value) in &properties.custom {
            match name.as_str() {
                "size" => {
                    let size = self.constant_integer(value)?;
                    let size = self.small(&size, "a table's size", u32::MAX, value.span)?;
                    self.module.tables[handle].size = u64::from(size);
                }
                "counters" | "meters" | "implementation" if self.is_v1model() => {
                    let instance_name = format!("{}.{name}", table.name);
                    let instance = self.property_instance(value, &property.annotations, &instance_name)?;
                    let Value::Object(Object::Extern(object)) = &instance.value else {
                        return self.wrong_property(name.as_str(), &instance, value.span);
                    };
                    self.attach(handle, name.as_str(), object, &instance, value.span)?;
                    if name.as_str() == "counters" {
                        counter = Some(object.clone());
                    }
                }
                "support_timeout" if self.is_v1model() => {
                    let operand = self.constant_of_type(value, &Type::Bool)?;
                    let handle_of = self.scalar(&operand, value.span)?;
                    self.module.tables[handle].support_timeout = self.known_truth(handle_of) == Some(true);
                }
                "largest_priority_wins" | "priority_delta" => {}
                other if !self.is_v1model() => self.foreign_property(property, other, value)?,
                other => {
                    let known = [
                        "size",
                        "counters",
                        "meters",
                        "implementation",
                        "support_timeout",
                        "largest_priority_wins",
                        "priority_delta",
                    ];
                    let help = match closest(other, known) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "v1model gives it no meaning".to_string(),
                    };
                    self.warn(
                        Diagnostic::warning(format!("the table property `{other}` is ignored"))
                            .at(name.span, "")
                            .help(help),
                    );
                }
            }
        }
        Ok(counter)
    }

    /// Whether the program is for v1model: only then is it known what properties mean.
    pub(super) fn is_v1model(&self) -> bool {
        self.globals.look_up("V1Switch").is_some()
    }

    /// A property of another architecture: an expression, or an instance.
    fn foreign_property(
        &mut self,
        property: &'a ast::TableProperty,
        name: &str,
        value: &'a ast::Expr,
    ) -> Result<()> {
        let annotations = &property.annotations;
        self.nested(|this| this.property_instance(value, annotations, name)).0.map(|_| ())
    }

    /// The value of a property that concerns entries, evaluated.
    pub(super) fn custom_property(
        &mut self,
        properties: &Properties<'a>,
        name: &str,
    ) -> Option<&'a ast::Expr> {
        properties.custom.iter().find(|(_, known, _)| known.as_str() == name).map(|(_, _, value)| *value)
    }

    fn wrong_property<T>(&mut self, name: &str, instance: &Operand<'a>, span: Span) -> Result<T> {
        let wanted = match name {
            "counters" => "a `direct_counter`",
            "meters" => "a `direct_meter`",
            _ => "an `action_profile` or `action_selector`",
        };
        self.fail(
            Diagnostic::error(format!("`{name}` takes {wanted}, not `{}`", instance.ty))
                .at(span, "")
                .help(format!("declare {wanted} in the control, and name it here")),
        )
    }

    fn attach(
        &mut self,
        handle: Handle<Table>,
        name: &str,
        object: &crate::value::ExternObject,
        instance: &Operand<'a>,
        span: Span,
    ) -> Result<()> {
        match (name, &object.kind) {
            ("counters", ExternKind::DirectCounter(direct)) => {
                self.attach_direct(handle, direct, object.span, span)?;
                let (name, annotations) = (direct.name.clone(), direct.annotations.clone());
                let counter = ir::DirectCounter { name, unit: direct.unit, annotations };
                self.module.tables[handle].direct_counter = Some(counter);
            }
            ("meters", ExternKind::DirectMeter(direct)) => {
                self.attach_direct(handle, direct, object.span, span)?;
                let (name, annotations) = (direct.name.clone(), direct.annotations.clone());
                let meter = ir::DirectMeter { name, unit: direct.unit, annotations };
                self.module.tables[handle].direct_meter = Some(meter);
            }
            ("implementation", ExternKind::ActionProfile(profile)) => {
                self.module.tables[handle].action_profile = Some(*profile);
            }
            _ => return self.wrong_property(name, instance, span),
        }
        Ok(())
    }

    fn attach_direct(
        &mut self,
        handle: Handle<Table>,
        direct: &Direct,
        declared: Span,
        span: Span,
    ) -> Result<()> {
        match direct.table.replace(Some(handle)) {
            None => Ok(()),
            Some(before) => {
                let before = self.module.tables[before].name.clone();
                self.fail(
                    Diagnostic::error(format!("`{}` belongs to the table `{before}` already", direct.name))
                        .at(span, "")
                        .also(declared, "declared here")
                        .help("declare one for each table: it has a cell for each entry"),
                )
            }
        }
    }

    fn table_actions(
        &mut self,
        handle: Handle<Table>,
        properties: &Properties<'a>,
        counter: Option<Rc<crate::value::ExternObject>>,
        table: &'a ast::Table,
    ) -> Result<Vec<Listed<'a>>> {
        let mut listed: Vec<(Listed<'a>, &'a ast::ActionRef)> = Vec::new();
        let mut known: FxHashMap<*const ast::Action, Span> = FxHashMap::default();
        for reference in properties.actions {
            let declared = self.action_named(reference)?;
            if let Some(before) = known.insert(std::ptr::from_ref(declared.action), reference.span) {
                return self.fail(
                    Diagnostic::error(format!(
                        "`{}` stands twice in the actions of `{}`",
                        reference.path.name, table.name
                    ))
                    .at(reference.span, "again here")
                    .also(before, "first here")
                    .help("remove one of them"),
                );
            }
            let annotations = self.annotations(&reference.annotations)?;
            let scope = scope(&reference.annotations);
            let bound = reference.arguments.as_deref().unwrap_or(&[]);
            listed.push((Listed { declared, scope, annotations, bound }, reference));
        }
        let has_direct = counter.is_some() || self.module.tables[handle].direct_meter.is_some();
        let outer = self.table.replace(handle);
        let mut handles = Vec::with_capacity(listed.len());
        for (listed, reference) in &listed {
            handles.push(self.lower_action(
                &listed.declared,
                listed.bound,
                !has_direct,
                Vec::new(),
                reference.span,
            )?);
        }
        let mut all: Vec<Listed<'a>> = listed.into_iter().map(|(listed, _)| listed).collect();
        if properties.default_action.is_none() {
            self.add_no_action(&mut all, &mut handles, !has_direct, table)?;
        }
        self.table = outer;
        if let Some(object) = counter
            && let ExternKind::DirectCounter(direct) = &object.kind
            && !direct.used.get()
        {
            for action in &handles {
                let kind = ir::StatementKind::Extern(ir::ExternCall::DirectCounterCount { table: handle });
                self.module.actions[*action].body.insert(0, ir::Statement { kind, span: object.span });
            }
        }
        self.module.tables[handle].actions = all
            .iter()
            .zip(&handles)
            .map(|(listed, action)| ir::TableAction {
                action: *action,
                scope: listed.scope,
                annotations: listed.annotations.clone(),
            })
            .collect();
        Ok(all)
    }

    /// The default of a table that says none is core.p4's `NoAction`.
    fn add_no_action(
        &mut self,
        listed: &mut Vec<Listed<'a>>,
        handles: &mut Vec<Handle<ir::Action>>,
        shared: bool,
        table: &'a ast::Table,
    ) -> Result<()> {
        if listed.iter().any(|listed| listed.declared.name == "NoAction") {
            return Ok(());
        }
        let Some(Entity::Action(declared)) = self.globals.look_up("NoAction").map(|binding| binding.entity)
        else {
            if self.checks_only() {
                return Ok(());
            }
            return self.fail(
                Diagnostic::error(format!("the table `{}` has no default action", table.name))
                    .at(table.name.span, "")
                    .help("add `default_action = ...;`, or include core.p4, whose `NoAction` is taken else"),
            );
        };
        handles.push(self.lower_action(&declared, &[], shared, Vec::new(), table.name.span)?);
        // As if the program had written `@defaultonly NoAction`.
        let name = "defaultonly".to_string();
        let annotations = vec![ir::Annotation { name, body: ir::AnnotationBody::None }];
        listed.push(Listed { declared, scope: ActionScope::DefaultOnly, annotations, bound: &[] });
        Ok(())
    }

    pub(super) fn action_named(
        &mut self,
        reference: &'a ast::ActionRef,
    ) -> Result<Rc<ActionDeclaration<'a>>> {
        let path = &reference.path;
        let (entity, declared) = self.resolve(path, "action")?;
        match entity {
            Entity::Action(action) => Ok(action),
            other => self.fail(
                Diagnostic::error(format!("`{}` is {}, not an action", path.name, other.noun()))
                    .at(path.span, "")
                    .also(declared, "declared here")
                    .help("a table runs actions: `action name(...) { ... }`"),
            ),
        }
    }

    fn default_action(
        &mut self,
        handle: Handle<Table>,
        properties: &Properties<'a>,
        listed: &[Listed<'a>],
    ) -> Result<()> {
        let Some((reference, is_const)) = properties.default_action else {
            let index = listed.iter().position(|listed| listed.declared.name == "NoAction").unwrap_or(0);
            self.module.tables[handle].default_action =
                ir::ActionUse { index: index as u32, arguments: Vec::new() };
            return Ok(());
        };
        let action = self.action_use(handle, reference, listed, ActionScope::TableOnly)?;
        self.module.tables[handle].default_action = action;
        self.module.tables[handle].default_is_const = is_const;
        Ok(())
    }

    /// An action of the table's list with its data; `forbidden` is the scope that does not allow this use.
    pub(super) fn action_use(
        &mut self,
        handle: Handle<Table>,
        reference: &'a ast::ActionRef,
        listed: &[Listed<'a>],
        forbidden: ActionScope,
    ) -> Result<ir::ActionUse> {
        let declared = self.action_named(reference)?;
        let position = listed.iter().position(|listed| std::ptr::eq(listed.declared.action, declared.action));
        let Some((index, found)) = position.and_then(|at| Some((at, listed.get(at)?))) else {
            let name = &self.module.tables[handle].name;
            let table = name.strip_prefix(super::unused::PREFIX).unwrap_or(name).to_string();
            return self.fail(
                Diagnostic::error(format!("`{}` is no action of the table `{table}`", reference.path.name))
                    .at(reference.span, "")
                    .help("add it to the table's `actions`"),
            );
        };
        if found.scope == forbidden {
            let (word, what) = match forbidden {
                ActionScope::DefaultOnly => ("@defaultonly", "an entry"),
                _ => ("@tableonly", "the default action"),
            };
            return self.fail(
                Diagnostic::error(format!("`{}` is `{word}`, and cannot be {what}", reference.path.name))
                    .at(reference.span, "")
                    .help(format!("remove the `{word}`, or name another action")),
            );
        }
        let given = reference.arguments.as_deref().unwrap_or(&[]);
        self.check_bound(&declared, found.bound, given)?;
        let arguments = self.action_data(&declared, given, reference.span)?;
        Ok(ir::ActionUse { index: index as u32, arguments })
    }

    /// An entry or default action that repeats what the list binds repeats it as it stands there (section 14.2.1.3).
    fn check_bound(
        &mut self,
        declared: &ActionDeclaration<'a>,
        bound: &'a [ast::Argument],
        given: &'a [ast::Argument],
    ) -> Result<()> {
        let data =
            declared.action.parameters.iter().filter(|parameter| parameter.direction.is_none()).count();
        if given.len() <= data || given.iter().chain(bound).any(|argument| argument.name.is_some()) {
            return Ok(());
        }
        for (bound, given) in bound.iter().zip(given) {
            let (wanted, found) = (self.sources.text(bound.value.span), self.sources.text(given.value.span));
            if wanted.split_whitespace().ne(found.split_whitespace()) {
                return self.fail(
                    Diagnostic::error(format!("this action is bound to `{wanted}`, not to `{found}`"))
                        .at(given.value.span, "")
                        .also(bound.value.span, "as the list of actions says")
                        .help(format!(
                            "write `{wanted}`: arguments for parameters with a direction are the list's"
                        )),
                );
            }
        }
        Ok(())
    }
}

fn empty_table(name: String, annotations: Vec<ir::Annotation>, span: Span) -> Table {
    Table {
        name,
        keys: Vec::new(),
        actions: Vec::new(),
        default_action: ir::ActionUse { index: 0, arguments: Vec::new() },
        default_is_const: false,
        size: DEFAULT_SIZE,
        entries: Vec::new(),
        entries_are_const: false,
        direct_counter: None,
        direct_meter: None,
        action_profile: None,
        support_timeout: false,
        annotations,
        span,
    }
}
