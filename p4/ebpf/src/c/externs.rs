//! Calls of externs.

use sluice_entities::CounterUnit;
use sluice_ir::{
    Expression, ExpressionKind, ExternCall, Handle, HashAlgorithm, Intrinsic, Place, SluiceCall, Type,
};

use super::code::{Code, Side, cut, number};
use super::expression::Words;
use super::statement::OUT;
use crate::layout::{COUNTS, DIRECT_METERS};

/// Most ranges that a program overwrites in one frame, and most IP packets of it that it makes consistent; further ones are ignored.
pub(super) const MAX_FRAME_EDITS: usize = 16;

/// Most bytes that a program appends to one frame; further ones are ignored.
pub(super) const MAX_TRAILER_BYTES: usize = 64;

impl Code<'_> {
    pub(super) fn call(&mut self, call: &ExternCall) {
        match call {
            ExternCall::CounterCount { counter, index } => {
                let index = self.low_word(*index);
                let index = self.named(&index);
                let size = self.module.counters[*counter].size;
                let first = self.counters[counter.index()];
                self.line(format!("if ({index} < {size})"));
                self.line(format!("\tcount(&{COUNTS}, {first} + {index}, st->wire_length);"));
            }
            ExternCall::DirectCounterCount { .. } => {
                self.line(format!("count(&{COUNTS}, cell, st->wire_length);"));
            }
            ExternCall::MeterExecute { meter, index, result } => {
                let index = self.low_word(*index);
                let (name, ir) = (self.storage.meters[meter.index()].clone(), &self.module.meters[*meter]);
                let units = units(ir.unit);
                let color = self.named(&format!(
                    "meter(&{name}, {index}, {}, st->time_ns, {units}, st->wire_length)",
                    ir.size
                ));
                self.store_number(result, &color);
            }
            ExternCall::DirectMeterRead { table, result } => {
                let unit = self.module.tables[*table].direct_meter.as_ref().map(|meter| meter.unit);
                let units = units(unit.unwrap_or(CounterUnit::Packets));
                let color = self.named(&format!(
                    "meter(&{DIRECT_METERS}, cell, ~0ULL, st->time_ns, {units}, st->wire_length)"
                ));
                self.store_number(result, &color);
            }
            ExternCall::RegisterRead { register, index, result } => {
                let words = self.read_register(register.index(), *index);
                self.store(result, words);
            }
            ExternCall::RegisterWrite { register, index, value } => {
                let index = self.low_word(*index);
                let words = self.words(*value);
                let words: Words = words.iter().map(|word| self.named(word)).collect();
                self.at_cell(register.index(), &index, |code, cell| {
                    for (i, word) in words.iter().enumerate() {
                        code.line(format!("{cell}->words[{i}] = {word};"));
                    }
                });
            }
            ExternCall::Hash { algorithm, result, base, max, data } => {
                let (base, max) = (self.low_word(*base), self.low_word(*max));
                let max = self.named(&max);
                let sum = self.sum_of(*algorithm, data, false);
                let value = self.named(&format!("{base} + ({max} ? {sum} % {max} : 0)"));
                self.store_number(result, &value);
            }
            ExternCall::Random { result, low, high } => {
                let (low, high) = (self.low_word(*low), self.low_word(*high));
                let value = self.named(&format!("random_between({low}, {high})"));
                self.store_number(result, &value);
            }
            ExternCall::PacketLength { result } => self.store_number(result, "st->len"),
            ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload } => {
                let condition = self.scalar(*condition);
                self.braced(format!("if ({condition})"), |code| {
                    let sum = code.sum_of(*algorithm, data, *with_payload);
                    let width = code.ty(*checksum).width();
                    let stated = code.low_word(*checksum);
                    let sum = if width < 64 { cut(&sum, width) } else { sum };
                    code.braced(format!("if ({sum} != {stated})"), |code| {
                        code.store_intrinsic(Intrinsic::ChecksumError, "1");
                    });
                });
            }
            ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload } => {
                let condition = self.scalar(*condition);
                self.braced(format!("if ({condition})"), |code| {
                    let sum = code.sum_of(*algorithm, data, *with_payload);
                    code.store_number(checksum, &sum);
                });
            }
            ExternCall::Assert { condition, .. } | ExternCall::Assume { condition, .. } => {
                let condition = self.scalar(*condition);
                let own = self.own();
                self.braced(format!("if (!({condition}))"), |code| {
                    code.line(format!("{own}->ended = ENDED_ASSERTION;"));
                    code.line(format!("goto {OUT};"));
                });
            }
            ExternCall::LogMessage { .. } => {}
            ExternCall::MarkToDrop => {
                self.set_intrinsic(Intrinsic::EgressSpec, "511");
                self.set_intrinsic(Intrinsic::McastGrp, "0");
            }
            ExternCall::Truncate { length_bytes } => {
                let length = self.low_word(*length_bytes);
                let own = self.own();
                self.line(format!("{own}->truncate = {length};"));
            }
            ExternCall::Digest { .. } => {
                self.refuse("digests yet", "run the program on the soft switch");
            }
            ExternCall::Clone { .. } => self.refuse("clones", "send the packet to a multicast group"),
            ExternCall::Resubmit { .. } => {
                self.refuse("resubmission", "do both passes in one, or run the program on the soft switch");
            }
            ExternCall::Recirculate { .. } => {
                self.refuse("recirculation", "do both passes in one, or run the program on the soft switch");
            }
            ExternCall::Sluice(call) => self.sluice_call(call),
        }
    }

    pub(super) fn store_intrinsic(&mut self, intrinsic: Intrinsic, value: &str) {
        let variable = self.storage.intrinsic(self.module, intrinsic);
        if variable.is_some_and(|variable| self.storage.reads.variable(variable)) {
            self.set_intrinsic(intrinsic, value);
        }
    }

    /// The same of one that the runtime reads.
    pub(super) fn set_intrinsic(&mut self, intrinsic: Intrinsic, value: &str) {
        if let Some(variable) = self.storage.intrinsic(self.module, intrinsic) {
            self.store_number(&Place::Variable(variable), value);
        }
    }

    fn read_register(&mut self, register: usize, index: Handle<Expression>) -> Words {
        let index = self.low_word(index);
        let handle = Handle::new(register);
        let count = crate::layout::words_of(self.module.registers[handle].ty.width());
        let names: Words = (0..count).map(|_| self.named("0")).collect();
        let to = names.clone();
        self.at_cell(register, &index, |code, cell| {
            for (i, name) in to.iter().enumerate() {
                code.line(format!("{name} = {cell}->words[{i}];"));
            }
        });
        names
    }

    /// Writes `body` for a cell that is there.
    fn at_cell(&mut self, register: usize, index: &str, body: impl FnOnce(&mut Self, &str)) {
        let name = self.storage.registers[register].clone();
        let size = self.module.registers[Handle::new(register)].size;
        let index = self.named(index);
        self.braced(format!("if ({index} < {size})"), |code| {
            let (at, cell) = (code.fresh(), code.fresh());
            code.line(format!("u32 {at} = {index};"));
            code.line(format!("struct cell_{name} *{cell} = bpf_map_lookup_elem(&{name}, &{at});"));
            code.braced(format!("if ({cell})"), |code| body(code, &cell));
        });
    }

    fn sluice_call(&mut self, call: &SluiceCall) {
        match call {
            SluiceCall::IngressTimeNs { result } => self.store_number(result, "st->time_ns"),
            SluiceCall::WireLength { result } => self.store_number(result, "st->wire_length"),
            SluiceCall::BadFrame { result } => self.store_number(result, "st->bad_frame"),
            SluiceCall::Digest64 { result, seed, data } => {
                let seed = self.low_word(*seed);
                let hash = self.named(&format!("{seed} ^ 0x9E3779B97F4A7C15ULL"));
                let Some((pieces, bits)) = self.pieces(data) else { return };
                for at in (0..bits).step_by(64) {
                    let word = self.bits_of_pieces(&pieces, at, 64);
                    self.line(format!("{hash} = digest64_word({hash}, {word});"));
                }
                self.store_number(result, &format!("digest64_end({hash})"));
            }
            SluiceCall::Trim { length_bytes } => {
                let length = self.low_word(*length_bytes);
                let length = self.named(&length);
                let own = self.own();
                self.line(format!("if ({length} < {own}->trim)"));
                self.line(format!("\t{own}->trim = {length};"));
            }
            _ if self.side == Side::Ingress => {
                self.refuse("edits of the frame in ingress", "edit the frame in egress");
            }
            SluiceCall::Overwrite { offset_bytes, length_bytes, value } => {
                let values = [*offset_bytes, *length_bytes, *value].map(|value| self.low_word(value));
                let [offset, length, value] = values.map(|value| self.named(&value));
                self.line(format!("note_overwrite(eg, {offset}, {length}, {value});"));
            }
            SluiceCall::FixChecksums { offset_bytes } => {
                let offset = self.low_word(*offset_bytes);
                self.line(format!("note_checksums(eg, {offset});"));
            }
            SluiceCall::AppendTrailer { data } => self.append_trailer(data),
        }
    }

    fn append_trailer(&mut self, data: &[Handle<Expression>]) {
        let Some((pieces, bits)) = self.pieces(data) else { return };
        let bytes = bits / 8;
        if bytes as usize > MAX_TRAILER_BYTES {
            return self.refuse("trailers of more than 64 bytes", "append fewer bytes");
        }
        let place = self.fresh();
        self.line(format!("u32 {place} = eg->trailer_bytes;"));
        self.line(format!("OPAQUE({place});"));
        self.braced(format!("if ({place} <= {})", MAX_TRAILER_BYTES as u32 - bytes), |code| {
            for byte in (0..bytes).step_by(8) {
                let left = (bytes - byte).min(8);
                let word = code.bits_of_pieces(&pieces, byte * 8, 64);
                let word = code.named(&word);
                let mut done = 0;
                for size in [8, 4, 2, 1] {
                    if left & size != 0 {
                        let shift = 64 - (done + size) * 8;
                        let at = byte + done;
                        code.line(format!(
                            "STORE{}(&eg->trailer[{place} + {at}], {word} >> {shift});",
                            size * 8
                        ));
                        done += size;
                    }
                }
            }
            code.line(format!("eg->trailer_bytes += {bytes};"));
        });
    }

    /// A list of data as pieces one behind the other, and how many bits they are; none for data whose length only the packet knows.
    fn pieces(&mut self, data: &[Handle<Expression>]) -> Option<(Vec<(Words, u32)>, u32)> {
        let mut pieces = Vec::new();
        let mut bits = 0;
        for item in data {
            let ty = self.ty(*item);
            if let Type::Varbit(_) = ty {
                self.refuse(
                    "varbit fields in hashes, checksums and digests",
                    "leave the field out of the data",
                );
                return None;
            }
            let words = self.words(*item);
            let is_constant = matches!(self.module.expressions[*item].kind, ExpressionKind::Constant(_));
            let words = if is_constant { words } else { words.iter().map(|word| self.named(word)).collect() };
            pieces.push((words, ty.width()));
            bits += ty.width();
        }
        Some((pieces, bits))
    }

    /// The hash of a list of data, and of the payload behind it.
    fn sum_of(
        &mut self,
        algorithm: HashAlgorithm,
        data: &[Handle<Expression>],
        with_payload: bool,
    ) -> String {
        let Some((pieces, bits)) = self.pieces(data) else { return "0".to_string() };
        let words: Vec<(String, u32)> = (0..bits)
            .step_by(64)
            .map(|at| (self.bits_of_pieces(&pieces, at, 64), (bits - at).min(64).div_ceil(8)))
            .collect();
        if with_payload && algorithm != HashAlgorithm::Csum16 {
            self.refuse("hash over the payload but csum16", "use csum16, or leave the payload out");
        }
        match algorithm {
            HashAlgorithm::Random => "0".to_string(),
            HashAlgorithm::Identity => match words.first() {
                None => "0".to_string(),
                Some((word, 8)) => word.clone(),
                Some((word, bytes)) => format!("({word} >> {})", 64 - bytes * 8),
            },
            HashAlgorithm::Crc32 | HashAlgorithm::Crc32Custom => {
                let sum = self.crc(&words, "0xffffffffULL", 0xEDB8_8320);
                format!("(~{sum} & 0xffffffffULL)")
            }
            HashAlgorithm::Crc16 | HashAlgorithm::Crc16Custom => self.crc(&words, "0", 0xA001),
            HashAlgorithm::Xor16 => {
                let sum = self.named("0");
                for (word, _) in &words {
                    self.line(format!("{sum} ^= {word};"));
                }
                self.line(format!("{sum} ^= {sum} >> 32;"));
                self.line(format!("{sum} = ({sum} ^ {sum} >> 16) & 0xffff;"));
                sum
            }
            HashAlgorithm::Csum16 => {
                let sum = self.named("0");
                for (word, _) in &words {
                    self.line(format!("{sum} += sum16({word});"));
                }
                if with_payload {
                    if !bits.is_multiple_of(16) {
                        self.refuse(
                            "checksum whose data are not words of 16 bits in front of the payload",
                            "fill the data up to 16 bits",
                        );
                    }
                    self.line(format!("{sum} += payload_sum(ctx, st);"));
                }
                format!("(~fold16({sum}) & 0xffff)")
            }
        }
    }

    fn crc(&mut self, words: &[(String, u32)], start: &str, polynomial: u64) -> String {
        let sum = self.named(start);
        for (word, bytes) in words {
            self.line(format!("{sum} = crc({sum}, {word}, {bytes}, {});", number(polynomial)));
        }
        sum
    }
}

/// What a packet takes from a meter's buckets.
fn units(unit: CounterUnit) -> &'static str {
    match unit {
        CounterUnit::Packets => "1",
        CounterUnit::Bytes | CounterUnit::Both => "st->wire_length",
    }
}
