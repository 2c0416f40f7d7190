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
