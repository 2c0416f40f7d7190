//! What is left of a program while some of its tables have no entries.

use std::collections::BTreeMap;

use sluice_entities::Bits;
use sluice_ir::walk::{self, Part};
use sluice_ir::{
    Block, Expression, ExpressionKind, ExternCall, Handle, HeaderRef, Module, Place, Statement,
    StatementKind, Table, Type,
};

use super::{fold_known_bits, optimize};

/// More rounds than any program needs: each of them makes something constant.
const ROUNDS: usize = 64;

/// What a table without entries does for each packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRun {
    /// Index of its default action, in [`Table::actions`].
    pub action: u16,
    /// That action's data.
    pub data: Vec<Bits>,
}

/// What is left of a program while some of its tables have no entries and these default actions.
///
/// The promise: as long as that is so, a packet's way through what is left is what it was through the whole program. Tables, actions and extern instances
/// keep their handles and names; of tables that are not applied any more keys are constants, and of actions that none of the others
/// lists the bodies are empty. A table whose default action counts, or runs a meter of its own, is still applied: it does so in the table's name.
///
/// A variable is zero before it is written (docs/P4.md), and a header that nothing makes valid is valid nowhere.
pub fn specialize(module: &Module, empty: &BTreeMap<Handle<Table>, DefaultRun>) -> Module {
    let mut lean = module.clone();
    let count = lean.blocks_mut().len();
    for index in 0..count {
        let block = std::mem::take(lean.blocks_mut()[index]);
        let block = without(&mut lean, block, empty);
        *lean.blocks_mut()[index] = block;
    }
    forget_unapplied(&mut lean);
    for _ in 0..ROUNDS {
        optimize(&mut lean);
        let bits = fold_known_bits(&mut lean);
        if !fold_validity(&mut lean) && !bits {
            break;
        }
    }
    lean
}

fn constant(module: &mut Module, value: Bits, ty: Type, like: &Statement) -> Handle<Expression> {
    module.expressions.push(Expression { kind: ExpressionKind::Constant(value), ty, span: like.span })
}

/// The block with the default actions of empty tables in their places.
fn without(module: &mut Module, block: Block, empty: &BTreeMap<Handle<Table>, DefaultRun>) -> Block {
    let mut out = Vec::with_capacity(block.len());
    for mut statement in block {
        for inner in walk::blocks_mut(&mut statement) {
            *inner = without(module, std::mem::take(inner), empty);
        }
        let run = match &statement.kind {
            StatementKind::Apply { table, .. } => {
                empty.get(table).and_then(|run| inlined(module, *table, run))
            }
            _ => None,
        };
        let (StatementKind::Apply { table, hit, action_run }, Some(body)) = (&statement.kind, run) else {
            out.push(statement);
            continue;
        };
        let action = empty[table].action;
        out.extend(body);
        let told = [
            hit.map(|variable| (variable, Bits::zero(1), Type::Bool)),
            action_run.map(|variable| (variable, Bits::new(16, u64::from(action)), Type::Bits(16))),
        ];
        for (variable, value, ty) in told.into_iter().flatten() {
            let value = constant(module, value, ty, &statement);
            let kind = StatementKind::Assign(Place::Variable(variable), value);
            out.push(Statement { kind, span: statement.span });
        }
    }
    out
}

/// The default action's statements with its data in them; none where they have to be the table's own, or a label would be there twice.
fn inlined(module: &mut Module, table: Handle<Table>, run: &DefaultRun) -> Option<Block> {
    let listed = module.tables[table].actions.get(usize::from(run.action))?;
    let mut body = module.actions[listed.action].body.clone();
    let mut is_own = false;
    walk::statements(&body, &mut |statement| {
        is_own |= matches!(
            statement.kind,
            StatementKind::Labelled(..)
                | StatementKind::Loop(..)
                | StatementKind::Extern(
                    ExternCall::DirectCounterCount { .. } | ExternCall::DirectMeterRead { .. }
                )
        );
    });
    if is_own {
        return None;
    }
    walk::statements_mut(&mut body, &mut |statement| {
        walk::parts_mut(statement, &mut |part| {
            if let Part::Read(expression) = part {
                *expression = with_data(module, *expression, &run.data);
            }
        });
    });
    Some(body)
}

