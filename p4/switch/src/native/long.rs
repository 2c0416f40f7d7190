//! Values too long for registers: bitmaps of many terms.
//!
//! A long value that nobody but the function knows need not stand where the interpreter has it. Set to a constant or to an action's
//! data, it stays where that stands, and the function notes its address; so it does where data are combined with a value that leaves
//! them as they are, such as all ones by `&`. What is computed goes to the value's own words.
//!
//! Long operations that follow one another are done together, two words at a time: what one gives the next stays in a register, and is
//! only written where somebody reads it later.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::Variable;

use super::Stage;
use super::scalar::Bitwise;
use super::slots::{Access, KEPT_WORDS, Shared, accesses, successors, with_actions};
use super::translate::Translator;
use crate::engine::op::{Op, Pc, Slot};
use crate::engine::program::{Combine, KeySource, NO_SELECTION, Program};

/// A long value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Long {
    /// Its own place.
    first: Slot,
    words: u16,
    /// The address of its first word.
    at: Variable,
}

/// A bitwise operation on values of some words: how, to where, of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    how: Bitwise,
    d: Slot,
    a: Slot,
    b: Slot,
    words: u16,
}

impl Operation {
    fn of(op: Op) -> Option<Self> {
        let (how, d, a, b, words) = match op {
            Op::MoveW { d, a, n } => (Bitwise::First, d, a, a, n),
            Op::AndW { d, a, b, n } => (Bitwise::And, d, a, b, n),
            Op::OrW { d, a, b, n } => (Bitwise::Or, d, a, b, n),
            Op::XorW { d, a, b, n } => (Bitwise::Xor, d, a, b, n),
            _ => return None,
        };
        Some(Self { how, d, a, b, words })
    }
}

/// Whether translating the instruction reads words one by one or in pairs, wherever they stand.
fn reads_anywhere(program: &Program, op: Op) -> bool {
    match op {
        Op::SliceW { .. }
        | Op::JumpSliceEq { .. }
        | Op::JumpSliceNe { .. }
        | Op::EqW { .. }
        | Op::JumpEqW { .. }
        | Op::JumpNeW { .. } => true,
        Op::Apply { site } => {
            let site = &program.sites[usize::from(site)];
            matches!(site.source, KeySource::Slice { .. }) && site.selection == NO_SELECTION
        }
        op => Operation::of(op).is_some(),
    }
}

/// First words and numbers of words of the long values that are only known to one block, and only touched by what this module knows.
fn of_block(program: &Program, shared: &Shared, stage: Stage) -> BTreeMap<Slot, u16> {
    let all = with_actions(program, stage.entry(&program.entry));
    let params = program.layout.params;
    let most = program.actions.iter().map(|action| action.param_words).max().unwrap_or(0);
    let is_free = |slot: Slot| {
        shared.is_own(program, stage, slot) && !(params..params.saturating_add(most)).contains(&slot)
    };
    let mut found = BTreeMap::new();
    for operation in all.iter().filter_map(|pc| Operation::of(program.ops[*pc as usize])) {
        let Operation { d, words, .. } = operation;
        let is_long = usize::from(words) > KEPT_WORDS && words.is_multiple_of(2);
        if is_long && (d..d.saturating_add(words)).all(is_free) {
            found.insert(d, words);
        }
    }
    let mut others = BTreeSet::new();
    for op in all.iter().map(|pc| program.ops[*pc as usize]) {
        accesses(program, op, &mut |first, count, access| {
            let end = usize::from(first) + count;
            for (start, words) in found.range(..end.min(usize::from(Slot::MAX)) as Slot) {
                let is_whole = *start == first && usize::from(*words) == count;
                let known = match access {
                    Access::Read => reads_anywhere(program, op),
                    Access::Write => is_whole && Operation::of(op).is_some(),
                };
                if usize::from(*start + *words) > usize::from(first) && !known {
                    others.insert(*start);
                }
            }
        });
    }
    found.retain(|start, _| !others.contains(start));
    found
}

