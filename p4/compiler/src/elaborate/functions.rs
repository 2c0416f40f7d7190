//! Functions: put in place where they are called.

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};

use super::arguments::{Bound, Callee, accepts, signature};
use super::passing::Passing;
use super::unify::Bindings;
use super::{CopyBack, Elaborator, Frame, Result, Return};
use crate::ast;
use crate::scope::{Entity, FunctionDeclaration, Scope};
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// Declares a function or extern function, or another overload of one.
    pub(super) fn declare_function(
        &mut self,
        prototype: &'a ast::Prototype,
        body: Option<&'a ast::Block>,
    ) -> Result<()> {
        let span = prototype.name.span;
        let made = FunctionDeclaration { prototype, body, span, order: self.order + 1 };
        let known = self.frame.scope.own_binding(&prototype.name.text);
        let Some(Entity::Functions(before)) = known.map(|binding| binding.entity) else {
            return self.declare(&prototype.name, Entity::Functions([made].into()));
        };
        let same_names = |other: &FunctionDeclaration<'_>| {
            let (a, b) = (&other.prototype.parameters, &prototype.parameters);
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name)
        };
        if let Some(other) = before.iter().find(|other| same_names(other)) {
            return self.fail(
                Diagnostic::error(format!(
                    "`{}{}` is declared twice",
                    prototype.name,
                    signature(&prototype.parameters)
                ))
                .at(span, "declared again here")
                .also(other.span, "declared here already")
                .help("overloads differ in the number or the names of their parameters"),
            );
        }
        self.order += 1;
        let all: Vec<_> = before.iter().cloned().chain([made]).collect();
        self.frame.scope.replace(&prototype.name.text, Entity::Functions(all.into()));
        Ok(())
    }

    pub(super) fn call_function(
        &mut self,
        name: &'a ast::Name,
        overloads: &Rc<[FunctionDeclaration<'a>]>,
        type_arguments: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        let fitting: Vec<_> =
            overloads.iter().filter(|f| accepts(&f.prototype.parameters, arguments)).collect();
        let function = match (fitting.as_slice(), &**overloads) {
            ([one], _) => (*one).clone(),
            ([], [one]) => one.clone(),
            ([], _) => {
                let forms: Vec<String> =
                    overloads.iter().map(|f| signature(&f.prototype.parameters)).collect();
                return self.fail(
                    Diagnostic::error(format!("no form of `{name}` takes these arguments"))
                        .at(span, "")
                        .help(format!("its forms are {}", forms.join(" and "))),
                );
            }
            ([first, second, ..], _) => {
                return self.fail(
                    Diagnostic::error(format!("the call of `{name}` fits several declarations"))
                        .at(span, "")
                        .also(first.span, "this one")
                        .also(second.span, "and this one")
                        .help("name the arguments: `f(parameter = value)`"),
                );
            }
        };
        let prototype = function.prototype;
        self.warn_deprecated(name.as_str(), function.span, name.span);
        let given = self.type_arguments(type_arguments)?;
        let scope = Scope::inside(&self.globals, function.order);
        let variables = self
            .in_scope(&scope, |this| this.declare_type_parameters(&prototype.type_parameters, given, span))?;
        let mut bindings = Bindings::default();
        let callee = Callee { name: name.as_str(), declared: function.span };
        let mut bound = self.bind(&prototype.parameters, arguments, &scope, callee, &mut bindings, span)?;
        let result = self.in_scope(&scope, |this| this.resolve_type(&prototype.return_type))?;
        let instance =
            bound.iter().find(|argument| matches!(argument.operand.ty, Type::Block(_) | Type::Table));
        if let Some(argument) = instance {
            let (ty, span) = (argument.operand.ty.clone(), argument.span);
            return self.fail(
                Diagnostic::error(format!("`{ty}` cannot be passed as a value"))
                    .at(span, "")
                    .also(function.span, "to this function")
                    .help("tables, parsers and controls are applied; only their results are values"),
            );
        }
        match function.body {
            None => {
                self.no_width_unknown(name, &bound)?;
                let mut types = Vec::with_capacity(variables.len());
                for variable in &variables {
                    types.push(self.substitute(variable, &bindings)?);
                }
                let result = self.substitute(&result, &bindings)?;
                let back = self.fix_places(&mut bound)?;
                let value = self.extern_function(name, &bound, &result, &types, span)?;
                for (to, from, at) in back {
                    self.assign(&to, &from, at)?;
                }
                Ok(value)
            }
            Some(body) => {
                let mut types = Vec::with_capacity(variables.len());
                for variable in &variables {
                    types.push(self.inferred(variable, &bindings, span)?);
                }
                let result = self.inferred(&result, &bindings, span)?;
                self.visited.insert(function.span);
                self.inline_function(&function, body, &bound, types, result, span)
            }
        }
    }

    /// A number whose type the call alone would tell has no width for an extern function to know.
    fn no_width_unknown(&mut self, name: &ast::Name, bound: &[Bound<'a>]) -> Result<()> {
        let is_base =
            |argument: &&Bound<'a>| name.as_str() == "hash" && argument.parameter.name.as_str() == "base";
        let unknown = bound
            .iter()
            .filter(|argument| argument.parameter.direction == Some(ast::Direction::In))
            .find(|argument| {
                argument.operand.ty == Type::String || argument.operand.ty == Type::Int && !is_base(argument)
            });
        match unknown {
            None => Ok(()),
            Some(argument) if argument.operand.ty == Type::String => self.fail(
                Diagnostic::error(format!("`{name}` cannot take a string here"))
                    .at(argument.span, "not known when the program runs")
                    .help("strings are for parameters of type `string`"),
            ),
            Some(argument) => self.fail(
                Diagnostic::error(format!("the width of this argument of `{name}` is not known"))
                    .at(argument.span, "an integer without a width")
                    .help("write one before it, as in `32w5`, or cast it: `(bit<32>) ...`"),
            ),
        }
    }

    fn inline_function(
        &mut self,
        function: &FunctionDeclaration<'a>,
        body: &'a ast::Block,
        bound: &[Bound<'a>],
        types: Vec<Type>,
        result: Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        let prototype = function.prototype;
        let scope = Scope::inside(&self.globals, function.order);
        self.in_scope(&scope, |this| {
            this.declare_type_parameters(&prototype.type_parameters, Some(types), span)
        })?;
        // A function sees its parameters alone, so that only arguments that overlap need copies.
        let back = self.pass(bound, &scope, Passing::Shared)?;
        let value = self.inline_body(prototype.name.as_str(), body, scope, Some(result), "a function", span);
        self.copy_back(back)?;
        value
    }

    /// Copies what `out` and `inout` parameters have become to where they came from.
    pub(super) fn copy_back(&mut self, back: CopyBack<'a>) -> Result<()> {
        self.pending.pop();
        for (to, from, span) in back {
            self.assign(&to, &from, span)?;
        }
        Ok(())
    }

    /// The body of a function or action, in a scope that has the parameters; `result` is what it returns.
    pub(super) fn inline_body(
        &mut self,
        name: &str,
        body: &'a ast::Block,
        scope: Rc<Scope<'a>>,
        result: Option<Type>,
        noun: &'static str,
        span: Span,
    ) -> Result<Operand<'a>> {
        let label = self.label();
        let ty = result.unwrap_or(Type::Void);
        let direct = match body.statements.as_slice() {
            [ast::Statement { kind: ast::StatementKind::Return(Some(value)), .. }] if ty != Type::Void => {
                Some(value)
            }
            _ => None,
        };
        let place =
            if ty == Type::Void || direct.is_some() { None } else { Some(self.temporary(&ty, span)?) };
        let path = if self.frame.path.is_empty() {
            Rc::from(name)
        } else {
            Rc::from(format!("{}.{name}", self.frame.path))
        };
        let frame = Frame {
            scope,
            block: Vec::new(),
            site: self.frame.site,
            returns: Some(Return { label, result: place.clone(), ty: ty.clone() }),
            loops: Vec::new(),
            path,
            callee: Some(noun),
            state: None,
        };
        let outer = std::mem::replace(&mut self.frame, frame);
        let value = match direct {
            Some(value) => {
                self.no_defaults(value, "what is returned").and_then(|()| self.expr_of(value, &ty)).map(Some)
            }
            None => {
                self.body_statements(body);
                Ok(None)
            }
        };
        let inner = std::mem::replace(&mut self.frame, outer);
        self.emit_labelled(label, inner.block, span);
        match (value?, place) {
            (Some(mut value), _) => {
                value.writable = false;
                Ok(value)
            }
            (None, Some(place)) => {
                if !always_returns(&body.statements) {
                    return self.fail(
                        Diagnostic::error(format!("`{name}` may end without a value"))
                            .at(body.span, "")
                            .help(format!("add `return` with a value of type `{ty}` at its end")),
                    );
                }
                Ok(place.read_only())
            }
            (None, None) => Ok(Operand::new(Value::Nothing, Type::Void)),
        }
    }
}

/// Whether statements never run to their end.
fn always_returns(statements: &[ast::Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        ast::StatementKind::Return(_) | ast::StatementKind::Exit => true,
        ast::StatementKind::Block(block) => always_returns(&block.statements),
        ast::StatementKind::If { then, otherwise: Some(otherwise), .. } => {
            always_returns(std::slice::from_ref(then)) && always_returns(std::slice::from_ref(otherwise))
        }
        ast::StatementKind::Switch { cases, .. } => {
            let has_default = cases.iter().any(|case| matches!(case.label, ast::SwitchLabel::Default(_)));
            has_default
                && cases
                    .iter()
                    .filter_map(|case| case.body.as_ref())
                    .all(|body| always_returns(&body.statements))
        }
        _ => false,
    })
}
