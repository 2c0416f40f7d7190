//! Literals: numbers, errors, lists and structure-valued expressions.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::Bits;
use sluice_ir as ir;

use super::{Elaborator, Result};
use crate::ast;
use crate::numbers;
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    pub(super) fn integer(&mut self, integer: &ast::Integer, span: Span) -> Result<Operand<'a>> {
        let Some(width) = integer.width else {
            return Ok(Operand::new(Value::Int(integer.value.clone()), Type::Int));
        };
        if width.bits == 0 {
            return Ok(self.empty(if width.signed { Type::Signed(0) } else { Type::Bits(0) }));
        }
        let bits = numbers::to_bits(&integer.value, width.bits);
        if !numbers::fits(&integer.value, width.bits, width.signed) {
            let becomes = numbers::to_integer(&bits, width.signed);
            self.warn(
                Diagnostic::warning(format!("{} does not fit {} bits", integer.value, width.bits))
                    .at(span, format!("becomes {becomes}"))
                    .help("make the width before it larger, or the number smaller"),
            );
        }
        let (ty, of) = if width.signed {
            (Type::Signed(width.bits), ir::Type::Int(width.bits))
        } else {
            (Type::Bits(width.bits), ir::Type::Bits(width.bits))
        };
        Ok(Operand::new(Value::Scalar(self.constant(bits, of, span)), ty))
    }

    /// The one value of a type of width 0: it has no parts.
    pub(super) fn empty(&self, ty: Type) -> Operand<'a> {
        Operand::new(Value::Fields([].into()), ty)
    }

    pub(super) fn error_member(&mut self, name: &ast::Name) -> Result<Operand<'a>> {
        match self.module.errors.iter().position(|error| error == name.as_str()) {
            Some(index) => {
                let value = self.constant(Bits::new(16, index as u64), ir::Type::Error, name.span);
                Ok(Operand::new(Value::Scalar(value), Type::Error))
            }
            None => {
                let help = match closest(name.as_str(), self.module.errors.iter().map(String::as_str)) {
                    Some(close) => format!("did you mean `error.{close}`?"),
                    None => format!("declare it: `error {{ {name} }}`"),
                };
                self.fail(
                    Diagnostic::error(format!("there is no error `{name}`")).at(name.span, "").help(help),
                )
            }
        }
    }

    /// Refuses `...` for default values in what is not stored under a declared type.
    pub(super) fn no_defaults(&mut self, expr: &ast::Expr, what: &str) -> Result<()> {
        match defaults_in(expr) {
            None => Ok(()),
            Some(span) => {
                self.fail(Diagnostic::error(format!("`...` cannot stand in {what}")).at(span, "").help(
                    "it stands in what a variable starts with or is assigned: assign one first, and use that",
                ))
            }
        }
    }

    /// `{a, b}`
    pub(super) fn list(&mut self, parts: &'a [ast::Expr], span: Span) -> Result<Operand<'a>> {
        let exprs: Vec<&ast::Expr> = parts.iter().collect();
        let before_last = exprs.split_last().map_or(&[][..], |(_, others)| others);
        if let Some(early) = before_last.iter().find(|part| matches!(part.kind, ast::ExprKind::Default)) {
            return self.fail(
                Diagnostic::error("`...` stands for all that is left")
                    .at(early.span, "but something stands behind it")
                    .help("move it to the end of the list"),
            );
        }
        let operands = self.sequence(&exprs, span)?;
        let types: Vec<Type> = operands.iter().map(|operand| operand.ty.clone()).collect();
        let values: Vec<Value<'a>> = operands.into_iter().map(|operand| operand.value).collect();
        let list = Operand::new(Value::Fields(values.into()), Type::Tuple(types.into()));
        Ok(Operand { is_list: true, ..list })
    }

    /// `{a = 1, b = 2}`; a `...` at the end is a last field without a name.
    pub(super) fn record_literal(
        &mut self,
        fields: &'a [ast::FieldValue],
        has_rest: bool,
        span: Span,
    ) -> Result<Operand<'a>> {
        let mut known: FxHashMap<&str, Span> = FxHashMap::default();
        for field in fields {
            if let Some(before) = known.insert(field.name.as_str(), field.name.span) {
                return self.fail(
                    Diagnostic::error(format!("`{}` is given twice", field.name))
                        .at(field.name.span, "again here")
                        .also(before, "first here")
                        .help("give each field one value"),
                );
            }
        }
        let exprs: Vec<&ast::Expr> = fields.iter().map(|field| &field.value).collect();
        let operands = self.sequence(&exprs, span)?;
        let mut types: Vec<(Rc<str>, Type)> = fields
            .iter()
            .zip(&operands)
            .map(|(field, operand)| (field.name.text.clone(), operand.ty.clone()))
            .collect();
        let mut values: Vec<Value<'a>> = operands.into_iter().map(|operand| operand.value).collect();
        if has_rest {
            types.push(("".into(), Type::Default));
            values.push(Value::Default);
        }
        Ok(Operand::new(Value::Fields(values.into()), Type::RecordLiteral(types.into())))
    }
}

/// Where a `...` stands that belongs to the value of an expression itself.
fn defaults_in(expr: &ast::Expr) -> Option<Span> {
    match &expr.kind {
        ast::ExprKind::Default => Some(expr.span),
        ast::ExprKind::List(parts) => parts.iter().find_map(defaults_in),
        ast::ExprKind::Record { fields, rest } => {
            rest.or_else(|| fields.iter().find_map(|field| defaults_in(&field.value)))
        }
        _ => None,
    }
}
