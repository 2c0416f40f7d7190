//! The parser's states to instructions.
//!
//! States stand in the module's order. A jump to the same or an earlier state is a `LoopBack`, so that a parser that
//! goes round without consuming anything ends.

use sluice_entities::Bits;
use sluice_ir::{Expression, Handle, KeySet, Parser, SelectCase, Target, Transition, ValueSet};

use super::PrepareError;
use super::codegen::{Codegen, Patch, invalid};
use super::expression::narrow;
use super::layout::limbs;
use super::statement::select_table;
use crate::engine::op::{Op, Pc, Slot};
use crate::engine::program::ExternPlan;
use crate::engine::wide_op::WideOp;

type Result<T> = std::result::Result<T, PrepareError>;

/// Jumps to states that have no place yet.
#[derive(Default)]
struct Links {
    starts: Vec<Pc>,
    jumps: Vec<(Patch, usize)>,
    /// Entries of jump tables, filled in at the end.
    tables: Vec<Select>,
}

/// The cases of a select that is a jump table.
struct Select {
    table: usize,
    /// The state that it is of.
    from: usize,
    cases: PlainCases,
}

/// Cases that are one value of at most 64 bits each, and where other values lead; `None`: they are rejected.
struct PlainCases {
    values: Vec<(u64, Target)>,
    default: Option<Target>,
}

impl<'m> Codegen<'m> {
    pub(super) fn parser(&mut self, parser: &Parser) -> Result<Pc> {
        let start = self.here();
        let mut links = Links::default();
        for (handle, state) in parser.states.iter() {
            let start = self.here();
            links.starts.push(start);
            self.states.push((start, state.name.clone()));
            self.block(&state.body)?;
            let mark = self.mark();
            match &state.transition {
                Transition::Always(target) => self.go(*target, handle.index(), &mut links),
                Transition::Select { keys, cases } => self.select(keys, cases, handle.index(), &mut links)?,
            }
            self.release(mark);
        }
        if parser.states.is_empty() {
            self.push(Op::End);
        }
        self.link(links)?;
        Ok(start)
    }

    /// Goes to a state, or ends the parser.
    fn go(&mut self, target: Target, from: usize, links: &mut Links) {
        match target {
            Target::State(state) if state.index() <= from => {
                let patch = self.jump(Op::LoopBack { to: 0 });
                links.jumps.push((patch, state.index()));
            }
            Target::State(state) => {
                let patch = self.jump(Op::Jump { to: 0 });
                links.jumps.push((patch, state.index()));
            }
            Target::Accept | Target::Reject => self.push(Op::End),
        }
    }

    fn select(
        &mut self,
        keys: &[Handle<Expression>],
        cases: &[SelectCase],
        from: usize,
        links: &mut Links,
    ) -> Result<()> {
        let mut slots = Vec::new();
        for key in keys {
            slots.push((self.value(*key)?, self.ty(*key)?.width()));
        }
        if let Some(cases) = plain_cases(&slots, cases) {
            let a = self.joined(&slots)?;
            let table = self.selects.len();
            self.selects.push(select_table(Vec::new(), 0));
            self.push(Op::JumpTable { a, table: table as u16 });
            links.tables.push(Select { table, from, cases });
            return Ok(());
        }
        for case in cases {
            let misses = self.unless_matches(&slots, case)?;
            self.go(case.target, from, links);
            let always = misses.is_empty();
            self.land(misses);
            if always {
                return Ok(());
            }
        }
        let error = self.error("NoMatch");
        self.push(Op::Reject { error });
        Ok(())
    }

    /// The keys side by side in one word.
    fn joined(&mut self, slots: &[(Slot, u32)]) -> Result<Slot> {
        let mut slots = slots.iter();
        let Some((mut a, _)) = slots.next().copied() else { return self.number(0) };
        for (b, b_width) in slots {
            let d = self.temporary_words(1)?;
            self.push(Op::Concat { d, a, b: *b, b_width: *b_width as u8 });
            a = d;
        }
        Ok(a)
    }

    /// Jumps that are taken unless the keys are in all sets of the case.
    fn unless_matches(&mut self, slots: &[(Slot, u32)], case: &SelectCase) -> Result<Vec<Patch>> {
        let mut misses = Vec::new();
        if let [KeySet::ValueSet(set)] = case.sets[..] {
            misses.push(self.unless_member(set, slots)?);
            return Ok(misses);
        }
        for ((a, width), set) in slots.iter().zip(&case.sets) {
            match set {
                KeySet::Any => {}
                KeySet::Value(value) => misses.push(self.unless_equal(*a, value, *width)?),
                KeySet::Masked { value, mask } => {
                    let d = self.temporary(*width)?;
                    let b = self.constant(&mask.resize(*width))?;
                    self.push(if narrow(*width) {
                        Op::And { d, a: *a, b }
                    } else {
                        Op::AndW { d, a: *a, b, n: limbs(*width) as u16 }
                    });
                    misses.push(self.unless_equal(d, &(value & mask), *width)?);
                }
                KeySet::Range { low, high } => {
                    misses.push(self.if_below(*a, low, *width, false)?);
                    misses.push(self.if_below(*a, high, *width, true)?);
                }
                KeySet::ValueSet(_) => return Err(invalid("value set beside other sets")),
            }
        }
        Ok(misses)
    }

