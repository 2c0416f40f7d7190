//! The value of an `#if`'s condition: integers with the operators of C, names counting as 0.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use sluice_diagnostics::{Diagnostic, Span};

use crate::ast::Integer;
use crate::lex::{Token, TokenKind};
use crate::limits;

/// A token with the value of a `defined`.
pub(super) fn truth(holds: bool, span: Span) -> Token {
    let value = Integer { value: BigInt::from(u8::from(holds)), width: None, base: 10 };
    let text = if holds { "1" } else { "0" };
    Token { kind: TokenKind::Integer(Box::new(value)), text: text.into(), ..Token::end(span) }
}

/// The value of a condition whose macros are replaced; `line` is where it stands.
pub(super) fn evaluate(tokens: &[Token], line: Span) -> Result<i128, Diagnostic> {
    let mut reader = Reader { tokens, at: 0, line, depth: 0 };
    let value = reader.ternary(true)?;
    match reader.tokens.get(reader.at) {
        None => Ok(value),
        Some(extra) => Err(wrong(format!("unexpected `{}` in a condition", extra.text), extra.span)),
    }
}

fn wrong(message: String, span: Span) -> Diagnostic {
    Diagnostic::error(message).at(span, "").help(
        "a condition has integers, names, `defined(NAME)`, parentheses and the operators of C, as in `#if A > 2 && \
         defined(B)`",
    )
}

/// Binary operators and how tightly they bind.
const OPERATORS: [(&str, u8); 18] = [
    ("||", 1),
    ("&&", 2),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("==", 6),
    ("!=", 6),
    ("<", 7),
    (">", 7),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    line: Span,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, text: &str) -> bool {
        let is_there = self.tokens.get(self.at).is_some_and(|token| token.is(text));
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, text: &str) -> Result<(), Diagnostic> {
        if self.take(text) {
            return Ok(());
        }
        let span = self.tokens.get(self.at).map_or(self.line, |token| token.span);
        Err(wrong(format!("expected `{text}` in this condition"), span))
    }

    /// Goes one deeper; every way from an operand to an operand within it leads through here.
    fn enter(&mut self, span: Span) -> Result<(), Diagnostic> {
        self.depth += 1;
        if self.depth <= limits::NESTING {
            return Ok(());
        }
        let help = format!("expressions nest at most {} deep (limit NESTING)", limits::NESTING);
        Err(Diagnostic::error("this condition is nested too deeply").at(span, "").help(help))
    }

    /// `live` is false where the value does not matter, so that it may divide by zero.
    fn ternary(&mut self, live: bool) -> Result<i128, Diagnostic> {
        let condition = self.binary(1, live)?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.enter(self.line)?;
        let yes = self.ternary(live && condition != 0)?;
        self.expect(":")?;
        let no = self.ternary(live && condition == 0)?;
        self.depth -= 1;
        Ok(if condition != 0 { yes } else { no })
    }

    fn binary(&mut self, least: u8, live: bool) -> Result<i128, Diagnostic> {
        let mut left = self.unary(live)?;
        while let Some(token) = self.tokens.get(self.at) {
            let found = OPERATORS.iter().find(|(text, _)| token.is(text));
            let Some((operator, strength)) = found.filter(|(_, strength)| *strength >= least) else { break };
            self.at += 1;
            let right_live = live
                && match *operator {
                    "||" => left == 0,
                    "&&" => left != 0,
                    _ => true,
                };
            let right = self.binary(strength + 1, right_live)?;
            left = match apply(operator, left, right) {
                Ok(value) => value,
                Err(_) if !live => 0,
                Err(what) => {
                    return Err(Diagnostic::error(format!("{what} in this condition"))
                        .at(token.span, "")
                        .help("a condition is computed in 128 bits with a sign"));
                }
            };
        }
        Ok(left)
    }

    fn unary(&mut self, live: bool) -> Result<i128, Diagnostic> {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(wrong("a condition ends too early".into(), self.line));
        };
        self.at += 1;
        self.enter(token.span)?;
        let value = match &token.kind {
            TokenKind::Integer(number) if number.width.is_none() => number
                .value
                .to_i128()
                .ok_or_else(|| wrong(format!("`{}` is too large for a condition", token.text), token.span))?,
            TokenKind::Word => i128::from(token.is("true")),
            TokenKind::Symbol if token.is("(") => {
                let value = self.ternary(live)?;
                self.expect(")")?;
                value
            }
            TokenKind::Symbol if token.is("!") => i128::from(self.unary(live)? == 0),
            TokenKind::Symbol if token.is("~") => !self.unary(live)?,
            TokenKind::Symbol if token.is("-") => self.unary(live)?.wrapping_neg(),
            TokenKind::Symbol if token.is("+") => self.unary(live)?,
            TokenKind::Symbol
            | TokenKind::Integer(_)
            | TokenKind::String(_)
            | TokenKind::Bad(_)
            | TokenKind::Reported
            | TokenKind::End => {
                return Err(wrong(format!("unexpected `{}` in a condition", token.text), token.span));
            }
        };
        self.depth -= 1;
        Ok(value)
    }
}

fn apply(operator: &str, left: i128, right: i128) -> Result<i128, &'static str> {
    let shift = || u32::try_from(right).ok().filter(|by| *by < 128).ok_or("a shift by too much");
    let value = match operator {
        "||" => Some(i128::from(left != 0 || right != 0)),
        "&&" => Some(i128::from(left != 0 && right != 0)),
        "|" => Some(left | right),
        "^" => Some(left ^ right),
        "&" => Some(left & right),
        "==" => Some(i128::from(left == right)),
        "!=" => Some(i128::from(left != right)),
        "<" => Some(i128::from(left < right)),
        ">" => Some(i128::from(left > right)),
        "<=" => Some(i128::from(left <= right)),
        ">=" => Some(i128::from(left >= right)),
        "<<" => Some(left << shift()?),
        ">>" => Some(left >> shift()?),
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        _ if right == 0 => return Err("a division by zero"),
        "/" => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    value.ok_or("an overflow")
}