/// Whether somebody may read one of the words before all of them are written again, from an instruction on.
///
/// At the block's end nobody does: the words are the block's own. Behind an action, only words of one statement are surely done with.
fn is_read_later(program: &Program, from: Pc, words: Range<usize>) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(pc) = open.pop() {
        let Some(op) = program.ops.get(pc as usize).copied() else { continue };
        if !seen.insert(pc) {
            continue;
        }
        if matches!(op, Op::Return) && words.start < usize::from(program.layout.params) {
            return true;
        }
        let (mut reads, mut writes) = (false, false);
        accesses(program, op, &mut |first, count, access| {
            let (first, end) = (usize::from(first), usize::from(first) + count);
            match access {
                Access::Read => reads |= first < words.end && end > words.start,
                Access::Write => writes |= first <= words.start && end >= words.end,
            }
        });
        if reads {
            return true;
        }
        if writes {
            continue;
        }
        if let Op::Apply { site } | Op::ApplyEmpty { site, .. } = op {
            let table = &program.tables[usize::from(program.sites[usize::from(site)].table)];
            let actions = table.actions.iter().map(|action| &program.actions[usize::from(*action)]);
            open.extend(actions.filter_map(|action| action.code));
        }
        if successors(program, op, &mut |to| open.push(to)) {
            open.push(pc + 1);
        }
    }
    false
}

impl Translator<'_, '_> {
    /// Finds the function's long values; they begin in their own words.
    pub(super) fn begin_longs(&mut self) {
        let (program, shared) = (self.program, self.known.shared);
        for (first, words) in of_block(program, shared, self.stage) {
            let at = self.b.declare_var(types::I64);
            let own = self.word_address(first);
            self.b.def_var(at, own);
            self.longs.insert(first, Long { first, words, at });
        }
    }

    /// The long value that a word is of.
    fn long(&self, slot: Slot) -> Option<Long> {
        let (_, long) = self.longs.range(..=slot).next_back()?;
        (slot < long.first + long.words).then_some(*long)
    }

    /// The long value that begins with a word and has that many.
    fn whole_long(&self, slot: Slot, words: u16) -> Option<Long> {
        self.longs.get(&slot).copied().filter(|long| long.words == words)
    }

    /// Where a word of a long value or of an action's data stands: how it is read, an address, and bytes behind it.
    pub(super) fn elsewhere(&mut self, slot: Slot) -> Option<(MemFlagsData, Value, i32)> {
        if let Some(data) = self.data.filter(|data| data.has(slot)) {
            return Some((self.memory.tables, data.at, i32::from(slot - data.first) * 8));
        }
        let long = self.long(slot)?;
        // Where it does not stand in words, nobody writes.
        Some((self.memory.words, self.b.use_var(long.at), i32::from(slot - long.first) * 8))
    }

    /// The address of a value of that many words that nobody writes: a constant, or an action's data.
    fn standing(&mut self, slot: Slot, words: u16) -> Option<Value> {
        let last = slot.checked_add(words.checked_sub(1)?)?;
        if self.constant(slot).is_some() {
            return Some(self.word_address(slot));
        }
        let data = self.data.filter(|data| data.has(slot) && data.has(last))?;
        Some(self.b.ins().iadd_imm_u(data.at, i64::from(slot - data.first) * 8))
    }

    /// Lets a long value stand where it is set from, if nobody writes there.
    pub(super) fn moved(&mut self, d: Slot, a: Slot, words: u16) -> bool {
        let Some(long) = self.whole_long(d, words) else { return false };
        let Some(address) = self.standing(a, words) else { return false };
        self.b.def_var(long.at, address);
        true
    }

    /// A value was written to its own words.
    pub(super) fn settle(&mut self, d: Slot, words: u16) {
        if let Some(long) = self.whole_long(d, words) {
            let own = self.word_address(long.first);
            self.b.def_var(long.at, own);
        }
    }

    /// The constant that a long value is set to and that leaves as they are the data that are combined with it.
    fn neutral(&self, how: Bitwise, long: Long) -> Option<Slot> {
        let word = match how {
            Bitwise::And => u64::MAX,
            Bitwise::Or => 0,
            Bitwise::Xor | Bitwise::First => return None,
        };
        let moves = self.program.ops.iter().filter_map(|op| match *op {
            Op::MoveW { d, a, n } if d == long.first && n == long.words => Some(a),
            _ => None,
        });
        let is_neutral = |slot: &Slot| {
            (*slot..slot.saturating_add(long.words)).all(|slot| self.constant(slot) == Some(word))
        };
        moves.into_iter().find(is_neutral)
    }

