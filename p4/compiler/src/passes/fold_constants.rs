//! Computes what is constant and simplifies what an operand decides.
//!
//! Expressions are rewritten in place, in the order of the arena: operands stand before and are simple already. Where an
//! expression is just one of its operands it becomes a copy of it, so no handle changes.

use sluice_entities::Bits;
use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, Module, Type, UnaryOp, arithmetic};

use super::rejects::rejects_itself;

/// Rewrites every expression to its simplest form; whether any changed.
pub fn fold_constants(module: &mut Module) -> bool {
    let mut folder = Folder { module, rejects: Vec::new() };
    let mut changed = false;
    for index in 0..folder.module.expressions.len() {
        let handle = Handle::new(index);
        while let Some(kind) = folder.simplified(handle) {
            folder.module.expressions[handle].kind = kind;
            changed = true;
        }
        let kind = &folder.module.expressions[handle].kind;
        let mut rejects = rejects_itself(kind);
        kind.for_each_operand(|operand| rejects |= folder.rejects[operand.index()]);
        folder.rejects.push(rejects);
    }
    changed
}

struct Folder<'m> {
    module: &'m mut Module,
    /// Of the expressions so far: whether they must be evaluated though the value does not matter.
    rejects: Vec<bool>,
}

fn constant(value: Bits) -> ExpressionKind {
    ExpressionKind::Constant(value)
}

