//! Set algebra: laws, membership, and that equality is equality of meaning.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use proptest::prelude::*;
use proptest::sample::select;
use sluice_policy::fields::{Address, Field, FieldValue};
use sluice_policy::sets::{AddressSet, FieldSet, IcmpSet, IntervalSet, MacSet, ValueSet};

/// One field of each kind, and two sizes of exact fields.
const FIELDS: [Field; 7] =
    [Field::Ecn, Field::Teid, Field::L4Src, Field::Length, Field::AddressSrc, Field::MacDst, Field::Icmp];

/// Prefixes that nest, neighbor and repeat: values of four bits at the top, or whole keys.
fn prefixes(bits: u8) -> impl Strategy<Value = Vec<(u32, u8)>> {
    let top = (0u32..16, 0u8..=4).prop_map(move |(value, length)| (value << (bits - 4), length));
    let whole = select(vec![0u32, 1, 0x1234, 0x3_0000]).prop_map(move |value| (value, bits));
    prop::collection::vec(prop_oneof![3 => top, 1 => whole], 0..6)
}

fn wide(prefixes: Vec<(u32, u8)>) -> AddressSet {
    let spread =
        |(value, length): (u32, u8)| (u128::from(value) << 96, if length == 32 { 128 } else { length });
    AddressSet::of_v6(prefixes.into_iter().map(spread))
}

/// A set straight from a list of values.
fn simple(field: Field) -> BoxedStrategy<FieldSet> {
    let numbers = |max: u64| prop::collection::vec(0..=max, 0..5);
    match field {
        Field::Ecn => numbers(4).prop_map(|list| FieldSet::Values(ValueSet::of(4, list))).boxed(),
        Field::Teid => {
            numbers(6).prop_map(|list| FieldSet::Values(ValueSet::of(0x1_0000_0000, list))).boxed()
        }
        Field::L4Src | Field::Length => {
            let optional = field == Field::L4Src;
            prop::collection::vec((select(PORTS.to_vec()), select(PORTS.to_vec())), 0..4)
                .prop_map(move |list| FieldSet::Intervals(IntervalSet::of(optional, list)))
                .boxed()
        }
        Field::AddressSrc => (prefixes(32), prefixes(32), any::<bool>())
            .prop_map(|(v4, v6, absent)| {
                let both = AddressSet::of_v4(v4).union(&wide(v6));
                FieldSet::Addresses(AddressSet { absent, ..both })
            })
            .boxed(),
        Field::MacDst => (any::<bool>(), prop::collection::vec(select(MACS.to_vec()), 0..4))
            .prop_map(|(multicast, list)| {
                let list = FieldSet::Macs(MacSet::of(list));
                if multicast { list.union(&FieldSet::Macs(MacSet::all_multicast())) } else { list }
            })
            .boxed(),
        _ => prefixes(18).prop_map(|list| FieldSet::Icmp(IcmpSet::of(list))).boxed(),
    }
}

const PORTS: [u16; 8] = [0, 1, 79, 80, 81, 443, 65534, 65535];
const MACS: [u64; 4] = [0, 0x0011_2233_4455, 0x0100_5e00_0001, 0xFFFF_FFFF_FFFF];

/// Sets as operations make them, with nested nodes and complements.
fn set(field: Field) -> BoxedStrategy<FieldSet> {
    simple(field)
        .prop_recursive(3, 12, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|a| a.complement()),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| a.union(&b)),
                (inner.clone(), inner).prop_map(|(a, b)| a.difference(&b)),
            ]
        })
        .boxed()
}

/// Values that between them meet every region that [`set`] can tell apart.
fn probes(field: Field) -> Vec<FieldValue> {
    match field {
        Field::Ecn => (0..=4).map(FieldValue::Number).collect(),
        Field::Teid => (0..=8).chain([0x1_0000_0000]).map(FieldValue::Number).collect(),
        Field::L4Src => PORTS
            .iter()
            .flat_map(|port| [*port, port.saturating_add(1), port.saturating_sub(1)])
            .chain([200, 5000])
            .map(|port| FieldValue::Port(Some(port)))
            .chain([FieldValue::Port(None)])
            .collect(),
        Field::Length => PORTS
            .iter()
            .flat_map(|port| [*port, port.saturating_add(1), port.saturating_sub(1)])
            .chain([200, 5000])
            .map(|port| FieldValue::Port(Some(port)))
            .collect(),
        Field::AddressSrc => {
            let low = [0u32, 1, 2, 0x1234, 0x3_0000];
            let v4 = (0u32..16).flat_map(move |top| low.map(|low| top << 28 | low));
            let each = |value: u32| [Address::V4(value), Address::V6(u128::from(value) << 96)];
            v4.flat_map(each).chain([Address::None]).map(FieldValue::Address).collect()
        }
        Field::MacDst => MACS
            .iter()
            .chain(&[0x0300_0000_0000, 0x0022_0000_0000])
            .map(|mac| FieldValue::Number(*mac))
            .collect(),
        _ => {
            let low = [0u64, 1, 2, 0x1234];
            (0u64..16)
                .flat_map(move |top| low.map(|low| top << 14 | low))
                .chain([0x3_0000])
                .map(FieldValue::Number)
                .collect()
        }
    }
}

