//! What stands behind `packet` and `expect`, and rates of meters.

use sluice_diagnostics::{Diagnostic, Span};

use super::Result;
use crate::number::Number;
use crate::script::Pattern;
use crate::token::Token;

/// Splits the rest of a line into the port and the text of the bytes, with its place.
pub(super) fn port<'a>(token: &Token<'a>, help: &str) -> Result<(Number, &'a str, Span)> {
    let text = token.text;
    let trimmed = text.trim_start();
    let start = token.span.start as usize + (text.len() - trimmed.len());
    let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    let span = Span::new(token.span.source, start, start + length);
    let number = Number::read(&trimmed[..length], span).ok().filter(|number| !number.has_wildcards());
    let Some(number) = number else {
        return Err(Diagnostic::error("the port is missing here").at(span, "").help(help));
    };
    let rest = Span::new(token.span.source, start + length, token.span.end as usize);
    Ok((number, &trimmed[length..], rest))
}

/// The bytes of a packet.
pub(super) fn bytes(text: &str, span: Span) -> Result<Vec<u8>> {
    const HELP: &str = "a packet is written in hexadecimal digits, two for a byte; blanks do not matter";
    let nibbles = nibbles(text, span, HELP)?;
    let mut bytes = Vec::new();
    for pair in nibbles.chunks(2) {
        let [(high, _), (low, _)] = pair else {
            let (_, at) = pair[0];
            return Err(Diagnostic::error("the last byte has one digit")
                .at(Span::new(span.source, at as usize, at as usize + 1), "")
                .help(HELP));
        };
        let (Some(high), Some(low)) = (high, low) else {
            let at = pair.iter().find(|(digit, _)| digit.is_none()).map_or(span.start, |(_, at)| *at);
            return Err(Diagnostic::error("a packet that is sent has no wildcards")
                .at(Span::new(span.source, at as usize, at as usize + 1), "")
                .help(HELP));
        };
        bytes.push(high << 4 | low);
    }
    Ok(bytes)
}

/// What a packet must look like; `None` where nothing is written.
pub(super) fn pattern(text: &str, span: Span) -> Result<Option<Pattern>> {
    const HELP: &str =
        "write hexadecimal digits, `*` for any digit, and `$` at the end if nothing may follow";
    if text.trim().is_empty() {
        return Ok(None);
    }
    let trimmed = text.trim_end();
    let (digits, is_exact) = match trimmed.strip_suffix('$') {
        Some(digits) => (digits, true),
        None => (trimmed, false),
    };
    let nibbles = nibbles(digits, span, HELP)?;
    let start = nibbles.first().map_or(span.start, |(_, at)| *at);
    let span = Span::new(span.source, start as usize, span.start as usize + trimmed.len());
    Ok(Some(Pattern { nibbles, is_exact, span }))
}

/// Digits and wildcards with their places.
fn nibbles(text: &str, span: Span, help: &str) -> Result<Vec<(Option<u8>, u32)>> {
    let mut nibbles = Vec::new();
    // `0x` before the digits is a habit that does no harm.
    let skipped = text.len() - text.trim_start().len();
    let prefixed = text.trim_start().get(..2).is_some_and(|two| two.eq_ignore_ascii_case("0x"));
    let from = if prefixed { skipped + 2 } else { 0 };
    for (at, c) in text.char_indices().filter(|(at, _)| *at >= from) {
        let place = span.start + at as u32;
        match c {
            '*' => nibbles.push((None, place)),
            _ if c.is_whitespace() => {}
            _ => match c.to_digit(16) {
                Some(digit) => nibbles.push((Some(digit as u8), place)),
                None => {
                    let span = Span::new(span.source, place as usize, place as usize + c.len_utf8());
                    return Err(Diagnostic::error(format!("`{c}` is no hexadecimal digit"))
                        .at(span, "")
                        .help(help));
                }
            },
        }
    }
    Ok(nibbles)
}

/// A rate per microsecond, with at most six digits behind the point, as units per second.
pub(super) fn per_second(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 6 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}
