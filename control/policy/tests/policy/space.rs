//! Linear tables: the entries and bits that seeded generators take, and how long planning takes.

use std::fmt::Write as _;
use std::time::Duration;

use sluice_policy::{Plan, State, plan};

use crate::info::broker;
use crate::policy;
use crate::random::Random;

const TOOLS: &str = "ports:\n  a: { role: network, id: 1 }\n  b: { role: network, id: 2 }\n  t0: { role: tool, id: 10 }\n  \
                     t1: { role: tool, id: 11 }\n  t2: { role: tool, id: 12 }\n  t3: { role: tool, id: 13 }\n";

fn planned(text: &str, terms: u32) -> Plan {
    let info = broker(terms, 128);
    let state = State::empty(&info).expect("the broker's tables");
    match plan(&state, &policy(text), &info) {
        Ok(plan) => plan,
        Err(found) => panic!("{found}"),
    }
}

fn used(plan: &Plan, table: &str) -> u64 {
    plan.report.tables.iter().find(|one| one.table == table).map_or(0, |one| one.after)
}

/// Filters over five fields: nested prefixes, ranges, 40 % wildcards a field.
fn mixed(count: u64, seed: u64) -> String {
    let mut r = Random(seed);
    let mut text = format!("{TOOLS}filters:\n");
    for i in 0..count {
        let mut parts = Vec::new();
        for side in ["src", "dst"] {
            if !r.chance(40) {
                let length = *r.pick(&[8, 12, 16, 20, 24, 28, 32]);
                let address = (10 << 24 | r.below(1 << 16) << 8 | r.below(256)) as u32;
                let prefix = address & (u32::MAX << (32 - length));
                parts.push(format!("{side} net {}/{length}", std::net::Ipv4Addr::from(prefix)));
            }
        }
        if !r.chance(40) {
            parts.push((*r.pick(&["tcp", "udp"])).to_string());
        }
        if !r.chance(40) {
            let low = r.below(60_000);
            parts.push(format!("dst portrange {low}-{}", low + r.below(5_000)));
        }
        if !r.chance(40) {
            parts.push(format!("vlan {}", r.below(4_094) + 1));
        }
        let expression = if parts.is_empty() { "ip".to_string() } else { parts.join(" and ") };
        let _ = writeln!(text, "  - {{ name: f{i}, match: '{expression}', to: t{} }}", r.below(4));
    }
    text
}

/// Filters of one field each: 8 sources, 8 destinations, 8 ports, 4 VLANs, 3 DSCP to 4 tools.
fn one_field() -> String {
    let mut text = format!("{TOOLS}filters:\n");
    let mut tool = 0;
    let mut filter = |expression: String| {
        let _ = writeln!(text, "  - {{ name: f{tool}, match: '{expression}', to: t{} }}", tool % 4);
        tool += 1;
    };
    (0..8).for_each(|i| filter(format!("src net 10.{i}.0.0/16")));
    (0..8).for_each(|i| filter(format!("dst net 10.{i}.0.0/16")));
    (0..8).for_each(|i| filter(format!("dst port {}", 1_000 + i)));
    (0..4).for_each(|i| filter(format!("vlan {}", 100 + i)));
    [10, 26, 46].iter().for_each(|dscp| filter(format!("dscp {dscp}")));
    text
}

/// `filters` filters with `prefixes` prefixes in all, one changed if `changed`.
fn prefixes(filters: u64, prefixes: u64, changed: bool) -> String {
    let mut r = Random(11);
    let mut text = format!("{TOOLS}filters:\n");
    for i in 0..filters {
        let own: Vec<String> = (0..prefixes / filters)
            .map(|_| {
                let address = (r.next() as u32) & 0xFFFF_FF00;
                format!("{}/24", std::net::Ipv4Addr::from(address))
            })
            .collect();
        let port = if changed && i == filters / 2 { 9_999 } else { 1_000 + i };
        let list = own.join(", ");
        let _ = writeln!(
            text,
            "  - {{ name: f{i}, match: 'tcp dst port {port} and src in {{{list}}}', to: t{} }}",
            i % 4
        );
    }
    text
}

