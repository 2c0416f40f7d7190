//! Actions: put in place where they are called, lowered once (or once for each set of bound arguments) for tables.

use std::cell::Cell;
use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{ExpressionKind, Handle};

use super::annotations::control_plane_name;
use super::arguments::Callee;
use super::passing::Passing;
use super::unify::Bindings;
use super::{Elaborator, Frame, Result, Return};
use crate::ast;
use crate::scope::{Entity, Scope};
use crate::types::Type;
use crate::value::{ActionDeclaration, Operand, Value};

/// Parameters with a direction, which the program binds; those behind them are the control plane's.
fn directional(action: &ast::Action) -> usize {
    action.parameters.iter().take_while(|parameter| parameter.direction.is_some()).count()
}

impl<'a> Elaborator<'a> {
    pub(super) fn declare_action(
        &mut self,
        action: &'a ast::Action,
        annotations: &'a [ast::Annotation],
        span: Span,
    ) -> Result<()> {
        self.check_action_parameters(action);
        let split = directional(action);
        if let Some(late) =
            action.parameters.iter().skip(split).find(|parameter| parameter.direction.is_some())
        {
            self.declare_wrong(&action.name);
            return self.fail(
                Diagnostic::error(format!(
                    "the parameter `{}` of `{}` is out of order",
                    late.name, action.name
                ))
                .at(late.span, "has a direction")
                .help("parameters without a direction are the control plane's, and stand last"),
            );
        }
        let name = control_plane_name(annotations, action.name.as_str(), &self.frame.path);
        self.check_action_name(&name, action, annotations);
        let declared = Rc::new(ActionDeclaration {
            action,
            annotations,
            span,
            scope: self.frame.scope.clone(),
            order: self.order + 1,
            name,
            path: self.frame.path.clone(),
            lowered: Cell::new(None),
            checked: Cell::new(false),
        });
        self.actions.push(declared.clone());
        self.declare(&action.name, Entity::Action(declared))
    }

    /// Two actions cannot have one name for the control plane, that of the top level (`.name`) included.
    fn check_action_name(&mut self, name: &str, action: &'a ast::Action, annotations: &'a [ast::Annotation]) {
        let written = super::annotations::find(annotations, "name").and_then(ast::Annotation::string);
        let is_absolute = written.is_some_and(|written| written.starts_with('.'));
        let span = action.name.span;
        let before = *self.action_names.entry(name.to_string()).or_insert(span);
        if before != span && (is_absolute || self.sources.text(before) != self.sources.text(span)) {
            let name = name.strip_prefix(super::unused::PREFIX).unwrap_or(name);
            self.error(
                Diagnostic::error(format!("two actions are named `{name}` for the control plane"))
                    .at(span, "this one")
                    .also(before, "and this one")
                    .help("give one of them another `@name`"),
            );
        }
    }

    /// An action called by a statement: all its parameters are given.
    pub(super) fn call_action(
        &mut self,
        declared: &Rc<ActionDeclaration<'a>>,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        declared.checked.set(true);
        if self.may_parse() && self.frame.callee.is_none() {
            return self.misplaced(
                "the call of an action",
                span,
                "actions are for controls; what parsers call, too, is a function",
            );
        }
        self.note_call(declared);
        let action = declared.action;
        self.warn_deprecated(action.name.as_str(), action.name.span, span);
        let scope = Scope::inside(&declared.scope, declared.order);
        let callee = Callee { name: action.name.as_str(), declared: action.name.span };
        let bound =
            self.bind(&action.parameters, arguments, &scope, callee, &mut Bindings::default(), span)?;
        // An action sees the storage around it, by which it could change what it was given.
        let back = self.pass(&bound, &scope, Passing::Copied)?;
        let done = self.inline_body(action.name.as_str(), &action.body, scope, None, "an action", span);
        self.copy_back(back)?;
        done
    }

    /// An action of a table: with `arguments` for the parameters that have a direction. `shared` says whether its code may be
    /// that of other tables, too.
    pub(super) fn lower_action(
        &mut self,
        declared: &Rc<ActionDeclaration<'a>>,
        arguments: &'a [ast::Argument],
        shared: bool,
        before: ir::Block,
        span: Span,
    ) -> Result<Handle<ir::Action>> {
        let action = declared.action;
        let split = directional(action);
        let shared = shared && split == 0 && before.is_empty();
        if let (true, Some(known)) = (shared && arguments.is_empty(), declared.lowered.get()) {
            return Ok(known);
        }
        declared.checked.set(true);
        let label = self.label();
        let frame = Frame {
            scope: self.frame.scope.clone(),
            block: before,
            site: self.frame.site,
            returns: Some(Return { label, result: None, ty: Type::Void }),
            loops: Vec::new(),
            path: match &*declared.path {
                "" => action.name.text.clone(),
                path => format!("{path}.{}", action.name).into(),
            },
            callee: Some("an action"),
            state: None,
        };
        let outer = std::mem::replace(&mut self.frame, frame);
        let pending = std::mem::take(&mut self.pending);
        let params = self.action_body(declared, arguments, split, label, span);
        self.pending = pending;
        let inner = std::mem::replace(&mut self.frame, outer);
        let made = ir::Action {
            name: declared.name.clone(),
            params: params?,
            body: inner.block,
            annotations: self.annotations(declared.annotations)?,
            span: declared.span,
        };
        let handle = self.push_action(made, declared);
        if shared {
            declared.lowered.set(Some(handle));
        }
        Ok(handle)
    }

