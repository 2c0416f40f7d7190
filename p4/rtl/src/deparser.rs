//! Headers as bytes again: what is emitted stands side by side, without gaps.

use sluice_ir::{Handle, Header, HeaderRef, Type};

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

/// A header that is emitted, as it is then.
#[derive(Clone, Debug)]
pub(crate) struct Emitted {
    pub(crate) header: Handle<Header>,
    /// Whether it is.
    pub(crate) on: Value,
    /// The values of its fields, in order.
    pub(crate) fields: Vec<Value>,
    /// Bits of its varbit field.
    pub(crate) bits: Option<Value>,
}

impl Exec<'_> {
    /// Notes an emitted header.
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
            let fields = module.header_types[module.headers[header].ty].fields.len() as u32;
            let value = |slot: u32| state.slots[slot as usize];
            let fields = (0..fields).map(|field| value(self.slots.field(header, field))).collect();
            let bits = self.slots.length(header).map(value);
            self.emitted.push(Emitted { header, on, fields, bits });
        }
    }

    /// What all emitted headers consist of.
    pub(crate) fn segments(&mut self) -> Vec<Segment> {
        let emitted = std::mem::take(&mut self.emitted);
        emitted.iter().flat_map(|emitted| self.segments_of(emitted, &emitted.fields)).collect()
    }

    /// What an emitted header consists of, whose fields have those values.
    pub(crate) fn segments_of(&mut self, emitted: &Emitted, values: &[Value]) -> Vec<Segment> {
        let module = self.module;
        let (on, mut segments, mut fixed) = (emitted.on, Vec::new(), Vec::new());
        let fields = &module.header_types[module.headers[emitted.header].ty].fields;
        for (field, value) in fields.iter().zip(values) {
            let (Type::Varbit(_), Some(bits)) = (field.ty, emitted.bits) else {
                fixed.push(*value);
                continue;
            };
            if let Some(data) = self.graph.join(std::mem::take(&mut fixed)) {
                segments.push(Segment { on, data, bits: None });
            }
            segments.push(Segment { on, data: *value, bits: Some(bits) });
        }
        segments.extend(self.graph.join(fixed).map(|data| Segment { on, data, bits: None }));
        segments
    }

    /// Segments without gaps, the first bit on top, and how many bytes that is. None for no segments.
    pub(crate) fn compact(&mut self, segments: &[Segment]) -> Option<(Value, Value)> {
        let mut packed: Option<Value> = None;
        let mut bits = self.graph.number(LENGTH, 0);
        for segment in segments.iter().rev() {
            let counted = self.counted(segment);
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

    /// Bits of a segment; none if it is not there.
    pub(crate) fn counted(&mut self, segment: &Segment) -> Value {
        let width = self.graph.width(segment.data);
        let length = match segment.bits {
            Some(bits) => bits,
            None => self.graph.number(LENGTH, u64::from(width)),
        };
        let none = self.graph.number(LENGTH, 0);
        self.graph.mux(segment.on, length, none)
    }

    pub(crate) fn put_before(&mut self, segment: &Segment, behind: Option<Value>) -> Value {
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
