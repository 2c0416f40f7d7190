//! Typed access to YAML nodes: every mistake is reported at its place, and reading goes on behind it.

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use super::yaml::{Key, Node, Value};

/// What all readers share: the texts, and what was found in them.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a mut Sources,
    pub(crate) source: SourceId,
    pub(crate) found: Diagnostics,
}

/// The entries of a mapping with known keys.
pub(crate) struct Fields<'n> {
    entries: Vec<(&'n Key, &'n Node)>,
    pub(crate) span: Span,
}

impl<'n> Fields<'n> {
    /// The value of a key, unless it is left out or empty.
    pub(crate) fn value(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|(_, node)| node)
    }

    /// The key and its value, unless it is left out or empty.
    pub(crate) fn entry(&self, name: &str) -> Option<(&'n Key, &'n Node)> {
        self.entries
            .iter()
            .find(|(key, node)| key.text == name && !matches!(node.value, Value::Null))
            .copied()
    }
}

impl Reader<'_> {
    pub(crate) fn error(&mut self, message: impl Into<String>, span: Span, help: impl Into<String>) {
        self.found.push(Diagnostic::error(message).at(span, "").help(help));
    }

    /// A mapping whose keys are among `known`; others are reported. `None` if it is no mapping.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
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
    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
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
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
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
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
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
    pub(crate) fn number(&mut self, node: &Node, what: &str, low: u64, high: u64) -> Option<u64> {
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
    pub(crate) fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
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
    pub(crate) fn word(&mut self, node: &Node, what: &str, words: &[&str]) -> Option<usize> {
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
    pub(crate) fn required<'n>(
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
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_string(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The name that was probably meant: at most a third of its characters differ.
pub(crate) fn closest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // Longer words are nobody's typing mistake, and the distance is quadratic.
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    names
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (distance(text, name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(3)) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edit distance with transpositions of neighbors (optimal string alignment), ignoring case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j - 1] + same).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_mistakes_find_what_was_meant() {
        let names = ["tap-a", "tap-b", "recorder"];
        assert_eq!(closest("recoder", names.into_iter()), Some("recorder"));
        assert_eq!(closest("tap_a", names.into_iter()), Some("tap-a"));
        assert_eq!(closest("firewall", names.into_iter()), None);
        assert_eq!(distance("prot", "port"), 1);
    }
}
