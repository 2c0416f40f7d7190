//! Which words instructions touch, and which of them a function can keep to itself.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Stage;
use crate::engine::op::{NO_SLOT, Op, Pc, Slot};
use crate::engine::program::{
    ApplySite, DataItem, ExternPlan, KeySource, NO_SELECTION, Program, SelectTable,
};
use crate::engine::wide_op::WideOp;

/// How a word is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

use Access::{Read, Write};

/// Values of more words than this stay in the packet's state: there are not enough registers.
pub(super) const KEPT_WORDS: usize = 4;

fn limbs(width: u32) -> usize {
    width.div_ceil(64) as usize
}

/// Tells the words of an instruction: first one and number.
pub(super) fn accesses(program: &Program, op: Op, f: &mut dyn FnMut(Slot, usize, Access)) {
    match op {
        Op::Move { d, a }
        | Op::Not { d, a }
        | Op::BitNot { d, a, .. }
        | Op::Negate { d, a, .. }
        | Op::Cut { d, a, .. }
        | Op::SignExtend { d, a, .. }
        | Op::Slice { d, a, .. } => {
            f(a, 1, Read);
            f(d, 1, Write);
        }
        Op::Insert { d, a, .. } => {
            f(a, 1, Read);
            f(d, 1, Read);
            f(d, 1, Write);
        }
        Op::MoveW { d, a, n } => {
            f(a, n.into(), Read);
            f(d, n.into(), Write);
        }
        Op::Load { d, .. } => f(d, 1, Write),
        Op::LoadW { d, width, .. } => f(d, limbs(width.into()), Write),
        Op::Store { a, .. } => f(a, 1, Read),
        Op::StoreW { a, width, .. } => f(a, limbs(width.into()), Read),
        Op::Add { d, a, b, .. }
        | Op::Sub { d, a, b, .. }
        | Op::Mul { d, a, b, .. }
        | Op::Div { d, a, b }
        | Op::Mod { d, a, b }
        | Op::SatAdd { d, a, b, .. }
        | Op::SatSub { d, a, b, .. }
        | Op::And { d, a, b }
        | Op::Or { d, a, b }
        | Op::Xor { d, a, b }
        | Op::Shl { d, a, b, .. }
        | Op::Shr { d, a, b, .. }
        | Op::Eq { d, a, b }
        | Op::Ne { d, a, b }
        | Op::Lt { d, a, b }
        | Op::Le { d, a, b }
        | Op::LtSigned { d, a, b, .. }
        | Op::LeSigned { d, a, b, .. }
        | Op::Concat { d, a, b, .. } => {
            f(a, 1, Read);
            f(b, 1, Read);
            f(d, 1, Write);
        }
        Op::Choose { d, condition, a, b } => {
            f(condition, 1, Read);
            f(a, 1, Read);
            f(b, 1, Read);
            f(d, 1, Write);
        }
        Op::SliceW { d, a, low, width } => {
            let (first, words) = slice_words(a, low, width);
            f(first, words, Read);
            f(d, 1, Write);
        }
        Op::AndW { d, a, b, n } | Op::OrW { d, a, b, n } | Op::XorW { d, a, b, n } => {
            wide(f, d, a, b, n.into());
        }
        Op::And4 { d, a, b } | Op::Or4 { d, a, b } => wide(f, d, a, b, 4),
        Op::And2 { d, a, b } | Op::Or2 { d, a, b } => wide(f, d, a, b, 2),
        Op::Move4 { d, a } => {
            f(a, 4, Read);
            f(d, 4, Write);
        }
        Op::Move2 { d, a } => {
            f(a, 2, Read);
            f(d, 2, Write);
        }
        Op::EqW { d, a, b, n } => {
            f(a, n.into(), Read);
            f(b, n.into(), Read);
            f(d, 1, Write);
        }
        Op::Wide { index } => wide_accesses(program.wide[usize::from(index)], f),
        Op::JumpIf { a, .. } | Op::JumpUnless { a, .. } | Op::JumpTable { a, .. } | Op::Advance { a } => {
            f(a, 1, Read);
        }
        Op::JumpEq { a, b, .. }
        | Op::JumpNe { a, b, .. }
        | Op::JumpLt { a, b, .. }
        | Op::JumpGe { a, b, .. } => {
            f(a, 1, Read);
            f(b, 1, Read);
        }
        Op::JumpEqW { a, b, n, .. } | Op::JumpNeW { a, b, n, .. } => {
            f(a, n.into(), Read);
            f(b, n.into(), Read);
        }
        Op::JumpSliceEq { a, low, width, b, .. } | Op::JumpSliceNe { a, low, width, b, .. } => {
            let (first, words) = slice_words(a, low, width);
            f(first, words, Read);
            f(b, 1, Read);
        }
        Op::Lookahead { d, width, .. } => f(d, limbs(width.into()), Write),
        Op::Verify { a, error } => {
            f(a, 1, Read);
            f(error, 1, Read);
        }
        Op::ExtractVarbit { bits, .. } => f(bits, 1, Read),
        Op::Apply { site } => site_accesses(program, &program.sites[usize::from(site)], f),
        Op::Extern { index } => extern_accesses(program, &program.externs[usize::from(index)], f),
        // Headers' and stacks' words are nobody's own.
        Op::Extract { .. }
        | Op::EmitRun { .. }
        | Op::CopyHeader { .. }
        | Op::ShiftStack { .. }
        | Op::ApplyEmpty { .. }
        | Op::Reject { .. }
        | Op::Jump { .. }
        | Op::LoopBack { .. }
        | Op::End
        | Op::Return => {}
    }
}

