//! The deparser as an edit of the frame's first bytes.
//!
//! What the parser took stands in the frame in the order in which it is emitted again, so only what changes is made anew. The first bytes
//! of the frame travel once with the packet; from the last header to the first, what was taken leaves their end, and what is emitted goes
//! before what was emitted. A field that nothing writes is cut out there, so that no field is carried to be emitted as it came. Headers at
//! the end that nothing changes are not touched at all: the frame behind the new headers begins with them.
//!
//! Where a program takes and emits in orders that do not agree, or passes over bytes, all fields are carried (`deparser.rs`).

use sluice_ir::{Handle, Header, Type};

use crate::deparser::{Emitted, MAX_HEAD_BYTES, Segment};
use crate::exec::Exec;
use crate::graph::{Binary, Graph, Input, Value};
use crate::state::{LENGTH, Special, State};

/// The headers of a copy.
pub(crate) struct Head {
    /// Their bits, the first on top, and how many bytes that is. None where there never are any.
    pub(crate) packed: Option<(Value, Value)>,
    /// Bytes of the frame that they replace.
    pub(crate) skip: Value,
}

/// A header that is taken, emitted, or both.
struct Step {
    header: Handle<Header>,
    /// Whether the parser took it.
    was: Value,
    emitted: Option<Emitted>,
    /// Bits of its fields but the varbit.
    fixed: u32,
    /// Most bits.
    most: u32,
    /// Bits of its varbit field.
    bits: Option<Value>,
    /// Whether, where it is emitted, it is so as it came.
    is_kept: bool,
    /// If so: whether it is, if it was taken.
    keep: Value,
}

impl Step {
    fn always_stays(&self, graph: &Graph) -> bool {
        self.is_kept && graph.is(self.keep, 1)
    }

    /// Whether both are kept or dropped together.
    fn goes_with(&self, other: &Self) -> bool {
        self.is_kept && other.is_kept && self.keep == other.keep
    }
}

/// What is being put together, from the end on.
struct Packing {
    /// What has been taken and not been looked at, its end lowest.
    rest: Value,
    packed: Option<Value>,
    bits: Value,
    /// Most bits that can be there.
    most: u32,
}

