//! Externs that v1model does not have: what uses them is checked like everything else, and runs nowhere.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span};

use super::arguments::signature;
use super::unify::variable_in;
use super::{Elaborator, Purpose, Result, Site};
use crate::ast::{self, DeclarationKind};
use crate::scope::{Entity, Scope};
use crate::types::{ExternType, Type};
use crate::value::{ExternKind, ExternObject, Object, Operand, Value};

impl<'a> Elaborator<'a> {
    /// Whether the code that is being elaborated runs nowhere: it only has to be right.
    pub(super) fn checks_only(&self) -> bool {
        self.purpose == Purpose::Check || self.frame.site == Site::Any
    }

    /// A call of an extern that only its declaration tells about.
    pub(super) fn foreign_call(
        &mut self,
        name: &str,
        at: Span,
        result: &Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        let made = self.value_to_check(result, span)?;
        if self.checks_only() {
            return Ok(made);
        }
        self.fail(
            Diagnostic::error(format!("the extern `{name}` is not one that v1model has"))
                .at(at, "only its declaration is known, not what it does")
                .help("use the externs of v1model.p4 and sluice.p4; `sluice p4 check` takes programs with others"),
        )
    }

    /// Any value of that type: what the code around it does is not looked at.
    pub(super) fn value_to_check(&mut self, ty: &Type, span: Span) -> Result<Operand<'a>> {
        if let Some(name) = variable_in(ty) {
            let help = format!("say what it is: `<type of {name}>` before the arguments");
            return self.fail(
                Diagnostic::error(format!("the type `{name}` cannot be inferred here"))
                    .at(span, "")
                    .help(help),
            );
        }
        match ty {
            Type::Void => Ok(Operand::nothing()),
            Type::Extern(of) => Ok(Self::foreign_object(of, span)),
            Type::String => Ok(Operand::new(Value::String("".into()), Type::String)),
            ty if ty.is_storable() => {
                let made = self.temporary(ty, span)?;
                Ok(made.read_only())
            }
            other => {
                let value = self.default_value(other, span)?;
                Ok(Operand::new(value, other.clone()))
            }
        }
    }

    /// An instance that nobody made, such as a parameter of an extern's type.
    pub(super) fn foreign_object(of: &Rc<ExternType>, span: Span) -> Operand<'a> {
        let object = ExternObject { kind: ExternKind::Foreign(of.name.clone()), span };
        Operand::new(Value::Object(Object::Extern(Rc::new(object))), Type::Extern(of.clone()))
    }

    /// Checks what supplies the abstract methods of an instance (section 11.3.1): one function for each of them. `made` is
    /// the instance, which they know as `this`.
    pub(super) fn abstract_methods(
        &mut self,
        instantiation: &'a ast::Instantiation,
        made: &Operand<'a>,
    ) -> Result<()> {
        let methods = self.methods_of(&made.ty);
        let wanted: Vec<&'a ast::Method> = methods.into_iter().filter(|method| method.is_abstract).collect();
        let given = instantiation.initializer.as_deref().unwrap_or(&[]);
        let name = &instantiation.name;
        let mut known: FxHashMap<&str, &'a ast::Function> = FxHashMap::default();
        for declaration in given {
            if let DeclarationKind::Function(function) = &declaration.kind {
                known.insert(function.prototype.name.as_str(), function);
            }
        }
        let mut failed = None;
        for method in &wanted {
            let prototype = &method.prototype;
            let fits = known
                .get(prototype.name.as_str())
                .is_some_and(|function| function.prototype.parameters.len() == prototype.parameters.len());
            if !fits {
                let form = format!("{}{}", prototype.name, signature(&prototype.parameters));
                failed = Some(
                    self.error(
                        Diagnostic::error(format!("`{name}` has no body for the abstract method `{form}`"))
                            .at(name.span, "")
                            .also(method.span, "declared here")
                            .help(
                                "write it behind the name: `Type(...) name = { type method(...) { ... } };`",
                            ),
                    ),
                );
            }
        }
        for function in known.values() {
            let name = &function.prototype.name;
            if !wanted.iter().any(|method| method.prototype.name == *name) {
                let ty = &made.ty;
                failed = Some(
                    self.error(
                        Diagnostic::error(format!("`{ty}` has no abstract method `{name}`"))
                            .at(name.span, "")
                            .help("only abstract methods get their body from the instance"),
                    ),
                );
            }
        }
        for method in &wanted {
            if let Some(function) = known.get(method.prototype.name.as_str()) {
                failed = self.check_body_of(method, &function.prototype, &made.ty).err().or(failed);
            }
        }
        match failed {
            Some(reported) => Err(reported),
            None if given.is_empty() => Ok(()),
            None => self.method_bodies(given, made, name.span),
        }
    }

    /// Only an instance that is declared can supply what its abstract methods do.
    pub(super) fn no_abstract_methods(&mut self, made: &Operand<'a>, span: Span) -> Result<()> {
        let methods = self.methods_of(&made.ty);
        match methods.iter().find(|method| method.is_abstract) {
            None => Ok(()),
            Some(method) => self.fail(
                Diagnostic::error(format!(
                    "this `{}` has no body for the abstract method `{}`",
                    made.ty, method.prototype.name
                ))
                .at(span, "")
                .also(method.span, "declared here")
                .help("declare an instance with its methods, `Type(...) name = { ... };`, and give its name"),
            ),
        }
    }

    /// The body of an abstract method takes and gives what the method does.
    fn check_body_of(&mut self, method: &'a ast::Method, body: &'a ast::Prototype, of: &Type) -> Result<()> {
        let wanted = &method.prototype;
        if !wanted.type_parameters.is_empty() || wanted.parameters.len() != body.parameters.len() {
            return Ok(());
        }
        let scope = Scope::inside(&self.globals, u32::MAX);
        if let Type::Extern(of) = of
            && let Some(Entity::Extern(object)) = self.globals.look_up(&of.name).map(|binding| binding.entity)
        {
            let arguments = Some(of.arguments.clone());
            self.in_scope(&scope, |this| {
                this.declare_type_parameters(&object.type_parameters, arguments, body.name.span)
            })?;
        }
        let pairs = std::iter::once((&wanted.return_type, &body.return_type, None)).chain(
            wanted.parameters.iter().zip(&body.parameters).map(|(wanted, body)| {
                (&wanted.ty, &body.ty, (wanted.direction != body.direction).then_some(body.span))
            }),
        );
        for (wanted, written, other_direction) in pairs {
            let expected = self.in_scope(&scope, |this| this.resolve_type(wanted))?;
            let found = self.resolve_type(written)?;
            if expected != found || other_direction.is_some() {
                let name = &body.name;
                return self.fail(
                    Diagnostic::error(format!("`{name}` is not as the abstract method is declared"))
                        .at(other_direction.unwrap_or(written.span), "")
                        .also(method.span, "declared here")
                        .help(format!("`{expected}` is meant here, with the direction of the declaration")),
                );
            }
        }
        Ok(())
    }

    fn methods_of(&self, ty: &Type) -> Vec<&'a ast::Method> {
        let Type::Extern(of) = ty else { return Vec::new() };
        match self.globals.look_up(&of.name).map(|binding| binding.entity) {
            Some(Entity::Extern(object)) => object.methods.iter().collect(),
            _ => Vec::new(),
        }
    }

    fn method_bodies(&mut self, given: &'a [ast::Declaration], made: &Operand<'a>, span: Span) -> Result<()> {
        let scope = Scope::inside(&self.frame.scope, u32::MAX);
        self.instances.push(scope.clone());
        let this = ast::Name::new("this", span);
        self.in_scope(&scope, |inner| inner.declare(&this, Entity::Value(made.clone())))?;
        let mut failed = None;
        for declaration in given {
            let done = self.in_scope(&scope, |inner| match &declaration.kind {
                DeclarationKind::Function(function) => {
                    inner.nested(|inner| inner.method_body(function, &scope)).0
                }
                _ => inner.declaration(declaration),
            });
            failed = done.err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    fn method_body(&mut self, function: &'a ast::Function, outer: &Rc<Scope<'a>>) -> Result<()> {
        let prototype = &function.prototype;
        let scope = Scope::inside(outer, u32::MAX);
        self.instances.push(scope.clone());
        let span = prototype.name.span;
        self.descend(span, |this| this.check_body(prototype, &function.body, scope, "a method", span))
    }
}
