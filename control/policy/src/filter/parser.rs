//! Recursive descent over the boolean structure: `not` binds strongest, `and` and `or` have *equal* precedence and
//! associate to the left, as pcap-filter(7) says. After an error it goes on behind the next `and` or `or`, so that one
//! run reports all of them.

use super::expr::{Expr, Formula};
use super::lexer::{Lexeme, Token, tokens};
use super::named::NamedSets;
use super::primitive::Qualifiers;
use super::report::{Origin, Reporter};
use sluice_diagnostics::Diagnostics;

/// Parentheses, `not` and `inner` may nest this deep.
pub const MAX_NESTING: usize = 64;
/// An expression may be this long, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// The error is reported; the caller goes on where it can.
pub(super) struct Failed;

/// What a parsing function gives.
pub(super) type Step<T> = Result<T, Failed>;

pub(super) struct Parser<'a> {
    pub(super) reporter: Reporter,
    pub(super) sets: &'a NamedSets,
    tokens: Vec<Lexeme>,
    at: usize,
    text_end: usize,
    nesting: usize,
    /// Whether fields are those of the inner packet.
    pub(super) inner: bool,
    /// The qualifiers that a bare id takes, those of the last primitive with an id.
    pub(super) last: Option<Qualifiers>,
}

/// Reads an expression; empty text selects every packet.
///
/// # Errors
/// All that is wrong with it, each with its place in the source and what would be right.
pub fn parse(text: &str, origin: Origin, sets: &NamedSets) -> Result<Expr, Diagnostics> {
    let mut reporter = Reporter::new(origin);
    if text.len() > MAX_TEXT {
        let message = format!("this expression has {} bytes; the bound is {MAX_TEXT}", text.len());
        reporter.error(0, 0, &message, "", "put long lists into a named set: `src in @servers`");
        return Err(reporter.found);
    }
    let tokens = tokens(text, &mut reporter);
    let mut parser = Parser {
        reporter,
        sets,
        tokens,
        at: 0,
        text_end: text.trim_end().len(),
        nesting: 0,
        inner: false,
        last: None,
    };
    let expr = parser.whole();
    if parser.reporter.found.has_errors() { Err(parser.reporter.found) } else { Ok(expr) }
}

