//! Tables grow with distinct values, never with products of fields; everything here fits the default sizes.
//!
//! Run with `--nocapture` for the report.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use sluice_conformance::harness::Broker;
use sluice_conformance::trial::{self, Dice};
use sluice_policy::Plan;

const PORTS: &str = "
ports:
  tap: { role: network, id: 1 }
  a: { role: tool, id: 10 }
  b: { role: tool, id: 11 }
  c: { role: tool, id: 12 }
  d: { role: tool, id: 13 }
";
const TOOLS: [&str; 4] = ["a", "b", "c", "d"];

/// Entries by table after the plan.
fn entries(plan: &Plan) -> BTreeMap<&str, u64> {
    plan.report.tables.iter().map(|table| (&*table.table, table.after)).collect()
}

fn report(name: &str, plan: &Plan) {
    let mut text = format!("{name}:");
    for table in plan.report.tables.iter().filter(|table| table.after > 0) {
        let _ = write!(text, " {} {}/{},", table.table, table.after, table.size);
        assert!(table.after <= table.size, "{name}: {table:?}");
    }
    println!("{}", text.trim_end_matches(','));
}

/// Filters of one term each, fields wild with 40 %, addresses from nested prefixes; and the distinct values of each field.
fn random_terms(dice: &mut Dice, terms: usize) -> (String, BTreeMap<&'static str, u64>) {
    let mut text = format!("{PORTS}filters:\n");
    let mut values: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for i in 0..terms {
        let mut tests: Vec<String> = Vec::new();
        let mut test = |field: &'static str, words: String, value: String| {
            tests.push(words);
            let known = values.entry(field).or_default();
            if !known.contains(&value) {
                known.push(value);
            }
        };
        for (field, side) in [("narrow_ipv4_src", "src"), ("narrow_ipv4_dst", "dst")] {
            if dice.percent(60) {
                // Nested: /8, and longer ones inside.
                let length = *dice.pick(&[8, 12, 16, 20, 24, 32]);
                let address = (10 << 24 | dice.word() as u32 & 0x00ff_ffff) & u32::MAX << (32 - length);
                let prefix = format!("{}/{length}", std::net::Ipv4Addr::from(address));
                test(field, format!("{side} net {prefix}"), prefix);
            }
        }
        for (field, side) in [("narrow_l4_src", "src"), ("narrow_l4_dst", "dst")] {
            if dice.percent(60) {
                let low = dice.below(60_000);
                let high = low + *dice.pick(&[0, 10, 1_000]);
                test(field, format!("{side} portrange {low}-{high}"), format!("{low}-{high}"));
            }
        }
        for (field, words, most) in [
            ("narrow_vlan_outer", "vlan", 4_095),
            ("narrow_ip_proto", "ip proto", 33),
            ("narrow_dscp", "dscp", 63),
        ] {
            if dice.percent(60) {
                let value = dice.between(if words == "ip proto" { 1 } else { 0 }, most).to_string();
                test(field, format!("{words} {value}"), value);
            }
        }
        let tool = TOOLS[i % 4];
        let matches =
            if tests.is_empty() { String::new() } else { format!(", match: '{}'", tests.join(" and ")) };
        let _ = writeln!(text, "  - {{ name: filter-{i}{matches}, to: [{tool}] }}");
    }
    (text, values.into_iter().map(|(field, values)| (field, values.len() as u64)).collect())
}

#[test]
fn narrow_tables_grow_with_distinct_values() {
    for terms in [10, 50, 100, 150, 200, 250] {
        trial::each(terms as u64, 1, |dice| {
            let (text, values) = random_terms(dice, terms);
            let broker = Broker::default();
            let plan = broker.plan(&text).unwrap_or_else(|error| panic!("{error}"));
            report(&format!("{terms} terms"), &plan);
            let used = entries(&plan);
            for (field, distinct) in values {
                // A range takes at most two edges; an exact value or a prefix one entry; one more for the rest.
                let most = if field.starts_with("narrow_l4") { 2 * distinct + 1 } else { distinct + 1 };
                let used = used.get(field).copied().unwrap_or(0);
                assert!(used <= most, "{field} has {used} entries for {distinct} values");
            }
        });
    }
}

