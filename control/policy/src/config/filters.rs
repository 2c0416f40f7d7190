//! `filters:` and `otherwise:`.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_yaml::{Fields, Key, Node, Value};

use super::Reader;
use super::model::{Destination, Edits, Filter, Policy, PortRole};
use crate::filter::NamedSets;
use crate::term::Term;

const FILTER_KEYS: [&str; 7] = ["name", "from", "match", "to", "sample", "dedup", "edits"];
const OTHERWISE_KEYS: [&str; 5] = ["from", "to", "sample", "dedup", "edits"];
/// What `otherwise` is called in reports.
pub(crate) const OTHERWISE: &str = "otherwise";

impl Reader<'_> {
    /// `filters:` into `policy`.
    pub(crate) fn filters(&mut self, node: &Node, sets: &NamedSets, policy: &mut Policy) {
        let mut names: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        for item in self.list(node, "`filters`").unwrap_or(&[]) {
            let Some(filter) = self.filter(item, sets, policy) else { continue };
            if let Some(first) = names.insert(Arc::clone(&filter.name), filter.span) {
                self.found.push(
                    Diagnostic::error(format!("two filters are named `{}`", filter.name))
                        .at(filter.span, "")
                        .also(first, "first here")
                        .help("counters are kept by name: give each filter its own"),
                );
            }
            policy.filters.push(filter);
        }
    }

    fn filter(&mut self, node: &Node, sets: &NamedSets, policy: &mut Policy) -> Option<Filter> {
        let fields = self.fields(node, "a filter", &FILTER_KEYS)?;
        let name = self.required(&fields, "name", "this filter", first_line(node.span, node));
        let name_text = name.and_then(|node| self.text(node, "`name`")).unwrap_or_default();
        let span = name.map_or(node.span, |node| node.span);
        if name.is_some() {
            self.plain_name(&Key { span, text: name_text.to_string() }, "filter");
        }
        if name_text == OTHERWISE {
            self.error("`otherwise` is not a filter's name", span, "write `otherwise:` beside `filters:`");
        }
        let (terms, match_span) = match fields.value("match") {
            Some(node) => (self.expression(node, sets, policy), node.span),
            None => (Arc::from([Term::everything()]), span),
        };
        let mut filter = self.common(&fields, self.full_name(name_text), span, policy)?;
        filter.terms = terms;
        filter.match_span = match_span;
        Some(filter)
    }

    /// `otherwise:` into `policy`.
    pub(crate) fn otherwise(&mut self, key: Span, node: &Node, policy: &mut Policy) {
        let Some(fields) = self.fields(node, "`otherwise`", &OTHERWISE_KEYS) else { return };
        policy.otherwise = self.common(&fields, Arc::from(OTHERWISE), key, policy);
    }

    /// What filters and `otherwise` share; matches everything.
    fn common(&mut self, fields: &Fields<'_>, name: Arc<str>, span: Span, policy: &Policy) -> Option<Filter> {
        let (from, from_span) = self.from(fields, span, policy);
        let edits = match fields.value("edits") {
            Some(node) => self.edits(node, &policy.settings),
            None => Edits::default(),
        };
        let edits_span = fields.value("edits").map_or(span, |node| node.span);
        let sample = fields.value("sample").and_then(|node| self.share(node)).flatten();
        let dedup = fields.value("dedup").and_then(|node| self.truth(node, "dedup")).unwrap_or(false);
        let what = if &*name == OTHERWISE { "`otherwise`".to_string() } else { format!("filter `{name}`") };
        let to_node = self.required(fields, "to", &what, span)?;
        let to = self.to(to_node, policy);
        if edits.label {
            self.labels_exist(&from, edits_span, policy);
        }
        let to_span = to_node.span;
        let terms = Arc::from([Term::everything()]);
        Some(Filter {
            name,
            span,
            from,
            from_span,
            terms,
            match_span: span,
            to,
            to_span,
            sample,
            dedup,
            edits,
            edits_span,
        })
    }

    fn labels_exist(&mut self, from: &[u16], span: Span, policy: &Policy) {
        for port in policy.ports.iter().filter(|port| from.contains(&port.id)) {
            if matches!(port.role, PortRole::Network { label: None, .. }) {
                self.found.push(
                    Diagnostic::error(format!("network port `{}` has no label", port.name))
                        .at(span, "these edits push one")
                        .also(port.span, "the port")
                        .help(format!(
                            "add `label: 101` (a VLAN id) to the port, or leave `{}` out of `from`",
                            port.name
                        )),
                );
            }
        }
    }

    fn from(&mut self, fields: &Fields<'_>, span: Span, policy: &Policy) -> (Vec<u16>, Span) {
        let network = |port: &&super::model::Port| matches!(port.role, PortRole::Network { .. });
        let Some(node) = fields.value("from") else {
            let all = policy.ports.iter().filter(network).map(|port| port.id);
            let mut all: Vec<u16> = all.filter(|port| self.may_take_from(*port)).collect();
            all.sort_unstable();
            return (all, span);
        };
        let mut from = Vec::new();
        let items = self.one_or_more(node, "`from`");
        if items.is_empty() {
            self.error(
                "`from` names no port",
                node.span,
                "name network ports, or leave `from` out for all of them",
            );
        }
        for item in items {
            let Some(name) = self.text(item, "port") else { continue };
            let found = policy.ports.iter().find(|port| &*port.name == name);
            let Some(port) = found.filter(|port| self.may_take_from(port.id)) else {
                let own = policy.ports.iter().filter(network).filter(|port| self.may_take_from(port.id));
                let own: Vec<&str> = own.map(|port| &*port.name).collect();
                if self.is_broken(name) || self.is_not_theirs("network port", name, item.span, own) {
                    continue;
                }
                let help = match closest(name, policy.ports.iter().filter(network).map(|port| &*port.name)) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "name a network port of `ports:`".to_string(),
                };
                self.error(format!("there is no port `{name}`"), item.span, help);
                continue;
            };
            if !network(&port) {
                let message = format!("`{name}` is a tool port, what comes in there is refused");
                self.error(message, item.span, "name ports with `role: network`");
            } else if from.contains(&port.id) {
                self.error(format!("`{name}` is named twice"), item.span, "remove one of the two");
            } else {
                from.push(port.id);
            }
        }
        from.sort_unstable();
        (from, node.span)
    }

    fn to(&mut self, node: &Node, policy: &Policy) -> Vec<Destination> {
        let mut to = Vec::new();
        let items = self.one_or_more(node, "`to`");
        if items.is_empty() && self.scope.is_some() {
            let help = "name tools or groups; to leave packets out for everybody is for the operator";
            self.error("a tenant's filter discards nothing", node.span, help);
        }
        for item in items {
            let Some(name) = self.text(item, "tool") else { continue };
            let Some(destination) = self.destination(name, policy) else {
                self.no_destination(name, item.span, policy);
                continue;
            };
            if to.contains(&destination) {
                self.error(format!("`{name}` is named twice"), item.span, "remove one of the two");
            } else {
                to.push(destination);
            }
        }
        to
    }

    fn no_destination(&mut self, name: &str, span: Span, policy: &Policy) {
        let tools = policy.tools.iter().filter(|tool| self.may_name(tool)).map(|tool| &*tool.name);
        let groups = policy.groups.iter().filter_map(|group| self.own_group(&group.name));
        let own: Vec<&str> = tools.chain(groups).collect();
        if self.is_broken(name) || self.is_not_theirs("tool or group", name, span, own) {
            return;
        }
        if policy.ports.iter().any(|port| &*port.name == name) {
            let message = format!("`{name}` is a network port, nothing is ever sent to it");
            self.error(message, span, "name a tool, a tool port or a group");
            return;
        }
        let tools = policy.tools.iter().map(|tool| &*tool.name);
        let groups = policy.groups.iter().map(|group| &*group.name);
        let help = match closest(name, tools.chain(groups)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "name a tool, a tool port or a group".to_string(),
        };
        self.error(format!("there is no tool or group `{name}`"), span, help);
    }

    /// What a group is called in the document that is read, if it is there for it.
    fn own_group<'p>(&self, name: &'p str) -> Option<&'p str> {
        match &self.scope {
            Some(tenant) if tenant.owns(name) => name.get(tenant.name.len() + 1..),
            Some(_) => None,
            None => Some(name),
        }
    }

    fn destination(&self, name: &str, policy: &Policy) -> Option<Destination> {
        let tool = policy.tools.iter().position(|tool| &*tool.name == name && self.may_name(tool));
        let group = || policy.groups.iter().position(|group| self.own_group(&group.name) == Some(name));
        tool.map(Destination::Tool).or_else(|| group().map(Destination::Group))
    }

    /// A list, or a single value as a list of one.
    fn one_or_more<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::Scalar(_) => std::slice::from_ref(node),
            _ => self.list(node, what).unwrap_or(&[]),
        }
    }
}

/// Where to point for a filter as a whole: its first key, rather than all of its lines.
fn first_line(span: Span, node: &Node) -> Span {
    match &node.value {
        Value::Map(map) => map.first().map_or(span, |(key, _)| key.span),
        Value::Null | Value::Scalar(_) | Value::List(_) => span,
    }
}
