//! Registers: of numbers as they are; of structs, tuples and arrays as one number, with their parts from the high bits down.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{ExternCall, Handle, Place, StatementKind};

use super::arguments::Bound;
use super::{Elaborator, Result};
use crate::ast::RecordKind;
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// The IR's type of a register's cells.
    pub(super) fn register_type(&mut self, ty: Option<&Type>, span: Span) -> Result<ir::Type> {
        let scalar = ty.and_then(Type::scalar).filter(|scalar| !matches!(scalar, ir::Type::Varbit(_)));
        if let Some(scalar) = scalar {
            return Ok(scalar);
        }
        if ty.is_some_and(|ty| super::unify::variable_in(ty).is_some()) {
            return self.fail(
                Diagnostic::error("what the register holds is not known")
                    .at(span, "")
                    .help("write the type of its cells: `register<bit<32>>(1024) name;`"),
            );
        }
        match ty.and_then(packed_bits).and_then(|bits| u32::try_from(bits).ok()) {
            Some(bits) if bits > 0 => Ok(ir::Type::Bits(bits)),
            _ => {
                let found = ty.map_or_else(String::new, ToString::to_string);
                self.unsupported(
                    &format!("a register of `{found}`"),
                    span,
                    "registers hold numbers, `bool`, enumerations, or structs of these: `register<bit<32>>(1024) name;`",
                )
            }
        }
    }

    pub(super) fn read_register(
        &mut self,
        register: Handle<ir::Register>,
        result: &Bound<'a>,
        index: &Bound<'a>,
        span: Span,
    ) -> Result<Operand<'a>> {
        let index = self.value_of(index)?;
        if matches!(result.operand.value, Value::Scalar(_)) {
            let result = self.result_place(result)?;
            let call = ExternCall::RegisterRead { register, index, result };
            self.emit(StatementKind::Extern(call), span);
            return Ok(Operand::nothing());
        }
        let ty = self.module.registers[register].ty;
        let (variable, whole) = self.scalar_local(ty, span)?;
        let call = ExternCall::RegisterRead { register, index, result: Place::Variable(variable) };
        self.emit(StatementKind::Extern(call), span);
        let mut end = ty.width();
        for part in self.scalars(&result.operand, result.span)? {
            let to = self.type_of(part);
            let bits = self.slice(whole, end - 1, end - to.width(), span);
            let value = self.convert(bits, to, span);
            if let Some(place) = self.place_of(part) {
                self.emit(StatementKind::Assign(place, value), span);
            }
            end -= to.width();
        }
        Ok(Operand::nothing())
    }

    /// What is written to a register's cell.
    pub(super) fn register_value(&mut self, value: &Bound<'a>, span: Span) -> Result<Handle<ir::Expression>> {
        if matches!(value.operand.value, Value::Scalar(_) | Value::Int(_)) {
            return self.value_of(value);
        }
        let mut whole = None;
        for part in self.scalars(&value.operand, value.span)? {
            let width = self.type_of(part).width();
            let bits = self.convert(part, ir::Type::Bits(width), span);
            whole = Some(whole.map_or(bits, |before| self.concat(before, bits, span)));
        }
        whole.ok_or(super::Reported)
    }
}

/// Bits of all parts of a value that can be made one number.
fn packed_bits(ty: &Type) -> Option<u64> {
    match ty.plain() {
        Type::Record(record) if record.kind == RecordKind::Struct => {
            record.fields.iter().map(|field| packed_bits(&field.ty)).sum()
        }
        Type::Tuple(parts) => parts.iter().map(packed_bits).sum(),
        Type::Stack(element, size) => Some(packed_bits(element)? * u64::from(*size)),
        Type::Bits(0) | Type::Signed(0) => Some(0),
        other => match other.scalar()? {
            ir::Type::Varbit(_) | ir::Type::Error => None,
            scalar => Some(u64::from(scalar.width())),
        },
    }
}
