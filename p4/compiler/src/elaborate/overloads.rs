//! Parsers, controls and packages of one name: they differ in what their constructors take (section 6.8.2).

use sluice_diagnostics::{Diagnostic, Span};

use super::arguments::{accepts, signature};
use super::{Elaborator, Result};
use crate::ast;
use crate::scope::{BlockKind, Entity};

/// A parser, control or package behind the first of its name, with the number of its declaration.
pub(super) type Overload<'a> = (Entity<'a>, u32);

/// What the constructor of a parser, control or package takes.
fn constructor<'a>(entity: &Entity<'a>) -> Option<(&'a ast::Name, &'a [ast::Parameter])> {
    match entity {
        Entity::Control(control) => Some((&control.ty.name, &control.constructor_parameters)),
        Entity::Parser(parser) => Some((&parser.ty.name, &parser.constructor_parameters)),
        Entity::BlockType(ty, BlockKind::Package) => Some((&ty.name, &ty.parameters)),
        _ => None,
    }
}

/// Whether two constructors have the same parameters, as far as a call can tell.
pub(super) fn same_names(a: &[ast::Parameter], b: &[ast::Parameter]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name)
}

impl<'a> Elaborator<'a> {
    /// Declares a parser, control or package, or another overload of one.
    pub(super) fn declare_block(&mut self, name: &'a ast::Name, entity: Entity<'a>) -> Result<()> {
        let known = self.frame.scope.own_binding(&name.text).map(|binding| binding.entity);
        let (Some(first), Some((_, parameters))) = (&known, constructor(&entity)) else {
            return self.declare(name, entity);
        };
        if constructor(first).is_none() || first.noun() != entity.noun() {
            return self.declare(name, entity);
        }
        let others = self.overloads.get(&name.text).into_iter().flatten().map(|(other, _)| other);
        let mut known = std::iter::once(first).chain(others).filter_map(constructor);
        let before = known.find(|(_, other)| same_names(other, parameters)).map(|(name, _)| name.span);
        if let Some(before) = before {
            return self.fail(
                Diagnostic::error(format!("`{name}` is declared twice"))
                    .at(name.span, "declared again here")
                    .also(before, format!("already {} here", entity.noun()))
                    .help("give one of them another name, or other constructor parameters"),
            );
        }
        self.order += 1;
        self.overloads.entry(name.text.clone()).or_default().push((entity, self.order));
        Ok(())
    }

    /// Of the parsers, controls or packages of a name, the one that takes these arguments; `first` where none does.
    pub(super) fn overload(
        &mut self,
        first: Entity<'a>,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Entity<'a>> {
        let Some((name, parameters)) = constructor(&first) else { return Ok(first) };
        let Some(others) = self.overloads.get(&name.text) else { return Ok(first) };
        if accepts(parameters, arguments) {
            return Ok(first);
        }
        let fitting = others
            .iter()
            .map(|(other, _)| other)
            .find(|other| constructor(other).is_some_and(|(_, parameters)| accepts(parameters, arguments)));
        if let Some(fitting) = fitting {
            return Ok(fitting.clone());
        }
        let forms: Vec<String> = [&first]
            .into_iter()
            .chain(others.iter().map(|(other, _)| other))
            .filter_map(constructor)
            .map(|(_, parameters)| signature(parameters))
            .collect();
        self.fail(
            Diagnostic::error(format!("no form of `{name}` takes these arguments"))
                .at(span, "")
                .help(format!("its forms are {}", forms.join(" and "))),
        )
    }

    /// Names declared before this number were there when the parser or control was declared.
    pub(super) fn block_order(&self, name: &ast::Name) -> u32 {
        let overload = self
            .overloads
            .get(&name.text)
            .into_iter()
            .flatten()
            .find(|(entity, _)| constructor(entity).is_some_and(|(other, _)| other.span == name.span));
        match overload {
            Some((_, order)) => *order,
            None => self.globals.own_binding(&name.text).map_or(u32::MAX, |binding| binding.order()),
        }
    }
}
