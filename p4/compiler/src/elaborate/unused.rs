//! What nothing uses is elaborated too, for its errors; the code goes nowhere.

use std::cell::RefCell;
use std::rc::Rc;

use sluice_diagnostics::Diagnostic;
use sluice_ir::{ExpressionKind, VariableKind};

use super::arguments::Bound;
use super::{Elaborator, Frame, Result, Site};
use crate::ast::{self, DeclarationKind};
use crate::scope::{Entity, Scope};
use crate::types::{Record, Type};
use crate::value::{ActionDeclaration, ControlObject, Object, Operand, ParserObject, Value};

/// Stands before the control-plane path of what is not reachable from `main`: it meets no name of what is.
pub(super) const PREFIX: &str = "unused ";

impl<'a> Elaborator<'a> {
    /// Checks declarations that `main` does not reach. `complete` says whether it was elaborated at all.
    pub(super) fn check_unused(&mut self, program: &'a ast::Program, complete: bool) {
        let module = complete.then(|| self.module.clone());
        let frame = Frame {
            scope: self.globals.clone(),
            block: Vec::new(),
            site: Site::Any,
            returns: None,
            loops: Vec::new(),
            path: "".into(),
            callee: None,
            state: None,
        };
        let outer = std::mem::replace(&mut self.frame, frame);
        for declaration in &program.declarations {
            if self.reporter.gave_up() {
                break;
            }
            // What is wrong is reported, which is all that is wanted.
            let _ = match &declaration.kind {
                DeclarationKind::Control(control) => self.check_control(control),
                DeclarationKind::Parser(parser) => self.check_parser(parser),
                DeclarationKind::Function(function) => self.check_functions(&function.prototype.name),
                _ => Ok(()),
            };
            self.frame.block.clear();
        }
        for action in self.actions.clone() {
            if !action.checked.get() && !self.reporter.gave_up() {
                let _ = self.check_action(&action);
            }
        }
        self.frame = outer;
        if let Some(module) = module {
            self.module = module;
        }
    }

