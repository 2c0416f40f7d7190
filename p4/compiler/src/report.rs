//! Collects the front end's diagnostics, and says when to give up.

use rustc_hash::FxHashSet;
use sluice_diagnostics::{Diagnostic, Diagnostics, Severity, Span};

use crate::limits;

/// The diagnostics so far, no more errors than [`limits::ERRORS`].
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    found: Diagnostics,
    /// Errors by their text and place: code that is looked at several times gives each once.
    known: FxHashSet<(String, Option<Span>)>,
    errors: usize,
    warnings: usize,
}

impl Reporter {
    /// Adds a finding; what comes after too many errors is most likely a consequence, and left out.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.gave_up() {
            return;
        }
        if diagnostic.severity == Severity::Error {
            let place = diagnostic.primary.as_ref().map(|label| label.span);
            if !self.known.insert((diagnostic.message.clone(), place)) {
                return;
            }
            self.errors += 1;
        } else {
            self.warnings += 1;
            if self.warnings > limits::ERRORS {
                return;
            }
        }
        self.found.push(diagnostic);
        if self.gave_up() {
            self.found.push(
                Diagnostic::error("too many errors")
                    .help(format!("the first {} are shown; correct these and run again", limits::ERRORS)),
            );
        }
    }

    /// Whether there were so many errors that more would help nobody.
    pub(crate) fn gave_up(&self) -> bool {
        self.errors >= limits::ERRORS
    }

    /// Whether anything was wrong so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Everything collected.
    pub(crate) fn finish(self) -> Diagnostics {
        self.found
    }
}
