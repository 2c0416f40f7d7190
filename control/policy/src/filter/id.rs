//! Ids: what stands behind qualifiers, alone, in parentheses (`port (80 or 443)`) or as a set (`in @servers`).

use super::address::{self, Network, Wrong};
use super::expr::{Expr, Formula};
use super::lexer::Token;
use super::named::NamedSet;
use super::names::{self, Transport};
use super::parser::{Failed, Operator, Parser, Step};
use super::primitive::{Direction, IP6, Kind, Layer, Qualifiers};
use crate::fields::{Field, LLC};
use crate::sets::{AddressSet, FieldSet, IntervalSet, MacSet};
use crate::term::Pair;
use sluice_diagnostics::closest;

/// An id with its meaning.
enum Id {
    Addresses(AddressSet),
    Macs(MacSet),
    Ports(IntervalSet, Transport),
    Protocols(Vec<u64>),
}

impl Parser<'_> {
    /// One id with the qualifiers of an earlier primitive.
    pub(super) fn ids(&mut self, qualifiers: Qualifiers) -> Step<Expr> {
        let start = self.position();
        self.id(start, qualifiers)
    }

    /// Ids behind qualifiers that start at token `start`: one, `not` one, or a group of them.
    pub(super) fn qualified_ids(&mut self, start: usize, qualifiers: Qualifiers) -> Step<Expr> {
        let mut negations = 0;
        while self.take_not() {
            negations += 1;
        }
        let expr = match self.take_symbol("(") {
            Some(opened) => match self.id_group(opened, qualifiers) {
                Ok(expr) => expr,
                Err(Failed) => {
                    // The rest of the group is not looked at; its parenthesis is this one's.
                    self.skip();
                    self.take_symbol(")");
                    return Err(Failed);
                }
            },
            None => self.id(start, qualifiers)?,
        };
        Ok(if negations % 2 == 1 { expr.not(self.span_from(start)) } else { expr })
    }

    /// `80 or 443 and not 8080 )`: ids alone, no groups within the group.
    fn id_group(&mut self, opened: (usize, usize), qualifiers: Qualifiers) -> Step<Expr> {
        let mut expr: Option<Expr> = None;
        let mut joined = Operator::Or;
        loop {
            let start = self.position();
            let mut negated = false;
            while self.take_not() {
                negated = !negated;
            }
            let mut id = self.id(start, qualifiers)?;
            if negated {
                id = id.not(self.span_from(start));
            }
            expr = Some(match (expr, joined) {
                (None, _) => id,
                (Some(before), Operator::And) => before.and(id),
                (Some(before), Operator::Or) => before.or(id),
            });
            match self.operator() {
                Some(operator) => joined = operator,
                None => {
                    self.close(opened);
                    return expr.ok_or(Failed);
                }
            }
        }
    }

    fn id(&mut self, start: usize, qualifiers: Qualifiers) -> Step<Expr> {
        let place = self.position();
        match self.read_id(qualifiers) {
            Ok(id) => {
                let formula = formula(qualifiers, id);
                self.leaf(formula, start)
            }
            Err(wrong) => {
                if self.position() == place {
                    self.fail(&wrong.message, &wrong.help)
                } else {
                    self.fail_from(place, &wrong.message, &wrong.help)
                }
            }
        }
    }

    fn read_id(&mut self, qualifiers: Qualifiers) -> Result<Id, Wrong> {
        let text = match self.peek() {
            Some(Token::Word(word)) if !matches!(word.as_str(), "and" | "or") => word.clone(),
            Some(Token::Escaped(word)) if qualifiers.kind == Kind::Protocol => word.clone(),
            Some(Token::Set(name)) => {
                let before =
                    if matches!(qualifiers.kind, Kind::Port | Kind::PortRange) { "port" } else { "src" };
                return Err(Wrong::new(
                    format!("`@{name}` is a set, and a set goes behind `in`"),
                    format!("write `in @{name}`: `{before} in @{name}`"),
                ));
            }
            _ => {
                let example = match qualifiers.kind {
                    Kind::Default | Kind::Host => "an address: `192.0.2.1`",
                    Kind::Net => "a network: `10.0.0.0/8`",
                    Kind::Port => "a port: `443` or `https`",
                    Kind::PortRange => "a range of ports: `8000-8010`",
                    Kind::Protocol => "a protocol: `6` or `\\tcp`",
                };
                return Err(Wrong::new(format!("here goes {example}, not `{}`", self.spelled()), ""));
            }
        };
        self.advance();
        match qualifiers.kind {
            Kind::Protocol => protocol_id(&text, qualifiers).map(|id| Id::Protocols(vec![id])),
            Kind::Port => port(&text, qualifiers),
            Kind::PortRange => port_range(&text, qualifiers),
            Kind::Default | Kind::Host | Kind::Net => self.address_id(&text, qualifiers),
        }
    }

    fn address_id(&mut self, text: &str, qualifiers: Qualifiers) -> Result<Id, Wrong> {
        if is_link(qualifiers) {
            return address::mac(text).map(|mac| Id::Macs(MacSet::of([mac]))).ok_or_else(|| {
                Wrong::new(
                    format!("`{text}` is no MAC address"),
                    "for example `ether host 00:11:22:33:44:55`",
                )
            });
        }
        // `1.2.3.4.5.6` and `001122334455` would be MAC addresses too; nobody writes addresses of IP so.
        if address::mac(text).is_some() {
            return Err(Wrong::new(
                format!("`{text}` is a MAC address, which is of `ether`"),
                format!("write `ether host {text}`, `ether src {text}` or `ether dst {text}`"),
            ));
        }
        let network = if self.symbol() == Some("/") {
            let length = self.word_at(1).map(str::to_owned);
            self.advance();
            self.advance();
            let length =
                length.ok_or_else(|| Wrong::new("a prefix length is missing", "for example `10.0.0.0/8`"))?;
            if qualifiers.kind == Kind::Host {
                return Err(Wrong::new(
                    "a host has no prefix length",
                    format!("write `net {text}/{length}`"),
                ));
            }
            address::network(text, Some(&length))?
        } else if self.word() == Some("mask") && qualifiers.kind == Kind::Net {
            let mask = self.word_at(1).map(str::to_owned).unwrap_or_default();
            self.advance();
            self.advance();
            let (value, _) = address::v4(text)
                .ok_or_else(|| Wrong::new("`mask` goes with an IPv4 network", "write `/length` instead"))?;
            address::masked(value, &mask)?
        } else {
            plain_address(text, qualifiers.kind)?
        };
        let v4_only =
            matches!(qualifiers.protocol.map(|protocol| protocol.name), Some("ip" | "arp" | "rarp"));
        let v6_only = matches!(qualifiers.protocol.map(|protocol| protocol.layer), Some(Layer::Network(IP6)));
        match network {
            Network::V4(..) if v6_only => Err(Wrong::new(
                format!("`{text}` is an IPv4 address, and this is `ip6`"),
                "write `ip` instead of `ip6`",
            )),
            Network::V6(..) if v4_only => Err(Wrong::new(
                format!("`{text}` is an IPv6 address"),
                "write `ip6`, or leave the protocol out",
            )),
            Network::V4(value, length) => Ok(Id::Addresses(AddressSet::of_v4([(value, length)]))),
            Network::V6(value, length) => Ok(Id::Addresses(AddressSet::of_v6([(value, length)]))),
        }
    }

    /// `in @name`, `in {a, b}` behind qualifiers that start at token `start`.
    pub(super) fn membership(&mut self, start: usize, qualifiers: Qualifiers) -> Step<Expr> {
        self.advance();
        let place = self.position();
        let set = self.set()?;
        match set_id(&set, qualifiers) {
            Ok(id) => self.leaf(formula(qualifiers, id), start),
            Err(wrong) => self.fail_from(place, &wrong.message, &wrong.help),
        }
    }

    /// `@name` or `{a, b}`.
    pub(super) fn set(&mut self) -> Step<NamedSet> {
        if let Some(Token::Set(name)) = self.peek() {
            let name = name.clone();
            if let Some(set) = self.sets.find(&name) {
                let set = set.clone();
                self.advance();
                return Ok(set);
            }
            let sets = self.sets;
            let help = match closest(&name, sets.names()) {
                Some(near) => format!("did you mean `@{near}`?"),
                None if sets.names().next().is_none() => "no sets are defined; add one under `sets:`".into(),
                None => format!("the sets are: @{}", sets.names().collect::<Vec<_>>().join(", @")),
            };
            return self.fail(&format!("there is no set `@{name}`"), &help);
        }
        if self.take_symbol("{").is_none() {
            return self
                .fail("a set is expected behind `in`", "write `in @name`, or the members: `in {80, 443}`");
        }
        let mut items = Vec::new();
        loop {
            if self.take_symbol("}").is_some() {
                break;
            }
            let start = self.position();
            let Some(mut text) = self.word().map(str::to_owned) else {
                return self.fail(
                    "a member of the set, or its end `}`, is expected",
                    "for example `{10.0.0.0/8, 192.0.2.1}`",
                );
            };
            self.advance();
            if self.take_symbol("/").is_some() {
                text = format!("{text}/{}", self.word().unwrap_or_default());
                self.advance();
            }
            items.push((text, self.span_from(start)));
            if self.take_symbol(",").is_none() && self.symbol() != Some("}") {
                return self.fail("members of a set are separated by commas", "for example `{80, 443}`");
            }
        }
        NamedSet::parse(&items).map_err(|found| {
            self.reporter.found.extend(found);
            Failed
        })
    }
}

