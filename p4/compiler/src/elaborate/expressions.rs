//! Expressions: which form goes where, names, conditions, and what must be known at compile time.

use num_bigint::BigInt;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{Expression, Handle, StatementKind};

use super::{Elaborator, Result};
use crate::ast::{self, ExprKind};
use crate::numbers;
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{Object, Operand, Value};

impl<'a> Elaborator<'a> {
    /// What an expression stands for; statements that it needs are emitted.
    pub(super) fn expr(&mut self, expr: &'a ast::Expr) -> Result<Operand<'a>> {
        self.nest(expr.span, |this| this.form(expr))
    }

    fn form(&mut self, expr: &'a ast::Expr) -> Result<Operand<'a>> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Bool(value) => {
                let handle = self.boolean(*value, span);
                Ok(Operand::new(Value::Scalar(handle), Type::Bool))
            }
            ExprKind::Integer(integer) => self.integer(integer, span),
            ExprKind::String(text) => Ok(Operand::new(Value::String(text.clone()), Type::String)),
            ExprKind::Path(path) => self.path(path),
            ExprKind::This => match self.frame.scope.look_up("this").map(|binding| binding.entity) {
                Some(Entity::Value(operand)) => Ok(operand),
                _ => self.misplaced("`this`", span, "it stands in the methods that an instance supplies"),
            },
            ExprKind::ErrorMember(name) => self.error_member(name),
            ExprKind::Member { base, member } => self.member(base, member, span),
            ExprKind::Index { base, index } => self.index(base, index),
            ExprKind::Slice { base, high, low } => self.slice_expr(base, high, low, span),
            ExprKind::SliceOf { base, low, width } => self.slice_of_expr(base, low, width, span),
            ExprKind::Unary { operator, operand } => self.unary_expr(*operator, operand, span),
            ExprKind::Binary { operator, left, right } => self.binary_expr(*operator, left, right, span),
            ExprKind::Ternary { condition, yes, no } => self.ternary(condition, yes, no, span),
            ExprKind::Cast { ty, operand } => {
                let to = self.resolve_type(ty)?;
                let operand = self.expr(operand)?;
                self.cast(operand, &to, span)
            }
            ExprKind::Call { callee, type_arguments, arguments } => {
                self.descend(span, |this| this.call(callee, type_arguments, arguments, span))
            }
            ExprKind::List(parts) => self.list(parts, span),
            ExprKind::Record { fields, rest } => self.record_literal(fields, rest.is_some(), span),
            ExprKind::Invalid => Ok(Operand::new(Value::Invalid, Type::Invalid)),
            ExprKind::Default => Ok(Operand::new(Value::Default, Type::Default)),
            ExprKind::DontCare => Ok(Operand::new(Value::DontCare, Type::DontCare)),
        }
    }

