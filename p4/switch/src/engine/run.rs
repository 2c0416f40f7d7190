//! The interpreter.

use super::apply::{apply, idle};
use super::bytes::{load_limbs, load64, low_mask, store_limbs, store64};
use super::calls;
use super::headers::{
    copy_header, emit_run, extract, extract_varbit, lookahead, reject, shift_stack, trace_extract,
    trace_state,
};
use super::op::{Op, Pc, Slot};
use super::program::Program;
use super::state::{PacketState, Requests, Words};
use super::wide;
use super::wide_op::WideOp;
use crate::configuration::Configuration;
use crate::counters::WorkerCells;
use crate::externs::random::Random;
use crate::packet::Ingress;
use crate::profile::Part;
use crate::trace::Observer;

/// Most jumps backwards of one pass of a packet through the program: turns of loops, and parser states visited again.
pub const MAX_LOOP_TURNS: u32 = 4096;

/// Why a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// At its end, by `exit`, or by the parser's reject.
    End,
    LoopLimit,
    Assertion,
}

/// What a block can see beside the packet's state.
pub(crate) struct Env<'a> {
    pub(crate) program: &'a Program,
    pub(crate) config: &'a Configuration,
    pub(crate) cells: &'a WorkerCells,
    pub(crate) shared: &'a crate::switch::Shared,
    pub(crate) ingress: &'a Ingress<'a>,
    /// What the parser reads.
    pub(crate) data: &'a [u8],
    /// Bits of `data` that the parser consumed.
    pub(crate) cursor: usize,
    /// What the deparser writes.
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) requests: &'a mut Requests,
    pub(crate) random: &'a mut Random,
    pub(crate) gathered: &'a mut super::bytes::BitString,
    pub(crate) turns: u32,
    pub(crate) dropped_digests: u32,
}

impl Env<'_> {
    /// The same for another packet to parse.
    pub(crate) fn with_data<'b>(&'b mut self, data: &'b [u8]) -> Env<'b> {
        Env {
            program: self.program,
            config: self.config,
            cells: self.cells,
            shared: self.shared,
            ingress: self.ingress,
            data,
            cursor: 0,
            out: self.out,
            requests: self.requests,
            random: self.random,
            gathered: self.gathered,
            turns: 0,
            dropped_digests: 0,
        }
    }
}

/// Sign-extends a value of `width` bits.
#[inline(always)]
fn signed(value: u64, width: u8) -> i64 {
    let shift = 64 - u32::from(width).clamp(1, 64);
    (value << shift).cast_signed() >> shift
}

#[inline(never)]
fn saturating(a: u64, b: u64, width: u8, is_signed: bool, minus: bool) -> u64 {
    let most = low_mask(width);
    if is_signed {
        let (a, b) = (i128::from(signed(a, width)), i128::from(signed(b, width)));
        let high = i128::from(most >> 1);
        let value = if minus { a - b } else { a + b };
        return value.clamp(-high - 1, high) as u64 & most;
    }
    if minus { a.saturating_sub(b) } else { a.saturating_add(b).min(most) }
}

#[inline(always)]
fn shift(value: u64, by: u64, width: u8, left: bool, is_signed: bool) -> u64 {
    let by = by.min(u64::from(u32::MAX)) as u32;
    match (left, is_signed) {
        (true, _) => value.checked_shl(by).unwrap_or(0) & low_mask(width),
        (false, false) => value.checked_shr(by).unwrap_or(0),
        (false, true) => (signed(value, width) >> by.min(63)) as u64 & low_mask(width),
    }
}

