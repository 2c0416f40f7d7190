//! Type inference for calls of generic declarations (section 8.20).
//!
//! The type parameters of what is called become fresh [`Type::Variable`]s; each argument's type is laid over its
//! parameter's, which tells what they are. Whether the argument really fits is said by the conversion that follows.

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span};

use super::{Elaborator, Result};
use crate::ast;
use crate::scope::Entity;
use crate::types::{ExternType, Type};

/// What is known of type variables.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    known: FxHashMap<u32, Type>,
}

impl Bindings {
    /// Learns what the variables in `pattern` are from a type that it should equal.
    pub(super) fn unify(&mut self, pattern: &Type, ty: &Type) {
        match (pattern, ty) {
            (_, Type::Default | Type::Invalid | Type::DontCare) => {}
            (Type::Variable(number, _), _) if pattern != ty => match self.known.get(number) {
                // An integer literal takes the type of what stands beside it.
                None | Some(Type::Int) => {
                    self.known.insert(*number, ty.clone());
                }
                Some(known) => {
                    let known = known.clone();
                    self.unify(&known, ty);
                }
            },
            (Type::Tuple(parts), Type::Tuple(others)) => {
                for (part, other) in parts.iter().zip(others.iter()) {
                    self.unify(part, other);
                }
            }
            (Type::List(part), Type::List(other)) | (Type::Stack(part, _), Type::Stack(other, _)) => {
                self.unify(part, other);
            }
            (Type::Record(record), Type::Record(other)) if record.declaration == other.declaration => {
                for (part, other) in record.arguments.iter().zip(&other.arguments) {
                    self.unify(part, other);
                }
            }
            (Type::Record(record), Type::Tuple(parts)) => {
                for (field, other) in record.fields.iter().zip(parts.iter()) {
                    self.unify(&field.ty, other);
                }
            }
            (Type::Record(record), Type::RecordLiteral(fields)) => {
                for (name, other) in fields.iter() {
                    if let Some((_, field)) = record.field(name) {
                        self.unify(&field.ty, other);
                    }
                }
            }
            (Type::Extern(of), Type::Extern(other)) if of.name == other.name => {
                for (part, other) in of.arguments.iter().zip(&other.arguments) {
                    self.unify(part, other);
                }
            }
            _ => {}
        }
    }
}

impl<'a> Elaborator<'a> {
    /// Declares type parameters in the current scope: as the arguments given, or else as variables to be found.
    pub(super) fn declare_type_parameters(
        &mut self,
        parameters: &'a [ast::Name],
        arguments: Option<Vec<Type>>,
        span: Span,
    ) -> Result<Vec<Type>> {
        if let Some(given) = &arguments
            && given.len() != parameters.len()
        {
            let (wanted, given) = (parameters.len(), given.len());
            return self.fail(
                Diagnostic::error(format!("{given} type arguments for {wanted} type parameters"))
                    .at(span, "")
                    .help(format!("give {wanted}, or none where they can be inferred")),
            );
        }
        let mut types = Vec::with_capacity(parameters.len());
        for (i, parameter) in parameters.iter().enumerate() {
            let ty = match arguments.as_ref().and_then(|all| all.get(i)) {
                Some(ty) => ty.clone(),
                None => self.fresh_variable(&parameter.text),
            };
            self.declare(parameter, Entity::Type(ty.clone()))?;
            types.push(ty);
        }
        Ok(types)
    }

    /// A type with what is known of its variables filled in; the others stay.
    pub(super) fn substitute(&mut self, ty: &Type, bindings: &Bindings) -> Result<Type> {
        Ok(match ty {
            Type::Variable(number, _) => match bindings.known.get(number) {
                Some(known) if known != ty => {
                    let known = known.clone();
                    self.descend_type(&known, bindings)?
                }
                _ => ty.clone(),
            },
            Type::Tuple(parts) => {
                let parts: Result<Vec<_>> =
                    parts.iter().map(|part| self.substitute(part, bindings)).collect();
                Type::Tuple(parts?.into())
            }
            Type::List(element) => Type::List(self.substitute(element, bindings)?.into()),
            Type::Stack(element, size) => Type::Stack(self.substitute(element, bindings)?.into(), *size),
            Type::Extern(of) if !of.arguments.is_empty() => {
                let arguments: Result<Vec<_>> =
                    of.arguments.iter().map(|part| self.substitute(part, bindings)).collect();
                Type::Extern(ExternType { name: of.name.clone(), arguments: arguments? }.into())
            }
            Type::Record(record) if !record.arguments.is_empty() => {
                let arguments: Result<Vec<_>> =
                    record.arguments.iter().map(|part| self.substitute(part, bindings)).collect();
                match self.globals.look_up(&record.name).map(|binding| binding.entity) {
                    Some(Entity::Record(written, number)) if number == record.declaration => {
                        Type::Record(self.instantiate_record(written, number, arguments?)?)
                    }
                    _ => ty.clone(),
                }
            }
            other => other.clone(),
        })
    }

    /// What a variable stands for may hold variables itself.
    fn descend_type(&mut self, ty: &Type, bindings: &Bindings) -> Result<Type> {
        if self.depth > crate::bounds::CALLS {
            return Ok(ty.clone());
        }
        self.depth += 1;
        let result = self.substitute(ty, bindings);
        self.depth -= 1;
        result
    }

    /// A type without variables, or an error that says which one could not be inferred.
    pub(super) fn inferred(&mut self, ty: &Type, bindings: &Bindings, span: Span) -> Result<Type> {
        let ty = self.substitute(ty, bindings)?;
        match variable_in(&ty) {
            None => Ok(ty),
            Some(name) => self.fail(
                Diagnostic::error(format!("the type `{name}` cannot be inferred here"))
                    .at(span, "")
                    .help(format!("say what it is: `<type of {name}>` before the arguments")),
            ),
        }
    }
}

/// The name of a type variable in a type.
pub(super) fn variable_in(ty: &Type) -> Option<&str> {
    match ty {
        Type::Variable(_, name) => Some(name),
        Type::Tuple(parts) => parts.iter().find_map(variable_in),
        Type::List(element) | Type::Stack(element, _) => variable_in(element),
        Type::Record(record) => record.arguments.iter().find_map(variable_in),
        Type::Extern(of) => of.arguments.iter().find_map(variable_in),
        _ => None,
    }
}
