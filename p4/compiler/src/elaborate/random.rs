//! `random` of signed numbers.

use sluice_diagnostics::Span;
use sluice_ir as ir;
use sluice_ir::{ExternCall, Place, StatementKind};

use super::arguments::Bound;
use super::{Elaborator, Result};
use crate::value::Operand;

impl<'a> Elaborator<'a> {
    /// The IR's random numbers are unsigned: one between signed bounds is the lower one, and a number up to their distance on it.
    pub(super) fn signed_random(
        &mut self,
        result: &Bound<'a>,
        low: &Bound<'a>,
        high: &Bound<'a>,
        span: Span,
    ) -> Result<Operand<'a>> {
        let ty = result.operand.ty.clone();
        let place = self.result_place(result)?;
        let (low, high) = (
            self.sized_integer(&low.operand, &ty, low.span)?,
            self.sized_integer(&high.operand, &ty, high.span)?,
        );
        let Some(signed) = ty.scalar() else { return Err(super::Reported) };
        let unsigned = ir::Type::Bits(signed.width());
        let low = self.convert(low, unsigned, span);
        let high = self.convert(high, unsigned, span);
        let distance = self.binary(ir::BinaryOp::Sub, high, low, span);
        let zero = self.number(signed.width(), 0, span);
        let (variable, drawn) = self.scalar_local(unsigned, span)?;
        let call = ExternCall::Random { result: Place::Variable(variable), low: zero, high: distance };
        self.emit(StatementKind::Extern(call), span);
        let value = self.binary(ir::BinaryOp::Add, low, drawn, span);
        let value = self.convert(value, signed, span);
        self.emit(StatementKind::Assign(place, value), span);
        Ok(Operand::nothing())
    }
}
