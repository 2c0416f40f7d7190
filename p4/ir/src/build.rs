//! Makes expressions whose types follow from their operands, for whoever builds or changes a module.

use sluice_diagnostics::Span;
use sluice_entities::Bits;

use crate::{Action, Expression, ExpressionKind, Handle, Module, Type};

impl Module {
    /// Adds an expression of that type.
    pub fn expression(&mut self, kind: ExpressionKind, ty: Type, span: Span) -> Handle<Expression> {
        self.expressions.push(Expression { kind, ty, span })
    }

    /// A constant of type `Bits`.
    pub fn constant(&mut self, bits: Bits, span: Span) -> Handle<Expression> {
        let ty = Type::Bits(bits.width());
        self.expression(ExpressionKind::Constant(bits), ty, span)
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool, span: Span) -> Handle<Expression> {
        self.expression(ExpressionKind::Constant(Bits::new(1, u64::from(value))), Type::Bool, span)
    }

    /// An expression whose type is that of its operands; `None` where they do not say one ([`Module::type_by_operands`]).
    pub fn derived(
        &mut self,
        kind: ExpressionKind,
        action: Option<&Action>,
        span: Span,
    ) -> Option<Handle<Expression>> {
        let ty = self.type_by_operands(&kind, action)?;
        Some(self.expression(kind, ty, span))
    }
}
