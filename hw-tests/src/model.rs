//! A policy as the tests have it: printed as `broker.yaml` for the compiler, read directly by the oracle.

use std::fmt::{self, Write};

use crate::oracle::expression::{Expression, Prefix};

/// A network port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPort {
    /// Its name.
    pub name: String,
    /// Data-plane number.
    pub id: u16,
    /// VLAN id of the `label` edit.
    pub label: u16,
    /// Whether frames with a wrong FCS are taken.
    pub keep_bad: bool,
}

/// A tool port, and so a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolPort {
    /// Its name.
    pub name: String,
    /// Data-plane number.
    pub id: u16,
    /// Longest frame.
    pub max_frame: Option<u16>,
}

/// A port group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Indices into [`Model::tools`].
    pub members: Vec<usize>,
    /// Whether hosts, not flows, stay together.
    pub hosts: bool,
}

/// Where a filter sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Index into [`Model::tools`].
    Tool(usize),
    /// Index into [`Model::groups`].
    Group(usize),
}

/// Layers that masks and slices count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// The frame's first byte.
    Frame,
    /// Network layer.
    L3,
    /// Transport layer.
    L4,
    /// Behind the transport header.
    Payload,
    /// Network layer of the inner packet.
    InnerL3,
    /// Transport layer of the inner packet.
    InnerL4,
    /// Behind the inner transport header.
    InnerPayload,
}

/// Bytes to overwrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    /// Where it counts from.
    pub at: Anchor,
    /// Bytes behind that.
    pub offset: u16,
    /// How many.
    pub length: u16,
    /// With what.
    pub value: u8,
}

/// Time stamp formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stamp {
    /// EtherType 0xD28B.
    D28b {
        /// 64 bits rather than 48.
        long: bool,
        /// UTC rather than TAI.
        utc: bool,
    },
    /// Trailer.
    Vss {
        /// 0 none, 1 NTP, 2 GPS, 3 PTP.
        source: u8,
        /// Bytes of port number, 0 to 2.
        port_bytes: u8,
        /// Port number, 0 without bytes for it.
        port: u16,
    },
    /// Trailer of 15 bytes.
    Ixia {
        /// 3 local, 4 NTP, 5 GPS, 6 PTP, 7 holdover.
        source: u8,
    },
    /// Trailer of 16 bytes.
    Metamako {
        /// Whether the clock is not as good as it should be.
        degraded: bool,
        /// Device number.
        device: u16,
        /// Port number.
        port: u8,
    },
    /// Trailer of 16 bytes, with a binary fraction of a second.
    Exablaze {
        /// Device number.
        device: u8,
        /// Port number.
        port: u8,
    },
}

/// What is done to the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Edits {
    /// What is taken off: bits as in `docs/PIPELINE.md`, table `strip`.
    pub strip: u16,
    /// Bytes overwritten.
    pub masks: Vec<Mask>,
    /// The anchor behind which is cut (as the data path has it: where the next layer starts), plus bytes.
    pub slice: Option<(Anchor, u16)>,
    /// Whether a tag that names the network port is pushed.
    pub label: bool,
    /// Time stamp.
    pub stamp: Option<Stamp>,
    /// Whether checksums and lengths are made right.
    pub fix_checksums: bool,
}

/// Names of what can be stripped; the position is the bit.
pub const STRIPS: [&str; 10] =
    ["vlan", "mpls", "pbb", "vxlan", "geneve", "gre", "nvgre", "erspan", "gtpu", "ipip"];

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Its name.
    pub name: String,
    /// Indices into [`Model::network`]; empty for all.
    pub from: Vec<usize>,
    /// What it matches; `None`: everything.
    pub expression: Option<Expression>,
    /// Where it sends; empty: what matches is discarded.
    pub to: Vec<Target>,
    /// Percent kept.
    pub sample: Option<u8>,
    /// Whether repeats are removed.
    pub dedup: bool,
    /// What is done to the bytes.
    pub edits: Edits,
}

impl Filter {
    /// A filter of that name and expression, to those tools.
    pub fn new(name: &str, expression: Option<Expression>, to: &[usize]) -> Self {
        Self {
            name: name.to_string(),
            from: Vec::new(),
            expression,
            to: to.iter().map(|tool| Target::Tool(*tool)).collect(),
            sample: None,
            dedup: false,
            edits: Edits::default(),
        }
    }
}