fn hash(set: &FieldSet) -> u64 {
    let mut hasher = DefaultHasher::new();
    set.hash(&mut hasher);
    hasher.finish()
}

fn check(field: Field, a: &FieldSet, b: &FieldSet) -> Result<(), TestCaseError> {
    let (union, both, without) = (a.union(b), a.intersection(b), a.difference(b));
    let probes = probes(field);
    for probe in &probes {
        let (in_a, in_b) = (a.contains(*probe), b.contains(*probe));
        prop_assert_eq!(union.contains(*probe), in_a || in_b, "{:?} of {:?}", probe, field);
        prop_assert_eq!(both.contains(*probe), in_a && in_b);
        prop_assert_eq!(without.contains(*probe), in_a && !in_b);
        prop_assert_eq!(a.complement().contains(*probe), !in_a);
    }
    let content = |set: &FieldSet| probes.iter().map(|probe| set.contains(*probe)).collect::<Vec<_>>();
    let (x, y) = (content(a), content(b));
    prop_assert_eq!(a == b, x == y, "{:?} and {:?}", a, b);
    prop_assert_eq!(a.is_empty(), !x.contains(&true));
    prop_assert_eq!(a.is_full(), !x.contains(&false));
    prop_assert_eq!(a.is_subset(b), x.iter().zip(&y).all(|(x, y)| !x || *y));
    if a == b {
        prop_assert_eq!(hash(a), hash(b));
    }
    // Laws, by equality.
    prop_assert_eq!(&a.complement().complement(), a);
    prop_assert_eq!(union.complement(), a.complement().intersection(&b.complement()));
    prop_assert_eq!(&a.union(&both), a);
    prop_assert_eq!(union.difference(b), without.clone());
    prop_assert_eq!(b.union(a), union);
    prop_assert!(a.intersection(&a.complement()).is_empty());
    prop_assert!(a.union(&a.complement()).is_full());
    prop_assert_eq!(a.union(&FieldSet::empty(field)), a.clone());
    prop_assert_eq!(a.intersection(&FieldSet::full(field)), a.clone());
    prop_assert!(FieldSet::absent(field).is_empty() || FieldSet::absent(field).contains(field.absent()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sets_keep_the_laws((field, a, b) in select(FIELDS.to_vec()).prop_flat_map(|field| (Just(field), set(field), set(field)))) {
        check(field, &a, &b)?;
    }
}

#[test]
fn the_same_set_written_in_two_ways_is_equal() {
    let halves = AddressSet::of_v4([(0, 1), (1 << 31, 1)]);
    let whole = AddressSet::of_v4([(0, 0)]);
    assert_eq!(halves, whole);
    assert!(halves.v4.is_full());
    let quarter = AddressSet::of_v4([(0x0A00_0000, 9), (0x0A80_0000, 9)]);
    assert_eq!(quarter, AddressSet::of_v4([(0x0A00_0000, 8)]));
    assert_eq!(ValueSet::of(4, [0, 1, 2, 3, 4]), ValueSet::empty(4).complement());
    assert_eq!(ValueSet::of(3, [0, 1]), ValueSet::of(3, [2, 3]).complement());
}

#[test]
fn nodes_are_what_people_wrote_and_no_more() {
    let outer = AddressSet::of_v4([(0x0A00_0000, 8)]);
    let inner = AddressSet::of_v4([(0x0A01_0000, 16)]);
    assert_eq!(outer.union(&inner).v4.nodes().len(), 1);
    let hole = FieldSet::Addresses(outer).difference(&FieldSet::Addresses(inner));
    let FieldSet::Addresses(hole) = hole else { panic!("addresses stay addresses") };
    assert_eq!(hole.v4.nodes().len(), 2);
}
