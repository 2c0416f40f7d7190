//! From characters to tokens (section 6.4), before preprocessing.
//!
//! A whole file becomes a list of [`Token`]s. Nothing is reported here: what is no token becomes
//! [`TokenKind::Bad`], because text that an `#if` leaves out need not be P4 at all; the preprocessor reports those
//! that it passes on. Comments count as a blank, and so does a backslash at the end of a line.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use sluice_diagnostics::{SourceId, Span};

use crate::ast::Integer;

mod number;

/// One token, of the text or made by a macro.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// What it is, with its value.
    pub(crate) kind: TokenKind,
    /// As it was written.
    pub(crate) text: Rc<str>,
    /// Where in the text; for a token out of a macro, where the macro was used.
    pub(crate) span: Span,
    /// Whether it is the first of its line: a `#` there begins a directive.
    pub(crate) starts_line: bool,
    /// Whether a blank or comment stands before it: `#define f (x)` takes no argument.
    pub(crate) after_blank: bool,
    /// Whether it is a macro's name met inside that macro: never to be expanded again.
    pub(crate) is_painted: bool,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    /// An identifier or keyword.
    Word,
    /// Punctuation or an operator.
    Symbol,
    /// An integer literal.
    Integer(Box<Integer>),
    /// A string literal, its escapes resolved.
    String(Rc<str>),
    /// No token of P4.
    Bad(Rc<Problem>),
    /// Stands for something wrong that was reported: what is missing because of it is not reported again.
    Reported,
    /// Behind the last one.
    End,
}

/// Why something is no token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: String,
}

impl Problem {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Token {
    /// Whether it is this keyword or symbol.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Symbol) && &*self.text == text
    }

    /// The token behind the last one, at `span`.
    pub(crate) fn end(span: Span) -> Self {
        Self {
            kind: TokenKind::End,
            text: "".into(),
            span,
            starts_line: true,
            after_blank: true,
            is_painted: false,
        }
    }

    /// What to call it in a message.
    pub(crate) fn describe(&self) -> String {
        match self.kind {
            TokenKind::End => "the end of the program".into(),
            TokenKind::String(_) => "a string".into(),
            TokenKind::Word
            | TokenKind::Symbol
            | TokenKind::Integer(_)
            | TokenKind::Bad(_)
            | TokenKind::Reported => {
                format!("`{}`", self.text)
            }
        }
    }
}

/// Texts of tokens, each kept once.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    known: FxHashSet<Rc<str>>,
}

impl Texts {
    /// The shared copy of a text.
    pub(crate) fn share(&mut self, text: &str) -> Rc<str> {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let new: Rc<str> = text.into();
        self.known.insert(new.clone());
        new
    }
}

/// All tokens of a text, without [`TokenKind::End`].
pub(crate) fn tokens(text: &str, source: SourceId, texts: &mut Texts) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, source, texts, starts_line: true, after_blank: true };
    let mut all = Vec::new();
    while let Some(token) = lexer.next() {
        all.push(token);
    }
    all
}