    /// What an action does that only combines a long value with its data.
    pub(super) fn combine_with(&mut self, combine: Combine, data: Value) {
        let Combine { and, target, copy, offset, limbs, .. } = combine;
        let how = if and { Bitwise::And } else { Bitwise::Or };
        let data = self.b.ins().iadd_imm_u(data, i64::from(offset) * 8);
        let long = self.whole_long(target, limbs).filter(|_| copy == target);
        let neutral = long.and_then(|long| Some((long, self.neutral(how, long)?)));
        let Some((long, neutral)) = neutral else { return self.combine_words(how, combine, data) };
        let (untouched, narrowed, behind) = (self.new_block(), self.new_block(), self.new_block());
        let (at, neutral) = (self.b.use_var(long.at), self.word_address(neutral));
        let is_neutral = self.b.ins().icmp(IntCC::Equal, at, neutral);
        self.b.ins().brif(is_neutral, untouched, [], narrowed, []);
        self.b.switch_to_block(untouched);
        self.b.def_var(long.at, data);
        self.b.ins().jump(behind, []);
        self.b.switch_to_block(narrowed);
        self.combine_words(how, combine, data);
        self.b.ins().jump(behind, []);
        self.b.switch_to_block(behind);
    }

    fn combine_words(&mut self, how: Bitwise, combine: Combine, data: Value) {
        let Combine { target, copy, limbs, .. } = combine;
        for at in (0..limbs).step_by(2) {
            let more = self.b.ins().load(types::I64X2, self.memory.tables, data, i32::from(at) * 8);
            let known = self.pair(target + at);
            let value = self.combine(how, known, more);
            self.store_word(target + at, value);
            if copy != target {
                self.store_word(copy + at, value);
            }
        }
        self.settle(target, limbs);
        self.settle(copy, limbs);
    }

    /// The long operations from an instruction on that can be done together.
    pub(super) fn run_from(&mut self, pc: Pc, blocks: &BTreeMap<Pc, Block>) -> Vec<Operation> {
        let mut run: Vec<Operation> = Vec::new();
        let next = |pc: Pc| self.program.ops.get(pc as usize).copied().and_then(Operation::of);
        let mut operations = Vec::new();
        while let Some(operation) = next(pc + operations.len() as Pc) {
            if !operations.is_empty() && blocks.contains_key(&(pc + operations.len() as Pc)) {
                break;
            }
            operations.push(operation);
        }
        for operation in operations {
            let Operation { how, d, a, b, words } = operation;
            let pairs = (0..words).step_by(2);
            let fits = words.is_multiple_of(2)
                && usize::from(words) > KEPT_WORDS
                && run.first().is_none_or(|first| first.words == words)
                && (0..words).all(|at| self.is_in_memory(d + at))
                && pairs.into_iter().all(|at| self.is_pair(a + at) && self.is_pair(b + at));
            // Values that overlap in part have no words in common that stand at the same place.
            let is_apart = |x: Slot, y: Slot| x == y || x.abs_diff(y) >= words;
            let is_clear = run.iter().chain([&operation]).all(|known| {
                [d, a, b].into_iter().all(|slot| is_apart(slot, known.d))
                    && [known.a, known.b].into_iter().all(|slot| is_apart(slot, d))
            });
            let stays = matches!(how, Bitwise::First)
                && self.whole_long(d, words).is_some()
                && self.standing(a, words).is_some();
            if !fits || !is_clear || stays {
                break;
            }
            run.push(operation);
        }
        run
    }

    /// Does operations together that end in front of an instruction.
    pub(super) fn write_run(&mut self, run: &[Operation], end: Pc) {
        let Some(words) = run.first().map(|operation| operation.words) else { return };
        let (program, shared, stage) = (self.program, self.known.shared, self.stage);
        let mut written: Vec<Slot> = run.iter().map(|operation| operation.d).collect();
        written.sort_unstable();
        written.dedup();
        written.retain(|d| {
            let all = usize::from(*d)..usize::from(*d + words);
            !all.clone().all(|slot| shared.is_own(program, stage, slot as Slot))
                || is_read_later(program, end, all)
        });
        for at in (0..words).step_by(2) {
            let mut made: BTreeMap<Slot, Value> = BTreeMap::new();
            for Operation { how, d, a, b, .. } in run {
                let [x, y] = [a, b].map(|slot| match made.get(slot) {
                    Some(value) => *value,
                    None => self.pair(slot + at),
                });
                let value = self.combine(*how, x, y);
                made.insert(*d, value);
            }
            for d in &written {
                if let Some(value) = made.get(d) {
                    self.store_word(d + at, *value);
                }
            }
        }
        written.into_iter().for_each(|d| self.settle(d, words));
    }
}
