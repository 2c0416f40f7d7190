//! Which entry of a table wins where several fit (section 14.2.1.4): in the IR the largest number, whatever the program says.

use sluice_diagnostics::Diagnostic;
use sluice_ir as ir;

use super::annotations::find;
use super::table_properties::Properties;
use super::{Elaborator, Result};
use crate::ast::{self, AnnotationBody, AnnotationToken, AnnotationTokenKind};
use crate::types::Type;

/// How the priorities of a table's entries are numbered.
pub(super) struct Priorities {
    largest_wins: bool,
    delta: u32,
}

impl<'a> Elaborator<'a> {
    pub(super) fn numbering(&mut self, properties: &Properties<'a>) -> Result<Priorities> {
        let mut numbering = Priorities { largest_wins: true, delta: 1 };
        if let Some(value) = self.custom_property(properties, "largest_priority_wins") {
            let operand = self.constant_of_type(value, &Type::Bool)?;
            let handle = self.scalar(&operand, value.span)?;
            numbering.largest_wins = self.known_truth(handle).unwrap_or(true);
        }
        if let Some(value) = self.custom_property(properties, "priority_delta") {
            let number = self.constant_integer(value)?;
            numbering.delta = self.small(&number, "a `priority_delta`", 1 << 16, value.span)?;
        }
        Ok(numbering)
    }

    /// Priorities stand in tables that need them: at none of the entries, or from the first one on.
    pub(super) fn check_priorities(&mut self, entries: &'a [ast::Entry], ordered: bool) -> Result<()> {
        let written = |entry: &&'a ast::Entry| entry.priority.is_some();
        let Some(priority) = entries.iter().find(written).and_then(|entry| entry.priority.as_ref()) else {
            return Ok(());
        };
        if !ordered {
            return self.fail(
                Diagnostic::error("the entries of this table have no priorities")
                    .at(priority.span, "")
                    .help("no two entries fit at once but for the length of a prefix: remove it, or make a key `ternary`"),
            );
        }
        match entries.first() {
            Some(first) if first.priority.is_none() => self.fail(
                Diagnostic::error("the first entry has no priority")
                    .at(first.span, "")
                    .also(priority.span, "this one has")
                    .help("write one at the first entry: the others without one go on from there"),
            ),
            _ => Ok(()),
        }
    }

    /// Priorities not written continue the one before.
    pub(super) fn prioritize(
        &mut self,
        made: &mut [ir::InitialEntry],
        entries: &'a [ast::Entry],
        numbering: &Priorities,
        annotations: &'a [ast::Annotation],
    ) -> Result<()> {
        let most = i32::MAX as u32;
        if entries.iter().any(|entry| annotated_priority(entry).is_some()) {
            return self.prioritize_by_annotation(made, entries, most);
        }
        let delta = i64::from(numbering.delta);
        let count = entries.len() as i64;
        let mut next = if numbering.largest_wins { (count - 1) * delta + 1 } else { 1 };
        let mut priorities = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(written) = &entry.priority {
                let value = self.constant_integer(written)?;
                next = i64::from(self.small(&value, "a priority", most, written.span)?);
            }
            if !(0..=i64::from(most)).contains(&next) {
                return self.fail(
                    Diagnostic::error(format!("the priority of this entry would be {next}"))
                        .at(entry.span, "counted on from the entries before it")
                        .help(format!("write its priority, from 0 to {most}, or another `priority_delta`")),
                );
            }
            priorities.push(next);
            next += if numbering.largest_wins { -delta } else { delta };
        }
        self.warn_of_order(entries, &priorities, numbering, annotations);
        let last = priorities.iter().copied().max().unwrap_or(1);
        // To the control plane, 0 would say that there is none.
        let shift = i64::from(priorities.contains(&0));
        for (entry, priority) in made.iter_mut().zip(priorities) {
            let priority = if numbering.largest_wins { priority + shift } else { last + 1 - priority };
            entry.priority = u32::try_from(priority).unwrap_or(1);
        }
        Ok(())
    }

    /// Two entries of one priority: either may win. One that stands behind another and wins over it: the order misleads.
    fn warn_of_order(
        &mut self,
        entries: &'a [ast::Entry],
        priorities: &[i64],
        numbering: &Priorities,
        annotations: &'a [ast::Annotation],
    ) {
        let is_quiet = |what: &str| {
            let named = |annotation: &ast::Annotation| annotation.name.as_str() == "noWarn";
            annotations.iter().any(|annotation| named(annotation) && annotation.string() == Some(what))
        };
        let (same, order) = (!is_quiet("duplicate-priorities"), !is_quiet("entries-out-of-priority-order"));
        for (i, (entry, priority)) in entries.iter().zip(priorities).enumerate() {
            let before = entries.iter().zip(priorities).take(i).rev();
            if let Some((twin, _)) = before.clone().find(|(_, other)| *other == priority).filter(|_| same) {
                self.warn(
                    Diagnostic::warning(format!("two entries have the priority {priority}"))
                        .at(entry.span, "this one")
                        .also(twin.span, "and this one")
                        .help("where both fit, it is open which one wins: give them different priorities"),
                );
            }
            if let Some((last, other)) = before.clone().next().filter(|_| order)
                && other != priority
                && (priority > other) == numbering.largest_wins
            {
                self.warn(
                    Diagnostic::warning("an entry wins over one that stands before it")
                        .at(entry.span, format!("of priority {priority}"))
                        .also(last.span, format!("of priority {other}"))
                        .help("write entries in the order in which they win"),
                );
            }
        }
    }

    /// `@priority(n)` of entries, from before priorities were of the language: the smallest wins, and an entry without one has the
    /// number of its place.
    fn prioritize_by_annotation(
        &mut self,
        made: &mut [ir::InitialEntry],
        entries: &'a [ast::Entry],
        most: u32,
    ) -> Result<()> {
        let mut priorities = Vec::with_capacity(entries.len());
        for (entry, place) in entries.iter().zip(1u32..) {
            priorities.push(match annotated_priority(entry) {
                Some(written) => self.small(&written.value, "a priority", most - 1, entry.span)?,
                None => place,
            });
        }
        let last = priorities.iter().copied().max().unwrap_or(1);
        for (entry, priority) in made.iter_mut().zip(priorities) {
            entry.priority = last + 1 - priority;
        }
        Ok(())
    }
}

/// The number of an entry's `@priority`.
fn annotated_priority(entry: &ast::Entry) -> Option<&ast::Integer> {
    let annotation = find(&entry.annotations, "priority")?;
    match &annotation.body {
        AnnotationBody::Unstructured(tokens) => match tokens.as_slice() {
            [AnnotationToken { kind: AnnotationTokenKind::Integer(number), .. }] => Some(number),
            _ => None,
        },
        AnnotationBody::Expressions(values) => match values.as_slice() {
            [ast::Expr { kind: ast::ExprKind::Integer(number), .. }] => Some(number),
            _ => None,
        },
        AnnotationBody::None | AnnotationBody::Pairs(_) => None,
    }
}