    /// A value for a parameter that nobody gives one: storage of its own.
    pub(super) fn stand_in(&mut self, parameter: &'a ast::Parameter) -> Result<Operand<'a>> {
        if let Ok(packet) = self.packet(parameter, parameter.span) {
            return Ok(packet);
        }
        let ty = self.resolve_type(&parameter.ty)?;
        if let Type::Extern(of) = &ty {
            return Ok(Self::foreign_object(of, parameter.span));
        }
        if !ty.is_storable() {
            return self.value_to_check(&ty, parameter.span);
        }
        let name = parameter.name.to_string();
        let value = self.allocate(&name, &ty, VariableKind::Local, &[], parameter.span)?;
        let writable = matches!(parameter.direction, Some(ast::Direction::Out | ast::Direction::InOut));
        Ok(Operand::part(value, ty, writable))
    }

    fn stand_ins(
        &mut self,
        parameters: &'a [ast::Parameter],
        scope: &Rc<Scope<'a>>,
    ) -> Result<Vec<Bound<'a>>> {
        let mut bound = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let operand = self.in_scope(scope, |this| this.stand_in(parameter))?;
            bound.push(Bound { parameter, operand, initial: None, span: parameter.span });
        }
        Ok(bound)
    }

    /// The constructor parameters of an instance that does not exist: they have default values.
    fn stand_in_constructor(
        &mut self,
        parameters: &'a [ast::Parameter],
        scope: &Rc<Scope<'a>>,
    ) -> Result<()> {
        self.instances.push(scope.clone());
        self.in_scope(scope, |this| {
            for parameter in parameters {
                let ty = this.resolve_type(&parameter.ty)?;
                // Nothing can stand for a parser or control: what is made of one is checked where it is made.
                if matches!(ty, Type::Block(_)) {
                    return Err(super::Reported);
                }
                let operand = match ty {
                    Type::Extern(_) | Type::String => this.value_to_check(&ty, parameter.span)?,
                    ty => Operand::new(this.default_value(&ty, parameter.span)?, ty),
                };
                this.declare(&parameter.name, Entity::Value(operand))?;
            }
            Ok(())
        })
    }

    /// Checks a generic body that nothing fills in: each type parameter stands for a type of which nothing is known. What is
    /// wrong only because nothing is known of it is not reported ([`Self::concerns_opaque`]).
    pub(super) fn with_opaque_types(
        &mut self,
        names: &'a [ast::Name],
        scope: &Rc<Scope<'a>>,
        f: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let before = self.opaque.len();
        for name in names {
            self.declarations += 1;
            let opaque = Record {
                declaration: self.declarations,
                kind: ast::RecordKind::Struct,
                name: name.text.clone(),
                arguments: Vec::new(),
                fields: Vec::new(),
                cells: 0,
                span: name.span,
            };
            self.opaque.push(name.text.clone());
            // A name that is there twice is reported with the declaration.
            let ty = Entity::Type(Type::Record(Rc::new(opaque)));
            let _ = self.in_scope(scope, |this| this.declare(name, ty));
        }
        let done = f(self);
        self.opaque.truncate(before);
        done
    }

    /// Whether a type is a type parameter of which nothing is known.
    pub(super) fn is_opaque(&self, record: &Record) -> bool {
        record.fields.is_empty() && record.cells == 0 && self.opaque.contains(&record.name)
    }

    /// Whether a message is about a type of which nothing is known.
    pub(super) fn concerns_opaque(&self, diagnostic: &Diagnostic) -> bool {
        let label = diagnostic.primary.as_ref().map_or("", |label| label.text.as_str());
        let mut words = [diagnostic.message.as_str(), label]
            .into_iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
        !self.opaque.is_empty() && words.any(|word| self.opaque.iter().any(|name| **name == *word))
    }

    fn check_control(&mut self, control: &'a ast::Control) -> Result<()> {
        let name = &control.ty.name;
        if self.visited.contains(&name.span) {
            return Ok(());
        }
        let scope = Scope::inside(&self.globals, u32::MAX);
        self.with_opaque_types(&control.ty.type_parameters, &scope, |this| {
            this.stand_in_constructor(&control.constructor_parameters, &scope)?;
            let bound = this.stand_ins(&control.ty.parameters, &scope)?;
            let path: Rc<str> = format!("{PREFIX}{name}").into();
            let (span, bound_to) = (name.span, RefCell::new(None));
            let object =
                Rc::new(ControlObject { control, scope: scope.clone(), path, span, bound: bound_to });
            let inner = Scope::inside(&scope, u32::MAX);
            this.descend(name.span, |this| this.run_control(&object, &bound, inner, name.span))
        })
    }

    fn check_parser(&mut self, parser: &'a ast::Parser) -> Result<()> {
        let name = &parser.ty.name;
        if self.visited.contains(&name.span) {
            return Ok(());
        }
        let scope = Scope::inside(&self.globals, u32::MAX);
        self.with_opaque_types(&parser.ty.type_parameters, &scope, |this| {
            this.stand_in_constructor(&parser.constructor_parameters, &scope)?;
            let bound = this.stand_ins(&parser.ty.parameters, &scope)?;
            let path: Rc<str> = format!("{PREFIX}{name}").into();
            let (span, bound_to) = (name.span, RefCell::new(None));
            let object = Rc::new(ParserObject { parser, scope: scope.clone(), path, span, bound: bound_to });
            this.descend(name.span, |this| this.run_top_parser(&object, &bound))
        })
    }

    fn check_functions(&mut self, name: &ast::Name) -> Result<()> {
        let Some(Entity::Functions(overloads)) = self.globals.look_up(name.as_str()).map(|b| b.entity) else {
            return Ok(());
        };
        for function in overloads.iter() {
            if self.visited.insert(function.span) {
                self.descend(function.span, |this| this.check_function(function))?;
            }
        }
        Ok(())
    }

    fn check_action(&mut self, declared: &Rc<ActionDeclaration<'a>>) -> Result<()> {
        declared.checked.set(true);
        let action = declared.action;
        let scope = Scope::inside(&declared.scope, declared.order);
        for (i, parameter) in action.parameters.iter().enumerate() {
            let mut operand = self.in_scope(&scope, |this| this.stand_in(parameter))?;
            if let (None, Some(ty)) = (parameter.direction, operand.ty.scalar()) {
                let data = ExpressionKind::Parameter(i as u32);
                operand.value = Value::Scalar(self.expression(data, ty, parameter.span));
            }
            self.in_scope(&scope, |this| this.declare(&parameter.name, Entity::Value(operand)))?;
        }
        let name = action.name.as_str();
        let span = action.name.span;
        self.descend(span, |this| this.inline_body(name, &action.body, scope, None, "an action", span))?;
        Ok(())
    }

    /// Warns of tables of the current control that are never applied.
    pub(super) fn warn_unapplied(&mut self) {
        // After an error, it may stand in what was not understood.
        if self.failed {
            return;
        }
        for (_, binding) in self.frame.scope.own() {
            if let Entity::Value(Operand { value: Value::Object(Object::Table(table)), .. }) = &binding.entity
                && !table.applied.get()
                && self.frame.site != Site::Any
            {
                self.warn(
                    Diagnostic::warning(format!("the table `{}` is never applied", table.name))
                        .at(table.name.span, "")
                        .help(format!("apply it: `{}.apply();`, or remove it", table.name)),
                );
            }
        }
    }
}
