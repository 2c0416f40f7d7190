//! A tenant's document among others: taken out, put in, read at its own lines.

use sluice_diagnostics::Sources;
use sluice_policy::{parse_policy, parse_with_part, part_of, with_part};

const WHOLE: &str = "# The operator's.
ports:
  tap: { role: network, id: 1 }
  ids: { role: tool, id: 11 }
  rec: { role: tool, id: 12 }
tenants:
  blue: { ports: [ids] }
  red: { ports: [rec] }
filters: [] # nothing
---
# Blue's.
tenant: blue
filters:
  - { name: all, to: [ids] }
--- { tenant: red, filters: [] }
";

fn names(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let source = sources.add("policy", text);
    let policy = parse_policy(&mut sources, source);
    let policy = policy.unwrap_or_else(|found| panic!("{}", found.render(&sources)));
    policy.filters.iter().map(|filter| filter.name.to_string()).collect()
}

#[test]
fn a_part_is_replaced_and_every_other_byte_stays() {
    let blue = "# Blue's.\ntenant: blue\nfilters:\n  - { name: all, to: [ids] }\n";
    assert_eq!(part_of(WHOLE, "blue"), Some(blue));
    assert_eq!(part_of(WHOLE, "red"), Some(" { tenant: red, filters: [] }\n"));
    assert_eq!(part_of(WHOLE, "green"), None);
    assert_eq!(with_part(WHOLE, "blue", blue).as_deref(), Some(WHOLE));
    // As somebody may write it: with a mark of its own, without an end of the last line.
    let next = "---\ntenant: blue\nfilters: [{ name: dns, match: udp port 53, to: ids }]";
    let changed = with_part(WHOLE, "blue", next).expect("it can stand there");
    let expected = WHOLE.replace(blue, &format!("{}\n", next.trim_start_matches("---\n")));
    assert_eq!(changed, expected);
    assert_eq!(names(&changed), ["blue/dns"]);
    // Of one that has none yet, it comes last.
    let without = WHOLE.split("---").next().expect("it has a first part");
    let added = with_part(without, "red", "tenant: red\nfilters: [{ name: r, to: rec }]\n");
    let added = added.expect("it can stand there");
    assert!(added.starts_with(without) && part_of(&added, "blue").is_none(), "{added}");
    assert_eq!(names(&added), ["red/r"]);
}

#[test]
fn a_part_that_would_be_read_otherwise_is_not_put_in() {
    for wrong in [
        "tenant: red\nfilters: []\n",
        "filters: []\n",
        "tenant: blue\n---\ntenant: red\n",
        "tenant: blue\nfilters: [\n",
        "",
    ] {
        assert_eq!(with_part(WHOLE, "blue", wrong), None, "{wrong}");
    }
}

#[test]
fn what_is_wrong_with_a_part_is_told_at_its_own_lines() {
    let mut sources = Sources::new();
    let whole = sources.add("whole", WHOLE);
    let part = sources.add("part", "tenant: blue\nfilters:\n  - { name: all, to: [rec] }\n");
    let found = parse_with_part(&mut sources, whole, "blue", part).expect_err("it is not theirs");
    let text = found.render(&sources);
    assert!(text.contains("tenant `blue` has no tool or group `rec`"), "{text}");
    assert!(text.contains("part:3:23"), "{text}");
    let part = sources.add("part", "tenant: red\nfilters: []\n");
    let found = parse_with_part(&mut sources, whole, "blue", part).expect_err("it is another's");
    assert!(found.render(&sources).contains("this part is of tenant `red`, and you are of `blue`"));
    let part = sources.add("part", "tenant: blue\n---\ntenant: red\n");
    let found = parse_with_part(&mut sources, whole, "blue", part).expect_err("it is two");
    assert!(found.render(&sources).contains("a tenant's part is one document"));
}
