//! What the interpreter's parser and deparser do with headers, and what moves whole headers.

use super::bytes::{load_bits, load_limbs};
use super::op::{Pc, Slot};
use super::program::{HeaderPlan, Program};
use super::run::{Env, Halt};
use super::state::{PacketState, Words};
use crate::trace::{Observer, TraceEvent};

/// Ends the parser with an error.
#[cold]
pub(super) fn reject<O: Observer>(
    env: &Env<'_>,
    state: &mut PacketState,
    error: u16,
    observer: &mut O,
) -> Halt {
    state.set_intrinsic(&env.program.layout, sluice_ir::Intrinsic::ParserError, u64::from(error));
    if O::TRACE {
        let error = env.program.errors.get(usize::from(error)).map_or("", String::as_str);
        observer.event(&TraceEvent::ParserError { error, offset_bytes: env.cursor / 8 });
    }
    Halt::End
}

#[inline(never)]
pub(super) fn extract(env: &mut Env<'_>, state: &mut PacketState, plan: &HeaderPlan) -> bool {
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
            state.bytes[to + i] = load_bits(env.data, env.cursor + i * 8, 8) as u8;
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
pub(super) fn lookahead(env: &Env<'_>, words: &mut Words, d: Slot, offset: u32, width: u32) -> bool {
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
pub(super) fn emit_run<O: Observer>(
    env: &mut Env<'_>,
    state: &PacketState,
    header: u16,
    count: u16,
    observer: &mut O,
) {
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

pub(super) fn trace_state<O: Observer>(program: &Program, pc: usize, observer: &mut O) {
    if let Ok(index) = program.states.binary_search_by_key(&(pc as Pc), |(start, _)| *start) {
        observer.event(&TraceEvent::ParserState { name: &program.states[index].1 });
    }
}

pub(super) fn trace_extract<O: Observer>(env: &Env<'_>, plan: &HeaderPlan, length: u32, observer: &mut O) {
    let offset_bytes = env.cursor / 8 - length as usize;
    observer.event(&TraceEvent::Extracted {
        header: &plan.name,
        offset_bytes,
        length_bytes: length as usize,
    });
}