impl Exec<'_> {
    /// The headers of a copy, made by an edit. `before` is what ingress left, `start` what egress began with. None if the program is not one
    /// that can be done so.
    pub(crate) fn in_place(&mut self, ingress: &Exec<'_>, before: &State, start: &State) -> Option<Head> {
        if ingress.order.has_gaps {
            return None;
        }
        let emitted = std::mem::take(&mut self.emitted);
        let headers: Vec<Handle<Header>> = emitted.iter().map(|emitted| emitted.header).collect();
        let steps = ingress.order.with(&headers).and_then(|order| {
            let step = |header| self.step(header, &emitted, ingress, (before, start));
            order.into_iter().map(step).collect::<Option<Vec<Step>>>()
        });
        let Some(mut steps) = steps else {
            self.emitted = emitted;
            return None;
        };
        let mut tail = self.graph.number(LENGTH, 0);
        while let Some(step) = steps.pop_if(|step| step.always_stays(&self.graph)) {
            let bits = self.taken_bits(&step);
            tail = self.graph.add(tail, bits);
        }
        let tail = self.bytes(tail);
        let skip = self.graph.input(Input::Skip, LENGTH);
        let skip = if self.graph.is(tail, 0) { skip } else { self.graph.binary(Binary::Sub, skip, tail) };
        let packed = self.pack(ingress, start, &steps, skip);
        Some(Head { packed, skip })
    }

    fn step(
        &mut self,
        header: Handle<Header>,
        emitted: &[Emitted],
        ingress: &Exec<'_>,
        (before, start): (&State, &State),
    ) -> Option<Step> {
        let module = self.module;
        let (valid, taken) = (self.slots.valid(header), self.slots.taken(header));
        let is_same = before.slots[valid as usize] == before.slots[taken as usize];
        let was = start.slots[if is_same { valid } else { taken } as usize];
        let emitted = emitted.iter().find(|emitted| emitted.header == header).cloned();
        let fields = &module.header_types[module.headers[header].ty].fields;
        let width = |is_varbit: bool| {
            let of = fields.iter().filter(|field| matches!(field.ty, Type::Varbit(_)) == is_varbit);
            of.map(|field| field.ty.width()).sum::<u32>()
        };
        let (fixed, most) = (width(false), width(true) + width(false));
        let length = self.slots.length(header);
        if fixed % 8 != 0 || length.is_some_and(|slot| self.is_written(ingress, slot)) {
            return None;
        }
        let slots = self.slots.contents(header);
        let is_raised = self.is_raised(ingress, header);
        let is_kept = !is_raised && !slots.into_iter().any(|slot| self.is_written(ingress, slot));
        let keep = match &emitted {
            None => self.graph.bit(false),
            Some(emitted) => self.graph.where_set(was, emitted.on),
        };
        let bits = length.map(|slot| start.slots[slot as usize]);
        Some(Step { header, was, emitted, fixed, most, bits, is_kept, keep })
    }

    /// Whether something but the parser's taking puts something into a slot.
    fn is_written(&self, ingress: &Exec<'_>, slot: u32) -> bool {
        self.written.contains(&slot) || ingress.written.contains(&slot)
    }

    /// Whether a header may be valid that was not taken.
    fn is_raised(&self, ingress: &Exec<'_>, header: Handle<Header>) -> bool {
        let valid = self.slots.valid(header);
        self.raised.contains(&valid) || ingress.raised.contains(&valid)
    }

    /// Bits of a header that were taken.
    fn taken_bits(&mut self, step: &Step) -> Value {
        let fixed = self.graph.number(LENGTH, u64::from(step.fixed));
        let all = step.bits.map_or(fixed, |bits| self.graph.add(bits, fixed));
        let none = self.graph.number(LENGTH, 0);
        self.graph.mux(step.was, all, none)
    }

    fn bytes(&mut self, bits: Value) -> Value {
        let bytes = self.graph.slice(bits, 3, LENGTH - 3);
        self.graph.resize(bytes, LENGTH)
    }

    /// All but the headers at the end that stay where they are.
    fn pack(
        &mut self,
        ingress: &Exec<'_>,
        start: &State,
        steps: &[Step],
        skip: Value,
    ) -> Option<(Value, Value)> {
        let window = self.slots.special(Special::Window);
        let width = self.slots.width(window);
        let raised = steps.iter().filter(|step| self.is_raised(ingress, step.header));
        let most = (width + raised.map(|step| step.most).sum::<u32>()).min(MAX_HEAD_BYTES * 8);
        // The first bytes wait for what is put between them, not their pieces.
        let mut late = Vec::new();
        for emitted in steps.iter().filter_map(|step| step.emitted.as_ref()) {
            late.push(emitted.on);
            let slots = self.slots.contents(emitted.header);
            let written = slots.zip(&emitted.fields).filter(|(slot, _)| self.is_written(ingress, *slot));
            late.extend(written.map(|(_, value)| *value));
        }
        let whole = self.graph.after(start.slots[window as usize], late);
        let bytes = self.graph.number(LENGTH, u64::from(width / 8));
        let behind = self.graph.binary(Binary::Sub, bytes, skip);
        let behind = self.graph.slice(behind, 0, (width / 8).ilog2() + 1);
        let rest = self.graph.shift_bytes_out(whole, behind);
        let mut packing = Packing { rest, packed: None, bits: self.graph.number(LENGTH, 0), most };
        let mut end = steps.len();
        while end > 0 {
            let room: u32 = steps[..end].iter().map(|step| step.most).sum();
            let have = self.graph.width(packing.rest);
            packing.rest = self.graph.slice(packing.rest, 0, have.min(room.max(1)));
            let last = &steps[end - 1];
            let with = steps[..end].iter().rev().take_while(|step| step.goes_with(last)).count().max(1);
            let block = &steps[end - with..end];
            if last.is_kept && block.iter().any(|step| step.bits.is_some()) {
                self.block_kept(&mut packing, block);
                end -= with;
            } else {
                self.one(&mut packing, ingress, last);
                end -= 1;
            }
        }
        let bytes = self.bytes(packing.bits);
        packing.packed.map(|packed| (packed, bytes))
    }

    /// Headers side by side that stay or go together: moved as one piece.
    fn block_kept(&mut self, packing: &mut Packing, block: &[Step]) {
        let mut taken = self.graph.number(LENGTH, 0);
        for step in block {
            let bits = self.taken_bits(step);
            taken = self.graph.add(taken, bits);
        }
        let rest = packing.rest;
        let have = self.graph.width(rest);
        let most = block.iter().map(|step| step.most).sum::<u32>().min(have);
        let count = self.bytes(taken);
        let few = self.graph.slice(count, 0, (most / 8).max(1).ilog2() + 1);
        let keep = block.first().map(|step| step.keep).filter(|keep| !self.graph.is(*keep, 0));
        if let Some(keep) = keep {
            let piece = self.graph.slice(rest, 0, most);
            let zeros = self.graph.number(most, 0);
            let (whole, without) = match packing.packed {
                Some(behind) => (self.graph.concat(piece, behind), self.graph.concat(behind, zeros)),
                None => (piece, zeros),
            };
            let bytes = self.graph.number(self.graph.width(few), u64::from(most / 8));
            let by = self.graph.binary(Binary::Sub, bytes, few);
            let with = self.graph.shift_bytes_up(whole, by);
            let packed = self.graph.mux(keep, with, without);
            self.packed(packing, packed);
            let none = self.graph.number(LENGTH, 0);
            let counted = self.graph.mux(keep, taken, none);
            packing.bits = self.graph.add(packing.bits, counted);
        }
        packing.rest = self.graph.shift_bytes_out(rest, few);
    }

    /// One header, of which some is made anew or which has one length.
    fn one(&mut self, packing: &mut Packing, ingress: &Exec<'_>, step: &Step) {
        if let Some(emitted) = &step.emitted {
            let values = match step.bits {
                None => self.fields(packing.rest, ingress, step, emitted),
                Some(_) => emitted.fields.clone(),
            };
            let segments: Vec<Segment> = self.segments_of(emitted, &values);
            for segment in segments.iter().rev() {
                let counted = self.counted(segment);
                packing.bits = self.graph.add(packing.bits, counted);
                let packed = self.put_before(segment, packing.packed);
                self.packed(packing, packed);
            }
        }
        if self.graph.is(step.was, 0) {
            return;
        }
        packing.rest = if step.bits.is_some() {
            let taken = self.taken_bits(step);
            let bytes = self.bytes(taken);
            let most = self.graph.width(packing.rest).min(step.most) / 8;
            let bytes = self.graph.slice(bytes, 0, most.max(1).ilog2() + 1);
            self.graph.shift_bytes_out(packing.rest, bytes)
        } else {
            let by = self.graph.number(LENGTH, u64::from(step.fixed));
            let far = self.graph.binary(Binary::Shr, packing.rest, by);
            self.graph.mux(step.was, far, packing.rest)
        };
    }

    /// The values of a header's fields: those that nothing writes as they stand in the frame.
    fn fields(&mut self, rest: Value, ingress: &Exec<'_>, step: &Step, emitted: &Emitted) -> Vec<Value> {
        let have = self.graph.width(rest);
        let is_raised = self.is_raised(ingress, step.header);
        let slots: Vec<u32> = self.slots.contents(step.header).collect();
        let mut low = step.fixed;
        let mut values = Vec::new();
        for (slot, value) in slots.into_iter().zip(&emitted.fields) {
            let width = self.slots.width(slot);
            low = low.saturating_sub(width);
            if self.is_written(ingress, slot) || self.graph.is(step.was, 0) || low + width > have {
                values.push(*value);
                continue;
            }
            let there = self.graph.slice(rest, low, width);
            let zero = self.graph.number(width, 0);
            values.push(if is_raised { self.graph.mux(step.was, there, zero) } else { there });
        }
        values
    }

    fn packed(&mut self, packing: &mut Packing, packed: Value) {
        let width = self.graph.width(packed);
        let most = width.min(packing.most);
        packing.packed = Some(self.graph.slice(packed, width - most, most));
    }
}
