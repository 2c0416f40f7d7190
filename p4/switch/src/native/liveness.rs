//! Which words have to be zero when a packet begins: those that can be read before they are written, by any way through the program.
//! All others need not be cleared.
//!
//! Words are followed backwards, from what is read behind the deparser (nothing) to the parser's first instruction. What says whether
//! headers are valid, and what Rust reads and writes between blocks, stands in front of all variables and is always cleared.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Stage;
use super::slots::{Access, accesses, reachable, successors};
use crate::engine::op::{NO_SLOT, Op, Pc};
use crate::engine::program::{ApplySite, ExternPlan, Program};
use crate::engine::wide_op::WideOp;

/// Words that need not be cleared and stand between two that need are cleared too, if there are no more than that.
const GAP: usize = 24;

/// Ranges of the words that have to be cleared.
pub(super) fn cleared(program: &Program) -> Vec<Range<usize>> {
    let liveness = Liveness::new(program);
    let at_start = liveness.at_start();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for word in (0..liveness.end).filter(|word| *word < liveness.first || at_start.has(*word)) {
        match ranges.last_mut() {
            Some(last) if word <= last.end + GAP => last.end = word + 1,
            _ => ranges.push(word..word + 1),
        }
    }
    ranges
}

/// What is read behind instructions.
#[derive(Clone, Copy)]
struct Behind<'w> {
    /// Where the block ends.
    end: &'w Words,
    /// Where the action ends, if there is one.
    action: &'w Words,
}

/// Some of the words that are zero when a packet begins.
#[derive(Clone, PartialEq, Eq)]
struct Words(Vec<u64>);

impl Words {
    fn has(&self, word: usize) -> bool {
        self.0[word / 64] >> (word % 64) & 1 != 0
    }

    fn set(&mut self, word: usize, to: bool) {
        let bit = 1 << (word % 64);
        if to {
            self.0[word / 64] |= bit;
        } else {
            self.0[word / 64] &= !bit;
        }
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }
}

struct Liveness<'p> {
    program: &'p Program,
    /// The first word of a variable, and the one behind the last that is zero when a packet begins.
    first: usize,
    end: usize,
}

impl<'p> Liveness<'p> {
    fn new(program: &'p Program) -> Self {
        let layout = &program.layout;
        let headers = program.headers.iter();
        let front = headers.flat_map(|plan| [Some(plan.valid), plan.varbit.map(|varbit| varbit.length)]);
        let front =
            front.flatten().chain(layout.intrinsics).chain(program.stacks.iter().map(|stack| stack.next));
        let first = front.max().map_or(0, |last| usize::from(last) + 1);
        Self { program, first, end: layout.zeroed_words.max(first) }
    }

    fn none(&self) -> Words {
        Words(vec![0; self.end.div_ceil(64)])
    }

    /// The words that are read before they are written, from the parser on.
    fn at_start(&self) -> Words {
        let program = self.program;
        let block =
            |stage: Stage, end: &Words| self.run(stage.entry(&program.entry), Behind { end, action: end });
        // Metadata that is kept for another pass is read when ingress or egress is at its end.
        let mut kept = self.none();
        for item in program.layout.metadata.iter().filter(|item| !item.field_lists.is_empty()) {
            let slot = usize::from(item.slot);
            (slot..slot + usize::from(item.limbs)).for_each(|word| self.note(&mut kept, word, true));
        }
        let deparser = block(Stage::Deparser, &self.none());
        let mut behind_egress = block(Stage::Compute, &deparser);
        behind_egress.add(&kept);
        let mut egress = block(Stage::Egress, &behind_egress);
        let clones = program.externs.iter().any(|plan| matches!(plan, ExternPlan::Clone { .. }));
        // A clone of a copy goes through egress again. What is read then is read behind the first time, too.
        if clones {
            behind_egress.add(&egress);
            egress = block(Stage::Egress, &behind_egress);
        }
        let mut behind_ingress = egress.clone();
        behind_ingress.add(&kept);
        let mut behind_verify = block(Stage::Ingress, &behind_ingress);
        if clones {
            // A clone of what came in passes ingress by.
            behind_verify.add(&egress);
        }
        let behind_parser = block(Stage::Verify, &behind_verify);
        block(Stage::Parser, &behind_parser)
    }