/// Runs from `pc` to the block's end.
pub(crate) fn run<O: Observer>(env: &mut Env<'_>, state: &mut PacketState, pc: Pc, observer: &mut O) -> Halt {
    let program = env.program;
    let ops = &program.ops[..];
    let mut pc = pc as usize;
    // Where the running action goes back to, and the table that it is of.
    let (mut back, mut table) = (pc, 0);
    loop {
        if O::TRACE {
            trace_state(program, pc, observer);
        }
        if O::PROFILE {
            observer.op();
        }
        let Some(op) = ops.get(pc) else { return Halt::End };
        pc += 1;
        let words: &mut Words = &mut state.words;
        macro_rules! w {
            ($slot:expr) => {
                words[usize::from($slot)]
            };
        }
        // Instructions of one kind often come in a row: looking whether the next is of this kind too is easier to
        // predict than a jump to any.
        macro_rules! again {
            ($pattern:pat => $effect:expr) => {
                if !O::TRACE {
                    while let Some($pattern) = ops.get(pc).copied() {
                        pc += 1;
                        if O::PROFILE {
                            observer.op();
                        }
                        $effect;
                    }
                }
            };
        }
        match *op {
            Op::Move { d, a } => {
                w![d] = w![a];
                again!(Op::Move { d, a } => w![d] = w![a]);
            }
            Op::MoveW { d, a, n } => {
                wide::copy(words, d, a, n);
            }
            Op::Load { d, at, shift, width } => {
                w![d] = load64(&state.bytes, at as usize) >> shift & low_mask(width);
            }
            Op::LoadW { d, bit, width } => {
                let d = usize::from(d);
                let limbs = &mut words[d..d + usize::from(width).div_ceil(64)];
                load_limbs(&state.bytes, bit as usize, u32::from(width), limbs);
            }
            Op::Store { a, at, shift, width } => {
                let bytes = (64 - usize::from(shift)).div_ceil(8);
                let value = w![a];
                state.touch(at as usize, bytes);
                store64(&mut state.bytes, at as usize, value << shift, low_mask(width) << shift);
            }
            Op::StoreW { a, bit, width } => {
                let limbs = &words[usize::from(a)..usize::from(a) + usize::from(width).div_ceil(64)];
                store_limbs(&mut state.bytes, bit as usize, u32::from(width), limbs);
                let first = bit as usize / 8;
                state.touch(first, (bit as usize + usize::from(width)).div_ceil(8) - first);
            }
            Op::Not { d, a } => w![d] = w![a] ^ 1,
            Op::BitNot { d, a, width } => w![d] = !w![a] & low_mask(width),
            Op::Negate { d, a, width } => w![d] = w![a].wrapping_neg() & low_mask(width),
            Op::Add { d, a, b, width } => w![d] = w![a].wrapping_add(w![b]) & low_mask(width),
            Op::Sub { d, a, b, width } => w![d] = w![a].wrapping_sub(w![b]) & low_mask(width),
            Op::Mul { d, a, b, width } => w![d] = w![a].wrapping_mul(w![b]) & low_mask(width),
            Op::Div { d, a, b } => w![d] = w![a].checked_div(w![b]).unwrap_or(0),
            Op::Mod { d, a, b } => w![d] = w![a].checked_rem(w![b]).unwrap_or(0),
            Op::SatAdd { d, a, b, width, signed } => w![d] = saturating(w![a], w![b], width, signed, false),
            Op::SatSub { d, a, b, width, signed } => w![d] = saturating(w![a], w![b], width, signed, true),
            Op::And { d, a, b } => w![d] = w![a] & w![b],
            Op::Or { d, a, b } => w![d] = w![a] | w![b],
            Op::Xor { d, a, b } => w![d] = w![a] ^ w![b],
            Op::Shl { d, a, b, width } => w![d] = shift(w![a], w![b], width, true, false),
            Op::Shr { d, a, b, width, signed } => w![d] = shift(w![a], w![b], width, false, signed),
            Op::Eq { d, a, b } => w![d] = u64::from(w![a] == w![b]),
            Op::Ne { d, a, b } => w![d] = u64::from(w![a] != w![b]),
            Op::Lt { d, a, b } => w![d] = u64::from(w![a] < w![b]),
            Op::Le { d, a, b } => w![d] = u64::from(w![a] <= w![b]),
            Op::LtSigned { d, a, b, width } => w![d] = u64::from(signed(w![a], width) < signed(w![b], width)),
            Op::LeSigned { d, a, b, width } => {
                w![d] = u64::from(signed(w![a], width) <= signed(w![b], width));
            }
            Op::Cut { d, a, width } => w![d] = w![a] & low_mask(width),
            Op::SignExtend { d, a, from, to } => w![d] = signed(w![a], from) as u64 & low_mask(to),
            Op::Slice { d, a, low, width } => w![d] = w![a] >> low & low_mask(width),
            Op::SliceW { d, a, low, width } => w![d] = slice(words, a, low, width),
            Op::Concat { d, a, b, b_width } => w![d] = w![a] << b_width | w![b],
            Op::Insert { d, a, low, width } => {
                let mask = low_mask(width) << low;
                w![d] = w![d] & !mask | w![a] << low & mask;
            }
            Op::Choose { d, condition, a, b } => w![d] = if w![condition] != 0 { w![a] } else { w![b] },
            Op::AndW { d, a, b, n } => wide::and(words, d, a, b, n),
            Op::And4 { d, a, b } => wide::step::<4>(words, d.into(), a.into(), b.into(), |a, b| a & b),
            Op::Or4 { d, a, b } => wide::step::<4>(words, d.into(), a.into(), b.into(), |a, b| a | b),
            Op::Move4 { d, a } => {
                wide::step::<4>(words, d.into(), a.into(), a.into(), |a, _| a);
                again!(Op::Move4 { d, a } =>
                    wide::step::<4>(words, d.into(), a.into(), a.into(), |a, _| a));
            }
            Op::And2 { d, a, b } => wide::step::<2>(words, d.into(), a.into(), b.into(), |a, b| a & b),
            Op::Or2 { d, a, b } => wide::step::<2>(words, d.into(), a.into(), b.into(), |a, b| a | b),
            Op::Move2 { d, a } => wide::step::<2>(words, d.into(), a.into(), a.into(), |a, _| a),
            Op::OrW { d, a, b, n } => wide::or(words, d, a, b, n),
            Op::XorW { d, a, b, n } => wide::xor(words, d, a, b, n),
            Op::EqW { d, a, b, n } => w![d] = u64::from(wide::equal(words, a, b, n)),
            Op::Wide { index } => {
                let op = program.wide[usize::from(index)];
                if let WideOp::Lookahead { d, offset, width } = op {
                    if !lookahead(env, words, d, offset, width) {
                        return reject(env, state, program.too_short, observer);
                    }
                } else {
                    wide::run(words, op);
                }
            }
            Op::Jump { to } => pc = to as usize,
            Op::JumpIf { a, to } => {
                if w![a] != 0 {
                    pc = to as usize;
                }
            }
            Op::JumpUnless { a, to } => {
                if w![a] == 0 {
                    pc = to as usize;
                }
            }
            Op::JumpEq { a, b, to } => {
                if w![a] == w![b] {
                    pc = to as usize;
                }
                again!(Op::JumpEq { a, b, to } => if w![a] == w![b] {
                    pc = to as usize;
                });
            }
            Op::JumpNe { a, b, to } => {
                if w![a] != w![b] {
                    pc = to as usize;
                }
            }
            Op::JumpEqW { a, b, n, to } => {
                if wide::equal(words, a, b, n) {
                    pc = to as usize;
                }
            }
            Op::JumpNeW { a, b, n, to } => {
                if !wide::equal(words, a, b, n) {
                    pc = to as usize;
                }
            }
            Op::JumpSliceEq { a, low, width, b, to } => {
                if slice(words, a, low, width) == w![b] {
                    pc = to as usize;
                }
            }
            Op::JumpSliceNe { a, low, width, b, to } => {
                if slice(words, a, low, width) != w![b] {
                    pc = to as usize;
                }
            }
            Op::JumpLt { a, b, to } => {
                if w![a] < w![b] {
                    pc = to as usize;
                }
            }
            Op::JumpGe { a, b, to } => {
                if w![a] >= w![b] {
                    pc = to as usize;
                }
            }
            Op::JumpTable { a, table } => pc = program.selects[usize::from(table)].target(w![a]) as usize,
            Op::LoopBack { to } => {
                env.turns += 1;
                if env.turns > MAX_LOOP_TURNS {
                    return Halt::LoopLimit;
                }
                pc = to as usize;
            }
            Op::End => return Halt::End,
            Op::Return => {
                pc = back;
                if O::PROFILE {
                    observer.part(Part::Table(table));
                }
            }
            Op::Extract { header } => {
                let plan = &program.headers[usize::from(header)];
                if !extract(env, state, plan) {
                    return reject(env, state, program.too_short, observer);
                }
                if O::TRACE {
                    trace_extract(env, plan, plan.fixed_bytes, observer);
                }
            }
            Op::ExtractVarbit { header, bits } => {
                let plan = &program.headers[usize::from(header)];
                let bits = w![bits];
                if let Err(error) = extract_varbit(env, state, plan, bits) {
                    return reject(env, state, program.error(error), observer);
                }
                if O::TRACE {
                    trace_extract(env, plan, plan.fixed_bytes + (bits / 8) as u32, observer);
                }
            }
            Op::Advance { a } => {
                let left = (env.data.len() * 8 - env.cursor) as u64;
                if w![a] > left {
                    return reject(env, state, program.too_short, observer);
                }
                env.cursor += w![a] as usize;
            }
            Op::Lookahead { d, offset, width } => {
                if !lookahead(env, words, d, offset, u32::from(width)) {
                    return reject(env, state, program.too_short, observer);
                }
            }
            Op::Reject { error } => return reject(env, state, error, observer),
            Op::Verify { a, error } => {
                if w![a] == 0 {
                    let error = w![error] as u16;
                    return reject(env, state, error, observer);
                }
            }
            Op::EmitRun { header, count } => emit_run(env, state, header, count, observer),
            Op::CopyHeader { to, from } => copy_header(program, state, to, from),
            Op::ShiftStack { stack, by } => shift_stack(program, state, stack, by),
            Op::ApplyEmpty { site, to } => {
                let site = &program.sites[usize::from(site)];
                let quick = &env.config.quick[usize::from(site.table)];
                // Who traces wants to see the key of a miss too.
                if !quick.has_entries && !O::TRACE {
                    pc = to as usize;
                    (table, back) = (usize::from(site.table), pc);
                    if let Some(code) = apply(env, state, site, observer) {
                        pc = code;
                    }
                }
            }
            Op::Apply { site } => {
                let site = &program.sites[usize::from(site)];
                (table, back) = (usize::from(site.table), pc);
                if !idle(env, words, site, observer)
                    && let Some(code) = apply(env, state, site, observer)
                {
                    pc = code;
                }
            }
            Op::Extern { index } => {
                if let Some(halt) = calls::call(env, state, index, observer) {
                    return halt;
                }
            }
        }
    }
}

/// `width` bits of a wide value from `low` on.
#[inline(always)]
pub(super) fn slice(words: &Words, a: Slot, low: u16, width: u8) -> u64 {
    let (limb, bit) = (usize::from(a) + usize::from(low / 64), low % 64);
    let mut value = words[limb] >> bit;
    if u32::from(bit) + u32::from(width) > 64 {
        value |= words[limb + 1] << (64 - bit);
    }
    value & low_mask(width)
}
