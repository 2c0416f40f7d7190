//! Drops variables that nothing names and expressions that nothing evaluates, and closes the gaps.

use sluice_ir::walk::Part;
use sluice_ir::{Arena, ExpressionKind, Handle, Module, Place, VariableKind};

/// Drops what is not used; whether there was any. Intrinsics stay: the engine knows them by kind.
pub fn compact(module: &mut Module) -> bool {
    let expressions = compact_expressions(module);
    compact_variables(module) || expressions
}

/// New handles of the marked items.
fn renumbered<T>(kept: &[bool]) -> Vec<Handle<T>> {
    let mut next = 0;
    kept.iter()
        .map(|kept| {
            let handle = Handle::new(next);
            next += usize::from(*kept);
            handle
        })
        .collect()
}

/// The marked items.
fn filtered<T: Clone>(arena: &Arena<T>, kept: &[bool]) -> Arena<T> {
    let mut out = Arena::default();
    for (_, item) in arena.iter().filter(|(handle, _)| kept[handle.index()]) {
        out.push(item.clone());
    }
    out
}

fn compact_expressions(module: &mut Module) -> bool {
    let mut kept = vec![false; module.expressions.len()];
    module.parts_mut(&mut |part| {
        if let Part::Read(expression) = part {
            kept[expression.index()] = true;
        }
    });
    // Operands stand before what uses them.
    for index in (0..kept.len()).rev().filter(|index| kept[*index]).collect::<Vec<_>>() {
        mark_operands(module, index, &mut kept);
    }
    if kept.iter().all(|kept| *kept) {
        return false;
    }
    let new = renumbered(&kept);
    let mut expressions = filtered(&module.expressions, &kept);
    for (_, expression) in expressions.iter_mut() {
        expression.kind.for_each_operand_mut(|operand| *operand = new[operand.index()]);
    }
    module.expressions = expressions;
    module.parts_mut(&mut |part| {
        if let Part::Read(expression) = part {
            *expression = new[expression.index()];
        }
    });
    true
}

fn mark_operands(module: &Module, index: usize, kept: &mut [bool]) {
    let mut pending = vec![Handle::new(index)];
    while let Some(handle) = pending.pop() {
        module.expressions[handle].kind.for_each_operand(|operand| {
            if !std::mem::replace(&mut kept[operand.index()], true) {
                pending.push(operand);
            }
        });
    }
}

fn compact_variables(module: &mut Module) -> bool {
    let mut kept: Vec<bool> = module
        .variables
        .iter()
        .map(|(_, variable)| matches!(variable.kind, VariableKind::Intrinsic(_)))
        .collect();
    for (_, expression) in module.expressions.iter() {
        if let ExpressionKind::Variable(variable) = expression.kind {
            kept[variable.index()] = true;
        }
    }
    module.parts_mut(&mut |part| match part {
        Part::Write(place) => {
            if let Place::Variable(variable) = place.base_mut() {
                kept[variable.index()] = true;
            }
        }
        Part::Tell(variable) => kept[variable.index()] = true,
        Part::Read(_) | Part::ReadHeader(_) | Part::WriteHeader(_) => {}
    });
    if kept.iter().all(|kept| *kept) {
        return false;
    }
    let new = renumbered(&kept);
    module.variables = filtered(&module.variables, &kept);
    for (_, expression) in module.expressions.iter_mut() {
        if let ExpressionKind::Variable(variable) = &mut expression.kind {
            *variable = new[variable.index()];
        }
    }
    module.parts_mut(&mut |part| match part {
        Part::Write(place) => {
            if let Place::Variable(variable) = place.base_mut() {
                *variable = new[variable.index()];
            }
        }
        Part::Tell(variable) => *variable = new[variable.index()],
        Part::Read(_) | Part::ReadHeader(_) | Part::WriteHeader(_) => {}
    });
    true
}
