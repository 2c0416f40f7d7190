//! Sets as text for people: `= 6`, `in {10.0.0.0/8, 192.168.0.0/16}`, `not in {...}`, with long lists cut.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{AddressSet, FieldSet, IcmpSet, MacSet, Prefix, ValueSet};
use crate::fields::{Field, FieldKind, LLC, NO_ETHER_TYPE};

/// A list of more items than this is cut there, and says how many are missing.
const SHOWN: usize = 12;

/// A field with a set of it, as one condition: `src in {10.0.0.0/8}`.
pub struct Condition<'a> {
    /// The field.
    pub field: Field,
    /// A set of its values.
    pub set: &'a FieldSet,
}

impl fmt::Display for Condition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, set_text(self.field, self.set))
    }
}

/// The set without the field's name: `in {10.0.0.0/8}`.
pub(crate) fn set_text(field: Field, set: &FieldSet) -> String {
    if set.is_full() {
        return "anything".into();
    }
    if set.is_empty() {
        return "nothing".into();
    }
    match set {
        FieldSet::Values(values) => values_text(field, values),
        FieldSet::Intervals(ranges) => {
            let mut items: Vec<String> = ranges
                .intervals()
                .iter()
                .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
                .collect();
            items.extend(ranges.has_absent().then(|| "none".to_owned()));
            list("", items)
        }
        FieldSet::Addresses(addresses) => {
            // All but some prefixes.
            let others = addresses.complement();
            let plain = !others.absent && others.v4.is_plain() && others.v6.is_plain();
            if plain { list("not ", address_items(&others)) } else { list("", address_items(addresses)) }
        }
        FieldSet::Macs(macs) => macs_text(macs),
        FieldSet::Icmp(icmp) => list("", icmp_items(icmp)),
    }
}

/// `= x` for one item, `in {...}` for several; with `not`, `!= x` and `not in {...}`.
fn list(not: &str, mut items: Vec<String>) -> String {
    if let [item] = items.as_slice()
        && !item.contains(' ')
    {
        return format!("{} {item}", if not.is_empty() { "=" } else { "!=" });
    }
    let more = items.len().saturating_sub(SHOWN);
    items.truncate(SHOWN);
    if more > 0 {
        items.push(format!("...{more} more"));
    }
    format!("{not}in {{{}}}", items.join(", "))
}

fn values_text(field: Field, set: &ValueSet) -> String {
    let absent = match field.kind() {
        FieldKind::Values { absent, .. } => absent,
        _ => u64::MAX,
    };
    if set.others() && set.listed() == [absent] {
        return "present".into();
    }
    if matches!(field, Field::TcpFlags | Field::InnerTcpFlags)
        && let Some(text) = flags_text(set)
    {
        return text;
    }
    // Runs of neighbors are shown as ranges, so that `ttl < 5` reads as one.
    let mut items = Vec::new();
    let mut runs = set.listed().iter().copied().filter(|value| *value != absent).peekable();
    while let Some(first) = runs.next() {
        let mut last = first;
        while runs.peek() == Some(&(last + 1)) {
            last += 1;
            runs.next();
        }
        let (low, high) = (value_text(field, first), value_text(field, last));
        match last - first {
            0 => items.push(low),
            1 => items.extend([low, high]),
            _ => items.push(format!("{low}-{high}")),
        }
    }
    items.extend(set.listed().contains(&absent).then(|| "none".to_owned()));
    list(if set.others() { "not " } else { "" }, items)
}

