//! Places that a number computed at run time chooses: elements of arrays, and bits from a computed one on.
//!
//! Storage is known at compile time, so reading one of several places is a choice between them, and writing is a `switch`. Elements of
//! header stacks are chosen by the IR itself and are not among these.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::One;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{BinaryOp, Expression, Handle, StatementKind};

use super::arguments::Bound;
use super::{CopyBack, Elaborator, Result};
use crate::ast::{self, Direction};
use crate::numbers;
use crate::types::Type;
use crate::value::{ComputedPlace, Operand, Value};

/// Above this many elements a choice is made by statements, so that expressions do not become too deep.
const CHOICES_IN_EXPRESSION: usize = 32;

impl<'a> Elaborator<'a> {
    /// One of several values of a type, by a number; a default value where it is out of range.
    pub(super) fn one_of(
        &mut self,
        index: Handle<Expression>,
        elements: Vec<Operand<'a>>,
        ty: &Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        let values: Vec<Value<'a>> = elements.iter().map(|element| element.value.clone()).collect();
        let value = self.read_chosen(index, &values, ty, span)?;
        let mut operand = Operand::new(value, ty.clone());
        if elements.iter().all(|element| element.writable) {
            operand.writable = true;
            operand.place = Some(Rc::new(ComputedPlace::Element { index, elements: elements.into() }));
        }
        Ok(operand)
    }

    fn read_chosen(
        &mut self,
        index: Handle<Expression>,
        values: &[Value<'a>],
        ty: &Type,
        span: Span,
    ) -> Result<Value<'a>> {
        let in_parts = values.iter().all(|value| matches!(value, Value::Fields(_)));
        if let (true, Some(Value::Fields(first))) = (in_parts, values.first()) {
            let mut parts = Vec::with_capacity(first.len());
            for i in 0..first.len() {
                let part: Vec<Value<'a>> = values.iter().map(|value| self.stack_element(value, i)).collect();
                parts.push(self.read_chosen(index, &part, &super::assign::part_type(ty.plain(), i), span)?);
            }
            return Ok(Value::Fields(parts.into()));
        }
        let scalars: Option<Vec<Handle<Expression>>> = values
            .iter()
            .map(|value| match value {
                Value::Scalar(handle) => Some(*handle),
                _ => None,
            })
            .collect();
        match scalars {
            Some(scalars)
                if scalars.len() <= CHOICES_IN_EXPRESSION && !matches!(ty.plain(), Type::Varbit(_)) =>
            {
                let Value::Scalar(mut result) = self.default_value(ty, span)? else {
                    return Err(super::Reported);
                };
                let width = self.type_of(index).width();
                for (i, scalar) in scalars.into_iter().enumerate().rev() {
                    if !fits(i, width) {
                        continue;
                    }
                    let number = self.number(width, i as u64, span);
                    let chosen = self.binary(BinaryOp::Eq, index, number, span);
                    result = self.mux(chosen, scalar, result, span);
                }
                Ok(Value::Scalar(result))
            }
            _ => self.read_by_statements(index, values, ty, span),
        }
    }

    fn read_by_statements(
        &mut self,
        index: Handle<Expression>,
        values: &[Value<'a>],
        ty: &Type,
        span: Span,
    ) -> Result<Value<'a>> {
        let copy = self.temporary(ty, span)?;
        let none = self.default_value(ty, span)?;
        self.assign(&copy, &Operand::new(none, ty.clone()), span)?;
        self.by_number(index, values.len(), span, |this, i| {
            let value = values.get(i).cloned().unwrap_or(Value::Invalid);
            this.assign(&copy, &Operand::new(value, ty.clone()), span)
        })?;
        Ok(copy.value)
    }

    /// A `switch` on a number with a case for each of the first `count` ones.
    fn by_number(
        &mut self,
        index: Handle<Expression>,
        count: usize,
        span: Span,
        mut case: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        let width = self.type_of(index).width();
        let mut cases = Vec::with_capacity(count);
        for i in (0..count).take_while(|i| fits(*i, width)) {
            let (done, block) = self.nested(|this| case(this, i));
            done?;
            cases.push((vec![Bits::new(width, i as u64)], block));
        }
        self.emit(StatementKind::Switch { selector: index, cases, default: Vec::new() }, span);
        Ok(())
    }

