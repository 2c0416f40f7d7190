//! Calls with effects.

use sluice_ir::{
    Expression, ExternCall, Handle, HashAlgorithm, Intrinsic, Meter, Place, Register, SluiceCall, Type,
};

use crate::exec::{Access, Counted, Edit, Exec, Unit, Write};
use crate::graph::{Binary, Function, Input, Op, UnitId, Value};
use crate::state::{LENGTH, Special, State};

/// v1model's port for what is dropped.
pub(crate) const DROP_PORT: u64 = 511;

impl Exec<'_> {
    pub(crate) fn extern_call(&mut self, state: &mut State, call: &ExternCall) {
        match call {
            ExternCall::CounterCount { counter, index } => {
                let index = self.value(state, *index);
                let size = self.module.counters[*counter].size;
                self.count(state, Counted::Indexed(*counter), index, size);
            }
            ExternCall::DirectCounterCount { table } => {
                if let Some((of, entry)) = self.acting_entry()
                    && of == *table
                {
                    self.count(state, Counted::Direct(of), entry, u64::from(u16::MAX));
                }
            }
            ExternCall::RegisterRead { register, index, result } => {
                let index = self.value(state, *index);
                let value = self.read_register(state, *register, index);
                self.assign(state, result, value);
            }
            ExternCall::RegisterWrite { register, index, value } => {
                let (index, value) = (self.value(state, *index), self.value(state, *value));
                self.write_register(state, *register, index, value);
            }
            ExternCall::Hash { algorithm, result, base, max, data } => {
                self.hash(state, *algorithm, result, *base, *max, data);
            }
            ExternCall::Truncate { length_bytes } => self.cut(state, Special::Truncate, *length_bytes),
            ExternCall::MarkToDrop => {
                let (port, group) = (self.graph.number(9, DROP_PORT), self.graph.number(16, 0));
                let always = self.graph.bit(true);
                for (which, value) in [(Intrinsic::EgressSpec, port), (Intrinsic::McastGrp, group)] {
                    if let Some(slot) = self.intrinsic(which) {
                        self.put(state, slot, always, value);
                    }
                }
            }
            ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload } => {
                let sum = self.checksum(state, *algorithm, data, *with_payload);
                let have = self.value(state, *checksum);
                let sum = self.graph.resize(sum, self.graph.width(have));
                let same = self.graph.equals(sum, have);
                let differs = self.graph.not(same);
                let condition = self.value(state, *condition);
                let wrong = self.graph.and(condition, differs);
                if let Some(slot) = self.intrinsic(Intrinsic::ChecksumError) {
                    let one = self.graph.number(1, 1);
                    self.put(state, slot, wrong, one);
                }
            }
            ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload } => {
                let sum = self.checksum(state, *algorithm, data, *with_payload);
                let condition = self.value(state, *condition);
                let before = self.place_value(state, checksum);
                let sum = self.graph.resize(sum, self.graph.width(before));
                let sum = self.graph.mux(condition, sum, before);
                self.assign(state, checksum, sum);
            }
            ExternCall::PacketLength { result } => {
                let length = self.graph.input(Input::Length, LENGTH);
                self.assign_resized(state, result, length);
            }
            ExternCall::Sluice(call) => self.sluice_call(state, call),
            // A log of a hundred million packets a second is nobody's wish; what it would print changes nothing.
            ExternCall::LogMessage { .. } => {}
            ExternCall::MeterExecute { meter, index, result } => {
                let index = self.value(state, *index);
                let color = self.meter(state, *meter, index);
                self.assign_resized(state, result, color);
            }
            ExternCall::DirectMeterRead { .. } => {
                self.refuse("direct meters", "declare a meter with an index");
            }
            ExternCall::Random { .. } => self.refuse("random numbers", "hash what differs between packets"),
            ExternCall::Digest { .. } => self.refuse("digests", "send a copy to a port"),
            ExternCall::Clone { .. } => self.refuse("clones", "send the packet to a multicast group"),
            ExternCall::Resubmit { .. } | ExternCall::Recirculate { .. } => {
                self.refuse("second pass of a packet", "do the work in one pass");
            }
            ExternCall::Assert { .. } | ExternCall::Assume { .. } => {
                self.refuse("assertions", "drop the packet where the condition does not hold");
            }
        }
    }

    fn sluice_call(&mut self, state: &mut State, call: &SluiceCall) {
        match call {
            SluiceCall::IngressTimeNs { result } => {
                let time = self.graph.input(Input::Time, 64);
                self.assign_resized(state, result, time);
            }
            SluiceCall::WireLength { result } => {
                let length = self.graph.input(Input::Length, LENGTH);
                self.assign_resized(state, result, length);
            }
            SluiceCall::BadFrame { result } => {
                let bad = self.graph.input(Input::Bad, 1);
                self.assign_resized(state, result, bad);
            }
            SluiceCall::Digest64 { result, seed, data } => {
                let seed = self.value(state, *seed);
                let digest = self.digest64(state, seed, data);
                self.assign_resized(state, result, digest);
            }
            SluiceCall::Overwrite { offset_bytes, length_bytes, value } => {
                let (offset, length) = (self.value(state, *offset_bytes), self.value(state, *length_bytes));
                let (offset, length) = (self.length(offset), self.length(length));
                let value = self.value(state, *value);
                let on = self.here(state);
                self.edits.push(Edit::Overwrite { on, offset, length, value });
            }
            SluiceCall::Trim { length_bytes } => self.cut(state, Special::Trim, *length_bytes),
            SluiceCall::FixChecksums { .. } => {
                self.refuse(
                    "checksums over what truncation leaves (fix_checksums)",
                    "leave checksums as they were, or use another target",
                );
            }
            SluiceCall::AppendTrailer { data } => {
                let values = self.values(state, data);
                if let Some(data) = self.graph.join(values) {
                    let on = self.here(state);
                    self.edits.push(Edit::Trailer { on, data });
                }
            }
        }
    }

    /// What a place holds.
    fn place_value(&mut self, state: &State, place: &Place) -> Value {
        match place {
            Place::Variable(variable) => state.slots[self.slots.variable(*variable) as usize],
            Place::Field(header, field) => {
                let width = self.module.field_type(*header, *field).map_or(1, Type::width);
                let zero = self.graph.number(width, 0);
                self.read(state, *header, zero, |slots, header| slots.field(header, *field))
            }
            Place::Slice { base, high, low } => {
                let base = self.place_value(state, base);
                self.graph.slice(base, *low, high - low + 1)
            }
        }
    }

    fn assign_resized(&mut self, state: &mut State, place: &Place, value: Value) {
        let width = self.module.place_type(place).map_or(1, Type::width);
        let value = self.graph.resize(value, width);
        self.assign(state, place, value);
    }

    /// What is left is the least of what all calls leave: of truncation the last call's.
    fn cut(&mut self, state: &mut State, which: Special, length: Handle<Expression>) {
        let length = self.value(state, length);
        let length = self.length(length);
        let always = self.graph.bit(true);
        self.put(state, self.slots.special(which), always, length);
    }

    /// The values of a list of data.
    fn values(&mut self, state: &State, data: &[Handle<Expression>]) -> Vec<Value> {
        let mut values = Vec::new();
        for item in data {
            if matches!(self.module.expressions[*item].ty, Type::Varbit(_)) {
                self.refuse(
                    "varbit fields in hashes, checksums and trailers",
                    "leave the field out of the data",
                );
                continue;
            }
            values.push(self.value(state, *item));
        }
        values
    }

    fn checksum(
        &mut self,
        state: &State,
        algorithm: HashAlgorithm,
        data: &[Handle<Expression>],
        with_payload: bool,
    ) -> Value {
        if with_payload {
            self.refuse("checksums over the payload", "sum headers alone");
        }
        let values = self.values(state, data);
        self.hash_of(algorithm, values).1
    }

    fn hash(
        &mut self,
        state: &mut State,
        algorithm: HashAlgorithm,
        result: &Place,
        base: Handle<Expression>,
        max: Handle<Expression>,
        data: &[Handle<Expression>],
    ) {
        let (base, max) = (self.value(state, base), self.value(state, max));
        let values = self.values(state, data);
        let (bits, hash) = self.hash_of(algorithm, values);
        let width = self.module.place_type(result).map_or(1, Type::width).max(64);
        let hash = self.graph.resize(hash, width);
        let base = self.graph.resize(base, width);
        let rest = match self.graph.known(max).map(|max| max.to_u64()) {
            Some(Some(0)) => self.graph.number(width, 0),
            // What is never reached divides by nothing.
            Some(Some(max)) if bits < 64 && max >= 1 << bits => hash,
            Some(None) => hash,
            Some(Some(max)) if max.is_power_of_two() => {
                let mask = self.graph.number(width, max - 1);
                self.graph.and(hash, mask)
            }
            _ => {
                self.refuse("hash modulo anything but a constant power of two", "use a power of two");
                hash
            }
        };
        let sum = self.graph.add(base, rest);
        self.assign_resized(state, result, sum);
    }

    /// A hash with the number of bits that it has.
    fn hash_of(&mut self, algorithm: HashAlgorithm, values: Vec<Value>) -> (u32, Value) {
        let bits: u32 = values.iter().map(|value| self.graph.width(*value)).sum();
        let Some(data) = self.graph.join(values) else {
            return (16, self.graph.number(16, if algorithm == HashAlgorithm::Csum16 { 0xffff } else { 0 }));
        };
        match algorithm {
            HashAlgorithm::Crc32 | HashAlgorithm::Crc32Custom => {
                let data = self.filled(data, bits, 8);
                (32, self.graph.function(Function::Crc32, data, 32))
            }
            HashAlgorithm::Crc16 | HashAlgorithm::Crc16Custom => {
                let data = self.filled(data, bits, 8);
                (16, self.graph.function(Function::Crc16, data, 16))
            }
            HashAlgorithm::Random => (1, self.graph.number(16, 0)),
            HashAlgorithm::Identity => {
                let data = self.filled(data, bits, 8);
                let width = self.graph.width(data);
                let data = if width > 64 { self.graph.slice(data, width - 64, 64) } else { data };
                (width.min(64), data)
            }
            HashAlgorithm::Csum16 => (16, self.sum16(data, bits)),
            HashAlgorithm::Xor16 => {
                let words = self.words(data, bits, 16);
                let sum = self.graph.tree(Binary::Xor, words);
                (16, sum.unwrap_or_else(|| self.graph.number(16, 0)))
            }
        }
    }

    /// The data with zeros behind it, up to a multiple of so many bits.
    fn filled(&mut self, data: Value, bits: u32, unit: u32) -> Value {
        let rest = bits.next_multiple_of(unit) - bits;
        if rest == 0 {
            return data;
        }
        let zeros = self.graph.number(rest, 0);
        self.graph.concat(data, zeros)
    }

    /// The data in words, the first one first.
    fn words(&mut self, data: Value, bits: u32, unit: u32) -> Vec<Value> {
        let data = self.filled(data, bits, unit);
        let count = bits.div_ceil(unit);
        (0..count).rev().map(|at| self.graph.slice(data, at * unit, unit)).collect()
    }

    /// The complement of the ones'-complement sum: a tree of sums, and two carries around.
    fn sum16(&mut self, data: Value, bits: u32) -> Value {
        let words = self.words(data, bits, 16);
        let wide: Vec<Value> = words.into_iter().map(|word| self.graph.resize(word, 32)).collect();
        let mut sum = self.graph.tree(Binary::Add, wide).unwrap_or_else(|| self.graph.number(32, 0));
        for _ in 0..2 {
            let (high, low) = (self.graph.slice(sum, 16, 16), self.graph.slice(sum, 0, 16));
            let (high, low) = (self.graph.resize(high, 32), self.graph.resize(low, 32));
            sum = self.graph.add(high, low);
        }
        let sum = self.graph.slice(sum, 0, 16);
        self.graph.not(sum)
    }

    /// `digest64` (docs/PIPELINE.md): a product a word.
    fn digest64(&mut self, state: &State, seed: Value, data: &[Handle<Expression>]) -> Value {
        let values = self.values(state, data);
        let bits: u32 = values.iter().map(|value| self.graph.width(*value)).sum();
        let start = self.graph.number(64, 0x9E37_79B9_7F4A_7C15);
        let mut hash = self.graph.binary(Binary::Xor, seed, start);
        let factor = self.graph.number(64, 0xFF51_AFD7_ED55_8CCD);
        let words = match self.graph.join(values) {
            Some(data) => self.words(data, bits, 64),
            None => Vec::new(),
        };
        for word in words {
            hash = self.graph.binary(Binary::Xor, hash, word);
            hash = self.graph.binary(Binary::Mul, hash, factor);
            hash = self.folded(hash, 32);
        }
        let last = self.graph.number(64, 0xC4CE_B9FE_1A85_EC53);
        hash = self.graph.binary(Binary::Mul, hash, last);
        self.folded(hash, 29)
    }

    fn folded(&mut self, hash: Value, by: u64) -> Value {
        let by = self.graph.number(8, by);
        let high = self.graph.binary(Binary::Shr, hash, by);
        self.graph.binary(Binary::Xor, hash, high)
    }

    fn count(&mut self, state: &State, counter: Counted, index: Value, size: u64) {
        let on = self.here(state);
        let path = self.conditions(state);
        let on = self.in_range(index, size, on);
        let index = self.index(index, size);
        let banks = self.counters.get(&counter).cloned().unwrap_or_default();
        for unit in &banks {
            let Unit::Counter { bank, on: before, index: other, bytes, mut paths, .. } =
                self.units[unit.0 as usize].clone()
            else {
                continue;
            };
            if paths.iter().all(|known| self.excludes(known, &path)) {
                paths.push(path);
                let index = self.graph.mux(on, index, other);
                let on = self.graph.or(on, before);
                self.units[unit.0 as usize] = Unit::Counter { counter, bank, on, index, bytes, paths };
                return;
            }
        }
        let bytes = self.graph.input(Input::Length, LENGTH);
        let bank = banks.len();
        let unit = self.unit(Unit::Counter { counter, bank, on, index, bytes, paths: vec![path] });
        self.counters.entry(counter).or_default().push(unit);
    }

    /// The color that a meter gives the packet; green where there is no such cell.
    fn meter(&mut self, state: &State, meter: Handle<Meter>, index: Value) -> Value {
        let size = self.module.meters[meter].size;
        let path = self.conditions(state);
        let on = self.here(state);
        let on = self.in_range(index, size, on);
        let always = self.graph.bit(true);
        let inside = self.in_range(index, size, always);
        let index = self.index(index, size);
        let (bytes, time) = (self.graph.input(Input::Length, LENGTH), self.graph.input(Input::Time, 64));
        let unit = match self.meters.get(&meter).copied() {
            None => {
                let unit = self.unit(Unit::Meter { meter, on, index, bytes, time, paths: vec![path] });
                self.meters.insert(meter, unit);
                unit
            }
            Some(unit) => {
                let Unit::Meter { on: before, index: other, mut paths, .. } =
                    self.units[unit.0 as usize].clone()
                else {
                    return on;
                };
                let is_apart = paths.iter().all(|known| self.excludes(known, &path));
                if !is_apart || self.is_of(on, unit) || self.is_of(index, unit) {
                    self.refuse("meter that measures twice for one packet", "declare a second meter");
                }
                paths.push(path);
                let index = self.graph.mux(on, index, other);
                let on = self.graph.or(on, before);
                self.units[unit.0 as usize] = Unit::Meter { meter, on, index, bytes, time, paths };
                unit
            }
        };
        let color = self.graph.output(unit, 0, 2);
        let green = self.graph.number(2, 0);
        self.graph.mux(inside, color, green)
    }

    /// Whether there is such a cell, and something else holds.
    fn in_range(&mut self, index: Value, size: u64, on: Value) -> Value {
        let width = self.graph.width(index);
        if width < 64 && size >= 1 << width {
            return on;
        }
        let size = self.graph.number(width, size);
        let inside = self.graph.less(index, size);
        self.graph.and(on, inside)
    }

    fn index(&mut self, index: Value, size: u64) -> Value {
        self.graph.resize(index, index_width(size))
    }

    fn register_unit(&mut self, register: Handle<Register>) -> UnitId {
        if let Some(unit) = self.registers.get(&register) {
            return *unit;
        }
        let unit = self.unit(Unit::Register { register, read: None, write: None, span: self.span });
        self.registers.insert(register, unit);
        unit
    }

    fn is_of(&self, value: Value, unit: UnitId) -> bool {
        self.depends(value, &|part| matches!(self.graph.node(part).op, Op::Output(of, _) if of == unit))
    }

    fn read_register(&mut self, state: &State, register: Handle<Register>, index: Value) -> Value {
        let module = self.module;
        let (size, width) = (module.registers[register].size, module.registers[register].ty.width());
        let unit = self.register_unit(register);
        let path = self.conditions(state);
        let always = self.graph.bit(true);
        let inside = self.in_range(index, size, always);
        let index = self.index(index, size);
        let Unit::Register { read, write, .. } = self.units[unit.0 as usize].clone() else { return index };
        let mut cell = self.graph.output(unit, 0, width);
        let read = match read {
            None => Access { index, paths: vec![path.clone()] },
            Some(before) if before.index == index => before,
            Some(mut before) => {
                let on = self.graph.all(path.clone());
                let excluded = before.paths.iter().all(|other| self.excludes(other, &path));
                if !excluded || self.is_of(on, unit) || self.is_of(index, unit) {
                    self.refuse(
                        "second cell of a register array for one packet",
                        "read one cell, or declare a second array",
                    );
                }
                before.paths.push(path.clone());
                before.index = self.graph.mux(on, index, before.index);
                before
            }
        };
        if let Some(write) = &write
            && !write.paths.iter().all(|other| self.excludes(other, &path))
        {
            if write.index != index {
                self.refuse("reading a register array behind a write to another cell", "read before writing");
            }
            cell = self.graph.mux(write.on, write.value, cell);
        }
        self.units[unit.0 as usize] = Unit::Register { register, read: Some(read), write, span: self.span };
        let zero = self.graph.number(width, 0);
        self.graph.mux(inside, cell, zero)
    }

    fn write_register(&mut self, state: &State, register: Handle<Register>, index: Value, value: Value) {
        let size = self.module.registers[register].size;
        let unit = self.register_unit(register);
        let path = self.conditions(state);
        let on = self.here(state);
        let on = self.in_range(index, size, on);
        let index = self.index(index, size);
        let Unit::Register { read, write, .. } = self.units[unit.0 as usize].clone() else { return };
        let write = match write {
            None => Write { on, index, value, paths: vec![path] },
            Some(mut before) => {
                let excluded = before.paths.iter().all(|other| self.excludes(other, &path));
                if !excluded && before.index != index {
                    self.refuse(
                        "writes of two cells of a register array for one packet",
                        "declare a second array",
                    );
                }
                before.paths.push(path);
                Write {
                    on: self.graph.or(on, before.on),
                    index: self.graph.mux(on, index, before.index),
                    value: self.graph.mux(on, value, before.value),
                    paths: before.paths,
                }
            }
        };
        self.units[unit.0 as usize] = Unit::Register { register, read, write: Some(write), span: self.span };
    }
}

/// Bits of the index of an array.
pub(crate) fn index_width(size: u64) -> u32 {
    size.max(2).next_power_of_two().trailing_zeros()
}