/// `& 0x02 = 0x02` where the set is all bytes with certain bits, `& 0x02 != 0x02` where it is all other bytes.
fn flags_text(set: &ValueSet) -> Option<String> {
    let list = |wanted: bool| (0..256u64).filter(move |byte| set.contains(*byte) == wanted);
    for (wanted, sign) in [(true, "="), (false, "!=")] {
        let (ones, zeros) =
            list(wanted).fold((0xFF, 0xFF), |(ones, zeros), byte| (ones & byte, zeros & !byte));
        let mask = ones | zeros;
        let named = mask.count_ones();
        let cube = list(wanted).count() == 1 << (8 - named);
        if cube && (1..8).contains(&named) && !set.contains(256) {
            return Some(format!("& 0x{mask:02x} {sign} 0x{ones:02x}"));
        }
    }
    None
}

fn value_text(field: Field, value: u64) -> String {
    match field {
        Field::EtherType | Field::L3 | Field::InnerL3 if value == NO_ETHER_TYPE => "none".into(),
        Field::EtherType | Field::L3 | Field::InnerL3 if value >= LLC => format!("llc:0x{:02x}", value - LLC),
        Field::EtherType | Field::L3 | Field::InnerL3 => match value {
            0x0800 => "ip".into(),
            0x86DD => "ip6".into(),
            0x0806 => "arp".into(),
            0x8035 => "rarp".into(),
            _ => format!("0x{value:04x}"),
        },
        Field::TcpFlags | Field::InnerTcpFlags => format!("0x{value:02x}"),
        Field::Fragment | Field::InnerFragment => match value {
            1 => "whole".into(),
            2 => "first".into(),
            _ => "later".into(),
        },
        _ => value.to_string(),
    }
}

/// `10.0.0.0/8`; a full-length prefix as an address; `except` for a node that takes keys out.
fn prefix_text<K: Copy, A: fmt::Display>(node: &Prefix<K>, bits: u8, address: impl Fn(K) -> A) -> String {
    let except = if node.member { "" } else { "except " };
    let value = address(node.value);
    if node.length == bits { format!("{except}{value}") } else { format!("{except}{value}/{}", node.length) }
}

fn address_items(set: &AddressSet) -> Vec<String> {
    let mut items = Vec::new();
    items.extend(set.v4.root().then(|| "any IPv4".to_owned()));
    items.extend(set.v4.nodes().iter().map(|node| prefix_text(node, 32, Ipv4Addr::from)));
    items.extend(set.v6.root().then(|| "any IPv6".to_owned()));
    items.extend(set.v6.nodes().iter().map(|node| prefix_text(node, 128, Ipv6Addr::from)));
    items.extend(set.absent.then(|| "none".to_owned()));
    items
}

fn macs_text(set: &MacSet) -> String {
    let text = |address: &u64| {
        let bytes = address.to_be_bytes();
        let hex: Vec<String> = bytes[2..].iter().map(|byte| format!("{byte:02x}")).collect();
        hex.join(":")
    };
    let listed: Vec<String> = set.listed().iter().map(text).collect();
    if set.unicast() && set.multicast() {
        return list("not ", listed);
    }
    let mut items = Vec::new();
    items.extend(set.unicast().then(|| "any unicast".to_owned()));
    items.extend(set.multicast().then(|| "any multicast".to_owned()));
    for (address, text) in set.listed().iter().zip(listed) {
        let except = if set.contains(*address) { "" } else { "except " };
        items.push(format!("{except}{text}"));
    }
    list("", items)
}

fn icmp_items(set: &IcmpSet) -> Vec<String> {
    let mut items = Vec::new();
    items.extend(set.root().then(|| "anything".to_owned()));
    items.extend(set.nodes().iter().map(|node| {
        let except = if node.member { "" } else { "except " };
        let family = match node.value >> 16 {
            0 => "none",
            1 => "icmp",
            2 => "icmp6",
            _ => "reserved",
        };
        let (kind, code) = (node.value >> 8 & 0xFF, node.value & 0xFF);
        match node.length {
            2 => format!("{except}{family}"),
            10 => format!("{except}{family} type {kind}"),
            18 => format!("{except}{family} type {kind} code {code}"),
            length => format!("{except}{:#x}/{length}", node.value),
        }
    }));
    items
}