    /// Bits from a computed one on: zeros behind the end.
    fn bits_from(
        &mut self,
        base: &Operand<'a>,
        low: Handle<Expression>,
        width: u32,
        span: Span,
    ) -> Result<Operand<'a>> {
        let handle = self.scalar(base, span)?;
        let of = self.type_of(handle).width();
        let bits = self.convert(handle, ir::Type::Bits(of), span);
        let moved = self.binary(BinaryOp::Shr, bits, low, span);
        let value = self.slice(moved, width - 1, 0, span);
        let mut operand = Operand::new(Value::Scalar(value), Type::Bits(width));
        if base.writable {
            operand.writable = true;
            operand.place = Some(Rc::new(ComputedPlace::Bits { base: base.clone(), low, width }));
        }
        Ok(operand)
    }

    /// `base[low+:width]`
    pub(super) fn slice_of_expr(
        &mut self,
        base: &'a ast::Expr,
        low: &'a ast::Expr,
        width: &'a ast::Expr,
        span: Span,
    ) -> Result<Operand<'a>> {
        let operand = self.expr(base)?;
        let position = self.expr(low)?;
        let number = self.constant_integer(width)?;
        if number < BigInt::one() {
            return self.fail(
                Diagnostic::error(format!("a slice of {number} bits"))
                    .at(width.span, "")
                    .help("write how many bits are taken, at least 1: `value[low+:width]`"),
            );
        }
        let wanted = self.small(&number, "a slice's width", crate::limits::LITERAL_WIDTH, width.span)?;
        if let (Some(at), false) =
            (self.integer_value(&position), matches!(position.ty.plain(), Type::Bool | Type::Error))
        {
            let high = &at + number - 1_u32;
            return self.slice_operand(
                operand,
                (&high, &at),
                [base.span, low.span.to(width.span), low.span],
                span,
            );
        }
        let of = match operand.ty.scalar() {
            Some(ir::Type::Bits(of) | ir::Type::Int(of)) if matches!(operand.value, Value::Scalar(_)) => of,
            _ => return self.no_bits(&operand.ty, base.span),
        };
        if wanted > of {
            return self.fail(
                Diagnostic::error(format!("a slice of {wanted} bits of {of}"))
                    .at(width.span, "")
                    .also(base.span, format!("this is `{}`", operand.ty))
                    .help(format!("take {of} bits at most")),
            );
        }
        let from = self.index_number(&position, low.span)?;
        match operand.place.clone().as_deref() {
            Some(ComputedPlace::Element { index, elements }) => {
                let parts: Result<Vec<_>> =
                    elements.iter().map(|element| self.bits_from(element, from, wanted, span)).collect();
                self.one_of(*index, parts?, &Type::Bits(wanted), span)
            }
            _ => self.bits_from(&operand, from, wanted, span),
        }
    }

    /// A slice of something whose place is computed.
    pub(super) fn slice_of_chosen(
        &mut self,
        place: &ComputedPlace<'a>,
        high: u32,
        low: u32,
        span: Span,
    ) -> Result<Operand<'a>> {
        let width = high - low + 1;
        match place {
            ComputedPlace::Element { index, elements } => {
                let mut parts = Vec::with_capacity(elements.len());
                for element in elements.iter() {
                    parts.push(match &element.place {
                        Some(inner) => self.slice_of_chosen(&inner.clone(), high, low, span)?,
                        None => {
                            let handle = self.scalar(element, span)?;
                            let value = Value::Scalar(self.slice(handle, high, low, span));
                            Operand::part(value, Type::Bits(width), element.writable)
                        }
                    });
                }
                self.one_of(*index, parts, &Type::Bits(width), span)
            }
            ComputedPlace::Bits { base, low: from, .. } => {
                // One bit more than either number has, so that the sum does not run over.
                let sum = self.type_of(*from).width().max(32) + 1;
                let from = self.convert(*from, ir::Type::Bits(sum), span);
                let offset = self.number(sum, u64::from(low), span);
                let from = self.binary(BinaryOp::Add, from, offset, span);
                self.bits_from(base, from, width, span)
            }
        }
    }

    /// A field of the element that is chosen.
    pub(super) fn member_of_chosen(
        &mut self,
        place: &ComputedPlace<'a>,
        member: &ast::Name,
        span: Span,
    ) -> Result<Operand<'a>> {
        self.map_chosen(place, span, |this, element| this.member_of(element.clone(), member, span))
    }

    /// An element of the array that is chosen.
    pub(super) fn element_of_chosen(
        &mut self,
        place: &ComputedPlace<'a>,
        position: &Operand<'a>,
        base: Span,
        at: Span,
    ) -> Result<Operand<'a>> {
        self.map_chosen(place, base.to(at), |this, element| match &element.place {
            Some(inner) => this.element_of_chosen(&inner.clone(), position, base, at),
            None => this.element(element.clone(), position, base, at),
        })
    }

    fn map_chosen(
        &mut self,
        place: &ComputedPlace<'a>,
        span: Span,
        mut f: impl FnMut(&mut Self, &Operand<'a>) -> Result<Operand<'a>>,
    ) -> Result<Operand<'a>> {
        let ComputedPlace::Element { index, elements } = place else { return Err(super::Reported) };
        let mut parts = Vec::with_capacity(elements.len());
        for element in elements.iter() {
            parts.push(f(self, element)?);
        }
        let Some(ty) = parts.first().map(|part| part.ty.clone()) else { return Err(super::Reported) };
        self.one_of(*index, parts, &ty, span)
    }

    /// Calls a method that changes whichever element is chosen.
    pub(super) fn method_of_chosen(
        &mut self,
        place: &ComputedPlace<'a>,
        span: Span,
        mut call: impl FnMut(&mut Self, &Operand<'a>) -> Result<Operand<'a>>,
    ) -> Result<Operand<'a>> {
        let ComputedPlace::Element { index, elements } = place else { return Err(super::Reported) };
        self.by_number(*index, elements.len(), span, |this, i| {
            elements.get(i).map_or(Ok(()), |element| call(this, element).map(|_| ()))
        })?;
        Ok(Operand::nothing())
    }

    /// Writes a value to a computed place.
    pub(super) fn assign_chosen(
        &mut self,
        place: &ComputedPlace<'a>,
        value: &Operand<'a>,
        span: Span,
    ) -> Result<()> {
        match place {
            ComputedPlace::Element { index, elements } => {
                self.by_number(*index, elements.len(), span, |this, i| {
                    elements.get(i).map_or(Ok(()), |element| this.assign(element, value, span))
                })
            }
            ComputedPlace::Bits { base, low, width } => {
                let (old, new) = (self.scalar(base, span)?, self.scalar(value, span)?);
                let ty = self.type_of(old);
                let all = ir::Type::Bits(ty.width());
                let old = self.convert(old, all, span);
                let new = self.convert(new, all, span);
                let new = self.binary(BinaryOp::Shl, new, *low, span);
                let ones = (BigInt::one() << *width) - 1_u32;
                let mask = self.constant(numbers::to_bits(&ones, ty.width()), all, span);
                let mask = self.binary(BinaryOp::Shl, mask, *low, span);
                let others = self.unary(ir::UnaryOp::BitNot, mask, span);
                let kept = self.binary(BinaryOp::And, old, others, span);
                let both = self.binary(BinaryOp::Or, kept, new, span);
                let result = self.convert(both, ty, span);
                self.assign(base, &Operand::new(Value::Scalar(result), base.ty.clone()), span)
            }
        }
    }

    /// The same place with its number kept as it is now.
    pub(super) fn stable_chosen(
        &mut self,
        operand: &Operand<'a>,
        place: &ComputedPlace<'a>,
        span: Span,
    ) -> Result<Operand<'a>> {
        match place {
            ComputedPlace::Element { index, elements } => {
                let index = self.stable_number(*index, span)?;
                let elements: Result<Vec<_>> =
                    elements.iter().map(|element| self.stabilize(element, span)).collect();
                self.one_of(index, elements?, &operand.ty, span)
            }
            ComputedPlace::Bits { base, low, width } => {
                let low = self.stable_number(*low, span)?;
                let base = self.stabilize(base, span)?;
                self.bits_from(&base, low, *width, span)
            }
        }
    }

    fn stable_number(&mut self, number: Handle<Expression>, span: Span) -> Result<Handle<Expression>> {
        if self.known(number).is_some() {
            return Ok(number);
        }
        let ty = self.type_of(number);
        let (variable, read) = self.scalar_local(ty, span)?;
        self.emit(StatementKind::Assign(ir::Place::Variable(variable), number), span);
        Ok(read)
    }

    /// Externs write storage that is known: gives each argument with a computed place a copy; the pairs are to be copied back behind the call.
    pub(super) fn fix_places(&mut self, bound: &mut [Bound<'a>]) -> Result<CopyBack<'a>> {
        let mut back = Vec::new();
        for argument in bound {
            let written = matches!(argument.parameter.direction, Some(Direction::Out | Direction::InOut));
            if !written || (argument.operand.place.is_none() && argument.initial.is_none()) {
                continue;
            }
            let target = self.stabilize(&argument.operand, argument.span)?;
            let copy = self.temporary(&target.ty, argument.span)?;
            if argument.parameter.direction == Some(Direction::InOut) {
                let value = argument.initial.take().unwrap_or_else(|| target.clone().read_only());
                self.assign(&copy, &value, argument.span)?;
            }
            argument.operand = copy.clone();
            back.push((target, copy, argument.span));
        }
        Ok(back)
    }
}

/// Whether a number fits so many bits.
fn fits(number: usize, width: u32) -> bool {
    width >= usize::BITS || number >> width == 0
}
