//! Which scalars nobody but ingress knows.

use std::collections::BTreeSet;

use sluice_ir::walk::{self, Part};
use sluice_ir::{
    Block, Expression, ExpressionKind, Handle, Module, Place, StatementKind, Transition, VariableKind,
};

/// Finds the variables that stand in no other block than ingress, tables and actions that are applied there with it. Intrinsics are known to the text
/// around the blocks.
pub(super) fn of_ingress(module: &Module) -> BTreeSet<usize> {
    let pipeline = &module.pipeline;
    let mut others = Seen { module, variables: BTreeSet::new() };
    for (_, state) in pipeline.parser.states.iter() {
        others.block(&state.body);
        if let Transition::Select { keys, .. } = &state.transition {
            keys.iter().for_each(|key| others.expression(*key));
        }
    }
    for block in [&pipeline.verify_checksum, &pipeline.egress, &pipeline.compute_checksum, &pipeline.deparser]
    {
        others.block(block);
    }
    let known = module.variables.iter().filter(|(_, variable)| match variable.kind {
        VariableKind::Intrinsic(_) => false,
        VariableKind::Metadata | VariableKind::Local => true,
    });
    known.map(|(handle, _)| handle.index()).filter(|index| !others.variables.contains(index)).collect()
}

/// Variables that are read, written or told anything.
struct Seen<'m> {
    module: &'m Module,
    variables: BTreeSet<usize>,
}

impl Seen<'_> {
    fn block(&mut self, block: &Block) {
        let module = self.module;
        walk::statements(block, &mut |statement| {
            if let StatementKind::Apply { table, .. } = &statement.kind {
                let table = &module.tables[*table];
                table.keys.iter().for_each(|key| self.expression(key.expression));
                for listed in &table.actions {
                    self.block(&module.actions[listed.action].body);
                }
            }
            walk::parts_mut(&mut statement.clone(), &mut |part| match part {
                Part::Read(read) => self.expression(*read),
                Part::Write(place) => {
                    if let Place::Variable(variable) = place.base_mut() {
                        self.variables.insert(variable.index());
                    }
                }
                Part::Tell(variable) => {
                    self.variables.insert(variable.index());
                }
                // An index into a stack comes as a read of its own.
                Part::ReadHeader(_) | Part::WriteHeader(_) => {}
            });
        });
    }

    fn expression(&mut self, expression: Handle<Expression>) {
        let module = self.module;
        match &module.expressions[expression].kind {
            ExpressionKind::Variable(variable) => {
                self.variables.insert(variable.index());
            }
            kind => kind.for_each_operand(|operand| self.expression(operand)),
        }
    }
}
