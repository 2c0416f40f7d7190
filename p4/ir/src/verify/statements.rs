//! Rules about statements.

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::Span;
use sluice_entities::Bits;

use super::{Checker, Context, Scope, show};
use crate::{
    Action, Block, Expression, Handle, HeaderRef, Label, Place, Statement, StatementKind, Table, Type,
    Variable, VariableKind, limits,
};

/// What a walk over blocks remembers.
#[derive(Default)]
struct Walk {
    /// Labels that are open.
    open: Vec<Label>,
    /// All labels so far.
    labels: BTreeSet<Label>,
    depth: u32,
}

impl Checker<'_> {
    /// Checks all code: parser states, controls and actions.
    pub(super) fn controls(&mut self) {
        let pipeline = &self.module.pipeline;
        let mut walk = Walk::default();
        for (_, state) in pipeline.parser.states.iter() {
            self.block(&state.body, Context::Parser, None, &mut walk);
        }
        let controls: [(Context, &Block); 5] = [
            (Context::VerifyChecksum, &pipeline.verify_checksum),
            (Context::Ingress, &pipeline.ingress),
            (Context::Egress, &pipeline.egress),
            (Context::ComputeChecksum, &pipeline.compute_checksum),
            (Context::Deparser, &pipeline.deparser),
        ];
        for (context, block) in controls {
            self.block(block, context, None, &mut walk);
        }
        let applied = self.applied_in();
        for (handle, action) in self.module.actions.iter() {
            let mut contexts: Vec<Context> = Vec::new();
            for (table, control) in &applied {
                if self.lists(*table, handle) && !contexts.contains(control) {
                    contexts.push(*control);
                }
            }
            if contexts.is_empty() {
                contexts.push(Context::UnusedAction);
            }
            let before = walk.labels.clone();
            for context in contexts {
                walk.labels.clone_from(&before);
                self.block(&action.body, context, Some(handle), &mut walk);
            }
        }
    }

    fn lists(&self, table: Handle<Table>, action: Handle<Action>) -> bool {
        let table = self.module.tables.try_index(table);
        table.is_some_and(|table| table.actions.iter().any(|listed| listed.action == action))
    }

    /// Which control applies which table; notes tables that both do.
    fn applied_in(&mut self) -> BTreeMap<Handle<Table>, Context> {
        let mut applied: BTreeMap<Handle<Table>, Context> = BTreeMap::new();
        let pipeline = &self.module.pipeline;
        for (context, block) in [(Context::Ingress, &pipeline.ingress), (Context::Egress, &pipeline.egress)] {
            let mut tables = Vec::new();
            crate::walk::statements(block, &mut |statement| {
                if let StatementKind::Apply { table, .. } = statement.kind {
                    tables.push((table, statement.span));
                }
            });
            for (table, span) in tables {
                if *applied.entry(table).or_insert(context) != context {
                    let message = "the table is applied in ingress and in egress";
                    self.error(span, message, "make one table for each");
                }
            }
        }
        applied
    }

    fn block(
        &mut self,
        block: &[Statement],
        context: Context,
        action: Option<Handle<Action>>,
        walk: &mut Walk,
    ) {
        walk.depth += 1;
        for statement in block {
            if walk.depth > limits::BLOCK_DEPTH {
                let message = format!("blocks are nested more than {} deep", limits::BLOCK_DEPTH);
                self.error(statement.span, message, "use actions or variables");
                break;
            }
            let scope = Scope { context, action, span: statement.span };
            self.allowed(&statement.kind, &scope);
            self.statement(&statement.kind, &scope, walk);
        }
        walk.depth -= 1;
    }

    /// Checks that a statement may stand in that control.
    fn allowed(&mut self, statement: &StatementKind, scope: &Scope) {
        let context = scope.context;
        let allowed = match statement {
            StatementKind::Extract { .. }
            | StatementKind::Lookahead { .. }
            | StatementKind::Advance(_)
            | StatementKind::Verify { .. } => context == Context::Parser,
            StatementKind::Emit(_) => context == Context::Deparser && scope.action.is_none(),
            StatementKind::Apply { .. } => {
                matches!(context, Context::Ingress | Context::Egress) && scope.action.is_none()
            }
            StatementKind::Exit => !matches!(context, Context::Parser | Context::Deparser),
            StatementKind::Assign(place, _) => context != Context::Deparser || self.is_local(place),
            StatementKind::CopyHeader { .. }
            | StatementKind::CopyStack { .. }
            | StatementKind::SetValid(_)
            | StatementKind::SetInvalid(_)
            | StatementKind::PushFront(..)
            | StatementKind::PopFront(..)
            | StatementKind::Switch { .. }
            | StatementKind::Loop(..)
            | StatementKind::If { .. }
            | StatementKind::Labelled(..)
            | StatementKind::Leave(_)
            | StatementKind::Extern(_) => true,
        };
        if !allowed {
            let (here, help) = self.explain(scope);
            self.error(scope.span, format!("this statement does not stand in {here}"), help);
        }
    }

    fn is_local(&self, place: &Place) -> bool {
        match place {
            Place::Variable(variable) => {
                let variable = self.module.variables.try_index(*variable);
                variable.is_some_and(|variable| variable.kind == VariableKind::Local)
            }
            Place::Slice { base, .. } => self.is_local(base),
            // Headers have no kind: those of the packet are not written by the deparser of any P4 program.
            Place::Field(..) => true,
        }
    }

    /// Where it is, in words, and what may stand there.
    pub(super) fn explain(&self, scope: &Scope) -> (&'static str, &'static str) {
        if scope.action.is_some() {
            return ("an action", "actions assign, branch and call externs of their control");
        }
        match scope.context {
            Context::Parser => ("the parser", "it extracts, looks ahead, assigns and verifies"),
            Context::VerifyChecksum => ("verify_checksum", "it verifies checksums"),
            Context::Ingress => ("ingress", "extract in the parser, emit in the deparser"),
            Context::Egress => ("egress", "extract in the parser, emit in the deparser"),
            Context::ComputeChecksum => ("compute_checksum", "it updates checksums"),
            Context::Deparser => ("the deparser", "it emits, and writes headers and locals, not metadata"),
            Context::UnusedAction => ("an action", "actions assign, branch and call externs"),
        }
    }

    fn statement(&mut self, statement: &StatementKind, scope: &Scope, walk: &mut Walk) {
        match statement {
            StatementKind::Assign(place, value) => {
                if let Some(ty) = self.place(place, scope) {
                    self.of_type(*value, ty, scope);
                }
            }
            StatementKind::CopyHeader { to, from } => self.copy_header(*to, *from, scope),
            StatementKind::CopyStack { to, from } => self.copy_stack(*to, *from, scope),
            StatementKind::SetValid(header)
            | StatementKind::SetInvalid(header)
            | StatementKind::Emit(header) => {
                self.used_header(*header, scope);
            }
            StatementKind::PushFront(stack, _) | StatementKind::PopFront(stack, _) => {
                self.in_range(&self.module.stacks, *stack, "a statement", Some(scope.span));
            }
            StatementKind::Apply { table, hit, action_run } => {
                self.in_range(&self.module.tables, *table, "a statement", Some(scope.span));
                self.told(*hit, Type::Bool, scope);
                self.told(*action_run, Type::Bits(16), scope);
            }
            StatementKind::Exit => {}
            StatementKind::Extract { header, varbit_bits } => self.extract(*header, *varbit_bits, scope),
            StatementKind::Lookahead { to, .. } => {
                if let Some(Type::Varbit(_)) = self.place(to, scope) {
                    self.error(
                        scope.span,
                        "a varbit has no width to look ahead by",
                        "use a field of fixed width",
                    );
                }
            }
            StatementKind::Advance(bits) => self.bits(*bits, scope),
            StatementKind::Verify { condition, error } => {
                self.bool(*condition, scope);
                self.of_type(*error, Type::Error, scope);
            }
            StatementKind::Extern(call) => self.call(call, scope),
            StatementKind::If { .. }
            | StatementKind::Switch { .. }
            | StatementKind::Labelled(..)
            | StatementKind::Loop(..)
            | StatementKind::Leave(_) => self.nested(statement, scope, walk),
        }
    }

    /// Checks statements that have blocks, and those that leave them.
    fn nested(&mut self, statement: &StatementKind, scope: &Scope, walk: &mut Walk) {
        let (context, action) = (scope.context, scope.action);
        match statement {
            StatementKind::If { condition, accept, reject } => {
                self.bool(*condition, scope);
                self.block(accept, context, action, walk);
                self.block(reject, context, action, walk);
            }
            StatementKind::Switch { selector, cases, default } => {
                self.cases(*selector, cases, scope);
                for (_, block) in cases {
                    self.block(block, context, action, walk);
                }
                self.block(default, context, action, walk);
            }
            StatementKind::Labelled(label, block) | StatementKind::Loop(label, block) => {
                if !walk.labels.insert(*label) {
                    let message = format!("there are two labels L{}", label.0);
                    self.error(scope.span, message, "labels are unique in a module");
                }
                walk.open.push(*label);
                self.block(block, context, action, walk);
                walk.open.pop();
                if matches!(statement, StatementKind::Loop(..)) && !crate::walk::may_jump_out(block) {
                    self.error(
                        scope.span,
                        "the loop never ends",
                        format!("put `leave L{};` into it", label.0),
                    );
                }
            }
            StatementKind::Leave(label) if !walk.open.contains(label) => {
                let message = format!("L{} does not enclose this", label.0);
                self.error(scope.span, message, "leave a label that is open here");
            }
            _ => {}
        }
    }

    fn cases(&mut self, selector: Handle<Expression>, cases: &[(Vec<Bits>, Block)], scope: &Scope) {
        let Some((ty, span)) = self.used(selector, scope) else { return };
        if !matches!(ty, Type::Bits(_) | Type::Error) {
            self.error(span, format!("a switch does not take {}", show(ty)), "cast it to bit");
        }
        let mut seen = BTreeSet::new();
        for value in cases.iter().flat_map(|(values, _)| values) {
            if value.width() != ty.width() {
                let message = format!("the value {value} does not have {} bits", ty.width());
                self.error(scope.span, message, "values have the selector's width");
            }
            if !seen.insert(value) {
                self.error(
                    scope.span,
                    format!("the value {value} is listed twice"),
                    "each value has one case",
                );
            }
        }
    }

    fn copy_header(&mut self, to: HeaderRef, from: HeaderRef, scope: &Scope) {
        let both = self.used_header(to, scope) & self.used_header(from, scope);
        if both && self.module.header_type_of(to) != self.module.header_type_of(from) {
            self.error(scope.span, "headers of two types are copied", "copy field by field");
        }
    }

    fn copy_stack(&mut self, to: Handle<crate::Stack>, from: Handle<crate::Stack>, scope: &Scope) {
        let stacks = &self.module.stacks;
        let both = self.in_range(stacks, to, "a statement", Some(scope.span))
            & self.in_range(stacks, from, "a statement", Some(scope.span));
        let ty = |stack| self.module.header_type_of(HeaderRef::Next(stack));
        if both && (ty(to) != ty(from) || stacks[to].elements.len() != stacks[from].elements.len()) {
            self.error(scope.span, "stacks of two types or sizes are copied", "copy element by element");
        }
    }

    /// Checks the variable that an `Apply` tells.
    fn told(&mut self, variable: Option<Handle<Variable>>, ty: Type, scope: &Scope) {
        if let Some(variable) = variable {
            self.place_of_type(&Place::Variable(variable), ty, scope);
        }
    }

    fn extract(&mut self, header: HeaderRef, varbit_bits: Option<Handle<Expression>>, scope: &Scope) {
        if !self.used_header(header, scope) {
            return;
        }
        if let Some(bits) = varbit_bits {
            self.bits(bits, scope);
        }
        let ty = self.module.header_type_of(header).and_then(|ty| self.module.header_types.try_index(ty));
        let has_varbit =
            ty.is_some_and(|ty| ty.fields.iter().any(|field| matches!(field.ty, Type::Varbit(_))));
        if has_varbit != varbit_bits.is_some() {
            let message = "the length of a varbit is given or missing without need";
            self.error(scope.span, message, "give it exactly for headers that have a varbit field");
        }
    }

    /// Checks that a direct counter or meter is used by its own table's actions.
    pub(super) fn direct(&mut self, table: Handle<Table>, has: impl Fn(&Table) -> bool, scope: &Scope) {
        let module = self.module;
        if !self.in_range(&module.tables, table, "a statement", Some(scope.span)) {
            return;
        }
        if !has(&module.tables[table]) {
            let message = format!("table `{}` has no direct counter or meter", module.tables[table].name);
            self.error(scope.span, message, "give it one");
        }
        let listing: Vec<Handle<Table>> = match scope.action {
            Some(action) => module
                .tables
                .iter()
                .map(|(handle, _)| handle)
                .filter(|table| self.lists(*table, action))
                .collect(),
            None => Vec::new(),
        };
        if listing != [table] {
            self.direct_misplaced(&module.tables[table].name, scope.span);
        }
    }

    fn direct_misplaced(&mut self, table: &str, span: Span) {
        let message = format!("a direct counter or meter of `{table}` is used outside its actions");
        self.error(span, message, "use it in actions that this table lists and no other table does");
    }
}