/// Longest first, where one begins with another.
const SYMBOLS: [&str; 54] = [
    "|+|=", "|-|=", "&&&", "...", "|+|", "|-|", "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "++", "..", "##", "+:", "{", "}", "(", ")", "[", "]",
    "<", ">", ";", ":", ",", ".", "=", "+", "-", "*", "/", "%", "!", "~", "&", "|", "^", "?", "@", "#",
];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    source: SourceId,
    texts: &'a mut Texts,
    starts_line: bool,
    after_blank: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn next(&mut self) -> Option<Token> {
        let unclosed_comment = self.skip_blanks();
        let start = self.at;
        if let Some(problem) = unclosed_comment {
            self.at = self.text.len();
            // The caret goes under the `/*` alone, not the whole rest of the file.
            return Some(self.token(problem, start, start + 2));
        }
        let first = self.rest().chars().next()?;
        let kind = if first == '_' || first.is_ascii_alphabetic() {
            self.skip_while(|c| c == '_' || c.is_ascii_alphanumeric());
            TokenKind::Word
        } else if first.is_ascii_digit() {
            self.skip_while(|c| c == '_' || c.is_ascii_alphanumeric());
            match number::integer(self.text.get(start..self.at).unwrap_or("")) {
                Ok(value) => TokenKind::Integer(Box::new(value)),
                Err(problem) => TokenKind::Bad(Rc::new(problem)),
            }
        } else if first == '"' {
            self.string()
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol)) {
            self.at += symbol.len();
            TokenKind::Symbol
        } else {
            self.at += first.len_utf8();
            let what =
                if first.is_control() { first.escape_default().to_string() } else { first.to_string() };
            TokenKind::Bad(Rc::new(Problem::new(
                format!("`{what}` has no meaning in P4"),
                "outside comments and strings, letters, digits and the operators of P4 are allowed",
            )))
        };
        Some(self.token(kind, start, self.at))
    }

    fn token(&mut self, kind: TokenKind, start: usize, end: usize) -> Token {
        let text = self.texts.share(self.text.get(start..end).unwrap_or(""));
        let token = Token {
            kind,
            text,
            span: Span::new(self.source, start, end),
            starts_line: self.starts_line,
            after_blank: self.after_blank,
            is_painted: false,
        };
        self.starts_line = false;
        self.after_blank = false;
        token
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let length = self.rest().find(|c| !wanted(c)).unwrap_or(self.rest().len());
        self.at += length;
    }

    /// Blanks, line ends and comments; the problem is a comment that does not end, which is left where it begins.
    fn skip_blanks(&mut self) -> Option<TokenKind> {
        loop {
            let rest = self.rest();
            let length = match rest.as_bytes() {
                [b'\n', ..] => {
                    self.starts_line = true;
                    1
                }
                [b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c', ..] => 1,
                [b'\\', ..] => continuation(rest)?,
                [b'/', b'/', ..] => line_length(rest),
                [b'/', b'*', ..] => match rest.get(2..).and_then(|inside| inside.find("*/")) {
                    Some(length) => length + 4,
                    None => {
                        return Some(TokenKind::Bad(Rc::new(Problem::new(
                            "this comment does not end",
                            "end it with `*/`; comments do not nest",
                        ))));
                    }
                },
                // A byte order mark at the very start is no text.
                [0xef, 0xbb, 0xbf, ..] if self.at == 0 => 3,
                _ => return None,
            };
            self.at += length;
            self.after_blank = true;
        }
    }

    /// A string literal, from its opening quote.
    fn string(&mut self) -> TokenKind {
        let mut value = String::new();
        self.at += 1;
        let mut chars = self.rest().char_indices().peekable();
        let end = loop {
            match chars.next() {
                Some((at, '"')) => break Some(at + 1),
                Some((_, '\\')) => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, 'r')) => value.push('\r'),
                    // The string goes on in the next line.
                    Some((_, '\n')) => {}
                    Some((_, other)) => value.push(other),
                    None => break None,
                },
                // A string may be written over several lines, but not over directives: there, its end was forgotten.
                Some((_, '\n')) if chars.peek().is_none_or(|(_, next)| *next == '#') => break None,
                None => break None,
                Some((_, other)) => value.push(other),
            }
        };
        match end {
            Some(length) => {
                self.at += length;
                TokenKind::String(value.into())
            }
            None => {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                TokenKind::Bad(Rc::new(Problem::new("this string does not end", "end it with `\"`")))
            }
        }
    }
}

/// The length of a backslash with the end of its line, blanks between them included, if that is what comes.
fn continuation(rest: &str) -> Option<usize> {
    let behind = rest.strip_prefix('\\')?;
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t', '\r']).len();
    behind.get(blanks..)?.starts_with('\n').then_some(blanks + 2)
}

/// The length of a line; one that ends with a backslash goes on in the next.
fn line_length(rest: &str) -> usize {
    let mut from = 0;
    while let Some(length) = rest.get(from..).and_then(|rest| rest.find('\n')) {
        let end = from + length;
        if !rest.get(..end).is_some_and(|line| line.trim_end_matches('\r').ends_with('\\')) {
            return end;
        }
        from = end + 1;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts_of(text: &str) -> Vec<String> {
        let mut texts = Texts::default();
        tokens(text, SourceId(0), &mut texts).iter().map(|token| token.text.to_string()).collect()
    }

    #[test]
    fn symbols_are_taken_longest_first() {
        assert_eq!(texts_of("a|+|=b |-| c&&&d"), ["a", "|+|=", "b", "|-|", "c", "&&&", "d"]);
        assert_eq!(texts_of("0..5...>>= >>"), ["0", "..", "5", "...", ">>=", ">>"]);
        for (i, symbol) in SYMBOLS.iter().enumerate() {
            let shadow = SYMBOLS.iter().take(i).find(|earlier| symbol.starts_with(**earlier));
            assert_eq!(shadow, None, "{symbol} is never reached");
        }
    }

    #[test]
    fn comments_and_continued_lines_are_blanks() {
        let mut texts = Texts::default();
        let all = tokens("#define A \\\n /* x\n */ 1 // c\nB", SourceId(0), &mut texts);
        let starts: Vec<bool> = all.iter().map(|token| token.starts_line).collect();
        assert_eq!(starts, [true, false, false, false, true]);
    }

    #[test]
    fn what_is_no_token_says_why() {
        for (text, message) in [
            ("/* a", "this comment does not end"),
            ("\"a\nb", "this string does not end"),
            ("$", "`$` has no meaning in P4"),
            ("é", "`é` has no meaning in P4"),
            ("\u{1}", "`\\u{1}` has no meaning in P4"),
        ] {
            let mut texts = Texts::default();
            let all = tokens(text, SourceId(0), &mut texts);
            let TokenKind::Bad(problem) = &all[0].kind else { panic!("{text:?} is taken") };
            assert_eq!(problem.message, message);
        }
    }

    #[test]
    fn strings_resolve_escapes() {
        let mut texts = Texts::default();
        let all = tokens(r#""a\"b\\\n""#, SourceId(0), &mut texts);
        assert_eq!(all[0].kind, TokenKind::String("a\"b\\\n".into()));
    }
}
