//! Primitives: which one starts here, and those made of qualifiers and an id (`tcp dst port 80`, `ip6 net fe80::/10`,
//! `ether proto \arp`, `src in @servers`).

use super::expr::{Expr, Formula};
use super::lexer::Token;
use super::parser::{Parser, Step};
use super::{names, unsupported};
use crate::fields::{Field, NO_ETHER_TYPE};
use crate::sets::{FieldSet, ValueSet};
use sluice_diagnostics::closest;

/// What stands before an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Qualifiers {
    pub(super) protocol: Option<Protocol>,
    pub(super) direction: Direction,
    pub(super) kind: Kind,
}

/// Which side an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Nothing said: either side.
    Any,
    Source,
    Destination,
    Either,
    Both,
}

/// What an id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing said: a host, or a network by its prefix length.
    Default,
    Host,
    Net,
    Port,
    PortRange,
    Protocol,
}

/// A protocol keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Protocol {
    /// As it is written.
    pub(super) name: &'static str,
    pub(super) layer: Layer,
}

/// What a protocol keyword tests when it stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// The Ethernet header; no test of its own.
    Link,
    /// A network layer: this `l3`.
    Network(u64),
    /// An IP protocol over IPv4 and IPv6.
    Transport(u64),
    /// An IP protocol over one of them: `l3` and protocol.
    Over(u64, u64),
}

/// `l3` of IPv4.
pub(super) const IP: u64 = 0x0800;
/// `l3` of IPv6.
pub(super) const IP6: u64 = 0x86DD;

const PROTOCOLS: &[Protocol] = &[
    Protocol { name: "ether", layer: Layer::Link },
    Protocol { name: "link", layer: Layer::Link },
    Protocol { name: "ip", layer: Layer::Network(IP) },
    Protocol { name: "ip6", layer: Layer::Network(IP6) },
    Protocol { name: "arp", layer: Layer::Network(0x0806) },
    Protocol { name: "rarp", layer: Layer::Network(0x8035) },
    Protocol { name: "decnet", layer: Layer::Network(0x6003) },
    Protocol { name: "lat", layer: Layer::Network(0x6004) },
    Protocol { name: "mopdl", layer: Layer::Network(0x6001) },
    Protocol { name: "moprc", layer: Layer::Network(0x6002) },
    Protocol { name: "sca", layer: Layer::Network(0x6007) },
    Protocol { name: "stp", layer: Layer::Network(crate::fields::LLC + 0x42) },
    Protocol { name: "pppoed", layer: Layer::Network(0x8863) },
    Protocol { name: "tcp", layer: Layer::Transport(6) },
    Protocol { name: "udp", layer: Layer::Transport(17) },
    Protocol { name: "sctp", layer: Layer::Transport(132) },
    Protocol { name: "ah", layer: Layer::Transport(51) },
    Protocol { name: "esp", layer: Layer::Transport(50) },
    Protocol { name: "pim", layer: Layer::Transport(103) },
    Protocol { name: "icmp", layer: Layer::Over(IP, 1) },
    Protocol { name: "icmp6", layer: Layer::Over(IP6, 58) },
    Protocol { name: "igmp", layer: Layer::Over(IP, 2) },
    Protocol { name: "igrp", layer: Layer::Over(IP, 9) },
    Protocol { name: "vrrp", layer: Layer::Over(IP, 112) },
    Protocol { name: "carp", layer: Layer::Over(IP, 112) },
];

/// Words that start a primitive, besides the protocols.
const OTHER_WORDS: [&str; 26] = [
    "src",
    "dst",
    "host",
    "net",
    "port",
    "portrange",
    "proto",
    "less",
    "greater",
    "len",
    "broadcast",
    "multicast",
    "vlan",
    "mpls",
    "vni",
    "teid",
    "gre",
    "dscp",
    "ecn",
    "ttl",
    "frag",
    "inner",
    "not",
    "and",
    "or",
    "tcpflags",
];