impl Parser<'_> {
    fn whole(&mut self) -> Expr {
        let whole = self.reporter.origin.span(0, self.text_end);
        if self.tokens.is_empty() {
            return Expr::everything(whole);
        }
        let (mut expr, _) = self.chain(0);
        while let Some((start, end)) = self.take_symbol(")") {
            self.reporter.error(
                start,
                end,
                "this `)` closes nothing",
                "",
                "remove it, or open a `(` before it",
            );
            if self.operator_ahead().is_none() && !self.is_done() && self.symbol() != Some(")") {
                self.missing_operator();
            }
            if self.operator().is_some() {
                expr = expr.and(self.chain(0).0);
            }
        }
        expr
    }

    /// Operands joined by `and` and `or`, left to right. `tags`: how many VLAN tags were tested to the left of it, on
    /// the way that leads here by `and`; gives how many behind it.
    fn chain(&mut self, tags: usize) -> (Expr, usize) {
        let (mut expr, mut seen) = self.operand_or_skip(tags);
        loop {
            match self.operator() {
                Some(Operator::And) => {
                    let (other, behind) = self.operand_or_skip(seen);
                    (expr, seen) = (expr.and(other), behind);
                }
                Some(Operator::Or) => {
                    let (other, behind) = self.operand_or_skip(tags);
                    (expr, seen) = (expr.or(other), seen.max(behind));
                }
                None if self.is_done() || self.symbol() == Some(")") => return (expr, seen),
                None => self.missing_operator(),
            }
        }
    }

    fn missing_operator(&mut self) {
        let (start, end) = self.here();
        let found = self.spelled();
        let message = format!("`and` or `or` is missing before `{found}`");
        let help = match found.as_str() {
            "&" => "the operator is `&&` or `and`",
            "|" => "the operator is `||` or `or`",
            "in" => "a set goes behind a direction or a type: `src in @servers`, `port in {80, 443}`",
            _ => "primitives are joined by `and`, `or`: `tcp and port 443`",
        };
        match super::primitive::nearest_keyword(&found) {
            Some(near) => {
                let help = format!("did you mean `{near}`?");
                self.reporter.error(start, end, &format!("unknown word `{found}`"), "", &help);
            }
            None => self.reporter.error(start, end, &message, "", help),
        }
        self.skip();
    }

    fn operand_or_skip(&mut self, tags: usize) -> (Expr, usize) {
        let start = self.at;
        match self.operand(tags) {
            Ok(found) => found,
            Err(Failed) => {
                self.skip();
                // An operand always takes something, so that the loop over operands ends.
                if self.at == start
                    && !self.is_done()
                    && self.operator_ahead().is_none()
                    && self.symbol() != Some(")")
                {
                    self.at += 1;
                }
                (Expr::everything(self.span_from(start)), tags)
            }
        }
    }

    /// Goes to the next operator or closing parenthesis of this level.
    pub(super) fn skip(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token {
                Token::Symbol("(" | "[" | "{") => depth += 1,
                Token::Symbol(")" | "]" | "}") if depth > 0 => depth -= 1,
                Token::Symbol(")") => return,
                _ if depth == 0 && self.operator_ahead().is_some() => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn operand(&mut self, tags: usize) -> Step<(Expr, usize)> {
        let start = self.at;
        if self.nesting >= MAX_NESTING {
            return self.fail(
                &format!("more than {MAX_NESTING} levels of `(`, `not` and `inner`"),
                "write it flatter",
            );
        }
        self.nesting += 1;
        let found = self.nested(start, tags);
        self.nesting -= 1;
        found
    }

    fn nested(&mut self, start: usize, tags: usize) -> Step<(Expr, usize)> {
        if self.take_not() {
            let (expr, _) = self.operand(tags)?;
            return Ok((expr.not(self.span_from(start)), tags));
        }
        if self.symbol() == Some("(") && !self.is_arithmetic_parenthesis() {
            let opened = self.here();
            self.at += 1;
            if self.symbol() == Some(")") {
                self.at += 1;
                return self.fail_from(
                    start,
                    "nothing between the parentheses",
                    "write a condition: `(tcp or udp)`",
                );
            }
            let (mut expr, behind) = self.chain(tags);
            self.close(opened);
            expr.span = self.span_from(start);
            return Ok((expr, behind));
        }
        if self.word() == Some("inner") {
            return Ok((self.inner_packet(start)?, tags));
        }
        self.primitive(tags)
    }

    /// `inner ( expression )`: there is an inner packet, and it matches.
    fn inner_packet(&mut self, start: usize) -> Step<Expr> {
        if self.inner {
            return self.fail(
                "`inner` within `inner`: what is in the tunnel of a tunneled packet is payload",
                "only the first tunnel is looked into; strip it and filter again behind it",
            );
        }
        self.at += 1;
        let opened = self.here();
        if self.take_symbol("(").is_none() {
            return self
                .fail("`inner` needs a condition in parentheses", "for example `inner (tcp port 443)`");
        }
        let there = Expr::leaf(Formula::inner_packet(), self.span_from(start));
        if self.take_symbol(")").is_some() {
            return Ok(there);
        }
        self.inner = true;
        let (expr, _) = self.chain(0);
        self.inner = false;
        self.close(opened);
        let span = self.span_from(start);
        let mut both = there.and(expr);
        both.span = span;
        Ok(both)
    }

    /// Takes the `)` that belongs to the `(` at `opened`, or says that it is missing.
    pub(super) fn close(&mut self, opened: (usize, usize)) {
        if self.take_symbol(")").is_none() {
            let (start, end) = self.here();
            let place = self.reporter.origin.span(opened.0, opened.1);
            let error = sluice_diagnostics::Diagnostic::error("a `)` is missing")
                .at(self.reporter.origin.span(start, end), "expected here at the latest")
                .also(place, "this one is open")
                .help("close it where the group ends");
            self.reporter.found.push(error);
        }
    }

    /// Whether the `(` here groups numbers, not conditions: behind its `)` stands an operator of arithmetic.
    fn is_arithmetic_parenthesis(&self) -> bool {
        let mut depth = 0usize;
        for (i, lexeme) in self.tokens.iter().enumerate().skip(self.at) {
            match lexeme.token {
                Token::Symbol("(") => depth += 1,
                Token::Symbol(")") if depth <= 1 => {
                    return matches!(self.tokens.get(i + 1), Some(Lexeme { token: Token::Symbol(symbol), .. })
                        if super::relation::is_operator(symbol));
                }
                Token::Symbol(")") => depth -= 1,
                _ => {}
            }
        }
        false
    }
}

/// How two operands are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
}

