//! Calls of externs as primitives.

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{
    CloneKind, Expression, ExpressionKind, ExternCall, Handle, HashAlgorithm, Place, Register, SluiceCall,
    Type,
};

use super::expressions::{argument, binary};
use super::storage::{STANDARD, field, shape};
use super::{Context, Refused, Result, Writer, constant, small};
use crate::json::Json;

/// What the format calls an algorithm; the switch has no random one.
pub(crate) fn algorithm_name(algorithm: HashAlgorithm) -> Option<&'static str> {
    Some(match algorithm {
        HashAlgorithm::Crc32 => "crc32",
        HashAlgorithm::Crc32Custom => "crc32_custom",
        HashAlgorithm::Crc16 => "crc16",
        HashAlgorithm::Crc16Custom => "crc16_custom",
        HashAlgorithm::Random => return None,
        HashAlgorithm::Identity => "identity",
        HashAlgorithm::Csum16 => "csum16",
        HashAlgorithm::Xor16 => "xor16",
    })
}

fn named(ty: &str, name: &str) -> Json {
    Json::typed(ty, Json::text(name))
}

impl Writer<'_> {
    pub(super) fn call(&mut self, call: &ExternCall, span: Span, out: &mut Vec<Json>) -> Result<()> {
        let module = self.module;
        match call {
            ExternCall::CounterCount { counter, index } => {
                let counter = named("counter_array", &module.counters[*counter].name);
                let arguments = vec![counter, self.value(*index)?];
                self.primitive("count", arguments, span, out);
            }
            // The switch counts each hit of a table that has counters.
            ExternCall::DirectCounterCount { .. } => {}
            ExternCall::MeterExecute { meter, index, result } => {
                let meter = named("meter_array", &module.meters[*meter].name);
                let index = self.value(*index)?;
                let target = self.result(result, "$color", span)?;
                self.primitive("execute_meter", vec![meter, index, target.clone()], span, out);
                self.settle(result, target, span, out)?;
            }
            ExternCall::DirectMeterRead { table, result } => {
                let color = self.meter_color(*table);
                self.assign(result, color, span, out)?;
            }
            ExternCall::RegisterRead { register, index, result } => {
                self.register_read(*register, *index, result, span, out)?;
            }
            ExternCall::RegisterWrite { register, index, value } => {
                let register = named("register_array", &module.registers[*register].name);
                let arguments = vec![register, self.value(*index)?, self.value(*value)?];
                self.primitive("register_write", arguments, span, out);
            }
            ExternCall::Hash { algorithm, result, base, max, data } => {
                self.hash(*algorithm, result, [*base, *max], data, span, out)?;
            }
            ExternCall::Random { result, low, high } => {
                let target = self.result(result, "$random", span)?;
                let arguments = vec![target.clone(), self.value(*low)?, self.value(*high)?];
                self.primitive("modify_field_rng_uniform", arguments, span, out);
                self.settle(result, target, span, out)?;
            }
            ExternCall::PacketLength { result } => {
                self.assign(result, field(STANDARD, "packet_length"), span, out)?;
            }
            ExternCall::VerifyChecksum { .. } | ExternCall::UpdateChecksum { .. } => {}
            ExternCall::Sluice(call) => return Err(self.refuse_sluice(call, span)),
            _ => self.packet_call(call, span, out)?,
        }
        Ok(())
    }

    /// Calls that say what becomes of the packet, and those for testing.
    fn packet_call(&mut self, call: &ExternCall, span: Span, out: &mut Vec<Json>) -> Result<()> {
        match call {
            ExternCall::Digest { name, receiver, data } => {
                let receiver = self.value(*receiver)?;
                let list = self.learn(name, data, span, out)?;
                self.primitive("generate_digest", vec![receiver, small(list as u64)], span, out);
            }
            ExternCall::Clone { kind, session, field_list } => {
                let op = match kind {
                    CloneKind::IngressToEgress => "clone_ingress_pkt_to_egress",
                    CloneKind::EgressToEgress => "clone_egress_pkt_to_egress",
                };
                let list = match field_list {
                    Some(list) => self.field_list(*list)?,
                    None => small(0),
                };
                let arguments = vec![self.value(*session)?, list];
                self.primitive(op, arguments, span, out);
            }
            ExternCall::Resubmit { field_list } | ExternCall::Recirculate { field_list } => {
                let op = if matches!(call, ExternCall::Resubmit { .. }) { "resubmit" } else { "recirculate" };
                // List 0 would mean that nothing is asked for.
                let list = match field_list {
                    Some(list) => self.field_list(*list)?,
                    None => small(u64::from(self.empty_list())),
                };
                self.primitive(op, vec![list], span, out);
            }
            ExternCall::Truncate { length_bytes } => {
                let length = self.value(*length_bytes)?;
                self.primitive("truncate", vec![length], span, out);
            }
            ExternCall::MarkToDrop => {
                self.primitive("mark_to_drop", vec![named("header", STANDARD)], span, out);
            }
            ExternCall::Assert { condition, .. } | ExternCall::Assume { condition, .. } => {
                let op = if matches!(call, ExternCall::Assert { .. }) { "assert" } else { "assume" };
                let condition = self.condition_argument(*condition)?;
                self.primitive(op, vec![condition], span, out);
            }
            ExternCall::LogMessage { format, arguments } => {
                let values: Result<Vec<Json>> = arguments.iter().map(|value| self.value(*value)).collect();
                let vector = Json::typed("parameters_vector", Json::List(values?));
                self.primitive("log_msg", vec![named("string", format), vector], span, out);
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads a cell. Beyond the array the switch leaves the place as it was, the IR gives zero.
    fn register_read(
        &mut self,
        register: Handle<Register>,
        index: Handle<Expression>,
        result: &Place,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        let (name, size, ty) = {
            let register = &self.module.registers[register];
            (register.name.clone(), register.size, register.ty)
        };
        let may_miss = match &self.module.expressions[index] {
            Expression { kind: ExpressionKind::Constant(bits), .. } => {
                bits.to_u64().is_none_or(|at| at >= size)
            }
            other => other.ty.width() >= 64 || (1_u64 << other.ty.width()) > size,
        };
        let at = self.value(index)?;
        let mut target = self.result(result, "$cell", span)?;
        // The index may be in the place that is written.
        if may_miss && !matches!(&self.module.expressions[index].kind, ExpressionKind::Constant(_)) {
            let (bits, signed) = shape(ty);
            target = self.storage.scratch("$cell", bits, signed);
        }
        if may_miss {
            self.primitive("assign", vec![target.clone(), small(0)], span, out);
        }
        self.primitive("register_read", vec![target.clone(), named("register_array", &name), at], span, out);
        self.settle(result, target, span, out)
    }

    fn hash(
        &mut self,
        algorithm: HashAlgorithm,
        result: &Place,
        [base, max]: [Handle<Expression>; 2],
        data: &[Handle<Expression>],
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        let start = self.value(base)?;
        let zero = |max: &Bits| max.is_zero();
        let (mut constant_max, mut is_zero) = (false, false);
        if let ExpressionKind::Constant(bits) = &self.module.expressions[max].kind {
            (constant_max, is_zero) = (true, zero(bits));
        }
        let (true, Some(algorithm)) = (!is_zero, algorithm_name(algorithm)) else {
            return self.assign(result, start, span, out);
        };
        for (what, operand) in [("base", base), ("modulus", max)] {
            let expression = &self.module.expressions[operand];
            let fits = match &expression.kind {
                ExpressionKind::Constant(bits) => bits.bit_length() <= 64,
                _ => expression.ty.width() <= 64,
            };
            if !fits {
                let message = format!("bmv2's hash has no {what} of {} bits", expression.ty.width());
                return Err(self.refuse(span, message, "use 64 bits at most"));
            }
        }
        let inputs: Result<Vec<Json>> =
            data.iter().map(|item| self.input(*item, "$hash", span, out)).collect();
        let inputs = inputs?.into_iter().flat_map(flatten).collect();
        let calculation = self.calculation(algorithm, inputs);
        let modulus = self.value(max)?;
        let target = self.result(result, "$hash", span)?;
        let mut branch = None;
        if !constant_max {
            if self.context == Context::Parser {
                let message = "bmv2's parser does not branch on the modulus of a hash";
                return Err(self.refuse(span, message, "use a constant modulus"));
            }
            let scratch = self.storage.scratch("$hash.max", self.module.expressions[max].ty.width(), false);
            self.primitive("assign", vec![scratch.clone(), modulus], span, out);
            branch = Some((out.len(), scratch));
        }
        let op = "modify_field_with_hash_based_offset";
        let Some((at, scratch)) = branch else {
            let modulus = self.value(max)?;
            self.primitive(op, vec![target.clone(), start, calculation, modulus], span, out);
            return self.settle(result, target, span, out);
        };
        // 0: jump to 3 if there is no modulus. 1: hash. 2: jump to 4. 3: the base alone.
        let to = |offset: usize| small((at + offset) as u64);
        self.primitive("_jump_if_zero", vec![scratch.clone(), to(3)], span, out);
        self.primitive(op, vec![target.clone(), start.clone(), calculation, scratch], span, out);
        self.primitive("_jump", vec![to(4)], span, out);
        self.primitive("assign", vec![target.clone(), start], span, out);
        self.settle(result, target, span, out)
    }

    /// Adds a calculation; gives it as an argument.
    pub(super) fn calculation(&mut self, algorithm: &str, inputs: Vec<Json>) -> Json {
        let name = format!("calc_{}", self.calculations.len());
        self.calculations.push(Json::Object(vec![
            ("name", Json::text(&name)),
            ("id", Json::number(self.calculations.len())),
            ("algo", Json::text(algorithm)),
            ("input", Json::List(inputs)),
        ]));
        named("calculation", &name)
    }

    /// Something that a calculation reads: fields and constants, several for a concatenation. Others go through a scratch field.
    fn input(
        &mut self,
        item: Handle<Expression>,
        name: &str,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<Json> {
        if let Some(inputs) = self.plain_input(item) {
            return Ok(Json::List(inputs));
        }
        let (bits, _) = shape(self.module.expressions[item].ty);
        let value = self.value(item)?;
        let scratch = self.storage.scratch(name, bits, false);
        self.primitive("assign", vec![scratch.clone(), value], span, out);
        Ok(Json::List(vec![scratch]))
    }

    /// Fields and constants that together have the bits of an expression; none where it must be computed.
    pub(super) fn plain_input(&mut self, item: Handle<Expression>) -> Option<Vec<Json>> {
        let module = self.module;
        let expression = &module.expressions[item];
        match &expression.kind {
            // Constants have an end at each bit, errors are wider in the format.
            ExpressionKind::Constant(bits) if expression.ty != Type::Error => {
                let Json::Object(mut entries) = constant(bits) else { return None };
                entries.push(("bitwidth", Json::number(bits.width() as usize)));
                Some(vec![Json::Object(entries)])
            }
            ExpressionKind::Variable(variable) if expression.ty != Type::Error => {
                let (header, name) = self.variable(*variable);
                Some(vec![field(header, &name)])
            }
            ExpressionKind::Field(header, index) => {
                let header = self.constant_header(*header)?;
                self.field(sluice_ir::HeaderRef::Header(header), *index, expression.span)
                    .ok()
                    .map(|one| vec![one])
            }
            ExpressionKind::Concat(left, right) => {
                let mut inputs = self.plain_input(*left)?;
                inputs.extend(self.plain_input(*right)?);
                Some(inputs)
            }
            ExpressionKind::Cast(operand)
                if module.expressions[*operand].ty.width() == expression.ty.width() =>
            {
                self.plain_input(*operand)
            }
            _ => None,
        }
    }

    /// Copies what a digest says into the fields of its learn list; gives the list's id.
    fn learn(
        &mut self,
        name: &str,
        data: &[Handle<Expression>],
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<usize> {
        let known = self.learn_lists.iter().position(|(of, _)| of == name);
        let list = known.unwrap_or_else(|| {
            let elements = data.iter().enumerate().map(|(i, item)| {
                let (bits, signed) = shape(self.module.expressions[*item].ty);
                self.storage.scratch(&format!("$digest.{name}.{i}"), bits, signed)
            });
            let elements = elements.collect();
            self.learn_lists.push((name.to_string(), elements));
            self.learn_lists.len() - 1
        });
        let elements = self.learn_lists[list].1.clone();
        if elements.len() != data.len() {
            let message = format!("two digests `{name}` have different fields");
            return Err(self.refuse(span, message, "give each its own struct"));
        }
        for (element, item) in elements.into_iter().zip(data) {
            if matches!(self.module.expressions[*item].ty, Type::Varbit(_)) {
                let message = "bmv2's digests have no fields of variable length";
                return Err(self.refuse(span, message, "send a field of fixed width"));
            }
            let value = self.value(*item)?;
            self.primitive("assign", vec![element, value], span, out);
        }
        Ok(list + 1)
    }

    /// The id of a field list as an argument: the number of the list and 1, as 0 means none.
    fn field_list(&mut self, list: Handle<Expression>) -> Result<Json> {
        if let ExpressionKind::Constant(bits) = &self.module.expressions[list].kind {
            let number = bits.to_u64().and_then(|number| u32::try_from(number).ok());
            let Some(number) = number.filter(|number| *number < super::arrays::FIELD_LISTS) else {
                let span = self.module.expressions[list].span;
                let message = format!("bmv2 has no field list {bits}");
                return Err(self.refuse(
                    span,
                    message,
                    format!("numbers are 0 to {}", super::arrays::FIELD_LISTS - 1),
                ));
            };
            self.field_lists.insert(number);
            return Ok(small(u64::from(number) + 1));
        }
        let number = self.data(list)?;
        Ok(argument(binary("+", number, small(1))))
    }

    fn refuse_sluice(&mut self, call: &SluiceCall, span: Span) -> Refused {
        let name = match call {
            SluiceCall::IngressTimeNs { .. } => "ingress_time_ns",
            SluiceCall::WireLength { .. } => "wire_length",
            SluiceCall::BadFrame { .. } => "frame_is_bad",
            SluiceCall::Digest64 { .. } => "digest64",
            SluiceCall::Overwrite { .. } => "overwrite",
            SluiceCall::Trim { .. } => "trim",
            SluiceCall::FixChecksums { .. } => "fix_checksums",
            SluiceCall::AppendTrailer { .. } => "append_trailer",
        };
        let message = format!("bmv2 has no `{name}`: it is an extern of sluice.p4");
        self.refuse(span, message, "use v1model's externs, or compile for `switch`")
    }
}

/// The parts of a list.
fn flatten(list: Json) -> Vec<Json> {
    if let Json::List(items) = list { items } else { vec![list] }
}
