//! Located diagnostics: sources, spans, errors with a caret and a help line.
//!
//! P4 programs, `broker.yaml`, filter expressions and textual IR are all read by people's mistakes first.
//! Each front end collects [`Diagnostic`]s in a [`Diagnostics`] list, goes on after an error where it can,
//! and the command renders the whole list at once through [`Diagnostics::render`].
//!
//! A [`Span`] is a half-open byte range of one [`Source`]. A diagnostic has one primary label (where it went
//! wrong), any number of secondary ones (what it conflicts with), and a help line that says what would be right.

mod spelling;

use std::fmt;

pub use spelling::closest;

use codespan_reporting::diagnostic as report;
use codespan_reporting::files::SimpleFiles;
use codespan_reporting::term;

/// Names one source text of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A half-open range of bytes, `start..end`, of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The source that the bytes are of.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start: start as u32, end: end as u32 }
    }

    /// From the start of `self` to the end of `other`; `self` alone where they are of different sources.
    pub fn to(self, other: Self) -> Self {
        if self.source == other.source {
            Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
        } else {
            self
        }
    }
}

/// One text: what to call it in messages, and its content.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name printed before the line number: a path as the user gave it, or `<filter>`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// The texts that the spans of one run point into.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: Vec<Source>,
}

impl Sources {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and names it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.texts.push(Source { name: name.into(), text: text.into() });
        SourceId(self.texts.len() as u32 - 1)
    }

    /// The text behind an id that this set gave out.
    pub fn source(&self, id: SourceId) -> &Source {
        &self.texts[id.0 as usize]
    }

    /// The text behind an id; `None` for one that this set did not give out.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.texts.get(id.0 as usize)
    }

    /// The spanned part of the text, or `""` where the span is not on character boundaries of it.
    pub fn text(&self, span: Span) -> &str {
        self.source(span.source).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// One-based line and column (in characters) of the span's start.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let text = &self.source(span.source).text;
        let before = text.get(..(span.start as usize).min(text.len())).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is taken; it probably does not do what its author meant.
    Warning,
    /// Something worth knowing.
    Note,
}

/// A place with a few words on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub text: String,
}

/// One finding about the user's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One line: what is wrong, in the user's words.
    pub message: String,
    /// Where it went wrong; `None` for what has no place (a missing file).
    pub primary: Option<Label>,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// What would be right.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// A note without a place yet.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), primary: None, secondary: Vec::new(), help: Vec::new() }
    }

    /// Puts the caret here, with a few words (may be empty).
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Points to another place that matters.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Says what would be right.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    fn to_report(&self) -> report::Diagnostic<usize> {
        let severity = match self.severity {
            Severity::Error => report::Severity::Error,
            Severity::Warning => report::Severity::Warning,
            Severity::Note => report::Severity::Note,
        };
        let label = |style, label: &Label| {
            let range = label.span.start as usize..label.span.end as usize;
            report::Label::new(style, label.span.source.0 as usize, range).with_message(&label.text)
        };
        let labels = self
            .primary
            .iter()
            .map(|primary| label(report::LabelStyle::Primary, primary))
            .chain(self.secondary.iter().map(|other| label(report::LabelStyle::Secondary, other)))
            .collect();
        let notes = self.help.iter().map(|help| format!("help: {help}")).collect();
        report::Diagnostic::new(severity).with_message(&self.message).with_labels(labels).with_notes(notes)
    }
}

/// Everything found in one run, in the order found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding; the same finding at the same place is kept once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// Adds all of another run.
    pub fn extend(&mut self, other: Self) {
        for diagnostic in other.list {
            self.push(diagnostic);
        }
    }

    /// Whether any of them refuses the input.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The findings.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// All of them as text, for people: source line, caret, help; no color, no trailing blank line.
    pub fn render(&self, sources: &Sources) -> String {
        let mut files = SimpleFiles::new();
        for source in &sources.texts {
            files.add(source.name.as_str(), source.text.as_str());
        }
        let config = term::Config::default();
        let mut out = String::new();
        for diagnostic in &self.list {
            if term::emit_to_string(&mut out, &config, &files, &diagnostic.to_report()).is_err() {
                // A span outside its text: say the message at least, without the source line.
                out.push_str(&format!("{}\n", diagnostic.message));
            }
        }
        // Lines of the renderer end in blanks here and there; goldens are easier without.
        let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
        let mut text = lines.join("\n").trim_end().to_string();
        text.push('\n');
        text
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { list: vec![diagnostic] }
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        let mut all = Self::new();
        for diagnostic in iter {
            all.push(diagnostic);
        }
        all
    }
}

impl fmt::Display for Diagnostics {
    /// The messages alone, a line each; [`Diagnostics::render`] is for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_line_caret_and_help() {
        let mut sources = Sources::new();
        let id = sources.add("broker.yaml", "filters:\n  - match: tcp prot 80\n");
        let found: Diagnostics = Diagnostic::error("unknown word `prot`")
            .at(Span::new(id, 24, 28), "not a primitive")
            .help("did you mean `port`?")
            .into();
        let text = found.render(&sources);
        assert_eq!(
            text,
            "error: unknown word `prot`\n  ┌─ broker.yaml:2:16\n  │\n2 │   - match: tcp prot 80\n  │                ^^^^ not a primitive\n  │\n  = help: did you mean `port`?\n"
        );
    }

    #[test]
    fn the_same_finding_is_kept_once() {
        let mut all = Diagnostics::new();
        all.push(Diagnostic::warning("twice"));
        all.push(Diagnostic::warning("twice"));
        assert_eq!(all.iter().count(), 1);
        assert!(!all.has_errors());
    }
}
