//! Packages of any architecture: what they are made of is checked (section 17).

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};

use super::arguments::Callee;
use super::unify::Bindings;
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
                let object = self.package_block(argument)?;
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
