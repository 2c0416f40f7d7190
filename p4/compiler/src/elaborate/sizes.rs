//! `minSizeInBits` and its like (section 8.22): sizes known at compile time.

use sluice_diagnostics::{Diagnostic, Span};

use super::{Elaborator, Result};
use crate::ast;
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// The size that a method of that name gives for a type; none for another method.
    pub(super) fn size_method(
        &mut self,
        ty: &Type,
        member: &ast::Name,
        arguments: &[ast::Argument],
        span: Span,
    ) -> Result<Option<Operand<'a>>> {
        let (greatest, bytes) = match member.as_str() {
            "minSizeInBits" => (false, false),
            "minSizeInBytes" => (false, true),
            "maxSizeInBits" => (true, false),
            "maxSizeInBytes" => (true, true),
            _ => return Ok(None),
        };
        if let Some(argument) = arguments.first() {
            return self.fail(
                Diagnostic::error(format!("`{member}` takes no arguments"))
                    .at(argument.value.span, "")
                    .help(format!("write `{member}()`")),
            );
        }
        match ty.size_bits() {
            Some((least, most)) => {
                let bits = if greatest { most } else { least };
                let size = if bytes { bits.div_ceil(8) } else { bits };
                Ok(Some(Operand::new(Value::Int(size.into()), Type::Int)))
            }
            None => self.fail(
                Diagnostic::error(format!("the type `{ty}` has no size"))
                    .at(span, "")
                    .help("sizes are of numbers, headers, and structs of these"),
            ),
        }
    }
}
