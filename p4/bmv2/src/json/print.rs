//! JSON to be written.

/// Longest line that a whole value may stand on, in characters.
const LINE: usize = 120;

/// A JSON value whose keys keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
    /// An object whose keys are the program's.
    Map(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: usize) -> Self {
        Self::Number(number as u64)
    }

    /// `{"type": ty, "value": value}`, the format's way to say what a value is.
    pub(crate) fn typed(ty: &str, value: Self) -> Self {
        Self::Object(vec![("type", Self::text(ty)), ("value", value)])
    }

    /// All of it as text, a line end behind it. Small values stand on one line.
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, 0);
        out.push('\n');
        out
    }

    /// Writes at an indentation; `before` says how much of the line is taken already.
    fn write(&self, out: &mut String, indent: usize, before: usize) {
        let mut line = String::new();
        if self.compact(&mut line, LINE.saturating_sub(before)) {
            out.push_str(&line);
            return;
        }
        let (open, close) = if matches!(self, Self::List(_)) { ('[', ']') } else { ('{', '}') };
        out.push(open);
        let inner = indent + 2;
        let start = |out: &mut String, first: bool| {
            out.push_str(if first { "\n" } else { ",\n" });
            out.extend(std::iter::repeat_n(' ', inner));
        };
        match self {
            Self::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    start(out, i == 0);
                    item.write(out, inner, inner);
                }
            }
            Self::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| (*key, value));
                write_entries(out, inner, entries, start);
            }
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
                write_entries(out, inner, entries, start);
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => out.push_str(&line),
        }
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
        out.push(close);
    }

    /// Writes on one line; `false` as soon as it is longer than `room`, which a scalar may be.
    fn compact(&self, out: &mut String, room: usize) -> bool {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Text(text) => quote(text, out),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    if !item.compact(out, room) || out.len() > room {
                        return false;
                    }
                }
                out.push(']');
            }
            Self::Object(entries) => {
                return compact_entries(entries.iter().map(|(key, value)| (*key, value)), out, room);
            }
            Self::Map(entries) => {
                return compact_entries(entries.iter().map(|(key, value)| (key.as_str(), value)), out, room);
            }
        }
        matches!(self, Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_)) || out.len() <= room
    }
}

fn compact_entries<'j>(
    entries: impl Iterator<Item = (&'j str, &'j Json)>,
    out: &mut String,
    room: usize,
) -> bool {
    out.push('{');
    for (i, (key, value)) in entries.enumerate() {
        out.push_str(if i == 0 { "" } else { ", " });
        quote(key, out);
        out.push_str(": ");
        if !value.compact(out, room) || out.len() > room {
            return false;
        }
    }
    out.push('}');
    out.len() <= room
}

fn write_entries<'j>(
    out: &mut String,
    inner: usize,
    entries: impl Iterator<Item = (&'j str, &'j Json)>,
    start: impl Fn(&mut String, bool),
) {
    for (i, (key, value)) in entries.enumerate() {
        start(out, i == 0);
        let before = out.len();
        quote(key, out);
        out.push_str(": ");
        let taken = inner + out.len() - before;
        value.write(out, inner, taken);
    }
}

/// A string with its quotes (RFC 8259, section 7).
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_share_a_line_and_large_ones_do_not() {
        let small = Json::typed("field", Json::List(vec![Json::text("h"), Json::text("f")]));
        assert_eq!(small.print(), "{\"type\": \"field\", \"value\": [\"h\", \"f\"]}\n");
        let large = Json::List(vec![small; 4]);
        assert_eq!(large.print().lines().count(), 6);
    }

    #[test]
    fn strings_are_quoted() {
        assert_eq!(Json::text("a\"\\\n\u{1}é").print(), "\"a\\\"\\\\\\n\\u0001é\"\n");
    }
}
