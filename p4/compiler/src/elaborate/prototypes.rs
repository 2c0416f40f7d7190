//! What declarations take, checked where it is written: names, directions, types and default values of parameters (section
//! 6.8). What nobody calls is checked, too.

use sluice_diagnostics::Diagnostic;

use super::unify::variable_in;
use super::{Elaborator, Result};
use crate::ast::{self, Direction};
use crate::scope::Scope;
use crate::types::Type;

/// Whose parameters are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// An action's: some are the control plane's.
    Action,
    /// Those of a parser, control, package, function, method or constructor.
    Other,
}

impl<'a> Elaborator<'a> {
    /// An extern's constructors and methods.
    pub(super) fn check_extern(&mut self, object: &'a ast::ExternObject) {
        for method in &object.methods {
            for parameter in &method.prototype.type_parameters {
                let outer = object.type_parameters.iter().find(|outer| outer.text == parameter.text);
                if let Some(outer) = outer {
                    self.warn(
                        Diagnostic::warning(format!(
                            "the method's type parameter `{parameter}` hides the extern's"
                        ))
                        .at(parameter.span, "in this method, it is this")
                        .also(outer.span, "for the whole extern here")
                        .help("give one of them another name, or leave out the method's"),
                    );
                }
            }
        }
        self.check_same_methods(object);
        self.with_type_parameters(&object.type_parameters, |this| {
            for constructor in &object.constructors {
                this.check_parameters(&[&constructor.parameters], Owner::Other);
            }
            for method in &object.methods {
                this.check_prototype(&method.prototype);
            }
        });
    }

    /// Methods and constructors that no call could tell apart.
    fn check_same_methods(&mut self, object: &'a ast::ExternObject) {
        let constructors = object.constructors.iter().map(|it| (&it.name, it.parameters.as_slice()));
        let methods =
            object.methods.iter().map(|it| (&it.prototype.name, it.prototype.parameters.as_slice()));
        let all: Vec<(&ast::Name, &[ast::Parameter])> = constructors.chain(methods).collect();
        for (i, (name, parameters)) in all.iter().enumerate() {
            let before = all
                .iter()
                .take(i)
                .find(|(other, names)| other == name && super::overloads::same_names(names, parameters));
            if let Some((before, _)) = before {
                let form = super::arguments::signature(parameters);
                self.error(
                    Diagnostic::error(format!("`{name}{form}` is declared twice"))
                        .at(name.span, "declared again here")
                        .also(before.span, "declared here already")
                        .help("overloads differ in the number or the names of their parameters"),
                );
            }
        }
    }

    /// A function or method.
    pub(super) fn check_prototype(&mut self, prototype: &'a ast::Prototype) {
        self.with_type_parameters(&prototype.type_parameters, |this| {
            // What is wrong is reported.
            let _ = this.resolve_type(&prototype.return_type);
            this.check_parameters(&[&prototype.parameters], Owner::Other);
        });
    }

    /// A parser, control or package, or the type of one.
    pub(super) fn check_block_type(
        &mut self,
        ty: &'a ast::BlockType,
        constructor_parameters: &'a [ast::Parameter],
    ) {
        self.with_type_parameters(&ty.type_parameters, |this| {
            this.check_parameters(&[constructor_parameters, &ty.parameters], Owner::Other);
        });
    }

    /// An action.
    pub(super) fn check_action_parameters(&mut self, action: &'a ast::Action) {
        self.check_parameters(&[&action.parameters], Owner::Action);
    }

    fn with_type_parameters(&mut self, names: &'a [ast::Name], f: impl FnOnce(&mut Self)) {
        let scope = Scope::inside(&self.frame.scope, u32::MAX);
        self.in_scope(&scope, |this| {
            for name in names {
                let variable = this.fresh_variable(&name.text);
                // A name that is there twice is reported.
                let _ = this.declare(name, crate::scope::Entity::Type(variable));
            }
            f(this);
        });
    }

    fn check_parameters(&mut self, lists: &[&'a [ast::Parameter]], owner: Owner) {
        let all: Vec<&'a ast::Parameter> = lists.iter().flat_map(|list| list.iter()).collect();
        for (i, parameter) in all.iter().enumerate() {
            let before = all.iter().take(i).find(|other| other.name == parameter.name);
            if let Some(before) = before {
                self.error(
                    Diagnostic::error(format!("`{}` is declared twice", parameter.name))
                        .at(parameter.name.span, "declared again here")
                        .also(before.name.span, "already a parameter here")
                        .help("give one of them another name"),
                );
            }
            // What is wrong is reported; the next one is looked at for its errors.
            let _ = self.check_parameter(parameter, owner);
        }
    }

    fn check_parameter(&mut self, parameter: &'a ast::Parameter, owner: Owner) -> Result<()> {
        let ty = self.resolve_type(&parameter.ty)?;
        let name = &parameter.name;
        let word = match parameter.direction {
            Some(Direction::In) => "in",
            Some(Direction::Out) => "out",
            Some(Direction::InOut) => "inout",
            None => "",
        };
        match (&ty, parameter.direction) {
            (Type::Extern(_) | Type::Block(_), Some(_)) => {
                return self.fail(
                    Diagnostic::error(format!("the parameter `{name}` is an instance, and has no direction"))
                        .at(parameter.span, format!("of type `{ty}`"))
                        .help(format!("remove `{word}`: instances are not copied")),
                );
            }
            (Type::Int | Type::String, Some(_)) => {
                return self.fail(
                    Diagnostic::error(format!("the parameter `{name}` of type `{ty}` has no direction"))
                        .at(parameter.span, "it is known at compile time")
                        .help(format!("remove `{word}`, or give it a type with a width, such as `bit<32>`")),
                );
            }
            (Type::Int, None) if owner == Owner::Action => {
                return self.fail(
                    Diagnostic::error(format!("the parameter `{name}` of an action needs a width"))
                        .at(parameter.span, "`int` has none")
                        .help("write `bit<W>` or `int<W>`"),
                );
            }
            _ => {}
        }
        let Some(default) = &parameter.default else { return Ok(()) };
        if matches!(parameter.direction, Some(Direction::Out | Direction::InOut)) {
            return self.fail(
                Diagnostic::error(format!("the `{word}` parameter `{name}` cannot have a default value"))
                    .at(default.span, "")
                    .help("what a callee writes needs a place: remove the value, or the direction"),
            );
        }
        if matches!(ty, Type::Extern(_) | Type::Block(_)) || variable_in(&ty).is_some() {
            return Ok(());
        }
        self.nested(|this| this.constant_of_type(default, &ty)).0.map(|_| ())
    }
}
