//! Sets of many members stay quick: bounds that only a change of complexity breaks, the machine being shared; and
//! the figures, for those who run with `--nocapture`.

use std::time::{Duration, Instant};

use sluice_policy::filter::{MAX_TERMS, NamedSet, NamedSets, Origin, parse, terms};
use sluice_policy::sets::AddressSet;

use crate::{parsed, terms_of};

fn prefix(i: u32) -> (u32, u8) {
    // Every fourth nests in the one before it.
    let value = (i / 4 * 4) << 10;
    if i.is_multiple_of(4) { (value, 20) } else { (value | (i % 4) << 8, 24) }
}

/// The best of some runs.
fn best<T>(what: &str, mut run: impl FnMut() -> T) -> Duration {
    let one = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed()
    };
    let best = (0..7).map(one).min().unwrap_or_default();
    println!("{what}: {best:?}");
    best
}

#[test]
fn sets_of_ten_thousand_prefixes_combine_in_linear_time() {
    let a = AddressSet::of_v4((0..10_000).map(prefix));
    let b = AddressSet::of_v4((5_000..15_000).map(prefix)).complement();
    let union = best("10,000 and 10,000 prefixes, union", || a.union(&b));
    assert!(union < Duration::from_millis(20), "{union:?}");
    let again = a.union(&b).complement();
    let equal = best("the same, equality", || again == a.union(&b));
    assert!(equal < Duration::from_millis(40), "{equal:?}");
}

#[test]
fn an_expression_with_two_thousand_prefixes_is_quick() {
    let members: Vec<String> = (0..2_000u32).map(|i| format!("10.{}.{}.0/24", i >> 8, i & 255)).collect();
    let text = format!(
        "src in {{{}}} and tcp port 443 and not dst in {{{}}}",
        members.join(", "),
        members.join(", ")
    );
    let (_, sources) = parsed(&text);
    drop(sources);
    let time = best("an expression with 2 x 2,000 prefixes, text to terms", || terms_of(&text));
    assert!(time < Duration::from_millis(200), "{time:?}");
    let (_, list) = terms_of(&text).expect("the expression is right");
    assert_eq!(list.len(), 1);
}

#[test]
fn a_chain_of_a_thousand_hosts_is_one_term() {
    let hosts: Vec<String> = (0..1_000u32).map(|i| format!("host 10.0.{}.{}", i >> 8, i & 255)).collect();
    let text = hosts.join(" or ");
    let time = best("1,000 hosts joined by or", || terms_of(&text));
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert_eq!(terms_of(&text).expect("the expression is right").1.len(), 1);
}

#[test]
fn a_negated_chain_of_hosts_is_one_term() {
    let hosts: Vec<String> = (0..1_000u32).map(|i| format!("host 10.0.{}.{}", i >> 8, i & 255)).collect();
    let text = format!("not ({}) and tcp", hosts.join(" or "));
    let time = best("1,000 hosts joined by or, negated", || terms_of(&text));
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert_eq!(terms_of(&text).expect("the expression is right").1.len(), 1);
}

#[test]
fn too_many_alternatives_are_refused_in_time() {
    let pairs: Vec<String> =
        (0..2_000u32).map(|i| format!("src 10.0.{}.{} and dst port {i}", i >> 8, i & 255)).collect();
    let text = pairs.iter().map(|pair| format!("({pair})")).collect::<Vec<_>>().join(" or ");
    let start = Instant::now();
    let rendered = terms_of(&text).expect_err("more than the bound");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(rendered.contains(&format!("a filter may have {MAX_TERMS} terms")), "{rendered}");
}

#[test]
fn a_named_set_is_shared_not_copied() {
    let mut sets = NamedSets::new();
    let many = AddressSet::of_v4((0..10_000).map(prefix));
    sets.insert("many", NamedSet::Addresses(many));
    let mut sources = sluice_diagnostics::Sources::new();
    let origin = Origin { source: sources.add("filter", "src in @many and tcp"), offset: 0 };
    let time = best("an expression that names 10,000 prefixes", || {
        parse("src in @many and tcp", origin, &sets).and_then(|expr| terms(&expr))
    });
    assert!(time < Duration::from_millis(50), "{time:?}");
}
