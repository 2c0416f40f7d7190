//! Expressions of the IR, computed at once where the operands are constants.

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::arithmetic;
use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, UnaryOp};

use super::Elaborator;

impl Elaborator<'_> {
    /// Adds an expression; constants and reads of storage are made once each.
    pub(super) fn expression(
        &mut self,
        kind: ExpressionKind,
        ty: ir::Type,
        span: Span,
    ) -> Handle<Expression> {
        let is_leaf = matches!(
            kind,
            ExpressionKind::Constant(_)
                | ExpressionKind::Variable(_)
                | ExpressionKind::Field(..)
                | ExpressionKind::IsValid(_)
        );
        if !is_leaf {
            return self.module.expressions.push(Expression { kind, ty, span });
        }
        let key = (kind, ty);
        if let Some(known) = self.leaves.get(&key) {
            return *known;
        }
        let handle = self.module.expressions.push(Expression { kind: key.0.clone(), ty, span });
        self.leaves.insert(key, handle);
        handle
    }

    pub(super) fn constant(&mut self, bits: Bits, ty: ir::Type, span: Span) -> Handle<Expression> {
        self.expression(ExpressionKind::Constant(bits), ty, span)
    }

    pub(super) fn boolean(&mut self, value: bool, span: Span) -> Handle<Expression> {
        self.constant(Bits::new(1, u64::from(value)), ir::Type::Bool, span)
    }

    /// The value of an expression that is a constant.
    pub(super) fn known(&self, handle: Handle<Expression>) -> Option<&Bits> {
        match &self.module.expressions[handle].kind {
            ExpressionKind::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    /// The truth of a condition that is a constant.
    pub(super) fn known_truth(&self, handle: Handle<Expression>) -> Option<bool> {
        self.known(handle).map(|bits| !bits.is_zero())
    }

    pub(super) fn type_of(&self, handle: Handle<Expression>) -> ir::Type {
        self.module.expressions[handle].ty
    }

    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        operand: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        let ty = self.type_of(operand);
        if let Some(bits) = self.known(operand) {
            let value = arithmetic::unary(op, bits);
            return self.constant(value, ty, span);
        }
        if let (UnaryOp::Not, ExpressionKind::Unary(UnaryOp::Not, inner)) =
            (op, &self.module.expressions[operand].kind)
        {
            return *inner;
        }
        self.expression(ExpressionKind::Unary(op, operand), ty, span)
    }

    /// The result is of the left operand's type, or `Bool` for comparisons.
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        let ty = self.type_of(left);
        let result = match op {
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                ir::Type::Bool
            }
            _ => ty,
        };
        if let (Some(a), Some(b)) = (self.known(left), self.known(right)) {
            let value = arithmetic::binary(op, ty, a, b);
            return self.constant(value, result, span);
        }
        if let Some(simple) = self.short_circuit(op, left, right) {
            return simple;
        }
        self.expression(ExpressionKind::Binary(op, left, right), result, span)
    }

    /// `true && x` and its like.
    fn short_circuit(
        &self,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Option<Handle<Expression>> {
        let absorbing = match op {
            BinaryOp::LogicalAnd => false,
            BinaryOp::LogicalOr => true,
            _ => return None,
        };
        for (one, other) in [(left, right), (right, left)] {
            if let Some(value) = self.known_truth(one) {
                return Some(if value == absorbing { one } else { other });
            }
        }
        None
    }

    pub(super) fn and(
        &mut self,
        left: Handle<Expression>,
        right: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        self.binary(BinaryOp::LogicalAnd, left, right, span)
    }

    pub(super) fn or(
        &mut self,
        left: Handle<Expression>,
        right: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        self.binary(BinaryOp::LogicalOr, left, right, span)
    }

    pub(super) fn not(&mut self, operand: Handle<Expression>, span: Span) -> Handle<Expression> {
        self.unary(UnaryOp::Not, operand, span)
    }

    /// Bits `low..=high`; a slice of a slice is one slice.
    pub(super) fn slice(
        &mut self,
        base: Handle<Expression>,
        high: u32,
        low: u32,
        span: Span,
    ) -> Handle<Expression> {
        let ty = ir::Type::Bits(high - low + 1);
        if let Some(bits) = self.known(base) {
            let value = bits.slice(high, low);
            return self.constant(value, ty, span);
        }
        if let ExpressionKind::Slice { base: inner, low: offset, .. } = self.module.expressions[base].kind {
            return self.slice(inner, high + offset, low + offset, span);
        }
        if self.type_of(base) == ty {
            return base;
        }
        self.expression(ExpressionKind::Slice { base, high, low }, ty, span)
    }

    /// Left operand in the high bits; the result has the left operand's signedness.
    pub(super) fn concat(
        &mut self,
        left: Handle<Expression>,
        right: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        let width = self.type_of(left).width() + self.type_of(right).width();
        let ty = match self.type_of(left) {
            ir::Type::Int(_) => ir::Type::Int(width),
            _ => ir::Type::Bits(width),
        };
        if let (Some(a), Some(b)) = (self.known(left), self.known(right)) {
            let value = a.concat(b);
            return self.constant(value, ty, span);
        }
        self.expression(ExpressionKind::Concat(left, right), ty, span)
    }

    /// To another type: cut, or extended by zeros or sign.
    pub(super) fn convert(
        &mut self,
        operand: Handle<Expression>,
        to: ir::Type,
        span: Span,
    ) -> Handle<Expression> {
        let from = self.type_of(operand);
        if from == to {
            return operand;
        }
        if let Some(bits) = self.known(operand) {
            let value = arithmetic::cast(from, to, bits);
            return self.constant(value, to, span);
        }
        self.expression(ExpressionKind::Cast(operand), to, span)
    }

    pub(super) fn mux(
        &mut self,
        condition: Handle<Expression>,
        accept: Handle<Expression>,
        reject: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        match self.known_truth(condition) {
            Some(true) => accept,
            Some(false) => reject,
            None => {
                let ty = self.type_of(accept);
                self.expression(ExpressionKind::Mux { condition, accept, reject }, ty, span)
            }
        }
    }
}
