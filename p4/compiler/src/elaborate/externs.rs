//! The externs of v1model and of sluice.p4: their instances, methods and functions.
//!
//! Types are checked by the declarations in the include files, as for any extern; here is what each call becomes in the IR.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::rc::Rc;

use num_traits::ToPrimitive;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::CounterUnit;
use sluice_ir as ir;
use sluice_ir::{ExternCall, HashAlgorithm, Place, StatementKind};

use super::annotations::control_plane_name;
use super::arguments::Bound;
use super::instances::InstanceName;
use super::{Elaborator, Result, Site};
use crate::ast;
use crate::types::{ExternType, Type};
use crate::value::{Direct, ExternKind, ExternObject, Operand, Value};

type Expression = ir::Handle<ir::Expression>;

/// How many cells an array may have.
const CELLS: RangeInclusive<u64> = 0..=ir::limits::CELLS;

/// How wide the hash of a selector may be, in bits.
const WIDTHS: RangeInclusive<u64> = 1..=ir::limits::WIDTH as u64;

impl<'a> Elaborator<'a> {
    /// An instance of an extern.
    pub(super) fn extern_instance(
        &mut self,
        ty: &ExternType,
        bound: &[Bound<'a>],
        name: InstanceName<'_, 'a>,
        span: Span,
    ) -> Result<Rc<ExternObject>> {
        let annotations = self.annotations(name.annotations)?;
        let name = self.extern_name(&name);
        let kind = match (&*ty.name, bound) {
            ("counter", [size, unit]) => {
                let size = self.constant_argument(&size.operand, "a counter's size", CELLS, size.span)?;
                let unit = self.counter_unit(unit)?;
                let index = self.index_name(ty.arguments.first(), span)?;
                let counter = ir::Counter { name, size, unit, index, annotations };
                ExternKind::Counter(self.module.counters.push(counter))
            }
            ("meter", [size, unit]) => {
                let size = self.constant_argument(&size.operand, "a meter's size", CELLS, size.span)?;
                let unit = self.counter_unit(unit)?;
                let index = self.index_name(ty.arguments.first(), span)?;
                let meter = ir::Meter { name, size, unit, index, annotations };
                ExternKind::Meter(self.module.meters.push(meter))
            }
            ("register", [size]) => {
                let size = self.constant_argument(&size.operand, "a register's size", CELLS, size.span)?;
                let element = self.register_type(ty.arguments.first(), span)?;
                let named = self.index_name(ty.arguments.first(), span)?;
                let index = self.index_name(ty.arguments.get(1), span)?;
                ExternKind::Register(self.module.registers.push(ir::Register {
                    name,
                    size,
                    ty: element,
                    named,
                    index,
                    annotations,
                }))
            }
            ("direct_counter", [unit]) => ExternKind::DirectCounter(Direct {
                name,
                unit: self.counter_unit(unit)?,
                annotations,
                table: Cell::new(None),
                used: Cell::new(false),
            }),
            ("direct_meter", [unit]) => ExternKind::DirectMeter(Direct {
                name,
                unit: self.counter_unit(unit)?,
                annotations,
                table: Cell::new(None),
                used: Cell::new(false),
            }),
            ("action_profile", [size]) => {
                let size =
                    self.constant_argument(&size.operand, "an action profile's size", CELLS, size.span)?;
                let profile = ir::ActionProfile { name, size, selector: None, annotations };
                ExternKind::ActionProfile(self.module.action_profiles.push(profile))
            }
            ("action_selector", [algorithm, size, width]) => {
                let algorithm = self.algorithm(algorithm)?;
                let size = self.constant_argument(&size.operand, "a selector's size", CELLS, size.span)?;
                let bits =
                    self.constant_argument(&width.operand, "a selector's width", WIDTHS, width.span)?;
                let selector = Some(ir::SelectorInfo { algorithm, width: bits.to_u32().unwrap_or(u32::MAX) });
                let profile = ir::ActionProfile { name, size, selector, annotations };
                ExternKind::ActionProfile(self.module.action_profiles.push(profile))
            }
            ("Checksum16", []) => ExternKind::Checksum16,
            _ => ExternKind::Foreign(ty.name.clone()),
        };
        Ok(Rc::new(ExternObject { kind, span }))
    }

    /// `Checksum16.get`: the sum of RFC 1071 as a hash that is not reduced.
    fn checksum_of(&mut self, data: &Bound<'a>, result: &Type, span: Span) -> Result<Operand<'a>> {
        let data = self.data_of(data)?;
        let (variable, read) = self.scalar_local(ir::Type::Bits(16), span)?;
        let call = ExternCall::Hash {
            algorithm: HashAlgorithm::Csum16,
            result: Place::Variable(variable),
            base: self.number(16, 0, span),
            max: self.number(32, 1 << 16, span),
            data,
        };
        self.emit(StatementKind::Extern(call), span);
        Ok(Operand::new(Value::Scalar(read), result.clone()))
    }

    /// The control-plane name of an instance. As a table's property it has the name that it was given, as p4c has it, unless that is taken.
    fn extern_name(&self, name: &InstanceName<'_, 'a>) -> String {
        if name.in_place {
            let given = control_plane_name(name.annotations, name.name, "");
            let module = &self.module;
            let tables = module.tables.iter().map(|(_, table)| table);
            let mut direct = tables.flat_map(|table| {
                let counter = table.direct_counter.as_ref().map(|counter| &counter.name);
                counter.into_iter().chain(table.direct_meter.as_ref().map(|meter| &meter.name))
            });
            let taken = module.action_profiles.iter().any(|(_, profile)| profile.name == given)
                || module.counters.iter().any(|(_, counter)| counter.name == given)
                || module.meters.iter().any(|(_, meter)| meter.name == given)
                || direct.any(|name| *name == given);
            if !taken {
                return given;
            }
        }
        control_plane_name(name.annotations, name.name, &self.frame.path)
    }

    /// The name of a type argument of an extern, if it is one that the control plane is told of.
    fn index_name(&mut self, ty: Option<&Type>, span: Span) -> Result<Option<ir::Handle<ir::NamedType>>> {
        ty.map_or(Ok(None), |ty| self.scalar_name(ty, span))
    }

    /// The name of the enumeration member that an argument is.
    pub(super) fn member_name(&mut self, argument: &Bound<'a>) -> Result<Rc<str>> {
        self.require_constant(&argument.operand, argument.span)?;
        let value = self.integer_value(&argument.operand);
        let Type::Enum(of) = &argument.operand.ty else { return Err(super::Reported) };
        of.members
            .iter()
            .find(|(_, member)| value.as_ref() == Some(member))
            .map(|(name, _)| name.clone())
            .ok_or(super::Reported)
    }

    fn counter_unit(&mut self, argument: &Bound<'a>) -> Result<CounterUnit> {
        Ok(match &*self.member_name(argument)? {
            "packets" => CounterUnit::Packets,
            "bytes" => CounterUnit::Bytes,
            _ => CounterUnit::Both,
        })
    }

    fn algorithm(&mut self, argument: &Bound<'a>) -> Result<HashAlgorithm> {
        Ok(match &*self.member_name(argument)? {
            "crc32" => HashAlgorithm::Crc32,
            "crc32_custom" => HashAlgorithm::Crc32Custom,
            "crc16" => HashAlgorithm::Crc16,
            "crc16_custom" => HashAlgorithm::Crc16Custom,
            "random" => HashAlgorithm::Random,
            "identity" => HashAlgorithm::Identity,
            "csum16" => HashAlgorithm::Csum16,
            "xor16" => HashAlgorithm::Xor16,
            other => {
                let what = format!("the hash algorithm `{other}`");
                return self.unsupported(&what, argument.span, "use `HashAlgorithm.crc32`");
            }
        })
    }

    pub(super) fn value_of(&mut self, argument: &Bound<'a>) -> Result<Expression> {
        self.scalar(&argument.operand, argument.span)
    }

    pub(super) fn result_place(&mut self, argument: &Bound<'a>) -> Result<Place> {
        let handle = self.scalar(&argument.operand, argument.span)?;
        match self.place_of(handle) {
            Some(place) => Ok(place),
            None => self.fail(
                Diagnostic::error("the result needs a place")
                    .at(argument.span, "")
                    .help("give a variable, a field, or a slice of one"),
            ),
        }
    }

    pub(super) fn data_of(&mut self, argument: &Bound<'a>) -> Result<Vec<Expression>> {
        self.scalars(&argument.operand, argument.span)
    }

    pub(super) fn call_extern(&mut self, call: ExternCall, span: Span) -> Operand<'a> {
        self.emit(StatementKind::Extern(call), span);
        Operand::nothing()
    }

    /// A method of an instance.
    pub(super) fn extern_method(
        &mut self,
        object: &ExternObject,
        member: &ast::Name,
        bound: &[Bound<'a>],
        result: &Type,
        types: &[Type],
        span: Span,
    ) -> Result<Operand<'a>> {
        let _ = types;
        let call = match (&object.kind, member.as_str(), bound) {
            (ExternKind::PacketIn, ..) => return self.packet_in_method(member, bound, result, span),
            (ExternKind::PacketOut, "emit", [value]) => return self.emit_packet(value, span),
            (ExternKind::Counter(counter), "count", [index]) => {
                ExternCall::CounterCount { counter: *counter, index: self.value_of(index)? }
            }
            (ExternKind::Meter(meter), "execute_meter", [index, result]) => ExternCall::MeterExecute {
                meter: *meter,
                index: self.value_of(index)?,
                result: self.result_place(result)?,
            },
            (ExternKind::Register(register), "read", [result, index]) => {
                return self.read_register(*register, result, index, span);
            }
            (ExternKind::Register(register), "write", [index, value]) => {
                let index = self.value_of(index)?;
                ExternCall::RegisterWrite {
                    register: *register,
                    index,
                    value: self.register_value(value, span)?,
                }
            }
            (ExternKind::DirectCounter(direct), "count", []) => {
                ExternCall::DirectCounterCount { table: self.direct_table(direct, object, span)? }
            }
            (ExternKind::DirectMeter(direct), "read", [result]) => ExternCall::DirectMeterRead {
                table: self.direct_table(direct, object, span)?,
                result: self.result_place(result)?,
            },
            (ExternKind::Checksum16, "get", [data]) => return self.checksum_of(data, result, span),
            (ExternKind::Foreign(name), ..) => {
                let name = format!("{name}.{member}");
                return self.foreign_call(&name, member.span, result, span);
            }
            _ => return self.foreign_call(member.as_str(), member.span, result, span),
        };
        Ok(self.call_extern(call, span))
    }

    /// The table that a direct counter or meter belongs to, which must be the one whose action calls it.
    fn direct_table(
        &mut self,
        direct: &Direct,
        object: &ExternObject,
        span: Span,
    ) -> Result<ir::Handle<ir::Table>> {
        direct.used.set(true);
        match (direct.table.get(), self.table) {
            (Some(owner), Some(current)) if owner == current => Ok(owner),
            // Checked only: the code runs nowhere.
            (Some(owner), None) if self.frame.site == Site::Any => Ok(owner),
            (Some(owner), _) => {
                let owner = self.module.tables[owner].name.clone();
                self.fail(
                    Diagnostic::error(format!("`{}` belongs to the table `{owner}`", direct.name))
                        .at(span, "but this action runs elsewhere, too")
                        .also(object.span, "declared here")
                        .help("use it in actions that only this table runs"),
                )
            }
            (None, _) => self.fail(
                Diagnostic::error(format!("`{}` belongs to no table", direct.name))
                    .at(span, "")
                    .also(object.span, "declared here")
                    .help("name it in the table: `counters = ...;` or `meters = ...;`"),
            ),
        }
    }

    /// A call of an extern function.
    pub(super) fn extern_function(
        &mut self,
        name: &ast::Name,
        bound: &[Bound<'a>],
        result: &Type,
        types: &[Type],
        span: Span,
    ) -> Result<Operand<'a>> {
        if let Some(operand) = self.sluice_function(name, bound, result, span)? {
            return Ok(operand);
        }
        if let Some(call) = self.copying_call(name, bound, span)? {
            return Ok(self.call_extern(call, span));
        }
        let call = match (name.as_str(), bound) {
            ("verify", [condition, error]) => {
                if !self.may_parse() {
                    return self.misplaced("`verify`", span, "it stands in parsers");
                }
                let condition = self.value_of(condition)?;
                let error = self.value_of(error)?;
                self.emit(StatementKind::Verify { condition, error }, span);
                return Ok(Operand::nothing());
            }
            ("static_assert", [condition, ..]) => return self.static_assert(condition, bound.get(1), span),
            ("mark_to_drop", [] | [_]) => ExternCall::MarkToDrop,
            ("random", [result, low, high]) if matches!(result.operand.ty.plain(), Type::Signed(_)) => {
                return self.signed_random(result, low, high, span);
            }
            ("random", [result, low, high]) => {
                let ty = result.operand.ty.clone();
                ExternCall::Random {
                    result: self.result_place(result)?,
                    low: self.sized_integer(&low.operand, &ty, low.span)?,
                    high: self.sized_integer(&high.operand, &ty, high.span)?,
                }
            }
            ("hash", [result, algorithm, base, data, max]) => {
                let ty = result.operand.ty.clone();
                ExternCall::Hash {
                    algorithm: self.algorithm(algorithm)?,
                    result: self.result_place(result)?,
                    base: self.sized_integer(&base.operand, &ty, base.span)?,
                    max: self.sized_integer(&max.operand, &ty, max.span)?,
                    data: self.data_of(data)?,
                }
            }
            ("digest", [receiver, data]) => {
                let (receiver, data) = (self.value_of(receiver)?, self.data_of(data)?);
                ExternCall::Digest { name: self.digest_type(types.first(), span)?, receiver, data }
            }
            ("truncate", [length]) => ExternCall::Truncate { length_bytes: self.value_of(length)? },
            ("assert", [condition]) => ExternCall::Assert {
                condition: self.value_of(condition)?,
                text: self.sources.text(condition.span).to_string(),
            },
            ("assume", [condition]) => ExternCall::Assume {
                condition: self.value_of(condition)?,
                text: self.sources.text(condition.span).to_string(),
            },
            ("log_msg", [format, arguments @ ..]) => self.log_message(format, arguments)?,
            _ => return self.checksum_function(name, bound, result, span),
        };
        Ok(self.call_extern(call, span))
    }

    fn static_assert(
        &mut self,
        condition: &Bound<'a>,
        message: Option<&Bound<'a>>,
        span: Span,
    ) -> Result<Operand<'a>> {
        self.require_constant(&condition.operand, condition.span)?;
        let handle = self.value_of(condition)?;
        if self.known_truth(handle) != Some(true) {
            let text = match message.map(|message| &message.operand.value) {
                Some(Value::String(text)) => format!("static_assert failed: {text}"),
                _ => "static_assert failed".to_string(),
            };
            return self.fail(
                Diagnostic::error(text)
                    .at(condition.span, "this does not hold")
                    .help("the program says itself that it cannot work so"),
            );
        }
        Ok(Operand::new(Value::Scalar(self.boolean(true, span)), Type::Bool))
    }

    fn checksum_function(
        &mut self,
        name: &ast::Name,
        bound: &[Bound<'a>],
        result: &Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        let (verifies, with_payload) = match name.as_str() {
            "verify_checksum" => (true, false),
            "verify_checksum_with_payload" => (true, true),
            "update_checksum" => (false, false),
            "update_checksum_with_payload" => (false, true),
            other => return self.foreign_call(other, name.span, result, span),
        };
        if !self.frame.site.is(Site::Checksum) {
            let help = "it stands in the controls that verify and compute checksums";
            return self.misplaced(&format!("`{name}`"), span, help);
        }
        let [condition, data, checksum, algorithm] = bound else { return Err(super::Reported) };
        let condition = self.value_of(condition)?;
        let data = self.data_of(data)?;
        let algorithm = self.algorithm(algorithm)?;
        let call = if verifies {
            let ty = checksum.operand.ty.clone();
            let checksum = self.sized_integer(&checksum.operand, &ty, checksum.span)?;
            ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload }
        } else {
            let checksum = self.result_place(checksum)?;
            ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload }
        };
        Ok(self.call_extern(call, span))
    }
}