/// The expression with constants for action data: itself where it has none.
fn with_data(module: &mut Module, handle: Handle<Expression>, data: &[Bits]) -> Handle<Expression> {
    let Expression { mut kind, ty, span } = module.expressions[handle].clone();
    if let ExpressionKind::Parameter(index) = kind {
        let value = data.get(index as usize).cloned().unwrap_or_else(|| Bits::zero(ty.width()));
        return module.expressions.push(Expression { kind: ExpressionKind::Constant(value), ty, span });
    }
    let mut changed = false;
    kind.for_each_operand_mut(|operand| {
        let new = with_data(module, *operand, data);
        changed |= new != *operand;
        *operand = new;
    });
    if changed { module.expressions.push(Expression { kind, ty, span }) } else { handle }
}

/// Keys of tables that nothing applies are not read; actions that only such tables list do not run.
fn forget_unapplied(module: &mut Module) {
    let mut applied = vec![false; module.tables.len()];
    for block in module.blocks_mut() {
        walk::statements(block, &mut |statement| {
            if let StatementKind::Apply { table, .. } = statement.kind {
                applied[table.index()] = true;
            }
        });
    }
    let mut runs = vec![false; module.actions.len()];
    let mut keys = Vec::new();
    for (handle, table) in module.tables.iter() {
        if applied[handle.index()] {
            table.actions.iter().for_each(|listed| runs[listed.action.index()] = true);
        } else {
            keys.extend(table.keys.iter().enumerate().map(|(index, key)| (handle, index, key.expression)));
        }
    }
    for (table, index, expression) in keys {
        let Expression { ty, span, .. } = module.expressions[expression];
        let kind = ExpressionKind::Constant(Bits::zero(ty.width()));
        let nothing = module.expressions.push(Expression { kind, ty, span });
        module.tables[table].keys[index].expression = nothing;
    }
    for (handle, action) in module.actions.iter_mut() {
        if !runs[handle.index()] {
            action.body.clear();
        }
    }
}

/// Reads `false` where the validity of a header that nothing makes valid is read; whether it was anywhere.
fn fold_validity(module: &mut Module) -> bool {
    let mut may_be_valid = vec![false; module.headers.len()];
    let stacks: Vec<Vec<usize>> = module
        .stacks
        .iter()
        .map(|(_, stack)| stack.elements.iter().map(|element| element.index()).collect())
        .collect();
    // Elements of one stack move.
    let of = |header: HeaderRef| match header {
        HeaderRef::Header(header) => {
            let around = stacks.iter().find(|elements| elements.contains(&header.index()));
            around.cloned().unwrap_or_else(|| vec![header.index()])
        }
        HeaderRef::Element(stack, _) | HeaderRef::Next(stack) | HeaderRef::Last(stack) => {
            stacks[stack.index()].clone()
        }
    };
    for block in module.blocks_mut() {
        walk::statements(block, &mut |statement| match &statement.kind {
            StatementKind::SetValid(header)
            | StatementKind::Extract { header, .. }
            | StatementKind::CopyHeader { to: header, .. } => {
                of(*header).into_iter().for_each(|header| may_be_valid[header] = true);
            }
            StatementKind::CopyStack { to, .. }
            | StatementKind::PushFront(to, _)
            | StatementKind::PopFront(to, _) => {
                stacks[to.index()].iter().for_each(|header| may_be_valid[*header] = true);
            }
            _ => {}
        });
    }
    let mut changed = false;
    for block in module.blocks_mut() {
        changed |= drop_absent(block, &may_be_valid);
    }
    for (_, expression) in module.expressions.iter_mut() {
        if matches!(expression.kind, ExpressionKind::IsValid(HeaderRef::Header(header)) if !may_be_valid[header.index()])
        {
            expression.kind = ExpressionKind::Constant(Bits::zero(1));
            changed = true;
        }
    }
    changed
}

/// Removes what only matters to a header that is valid; whether there was any.
fn drop_absent(block: &mut Block, may_be_valid: &[bool]) -> bool {
    let before = block.len();
    block.retain(|statement| match statement.kind {
        StatementKind::SetInvalid(HeaderRef::Header(header))
        | StatementKind::Emit(HeaderRef::Header(header)) => may_be_valid[header.index()],
        _ => true,
    });
    let mut changed = block.len() != before;
    for statement in block {
        for inner in walk::blocks_mut(statement) {
            changed |= drop_absent(inner, may_be_valid);
        }
    }
    changed
}
