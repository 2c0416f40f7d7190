//! Header references, and loads and stores of fields.
//!
//! Which header an `Element`, `Next` or `Last` means is known at run time only. There is one piece of code for each element of the
//! stack and a jump by index, so that all else is about fixed headers.

use sluice_ir::{Handle, HeaderRef, Place, Stack, Type};

use super::PrepareError;
use super::codegen::{Codegen, invalid};
use super::expression::narrow;
use super::layout::{field_offset, limbs, slot_bits, varbit_bits};
use crate::engine::op::{Op, Slot};
use crate::engine::program::SelectTable;
use crate::engine::wide_op::WideOp;

type Result<T> = std::result::Result<T, PrepareError>;

/// Generates code for one header, or for none where the index is out of range.
type OnHeader<'f, 'm> = dyn FnMut(&mut Codegen<'m>, Option<usize>) -> Result<()> + 'f;

/// Bits of header storage.
#[derive(Clone, Copy)]
struct FieldBits {
    bit: u32,
    width: u32,
}

impl<'m> Codegen<'m> {
    /// Generates code for whichever header is meant.
    pub(super) fn on_header(&mut self, header: HeaderRef, f: &mut OnHeader<'_, 'm>) -> Result<()> {
        match header {
            HeaderRef::Header(header) => {
                self.storage.headers.get(header.index()).ok_or_else(|| invalid("header"))?;
                f(self, Some(header.index()))
            }
            HeaderRef::Element(stack, index) => {
                let elements = self.elements(stack)?;
                if let Some(index) = self.constant_of(index) {
                    let index = index.to_u64().and_then(|index| usize::try_from(index).ok());
                    let element =
                        index.and_then(|index| elements.get(index)).map(|header| usize::from(*header));
                    return f(self, element);
                }
                let index = self.number_value(index)?;
                let cases: Vec<_> = elements.into_iter().map(|header| Some(usize::from(header))).collect();
                self.by_index(index, &cases, f, &mut |codegen, f| f(codegen, None))
            }
            HeaderRef::Next(stack) => {
                let cases: Vec<_> =
                    self.elements(stack)?.into_iter().map(|header| Some(usize::from(header))).collect();
                let next = self.storage.stacks[stack.index()].next;
                self.by_index(next, &cases, f, &mut |codegen, _| codegen.out_of_bounds())
            }
            HeaderRef::Last(stack) => {
                let elements = self.elements(stack)?;
                let cases: Vec<_> = [None]
                    .into_iter()
                    .chain(elements.into_iter().map(|header| Some(usize::from(header))))
                    .collect();
                let next = self.storage.stacks[stack.index()].next;
                self.by_index(next, &cases, f, &mut |codegen, _| codegen.out_of_bounds())
            }
        }
    }

    fn elements(&self, stack: Handle<Stack>) -> Result<Vec<u16>> {
        Ok(self.storage.stacks.get(stack.index()).ok_or_else(|| invalid("stack"))?.elements.clone())
    }

    fn out_of_bounds(&mut self) -> Result<()> {
        let error = self.error("StackOutOfBounds");
        self.push(Op::Reject { error });
        Ok(())
    }

    /// One piece of code for each index; `outside` makes the one for `None` and what is beyond.
    fn by_index(
        &mut self,
        index: Slot,
        cases: &[Option<usize>],
        f: &mut OnHeader<'_, 'm>,
        outside: &mut dyn FnMut(&mut Self, &mut OnHeader<'_, 'm>) -> Result<()>,
    ) -> Result<()> {
        let table = self.selects.len();
        self.selects.push(SelectTable::Direct { targets: Vec::new(), default: 0 });
        self.push(Op::JumpTable { a: index, table: table as u16 });
        let default = self.here();
        outside(self, f)?;
        let mut done = vec![self.jump(Op::Jump { to: 0 })];
        let mut targets = Vec::new();
        for case in cases {
            let Some(header) = case else {
                targets.push(default);
                continue;
            };
            targets.push(self.here());
            f(self, Some(*header))?;
            done.push(self.jump(Op::Jump { to: 0 }));
        }
        self.land(done);
        self.selects[table] = SelectTable::Direct { targets, default };
        Ok(())
    }

    fn field_bits(&self, header: usize, field: u32, slice: Option<(u32, u32)>) -> Result<FieldBits> {
        let ty = self.module.headers.iter().nth(header).map(|(_, header)| header.ty);
        let ty =
            ty.and_then(|ty| self.module.header_types.try_index(ty)).ok_or_else(|| invalid("header type"))?;
        let declared = ty.fields.get(field as usize).ok_or_else(|| invalid("field"))?;
        let start = self.storage.headers[header].at * 8 + field_offset(ty, field as usize);
        let width = declared.ty.width();
        match slice {
            None => Ok(FieldBits { bit: start, width }),
            Some((low, part)) if low + part <= width => {
                Ok(FieldBits { bit: start + width - low - part, width: part })
            }
            Some(_) => Err(invalid("bit")),
        }
    }

    /// Where the length of a header's varbit field is.
    fn varbit_length(&self, header: usize) -> Result<Slot> {
        self.storage.headers[header].varbit.map(|varbit| varbit.length).ok_or_else(|| invalid("varbit field"))
    }

    /// Where a field's bytes are, if it is of whole bytes: first byte and length.
    pub(super) fn field_bytes(&self, header: usize, field: u32) -> Option<(u32, u32)> {
        let bits = self.field_bits(header, field, None).ok()?;
        (bits.bit % 8 == 0 && bits.width % 8 == 0).then_some((bits.bit / 8, bits.width / 8))
    }

    /// Loads a field, or `width` bits of it from `low` on.
    pub(super) fn load_field(
        &mut self,
        header: HeaderRef,
        field: u32,
        slice: Option<(u32, u32)>,
        d: Slot,
    ) -> Result<()> {
        let field_type = self.module.field_type(header, field).ok_or_else(|| invalid("field"))?;
        let width = slice.map_or(slot_bits(field_type), |(_, width)| width);
        self.on_header(header, &mut |codegen, header| {
            let Some(header) = header else {
                let zero = codegen.constant(&sluice_entities::Bits::zero(width))?;
                codegen.push(Op::MoveW { d, a: zero, n: limbs(width) as u16 });
                return Ok(());
            };
            let FieldBits { bit, width } = codegen.field_bits(header, field, slice)?;
            if let Type::Varbit(max) = field_type {
                let length = codegen.varbit_length(header)?;
                let bits = varbit_bits(max);
                codegen.push(Op::LoadW { d, bit, width: bits as u16 });
                codegen.push(Op::Move { d: d + limbs(bits) as Slot, a: length });
                return Ok(());
            }
            codegen.push(if narrow(width) && bit % 8 + width <= 64 {
                Op::Load { d, at: bit / 8, shift: (64 - bit % 8 - width) as u8, width: width as u8 }
            } else {
                Op::LoadW { d, bit, width: width as u16 }
            });
            Ok(())
        })
    }

    fn store_field(
        &mut self,
        header: HeaderRef,
        field: u32,
        slice: Option<(u32, u32)>,
        a: Slot,
    ) -> Result<()> {
        let field_type = self.module.field_type(header, field).ok_or_else(|| invalid("field"))?;
        self.on_header(header, &mut |codegen, header| {
            let Some(header) = header else { return Ok(()) };
            let FieldBits { bit, width } = codegen.field_bits(header, field, slice)?;
            if let Type::Varbit(max) = field_type {
                let length = codegen.varbit_length(header)?;
                let bits = varbit_bits(max);
                codegen.push(Op::StoreW { a, bit, width: bits as u16 });
                codegen.push(Op::Move { d: length, a: a + limbs(bits) as Slot });
                return Ok(());
            }
            codegen.push(if narrow(width) && bit % 8 + width <= 64 {
                Op::Store { a, at: bit / 8, shift: (64 - bit % 8 - width) as u8, width: width as u8 }
            } else {
                Op::StoreW { a, bit, width: width as u16 }
            });
            Ok(())
        })
    }

    /// The slot of a place that is a whole variable: values can be computed straight into it.
    pub(super) fn place_slot(&self, place: &Place) -> Option<Slot> {
        match place {
            Place::Variable(variable) => self.storage.variables.get(variable.index()).copied(),
            _ => None,
        }
    }

    /// Stores a value of the place's type.
    pub(super) fn store(&mut self, place: &Place, a: Slot) -> Result<()> {
        let width = self.module.place_type(place).ok_or_else(|| invalid("place"))?.width();
        match place {
            Place::Variable(variable) => {
                let d = *self.storage.variables.get(variable.index()).ok_or_else(|| invalid("variable"))?;
                self.place_at(a, width, Some(d));
                Ok(())
            }
            Place::Field(header, field) => self.store_field(*header, *field, None, a),
            Place::Slice { base, high, low } => {
                let width = (high + 1).saturating_sub(*low);
                match &**base {
                    Place::Field(header, field) => self.store_field(*header, *field, Some((*low, width)), a),
                    Place::Variable(variable) => {
                        let d = *self
                            .storage
                            .variables
                            .get(variable.index())
                            .ok_or_else(|| invalid("variable"))?;
                        let d_width = self.module.variables.try_index(*variable).map_or(0, |v| v.ty.width());
                        if low + width > d_width {
                            return Err(invalid("bit"));
                        }
                        if narrow(d_width) {
                            self.push(Op::Insert { d, a, low: *low as u8, width: width as u8 });
                        } else {
                            self.add_wide(WideOp::Insert { d, d_width, a, low: *low, width });
                        }
                        Ok(())
                    }
                    Place::Slice { .. } => Err(invalid("slice of a slice")),
                }
            }
        }
    }
}
