//! Operators (sections 8.5 to 8.10).

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{BinaryOp, Place, StatementKind, UnaryOp};

use super::{Elaborator, Result};
use crate::ast::{self, BinaryOperator, UnaryOperator};
use crate::numbers::{self, Folded};
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    pub(super) fn unary_expr(
        &mut self,
        operator: UnaryOperator,
        operand: &'a ast::Expr,
        span: Span,
    ) -> Result<Operand<'a>> {
        let value = self.expr(operand)?;
        let value = self.decayed(value, operand.span)?;
        if let (Value::Int(number), UnaryOperator::Minus | UnaryOperator::Plus) = (&value.value, operator) {
            let number = if operator == UnaryOperator::Minus { -number } else { number.clone() };
            return Ok(Operand::new(Value::Int(number), Type::Int));
        }
        let (op, fits, help) = match (operator, value.ty.plain()) {
            (UnaryOperator::Not, ty) => {
                (Some(UnaryOp::Not), *ty == Type::Bool, "`!` is for `bool`; for bits it is `~`, or `== 0`")
            }
            (UnaryOperator::Complement, ty) => (
                Some(UnaryOp::BitNot),
                matches!(ty, Type::Bits(_) | Type::Signed(_)),
                "`~` is for `bit<W>` and `int<W>`; for `bool` it is `!`",
            ),
            (UnaryOperator::Minus, ty) => {
                (Some(UnaryOp::Negate), matches!(ty, Type::Bits(_) | Type::Signed(_)), "`-` is for numbers")
            }
            (UnaryOperator::Plus, ty) => {
                (None, matches!(ty, Type::Bits(_) | Type::Signed(_)), "`+` is for numbers")
            }
        };
        if fits && value.ty.is_empty() {
            return Ok(Operand::new(value.value, value.ty));
        }
        let (true, Value::Scalar(handle)) = (fits, &value.value) else {
            return self.fail(
                Diagnostic::error(format!("`{operator}` cannot be applied to `{}`", value.ty))
                    .at(operand.span, format!("this is `{}`", value.ty))
                    .help(help),
            );
        };
        let result = match op {
            Some(op) => self.unary(op, *handle, span),
            None => *handle,
        };
        Ok(Operand::new(Value::Scalar(result), value.ty))
    }

    pub(super) fn binary_expr(
        &mut self,
        operator: BinaryOperator,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        span: Span,
    ) -> Result<Operand<'a>> {
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            return self.logical(operator == BinaryOperator::And, left, right, span);
        }
        if matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual) {
            for side in [left, right] {
                self.no_defaults(side, "a comparison")?;
            }
        }
        let mut operands = self.sequence(&[left, right], span)?;
        let (Some(b), Some(a)) = (operands.pop(), operands.pop()) else { return Err(super::Reported) };
        self.combine(operator, a, b, (left.span, right.span), span)
    }

    /// `&&` and `||`: the right operand is evaluated only where the left one does not decide.
    fn logical(
        &mut self,
        is_and: bool,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        span: Span,
    ) -> Result<Operand<'a>> {
        let a = self.condition(left);
        let (b, statements) = self.nested(|this| this.condition(right));
        let (a, b) = (a?, b?);
        let op = if is_and { BinaryOp::LogicalAnd } else { BinaryOp::LogicalOr };
        let decided = self.known_truth(a).is_some_and(|truth| truth != is_and);
        if statements.is_empty() || decided {
            return Ok(Operand::new(Value::Scalar(self.binary(op, a, b, span)), Type::Bool));
        }
        let (variable, read) = self.flag(span)?;
        self.emit(StatementKind::Assign(Place::Variable(variable), a), span);
        let mut taken = statements;
        taken.push(ir::Statement { kind: StatementKind::Assign(Place::Variable(variable), b), span });
        let (accept, reject) = if is_and { (taken, Vec::new()) } else { (Vec::new(), taken) };
        self.emit(StatementKind::If { condition: read, accept, reject }, span);
        Ok(Operand::new(Value::Scalar(read), Type::Bool))
    }

    /// An operator on two values.
    pub(super) fn combine(
        &mut self,
        operator: BinaryOperator,
        left: Operand<'a>,
        right: Operand<'a>,
        spans: (Span, Span),
        span: Span,
    ) -> Result<Operand<'a>> {
        match operator {
            BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight
                if !(left.ty == Type::Int && right.ty == Type::Int) =>
            {
                return self.shift(operator, left, right, spans, span);
            }
            BinaryOperator::Concat => return self.concatenate(&left, &right, spans, span),
            _ => {}
        }
        let equality = matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual);
        let (left, right) = match equality {
            true => (left, right),
            false => (self.decayed(left, spans.0)?, self.decayed(right, spans.1)?),
        };
        let (left, right) = self.balance(left, right, spans.0, spans.1)?;
        if let (Value::Int(a), Value::Int(b)) = (&left.value, &right.value) {
            return match numbers::integers(operator, a, b) {
                Folded::Int(value) => Ok(Operand::new(Value::Int(value), Type::Int)),
                Folded::Bool(value) => {
                    Ok(Operand::new(Value::Scalar(self.boolean(value, span)), Type::Bool))
                }
                Folded::Undefined(why) => {
                    self.fail(Diagnostic::error(format!("`{operator}` has no value here")).at(span, why).help(
                        "integers without a width are computed exactly, so that every operation must have a result",
                    ))
                }
            };
        }
        if equality {
            let equal = self.equal(&left.value, &right.value, &left.ty, span)?;
            let result = if operator == BinaryOperator::Equal { equal } else { self.not(equal, span) };
            return Ok(Operand::new(Value::Scalar(result), Type::Bool));
        }
        self.arithmetic(operator, &left, &right, spans, span)
    }

    /// A value of a serializable enumeration, with which one computes, as one of its underlying type (section 8.3).
    fn decayed(&mut self, operand: Operand<'a>, span: Span) -> Result<Operand<'a>> {
        match &operand.ty {
            Type::Enum(of) => match of.underlying.clone() {
                Some(underlying) => self.coerce(operand, &underlying, span),
                None => Ok(operand),
            },
            _ => Ok(operand),
        }
    }

    fn arithmetic(
        &mut self,
        operator: BinaryOperator,
        left: &Operand<'a>,
        right: &Operand<'a>,
        spans: (Span, Span),
        span: Span,
    ) -> Result<Operand<'a>> {
        let (op, is_comparison) = match operator {
            BinaryOperator::Multiply => (BinaryOp::Mul, false),
            BinaryOperator::Divide => (BinaryOp::Div, false),
            BinaryOperator::Modulo => (BinaryOp::Mod, false),
            BinaryOperator::Add => (BinaryOp::Add, false),
            BinaryOperator::Subtract => (BinaryOp::Sub, false),
            BinaryOperator::SaturatingAdd => (BinaryOp::SatAdd, false),
            BinaryOperator::SaturatingSubtract => (BinaryOp::SatSub, false),
            BinaryOperator::BitAnd => (BinaryOp::And, false),
            BinaryOperator::BitXor => (BinaryOp::Xor, false),
            BinaryOperator::BitOr => (BinaryOp::Or, false),
            BinaryOperator::LessEqual => (BinaryOp::Le, true),
            BinaryOperator::GreaterEqual => (BinaryOp::Ge, true),
            BinaryOperator::Less => (BinaryOp::Lt, true),
            BinaryOperator::Greater => (BinaryOp::Gt, true),
            _ => return Err(super::Reported),
        };
        // A `type` of its own compares, but does not compute (section 7.3.13).
        let ty = if is_comparison { left.ty.plain() } else { &left.ty };
        let divides = matches!(op, BinaryOp::Div | BinaryOp::Mod);
        let fits = matches!(ty, Type::Bits(_)) || (matches!(ty, Type::Signed(_)) && !divides);
        if fits && ty.is_empty() {
            return Ok(match is_comparison {
                true => {
                    let holds = self.boolean(matches!(op, BinaryOp::Le | BinaryOp::Ge), span);
                    Operand::new(Value::Scalar(holds), Type::Bool)
                }
                false => Operand::new(left.value.clone(), left.ty.clone()),
            });
        }
        let (true, Value::Scalar(a), Value::Scalar(b)) = (fits, &left.value, &right.value) else {
            let help = match left.ty.plain() {
                Type::Bool => "for `bool` there are `&&`, `||`, `!`, `==` and `!=`",
                Type::Signed(_) => "division is for unsigned numbers; cast to `bit<W>` first",
                _ => "arithmetic is for `bit<W>`, `int<W>` and `int`; cast first",
            };
            return self.fail(
                Diagnostic::error(format!("`{operator}` cannot be applied to `{}`", left.ty))
                    .at(spans.0.to(spans.1), "")
                    .help(help),
            );
        };
        if divides && self.known(*b).is_some_and(sluice_entities::Bits::is_zero) {
            return self.fail(
                Diagnostic::error("division by zero").at(spans.1, "this is 0").help("divide by 1 or more"),
            );
        }
        let result = self.binary(op, *a, *b, span);
        let ty = if is_comparison { Type::Bool } else { left.ty.clone() };
        Ok(Operand::new(Value::Scalar(result), ty))
    }

    fn shift(
        &mut self,
        operator: BinaryOperator,
        left: Operand<'a>,
        right: Operand<'a>,
        spans: (Span, Span),
        span: Span,
    ) -> Result<Operand<'a>> {
        let op = if operator == BinaryOperator::ShiftLeft { BinaryOp::Shl } else { BinaryOp::Shr };
        let left = self.decayed(left, spans.0)?;
        if let (Value::Int(a), Some(by)) = (&left.value, self.integer_value(&right))
            && let Folded::Int(value) = numbers::integers(operator, a, &by)
        {
            return Ok(Operand::new(Value::Int(value), Type::Int));
        }
        let by = match (&right.value, right.ty.plain()) {
            (Value::Int(by), _) if by.sign() == num_bigint::Sign::Minus => {
                return self.fail(
                    Diagnostic::error("a shift by a negative number")
                        .at(spans.1, "")
                        .help("shift by its absolute value in the other direction"),
                );
            }
            (Value::Int(by), _) => {
                let by = by.clone().min(u32::MAX.into());
                self.constant(numbers::to_bits(&by, 32), ir::Type::Bits(32), spans.1)
            }
            (Value::Scalar(handle), Type::Bits(_)) => *handle,
            (_, Type::Bits(0)) => self.number(32, 0, spans.1),
            (Value::Scalar(handle), Type::Enum(of)) if matches!(of.underlying, Some(Type::Bits(_))) => {
                *handle
            }
            _ => {
                let help = "the number of bits to shift by is unsigned: cast it to `bit<W>`".to_string();
                return self.mismatch(&Type::Bits(8), &right.ty, spans.1, Some(help));
            }
        };
        match (&left.value, left.ty.plain()) {
            (Value::Scalar(handle), Type::Bits(_) | Type::Signed(_)) => {
                let result = self.binary(op, *handle, by, span);
                Ok(Operand::new(Value::Scalar(result), left.ty))
            }
            (_, plain) if plain.is_empty() => Ok(Operand::new(left.value, left.ty)),
            (Value::Int(_), _) => self.fail(
                Diagnostic::error("the shifted integer has no width")
                    .at(spans.0, "the shift is not known at compile time")
                    .help("write a width before it, as in `32w1`"),
            ),
            _ => self.fail(
                Diagnostic::error(format!("`{operator}` cannot be applied to `{}`", left.ty))
                    .at(spans.0, "")
                    .help("shifts are of `bit<W>` and `int<W>`"),
            ),
        }
    }

    fn concatenate(
        &mut self,
        left: &Operand<'a>,
        right: &Operand<'a>,
        spans: (Span, Span),
        span: Span,
    ) -> Result<Operand<'a>> {
        if let (Value::String(a), Value::String(b)) = (&left.value, &right.value) {
            return Ok(Operand::new(Value::String(format!("{a}{b}").into()), Type::String));
        }
        for (empty, other) in [(left, right), (right, left)] {
            if matches!(empty.ty.plain(), Type::Bits(0) | Type::Signed(0))
                && matches!(other.ty.plain(), Type::Bits(_) | Type::Signed(_))
            {
                let joined = Operand::new(other.value.clone(), other.ty.clone());
                return match left.ty.plain() {
                    // The sign of the result is that of the left side.
                    Type::Signed(0) if !other.ty.is_empty() => {
                        let width = other.ty.scalar().map_or(0, ir::Type::width);
                        self.cast(joined, &Type::Signed(width), span)
                    }
                    Type::Bits(0) if !other.ty.is_empty() => {
                        let width = other.ty.scalar().map_or(0, ir::Type::width);
                        self.cast(joined, &Type::Bits(width), span)
                    }
                    _ => Ok(joined),
                };
            }
        }
        let mut parts = [None, None];
        for (slot, (operand, at)) in parts.iter_mut().zip([(left, spans.0), (right, spans.1)]) {
            *slot = match (&operand.value, operand.ty.scalar()) {
                (Value::Scalar(handle), Some(ir::Type::Bits(width) | ir::Type::Int(width))) => {
                    Some((*handle, width))
                }
                _ => {
                    return self.fail(
                        Diagnostic::error(format!("`++` cannot be applied to `{}`", operand.ty))
                            .at(at, "its width is not known")
                            .help(
                                "both sides need a width: cast, or write one before the number as in `8w5`",
                            ),
                    );
                }
            };
        }
        let [Some((a, wide_a)), Some((b, wide_b))] = parts else { return Err(super::Reported) };
        let width = wide_a + wide_b;
        let a = self.convert(a, ir::Type::Bits(wide_a), span);
        let b = self.convert(b, ir::Type::Bits(wide_b), span);
        let joined = self.concat(a, b, span);
        if matches!(left.ty.plain(), Type::Signed(_)) {
            let signed = self.convert(joined, ir::Type::Int(width), span);
            return Ok(Operand::new(Value::Scalar(signed), Type::Signed(width)));
        }
        Ok(Operand::new(Value::Scalar(joined), Type::Bits(width)))
    }

    /// Brings two operands to one type: integers take the width of the other, enumerations become their underlying type,
    /// literals the declared type.
    pub(super) fn balance(
        &mut self,
        left: Operand<'a>,
        right: Operand<'a>,
        left_span: Span,
        right_span: Span,
    ) -> Result<(Operand<'a>, Operand<'a>)> {
        if left.ty == right.ty {
            return Ok((left, right));
        }
        let underlying = |ty: &Type| match ty {
            Type::Enum(of) => of.underlying.clone(),
            _ => None,
        };
        let (mut left, mut right) = (left, right);
        if let Some(ty) = underlying(&left.ty) {
            left = self.coerce(left, &ty, left_span)?;
        }
        if let Some(ty) = underlying(&right.ty) {
            right = self.coerce(right, &ty, right_span)?;
        }
        let is_literal = |ty: &Type| {
            matches!(ty, Type::Int | Type::Tuple(_) | Type::RecordLiteral(_) | Type::Invalid | Type::Default)
        };
        if left.ty == right.ty {
            Ok((left, right))
        } else if is_literal(&right.ty) {
            let ty = left.ty.clone();
            Ok((left, self.coerce(right, &ty, right_span)?))
        } else if is_literal(&left.ty) {
            let ty = right.ty.clone();
            Ok((self.coerce(left, &ty, left_span)?, right))
        } else {
            let (a, b) = (left.ty, right.ty);
            let help = if a.scalar().is_some() && b.scalar().is_some() {
                format!("cast one side, for example `({a})` before the right one")
            } else {
                "compare or combine single values: name the fields".to_string()
            };
            self.fail(
                Diagnostic::error(format!("`{a}` and `{b}` do not go together"))
                    .at(right_span, format!("this is `{b}`"))
                    .also(left_span, format!("this is `{a}`"))
                    .help(help),
            )
        }
    }
}
