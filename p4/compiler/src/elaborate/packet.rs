//! Methods of `packet_in` and `packet_out` (sections 13.8 and 16).

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{ExternCall, HeaderRef, Place, StatementKind};

use super::arguments::Bound;
use super::{Elaborator, Result, Site};
use crate::ast::{self, RecordKind};
use crate::types::{Record, Type};
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    pub(super) fn packet_in_method(
        &mut self,
        member: &ast::Name,
        bound: &[Bound<'a>],
        result: &Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        if !self.may_parse() {
            return self.misplaced("reading the packet", span, "packets are read in parsers");
        }
        match (member.as_str(), bound) {
            ("extract", [header]) => self.extract(header, None, span),
            ("extract", [header, length]) => self.extract(header, Some(length), span),
            ("lookahead", []) => self.lookahead(result, span),
            ("advance", [length]) => {
                let handle = self.scalar(&length.operand, length.span)?;
                self.emit(StatementKind::Advance(handle), span);
                Ok(Operand::nothing())
            }
            ("length", []) => {
                let (variable, read) = self.scalar_local(ir::Type::Bits(32), span)?;
                let call = ExternCall::PacketLength { result: Place::Variable(variable) };
                self.emit(StatementKind::Extern(call), span);
                Ok(Operand::new(Value::Scalar(read), Type::Bits(32)))
            }
            _ => self.foreign_call(&format!("packet_in.{member}"), member.span, result, span),
        }
    }

    fn extract(&mut self, header: &Bound<'a>, length: Option<&Bound<'a>>, span: Span) -> Result<Operand<'a>> {
        let (Value::Header(to), Type::Record(record)) = (&header.operand.value, &header.operand.ty) else {
            let ty = &header.operand.ty;
            return self.fail(
                Diagnostic::error(format!("`extract` fills headers, not `{ty}`"))
                    .at(header.span, format!("this is `{ty}`"))
                    .help("give a header, an element of a header stack, or a member of a header union"),
            );
        };
        self.whole_header(record, header.span, "extracted")?;
        let varies = record.fields.iter().any(|field| field.ty.varbits() > 0);
        let varbit_bits = match (length, varies) {
            (Some(length), true) => Some(self.scalar(&length.operand, length.span)?),
            (None, false) => None,
            (Some(length), false) => {
                return self.fail(
                    Diagnostic::error(format!("`{}` has no `varbit` field", record.name))
                        .at(length.span, "a length is given")
                        .also(record.span, "declared here")
                        .help("call `extract` with the header alone"),
                );
            }
            (None, true) => {
                return self.fail(
                    Diagnostic::error(format!(
                        "`{}` has a `varbit` field, whose length is not given",
                        record.name
                    ))
                    .at(span, "")
                    .also(record.span, "declared here")
                    .help("give its length in bits as second argument: `extract(header, bits)`"),
                );
            }
        };
        self.emit(StatementKind::Extract { header: *to, varbit_bits }, span);
        Ok(Operand::nothing())
    }

    /// What lies ahead as a value: each scalar is read at its own offset.
    fn lookahead(&mut self, ty: &Type, span: Span) -> Result<Operand<'a>> {
        if super::unify::variable_in(ty).is_some() {
            return self.fail(
                Diagnostic::error("`lookahead` needs to know what to read")
                    .at(span, "")
                    .help("write the type: `lookahead<bit<8>>()`"),
            );
        }
        let (fixed, most) = ty.size_bits().unwrap_or((0, 1));
        if fixed != most || fixed == 0 {
            return self.fail(
                Diagnostic::error(format!("`lookahead` cannot read `{ty}`"))
                    .at(span, "its size is not known")
                    .help(
                        "read a type of fixed size: numbers, headers without `varbit`, or structs of these",
                    ),
            );
        }
        let mut result = self.temporary(ty, span)?;
        let mut offset = 0;
        self.look_into(&result.value, ty, &mut offset, span)?;
        result.writable = false;
        Ok(result)
    }

    fn look_into(&mut self, value: &Value<'a>, ty: &Type, offset: &mut u32, span: Span) -> Result<()> {
        match (value, ty.plain()) {
            (Value::Scalar(handle), _) => {
                if let Some(to) = self.place_of(*handle) {
                    self.emit(StatementKind::Lookahead { to, offset_bits: *offset }, span);
                }
                *offset += self.type_of(*handle).width();
            }
            (Value::Header(header), Type::Record(record)) => {
                for field in self.header_fields(*header, &record.clone(), span) {
                    self.look_into(&field, &Type::Void, offset, span)?;
                }
                self.emit(StatementKind::SetValid(*header), span);
            }
            (Value::Fields(parts), plain) => {
                for (i, part) in parts.iter().enumerate() {
                    self.look_into(part, &super::assign::part_type(plain, i), offset, span)?;
                }
            }
            (Value::Stack(_), Type::Stack(element, size)) => {
                for i in 0..*size as usize {
                    let part = self.stack_element(value, i);
                    self.look_into(&part, element, offset, span)?;
                }
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("`lookahead` cannot read `{ty}`"))
                        .at(span, "")
                        .help("read numbers, headers, or structs of these"),
                );
            }
        }
        Ok(())
    }

    pub(super) fn emit_packet(&mut self, argument: &Bound<'a>, span: Span) -> Result<Operand<'a>> {
        if !self.frame.site.is(Site::Deparser) {
            return self.misplaced("`emit`", span, "packets are written in the deparser");
        }
        self.emit_value(&argument.operand.value, &argument.operand.ty, argument.span, span)?;
        Ok(Operand::nothing())
    }

    /// Packets consist of bytes: a header that does not can be used, but is neither read from a packet nor written to one.
    fn whole_header(&mut self, record: &Record, at: Span, done: &str) -> Result<()> {
        let bits: u64 =
            record.fields.iter().filter_map(|field| field.ty.size_bits()).map(|(fixed, _)| fixed).sum();
        if bits.is_multiple_of(8) || self.checks_only() {
            return Ok(());
        }
        let missing = 8 - bits % 8;
        self.fail(
            Diagnostic::error(format!("a header of {bits} bits cannot be {done}"))
                .at(at, format!("`{}` has no whole number of bytes", record.name))
                .also(record.span, "declared here")
                .help(format!("add {missing} bits: a field such as `bit<{missing}> padding`")),
        )
    }

    fn emit_value(&mut self, value: &Value<'a>, ty: &Type, at: Span, span: Span) -> Result<()> {
        let emitted = match ty.plain() {
            Type::Stack(element, _) => element.plain(),
            other => other,
        };
        if let Type::Record(record) = emitted
            && record.kind == RecordKind::Header
        {
            self.whole_header(&record.clone(), at, "emitted")?;
        }
        match (value, ty.plain()) {
            (Value::Header(header), _) => self.emit(StatementKind::Emit(*header), span),
            (Value::Invalid, Type::Record(record)) if record.kind != RecordKind::Struct => {}
            (Value::HeaderLiteral(_), _) => {
                let copy = self.snapshot(&Operand::new(value.clone(), ty.clone()), span)?;
                if let Value::Header(header) = copy.value {
                    self.emit(StatementKind::Emit(header), span);
                }
            }
            (Value::Union(members), Type::Record(record)) => {
                let types: Vec<Type> = record.fields.iter().map(|field| field.ty.clone()).collect();
                for (member, ty) in members.iter().zip(&types) {
                    self.emit_value(&Value::Header(*member), ty, at, span)?;
                }
            }
            (Value::Stack(stack), _) => {
                for element in self.module.stacks[*stack].elements.clone() {
                    self.emit(StatementKind::Emit(HeaderRef::Header(element)), span);
                }
            }
            (Value::UnionStack(_), Type::Stack(element, size)) => {
                for i in 0..*size as usize {
                    let part = self.stack_element(value, i);
                    self.emit_value(&part, element, at, span)?;
                }
            }
            (Value::Fields(parts), plain) => {
                for (i, part) in parts.iter().enumerate() {
                    self.emit_value(part, &super::assign::part_type(plain, i), at, span)?;
                }
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("`emit` writes headers, not `{ty}`"))
                        .at(at, format!("has a part of type `{ty}`"))
                        .help("put the value into a header, and emit that"),
                );
            }
        }
        Ok(())
    }

    /// A number that counts up to `most`, as an expression of 32 bits.
    pub(super) fn sized_integer(
        &mut self,
        operand: &Operand<'a>,
        like: &Type,
        span: Span,
    ) -> Result<ir::Handle<ir::Expression>> {
        if let Value::Int(value) = &operand.value {
            let wanted = value.bits().max(1);
            let width = match like.scalar() {
                Some(scalar) if u64::from(scalar.width()) >= wanted => scalar.width(),
                _ => u32::try_from(wanted).unwrap_or(crate::limits::LITERAL_WIDTH).max(32),
            };
            let bits: Bits = crate::numbers::to_bits(value, width);
            return Ok(self.constant(bits, ir::Type::Bits(width), span));
        }
        self.scalar(operand, span)
    }
}
