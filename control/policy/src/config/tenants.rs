//! Tenants: teams that share a broker. The first document of a configuration says who they are and which ports are theirs; each has a document of its own with its filters.
//!
//! What a tenant's document names is its own: its tool ports' tools, its groups, the network ports that it may take from. Everything else is not there for it. Filters and groups of a tenant
//! are called `TENANT/NAME` outside of its document, so that no two teams are in each other's way.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span, closest};
use sluice_yaml::{Document, Fields, Key, Node, Value};

use super::Reader;
use super::model::{Policy, PortRole, Tenant, Tool};

/// Most tenants.
pub(super) const MAX_TENANTS: usize = 256;

/// What one document too many is told.
pub(super) const ONE_EACH: &str =
    "a configuration is one document, and one more for each tenant: at most 256";

/// What a tenant's document has.
const KEYS: [&str; 4] = ["tenant", "groups", "sets", "filters"];

/// What stands between documents.
const MARKER: &str = "---\n";

impl Reader<'_> {
    /// `tenants:` into `policy`.
    pub(super) fn tenants(&mut self, node: &Node, policy: &mut Policy) {
        let mut owners: Vec<(u16, Arc<str>)> = Vec::new();
        for (key, node) in self.mapping(node, "`tenants`").unwrap_or(&[]) {
            self.plain_name(key, "tenant");
            let Some(tenant) = self.tenant(key, node, policy) else { continue };
            for port in &tenant.ports {
                match owners.iter().find(|(other, _)| other == port) {
                    Some((_, owner)) => {
                        let name = policy.port(*port).map_or("", |port| &*port.name);
                        let message = format!("port `{name}` is of tenant `{owner}` already");
                        self.error(message, key.span, "a tool port is of one tenant, or of none");
                    }
                    None => owners.push((*port, tenant.name.clone())),
                }
            }
            policy.tenants.push(tenant);
        }
    }

    fn tenant(&mut self, key: &Key, node: &Node, policy: &Policy) -> Option<Tenant> {
        let what = format!("tenant `{}`", key.text);
        let fields = self.fields(node, &what, &["ports", "from"])?;
        let node = self.required(&fields, "ports", &what, key.span)?;
        let ports = self.ports_of(node, policy, true);
        if ports.is_empty() && !self.found.has_errors() {
            self.error(format!("{what} has no tool port"), node.span, "name at least one");
        }
        let from = match fields.value("from") {
            Some(node) => self.ports_of(node, policy, false),
            None => policy.ports.iter().filter(|port| !port.is_tool()).map(|port| port.id).collect(),
        };
        let mut tenant = Tenant { name: Arc::from(key.text.as_str()), span: key.span, ports, from };
        tenant.ports.sort_unstable();
        tenant.from.sort_unstable();
        Some(tenant)
    }

    /// Ports of one role, by name.
    fn ports_of(&mut self, node: &Node, policy: &Policy, tools: bool) -> Vec<u16> {
        let role = if tools { "tool" } else { "network" };
        let mut all = Vec::new();
        for item in self.list(node, "ports of a tenant").unwrap_or(&[]) {
            let Some(name) = self.text(item, "port") else { continue };
            match policy.ports.iter().find(|port| &*port.name == name) {
                Some(port) if port.is_tool() != tools => {
                    let message = format!("`{name}` is no {role} port");
                    self.error(message, item.span, format!("name ports with `role: {role}`"));
                }
                Some(port) if all.contains(&port.id) => {
                    self.error(format!("`{name}` is named twice"), item.span, "remove one of the two");
                }
                Some(port) => all.push(port.id),
                None if self.is_broken(name) => {}
                None => {
                    let named = policy.ports.iter().filter(|port| port.is_tool() == tools);
                    let help = match closest(name, named.map(|port| &*port.name)) {
                        Some(name) => format!("did you mean `{name}`?"),
                        None => format!("name a {role} port of `ports:`"),
                    };
                    self.error(format!("there is no port `{name}`"), item.span, help);
                }
            }
        }
        all
    }

    /// The documents behind the first one, a tenant's each; those may be of other sources.
    pub(super) fn parts(&mut self, documents: &[Document], policy: &mut Policy) {
        let mut seen: Vec<(Arc<str>, Span)> = Vec::new();
        for document in documents {
            self.yaml.source = document.text.source;
            self.part(&document.root, policy, &mut seen);
        }
        self.scope = None;
    }

    fn part(&mut self, root: &Node, policy: &mut Policy, seen: &mut Vec<(Arc<str>, Span)>) {
        let Some(fields) = self.fields(root, "a tenant's part", &KEYS) else { return };
        let start = Span { end: root.span.start, ..root.span };
        let Some(tenant) = self.whose(&fields, start, policy) else { return };
        let span = fields.value("tenant").map_or(start, |node| node.span);
        if let Some((_, first)) = seen.iter().find(|(name, _)| *name == tenant.name) {
            self.found.push(
                Diagnostic::error(format!("tenant `{}` has two parts", tenant.name))
                    .at(span, "")
                    .also(*first, "first here")
                    .help("put its filters into one document"),
            );
            return;
        }
        seen.push((tenant.name.clone(), span));
        self.scope = Some(tenant);
        if let Some(node) = fields.value("groups") {
            self.groups(node, policy);
        }
        let sets = fields.value("sets").map(|node| self.named_sets(node)).unwrap_or_default();
        if let Some(node) = fields.value("filters") {
            self.filters(node, &sets, policy);
        }
    }

    /// The tenant that a document is of.
    fn whose(&mut self, fields: &Fields<'_>, start: Span, policy: &Policy) -> Option<Tenant> {
        let help = "begin each document behind the first one with `tenant: NAME`";
        let Some(node) = fields.value("tenant") else {
            self.error("this document says no tenant", start, help);
            return None;
        };
        let name = self.text(node, "`tenant`")?;
        let found = policy.tenants.iter().find(|tenant| &*tenant.name == name).cloned();
        if found.is_none() {
            let help = match closest(name, policy.tenants.iter().map(|tenant| &*tenant.name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "name one of `tenants:` in the first document".to_string(),
            };
            self.error(format!("there is no tenant `{name}`"), node.span, help);
        }
        found
    }

    /// What something is called outside of the document that names it.
    pub(super) fn full_name(&self, name: &str) -> Arc<str> {
        match &self.scope {
            Some(tenant) => Arc::from(format!("{}/{name}", tenant.name)),
            None => Arc::from(name),
        }
    }

    /// Whether a tool is there for the document that is read.
    pub(super) fn may_name(&self, tool: &Tool) -> bool {
        self.scope.as_ref().is_none_or(|tenant| tenant.ports.contains(&tool.port))
    }

    /// Whether a network port is there for the document that is read.
    pub(super) fn may_take_from(&self, port: u16) -> bool {
        self.scope.as_ref().is_none_or(|tenant| tenant.from.contains(&port))
    }

    /// In a tenant's document: says that the tenant has no such thing. What others have is not told.
    pub(super) fn is_not_theirs<'n>(
        &mut self,
        what: &str,
        name: &str,
        span: Span,
        own: impl IntoIterator<Item = &'n str>,
    ) -> bool {
        let Some(tenant) = self.scope.clone() else { return false };
        let mut own: Vec<&str> = own.into_iter().collect();
        own.dedup();
        let help = match closest(name, own.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("it has {}", sluice_yaml::listed(&own)),
        };
        self.error(format!("tenant `{}` has no {what} `{name}`", tenant.name), span, help);
        true
    }
}