    /// Jumps unless the keys together are a member of a value set.
    fn unless_member(&mut self, set: Handle<ValueSet>, slots: &[(Slot, u32)]) -> Result<Patch> {
        let shape = self.value_sets.get(set.index()).ok_or_else(|| invalid("value set"))?;
        let widths = shape.fields().iter().map(|field| field.width);
        if !widths.eq(slots.iter().map(|(_, width)| *width)) {
            return Err(invalid("value set of other widths than the select's keys"));
        }
        let words: usize = slots.iter().map(|(_, width)| limbs(*width)).sum();
        let key = self.temporary_words(words)?;
        let mut at = key;
        for (a, width) in slots {
            let n = limbs(*width) as u16;
            self.push(if n == 1 { Op::Move { d: at, a: *a } } else { Op::MoveW { d: at, a: *a, n } });
            at += n;
        }
        let d = self.temporary_words(1)?;
        self.add_extern(ExternPlan::InValueSet { set: set.index() as u16, key, words: words as u16, d });
        Ok(self.jump(Op::JumpUnless { a: d, to: 0 }))
    }

    fn unless_equal(&mut self, a: Slot, value: &Bits, width: u32) -> Result<Patch> {
        let b = self.constant(&value.resize(width))?;
        if narrow(width) {
            return Ok(self.jump(Op::JumpNe { a, b, to: 0 }));
        }
        let d = self.temporary_words(1)?;
        self.push(Op::EqW { d, a, b, n: limbs(width) as u16 });
        Ok(self.jump(Op::JumpUnless { a: d, to: 0 }))
    }

    /// Jumps if the value is below the bound, or above it where `above`.
    fn if_below(&mut self, a: Slot, value: &Bits, width: u32, above: bool) -> Result<Patch> {
        let b = self.constant(&value.resize(width))?;
        let (left, right) = if above { (b, a) } else { (a, b) };
        if narrow(width) {
            return Ok(self.jump(Op::JumpLt { a: left, b: right, to: 0 }));
        }
        let d = self.temporary_words(1)?;
        self.add_wide(WideOp::Less { or_equal: false, signed: false, d, a: left, b: right, width });
        Ok(self.jump(Op::JumpIf { a: d, to: 0 }))
    }

    /// Fills in where states start, in jumps and in jump tables.
    fn link(&mut self, links: Links) -> Result<()> {
        for Select { table, from, cases: PlainCases { values, default } } in links.tables {
            let error = self.error("NoMatch");
            let default = match default {
                Some(target) => self.stub(target, from, &links.starts)?,
                None => {
                    self.push(Op::Reject { error });
                    self.here() - 1
                }
            };
            let mut entries = Vec::new();
            for (value, target) in values {
                entries.push((value, self.stub(target, from, &links.starts)?));
            }
            self.selects[table] = select_table(entries, default);
        }
        for (patch, state) in links.jumps {
            let start = *links.starts.get(state).ok_or_else(|| invalid("parser state"))?;
            self.aim(patch, start);
        }
        Ok(())
    }

    /// Where a jump table leads for a target: the state itself, or a piece of code that ends or jumps back.
    fn stub(&mut self, target: Target, from: usize, starts: &[Pc]) -> Result<Pc> {
        let here = self.here();
        match target {
            Target::State(state) => {
                let to = *starts.get(state.index()).ok_or_else(|| invalid("parser state"))?;
                if state.index() > from {
                    return Ok(to);
                }
                self.push(Op::LoopBack { to });
            }
            Target::Accept | Target::Reject => self.push(Op::End),
        }
        Ok(here)
    }
}

/// The values and the default, if every case is one value of at most 64 bits in all, or matches anything.
fn plain_cases(slots: &[(Slot, u32)], cases: &[SelectCase]) -> Option<PlainCases> {
    let total: u32 = slots.iter().map(|(_, width)| width).sum();
    if !narrow(total) || slots.is_empty() {
        return None;
    }
    let mut values = Vec::new();
    for case in cases {
        if case.sets.iter().all(|set| *set == KeySet::Any) {
            return Some(PlainCases { values, default: Some(case.target) });
        }
        let mut joined = Bits::zero(0);
        for (set, (_, width)) in case.sets.iter().zip(slots) {
            let KeySet::Value(value) = set else { return None };
            joined = joined.concat(&value.resize(*width));
        }
        values.push((joined.to_u64()?, case.target));
    }
    Some(PlainCases { values, default: None })
}
