//! Calls: of functions, actions, built-in methods, methods of externs, and `apply`.

use std::ops::RangeInclusive;

use num_traits::ToPrimitive;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_ir as ir;
use sluice_ir::StatementKind;

use super::arguments::{Callee, accepts, signature};
use super::instances::InstanceName;
use super::unify::Bindings;
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind};
use crate::bounds;
use crate::scope::{Entity, Scope};
use crate::types::{ExternType, Type};
use crate::value::{ExternObject, Object, Operand, Value};

impl<'a> Elaborator<'a> {
    /// `callee<types>(arguments)`
    pub(super) fn call(
        &mut self,
        callee: &'a ast::Expr,
        type_arguments: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        match &callee.kind {
            ExprKind::Path(path) => {
                let (entity, declared) = self.resolve(path, "function")?;
                if matches!(entity, Entity::Functions(_) | Entity::Action(_)) {
                    self.no_default_arguments(arguments)?;
                }
                match entity {
                    Entity::Functions(overloads) => {
                        self.call_function(&path.name, &overloads, type_arguments, arguments, span)
                    }
                    Entity::Action(action) => match type_arguments.first() {
                        Some(first) => self.fail(
                            Diagnostic::error(format!("the action `{}` has no type parameters", path.name))
                                .at(first.span, "")
                                .also(declared, "declared here")
                                .help(format!("write `{}(...)`", path.name)),
                        ),
                        None => self.call_action(&action, arguments, span),
                    },
                    // An instance without a name: an argument of a constructor, or what a method is called of.
                    Entity::Extern(_)
                    | Entity::Control(_)
                    | Entity::Parser(_)
                    | Entity::Type(Type::Extern(_)) => {
                        let name = path.name.as_str();
                        let name = InstanceName { name, annotations: &[], in_place: false };
                        let made = self.construct(path, type_arguments, arguments, name, span)?;
                        self.no_abstract_methods(&made, span)?;
                        Ok(made)
                    }
                    Entity::Value(operand) => self.fail(
                        Diagnostic::error(format!("`{}` cannot be called", path.name))
                            .at(path.span, format!("this is `{}`", operand.ty))
                            .also(declared, "declared here")
                            .help(match operand.value {
                                Value::Object(Object::Table(_) | Object::Control(_) | Object::Parser(_)) => {
                                    format!("write `{}.apply(...)`", path.name)
                                }
                                Value::Object(_) => {
                                    format!("call one of its methods: `{}.method(...)`", path.name)
                                }
                                _ => "only functions, actions and methods can be called".to_string(),
                            }),
                    ),
                    other => self.fail(
                        Diagnostic::error(format!(
                            "`{}` is {}, and cannot be called here",
                            path.name,
                            other.noun()
                        ))
                        .at(path.span, "")
                        .also(declared, "declared here")
                        .help("instances are made by declarations: `Type(arguments) name;`"),
                    ),
                }
            }
            ExprKind::Member { base, member } => {
                self.no_default_arguments(arguments)?;
                self.call_method(base, member, type_arguments, arguments, span)
            }
            _ => self.fail(
                Diagnostic::error("this cannot be called")
                    .at(callee.span, "")
                    .help("only functions, actions and methods can be called"),
            ),
        }
    }

    fn call_method(
        &mut self,
        base: &'a ast::Expr,
        member: &'a ast::Name,
        type_arguments: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        if let Some(path) = Self::callee_path(base)
            && let Entity::Type(ty) = self.resolve(path, "name")?.0
        {
            return match self.size_method(&ty, member, arguments, span)? {
                Some(size) => Ok(size),
                None => {
                    self.no_method(&format!("the type `{ty}`"), member, &["minSizeInBits", "minSizeInBytes"])
                }
            };
        }
        let operand = self.expr(base)?;
        match &operand.value {
            Value::Object(Object::Table(table)) => {
                if member.as_str() != "apply" {
                    return self.no_method("a table", member, &["apply"]);
                }
                let table = table.clone();
                self.no_arguments(arguments, "apply")?;
                self.apply_table(&table, None, None, span)?;
                Ok(Operand::nothing())
            }
            Value::Object(Object::Control(control)) => {
                if member.as_str() != "apply" {
                    return self.no_method("a control", member, &["apply"]);
                }
                let control = control.clone();
                self.apply_control(&control, arguments, span)
            }
            Value::Object(Object::Parser(parser)) => {
                if member.as_str() != "apply" {
                    return self.no_method("a parser", member, &["apply"]);
                }
                let parser = parser.clone();
                self.apply_parser(&parser, arguments, span)
            }
            Value::Object(Object::Extern(object)) => {
                let (object, ty) = (object.clone(), operand.ty.clone());
                match ty {
                    Type::Extern(ty) => {
                        self.call_extern_method(&object, &ty, member, type_arguments, arguments, span)
                    }
                    _ => Err(super::Reported),
                }
            }
            Value::Object(Object::ValueSet(_)) => self.no_method("a value set", member, &[]),
            _ => self.built_in_method(&operand, member, arguments, span),
        }
    }

