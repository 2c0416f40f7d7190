//! What a configuration says, with names resolved and values checked.
//!
//! Spans stay with everything that a later stage may complain about. Equality of contents (two policies that
//! mean the same) is decided by the compiler, which interns tools and edits by content; spans never count there.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostics, Span};

use crate::term::Term;

/// One whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Ports, in the order of the file.
    pub ports: Vec<Port>,
    /// Tools: those of `tools:`, then the tool ports that no entry there is named after.
    pub tools: Vec<Arc<Tool>>,
    /// Port groups.
    pub groups: Vec<Group>,
    /// Filters; the order decides whose edits count where several send to one tool.
    pub filters: Vec<Filter>,
    /// What happens to packets that no filter matches.
    pub otherwise: Option<Filter>,
    /// Teams that share the broker, in the order of the file.
    pub tenants: Vec<Tenant>,
    /// The rest.
    pub settings: Settings,
    /// What is taken but probably not meant.
    pub warnings: Diagnostics,
}

impl Policy {
    /// The port with this number.
    pub fn port(&self, id: u16) -> Option<&Port> {
        self.ports.iter().find(|port| port.id == id)
    }

    /// The filters, and `otherwise` behind them.
    pub fn all_filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter().chain(&self.otherwise)
    }

    /// The most bytes that a frame can be longer when it leaves by a tool's port than when it came in.
    pub fn most_added(&self, port: u16) -> u16 {
        let of_filter = |filter: &Filter| {
            let tools = filter.to.iter().flat_map(|to| match to {
                Destination::Tool(tool) => vec![*tool],
                Destination::Group(group) => {
                    self.groups.get(*group).map_or_else(Vec::new, |group| group.members.clone())
                }
            });
            let tools = tools.filter_map(|tool| self.tools.get(tool)).filter(|tool| tool.port == port);
            let around = |tool: &Tool| tool.encapsulation.as_ref().map_or(0, Encapsulation::added);
            tools.map(|tool| filter.edits.most_added(tool) + around(tool)).max()
        };
        self.all_filters().filter_map(of_filter).max().unwrap_or(0)
    }
}

/// A team that shares the broker.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub span: Span,
    /// Its tool ports by number, sorted: nobody else's tenants have them.
    pub ports: Vec<u16>,
    /// The network ports that its filters may take from, by number, sorted.
    pub from: Vec<u16>,
}

impl Tenant {
    /// Whether a filter or group of that name is this tenant's: `NAME/...`.
    pub fn owns(&self, name: &str) -> bool {
        name.strip_prefix(&*self.name).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// One port of the data path.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub span: Span,
    /// Data-plane port number, 1 to [`MAX_PORT`].
    pub id: u16,
    /// Bits per second, where given.
    pub speed: Option<u64>,
    /// What it is for.
    pub role: PortRole,
}

/// Largest data-plane port number: `ingress_port` has 9 bits, and 0 and 511 are not ports.
pub(super) const MAX_PORT: u16 = 510;

/// What a port is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRole {
    /// Copied traffic comes in; nothing is ever sent.
    Network {
        /// VLAN id that the `label` edit pushes on what came in here.
        label: Option<u16>,
        /// Whether frames with a bad FCS are taken.
        keep_bad: bool,
    },
    /// Copies go out.
    Tool {
        /// Longest frame that the tool takes, bytes without FCS.
        max_frame: Option<u16>,
    },
}

/// A receiver of copies. Two tools with equal content are one thing to the data path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tool {
    /// Its name; part of the content, so that counters are kept by name.
    pub name: Arc<str>,
    /// Data-plane port number.
    pub port: u16,
    /// Name of that port.
    pub port_name: Arc<str>,
    /// Longest frame, bytes without FCS.
    pub max_frame: Option<u16>,
    /// Most traffic, bits per second.
    pub limit: Option<u64>,
    /// Destination MAC address written into every frame.
    pub dst_mac: Option<u64>,
    /// VLAN id written into the outermost tag.
    pub vlan: Option<u16>,
    /// Time stamp of every copy whose edits have none.
    pub stamp: Option<Stamp>,
    /// Tunnel to the tool.
    pub encapsulation: Option<Encapsulation>,
}