    fn note(&self, words: &mut Words, word: usize, is_read: bool) {
        if (self.first..self.end).contains(&word) {
            words.set(word, is_read);
        }
    }

    /// What is read from an instruction on.
    fn run(&self, entry: Pc, behind: Behind<'_>) -> Words {
        let all = reachable(self.program, entry);
        let mut before: BTreeMap<Pc, Words> = BTreeMap::new();
        loop {
            let mut is_stable = true;
            for pc in all.iter().rev() {
                let words = self.before(*pc, behind, &before);
                if before.get(pc) != Some(&words) {
                    before.insert(*pc, words);
                    is_stable = false;
                }
            }
            if is_stable {
                return before.remove(&entry).unwrap_or_else(|| behind.end.clone());
            }
        }
    }

    fn before(&self, pc: Pc, behind: Behind<'_>, known: &BTreeMap<Pc, Words>) -> Words {
        let program = self.program;
        let op = program.ops[pc as usize];
        let at = |to: Pc| match known.get(&to) {
            Some(words) => words.clone(),
            // An instruction that is not there ends the block; one that was not looked at yet adds what it reads later.
            None if to as usize >= program.ops.len() => behind.end.clone(),
            None => self.none(),
        };
        if let Op::ApplyEmpty { site, to } = op {
            let mut words = self.before_table(&program.sites[usize::from(site)], &at(to), behind.end);
            words.add(&at(pc + 1));
            return words;
        }
        let mut words = self.none();
        if successors(program, op, &mut |to| words.add(&at(to))) {
            words.add(&at(pc + 1));
        }
        if let Op::Apply { site } = op {
            words = self.before_table(&program.sites[usize::from(site)], &words, behind.end);
        }
        let mut noted = Vec::new();
        accesses(program, op, &mut |first, count, access| noted.push((usize::from(first), count, access)));
        for how in [Access::Write, Access::Read] {
            for (first, count, _) in noted.iter().filter(|(.., access)| *access == how) {
                (*first..first + count).for_each(|word| self.note(&mut words, word, how == Access::Read));
            }
        }
        if matches!(op, Op::Return) {
            words.add(behind.action);
        }
        if self.may_end(op) {
            words.add(behind.end);
        }
        words
    }

    /// What is read from the application of a table on, without its key.
    fn before_table(&self, site: &ApplySite, action: &Words, end: &Words) -> Words {
        let program = self.program;
        let mut words = action.clone();
        for listed in &program.tables[usize::from(site.table)].actions {
            if let Some(code) = program.actions[usize::from(*listed)].code {
                words.add(&self.run(code, Behind { end, action }));
            }
        }
        for told in [site.hit, site.action_run, site.cell].into_iter().filter(|slot| *slot != NO_SLOT) {
            self.note(&mut words, usize::from(told), false);
        }
        words
    }

    /// Whether a block, or the packet's way, can end at the instruction.
    fn may_end(&self, op: Op) -> bool {
        match op {
            Op::End
            | Op::Reject { .. }
            | Op::Verify { .. }
            | Op::Extract { .. }
            | Op::ExtractVarbit { .. }
            | Op::Advance { .. }
            | Op::Lookahead { .. }
            | Op::LoopBack { .. } => true,
            Op::Wide { index } => {
                matches!(self.program.wide[usize::from(index)], WideOp::Lookahead { .. })
            }
            Op::Extern { index } => {
                matches!(self.program.externs[usize::from(index)], ExternPlan::Assert { .. })
            }
            _ => false,
        }
    }
}