fn is_link(qualifiers: Qualifiers) -> bool {
    qualifiers.protocol.is_some_and(|protocol| protocol.layer == Layer::Link)
}

/// An address without length or mask. A bare number is a class A network's; elsewhere it is refused, being more often
/// a port that lost its `port`.
fn plain_address(text: &str, kind: Kind) -> Result<Network, Wrong> {
    let Some(number) = names::number(text).filter(|_| !text.contains('.')) else {
        return match (names::service(text), address::network(text, None)) {
            (Some(_), Err(_)) => Err(Wrong::new(
                format!("`{text}` is no address; as a service it needs `port`"),
                format!("write `port {text}`, `src port {text}` or `dst port {text}`"),
            )),
            (_, network) => network,
        };
    };
    match u8::try_from(number) {
        Ok(first) if kind == Kind::Net && first > 0 => Ok(Network::V4(u32::from(first) << 24, 8)),
        _ if kind == Kind::Net => {
            Err(Wrong::new(format!("`{text}` is no network"), "write it out: `net 10.0.0.0/8`"))
        }
        _ => Err(Wrong::new(
            format!("`{text}` is a number, not an address"),
            format!("for a port write `port {text}`; an address has four numbers: `192.0.2.1`"),
        )),
    }
}

fn protocol_id(text: &str, qualifiers: Qualifiers) -> Result<u64, Wrong> {
    if is_link(qualifiers) {
        return ether_type(text);
    }
    let (number, table) = (names::number(text), names::IP_PROTOCOLS);
    if let Some(number) = number.or_else(|| names::lookup(table, text)) {
        // Such a header is walked over, so no packet ever has it as its protocol.
        let walked = matches!(number, 0 | 43 | 44 | 60);
        if walked && qualifiers.protocol.is_some_and(|protocol| protocol.layer == Layer::Network(IP6)) {
            return Err(Wrong::new(
                format!("`{text}` is an IPv6 extension header, and those are looked through"),
                "test what is behind them (`ip6 proto 6`), or `ip6 and frag` for fragments",
            ));
        }
        if number <= 255 {
            return Ok(number);
        }
        return Err(Wrong::new(
            format!("`{text}` is above 255, the largest IP protocol"),
            "for an EtherType write `ether proto`",
        ));
    }
    let help = closest(text, names::names(table)).map_or_else(
        || "write its number, for example `ip proto 47`".to_owned(),
        |near| format!("did you mean `\\{near}`?"),
    );
    Err(Wrong::new(format!("unknown IP protocol `{text}`"), help))
}

