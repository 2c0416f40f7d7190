//! A script's words.
//!
//! Words of `packet` and `expect` are other ones than those of all other statements (`12` is a byte there), so the rest of
//! such a line is one token.

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Span};

use crate::parse::is_enough;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Starts with a letter, `_`, `$` or `.`; may hold `.` and `[n]`. Quotes are not part of the span.
    Name,
    /// Starts with a digit or `*`.
    Number,
    /// The rest of a `packet` or `expect` line.
    Data,
    /// `:`, `,`, `(`, `)`, `/`, `=`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `&&&`, `->`.
    Mark,
    /// The end of a line.
    Newline,
    /// The end of the script.
    End,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) span: Span,
}

/// The longest of those that start alike come first.
const MARKS: [&str; 14] = ["&&&", "->", "==", "!=", "<=", ">=", "=", "<", ">", ":", ",", "(", ")", "/"];

/// Splits a script into tokens, ended by [`Kind::End`].
pub(crate) fn tokens<'a>(text: &'a str, source: SourceId, found: &mut Diagnostics) -> Vec<Token<'a>> {
    let mut lexer = Lexer { text, source, at: 0, tokens: Vec::new() };
    while lexer.at < text.len() && !is_enough(found) {
        if let Err(diagnostic) = lexer.token() {
            found.push(diagnostic);
        }
    }
    lexer.push(Kind::Newline, text.len(), text.len());
    lexer.push(Kind::End, text.len(), text.len());
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    source: SourceId,
    at: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let text = &self.text[start..end];
        self.tokens.push(Token { kind, text, span: Span::new(self.source, start, end) });
    }

    /// Reads one token, or what stands between two.
    fn token(&mut self) -> Result<(), Diagnostic> {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return Ok(()) };
        let start = self.at;
        match first {
            '\n' => {
                self.at += 1;
                self.push(Kind::Newline, start, start + 1);
            }
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            _ if first.is_whitespace() => self.at += first.len_utf8(),
            '"' => return self.quoted(),
            '0'..='9' | '*' => {
                let more = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '.');
                self.at += rest.find(|c| !more(c)).unwrap_or(rest.len());
                self.push(Kind::Number, start, self.at);
            }
            _ if is_name_start(first) => self.name(),
            _ => return self.mark(first),
        }
        Ok(())
    }

    fn mark(&mut self, first: char) -> Result<(), Diagnostic> {
        let start = self.at;
        if let Some(mark) = MARKS.iter().find(|mark| self.text[start..].starts_with(**mark)) {
            self.at += mark.len();
            self.push(Kind::Mark, start, self.at);
            return Ok(());
        }
        self.at += first.len_utf8();
        let span = Span::new(self.source, start, self.at);
        Err(Diagnostic::error(format!("`{first}` has no meaning in a script"))
            .at(span, "")
            .help("a comment starts with `#`; put a name with other characters into double quotes"))
    }

    fn quoted(&mut self) -> Result<(), Diagnostic> {
        let start = self.at + 1;
        let length = self.text[start..].find(['"', '\n']).unwrap_or(self.text.len() - start);
        self.at = start + length;
        if !self.text[self.at..].starts_with('"') {
            let span = Span::new(self.source, start - 1, self.at);
            return Err(Diagnostic::error("this name does not end")
                .at(span, "")
                .help("close it with `\"` on the same line"));
        }
        self.push(Kind::Name, start, self.at);
        self.at += 1;
        Ok(())
    }

    /// A name; after `packet` and `expect` at the start of a line, also what comes behind it.
    fn name(&mut self) {
        let start = self.at;
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
            let Some(index) = bracketed(&self.text[self.at..]) else { break };
            self.at += index;
        }
        self.push(Kind::Name, start, self.at);
        let is_first = self.tokens.len() < 2
            || self.tokens.get(self.tokens.len() - 2).is_some_and(|token| token.kind == Kind::Newline);
        let word = &self.text[start..self.at];
        if is_first && (word.eq_ignore_ascii_case("packet") || word.eq_ignore_ascii_case("expect")) {
            let line = &self.text[self.at..];
            let line = &line[..line.find(['#', '\n']).unwrap_or(line.len())];
            let (start, end) = (self.at, self.at + line.trim_end().len());
            self.at += line.len();
            self.push(Kind::Data, start, end);
        }
    }
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '$' | '.')
}

fn is_name_part(c: char) -> bool {
    is_name_start(c) || c.is_ascii_digit()
}

/// Length of an index (`[2]`) or a slice (`[7:0]`) at the start of the text.
fn bracketed(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(']')?;
    let is_index = |c: char| c.is_ascii_digit() || c == ':';
    (end > 0 && inner[..end].chars().all(is_index)).then_some(end + 2)
}
