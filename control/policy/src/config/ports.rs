//! `ports:`, `tools:`, `groups:` and `settings:`.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_yaml::{Fields, Key, Node, Value};

use super::Reader;
use super::model::{
    DedupSettings, Encapsulation, Group, IGNORE_NAMES, MAX_PORT, Policy, Port, PortRole, Settings, Tool,
    Tunnel,
};

/// Largest VLAN id that a tag may carry: 0 means no VLAN, 4095 is reserved (IEEE 802.1Q).
const MAX_VLAN: u64 = 4_094;
/// Granularities of ERSPAN type III: units of 100 ns, and seconds and nanoseconds.
const ERSPAN_100NS: u8 = 1;
const ERSPAN_1588: u8 = 2;
/// The IANA port of VXLAN.
const VXLAN_PORT: u16 = 4_789;

impl Reader<'_> {
    /// `ports:` into `policy`.
    pub(crate) fn ports(&mut self, node: &Node, policy: &mut Policy) {
        for (key, node) in self.mapping(node, "`ports`").unwrap_or(&[]) {
            self.plain_name(key, "port");
            match self.port(key, node) {
                Some(port) => policy.ports.push(port),
                None => self.broken.push(key.text.clone()),
            }
        }
        let mut ids: BTreeMap<u16, Span> = BTreeMap::new();
        let mut labels: BTreeMap<u16, Span> = BTreeMap::new();
        for port in &policy.ports {
            if let Some(first) = ids.insert(port.id, port.span) {
                self.found.push(
                    Diagnostic::error(format!("port number {} is used twice", port.id))
                        .at(port.span, "")
                        .also(first, "first here")
                        .help("every port has a number of its own"),
                );
            }
            let PortRole::Network { label: Some(label), .. } = port.role else { continue };
            if let Some(first) = labels.insert(label, port.span) {
                policy.warnings.push(
                    Diagnostic::warning(format!("two ports have the label {label}"))
                        .at(port.span, "a tool cannot tell this port")
                        .also(first, "from this one"),
                );
            }
        }
    }

    /// Names are words in filters' output, file names and metrics: no blanks, nothing that needs quoting.
    pub(crate) fn plain_name(&mut self, key: &Key, what: &str) {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts = key.text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if !starts || !key.text.chars().all(plain) || key.text.len() > 64 {
            self.error(
                format!("`{}` cannot name a {what}", key.text),
                key.span,
                "names are up to 64 letters, digits, `-`, `_` and `.`, and start with a letter or digit",
            );
        }
    }

    fn port(&mut self, key: &Key, node: &Node) -> Option<Port> {
        let what = format!("port `{}`", key.text);
        let known = ["role", "id", "speed", "bad_fcs", "label", "max_frame"];
        let fields = self.fields(node, &what, &known)?;
        let id = self.required(&fields, "id", &what, key.span);
        let id = id.and_then(|node| self.number(node, "port number", 1, u64::from(MAX_PORT)));
        let speed = fields.value("speed").and_then(|node| self.speed(node));
        let role = self.required(&fields, "role", &what, key.span)?;
        let role = if self.word(role, "role of a port", &["network", "tool"])? == 0 {
            self.foreign(&fields, "max_frame", "tool", "network");
            let label = fields.value("label").and_then(|node| self.number(node, "VLAN id", 1, MAX_VLAN));
            let bad_fcs = fields.value("bad_fcs");
            let keep = bad_fcs.and_then(|node| self.word(node, "treatment of bad frames", &["drop", "keep"]));
            PortRole::Network { label: label.map(|label| label as u16), keep_bad: keep == Some(1) }
        } else {
            self.foreign(&fields, "label", "network", "tool");
            self.foreign(&fields, "bad_fcs", "network", "tool");
            PortRole::Tool { max_frame: self.max_frame(&fields) }
        };
        let name = Arc::from(key.text.as_str());
        Some(Port { name, span: key.span, id: id? as u16, speed, role })
    }

    fn max_frame(&mut self, fields: &Fields<'_>) -> Option<u16> {
        let node = fields.value("max_frame")?;
        self.number(node, "frame length", 64, 65_535).map(|bytes| bytes as u16)
    }

    fn foreign(&mut self, fields: &Fields<'_>, name: &str, role: &str, here: &str) {
        if let Some((key, _)) = fields.entry(name) {
            let help = format!("only {role} ports have `{name}`; remove it");
            self.error(format!("`{name}` on a {here} port"), key.span, help);
        }
    }

    /// `tools:` into `policy`, and the tool ports that are tools of their own name.
    pub(crate) fn tools(&mut self, node: Option<&Node>, policy: &mut Policy) {
        let mut names: Vec<(String, Span)> = Vec::new();
        for (key, node) in node.and_then(|node| self.mapping(node, "`tools`")).unwrap_or(&[]) {
            self.plain_name(key, "tool");
            names.push((key.text.clone(), key.span));
            match self.tool(key, node, policy) {
                Some(tool) => policy.tools.push(Arc::new(tool)),
                None => self.broken.push(key.text.clone()),
            }
        }
        for port in &policy.ports {
            let PortRole::Tool { max_frame } = port.role else {
                if let Some((name, span)) = names.iter().find(|(name, _)| **name == *port.name) {
                    self.found.push(
                        Diagnostic::error(format!("`{name}` is a network port and a tool"))
                            .at(*span, "")
                            .also(port.span, "the port")
                            .help("give the tool another name"),
                    );
                }
                continue;
            };
            if names.iter().all(|(name, _)| **name != *port.name) {
                policy.tools.push(Arc::new(Tool {
                    name: Arc::clone(&port.name),
                    port: port.id,
                    port_name: Arc::clone(&port.name),
                    max_frame,
                    limit: None,
                    dst_mac: None,
                    vlan: None,
                    stamp: None,
                    encapsulation: None,
                }));
            }
        }
    }

    fn tool(&mut self, key: &Key, node: &Node, policy: &Policy) -> Option<Tool> {
        let what = format!("tool `{}`", key.text);
        let known = ["port", "encapsulate", "limit", "max_frame", "dst_mac", "vlan", "stamp"];
        let fields = self.fields(node, &what, &known)?;
        let limit = fields.value("limit").and_then(|node| self.rate(node));
        let dst_mac = fields.value("dst_mac").and_then(|node| self.mac(node, "`dst_mac`"));
        let vlan = fields.value("vlan").and_then(|node| self.number(node, "VLAN id", 1, MAX_VLAN));
        let stamp = fields.value("stamp").and_then(|node| self.stamp(node, &policy.settings));
        let encapsulation = fields.value("encapsulate").and_then(|node| self.encapsulation(node));
        let own_max = self.max_frame(&fields);
        let port = self.required(&fields, "port", &what, key.span)?;
        let name = self.text(port, "`port`")?;
        let Some(found) = policy.ports.iter().find(|other| &*other.name == name) else {
            if self.is_broken(name) {
                return None;
            }
            let tools = policy.ports.iter().filter(|port| matches!(port.role, PortRole::Tool { .. }));
            let help = match closest(name, tools.map(|port| &*port.name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "name a tool port of `ports:`".to_string(),
            };
            self.error(format!("there is no port `{name}`"), port.span, help);
            return None;
        };
        let PortRole::Tool { max_frame } = found.role else {
            let message = format!("`{name}` is a network port, nothing is ever sent to it");
            self.error(message, port.span, "name a port with `role: tool`");
            return None;
        };
        Some(Tool {
            name: Arc::from(key.text.as_str()),
            port: found.id,
            port_name: Arc::clone(&found.name),
            max_frame: own_max.or(max_frame),
            limit,
            dst_mac,
            vlan: vlan.map(|vlan| vlan as u16),
            stamp,
            encapsulation,
        })
    }

    fn encapsulation(&mut self, node: &Node) -> Option<Encapsulation> {
        const KINDS: [&str; 4] = ["vxlan", "gre", "erspan2", "erspan3"];
        let outer = self.fields(node, "`encapsulate`", &KINDS)?;
        let given: Vec<usize> = (0..KINDS.len()).filter(|i| outer.value(KINDS[*i]).is_some()).collect();
        let [kind] = given[..] else {
            self.error("`encapsulate` names one tunnel", node.span, "as `encapsulate: { vxlan: { ... } }`");
            return None;
        };
        let own: &[&str] = match kind {
            0 => &["vni", "udp_port"],
            1 => &["key"],
            2 => &["session"],
            _ => &["session", "granularity"],
        };
        let known: Vec<&str> =
            ["dst_mac", "src_mac", "src_ip", "dst_ip", "ttl", "dscp"].iter().chain(own).copied().collect();
        let what = format!("`{}`", KINDS[kind]);
        let fields = self.fields(outer.value(KINDS[kind])?, &what, &known)?;
        let at = fields.span;
        let mac = |this: &mut Self, name: &str| {
            this.required(&fields, name, &what, at).and_then(|node| this.mac(node, name))
        };
        let (dst_mac, src_mac) = (mac(self, "dst_mac"), mac(self, "src_mac"));
        let ip = |this: &mut Self, name: &str| {
            this.required(&fields, name, &what, at).and_then(|node| this.ipv4(node, name))
        };
        let (src_ip, dst_ip) = (ip(self, "src_ip"), ip(self, "dst_ip"));
        let number = |this: &mut Self, name: &str, low: u64, high: u64, default: u64| match fields.value(name)
        {
            Some(node) => this.number(node, name, low, high),
            None => Some(default),
        };
        let (ttl, dscp) = (number(self, "ttl", 1, 255, 64), number(self, "dscp", 0, 63, 0));
        let needed = |this: &mut Self, name: &str, high: u64| {
            this.required(&fields, name, &what, at).and_then(|node| this.number(node, name, 0, high))
        };
        let tunnel = match kind {
            0 => {
                let udp_port = number(self, "udp_port", 1, 65_535, u64::from(VXLAN_PORT));
                Tunnel::Vxlan { vni: needed(self, "vni", 0xFF_FFFF)? as u32, udp_port: udp_port? as u16 }
            }
            1 => Tunnel::Gre { key: number(self, "key", 0, u64::from(u32::MAX), 0)? as u32 },
            2 => Tunnel::Erspan2 { session: needed(self, "session", 1_023)? as u16 },
            _ => {
                let granularity = match fields.value("granularity") {
                    Some(node) if self.word(node, "granularity", &["ns", "100ns"])? == 1 => ERSPAN_100NS,
                    _ => ERSPAN_1588,
                };
                Tunnel::Erspan3 { session: needed(self, "session", 1_023)? as u16, granularity }
            }
        };
        Some(Encapsulation {
            dst_mac: dst_mac?,
            src_mac: src_mac?,
            src_ip: src_ip?,
            dst_ip: dst_ip?,
            ttl: ttl? as u8,
            dscp: dscp? as u8,
            tunnel,
        })
    }

    /// `groups:` into `policy`.
    pub(crate) fn groups(&mut self, node: &Node, policy: &mut Policy) {
        for (key, node) in self.mapping(node, "`groups`").unwrap_or(&[]) {
            self.plain_name(key, "group");
            let is_taken = policy.tools.iter().any(|tool| *tool.name == *key.text && self.may_name(tool))
                || self.scope.is_none() && policy.ports.iter().any(|port| *port.name == *key.text);
            if is_taken {
                let message = format!("`{}` is already a tool or port", key.text);
                self.error(message, key.span, "give the group a name of its own");
            }
            match self.group(key, node, policy) {
                Some(group) => policy.groups.push(group),
                None => self.broken.push(key.text.clone()),
            }
        }
    }

    fn group(&mut self, key: &Key, node: &Node, policy: &Policy) -> Option<Group> {
        let what = format!("group `{}`", key.text);
        let fields = self.fields(node, &what, &["members", "balance"])?;
        let balance = fields.value("balance");
        let hosts =
            balance.and_then(|node| self.word(node, "way to balance", &["flows", "hosts"])) == Some(1);
        let node = self.required(&fields, "members", &what, key.span)?;
        let mut members = Vec::new();
        for item in self.list(node, "`members`")? {
            let Some(index) = self.tool_named(item, policy, "member") else { continue };
            if members.contains(&index) {
                let message = format!("`{}` is a member twice", policy.tools[index].name);
                self.error(message, item.span, "remove one of the two");
            } else {
                members.push(index);
            }
        }
        if matches!(&node.value, Value::List(list) if list.is_empty()) {
            self.error(format!("{what} has no members"), node.span, "name at least one tool");
        }
        Some(Group { name: self.full_name(&key.text), span: key.span, members, hosts })
    }

    fn tool_named(&mut self, node: &Node, policy: &Policy, what: &str) -> Option<usize> {
        let name = self.text(node, what)?;
        let index = policy.tools.iter().position(|tool| &*tool.name == name && self.may_name(tool));
        let own = policy.tools.iter().filter(|tool| self.may_name(tool)).map(|tool| &*tool.name);
        let own: Vec<&str> = own.collect();
        if index.is_none() && !self.is_broken(name) && !self.is_not_theirs("tool", name, node.span, own) {
            let network = policy.ports.iter().any(|port| &*port.name == name);
            let help = match closest(name, policy.tools.iter().map(|tool| &*tool.name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None if network => "nothing is ever sent to a network port; name a tool".to_string(),
                None => "name a tool or a tool port".to_string(),
            };
            let message = if network {
                format!("`{name}` is a network port")
            } else {
                format!("there is no tool `{name}`")
            };
            self.error(message, node.span, help);
        }
        index
    }

    /// `settings:`.
    pub(crate) fn settings(&mut self, node: &Node) -> Settings {
        let mut settings = Settings::default();
        let Some(fields) = self.fields(node, "`settings`", &["dedup", "tai_offset"]) else { return settings };
        if let Some(node) = fields.value("tai_offset")
            && let Some(seconds) = self.number(node, "offset between TAI and UTC in seconds", 0, 255)
        {
            settings.tai_offset_s = seconds as u16;
        }
        if let Some(node) = fields.value("dedup") {
            settings.dedup = self.dedup_settings(node);
        }
        settings
    }

    fn dedup_settings(&mut self, node: &Node) -> DedupSettings {
        let mut dedup = Settings::default().dedup;
        let Some(fields) = self.fields(node, "`dedup`", &["window", "ignore"]) else { return dedup };
        if let Some(window_ns) = fields.value("window").and_then(|node| self.duration(node)) {
            dedup.window_ns = window_ns;
        }
        if let Some(node) = fields.value("ignore") {
            dedup.ignore = 0;
            for item in self.list(node, "`ignore`").unwrap_or(&[]) {
                if let Some(bit) = self.word(item, "field that can be ignored", &IGNORE_NAMES) {
                    dedup.ignore |= 1 << bit;
                }
            }
        }
        dedup
    }
}
