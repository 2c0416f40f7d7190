//! Parser value sets (section 13.11).

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::MatchKind;
use sluice_ir as ir;

use super::annotations::{control_plane_name, find};
use super::{Elaborator, Result};
use crate::ast;
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{Object, Operand, Value};

/// Most members of a value set.
const VALUE_SET_SIZE: u32 = 1 << 20;

impl<'a> Elaborator<'a> {
    pub(super) fn declare_value_set(
        &mut self,
        value_set: &'a ast::ValueSet,
        annotations: &'a [ast::Annotation],
    ) -> Result<()> {
        match self.value_set(value_set, annotations) {
            Ok(operand) => self.declare(&value_set.name, Entity::Value(operand)),
            Err(reported) => {
                self.declare_wrong(&value_set.name);
                Err(reported)
            }
        }
    }

    fn value_set(
        &mut self,
        value_set: &'a ast::ValueSet,
        annotations: &'a [ast::Annotation],
    ) -> Result<Operand<'a>> {
        if !self.may_parse() {
            return self.misplaced("a value set", value_set.name.span, "value sets are declared in parsers");
        }
        let ty = self.resolve_type(&value_set.ty)?;
        let size = self.constant_integer(&value_set.size)?;
        let size = self.small(&size, "a value set's size", VALUE_SET_SIZE, value_set.size.span)?;
        let mut fields = Vec::new();
        self.value_set_fields("", &[], &ty, MatchKind::Exact, value_set.ty.span, &mut fields)?;
        let name = control_plane_name(annotations, value_set.name.as_str(), &self.frame.path);
        let annotations = self.annotations(annotations)?;
        let made = ir::ValueSet { name, size: u64::from(size), fields, annotations };
        let handle = self.module.value_sets.push(made);
        Ok(Operand::new(Value::Object(Object::ValueSet(handle)), ty))
    }

    fn value_set_fields(
        &mut self,
        name: &str,
        annotations: &'a [ast::Annotation],
        ty: &Type,
        kind: MatchKind,
        span: Span,
        fields: &mut Vec<ir::ValueSetField>,
    ) -> Result<()> {
        let fixed = ty.scalar().filter(|scalar| !matches!(scalar, ir::Type::Varbit(_)));
        match (fixed, ty.plain()) {
            (Some(scalar), _) => fields.push(ir::ValueSetField {
                name: control_plane_name(annotations, name, ""),
                kind,
                width: scalar.width(),
                annotations: self.annotations(annotations)?,
            }),
            (None, Type::Record(record)) if record.kind == ast::RecordKind::Struct => {
                let record = record.clone();
                for (i, field) in record.fields.iter().enumerate() {
                    let kind = self.field_match_kind(&record.name, &field.name);
                    let annotations = self.field_annotations(&record, i);
                    self.value_set_fields(&field.name, annotations, &field.ty, kind, span, fields)?;
                }
            }
            (None, Type::Tuple(parts)) => {
                for (i, part) in parts.clone().iter().enumerate() {
                    self.value_set_fields(&format!("{name}.{i}"), &[], part, kind, span, fields)?;
                }
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value set cannot hold values of type `{ty}`"))
                        .at(span, "")
                        .help("use a number, or a struct of numbers"),
                );
            }
        }
        Ok(())
    }

    /// `@match(ternary)` on a field of the struct that a value set holds (section 13.11).
    fn field_match_kind(&self, record: &str, field: &str) -> MatchKind {
        let written = self.match_annotations.get(&(record.into(), field.into()));
        match written.map(|text| &**text) {
            Some("ternary") => MatchKind::Ternary,
            Some("lpm") => MatchKind::Lpm,
            Some("range") => MatchKind::Range,
            Some("optional") => MatchKind::Optional,
            _ => MatchKind::Exact,
        }
    }

    /// Remembers the `@match` annotations of a struct's fields.
    pub(super) fn collect_match_annotations(&mut self, record: &'a ast::Record) {
        for field in &record.fields {
            let Some(annotation) = find(&field.annotations, "match") else { continue };
            if let ast::AnnotationBody::Unstructured(tokens) = &annotation.body
                && let [token] = tokens.as_slice()
            {
                if !self.match_kinds.contains(&token.text) {
                    self.error(
                        Diagnostic::error(format!("there is no match kind `{}`", token.text))
                            .at(annotation.span, "")
                            .help("write `@match(ternary)`, or another match kind"),
                    );
                }
                let key = (record.name.text.clone(), field.name.text.clone());
                self.match_annotations.insert(key, token.text.clone());
            }
        }
    }
}
