//! Random expressions against their terms: the tree says what must match, the terms what the tables would keep.

use proptest::prelude::*;
use proptest::sample::select;
use sluice_policy::fields::{Address, Field, FieldKind, FieldValue, FieldValues, NO_ETHER_TYPE};
use sluice_policy::filter::disjoint;

use crate::terms_of;

/// Primitives of the outer packet and of the inner one.
const ANYWHERE: &[&str] = &[
    "host 10.0.0.1",
    "src 10.0.0.1",
    "dst net 10.0.0.0/8",
    "net 10.0.0.0/24",
    "src and dst net 10.0.0.0/8",
    "ip host 10.0.0.1",
    "ip6 host ::1",
    "net ::/0",
    "src in @servers",
    "not host 10.0.0.1",
    "arp host 10.0.0.1",
    "src 10.0.0.1 or dst 10.1.0.1",
    "host in {10.0.0.1, ::1}",
    "host (10.0.0.1 or 10.1.0.1)",
    "ip",
    "ip6",
    "arp",
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "proto 47",
    "ip proto 6",
    "tcp port 80",
    "port 80",
    "port 80 or 443",
    "src port 80",
    "tcp dst port 443",
    "portrange 80-443",
    "port domain",
    "port http",
    "port in @webports",
    "udp src or dst port 53",
    "src and dst port 80",
    "port (80 or not 443)",
    "tcp[tcpflags] & tcp-syn != 0",
    "tcpflags = 2",
    "tcp[13] & 0x12 = 2",
    "icmp[icmptype] = 8",
    "icmp[icmptype] != 8",
    "icmp6[icmp6type] = 135",
    "ttl < 3",
    "ttl != 64",
    "dscp 46",
    "frag",
    "frag first",
    "not frag",
    "ip[6:2] & 0x1fff = 0",
    "ip multicast",
    "multicast",
    "broadcast",
    "ether host 00:11:22:33:44:55",
    "ether src 00:11:22:33:44:55",
    "vlan",
    "vlan 5",
    "vlan in {5, 6}",
];

/// Primitives of the outer packet alone.
const OUTER: &[&str] = &[
    "len > 1000",
    "less 64",
    "greater 100",
    "ether proto 0x88cc",
    "stp",
    "mpls",
    "mpls 16",
    "vni 11",
    "vni != 11",
    "teid 7",
    "gre key",
    "ecn ce",
    "ip[1] & 3 = 3",
];

fn combined(leaf: BoxedStrategy<String>, depth: u32) -> BoxedStrategy<String> {
    leaf.prop_recursive(depth, 10, 3, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["and", "or", "&&", "||"]), inner.clone())
                .prop_map(|(a, operator, b)| format!("({a}) {operator} ({b})")),
            // Without parentheses: equal precedence, left to right.
            (
                inner.clone(),
                select(vec!["and", "or"]),
                inner.clone(),
                select(vec!["and", "or"]),
                inner.clone()
            )
                .prop_map(|(a, first, b, second, c)| format!("({a}) {first} ({b}) {second} ({c})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
    .boxed()
}

fn expression() -> BoxedStrategy<String> {
    let leaf = |list: &'static [&'static str]| select(list).prop_map(str::to_owned).boxed();
    let inner = combined(leaf(ANYWHERE), 2).prop_map(|inner| format!("inner ({inner})"));
    let all = prop_oneof![8 => leaf(ANYWHERE), 2 => leaf(OUTER), 1 => inner];
    combined(all.boxed(), 4)
}

