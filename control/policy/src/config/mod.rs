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
mod stamp;
mod tenants;

pub(crate) use filters::OTHERWISE;
pub use model::{
    Anchor, DedupSettings, Destination, Edits, Encapsulation, Filter, Group, Mask, Policy, Port, PortRole,
    STRIP_NAMES, Settings, Slice, Stamp, Tenant, Tool, Tunnel,
};
pub use tenants::{part_of, with_part};

use std::ops::{Deref, DerefMut};

use sluice_diagnostics::{Diagnostics, SourceId, Sources};
use sluice_yaml::Document;
use tenants::{MAX_TENANTS, ONE_EACH};

/// What all readers share.
struct Reader<'a> {
    yaml: sluice_yaml::Reader<'a>,
    /// Names of ports, tools and groups whose declarations have errors: what names them is not wrong for that.
    broken: Vec<String>,
    /// The tenant whose document is read; nothing in the first one.
    scope: Option<Tenant>,
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

const KEYS: [&str; 8] = ["ports", "tools", "groups", "sets", "filters", "otherwise", "settings", "tenants"];

/// What an empty one is told.
const LEAST: &str = "a configuration has at least `ports:` and `filters:`";

/// Reads a configuration.
///
/// # Errors
/// Everything that is wrong with it; warnings of a configuration that is taken are in [`Policy::warnings`].
pub fn parse_policy(sources: &mut Sources, source: SourceId) -> Result<Policy, Diagnostics> {
    let mut found = Diagnostics::new();
    let Some(all) = documents(sources, source, &mut found) else { return Err(found) };
    read(sources, &all, found)
}

/// Reads a configuration in which a tenant has another document, which is a source of its own.
///
/// # Errors
/// Everything that is wrong with it; what is said of the tenant's document stands at its own lines.
pub fn parse_with_part(
    sources: &mut Sources,
    whole: SourceId,
    tenant: &str,
    part: SourceId,
) -> Result<Policy, Diagnostics> {
    let mut found = Diagnostics::new();
    let Some(all) = documents(sources, whole, &mut found) else { return Err(found) };
    let Some(all) = tenants::replaced(sources, all, tenant, part, &mut found) else { return Err(found) };
    read(sources, &all, found)
}

fn documents(sources: &Sources, source: SourceId, found: &mut Diagnostics) -> Option<Vec<Document>> {
    sluice_yaml::parse_documents(sources, source, LEAST, (1 + MAX_TENANTS, ONE_EACH), found)
}

fn read(sources: &mut Sources, all: &[Document], found: Diagnostics) -> Result<Policy, Diagnostics> {
    let Some((first, parts)) = all.split_first() else { return Err(found) };
    let (root, source) = (&first.root, first.text.source);
    let yaml = sluice_yaml::Reader { sources, source, found };
    let mut reader = Reader { yaml, broken: Vec::new(), scope: None };
    let mut policy = Policy::default();
    if let Some(fields) = reader.fields(root, "the configuration", &KEYS) {
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
        if let Some(node) = fields.value("tenants") {
            reader.tenants(node, &mut policy);
        }
        reader.parts(parts, &mut policy);
    }
    if reader.found.has_errors() {
        reader.yaml.found.extend(policy.warnings);
        return Err(reader.yaml.found);
    }
    Ok(policy)
}
