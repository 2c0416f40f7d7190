//! Which variables egress can see: those, and no others, are copied for each replica.

use sluice_ir::{Block, ExternCall, Handle, Module, Place, SluiceCall, Statement, StatementKind, Variable};

/// For each variable, whether anything behind the replication engine names it.
///
/// Metadata in a field list counts as seen: recirculating and cloning keep it.
pub(super) fn egress_variables(module: &Module) -> Vec<bool> {
    let mut usage = Usage { module, seen: vec![false; module.variables.len()], expressions: Vec::new() };
    usage.expressions = vec![false; module.expressions.len()];
    let pipeline = &module.pipeline;
    for block in [&pipeline.egress, &pipeline.compute_checksum, &pipeline.deparser] {
        usage.block(block);
    }
    for (handle, variable) in module.variables.iter() {
        if !variable.field_lists.is_empty() {
            usage.seen[handle.index()] = true;
        }
    }
    usage.close();
    usage.seen
}

struct Usage<'m> {
    module: &'m Module,
    seen: Vec<bool>,
    expressions: Vec<bool>,
}

impl Usage<'_> {
    /// Follows the expressions that were met: operands stand before what uses them.
    fn close(&mut self) {
        let module = self.module;
        for (handle, expression) in module.expressions.iter().rev() {
            if !self.expressions[handle.index()] {
                continue;
            }
            if let sluice_ir::ExpressionKind::Variable(variable) = &expression.kind {
                self.variable(*variable);
            }
            expression.kind.for_each_operand(|operand| self.expression(operand));
        }
    }

    fn variable(&mut self, variable: Handle<Variable>) {
        if let Some(seen) = self.seen.get_mut(variable.index()) {
            *seen = true;
        }
    }

    fn expression(&mut self, expression: Handle<sluice_ir::Expression>) {
        if let Some(met) = self.expressions.get_mut(expression.index()) {
            *met = true;
        }
    }

    fn header(&mut self, header: sluice_ir::HeaderRef) {
        if let sluice_ir::HeaderRef::Element(_, index) = header {
            self.expression(index);
        }
    }

    fn place(&mut self, place: &Place) {
        match place {
            Place::Variable(variable) => self.variable(*variable),
            Place::Field(header, _) => self.header(*header),
            Place::Slice { base, .. } => self.place(base),
        }
    }

    fn block(&mut self, block: &Block) {
        for statement in block {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                self.place(place);
                self.expression(*value);
            }
            StatementKind::CopyHeader { to, from } => {
                self.header(*to);
                self.header(*from);
            }
            StatementKind::SetValid(header)
            | StatementKind::SetInvalid(header)
            | StatementKind::Emit(header) => {
                self.header(*header);
            }
            StatementKind::If { condition, accept, reject } => {
                self.expression(*condition);
                self.block(accept);
                self.block(reject);
            }
            StatementKind::Switch { selector, cases, default } => {
                self.expression(*selector);
                for (_, block) in cases {
                    self.block(block);
                }
                self.block(default);
            }
            StatementKind::Labelled(_, block) | StatementKind::Loop(_, block) => self.block(block),
            StatementKind::Apply { table, hit, action_run } => {
                hit.iter().chain(action_run).for_each(|variable| self.variable(*variable));
                self.table(*table);
            }
            StatementKind::Extern(call) => self.call(call),
            StatementKind::Extract { header, varbit_bits } => {
                self.header(*header);
                varbit_bits.iter().for_each(|bits| self.expression(*bits));
            }
            StatementKind::Lookahead { to, .. } => self.place(to),
            StatementKind::Advance(bits) => self.expression(*bits),
            StatementKind::Verify { condition, error } => {
                self.expression(*condition);
                self.expression(*error);
            }
            StatementKind::CopyStack { .. }
            | StatementKind::PushFront(..)
            | StatementKind::PopFront(..)
            | StatementKind::Leave(_)
            | StatementKind::Exit => {}
        }
    }

    fn table(&mut self, table: Handle<sluice_ir::Table>) {
        let Some(table) = self.module.tables.try_index(table) else { return };
        for key in &table.keys {
            self.expression(key.expression);
        }
        for action in &table.actions {
            if let Some(action) = self.module.actions.try_index(action.action) {
                self.block(&action.body);
            }
        }
    }

    fn call(&mut self, call: &ExternCall) {
        use ExternCall as C;
        let module = self.module;
        match call {
            C::MeterExecute { result, .. }
            | C::DirectMeterRead { result, .. }
            | C::RegisterRead { result, .. }
            | C::Hash { result, .. }
            | C::Random { result, .. }
            | C::PacketLength { result }
            | C::UpdateChecksum { checksum: result, .. }
            | C::Sluice(
                SluiceCall::IngressTimeNs { result }
                | SluiceCall::WireLength { result }
                | SluiceCall::BadFrame { result }
                | SluiceCall::Digest64 { result, .. },
            ) => self.place(result),
            _ => {}
        }
        for operand in call_operands(call) {
            if module.expressions.try_index(operand).is_some() {
                self.expression(operand);
            }
        }
    }
}

/// The expressions that a call evaluates.
fn call_operands(call: &ExternCall) -> Vec<Handle<sluice_ir::Expression>> {
    use ExternCall as C;
    use SluiceCall as S;
    match call {
        C::CounterCount { index, .. } | C::MeterExecute { index, .. } | C::RegisterRead { index, .. } => {
            vec![*index]
        }
        C::RegisterWrite { index, value, .. } => vec![*index, *value],
        C::Hash { base, max, data, .. } => [*base, *max].into_iter().chain(data.iter().copied()).collect(),
        C::Random { low, high, .. } => vec![*low, *high],
        C::Digest { receiver, data, .. } => std::iter::once(*receiver).chain(data.iter().copied()).collect(),
        C::Clone { session, field_list, .. } => std::iter::once(*session).chain(*field_list).collect(),
        C::Resubmit { field_list } | C::Recirculate { field_list } => field_list.iter().copied().collect(),
        C::Truncate { length_bytes } => vec![*length_bytes],
        C::Assert { condition, .. } | C::Assume { condition, .. } => vec![*condition],
        C::LogMessage { arguments, .. } => arguments.clone(),
        C::VerifyChecksum { condition, data, checksum, .. } => {
            [*condition, *checksum].into_iter().chain(data.iter().copied()).collect()
        }
        C::UpdateChecksum { condition, data, .. } => {
            std::iter::once(*condition).chain(data.iter().copied()).collect()
        }
        C::Sluice(S::Digest64 { seed, data, .. }) => {
            std::iter::once(*seed).chain(data.iter().copied()).collect()
        }
        C::Sluice(S::Overwrite { offset_bytes, length_bytes, value }) => {
            vec![*offset_bytes, *length_bytes, *value]
        }
        C::Sluice(S::Trim { length_bytes }) => vec![*length_bytes],
        C::Sluice(S::FixChecksums { offset_bytes }) => vec![*offset_bytes],
        C::Sluice(S::AppendTrailer { data }) => data.clone(),
        C::Sluice(S::IngressTimeNs { .. } | S::WireLength { .. } | S::BadFrame { .. })
        | C::DirectCounterCount { .. }
        | C::DirectMeterRead { .. }
        | C::MarkToDrop
        | C::PacketLength { .. } => Vec::new(),
    }
}
