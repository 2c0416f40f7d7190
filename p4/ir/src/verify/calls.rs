//! Rules about extern calls.

use super::{Checker, Context, Scope, show};
use crate::{CloneKind, Expression, ExternCall, Handle, SluiceCall, Type};

impl Checker<'_> {
    /// Checks a call where it stands.
    pub(super) fn call(&mut self, call: &ExternCall, scope: &Scope) {
        self.call_allowed(call, scope);
        match call {
            ExternCall::CounterCount { counter, index } => {
                self.in_range(&self.module.counters, *counter, "a call", Some(scope.span));
                self.bits(*index, scope);
            }
            ExternCall::DirectCounterCount { table } => {
                self.direct(*table, |table| table.direct_counter.is_some(), scope);
            }
            ExternCall::MeterExecute { meter, index, result } => {
                self.in_range(&self.module.meters, *meter, "a call", Some(scope.span));
                self.bits(*index, scope);
                self.place_of_bits(result, 2, scope);
            }
            ExternCall::DirectMeterRead { table, result } => {
                self.direct(*table, |table| table.direct_meter.is_some(), scope);
                self.place_of_bits(result, 2, scope);
            }
            ExternCall::RegisterRead { register, index, result } => {
                self.bits(*index, scope);
                if self.in_range(&self.module.registers, *register, "a call", Some(scope.span)) {
                    self.place_of_type(result, self.module.registers[*register].ty, scope);
                }
            }
            ExternCall::RegisterWrite { register, index, value } => {
                self.bits(*index, scope);
                if self.in_range(&self.module.registers, *register, "a call", Some(scope.span)) {
                    self.of_type(*value, self.module.registers[*register].ty, scope);
                }
            }
            ExternCall::PacketLength { result } => self.place_of_type(result, Type::Bits(32), scope),
            ExternCall::Sluice(call) => self.sluice_call(call, scope),
            ExternCall::Hash { .. }
            | ExternCall::Random { .. }
            | ExternCall::VerifyChecksum { .. }
            | ExternCall::UpdateChecksum { .. } => self.computing_call(call, scope),
            ExternCall::Digest { .. }
            | ExternCall::Clone { .. }
            | ExternCall::Resubmit { .. }
            | ExternCall::Recirculate { .. }
            | ExternCall::Truncate { .. }
            | ExternCall::MarkToDrop
            | ExternCall::Assert { .. }
            | ExternCall::Assume { .. }
            | ExternCall::LogMessage { .. } => self.packet_call(call, scope),
        }
    }

    fn call_allowed(&mut self, call: &ExternCall, scope: &Scope) {
        let context = scope.context;
        let ingress = matches!(context, Context::Ingress | Context::UnusedAction);
        let egress = matches!(context, Context::Egress | Context::UnusedAction);
        let allowed = match call {
            ExternCall::PacketLength { .. } => context == Context::Parser,
            ExternCall::VerifyChecksum { .. } => context == Context::VerifyChecksum,
            ExternCall::UpdateChecksum { .. } => context == Context::ComputeChecksum,
            ExternCall::Resubmit { .. } | ExternCall::Clone { kind: CloneKind::IngressToEgress, .. } => {
                ingress
            }
            ExternCall::Recirculate { .. } | ExternCall::Clone { kind: CloneKind::EgressToEgress, .. } => {
                egress
            }
            ExternCall::MarkToDrop => ingress || egress,
            _ => true,
        };
        if !allowed {
            let (here, help) = self.explain(scope);
            self.error(scope.span, format!("this call does not stand in {here}"), help);
        }
    }

    fn optional_bits(&mut self, value: Option<Handle<Expression>>, scope: &Scope) {
        if let Some(value) = value {
            self.bits(value, scope);
        }
    }

    /// Checks hashes, checksums and random numbers.
    fn computing_call(&mut self, call: &ExternCall, scope: &Scope) {
        match call {
            ExternCall::Hash { result, base, max, data, .. } => {
                self.place_of_bits(result, 1, scope);
                self.bits(*base, scope);
                self.bits(*max, scope);
                self.data(data, scope);
            }
            ExternCall::Random { result, low, high } => {
                self.place_of_bits(result, 1, scope);
                if let Some(ty) = self.module.place_type(result) {
                    self.of_type(*low, ty, scope);
                    self.of_type(*high, ty, scope);
                }
            }
            ExternCall::VerifyChecksum { condition, data, checksum, .. } => {
                self.bool(*condition, scope);
                self.data(data, scope);
                self.bits(*checksum, scope);
            }
            ExternCall::UpdateChecksum { condition, data, checksum, .. } => {
                self.bool(*condition, scope);
                self.data(data, scope);
                self.place_of_bits(checksum, 1, scope);
            }
            _ => {}
        }
    }

    /// Checks calls that act on the packet, and those for debugging.
    fn packet_call(&mut self, call: &ExternCall, scope: &Scope) {
        match call {
            ExternCall::Digest { receiver, data, .. } => {
                self.bits(*receiver, scope);
                self.data(data, scope);
            }
            ExternCall::Clone { session, field_list, .. } => {
                self.bits(*session, scope);
                self.optional_bits(*field_list, scope);
            }
            ExternCall::Resubmit { field_list } | ExternCall::Recirculate { field_list } => {
                self.optional_bits(*field_list, scope);
            }
            ExternCall::Truncate { length_bytes } => self.bits(*length_bytes, scope),
            ExternCall::Assert { condition, .. } | ExternCall::Assume { condition, .. } => {
                self.bool(*condition, scope);
            }
            ExternCall::LogMessage { format, arguments } => {
                self.data(arguments, scope);
                let holes = format.matches("{}").count();
                if holes != arguments.len() {
                    let message = format!("{holes} `{{}}` for {} arguments", arguments.len());
                    self.error(scope.span, message, "write one `{}` for each argument");
                }
            }
            _ => {}
        }
    }

    fn sluice_call(&mut self, call: &SluiceCall, scope: &Scope) {
        match call {
            SluiceCall::IngressTimeNs { result } => self.place_of_type(result, Type::Bits(64), scope),
            SluiceCall::WireLength { result } => self.place_of_type(result, Type::Bits(32), scope),
            SluiceCall::BadFrame { result } => self.place_of_type(result, Type::Bool, scope),
            SluiceCall::Digest64 { result, seed, data } => {
                self.place_of_type(result, Type::Bits(64), scope);
                self.of_type(*seed, Type::Bits(64), scope);
                self.data(data, scope);
            }
            SluiceCall::Overwrite { offset_bytes, length_bytes, value } => {
                self.bits(*offset_bytes, scope);
                self.bits(*length_bytes, scope);
                self.of_type(*value, Type::Bits(8), scope);
            }
            SluiceCall::Trim { length_bytes } => self.bits(*length_bytes, scope),
            SluiceCall::FixChecksums { offset_bytes } => self.bits(*offset_bytes, scope),
            SluiceCall::AppendTrailer { data } => {
                let widths = data.iter().filter_map(|value| self.fixed(*value, scope));
                let bits: u64 = widths.map(|ty| u64::from(ty.width())).sum();
                if !bits.is_multiple_of(8) {
                    self.error(scope.span, format!("the trailer has {bits} bits"), "append whole bytes");
                }
            }
        }
    }

    /// Checks a value that is compared: a scalar but not `Varbit`; its width.
    pub(super) fn compared(&mut self, value: Handle<Expression>, scope: &Scope) -> Option<u32> {
        let (ty, span) = self.used(value, scope)?;
        if matches!(ty, Type::Varbit(_)) {
            self.error(span, format!("{} is not compared", show(ty)), "compare a field of fixed width");
            return None;
        }
        Some(ty.width())
    }
}
