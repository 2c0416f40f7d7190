//! The interpreter.

use super::bytes::{load_limbs, load64, low_mask, store_limbs, store64};
use super::calls;
use super::op::{NO_SLOT, Op, Pc, Slot, WideOp};
use super::program::{ApplySite, HeaderPlan, KeySource, NO_SELECTION, Program};
use super::select::choose;
use super::state::{PacketState, Requests, Words};
use super::wide;
use crate::configuration::{Choice, Configuration, TableState};
use crate::counters::WorkerCells;
use crate::externs::random::Random;
use crate::packet::Ingress;
use crate::profile::Part;
use crate::tables::MISS;
use crate::trace::{Observer, TraceEvent};

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
fn slice(words: &Words, a: Slot, low: u16, width: u8) -> u64 {
    let (limb, bit) = (usize::from(a) + usize::from(low / 64), low % 64);
    let mut value = words[limb] >> bit;
    if u32::from(bit) + u32::from(width) > 64 {
        value |= words[limb + 1] << (64 - bit);
    }
    value & low_mask(width)
}

/// Applies a table that has no entries and a default action that does nothing, if it is such a one.
#[inline(always)]
fn idle<O: Observer>(env: &Env<'_>, words: &mut Words, site: &ApplySite, observer: &mut O) -> bool {
    let table = usize::from(site.table);
    let quick = &env.config.quick[table];
    if !quick.is_idle || O::TRACE {
        return false;
    }
    if O::PROFILE {
        observer.control();
    }
    tell(words, site, 0, &quick.default);
    if O::PROFILE {
        observer.part(Part::Table(table));
    }
    true
}

/// Applies a table; says where its action's code starts, if it has to be run.
#[inline(never)]
fn apply<O: Observer>(
    env: &mut Env<'_>,
    state: &mut PacketState,
    site: &ApplySite,
    observer: &mut O,
) -> Option<usize> {
    if O::PROFILE {
        observer.control();
    }
    let table = usize::from(site.table);
    let quick = &env.config.quick[table];
    let code = if !quick.has_entries && !O::TRACE {
        let data = || &env.config.tables[table].data[..];
        act::<O>(env, &mut state.words, site, 0, &quick.default, data)
    } else {
        let config = env.config;
        let entries: &TableState = &config.tables[table];
        let key = usize::from(site.key);
        match site.source {
            KeySource::Words => {}
            KeySource::Slice { a, low, width } => state.words[key] = slice(&state.words, a, low, width),
            KeySource::Load { at, shift, width } => {
                state.words[key] = load64(&state.bytes, at as usize) >> shift & low_mask(width);
            }
        }
        let entry = entries.lookup(&state.words[key..key + usize::from(site.key_words)]);
        if let Some(hits) = &entries.hits
            && entry != MISS
        {
            hits.note(entry, env.ingress.time_ns);
        }
        let chosen = match site.selection {
            NO_SELECTION => None,
            selection => choose(env, state, usize::from(selection), entries, entry),
        };
        let (choice, data) = match &chosen {
            None => (entries.choice(entry), &entries.data[..]),
            Some((choice, data)) => (choice, *data),
        };
        if O::TRACE {
            trace_apply(env, &state.words, site, entry, choice, data, observer);
        }
        act::<O>(env, &mut state.words, site, u64::from(entry != MISS), choice, || data)
    };
    if O::PROFILE && code.is_none() {
        observer.part(Part::Table(table));
    }
    code
}

/// Tells the program which entry matched.
#[inline(always)]
fn tell(words: &mut Words, site: &ApplySite, was_hit: u64, choice: &Choice) {
    if site.hit != NO_SLOT {
        words[usize::from(site.hit)] = was_hit;
    }
    if site.action_run != NO_SLOT {
        words[usize::from(site.action_run)] = u64::from(choice.action);
    }
    if site.cell != NO_SLOT {
        words[usize::from(site.cell)] = u64::from(choice.cell);
    }
}

/// Tells the program which entry matched, and runs its action or gets it ready to run.
#[inline(always)]
fn act<'d, O: Observer>(
    env: &Env<'_>,
    words: &mut Words,
    site: &ApplySite,
    was_hit: u64,
    choice: &Choice,
    data: impl FnOnce() -> &'d [u64],
) -> Option<usize> {
    tell(words, site, was_hit, choice);
    let code = choice.code?;
    let start = choice.data as usize;
    let data = &data()[start..start + usize::from(choice.data_words)];
    if let Some(combine) = &choice.combine
        && !O::TRACE
    {
        if combine.counts {
            env.cells.count(choice.cell, u64::from(env.ingress.wire_length));
        }
        wide::combine(words, combine, data);
        return None;
    }
    let params = usize::from(env.program.layout.params);
    words[params..params + data.len()].copy_from_slice(data);
    Some(code as usize)
}

