//! The parser: words become a [`Script`]; a wrong statement is left out, and the next line is read.
//!
//! A statement ends with its line. One that is not complete there goes on in the next line, unless that starts with a keyword.

mod data;
mod statement;

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use crate::number::Number;
use crate::script::{ActionCall, Argument, KeyField, KeyValue, Name, Rate, Script};
use crate::token::{Kind, Token, tokens};

type Result<T> = std::result::Result<T, Diagnostic>;

/// Errors that are told of one script; more help nobody.
pub(crate) const MAX_ERRORS: usize = 50;

/// Whether so much is wrong that the rest is not looked at.
pub(crate) fn is_enough(found: &Diagnostics) -> bool {
    found.iter().count() >= MAX_ERRORS
}

/// Reads a script.
///
/// # Errors
///
/// What is wrong with it, located: the first 50 findings.
pub fn parse(sources: &Sources, source: SourceId) -> std::result::Result<Script, Diagnostics> {
    let mut found = Diagnostics::new();
    let tokens = tokens(&sources.source(source).text, source, &mut found);
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let mut script = Script::default();
    loop {
        while parser.next_is(Kind::Newline) {
            parser.at += 1;
        }
        if parser.next_is(Kind::End) || is_enough(&found) {
            break;
        }
        match parser.statement() {
            Ok(statement) => script.statements.push(statement),
            Err(diagnostic) => {
                found.push(diagnostic);
                parser.skip_line();
            }
        }
    }
    if found.has_errors() { Err(found) } else { Ok(script) }
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Parser<'a> {
    /// The next token; the end of the script again and again.
    fn peek(&self) -> Token<'a> {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next_is(&self, kind: Kind) -> bool {
        self.peek().kind == kind
    }

    fn next_is_mark(&self, mark: &str) -> bool {
        self.peek().kind == Kind::Mark && self.peek().text == mark
    }

    fn advance(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Goes on in the next line where a statement is not complete yet.
    fn join_lines(&mut self) {
        let mut after = self.at;
        while self.tokens.get(after).is_some_and(|token| token.kind == Kind::Newline) {
            after += 1;
        }
        let next = self.tokens.get(after).map_or(Kind::End, |token| token.kind);
        let word = self.tokens.get(after).map_or("", |token| token.text);
        if next != Kind::End && !(next == Kind::Name && statement::is_keyword(word)) {
            self.at = after;
        }
    }

    fn skip_line(&mut self) {
        while !self.next_is(Kind::Newline) && !self.next_is(Kind::End) {
            self.at += 1;
        }
    }

    /// What was read last.
    fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    /// Wants something else than the next token.
    fn wants(&self, what: &str, help: &str) -> Diagnostic {
        let token = self.peek();
        let there = match token.kind {
            Kind::Newline | Kind::End => "the line ends".to_string(),
            _ => format!("there is `{}`", token.text),
        };
        let start = token.span.start as usize;
        let span = Span::new(token.span.source, start, (token.span.end as usize).max(start));
        // The end of a line is shown at its last word: there is nothing to see behind it.
        let span = if matches!(token.kind, Kind::Newline | Kind::End) { self.last_span() } else { span };
        Diagnostic::error(format!("{what} is missing here: {there}"))
            .at(span, if token.kind == Kind::Newline { "behind this" } else { "" })
            .help(help)
    }

    fn mark(&mut self, mark: &str, help: &str) -> Result<()> {
        self.join_lines();
        if self.next_is_mark(mark) {
            self.advance();
            return Ok(());
        }
        Err(self.wants(&format!("`{mark}`"), help))
    }

    fn name(&mut self, what: &str, help: &str) -> Result<Name> {
        self.join_lines();
        if self.next_is(Kind::Name) {
            let token = self.advance();
            return Ok(Name { text: token.text.to_string(), span: token.span });
        }
        Err(self.wants(what, help))
    }

    fn number(&mut self, what: &str, help: &str) -> Result<Number> {
        self.join_lines();
        if !self.next_is(Kind::Number) {
            return Err(self.wants(what, help));
        }
        let token = self.advance();
        Number::read(token.text, token.span).map_err(|why| {
            Diagnostic::error(format!("`{}` is no number: {why}", token.text))
                .at(token.span, "")
                .help("write decimal digits, or `0x`, `0b` or `0o` and digits; `*` stands for any digit behind such a prefix")
        })
    }

    /// `NAME:VALUE ...`, as many as there are.
    fn key_fields(&mut self) -> Result<Vec<KeyField>> {
        const HELP: &str = "a key field is written as `name:value`";
        let mut fields = Vec::new();
        loop {
            self.join_lines();
            let is_field = self.next_is(Kind::Name)
                && self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|next| next.kind == Kind::Mark && next.text == ":");
            if !is_field {
                return Ok(fields);
            }
            let name = self.name("the name of a key field", HELP)?;
            self.mark(":", HELP)?;
            let start = self.peek().span;
            let value = self.key_value()?;
            fields.push(KeyField { name, value, span: start.to(self.last_span()) });
        }
    }

    fn key_value(&mut self) -> Result<KeyValue> {
        const HELP: &str = "write a number, `value/prefix_length`, `value&&&mask` or `low->high`";
        let value = self.number("the value of the key field", HELP)?;
        for mark in ["/", "&&&", "->"] {
            if self.next_is_mark(mark) {
                self.advance();
                let second = self.number("the second number", HELP)?;
                return Ok(match mark {
                    "/" => KeyValue::Prefix(value, second),
                    "&&&" => KeyValue::Masked(value, second),
                    _ => KeyValue::Range(value, second),
                });
            }
        }
        Ok(KeyValue::Plain(value))
    }

    fn action(&mut self) -> Result<ActionCall> {
        const HELP: &str =
            "an action is written as `name(argument:value, ...)`; without arguments as `name()`";
        let name = self.name("the action", HELP)?;
        self.mark("(", HELP)?;
        let mut arguments = Vec::new();
        self.join_lines();
        while !self.next_is_mark(")") {
            if !arguments.is_empty() {
                self.mark(",", HELP)?;
            }
            let name = self.name("the name of an argument", HELP)?;
            self.mark(":", HELP)?;
            let value = self.number("the value of the argument", HELP)?;
            arguments.push(Argument { name, value });
            self.join_lines();
        }
        self.mark(")", HELP)?;
        let span = name.span.to(self.last_span());
        Ok(ActionCall { name, arguments, span })
    }

    /// `RATE:BURST` twice; a rate may have a fraction.
    fn rates(&mut self) -> Result<Vec<Rate>> {
        const HELP: &str =
            "write two pairs `rate:burst`, the committed one first; rates are units per microsecond";
        let mut rates = Vec::new();
        for _ in 0..2 {
            self.join_lines();
            if !self.next_is(Kind::Number) {
                return Err(self.wants("a rate", HELP));
            }
            let token = self.advance();
            let per_second = data::per_second(token.text).ok_or_else(|| {
                Diagnostic::error(format!("`{}` is no rate", token.text)).at(token.span, "").help(HELP)
            })?;
            self.mark(":", HELP)?;
            let burst = self.number("the burst", HELP)?;
            rates.push(Rate { per_second, burst, span: token.span.to(self.last_span()) });
        }
        Ok(rates)
    }
}
