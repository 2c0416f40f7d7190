//! What the control plane is told, as text: annotations, named types, digests.

use super::names::{quote, shown};
use super::print::Printer;
use super::print_expression::show_type;
use crate::{
    Annotation, AnnotationBody, AnnotationValue, DataType, Handle, Member, NamedKind, NamedType, Type,
};

/// One annotation.
fn show_annotation(annotation: &Annotation) -> String {
    let body = match &annotation.body {
        AnnotationBody::None => String::new(),
        AnnotationBody::Text(text) => format!("({})", quote(text)),
        AnnotationBody::Values(values) => {
            let values: Vec<String> = values.iter().map(show_value).collect();
            format!("[{}]", values.join(", "))
        }
        AnnotationBody::Pairs(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{} = {}", shown(key), show_value(value))).collect();
            format!("[{}]", pairs.join(", "))
        }
    };
    format!("@{}{body}", shown(&annotation.name))
}

fn show_value(value: &AnnotationValue) -> String {
    match value {
        AnnotationValue::Text(text) => quote(text),
        AnnotationValue::Integer(number) => number.to_string(),
        AnnotationValue::Bool(value) => value.to_string(),
    }
}

/// Annotations in a line, each with a space behind it.
pub(super) fn inline(annotations: &[Annotation]) -> String {
    annotations.iter().map(|annotation| show_annotation(annotation) + " ").collect()
}

impl Printer<'_> {
    /// Annotations, a line each.
    pub(super) fn annotations(&mut self, annotations: &[Annotation]) {
        for annotation in annotations {
            self.line(&show_annotation(annotation));
        }
    }

    /// ` as name` for what has a type with a name.
    pub(super) fn named(&self, named: Option<Handle<NamedType>>) -> String {
        named.map_or_else(String::new, |handle| format!(" as {}", self.names.named_types.of(handle)))
    }

    /// ` by name` for what has an index whose type has a name.
    pub(super) fn index(&self, index: Option<Handle<NamedType>>) -> String {
        index.map_or_else(String::new, |handle| format!(", by {}", self.names.named_types.of(handle)))
    }

    /// The package's annotations, types with names, and digests.
    pub(super) fn control_plane(&mut self) {
        let module = self.module;
        if !module.annotations.is_empty() {
            self.gap();
            self.annotations(&module.annotations);
            self.line("main;");
        }
        for (handle, ty) in module.named_types.iter() {
            self.gap();
            self.annotations(&ty.annotations);
            self.named_type(&self.names.named_types.of(handle), &ty.kind);
        }
        if !module.digests.is_empty() {
            self.gap();
        }
        for (handle, digest) in module.digests.iter() {
            let ty = self.data_type(&digest.ty);
            self.line(&format!("digest {}: {ty};", self.names.digests.of(handle)));
        }
    }

    fn named_type(&mut self, name: &str, kind: &NamedKind) {
        match kind {
            NamedKind::Struct(members) => self.members(name, "struct", members),
            NamedKind::Header(members) => self.members(name, "header", members),
            NamedKind::Union(members) => self.members(name, "union", members),
            NamedKind::Enum(members) => {
                let members: Vec<String> = members.iter().map(|member| shown(member)).collect();
                self.line(&format!("type {name}: enum {{{}}}", members.join(", ")));
            }
            NamedKind::SerializableEnum { width, members } => {
                let members: Vec<String> =
                    members.iter().map(|(member, value)| format!("{} = {value}", shown(member))).collect();
                let width = show_type(Type::Bits(*width));
                self.line(&format!("type {name}: enum {width} {{{}}}", members.join(", ")));
            }
            NamedKind::New { of, translation } => {
                let translation = translation.as_ref().map_or_else(String::new, |translation| {
                    let to = translation.width.map_or("string".to_string(), |width| width.to_string());
                    format!(" as {} to {to}", quote(&translation.uri))
                });
                let of = self.data_type(of);
                self.line(&format!("type {name}: new {of}{translation};"));
            }
        }
    }

    fn members(&mut self, name: &str, word: &str, members: &[Member]) {
        self.open(&format!("type {name}: {word}"));
        for member in members {
            let annotations = inline(&member.annotations);
            let ty = self.data_type(&member.ty);
            self.line(&format!("{annotations}{}: {ty};", shown(&member.name)));
        }
        self.close();
    }

    fn data_type(&self, ty: &DataType) -> String {
        match ty {
            DataType::Bits(width) => show_type(Type::Bits(*width)),
            DataType::Int(width) => show_type(Type::Int(*width)),
            DataType::Varbit(width) => show_type(Type::Varbit(*width)),
            DataType::Bool => show_type(Type::Bool),
            DataType::Error => show_type(Type::Error),
            DataType::Tuple(members) => {
                let members: Vec<String> = members.iter().map(|member| self.data_type(member)).collect();
                format!("({})", members.join(", "))
            }
            DataType::Named(handle) => self.names.named_types.of(*handle),
            DataType::Stack(handle, size) => format!("{} * {size}", self.names.named_types.of(*handle)),
        }
    }
}
