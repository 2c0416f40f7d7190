//! `apply` of tables and controls.

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{HeaderRef, StatementKind};

use super::arguments::{Bound, Callee};
use super::passing::Passing;
use super::unify::Bindings;
use super::{Elaborator, Frame, Result, Return, Site};
use crate::ast::{self, DeclarationKind, ExprKind};
use crate::scope::Scope;
use crate::types::Type;
use crate::value::{ControlObject, Object, Operand, TableObject, Value};

/// Whether an instance holds something that there is once only: tables, instances, value sets.
pub(super) fn has_state(locals: &[ast::Declaration]) -> bool {
    locals.iter().any(|local| {
        matches!(
            local.kind,
            DeclarationKind::Table(_) | DeclarationKind::Instantiation(_) | DeclarationKind::ValueSet(_)
        )
    })
}

impl<'a> Elaborator<'a> {
    /// The table that `callee(arguments)` applies, if that is what it does.
    pub(super) fn applied_table(
        &mut self,
        callee: &'a ast::Expr,
        arguments: &'a [ast::Argument],
    ) -> Result<Option<Rc<TableObject<'a>>>> {
        let ExprKind::Member { base, member } = &callee.kind else { return Ok(None) };
        if member.as_str() != "apply" || !arguments.is_empty() || !matches!(base.kind, ExprKind::Path(_)) {
            return Ok(None);
        }
        match self.expr(base)?.value {
            Value::Object(Object::Table(table)) => Ok(Some(table)),
            _ => Ok(None),
        }
    }

    /// `table.apply().hit` and its like.
    pub(super) fn table_result(
        &mut self,
        callee: &'a ast::Expr,
        arguments: &'a [ast::Argument],
        member: &ast::Name,
        span: Span,
    ) -> Result<Option<Operand<'a>>> {
        let Some(table) = self.applied_table(callee, arguments)? else { return Ok(None) };
        match member.as_str() {
            "hit" | "miss" => {
                let (variable, hit) = self.flag(span)?;
                self.apply_table(&table, Some(variable), None, span)?;
                let result = if member.as_str() == "hit" { hit } else { self.not(hit, span) };
                Ok(Some(Operand::new(Value::Scalar(result), Type::Bool)))
            }
            "action_run" => self.fail(
                Diagnostic::error("`action_run` is for `switch` only")
                    .at(member.span, "")
                    .help("write `switch (table.apply().action_run) { action: { ... } }`"),
            ),
            other => self.fail(
                Diagnostic::error(format!("the result of `apply` has no member `{other}`"))
                    .at(member.span, "")
                    .help("it has `hit`, `miss` and `action_run`"),
            ),
        }
    }

    pub(super) fn apply_table(
        &mut self,
        table: &TableObject<'a>,
        hit: Option<ir::Handle<ir::Variable>>,
        action_run: Option<ir::Handle<ir::Variable>>,
        span: Span,
    ) -> Result<()> {
        if let Some(noun) = self.frame.callee {
            return self.misplaced(
                &format!("`{}.apply()` within {noun}", table.name),
                span,
                "tables are applied in the `apply` block of a control",
            );
        }
        if !self.frame.site.has_tables() {
            return self.misplaced(
                &format!("`{}.apply()`", table.name),
                span,
                "v1model has tables in the ingress and egress controls only",
            );
        }
        table.applied.set(true);
        let before = self.copied_block(&table.before);
        self.frame.block.extend(before);
        self.emit(StatementKind::Apply { table: table.handle, hit, action_run }, span);
        Ok(())
    }

    /// `instance.apply(arguments)` of a control.
    pub(super) fn apply_control(
        &mut self,
        object: &Rc<ControlObject<'a>>,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        let control = object.control;
        let name = &control.ty.name;
        if let Some(noun) = self.frame.callee {
            let what = format!("`apply` of a control within {noun}");
            return self.misplaced(&what, span, "controls are applied in the `apply` block of a control");
        }
        if !self.in_control {
            return self.misplaced("`apply` of a control", span, "parsers apply parsers only");
        }
        let scope = Scope::inside(&object.scope, u32::MAX);
        let callee = Callee { name: name.as_str(), declared: name.span };
        let bound =
            self.bind(&control.ty.parameters, arguments, &scope, callee, &mut Bindings::default(), span)?;
        self.run_control(object, &bound, scope, span)?;
        Ok(Operand::nothing())
    }

    /// Runs a control's instance with its parameters bound. What has state is elaborated the first time, and refers to that
    /// storage ever after.
    pub(super) fn run_control(
        &mut self,
        object: &Rc<ControlObject<'a>>,
        bound: &[Bound<'a>],
        scope: Rc<Scope<'a>>,
        span: Span,
    ) -> Result<()> {
        let control = object.control;
        self.visited.insert(control.ty.name.span);
        let before = object.bound.borrow().clone().filter(|_| has_state(&control.locals));
        let (locals, back) = match &before {
            Some(before) => (before.clone(), self.pass_again(bound, before, object.span, span)?),
            None => {
                let back = self.pass(bound, &scope, self.passing(object.span))?;
                self.instances.push(scope.clone());
                (Scope::inside(&scope, u32::MAX), back)
            }
        };
        self.instances.push(locals.clone());
        let label = self.label();
        let is_deparser_itself = self.frame.site == Site::Deparser && self.deparser_end.is_none();
        if is_deparser_itself {
            self.deparser_end = Some(label);
        }
        let frame = Frame {
            scope: locals.clone(),
            block: Vec::new(),
            site: self.frame.site,
            returns: Some(Return { label, result: None, ty: Type::Void }),
            loops: Vec::new(),
            path: object.path.clone(),
            callee: None,
            state: None,
        };
        let outer = std::mem::replace(&mut self.frame, frame);
        let outside = std::mem::replace(&mut self.in_control, true);
        let done = if before.is_some() {
            self.restart_locals(&control.locals)
        } else {
            for local in &control.locals {
                // It is reported; the next one is elaborated for its errors.
                let _ = self.declaration(local);
            }
            self.warn_hidden(&control.ty.parameters, &locals);
            *object.bound.borrow_mut() = Some(locals);
            Ok(())
        };
        self.body_statements(&control.apply);
        self.warn_unapplied();
        self.in_control = outside;
        let inner = std::mem::replace(&mut self.frame, outer);
        if is_deparser_itself {
            self.deparser_end = None;
        }
        self.emit_labelled(label, inner.block, span);
        self.copy_back(back)?;
        done
    }

    /// Warns of locals that hide parameters.
    pub(super) fn warn_hidden(&mut self, parameters: &[ast::Parameter], locals: &Rc<Scope<'a>>) {
        for parameter in parameters {
            if let Some(local) = locals.own_binding(&parameter.name.text) {
                self.warn(
                    Diagnostic::warning(format!("`{}` hides the parameter of this name", parameter.name))
                        .at(local.span, "from here on, it is this")
                        .also(parameter.name.span, "the parameter")
                        .help("give one of them another name"),
                );
            }
        }
    }

    /// How the parameters of an instance, declared there, get their storage.
    pub(super) fn passing(&self, instance: Span) -> Passing {
        if self.apart.contains(&instance) { Passing::Apart } else { Passing::Shared }
    }

    /// `Control.apply(arguments);`: an instance of its own for this one place.
    pub(super) fn direct_apply(
        &mut self,
        ty: &'a ast::Type,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<()> {
        let ast::TypeKind::Named { path, .. } = &ty.kind else {
            return self.misplaced("`apply` of this type", span, "only parsers and controls are applied");
        };
        let made = self.descend(span, |this| this.instantiate(ty, &[], &path.name, &[], span))?;
        self.descend(span, |this| match made.value {
            Value::Object(Object::Control(control)) => {
                this.apply_control(&control, arguments, span).map(|_| ())
            }
            Value::Object(Object::Parser(parser)) => this.apply_parser(&parser, arguments, span).map(|_| ()),
            _ => this.misplaced("`apply` of this type", span, "only parsers and controls are applied"),
        })
    }

    /// What tells whether two values are the same storage, or the same constant.
    pub(super) fn identity(&self, value: &Value<'a>) -> String {
        let mut text = String::new();
        self.write_identity(value, &mut text);
        text
    }

    fn write_identity(&self, value: &Value<'a>, text: &mut String) {
        let header = |header: &HeaderRef| format!("{header:?},");
        match value {
            Value::Scalar(handle) => text.push_str(&format!("s{handle:?},")),
            Value::Fields(parts) | Value::HeaderLiteral(parts) => {
                for part in parts.iter() {
                    self.write_identity(part, text);
                }
            }
            Value::Header(one) => text.push_str(&header(one)),
            Value::Union(members) => members.iter().for_each(|member| text.push_str(&header(member))),
            Value::Stack(stack) => text.push_str(&format!("t{stack:?},")),
            Value::UnionStack(stacks) => text.push_str(&format!("u{stacks:?},")),
            Value::Int(value) => text.push_str(&format!("{value},")),
            Value::String(value) => text.push_str(&format!("{value:?},")),
            Value::Object(Object::Extern(object)) => text.push_str(&format!("{:?},", Rc::as_ptr(object))),
            Value::Object(_) | Value::Invalid | Value::Default | Value::DontCare | Value::Nothing => {
                text.push('-');
            }
        }
    }
}
