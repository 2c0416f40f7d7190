//! What the control plane is told of types: declared ones by their names, with their annotations (P4Runtime 1.5, section 6).

use num_traits::ToPrimitive;
use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{DataType, Handle, Member, NamedKind, NamedType};

use super::annotations::{control_plane_name, find};
use super::{Elaborator, Result};
use crate::ast::{self, AnnotationBody, AnnotationTokenKind, RecordKind};
use crate::numbers;
use crate::types::{Enum, NewType, Record, Type};

/// Types as they were declared, and those of them that the control plane has been told of.
#[derive(Debug, Default)]
pub(super) struct DeclaredTypes<'a> {
    /// Annotations and, for a record, its fields; by the declaration's number.
    written: FxHashMap<u32, (&'a [ast::Annotation], Option<&'a ast::Record>)>,
    /// Headers with `@controller_header`, in the order of the program.
    controller_headers: Vec<(&'a ast::Name, Span)>,
    told: FxHashMap<Type, Handle<NamedType>>,
    /// Digests of types without names.
    nameless_digests: u32,
}

impl<'a> Elaborator<'a> {
    /// Remembers how the type that is declared next was written.
    pub(super) fn note_type(
        &mut self,
        annotations: &'a [ast::Annotation],
        name: &'a ast::Name,
        record: Option<&'a ast::Record>,
    ) {
        self.declared_types.written.insert(self.declarations + 1, (annotations, record));
        if let Some(annotation) = find(annotations, "controller_header") {
            self.declared_types.controller_headers.push((name, annotation.span));
        }
    }

    /// Tells the control plane of the headers of packets from and to the controller.
    pub(super) fn controller_headers(&mut self) -> Result<()> {
        for (name, span) in std::mem::take(&mut self.declared_types.controller_headers) {
            let Some(binding) = self.globals.look_up(&name.text) else { continue };
            match binding.entity {
                crate::scope::Entity::Type(Type::Record(record)) if record.kind == RecordKind::Header => {
                    self.named_type(&Type::Record(record), span)?;
                }
                crate::scope::Entity::Wrong => {}
                other => {
                    return self.fail(
                        Diagnostic::error(format!("`@controller_header` on {}", other.noun()))
                            .at(span, "")
                            .also(name.span, "declared here")
                            .help("packets to and from the controller begin with a header without type parameters"),
                    );
                }
            }
        }
        Ok(())
    }

    /// The name of a scalar's type: that of a new type or an enumeration.
    pub(super) fn scalar_name(&mut self, ty: &Type, span: Span) -> Result<Option<Handle<NamedType>>> {
        match ty {
            Type::New(_) | Type::Enum(_) => self.named_type(ty, span),
            _ => Ok(None),
        }
    }

    /// Notes a digest of data of that type; gives its name.
    pub(super) fn digest_type(&mut self, ty: Option<&Type>, span: Span) -> Result<String> {
        let Some(ty) = ty else { return Err(super::Reported) };
        let name = match ty {
            Type::Record(_) => match self.named_type(ty, span)? {
                Some(handle) => self.module.named_types[handle].name.clone(),
                None => return Err(super::Reported),
            },
            _ => {
                self.declared_types.nameless_digests += 1;
                format!("digest_{}", self.declared_types.nameless_digests - 1)
            }
        };
        if self.module.digests.iter().all(|(_, known)| known.name != name) {
            let ty = self.data_type(ty, span)?;
            self.module.digests.push(ir::DigestType { name: name.clone(), ty });
        }
        Ok(name)
    }

    /// A type as the control plane is told it.
    fn data_type(&mut self, ty: &Type, span: Span) -> Result<DataType> {
        Ok(match ty {
            Type::Bool => DataType::Bool,
            Type::Error => DataType::Error,
            Type::Bits(width) => DataType::Bits(*width),
            Type::Signed(width) => DataType::Int(*width),
            Type::Varbit(width) => DataType::Varbit(*width),
            Type::Tuple(parts) => {
                let parts: Result<Vec<_>> = parts.iter().map(|part| self.data_type(part, span)).collect();
                DataType::Tuple(parts?)
            }
            Type::Stack(element, size) => match self.named_type(element, span)? {
                Some(handle) => DataType::Stack(handle, *size),
                None => return self.not_told(ty, span),
            },
            _ => match self.named_type(ty, span)? {
                Some(handle) => DataType::Named(handle),
                None => return self.not_told(ty, span),
            },
        })
    }

    fn not_told<T>(&mut self, ty: &Type, span: Span) -> Result<T> {
        self.fail(
            Diagnostic::error(format!("the control plane cannot be told of the type `{ty}`"))
                .at(span, "")
                .help("give it numbers, enumerations, headers, and structs and tuples of these"),
        )
    }