/// The cursor.
impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|lexeme| &lexeme.token)
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The unescaped word here.
    pub(super) fn word(&self) -> Option<&str> {
        self.word_at(0)
    }

    pub(super) fn word_at(&self, ahead: usize) -> Option<&str> {
        match self.peek_at(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) fn symbol(&self) -> Option<&'static str> {
        self.symbol_at(0)
    }

    pub(super) fn symbol_at(&self, ahead: usize) -> Option<&'static str> {
        match self.peek_at(ahead) {
            Some(Token::Symbol(symbol)) => Some(symbol),
            _ => None,
        }
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        self.at += usize::from(found);
        found
    }

    /// Takes the symbol, and gives its place.
    pub(super) fn take_symbol(&mut self, symbol: &str) -> Option<(usize, usize)> {
        let place = self.here();
        let found = self.symbol() == Some(symbol);
        self.at += usize::from(found);
        found.then_some(place)
    }

    pub(super) fn take_not(&mut self) -> bool {
        self.take_word("not") || self.take_symbol("!").is_some()
    }

    pub(super) fn operator_ahead(&self) -> Option<Operator> {
        match self.peek()? {
            Token::Word(word) if word == "and" => Some(Operator::And),
            Token::Word(word) if word == "or" => Some(Operator::Or),
            Token::Symbol("&&") => Some(Operator::And),
            Token::Symbol("||") => Some(Operator::Or),
            _ => None,
        }
    }

    pub(super) fn operator(&mut self) -> Option<Operator> {
        let found = self.operator_ahead();
        self.at += usize::from(found.is_some());
        found
    }

    /// The bytes of the token here; the end of the text behind the last.
    pub(super) fn here(&self) -> (usize, usize) {
        self.tokens.get(self.at).map_or((self.text_end, self.text_end), |lexeme| (lexeme.start, lexeme.end))
    }

    /// The token here as it is written.
    pub(super) fn spelled(&self) -> String {
        match self.peek() {
            Some(Token::Word(word)) => word.clone(),
            Some(Token::Escaped(word)) => format!("\\{word}"),
            Some(Token::Set(name)) => format!("@{name}"),
            Some(Token::Symbol(symbol)) => (*symbol).to_owned(),
            None => "end of the expression".to_owned(),
        }
    }

    /// From the token at index `start` through the last one taken.
    pub(super) fn span_from(&self, start: usize) -> sluice_diagnostics::Span {
        let (first, last) = self.bytes_from(start);
        self.reporter.origin.span(first, last)
    }

    /// The bytes from the token at index `start` through the last one taken.
    pub(super) fn bytes_from(&self, start: usize) -> (usize, usize) {
        let first = self.tokens.get(start).map_or(self.text_end, |lexeme| lexeme.start);
        let last = self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(first, |lexeme| lexeme.end);
        (first, last.max(first))
    }

    /// Reports an error at the token here.
    pub(super) fn fail<T>(&mut self, message: &str, help: &str) -> Step<T> {
        let (start, end) = self.here();
        self.reporter.error(start, end, message, "", help);
        Err(Failed)
    }

    /// Reports an error from the token at index `start` through the last one taken.
    pub(super) fn fail_from<T>(&mut self, start: usize, message: &str, help: &str) -> Step<T> {
        let (first, last) = self.bytes_from(start);
        self.reporter.error(first, last, message, "", help);
        Err(Failed)
    }

    /// The formula as the primitive that stands from token `start` to here, of the inner packet within `inner`.
    pub(super) fn leaf(&mut self, formula: Formula, start: usize) -> Step<Expr> {
        let span = self.span_from(start);
        if !self.inner {
            return Ok(Expr::leaf(formula, span));
        }
        match formula.of_inner() {
            Ok(formula) => Ok(Expr::leaf(formula, span)),
            Err(field) => self.fail_from(
                start,
                &format!("the inner packet has no field `{field}` in the tables"),
                "inner conditions are on MACs, one VLAN tag, addresses, protocols, ports, \
                 TCP flags, ICMP, ttl, dscp and frag",
            ),
        }
    }
}
