//! The text's tokens.

use sluice_diagnostics::{Diagnostic, SourceId, Span};
use sluice_entities::Bits;

use super::read::Result;
use crate::limits;

/// Bytes of the bare name that `text` begins with: parts joined by dots, each with `[number]`s behind it; 0 if none.
pub(super) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let begins = |c: u8| c.is_ascii_alphabetic() || c == b'_' || c == b'$';
    let mut end = 0;
    loop {
        if !begins(at(end)) {
            // A dot that no part follows is not the name's.
            return end.saturating_sub(1);
        }
        while begins(at(end)) || at(end).is_ascii_digit() {
            end += 1;
        }
        while at(end) == b'[' {
            let digits = bytes[end + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
            if digits == 0 || at(end + 1 + digits) != b']' {
                break;
            }
            end += digits + 2;
        }
        if at(end) != b'.' {
            return end;
        }
        end += 1;
    }
}

/// What stands there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name or a word of the grammar; `name#2` has ordinal 2.
    Name {
        /// Without quotes and number.
        text: String,
        /// 1 unless it is said.
        ordinal: u32,
        /// Whether it stood in quotes: then it is no word of the grammar.
        quoted: bool,
    },
    /// A number without a width.
    Number(u64),
    /// `8w0x2a`.
    Bits(Bits),
    /// `8s0xff`.
    Signed(Bits),
    /// `?7`.
    Missing(u32),
    /// Punctuation.
    Symbol(&'static str),
    /// Behind everything.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// Longest first where one begins another.
const SYMBOLS: &[&str] = &[
    "&&&", "|+|", "|-|", "..", "++", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "{", "}", "(", ")", "[",
    "]", "<", ">", ";", ":", ",", "=", ".", "?", "!", "~", "-", "+", "*", "/", "%", "&", "|", "^", "@",
];

/// The tokens of a text, `End` last.
pub(super) fn tokens(source: SourceId, text: &str) -> Result<Vec<Token>> {
    if text.len() > limits::TEXT_BYTES {
        let message = format!("the text has more than {} bytes", limits::TEXT_BYTES);
        return Err(Box::new(Diagnostic::error(message)));
    }
    let mut lexer = Lexer { source, text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let kind = lexer.token()?;
        let end = kind == TokenKind::End;
        tokens.push(Token { kind, span: Span::new(source, start, lexer.at) });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    source: SourceId,
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, start: usize, message: impl Into<String>, help: &str) -> Box<Diagnostic> {
        let end = self.at.max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
        Box::new(Diagnostic::error(message).at(Span::new(self.source, start, end), "").help(help))
    }

    fn skip_blanks(&mut self) {
        loop {
            self.at = self.text.len() - self.rest().trim_start().len();
            if !self.rest().starts_with("//") {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn token(&mut self) -> Result<TokenKind> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(TokenKind::End);
        };
        if first == '"' {
            let text = self.string()?;
            return Ok(TokenKind::Name { text, ordinal: self.ordinal(), quoted: true });
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        let length = name_length(self.rest());
        if length > 0 {
            let text = self.rest()[..length].to_string();
            self.at += length;
            return Ok(TokenKind::Name { text, ordinal: self.ordinal(), quoted: false });
        }
        if first == '?' && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let start = self.at;
            self.at += 1;
            let digits = self.digits();
            let index = digits.parse().map_err(|_| self.error(start, "too large", "an index has 32 bits"))?;
            return Ok(TokenKind::Missing(index));
        }
        match SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol)) {
            Some(symbol) => {
                self.at += symbol.len();
                Ok(TokenKind::Symbol(symbol))
            }
            None => Err(self.error(self.at, format!("`{first}` begins nothing"), "quote a name that has it")),
        }
    }

    /// The `2` of `name#2`.
    fn ordinal(&mut self) -> u32 {
        let digits = self
            .rest()
            .strip_prefix('#')
            .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        let ordinal = self.rest().get(1..=digits).and_then(|digits| digits.parse().ok());
        match ordinal {
            Some(ordinal) => {
                self.at += 1 + digits;
                ordinal
            }
            None => 1,
        }
    }

    fn digits(&mut self) -> String {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.rest()[..count].to_string();
        self.at += count;
        digits
    }

    fn number(&mut self) -> Result<TokenKind> {
        let start = self.at;
        let digits = self.digits();
        let number: u64 = digits
            .parse()
            .map_err(|_| self.error(start, "the number is too large", "it has at most 64 bits"))?;
        let signed = match self.rest().bytes().next() {
            Some(b'w') => false,
            Some(b's') => true,
            _ => return Ok(TokenKind::Number(number)),
        };
        let width = u32::try_from(number).ok().filter(|width| *width <= limits::WIDTH);
        let width = width.ok_or_else(|| {
            self.error(start, "the constant is too wide", &format!("at most {} bits", limits::WIDTH))
        })?;
        self.at += 1;
        let count = self.rest().bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
        let value = self.rest()[..count].to_string();
        self.at += count;
        let bits = Bits::parse(width, &value);
        let bits =
            bits.map_err(|why| self.error(start, why.to_string(), "width, `w` or `s`, value: 8w0x2a"))?;
        Ok(if signed { TokenKind::Signed(bits) } else { TokenKind::Bits(bits) })
    }

    fn string(&mut self) -> Result<String> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.text[start + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + 1 + offset + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, c @ ('"' | '\\'))) => out.push(c),
                    Some((_, 'u')) => {
                        let code: String = chars
                            .by_ref()
                            .map(|(_, c)| c)
                            .skip_while(|c| *c == '{')
                            .take_while(|c| *c != '}')
                            .take(8)
                            .collect();
                        let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                        let why = || self.error(start, "no such character", "\\u{hexadecimal digits}");
                        out.push(c.ok_or_else(why)?);
                    }
                    _ => {
                        return Err(self.error(
                            start,
                            "unknown escape",
                            "\\\", \\\\, \\n and \\u{...} are known",
                        ));
                    }
                },
                c => out.push(c),
            }
        }
        Err(self.error(start, "the string does not end", "close it with `\"`"))
    }
}