/// Duplicate removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DedupSettings {
    /// Nanoseconds.
    pub window_ns: u64,
    /// Bits as in `docs/PIPELINE.md`: what is left out of the digest.
    pub ignore: u8,
}

/// Names of what duplicate removal can ignore; the position is the bit.
pub const IGNORES: [&str; 6] = ["mac", "vlan", "mpls", "ttl", "dscp", "ip_checksum"];

/// A whole policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Network ports.
    pub network: Vec<NetworkPort>,
    /// Tool ports: each is a tool.
    pub tools: Vec<ToolPort>,
    /// Port groups.
    pub groups: Vec<Group>,
    /// Named sets.
    pub sets: Vec<(String, Vec<Prefix>)>,
    /// The filters in order.
    pub filters: Vec<Filter>,
    /// What happens to packets that none matches; name and expression do not count.
    pub otherwise: Option<Filter>,
    /// Duplicate removal.
    pub dedup: DedupSettings,
}

impl Model {
    /// Ports only: that many of each kind, numbered from 1 and from 100.
    pub fn with_ports(network: u16, tools: u16) -> Self {
        let network_port =
            |i: u16| NetworkPort { name: format!("tap-{i}"), id: i + 1, label: 3_000 + i, keep_bad: false };
        let tool = |i: u16| ToolPort { name: format!("tool-{i}"), id: i + 100, max_frame: None };
        Self {
            network: (0..network).map(network_port).collect(),
            tools: (0..tools).map(tool).collect(),
            groups: Vec::new(),
            sets: Vec::new(),
            filters: Vec::new(),
            otherwise: None,
            dedup: DedupSettings { window_ns: 50_000_000, ignore: 0x3f },
        }
    }

    /// With a filter behind those there.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// The filters, and `otherwise` behind them.
    pub fn all_filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter().chain(&self.otherwise)
    }

    /// The tool with that port.
    pub fn tool_of_port(&self, port: u16) -> Option<usize> {
        self.tools.iter().position(|tool| tool.id == port)
    }
}

impl fmt::Display for Model {
    /// As `broker.yaml`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ports:\n")?;
        for port in &self.network {
            let bad = if port.keep_bad { ", bad_fcs: keep" } else { "" };
            writeln!(f, "  {}: {{ role: network, id: {}, label: {}{bad} }}", port.name, port.id, port.label)?;
        }
        for tool in &self.tools {
            let most = tool.max_frame.map_or_else(String::new, |bytes| format!(", max_frame: {bytes}"));
            writeln!(f, "  {}: {{ role: tool, id: {}{most} }}", tool.name, tool.id)?;
        }
        if !self.groups.is_empty() {
            f.write_str("groups:\n")?;
        }
        for group in &self.groups {
            let members: Vec<&str> =
                group.members.iter().map(|tool| self.tools[*tool].name.as_str()).collect();
            let balance = if group.hosts { "hosts" } else { "flows" };
            writeln!(f, "  {}: {{ members: [{}], balance: {balance} }}", group.name, members.join(", "))?;
        }
        if !self.sets.is_empty() {
            f.write_str("sets:\n")?;
        }
        for (name, prefixes) in &self.sets {
            let prefixes: Vec<String> = prefixes.iter().map(|prefix| format!("\"{prefix}\"")).collect();
            writeln!(f, "  {name}: [{}]", prefixes.join(", "))?;
        }
        f.write_str(if self.filters.is_empty() { "filters: []\n" } else { "filters:\n" })?;
        for filter in &self.filters {
            let mut text = format!("  - name: {}\n", filter.name);
            if let Some(expression) = &filter.expression {
                writeln!(text, "    match: \"{expression}\"")?;
            }
            self.common(&mut text, filter, "    ")?;
            f.write_str(&text)?;
        }
        if let Some(otherwise) = &self.otherwise {
            let mut text = String::from("otherwise:\n");
            self.common(&mut text, otherwise, "  ")?;
            f.write_str(&text)?;
        }
        let ignore: Vec<&str> = (0..IGNORES.len())
            .filter(|bit| self.dedup.ignore >> bit & 1 == 1)
            .map(|bit| IGNORES[bit])
            .collect();
        let window = self.dedup.window_ns;
        writeln!(f, "settings:\n  dedup: {{ window: {window}ns, ignore: [{}] }}", ignore.join(", "))
    }
}

