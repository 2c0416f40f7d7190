//! Casts, reads and writes of slots, and errors.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, Place, Statement, StatementKind, Type};

use super::operands::Operand;
use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;

/// Bits of an error as a number.
const ERROR_BITS: u32 = 32;

impl<'n> Reader<'n> {
    /// Adds an expression.
    pub(super) fn push(&mut self, kind: ExpressionKind, ty: Type, span: Span) -> Handle<Expression> {
        self.module.expression(kind, ty, span)
    }

    pub(super) fn ty(&self, expression: Handle<Expression>) -> Type {
        self.module.expressions[expression].ty
    }

    fn span(&self, expression: Handle<Expression>) -> Span {
        self.module.expressions[expression].span
    }

    /// A cast, unless the type is right already; two that change nothing but the sign are none.
    pub(super) fn cast(&mut self, value: Handle<Expression>, to: Type) -> Handle<Expression> {
        let from = self.ty(value);
        if from == to {
            return value;
        }
        if let ExpressionKind::Cast(inner) = self.module.expressions[value].kind
            && self.ty(inner) == to
            && from.width() == to.width()
        {
            return inner;
        }
        if let (ExpressionKind::Constant(bits), Type::Bits(width)) =
            (&self.module.expressions[value].kind, to)
            && matches!(from, Type::Bits(_))
        {
            let bits = bits.resize(width);
            let span = self.span(value);
            return self.module.constant(bits, span);
        }
        // Bools are one bit; other widths go over that.
        let value = match (from, to) {
            (Type::Bool, Type::Bits(1)) | (Type::Bits(1), Type::Bool) => value,
            (Type::Bool, _) => self.cast(value, Type::Bits(1)),
            _ => value,
        };
        let span = self.span(value);
        if self.ty(value) == to { value } else { self.push(ExpressionKind::Cast(value), to, span) }
    }

    /// The value of a slot: of type `Bits`, `Int`, `Bool` or `Error`.
    pub(super) fn load(&mut self, slot: Slot, span: Span) -> Handle<Expression> {
        match slot {
            Slot::Variable(variable, ty) => {
                let of = self.module.variables[variable].ty;
                let value = self.push(ExpressionKind::Variable(variable), of, span);
                // The switch's own fields may have other widths in the file.
                if of == Type::Error { value } else { self.cast(value, ty) }
            }
            Slot::Field(header, index) => {
                let ty = self.slot_type(slot);
                self.push(ExpressionKind::Field(header, index), ty, span)
            }
            Slot::Valid(header) => self.push(ExpressionKind::IsValid(header), Type::Bool, span),
        }
    }

    /// The place that a slot is; none for validity.
    pub(super) fn place(&mut self, slot: Slot, node: &Node) -> Result<Place> {
        match slot {
            Slot::Variable(variable, _) => Ok(Place::Variable(variable)),
            Slot::Field(header, index) => Ok(Place::Field(header, index)),
            Slot::Valid(_) => {
                let message = "the validity of a header cannot be written";
                Err(self.refuse(node.start(), message, "use `add_header` and `remove_header`"))
            }
        }
    }

    /// The type that must be stored into a slot.
    pub(super) fn stored_type(&self, slot: Slot) -> Type {
        match slot {
            Slot::Variable(variable, _) => self.module.variables[variable].ty,
            Slot::Field(..) | Slot::Valid(_) => self.slot_type(slot),
        }
    }

    /// A value as it is stored into a slot.
    pub(super) fn stored(&mut self, slot: Slot, value: &'n Node) -> Result<Handle<Expression>> {
        let file = self.slot_type(slot);
        match self.stored_type(slot) {
            Type::Error => self.error_value(value),
            Type::Bool => self.boolean(value),
            Type::Int(width) => {
                let low = self.low(value, width)?;
                Ok(self.cast(low, Type::Int(width)))
            }
            ty => {
                let low = self.low(value, ty.width().min(file.width()))?;
                Ok(self.cast(low, ty))
            }
        }
    }

    /// Stores an expression of type `Bits` into a slot.
    pub(super) fn store(
        &mut self,
        slot: Slot,
        value: Handle<Expression>,
        node: &'n Node,
    ) -> Result<Statement> {
        let place = self.place(slot, node)?;
        let ty = self.stored_type(slot);
        let value = match ty {
            Type::Error => self.error_of_number(value, node.start()),
            Type::Bool => {
                let low = self.cast(value, Type::Bits(1));
                self.cast(low, Type::Bool)
            }
            ty => self.cast(value, ty),
        };
        Ok(Statement { kind: StatementKind::Assign(place, value), span: node.start() })
    }

    /// A value as an error.
    pub(super) fn error_value(&mut self, node: &'n Node) -> Result<Handle<Expression>> {
        let span = node.start();
        match self.operand(node)? {
            Operand::Slot(slot) if self.slot_type(slot) == Type::Error => Ok(self.load(slot, span)),
            Operand::Constant(number) => match self.error_index(&number) {
                Some(index) => Ok(self.error_constant(index, span)),
                None => Err(self.refuse(
                    span,
                    format!("no error has the value {number}"),
                    "errors are listed in `errors`",
                )),
            },
            _ => {
                let (value, _) = self.exact(node)?;
                Ok(self.error_of_number(value, span))
            }
        }
    }

    /// Which error of the module has a value.
    pub(super) fn error_index(&self, number: &BigInt) -> Option<usize> {
        let number = number.to_u64()?;
        self.errors.iter().position(|value| *value == number)
    }

    pub(super) fn error_constant(&mut self, index: usize, span: Span) -> Handle<Expression> {
        self.push(ExpressionKind::Constant(Bits::new(16, index as u64)), Type::Error, span)
    }

    /// The number that the file has for an error: a chain of questions, as errors are no numbers to the IR.
    pub(super) fn number_of_error(&mut self, error: Handle<Expression>) -> Handle<Expression> {
        let span = self.span(error);
        let mut value = self.module.constant(Bits::zero(ERROR_BITS), span);
        for index in (0..self.errors.len()).rev() {
            let one = self.error_constant(index, span);
            let condition = self.push(ExpressionKind::Binary(BinaryOp::Eq, error, one), Type::Bool, span);
            let accept = self.module.constant(Bits::new(ERROR_BITS, self.errors[index]), span);
            let kind = ExpressionKind::Mux { condition, accept, reject: value };
            value = self.push(kind, Type::Bits(ERROR_BITS), span);
        }
        value
    }

    /// The error that a number stands for; the first one for others.
    fn error_of_number(&mut self, number: Handle<Expression>, span: Span) -> Handle<Expression> {
        let number = self.cast(number, Type::Bits(ERROR_BITS));
        let mut value = self.error_constant(0, span);
        for index in 1..self.errors.len() {
            let one = self.module.constant(Bits::new(ERROR_BITS, self.errors[index]), span);
            let condition = self.push(ExpressionKind::Binary(BinaryOp::Eq, number, one), Type::Bool, span);
            let accept = self.error_constant(index, span);
            let kind = ExpressionKind::Mux { condition, accept, reject: value };
            value = self.push(kind, Type::Error, span);
        }
        value
    }
}
