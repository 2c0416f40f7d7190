//! Filter expressions as a tree of the oracle's own: printed in the filter language, evaluated over [`Decoded`] fields.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::decode::{Addresses, Decoded, Fragment, IcmpFamily, Layers};

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// One test.
    Test(Test),
    /// Not that.
    Not(Box<Expression>),
    /// Both.
    And(Box<Expression>, Box<Expression>),
    /// Either.
    Or(Box<Expression>, Box<Expression>),
    /// There is an inner packet, and it is so.
    Inner(Box<Expression>),
}

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `src`.
    Source,
    /// `dst`.
    Destination,
    /// Either, as without a word.
    Either,
}

/// Network-layer words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// `ip`.
    Ip,
    /// `ip6`.
    Ip6,
    /// `arp`.
    Arp,
    /// `rarp`.
    Rarp,
}

/// Transport words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `tcp`.
    Tcp,
    /// `udp`.
    Udp,
    /// `sctp`.
    Sctp,
}

/// A prefix of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Address (host bits zero) and length.
    V4(u32, u32),
    /// Address (host bits zero) and length.
    V6(u128, u32),
}

impl Prefix {
    fn holds(self, addresses: Addresses, side: Side) -> bool {
        let (source, destination) = match (self, addresses) {
            (Self::V4(value, length), Addresses::V4(source, destination)) => {
                let shift = 32 - length;
                let same = |address: u32| u64::from(address) >> shift == u64::from(value) >> shift;
                (same(source), same(destination))
            }
            (Self::V6(value, length), Addresses::V6(source, destination)) => {
                let same =
                    |address: u128| length == 0 || address >> (128 - length) == value >> (128 - length);
                (same(source), same(destination))
            }
            _ => return false,
        };
        on(side, source, destination)
    }
}

