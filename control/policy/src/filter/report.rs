//! Where an expression stands in its source, and errors at places of it.

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Span};

/// Where byte 0 of an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The text that the expression is part of.
    pub source: SourceId,
    /// Offset of its first byte there.
    pub offset: usize,
}

impl Origin {
    /// Bytes `start..end` of the expression as a span of the source.
    pub fn span(self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.offset + start, self.offset + end)
    }
}

/// Collects errors of one expression.
pub(super) struct Reporter {
    pub(super) origin: Origin,
    pub(super) found: Diagnostics,
}

impl Reporter {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, found: Diagnostics::new() }
    }

    /// An error at bytes `start..end` of the expression; an empty `help` is left out.
    pub(super) fn error(&mut self, start: usize, end: usize, message: &str, label: &str, help: &str) {
        let error = Diagnostic::error(message).at(self.origin.span(start, end), label);
        self.found.push(if help.is_empty() { error } else { error.help(help) });
    }
}

/// The candidate nearest to `word`, where it is near enough to be what was meant: one edit for short words, two for
/// words of more than four letters.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = if word.chars().count() <= 4 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance, where swapping two neighbors is one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
