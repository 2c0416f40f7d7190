//! `broker.yaml`: one file, one whole state.
//!
//! Reading never stops at the first mistake: [`parse_policy`] reports all of them, each at its place, expressions
//! inside. A [`Policy`] that it gives has every name resolved and every value in range; what depends on the data
//! path (space, what a target lacks) is the compiler's to check.

mod edits;
mod filters;
mod model;
mod ports;
mod scalars;
mod sets;

pub(crate) use filters::OTHERWISE;
pub use model::{
    Anchor, DedupSettings, Destination, Edits, Encapsulation, Filter, Group, Mask, Policy, Port, PortRole,
    STRIP_NAMES, Settings, Slice, Stamp, Tool, Tunnel,
};

use std::ops::{Deref, DerefMut};

use sluice_diagnostics::{Diagnostics, SourceId, Sources};

/// What all readers share.
struct Reader<'a> {
    yaml: sluice_yaml::Reader<'a>,
    /// Names of ports, tools and groups whose declarations have errors: what names them is not wrong for that.
    broken: Vec<String>,
}

impl Reader<'_> {
    /// Whether a port, tool or group of that name is declared, but wrongly, which was reported there.
    fn is_broken(&self, name: &str) -> bool {
        self.broken.iter().any(|broken| broken == name)
    }
}

impl<'a> Deref for Reader<'a> {
    type Target = sluice_yaml::Reader<'a>;

    fn deref(&self) -> &Self::Target {
        &self.yaml
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.yaml
    }
}

const KEYS: [&str; 7] = ["ports", "tools", "groups", "sets", "filters", "otherwise", "settings"];

/// What an empty one is told.
const LEAST: &str = "a configuration has at least `ports:` and `filters:`";

/// Reads a configuration.
///
/// # Errors
/// Everything that is wrong with it; warnings of a configuration that is taken are in [`Policy::warnings`].
pub fn parse_policy(sources: &mut Sources, source: SourceId) -> Result<Policy, Diagnostics> {
    let mut found = Diagnostics::new();
    let Some(root) = sluice_yaml::parse(sources, source, LEAST, &mut found) else { return Err(found) };
    let mut reader = Reader { yaml: sluice_yaml::Reader { sources, source, found }, broken: Vec::new() };
    let mut policy = Policy::default();
    if let Some(fields) = reader.fields(&root, "the configuration", &KEYS) {
        if let Some(node) = fields.value("settings") {
            policy.settings = reader.settings(node);
        }
        let start = sluice_diagnostics::Span { end: root.span.start, ..root.span };
        match reader.required(&fields, "ports", "the configuration", start) {
            Some(node) => reader.ports(node, &mut policy),
            None => return Err(reader.yaml.found),
        }
        reader.tools(fields.value("tools"), &mut policy);
        if let Some(node) = fields.value("groups") {
            reader.groups(node, &mut policy);
        }
        let sets = fields.value("sets").map(|node| reader.named_sets(node)).unwrap_or_default();
        if let Some(node) = fields.value("filters") {
            reader.filters(node, &sets, &mut policy);
        }
        if let Some((key, node)) = fields.entry("otherwise") {
            reader.otherwise(key.span, node, &mut policy);
        }
    }
    if reader.found.has_errors() {
        reader.yaml.found.extend(policy.warnings);
        return Err(reader.yaml.found);
    }
    Ok(policy)
}
