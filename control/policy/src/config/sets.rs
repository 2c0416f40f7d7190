//! `sets:` of the configuration, and the expressions that use them.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics, Label, Span};
use sluice_yaml::{self as yaml, Node};

use super::Reader;
use super::model::Policy;
use crate::filter::{self, NamedSet, NamedSets, Origin};
use crate::term::Term;

impl Reader<'_> {
    /// `sets:`.
    pub(crate) fn named_sets(&mut self, node: &Node) -> NamedSets {
        let mut sets = NamedSets::new();
        for (key, node) in self.mapping(node, "`sets`").unwrap_or(&[]) {
            self.plain_name(key, "set");
            let mut items = Vec::new();
            for item in self.list(node, "a set").unwrap_or(&[]) {
                if let Some(text) = self.text(item, "member of a set") {
                    items.push((text, item.span));
                }
            }
            match NamedSet::parse(&items) {
                Ok(set) => sets.insert(key.text.as_str(), set),
                Err(found) => {
                    self.found.extend(found);
                    // Known, so that its uses are not reported as well.
                    sets.insert(key.text.as_str(), NamedSet::Numbers(Vec::new()));
                }
            }
        }
        sets
    }

    /// The terms of a `match:`; what is wrong is reported at its place inside the text.
    pub(crate) fn expression(&mut self, node: &Node, sets: &NamedSets, policy: &mut Policy) -> Arc<[Term]> {
        let nothing = || Arc::from([]);
        let Some(text) = self.text(node, "`match`") else { return nothing() };
        let origin = Origin { source: self.source, offset: 0 };
        let terms = filter::parse(text, origin, sets).and_then(|expr| filter::terms(&expr));
        match terms {
            Ok(terms) => {
                if terms.is_empty() {
                    policy.warnings.push(
                        Diagnostic::warning("no packet can match this")
                            .at(node.span, "")
                            .help("two conditions of one `and` exclude each other"),
                    );
                }
                terms.into()
            }
            Err(found) => {
                let places = yaml::places(self.sources, node.span, text);
                for diagnostic in moved(&found, &places) {
                    self.found.push(diagnostic);
                }
                nothing()
            }
        }
    }
}

/// Findings about an expression, at the places of its bytes in the configuration.
fn moved(found: &Diagnostics, places: &[u32]) -> Vec<Diagnostic> {
    let last = places.len().saturating_sub(1);
    let place = |at: u32| places.get((at as usize).min(last)).copied().unwrap_or(0);
    let span = |span: Span| {
        let start = place(span.start);
        // The end is behind the last byte, which may stand on another line than the byte behind it.
        let end = if span.end > span.start { place(span.end - 1) + 1 } else { start };
        Span { start, end: end.max(start), ..span }
    };
    let label = |label: &Label| Label { span: span(label.span), text: label.text.clone() };
    found
        .iter()
        .map(|diagnostic| Diagnostic {
            primary: diagnostic.primary.as_ref().map(label),
            secondary: diagnostic.secondary.iter().map(label).collect(),
            ..diagnostic.clone()
        })
        .collect()
}