    /// A declared type as the control plane is told it; none for one that is not declared.
    fn named_type(&mut self, ty: &Type, span: Span) -> Result<Option<Handle<NamedType>>> {
        if let Some(known) = self.declared_types.told.get(ty) {
            return Ok(Some(*known));
        }
        let (number, kind) = match ty {
            Type::Record(record) => (record.declaration, self.record_kind(record, span)?),
            Type::Enum(of) => (of.declaration, self.enum_kind(of, span)?),
            Type::New(new) => (new.declaration, self.new_kind(new, span)?),
            _ => return Ok(None),
        };
        let annotations = self.declared_types.written.get(&number).map_or(&[][..], |written| written.0);
        let mut name = control_plane_name(annotations, &ty.to_string(), "");
        while self.module.named_types.iter().any(|(_, other)| other.name == name) {
            name.push('\'');
        }
        let annotations = self.annotations(annotations)?;
        let handle = self.module.named_types.push(NamedType { name, kind, annotations });
        self.declared_types.told.insert(ty.clone(), handle);
        Ok(Some(handle))
    }

    fn record_kind(&mut self, record: &Record, span: Span) -> Result<NamedKind> {
        let written = self.declared_types.written.get(&record.declaration).and_then(|written| written.1);
        let mut members = Vec::with_capacity(record.fields.len());
        for (i, field) in record.fields.iter().enumerate() {
            let annotations = written
                .and_then(|written| written.fields.get(i))
                .map_or(&[][..], |written| &written.annotations);
            let name = control_plane_name(annotations, &field.name, "");
            let ty = self.data_type(&field.ty, span)?;
            members.push(Member { name, ty, annotations: self.annotations(annotations)? });
        }
        Ok(match record.kind {
            RecordKind::Struct => NamedKind::Struct(members),
            RecordKind::Header => NamedKind::Header(members),
            RecordKind::HeaderUnion => NamedKind::Union(members),
        })
    }

    fn enum_kind(&mut self, of: &Enum, span: Span) -> Result<NamedKind> {
        let Some(underlying) = &of.underlying else {
            return Ok(NamedKind::Enum(of.members.iter().map(|(name, _)| name.to_string()).collect()));
        };
        let Some(width) = underlying.scalar().map(ir::Type::width) else {
            return self.not_told(underlying, span);
        };
        let value = |value| -> Bits { numbers::to_bits(value, width) };
        let members = of.members.iter().map(|(name, number)| (name.to_string(), value(number))).collect();
        Ok(NamedKind::SerializableEnum { width, members })
    }

    fn new_kind(&mut self, new: &NewType, span: Span) -> Result<NamedKind> {
        let of = self.data_type(Type::plain(&new.inner), span)?;
        let annotations =
            self.declared_types.written.get(&new.declaration).map_or(&[][..], |written| written.0);
        let translation = match find(annotations, "p4runtime_translation") {
            Some(annotation) => Some(self.translation(annotation, &of)?),
            None => None,
        };
        Ok(NamedKind::New { of, translation })
    }

    /// `@p4runtime_translation("uri", string)`, `(..., bit<W>)`, or `(..., W)` as it was before version 1.3.
    fn translation(&mut self, annotation: &ast::Annotation, of: &DataType) -> Result<ir::Translation> {
        let written = match &annotation.body {
            AnnotationBody::Unstructured(tokens) => tokens.as_slice(),
            _ => &[],
        };
        let is = |at: usize, text: &str| written.get(at).is_some_and(|token| &*token.text == text);
        let integer = |at: usize| match written.get(at).map(|token| &token.kind) {
            Some(AnnotationTokenKind::Integer(integer)) => integer.value.to_u32(),
            _ => None,
        };
        let uri = match written.first().map(|token| &token.kind) {
            Some(AnnotationTokenKind::String(uri)) if is(1, ",") => Some(uri.to_string()),
            _ => None,
        };
        let width = match written.len() {
            3 if is(2, "string") => Some(None),
            3 => integer(2).map(Some),
            6 if is(2, "bit") && is(3, "<") && is(5, ">") => integer(4).map(Some),
            _ => None,
        };
        let widths = 1..=ir::limits::WIDTH;
        match (uri, width) {
            (Some(uri), Some(width))
                if matches!(of, DataType::Bits(_)) && width.is_none_or(|width| widths.contains(&width)) =>
            {
                Ok(ir::Translation { uri, width })
            }
            (Some(_), Some(_)) => self.fail(
                Diagnostic::error("the control plane cannot translate this type")
                    .at(annotation.span, "")
                    .help("only types made of `bit<W>` are translated, to `string` or `bit<W>`"),
            ),
            _ => self.fail(
                Diagnostic::error("`@p4runtime_translation` takes a URI and a type")
                    .at(annotation.span, "")
                    .help("write `@p4runtime_translation(\"uri\", string)` or `(\"uri\", bit<32>)`"),
            ),
        }
    }

    /// The annotations of a record's field.
    pub(super) fn field_annotations(&self, record: &Record, field: usize) -> &'a [ast::Annotation] {
        let written = self.declared_types.written.get(&record.declaration).and_then(|written| written.1);
        written.and_then(|written| written.fields.get(field)).map_or(&[][..], |field| &field.annotations)
    }
}
