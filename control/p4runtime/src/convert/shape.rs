//! Values of structured types (section 8.4.3): the data path has their fields one after the other.

use sluice_entities::Bits;
use sluice_p4info::proto::{P4DataTypeSpec, P4TypeInfo, p4_data_type_spec};

use crate::bytes::{canonical, number};
use crate::refusal::Refusal;
use crate::v1;

/// How a value is made of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A number of that many bits, if it is known here.
    Bits,
    Bool,
    Tuple(Vec<Shape>),
    Struct(Vec<Shape>),
    /// A header with that many fields; its validity is a field before them where the data path says so.
    Header(usize),
    /// A member of an enumeration with numbers.
    EnumValue,
}

/// Types nest no deeper than this here; the compiler refuses recursive ones.
const MAX_DEPTH: usize = 32;

impl Shape {
    /// Of a type of P4Info.
    pub(crate) fn new(spec: Option<&P4DataTypeSpec>, types: &P4TypeInfo) -> Self {
        Self::nested(spec, types, 0)
    }

    fn nested(spec: Option<&P4DataTypeSpec>, types: &P4TypeInfo, depth: usize) -> Self {
        use p4_data_type_spec::TypeSpec;
        let Some(spec) = spec.and_then(|spec| spec.type_spec.as_ref()).filter(|_| depth < MAX_DEPTH) else {
            return Self::Bits;
        };
        let inner = |spec: Option<&P4DataTypeSpec>| Self::nested(spec, types, depth + 1);
        match spec {
            TypeSpec::Bool(_) => Self::Bool,
            TypeSpec::Tuple(tuple) => {
                Self::Tuple(tuple.members.iter().map(|member| inner(Some(member))).collect())
            }
            TypeSpec::Struct(named) => {
                let members = types.structs.get(&named.name).map(|found| found.members.as_slice());
                let members = members.unwrap_or_default().iter();
                Self::Struct(members.map(|member| inner(member.type_spec.as_ref())).collect())
            }
            TypeSpec::Header(named) => {
                Self::Header(types.headers.get(&named.name).map_or(0, |found| found.members.len()))
            }
            TypeSpec::SerializableEnum(_) => Self::EnumValue,
            TypeSpec::NewType(named) => {
                inner(types.new_types.get(&named.name).and_then(|found| match &found.representation {
                    Some(sluice_p4info::proto::p4_new_type_spec::Representation::OriginalType(original)) => {
                        Some(original)
                    }
                    _ => None,
                }))
            }
            // Numbers; verified programs keep none of the others in registers, and send none in digests.
            _ => Self::Bits,
        }
    }

    /// Fields that a value has.
    fn leaves(&self) -> usize {
        match self {
            Self::Bits | Self::Bool | Self::EnumValue => 1,
            Self::Tuple(members) | Self::Struct(members) => members.iter().map(Self::leaves).sum(),
            Self::Header(fields) => *fields,
        }
    }

    /// The value that fields make.
    pub(crate) fn value(&self, fields: &[Bits]) -> v1::P4Data {
        if self.leaves() == fields.len() {
            return self.take(&mut fields.iter());
        }
        // The data path counts otherwise: the fields as they are.
        let members = fields.iter().map(|field| Self::Bits.take(&mut std::iter::once(field))).collect();
        v1::P4Data { data: Some(v1::p4_data::Data::Tuple(v1::P4StructLike { members })) }
    }

    fn take(&self, fields: &mut dyn Iterator<Item = &Bits>) -> v1::P4Data {
        use v1::p4_data::Data;
        let mut one = || fields.next().map(canonical).unwrap_or_default();
        let data = match self {
            Self::Bits => Data::Bitstring(one()),
            Self::EnumValue => Data::EnumValue(one()),
            Self::Bool => Data::Bool(fields.next().is_some_and(|field| !field.is_zero())),
            Self::Header(count) => {
                let bitstrings = (0..*count).map(|_| one()).collect();
                Data::Header(v1::P4Header { is_valid: true, bitstrings })
            }
            Self::Tuple(members) => {
                let members = members.iter().map(|member| member.take(fields)).collect();
                Data::Tuple(v1::P4StructLike { members })
            }
            Self::Struct(members) => {
                let members = members.iter().map(|member| member.take(fields)).collect();
                Data::Struct(v1::P4StructLike { members })
            }
        };
        v1::P4Data { data: Some(data) }
    }

    /// The fields that a value is made of, of those widths; the way back from [`Self::value`].
    pub(crate) fn fields(data: &v1::P4Data, widths: &[u32]) -> Result<Vec<Bits>, Refusal> {
        let mut fields = Vec::with_capacity(widths.len());
        gather(data, &mut widths.iter().copied(), &mut fields)?;
        if fields.len() != widths.len() {
            let text = format!("the value has {} fields, its type {}", fields.len(), widths.len());
            return Err(Refusal::invalid(text));
        }
        Ok(fields)
    }

    /// The number that a value of one field is.
    pub(crate) fn number(&self, data: Option<&v1::P4Data>, width: u32) -> Result<Bits, Refusal> {
        use v1::p4_data::Data;
        match data.and_then(|data| data.data.as_ref()) {
            Some(Data::Bitstring(bytes)) if *self == Self::Bits => number(bytes, width),
            Some(Data::EnumValue(bytes)) if *self == Self::EnumValue => number(bytes, width),
            Some(Data::Bool(value)) if *self == Self::Bool => Ok(Bits::new(width, u64::from(*value))),
            Some(_) => Err(Refusal::invalid("the value is not of the register's type")),
            None => Err(Refusal::invalid("the value is missing")),
        }
    }
}

/// The numbers of a value, whatever its structure.
fn gather(
    data: &v1::P4Data,
    widths: &mut dyn Iterator<Item = u32>,
    fields: &mut Vec<Bits>,
) -> Result<(), Refusal> {
    use v1::p4_data::Data;
    let mut one = |bytes: &[u8], fields: &mut Vec<Bits>| {
        let width =
            widths.next().ok_or_else(|| Refusal::invalid("the value has more fields than its type"))?;
        fields.push(number(bytes, width)?);
        Ok(())
    };
    match &data.data {
        Some(Data::Bitstring(bytes) | Data::EnumValue(bytes)) => one(bytes, fields),
        Some(Data::Bool(value)) => one(&[u8::from(*value)], fields),
        Some(Data::Header(header)) => header.bitstrings.iter().try_for_each(|bytes| one(bytes, fields)),
        Some(Data::Tuple(parts) | Data::Struct(parts)) => {
            parts.members.iter().try_for_each(|member| gather(member, widths, fields))
        }
        Some(_) => Err(Refusal::invalid("the value is of no type that a digest has")),
        None => Err(Refusal::invalid("the value is missing")),
    }
}
