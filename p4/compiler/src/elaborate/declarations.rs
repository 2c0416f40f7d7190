//! Declarations: each makes one name known.

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir::VariableKind;

use super::{Elaborator, Result, Site};
use crate::ast::{self, DeclarationKind};
use crate::scope::{BlockKind, Entity, Scope};
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// Elaborates a declaration, at the top level or in a block.
    pub(super) fn declaration(&mut self, declaration: &'a ast::Declaration) -> Result<()> {
        if let Some(name) = declared_name(&declaration.kind) {
            self.note_deprecated(name, &declaration.annotations);
        }
        self.check_annotations(&declaration.annotations);
        self.check_main(declaration)?;
        match &declaration.kind {
            DeclarationKind::Constant(constant) => self.declare_constant(constant),
            DeclarationKind::ExternFunction(prototype) => {
                self.check_prototype(prototype);
                self.declare_function(prototype, None)
            }
            DeclarationKind::ExternObject(object) => {
                let declared = self.declare(&object.name, Entity::Extern(object));
                self.check_extern(object);
                declared
            }
            DeclarationKind::Action(action) => {
                self.declare_action(action, &declaration.annotations, declaration.span)
            }
            DeclarationKind::Function(function) => {
                self.check_prototype(&function.prototype);
                self.declare_function(&function.prototype, Some(&function.body))
            }
            DeclarationKind::ParserType(ty) => {
                self.check_block_type(ty, BlockKind::Parser, &[]);
                self.declare(&ty.name, Entity::BlockType(ty, BlockKind::Parser))
            }
            DeclarationKind::ControlType(ty) => {
                self.check_block_type(ty, BlockKind::Control, &[]);
                self.declare(&ty.name, Entity::BlockType(ty, BlockKind::Control))
            }
            DeclarationKind::PackageType(ty) => {
                self.check_block_type(ty, BlockKind::Package, &[]);
                self.declare_block(&ty.name, Entity::BlockType(ty, BlockKind::Package))
            }
            DeclarationKind::Parser(parser) => {
                self.check_block_type(&parser.ty, BlockKind::Parser, &parser.constructor_parameters);
                self.declare_block(&parser.ty.name, Entity::Parser(parser))
            }
            DeclarationKind::Control(control) => {
                self.check_block_type(&control.ty, BlockKind::Control, &control.constructor_parameters);
                self.declare_block(&control.ty.name, Entity::Control(control))
            }
            DeclarationKind::Record(record) => {
                self.collect_match_annotations(record);
                self.note_type(&declaration.annotations, &record.name, Some(record));
                self.declare_record(record)
            }
            DeclarationKind::Enum(written) => {
                self.note_type(&declaration.annotations, &written.name, None);
                self.declare_enum(written)
            }
            DeclarationKind::Alias(alias) => {
                self.note_type(&declaration.annotations, &alias.name, None);
                self.declare_alias(alias)
            }
            // Their members are collected before everything else.
            DeclarationKind::Error(_) | DeclarationKind::MatchKind(_) => Ok(()),
            DeclarationKind::Instantiation(instantiation) => {
                self.declare_instance(instantiation, &declaration.annotations, declaration.span)
            }
            DeclarationKind::Variable(variable) => self.declare_variable(variable, declaration.span),
            DeclarationKind::ValueSet(value_set) => {
                self.declare_value_set(value_set, &declaration.annotations)
            }
            DeclarationKind::Table(table) => {
                self.declare_table(table, &declaration.annotations, declaration.span)
            }
        }
    }

    /// `main` at the top level is the instance of a package.
    fn check_main(&mut self, declaration: &'a ast::Declaration) -> Result<()> {
        if self.frame.site != Site::Global || !Rc::ptr_eq(&self.frame.scope, &self.globals) {
            return Ok(());
        }
        match top_level_name(&declaration.kind) {
            Some(name) if name.as_str() == "main" => self.fail(
                Diagnostic::error("`main` must be the instance of a package")
                    .at(name.span, "this is something else")
                    .help("give it another name; `main` is what runs: `V1Switch(...) main;`"),
            ),
            _ => Ok(()),
        }
    }

    fn declare_constant(&mut self, constant: &'a ast::Constant) -> Result<()> {
        let value = self
            .resolve_type(&constant.ty)
            .and_then(|ty| self.no_dont_care(ty, constant.ty.span))
            .and_then(|ty| self.no_function_in(&constant.value).map(|()| ty))
            .and_then(|ty| self.constant_of_type(&constant.value, &ty));
        match value {
            Ok(operand) => self.declare(&constant.name, Entity::Value(operand)),
            Err(reported) => {
                self.declare_wrong(&constant.name);
                Err(reported)
            }
        }
    }

    /// What is declared has one type.
    fn no_dont_care(&mut self, ty: Type, span: Span) -> Result<Type> {
        if super::unify::variable_in(&ty) != Some("_") {
            return Ok(ty);
        }
        self.fail(
            Diagnostic::error("`_` is no type of what is declared")
                .at(span, "")
                .help("write the type: `_` stands for one where a call or a package tells it"),
        )
    }

    /// A program's own functions are put in place only after constants are known (section 18.1).
    fn no_function_in(&mut self, value: &'a ast::Expr) -> Result<()> {
        let ast::ExprKind::Call { callee, .. } = &value.kind else { return Ok(()) };
        let Some(path) = Self::callee_path(callee) else { return Ok(()) };
        match self.resolve(path, "function")?.0 {
            Entity::Functions(all) if all.iter().any(|function| function.body.is_some()) => self.fail(
                Diagnostic::error("a constant cannot be what a function returns")
                    .at(value.span, "functions run with the packet")
                    .help("write the value, or an expression of constants"),
            ),
            _ => Ok(()),
        }
    }

    fn declare_variable(&mut self, variable: &'a ast::Variable, span: Span) -> Result<()> {
        let made = self.variable_storage(variable, span);
        match made {
            Ok(operand) => self.declare(&variable.name, Entity::Value(operand)),
            Err(reported) => {
                self.declare_wrong(&variable.name);
                Err(reported)
            }
        }
    }

    fn variable_storage(&mut self, variable: &'a ast::Variable, span: Span) -> Result<Operand<'a>> {
        let ty = self.resolve_type(&variable.ty)?;
        let ty = self.no_dont_care(ty, variable.ty.span)?;
        let value = match &variable.value {
            Some(value) => Some(self.expr_of(value, &ty)?),
            None => None,
        };
        let name = match &*self.frame.path {
            "" => variable.name.to_string(),
            path => format!("{path}.{}", variable.name),
        };
        let storage = self.allocate(&name, &ty, VariableKind::Local, &[], variable.ty.span)?;
        let place = Operand::place(storage, ty);
        match value {
            Some(value) => self.assign(&place, &value, span)?,
            // Storage starts zero and invalid; in a loop, headers become invalid again.
            None => self.reset(&place.value, span),
        }
        Ok(place)
    }

    /// Gives the variables of an instance that is applied again what they start with.
    pub(super) fn restart_locals(&mut self, locals: &'a [ast::Declaration]) -> Result<()> {
        for local in locals {
            let DeclarationKind::Variable(variable) = &local.kind else { continue };
            let Some(binding) = self.frame.scope.own_binding(&variable.name.text) else { continue };
            // What it starts with is computed before it has its name, which may be that of a parameter.
            let before = Scope::inside(&self.frame.scope, binding.order());
            let Entity::Value(place) = binding.entity else { continue };
            match &variable.value {
                Some(value) => {
                    let value = self.in_scope(&before, |this| this.expr_of(value, &place.ty))?;
                    self.assign(&place, &value, local.span)?;
                }
                None => self.reset(&place.value, local.span),
            }
        }
        Ok(())
    }

    fn declare_instance(
        &mut self,
        instantiation: &'a ast::Instantiation,
        annotations: &'a [ast::Annotation],
        span: Span,
    ) -> Result<()> {
        if let ast::TypeKind::Named { path, arguments: types } = &instantiation.ty.kind
            && let Some((package, BlockKind::Package)) = self.block_type(path.name.as_str())
        {
            if self.frame.site != Site::Global {
                self.declare_wrong(&instantiation.name);
                return self.misplaced(
                    "an instance of a package",
                    instantiation.ty.span,
                    "packages are made at the top level",
                );
            }
            // What it is made of is checked with `main`, or here for a package that is a part of another.
            let made = self.overload(
                Entity::BlockType(package, BlockKind::Package),
                &instantiation.arguments,
                instantiation.ty.span,
            );
            let checked = match (instantiation.name.as_str(), made) {
                ("main", _) => Ok(()),
                (_, Ok(Entity::BlockType(package, _))) => {
                    self.check_package(package, types, &instantiation.arguments, span)
                }
                (_, other) => other.map(|_| ()),
            };
            let ty = Type::Block(path.name.text.clone());
            self.declare(&instantiation.name, Entity::Value(Operand::new(Value::Nothing, ty)))?;
            return checked;
        }
        let made = self.descend(span, |this| {
            this.instantiate(
                &instantiation.ty,
                &instantiation.arguments,
                &instantiation.name,
                annotations,
                span,
            )
        });
        match made {
            Ok(operand) if self.frame.site == Site::Global && matches!(operand.ty, Type::Block(_)) => {
                self.declare_wrong(&instantiation.name);
                self.fail(
                    Diagnostic::error(format!("`{}` cannot be made at the top level", operand.ty))
                        .at(span, "a parser or control with a name")
                        .help("make it where the package is made, `V1Switch(MyParser(), ...) main;`, or in a control or parser"),
                )
            }
            Ok(operand) => {
                self.declare(&instantiation.name, Entity::Value(operand.clone()))?;
                self.abstract_methods(instantiation, &operand)
            }
            Err(reported) => {
                self.declare_wrong(&instantiation.name);
                Err(reported)
            }
        }
    }

    /// Refuses a declaration or statement where it cannot stand.
    pub(super) fn misplaced<T>(&mut self, what: &str, span: Span, where_it_goes: &str) -> Result<T> {
        self.fail(Diagnostic::error(format!("{what} cannot stand here")).at(span, "").help(where_it_goes))
    }
}

/// The name of what the top level declares, but for instances.
fn top_level_name(kind: &DeclarationKind) -> Option<&ast::Name> {
    match kind {
        DeclarationKind::Constant(constant) => Some(&constant.name),
        DeclarationKind::Record(record) => Some(&record.name),
        DeclarationKind::Enum(written) => Some(&written.name),
        DeclarationKind::Alias(alias) => Some(&alias.name),
        DeclarationKind::ParserType(ty)
        | DeclarationKind::ControlType(ty)
        | DeclarationKind::PackageType(ty) => Some(&ty.name),
        other => declared_name(other),
    }
}

/// The name of what can be deprecated.
fn declared_name(kind: &DeclarationKind) -> Option<&ast::Name> {
    match kind {
        DeclarationKind::ExternFunction(prototype) => Some(&prototype.name),
        DeclarationKind::Function(function) => Some(&function.prototype.name),
        DeclarationKind::ExternObject(object) => Some(&object.name),
        DeclarationKind::Parser(parser) => Some(&parser.ty.name),
        DeclarationKind::Control(control) => Some(&control.ty.name),
        DeclarationKind::Action(action) => Some(&action.name),
        _ => None,
    }
}
