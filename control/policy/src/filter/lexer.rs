//! Words and symbols of a filter expression.
//!
//! Addresses of every kind are one word (`10.0.0.1`, `fe80::1`, `00:11:22:33:44:55`), as are ranges (`8000-8010`) and
//! hyphenated names; inside `[...]` a colon and a hyphen are symbols.

use super::report::Reporter;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, number or address.
    Word(String),
    /// A name after a backslash: never a keyword.
    Escaped(String),
    /// The name after `@`.
    Set(String),
    /// Punctuation.
    Symbol(&'static str),
}

/// A token with its bytes, `start..end` of the text.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Longest first, so that `<=` is not `<`.
const SYMBOLS: [&str; 29] = [
    "&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "(", ")", "[", "]", "{", "}", ",", "&", "|", "!", "=",
    "<", ">", "+", "-", "*", "/", "%", "^", ":", ";",
];

/// Splits the text; what is no token is reported and left out.
pub(super) fn tokens(text: &str, reporter: &mut Reporter) -> Vec<Lexeme> {
    let mut lexemes = Vec::new();
    let mut brackets = 0usize;
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (token, length) = if first == '\\' || first == '@' {
            let length = word_length(&rest[1..], true);
            let name = rest[1..=length].to_owned();
            if length == 0 {
                let what = if first == '@' { "a set's name" } else { "a protocol's name" };
                reporter.error(at, at + 1, &format!("{what} is missing after `{first}`"), "", EXAMPLES);
                at += 1;
                continue;
            }
            (if first == '@' { Token::Set(name) } else { Token::Escaped(name) }, length + 1)
        } else if let Some(length) = Some(word_length(rest, brackets > 0)).filter(|length| *length > 0) {
            (Token::Word(rest[..length].to_owned()), length)
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            match *symbol {
                "[" => brackets += 1,
                "]" => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            (Token::Symbol(symbol), symbol.len())
        } else {
            let end = at + first.len_utf8();
            reporter.error(at, end, &format!("unexpected character `{first}`"), "", EXAMPLES);
            at = end;
            continue;
        };
        lexemes.push(Lexeme { token, start: at, end: at + length });
        at += length;
    }
    lexemes
}

const EXAMPLES: &str =
    "expressions look like `tcp port 443 and src net 10.0.0.0/8`, `ether proto \\arp`, `src in @servers`";

/// Length of the word at the start of `rest`; 0 where none starts. `plain`: without colons and hyphens inside.
fn word_length(rest: &str, plain: bool) -> usize {
    let mut length = 0;
    for (i, byte) in rest.bytes().enumerate() {
        let inside = byte.is_ascii_alphanumeric() || (i > 0 && matches!(byte, b'_' | b'.'));
        let joins = if plain {
            byte == b'-' && rest.starts_with(|c: char| c.is_ascii_alphabetic())
        } else {
            matches!(byte, b'-' | b':')
        };
        // A word may start with a colon only as `::1` does.
        let starts = i > 0 || (byte == b':' && rest.starts_with("::"));
        if !(inside || (joins && starts)) {
            break;
        }
        length = i + 1;
    }
    // A hyphen or a single colon at the end belongs to what follows.
    while rest[..length].ends_with(['-', '_'])
        || (rest[..length].ends_with(':') && !rest[..length].ends_with("::"))
    {
        length -= 1;
    }
    length
}
