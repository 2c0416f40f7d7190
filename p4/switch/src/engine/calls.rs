//! Calls of externs, as the interpreter meets them.

use std::fmt::Write;

use sluice_entities::{CounterUnit, MeterConfig};
use sluice_ir::{HashAlgorithm, Intrinsic};

use super::op::{NO_SLOT, Slot};
use super::program::{DataItem, ExternPlan};
use super::run::{Env, Halt};
use super::state::{NO_FIELD_LIST, PacketState};
use crate::configuration::Configuration;
use crate::externs::digest64::digest64;
use crate::externs::hash::hash;
use crate::externs::meter::MeterCell;
use crate::packet::DROP_PORT;
use crate::tables::MISS;
use crate::trace::{Observer, TraceEvent};

/// Most digests that one packet sends to the control plane.
pub const MAX_DIGESTS_PER_PACKET: usize = 16;

/// Most overwritten ranges, and most IP packets made consistent, of one frame; further ones are ignored.
pub const MAX_FRAME_EDITS: usize = 16;

/// Most bytes that a program appends to one frame; further ones are ignored.
pub const MAX_TRAILER_BYTES: usize = 256;

/// What meters say.
const COLORS: [&str; 3] = ["green", "yellow", "red"];

/// Runs one call; says so if the packet is at its end.
#[inline(never)]
pub(crate) fn call<O: Observer>(
    env: &mut Env<'_>,
    state: &mut PacketState,
    index: u16,
    observer: &mut O,
) -> Option<Halt> {
    let program = env.program;
    let plan = &program.externs[usize::from(index)];
    let word = |state: &PacketState, slot: Slot| state.words[usize::from(slot)];
    match plan {
        ExternPlan::DirectCount { cell } => {
            env.cells.count(word(state, *cell) as u32, u64::from(env.ingress.wire_length));
        }
        ExternPlan::Count { first_cell, size, index, .. } => {
            let index = word(state, *index);
            if index < *size {
                env.cells.count(first_cell + index as u32, u64::from(env.ingress.wire_length));
            }
        }
        ExternPlan::RegisterRead { register, index, d } => {
            let array = &env.shared.registers[usize::from(*register)];
            let limbs = program.registers[usize::from(*register)].width.div_ceil(64) as usize;
            let index = word(state, *index);
            array.read(index, &mut state.words[usize::from(*d)..usize::from(*d) + limbs]);
        }
        ExternPlan::RegisterWrite { register, index, a } => {
            let array = &env.shared.registers[usize::from(*register)];
            let limbs = program.registers[usize::from(*register)].width.div_ceil(64) as usize;
            array.write(word(state, *index), &state.words[usize::from(*a)..usize::from(*a) + limbs]);
        }
        ExternPlan::Digest64 { seed, data, d } => {
            gather(env, state, data);
            state.words[usize::from(*d)] = digest64(word(state, *seed), env.gathered.bytes());
        }
        ExternPlan::Hash { algorithm, base, max, data, d } => {
            gather(env, state, data);
            let (base, max) = (word(state, *base), word(state, *max));
            let rest = hash(*algorithm, env.gathered.bytes()).checked_rem(max).unwrap_or(0);
            state.words[usize::from(*d)] = base.wrapping_add(rest);
        }
        ExternPlan::Checksum { algorithm, data, with_payload, d } => {
            let sum = checksum(env, state, *algorithm, data, *with_payload);
            state.words[usize::from(*d)] = sum;
        }
        ExternPlan::Meter { meter, index, d } => {
            let index = word(state, *index);
            state.words[usize::from(*d)] = meter_color(env, *meter, index);
        }
        ExternPlan::DirectMeter { cell, unit, d } => {
            let cell = word(state, *cell);
            state.words[usize::from(*d)] = direct_meter_color(env, cell, *unit);
        }
        ExternPlan::InValueSet { set, key, words, d } => {
            let key = usize::from(*key)..usize::from(*key) + usize::from(*words);
            let found = env.config.value_sets[usize::from(*set)].engine.lookup(&state.words[key]);
            state.words[usize::from(*d)] = u64::from(found != MISS);
        }
        ExternPlan::Random { low, high, d } => {
            state.words[usize::from(*d)] = env.random.between(word(state, *low), word(state, *high));
        }
        ExternPlan::IngressTimeNs { d } => state.words[usize::from(*d)] = env.ingress.time_ns,
        ExternPlan::WireLength { d } => {
            state.words[usize::from(*d)] = u64::from(env.ingress.wire_length);
        }
        ExternPlan::BadFrame { d } => state.words[usize::from(*d)] = u64::from(env.ingress.bad_frame),
        ExternPlan::PacketLength { d } => state.words[usize::from(*d)] = env.data.len() as u64,
        ExternPlan::MarkToDrop => {
            state.set_intrinsic(&program.layout, Intrinsic::EgressSpec, u64::from(DROP_PORT));
            state.set_intrinsic(&program.layout, Intrinsic::McastGrp, 0);
        }
        ExternPlan::Assert { condition, .. } => {
            if word(state, *condition) == 0 {
                trace_call(env, state, plan, observer);
                return Some(Halt::Assertion);
            }
        }
        ExternPlan::Log { .. } => {}
        _ => {
            env.requests.any = true;
            request(env, state, plan, index);
        }
    }
    if O::TRACE {
        trace_call(env, state, plan, observer);
    }
    None
}

