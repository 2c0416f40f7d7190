//! Members, elements and slices.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{ExpressionKind, Handle, HeaderRef};

use super::convert::enumeration;
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind, RecordKind};
use crate::limits;
use crate::numbers;
use crate::scope::Entity;
use crate::types::{Enum, Type};
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    pub(super) fn member(
        &mut self,
        base: &'a ast::Expr,
        member: &'a ast::Name,
        span: Span,
    ) -> Result<Operand<'a>> {
        if let ExprKind::Path(path) = &base.kind {
            let (entity, _) = self.resolve(path, "name")?;
            if let Entity::Type(ty) = &entity {
                return self.type_member(ty, member);
            }
        }
        if let ExprKind::Call { callee, arguments, .. } = &base.kind
            && let Some(result) = self.table_result(callee, arguments, member, base.span)?
        {
            return Ok(result);
        }
        let operand = self.expr(base)?;
        self.member_of(operand, member, span)
    }

    /// `Enumeration.member`
    fn type_member(&mut self, ty: &Type, member: &ast::Name) -> Result<Operand<'a>> {
        match ty {
            Type::Enum(of) => match self.enum_member(&of.clone(), member.as_str(), member.span) {
                Some(operand) => Ok(operand),
                None => {
                    let names = of.members.iter().map(|(name, _)| &**name);
                    let help = match closest(member.as_str(), names.clone()) {
                        Some(close) => format!("did you mean `{ty}.{close}`?"),
                        None => format!("it has {}", enumeration(names)),
                    };
                    self.fail(
                        Diagnostic::error(format!("`{ty}` has no member `{member}`"))
                            .at(member.span, "")
                            .also(of.span, "declared here")
                            .help(help),
                    )
                }
            },
            Type::Error => self.error_member(member),
            _ => self.fail(
                Diagnostic::error(format!("the type `{ty}` has no member `{member}`"))
                    .at(member.span, "")
                    .help("only enumerations and `error` have members; name a variable of the type instead"),
            ),
        }
    }

    fn enum_member(&mut self, of: &std::rc::Rc<Enum>, name: &str, span: Span) -> Option<Operand<'a>> {
        let (_, value) = of.members.iter().find(|(member, _)| &**member == name)?;
        let ty = Type::Enum(of.clone());
        let scalar = ty.scalar()?;
        let bits = numbers::to_bits(value, scalar.width());
        Some(Operand::new(Value::Scalar(self.constant(bits, scalar, span)), ty))
    }

    /// A member of a value.
    pub(super) fn member_of(
        &mut self,
        operand: Operand<'a>,
        member: &ast::Name,
        span: Span,
    ) -> Result<Operand<'a>> {
        if let Some(place) = &operand.place {
            return self.member_of_chosen(&place.clone(), member, span);
        }
        let writable = operand.writable;
        match (&operand.value, operand.ty.plain()) {
            (value, Type::Record(record)) => {
                let record = record.clone();
                let Some((index, field)) = record.field(member.as_str()) else {
                    return self.no_field(&record, member.as_str(), member.span);
                };
                let ty = field.ty.clone();
                let part = match value {
                    Value::Fields(parts) | Value::HeaderLiteral(parts) => parts.get(index).cloned(),
                    Value::Header(header) => {
                        let mut at = record.fields.iter().take(index).map(|field| field.ty.leaves()).sum();
                        Some(self.header_field(*header, &ty, &mut at, span))
                    }
                    Value::Union(members) => members.get(index).copied().map(Value::Header),
                    Value::Invalid if record.kind == RecordKind::HeaderUnion => Some(Value::Invalid),
                    _ => None,
                };
                let value = match part {
                    Some(part) => part,
                    // A field of the literal `{#}`: whatever it is, it is zero.
                    None => self.default_value(&ty, span)?,
                };
                Ok(Operand::part(value, ty, writable))
            }
            (Value::Fields(parts), Type::RecordLiteral(names)) => {
                let found = names.iter().zip(parts.iter()).find(|((name, _), _)| *name == member.text);
                match found {
                    Some(((_, ty), value)) => Ok(Operand::new(value.clone(), ty.clone())),
                    None => self.no_member(&operand, member),
                }
            }
            (_, Type::Stack(element, size)) => {
                let (element, size) = ((**element).clone(), *size);
                self.stack_member(&operand, &element, size, member, span)
            }
            _ => self.no_member(&operand, member),
        }
    }

    fn no_member<T>(&mut self, operand: &Operand<'a>, member: &ast::Name) -> Result<T> {
        let (what, help) = match &operand.value {
            Value::Object(object) => (
                Self::object_noun(object).to_string(),
                "call one of its methods: `instance.method(...)`".to_string(),
            ),
            _ => (
                format!("a value of type `{}`", operand.ty),
                "only structs and headers have fields".to_string(),
            ),
        };
        self.fail(
            Diagnostic::error(format!("{what} has no member `{member}`")).at(member.span, "").help(help),
        )
    }

    fn stack_member(
        &mut self,
        operand: &Operand<'a>,
        element: &Type,
        size: u32,
        member: &ast::Name,
        span: Span,
    ) -> Result<Operand<'a>> {
        let name = member.as_str();
        if name == "size" {
            return Ok(Operand::new(Value::Scalar(self.number(32, u64::from(size), span)), Type::Bits(32)));
        }
        if !matches!(element, Type::Record(record) if record.kind != RecordKind::Struct) {
            return self.fail(
                Diagnostic::error(format!("an array has no member `{name}`"))
                    .at(member.span, "")
                    .help("it has `size`; elements are `array[0]` and so on"),
            );
        }
        if !matches!(name, "next" | "last" | "lastIndex") {
            return self.fail(
                Diagnostic::error(format!("a header stack has no member `{name}`"))
                    .at(member.span, "")
                    .help("it has `next`, `last`, `lastIndex` and `size`; elements are `stack[0]` and so on"),
            );
        }
        if !self.may_parse() {
            return self.fail(
                Diagnostic::error(format!("`{name}` of a header stack is for parsers only"))
                    .at(span, "")
                    .help("in a control, name the element: `stack[0]`"),
            );
        }
        let pick = |stack: Handle<ir::Stack>| {
            if name == "next" { HeaderRef::Next(stack) } else { HeaderRef::Last(stack) }
        };
        let value = match &operand.value {
            Value::Stack(stack) if name == "lastIndex" => return Ok(self.last_index(*stack, span)),
            Value::UnionStack(stacks) if name == "lastIndex" => match stacks.first() {
                Some(stack) => return Ok(self.last_index(*stack, span)),
                None => Value::Invalid,
            },
            Value::Stack(stack) => Value::Header(pick(*stack)),
            Value::UnionStack(stacks) => Value::Union(stacks.iter().map(|stack| pick(*stack)).collect()),
            _ => {
                return self.fail(
                    Diagnostic::error(format!("`{name}` needs a stack in storage"))
                        .at(span, "")
                        .help("put the value into a variable first"),
                );
            }
        };
        Ok(Operand::part(value, element.clone(), operand.writable))
    }

    fn last_index(&mut self, stack: Handle<ir::Stack>, span: Span) -> Operand<'a> {
        let value = self.expression(ExpressionKind::LastIndex(stack), ir::Type::Bits(32), span);
        Operand::new(Value::Scalar(value), Type::Bits(32))
    }

    /// `base[index]`
    pub(super) fn index(&mut self, base: &'a ast::Expr, index: &'a ast::Expr) -> Result<Operand<'a>> {
        let base_operand = self.expr(base)?;
        let position = self.expr(index)?;
        if let Some(place) = &base_operand.place {
            return self.element_of_chosen(&place.clone(), &position, base.span, index.span);
        }
        self.element(base_operand, &position, base.span, index.span)
    }

    /// An element of a stack, array, tuple or list.
    pub(super) fn element(
        &mut self,
        base_operand: Operand<'a>,
        position: &Operand<'a>,
        base_span: Span,
        index_span: Span,
    ) -> Result<Operand<'a>> {
        if matches!(position.ty.plain(), Type::Bool | Type::Error) {
            let help = "an index is a number".to_string();
            return self.mismatch(&Type::Bits(32), &position.ty, index_span, Some(help));
        }
        let known = self.integer_value(position);
        let count = match (base_operand.ty.plain(), &base_operand.value) {
            (Type::Stack(_, size), _) => *size as usize,
            (Type::Tuple(parts), _) => parts.len(),
            (Type::List(_), Value::Fields(parts)) => parts.len(),
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value of type `{}` has no elements", base_operand.ty))
                        .at(base_span, "")
                        .help("header stacks, arrays, tuples and lists have; bits are taken by `value[high:low]`"),
                );
            }
        };
        let element = |at| super::assign::part_type(base_operand.ty.plain(), at);
        match known {
            Some(at) => match at.to_usize().filter(|at| *at < count) {
                Some(at) => {
                    let value = self.stack_element(&base_operand.value, at);
                    // A tuple is written as a whole only (section 8.12).
                    let writable =
                        base_operand.writable && !matches!(base_operand.ty.plain(), Type::Tuple(_));
                    Ok(Operand::part(value, element(at), writable))
                }
                None => self.fail(
                    Diagnostic::error(format!("the index {at} is out of range")).at(index_span, "").help(
                        format!("`{}` has the elements 0 to {}", base_operand.ty, count.saturating_sub(1)),
                    ),
                ),
            },
            None => self.dynamic_element(&base_operand, position, index_span),
        }
    }

    fn dynamic_element(
        &mut self,
        base: &Operand<'a>,
        position: &Operand<'a>,
        at: Span,
    ) -> Result<Operand<'a>> {
        let handle = self.index_number(position, at)?;
        let value = match &base.value {
            Value::Stack(stack) => Value::Header(HeaderRef::Element(*stack, handle)),
            Value::UnionStack(stacks) => {
                Value::Union(stacks.iter().map(|stack| HeaderRef::Element(*stack, handle)).collect())
            }
            Value::Fields(parts) if matches!(base.ty.plain(), Type::Stack(..)) => {
                let ty = super::assign::part_type(base.ty.plain(), 0);
                let elements =
                    parts.iter().map(|part| Operand::part(part.clone(), ty.clone(), base.writable)).collect();
                return self.one_of(handle, elements, &ty, at);
            }
            _ => {
                return self.fail(
                    Diagnostic::error("this index must be known at compile time")
                        .at(at, "depends on the packet or on a variable")
                        .help("only elements of header stacks and arrays can be chosen at run time"),
                );
            }
        };
        let ty = super::assign::part_type(base.ty.plain(), 0);
        Ok(Operand::part(value, ty, base.writable))
    }

    /// A number that is computed at run time, as an unsigned one.
    pub(super) fn index_number(
        &mut self,
        position: &Operand<'a>,
        at: Span,
    ) -> Result<Handle<ir::Expression>> {
        let number = match position.ty.plain() {
            Type::Enum(of) => of.underlying.as_ref().map(|ty| ty.plain().clone()),
            other => Some(other.clone()),
        };
        match (&position.value, number) {
            (Value::Scalar(handle), Some(Type::Bits(_))) => Ok(*handle),
            // What is negative becomes too large, and is out of range as such.
            (Value::Scalar(handle), Some(Type::Signed(width))) => {
                let width = width.max(32);
                let extended = self.convert(*handle, ir::Type::Int(width), at);
                Ok(self.convert(extended, ir::Type::Bits(width), at))
            }
            _ => {
                let help = "an index is a number".to_string();
                self.mismatch(&Type::Bits(32), &position.ty, at, Some(help))
            }
        }
    }

    /// `base[high:low]`
    pub(super) fn slice_expr(
        &mut self,
        base: &'a ast::Expr,
        high: &'a ast::Expr,
        low: &'a ast::Expr,
        span: Span,
    ) -> Result<Operand<'a>> {
        let operand = self.expr(base)?;
        let (h, l) = (self.constant_integer(high)?, self.constant_integer(low)?);
        self.slice_operand(operand, (&h, &l), [base.span, high.span, low.span], span)
    }

    /// Says that there are no bits in a value to slice.
    pub(super) fn no_bits<T>(&mut self, ty: &Type, at: Span) -> Result<T> {
        self.fail(
            Diagnostic::error(format!("a value of type `{ty}` has no bits to slice"))
                .at(at, "")
                .help("slices are of `bit<W>` and `int<W>`"),
        )
    }

    /// The bits from `low` to `high` of a value; the spans are the value's, and those of the two bounds.
    pub(super) fn slice_operand(
        &mut self,
        operand: Operand<'a>,
        (high, low): (&BigInt, &BigInt),
        [base, high_at, low_at]: [Span; 3],
        span: Span,
    ) -> Result<Operand<'a>> {
        let most = match operand.ty.scalar() {
            Some(ir::Type::Bits(width) | ir::Type::Int(width)) => width - 1,
            _ if operand.ty == Type::Int => limits::LITERAL_WIDTH,
            _ => return self.no_bits(&operand.ty, base),
        };
        let high_bit = self.small(high, "the high bit", most, high_at)?;
        let low_bit = self.small(low, "the low bit", most, low_at)?;
        if low_bit > high_bit {
            return self.fail(
                Diagnostic::error(format!("the slice [{high_bit}:{low_bit}] is upside down"))
                    .at(high_at.to(low_at), "")
                    .help(format!("the high bit stands first: [{low_bit}:{high_bit}]")),
            );
        }
        if let Some(place) = &operand.place {
            return self.slice_of_chosen(&place.clone(), high_bit, low_bit, span);
        }
        let width = high_bit - low_bit + 1;
        let value = match &operand.value {
            Value::Scalar(handle) => self.slice(*handle, high_bit, low_bit, span),
            Value::Int(value) => {
                let bits: Bits = numbers::to_bits(&(value >> low_bit), width);
                self.constant(bits, ir::Type::Bits(width), span)
            }
            _ => return self.fail(Diagnostic::error("this cannot be sliced").at(base, "")),
        };
        Ok(Operand::part(Value::Scalar(value), Type::Bits(width), operand.writable))
    }
}
