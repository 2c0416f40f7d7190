//! The parser: from tokens to the syntax tree, by recursive descent along the specification's grammar.
//!
//! P4's grammar needs to know which identifiers are types (`(T) - x` is a cast or a difference); [`scopes::Scopes`]
//! keeps that as declarations go by. Where one token does not decide, the parser tries one reading silently and goes
//! back ([`Parser::attempt`]).
//!
//! After an error it is [`Failed`] all the way up to the nearest list (declarations, statements, fields, ...), which
//! skips to where the next element begins and goes on, so that one run finds several errors. Nesting is bounded, and
//! with it the stack that this and every later stage needs.

use rustc_hash::FxHashSet;
use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use crate::ast::{Name, Program};
use crate::lex::{Token, TokenKind};
use crate::limits;
use crate::preprocess::{self, FileProvider};
use crate::report::Reporter;

mod annotations;
mod blocks;
mod declarations;
mod expressions;
mod externs;
mod operands;
mod records;
mod scopes;
mod statements;
mod tables;
mod types;

use scopes::Scopes;

/// Reads the P4 program at `main` with everything that it includes.
///
/// `defines` are macros defined before its first line, as (name, value). All texts read are added to `sources`, for
/// rendering the diagnostics. Where there are errors, the program is what could be read all the same.
pub fn parse_program(
    sources: &mut Sources,
    files: &dyn FileProvider,
    main: &str,
    defines: &[(String, String)],
) -> (Program, Diagnostics) {
    let mut reporter = Reporter::default();
    let tokens = preprocess::preprocess(sources, files, main, defines, &mut reporter);
    let program = Parser::new(&tokens, &mut reporter).program();
    (program, reporter.finish())
}

/// What could not be read was reported, or is being tried silently.
#[derive(Clone, Copy, Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

/// Words that are never names (section 6.4.3.1, and `_`).
const RESERVED: [&str; 42] = [
    "_",
    "abstract",
    "action",
    "bit",
    "bool",
    "break",
    "const",
    "continue",
    "control",
    "default",
    "else",
    "enum",
    "error",
    "exit",
    "extern",
    "false",
    "for",
    "header",
    "header_union",
    "if",
    "in",
    "inout",
    "int",
    "match_kind",
    "out",
    "package",
    "parser",
    "return",
    "select",
    "string",
    "struct",
    "switch",
    "table",
    "this",
    "transition",
    "true",
    "tuple",
    "typedef",
    "value_set",
    "varbit",
    "void",
    "pragma",
];

struct Parser<'a> {
    tokens: &'a [Token],
    /// The current token.
    at: usize,
    /// How many characters of it are consumed already: the first `>` of a `>>` that ends two type argument lists.
    offset: usize,
    end: Token,
    reporter: &'a mut Reporter,
    scopes: Scopes,
    /// Inside how many expressions, types, statements and blocks the parser is.
    depth: usize,
    /// Operators and brackets inside one another in the expression just read.
    height: usize,
    /// Above 0 while something is only tried.
    silent: usize,
    /// The `<` and `(` where type arguments, or a cast, were tried in vain. They are not tried again when what they
    /// are within turns out to be something else: the time would double with every level.
    tried: FxHashSet<usize>,
    /// Inside a parser state, where not every statement may stand.
    in_state: bool,
    /// How many `{` of the expression being read are open, for finding its end where it is wrong.
    expression_braces: usize,
    /// Where the last `}` was missing.
    unclosed_at: Option<usize>,
    /// A bound is exceeded: nothing more is read.
    is_stopped: bool,
}

impl<'a> Parser<'a> {
    fn new(tokens: &'a [Token], reporter: &'a mut Reporter) -> Self {
        let start = Span::new(SourceId(0), 0, 0);
        let end = Token::end(tokens.last().map_or(start, |token| token.span));
        Self {
            tokens,
            at: 0,
            offset: 0,
            end,
            reporter,
            scopes: Scopes::default(),
            depth: 0,
            height: 0,
            silent: 0,
            tried: FxHashSet::default(),
            in_state: false,
            expression_braces: 0,
            unclosed_at: None,
            is_stopped: false,
        }
    }

