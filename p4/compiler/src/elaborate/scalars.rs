//! Values as the scalars that they are made of.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::Handle;

use super::{Elaborator, Result};
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// The scalars of a value in order; structs and headers give their fields.
    pub(super) fn scalars(
        &mut self,
        operand: &Operand<'a>,
        span: Span,
    ) -> Result<Vec<Handle<ir::Expression>>> {
        let mut all = Vec::new();
        self.collect_scalars(&operand.value, &operand.ty, span, &mut all)?;
        Ok(all)
    }

    fn collect_scalars(
        &mut self,
        value: &Value<'a>,
        ty: &Type,
        span: Span,
        all: &mut Vec<Handle<ir::Expression>>,
    ) -> Result<()> {
        match (value, ty.plain()) {
            (Value::Scalar(handle), _) => all.push(*handle),
            (Value::Fields(parts), plain) => {
                for (i, part) in parts.iter().enumerate() {
                    let part_type = super::assign::part_type(plain, i);
                    self.collect_scalars(part, &part_type, span, all)?;
                }
            }
            (Value::HeaderLiteral(parts), Type::Record(record)) => {
                let types: Vec<Type> = record.fields.iter().map(|field| field.ty.clone()).collect();
                for (part, ty) in parts.iter().zip(types) {
                    self.collect_scalars(part, &ty, span, all)?;
                }
            }
            (Value::Header(header), Type::Record(record)) => {
                for field in self.header_fields(*header, &record.clone(), span) {
                    self.collect_scalars(&field, &Type::Void, span, all)?;
                }
            }
            (Value::Union(members), Type::Record(record)) => {
                let types: Vec<Type> = record.fields.iter().map(|field| field.ty.clone()).collect();
                for (member, ty) in members.iter().zip(types) {
                    self.collect_scalars(&Value::Header(*member), &ty, span, all)?;
                }
            }
            (Value::Stack(_) | Value::UnionStack(_), Type::Stack(element, size)) => {
                for i in 0..*size as usize {
                    let part = self.stack_element(value, i);
                    self.collect_scalars(&part, element, span, all)?;
                }
            }
            (Value::Int(_), _) => {
                return self.fail(
                    Diagnostic::error("an integer without a width has no bits")
                        .at(span, "")
                        .help("write the width before it, as in `16w5`"),
                );
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value of type `{ty}` has no bits"))
                        .at(span, "")
                        .help("give numbers, headers, or structs of these"),
                );
            }
        }
        Ok(())
    }
}
