//! Which variables egress can see: those, and no others, are copied for each replica.

use sluice_ir::walk::{Part, parts_mut, statements};
use sluice_ir::{Block, Expression, ExpressionKind, Handle, Module, Place, StatementKind, Variable};

/// For each variable, whether anything behind the replication engine names it.
///
/// Metadata in a field list counts as seen: recirculating and cloning keep it.
pub(super) fn egress_variables(module: &Module) -> Vec<bool> {
    let mut usage = Usage {
        module,
        variables: module.variables.iter().map(|(_, variable)| !variable.field_lists.is_empty()).collect(),
        expressions: vec![false; module.expressions.len()],
    };
    let pipeline = &module.pipeline;
    for block in [&pipeline.egress, &pipeline.compute_checksum, &pipeline.deparser] {
        usage.block(block);
    }
    usage.operands();
    usage.variables
}

struct Usage<'m> {
    module: &'m Module,
    variables: Vec<bool>,
    expressions: Vec<bool>,
}

impl Usage<'_> {
    fn variable(&mut self, variable: Handle<Variable>) {
        if let Some(seen) = self.variables.get_mut(variable.index()) {
            *seen = true;
        }
    }

    fn expression(&mut self, expression: Handle<Expression>) {
        if let Some(seen) = self.expressions.get_mut(expression.index()) {
            *seen = true;
        }
    }

    fn block(&mut self, block: &Block) {
        let module = self.module;
        statements(block, &mut |statement| {
            if let StatementKind::Apply { table, .. } = &statement.kind
                && let Some(table) = module.tables.try_index(*table)
            {
                table.keys.iter().for_each(|key| self.expression(key.expression));
                for listed in &table.actions {
                    if let Some(action) = module.actions.try_index(listed.action) {
                        self.block(&action.body);
                    }
                }
            }
            // The walk over parts can change them, and so wants a statement of its own.
            parts_mut(&mut statement.clone(), &mut |part| match part {
                Part::Read(expression) => self.expression(*expression),
                Part::Write(place) => {
                    if let Place::Variable(variable) = place.base_mut() {
                        self.variable(*variable);
                    }
                }
                Part::Tell(variable) => self.variable(*variable),
                Part::ReadHeader(_) | Part::WriteHeader(_) => {}
            });
        });
    }

    /// Follows the expressions that were met: operands stand before what uses them.
    fn operands(&mut self) {
        let module = self.module;
        for (handle, expression) in module.expressions.iter().rev() {
            if !self.expressions[handle.index()] {
                continue;
            }
            if let ExpressionKind::Variable(variable) = &expression.kind {
                self.variable(*variable);
            }
            expression.kind.for_each_operand(|operand| self.expression(operand));
        }
    }
}
