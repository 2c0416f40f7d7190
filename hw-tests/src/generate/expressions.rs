//! Random filter expressions.

use super::values::Values;
use crate::oracle::expression::{Expression, NetworkKind, Prefix, Relation, Side, Test, Transport};
use crate::trial::Dice;

/// Which words may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Those that tcpdump knows, and that mean the same there.
    Tcpdump,
    /// All.
    All,
    /// Those that make sense of an inner packet.
    Inner,
}

impl Vocabulary {
    /// How many kinds of primitives [`primitive`] knows.
    pub fn kinds(self) -> usize {
        match self {
            Self::Tcpdump => TCPDUMP_KINDS,
            Self::All | Self::Inner => TCPDUMP_KINDS + OWN_KINDS,
        }
    }
}

const TCPDUMP_KINDS: usize = 21;
const OWN_KINDS: usize = 10;

/// Kinds that the inner packet has tables for.
const INNER: [usize; 21] = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 19, 20, 21, 26, 28, 29];

/// A random expression of at most that depth, with one test of VLAN tags at most: behind a first one, `vlan` means the next tag.
pub fn expression(dice: &mut Dice, values: &Values, words: Vocabulary, depth: u32) -> Expression {
    loop {
        let expression = tree(dice, values, words, depth);
        if expression.tests().iter().filter(|test| matches!(test, Test::Vlan(_))).count() <= 1 {
            return expression;
        }
    }
}

fn tree(dice: &mut Dice, values: &Values, words: Vocabulary, depth: u32) -> Expression {
    if depth == 0 || dice.percent(35) {
        let kind = if words == Vocabulary::Inner { *dice.pick(&INNER) } else { dice.below(words.kinds()) };
        let test = Expression::Test(primitive(dice, values, words, kind));
        return if dice.percent(12) { Expression::Not(Box::new(test)) } else { test };
    }
    if words == Vocabulary::All && dice.percent(20) {
        return Expression::Inner(Box::new(tree(dice, values, Vocabulary::Inner, depth - 1)));
    }
    let mut operand = || Box::new(tree(dice, values, words, depth - 1));
    let (left, right) = (operand(), operand());
    match dice.below(10) {
        0..6 => Expression::And(left, right),
        6..9 => Expression::Or(left, right),
        _ => Expression::Not(left),
    }
}

/// A random primitive of a kind from 0 to [`Vocabulary::kinds`] - 1.
pub fn primitive(dice: &mut Dice, values: &Values, words: Vocabulary, kind: usize) -> Test {
    let family =
        *dice.pick(&[None, None, Some(NetworkKind::Ip), Some(NetworkKind::Arp), Some(NetworkKind::Ip6)]);
    let side = *dice.pick(&[Side::Either, Side::Source, Side::Destination]);
    let transport =
        *dice.pick(&[None, None, Some(Transport::Tcp), Some(Transport::Udp), Some(Transport::Sctp)]);
    match kind {
        0 => host(dice, values, family, side),
        1 => net(dice, values, family, side),
        2 => Test::Port(transport, side, values.port(dice)),
        3 => {
            let (a, b) = (values.port(dice), values.port(dice));
            Test::PortRange(transport, side, a.min(b), a.max(b))
        }
        4 => Test::EtherHost(side, *dice.pick(&values.macs)),
        5 => Test::EtherProto(*dice.pick(&[0x0800, 0x86dd, 0x0806, 0x8035, 0x88cc, 0x8847, 0x42, 0xaa])),
        6 => Test::EtherBroadcast,
        7 => Test::EtherMulticast,
        8 => Test::IpMulticast,
        9 => Test::Ip6Multicast,
        10 => Test::Network(*dice.pick(&[NetworkKind::Ip, NetworkKind::Ip6, NetworkKind::Arp])),
        11 => Test::Network(NetworkKind::Rarp),
        12 => Test::Transport(*dice.pick(&[Transport::Tcp, Transport::Udp, Transport::Sctp])),
        13 => dice.pick(&[Test::Icmp, Test::Icmp6, Test::Igmp]).clone(),
        14 => {
            let under = *dice.pick(&[Some(NetworkKind::Ip), Some(NetworkKind::Ip6)]);
            Test::Protocol(under, *dice.pick(&values.protocols))
        }
        15 => Test::Length(relation(dice), dice.between(40, 1_600) as u16),
        16 => Test::Less(dice.between(40, 1_600) as u16),
        17 => Test::Greater(dice.between(40, 1_600) as u16),
        18 => {
            let mask = *dice.pick(&[0x01, 0x02, 0x04, 0x12, 0x3f, 0xff]);
            Test::TcpFlags(mask, dice.percent(50), dice.word() as u8 & mask)
        }
        19 => Test::IcmpType(*dice.pick(&[0, 3, 8, 11])),
        20 => Test::Icmp6Type(*dice.pick(&[1, 128, 129, 133, 134, 135, 136])),
        _ if words != Vocabulary::Tcpdump => own(dice, values, side, kind - TCPDUMP_KINDS),
        _ => Test::Transport(Transport::Tcp),
    }
}

/// Primitives that tcpdump lacks, or has with another meaning.
fn own(dice: &mut Dice, values: &Values, side: Side, kind: usize) -> Test {
    match kind {
        0 => Test::Vlan(dice.percent(80).then(|| *dice.pick(&values.vlans))),
        1 => Test::Mpls(dice.percent(80).then(|| *dice.pick(&values.labels))),
        2 => Test::Vni(*dice.pick(&values.tunnel_ids)),
        3 => Test::Teid(*dice.pick(&values.tunnel_ids)),
        4 => Test::GreKey(*dice.pick(&values.tunnel_ids)),
        5 => Test::Dscp(*dice.pick(&[0, 8, 46, 63])),
        6 => Test::Ecn(dice.below(4) as u8),
        7 => Test::Ttl(relation(dice), *dice.pick(&[0, 1, 63, 64, 128, 255])),
        8 => dice.pick(&[Test::Frag, Test::FragFirst, Test::FragLater]).clone(),
        _ => {
            let (name, prefixes) = dice.pick(&values.sets).clone();
            Test::InSet(side, name, prefixes)
        }
    }
}

fn relation(dice: &mut Dice) -> Relation {
    *dice.pick(&[
        Relation::Equal,
        Relation::Unequal,
        Relation::Below,
        Relation::AtMost,
        Relation::Above,
        Relation::AtLeast,
    ])
}

fn host(dice: &mut Dice, values: &Values, family: Option<NetworkKind>, side: Side) -> Test {
    let v6 = family == Some(NetworkKind::Ip6) || family.is_none() && dice.percent(35);
    let prefix =
        if v6 { Prefix::V6(dice.pick(&values.v6).0, 128) } else { Prefix::V4(dice.pick(&values.v4).0, 32) };
    Test::Host(family, side, prefix)
}

fn net(dice: &mut Dice, values: &Values, family: Option<NetworkKind>, side: Side) -> Test {
    let v6 = family == Some(NetworkKind::Ip6) || family.is_none() && dice.percent(35);
    let prefix = if v6 {
        let (value, length) = *dice.pick(&values.v6);
        Prefix::V6(value, length)
    } else {
        let (value, length) = *dice.pick(&values.v4);
        Prefix::V4(value, length)
    };
    Test::Net(family, side, prefix)
}