/// Calls that leave something to be done when the control ends or the frame is made.
fn request(env: &mut Env<'_>, state: &mut PacketState, plan: &ExternPlan, index: u16) {
    let word = |state: &PacketState, slot: Slot| state.words[usize::from(slot)];
    let field_list = |state: &PacketState, slot: Slot| {
        if slot == NO_SLOT {
            NO_FIELD_LIST
        } else {
            u32::try_from(word(state, slot)).unwrap_or(NO_FIELD_LIST)
        }
    };
    match plan {
        ExternPlan::Digest { receiver, data, .. } => {
            if env.requests.digests.len() < MAX_DIGESTS_PER_PACKET {
                let data = data.iter().map(|(slot, width)| state.bits(*slot, *width)).collect();
                env.requests.digests.push((index, word(state, *receiver), data));
            } else {
                env.dropped_digests += 1;
            }
        }
        ExternPlan::Clone { kind, session, field_list: list } => {
            env.requests.asked.clone = Some((*kind, word(state, *session), field_list(state, *list)));
        }
        ExternPlan::Resubmit { field_list: list } => {
            env.requests.asked.resubmit = Some(field_list(state, *list));
        }
        ExternPlan::Recirculate { field_list: list } => {
            env.requests.asked.recirculate = Some(field_list(state, *list));
        }
        ExternPlan::AppendTrailer { data } => {
            gather(env, state, data);
            let room = MAX_TRAILER_BYTES - state.edits.trailer.len().min(MAX_TRAILER_BYTES);
            let bytes = env.gathered.bytes();
            state.edits.trailer.extend_from_slice(&bytes[..bytes.len().min(room)]);
            state.edits.any = true;
        }
        _ => {
            edit(state, plan);
            state.edits.any = true;
        }
    }
}

/// Notes an edit of the frame.
fn edit(state: &mut PacketState, plan: &ExternPlan) {
    let word = |slot: Slot| state.words[usize::from(slot)];
    match plan {
        ExternPlan::Truncate { length } => state.edits.truncate = Some(word(*length)),
        ExternPlan::Overwrite { offset, length, value } => {
            let overwrite = (word(*offset), word(*length), word(*value) as u8);
            if state.edits.overwrites.len() < MAX_FRAME_EDITS {
                state.edits.overwrites.push(overwrite);
            }
        }
        ExternPlan::Trim { length } => {
            let length = word(*length);
            state.edits.trim = Some(state.edits.trim.map_or(length, |known| known.min(length)));
        }
        ExternPlan::FixChecksums { offset } => {
            let offset = word(*offset);
            if state.edits.checksums.len() < MAX_FRAME_EDITS {
                state.edits.checksums.push(offset);
            }
        }
        _ => {}
    }
}

/// Collects a list of data as one string of bits.
pub(super) fn gather(env: &mut Env<'_>, state: &PacketState, data: &[DataItem]) {
    env.gathered.clear();
    for item in data {
        match *item {
            DataItem::Bytes { at, length } => {
                env.gathered.push_bytes(&state.bytes[at as usize..(at + length) as usize]);
            }
            DataItem::Scalar { slot, width } => {
                let slot = usize::from(slot);
                let limbs = &state.words[slot..slot + width.div_ceil(64) as usize];
                env.gathered.push_limbs(limbs, width);
            }
            DataItem::Varbit { at, length } => {
                let length = state.words[usize::from(length)] as usize;
                env.gathered.push_bytes(state.bytes.get(at as usize..at as usize + length).unwrap_or(&[]));
            }
        }
    }
}

fn checksum(
    env: &mut Env<'_>,
    state: &PacketState,
    algorithm: HashAlgorithm,
    data: &[DataItem],
    with_payload: bool,
) -> u64 {
    gather(env, state, data);
    if with_payload {
        env.gathered.push_bytes(env.data.get(state.payload.clone()).unwrap_or(&[]));
    }
    hash(algorithm, env.gathered.bytes())
}

fn meter_color(env: &Env<'_>, meter: u16, index: u64) -> u64 {
    let config: &Configuration = env.config;
    let rates = config.meters.get(usize::from(meter)).and_then(|rates| rates.get(index).as_ref());
    let (Some(rates), Some(cell)) = (rates, env.shared.meter_cell(usize::from(meter), index)) else {
        return 0;
    };
    color(env, cell, rates, env.shared.meter_units[usize::from(meter)])
}