    fn no_default_arguments(&mut self, arguments: &[ast::Argument]) -> Result<()> {
        arguments.iter().try_for_each(|argument| self.no_defaults(&argument.value, "the argument of a call"))
    }

    fn no_method<T>(&mut self, what: &str, member: &ast::Name, methods: &[&str]) -> Result<T> {
        let mut methods = methods.to_vec();
        methods.dedup();
        let help = match closest(member.as_str(), methods.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None if methods.is_empty() => "it has no methods".to_string(),
            None => format!("it has {}", super::convert::enumeration(methods.iter().copied())),
        };
        self.fail(
            Diagnostic::error(format!("{what} has no method `{member}`")).at(member.span, "").help(help),
        )
    }

    fn no_arguments(&mut self, arguments: &[ast::Argument], method: &str) -> Result<()> {
        match arguments.first() {
            None => Ok(()),
            Some(argument) => self.fail(
                Diagnostic::error(format!("`{method}` takes no arguments here"))
                    .at(argument.value.span, "")
                    .help(format!("write `{method}()`")),
            ),
        }
    }

    /// Methods of headers, unions and stacks (sections 8.17 to 8.20).
    fn built_in_method(
        &mut self,
        operand: &Operand<'a>,
        member: &'a ast::Name,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        let methods: &[&str] = match &operand.value {
            Value::Header(_) | Value::HeaderLiteral(_) | Value::Invalid => {
                &["isValid", "setValid", "setInvalid"]
            }
            Value::Union(_) => &["isValid"],
            Value::Stack(_) | Value::UnionStack(_) => &["push_front", "pop_front"],
            _ => &[],
        };
        if let Some(size) = self.size_method(&operand.ty, member, arguments, span)? {
            return Ok(size);
        }
        if !methods.contains(&member.as_str()) {
            return self.no_method(&format!("a value of type `{}`", operand.ty), member, methods);
        }
        if member.as_str() == "isValid" {
            self.no_arguments(arguments, "isValid")?;
            let valid = self.validity(&operand.value, span);
            return Ok(Operand::new(Value::Scalar(valid), Type::Bool));
        }
        if !operand.writable {
            return self.fail(
                Diagnostic::error(format!("`{member}` changes a value that is only read here"))
                    .at(span, "")
                    .help("use an `inout` parameter or a variable"),
            );
        }
        if let Some(place) = &operand.place {
            return self.method_of_chosen(&place.clone(), span, |this, element| {
                this.built_in_method(element, member, arguments, span)
            });
        }
        match (&operand.value, member.as_str()) {
            (Value::Header(header), name) => {
                self.no_arguments(arguments, name)?;
                let kind = if name == "setValid" {
                    StatementKind::SetValid(*header)
                } else {
                    StatementKind::SetInvalid(*header)
                };
                self.emit(kind, span);
            }
            (Value::Stack(stack), name) => self.shift_stacks(&[*stack], name, arguments, span)?,
            (Value::UnionStack(stacks), name) => self.shift_stacks(&stacks.clone(), name, arguments, span)?,
            _ => return Err(super::Reported),
        }
        Ok(Operand::nothing())
    }

    fn shift_stacks(
        &mut self,
        stacks: &[ir::Handle<ir::Stack>],
        method: &str,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<()> {
        let [argument] = arguments else {
            return self.fail(
                Diagnostic::error(format!("`{method}` takes one argument"))
                    .at(span, "")
                    .help(format!("write by how many elements: `{method}(1)`")),
            );
        };
        let value = self.constant_integer(&argument.value)?;
        let by = self.small(&value, "a shift", bounds::STACK, argument.value.span)?;
        for stack in stacks {
            let kind = if method == "push_front" {
                StatementKind::PushFront(*stack, by)
            } else {
                StatementKind::PopFront(*stack, by)
            };
            self.emit(kind, span);
        }
        Ok(())
    }

    fn call_extern_method(
        &mut self,
        object: &ExternObject,
        ty: &ExternType,
        member: &'a ast::Name,
        type_arguments: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        let Some(Entity::Extern(declaration)) = self.globals.look_up(&ty.name).map(|binding| binding.entity)
        else {
            return Err(super::Reported);
        };
        let overloads: Vec<&'a ast::Method> =
            declaration.methods.iter().filter(|method| method.prototype.name == *member).collect();
        if overloads.is_empty() {
            let methods: Vec<&str> =
                declaration.methods.iter().map(|method| method.prototype.name.as_str()).collect();
            return self.no_method(&format!("`{}`", ty.name), member, &methods);
        }
        let fitting = overloads.iter().find(|method| accepts(&method.prototype.parameters, arguments));
        let Some(method) = fitting.or(overloads.first()).copied() else { return Err(super::Reported) };
        if fitting.is_none() && overloads.len() > 1 {
            let forms: Vec<String> =
                overloads.iter().map(|method| signature(&method.prototype.parameters)).collect();
            return self.fail(
                Diagnostic::error(format!("no form of `{member}` takes these arguments"))
                    .at(span, "")
                    .help(format!("its forms are {}", forms.join(" and "))),
            );
        }
        if let Some(annotation) = super::annotations::find(&method.annotations, "deprecated") {
            let advice = annotation.string().unwrap_or("use what its author recommends").to_string();
            self.warn(
                Diagnostic::warning(format!("`{}.{member}` is deprecated", ty.name))
                    .at(member.span, "")
                    .also(method.span, "declared here")
                    .help(advice),
            );
        }
        let scope = Scope::inside(&self.globals, u32::MAX);
        let mut bindings = Bindings::default();
        self.in_scope(&scope, |this| {
            this.declare_type_parameters(&declaration.type_parameters, Some(ty.arguments.clone()), span)
        })?;
        let prototype = &method.prototype;
        let scope = Scope::inside(&scope, u32::MAX);
        let variables = self.method_variables(prototype, type_arguments, &scope, span)?;
        let callee = Callee { name: member.as_str(), declared: method.span };
        let mut bound = self.bind(&prototype.parameters, arguments, &scope, callee, &mut bindings, span)?;
        let result = self.in_scope(&scope, |this| this.resolve_type(&prototype.return_type))?;
        let result = self.substitute(&result, &bindings)?;
        let mut types = Vec::with_capacity(variables.len());
        for variable in &variables {
            types.push(self.substitute(variable, &bindings)?);
        }
        let back = self.fix_places(&mut bound)?;
        let value = self.extern_method(object, member, &bound, &result, &types, span)?;
        for (to, from, at) in back {
            self.assign(&to, &from, at)?;
        }
        Ok(value)
    }

    fn method_variables(
        &mut self,
        prototype: &'a ast::Prototype,
        type_arguments: &'a [ast::Type],
        scope: &std::rc::Rc<Scope<'a>>,
        span: Span,
    ) -> Result<Vec<Type>> {
        let given = self.type_arguments(type_arguments)?;
        self.in_scope(scope, |this| this.declare_type_parameters(&prototype.type_parameters, given, span))
    }

    /// Type arguments as written; none where there were none.
    pub(super) fn type_arguments(&mut self, arguments: &'a [ast::Type]) -> Result<Option<Vec<Type>>> {
        if arguments.is_empty() {
            return Ok(None);
        }
        let types: Result<Vec<_>> = arguments.iter().map(|argument| self.resolve_type(argument)).collect();
        types.map(Some)
    }

    /// An argument that must be a number known at compile time.
    pub(super) fn constant_argument(
        &mut self,
        operand: &Operand<'a>,
        what: &str,
        bounds: RangeInclusive<u64>,
        span: Span,
    ) -> Result<u64> {
        self.require_constant(operand, span)?;
        let value = self.integer_value(operand).and_then(|value| value.to_u64());
        match value.filter(|value| bounds.contains(value)) {
            Some(value) => Ok(value),
            None => self.fail(
                Diagnostic::error(format!(
                    "{what} must be a number from {} to {}",
                    bounds.start(),
                    bounds.end()
                ))
                .at(span, "")
                .help("use a literal or a `const`"),
            ),
        }
    }
}
