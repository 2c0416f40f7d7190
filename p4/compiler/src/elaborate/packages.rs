//! Packages of any architecture: what they are made of is checked (section 17).

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};

use super::arguments::Callee;
use super::unify::{Bindings, variable_in};
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind};
use crate::scope::{BlockKind, Entity, Scope};
use crate::types::Type;

impl<'a> Elaborator<'a> {
    /// Checks the arguments of a package against its parameters.
    pub(super) fn check_package(
        &mut self,
        package: &'a ast::BlockType,
        types: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<()> {
        let callee = Callee { name: package.name.as_str(), declared: package.name.span };
        let matched = self.match_arguments(&package.parameters, arguments, callee, span)?;
        let scope = Scope::inside(&self.globals, u32::MAX);
        let given = self.type_arguments(types)?;
        self.in_scope(&scope, |this| this.declare_type_parameters(&package.type_parameters, given, span))?;
        let mut bindings = Bindings::default();
        let mut failed = None;
        for (argument, parameter) in matched.into_iter().zip(&package.parameters) {
            let Some(argument) = argument else { continue };
            let done = self.descend(argument.span, |this| {
                this.check_package_argument(argument, parameter, &scope, &mut bindings)
            });
            failed = done.err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    fn check_package_argument(
        &mut self,
        argument: &'a ast::Expr,
        parameter: &'a ast::Parameter,
        scope: &Rc<Scope<'a>>,
        bindings: &mut Bindings,
    ) -> Result<()> {
        let block = match &parameter.ty.kind {
            ast::TypeKind::Named { path, .. } => self.block_type(path.name.as_str()),
            _ => None,
        };
        match block {
            Some((_, BlockKind::Parser | BlockKind::Control)) => {
                let implied = self.implied_types(argument, parameter, scope, bindings)?;
                let object = self.package_block(argument, implied)?;
                self.check_block(&object, parameter, scope, bindings, argument.span)
            }
            Some((wanted, BlockKind::Package)) => self.check_inner_package(argument, wanted),
            None => {
                let operand = self.property_instance(argument, &[], parameter.name.as_str())?;
                let ty = self.in_scope(scope, |this| this.resolve_type(&parameter.ty))?;
                bindings.unify(&ty, &operand.ty);
                let ty = self.substitute(&ty, bindings)?;
                if operand.ty == Type::DontCare {
                    return Ok(());
                }
                self.coerce(operand, &ty, argument.span).map(|_| ())
            }
        }
    }

    /// The type arguments of a block that is made without any, as the package's parameter implies them.
    pub(super) fn implied_types(
        &mut self,
        expr: &'a ast::Expr,
        parameter: &'a ast::Parameter,
        package_scope: &Rc<Scope<'a>>,
        bindings: &Bindings,
    ) -> Result<Option<Vec<Type>>> {
        let ExprKind::Call { callee, type_arguments, arguments } = &expr.kind else { return Ok(None) };
        let Some(path) = Self::callee_path(callee).filter(|_| type_arguments.is_empty()) else {
            return Ok(None);
        };
        let (entity, _) = self.resolve(path, "type")?;
        let actual = match self.overload(entity, arguments, expr.span)? {
            Entity::Control(control) => &control.ty,
            Entity::Parser(parser) => &parser.ty,
            _ => return Ok(None),
        };
        let ast::TypeKind::Named { path, arguments } = &parameter.ty.kind else { return Ok(None) };
        let Some((wanted, _)) = self.block_type(path.name.as_str()) else { return Ok(None) };
        if actual.type_parameters.is_empty() || arguments.len() != wanted.type_parameters.len() {
            return Ok(None);
        }
        let given = self.in_scope(package_scope, |this| {
            arguments.iter().map(|argument| this.resolve_type(argument)).collect::<Result<Vec<_>>>()
        })?;
        let outer = Scope::inside(&self.globals, u32::MAX);
        self.in_scope(&outer, |this| {
            this.declare_type_parameters(&wanted.type_parameters, Some(given), expr.span)
        })?;
        let inner = Scope::inside(&self.globals, u32::MAX);
        let variables = self.in_scope(&inner, |this| {
            this.declare_type_parameters(&actual.type_parameters, None, expr.span)
        })?;
        let mut found = Bindings::default();
        for (wanted, actual) in wanted.parameters.iter().zip(&actual.parameters) {
            let expected = self.in_scope(&outer, |this| this.resolve_type(&wanted.ty))?;
            let expected = self.substitute(&expected, bindings)?;
            let own = self.in_scope(&inner, |this| this.resolve_type(&actual.ty))?;
            found.unify(&own, &expected);
        }
        let types: Result<Vec<Type>> =
            variables.iter().map(|variable| self.substitute(variable, &found)).collect();
        let types = types?;
        Ok(types.iter().all(|ty| variable_in(ty).is_none()).then_some(types))
    }

    /// A package within a package: made on the spot, or declared before.
    fn check_inner_package(&mut self, argument: &'a ast::Expr, wanted: &'a ast::BlockType) -> Result<()> {
        if let ExprKind::Call { callee, type_arguments, arguments } = &argument.kind
            && let ExprKind::Path(path) = &callee.kind
        {
            self.expect_package(path.name.as_str(), wanted, argument.span)?;
            let (entity, _) = self.resolve(path, "package")?;
            return match self.overload(entity, arguments, argument.span)? {
                Entity::BlockType(package, BlockKind::Package) => {
                    self.check_package(package, type_arguments, arguments, argument.span)
                }
                _ => Err(super::Reported),
            };
        }
        let operand = self.expr(argument)?;
        match &operand.ty {
            Type::Block(name) => self.expect_package(&name.clone(), wanted, argument.span),
            other => self.expect_package(&other.to_string(), wanted, argument.span),
        }
    }

    fn expect_package(&mut self, found: &str, wanted: &ast::BlockType, span: Span) -> Result<()> {
        if found == wanted.name.as_str() {
            return Ok(());
        }
        self.fail(
            Diagnostic::error(format!("expected a package `{}`, found `{found}`", wanted.name))
                .at(span, "")
                .also(wanted.name.span, "declared here")
                .help(format!("write `{}(...)`, or name an instance of it", wanted.name)),
        )
    }
}
