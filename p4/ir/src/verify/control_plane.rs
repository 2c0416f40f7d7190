//! Rules about what the control plane is told.

use sluice_diagnostics::Span;

use super::{Checker, show};
use crate::{DataType, Handle, Member, NamedKind, NamedType, Type};

impl Checker<'_> {
    /// Checks named types, digests, and the names that registers and indexes have for their types.
    pub(super) fn control_plane(&mut self) {
        let module = self.module;
        self.unique("type", module.named_types.iter().map(|(_, item)| item.name.as_str()));
        self.unique("digest", module.digests.iter().map(|(_, item)| item.name.as_str()));
        for (handle, ty) in module.named_types.iter() {
            self.named_type(handle, ty);
        }
        for (_, digest) in module.digests.iter() {
            self.data_type(&digest.ty, None, &format!("digest `{}`", digest.name));
        }
        for (_, register) in module.registers.iter() {
            self.named(register.named, register.ty, &format!("register `{}`", register.name), None);
        }
        let counters = module.counters.iter().map(|(_, item)| (&item.name, item.index));
        let meters = module.meters.iter().map(|(_, item)| (&item.name, item.index));
        let registers = module.registers.iter().map(|(_, item)| (&item.name, item.index));
        for (name, index) in counters.chain(meters).chain(registers) {
            if let Some(index) = index {
                self.in_range(&module.named_types, index, &format!("the index of `{name}`"), None);
            }
        }
    }

    fn named_type(&mut self, handle: Handle<NamedType>, ty: &NamedType) {
        let of = format!("type `{}`", ty.name);
        match &ty.kind {
            NamedKind::Struct(members) | NamedKind::Header(members) | NamedKind::Union(members) => {
                self.unique("member", members.iter().map(|member| member.name.as_str()));
                for member in members {
                    self.data_type(&member.ty, Some(handle), &of);
                    if matches!(ty.kind, NamedKind::Union(_)) {
                        self.union_member(member, &of);
                    }
                }
            }
            NamedKind::Enum(members) => self.unique("member", members.iter().map(String::as_str)),
            NamedKind::SerializableEnum { width, members } => {
                self.width(Type::Bits(*width), &of, None);
                self.unique("member", members.iter().map(|(name, _)| name.as_str()));
                for (name, value) in members.iter().filter(|(_, value)| value.width() != *width) {
                    let message = format!("`{name}` of {of} has {} bits", value.width());
                    self.placeless(message, format!("all values have {width}"));
                }
            }
            NamedKind::New { of: inner, translation } => {
                self.data_type(inner, Some(handle), &of);
                if let Some(width) = translation.as_ref().and_then(|translation| translation.width) {
                    self.width(Type::Bits(width), &format!("the controller's {of}"), None);
                }
            }
        }
    }

    fn union_member(&mut self, member: &Member, of: &str) {
        let is_header = match member.ty {
            DataType::Named(handle) => {
                let ty = self.module.named_types.try_index(handle);
                ty.is_none_or(|ty| matches!(ty.kind, NamedKind::Header(_)))
            }
            _ => false,
        };
        if !is_header {
            self.placeless(format!("`{}` of {of} is no header", member.name), "unions are of headers");
        }
    }

    /// Checks a type that stands in `inside`, before which all that it names must be.
    fn data_type(&mut self, ty: &DataType, inside: Option<Handle<NamedType>>, of: &str) {
        match ty {
            DataType::Bits(width) | DataType::Int(width) | DataType::Varbit(width) => {
                self.width(Type::Bits(*width), of, None);
            }
            DataType::Bool | DataType::Error => {}
            DataType::Tuple(members) => {
                for member in members {
                    self.data_type(member, inside, of);
                }
            }
            DataType::Named(handle) | DataType::Stack(handle, _) => {
                let there = self.in_range(&self.module.named_types, *handle, of, None);
                if there && inside.is_some_and(|inside| *handle >= inside) {
                    let name = &self.module.named_types[*handle].name;
                    let message = format!("{of} refers to `{name}`, which is not before it");
                    self.placeless(message, "a type refers to types before it");
                }
            }
        }
    }

    /// Checks the name of a scalar's type: that of an enumeration or of a new type, of that width.
    pub(super) fn named(&mut self, named: Option<Handle<NamedType>>, ty: Type, of: &str, span: Option<Span>) {
        let Some(handle) = named else { return };
        if !self.in_range(&self.module.named_types, handle, of, span) {
            return;
        }
        let named = &self.module.named_types[handle];
        if self.fits(named, ty) {
            return;
        }
        let message = format!("{of} is {}, which is not what `{}` is", show(ty), named.name);
        let help = "name an enumeration or a new type of that width";
        match span {
            Some(span) => self.error(span, message, help),
            None => self.placeless(message, help),
        }
    }

    fn fits(&self, named: &NamedType, ty: Type) -> bool {
        match &named.kind {
            NamedKind::Enum(_) => matches!(ty, Type::Bits(_)),
            NamedKind::SerializableEnum { width, .. } => ty.width() == *width,
            NamedKind::New { of, .. } => {
                match of {
                    DataType::Bits(width) => ty == Type::Bits(*width),
                    DataType::Int(width) => ty == Type::Int(*width),
                    DataType::Bool => ty == Type::Bool,
                    DataType::Error => ty == Type::Error,
                    // That the handle is in range, and before this type, has its own rule.
                    DataType::Named(inner) => self.module.named_types.try_index(*inner).is_none_or(|inner| {
                        !matches!(inner.kind, NamedKind::New { .. }) && self.fits(inner, ty)
                    }),
                    DataType::Varbit(_) | DataType::Tuple(_) | DataType::Stack(..) => false,
                }
            }
            NamedKind::Struct(_) | NamedKind::Header(_) | NamedKind::Union(_) => false,
        }
    }
}