fn wide(f: &mut dyn FnMut(Slot, usize, Access), d: Slot, a: Slot, b: Slot, n: usize) {
    f(a, n, Read);
    f(b, n, Read);
    f(d, n, Write);
}

/// The words that a slice of a wide value lies in.
fn slice_words(a: Slot, low: u16, width: u8) -> (Slot, usize) {
    (a + low / 64, if low % 64 + u16::from(width) > 64 { 2 } else { 1 })
}

pub(super) fn wide_accesses(op: WideOp, f: &mut dyn FnMut(Slot, usize, Access)) {
    match op {
        WideOp::Arithmetic { d, a, b, width, .. } => wide(f, d, a, b, limbs(width)),
        WideOp::Shift { d, a, by, width, .. } => {
            f(by, 1, Read);
            f(a, limbs(width), Read);
            f(d, limbs(width), Write);
        }
        WideOp::Less { d, a, b, width, .. } => {
            f(a, limbs(width), Read);
            f(b, limbs(width), Read);
            f(d, 1, Write);
        }
        WideOp::Slice { d, a, a_width, width, .. } => {
            f(a, limbs(a_width), Read);
            f(d, limbs(width), Write);
        }
        WideOp::Concat { d, a, a_width, b, b_width } => {
            f(a, limbs(a_width), Read);
            f(b, limbs(b_width), Read);
            f(d, limbs(a_width + b_width), Write);
        }
        WideOp::Insert { d, d_width, a, width, .. } => {
            f(a, limbs(width), Read);
            f(d, limbs(d_width), Read);
            f(d, limbs(d_width), Write);
        }
        WideOp::Resize { d, a, from, to, .. } => {
            f(a, limbs(from), Read);
            f(d, limbs(to), Write);
        }
        WideOp::Not { d, a, width } => {
            f(a, limbs(width), Read);
            f(d, limbs(width), Write);
        }
        WideOp::Saturate { d, a, n } => {
            f(a, n.into(), Read);
            f(d, 1, Write);
        }
        WideOp::Lookahead { d, width, .. } => f(d, limbs(width), Write),
    }
}

fn site_accesses(program: &Program, site: &ApplySite, f: &mut dyn FnMut(Slot, usize, Access)) {
    match site.source {
        KeySource::Words => f(site.key, site.key_words.into(), Read),
        KeySource::Slice { a, low, width } => {
            let (first, words) = slice_words(a, low, width);
            f(first, words, Read);
        }
        KeySource::Load { .. } => {}
    }
    if site.selection != NO_SELECTION {
        data_accesses(&program.selections[usize::from(site.selection)].data, f);
    }
    for told in [site.hit, site.action_run, site.cell] {
        if told != NO_SLOT {
            f(told, 1, Write);
        }
    }
}