    fn path(&mut self, path: &'a ast::Path) -> Result<Operand<'a>> {
        let (entity, declared) = self.resolve(path, "name")?;
        match entity {
            Entity::Value(operand) => Ok(operand),
            other => {
                let help = match &other {
                    Entity::Functions(_) | Entity::Action(_) => {
                        format!("to call it, write `{}(...)`", path.name)
                    }
                    Entity::Type(Type::Enum(_)) => format!("write `{}.member` for a value of it", path.name),
                    _ => "a value is expected here".to_string(),
                };
                self.fail(
                    Diagnostic::error(format!("`{}` is {}, not a value", path.name, other.noun()))
                        .at(path.span, "")
                        .also(declared, "declared here")
                        .help(help),
                )
            }
        }
    }

    /// Several expressions in their order: each keeps the value that it had when it was evaluated.
    pub(super) fn sequence(&mut self, exprs: &[&'a ast::Expr], span: Span) -> Result<Vec<Operand<'a>>> {
        let mut operands = Vec::with_capacity(exprs.len());
        let mut marks = Vec::with_capacity(exprs.len());
        for expr in exprs {
            let mut operand = self.expr(expr)?;
            operand.writable = false;
            operands.push(operand);
            marks.push(self.frame.block.len());
        }
        self.settle(&mut operands, &marks, span)?;
        Ok(operands)
    }

    /// An expression where a value of type `ty` is expected.
    pub(super) fn expr_of(&mut self, expr: &'a ast::Expr, ty: &Type) -> Result<Operand<'a>> {
        let operand = self.expr(expr)?;
        self.coerce(operand, ty, expr.span)
    }

    /// A condition.
    pub(super) fn condition(&mut self, expr: &'a ast::Expr) -> Result<Handle<Expression>> {
        let operand = self.expr_of(expr, &Type::Bool)?;
        self.scalar(&operand, expr.span)
    }

    /// The one expression of a scalar.
    pub(super) fn scalar(&mut self, operand: &Operand<'a>, span: Span) -> Result<Handle<Expression>> {
        match &operand.value {
            Value::Scalar(handle) => Ok(*handle),
            Value::Int(_) => self.fail(
                Diagnostic::error("an integer needs a width here")
                    .at(span, "has no width")
                    .help("write one before it, as in `32w5`, or cast it: `(bit<32>) ...`"),
            ),
            _ => self.fail(
                Diagnostic::error(format!("a single value is expected, found `{}`", operand.ty))
                    .at(span, "")
                    .help("name one field of it"),
            ),
        }
    }

    /// `condition ? yes : no`; what the branch not taken would do is not done.
    fn ternary(
        &mut self,
        condition: &'a ast::Expr,
        yes: &'a ast::Expr,
        no: &'a ast::Expr,
        span: Span,
    ) -> Result<Operand<'a>> {
        let condition = self.condition(condition)?;
        let (accept, mut accept_block) = self.nested(|this| this.expr(yes));
        let (reject, mut reject_block) = self.nested(|this| this.expr(no));
        let (accept, reject) = self.balance(accept?, reject?, yes.span, no.span)?;
        match self.known_truth(condition) {
            Some(truth) => {
                self.frame.block.extend(if truth { accept_block } else { reject_block });
                return Ok(if truth { accept } else { reject }.read_only());
            }
            None if has_int(&accept.ty) => {
                return self.fail(
                    Diagnostic::error("the integers of this choice have no width")
                        .at(span, "the condition is not known at compile time")
                        .help("write a width before one of them, as in `8w5`"),
                );
            }
            None => {}
        }
        let ty = accept.ty.clone();
        if let (Value::Scalar(a), Value::Scalar(b)) = (&accept.value, &reject.value)
            && accept_block.is_empty()
            && reject_block.is_empty()
            && !matches!(ty.plain(), Type::Varbit(_))
        {
            let value = self.mux(condition, *a, *b, span);
            return Ok(Operand::new(Value::Scalar(value), ty));
        }
        let mut result = self.temporary(&ty, span)?;
        for (branch, block) in [(&accept, &mut accept_block), (&reject, &mut reject_block)] {
            let (stored, tail) = self.nested(|this| this.assign(&result, branch, span));
            stored?;
            block.extend(tail);
        }
        self.emit(StatementKind::If { condition, accept: accept_block, reject: reject_block }, span);
        result.writable = false;
        result.is_list = accept.is_list && reject.is_list;
        Ok(result)
    }

    /// The number behind a constant; `None` for what is not known at compile time or is no number.
    pub(super) fn integer_value(&self, operand: &Operand<'a>) -> Option<BigInt> {
        match &operand.value {
            Value::Int(value) => Some(value.clone()),
            Value::Fields(_) if operand.ty.is_empty() => Some(BigInt::ZERO),
            Value::Scalar(handle) => {
                let bits = self.known(*handle)?;
                Some(numbers::to_integer(bits, matches!(self.type_of(*handle), ir::Type::Int(_))))
            }
            _ => None,
        }
    }

    /// Whether a value is known at compile time.
    pub(super) fn is_constant(&self, value: &Value<'a>) -> bool {
        match value {
            Value::Int(_) | Value::String(_) | Value::Invalid | Value::Default => true,
            Value::Scalar(handle) => self.known(*handle).is_some(),
            Value::Fields(parts) | Value::HeaderLiteral(parts) => {
                parts.iter().all(|part| self.is_constant(part))
            }
            Value::Object(_) => true,
            Value::Header(_)
            | Value::Union(_)
            | Value::Stack(_)
            | Value::UnionStack(_)
            | Value::DontCare
            | Value::Nothing => false,
        }
    }

    /// Refuses what is not known at compile time.
    pub(super) fn require_constant(&mut self, operand: &Operand<'a>, span: Span) -> Result<()> {
        if self.is_constant(&operand.value) {
            return Ok(());
        }
        self.fail(
            Diagnostic::error("this must be known at compile time")
                .at(span, "depends on the packet or on a variable")
                .help("use a literal, a `const`, or an expression of these"),
        )
    }

    /// An expression that is an integer known at compile time.
    pub(super) fn constant_integer(&mut self, expr: &'a ast::Expr) -> Result<BigInt> {
        let (operand, statements) = self.nested(|this| this.expr(expr));
        let operand = operand?;
        if statements.is_empty()
            && let Some(value) = self.integer_value(&operand)
            && !matches!(operand.ty, Type::Bool)
        {
            return Ok(value);
        }
        if self.is_constant(&operand.value) || matches!(operand.ty, Type::Bool) {
            return self.mismatch(&Type::Int, &operand.ty, expr.span, None);
        }
        self.require_constant(&operand, expr.span)?;
        Err(super::Reported)
    }

    /// An expression of that type that is known at compile time.
    pub(super) fn constant_of_type(&mut self, expr: &'a ast::Expr, ty: &Type) -> Result<Operand<'a>> {
        let (operand, statements) = self.nested(|this| this.expr_of(expr, ty));
        let mut operand = operand?;
        operand.writable = false;
        if !statements.is_empty() {
            return self.fail(
                Diagnostic::error("this must be known at compile time")
                    .at(expr.span, "calls something that runs with the packet")
                    .help("use a literal, a `const`, or an expression of these"),
            );
        }
        self.require_constant(&operand, expr.span)?;
        Ok(operand)
    }

    /// Name of an instance for messages.
    pub(super) fn object_noun(object: &Object<'a>) -> &'static str {
        match object {
            Object::Table(_) => "a table",
            Object::Extern(_) => "an extern's instance",
            Object::Control(_) => "a control's instance",
            Object::Parser(_) => "a parser's instance",
            Object::ValueSet(_) => "a value set",
        }
    }
}

/// Whether there is an integer without a width in a type.
fn has_int(ty: &Type) -> bool {
    match ty {
        Type::Int => true,
        Type::Tuple(parts) => parts.iter().any(has_int),
        Type::List(element) => has_int(element),
        Type::RecordLiteral(fields) => fields.iter().any(|(_, ty)| has_int(ty)),
        _ => false,
    }
}
