//! Types as P4Info describes them (P4Runtime 1.5, section 6.5).

use sluice_entities::Bits;
use sluice_ir::{DataType, Handle, Member, Module, NamedKind, NamedType, Type};

use crate::annotations::Annotations;
use crate::proto::{
    P4BitTypeSpec, P4BitstringLikeTypeSpec, P4BoolType, P4DataTypeSpec, P4EnumTypeSpec, P4ErrorType,
    P4ErrorTypeSpec, P4HeaderStackTypeSpec, P4HeaderTypeSpec, P4HeaderUnionStackTypeSpec,
    P4HeaderUnionTypeSpec, P4IntTypeSpec, P4NamedType, P4NewTypeSpec, P4NewTypeTranslation,
    P4SerializableEnumTypeSpec, P4StructTypeSpec, P4TupleTypeSpec, P4TypeInfo, P4VarbitTypeSpec,
    p4_bitstring_like_type_spec, p4_data_type_spec, p4_enum_type_spec, p4_header_type_spec,
    p4_header_union_type_spec, p4_new_type_spec, p4_new_type_translation, p4_serializable_enum_type_spec,
    p4_struct_type_spec,
};

/// A scalar's width and type name, as key fields, parameters and packet metadata have them.
#[derive(Debug)]
pub(crate) struct ScalarType {
    /// Bits that the controller sees; 0 where it sees a string.
    pub(crate) bitwidth: i32,
    /// What `type` declared its type as.
    pub(crate) type_name: Option<P4NamedType>,
}

/// Describes types, and collects those that are named.
#[derive(Debug)]
pub(crate) struct Types<'m> {
    module: &'m Module,
    info: P4TypeInfo,
}

fn named(name: &str) -> P4NamedType {
    P4NamedType { name: name.to_string() }
}

