//! Statements to instructions.

use sluice_entities::Bits;
use sluice_ir::{Block, Expression, Handle, HeaderRef, Label, Place, Stack, Statement, StatementKind};

use super::PrepareError;
use super::codegen::{Codegen, Patch, invalid};
use super::expression::narrow;
use super::layout::limbs;
use crate::engine::op::{NO_SLOT, Op, Pc, Slot};
use crate::engine::program::{ApplySite, KeySource, NO_SELECTION, SelectTable, Selection};
use crate::engine::wide_op::WideOp;

type Result<T> = std::result::Result<T, PrepareError>;

/// Selector values up to this are looked up by index.
const DIRECT_SELECT: u64 = 1024;

impl<'m> Codegen<'m> {
    /// A control's block, ended.
    pub(super) fn control(&mut self, block: &Block) -> Result<Pc> {
        let start = self.here();
        self.block(block)?;
        self.push(Op::End);
        Ok(start)
    }

    pub(super) fn block(&mut self, block: &Block) -> Result<()> {
        for statement in block {
            let mark = self.mark();
            self.statement(statement)?;
            self.release(mark);
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        match &statement.kind {
            StatementKind::Assign(place, value) => self.assign(place, *value),
            StatementKind::CopyHeader { to, from } => self.copy_header(*to, *from),
            StatementKind::CopyStack { to, from } => self.copy_stack(*to, *from),
            StatementKind::SetValid(header) => self.set_validity(*header, true),
            StatementKind::SetInvalid(header) => self.set_validity(*header, false),
            StatementKind::PushFront(stack, count) => self.shift_stack(*stack, i64::from(*count)),
            StatementKind::PopFront(stack, count) => self.shift_stack(*stack, -i64::from(*count)),
            StatementKind::If { condition, accept, reject } => self.if_else(*condition, accept, reject),
            StatementKind::Switch { selector, cases, default } => self.switch(*selector, cases, default),
            StatementKind::Apply { table, hit, action_run } => {
                let slot = |variable: &Option<Handle<_>>| match variable {
                    None => Ok(NO_SLOT),
                    Some(variable) => {
                        self.place_slot(&Place::Variable(*variable)).ok_or_else(|| invalid("variable"))
                    }
                };
                let (hit, action_run) = (slot(hit)?, slot(action_run)?);
                self.apply(*table, hit, action_run)
            }
            StatementKind::Labelled(label, block) => self.labelled(*label, block, false),
            StatementKind::Loop(label, block) => self.labelled(*label, block, true),
            StatementKind::Leave(label) => {
                let patch = self.jump(Op::Jump { to: 0 });
                let enclosing = self.leaves.iter_mut().rev().find(|(known, _)| known == label);
                enclosing.ok_or_else(|| invalid("label"))?.1.push(patch);
                Ok(())
            }
            StatementKind::Exit => {
                self.push(Op::End);
                Ok(())
            }
            StatementKind::Extract { header, varbit_bits } => self.extract(*header, *varbit_bits),
            StatementKind::Lookahead { to, offset_bits } => self.lookahead(to, *offset_bits),
            StatementKind::Advance(bits) => {
                let a = self.number_value(*bits)?;
                self.push(Op::Advance { a });
                Ok(())
            }
            StatementKind::Verify { condition, error } => {
                let a = self.value(*condition)?;
                let error = self.value(*error)?;
                self.push(Op::Verify { a, error });
                Ok(())
            }
            StatementKind::Emit(header) => self.on_header(*header, &mut |codegen, header| {
                if let Some(header) = header {
                    codegen.emit(header as u16);
                }
                Ok(())
            }),
            StatementKind::Extern(call) => self.call(call),
        }
    }

    /// Emits a header, together with those right before it.
    fn emit(&mut self, header: u16) {
        match self.last_op() {
            Some(Op::EmitRun { header: first, count }) if *first + *count == header => *count += 1,
            _ => self.push(Op::EmitRun { header, count: 1 }),
        }
    }

    fn assign(&mut self, place: &Place, value: Handle<Expression>) -> Result<()> {
        if let Some(d) = self.place_slot(place) {
            return self.value_into(value, d);
        }
        let a = self.value(value)?;
        self.store(place, a)
    }

    fn if_else(&mut self, condition: Handle<Expression>, accept: &Block, reject: &Block) -> Result<()> {
        if accept.is_empty() {
            let holds = self.branch(condition, true)?;
            self.block(reject)?;
            self.land(holds);
            return Ok(());
        }
        let fails = self.branch(condition, false)?;
        self.block(accept)?;
        if reject.is_empty() {
            self.land(fails);
            return Ok(());
        }
        let done = self.jump(Op::Jump { to: 0 });
        self.land(fails);
        self.block(reject)?;
        self.land([done]);
        Ok(())
    }

    fn switch(
        &mut self,
        selector: Handle<Expression>,
        cases: &[(Vec<Bits>, Block)],
        default: &Block,
    ) -> Result<()> {
        let width = self.ty(selector)?.width();
        let mut a = self.value(selector)?;
        if !narrow(width) {
            // A value of more than 64 bits is first turned into the number of its case.
            a = self.number_of_case(a, width, cases)?;
        }
        let table = self.selects.len();
        self.selects.push(SelectTable::Direct { targets: Vec::new(), default: 0 });
        self.push(Op::JumpTable { a, table: table as u16 });
        let (mut entries, mut done): (Vec<(u64, Pc)>, Vec<Patch>) = (Vec::new(), Vec::new());
        for (number, (values, block)) in cases.iter().enumerate() {
            let here = self.here();
            if narrow(width) {
                entries.extend(values.iter().filter_map(|value| Some((value.to_u64()?, here))));
            } else {
                entries.push((number as u64 + 1, here));
            }
            self.block(block)?;
            done.push(self.jump(Op::Jump { to: 0 }));
        }
        let otherwise = self.here();
        self.block(default)?;
        self.land(done);
        self.selects[table] = select_table(entries, otherwise);
        Ok(())
    }

    /// 0 for the default, else one more than the index of the case.
    fn number_of_case(&mut self, a: Slot, width: u32, cases: &[(Vec<Bits>, Block)]) -> Result<Slot> {
        let (d, equal) = (self.temporary_words(1)?, self.temporary_words(1)?);
        let mut done = Vec::new();
        for (number, (values, _)) in cases.iter().enumerate() {
            let found = self.number(number as u64 + 1)?;
            self.push(Op::Move { d, a: found });
            for value in values {
                let b = self.constant(&value.resize(width))?;
                self.push(Op::EqW { d: equal, a, b, n: limbs(width) as u16 });
                done.push(self.jump(Op::JumpIf { a: equal, to: 0 }));
            }
        }
        let zero = self.number(0)?;
        self.push(Op::Move { d, a: zero });
        self.land(done);
        Ok(d)
    }

    fn labelled(&mut self, label: Label, block: &Block, again: bool) -> Result<()> {
        self.leaves.push((label, Vec::new()));
        let start = self.here();
        self.block(block)?;
        if again {
            self.push(Op::LoopBack { to: start });
        }
        if let Some((_, patches)) = self.leaves.pop() {
            self.land(patches);
        }
        Ok(())
    }

    fn apply(&mut self, table: Handle<sluice_ir::Table>, hit: Slot, action_run: Slot) -> Result<()> {
        if self.in_action {
            return Err(PrepareError::Invalid { what: "a table applied in an action".to_string() });
        }
        let module = self.module;
        let ir = module.tables.try_index(table).ok_or_else(|| invalid("table"))?;
        let keys: Vec<_> =
            ir.keys.iter().filter(|key| key.kind != sluice_entities::MatchKind::Selector).collect();
        let site = self.sites.len();
        let table = table.index() as u16;
        let source = KeySource::Words;
        let has_cells = self.tables.get(usize::from(table)).is_some_and(|plan| plan.has_cells);
        let cell = if has_cells { self.storage.cells[usize::from(table)] } else { NO_SLOT };
        let selection = NO_SELECTION;
        let mut plan = ApplySite { table, key: 0, key_words: 0, source, hit, action_run, cell, selection };
        self.sites.push(plan);
        let empty = self.jump(Op::ApplyEmpty { site: site as u16, to: 0 });
        if let [key] = keys[..] {
            let width = self.ty(key.expression)?.width();
            plan.key = self.value(key.expression)?;
            plan.key_words = limbs(width) as u16;
        } else {
            let mut widths = Vec::new();
            for key in &keys {
                widths.push(limbs(self.ty(key.expression)?.width()));
            }
            plan.key_words = widths.iter().sum::<usize>() as u16;
            plan.key = self.temporary_words(usize::from(plan.key_words))?;
            let mut at = plan.key;
            for (key, width) in keys.iter().zip(widths) {
                self.value_into(key.expression, at)?;
                at += width as Slot;
            }
        }
        if let Some(source) = self.key_source(plan.key) {
            plan.source = source;
        }
        plan.selection = self.selection(ir, table)?;
        self.sites[site] = plan;
        if matches!(self.last_op(), Some(Op::ApplyEmpty { .. })) {
            // `Apply` sees by itself that a table is empty: there is nothing to jump over.
            self.ops.pop();
            self.push(Op::Apply { site: site as u16 });
        } else {
            self.push(Op::Apply { site: site as u16 });
            self.land([empty]);
        }
        Ok(())
    }

    /// How a table with an action profile finds its action; evaluates the selector keys.
    fn selection(&mut self, ir: &sluice_ir::Table, table: u16) -> Result<u16> {
        let Some(profile) = ir.action_profile else { return Ok(NO_SELECTION) };
        let module = self.module;
        let selector = module.action_profiles.try_index(profile).and_then(|profile| profile.selector);
        let keys = ir.keys.iter().filter(|key| key.kind == sluice_entities::MatchKind::Selector);
        let keys: Vec<_> = keys.map(|key| key.expression).collect();
        let plan = self.profiles.get(profile.index()).ok_or_else(|| invalid("action profile"))?;
        let place = plan.tables.iter().position(|other| *other == table).unwrap_or(0);
        let algorithm = selector.map_or(sluice_ir::HashAlgorithm::Identity, |selector| selector.algorithm);
        let data = if selector.is_some() { self.data(&keys)? } else { Vec::new() };
        self.selections.push(Selection { profile: profile.index() as u16, place, algorithm, data });
        Ok((self.selections.len() - 1) as u16)
    }

    /// Takes the instruction back that made a key of one word, where applying the table can do it.
    fn key_source(&mut self, key: Slot) -> Option<KeySource> {
        let source = match self.last_op().copied()? {
            Op::SliceW { d, a, low, width } if d == key => KeySource::Slice { a, low, width },
            Op::Load { d, at, shift, width } if d == key => KeySource::Load { at, shift, width },
            _ => return None,
        };
        // Only where it is the whole key's only instruction.
        let before = self.ops.len().checked_sub(2)?;
        if !self.is_temporary(key) || !matches!(self.ops[before], Op::ApplyEmpty { .. }) {
            return None;
        }
        self.ops.pop();
        Some(source)
    }

    fn copy_header(&mut self, to: HeaderRef, from: HeaderRef) -> Result<()> {
        self.on_header(from, &mut |codegen, from| {
            let Some(from) = from else { return Ok(()) };
            codegen.on_header(to, &mut |codegen, to| {
                if let Some(to) = to
                    && to != from
                {
                    codegen.push(Op::CopyHeader { to: to as u16, from: from as u16 });
                }
                Ok(())
            })
        })
    }

    fn copy_stack(&mut self, to: Handle<Stack>, from: Handle<Stack>) -> Result<()> {
        let stacks = &self.storage.stacks;
        let (Some(to), Some(from)) = (stacks.get(to.index()), stacks.get(from.index())) else {
            return Err(invalid("stack"));
        };
        let pairs: Vec<_> = to.elements.iter().copied().zip(from.elements.iter().copied()).collect();
        let (d, a) = (to.next, from.next);
        for (to, from) in pairs {
            self.push(Op::CopyHeader { to, from });
        }
        self.push(Op::Move { d, a });
        Ok(())
    }

    fn set_validity(&mut self, header: HeaderRef, valid: bool) -> Result<()> {
        let (one, zero) = (self.number(1)?, self.number(0)?);
        self.on_header(header, &mut |codegen, header| {
            let Some(header) = header else { return Ok(()) };
            let plan = &codegen.storage.headers[header];
            let d = plan.valid;
            let rivals = if valid { plan.rivals.clone() } else { Vec::new() };
            codegen.push(Op::Move { d, a: if valid { one } else { zero } });
            for d in rivals {
                codegen.push(Op::Move { d, a: zero });
            }
            Ok(())
        })
    }

    fn shift_stack(&mut self, stack: Handle<Stack>, by: i64) -> Result<()> {
        let size =
            self.storage.stacks.get(stack.index()).ok_or_else(|| invalid("stack"))?.elements.len() as i64;
        let by = by.clamp(-size, size) as i16;
        self.push(Op::ShiftStack { stack: stack.index() as u16, by });
        Ok(())
    }

    fn extract(&mut self, header: HeaderRef, varbit_bits: Option<Handle<Expression>>) -> Result<()> {
        let bits = varbit_bits.map(|bits| self.number_value(bits)).transpose()?;
        self.on_header(header, &mut |codegen, header| {
            let Some(header) = header else { return Ok(()) };
            let zero = codegen.number(0)?;
            let plan = &codegen.storage.headers[header];
            let header = header as u16;
            codegen.push(match (plan.varbit, bits) {
                (Some(_), bits) => Op::ExtractVarbit { header, bits: bits.unwrap_or(zero) },
                (None, _) => Op::Extract { header },
            });
            Ok(())
        })?;
        if let HeaderRef::Next(stack) = header {
            let next = self.storage.stacks[stack.index()].next;
            let one = self.number(1)?;
            self.push(Op::Add { d: next, a: next, b: one, width: 32 });
        }
        Ok(())
    }

    fn lookahead(&mut self, to: &Place, offset: u32) -> Result<()> {
        let width = self.module.place_type(to).ok_or_else(|| invalid("place"))?.width();
        let d = match self.place_slot(to) {
            Some(d) => d,
            None => self.temporary(width)?,
        };
        if narrow(width) {
            self.push(Op::Lookahead { d, offset, width: width as u16 });
        } else {
            self.add_wide(WideOp::Lookahead { d, offset, width });
        }
        if self.place_slot(to).is_none() {
            self.store(to, d)?;
        }
        Ok(())
    }
}

/// A table of jumps by value, indexed where the values are small.
pub(super) fn select_table(mut entries: Vec<(u64, Pc)>, default: Pc) -> SelectTable {
    // The first entry of a value wins, as in the order of the cases.
    entries.sort_by_key(|(value, _)| *value);
    entries.dedup_by_key(|(value, _)| *value);
    match entries.last() {
        Some((highest, _)) if *highest < DIRECT_SELECT => {
            let mut targets = vec![default; *highest as usize + 1];
            for (value, target) in entries {
                targets[value as usize] = target;
            }
            SelectTable::Direct { targets, default }
        }
        _ => {
            let (values, targets) = entries.into_iter().unzip();
            SelectTable::Sorted { values, targets, default }
        }
    }
}