/// Ends the parser with an error.
#[cold]
fn reject<O: Observer>(env: &Env<'_>, state: &mut PacketState, error: u16, observer: &mut O) -> Halt {
    state.set_intrinsic(&env.program.layout, sluice_ir::Intrinsic::ParserError, u64::from(error));
    if O::TRACE {
        let error = env.program.errors.get(usize::from(error)).map_or("", String::as_str);
        observer.event(&TraceEvent::ParserError { error, offset_bytes: env.cursor / 8 });
    }
    Halt::End
}

#[inline(never)]
fn extract(env: &mut Env<'_>, state: &mut PacketState, plan: &HeaderPlan) -> bool {
    let length = plan.fixed_bytes as usize;
    let to = plan.at as usize;
    if !copy_bits(env, state, to, length) {
        return false;
    }
    make_valid(state, plan);
    true
}

fn make_valid(state: &mut PacketState, plan: &HeaderPlan) {
    state.words[usize::from(plan.valid)] = 1;
    for rival in &plan.rivals {
        state.words[usize::from(*rival)] = 0;
    }
}

/// Moves whole bytes from the packet to header storage, if there are so many.
#[inline(always)]
fn copy_bits(env: &mut Env<'_>, state: &mut PacketState, to: usize, length: usize) -> bool {
    if env.cursor + length * 8 > env.data.len() * 8 {
        return false;
    }
    let from = env.cursor / 8;
    state.touch(to, length);
    if env.cursor.is_multiple_of(8) {
        state.bytes[to..to + length].copy_from_slice(&env.data[from..from + length]);
    } else {
        for i in 0..length {
            state.bytes[to + i] = super::bytes::load_bits(env.data, env.cursor + i * 8, 8) as u8;
        }
    }
    env.cursor += length * 8;
    true
}

/// Extracts the fixed fields before the varbit, the varbit, and those behind it; errors are named.
#[inline(never)]
pub(crate) fn extract_varbit(
    env: &mut Env<'_>,
    state: &mut PacketState,
    plan: &HeaderPlan,
    bits: u64,
) -> Result<(), &'static str> {
    let Some(varbit) = plan.varbit else { return Ok(()) };
    if bits > u64::from(varbit.max_bytes) * 8 {
        return Err("HeaderTooShort");
    }
    if !bits.is_multiple_of(8) {
        return Err("ParserInvalidArgument");
    }
    let length = (bits / 8) as usize;
    let (at, fixed) = (plan.at as usize, plan.fixed_bytes as usize);
    if env.cursor + (fixed + length) * 8 > env.data.len() * 8 {
        return Err("PacketTooShort");
    }
    let offset = varbit.offset as usize;
    copy_bits(env, state, at, offset);
    copy_bits(env, state, at + fixed, length);
    // Zero behind its end, so that equal varbits have equal bytes.
    state.bytes[at + fixed + length..at + plan.max_bytes as usize].fill(0);
    copy_bits(env, state, at + offset, fixed - offset);
    state.words[usize::from(varbit.length)] = length as u64;
    make_valid(state, plan);
    Ok(())
}

#[inline(never)]
fn lookahead(env: &Env<'_>, words: &mut Words, d: Slot, offset: u32, width: u32) -> bool {
    let start = env.cursor + offset as usize;
    if start + width as usize > env.data.len() * 8 {
        return false;
    }
    let d = usize::from(d);
    load_limbs(env.data, start, width, &mut words[d..d + width.div_ceil(64) as usize]);
    true
}

/// Emits the valid ones of adjacent headers.
#[inline(never)]
fn emit_run<O: Observer>(env: &mut Env<'_>, state: &PacketState, header: u16, count: u16, observer: &mut O) {
    let program = env.program;
    let first = usize::from(header);
    let valid = usize::from(program.layout.first_valid) + first;
    let words: &Words = &state.words;
    let mut index = 0;
    while index < usize::from(count) {
        // Most headers are invalid: eight are passed over at once.
        let flags = words[valid + index..].first_chunk::<8>();
        if flags.is_some_and(|flags| flags.iter().fold(0, |any, flag| any | flag) == 0) {
            index += 8;
            continue;
        }
        let end = (index + 8).min(usize::from(count));
        for header in index..end {
            if words[valid + header] != 0 {
                emit(env.out, words, &state.bytes, program, first + header);
                if O::TRACE {
                    observer.event(&TraceEvent::Emitted { header: &program.headers[first + header].name });
                }
            }
        }
        index = end;
    }
}

#[inline(always)]
pub(crate) fn emit(out: &mut Vec<u8>, words: &Words, bytes: &[u8], program: &Program, header: usize) {
    let plan = &program.emits[header];
    let (at, fixed) = (plan.at as usize, plan.fixed_bytes as usize);
    if plan.has_varbit {
        emit_varbit(out, words, bytes, &program.headers[header]);
    } else {
        out.extend_from_slice(&bytes[at..at + fixed]);
    }
}