#[test]
fn one_field_filters_do_not_multiply() {
    let mut text = format!("{PORTS}filters:\n");
    let mut tests: Vec<String> = (0..8).map(|i| format!("src net 10.{i}.0.0/16")).collect();
    tests.extend((0..8).map(|i| format!("dst net 10.{i}.0.0/16")));
    tests.extend((0..8).map(|i| format!("tcp dst port {}", 1_000 + i)));
    tests.extend((0..4).map(|i| format!("vlan {}", 100 + i)));
    tests.extend([8, 16, 46].iter().map(|class| format!("dscp {class}")));
    assert_eq!(tests.len(), 31);
    for (i, test) in tests.iter().enumerate() {
        let _ = writeln!(text, "  - {{ name: filter-{i}, match: '{test}', to: [{}] }}", TOOLS[i % 4]);
    }
    let broker = Broker::default();
    let plan = broker.plan(&text).unwrap_or_else(|error| panic!("{error}"));
    report("31 one-field filters", &plan);
    let used = entries(&plan);
    for (table, most) in [
        ("narrow_ipv4_src", 9),
        ("narrow_ipv4_dst", 9),
        ("narrow_l4_dst", 9),
        ("narrow_vlan_outer", 5),
        ("narrow_dscp", 4),
        // 4 tools, any of them together.
        ("deliver", 16),
    ] {
        let used = used.get(table).copied().unwrap_or(0);
        assert!(used <= most, "{table}: {used} entries");
    }
}

/// Sets of 10,000 prefixes, of which some hold others.
fn many_prefixes(dice: &mut Dice, count: usize) -> Vec<String> {
    let mut prefixes = std::collections::BTreeSet::new();
    while prefixes.len() < count {
        let length = *dice.pick(&[16, 20, 24, 28, 32]);
        let address = dice.word() as u32 & u32::MAX << (32 - length);
        prefixes.insert(format!("{}/{length}", std::net::Ipv4Addr::from(address)));
    }
    prefixes.into_iter().collect()
}

#[test]
fn a_set_of_ten_thousand_prefixes_is_one_term() {
    trial::each(77, 1, |dice| {
        let set = many_prefixes(dice, 10_000).join(", ");
        let text = format!(
            "{PORTS}sets:\n  many: [{set}]\nfilters:\n  - {{ name: many, match: 'host in @many and tcp port 443', to: [a] }}\n"
        );
        let broker = Broker::default();
        let plan = broker.plan(&text).unwrap_or_else(|error| panic!("{error}"));
        report("10,000 prefixes", &plan);
        let used = entries(&plan);
        assert!(used["narrow_ipv4_src"] <= 10_001 && used["narrow_ipv4_dst"] <= 10_001);
        assert_eq!(used["bits of terms"], 1);
    });
}

/// 200 filters with 10,000 prefixes; `port` is that of the first filter.
fn large(dice: &mut Dice, port: u16) -> String {
    let prefixes = many_prefixes(dice, 10_000);
    let mut text = format!("{PORTS}sets:\n");
    for (i, chunk) in prefixes.chunks(50).enumerate() {
        let _ = writeln!(text, "  set-{i}: [{}]", chunk.join(", "));
    }
    text.push_str("filters:\n");
    for i in 0..200 {
        let port = if i == 0 { port } else { 1_000 + i };
        let tool = TOOLS[usize::from(i) % 4];
        let _ = writeln!(
            text,
            "  - {{ name: filter-{i}, match: 'src in @set-{i} and dst port {port}', to: [{tool}] }}"
        );
    }
    text
}

/// Time that this thread has run: what else the machine does is not the planner's.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn large_policies_are_planned_fast() {
    trial::each(5, 1, |dice| {
        let mut same = dice.clone();
        let (old, new) = (large(dice, 80), large(&mut same, 81));
        let mut broker = Broker::default();
        // Reading the text is not planning.
        let planned = |broker: &Broker, text: &str| -> (Plan, Duration) {
            let policy = sluice_conformance::harness::parse(text).unwrap_or_else(|error| panic!("{error}"));
            let start = cpu_time();
            let plan = sluice_policy::plan(broker.state(), &policy, broker.switch().info()).expect("it fits");
            (plan, cpu_time() - start)
        };
        let (plan, first) = planned(&broker, &old);
        report("200 filters, 10,000 prefixes", &plan);
        broker.carry_out(plan, |_, updates, _| vec![updates], |_, _| {});
        let (plan, change) = planned(&broker, &new);
        let updates: usize = plan.phases.iter().map(|phase| phase.updates.len()).sum();
        println!("planned in {first:?}, one filter changed in {change:?}, {updates} updates");
        // Every entry of its fields' tables says of the new bit whether it stays, and forgets the old one: twice the entries at most.
        let entries = entries(&plan).values().sum::<u64>() as usize;
        assert!(updates <= 2 * entries, "one filter changed takes {updates} updates of {entries} entries");
        if trial::is_long() && !cfg!(debug_assertions) {
            assert!(first <= Duration::from_millis(300), "planning took {first:?}");
            assert!(change <= Duration::from_millis(20), "changing one filter took {change:?}");
        }
    });
}