fn ether_type(text: &str) -> Result<u64, Wrong> {
    let (number, table) = (names::number(text), names::ETHER_TYPES);
    match number {
        // Up to 1500 the field is a length, and tcpdump compares the DSAP; for these it compares more than that.
        Some(0x06 | 0xE0 | 0xF0 | 0xFE) => Err(Wrong::new(
            format!("LLC frames of `{text}` have several encapsulations, not all of which are in the tables"),
            "select by MAC address: `ether dst 01:80:c2:00:00:14`",
        )),
        Some(dsap @ 0..=0xFF) => Ok(LLC + dsap),
        Some(0x100..=1500) => Err(Wrong::new(
            format!("`{text}` is neither a DSAP (to 255) nor an EtherType (from 1501)"),
            "for example `ether proto 0x88cc`",
        )),
        Some(number @ ..=0xFFFF) => Ok(number),
        Some(_) => {
            Err(Wrong::new(format!("`{text}` has more than 16 bits"), "for example `ether proto 0x88cc`"))
        }
        None => names::lookup(table, text).ok_or_else(|| {
            let help = super::unsupported::help(text).map(str::to_owned);
            let near = || closest(text, names::names(table)).map(|near| format!("did you mean `\\{near}`?"));
            let help = help
                .or_else(near)
                .unwrap_or_else(|| "write its number, for example `ether proto 0x88cc`".into());
            Wrong::new(format!("unknown EtherType `{text}`"), help)
        }),
    }
}

