//! Names of the program, as scripts shorten them.
//!
//! A name is looked for whole, then as the end of a name behind a `.`, then as the end of a name; the first of these that
//! fits anything decides, and must fit one name only. Scripts of the reference compiler are written for that.

use sluice_diagnostics::Diagnostic;

use crate::script::Name;

/// Most names that a help line lists.
const LISTED: usize = 12;

/// What kind of name is looked for, as messages say it: `key field` and `of table x`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind<'a> {
    pub(crate) noun: &'a str,
    /// Behind the name; may be empty.
    pub(crate) place: &'a str,
}

impl<'a> Kind<'a> {
    /// Of the whole program.
    pub(crate) fn new(noun: &'a str) -> Self {
        Self { noun, place: "" }
    }
}

/// Finds the one that a name means.
pub(crate) fn find<'a, T: Copy>(
    name: &Name,
    kind: Kind<'_>,
    all: impl Iterator<Item = (&'a str, T)> + Clone,
) -> Result<T, Diagnostic> {
    let Kind { noun, place } = kind;
    let wanted = name.text.trim_start_matches('.');
    let end = format!(".{wanted}");
    let rules: [&dyn Fn(&str) -> bool; 3] =
        [&|full| full == wanted, &|full| full.ends_with(&end), &|full| full.ends_with(wanted)];
    for rule in rules {
        let mut fitting = all.clone().filter(|(full, _)| rule(full.trim_start_matches('.')));
        let Some((first, found)) = fitting.next() else { continue };
        let Some((second, _)) = fitting.next() else { return Ok(found) };
        return Err(Diagnostic::error(format!("`{}` may be several {noun}s{place}", name.text))
            .at(name.span, format!("`{first}` or `{second}`"))
            .help("write more of the name"));
    }
    let mut known: Vec<&str> = all.map(|(full, _)| full).collect();
    known.sort_unstable();
    let more = known.len().saturating_sub(LISTED);
    known.truncate(LISTED);
    let list: Vec<String> = known.iter().map(|full| format!("`{full}`")).collect();
    let help = match (list.is_empty(), more) {
        (true, _) => format!("there is no {noun}{place} at all"),
        (false, 0) => format!("there are: {}", list.join(", ")),
        (false, _) => format!("there are: {} and {more} more", list.join(", ")),
    };
    Err(Diagnostic::error(format!("there is no {noun} `{}`{place}", name.text)).at(name.span, "").help(help))
}

/// A key field's name in the form in which names are compared: `extra$0.h` is `extra[0].h`, and all ways to write the key
/// `h.isValid()` are `h.$valid$`.
pub(crate) fn key(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        name.push_str(before);
        let digits = after[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len() - 1);
        if digits > 0 {
            name.push_str(&format!("[{}]", &after[1..=digits]));
        } else {
            name.push('$');
        }
        rest = &after[1 + digits..];
    }
    name.push_str(rest);
    for end in [".$valid", ".valid", ".isValid"] {
        if let Some(header) = name.strip_suffix(end) {
            return format!("{header}.$valid$");
        }
    }
    match name.as_str() {
        "valid" | "$valid" => "$valid$".to_string(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use sluice_diagnostics::{SourceId, Span};

    use super::*;

    fn found(text: &str, all: &[&str]) -> Result<usize, String> {
        let name = Name { text: text.to_string(), span: Span::new(SourceId(0), 0, 0) };
        let all = all.iter().enumerate().map(|(at, name)| (*name, at));
        find(&name, Kind::new("table"), all).map_err(|diagnostic| diagnostic.message)
    }

    #[test]
    fn the_whole_name_then_its_end() {
        let all = ["ingress.t", "ingress.sub.t", "egress.other"];
        assert_eq!(found("ingress.t", &all), Ok(0));
        assert_eq!(found("sub.t", &all), Ok(1));
        assert_eq!(found("ther", &all), Ok(2));
        assert_eq!(found("t", &all), Err("`t` may be several tables".to_string()));
        assert_eq!(found("nothing", &all), Err("there is no table `nothing`".to_string()));
    }

    #[test]
    fn keys_have_one_form() {
        assert_eq!(key("extra$0.h"), "extra[0].h");
        for text in ["h.$valid", "h.$valid$", "h.valid"] {
            assert_eq!(key(text), "h.$valid$", "{text}");
        }
        assert_eq!(key("h.f"), "h.f");
    }
}