fn direct_meter_color(env: &Env<'_>, cell: u64, unit: CounterUnit) -> u64 {
    let meter = env.config.direct_meters.get(cell).as_ref();
    meter.map_or(0, |meter| color(env, &meter.cell, &meter.config, unit))
}

fn color(env: &Env<'_>, cell: &MeterCell, rates: &MeterConfig, unit: CounterUnit) -> u64 {
    let bytes = u64::from(env.ingress.wire_length);
    cell.execute(rates, env.ingress.time_ns, unit, bytes) as u64
}

/// Tells who looks on.
fn trace_call<O: Observer>(env: &Env<'_>, state: &PacketState, plan: &ExternPlan, observer: &mut O) {
    let mut detail = String::new();
    let word = |slot: &Slot| state.words[usize::from(*slot)];
    let name = match plan {
        ExternPlan::Count { index, name, .. } => {
            detail = format!("{name}[{}]", word(index));
            "counter.count"
        }
        ExternPlan::DirectCount { .. } => "direct_counter.count",
        ExternPlan::Meter { index, d, .. } => {
            detail = format!("[{}] is {}", word(index), COLORS[word(d).min(2) as usize]);
            "meter.execute_meter"
        }
        ExternPlan::DirectMeter { d, .. } => {
            detail = format!("is {}", COLORS[word(d).min(2) as usize]);
            "direct_meter.read"
        }
        ExternPlan::InValueSet { set, d, .. } => {
            let name = &env.program.info.value_sets[usize::from(*set)].name;
            detail = format!("{name} {}", if word(d) == 0 { "has it not" } else { "has it" });
            "value_set"
        }
        ExternPlan::RegisterRead { register, index, d } => {
            let plan = &env.program.registers[usize::from(*register)];
            detail = format!("{}[{}] is {}", plan.name, word(index), state.bits(*d, plan.width));
            "register.read"
        }
        ExternPlan::RegisterWrite { register, index, a } => {
            let plan = &env.program.registers[usize::from(*register)];
            detail = format!("{}[{}] = {}", plan.name, word(index), state.bits(*a, plan.width));
            "register.write"
        }
        ExternPlan::Hash { d, .. } => {
            detail = format!("is {}", word(d));
            "hash"
        }
        ExternPlan::Random { d, .. } => {
            detail = format!("is {}", word(d));
            "random"
        }
        ExternPlan::Digest { name, .. } => {
            detail.push_str(name);
            "digest"
        }
        ExternPlan::Clone { session, .. } => {
            detail = format!("session {}", word(session));
            "clone"
        }
        ExternPlan::Resubmit { .. } => "resubmit",
        ExternPlan::Recirculate { .. } => "recirculate",
        ExternPlan::Truncate { length } => {
            detail = format!("{} bytes", word(length));
            "truncate"
        }
        ExternPlan::MarkToDrop => "mark_to_drop",
        ExternPlan::Assert { condition, text } => {
            detail = format!("{text}: {}", if word(condition) == 0 { "failed" } else { "holds" });
            "assert"
        }
        ExternPlan::Log { format, arguments } => {
            detail = log_line(format, arguments.iter().map(|(slot, width)| state.bits(*slot, *width)));
            "log_msg"
        }
        ExternPlan::Checksum { d, .. } => {
            detail = format!("is {:#06x}", word(d));
            "checksum"
        }
        ExternPlan::Digest64 { d, .. } => {
            detail = format!("is {:#018x}", word(d));
            "digest64"
        }
        ExternPlan::PacketLength { .. } => "packet_in.length",
        ExternPlan::IngressTimeNs { .. } => "ingress_time_ns",
        ExternPlan::WireLength { .. } => "wire_length",
        ExternPlan::BadFrame { .. } => "bad_frame",
        ExternPlan::Overwrite { offset, length, value } => {
            detail = format!("{} bytes from {} with {:#04x}", word(length), word(offset), word(value));
            "overwrite"
        }
        ExternPlan::Trim { length } => {
            detail = format!("{} bytes", word(length));
            "trim"
        }
        ExternPlan::FixChecksums { offset } => {
            detail = format!("at {}", word(offset));
            "fix_checksums"
        }
        ExternPlan::AppendTrailer { .. } => {
            detail = format!("{} bytes in all", state.edits.trailer.len());
            "append_trailer"
        }
    };
    observer.event(&TraceEvent::Call { name, detail: &detail });
}

/// The format with each `{}` replaced by the next argument.
fn log_line(format: &str, mut arguments: impl Iterator<Item = sluice_entities::Bits>) -> String {
    let mut line = String::new();
    let mut parts = format.split("{}").peekable();
    while let Some(part) = parts.next() {
        line.push_str(part);
        if parts.peek().is_some()
            && let Some(argument) = arguments.next()
        {
            // Writing to a string cannot fail.
            let _ = write!(line, "{argument:#x}");
        }
    }
    line
}
