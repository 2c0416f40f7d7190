//! `log_msg`: which values the places of a message stand for.
//!
//! Each `{}` stands for one part of the list. A part that is a struct or header is written as bmv2 does it, as
//! `(first:1,second:2)`; a message of the IR has one `{}` for each scalar.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir::{Expression, ExternCall, Handle};

use super::arguments::{Bound, count};
use super::assign::part_type;
use super::{Elaborator, Result};
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    pub(super) fn log_message(&mut self, format: &Bound<'a>, arguments: &[Bound<'a>]) -> Result<ExternCall> {
        let Value::String(text) = &format.operand.value else { return Err(super::Reported) };
        let text = text.clone();
        let mut parts = Vec::new();
        for argument in arguments {
            match &argument.operand.value {
                Value::Fields(fields) => {
                    let ty = argument.operand.ty.plain();
                    let typed = fields.iter().enumerate().map(|(i, part)| (part.clone(), part_type(ty, i)));
                    parts.extend(typed.map(|(part, ty)| (part, ty, argument.span)));
                }
                value => parts.push((value.clone(), argument.operand.ty.clone(), argument.span)),
            }
        }
        let pieces: Vec<&str> = text.split("{}").collect();
        let holes = pieces.len() - 1;
        if holes != parts.len() {
            return self.fail(
                Diagnostic::error(format!(
                    "the message has {} for {}",
                    count(holes, "place"),
                    count(parts.len(), "value")
                ))
                .at(format.span, "")
                .help("write `{}` in the message once for each value of the list"),
            );
        }
        let (mut message, mut values) = (String::new(), Vec::new());
        for (piece, (value, ty, span)) in pieces.iter().zip(&parts) {
            message.push_str(piece);
            self.log_value(value, ty, *span, &mut message, &mut values)?;
        }
        message.push_str(pieces.last().copied().unwrap_or_default());
        Ok(ExternCall::LogMessage { format: message, arguments: values })
    }

    /// Appends the places for a value, and its scalars.
    fn log_value(
        &mut self,
        value: &Value<'a>,
        ty: &Type,
        span: Span,
        message: &mut String,
        values: &mut Vec<Handle<Expression>>,
    ) -> Result<()> {
        let parts: Vec<(String, Value<'a>, Type)> = match (value, ty.plain()) {
            (Value::Header(header), Type::Record(record)) => {
                let record = record.clone();
                let fields = self.header_fields(*header, &record, span);
                let named = record.fields.iter().zip(fields);
                named.map(|(field, value)| (format!("{}:", field.name), value, field.ty.clone())).collect()
            }
            (Value::Fields(fields) | Value::HeaderLiteral(fields), Type::Record(record)) => {
                let named = record.fields.iter().zip(fields.iter());
                named
                    .map(|(field, value)| (format!("{}:", field.name), value.clone(), field.ty.clone()))
                    .collect()
            }
            (Value::Fields(fields), plain) => fields
                .iter()
                .enumerate()
                .map(|(i, value)| (String::new(), value.clone(), part_type(plain, i)))
                .collect(),
            _ => {
                let scalars = self.scalars(&Operand::new(value.clone(), ty.clone()), span)?;
                message.push_str(&vec!["{}"; scalars.len()].join(","));
                values.extend(scalars);
                return Ok(());
            }
        };
        message.push('(');
        for (i, (name, value, ty)) in parts.iter().enumerate() {
            message.push_str(if i == 0 { "" } else { "," });
            message.push_str(name);
            self.log_value(value, ty, span, message, values)?;
        }
        message.push(')');
        Ok(())
    }
}