#[test]
fn tables_grow_with_values_alone() {
    let tables = [
        "bits of terms",
        "narrow_ipv4_src",
        "narrow_ipv4_dst",
        "narrow_l4_dst",
        "narrow_vlan_outer",
        "collect (all)",
        "asked",
        "deliver",
    ];
    let mut report = format!("{:22}", "policy");
    tables.iter().for_each(|table| {
        let _ = write!(report, " {table:>17}");
    });
    let mut rows: Vec<(String, Plan)> = [10, 50, 100, 250]
        .iter()
        .map(|count| (format!("{count} mixed filters"), planned(&mixed(*count, *count), 256)))
        .collect();
    rows.push(("31 one-field filters".to_string(), planned(&one_field(), 256)));
    rows.push(("one set of 10,000".to_string(), planned(&prefixes(1, 10_000, false), 256)));
    rows.push(("200 x 50 prefixes".to_string(), planned(&prefixes(200, 10_000, false), 256)));
    for (name, plan) in &rows {
        let _ = write!(report, "\n{name:22}");
        tables.iter().for_each(|table| {
            let _ = write!(report, " {:>17}", used(plan, table));
        });
    }
    println!("{report}");
    for (count, (_, plan)) in [10u64, 50, 100, 250].iter().zip(&rows) {
        assert!(used(plan, "bits of terms") <= *count);
        assert!(used(plan, "narrow_ipv4_src") <= *count && used(plan, "narrow_ipv4_dst") <= *count);
        assert!(used(plan, "narrow_l4_dst") <= 2 * count && used(plan, "narrow_vlan_outer") <= *count);
        assert!(used(plan, "deliver") <= 15, "four tools have fifteen combinations");
    }
    let (_, one) = &rows[4];
    let sizes = ["narrow_ipv4_src", "narrow_ipv4_dst", "narrow_vlan_outer", "narrow_dscp"]
        .map(|table| used(one, table));
    assert_eq!(sizes, [8, 8, 4, 3]);
    assert_eq!(used(one, "deliver"), 15);
    assert!(used(&rows[5].1, "narrow_ipv4_src") <= 10_000);
    assert!(used(&rows[6].1, "narrow_ipv4_src") <= 10_000);
}

/// The processor time of this thread: what else the machine does is not the planner's.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a thread's clock starts at zero")
}

/// Medians, in a release build; a debug build prints them and asserts nothing.
#[test]
fn planning_is_quick() {
    let info = broker(256, 128);
    let state = State::empty(&info).expect("the broker's tables");
    let (before, after) = (policy(&prefixes(200, 10_000, false)), policy(&prefixes(200, 10_000, true)));
    let median = |run: &dyn Fn()| {
        let mut times: Vec<f64> = (0..5)
            .map(|_| {
                let start = processor_time();
                run();
                (processor_time() - start).as_secs_f64() * 1_000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[2]
    };
    let whole = median(&|| {
        plan(&state, &before, &info).expect("it fits");
    });
    let first = plan(&state, &before, &info).expect("it fits").next;
    let change = median(&|| {
        plan(&first, &after, &info).expect("it fits");
    });
    println!("200 filters with 10,000 prefixes: {whole:.1} ms; one of them changed: {change:.1} ms");
    let changed = plan(&first, &after, &info).expect("it fits");
    let updates: usize = changed.phases.iter().map(|phase| phase.updates.len()).sum();
    println!("updates for the one: {updates}");
    assert!(updates < 1_000, "{updates} updates for one filter of 50 prefixes");
    let wide = broker(1_024, 128);
    let many = policy(&prefixes(1_000, 10_000, false));
    let start = processor_time();
    plan(&State::empty(&wide).expect("the broker's tables"), &many, &wide).expect("it fits");
    let thousand = (processor_time() - start).as_secs_f64() * 1_000.0;
    println!("1,000 filters, TERMS=1,024: {thousand:.1} ms");
    if !cfg!(debug_assertions) {
        assert!(whole < 300.0 && change < 20.0 && thousand < 5_000.0);
    }
}
