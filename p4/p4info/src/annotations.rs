//! Annotations and documentation (P4Runtime 1.5, sections 6.1.2 to 6.1.4).

use sluice_ir::control_plane::find;
use sluice_ir::{Annotation, AnnotationBody, AnnotationValue};

use crate::proto::{
    Documentation, Expression, ExpressionList, KeyValuePair, KeyValuePairList, Preamble,
    StructuredAnnotation, expression, structured_annotation,
};

/// Annotations that have places of their own in P4Info.
const PLACED: [&str; 4] = ["name", "id", "brief", "description"];

/// Annotations as P4Info has them, but for those in `without`.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    /// As they were written.
    pub(crate) unstructured: Vec<String>,
    /// Taken apart.
    pub(crate) structured: Vec<StructuredAnnotation>,
    /// `@brief` and `@description`.
    pub(crate) doc: Option<Documentation>,
}

impl Annotations {
    pub(crate) fn of(annotations: &[Annotation], without: &[&str]) -> Self {
        let mut all = Self::default();
        for annotation in annotations {
            let name = annotation.name.as_str();
            if PLACED.contains(&name) || without.contains(&name) {
                continue;
            }
            match &annotation.body {
                AnnotationBody::None => all.unstructured.push(format!("@{name}")),
                // An empty pair of parentheses says as much as none.
                AnnotationBody::Text(text) if text.is_empty() => all.unstructured.push(format!("@{name}")),
                AnnotationBody::Text(text) => all.unstructured.push(format!("@{name}({text})")),
                AnnotationBody::Values(values) => all.structured.push(list(name, values)),
                AnnotationBody::Pairs(pairs) => all.structured.push(pair_list(name, pairs)),
            }
        }
        let text = |name| find(annotations, name).and_then(Annotation::string);
        let (brief, description) = (text("brief"), text("description"));
        if brief.is_some() || description.is_some() {
            let (brief, description) = (brief.unwrap_or_default(), description.unwrap_or_default());
            all.doc = Some(Documentation { brief, description });
        }
        all
    }

    /// The preamble of an object.
    pub(crate) fn preamble(self, id: u32, name: &str, alias: &str) -> Option<Preamble> {
        Some(Preamble {
            id,
            name: name.to_string(),
            alias: alias.to_string(),
            annotations: self.unstructured,
            annotation_locations: Vec::new(),
            doc: self.doc,
            structured_annotations: self.structured,
        })
    }
}

/// Whether the control plane is not told of it.
pub(crate) fn is_hidden(annotations: &[Annotation]) -> bool {
    find(annotations, "hidden").is_some()
}

fn list(name: &str, values: &[AnnotationValue]) -> StructuredAnnotation {
    let expressions = values.iter().map(expression).collect();
    let body = structured_annotation::Body::ExpressionList(ExpressionList { expressions });
    let body = (!values.is_empty()).then_some(body);
    StructuredAnnotation { name: name.to_string(), body, source_location: None }
}

fn pair_list(name: &str, pairs: &[(String, AnnotationValue)]) -> StructuredAnnotation {
    let pair = |(key, value): &(String, AnnotationValue)| KeyValuePair {
        key: key.clone(),
        value: Some(expression(value)),
    };
    let kv_pairs = pairs.iter().map(pair).collect();
    let body = Some(structured_annotation::Body::KvPairList(KeyValuePairList { kv_pairs }));
    StructuredAnnotation { name: name.to_string(), body, source_location: None }
}

fn expression(value: &AnnotationValue) -> Expression {
    let value = match value {
        AnnotationValue::Text(text) => expression::Value::StringValue(text.clone()),
        AnnotationValue::Integer(number) => expression::Value::Int64Value(*number),
        AnnotationValue::Bool(value) => expression::Value::BoolValue(*value),
    };
    Expression { value: Some(value) }
}
