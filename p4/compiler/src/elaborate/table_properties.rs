//! The properties of a table (section 14.2.1): which there are, and what v1model's mean.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_ir as ir;
use sluice_ir::{Handle, Table};

use super::{Elaborator, Result};
use crate::ast::{self, TablePropertyKind};
use crate::types::Type;
use crate::value::{Direct, ExternKind, Object, Operand, Value};

/// The properties of a table, each found once.
#[derive(Debug, Default)]
pub(super) struct Properties<'a> {
    pub(super) key: &'a [ast::KeyElement],
    pub(super) actions: &'a [ast::ActionRef],
    pub(super) default_action: Option<(&'a ast::ActionRef, bool)>,
    pub(super) entries: Option<(&'a [ast::Entry], bool)>,
    /// Before the entries.
    pub(super) entries_annotations: &'a [ast::Annotation],
    custom: Vec<(&'a ast::TableProperty, &'a ast::Name, &'a ast::Expr)>,
}

impl<'a> Elaborator<'a> {
    pub(super) fn properties(&mut self, table: &'a ast::Table) -> Result<Properties<'a>> {
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
                    found.entries_annotations = &property.annotations;
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
        self.check_order(&known)?;
        if !known.contains_key("actions") {
            return self.fail(
                Diagnostic::error(format!("the table `{}` has no actions", table.name))
                    .at(table.name.span, "")
                    .help("add `actions = { ... }`"),
            );
        }
        Ok(found)
    }

    /// Size, counters, meters and implementation. Says whether the compiler is to write the counting into the actions.
    pub(super) fn custom_properties(
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
                    if name.as_str() == "meters" {
                        self.direct_meters.push((object.clone(), value.span));
                    }
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

    /// What names actions stands behind their list, and entries behind the keys that they are for.
    fn check_order(&mut self, known: &FxHashMap<&str, Span>) -> Result<()> {
        for (first, second, why) in [
            ("actions", "default_action", "it names one of the actions, which are listed before"),
            ("actions", "entries", "they name actions, which are listed before"),
            ("key", "entries", "they are for the keys, which are declared before"),
        ] {
            if let (Some(before), Some(behind)) = (known.get(first), known.get(second))
                && behind.start < before.start
            {
                return self.fail(
                    Diagnostic::error(format!("`{second}` stands before `{first}`"))
                        .at(*behind, why)
                        .also(*before, format!("`{first}` stands here"))
                        .help(format!("move `{second}` behind `{first}`")),
                );
            }
        }
        Ok(())
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
}
