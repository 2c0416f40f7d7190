//! Typed access to YAML nodes: every mistake is reported at its place, and reading goes on behind it.

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span, closest};

use crate::tree::{Key, Node, Value};

/// What all readers share: the texts, and what was found in them.
pub struct Reader<'a> {
    /// The texts.
    pub sources: &'a mut Sources,
    /// The one that is read.
    pub source: SourceId,
    /// What is wrong.
    pub found: Diagnostics,
}

/// The entries of a mapping with known keys.
pub struct Fields<'n> {
    entries: Vec<(&'n Key, &'n Node)>,
    /// From the first to the last.
    pub span: Span,
}

impl<'n> Fields<'n> {
    /// The value of a key, unless it is left out or empty.
    pub fn value(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|(_, node)| node)
    }

    /// The key and its value, unless it is left out or empty.
    pub fn entry(&self, name: &str) -> Option<(&'n Key, &'n Node)> {
        self.entries
            .iter()
            .find(|(key, node)| key.text == name && !matches!(node.value, Value::Null))
            .copied()
    }
}

impl Reader<'_> {
    /// Reports a mistake, with what would be right.
    pub fn error(&mut self, message: impl Into<String>, span: Span, help: impl Into<String>) {
        self.found.push(Diagnostic::error(message).at(span, "").help(help));
    }

    /// A mapping whose keys are among `known`; others are reported. `None` if it is no mapping.
    pub fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let entries = self.mapping(node, what)?;
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                let help = match closest(&key.text, known.iter().copied()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("{what} has {}", listed(known)),
                };
                self.error(format!("unknown key `{}` in {what}", key.text), key.span, help);
            }
        }
        Some(Fields { entries: entries.iter().map(|(key, node)| (key, node)).collect(), span: node.span })
    }

    /// The entries of a mapping with any keys.
    pub fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        match &node.value {
            Value::Map(map) => Some(map),
            Value::Null | Value::Scalar(_) | Value::List(_) => {
                let message = format!("{what} must be a mapping, this is {}", node.kind());
                self.error(message, node.span, "write `key: value` lines, indented");
                None
            }
        }
    }

    /// The items of a list.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(list) => Some(list),
            Value::Null | Value::Scalar(_) | Value::Map(_) => {
                let message = format!("{what} must be a list, this is {}", node.kind());
                self.error(message, node.span, "write `[a, b]`, or one `- item` a line");
                None
            }
        }
    }

    /// A single value as text.
    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(text) => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => {
                let message = format!("{what} must be a single value, this is {}", node.kind());
                self.error(message, node.span, "write it behind the colon");
                None
            }
        }
    }

    /// A decimal or 0x number within bounds.
    pub fn number(&mut self, node: &Node, what: &str, low: u64, high: u64) -> Option<u64> {
        let text = self.text(node, what)?;
        let value = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.replace('_', "").parse().ok(),
        };
        match value {
            Some(value) if (low..=high).contains(&value) => Some(value),
            _ => {
                self.error(
                    format!("`{text}` is no {what}"),
                    node.span,
                    format!("a number from {low} to {high}"),
                );
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        match self.text(node, what)? {
            "true" | "yes" => Some(true),
            "false" | "no" => Some(false),
            text => {
                let message = format!("`{text}` is neither true nor false");
                self.error(message, node.span, format!("`{what}: true` or `{what}: false`"));
                None
            }
        }
    }

    /// One of a few words; gives its position.
    pub fn word(&mut self, node: &Node, what: &str, words: &[&str]) -> Option<usize> {
        let text = self.text(node, what)?;
        let position = words.iter().position(|word| *word == text);
        if position.is_none() {
            let help = match closest(text, words.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("{what} is {}", listed(words)),
            };
            self.error(format!("`{text}` is no {what}"), node.span, help);
        }
        position
    }

    /// A required value: reports its absence at the mapping.
    pub fn required<'n>(
        &mut self,
        fields: &Fields<'n>,
        name: &str,
        what: &str,
        at: Span,
    ) -> Option<&'n Node> {
        let value = fields.value(name);
        if value.is_none() {
            self.error(format!("{what} has no `{name}`"), at, format!("add `{name}:`"));
        }
        value
    }
}

/// `a`, `b` or `c`.
pub fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_string(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
