//! A JSON reader that remembers where each value stands.

use sluice_diagnostics::{Diagnostic, SourceId, Sources, Span};

use super::DEPTH;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Null,
    Bool(bool),
    /// As it was written: the format has integers only.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// Keys in the order of the text, each once.
    Object(Vec<(String, Node)>),
}

impl NodeKind {
    /// In words, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads a text that is one value (RFC 8259).
///
/// # Errors
///
/// The first place where it is none.
pub(crate) fn parse(sources: &Sources, source: SourceId) -> Result<Node, Diagnostic> {
    let text = &sources.source(source).text;
    let mut reader = Reader { text: text.as_bytes(), at: 0, source, whole: text };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < reader.text.len() {
        return Err(reader.error("there is more behind the JSON value", "a file has one value"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t [u8],
    whole: &'t str,
    at: usize,
    source: SourceId,
}

type Result<T, E = Diagnostic> = std::result::Result<T, E>;

impl Reader<'_> {
    fn span(&self, start: usize) -> Span {
        Span::new(self.source, start, self.at)
    }

    fn error(&self, message: &str, help: &str) -> Diagnostic {
        let start = self.whole.floor_char_boundary(self.at.min(self.whole.len()));
        let end = self.whole.ceil_char_boundary((start + 1).min(self.whole.len()));
        Diagnostic::error(message).at(Span::new(self.source, start, end), "").help(help)
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes a byte if it is the next one behind blanks.
    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u32) -> Result<Node> {
        self.blanks();
        if depth > DEPTH {
            return Err(self.error("values are nested too deeply", &format!("{DEPTH} levels are possible")));
        }
        let start = self.at;
        let kind = match self.text.get(self.at) {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => NodeKind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'a'..=b'z') => self.word()?,
            Some(_) => {
                return Err(self.error(
                    "no JSON value begins so",
                    "a value is an object, array, string, number, true, false or null",
                ));
            }
            None => {
                return Err(
                    self.error("the text ends where a JSON value should begin", "the file may have been cut")
                );
            }
        };
        Ok(Node { kind, span: self.span(start) })
    }

    fn object(&mut self, depth: u32) -> Result<NodeKind> {
        self.at += 1;
        let mut entries: Vec<(String, Node)> = Vec::new();
        if self.take(b'}') {
            return Ok(NodeKind::Object(entries));
        }
        let mut seen = std::collections::BTreeSet::new();
        loop {
            self.blanks();
            if self.text.get(self.at) != Some(&b'"') {
                return Err(self.error("expected a key", "keys are strings: `\"key\": value`"));
            }
            let start = self.at;
            let key = self.string()?;
            if !seen.insert(key.clone()) {
                let message = format!("the key `{key}` is there twice");
                return Err(Diagnostic::error(message).at(self.span(start), "").help("keep one of them"));
            }
            if !self.take(b':') {
                return Err(self.error("expected `:` behind the key", "write `\"key\": value`"));
            }
            entries.push((key, self.value(depth + 1)?));
            if self.take(b'}') {
                return Ok(NodeKind::Object(entries));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `}` in an object", "separate entries by `,`"));
            }
        }
    }

    fn list(&mut self, depth: u32) -> Result<NodeKind> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(NodeKind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(NodeKind::List(items));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `]` in an array", "separate items by `,`"));
            }
        }
    }

    fn word(&mut self) -> Result<NodeKind> {
        for (word, kind) in
            [("null", NodeKind::Null), ("true", NodeKind::Bool(true)), ("false", NodeKind::Bool(false))]
        {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.error("no JSON value begins so", "bare words are true, false and null"))
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<NodeKind> {
        let start = self.at;
        self.at += usize::from(self.text[self.at] == b'-');
        let mut right = self.digits();
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            right &= self.digits();
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            right &= self.digits();
        }
        if !right {
            return Err(self.error("this is no number", "a number is like 12 or -3"));
        }
        Ok(NodeKind::Number(self.whole.get(start..self.at).unwrap_or_default().to_string()))
    }

    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let mut out = String::new();
        let mut plain = self.at;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => {
                    out.push_str(self.whole.get(plain..self.at).unwrap_or_default());
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(self.whole.get(plain..self.at).unwrap_or_default());
                    out.push(self.escape()?);
                    plain = self.at;
                }
                Some(0..=0x1f) | None => {
                    return Err(self.error("the string does not end", "end it with `\"` on its line"));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let letter = self.text.get(self.at + 1).copied();
        self.at += 2;
        Ok(match letter {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'u') => {
                let high = self.hexadecimal()?;
                let is_pair = (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with(b"\\u");
                let code = if is_pair {
                    self.at += 2;
                    let low = self.hexadecimal()?;
                    0x10000 + ((high - 0xd800) << 10) + (low & 0x3ff)
                } else {
                    high
                };
                // Half a pair is no character.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at = (self.at - 2).min(self.text.len());
                return Err(self.error(
                    "there is no such escape",
                    "escapes are \\n, \\t, \\r, \\b, \\f, \\\", \\\\, \\/ and \\uXXXX",
                ));
            }
        })
    }

    fn hexadecimal(&mut self) -> Result<u32> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return Err(self.error("\\u wants four hexadecimal digits", "write \\u00e9, for example"));
        };
        let code =
            digits.iter().fold(0, |code, digit| code * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<Node, String> {
        let mut sources = Sources::new();
        let source = sources.add("x.json", text);
        parse(&sources, source).map_err(|found| found.message)
    }

    #[test]
    fn values_have_their_places() {
        let node = read(" {\"a\": [1, -2, \"x\\u00e9\\ud83d\\ude00\"], \"b\": null}").expect("it is right");
        let NodeKind::Object(entries) = node.kind else { panic!("an object") };
        let NodeKind::List(items) = &entries[0].1.kind else { panic!("a list") };
        assert_eq!((items[1].span.start, items[1].span.end), (11, 13));
        assert!(matches!(&items[2].kind, NodeKind::Text(text) if text == "xé😀"));
    }

    #[test]
    fn wrong_texts_are_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,\"a\":2}",
            "nul",
            "1 2",
            "\"a",
            "\"\\q\"",
            "\"\\u12\"",
            "-",
            "1.",
            "\"\\",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