impl Model {
    /// What filters and `otherwise` share.
    fn common(&self, text: &mut String, filter: &Filter, indent: &str) -> fmt::Result {
        if !filter.from.is_empty() {
            let from: Vec<&str> = filter.from.iter().map(|port| self.network[*port].name.as_str()).collect();
            writeln!(text, "{indent}from: [{}]", from.join(", "))?;
        }
        let to: Vec<&str> = filter
            .to
            .iter()
            .map(|target| match target {
                Target::Tool(tool) => self.tools[*tool].name.as_str(),
                Target::Group(group) => self.groups[*group].name.as_str(),
            })
            .collect();
        writeln!(text, "{indent}to: [{}]", to.join(", "))?;
        if let Some(percent) = filter.sample {
            writeln!(text, "{indent}sample: {percent}%")?;
        }
        if filter.dedup {
            writeln!(text, "{indent}dedup: true")?;
        }
        let edits = filter.edits.lines();
        if !edits.is_empty() {
            writeln!(text, "{indent}edits:")?;
        }
        for line in edits {
            writeln!(text, "{indent}  {line}")?;
        }
        Ok(())
    }
}

impl Edits {
    /// As lines of YAML.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.strip != 0 {
            let names: Vec<&str> =
                (0..STRIPS.len()).filter(|bit| self.strip >> bit & 1 == 1).map(|bit| STRIPS[bit]).collect();
            lines.push(format!("strip: [{}]", names.join(", ")));
        }
        if !self.masks.is_empty() {
            lines.push("mask:".to_string());
        }
        for mask in &self.masks {
            let (at, value) = (mask.at.mask_word(), mask.value);
            lines.push(format!(
                "  - {{ at: {at}, offset: {}, length: {}, value: {value} }}",
                mask.offset, mask.length
            ));
        }
        if let Some((anchor, bytes)) = self.slice {
            lines.push(format!("slice: {{ after: {}, bytes: {bytes} }}", anchor.slice_word()));
        }
        if self.label {
            lines.push("label: true".to_string());
        }
        match self.stamp {
            Some(Stamp::D28b { long, utc }) => {
                let (bits, clock) = (if long { 64 } else { 48 }, if utc { "utc" } else { "tai" });
                lines.push(format!("stamp: {{ format: d28b, bits: {bits}, clock: {clock} }}"));
            }
            Some(Stamp::Vss { source, port_bytes, port }) => {
                let source = ["none", "ntp", "gps", "ptp"][usize::from(source & 3)];
                let port = if port_bytes == 0 { String::new() } else { format!(", port: {port}") };
                lines.push(format!(
                    "stamp: {{ format: vss, source: {source}, port_bytes: {port_bytes}{port} }}"
                ));
            }
            Some(Stamp::Ixia { source }) => {
                let source = ["local", "ntp", "gps", "ptp", "holdover"][usize::from(source - 3)];
                lines.push(format!("stamp: {{ format: ixia, source: {source} }}"));
            }
            Some(Stamp::Metamako { degraded, device, port }) => {
                lines.push(format!(
                    "stamp: {{ format: metamako, degraded: {degraded}, device: {device}, port: {port} }}"
                ));
            }
            Some(Stamp::Exablaze { device, port }) => {
                lines.push(format!("stamp: {{ format: exablaze, device: {device}, port: {port} }}"));
            }
            None => {}
        }
        if self.fix_checksums {
            lines.push("fix_checksums: true".to_string());
        }
        lines
    }
}

impl Anchor {
    fn mask_word(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::L3 => "l3",
            Self::L4 => "l4",
            Self::Payload => "payload",
            Self::InnerL3 => "inner_l3",
            Self::InnerL4 => "inner_l4",
            Self::InnerPayload => "inner_payload",
        }
    }

    /// The word for "behind that layer": where the next one starts. Slices never count from the inner L3's start.
    fn slice_word(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::L3 => "l2",
            Self::L4 => "l3",
            Self::Payload => "l4",
            Self::InnerL3 | Self::InnerL4 => "inner_l3",
            Self::InnerPayload => "inner_l4",
        }
    }
}
