//! Reads the source of a copy instead of the copy, as long as neither changes.
//!
//! Within a block, `x = source;` makes every later read of `x` a read of `source`, until either is written. A source is a
//! constant, a variable, a field or the validity of one header, or action data: a leaf, so no expression grows. Before a loop and behind
//! a nested statement everything is forgotten that the blocks in it, and the actions of tables they apply, may write.

use std::collections::{BTreeMap, BTreeSet};

use sluice_ir::walk::{self, Part};
use sluice_ir::{
    Block, Expression, ExpressionKind, ExternCall, Handle, HeaderRef, Module, Place, State, Statement,
    StatementKind, Transition, Variable, VariableKind,
};

/// Does it in every block; whether any expression changed.
pub fn propagate_copies(module: &mut Module) -> bool {
    let tables = table_effects(module);
    let states = module.pipeline.parser.states.len();
    let count = module.blocks_mut().len();
    let mut propagation = Propagation { tables, module, changed: false };
    for index in 0..count {
        let mut copies = Copies::default();
        let mut block = std::mem::take(propagation.module.blocks_mut()[index]);
        propagation.block(&mut block, &mut copies);
        *propagation.module.blocks_mut()[index] = block;
        if index < states {
            propagation.transition(Handle::new(index), &copies);
        }
    }
    propagation.changed
}

/// What some statements may write.
#[derive(Clone, Debug, Default)]
struct Effects {
    variables: BTreeSet<Handle<Variable>>,
    /// Any header's fields or validity.
    headers: bool,
    /// Intrinsics that a call sets.
    intrinsics: bool,
}

impl Effects {
    /// Adds those of a statement, without its blocks and the tables it applies.
    fn add(&mut self, statement: &mut Statement) {
        match &statement.kind {
            StatementKind::CopyStack { .. } | StatementKind::PushFront(..) | StatementKind::PopFront(..) => {
                self.headers = true;
            }
            StatementKind::Extern(ExternCall::MarkToDrop | ExternCall::VerifyChecksum { .. })
            | StatementKind::Verify { .. }
            | StatementKind::Apply { .. } => self.intrinsics = true,
            _ => {}
        }
        walk::parts_mut(statement, &mut |part| match part {
            Part::Write(place) => match place.base_mut() {
                Place::Variable(variable) => {
                    self.variables.insert(*variable);
                }
                Place::Field(..) | Place::Slice { .. } => self.headers = true,
            },
            Part::Tell(variable) => {
                self.variables.insert(*variable);
            }
            Part::WriteHeader(_) => self.headers = true,
            Part::Read(_) | Part::ReadHeader(_) => {}
        });
    }

    fn merge(&mut self, other: &Self) {
        self.variables.extend(&other.variables);
        self.headers |= other.headers;
        self.intrinsics |= other.intrinsics;
    }
}

/// What the actions of each table may write.
fn table_effects(module: &mut Module) -> Vec<Effects> {
    let mut actions = Vec::new();
    for (_, action) in module.actions.iter_mut() {
        let mut effects = Effects::default();
        walk::statements_mut(&mut action.body, &mut |statement| effects.add(statement));
        actions.push(effects);
    }
    let of_table = |table: &sluice_ir::Table| {
        let mut effects = Effects::default();
        table.actions.iter().for_each(|listed| effects.merge(&actions[listed.action.index()]));
        effects
    };
    module.tables.iter().map(|(_, table)| of_table(table)).collect()
}

/// Which variables are copies, and of what.
type Copies = BTreeMap<Handle<Variable>, Handle<Expression>>;

struct Propagation<'m> {
    tables: Vec<Effects>,
    module: &'m mut Module,
    changed: bool,
}

impl Propagation<'_> {
    fn block(&mut self, block: &mut Block, copies: &mut Copies) {
        for statement in block {
            if matches!(statement.kind, StatementKind::Loop(..)) {
                // The body runs again behind its own writes.
                let effects = self.effects(statement);
                self.forget(copies, &effects);
            }
            walk::parts_mut(statement, &mut |part| {
                if let Part::Read(expression) = part {
                    *expression = self.substituted(*expression, copies, &mut BTreeMap::new());
                }
            });
            for block in walk::blocks_mut(statement) {
                self.block(block, &mut copies.clone());
            }
            let effects = self.effects(statement);
            self.forget(copies, &effects);
            if let StatementKind::Assign(Place::Variable(to), source) = statement.kind
                && self.is_source(source, to)
                && !matches!(self.module.variables[to].kind, VariableKind::Intrinsic(_))
            {
                copies.insert(to, source);
            }
        }
    }

    /// Reads the sources in the keys of a state's transition.
    fn transition(&mut self, state: Handle<State>, copies: &Copies) {
        let mut transition = self.module.pipeline.parser.states[state].transition.clone();
        if let Transition::Select { keys, .. } = &mut transition {
            for key in keys {
                *key = self.substituted(*key, copies, &mut BTreeMap::new());
            }
        }
        self.module.pipeline.parser.states[state].transition = transition;
    }

    /// What a statement, with everything in it, may write.
    fn effects(&self, statement: &mut Statement) -> Effects {
        let mut effects = Effects::default();
        let mut add = |statement: &mut Statement| {
            effects.add(statement);
            if let StatementKind::Apply { table, .. } = statement.kind {
                effects.merge(&self.tables[table.index()]);
            }
        };
        add(statement);
        for block in walk::blocks_mut(statement) {
            walk::statements_mut(block, &mut add);
        }
        effects
    }

    fn forget(&self, copies: &mut Copies, effects: &Effects) {
        copies.retain(|copy, source| {
            let kept = match &self.module.expressions[*source].kind {
                ExpressionKind::Variable(variable) => {
                    let intrinsic =
                        matches!(self.module.variables[*variable].kind, VariableKind::Intrinsic(_));
                    !(effects.variables.contains(variable) || intrinsic && effects.intrinsics)
                }
                ExpressionKind::Field(..) | ExpressionKind::IsValid(_) => !effects.headers,
                _ => true,
            };
            kept && !effects.variables.contains(copy)
        });
    }

    fn is_source(&self, source: Handle<Expression>, to: Handle<Variable>) -> bool {
        match &self.module.expressions[source].kind {
            ExpressionKind::Constant(_) | ExpressionKind::Parameter(_) => true,
            ExpressionKind::Variable(variable) => *variable != to,
            ExpressionKind::Field(header, _) | ExpressionKind::IsValid(header) => {
                matches!(header, HeaderRef::Header(_))
            }
            _ => false,
        }
    }

    /// The expression with sources for copies; itself if there are none in it.
    fn substituted(
        &mut self,
        handle: Handle<Expression>,
        copies: &Copies,
        done: &mut BTreeMap<Handle<Expression>, Handle<Expression>>,
    ) -> Handle<Expression> {
        if let Some(new) = done.get(&handle) {
            return *new;
        }
        let mut expression = self.module.expressions[handle].clone();
        let mut new = handle;
        if let ExpressionKind::Variable(variable) = expression.kind {
            new = copies.get(&variable).copied().unwrap_or(handle);
        } else {
            let mut different = false;
            expression.kind.for_each_operand_mut(|operand| {
                let other = self.substituted(*operand, copies, done);
                different |= other != *operand;
                *operand = other;
            });
            if different {
                new = self.module.expressions.push(expression);
            }
        }
        self.changed |= new != handle;
        done.insert(handle, new);
        new
    }
}
