//! Tables (section 14.2).

use std::cell::Cell;
use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::MatchKind;
use sluice_ir as ir;
use sluice_ir::{Handle, Table};

use super::annotations::{control_plane_name, find};
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind};
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{Object, Operand, TableObject, Value};

/// Entries of a table that does not say its size, as bmv2's compiler has it.
const DEFAULT_SIZE: u64 = 1024;

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
