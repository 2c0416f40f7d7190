//! Ids of what is within an object: key fields, parameters, fields of headers (P4Runtime 1.5, sections 6.4.2 and 6.4.3).

use std::collections::BTreeSet;

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};
use sluice_ir::Annotation;
use sluice_ir::control_plane::find;

/// Ids of the fields of one object, in their order: those that `@id` chooses, and from 1 for the others.
///
/// `of` names the object in errors, `fields` are names and annotations.
pub(crate) fn field_ids<'m>(
    of: &str,
    span: Option<Span>,
    fields: impl Iterator<Item = (&'m str, &'m [Annotation])>,
    found: &mut Diagnostics,
) -> Vec<u32> {
    let mut taken = BTreeSet::new();
    let mut ids: Vec<Option<u32>> = Vec::new();
    for (name, annotations) in fields {
        let Some(annotation) = find(annotations, "id") else {
            ids.push(None);
            continue;
        };
        let number = annotation.integer().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| *number != 0);
        let (why, help) = match number {
            Some(id) if taken.insert(id) => {
                ids.push(Some(id));
                continue;
            }
            Some(id) => (format!("is {id}, as that of another field"), "give each field its own"),
            None => ("is not a number from 1 to 0xffffffff".to_string(), "write `@id(1)`"),
        };
        let error = Diagnostic::error(format!("the `@id` of `{name}` in `{of}` {why}")).help(help);
        found.push(match span {
            Some(span) => error.at(span, ""),
            None => error,
        });
        ids.push(Some(0));
    }
    let mut next = 1;
    let mut give = |id: Option<u32>| match id {
        // A chosen id counts, so that the others keep the ids that they would have without it.
        Some(id) => {
            next += 1;
            id
        }
        None => {
            while !taken.insert(next) {
                next += 1;
            }
            next
        }
    };
    ids.into_iter().map(&mut give).collect()
}