/// The word that starts a primitive or stands in one and is nearest to `word`.
pub(super) fn nearest_keyword(word: &str) -> Option<&'static str> {
    closest(word, PROTOCOLS.iter().map(|known| known.name).chain(OTHER_WORDS)).filter(|near| *near != word)
}

pub(super) fn protocol(word: &str) -> Option<Protocol> {
    PROTOCOLS.iter().copied().find(|known| known.name == word)
}

impl Formula {
    /// `field` has this value.
    pub(super) fn value(field: Field, value: u64) -> Self {
        Self::Is(field, values(field, [value]))
    }

    /// There is an inner packet.
    pub(super) fn inner_packet() -> Self {
        Self::Is(Field::InnerL3, values(Field::InnerL3, [NO_ETHER_TYPE]).complement())
    }
}

/// A set of an exact field.
pub(super) fn values(field: Field, list: impl IntoIterator<Item = u64>) -> FieldSet {
    match field.kind() {
        crate::fields::FieldKind::Values { max, .. } => FieldSet::Values(ValueSet::of(max, list)),
        _ => FieldSet::empty(field),
    }
}

impl Layer {
    /// The conditions that the keyword stands for.
    pub(super) fn formulas(self) -> Vec<Formula> {
        match self {
            Self::Link => Vec::new(),
            Self::Network(l3) => vec![Formula::value(Field::L3, l3)],
            Self::Transport(protocol) => vec![Formula::value(Field::IpProto, protocol)],
            Self::Over(l3, protocol) => {
                vec![Formula::value(Field::L3, l3), Formula::value(Field::IpProto, protocol)]
            }
        }
    }
}