/// Which tenant a document says that it is of.
fn named(document: &Document) -> Option<&str> {
    let Value::Map(map) = &document.root.value else { return None };
    let (_, node) = map.iter().find(|(key, _)| key.text == "tenant")?;
    match &node.value {
        Value::Scalar(name) => Some(name),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// All documents of a text; nothing where it is not YAML.
fn documents(text: &str) -> Vec<Document> {
    let mut sources = Sources::new();
    let source = sources.add("policy", text);
    let most = (1 + MAX_TENANTS, ONE_EACH);
    sluice_yaml::parse_documents(&sources, source, "", most, &mut Diagnostics::new()).unwrap_or_default()
}

/// The document of a tenant in a configuration that was taken, as it was written; nothing where it has none yet.
pub fn part_of<'t>(text: &'t str, tenant: &str) -> Option<&'t str> {
    let all = documents(text);
    let own = all.iter().skip(1).find(|document| named(document) == Some(tenant))?;
    text.get(own.text.start as usize..own.text.end as usize)
}

/// A configuration that was taken, with another document for a tenant: every other byte stays. Nothing where that would not be read as it was written.
pub fn with_part(text: &str, tenant: &str, part: &str) -> Option<String> {
    // Its own mark, and what stands before that, is not a part of it.
    let first = documents(part).into_iter().next();
    let part = first.and_then(|one| part.get(one.text.start as usize..)).unwrap_or(part);
    let ended =
        |text: &str| format!("{text}{}", if text.is_empty() || text.ends_with('\n') { "" } else { "\n" });
    let all = documents(text);
    let own = all.iter().skip(1).position(|document| named(document) == Some(tenant)).map(|at| at + 1);
    let composed = match own.and_then(|at| all.get(at)) {
        Some(own) => {
            let (start, end) = (own.text.start as usize, own.text.end as usize);
            let before = text.get(..start).unwrap_or_default();
            format!("{before}{}{}", ended(part), text.get(end..).unwrap_or_default())
        }
        None => format!("{}{MARKER}{}", ended(text), ended(part)),
    };
    let read = documents(&composed);
    let own = own.unwrap_or(all.len());
    let is_same = |(at, document): (usize, &Document)| {
        let then = all.get(at).and_then(|one| text.get(one.text.start as usize..one.text.end as usize));
        let now = composed.get(document.text.start as usize..document.text.end as usize);
        match at == own {
            true => named(document) == Some(tenant) && now == Some(ended(part).as_str()),
            // The last one is ended by a line, where it was not.
            false => then.map(ended) == now.map(ended),
        }
    };
    let is_right = read.len() == all.len().max(own + 1) && read.iter().enumerate().all(is_same);
    is_right.then_some(composed)
}

