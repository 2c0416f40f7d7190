//! Where things were written, as `source_info` says it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sluice_diagnostics::{SourceId, Sources, Span};

use crate::json::Json;

/// Longest piece of source text that is quoted, in characters.
const FRAGMENT: usize = 60;

/// Places in the program's texts.
pub(super) struct SourceInfo<'s> {
    sources: &'s Sources,
    /// Offsets of line starts, of the texts that were asked for.
    lines: RefCell<BTreeMap<SourceId, Vec<usize>>>,
}

impl<'s> SourceInfo<'s> {
    pub(super) fn new(sources: &'s Sources) -> Self {
        Self { sources, lines: RefCell::new(BTreeMap::new()) }
    }

    /// File, line (from 1), column (from 0) and text of a place; none where it has no text.
    fn object(&self, span: Span) -> Option<Json> {
        let source = self.sources.get(span.source)?;
        let fragment = source.text.get(span.start as usize..span.end as usize)?;
        if fragment.is_empty() {
            return None;
        }
        let mut lines = self.lines.borrow_mut();
        let starts = lines.entry(span.source).or_insert_with(|| {
            let ends = source.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        });
        let start = span.start as usize;
        let line = starts.partition_point(|at| *at <= start);
        let column = start - starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let first = fragment.lines().next().unwrap_or_default();
        let mut text: String = first.chars().take(FRAGMENT).collect();
        if text.len() < fragment.len() {
            text = format!("{} ...", text.trim_end());
        }
        Some(Json::Object(vec![
            ("filename", Json::text(&source.name)),
            ("line", Json::number(line)),
            ("column", Json::number(column)),
            ("source_fragment", Json::text(text)),
        ]))
    }

    /// Adds the place to an object's entries, if there is one.
    pub(super) fn add(&self, entries: &mut Vec<(&'static str, Json)>, span: Span) {
        if let Some(place) = self.object(span) {
            entries.push(("source_info", place));
        }
    }
}
