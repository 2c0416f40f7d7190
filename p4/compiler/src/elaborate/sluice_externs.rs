//! The extern functions that sluice.p4 adds to v1model's.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir::{Expression, ExternCall, Handle, Place, SluiceCall};

use super::arguments::Bound;
use super::{Elaborator, Result};
use crate::ast;
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// What sluice.p4 adds.
    pub(super) fn sluice_function(
        &mut self,
        name: &ast::Name,
        bound: &[Bound<'a>],
        result: &Type,
        span: Span,
    ) -> Result<Option<Operand<'a>>> {
        let call = match (name.as_str(), bound) {
            ("overwrite", [offset, length, value]) => SluiceCall::Overwrite {
                offset_bytes: self.value_of(offset)?,
                length_bytes: self.value_of(length)?,
                value: self.value_of(value)?,
            },
            ("trim", [length]) => SluiceCall::Trim { length_bytes: self.value_of(length)? },
            ("fix_checksums", [offset]) => SluiceCall::FixChecksums { offset_bytes: self.value_of(offset)? },
            ("append_trailer", [data]) => SluiceCall::AppendTrailer { data: self.whole_bytes(data)? },
            ("ingress_time_ns" | "wire_length" | "frame_is_bad", []) | ("digest64", [_, _]) => {
                let Some(ty) = result.scalar() else { return Err(super::Reported) };
                let (variable, read) = self.scalar_local(ty, span)?;
                let place = Place::Variable(variable);
                let call = match (name.as_str(), bound) {
                    ("ingress_time_ns", _) => SluiceCall::IngressTimeNs { result: place },
                    ("wire_length", _) => SluiceCall::WireLength { result: place },
                    ("digest64", [seed, data]) => SluiceCall::Digest64 {
                        result: place,
                        seed: self.value_of(seed)?,
                        data: self.data_of(data)?,
                    },
                    _ => SluiceCall::BadFrame { result: place },
                };
                self.call_extern(ExternCall::Sluice(call), span);
                return Ok(Some(Operand::new(Value::Scalar(read), result.clone())));
            }
            _ => return Ok(None),
        };
        Ok(Some(self.call_extern(ExternCall::Sluice(call), span)))
    }

    fn whole_bytes(&mut self, argument: &Bound<'a>) -> Result<Vec<Handle<Expression>>> {
        let data = self.data_of(argument)?;
        let bits: u64 = data.iter().map(|part| u64::from(self.type_of(*part).width())).sum();
        if !bits.is_multiple_of(8) {
            return self.fail(
                Diagnostic::error(format!("a trailer of {bits} bits is no whole number of bytes"))
                    .at(argument.span, "")
                    .help(format!("add {} bits", 8 - bits % 8)),
            );
        }
        Ok(data)
    }
}