    /// Fills the current frame with an action's body; gives its data.
    fn action_body(
        &mut self,
        declared: &Rc<ActionDeclaration<'a>>,
        arguments: &'a [ast::Argument],
        split: usize,
        label: ir::Label,
        span: Span,
    ) -> Result<Vec<ir::Parameter>> {
        let action = declared.action;
        let (bound_parameters, data) = action.parameters.split_at(split);
        let scope = Scope::inside(&declared.scope, declared.order);
        let callee = Callee { name: action.name.as_str(), declared: action.name.span };
        let bound = self.bind(bound_parameters, arguments, &scope, callee, &mut Bindings::default(), span)?;
        let back = self.pass(&bound, &scope, Passing::Copied)?;
        self.frame.scope = scope;
        let mut params = Vec::with_capacity(data.len());
        for (i, parameter) in data.iter().enumerate() {
            let ty = self.resolve_type(&parameter.ty)?;
            let scalar = match ty.scalar() {
                Some(scalar @ (ir::Type::Bits(_) | ir::Type::Int(_) | ir::Type::Bool)) => scalar,
                _ if self.checks_only() && !self.is_v1model() && ty.is_storable() => {
                    // How its control plane supplies it is the architecture's affair.
                    let value = self.value_to_check(&ty, parameter.span)?;
                    self.declare(&parameter.name, Entity::Value(value))?;
                    continue;
                }
                _ => {
                    return self.fail(
                        Diagnostic::error(format!("the control plane cannot supply a value of type `{ty}`"))
                            .at(parameter.span, "")
                            .help("action data is `bit<W>`, `int<W>` or `bool`; pass other values with a direction"),
                    );
                }
            };
            let value = self.expression(ExpressionKind::Parameter(i as u32), scalar, parameter.span);
            let named = self.scalar_name(&ty, parameter.span)?;
            let name = control_plane_name(&parameter.annotations, parameter.name.as_str(), "");
            let annotations = self.annotations(&parameter.annotations)?;
            self.declare(&parameter.name, Entity::Value(Operand::new(Value::Scalar(value), ty)))?;
            params.push(ir::Parameter { name, ty: scalar, named, annotations });
        }
        let start = std::mem::take(&mut self.frame.block);
        self.body_statements(&action.body);
        let body = std::mem::replace(&mut self.frame.block, start);
        self.emit_labelled(label, body, span);
        self.copy_back(back)?;
        Ok(params)
    }

    /// The values of an action's data in an entry or default action: those behind its bound parameters.
    pub(super) fn action_data(
        &mut self,
        declared: &Rc<ActionDeclaration<'a>>,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Vec<sluice_entities::Bits>> {
        let action = declared.action;
        let split = directional(action);
        let callee = Callee { name: action.name.as_str(), declared: action.name.span };
        let data = action.parameters.get(split..).unwrap_or(&[]);
        // Arguments for parameters with a direction may be repeated here; they are bound by the table's list.
        let (parameters, skip) =
            if arguments.len() > data.len() { (action.parameters.as_slice(), split) } else { (data, 0) };
        let matched = self.match_arguments(parameters, arguments, callee, span)?;
        let scope = Scope::inside(&declared.scope, declared.order);
        let mut values = Vec::with_capacity(data.len());
        for (parameter, given) in parameters.iter().zip(matched).skip(skip) {
            let ty = self.in_scope(&scope, |this| this.resolve_type(&parameter.ty))?;
            let value = match (given, &parameter.default) {
                (Some(value), _) => self.constant_of_type(value, &ty)?,
                (None, Some(value)) => self.in_scope(&scope, |this| this.constant_of_type(value, &ty))?,
                (None, None) => Operand::new(self.default_value(&ty, span)?, ty.clone()),
            };
            let handle = self.scalar(&value, span)?;
            match self.known(handle) {
                Some(bits) => values.push(bits.clone()),
                None => return Err(super::Reported),
            }
        }
        Ok(values)
    }
}