/// A width or size; what the verifier lets through fits.
pub(crate) fn small(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

impl<'m> Types<'m> {
    pub(crate) fn new(module: &'m Module) -> Self {
        Self { module, info: P4TypeInfo::default() }
    }

    /// All types that were described and have names.
    pub(crate) fn finish(self) -> P4TypeInfo {
        self.info
    }

    /// A scalar of that type, which `handle` names.
    pub(crate) fn scalar(&mut self, ty: Type, handle: Option<Handle<NamedType>>) -> ScalarType {
        if ty == Type::Error {
            // Errors are strings to the controller.
            self.error();
            return ScalarType { bitwidth: 0, type_name: None };
        }
        let plain = ScalarType { bitwidth: small(ty.width()), type_name: None };
        let Some((handle, declared)) = self.declared(handle) else { return plain };
        self.add(handle);
        match &declared.kind {
            NamedKind::New { translation, .. } => {
                let width = translation.as_ref().map_or(Some(ty.width()), |translation| translation.width);
                ScalarType { bitwidth: width.map_or(0, small), type_name: Some(named(&declared.name)) }
            }
            _ => plain,
        }
    }

    /// The name of an enumeration without an underlying type, which has no width for the controller.
    pub(crate) fn nameless_enum(&self, handle: Option<Handle<NamedType>>) -> Option<P4NamedType> {
        let (_, declared) = self.declared(handle)?;
        matches!(declared.kind, NamedKind::Enum(_)).then(|| named(&declared.name))
    }

    /// The name of an index's type, if `type` declared it.
    pub(crate) fn index(&mut self, handle: Option<Handle<NamedType>>) -> Option<P4NamedType> {
        let (handle, declared) = self.declared(handle)?;
        self.add(handle);
        matches!(declared.kind, NamedKind::New { .. }).then(|| named(&declared.name))
    }

    /// What a register's cell holds.
    pub(crate) fn cell(&mut self, ty: Type, handle: Option<Handle<NamedType>>) -> P4DataTypeSpec {
        match handle {
            Some(handle) => self.data(&DataType::Named(handle)),
            None => self.data(&match ty {
                Type::Bits(width) => DataType::Bits(width),
                Type::Int(width) => DataType::Int(width),
                Type::Varbit(width) => DataType::Varbit(width),
                Type::Bool => DataType::Bool,
                Type::Error => DataType::Error,
            }),
        }
    }

    fn declared(&self, handle: Option<Handle<NamedType>>) -> Option<(Handle<NamedType>, &'m NamedType)> {
        let handle = handle?;
        Some((handle, self.module.named_types.try_index(handle)?))
    }

    fn error(&mut self) {
        let members = self.module.errors.clone();
        self.info.error.get_or_insert(P4ErrorTypeSpec { members });
    }

    /// Any type.
    pub(crate) fn data(&mut self, ty: &DataType) -> P4DataTypeSpec {
        use p4_data_type_spec::TypeSpec;
        let spec = match ty {
            DataType::Bits(_) | DataType::Int(_) | DataType::Varbit(_) => {
                bitstring(ty).map(TypeSpec::Bitstring)
            }
            DataType::Bool => Some(TypeSpec::Bool(P4BoolType {})),
            DataType::Error => {
                self.error();
                Some(TypeSpec::Error(P4ErrorType {}))
            }
            DataType::Tuple(members) => {
                let members = members.iter().map(|member| self.data(member)).collect();
                Some(TypeSpec::Tuple(P4TupleTypeSpec { members }))
            }
            DataType::Named(handle) => self.declared(Some(*handle)).map(|(handle, declared)| {
                self.add(handle);
                let name = named(&declared.name);
                match declared.kind {
                    NamedKind::Struct(_) => TypeSpec::Struct(name),
                    NamedKind::Header(_) => TypeSpec::Header(name),
                    NamedKind::Union(_) => TypeSpec::HeaderUnion(name),
                    NamedKind::Enum(_) => TypeSpec::Enum(name),
                    NamedKind::SerializableEnum { .. } => TypeSpec::SerializableEnum(name),
                    NamedKind::New { .. } => TypeSpec::NewType(name),
                }
            }),
            DataType::Stack(handle, size) => self.declared(Some(*handle)).map(|(handle, declared)| {
                self.add(handle);
                let (name, size) = (Some(named(&declared.name)), small(*size));
                match declared.kind {
                    NamedKind::Union(_) => {
                        TypeSpec::HeaderUnionStack(P4HeaderUnionStackTypeSpec { header_union: name, size })
                    }
                    _ => TypeSpec::HeaderStack(P4HeaderStackTypeSpec { header: name, size }),
                }
            }),
        };
        P4DataTypeSpec { type_spec: spec }
    }

    /// Collects a type and those that it is made of; in a verified module, these stand before it.
    fn add(&mut self, handle: Handle<NamedType>) {
        let Some((_, declared)) = self.declared(Some(handle)) else { return };
        let name = declared.name.clone();
        match &declared.kind {
            NamedKind::Struct(members) if !self.info.structs.contains_key(&name) => {
                let spec = self.structure(members);
                self.info.structs.insert(name, spec);
            }
            NamedKind::Header(members) if !self.info.headers.contains_key(&name) => {
                let mut flat = Vec::new();
                self.header_members("", members, &mut flat);
                let spec = P4HeaderTypeSpec { members: flat, ..P4HeaderTypeSpec::default() };
                self.info.headers.insert(name, spec);
            }
            NamedKind::Union(members) if !self.info.header_unions.contains_key(&name) => {
                let spec = self.union(members);
                self.info.header_unions.insert(name, spec);
            }
            NamedKind::Enum(members) => {
                let member = |name: &String| p4_enum_type_spec::Member {
                    name: name.clone(),
                    ..p4_enum_type_spec::Member::default()
                };
                let members = members.iter().map(member).collect();
                self.info.enums.insert(name, P4EnumTypeSpec { members, ..P4EnumTypeSpec::default() });
            }
            NamedKind::SerializableEnum { width, members } => {
                self.info.serializable_enums.insert(name, serializable(*width, members));
            }
            NamedKind::New { of, translation } if !self.info.new_types.contains_key(&name) => {
                use p4_new_type_spec::Representation;
                let representation = match translation {
                    None => Representation::OriginalType(self.data(of)),
                    Some(translation) => {
                        use p4_new_type_translation::{SdnString, SdnType};
                        let sdn_type = translation.width.map_or(SdnType::SdnString(SdnString {}), |width| {
                            SdnType::SdnBitwidth(small(width))
                        });
                        let uri = translation.uri.clone();
                        Representation::TranslatedType(P4NewTypeTranslation { uri, sdn_type: Some(sdn_type) })
                    }
                };
                let annotations = Annotations::of(&declared.annotations, &["p4runtime_translation"]);
                let spec = P4NewTypeSpec {
                    representation: Some(representation),
                    annotations: annotations.unstructured,
                    annotation_locations: Vec::new(),
                    structured_annotations: annotations.structured,
                };
                self.info.new_types.insert(name, spec);
            }
            _ => {}
        }
    }

    fn structure(&mut self, members: &[Member]) -> P4StructTypeSpec {
        let members = members
            .iter()
            .map(|member| p4_struct_type_spec::Member {
                name: member.name.clone(),
                type_spec: Some(self.data(&member.ty)),
            })
            .collect();
        P4StructTypeSpec { members, ..P4StructTypeSpec::default() }
    }

    fn union(&mut self, members: &[Member]) -> P4HeaderUnionTypeSpec {
        let members = members
            .iter()
            .map(|member| p4_header_union_type_spec::Member {
                name: member.name.clone(),
                header: match self.data(&member.ty).type_spec {
                    Some(p4_data_type_spec::TypeSpec::Header(name)) => Some(name),
                    _ => None,
                },
            })
            .collect();
        P4HeaderUnionTypeSpec { members, ..P4HeaderUnionTypeSpec::default() }
    }

    /// Fields of a header are bits; a struct in it is its fields, with its name before theirs.
    fn header_members(&self, prefix: &str, members: &[Member], flat: &mut Vec<p4_header_type_spec::Member>) {
        for member in members {
            let name = format!("{prefix}{}", member.name);
            match self.member_struct(member) {
                Some(members) => self.header_members(&format!("{name}."), members, flat),
                None => flat
                    .push(p4_header_type_spec::Member { name, type_spec: bitstring(&self.bits(&member.ty)) }),
            }
        }
    }

    /// The fields of a member that is a struct.
    pub(crate) fn member_struct(&self, member: &Member) -> Option<&'m [Member]> {
        let DataType::Named(handle) = member.ty else { return None };
        match &self.module.named_types.try_index(handle)?.kind {
            NamedKind::Struct(members) => Some(members),
            _ => None,
        }
    }

    /// The number of bits that a scalar is.
    pub(crate) fn bits(&self, ty: &DataType) -> DataType {
        match ty {
            DataType::Bool => DataType::Bits(1),
            DataType::Named(handle) => match self.module.named_types.try_index(*handle).map(|ty| &ty.kind) {
                Some(NamedKind::SerializableEnum { width, .. }) => DataType::Bits(*width),
                Some(NamedKind::New { of, .. }) => match of {
                    // A new type is made of one that is not new.
                    DataType::Named(inner) if inner < handle => self.bits(of),
                    DataType::Named(_) => DataType::Bits(0),
                    of => self.bits(of),
                },
                _ => DataType::Bits(0),
            },
            other => other.clone(),
        }
    }
}