fn on(side: Side, source: bool, destination: bool) -> bool {
    match side {
        Side::Source => source,
        Side::Destination => destination,
        Side::Either => source || destination,
    }
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`.
    Equal,
    /// `!=`.
    Unequal,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
}

impl Relation {
    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// One test of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `host`, alone or under a network-layer word.
    Host(Option<NetworkKind>, Side, Prefix),
    /// `net address/length`.
    Net(Option<NetworkKind>, Side, Prefix),
    /// `src in @name`: the set's name and members.
    InSet(Side, String, Vec<Prefix>),
    /// `port`, alone or under a transport word.
    Port(Option<Transport>, Side, u16),
    /// `portrange`.
    PortRange(Option<Transport>, Side, u16, u16),
    /// `ether host`.
    EtherHost(Side, u64),
    /// `ether proto`.
    EtherProto(u16),
    /// `ether broadcast`.
    EtherBroadcast,
    /// `ether multicast`.
    EtherMulticast,
    /// `ip multicast`.
    IpMulticast,
    /// `ip6 multicast`.
    Ip6Multicast,
    /// `ip`, `ip6`, `arp`, `rarp`.
    Network(NetworkKind),
    /// `tcp`, `udp`, `sctp`.
    Transport(Transport),
    /// `icmp`.
    Icmp,
    /// `icmp6`.
    Icmp6,
    /// `igmp`.
    Igmp,
    /// `ip proto`, `ip6 proto`, `proto`.
    Protocol(Option<NetworkKind>, u8),
    /// `vlan`, with an id or without.
    Vlan(Option<u16>),
    /// `mpls`, with a label or without.
    Mpls(Option<u32>),
    /// `len` compared.
    Length(Relation, u16),
    /// `less`: at most.
    Less(u16),
    /// `greater`: at least.
    Greater(u16),
    /// `tcp[tcpflags] & mask` compared with a value.
    TcpFlags(u8, bool, u8),
    /// `icmp[icmptype] = value`.
    IcmpType(u8),
    /// `icmp6[icmp6type] = value`.
    Icmp6Type(u8),
    /// `vni`.
    Vni(u32),
    /// `teid`.
    Teid(u32),
    /// `gre key`.
    GreKey(u32),
    /// `dscp`.
    Dscp(u8),
    /// `ecn`.
    Ecn(u8),
    /// `ttl` compared.
    Ttl(Relation, u8),
    /// `frag`: a part of a datagram, first or later.
    Frag,
    /// `frag first`.
    FragFirst,
    /// `frag later`.
    FragLater,
}

impl Expression {
    /// Whether the frame is selected.
    pub fn selects(&self, decoded: &Decoded) -> bool {
        self.evaluate(decoded, &decoded.outer)
    }

    fn evaluate(&self, decoded: &Decoded, layers: &Layers) -> bool {
        match self {
            Self::Test(test) => test.holds(decoded, layers),
            Self::Not(operand) => !operand.evaluate(decoded, layers),
            Self::And(left, right) => left.evaluate(decoded, layers) && right.evaluate(decoded, layers),
            Self::Or(left, right) => left.evaluate(decoded, layers) || right.evaluate(decoded, layers),
            Self::Inner(operand) => {
                decoded.inner.as_ref().is_some_and(|inner| operand.evaluate(decoded, inner))
            }
        }
    }

    /// All tests in it.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::Test(test) => vec![test],
            Self::Not(operand) | Self::Inner(operand) => operand.tests(),
            Self::And(left, right) | Self::Or(left, right) => {
                let mut all = left.tests();
                all.extend(right.tests());
                all
            }
        }
    }
}

impl NetworkKind {
    fn ether_type(self) -> u32 {
        match self {
            Self::Ip => 0x0800,
            Self::Ip6 => 0x86dd,
            Self::Arp => 0x0806,
            Self::Rarp => 0x8035,
        }
    }
}

impl Transport {
    fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }
}

impl Test {
    fn holds(&self, decoded: &Decoded, layers: &Layers) -> bool {
        let is = |kind: NetworkKind| layers.l3 == Some(kind.ether_type());
        let under = |kind: Option<NetworkKind>| kind.is_none_or(is);
        let protocol = |number: u8| layers.ip_proto == Some(number);
        let ip_protocol = |kind, number| is(kind) && protocol(number);
        match self {
            Self::Host(kind, side, prefix) | Self::Net(kind, side, prefix) => {
                under(*kind) && layers.addresses.is_some_and(|addresses| prefix.holds(addresses, *side))
            }
            Self::InSet(side, _, prefixes) => {
                let in_set = |addresses, side| prefixes.iter().any(|prefix| prefix.holds(addresses, side));
                layers.addresses.is_some_and(|addresses| in_set(addresses, *side))
            }
            Self::Port(transport, side, port) => Self::port(layers, *transport, *side, *port, *port),
            Self::PortRange(transport, side, low, high) => Self::port(layers, *transport, *side, *low, *high),
            Self::EtherHost(side, mac) => layers
                .macs
                .is_some_and(|(destination, source)| on(*side, source == *mac, destination == *mac)),
            Self::EtherProto(value) => {
                let value = u32::from(*value);
                layers.ether_type == Some(if value > 1500 { value } else { 0x1_0000 + value })
            }
            Self::EtherBroadcast => layers.macs.is_some_and(|(to, _)| to == 0xffff_ffff_ffff),
            Self::EtherMulticast => layers.macs.is_some_and(|(to, _)| to >> 40 & 1 == 1),
            // As tcpdump has it: from 224.0.0.0 on, with the reserved addresses and the limited broadcast.
            Self::IpMulticast => {
                is(NetworkKind::Ip)
                    && matches!(layers.addresses, Some(Addresses::V4(_, to)) if to >> 24 >= 0xe0)
            }
            Self::Ip6Multicast => {
                is(NetworkKind::Ip6)
                    && matches!(layers.addresses, Some(Addresses::V6(_, to)) if to >> 120 == 0xff)
            }
            Self::Network(kind) => is(*kind),
            Self::Transport(transport) => protocol(transport.number()),
            Self::Icmp => ip_protocol(NetworkKind::Ip, 1),
            Self::Icmp6 => ip_protocol(NetworkKind::Ip6, 58),
            Self::Igmp => ip_protocol(NetworkKind::Ip, 2),
            Self::Protocol(kind, number) => under(*kind) && protocol(*number),
            Self::Vlan(id) => layers.vlans.first().is_some_and(|tag| id.is_none_or(|id| id == *tag)),
            Self::Mpls(label) => layers.mpls_label.is_some_and(|top| label.is_none_or(|label| label == top)),
            Self::Length(relation, length) => {
                relation.holds(u64::from(decoded.wire_length), u64::from(*length))
            }
            Self::Less(length) => decoded.wire_length <= u32::from(*length),
            Self::Greater(length) => decoded.wire_length >= u32::from(*length),
            // As tcpdump has it: `tcp[...]` is of IPv4 packets only.
            Self::TcpFlags(mask, equal, value) => {
                is(NetworkKind::Ip)
                    && layers.tcp_flags.is_some_and(|flags| (flags & mask == *value) == *equal)
            }
            Self::IcmpType(value) => {
                matches!(layers.icmp, Some((IcmpFamily::V4, kind, _)) if kind == *value)
            }
            Self::Icmp6Type(value) => {
                matches!(layers.icmp, Some((IcmpFamily::V6, kind, _)) if kind == *value)
            }
            Self::Vni(value) => decoded.vni == Some(*value),
            Self::Teid(value) => decoded.teid == Some(*value),
            Self::GreKey(value) => decoded.gre_key == Some(*value),
            Self::Dscp(value) => layers.dscp == Some(*value),
            Self::Ecn(value) => layers.ecn == Some(*value),
            Self::Ttl(relation, value) => {
                layers.ttl.is_some_and(|ttl| relation.holds(u64::from(ttl), u64::from(*value)))
            }
            Self::Frag => matches!(layers.fragment, Fragment::First | Fragment::Later),
            Self::FragFirst => layers.fragment == Fragment::First,
            Self::FragLater => layers.fragment == Fragment::Later,
        }
    }

    fn port(layers: &Layers, transport: Option<Transport>, side: Side, low: u16, high: u16) -> bool {
        let within = |port: u16| (low..=high).contains(&port);
        transport.is_none_or(|transport| layers.ip_proto == Some(transport.number()))
            && layers.ports.is_some_and(|(source, destination)| on(side, within(source), within(destination)))
    }
}

impl fmt::Display for Expression {
    /// In the filter language, with a pair of parentheses around every operand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => write!(f, "{test}"),
            Self::Not(operand) => write!(f, "not ({operand})"),
            Self::And(left, right) => write!(f, "({left}) and ({right})"),
            Self::Or(left, right) => write!(f, "({left}) or ({right})"),
            Self::Inner(operand) => write!(f, "inner ({operand})"),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "src ",
            Self::Destination => "dst ",
            Self::Either => "",
        })
    }
}

impl fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Arp => "arp",
            Self::Rarp => "rarp",
        })
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        })
    }
}

impl fmt::Display for Prefix {
    /// With the length always: `10.0.0.0/8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(value, length) => write!(f, "{}/{length}", Ipv4Addr::from(*value)),
            Self::V6(value, length) => write!(f, "{}/{length}", Ipv6Addr::from(*value)),
        }
    }
}

