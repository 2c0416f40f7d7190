//! Comparison of values of every type (section 8), and validity, on which that of headers depends.

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, HeaderRef};

use super::{Elaborator, Result};
use crate::ast::RecordKind;
use crate::types::{Record, Type};
use crate::value::Value;

impl<'a> Elaborator<'a> {
    /// Whether two values of one type are equal.
    pub(super) fn equal(
        &mut self,
        left: &Value<'a>,
        right: &Value<'a>,
        ty: &Type,
        span: Span,
    ) -> Result<Handle<Expression>> {
        match (left, right, ty.plain()) {
            (Value::Scalar(a), Value::Scalar(b), _) => Ok(self.binary(BinaryOp::Eq, *a, *b, span)),
            (_, _, plain) if plain.is_empty() => Ok(self.boolean(true, span)),
            (Value::String(a), Value::String(b), _) => {
                let same = a == b;
                Ok(self.boolean(same, span))
            }
            (_, _, Type::Record(record)) if record.kind == RecordKind::Header => {
                self.equal_headers(left, right, &record.clone(), span)
            }
            (Value::Union(a), Value::Union(b), Type::Record(record)) => {
                let mut result = self.boolean(true, span);
                for ((a, b), field) in a.iter().zip(b.iter()).zip(&record.fields) {
                    let same = self.equal(&Value::Header(*a), &Value::Header(*b), &field.ty, span)?;
                    result = self.and(result, same, span);
                }
                Ok(result)
            }
            (Value::Union(members), Value::Invalid, _) | (Value::Invalid, Value::Union(members), _) => {
                let valid = self.any_valid(members, span);
                Ok(self.not(valid, span))
            }
            (_, _, plain @ (Type::Stack(..) | Type::Record(_) | Type::Tuple(_) | Type::List(_))) => {
                let mut result = self.boolean(true, span);
                for i in 0..self.part_count(left, right) {
                    let (a, b) = (self.stack_element(left, i), self.stack_element(right, i));
                    let part = super::assign::part_type(plain, i);
                    let same = self.equal(&a, &b, &part, span)?;
                    result = self.and(result, same, span);
                }
                Ok(result)
            }
            _ => self.fail(
                Diagnostic::error(format!("values of type `{ty}` cannot be compared"))
                    .at(span, "")
                    .help("compare numbers, booleans, headers, structs or tuples"),
            ),
        }
    }

    fn part_count(&self, left: &Value<'a>, right: &Value<'a>) -> usize {
        let count = |value: &Value<'a>| match value {
            Value::Fields(parts) => parts.len(),
            Value::Stack(stack) => self.module.stacks[*stack].elements.len(),
            Value::UnionStack(stacks) => {
                stacks.first().map_or(0, |stack| self.module.stacks[*stack].elements.len())
            }
            _ => 0,
        };
        count(left).min(count(right))
    }

    /// Section 8.17: both invalid, or both valid with equal fields.
    fn equal_headers(
        &mut self,
        left: &Value<'a>,
        right: &Value<'a>,
        record: &Rc<Record>,
        span: Span,
    ) -> Result<Handle<Expression>> {
        let (valid_left, valid_right) = (self.validity(left, span), self.validity(right, span));
        let mut both = self.and(valid_left, valid_right, span);
        let either = self.or(valid_left, valid_right, span);
        let neither = self.not(either, span);
        if self.known_truth(both) != Some(false) {
            let (a, b) = (self.fields_of(left, record, span), self.fields_of(right, record, span));
            for ((a, b), field) in a.iter().zip(&b).zip(&record.fields) {
                let same = self.equal(a, b, &field.ty, span)?;
                both = self.and(both, same, span);
            }
        }
        Ok(self.or(both, neither, span))
    }

    fn fields_of(&mut self, header: &Value<'a>, record: &Rc<Record>, span: Span) -> Vec<Value<'a>> {
        match header {
            Value::Header(header) => self.header_fields(*header, record, span),
            Value::HeaderLiteral(fields) => fields.to_vec(),
            _ => Vec::new(),
        }
    }

    /// Whether a header is valid.
    pub(super) fn validity(&mut self, header: &Value<'a>, span: Span) -> Handle<Expression> {
        match header {
            Value::Header(header) => self.is_valid(*header, span),
            Value::Union(members) => self.any_valid(members, span),
            Value::HeaderLiteral(_) => self.boolean(true, span),
            _ => self.boolean(false, span),
        }
    }

    pub(super) fn is_valid(&mut self, header: HeaderRef, span: Span) -> Handle<Expression> {
        self.expression(ExpressionKind::IsValid(header), ir::Type::Bool, span)
    }

    fn any_valid(&mut self, members: &[HeaderRef], span: Span) -> Handle<Expression> {
        let mut any = self.boolean(false, span);
        for member in members {
            let valid = self.is_valid(*member, span);
            any = self.or(any, valid, span);
        }
        any
    }
}