    // Looking.

    fn token(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).unwrap_or(&self.end)
    }

    /// What is left of the current token.
    fn text(&self) -> &str {
        self.token().text.get(self.offset..).unwrap_or("")
    }

    fn is(&self, text: &str) -> bool {
        let token = self.token();
        matches!(token.kind, TokenKind::Word | TokenKind::Symbol) && self.text() == text
    }

    fn is_end(&self) -> bool {
        self.token().kind == TokenKind::End
    }

    fn is_name(&self) -> bool {
        is_name(self.token())
    }

    fn span(&self) -> Span {
        let span = self.token().span;
        Span { start: (span.start + self.offset as u32).min(span.end), ..span }
    }

    /// From `start` to the last token consumed.
    fn since(&self, start: Span) -> Span {
        match self.at.checked_sub(usize::from(self.offset == 0)).and_then(|last| self.tokens.get(last)) {
            Some(last) if self.offset == 0 => start.to(last.span),
            Some(last) => start.to(Span { end: last.span.start + self.offset as u32, ..last.span }),
            None => start,
        }
    }

    // Consuming.

    fn advance(&mut self) {
        if !self.is_end() {
            self.at += 1;
            self.offset = 0;
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let is_there = self.is(text);
        if is_there {
            self.advance();
        }
        is_there
    }

    fn expect(&mut self, text: &str, context: &str) -> Parsed<Span> {
        let span = self.span();
        if self.take(text) {
            return Ok(span);
        }
        Err(self.fail_expected(&format!("`{text}`"), context))
    }

    /// The `>` behind type arguments, which may be the first half of `>>`.
    fn expect_close_angle(&mut self) -> Parsed<()> {
        if !self.text().starts_with('>') || self.token().kind != TokenKind::Symbol {
            return Err(self.fail_expected("`>`", "`<` opens a list of types here, which `>` closes"));
        }
        self.offset += 1;
        if self.text().is_empty() {
            self.advance();
        }
        Ok(())
    }

    fn name(&mut self, what: &str) -> Parsed<Name> {
        if !self.is_name() {
            let is_reserved = RESERVED.contains(&self.text());
            let help = if is_reserved {
                format!("`{}` is a word of the language and cannot be a name", self.text())
            } else {
                "a name has letters, digits and underscores, and begins with no digit".into()
            };
            return Err(self.fail_expected(what, &help));
        }
        let token = self.token();
        let name = Name { text: token.text.clone(), span: token.span };
        self.advance();
        Ok(name)
    }

    /// `first, second, ...` until `close` is next; one `,` may stand before it where `trailing` allows.
    fn list<T>(
        &mut self,
        close: &str,
        trailing: bool,
        mut element: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut all = Vec::new();
        if self.text().starts_with(close) {
            return Ok(all);
        }
        loop {
            all.push(element(self)?);
            if !self.take(",") || (trailing && self.is(close)) {
                return Ok(all);
            }
        }
    }

    // Failing.

    /// Reports that something else was expected than what is there. What is missing at the end of a line is shown as
    /// missing there, not at the beginning of the next one.
    fn fail_expected(&mut self, what: &str, help: &str) -> Failed {
        let before = self.at.checked_sub(1).and_then(|last| self.tokens.get(last));
        let (span, label) = match before {
            Some(last) if self.token().starts_line => {
                (Span { start: last.span.end, ..last.span }, format!("expected {what} here"))
            }
            _ => (self.span(), format!("expected {what}")),
        };
        self.fail_expected_at(what, help, span, label)
    }

    /// The same, where what is there has no business to be there at all.
    fn fail_found(&mut self, what: &str, help: &str) -> Failed {
        self.fail_expected_at(what, help, self.span(), String::new())
    }

    fn fail_expected_at(&mut self, what: &str, help: &str, span: Span, label: String) -> Failed {
        if self.silent > 0 || self.token().kind == TokenKind::Reported {
            return Failed;
        }
        let found = match self.token().kind {
            TokenKind::Symbol => format!("`{}`", self.text()),
            _ => self.token().describe(),
        };
        self.fail(Diagnostic::error(format!("expected {what}, found {found}")).at(span, label).help(help))
    }

    fn fail(&mut self, diagnostic: Diagnostic) -> Failed {
        self.report(diagnostic);
        Failed
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.silent == 0 && !self.is_stopped {
            self.reporter.push(diagnostic);
        }
    }

    /// Reports that the nesting is too deep, and reads nothing more: everything behind would be guesses.
    fn too_deep(&mut self) -> Failed {
        let help = format!(
            "expressions, types and statements nest at most {} deep, operators of a chain included (limit NESTING)",
            limits::NESTING
        );
        if !self.is_stopped {
            self.reporter.push(Diagnostic::error("this is nested too deeply").at(self.span(), "").help(help));
        }
        self.is_stopped = true;
        self.tokens = &[];
        Failed
    }

    /// Reads something that is inside something.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= limits::NESTING {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads something if it is there; otherwise nothing is reported, and nothing consumed.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let (at, offset, height, braces) = (self.at, self.offset, self.height, self.expression_braces);
        self.silent += 1;
        let result = read(self);
        self.silent -= 1;
        if result.is_err() {
            (self.at, self.offset, self.height, self.expression_braces) = (at, offset, height, braces);
        }
        result.ok()
    }

    /// As [`Self::attempt`], and not at all where it was in vain before.
    fn attempt_once<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let at = self.at;
        if self.tried.contains(&at) {
            return None;
        }
        let result = self.attempt(read);
        if result.is_none() {
            self.tried.insert(at);
        }
        result
    }

    // Recovering.

    /// Reads elements up to and with the `}`, behind a `{` just consumed; after a wrong one, goes on with the next.
    fn braced_elements(&mut self, mut element: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<Span> {
        let open = self
            .at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(self.span(), |token| token.span);
        while !self.is("}") {
            if self.is_end() || self.begins_declaration() {
                return Err(self.unclosed(open));
            }
            let before = (self.at, self.offset);
            if element(self).is_err() {
                if self.silent > 0 || self.is_stopped || self.reporter.gave_up() {
                    return Err(Failed);
                }
                self.skip_element();
            }
            if before == (self.at, self.offset) {
                self.advance();
            }
        }
        let close = self.span();
        self.advance();
        Ok(close)
    }

    /// Reports a `{` whose `}` is missing: the innermost one, where it may be that of several.
    fn unclosed(&mut self, open: Span) -> Failed {
        if self.silent > 0 || self.unclosed_at.replace(self.at) == Some(self.at) {
            return Failed;
        }
        let found = self.token().describe();
        self.fail(
            Diagnostic::error(format!("expected `}}`, found {found}"))
                .at(self.span(), "")
                .also(open, "to close this")
                .help(
                    "as many `}` as `{` are needed; types, parsers and controls stand at the top level only",
                ),
        )
    }

    /// Skips to behind the next `;`, or behind a whole `{...}`, or before a `}` or the next top-level declaration.
    fn skip_element(&mut self) {
        let mut open = 0usize;
        // The `}` of an expression that is wrong ends no list.
        let mut inside = std::mem::take(&mut self.expression_braces);
        while !self.is_end() && !self.begins_declaration() {
            if self.is("{") {
                open += 1;
            } else if self.is("}") && open > 0 {
                open -= 1;
                if open == 0 && inside == 0 && !self.ahead(1).is("else") {
                    self.advance();
                    self.take(";");
                    return;
                }
            } else if self.is("}") {
                if inside == 0 {
                    return;
                }
                inside -= 1;
            } else if self.is(";") && open == 0 {
                self.advance();
                return;
            }
            self.advance();
        }
    }

    /// Whether a word is next that begins a declaration of the top level and nothing else, first of its line.
    fn begins_declaration(&self) -> bool {
        let words =
            ["header", "header_union", "struct", "enum", "typedef", "parser", "control", "package", "extern"];
        self.token().starts_line && words.iter().any(|word| self.is(word)) && is_name(self.ahead(1))
    }
}

fn is_name(token: &Token) -> bool {
    token.kind == TokenKind::Word && !RESERVED.contains(&&*token.text)
}
