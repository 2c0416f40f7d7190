//! The annotations that mean something to the compiler, and all of them as the IR keeps them.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use sluice_diagnostics::Diagnostic;
use sluice_entities::ActionScope;
use sluice_ir as ir;

use super::{Elaborator, Result};
use crate::ast::{self, AnnotationBody, AnnotationTokenKind};
use crate::scope::Entity;
use crate::types::Type;
use crate::value::Value;

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
    /// Annotations as the IR keeps them: unstructured ones as they were written, structured ones computed.
    pub(super) fn annotations(&mut self, annotations: &'a [ast::Annotation]) -> Result<Vec<ir::Annotation>> {
        annotations
            .iter()
            .map(|annotation| {
                let body = self.annotation_body(annotation)?;
                Ok(ir::Annotation { name: annotation.name.to_string(), body })
            })
            .collect()
    }

    fn annotation_body(&mut self, annotation: &'a ast::Annotation) -> Result<ir::AnnotationBody> {
        Ok(match &annotation.body {
            AnnotationBody::None => ir::AnnotationBody::None,
            AnnotationBody::Unstructured(tokens) => {
                let texts: Vec<&str> = tokens.iter().map(|token| &*token.text).collect();
                ir::AnnotationBody::Text(texts.join(" "))
            }
            AnnotationBody::Expressions(values) => {
                let values: Result<Vec<_>> =
                    values.iter().map(|value| self.annotation_value(value)).collect();
                ir::AnnotationBody::Values(values?)
            }
            AnnotationBody::Pairs(pairs) => {
                let pairs: Result<Vec<_>> = pairs
                    .iter()
                    .map(|(name, value)| Ok((name.to_string(), self.annotation_value(value)?)))
                    .collect();
                ir::AnnotationBody::Pairs(pairs?)
            }
        })
    }

    /// A value of a structured annotation (section 18.1): known at compile time, a string, number or truth value.
    fn annotation_value(&mut self, value: &'a ast::Expr) -> Result<ir::AnnotationValue> {
        let (operand, _) = self.nested(|this| this.expr(value));
        let operand = operand?;
        let found = match (&operand.value, self.integer_value(&operand)) {
            (Value::String(text), _) => Some(ir::AnnotationValue::Text(text.to_string())),
            (_, Some(number)) if operand.ty == Type::Bool => {
                Some(ir::AnnotationValue::Bool(number != BigInt::ZERO))
            }
            (_, Some(number)) => number.to_i64().map(ir::AnnotationValue::Integer),
            _ => None,
        };
        match found {
            Some(found) => Ok(found),
            None => self.fail(
                Diagnostic::error("an annotation cannot hold this value")
                    .at(value.span, format!("this is `{}`", operand.ty))
                    .help("give a string, `true`, `false`, or a number of at most 64 bits, known at compile time"),
            ),
        }
    }

    /// `@name` holds a string, whatever it stands at, and structured annotations hold values.
    pub(super) fn check_annotations(&mut self, annotations: &'a [ast::Annotation]) {
        for annotation in annotations {
            // The values of structured ones are reported if they are wrong, whether or not anything uses them.
            let _ = self.annotation_body(annotation);
        }
        for (i, annotation) in annotations.iter().enumerate() {
            if let AnnotationBody::Pairs(pairs) = &annotation.body {
                for (at, (key, _)) in pairs.iter().enumerate() {
                    if let Some((before, _)) = pairs.iter().take(at).find(|(other, _)| other == key) {
                        self.error(
                            Diagnostic::error(format!("`{key}` is given twice"))
                                .at(key.span, "again here")
                                .also(before.span, "first here")
                                .help("give each key one value"),
                        );
                    }
                }
            }
            let is_structured = |it: &ast::Annotation| {
                matches!(it.body, AnnotationBody::Expressions(_) | AnnotationBody::Pairs(_))
            };
            let same = annotations.iter().take(i).find(|other| other.name == annotation.name);
            if let Some(before) = same.filter(|before| is_structured(before) || is_structured(annotation)) {
                self.error(
                    Diagnostic::error(format!("`@{}` stands twice", annotation.name))
                        .at(annotation.span, "again here")
                        .also(before.span, "first here")
                        .help("of a structured annotation, there is one of each name: merge them"),
                );
            }
        }
        if let Some(annotation) = find(annotations, "name").filter(|it| it.string().is_none()) {
            self.error(
                Diagnostic::error("`@name` takes one string")
                    .at(annotation.span, "")
                    .help("write `@name(\"the name\")`"),
            );
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
            AnnotationBody::Unstructured(tokens) => {
                tokens.split(|token| &*token.text == ",").map(|number| self.written_number(number)).collect()
            }
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

    /// A number as tokens: itself, a constant, or a member of an enumeration.
    fn written_number(&self, tokens: &[ast::AnnotationToken]) -> Option<u32> {
        match tokens {
            [token] => match &token.kind {
                AnnotationTokenKind::Integer(integer) => integer.value.to_u32(),
                AnnotationTokenKind::Word => match self.frame.scope.look_up(&token.text)?.entity {
                    Entity::Value(operand) => self.integer_value(&operand)?.to_u32(),
                    _ => None,
                },
                AnnotationTokenKind::String(_) | AnnotationTokenKind::Symbol => None,
            },
            [of, dot, member] if &*dot.text == "." => match self.frame.scope.look_up(&of.text)?.entity {
                Entity::Type(Type::Enum(of)) => {
                    of.members.iter().find(|(name, _)| *name == member.text)?.1.to_u32()
                }
                _ => None,
            },
            _ => None,
        }
    }
}