fn emit_varbit(out: &mut Vec<u8>, words: &Words, bytes: &[u8], plan: &HeaderPlan) {
    let (at, fixed) = (plan.at as usize, plan.fixed_bytes as usize);
    let Some(varbit) = plan.varbit else { return };
    let offset = varbit.offset as usize;
    let length = (words[usize::from(varbit.length)] as usize).min(varbit.max_bytes as usize);
    out.extend_from_slice(&bytes[at..at + offset]);
    out.extend_from_slice(&bytes[at + fixed..at + fixed + length]);
    out.extend_from_slice(&bytes[at + offset..at + fixed]);
}

#[inline(never)]
pub(crate) fn copy_header(program: &Program, state: &mut PacketState, to: u16, from: u16) {
    let (to, from) = (&program.headers[usize::from(to)], &program.headers[usize::from(from)]);
    copy_fields(state, to, from);
    let valid = state.words[usize::from(from.valid)];
    if valid != 0 {
        make_valid(state, to);
    } else {
        state.words[usize::from(to.valid)] = 0;
    }
}

fn copy_fields(state: &mut PacketState, to: &HeaderPlan, from: &HeaderPlan) {
    let length = to.max_bytes.min(from.max_bytes) as usize;
    state.touch(to.at as usize, length);
    state.bytes.copy_within(from.at as usize..from.at as usize + length, to.at as usize);
    if let (Some(to), Some(from)) = (to.varbit, from.varbit) {
        state.words[usize::from(to.length)] = state.words[usize::from(from.length)];
    }
}

/// P4-16 section 8.18: `push_front` by a positive number of places, `pop_front` by a negative one.
#[inline(never)]
pub(crate) fn shift_stack(program: &Program, state: &mut PacketState, stack: u16, by: i16) {
    let plan = &program.stacks[usize::from(stack)];
    let (count, places) = (plan.elements.len(), usize::from(by.unsigned_abs()));
    let next = state.words[usize::from(plan.next)];
    for i in 0..count {
        let to = if by > 0 { count - 1 - i } else { i };
        let from =
            if by > 0 { to.checked_sub(places) } else { Some(to + places).filter(|from| *from < count) };
        match from {
            Some(from) => {
                // The stacks of a union's other members are shifted, too: validity moves, and makes nothing invalid.
                let header = |element: usize| &program.headers[usize::from(plan.elements[element])];
                let (to, from) = (header(to), header(from));
                copy_fields(state, to, from);
                state.words[usize::from(to.valid)] = state.words[usize::from(from.valid)];
            }
            None => {
                let header = &program.headers[usize::from(plan.elements[to])];
                state.words[usize::from(header.valid)] = 0;
            }
        }
    }
    let next =
        if by > 0 { (next + places as u64).min(count as u64) } else { next.saturating_sub(places as u64) };
    if plan.owns_next {
        state.words[usize::from(plan.next)] = next;
    }
}

fn trace_state<O: Observer>(program: &Program, pc: usize, observer: &mut O) {
    if let Ok(index) = program.states.binary_search_by_key(&(pc as Pc), |(start, _)| *start) {
        observer.event(&TraceEvent::ParserState { name: &program.states[index].1 });
    }
}

fn trace_extract<O: Observer>(env: &Env<'_>, plan: &HeaderPlan, length: u32, observer: &mut O) {
    let offset_bytes = env.cursor / 8 - length as usize;
    observer.event(&TraceEvent::Extracted {
        header: &plan.name,
        offset_bytes,
        length_bytes: length as usize,
    });
}

fn trace_apply<O: Observer>(
    env: &Env<'_>,
    words: &Words,
    site: &ApplySite,
    entry: u32,
    choice: &Choice,
    data: &[u64],
    observer: &mut O,
) {
    let table = usize::from(site.table);
    let plan = &env.program.tables[table];
    let field = |field: &crate::tables::KeyField| {
        let at = usize::from(site.key) + field.word;
        sluice_entities::Bits::from_limbs(field.width, &words[at..at + field.width.div_ceil(64) as usize])
    };
    let keys: Vec<_> = plan.shape.fields().iter().map(field).collect();
    let action = plan.actions.get(usize::from(choice.action));
    let action = action.map(|action| &env.program.actions[usize::from(*action)]);
    let mut at = choice.data as usize;
    let params: Vec<_> = action
        .map_or(&[][..], |action| &action.params[..])
        .iter()
        .map(|width| {
            let limbs = width.div_ceil(64) as usize;
            at += limbs;
            sluice_entities::Bits::from_limbs(*width, data.get(at - limbs..at).unwrap_or(&[]))
        })
        .collect();
    observer.event(&TraceEvent::Table {
        table: &plan.name,
        keys: &keys,
        entry: env.config.tables[table].entry(entry),
        action: action.map_or("(no member)", |action| &action.name),
        params: &params,
    });
}