/// `bit<W>`, `int<W>` or `varbit<W>`.
fn bitstring(ty: &DataType) -> Option<P4BitstringLikeTypeSpec> {
    use p4_bitstring_like_type_spec::TypeSpec;
    let spec = match ty {
        DataType::Bits(width) => TypeSpec::Bit(P4BitTypeSpec { bitwidth: small(*width) }),
        DataType::Int(width) => TypeSpec::Int(P4IntTypeSpec { bitwidth: small(*width) }),
        DataType::Varbit(width) => TypeSpec::Varbit(P4VarbitTypeSpec { max_bitwidth: small(*width) }),
        _ => return None,
    };
    Some(P4BitstringLikeTypeSpec { type_spec: Some(spec), ..P4BitstringLikeTypeSpec::default() })
}

fn serializable(width: u32, members: &[(String, Bits)]) -> P4SerializableEnumTypeSpec {
    let members = members
        .iter()
        .map(|(name, value)| p4_serializable_enum_type_spec::Member {
            name: name.clone(),
            value: value.to_bytes(),
            ..p4_serializable_enum_type_spec::Member::default()
        })
        .collect();
    P4SerializableEnumTypeSpec {
        underlying_type: Some(P4BitTypeSpec { bitwidth: small(width) }),
        members,
        ..P4SerializableEnumTypeSpec::default()
    }
}
