//! Calls of externs: operands to words, the call's plan, the result to its place.

use std::sync::Arc;

use sluice_ir::{
    Counter, ExpressionKind, ExternCall, Handle, HashAlgorithm, HeaderRef, Place, Register, SluiceCall, Type,
};

use super::PrepareError;
use super::codegen::{Codegen, invalid};
use super::expression::narrow;
use crate::engine::op::{NO_SLOT, Op, Slot};
use crate::engine::program::{DataItem, ExternPlan};

type Result<T> = std::result::Result<T, PrepareError>;
type Operand = Handle<sluice_ir::Expression>;

impl<'m> Codegen<'m> {
    pub(super) fn call(&mut self, call: &ExternCall) -> Result<()> {
        match call {
            ExternCall::CounterCount { counter, index } => self.count(*counter, *index),
            ExternCall::DirectCounterCount { table } => {
                let cell = *self.storage.cells.get(table.index()).ok_or_else(|| invalid("table"))?;
                self.add_extern(ExternPlan::DirectCount { cell });
                Ok(())
            }
            ExternCall::MeterExecute { meter, index, result } => {
                let index = self.number_value(*index)?;
                let meter = meter.index() as u16;
                self.with_result(result, 1, |d| ExternPlan::Meter { meter, index, d })
            }
            ExternCall::DirectMeterRead { table, result } => {
                let ir = self.module.tables.try_index(*table).ok_or_else(|| invalid("table"))?;
                let unit = ir.direct_meter.as_ref().ok_or_else(|| invalid("direct meter"))?.unit;
                let cell = *self.storage.cells.get(table.index()).ok_or_else(|| invalid("table"))?;
                self.with_result(result, 1, |d| ExternPlan::DirectMeter { cell, unit, d })
            }
            ExternCall::RegisterRead { register, index, result } => {
                let words = self.register_words(*register)?;
                let index = self.number_value(*index)?;
                let register = register.index() as u16;
                self.with_result(result, words, |d| ExternPlan::RegisterRead { register, index, d })
            }
            ExternCall::RegisterWrite { register, index, value } => {
                self.register_words(*register)?;
                let index = self.number_value(*index)?;
                let a = self.value(*value)?;
                self.add_extern(ExternPlan::RegisterWrite { register: register.index() as u16, index, a });
                Ok(())
            }
            ExternCall::Hash { algorithm, result, base, max, data } => {
                let (base, max) = (self.number_value(*base)?, self.number_value(*max)?);
                let (algorithm, data) = (*algorithm, self.data(data)?);
                self.with_result(result, 1, |d| ExternPlan::Hash { algorithm, base, max, data, d })
            }
            ExternCall::Random { result, low, high } => {
                let (low, high) = (self.number_value(*low)?, self.number_value(*high)?);
                self.with_result(result, 1, |d| ExternPlan::Random { low, high, d })
            }
            ExternCall::Digest { name, receiver, data } => {
                let receiver = self.number_value(*receiver)?;
                let data = self.scalars(data)?;
                self.add_extern(ExternPlan::Digest { name: name.clone(), receiver, data });
                Ok(())
            }
            ExternCall::PacketLength { result } => {
                self.with_result(result, 1, |d| ExternPlan::PacketLength { d })
            }
            ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload } => {
                self.verify_checksum(*condition, data, *checksum, *algorithm, *with_payload)
            }
            ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload } => {
                let skipped = self.branch(*condition, false)?;
                let sum = self.checksum(data, *algorithm, *with_payload)?;
                self.result_from(checksum, sum)?;
                self.land(skipped);
                Ok(())
            }
            ExternCall::Sluice(call) => self.sluice_call(call),
            other => self.packet_call(other),
        }
    }

    /// Calls that mark what is to become of the packet, and those for people.
    fn packet_call(&mut self, call: &ExternCall) -> Result<()> {
        let plan = match call {
            ExternCall::Clone { kind, session, field_list } => ExternPlan::Clone {
                kind: *kind,
                session: self.number_value(*session)?,
                field_list: self.field_list(*field_list)?,
            },
            ExternCall::Resubmit { field_list } => {
                ExternPlan::Resubmit { field_list: self.field_list(*field_list)? }
            }
            ExternCall::Recirculate { field_list } => {
                ExternPlan::Recirculate { field_list: self.field_list(*field_list)? }
            }
            ExternCall::Truncate { length_bytes } => {
                ExternPlan::Truncate { length: self.number_value(*length_bytes)? }
            }
            ExternCall::MarkToDrop => ExternPlan::MarkToDrop,
            ExternCall::Assert { condition, text } | ExternCall::Assume { condition, text } => {
                ExternPlan::Assert { condition: self.value(*condition)?, text: text.clone() }
            }
            ExternCall::LogMessage { format, arguments } => {
                ExternPlan::Log { format: format.clone(), arguments: self.scalars(arguments)? }
            }
            _ => return Ok(()),
        };
        self.add_extern(plan);
        Ok(())
    }

    fn sluice_call(&mut self, call: &SluiceCall) -> Result<()> {
        let plan = match call {
            SluiceCall::IngressTimeNs { result } => {
                return self.with_result(result, 1, |d| ExternPlan::IngressTimeNs { d });
            }
            SluiceCall::WireLength { result } => {
                return self.with_result(result, 1, |d| ExternPlan::WireLength { d });
            }
            SluiceCall::BadFrame { result } => {
                return self.with_result(result, 1, |d| ExternPlan::BadFrame { d });
            }
            SluiceCall::Digest64 { result, seed, data } => {
                let seed = self.number_value(*seed)?;
                let data = self.data(data)?;
                return self.with_result(result, 1, |d| ExternPlan::Digest64 { seed, data, d });
            }
            SluiceCall::Overwrite { offset_bytes, length_bytes, value } => ExternPlan::Overwrite {
                offset: self.number_value(*offset_bytes)?,
                length: self.number_value(*length_bytes)?,
                value: self.number_value(*value)?,
            },
            SluiceCall::Trim { length_bytes } => {
                ExternPlan::Trim { length: self.number_value(*length_bytes)? }
            }
            SluiceCall::FixChecksums { offset_bytes } => {
                ExternPlan::FixChecksums { offset: self.number_value(*offset_bytes)? }
            }
            SluiceCall::AppendTrailer { data } => ExternPlan::AppendTrailer { data: self.data(data)? },
        };
        self.add_extern(plan);
        Ok(())
    }

    /// Adds a call whose result of `words` words goes to a place of any width.
    fn with_result(
        &mut self,
        result: &Place,
        words: usize,
        plan: impl FnOnce(Slot) -> ExternPlan,
    ) -> Result<()> {
        let d = self.temporary_words(words)?;
        let plan = plan(d);
        self.add_extern(plan);
        if words == 1 {
            return self.result_from(result, d);
        }
        self.store(result, d)
    }

    /// Stores a word into a place of any width, cut or extended by zeros.
    fn result_from(&mut self, result: &Place, a: Slot) -> Result<()> {
        let width = self.module.place_type(result).ok_or_else(|| invalid("place"))?.width();
        let d = self.temporary(width)?;
        if width < 64 {
            self.push(Op::Cut { d, a, width: width as u8 });
        } else if narrow(width) {
            self.push(Op::Move { d, a });
        } else {
            self.add_wide(crate::engine::wide_op::WideOp::Resize {
                d,
                a,
                from: 64,
                to: width,
                signed: false,
            });
        }
        self.store(result, d)
    }

    fn count(&mut self, counter: Handle<Counter>, index: Operand) -> Result<()> {
        let module = self.module;
        let ir = module.counters.try_index(counter).ok_or_else(|| invalid("counter"))?;
        let index = self.number_value(index)?;
        let first_cell = self.counter_cells[counter.index()];
        let name = Arc::from(ir.name.as_str());
        self.add_extern(ExternPlan::Count { first_cell, size: ir.size, index, name });
        Ok(())
    }

    fn register_words(&self, register: Handle<Register>) -> Result<usize> {
        let register = self.module.registers.try_index(register).ok_or_else(|| invalid("register"))?;
        Ok(super::layout::limbs(register.ty.width()))
    }

    fn field_list(&mut self, field_list: Option<Operand>) -> Result<Slot> {
        field_list.map_or(Ok(NO_SLOT), |list| self.number_value(list))
    }

    fn scalars(&mut self, data: &[Operand]) -> Result<Vec<(Slot, u32)>> {
        data.iter().map(|item| Ok((self.value(*item)?, self.ty(*item)?.width()))).collect()
    }

    fn verify_checksum(
        &mut self,
        condition: Operand,
        data: &[Operand],
        checksum: Operand,
        algorithm: HashAlgorithm,
        with_payload: bool,
    ) -> Result<()> {
        let skipped = self.branch(condition, false)?;
        let sum = self.checksum(data, algorithm, with_payload)?;
        let width = self.ty(checksum)?.width();
        let d = self.temporary_words(1)?;
        self.push(Op::Cut { d, a: sum, width: width.min(64) as u8 });
        let stated = self.number_value(checksum)?;
        let fits = self.jump(Op::JumpEq { a: d, b: stated, to: 0 });
        let one = self.number(1)?;
        let flag = self.storage.layout.intrinsics[sluice_ir::Intrinsic::ChecksumError as usize];
        self.push(Op::Move { d: flag, a: one });
        self.land([fits]);
        self.land(skipped);
        Ok(())
    }

    fn checksum(&mut self, data: &[Operand], algorithm: HashAlgorithm, with_payload: bool) -> Result<Slot> {
        let data = self.data(data)?;
        let d = self.temporary_words(1)?;
        self.add_extern(ExternPlan::Checksum { algorithm, data, with_payload, d });
        Ok(d)
    }

    /// A list of data; fields of whole bytes that stand one behind the other become one piece.
    pub(super) fn data(&mut self, data: &[Operand]) -> Result<Vec<DataItem>> {
        let mut items: Vec<DataItem> = Vec::new();
        for operand in data {
            let item = self.data_item(*operand)?;
            match (items.last_mut(), item) {
                (Some(DataItem::Bytes { at, length }), DataItem::Bytes { at: next, length: more })
                    if *at + *length == next =>
                {
                    *length += more;
                }
                _ => items.push(item),
            }
        }
        Ok(items)
    }

    fn data_item(&mut self, operand: Operand) -> Result<DataItem> {
        let module = self.module;
        let node = module.expressions.try_index(operand).ok_or_else(|| invalid("expression"))?;
        if let ExpressionKind::Field(HeaderRef::Header(header), field) = node.kind {
            if let Type::Varbit(_) = node.ty {
                return self.varbit_item(header.index());
            }
            if let Some((at, length)) = self.field_bytes(header.index(), field) {
                return Ok(DataItem::Bytes { at, length });
            }
        }
        Ok(DataItem::Scalar { slot: self.value(operand)?, width: node.ty.width() })
    }

    fn varbit_item(&self, header: usize) -> Result<DataItem> {
        let plan = self.storage.headers.get(header).ok_or_else(|| invalid("header"))?;
        let varbit = plan.varbit.ok_or_else(|| invalid("varbit field"))?;
        Ok(DataItem::Varbit { at: plan.at + plan.fixed_bytes, length: varbit.length })
    }
}
