//! Policies that are measured.

use crate::floor::TOOLS;

fn ports() -> String {
    let mut text = String::from("ports:\n  tap: { role: network, id: 1, label: 7 }\n");
    for (name, port) in TOOLS {
        text.push_str(&format!("  {name}: {{ role: tool, id: {port} }}\n"));
    }
    text
}

/// So many filters, the last of which takes every frame of the one flow.
pub(crate) fn filters(number: usize, tools: &str) -> String {
    let mut text = ports() + "filters:\n";
    for i in 0..number.saturating_sub(1) {
        let (a, b) = (i / 200, i % 200);
        text.push_str(&format!(
            "  - {{ name: f{i}, match: src net 172.{}.{b}.0/24 and tcp dst port {} or vlan {}, to: [one] }}\n",
            16 + a,
            1_000 + i,
            100 + i
        ));
    }
    text.push_str(&format!("  - {{ name: web, match: tcp port 80, to: [{tools}] }}\n"));
    text
}

/// P100: 100 filters over source, destination, both ports, protocol and VLAN, with 1,000 prefixes; each of the 10,000 flows meets two of them (one in
/// fifty, one). `more` is said of each filter.
pub(crate) fn p100(tools: &str, more: &str) -> String {
    let mut text = ports() + "filters:\n";
    for i in 0..50usize {
        let prefixes: Vec<String> = (0..20)
            .map(|j| 50 * j + i)
            .map(|prefix| format!("172.16.{}.{}/26", prefix / 4, prefix % 4 * 64))
            .collect();
        text.push_str(&format!(
            "  - {{ name: s{i}, match: src net ({}) and dst net 10.0.0.0/8 and not vlan {}, to: [{tools}]{more} }}\n",
            prefixes.join(" or "),
            100 + i
        ));
        text.push_str(&format!(
            "  - {{ name: d{i}, match: tcp dst port {} and src portrange 1024-65535, to: [{tools}]{more} }}\n",
            1_000 + i
        ));
    }
    text
}

/// One filter, of which all but its name is given.
pub(crate) fn one(filter: &str) -> String {
    format!("{}filters:\n  - {{ name: it, {filter} }}\n", ports())
}
