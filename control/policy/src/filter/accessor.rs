//! Header bytes that relations may read, and the table fields that they are.

use std::collections::BTreeMap;

use super::expr::Formula;
use super::primitive::{IP, IP6, values};
use crate::fields::{FRAGMENT_FIRST, FRAGMENT_LATER, FRAGMENT_WHOLE, Field, FieldKind, ICMP_BITS};
use crate::sets::{FieldSet, IcmpSet, IntervalSet, MacSet};

/// Bytes of a header, or a number about the packet.
pub(super) struct Accessor {
    header: &'static str,
    offset: u32,
    size: u32,
    /// As it is written, for messages.
    pub(super) name: &'static str,
    /// Largest value of the bytes.
    pub(super) last: u32,
    /// What must be so for the bytes to be there: `l3` and IP protocol (0: any).
    l3: u64,
    protocol: u64,
    /// The fields that the bytes hold, and the field's value for each value of the bytes.
    views: &'static [(Field, View)],
    /// What to write where no view is exact.
    pub(super) help: &'static str,
}

/// How a field's value is read from the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// The bytes are the value.
    Same,
    /// DSCP in the traffic class byte.
    UpperSix,
    /// ECN in the traffic class byte.
    LowerTwo,
    /// The multicast bit in the first byte of a MAC address.
    GroupBit,
    /// IPv4's flags and fragment offset.
    Fragment,
    /// The type of the key of [`Field::Icmp`], of this family.
    IcmpType(u32),
    /// The code of that key.
    IcmpCode(u32),
}

impl View {
    /// The field's value for a value of the bytes; for ICMP the type or code alone.
    fn read(self, bytes: u32) -> u64 {
        let fragment = match (bytes & 0x2000 != 0, bytes & 0x1FFF) {
            (false, 0) => FRAGMENT_WHOLE,
            (true, 0) => FRAGMENT_FIRST,
            _ => FRAGMENT_LATER,
        };
        match self {
            Self::Same | Self::IcmpType(_) | Self::IcmpCode(_) => bytes.into(),
            Self::UpperSix => (bytes >> 2).into(),
            Self::LowerTwo => (bytes & 3).into(),
            Self::GroupBit => (bytes & 1).into(),
            Self::Fragment => fragment,
        }
    }

    /// The set of a field with these values of it, which are sorted.
    fn set(self, field: Field, list: &[u64]) -> FieldSet {
        // All of them are below 65,536: they were read from two bytes at most.
        let narrow = list.iter().map(|value| *value as u16);
        let key = |family: u32, middle: u32, low: u32| family << 16 | middle << 8 | low;
        match (self, field.kind()) {
            (Self::GroupBit, _) => {
                let multicast = MacSet::all_multicast();
                FieldSet::Macs(match list {
                    [] => MacSet::default(),
                    [0] => multicast.complement(),
                    [1] => multicast,
                    _ => MacSet::default().complement(),
                })
            }
            // Most of them: the family without the others, which takes fewer entries.
            (Self::IcmpType(family) | Self::IcmpCode(family), _) if list.len() > 128 => {
                let others: Vec<u64> = (0..256).filter(|value| list.binary_search(value).is_err()).collect();
                let family = FieldSet::Icmp(IcmpSet::of([(key(family, 0, 0), 2)]));
                family.difference(&self.set(field, &others))
            }
            (Self::IcmpType(family), _) => {
                FieldSet::Icmp(IcmpSet::of(narrow.map(|kind| (key(family, kind.into(), 0), 10))))
            }
            (Self::IcmpCode(family), _) => {
                let of_code =
                    |code: u16| (0..256).map(move |kind| (key(family, kind, code.into()), ICMP_BITS));
                FieldSet::Icmp(IcmpSet::of(narrow.flat_map(of_code)))
            }
            (_, FieldKind::Intervals { optional }) => {
                FieldSet::Intervals(IntervalSet::of(optional, narrow.map(|value| (value, value))))
            }
            _ => values(field, list.iter().copied()),
        }
    }
}

const NO_HELP: &str = "every value is told apart";

const fn byte(header: &'static str, offset: u32, name: &'static str, of: (u64, u64)) -> Accessor {
    Accessor {
        header,
        offset,
        size: 1,
        name,
        last: 0xFF,
        l3: of.0,
        protocol: of.1,
        views: &[],
        help: NO_HELP,
    }
}

const fn port(header: &'static str, offset: u32, name: &'static str, protocol: u64) -> Accessor {
    let views: &[(Field, View)] =
        if offset == 0 { &[(Field::L4Src, View::Same)] } else { &[(Field::L4Dst, View::Same)] };
    Accessor { header, offset, size: 2, name, last: 0xFFFF, l3: IP, protocol, views, help: NO_HELP }
}

/// The length of the packet.
pub(super) static LENGTH: &Accessor = &ALL[0];
/// TCP flags of both IP versions (`tcp[13]` is of IPv4 alone, as in tcpdump).
pub(super) static TCP_FLAGS: &Accessor = &ALL[1];