/// A MAC address, as `ether host` takes it.
fn mac(value: u64) -> String {
    let bytes = value.to_be_bytes();
    bytes[2..].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// The word and a blank, or nothing.
fn word(word: Option<impl fmt::Display>) -> String {
    word.map_or_else(String::new, |word| format!("{word} "))
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(kind, side, Prefix::V4(value, _)) => {
                write!(f, "{}{side}host {}", word(*kind), Ipv4Addr::from(*value))
            }
            Self::Host(kind, side, Prefix::V6(value, _)) => {
                write!(f, "{}{side}host {}", word(*kind), Ipv6Addr::from(*value))
            }
            Self::Net(kind, side, prefix) => write!(f, "{}{side}net {prefix}", word(*kind)),
            Self::InSet(Side::Either, name, _) => write!(f, "host in @{name}"),
            Self::InSet(side, name, _) => write!(f, "{side}in @{name}"),
            Self::Port(transport, side, port) => write!(f, "{}{side}port {port}", word(*transport)),
            Self::PortRange(transport, side, low, high) => {
                write!(f, "{}{side}portrange {low}-{high}", word(*transport))
            }
            Self::EtherHost(Side::Either, address) => write!(f, "ether host {}", mac(*address)),
            Self::EtherHost(side, address) => write!(f, "ether {side}host {}", mac(*address)),
            Self::EtherProto(value) => write!(f, "ether proto 0x{value:x}"),
            Self::EtherBroadcast => f.write_str("ether broadcast"),
            Self::EtherMulticast => f.write_str("ether multicast"),
            Self::IpMulticast => f.write_str("ip multicast"),
            Self::Ip6Multicast => f.write_str("ip6 multicast"),
            Self::Network(kind) => write!(f, "{kind}"),
            Self::Transport(transport) => write!(f, "{transport}"),
            Self::Icmp => f.write_str("icmp"),
            Self::Icmp6 => f.write_str("icmp6"),
            Self::Igmp => f.write_str("igmp"),
            Self::Protocol(kind, number) => write!(f, "{}proto {number}", word(*kind)),
            Self::Vlan(None) => f.write_str("vlan"),
            Self::Vlan(Some(id)) => write!(f, "vlan {id}"),
            Self::Mpls(None) => f.write_str("mpls"),
            Self::Mpls(Some(label)) => write!(f, "mpls {label}"),
            Self::Length(relation, length) => write!(f, "len {relation} {length}"),
            Self::Less(length) => write!(f, "less {length}"),
            Self::Greater(length) => write!(f, "greater {length}"),
            Self::TcpFlags(mask, equal, value) => {
                let relation = if *equal { "==" } else { "!=" };
                write!(f, "tcp[tcpflags] & 0x{mask:x} {relation} 0x{value:x}")
            }
            Self::IcmpType(value) => write!(f, "icmp[icmptype] == {value}"),
            Self::Icmp6Type(value) => write!(f, "icmp6[icmp6type] == {value}"),
            Self::Vni(value) => write!(f, "vni {value}"),
            Self::Teid(value) => write!(f, "teid {value}"),
            Self::GreKey(value) => write!(f, "gre key {value}"),
            Self::Dscp(value) => write!(f, "dscp {value}"),
            Self::Ecn(value) => write!(f, "ecn {value}"),
            Self::Ttl(relation, value) => write!(f, "ttl {relation} {value}"),
            Self::Frag => f.write_str("frag"),
            Self::FragFirst => f.write_str("frag first"),
            Self::FragLater => f.write_str("frag later"),
        }
    }
}
