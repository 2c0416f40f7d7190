//! Statements (section 12).

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::StatementKind;

use super::{Elaborator, Result, Site};
use crate::ast::{self, BinaryOperator, ExprKind};
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// The statements of a block, in a scope of its own; one that is wrong does not stop the others.
    pub(super) fn body_statements(&mut self, block: &'a ast::Block) {
        self.scoped(|this| {
            for statement in &block.statements {
                // It is reported; the next one is elaborated for its errors.
                let _ = this.statement(statement);
            }
        });
    }

    pub(super) fn statement(&mut self, statement: &'a ast::Statement) -> Result<()> {
        self.nest(statement.span, |this| this.statement_form(statement))
    }

    fn statement_form(&mut self, statement: &'a ast::Statement) -> Result<()> {
        let span = statement.span;
        match &statement.kind {
            ast::StatementKind::Declaration(declaration) => {
                if let ast::DeclarationKind::Instantiation(made) = &declaration.kind {
                    self.declare_wrong(&made.name);
                    return self.misplaced(
                        "an instance",
                        span,
                        "instances are made at the top level, and in parsers and controls before their states or `apply`",
                    );
                }
                self.declaration(declaration)
            }
            ast::StatementKind::Assign { operator, target, value } => {
                self.assignment(*operator, target, value, span)
            }
            ast::StatementKind::Call(call) => self.call_statement(call),
            ast::StatementKind::DirectApply { ty, arguments } => self.direct_apply(ty, arguments, span),
            ast::StatementKind::Empty => Ok(()),
            ast::StatementKind::Block(block) => {
                self.body_statements(block);
                Ok(())
            }
            ast::StatementKind::If { condition, then, otherwise } => {
                self.branch(condition, then, otherwise.as_deref(), span)
            }
            ast::StatementKind::Switch { value, cases } => self.switch(value, cases, span),
            ast::StatementKind::For { init, condition, update, body, .. } => {
                self.for_loop(init, condition, update, body, span)
            }
            ast::StatementKind::ForIn { ty, name, collection, body, .. } => {
                self.for_in(ty, name, collection, body, span)
            }
            ast::StatementKind::Break | ast::StatementKind::Continue => {
                let is_break = matches!(statement.kind, ast::StatementKind::Break);
                match self.frame.loops.last().copied() {
                    Some(labels) => {
                        self.leave(if is_break { labels.leave } else { labels.next }, span);
                        Ok(())
                    }
                    None => {
                        let what = if is_break { "`break`" } else { "`continue`" };
                        self.misplaced(what, span, "it stands in the body of a `for` loop")
                    }
                }
            }
            ast::StatementKind::Return(value) => self.return_statement(value.as_ref(), span),
            ast::StatementKind::Exit => self.exit(span),
        }
    }

    fn assignment(
        &mut self,
        operator: Option<BinaryOperator>,
        target: &'a ast::Expr,
        value: &'a ast::Expr,
        span: Span,
    ) -> Result<()> {
        let place = self.expr(target)?;
        if !place.writable {
            return self.not_writable(target, &place);
        }
        let mark = self.frame.block.len();
        let given = self.expr(value)?;
        // The target is found before the value is computed (section 8.1): keep a stack's index as it was. So is, with an operator, the
        // target's old value, as `x += e` is `x = x + e`.
        let old = place.clone().read_only();
        let mut operands = [place, old];
        let count = if operator.is_some() { 2 } else { 1 };
        self.settle(&mut operands[..count], &[mark, mark], span)?;
        let [place, old] = operands;
        let result = match operator {
            None => given,
            Some(operator) => self.combine(operator, old, given, (target.span, value.span), span)?,
        };
        let result = self.coerce(result, &place.ty, value.span)?;
        self.assign(&place, &result, span)
    }

    fn not_writable(&mut self, target: &'a ast::Expr, place: &Operand<'a>) -> Result<()> {
        let help = match (&target.kind, &place.value) {
            (_, Value::Object(_)) => "instances are called, not assigned",
            (ExprKind::Path(_), Value::Scalar(handle)) if self.known(*handle).is_some() => {
                "it is a constant; declare a variable to change it"
            }
            (ExprKind::Path(_) | ExprKind::Member { .. }, _) => {
                "it is only read here: an `in` parameter, action data, or a constant"
            }
            _ => "assign a variable, a field, or a slice of one",
        };
        self.fail(Diagnostic::error("this cannot be assigned").at(target.span, "not writable").help(help))
    }

    fn call_statement(&mut self, call: &'a ast::Expr) -> Result<()> {
        let result = self.expr(call)?;
        if let (Value::Object(_), ExprKind::Call { callee, .. }) = (&result.value, &call.kind) {
            return self.misplaced(
                "an instance without a name",
                callee.span,
                "instances are made by declarations: `Type(arguments) name;`",
            );
        }
        if matches!(result.ty, Type::Void) || matches!(call.kind, ExprKind::Call { .. }) {
            return Ok(());
        }
        self.misplaced("an expression", call.span, "a statement is an assignment or a call")
    }

    fn branch(
        &mut self,
        condition: &'a ast::Expr,
        then: &'a ast::Statement,
        otherwise: Option<&'a ast::Statement>,
        span: Span,
    ) -> Result<()> {
        let condition = self.condition(condition);
        if let Some(state) = self.frame.state
            && (applies(then) || otherwise.is_some_and(applies))
        {
            return self.branch_of_states(state, condition?, [Some(then), otherwise], span);
        }
        let one = |this: &mut Self, statement: &'a ast::Statement| {
            this.nested(|this| this.scoped(|this| this.statement(statement))).1
        };
        let accept = one(self, then);
        let reject = otherwise.map_or_else(Vec::new, |statement| one(self, statement));
        let condition = condition?;
        match self.known_truth(condition) {
            Some(truth) => self.frame.block.extend(if truth { accept } else { reject }),
            None => self.emit(StatementKind::If { condition, accept, reject }, span),
        }
        Ok(())
    }

    fn return_statement(&mut self, value: Option<&'a ast::Expr>, span: Span) -> Result<()> {
        let Some(returns) = self.frame.returns.clone() else {
            return self.misplaced("`return`", span, "it stands in functions, actions and controls");
        };
        match (value, &returns.result) {
            (None, None) => {}
            (Some(value), Some(place)) => {
                self.no_defaults(value, "what is returned")?;
                let value_span = value.span;
                let value = self.expr_of(value, &returns.ty)?;
                self.assign(place, &value, value_span)?;
            }
            (Some(value), None) => {
                return self.fail(
                    Diagnostic::error("nothing is returned here")
                        .at(value.span, "a value")
                        .help("write `return;` alone"),
                );
            }
            (None, Some(_)) => {
                return self.fail(
                    Diagnostic::error(format!("`return` needs a value of type `{}`", returns.ty))
                        .at(span, "")
                        .help("write the value before the semicolon"),
                );
            }
        }
        self.leave(returns.label, span);
        Ok(())
    }

    fn exit(&mut self, span: Span) -> Result<()> {
        if matches!(self.frame.site, Site::Parser | Site::Global) {
            return self.misplaced("`exit`", span, "it stands in controls and their actions");
        }
        // Section 12.6: what is passed out is passed out on `exit` too, the innermost callee's first.
        let pending = std::mem::take(&mut self.pending);
        for (to, from, at) in pending.iter().rev().flatten() {
            self.assign(to, from, *at)?;
        }
        self.pending = pending;
        match self.deparser_end {
            Some(label) if self.frame.site == Site::Deparser => self.leave(label, span),
            _ => self.emit(StatementKind::Exit, span),
        }
        Ok(())
    }

    /// An `if` of the compiler's own.
    pub(super) fn emit_if(&mut self, condition: ir::Handle<ir::Expression>, accept: ir::Block, span: Span) {
        self.emit(StatementKind::If { condition, accept, reject: Vec::new() }, span);
    }
}

/// Whether a statement of a parser's state applies another parser.
fn applies(statement: &ast::Statement) -> bool {
    match &statement.kind {
        ast::StatementKind::DirectApply { .. } => true,
        ast::StatementKind::Call(call) => match &call.kind {
            ExprKind::Call { callee, .. } => {
                matches!(&callee.kind, ExprKind::Member { member, .. } if member.as_str() == "apply")
            }
            _ => false,
        },
        ast::StatementKind::Block(block) => block.statements.iter().any(applies),
        ast::StatementKind::If { then, otherwise, .. } => {
            applies(then) || otherwise.as_deref().is_some_and(applies)
        }
        _ => false,
    }
}
