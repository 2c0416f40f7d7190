//! Removes statements that never run or do nothing, and labels that nobody leaves.

use sluice_entities::Bits;
use sluice_ir::{
    Block, Expression, ExpressionKind, ExternCall, Handle, HeaderRef, Label, Module, Place, Statement,
    StatementKind, Type, UnaryOp, walk,
};

use super::rejects::rejecting;

/// Prunes every block; whether any changed.
pub fn prune_statements(module: &mut Module) -> bool {
    let rejects = rejecting(module);
    let count = module.blocks_mut().len();
    let mut changed = false;
    for index in 0..count {
        // Taken out, since conditions that are turned around are new expressions.
        let block = std::mem::take(module.blocks_mut()[index]);
        let pruned = Pruner { module, rejects: &rejects }.block(block.clone());
        changed |= pruned != block;
        *module.blocks_mut()[index] = pruned;
    }
    changed
}

struct Pruner<'m> {
    module: &'m mut Module,
    /// Of the expressions at the start: whether they may end the parser.
    rejects: &'m [bool],
}

impl Pruner<'_> {
    fn value(&self, handle: Handle<Expression>) -> Option<&Bits> {
        match &self.module.expressions[handle].kind {
            ExpressionKind::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    fn droppable(&self, handle: Handle<Expression>) -> bool {
        self.rejects.get(handle.index()).is_some_and(|rejects| !rejects)
    }

    /// Whether a place gets the value that it has.
    fn is_what_stands_there(&self, to: &Place, value: Handle<Expression>) -> bool {
        match (to, &self.module.expressions[value].kind) {
            (Place::Variable(to), ExpressionKind::Variable(from)) => to == from,
            (Place::Field(HeaderRef::Header(to), a), ExpressionKind::Field(HeaderRef::Header(from), b)) => {
                to == from && a == b
            }
            _ => false,
        }
    }

    fn block(&mut self, block: Block) -> Block {
        let mut out = Vec::with_capacity(block.len());
        for statement in block {
            self.statement(statement, &mut out);
            if out.last().is_some_and(diverges) {
                break;
            }
        }
        out
    }

    /// Adds what is left of a statement.
    fn statement(&mut self, statement: Statement, out: &mut Block) {
        let span = statement.span;
        let kind = match statement.kind {
            StatementKind::If { condition, accept, reject } => {
                if let Some(value) = self.value(condition) {
                    let taken = if value.is_zero() { reject } else { accept };
                    out.extend(self.block(taken));
                    return;
                }
                let (accept, reject) = (self.block(accept), self.block(reject));
                match (accept.is_empty(), reject.is_empty()) {
                    (true, true) if self.droppable(condition) => return,
                    (true, false) => {
                        let kind = ExpressionKind::Unary(UnaryOp::Not, condition);
                        let span = self.module.expressions[condition].span;
                        let condition = self.module.expression(kind, Type::Bool, span);
                        StatementKind::If { condition, accept: reject, reject: accept }
                    }
                    _ => StatementKind::If { condition, accept, reject },
                }
            }
            StatementKind::Switch { selector, cases, default } => {
                if let Some(value) = self.value(selector) {
                    let case = cases.into_iter().find(|(values, _)| values.contains(value));
                    out.extend(self.block(case.map_or(default, |(_, block)| block)));
                    return;
                }
                let cases: Vec<_> =
                    cases.into_iter().map(|(values, block)| (values, self.block(block))).collect();
                let default = self.block(default);
                let empty = default.is_empty() && cases.iter().all(|(_, block)| block.is_empty());
                if empty && self.droppable(selector) {
                    return;
                }
                StatementKind::Switch { selector, cases, default }
            }
            StatementKind::Labelled(label, block) => {
                let mut block = self.block(block);
                strip_last_leaves(&mut block, label);
                if !leaves(&block, label) {
                    out.append(&mut block);
                    return;
                }
                StatementKind::Labelled(label, block)
            }
            StatementKind::Loop(label, block) => {
                let pruned = self.block(block.clone());
                // A loop that never ends is refused; one that only seems to end stays as it is.
                let ends = walk::may_jump_out(&pruned) || !walk::may_jump_out(&block);
                StatementKind::Loop(label, if ends { pruned } else { block })
            }
            StatementKind::Extern(
                ExternCall::VerifyChecksum { condition, .. } | ExternCall::UpdateChecksum { condition, .. },
            ) if self.value(condition).is_some_and(Bits::is_zero) => return,
            StatementKind::Assign(ref to, value) if self.is_what_stands_there(to, value) => return,
            StatementKind::Verify { condition, error }
                if self.value(condition).is_some_and(|value| !value.is_zero()) && self.droppable(error) =>
            {
                return;
            }
            other => other,
        };
        out.push(Statement { kind, span });
    }
}

/// Whether nothing behind the statement runs.
fn diverges(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Leave(_) | StatementKind::Exit => true,
        StatementKind::If { accept, reject, .. } => {
            accept.last().is_some_and(diverges) && reject.last().is_some_and(diverges)
        }
        _ => false,
    }
}

/// Whether the block leaves that label.
fn leaves(block: &[Statement], label: Label) -> bool {
    let mut found = false;
    walk::statements(block, &mut |statement| found |= statement.kind == StatementKind::Leave(label));
    found
}

/// Removes jumps to where the block ends anyway.
fn strip_last_leaves(block: &mut Block, label: Label) {
    while block.last().is_some_and(|last| last.kind == StatementKind::Leave(label)) {
        block.pop();
    }
    match block.last_mut().map(|last| &mut last.kind) {
        Some(StatementKind::If { accept, reject, .. }) => {
            strip_last_leaves(accept, label);
            strip_last_leaves(reject, label);
        }
        Some(StatementKind::Switch { cases, default, .. }) => {
            cases.iter_mut().for_each(|(_, block)| strip_last_leaves(block, label));
            strip_last_leaves(default, label);
        }
        Some(StatementKind::Labelled(_, inner)) => strip_last_leaves(inner, label),
        _ => {}
    }
}