impl Parser<'_> {
    /// One primitive; gives the number of VLAN tags tested behind it as well.
    pub(super) fn primitive(&mut self, tags: usize) -> Step<(Expr, usize)> {
        if self.is_relation() {
            return Ok((self.relation()?, tags));
        }
        match self.word() {
            Some("vlan") => return Ok((self.vlan(tags)?, tags + 1)),
            Some(word) => {
                let word = word.to_owned();
                if let Some(expr) = self.own_primitive(&word)? {
                    return Ok((expr, tags));
                }
                if self.starts_qualified(&word) {
                    return Ok((self.qualified()?, tags));
                }
                if let Some(help) = unsupported::help(&word) {
                    return self.fail(&format!("`{word}` is not supported"), help);
                }
            }
            None => {}
        }
        Ok((self.bare_id()?, tags))
    }

    fn starts_qualified(&self, word: &str) -> bool {
        protocol(word).is_some()
            || matches!(word, "src" | "dst" | "host" | "net" | "port" | "portrange" | "proto")
    }

    /// An id without qualifiers takes those of the primitive before it.
    fn bare_id(&mut self) -> Step<Expr> {
        let spelled = self.spelled();
        match self.peek() {
            None => self.fail("a condition is missing here", "for example `tcp port 443`"),
            Some(Token::Word(word)) if matches!(word.as_str(), "and" | "or") => {
                self.fail(&format!("a condition is missing before `{spelled}`"), "for example `tcp port 443`")
            }
            Some(Token::Symbol(_)) => {
                self.fail(&format!("a condition is expected, not `{spelled}`"), "for example `tcp port 443`")
            }
            Some(Token::Escaped(word)) if self.last.is_none_or(|last| last.kind != Kind::Protocol) => {
                let help =
                    format!("write `proto {spelled}`, `ip proto {spelled}` or `ether proto {spelled}`");
                let message = format!("`\\{word}` is a protocol's name; which header is it looked for in?");
                self.fail(&message, &help)
            }
            Some(token) => {
                let numeric = matches!(token, Token::Set(_))
                    || spelled.contains(['.', ':'])
                    || names::number(&spelled).is_some();
                let protocols = self.last.is_some_and(|last| last.kind == Kind::Protocol);
                let known = numeric
                    || names::service(&spelled).is_some()
                    || matches!(token, Token::Escaped(_))
                    || (protocols && names::lookup(names::IP_PROTOCOLS, &spelled).is_some());
                match (self.last, nearest_keyword(&spelled)) {
                    (Some(qualifiers), _) if known => self.ids(qualifiers),
                    (None, _) if numeric => {
                        let kind = if names::number(&spelled).is_some() { "port" } else { "host" };
                        self.fail(
                            &format!("what is `{spelled}`? Nothing before it says"),
                            &format!(
                                "write `{kind} {spelled}`, `src {kind} {spelled}` or `dst {kind} {spelled}`"
                            ),
                        )
                    }
                    (_, Some(near)) => {
                        self.fail(&format!("unknown word `{spelled}`"), &format!("did you mean `{near}`?"))
                    }
                    (_, None) => self.fail(
                        &format!("unknown word `{spelled}`"),
                        "conditions start with a protocol (`tcp`), a side (`src`), \
                         a type (`host`, `net`, `port`) or a field (`vlan`, `ttl`, `len`)",
                    ),
                }
            }
        }
    }

    /// `[protocol] [direction] [type] id`, `protocol`, `protocol broadcast`, `protocol proto id`.
    fn qualified(&mut self) -> Step<Expr> {
        let start = self.position();
        let protocol = self.word().and_then(protocol);
        if let Some(protocol) = protocol {
            self.advance();
            match self.word() {
                Some("broadcast" | "multicast") => return self.cast(start, Some(protocol)),
                Some(word @ ("protochain" | "gateway")) => {
                    let help = unsupported::help(word).unwrap_or_default();
                    let message = format!("`{word}` is not supported");
                    return self.fail(&message, help);
                }
                _ => {}
            }
        }
        let direction = self.direction();
        let kind = self.kind();
        if let (Some(protocol), None, None) = (protocol, direction, kind)
            && self.word() != Some("in")
        {
            return self.alone(start, protocol);
        }
        let kind = kind.unwrap_or(Kind::Default);
        if kind == Kind::Protocol && direction.is_some() {
            return self.fail_from(
                start,
                "a protocol has no source and no destination",
                "leave `src` and `dst` out: `ip proto 6`",
            );
        }
        let qualifiers = Qualifiers { protocol, direction: direction.unwrap_or(Direction::Any), kind };
        self.check_qualifiers(start, qualifiers)?;
        self.last = Some(qualifiers);
        if self.word() == Some("in") {
            return self.membership(start, qualifiers);
        }
        self.qualified_ids(start, qualifiers)
    }

    /// A protocol keyword without anything behind it.
    fn alone(&mut self, start: usize, protocol: Protocol) -> Step<Expr> {
        if protocol.layer == Layer::Link {
            return self.fail(
                &format!("`{}` needs something to look for", protocol.name),
                "write `ether host 00:11:22:33:44:55`, `ether src ...`, `ether proto 0x88cc`, \
                 `ether broadcast` or `ether multicast`",
            );
        }
        self.leaf(Formula::All(protocol.layer.formulas()), start)
    }

    fn direction(&mut self) -> Option<Direction> {
        let first = self.side()?;
        self.advance();
        let joined = match self.operator_ahead() {
            Some(super::parser::Operator::And) => Direction::Both,
            Some(super::parser::Operator::Or) => Direction::Either,
            None => return Some(first),
        };
        let other = match self.word_at(1) {
            Some("src") => Direction::Source,
            Some("dst") => Direction::Destination,
            _ => return Some(first),
        };
        if other == first {
            return Some(first);
        }
        self.advance();
        self.advance();
        Some(joined)
    }

    fn side(&self) -> Option<Direction> {
        match self.word()? {
            "src" => Some(Direction::Source),
            "dst" => Some(Direction::Destination),
            _ => None,
        }
    }

    fn kind(&mut self) -> Option<Kind> {
        let kind = match self.word()? {
            "host" => Kind::Host,
            "net" => Kind::Net,
            "port" => Kind::Port,
            "portrange" => Kind::PortRange,
            "proto" => Kind::Protocol,
            _ => return None,
        };
        self.advance();
        Some(kind)
    }

    /// Combinations of protocol and type that mean nothing, refused as tcpdump refuses them, but with what to write.
    fn check_qualifiers(&mut self, start: usize, qualifiers: Qualifiers) -> Step<()> {
        let Some(protocol) = qualifiers.protocol else { return Ok(()) };
        let name = protocol.name;
        let link = protocol.layer == Layer::Link;
        let (allowed, what) = match qualifiers.kind {
            Kind::Default | Kind::Host => (
                link || matches!(name, "ip" | "ip6" | "arp" | "rarp"),
                "an address is of `ip`, `ip6`, `arp`, `rarp` or `ether`",
            ),
            Kind::Net => (
                matches!(name, "ip" | "ip6" | "arp" | "rarp"),
                "a network is of `ip`, `ip6`, `arp` or `rarp`",
            ),
            Kind::Port | Kind::PortRange => {
                (matches!(name, "tcp" | "udp" | "sctp"), "a port is of `tcp`, `udp` or `sctp`")
            }
            Kind::Protocol => {
                (link || matches!(name, "ip" | "ip6"), "a protocol is of `ip`, `ip6` or `ether`")
            }
        };
        if allowed {
            return Ok(());
        }
        let word = match qualifiers.kind {
            Kind::Default | Kind::Host => "host",
            Kind::Net => "net",
            Kind::Port => "port",
            Kind::PortRange => "portrange",
            Kind::Protocol => "proto",
        };
        let help = if link {
            format!("leave `{name}` out: `{word} ...`")
        } else {
            format!("write `{name} and {word} ...`")
        };
        self.fail_from(start, &format!("`{name}` does not go with `{word}`: {what}"), &help)
    }

    /// `broadcast`, `multicast`, with the protocol before them.
    pub(super) fn cast(&mut self, start: usize, protocol: Option<Protocol>) -> Step<Expr> {
        let broadcast = self.word() == Some("broadcast");
        self.advance();
        let formula = match (protocol.map(|protocol| protocol.layer), broadcast) {
            (None | Some(Layer::Link), true) => {
                Formula::Is(Field::MacDst, FieldSet::Macs(crate::sets::MacSet::of([0xFFFF_FFFF_FFFF])))
            }
            (None | Some(Layer::Link), false) => {
                Formula::Is(Field::MacDst, FieldSet::Macs(crate::sets::MacSet::all_multicast()))
            }
            // What tcpdump tests: first byte 224 or more, so the reserved upper sixteenth too.
            (Some(Layer::Network(IP)), false) => Formula::All(vec![
                Formula::value(Field::L3, IP),
                Formula::Is(
                    Field::AddressDst,
                    FieldSet::Addresses(crate::sets::AddressSet::of_v4([(0xE000_0000, 3)])),
                ),
            ]),
            (Some(Layer::Network(IP6)), false) => Formula::All(vec![
                Formula::value(Field::L3, IP6),
                Formula::Is(
                    Field::AddressDst,
                    FieldSet::Addresses(crate::sets::AddressSet::of_v6([(0xFF << 120, 8)])),
                ),
            ]),
            (Some(Layer::Network(IP)), true) => {
                return self.fail_from(
                    start,
                    "`ip broadcast` needs the netmask of an interface, and a tap has none",
                    "name the addresses: `ip dst 255.255.255.255 or ip dst 10.1.255.255`, or write `ether broadcast`",
                );
            }
            (Some(_), _) => {
                let help = if broadcast {
                    "write `ether broadcast`"
                } else {
                    "write `ether multicast`, `ip multicast` or `ip6 multicast`"
                };
                return self.fail_from(start, "this protocol has no such addresses of its own", help);
            }
        };
        self.leaf(formula, start)
    }
}
