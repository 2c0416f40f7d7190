//! Instances of externs, controls and parsers (section 11.3).

use std::cell::RefCell;
use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};

use super::annotations::{control_plane_name, find};
use super::arguments::{Bound, Callee, accepts};
use super::unify::{Bindings, variable_in};
use super::{Elaborator, Result, Site};
use crate::ast::{self, ExprKind};
use crate::scope::{Entity, Scope};
use crate::types::{ExternType, Type};
use crate::value::{ControlObject, Object, Operand, ParserObject, Value};

/// What an instance is to be called by the control plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct InstanceName<'n, 'x> {
    pub(super) name: &'n str,
    pub(super) annotations: &'x [ast::Annotation],
    /// Whether it is constructed as a table's property and named there: that name has no prefix.
    pub(super) in_place: bool,
}

impl<'a> Elaborator<'a> {
    /// `ty(arguments) name;`
    pub(super) fn instantiate(
        &mut self,
        ty: &'a ast::Type,
        arguments: &'a [ast::Argument],
        name: &ast::Name,
        annotations: &'a [ast::Annotation],
        span: Span,
    ) -> Result<Operand<'a>> {
        let ast::TypeKind::Named { path, arguments: types } = &ty.kind else {
            return self.misplaced(
                "an instance of this type",
                ty.span,
                "externs, controls and parsers have instances",
            );
        };
        let name = InstanceName { name: name.as_str(), annotations, in_place: false };
        self.construct(path, types, arguments, name, span)
    }

    /// A constructor call, as in a declaration or as a property's value.
    pub(super) fn construct(
        &mut self,
        path: &'a ast::Path,
        types: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        name: InstanceName<'_, 'a>,
        span: Span,
    ) -> Result<Operand<'a>> {
        let (entity, declared) = self.resolve(path, "type")?;
        self.warn_deprecated(path.name.as_str(), declared, path.span);
        match self.overload(entity, arguments, span)? {
            Entity::Extern(object) => {
                let given = self.type_arguments(types)?;
                self.construct_extern(object, given, arguments, name, span)
            }
            // `typedef` of an extern, with its type arguments or without any.
            Entity::Type(Type::Extern(of)) if types.is_empty() => {
                match self.globals.look_up(&of.name).map(|binding| binding.entity) {
                    Some(Entity::Extern(object)) => {
                        self.construct_extern(object, Some(of.arguments.clone()), arguments, name, span)
                    }
                    _ => Err(super::Reported),
                }
            }
            Entity::Control(control) => {
                let (scope, path) = self.instance_scope(
                    &control.ty,
                    &control.constructor_parameters,
                    types,
                    arguments,
                    name,
                    span,
                )?;
                self.place_instance(&path);
                let object = ControlObject { control, scope, path, span, bound: RefCell::new(None) };
                let ty = Type::Block(control.ty.name.text.clone());
                Ok(Operand::new(Value::Object(Object::Control(Rc::new(object))), ty))
            }
            Entity::Parser(parser) => {
                let (scope, path) = self.instance_scope(
                    &parser.ty,
                    &parser.constructor_parameters,
                    types,
                    arguments,
                    name,
                    span,
                )?;
                let object = ParserObject { parser, scope, path, span, bound: RefCell::new(None) };
                let ty = Type::Block(parser.ty.name.text.clone());
                Ok(Operand::new(Value::Object(Object::Parser(Rc::new(object))), ty))
            }
            other => self.fail(
                Diagnostic::error(format!("`{}` is {}, and has no instances", path.name, other.noun()))
                    .at(path.span, "")
                    .also(declared, "declared here")
                    .help("externs, controls and parsers have instances"),
            ),
        }
    }

    /// The scope of a control's or parser's instance, with type and constructor parameters, and its control-plane path.
    pub(super) fn instance_scope(
        &mut self,
        ty: &'a ast::BlockType,
        parameters: &'a [ast::Parameter],
        types: &'a [ast::Type],
        arguments: &'a [ast::Argument],
        name: InstanceName<'_, 'a>,
        span: Span,
    ) -> Result<(Rc<Scope<'a>>, Rc<str>)> {
        let order = self.block_order(&ty.name);
        let given = match types {
            [] if ty.type_parameters.is_empty() => Some(Vec::new()),
            [] => self.implied.take(),
            _ => self.type_arguments(types)?,
        };
        // The constructor's arguments may tell what the type parameters are.
        let calling = Scope::inside(&self.globals, order);
        let variables =
            self.in_scope(&calling, |this| this.declare_type_parameters(&ty.type_parameters, given, span))?;
        let callee = Callee { name: ty.name.as_str(), declared: ty.name.span };
        let mut bindings = Bindings::default();
        let bound = self.bind(parameters, arguments, &calling, callee, &mut bindings, span)?;
        let mut known = Vec::with_capacity(variables.len());
        for variable in &variables {
            known.push(self.substitute(variable, &bindings)?);
        }
        if known.iter().any(|ty| variable_in(ty).is_some()) {
            return self.fail(
                Diagnostic::error(format!("`{}` needs its type arguments here", ty.name))
                    .at(span, "")
                    .also(ty.name.span, "declared here")
                    .help(format!("write `{}<...>`", ty.name)),
            );
        }
        let scope = Scope::inside(&self.globals, order);
        self.instances.push(scope.clone());
        self.in_scope(&scope, |this| this.declare_type_parameters(&ty.type_parameters, Some(known), span))?;
        for argument in bound {
            self.require_known(arguments, &argument)?;
            let name = &argument.parameter.name;
            self.in_scope(&scope, |this| this.declare(name, Entity::Value(argument.operand)))?;
        }
        let path = match self.frame.site {
            // What is declared outside is a block of the pipeline: its own name counts, as for one made on the spot.
            Site::Global => ty.name.to_string(),
            _ => control_plane_name(name.annotations, name.name, &self.frame.path),
        };
        Ok((scope, path.into()))
    }

    /// A constructor's argument is known at compile time; what an extern function makes of such values is known to the architecture.
    fn require_known(&mut self, arguments: &'a [ast::Argument], bound: &Bound<'a>) -> Result<()> {
        let given = arguments.iter().find(|argument| argument.value.span == bound.span);
        if let Some(ExprKind::Call { callee, arguments, .. }) = given.map(|argument| &argument.value.kind)
            && let Some(path) = Self::callee_path(callee)
            && let (Entity::Functions(all), _) = self.resolve(path, "function")?
            && all.iter().all(|function| function.body.is_none())
        {
            for argument in arguments {
                let (operand, _) = self.nested(|this| this.expr(&argument.value));
                self.require_constant(&operand?, argument.value.span)?;
            }
            return Ok(());
        }
        self.require_constant(&bound.operand, bound.span)
    }

    fn construct_extern(
        &mut self,
        object: &'a ast::ExternObject,
        given: Option<Vec<Type>>,
        arguments: &'a [ast::Argument],
        name: InstanceName<'_, 'a>,
        span: Span,
    ) -> Result<Operand<'a>> {
        let fitting =
            object.constructors.iter().find(|constructor| accepts(&constructor.parameters, arguments));
        let Some(constructor) = fitting.or(object.constructors.first()) else {
            return self.fail(
                Diagnostic::error(format!("`{}` has no constructor", object.name))
                    .at(span, "")
                    .also(object.name.span, "declared here")
                    .help("it is a parameter of a parser or control"),
            );
        };
        let scope = Scope::inside(&self.globals, u32::MAX);
        let variables =
            self.in_scope(&scope, |this| this.declare_type_parameters(&object.type_parameters, given, span))?;
        let mut bindings = Bindings::default();
        let callee = Callee { name: object.name.as_str(), declared: constructor.span };
        let bound: Vec<Bound<'a>> =
            self.bind(&constructor.parameters, arguments, &scope, callee, &mut bindings, span)?;
        for argument in &bound {
            self.require_known(arguments, argument)?;
        }
        let mut filled = Vec::with_capacity(variables.len());
        for variable in &variables {
            filled.push(self.substitute(variable, &bindings)?);
        }
        if let Some(instance) = filled.iter().find(|ty| matches!(ty, Type::Extern(_) | Type::Block(_))) {
            return self.fail(
                Diagnostic::error(format!("`{}` cannot hold a `{instance}`", object.name))
                    .at(span, "")
                    .help("type arguments are types of values: numbers, headers, structs and so on"),
            );
        }
        let ty = Rc::new(ExternType { name: object.name.text.clone(), arguments: filled });
        let made = self.extern_instance(&ty, &bound, name, span)?;
        Ok(Operand::new(Value::Object(Object::Extern(made)), Type::Extern(ty)))
    }

    /// The value of a table's property that names an instance or constructs one.
    pub(super) fn property_instance(
        &mut self,
        value: &'a ast::Expr,
        annotations: &'a [ast::Annotation],
        default_name: &str,
    ) -> Result<Operand<'a>> {
        if let ExprKind::Call { callee, type_arguments, arguments } = &value.kind
            && let ExprKind::Path(path) = &callee.kind
        {
            let in_place = find(annotations, "name").is_some();
            let name = InstanceName { name: default_name, annotations, in_place };
            let made = self.construct(path, type_arguments, arguments, name, value.span)?;
            self.no_abstract_methods(&made, value.span)?;
            return Ok(made);
        }
        self.expr(value)
    }
}
