//! What declarations take, checked where it is written: names, directions, types and default values of parameters (section
//! 6.8). What nobody calls is checked, too.

use sluice_diagnostics::Diagnostic;

use super::annotations::find;
use super::unify::variable_in;
use super::{Elaborator, Result};
use crate::ast::{self, Direction};
use crate::scope::{BlockKind, Entity, Scope};
use crate::types::Type;

/// Whose parameters are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// An action's: some are the control plane's.
    Action,
    /// A package's: it is made of parsers, controls and other packages.
    Package,
    /// A parser's, its constructor's included.
    Parser,
    /// A control's, its constructor's included.
    Control,
    /// Those of a function, method or constructor of an extern.
    Function,
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
        for method in &object.methods {
            for parameter in &method.prototype.parameters {
                if let ast::TypeKind::Named { path, .. } = &parameter.ty.kind
                    && path.name == object.name
                {
                    self.error(
                        Diagnostic::error(format!("a method of `{}` cannot take one itself", object.name))
                            .at(parameter.ty.span, "")
                            .help("pass it to the constructor of another extern, or to a function"),
                    );
                }
            }
        }
        self.with_type_parameters(&object.type_parameters, |this| {
            for constructor in &object.constructors {
                this.check_parameters(&[&constructor.parameters], Owner::Function);
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
            this.check_parameters(&[&prototype.parameters], Owner::Function);
        });
    }

    /// A parser, control or package, or the type of one.
    pub(super) fn check_block_type(
        &mut self,
        ty: &'a ast::BlockType,
        kind: BlockKind,
        constructor_parameters: &'a [ast::Parameter],
    ) {
        let owner = match kind {
            BlockKind::Parser => Owner::Parser,
            BlockKind::Control => Owner::Control,
            BlockKind::Package => Owner::Package,
        };
        for parameter in constructor_parameters.iter().chain(&ty.parameters) {
            if let Some(same) = ty.type_parameters.iter().find(|name| **name == parameter.name) {
                self.error(
                    Diagnostic::error(format!("`{}` is declared twice", parameter.name))
                        .at(parameter.name.span, "a parameter")
                        .also(same.span, "a type parameter, too")
                        .help("give one of them another name"),
                );
            }
        }
        self.with_type_parameters(&ty.type_parameters, |this| {
            this.check_parameters(&[constructor_parameters, &ty.parameters], owner);
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
                let _ = this.declare(name, Entity::Type(variable));
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

    /// Instances are parameters where they can be passed, and used: parsers of parsers, controls of controls, externs of both.
    fn fits_owner(&mut self, parameter: &'a ast::Parameter, ty: &Type, owner: Owner) -> Result<()> {
        let ast::TypeKind::Named { path, .. } = &parameter.ty.kind else { return Ok(()) };
        let (entity, declared) = self.resolve(path, "type")?;
        let word = match entity {
            Entity::Control(_) => "control",
            Entity::Parser(_) => "parser",
            Entity::BlockType(_, kind) => {
                let fits = match owner {
                    Owner::Package => true,
                    Owner::Parser => kind == BlockKind::Parser,
                    Owner::Control => kind == BlockKind::Control,
                    Owner::Action | Owner::Function => false,
                };
                return if fits { Ok(()) } else { self.wrong_owner(parameter, ty) };
            }
            Entity::Extern(_) if owner == Owner::Action => return self.wrong_owner(parameter, ty),
            _ => return Ok(()),
        };
        self.fail(
            Diagnostic::error(format!("a parameter cannot be of the type of the {word} `{}`", path.name))
                .at(parameter.ty.span, "")
                .also(declared, "this one has a body")
                .help(format!("declare the type without a body, `{word} Name(...);`, and name that")),
        )
    }

    fn wrong_owner(&mut self, parameter: &'a ast::Parameter, ty: &Type) -> Result<()> {
        self.fail(
            Diagnostic::error(format!("the parameter `{}` cannot be of type `{ty}` here", parameter.name))
                .at(parameter.ty.span, "")
                .help("parsers take instances of parsers and externs, controls those of controls and externs, functions of externs; actions take none"),
        )
    }

    fn check_parameter(&mut self, parameter: &'a ast::Parameter, owner: Owner) -> Result<()> {
        let ty = self.resolve_type(&parameter.ty)?;
        self.fits_owner(parameter, &ty, owner)?;
        let name = &parameter.name;
        if parameter.default.is_some() && find(&parameter.annotations, "optional").is_some() {
            return self.fail(
                Diagnostic::error(format!("the parameter `{name}` is optional, and has a default value"))
                    .at(parameter.span, "")
                    .help("remove `@optional`: with a default value, the argument may be left out anyway"),
            );
        }
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
