//! The annotations that mean something to the compiler, and all of them as the IR keeps them.

use std::rc::Rc;

use num_traits::ToPrimitive;
use sluice_diagnostics::Diagnostic;
use sluice_entities::ActionScope;
use sluice_ir as ir;

use super::{Elaborator, Result};
use crate::ast::{self, AnnotationBody, AnnotationTokenKind};

/// The annotation of that name.
pub(super) fn find<'x>(annotations: &'x [ast::Annotation], name: &str) -> Option<&'x ast::Annotation> {
    annotations.iter().find(|annotation| annotation.name.as_str() == name)
}

/// Where a table may use an action.
pub(super) fn scope(annotations: &[ast::Annotation]) -> ActionScope {
    if find(annotations, "tableonly").is_some() {
        ActionScope::TableOnly
    } else if find(annotations, "defaultonly").is_some() {
        ActionScope::DefaultOnly
    } else {
        ActionScope::TableAndDefault
    }
}

/// The name that the control plane knows something by: that of `@name`, else its own, behind the prefix of its control
/// unless it begins with a dot (section 18.3.2).
pub(super) fn control_plane_name(annotations: &[ast::Annotation], name: &str, prefix: &str) -> String {
    let own = find(annotations, "name").and_then(ast::Annotation::string).unwrap_or(name);
    match own.strip_prefix('.') {
        Some(absolute) => absolute.to_string(),
        None if prefix.is_empty() => own.to_string(),
        None => format!("{prefix}.{own}"),
    }
}

impl<'a> Elaborator<'a> {
    /// Annotations as the IR keeps them: the body as it was written.
    pub(super) fn annotations(&self, annotations: &[ast::Annotation]) -> Vec<ir::Annotation> {
        annotations
            .iter()
            .map(|annotation| ir::Annotation {
                name: annotation.name.to_string(),
                body: self.annotation_body(annotation),
            })
            .collect()
    }

    fn annotation_body(&self, annotation: &ast::Annotation) -> String {
        match &annotation.body {
            AnnotationBody::None => String::new(),
            AnnotationBody::Unstructured(tokens) => {
                let texts: Vec<&str> = tokens.iter().map(|token| &*token.text).collect();
                texts.join(" ")
            }
            AnnotationBody::Expressions(values) => {
                let texts: Vec<&str> = values.iter().map(|value| self.sources.text(value.span)).collect();
                texts.join(", ")
            }
            AnnotationBody::Pairs(pairs) => {
                let texts: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name} = {}", self.sources.text(value.span)))
                    .collect();
                texts.join(", ")
            }
        }
    }

    /// The numbers of `@field_list(1, 2)`.
    pub(super) fn field_lists(&mut self, annotations: &'a [ast::Annotation]) -> Result<Vec<u32>> {
        let Some(annotation) = find(annotations, "field_list") else { return Ok(Vec::new()) };
        let numbers: Option<Vec<u32>> = match &annotation.body {
            AnnotationBody::Expressions(values) => {
                let mut numbers = Vec::new();
                for value in values {
                    numbers.push(self.constant_integer(value)?.to_u32());
                }
                numbers.into_iter().collect()
            }
            AnnotationBody::Unstructured(tokens) => tokens
                .iter()
                .filter(|token| &*token.text != ",")
                .map(|token| match &token.kind {
                    AnnotationTokenKind::Integer(integer) => integer.value.to_u32(),
                    AnnotationTokenKind::Word => self.constant_named(&token.text),
                    AnnotationTokenKind::String(_) | AnnotationTokenKind::Symbol => None,
                })
                .collect(),
            AnnotationBody::None | AnnotationBody::Pairs(_) => None,
        };
        match numbers {
            Some(numbers) => Ok(numbers),
            None => self.fail(
                Diagnostic::error("`@field_list` takes the numbers of field lists")
                    .at(annotation.span, "")
                    .help(
                        "write `@field_list(1)` or `@field_list(1, 2)`, numbers or constants from 0 to 255",
                    ),
            ),
        }
    }

    fn constant_named(&self, name: &Rc<str>) -> Option<u32> {
        match self.frame.scope.look_up(name)?.entity {
            crate::scope::Entity::Value(operand) => self.integer_value(&operand)?.to_u32(),
            _ => None,
        }
    }
}
