//! Single rules that the random tests cannot name.

use std::collections::{BTreeMap, BTreeSet};

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_policy::{Group, Plan, State, parse_policy, plan};

use crate::info::broker;
use crate::oracle::owner;
use crate::policy;

const PORTS: &str = "ports:\n  a: { role: network, id: 1, label: 5 }\n  b: { role: network, id: 2, label: 6 }\n  \
                     x: { role: tool, id: 10 }\n  y: { role: tool, id: 11 }\n";

fn first(text: &str) -> Plan {
    let info = broker(256, 128);
    plan(&State::empty(&info).expect("the broker's tables"), &policy(&format!("{PORTS}{text}")), &info)
        .expect("it fits")
}

#[test]
fn only_a_lost_members_buckets_move() {
    let tools: Vec<String> = (0..9).map(|i| format!("  t{i}: {{ role: tool, id: {} }}\n", 20 + i)).collect();
    let policy = policy(&format!("{PORTS}{}filters: []\n", tools.concat()));
    let members: Vec<usize> =
        (0..policy.tools.len()).filter(|i| policy.tools[*i].name.starts_with('t')).collect();
    let mut group =
        Group { name: "farm".into(), span: policy.ports[0].span, members: members.clone(), hosts: false };
    let all: Vec<usize> = (0..64).map(|bucket| owner(&policy, &BTreeSet::new(), &group, bucket)).collect();
    let mut load: BTreeMap<usize, u32> = BTreeMap::new();
    all.iter().for_each(|member| *load.entry(*member).or_default() += 1);
    assert_eq!(load.len(), members.len(), "every member has buckets: {load:?}");
    let lost = group.members.remove(4);
    for (bucket, before) in all.iter().enumerate() {
        let after = owner(&policy, &BTreeSet::new(), &group, bucket as u64);
        assert_eq!(after == *before, *before != lost, "bucket {bucket}");
    }
}

#[test]
fn an_unchanged_filter_keeps_its_bits() {
    let one = "filters:\n  - { name: web, match: tcp port 80, to: x }\n";
    let before = first(one);
    let info = broker(256, 128);
    let next = policy(&format!("{PORTS}{one}  - {{ name: dns, match: udp port 53, to: y }}\n"));
    let after = plan(&before.next, &next, &info).expect("it fits");
    let space = after.report.tables.iter().find(|table| table.table == "bits of terms").expect("terms");
    assert_eq!((space.before, space.after, space.new), (1, 2, Some(1)));
    assert!(after.phases[4].updates.is_empty(), "nothing goes: {:?}", after.phases[4].updates);
}

#[test]
fn a_changed_order_of_edits_takes_new_bits_of_one_of_them() {
    let filters = [
        "{ name: f, match: tcp, to: x }",
        "{ name: g, match: port 80, to: x, edits: { slice: { bytes: 64 } } }",
    ];
    let text =
        |order: [usize; 2]| format!("filters:\n  - {}\n  - {}\n", filters[order[0]], filters[order[1]]);
    let before = first(&text([0, 1]));
    let info = broker(256, 128);
    let after = plan(&before.next, &policy(&format!("{PORTS}{}", text([1, 0]))), &info).expect("it fits");
    let space = after.report.tables.iter().find(|table| table.table == "bits of terms").expect("terms");
    assert_eq!((space.after, space.new), (2, Some(1)));
    assert_eq!(after.report.disagreements.len(), 1);
    assert_eq!(after.report.disagreements[0].first, "g");
}

#[test]
fn expressions_are_located_inside_block_scalars() {
    let text = format!(
        "{PORTS}filters:\n  - name: f\n    to: x\n    match: >\n      tcp port 80\n      or tcp prot 443\n"
    );
    let mut sources = Sources::new();
    let source = sources.add("broker.yaml", text);
    let found: Diagnostics = parse_policy(&mut sources, source).expect_err("`prot` is no word");
    let place = found.iter().next().and_then(|one| one.primary.as_ref()).expect("a place").span;
    assert_eq!(sources.text(place), "prot", "{}", found.render(&sources));
}

#[test]
fn another_program_is_refused() {
    let state = State::empty(&broker(256, 128)).expect("the broker's tables");
    assert!(plan(&state, &policy(PORTS), &broker(64, 64)).is_err());
    assert!(State::empty(&sluice_entities::PipelineInfo::default()).is_err());
}
