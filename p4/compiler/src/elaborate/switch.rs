//! `switch` on the action that a table ran, and on values (section 12.7).

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::StatementKind;

use super::{Elaborator, Result};
use crate::ast::{self, ExprKind, SwitchLabel};
use crate::types::Type;
use crate::value::{TableObject, Value};

impl<'a> Elaborator<'a> {
    pub(super) fn switch(
        &mut self,
        value: &'a ast::Expr,
        cases: &'a [ast::SwitchCase],
        span: Span,
    ) -> Result<()> {
        if let ExprKind::Member { base, member } = &value.kind
            && member.as_str() == "action_run"
            && let ExprKind::Call { callee, arguments, .. } = &base.kind
            && let Some(table) = self.applied_table(callee, arguments)?
        {
            let ty = ir::Type::Bits(16);
            let (variable, selector) = self.scalar_local(ty, value.span)?;
            self.apply_table(&table, None, Some(variable), value.span)?;
            return self.cases(selector, cases, span, |this, label| this.action_label(&table, label));
        }
        let operand = self.expr(value)?;
        let handle = self.scalar(&operand, value.span)?;
        let selector = match operand.ty.scalar() {
            Some(ir::Type::Error | ir::Type::Bits(_)) => handle,
            Some(ir::Type::Bool) => self.convert(handle, ir::Type::Bits(1), span),
            Some(ir::Type::Int(width)) => self.convert(handle, ir::Type::Bits(width), span),
            _ => {
                return self.fail(
                    Diagnostic::error(format!("`switch` cannot choose by a `{}`", operand.ty))
                        .at(value.span, "")
                        .help("choose by a number, an enumeration, an error, or `table.apply().action_run`"),
                );
            }
        };
        let ty = operand.ty.clone();
        self.cases(selector, cases, span, |this, label| this.value_label(&ty, label))
    }

    /// Cases with no body of their own share the next one.
    fn cases(
        &mut self,
        selector: ir::Handle<ir::Expression>,
        cases: &'a [ast::SwitchCase],
        span: Span,
        mut label: impl FnMut(&mut Self, &'a ast::Expr) -> Result<Bits>,
    ) -> Result<()> {
        let mut known: FxHashMap<Bits, Span> = FxHashMap::default();
        let mut lowered = Vec::new();
        let mut default = Vec::new();
        let mut values = Vec::new();
        let mut default_at = None;
        let mut is_default = false;
        let mut failed = None;
        for (i, case) in cases.iter().enumerate() {
            if let (Some(at), SwitchLabel::Value(behind)) = (default_at, &case.label) {
                failed = Some(
                    self.error(
                        Diagnostic::error("`default` must be the last case")
                            .at(at, "")
                            .also(behind.span, "this one stands behind it")
                            .help("move it to the end"),
                    ),
                );
            }
            match &case.label {
                SwitchLabel::Default(at) => {
                    if let Some(before) = default_at.replace(*at) {
                        failed = Some(self.repeated("default", *at, before));
                    }
                    is_default = true;
                }
                SwitchLabel::Value(expr) => match label(self, expr) {
                    Ok(bits) => {
                        if let Some(before) = known.insert(bits.clone(), expr.span) {
                            let text = self.sources.text(expr.span);
                            failed = Some(self.repeated(text, expr.span, before));
                        } else {
                            values.push(bits);
                        }
                    }
                    Err(reported) => failed = Some(reported),
                },
            }
            let body = match &case.body {
                Some(body) => self.nested(|this| this.body_statements(body)).1,
                None if i + 1 == cases.len() => Vec::new(),
                None => continue,
            };
            let shared = std::mem::take(&mut values);
            if std::mem::take(&mut is_default) {
                // Values that share its body go there anyway.
                default = body;
            } else if !shared.is_empty() {
                lowered.push((shared, body));
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        if lowered.is_empty() {
            self.frame.block.extend(default);
        } else {
            self.emit(StatementKind::Switch { selector, cases: lowered, default }, span);
        }
        Ok(())
    }

    fn repeated(&mut self, label: &str, span: Span, before: Span) -> super::Reported {
        self.error(
            Diagnostic::error(format!("the case `{label}` stands twice"))
                .at(span, "again here")
                .also(before, "first here")
                .help("only the first one would ever be taken; remove one"),
        )
    }

    fn value_label(&mut self, ty: &Type, label: &'a ast::Expr) -> Result<Bits> {
        let operand = self.constant_of_type(label, ty)?;
        match &operand.value {
            Value::Scalar(handle) => self.known(*handle).cloned().ok_or(super::Reported),
            _ => Err(super::Reported),
        }
    }

    fn action_label(&mut self, table: &TableObject<'a>, label: &'a ast::Expr) -> Result<Bits> {
        let ExprKind::Path(path) = &label.kind else {
            return self.fail(
                Diagnostic::error("an action's name is expected")
                    .at(label.span, "")
                    .help(format!("write one of the actions of `{}`", table.name)),
            );
        };
        let wanted = path.name.as_str();
        let names = table.actions.iter().map(|action| action.action.name.as_str());
        if let Some(index) = names.clone().position(|name| name == wanted) {
            return Ok(Bits::new(16, index as u64));
        }
        let help = match closest(wanted, names.clone()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("its actions are {}", super::convert::enumeration(names)),
        };
        self.fail(
            Diagnostic::error(format!("`{wanted}` is no action of the table `{}`", table.name))
                .at(path.span, "")
                .also(table.name.span, "the table")
                .help(help),
        )
    }
}
