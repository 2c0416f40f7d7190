//! Which variables egress can see, and which nobody reads before they are written.
//!
//! The first are copied for each replica, and no others are; the second need not be zero at a packet's start.

use sluice_ir::walk::{Part, parts_mut, statements};
use sluice_ir::{
    Block, Expression, ExpressionKind, Handle, Module, Place, Statement, StatementKind, Variable,
    VariableKind,
};

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

/// How much of the program knows a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It may be read before it is written: it has to start as zero.
    Zeroed,
    /// It is written before every read.
    Written,
    /// So it is, and one action alone knows it.
    Action(usize),
}

/// How far each variable reaches.
///
/// Locals alone are looked at. The order of execution is only followed as far as blocks show it: the first statement of a
/// block that names the variable must be an assignment of all of it, and no statement outside that block may name it.
pub(super) fn reaches(module: &Module) -> Vec<Reach> {
    let mut reading = Reading { module, known: vec![None; module.expressions.len()] };
    let pipeline = &module.pipeline;
    let controls = [
        &pipeline.verify_checksum,
        &pipeline.ingress,
        &pipeline.egress,
        &pipeline.compute_checksum,
        &pipeline.deparser,
    ];
    // What names each variable: outermost blocks by number, the actions' last; `None` is the parser, or a table's key.
    let outermost: Vec<&Block> =
        controls.into_iter().chain(module.actions.iter().map(|(_, action)| &action.body)).collect();
    let mut named: Vec<Vec<Option<usize>>> = vec![Vec::new(); module.variables.len()];
    for (index, block) in outermost.iter().enumerate() {
        reading.block(block, &mut |variable| named[variable.index()].push(Some(index)));
    }
    for (_, state) in module.pipeline.parser.states.iter() {
        reading.block(&state.body, &mut |variable| named[variable.index()].push(None));
        if let sluice_ir::Transition::Select { keys, .. } = &state.transition {
            for key in keys {
                reading.expression(*key, &mut |variable| named[variable.index()].push(None));
            }
        }
    }
    for (_, table) in module.tables.iter() {
        for key in &table.keys {
            reading.expression(key.expression, &mut |variable| named[variable.index()].push(None));
        }
    }
    let mut reaches = Vec::new();
    for ((handle, variable), named) in module.variables.iter().zip(&mut named) {
        named.dedup();
        let reach = match named[..] {
            [Some(index)]
                if variable.kind == VariableKind::Local
                    && reading.written_first(outermost[index], handle) =>
            {
                index.checked_sub(controls.len()).map_or(Reach::Written, Reach::Action)
            }
            _ => Reach::Zeroed,
        };
        reaches.push(reach);
    }
    reaches
}

/// Which variables expressions and statements name.
struct Reading<'m> {
    module: &'m Module,
    /// Variables of each expression, once looked for.
    known: Vec<Option<Vec<Handle<Variable>>>>,
}

impl Reading<'_> {
    fn expression(&mut self, expression: Handle<Expression>, f: &mut dyn FnMut(Handle<Variable>)) {
        self.collect(expression);
        if let Some(Some(variables)) = self.known.get(expression.index()) {
            variables.iter().for_each(|variable| f(*variable));
        }
    }

    fn collect(&mut self, expression: Handle<Expression>) {
        let module = self.module;
        let (Some(node), Some(None)) =
            (module.expressions.try_index(expression), self.known.get(expression.index()))
        else {
            return;
        };
        let mut variables = Vec::new();
        if let ExpressionKind::Variable(variable) = &node.kind {
            variables.push(*variable);
        }
        node.kind.for_each_operand(|operand| {
            // Operands stand before what uses them, so that this ends.
            if operand < expression {
                self.expression(operand, &mut |variable| variables.push(variable));
            }
        });
        variables.sort_unstable();
        variables.dedup();
        self.known[expression.index()] = Some(variables);
    }

    fn block(&mut self, block: &Block, f: &mut dyn FnMut(Handle<Variable>)) {
        statements(block, &mut |statement| self.statement(statement, f));
    }

    /// A statement without the blocks in it.
    fn statement(&mut self, statement: &Statement, f: &mut dyn FnMut(Handle<Variable>)) {
        if let StatementKind::Apply { table, .. } = &statement.kind
            && let Some(table) = self.module.tables.try_index(*table)
        {
            table.keys.iter().for_each(|key| self.expression(key.expression, f));
        }
        parts_mut(&mut statement.clone(), &mut |part| match part {
            Part::Read(expression) => self.expression(*expression, f),
            Part::Write(place) => {
                if let Place::Variable(variable) = place.base_mut() {
                    f(*variable);
                }
            }
            Part::Tell(variable) => f(*variable),
            Part::ReadHeader(_) | Part::WriteHeader(_) => {}
        });
    }

    fn names(&mut self, statement: &Statement, variable: Handle<Variable>) -> bool {
        let mut found = false;
        self.block(&vec![statement.clone()], &mut |named| found |= named == variable);
        found
    }

    fn written_first(&mut self, block: &Block, variable: Handle<Variable>) -> bool {
        let naming: Vec<&Statement> =
            block.iter().filter(|statement| self.names(statement, variable)).collect();
        let Some(first) = naming.first() else { return true };
        if let StatementKind::Assign(Place::Variable(written), value) = &first.kind
            && *written == variable
        {
            let mut reads = false;
            self.expression(*value, &mut |named| reads |= named == variable);
            return !reads;
        }
        let mut itself = false;
        self.statement(first, &mut |named| itself |= named == variable);
        naming.len() == 1
            && !itself
            && sluice_ir::walk::blocks(first).into_iter().all(|inner| self.written_first(inner, variable))
    }
}
