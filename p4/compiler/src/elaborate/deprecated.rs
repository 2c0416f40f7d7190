//! `@deprecated`: uses of what its author wants to be rid of are warned of (section 20.3.4).

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};

use super::Elaborator;
use super::annotations::find;
use crate::ast;

impl Elaborator<'_> {
    /// Remembers that what is named at `name` is deprecated, if its annotations say so.
    pub(super) fn note_deprecated(&mut self, name: &ast::Name, annotations: &[ast::Annotation]) {
        if let Some(annotation) = find(annotations, "deprecated") {
            let advice: Rc<str> = annotation.string().unwrap_or("").into();
            self.deprecated.insert(name.span, advice);
        }
    }

    /// Warns where something deprecated is used; `declared` is the name in its declaration.
    pub(super) fn warn_deprecated(&mut self, name: &str, declared: Span, at: Span) {
        let Some(advice) = self.deprecated.get(&declared) else { return };
        let help =
            if advice.is_empty() { "use what its author recommends".into() } else { advice.to_string() };
        self.warn(
            Diagnostic::warning(format!("`{name}` is deprecated"))
                .at(at, "")
                .also(declared, "declared here")
                .help(help),
        );
    }
}