impl Folder<'_> {
    fn of(&self, handle: Handle<Expression>) -> &Expression {
        &self.module.expressions[handle]
    }

    fn value(&self, handle: Handle<Expression>) -> Option<&Bits> {
        match &self.of(handle).kind {
            ExpressionKind::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    /// The operand instead of the whole, whose type it has.
    fn copy(&self, operand: Handle<Expression>) -> Option<ExpressionKind> {
        Some(self.of(operand).kind.clone())
    }

    /// A value instead of an expression whose operand does not matter, if it may be dropped.
    fn instead_of(&self, operand: Handle<Expression>, value: Bits) -> Option<ExpressionKind> {
        (!self.rejects[operand.index()]).then(|| constant(value))
    }

    fn same(&self, left: Handle<Expression>, right: Handle<Expression>) -> bool {
        let (a, b) = (self.of(left), self.of(right));
        left == right || a.kind == b.kind && a.ty == b.ty
    }

    /// What the expression becomes; `None` if it is as simple as it gets.
    fn simplified(&self, handle: Handle<Expression>) -> Option<ExpressionKind> {
        let Expression { kind, ty, .. } = self.of(handle);
        match kind {
            ExpressionKind::Unary(op, operand) => self.unary(*op, *operand),
            ExpressionKind::Binary(op, left, right) => self.binary(*op, *left, *right),
            ExpressionKind::Mux { condition, accept, reject } => self.mux(*condition, *accept, *reject),
            ExpressionKind::Slice { base, high, low } => self.slice(*ty, *base, *high, *low),
            ExpressionKind::Concat(left, right) => {
                Some(constant(self.value(*left)?.concat(self.value(*right)?)))
            }
            ExpressionKind::Cast(operand) => self.cast(*ty, *operand),
            ExpressionKind::Constant(_)
            | ExpressionKind::Variable(_)
            | ExpressionKind::Field(..)
            | ExpressionKind::Parameter(_)
            | ExpressionKind::IsValid(_)
            | ExpressionKind::LastIndex(_) => None,
        }
    }

    fn unary(&self, op: UnaryOp, operand: Handle<Expression>) -> Option<ExpressionKind> {
        if let Some(value) = self.value(operand) {
            return Some(constant(arithmetic::unary(op, value)));
        }
        match &self.of(operand).kind {
            ExpressionKind::Unary(inner, of) if *inner == op => self.copy(*of),
            ExpressionKind::Binary(inner, left, right) if op == UnaryOp::Not => {
                Some(ExpressionKind::Binary(inverse(*inner)?, *left, *right))
            }
            _ => None,
        }
    }

    fn binary(
        &self,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Option<ExpressionKind> {
        if let (Some(a), Some(b)) = (self.value(left), self.value(right)) {
            return Some(constant(arithmetic::binary(op, self.of(left).ty, a, b)));
        }
        if let Some(value) = self.value(right) {
            return self.with_right(op, left, value);
        }
        if let Some(value) = self.value(left) {
            return self.with_left(op, value, right);
        }
        if self.same(left, right) { self.of_same(op, left) } else { None }
    }

    /// An operation whose right operand is that constant.
    fn with_right(&self, op: BinaryOp, left: Handle<Expression>, value: &Bits) -> Option<ExpressionKind> {
        let ty = self.of(left).ty;
        let width = ty.width();
        let unsigned = matches!(ty, Type::Bits(_));
        let zero = value.is_zero();
        let ones = *value == Bits::ones(value.width());
        match op {
            BinaryOp::Sub | BinaryOp::SatSub | BinaryOp::Shl | BinaryOp::Shr if zero => self.copy(left),
            BinaryOp::Shl if value.to_u64().is_none_or(|by| by >= u64::from(width)) => {
                self.instead_of(left, Bits::zero(width))
            }
            BinaryOp::Shr if unsigned && value.to_u64().is_none_or(|by| by >= u64::from(width)) => {
                self.instead_of(left, Bits::zero(width))
            }
            BinaryOp::Div if unsigned && value.to_u64() == Some(1) => self.copy(left),
            BinaryOp::Lt if unsigned && zero => self.instead_of(left, Bits::new(1, 0)),
            BinaryOp::Ge if unsigned && zero => self.instead_of(left, Bits::new(1, 1)),
            BinaryOp::Gt if unsigned && ones => self.instead_of(left, Bits::new(1, 0)),
            BinaryOp::Le if unsigned && ones => self.instead_of(left, Bits::new(1, 1)),
            // The left operand is evaluated first, so it may not be dropped if it rejects.
            BinaryOp::LogicalAnd if zero => self.instead_of(left, value.clone()),
            BinaryOp::LogicalOr if !zero => self.instead_of(left, value.clone()),
            _ => self.commutative(op, left, value),
        }
    }

    /// An operation whose left operand is that constant.
    fn with_left(&self, op: BinaryOp, value: &Bits, right: Handle<Expression>) -> Option<ExpressionKind> {
        match op {
            // The right operand is not evaluated at all.
            BinaryOp::LogicalAnd if value.is_zero() => Some(constant(value.clone())),
            BinaryOp::LogicalOr if !value.is_zero() => Some(constant(value.clone())),
            BinaryOp::Shl | BinaryOp::Shr | BinaryOp::Div | BinaryOp::Mod if value.is_zero() => {
                self.instead_of(right, value.clone())
            }
            _ => self.commutative(op, right, value),
        }
    }

    /// An operation of which one operand, whichever, is that constant.
    fn commutative(&self, op: BinaryOp, other: Handle<Expression>, value: &Bits) -> Option<ExpressionKind> {
        let zero = value.is_zero();
        let ones = *value == Bits::ones(value.width());
        match op {
            BinaryOp::Add | BinaryOp::SatAdd | BinaryOp::Or | BinaryOp::Xor if zero => self.copy(other),
            BinaryOp::LogicalOr if zero => self.copy(other),
            BinaryOp::LogicalAnd if ones => self.copy(other),
            BinaryOp::And if ones => self.copy(other),
            BinaryOp::Mul if value.to_u64() == Some(1) => self.copy(other),
            BinaryOp::And | BinaryOp::Mul if zero => self.instead_of(other, value.clone()),
            BinaryOp::Or if ones => self.instead_of(other, value.clone()),
            BinaryOp::Xor if ones => Some(ExpressionKind::Unary(UnaryOp::BitNot, other)),
            BinaryOp::Eq => self.equal_to(other, value, true),
            BinaryOp::Ne => self.equal_to(other, value, false),
            _ => None,
        }
    }

    /// `other == value`, or `!=`, where `other` is a `Bool` or a cast one.
    fn equal_to(&self, other: Handle<Expression>, value: &Bits, equal: bool) -> Option<ExpressionKind> {
        let bool = match self.of(other) {
            Expression { ty: Type::Bool, .. } => other,
            Expression { kind: ExpressionKind::Cast(inner), .. } if self.of(*inner).ty == Type::Bool => {
                *inner
            }
            _ => return None,
        };
        if value.is_zero() == equal {
            Some(ExpressionKind::Unary(UnaryOp::Not, bool))
        } else {
            self.copy(bool)
        }
    }

    /// An operation whose operands are the same.
    fn of_same(&self, op: BinaryOp, operand: Handle<Expression>) -> Option<ExpressionKind> {
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::LogicalAnd | BinaryOp::LogicalOr => self.copy(operand),
            BinaryOp::Sub | BinaryOp::Xor => {
                self.instead_of(operand, Bits::zero(self.of(operand).ty.width()))
            }
            BinaryOp::Eq | BinaryOp::Le | BinaryOp::Ge => self.instead_of(operand, Bits::new(1, 1)),
            BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Gt => self.instead_of(operand, Bits::new(1, 0)),
            _ => None,
        }
    }

    fn mux(
        &self,
        condition: Handle<Expression>,
        accept: Handle<Expression>,
        reject: Handle<Expression>,
    ) -> Option<ExpressionKind> {
        if let Some(value) = self.value(condition) {
            return self.copy(if value.is_zero() { reject } else { accept });
        }
        if self.same(accept, reject) && !self.rejects[condition.index()] {
            return self.copy(accept);
        }
        let bools = self.of(accept).ty == Type::Bool;
        match (self.value(accept), self.value(reject)) {
            (Some(accept), Some(reject)) if bools && accept != reject => {
                if accept.is_zero() {
                    Some(ExpressionKind::Unary(UnaryOp::Not, condition))
                } else {
                    self.copy(condition)
                }
            }
            _ => None,
        }
    }

    fn slice(&self, ty: Type, base: Handle<Expression>, high: u32, low: u32) -> Option<ExpressionKind> {
        if let Some(value) = self.value(base) {
            return Some(constant(value.slice(high, low)));
        }
        if low == 0 && self.of(base).ty == ty {
            return self.copy(base);
        }
        match &self.of(base).kind {
            ExpressionKind::Slice { base, low: inner, .. } => {
                Some(ExpressionKind::Slice { base: *base, high: high + inner, low: low + inner })
            }
            ExpressionKind::Concat(left, right) => {
                let split = self.of(*right).ty.width();
                if high < split && !self.rejects[left.index()] {
                    Some(ExpressionKind::Slice { base: *right, high, low })
                } else if low >= split && !self.rejects[right.index()] {
                    Some(ExpressionKind::Slice { base: *left, high: high - split, low: low - split })
                } else {
                    None
                }
            }
            ExpressionKind::Cast(inner) => match self.of(*inner).ty {
                Type::Bits(width) | Type::Int(width) if high < width => {
                    Some(ExpressionKind::Slice { base: *inner, high, low })
                }
                Type::Bits(width) if low >= width => self.instead_of(*inner, Bits::zero(ty.width())),
                _ => None,
            },
            _ => None,
        }
    }

    fn cast(&self, ty: Type, operand: Handle<Expression>) -> Option<ExpressionKind> {
        let from = self.of(operand).ty;
        if from == ty {
            return self.copy(operand);
        }
        if let Some(value) = self.value(operand) {
            return Some(constant(arithmetic::cast(from, ty, value)));
        }
        match &self.of(operand).kind {
            // Cutting looks only at bits that the inner cast has from its operand or extends as this one would.
            ExpressionKind::Cast(inner)
                if is_number(ty)
                    && is_number(from)
                    && is_number(self.of(*inner).ty)
                    && ty.width() <= from.width() =>
            {
                Some(ExpressionKind::Cast(*inner))
            }
            ExpressionKind::Cast(inner) if self.of(*inner).ty == ty && ty == Type::Bool => self.copy(*inner),
            _ => None,
        }
    }
}

fn is_number(ty: Type) -> bool {
    matches!(ty, Type::Bits(_) | Type::Int(_))
}

/// The comparison that holds exactly where `op` does not.
fn inverse(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Eq => BinaryOp::Ne,
        BinaryOp::Ne => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::Ge,
        BinaryOp::Ge => BinaryOp::Lt,
        BinaryOp::Gt => BinaryOp::Le,
        BinaryOp::Le => BinaryOp::Gt,
        _ => return None,
    })
}
