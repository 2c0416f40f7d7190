//! What is wrong with a policy, as data.

use sluice_diagnostics::{Diagnostics, Label, Severity, Sources};

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Column, in characters, from 1.
    pub column: u64,
    /// The text there.
    pub text: String,
    /// What is to be seen there; may be empty.
    pub label: String,
}

/// Something that was found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What was found.
    pub message: String,
    /// Where, the main place first; empty if it has none.
    pub places: Vec<Place>,
    /// What would be right.
    pub help: Vec<String>,
}

/// Most of the text of a place that is told, characters.
const PLACE_CHARACTERS: usize = 200;

fn place(label: &Label, sources: &Sources) -> Option<Place> {
    sources.get(label.span.source)?;
    let (line, column) = sources.line_column(label.span);
    let text = sources.text(label.span).chars().take(PLACE_CHARACTERS).collect();
    Some(Place { line: line as u64, column: column as u64, text, label: label.text.clone() })
}

/// All of them, in order.
pub(crate) fn findings(found: &Diagnostics, sources: &Sources) -> Vec<Finding> {
    found
        .iter()
        .map(|one| Finding {
            severity: match one.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            message: one.message.clone(),
            places: one
                .primary
                .iter()
                .chain(&one.secondary)
                .filter_map(|label| place(label, sources))
                .collect(),
            help: one.help.clone(),
        })
        .collect()
}