static ALL: &[Accessor] = &[
    Accessor { size: 0, last: 0xFFFF, views: &[(Field::Length, View::Same)], ..byte("", 0, "len", (0, 0)) },
    Accessor { size: 0, views: &[(Field::TcpFlags, View::Same)], ..byte("", 0, "tcpflags", (0, 0)) },
    Accessor { views: &[(Field::TcpFlags, View::Same)], ..byte("tcp", 13, "tcp[13]", (IP, 6)) },
    Accessor { views: &[(Field::Icmp, View::IcmpType(1))], ..byte("icmp", 0, "icmp[0]", (IP, 1)) },
    Accessor { views: &[(Field::Icmp, View::IcmpCode(1))], ..byte("icmp", 1, "icmp[1]", (IP, 1)) },
    Accessor { views: &[(Field::Icmp, View::IcmpType(2))], ..byte("icmp6", 0, "icmp6[0]", (IP6, 58)) },
    Accessor { views: &[(Field::Icmp, View::IcmpCode(2))], ..byte("icmp6", 1, "icmp6[1]", (IP6, 58)) },
    Accessor {
        views: &[(Field::Dscp, View::UpperSix), (Field::Ecn, View::LowerTwo)],
        help: "test one of its two fields: `ip[1] >> 2 = 46` or `dscp 46`, `ip[1] & 3 = 3` or `ecn 3`",
        ..byte("ip", 1, "ip[1]", (IP, 0))
    },
    Accessor {
        size: 2,
        last: 0xFFFF,
        views: &[(Field::Fragment, View::Fragment)],
        help: "whole, first and later fragments are told apart: `frag`, `frag first`, `frag later`, `ip[6:2] & 0x1fff = 0`",
        ..byte("ip", 6, "ip[6:2]", (IP, 0))
    },
    Accessor { views: &[(Field::Ttl, View::Same)], ..byte("ip", 8, "ip[8]", (IP, 0)) },
    Accessor { views: &[(Field::IpProto, View::Same)], ..byte("ip", 9, "ip[9]", (IP, 0)) },
    Accessor { views: &[(Field::Ttl, View::Same)], ..byte("ip6", 7, "ip6[7]", (IP6, 0)) },
    Accessor {
        views: &[(Field::MacDst, View::GroupBit)],
        help: "of the first byte only the multicast bit is told apart: `ether[0] & 1 != 0`; write `ether dst ...`",
        ..byte("ether", 0, "ether[0]", (0, 0))
    },
    port("tcp", 0, "tcp[0:2]", 6),
    port("tcp", 2, "tcp[2:2]", 6),
    port("udp", 0, "udp[0:2]", 17),
    port("udp", 2, "udp[2:2]", 17),
    port("sctp", 0, "sctp[0:2]", 132),
    port("sctp", 2, "sctp[2:2]", 132),
];

/// The field behind `header[offset:size]`.
pub(super) fn accessor(header: &str, offset: u32, size: u32) -> Option<&'static Accessor> {
    let header = if header == "link" { "ether" } else { header };
    ALL.iter().find(|known| known.header == header && known.offset == offset && known.size == size)
}

/// What to write instead of bytes that are in no table.
pub(super) fn instead(header: &str, offset: u32) -> &'static str {
    match (header, offset) {
        ("ip", 12..=15) | ("ip6", 8..=23) => "write `src net 10.0.0.0/8`",
        ("ip", 16..=19) | ("ip6", 24..=39) => "write `dst net 10.0.0.0/8`",
        ("ip", 2 | 3) | ("ip6", 4 | 5) => "for the length of the packet write `len`, `less` or `greater`",
        ("ip", 6 | 7) => "write `frag`, `frag first`, `frag later`, or `ip[6:2] & 0x1fff = 0`",
        ("ip6", 6) => "extension headers are walked; write `ip6 proto 6`",
        ("ip6", 0 | 1) => "write `dscp 46`, `ecn 3`",
        ("tcp" | "udp" | "sctp", 0..=3) => "write `src port 80`, `dst port 80`, or `tcp[0:2]`, `tcp[2:2]`",
        ("tcp", 12) => "the header's length is in no table; the flags are `tcp[13]`",
        ("ether" | "link", 0..=5) => "write `ether dst 00:11:22:33:44:55`",
        ("ether" | "link", 6..=11) => "write `ether src 00:11:22:33:44:55`",
        ("ether" | "link", 12 | 13) => "write `ether proto 0x88cc`",
        ("arp" | "rarp", _) => "of ARP the addresses are in the tables: `arp host 192.0.2.1`",
        _ => {
            "what can be read: `tcp[tcpflags]`, `icmp[icmptype]`, `icmp6[icmp6type]`, `ip[1]`, `ip[6:2]`, \
             `ip[8]`, `ip[9]`, `ip6[7]`, `ether[0]`, ports"
        }
    }
}

impl Accessor {
    /// What must hold for the bytes to be there.
    pub(super) fn implied(&self) -> Vec<Formula> {
        let mut all = Vec::new();
        if self.l3 != 0 {
            all.push(Formula::value(Field::L3, self.l3));
        }
        if self.protocol != 0 {
            all.push(Formula::value(Field::IpProto, self.protocol));
        }
        all
    }

    /// The field and the values of it for which `holds` is true of the bytes; `None` where no view decides that.
    pub(super) fn set(&self, holds: &dyn Fn(u32) -> bool) -> Option<(Field, FieldSet)> {
        self.views.iter().find_map(|(field, view)| {
            let mut truth: BTreeMap<u64, bool> = BTreeMap::new();
            for bytes in 0..=self.last {
                let now = holds(bytes);
                if *truth.entry(view.read(bytes)).or_insert(now) != now {
                    return None;
                }
            }
            let list: Vec<u64> =
                truth.into_iter().filter(|(_, holds)| *holds).map(|(value, _)| value).collect();
            Some((*field, view.set(*field, &list)))
        })
    }
}
