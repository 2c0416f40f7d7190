//! Headers as bytes again: what is emitted stands side by side, without gaps.

use sluice_ir::{HeaderRef, Type};

use crate::exec::Exec;
use crate::graph::{Binary, Value};
use crate::state::{LENGTH, State};

/// Most bytes of emitted headers: a copy with more is not sent.
pub(crate) const MAX_HEAD_BYTES: u32 = 512;

/// Bits that are emitted one behind the other.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Whether they are there.
    pub(crate) on: Value,
    /// The bits, the first on top.
    pub(crate) data: Value,
    /// How many of them count, where that is not known.
    pub(crate) bits: Option<Value>,
}

impl Exec<'_> {
    /// Notes what an emitted header consists of.
    pub(crate) fn emit(&mut self, state: &State, header: HeaderRef) {
        let module = self.module;
        for (on, header) in self.headers(state, header) {
            let valid = state.slots[self.slots.valid(header) as usize];
            let on = self.graph.and(on, valid);
            let here = self.here(state);
            let on = self.graph.and(on, here);
            if self.graph.is(on, 0) {
                continue;
            }
            let mut fixed = Vec::new();
            for (index, field) in module.header_types[module.headers[header].ty].fields.iter().enumerate() {
                let value = state.slots[self.slots.field(header, index as u32) as usize];
                let (Type::Varbit(_), Some(length)) = (field.ty, self.slots.length(header)) else {
                    fixed.push(value);
                    continue;
                };
                if let Some(data) = self.graph.join(std::mem::take(&mut fixed)) {
                    self.emitted.push(Segment { on, data, bits: None });
                }
                self.emitted.push(Segment { on, data: value, bits: Some(state.slots[length as usize]) });
            }
            if let Some(data) = self.graph.join(fixed) {
                self.emitted.push(Segment { on, data, bits: None });
            }
        }
    }

    /// Segments without gaps, the first bit on top, and how many bytes that is. None for no segments.
    pub(crate) fn compact(&mut self, segments: &[Segment]) -> Option<(Value, Value)> {
        let mut packed: Option<Value> = None;
        let mut bits = self.graph.number(LENGTH, 0);
        for segment in segments.iter().rev() {
            let width = self.graph.width(segment.data);
            let length = match segment.bits {
                Some(bits) => bits,
                None => self.graph.number(LENGTH, u64::from(width)),
            };
            let none = self.graph.number(LENGTH, 0);
            let counted = self.graph.mux(segment.on, length, none);
            bits = self.graph.add(bits, counted);
            let all = self.put_before(segment, packed);
            let width = self.graph.width(all);
            let most = width.min(MAX_HEAD_BYTES * 8);
            packed = Some(self.graph.slice(all, width - most, most));
        }
        let bytes = self.graph.slice(bits, 3, LENGTH - 3);
        let bytes = self.graph.resize(bytes, LENGTH);
        packed.map(|packed| (packed, bytes))
    }

    fn put_before(&mut self, segment: &Segment, behind: Option<Value>) -> Value {
        let width = self.graph.width(segment.data);
        let zeros = self.graph.number(width, 0);
        let Some(behind) = behind else { return self.graph.mux(segment.on, segment.data, zeros) };
        let without = self.graph.concat(behind, zeros);
        let with = match segment.bits {
            None => self.graph.concat(segment.data, behind),
            Some(bits) => {
                let room = self.graph.number(self.graph.width(behind), 0);
                let front = self.graph.concat(segment.data, room);
                let moved = self.graph.binary(Binary::Shr, without, bits);
                self.graph.or(front, moved)
            }
        };
        self.graph.mux(segment.on, with, without)
    }
}