/// A tunnel to a tool, over IPv4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Encapsulation {
    /// MAC address of the next hop.
    pub dst_mac: u64,
    /// Our MAC address.
    pub src_mac: u64,
    /// Our address.
    pub src_ip: u32,
    /// The tool's address.
    pub dst_ip: u32,
    /// TTL, 1 to 255.
    pub ttl: u8,
    /// Differentiated services code point, 0 to 63.
    pub dscp: u8,
    /// Which tunnel.
    pub tunnel: Tunnel,
}

impl Encapsulation {
    /// Bytes in front of the frame.
    fn added(&self) -> u16 {
        let (ethernet, ipv4, udp, gre) = (14, 20, 8, 8);
        ethernet
            + ipv4
            + match self.tunnel {
                Tunnel::Vxlan { .. } => udp + 8,
                Tunnel::Gre { .. } => gre,
                Tunnel::Erspan2 { .. } => gre + 8,
                Tunnel::Erspan3 { .. } => gre + 20,
            }
    }
}

/// Kinds of tunnels to tools.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tunnel {
    /// VXLAN (RFC 7348).
    Vxlan {
        /// Network id, 24 bits.
        vni: u32,
        /// Destination port.
        udp_port: u16,
    },
    /// GRE with a key (RFC 2890), Ethernet payload.
    Gre {
        /// Key.
        key: u32,
    },
    /// ERSPAN type II.
    Erspan2 {
        /// Session id, 10 bits.
        session: u16,
    },
    /// ERSPAN type III, with the time stamp.
    Erspan3 {
        /// Session id, 10 bits.
        session: u16,
        /// The time's unit: 1 is 100 ns, 2 that of IEEE 1588.
        granularity: u8,
    },
}

/// Tools that share load by flow.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name: part of the hash that gives buckets to members.
    pub name: Arc<str>,
    /// Where the name stands.
    pub span: Span,
    /// Indices into [`Policy::tools`], in the order of the file, without repeats.
    pub members: Vec<usize>,
    /// Whether all traffic between two hosts stays together, rather than each flow.
    pub hosts: bool,
}

/// From these ports, packets that match, to these tools, with these edits.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub span: Span,
    /// Network ports by number, sorted.
    pub from: Vec<u16>,
    /// Where `from` stands, or the name.
    pub from_span: Span,
    /// Its expression in disjunctive normal form; empty: it matches nothing.
    pub terms: Arc<[Term]>,
    /// Where the expression stands, or the name.
    pub match_span: Span,
    /// Tools and groups, without repeats; empty: what matches is discarded.
    pub to: Vec<Destination>,
    /// Where `to` stands.
    pub to_span: Span,
    /// Packets whose sampling digest is below it are kept; `None`: all.
    pub sample: Option<u32>,
    /// Whether repeats are removed.
    pub dedup: bool,
    /// What is done to the bytes.
    pub edits: Edits,
    /// Where `edits` stands, or the name.
    pub edits_span: Span,
}

/// Where a filter sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Destination {
    /// Index into [`Policy::tools`].
    Tool(usize),
    /// Index into [`Policy::groups`].
    Group(usize),
}

/// What is done to the bytes of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Edits {
    /// Headers removed: bits as in `docs/PIPELINE.md`, table `strip`.
    pub strip: u16,
    /// Bytes overwritten, in order.
    pub mask: Vec<Mask>,
    /// Where the frame is cut.
    pub slice: Option<Slice>,
    /// Whether a VLAN tag that names the network port is pushed.
    pub label: bool,
    /// The time stamp written into the frame.
    pub stamp: Option<Stamp>,
    /// Whether lengths and checksums are made right again.
    pub fix_checksums: bool,
}

impl Edits {
    /// The stamp of a copy to that tool: the edits' own before the tool's.
    pub fn stamp_for(&self, tool: &Tool) -> Option<Stamp> {
        self.stamp.or(tool.stamp)
    }

    /// The most bytes that a frame to that tool can be longer with them.
    fn most_added(&self, tool: &Tool) -> u16 {
        self.stamp_for(tool).map_or(0, Stamp::added) + if self.label { 4 } else { 0 }
    }
}

