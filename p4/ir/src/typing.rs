//! The type that an expression has by its operands.
//!
//! Most expressions' types follow from what they are made of; the reader, the verifier and the builder all need that one
//! rule, and it is here. What does not follow (casts, constants that are not `Bits`) is said by [`Expression::ty`].

use crate::{
    Action, BinaryOp, Expression, ExpressionKind, Handle, HeaderRef, HeaderType, Module, Place, Type,
};

impl BinaryOp {
    /// Whether the result is `Bool` whatever the operands are.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// Whether it is `&&` or `||`.
    pub fn is_logical(self) -> bool {
        matches!(self, Self::LogicalAnd | Self::LogicalOr)
    }

    /// Whether it is a shift, whose operands may differ in type.
    pub fn is_shift(self) -> bool {
        matches!(self, Self::Shl | Self::Shr)
    }
}

impl Module {
    /// Type of the header that a reference names; `None` for a handle out of range or a stack without elements.
    pub fn header_type_of(&self, header: HeaderRef) -> Option<Handle<HeaderType>> {
        let header = match header {
            HeaderRef::Header(header) => header,
            HeaderRef::Element(stack, _) | HeaderRef::Next(stack) | HeaderRef::Last(stack) => {
                *self.stacks.try_index(stack)?.elements.first()?
            }
        };
        Some(self.headers.try_index(header)?.ty)
    }

    /// Type of a field of a header; `None` for anything out of range.
    pub fn field_type(&self, header: HeaderRef, field: u32) -> Option<Type> {
        let ty = self.header_types.try_index(self.header_type_of(header)?)?;
        Some(ty.fields.get(field as usize)?.ty)
    }

    /// The type that an expression of that kind has by its operands, inside `action` if it stands in one.
    ///
    /// `None` where the operands do not say (a cast), or name what is not there. Constants are taken as `Bits`.
    pub fn type_by_operands(&self, kind: &ExpressionKind, action: Option<&Action>) -> Option<Type> {
        let ty = |operand: &Handle<Expression>| Some(self.expressions.try_index(*operand)?.ty);
        match kind {
            ExpressionKind::Constant(bits) => Some(Type::Bits(bits.width())),
            ExpressionKind::Variable(variable) => Some(self.variables.try_index(*variable)?.ty),
            ExpressionKind::Field(header, field) => self.field_type(*header, *field),
            ExpressionKind::Parameter(index) => Some(action?.params.get(*index as usize)?.ty),
            ExpressionKind::IsValid(_) => Some(Type::Bool),
            ExpressionKind::LastIndex(_) => Some(Type::Bits(32)),
            ExpressionKind::Unary(_, operand) => ty(operand),
            ExpressionKind::Binary(op, left, _) => {
                if op.is_comparison() || op.is_logical() {
                    Some(Type::Bool)
                } else {
                    ty(left)
                }
            }
            ExpressionKind::Mux { accept, .. } => ty(accept),
            ExpressionKind::Slice { high, low, .. } => {
                Some(Type::Bits(high.checked_sub(*low)?.checked_add(1)?))
            }
            ExpressionKind::Concat(left, right) => {
                let (left, right) = (ty(left)?, ty(right)?);
                let width = left.width().checked_add(right.width())?;
                Some(if matches!(left, Type::Int(_)) { Type::Int(width) } else { Type::Bits(width) })
            }
            ExpressionKind::Cast(_) => None,
        }
    }

    /// Type of what a place holds; `None` for what is out of range.
    pub fn place_type(&self, place: &Place) -> Option<Type> {
        match place {
            Place::Variable(variable) => Some(self.variables.try_index(*variable)?.ty),
            Place::Field(header, field) => self.field_type(*header, *field),
            Place::Slice { high, low, .. } => Some(Type::Bits(high.checked_sub(*low)?.checked_add(1)?)),
        }
    }
}
