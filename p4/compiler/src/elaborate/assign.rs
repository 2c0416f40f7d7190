//! Copies of values of every type, statement by statement.

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{Expression, ExpressionKind, Handle, HeaderRef, StatementKind};

use super::{Elaborator, Result};
use crate::ast::RecordKind;
use crate::types::{Record, Type};
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// Copies a value into storage of the same type. A value that is computed from that storage is computed wholly before
    /// anything is stored.
    pub(super) fn assign(&mut self, target: &Operand<'a>, value: &Operand<'a>, span: Span) -> Result<()> {
        if let Some(place) = &target.place {
            return self.assign_chosen(&place.clone(), value, span);
        }
        let in_parts = !matches!(
            (&target.value, &value.value),
            (Value::Scalar(_), _)
                | (Value::Header(_), Value::Header(_) | Value::Invalid)
                | (Value::Stack(_), Value::Stack(_))
        );
        if in_parts && !self.pieces(&target.value).is_disjoint(&self.pieces(&value.value)) {
            let copy = self.snapshot(value, span)?;
            return self.store(&target.value, &copy.value, &target.ty, span);
        }
        self.store(&target.value, &value.value, &target.ty, span)
    }

    /// A copy in storage of its own.
    pub(super) fn snapshot(&mut self, operand: &Operand<'a>, span: Span) -> Result<Operand<'a>> {
        if matches!(operand.ty, Type::Int | Type::String | Type::Void)
            || matches!(operand.value, Value::Object(_))
        {
            return Ok(operand.clone());
        }
        let mut copy = self.temporary(&operand.ty, span)?;
        self.store(&copy.value, &operand.value, &operand.ty, span)?;
        copy.writable = false;
        Ok(copy)
    }

    fn store(&mut self, target: &Value<'a>, value: &Value<'a>, ty: &Type, span: Span) -> Result<()> {
        match (target, value, ty.plain()) {
            (Value::Scalar(to), Value::Scalar(from), _) => return self.store_scalar(*to, *from, span),
            (Value::Fields(to), Value::Fields(from), ty) if to.len() == from.len() => {
                for (i, (to, from)) in to.iter().zip(from.iter()).enumerate() {
                    let part = part_type(ty, i);
                    self.store(to, from, &part, span)?;
                }
            }
            (Value::Header(to), Value::Header(from), _) => {
                if to != from {
                    self.emit(StatementKind::CopyHeader { to: *to, from: *from }, span);
                }
            }
            (Value::Header(to), Value::HeaderLiteral(fields), Type::Record(record)) => {
                self.emit(StatementKind::SetValid(*to), span);
                let record = record.clone();
                for (place, from) in self.header_fields(*to, &record, span).iter().zip(fields.iter()) {
                    self.store(place, from, &Type::Void, span)?;
                }
            }
            (Value::Header(to), Value::Invalid, _) => self.emit(StatementKind::SetInvalid(*to), span),
            (Value::Union(to), Value::Union(from), _) => {
                for (to, from) in to.iter().zip(from.iter()) {
                    self.emit(StatementKind::CopyHeader { to: *to, from: *from }, span);
                }
            }
            (Value::Union(to), Value::Invalid, _) => {
                for member in to.iter() {
                    self.emit(StatementKind::SetInvalid(*member), span);
                }
            }
            (Value::Stack(to), Value::Stack(from), _) => {
                if to != from {
                    self.emit(StatementKind::CopyStack { to: *to, from: *from }, span);
                }
            }
            (Value::UnionStack(to), Value::UnionStack(from), _) => {
                for (to, from) in to.iter().zip(from.iter()) {
                    self.emit(StatementKind::CopyStack { to: *to, from: *from }, span);
                }
            }
            (Value::Stack(_) | Value::UnionStack(_), Value::Fields(parts), Type::Stack(element, _)) => {
                for (i, part) in parts.iter().enumerate() {
                    let to = self.stack_element(target, i);
                    self.store(&to, part, element, span)?;
                }
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value of type `{ty}` cannot be assigned here"))
                        .at(span, "")
                        .help("the left side must be a variable, parameter or field that may be written"),
                );
            }
        }
        Ok(())
    }

    fn store_scalar(&mut self, to: Handle<Expression>, from: Handle<Expression>, span: Span) -> Result<()> {
        match self.place_of(to) {
            Some(_) if to == from => Ok(()),
            Some(place) => {
                self.emit(StatementKind::Assign(place, from), span);
                Ok(())
            }
            None => self.fail(
                Diagnostic::error("this cannot be assigned")
                    .at(span, "the left side is no place in storage")
                    .help("assign a variable, a field, or a slice of one"),
            ),
        }
    }

    /// The fields of a header as places.
    pub(super) fn header_fields(
        &mut self,
        header: HeaderRef,
        record: &Rc<Record>,
        span: Span,
    ) -> Vec<Value<'a>> {
        let mut at = 0;
        record.fields.iter().map(|field| self.header_field(header, &field.ty, &mut at, span)).collect()
    }

    /// A field of a header as a place; `at` is the position of its first scalar, and becomes that behind it.
    pub(super) fn header_field(
        &mut self,
        header: HeaderRef,
        ty: &Type,
        at: &mut u32,
        span: Span,
    ) -> Value<'a> {
        match (ty.scalar(), ty.plain()) {
            (Some(scalar), _) => {
                let field = ExpressionKind::Field(header, *at);
                *at += 1;
                Value::Scalar(self.expression(field, scalar, span))
            }
            (None, Type::Record(record)) => {
                let fields: Vec<Value<'a>> = record
                    .fields
                    .iter()
                    .map(|field| self.header_field(header, &field.ty, at, span))
                    .collect();
                Value::Fields(fields.into())
            }
            (None, _) => Value::Fields([].into()),
        }
    }

    /// Element of a stack, by a number that is within it.
    pub(super) fn stack_element(&self, stack: &Value<'a>, index: usize) -> Value<'a> {
        let element = |stack: Handle<ir::Stack>| {
            self.module.stacks[stack].elements.get(index).map(|element| HeaderRef::Header(*element))
        };
        match stack {
            Value::Stack(stack) => element(*stack).map_or(Value::Invalid, Value::Header),
            Value::UnionStack(stacks) => {
                Value::Union(stacks.iter().filter_map(|stack| element(*stack)).collect())
            }
            Value::Fields(parts) => parts.get(index).cloned().unwrap_or(Value::Invalid),
            _ => Value::Invalid,
        }
    }

    /// Makes every header in some storage invalid, as at the start of an `out` parameter (section 6.8).
    pub(super) fn reset(&mut self, value: &Value<'a>, span: Span) {
        match value {
            Value::Header(header) => self.emit(StatementKind::SetInvalid(*header), span),
            Value::Union(members) => {
                for member in members.iter() {
                    self.emit(StatementKind::SetInvalid(*member), span);
                }
            }
            Value::Fields(parts) => {
                for part in parts.iter() {
                    self.reset(part, span);
                }
            }
            Value::Stack(stack) => {
                let size = self.module.stacks[*stack].elements.len() as u32;
                self.emit(StatementKind::PopFront(*stack, size), span);
            }
            Value::UnionStack(stacks) => {
                for stack in stacks.iter() {
                    let size = self.module.stacks[*stack].elements.len() as u32;
                    self.emit(StatementKind::PopFront(*stack, size), span);
                }
            }
            _ => {}
        }
    }

    /// Keeps the index of a stack's element as it is now, whatever becomes of the variables that it was computed from.
    pub(super) fn stabilize(&mut self, operand: &Operand<'a>, span: Span) -> Result<Operand<'a>> {
        if let Some(place) = &operand.place {
            return self.stable_chosen(operand, &place.clone(), span);
        }
        let value = match &operand.value {
            Value::Scalar(handle) => {
                let stable = self.stable_scalar(*handle, span)?;
                Value::Scalar(stable)
            }
            Value::Header(header) => Value::Header(self.stable_header(*header, span)?),
            Value::Union(members) => {
                let members: Result<Vec<_>> =
                    members.iter().map(|member| self.stable_header(*member, span)).collect();
                Value::Union(members?.into())
            }
            _ => return Ok(operand.clone()),
        };
        Ok(Operand::part(value, operand.ty.clone(), operand.writable))
    }

    fn stable_scalar(&mut self, handle: Handle<Expression>, span: Span) -> Result<Handle<Expression>> {
        let Expression { kind, ty, .. } = self.module.expressions[handle].clone();
        Ok(match kind {
            ExpressionKind::Field(header, field) => {
                let stable = self.stable_header(header, span)?;
                self.expression(ExpressionKind::Field(stable, field), ty, span)
            }
            ExpressionKind::Slice { base, high, low } => {
                let base = self.stable_scalar(base, span)?;
                self.slice(base, high, low, span)
            }
            _ => handle,
        })
    }

    fn stable_header(&mut self, header: HeaderRef, span: Span) -> Result<HeaderRef> {
        let HeaderRef::Element(stack, index) = header else { return Ok(header) };
        let ty = self.type_of(index);
        let (variable, read) = self.scalar_local(ty, span)?;
        self.emit(StatementKind::Assign(ir::Place::Variable(variable), index), span);
        Ok(HeaderRef::Element(stack, read))
    }

    /// Replaces operands that were evaluated before statements emitted since by copies made at the time. `marks` says where
    /// in the block each operand's evaluation ended.
    pub(super) fn settle(&mut self, operands: &mut [Operand<'a>], marks: &[usize], span: Span) -> Result<()> {
        self.settle_places(operands, marks, &[], span).map(|_| ())
    }

    /// As [`Self::settle`]; for those operands whose `copied_in` says so, the values that the places had at the time, too.
    pub(super) fn settle_places(
        &mut self,
        operands: &mut [Operand<'a>],
        marks: &[usize],
        copied_in: &[bool],
        span: Span,
    ) -> Result<Vec<Option<Operand<'a>>>> {
        let end = self.frame.block.len();
        let mut values = vec![None; operands.len()];
        for (i, (operand, mark)) in operands.iter_mut().zip(marks).enumerate().rev() {
            if *mark >= end || self.pieces(&operand.value).is_empty() {
                continue;
            }
            let tail = self.frame.block.split_off(*mark);
            let settled = match operand.writable {
                true => self.stabilize(operand, span),
                false => self.snapshot(operand, span),
            };
            let value = match (&settled, copied_in.get(i)) {
                (Ok(place), Some(true)) => self.snapshot(place, span).map(Some),
                _ => Ok(None),
            };
            self.frame.block.extend(tail);
            *operand = Operand { is_list: operand.is_list, ..settled? };
            values[i] = value?;
        }
        Ok(values)
    }
}

/// Type of a part of a struct or tuple.
pub(super) fn part_type(ty: &Type, index: usize) -> Type {
    let part = match ty {
        Type::Record(record) if record.kind == RecordKind::Struct => {
            record.fields.get(index).map(|field| &field.ty)
        }
        Type::Tuple(parts) => parts.get(index),
        Type::List(element) | Type::Stack(element, _) => Some(&**element),
        Type::RecordLiteral(fields) => fields.get(index).map(|(_, ty)| ty),
        _ => None,
    };
    part.cloned().unwrap_or(Type::Void)
}