/// Words of a list of data.
pub(super) fn data_accesses(data: &[DataItem], f: &mut dyn FnMut(Slot, usize, Access)) {
    for item in data {
        match *item {
            DataItem::Bytes { .. } => {}
            DataItem::Scalar { slot, width } => f(slot, limbs(width), Read),
            DataItem::Varbit { length, .. } => f(length, 1, Read),
        }
    }
}

pub(super) fn extern_accesses(program: &Program, plan: &ExternPlan, f: &mut dyn FnMut(Slot, usize, Access)) {
    let register_words = |register: u16| limbs(program.registers[usize::from(register)].width);
    match plan {
        ExternPlan::DirectCount { cell } => f(*cell, 1, Read),
        ExternPlan::Count { index, .. } => f(*index, 1, Read),
        ExternPlan::Meter { index, d, .. } => {
            f(*index, 1, Read);
            f(*d, 1, Write);
        }
        ExternPlan::DirectMeter { cell, d, .. } => {
            f(*cell, 1, Read);
            f(*d, 1, Write);
        }
        ExternPlan::InValueSet { key, words, d, .. } => {
            f(*key, usize::from(*words), Read);
            f(*d, 1, Write);
        }
        ExternPlan::RegisterRead { register, index, d } => {
            f(*index, 1, Read);
            f(*d, register_words(*register), Write);
        }
        ExternPlan::RegisterWrite { register, index, a } => {
            f(*index, 1, Read);
            f(*a, register_words(*register), Read);
        }
        ExternPlan::Hash { base, max, data, d, .. } => {
            f(*base, 1, Read);
            f(*max, 1, Read);
            data_accesses(data, f);
            f(*d, 1, Write);
        }
        ExternPlan::Random { low, high, d } => {
            f(*low, 1, Read);
            f(*high, 1, Read);
            f(*d, 1, Write);
        }
        ExternPlan::Digest { receiver, data, .. } => {
            f(*receiver, 1, Read);
            data.iter().for_each(|(slot, width)| f(*slot, limbs(*width), Read));
        }
        ExternPlan::Clone { session, field_list, .. } => {
            f(*session, 1, Read);
            optional(*field_list, f);
        }
        ExternPlan::Resubmit { field_list } | ExternPlan::Recirculate { field_list } => {
            optional(*field_list, f);
        }
        ExternPlan::Truncate { length } | ExternPlan::Trim { length } => f(*length, 1, Read),
        ExternPlan::Assert { condition, .. } => f(*condition, 1, Read),
        ExternPlan::Checksum { data, d, .. } => {
            data_accesses(data, f);
            f(*d, 1, Write);
        }
        ExternPlan::PacketLength { d }
        | ExternPlan::IngressTimeNs { d }
        | ExternPlan::WireLength { d }
        | ExternPlan::BadFrame { d } => f(*d, 1, Write),
        ExternPlan::Digest64 { seed, data, d } => {
            f(*seed, 1, Read);
            data_accesses(data, f);
            f(*d, 1, Write);
        }
        ExternPlan::Overwrite { offset, length, value } => {
            f(*offset, 1, Read);
            f(*length, 1, Read);
            f(*value, 1, Read);
        }
        ExternPlan::FixChecksums { offset } => f(*offset, 1, Read),
        ExternPlan::AppendTrailer { data } => data_accesses(data, f),
        // Lines of a log are only made for tracers.
        ExternPlan::Log { .. } | ExternPlan::MarkToDrop => {}
    }
}

fn optional(slot: Slot, f: &mut dyn FnMut(Slot, usize, Access)) {
    if slot != NO_SLOT {
        f(slot, 1, Read);
    }
}

/// Where control can go from an instruction, behind it apart, and whether it can go behind it.
pub(super) fn successors(program: &Program, op: Op, f: &mut dyn FnMut(Pc)) -> bool {
    match op {
        Op::Jump { to } | Op::LoopBack { to } => {
            f(to);
            false
        }
        Op::JumpIf { to, .. }
        | Op::JumpUnless { to, .. }
        | Op::JumpEq { to, .. }
        | Op::JumpNe { to, .. }
        | Op::JumpLt { to, .. }
        | Op::JumpGe { to, .. }
        | Op::JumpEqW { to, .. }
        | Op::JumpNeW { to, .. }
        | Op::JumpSliceEq { to, .. }
        | Op::JumpSliceNe { to, .. }
        | Op::ApplyEmpty { to, .. } => {
            f(to);
            true
        }
        Op::JumpTable { table, .. } => {
            let (targets, default) = match &program.selects[usize::from(table)] {
                SelectTable::Direct { targets, default } | SelectTable::Sorted { targets, default, .. } => {
                    (targets, *default)
                }
            };
            targets.iter().for_each(|to| f(*to));
            f(default);
            false
        }
        Op::End | Op::Return | Op::Reject { .. } => false,
        _ => true,
    }
}

