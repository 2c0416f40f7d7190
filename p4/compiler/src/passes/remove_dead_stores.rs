//! Removes assignments, and calls without another effect, whose result nobody reads.

use sluice_ir::walk::{self, Part};
use sluice_ir::{
    Block, ExpressionKind, ExternCall, Handle, Module, Place, SluiceCall, Statement, StatementKind, Variable,
    VariableKind,
};

use super::rejects::rejecting;

/// Removes stores to variables that no expression reads; whether there were any.
///
/// Intrinsics are the engine's, and a variable in a field list may be kept with a clone: both count as read.
pub fn remove_dead_stores(module: &mut Module) -> bool {
    let read = read_variables(module);
    let rejects = rejecting(module);
    let mut changed = false;
    for block in module.blocks_mut() {
        changed |= remove(block, &read, &rejects);
    }
    changed
}

/// For each variable, whether it is read.
fn read_variables(module: &mut Module) -> Vec<bool> {
    let mut read: Vec<bool> = module
        .variables
        .iter()
        .map(|(_, variable)| {
            matches!(variable.kind, VariableKind::Intrinsic(_)) || !variable.field_lists.is_empty()
        })
        .collect();
    let mut pending = Vec::new();
    module.parts_mut(&mut |part| {
        if let Part::Read(expression) = part {
            pending.push(*expression);
        }
    });
    let mut seen = vec![false; module.expressions.len()];
    while let Some(handle) = pending.pop() {
        if std::mem::replace(&mut seen[handle.index()], true) {
            continue;
        }
        let kind = &module.expressions[handle].kind;
        if let ExpressionKind::Variable(variable) = kind {
            read[variable.index()] = true;
        }
        kind.for_each_operand(|operand| pending.push(operand));
    }
    read
}

fn remove(block: &mut Block, read: &[bool], rejects: &[bool]) -> bool {
    let before = block.len();
    block.retain_mut(|statement| !is_dead(statement, read, rejects));
    let mut changed = block.len() != before;
    for statement in block {
        if let StatementKind::Apply { hit, action_run, .. } = &mut statement.kind {
            for told in [hit, action_run] {
                if told.is_some_and(|variable| !read[variable.index()]) {
                    *told = None;
                    changed = true;
                }
            }
        }
        for block in walk::blocks_mut(statement) {
            changed |= remove(block, read, rejects);
        }
    }
    changed
}

/// Whether a statement only writes variables that nobody reads, and evaluates nothing that may reject.
fn is_dead(statement: &mut Statement, read: &[bool], rejects: &[bool]) -> bool {
    let pure = match &statement.kind {
        StatementKind::Assign(..) => true,
        StatementKind::Extern(call) => is_pure(call),
        _ => false,
    };
    let mut dead = pure;
    walk::parts_mut(statement, &mut |part| match part {
        Part::Read(expression) => dead &= !rejects[expression.index()],
        Part::Write(place) => dead &= written_variable(place).is_some_and(|variable| !read[variable.index()]),
        Part::Tell(_) | Part::ReadHeader(_) | Part::WriteHeader(_) => dead = false,
    });
    dead
}

fn written_variable(place: &mut Place) -> Option<Handle<Variable>> {
    match place.base_mut() {
        Place::Variable(variable) => Some(*variable),
        _ => None,
    }
}

/// Whether a call does nothing but give a result. Random numbers are not: each draws from the generator.
fn is_pure(call: &ExternCall) -> bool {
    matches!(
        call,
        ExternCall::RegisterRead { .. }
            | ExternCall::Hash { .. }
            | ExternCall::PacketLength { .. }
            | ExternCall::Sluice(
                SluiceCall::IngressTimeNs { .. }
                    | SluiceCall::WireLength { .. }
                    | SluiceCall::BadFrame { .. }
                    | SluiceCall::Digest64 { .. }
            )
    )
}
