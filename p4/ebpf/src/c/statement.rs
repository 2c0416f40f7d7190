//! Statements of controls and actions.

use sluice_ir::{Block, Expression, Handle, Label, Statement, StatementKind, Table, Variable, walk};

use super::code::{Code, number};
use super::parser::MAX_TURNS;

/// Where code goes that ends a function before its end.
pub(super) const OUT: &str = "out";

impl Code<'_> {
    pub(super) fn block(&mut self, block: &Block) {
        for statement in block {
            self.span = Some(statement.span);
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, value) => self.assign(place, *value),
            StatementKind::CopyHeader { to, from } => self.copy_header(*to, *from),
            StatementKind::CopyStack { to, from } => self.copy_stack(*to, *from),
            StatementKind::SetValid(header) | StatementKind::SetInvalid(header) => {
                let valid = matches!(statement.kind, StatementKind::SetValid(_));
                let reached = self.reach(*header);
                self.guarded(&reached, |code| {
                    code.set_valid(&reached, valid);
                    code.changed();
                });
            }
            StatementKind::PushFront(stack, count) => self.shift_stack(*stack, i64::from(*count)),
            StatementKind::PopFront(stack, count) => self.shift_stack(*stack, -i64::from(*count)),
            StatementKind::If { condition, accept, reject } => self.if_else(*condition, accept, reject),
            StatementKind::Switch { selector, cases, default } => self.switch(*selector, cases, default),
            StatementKind::Apply { table, hit, action_run } => self.apply(*table, *hit, *action_run),
            StatementKind::Labelled(label, block) => {
                self.braced("", |code| code.block(block));
                self.label(&label_name(*label));
            }
            StatementKind::Loop(label, block) => self.forever(*label, block),
            StatementKind::Leave(label) => self.line(format!("goto {};", label_name(*label))),
            StatementKind::Exit => self.exit(),
            StatementKind::Extract { header, varbit_bits } => self.extract(*header, *varbit_bits),
            StatementKind::Lookahead { to, offset_bits } => self.lookahead(to, *offset_bits),
            StatementKind::Advance(bits) => self.advance(*bits),
            StatementKind::Verify { condition, error } => {
                let condition = self.scalar(*condition);
                let error = self.scalar(*error);
                self.braced(format!("if (!({condition}))"), |code| code.reject(&error));
            }
            StatementKind::Emit(header) => self.emit(*header),
            StatementKind::Extern(call) => self.call(call),
        }
    }

    fn if_else(&mut self, condition: Handle<Expression>, accept: &Block, reject: &Block) {
        let condition = self.scalar(condition);
        let span = self.span;
        self.braced(format!("if ({condition})"), |code| code.block(accept));
        if !reject.is_empty() {
            self.braced("else", |code| code.block(reject));
        }
        self.span = span;
    }

    fn switch(
        &mut self,
        selector: Handle<Expression>,
        cases: &[(Vec<sluice_entities::Bits>, Block)],
        default: &Block,
    ) {
        let width = self.ty(selector).width();
        if width > 64 {
            self.refuse("switch over more than 64 bits", "compare the value in parts");
            return;
        }
        let selector = self.scalar(selector);
        self.braced(format!("switch ({selector})"), |code| {
            for (values, block) in cases {
                for value in values {
                    code.line(format!("case {}:", number(value.to_u64().unwrap_or(0))));
                }
                code.braced("", |code| code.block(block));
                code.line("break;");
            }
            code.line("default:");
            code.braced("", |code| code.block(default));
            code.line("break;");
        });
    }

    fn forever(&mut self, label: Label, block: &Block) {
        let turns = self.fresh();
        self.line(format!("u32 {turns} = 0;"));
        let own = self.own();
        self.braced("for (;;)", |code| {
            code.braced(format!("if (++{turns} > {MAX_TURNS})"), |code| {
                code.line(format!("{own}->ended = ENDED_LOOP_LIMIT;"));
                code.line(format!("goto {OUT};"));
            });
            code.block(block);
        });
        self.label(&label_name(label));
    }

    /// Ends the control; out of an action, its table's function says so.
    fn exit(&mut self) {
        if self.acting.is_some() {
            self.line("return 1;");
        } else {
            self.line(format!("goto {OUT};"));
        }
    }

    fn apply(
        &mut self,
        table: Handle<Table>,
        hit: Option<Handle<Variable>>,
        action_run: Option<Handle<Variable>>,
    ) {
        let name = self.storage.tables[table.index()].clone();
        let call = format!("apply_{name}({})", self.arguments());
        let module = self.module;
        let ends =
            module.tables[table].actions.iter().any(|listed| may_end(&module.actions[listed.action].body));
        // What the function tells, it leaves where each copy has its own.
        let is_frozen = self.frozen.contains_key(&table.index());
        if !self.storage.asked[table.index()] && !ends && !is_frozen {
            self.line(format!("if (!(cfg->{name}.todo & IS_IDLE))"));
            self.line(format!("\t{call};"));
        } else if ends {
            self.braced(format!("if ({call})"), |code| code.line(format!("goto {OUT};")));
        } else {
            self.line(format!("{call};"));
        }
        for (variable, told) in [(hit, "hit"), (action_run, "action_run")] {
            if let Some(variable) = variable {
                let told = format!("{}->{told}", self.own());
                self.store_number(&sluice_ir::Place::Variable(variable), &told);
            }
        }
    }
}

/// Whether a block may end its control.
pub(super) fn may_end(block: &Block) -> bool {
    let mut found = false;
    walk::statements(block, &mut |statement| {
        found |= matches!(
            statement.kind,
            StatementKind::Exit
                | StatementKind::Loop(..)
                | StatementKind::Extern(
                    sluice_ir::ExternCall::Assert { .. } | sluice_ir::ExternCall::Assume { .. }
                )
        );
    });
    found
}

pub(super) fn label_name(label: Label) -> String {
    format!("l{}", label.0)
}