/// A port's number or name, with the transports that the name stands for.
fn port_number(text: &str, qualifiers: Qualifiers) -> Result<(u16, Transport), Wrong> {
    if let Some(number) = names::number(text) {
        let port = u16::try_from(number).map_err(|_| {
            Wrong::new(format!("`{text}` is above 65535, the largest port"), "ports are 0 to 65535")
        })?;
        return Ok((port, Transport::Both));
    }
    let Some((port, transport)) = names::service(text) else {
        let known = names::SERVICES.iter().map(|(name, _, _)| *name);
        let help = closest(text, known).map_or_else(
            || "write its number, for example `port 8443`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Wrong::new(format!("unknown service `{text}`"), help));
    };
    let (name, wanted) = match transport {
        Transport::Tcp => ("TCP", Layer::Transport(6)),
        Transport::Udp => ("UDP", Layer::Transport(17)),
        Transport::Both => return Ok((port, transport)),
    };
    match qualifiers.protocol {
        Some(protocol) if protocol.layer != wanted => Err(Wrong::new(
            format!("`{text}` is a service of {name}, and this is `{}`", protocol.name),
            format!("write the number: `{} port {port}`", protocol.name),
        )),
        _ => Ok((port, transport)),
    }
}

fn port(text: &str, qualifiers: Qualifiers) -> Result<Id, Wrong> {
    let found = port_number(text, qualifiers);
    match found {
        Ok((port, transport)) => Ok(Id::Ports(IntervalSet::of(true, [(port, port)]), transport)),
        Err(_) if port_range(text, qualifiers).is_ok() => {
            Err(Wrong::new(format!("`{text}` is a range of ports"), format!("write `portrange {text}`")))
        }
        Err(wrong) => Err(wrong),
    }
}

/// `8000-8010`, `ftp-data-ssh` (split where both sides are ports), or one port; ends in any order, as in tcpdump.
fn port_range(text: &str, qualifiers: Qualifiers) -> Result<Id, Wrong> {
    let splits = text.match_indices('-').map(|(at, _)| (&text[..at], &text[at + 1..]));
    for (low, high) in splits {
        if let (Ok((a, over)), Ok((b, other))) = (port_number(low, qualifiers), port_number(high, qualifiers))
        {
            let transport = if over == other { over } else { Transport::Both };
            return Ok(Id::Ports(IntervalSet::of(true, [(a.min(b), a.max(b))]), transport));
        }
    }
    match port_number(text, qualifiers) {
        Ok((port, transport)) => Ok(Id::Ports(IntervalSet::of(true, [(port, port)]), transport)),
        Err(_) => Err(Wrong::new(
            format!("`{text}` is no range of ports"),
            "two ports of 0 to 65535 with a hyphen between: `portrange 8000-8010`",
        )),
    }
}

/// A set as the id of these qualifiers.
fn set_id(set: &NamedSet, qualifiers: Qualifiers) -> Result<Id, Wrong> {
    let link = is_link(qualifiers);
    match (qualifiers.kind, set) {
        (Kind::Port | Kind::PortRange, NamedSet::Numbers(ranges)) => {
            let narrow =
                |&(low, high): &(u32, u32)| Some((u16::try_from(low).ok()?, u16::try_from(high).ok()?));
            let ports: Option<Vec<(u16, u16)>> = ranges.iter().map(narrow).collect();
            let ports =
                ports.ok_or_else(|| Wrong::new("the set has numbers above 65535, the largest port", ""))?;
            Ok(Id::Ports(IntervalSet::of(true, ports), Transport::Both))
        }
        (Kind::Protocol, NamedSet::Numbers(ranges)) => {
            let most = if link { 0xFFFF } else { 255 };
            if ranges.iter().any(|(_, high)| *high > most) {
                return Err(Wrong::new(
                    format!("the set has numbers above {most}, the largest protocol"),
                    "",
                ));
            }
            let all = ranges.iter().flat_map(|(low, high)| *low..=*high);
            let each = |number: u32| protocol_id(&number.to_string(), qualifiers);
            all.map(each).collect::<Result<_, _>>().map(Id::Protocols)
        }
        (Kind::Default | Kind::Host, NamedSet::Macs(macs)) if link => Ok(Id::Macs(macs.clone())),
        (Kind::Default | Kind::Host | Kind::Net, NamedSet::Addresses(addresses)) if !link => {
            let mut addresses = addresses.clone();
            match qualifiers.protocol.map(|protocol| protocol.layer) {
                Some(Layer::Network(IP6)) => addresses.v4 = AddressSet::default().v4,
                Some(_) => addresses.v6 = AddressSet::default().v6,
                None => {}
            }
            Ok(Id::Addresses(addresses))
        }
        (kind, set) => {
            let wanted = match kind {
                Kind::Port | Kind::PortRange => "ports",
                Kind::Protocol => "protocol numbers",
                _ if link => "MAC addresses",
                _ => "addresses",
            };
            let help = match set {
                NamedSet::Numbers(_) => {
                    "for ports write `port in ...`, `src port in ...` or `dst port in ...`"
                }
                NamedSet::Macs(_) => {
                    "for MAC addresses write `ether host in ...`, `ether src in ...` or `ether dst in ...`"
                }
                NamedSet::Addresses(_) => "for addresses write `host in ...`, `src in ...` or `dst in ...`",
            };
            Err(Wrong::new(format!("the set holds {}, and {wanted} are expected", set.what()), help))
        }
    }
}

/// What qualifiers and id together mean.
fn formula(qualifiers: Qualifiers, id: Id) -> Formula {
    let mut all = qualifiers.protocol.map(|protocol| protocol.layer.formulas()).unwrap_or_default();
    let direction = qualifiers.direction;
    match id {
        Id::Addresses(set) => all.push(either_side(Pair::Address, direction, FieldSet::Addresses(set))),
        Id::Macs(set) => all.push(sides((Field::MacSrc, Field::MacDst), direction, &FieldSet::Macs(set))),
        Id::Ports(set, transport) => {
            match transport {
                Transport::Tcp if all.is_empty() => all.push(Formula::value(Field::IpProto, 6)),
                Transport::Udp if all.is_empty() => all.push(Formula::value(Field::IpProto, 17)),
                _ => {}
            }
            all.push(either_side(Pair::Port, direction, FieldSet::Intervals(set)));
        }
        Id::Protocols(list) => {
            let field = if is_link(qualifiers) { Field::EtherType } else { Field::IpProto };
            all.push(Formula::Is(field, super::primitive::values(field, list)));
        }
    }
    if all.len() == 1 { all.swap_remove(0) } else { Formula::All(all) }
}

/// The set on the side or sides of a direction; "either side" of addresses and ports is one condition.
fn either_side(pair: Pair, direction: Direction, set: FieldSet) -> Formula {
    match direction {
        Direction::Any | Direction::Either => Formula::Either(pair, set),
        _ => sides(pair.fields(), direction, &set),
    }
}

fn sides((src, dst): (Field, Field), direction: Direction, set: &FieldSet) -> Formula {
    let on = |field: Field| Formula::Is(field, set.clone());
    match direction {
        Direction::Source => on(src),
        Direction::Destination => on(dst),
        Direction::Both => Formula::All(vec![on(src), on(dst)]),
        Direction::Any | Direction::Either => Formula::Any(vec![on(src), on(dst)]),
    }
}