/// Names of what `strip` can remove; the position is the bit.
pub const STRIP_NAMES: [(&str, u16); 10] = [
    ("vlan", 0),
    ("mpls", 1),
    ("pbb", 2),
    ("vxlan", 3),
    ("geneve", 4),
    ("gre", 5),
    ("nvgre", 6),
    ("erspan", 7),
    ("gtpu", 8),
    ("ipip", 9),
];

/// A place in the frame that edits count from; the discriminant is the data path's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Anchor {
    /// First byte.
    Frame = 0,
    /// Network layer.
    L3 = 1,
    /// Transport layer.
    L4 = 2,
    /// Behind the transport header.
    Payload = 3,
    /// Network layer of the inner packet.
    InnerL3 = 4,
    /// Transport layer of the inner packet.
    InnerL4 = 5,
    /// Behind the inner transport header.
    InnerPayload = 6,
}

/// Bytes to overwrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mask {
    /// Where it counts from.
    pub at: Anchor,
    /// Bytes behind that.
    pub offset: u16,
    /// Bytes overwritten, at least 1.
    pub length: u16,
    /// With what.
    pub value: u8,
}

/// Keep what stands before `anchor` + `bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slice {
    /// Where it counts from.
    pub anchor: Anchor,
    /// Bytes behind that.
    pub bytes: u16,
}

impl Stamp {
    /// Its format, as a policy writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::D28b { .. } => "d28b",
            Self::Vss { .. } => "vss",
            Self::Ixia { .. } => "ixia",
            Self::Metamako { .. } => "metamako",
            Self::Exablaze { .. } => "exablaze",
        }
    }

    /// The bytes that it adds.
    pub fn added(self) -> u16 {
        match self {
            Self::D28b { version, .. } => {
                if version & 0xFF == 0x20 {
                    12
                } else {
                    14
                }
            }
            Self::Vss { port_bytes, .. } => 8 + u16::from(port_bytes),
            Self::Ixia { .. } => 15,
            Self::Metamako { .. } | Self::Exablaze { .. } => 16,
        }
    }
}

/// Ingress time written into the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stamp {
    /// EtherType 0xD28B header behind the MAC addresses.
    D28b {
        /// 0x0010 64 bits TAI, 0x0110 64 bits UTC, 0x0020 48 bits TAI, 0x0120 48 bits UTC.
        version: u16,
        /// TAI minus UTC, seconds; 0 for UTC.
        tai_offset_s: u16,
    },
    /// VSS trailer.
    Vss {
        /// Clock source: 0 none, 1 NTP, 2 GPS, 3 PTP.
        source: u8,
        /// Bytes of port number: 0, 1 or 2.
        port_bytes: u8,
        /// Port number written.
        port: u16,
    },
    /// Ixia trailer.
    Ixia {
        /// Clock source: 3 local, 4 NTP, 5 GPS, 6 PTP, 7 holdover.
        source: u8,
    },
    /// Metamako and Arista 7130 trailer, without extensions.
    Metamako {
        /// Whether the clock is said not to be as good as it should be.
        degraded: bool,
        /// Device number written.
        device: u16,
        /// Port number written.
        port: u8,
    },
    /// Exablaze and Nexus 3550 trailer.
    Exablaze {
        /// Device number written.
        device: u8,
        /// Port number written.
        port: u8,
    },
}

/// What is not of one filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Duplicate removal.
    pub dedup: DedupSettings,
    /// TAI minus UTC, seconds.
    pub tai_offset_s: u16,
}

/// How repeats are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DedupSettings {
    /// A packet seen within this time before is a repeat, nanoseconds.
    pub window_ns: u64,
    /// What is left out of the digest: bits as in `docs/PIPELINE.md`.
    pub ignore: u8,
}

/// Names of what duplicate removal can ignore; the position is the bit.
pub(super) const IGNORE_NAMES: [&str; 6] = ["mac", "vlan", "mpls", "ttl", "dscp", "ip_checksum"];

impl Default for Settings {
    fn default() -> Self {
        Self { dedup: DedupSettings { window_ns: 50_000_000, ignore: 0x3F }, tai_offset_s: 37 }
    }
}