/// The documents of a configuration with another one for a tenant, which is a source of its own, so that what is wrong with it is told at its own lines.
pub(super) fn replaced(
    sources: &Sources,
    whole: Vec<Document>,
    tenant: &str,
    part: SourceId,
    found: &mut Diagnostics,
) -> Option<Vec<Document>> {
    let least = "a tenant's part has at least `tenant:`";
    let one = (1, "a tenant's part is one document: remove the `---`");
    let own = sluice_yaml::parse_documents(sources, part, least, one, found)?;
    for document in &own {
        let said = named(document);
        if said != Some(tenant) {
            let start = document.root.span.start as usize;
            let message = match said {
                Some(other) => format!("this part is of tenant `{other}`, and you are of `{tenant}`"),
                None => "this part says no tenant".to_string(),
            };
            let span = Span::new(part, start, start);
            found
                .push(Diagnostic::error(message).at(span, "").help(format!("begin with `tenant: {tenant}`")));
        }
    }
    let mut own = own.into_iter();
    let mut all: Vec<Document> = Vec::new();
    for (at, document) in whole.into_iter().enumerate() {
        if at > 0 && named(&document) == Some(tenant) {
            all.extend(own.next());
        } else {
            all.push(document);
        }
    }
    all.extend(own);
    Some(all)
}

impl super::model::Port {
    /// Whether copies go out there.
    fn is_tool(&self) -> bool {
        matches!(self.role, PortRole::Tool { .. })
    }
}