/// Values near those that the primitives mention.
fn value(field: Field) -> BoxedStrategy<FieldValue> {
    let numbers = |list: Vec<u64>| select(list).prop_map(FieldValue::Number).boxed();
    match field {
        Field::EtherType => numbers(vec![0x800, 0x86DD, 0x88CC, 0x8100, NO_ETHER_TYPE]),
        Field::L3 | Field::InnerL3 => numbers(vec![0x800, 0x86DD, 0x806, 0x10042, NO_ETHER_TYPE]),
        Field::VlanOuter | Field::VlanInner | Field::InnerVlan => numbers(vec![5, 6, 7, 0x1000]),
        Field::MacSrc | Field::MacDst | Field::InnerMacSrc | Field::InnerMacDst => {
            numbers(vec![0, 0x0011_2233_4455, 0x0100_5E00_0001, 0xFFFF_FFFF_FFFF])
        }
        Field::IpProto | Field::InnerIpProto => numbers(vec![1, 6, 17, 47, 58, 256]),
        Field::TcpFlags | Field::InnerTcpFlags => numbers(vec![0, 2, 0x12, 0x10, 256]),
        Field::Dscp | Field::InnerDscp => numbers(vec![0, 46, 64]),
        Field::Ecn => numbers(vec![0, 3, 4]),
        Field::Ttl | Field::InnerTtl => numbers(vec![1, 3, 64, 256]),
        Field::Fragment | Field::InnerFragment => numbers(vec![0, 1, 2, 3]),
        Field::Icmp | Field::InnerIcmp => numbers(vec![0, 0x1_0800, 0x1_0300, 0x2_8700, 0x2_8000]),
        Field::Mpls => numbers(vec![16, 17, 0x10_0000]),
        Field::Vni => numbers(vec![11, 12, 0x100_0000]),
        Field::Teid | Field::GreKey => numbers(vec![7, 8, 0x1_0000_0000]),
        Field::Length => select(vec![60u16, 64, 65, 100, 1000, 1001])
            .prop_map(|length| FieldValue::Port(Some(length)))
            .boxed(),
        Field::L4Src | Field::L4Dst | Field::InnerL4Src | Field::InnerL4Dst => {
            select(vec![None, Some(53), Some(80), Some(81), Some(443), Some(5000), Some(8005)])
                .prop_map(FieldValue::Port)
                .boxed()
        }
        Field::AddressSrc | Field::AddressDst | Field::InnerAddressSrc | Field::InnerAddressDst => {
            let v4 = [0x0A00_0001, 0x0A00_0002, 0x0A01_0001, 0xC000_0201, 0xE000_0001].map(Address::V4);
            let v6 = [1, 0x2001_0DB8 << 96].map(Address::V6);
            select([&v4[..], &v6[..], &[Address::None]].concat()).prop_map(FieldValue::Address).boxed()
        }
    }
}

fn packet() -> impl Strategy<Value = FieldValues> {
    let values: Vec<_> = Field::ALL.iter().map(|field| value(*field)).collect();
    values.prop_map(|values| {
        let mut packet = FieldValues::default();
        for (field, value) in Field::ALL.iter().zip(values) {
            packet.set(*field, value);
        }
        packet
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn terms_select_what_the_expression_selects(text in expression(), packets in prop::collection::vec(packet(), 40)) {
        // Too many terms, or one VLAN tag too many, is refused; nothing else may be.
        let (expr, terms) = match terms_of(&text) {
            Ok(found) => found,
            Err(rendered) => {
                prop_assert!(rendered.contains("terms") || rendered.contains("one more"), "{}", rendered);
                return Ok(());
            }
        };
        let apart = disjoint(&terms, 256);
        for packet in &packets {
            let wanted = expr.matches(packet);
            prop_assert_eq!(terms.iter().any(|term| term.matches(packet)), wanted, "{}", text);
            if let Some(apart) = &apart {
                let hits = apart.iter().filter(|term| term.matches(packet)).count();
                prop_assert_eq!(hits, usize::from(wanted), "{}", text);
            }
        }
    }

    #[test]
    fn terms_are_in_their_form(text in expression()) {
        let Ok((_, terms)) = terms_of(&text) else { return Ok(()) };
        for term in &terms {
            prop_assert!(term.sets.values().all(|set| !set.is_full() && !set.is_empty()), "{}: {}", text, term);
            let both = |a, b| term.sets.contains_key(&a) && term.sets.contains_key(&b);
            prop_assert!(!term.either_address || both(Field::AddressSrc, Field::AddressDst));
            prop_assert!(!term.either_port || both(Field::L4Src, Field::L4Dst));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z0-9 ().:/@{}\\[\\]&|!=<>\\\\-]{0,60}") {
        let _ = terms_of(&text);
    }

    #[test]
    fn no_order_of_words_makes_it_panic(words in prop::collection::vec(select(WORDS), 0..14)) {
        let _ = terms_of(&words.join(" "));
    }
}

const WORDS: &[&str] = &[
    "tcp",
    "ip",
    "ether",
    "port",
    "host",
    "net",
    "src",
    "dst",
    "and",
    "or",
    "not",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "in",
    "@servers",
    "@x",
    "80",
    "10.0.0.1",
    "::1",
    "/",
    "8",
    "mask",
    "255.0.0.0",
    "proto",
    "\\tcp",
    "vlan",
    "inner",
    "len",
    ">",
    "=",
    "&",
    "-",
    ":",
    "13",
    "tcp-syn",
    "less",
    "gre",
    "key",
    "frag",
    "first",
    "ttl",
    "multicast",
    ",",
    "tcp[13]",
];

#[test]
fn every_field_has_values_of_its_kind() {
    for field in Field::ALL {
        let absent = field.absent();
        let fits = match field.kind() {
            FieldKind::Values { .. } | FieldKind::Macs | FieldKind::Icmp => {
                matches!(absent, FieldValue::Number(_))
            }
            FieldKind::Intervals { .. } => matches!(absent, FieldValue::Port(_)),
            FieldKind::Addresses => matches!(absent, FieldValue::Address(_)),
        };
        assert!(fits, "{field}");
    }
}