/// All instructions that can run from one on, without those of actions.
pub(super) fn reachable(program: &Program, entry: Pc) -> BTreeSet<Pc> {
    let (mut found, mut open) = (BTreeSet::new(), vec![entry]);
    while let Some(pc) = open.pop() {
        let Some(op) = program.ops.get(pc as usize) else { continue };
        if !found.insert(pc) {
            continue;
        }
        if successors(program, *op, &mut |to| open.push(to)) {
            open.push(pc + 1);
        }
    }
    found
}

/// What the blocks of a program share.
pub(super) struct Shared {
    /// Words that any block but ingress touches.
    beside_ingress: BTreeSet<Slot>,
    /// Words of values too long for registers.
    long: BTreeSet<Slot>,
}

impl Shared {
    pub(super) fn of(program: &Program) -> Self {
        let mut shared = Self { beside_ingress: BTreeSet::new(), long: BTreeSet::new() };
        for stage in Stage::ALL {
            let ops = with_actions(program, stage.entry(&program.entry));
            for pc in ops {
                accesses(program, program.ops[pc as usize], &mut |first, words, _| {
                    let all = first..first.saturating_add(words as Slot);
                    if stage != Stage::Ingress {
                        shared.beside_ingress.extend(all.clone());
                    }
                    if words > KEPT_WORDS {
                        shared.long.extend(all);
                    }
                });
            }
        }
        shared
    }

    /// Whether a function can keep a word in a register: nobody looks for it in the packet's state.
    ///
    /// Words behind the zeroed ones are written before they are read in the block that knows them. Of those that egress does not see,
    /// the ones that ingress alone touches are zero when it begins.
    pub(super) fn keeps(&self, program: &Program, stage: Stage, slot: Slot) -> bool {
        self.is_own(program, stage, slot) && !self.long.contains(&slot)
    }

    /// Whether nobody but the function looks at a word in the packet's state.
    pub(super) fn is_own(&self, program: &Program, stage: Stage, slot: Slot) -> bool {
        let (layout, at) = (&program.layout, usize::from(slot));
        at < layout.first_constant
            && (at >= layout.zeroed_words
                || at >= layout.egress_words
                    && stage == Stage::Ingress
                    && !self.beside_ingress.contains(&slot))
    }
}

/// Whether an action's instructions do no more with its data than to read them word by word, or in pairs.
pub(super) fn only_reads(program: &Program, code: Pc, data: Range<Slot>) -> bool {
    reachable(program, code).into_iter().all(|pc| {
        let op = program.ops[pc as usize];
        // These may have Rust read them, from the packet's state.
        let is_call =
            matches!(op, Op::Extern { .. } | Op::Wide { .. } | Op::Apply { .. } | Op::ExtractVarbit { .. });
        let mut fits = true;
        accesses(program, op, &mut |first, count, access| {
            let end = usize::from(first) + count;
            let is_data = first < data.end && end > usize::from(data.start);
            fits &= !is_data || access == Read && !is_call;
        });
        fits
    })
}

/// All instructions that can run from one on, with those of the actions of tables.
pub(super) fn with_actions(program: &Program, entry: Pc) -> BTreeSet<Pc> {
    let mut all = reachable(program, entry);
    let mut codes = BTreeSet::new();
    for pc in &all {
        if let Op::Apply { site } = program.ops[*pc as usize] {
            let table = &program.tables[usize::from(program.sites[usize::from(site)].table)];
            codes
                .extend(table.actions.iter().filter_map(|action| program.actions[usize::from(*action)].code));
        }
    }
    for code in codes {
        all.extend(reachable(program, code));
    }
    all
}
