//! Explanations of traced packets.

use sluice_entities::Bits;
use sluice_policy::{PacketTrace, State, TraceStep, explain, plan};

use crate::info::broker;
use crate::policy;

fn step(table: &str, keys: &[(u32, u64)], action: &str, params: &[Bits]) -> TraceStep {
    TraceStep {
        table: format!("ingress.{table}").into(),
        keys: keys.iter().map(|(width, value)| Bits::new(*width, *value)).collect(),
        hit: true,
        action: action.into(),
        params: params.to_vec(),
    }
}

#[test]
fn the_table_that_ruled_a_filter_out_is_named_with_the_packets_value() {
    let info = broker(256, 128);
    let next = policy(
        "ports:\n  tap: { role: network, id: 1 }\n  ids: { role: tool, id: 2 }\nfilters:\n  \
         - { name: web, match: dst net 10.0.0.0/8, to: ids }\n  - { name: all, to: ids }\n",
    );
    let state = plan(&State::empty(&info).expect("tables"), &next, &info).expect("it fits").next;
    // `web` and `all` have the first two bits, in this order.
    let all = Bits::ones(256);
    let mut without_web = all.clone();
    without_web.set_bit(0, false);
    let trace = PacketTrace {
        steps: vec![
            step("network_port", &[(9, 1)], "ingress.admit", &[all, Bits::new(9, 1), Bits::new(1, 0)]),
            step("narrow_ipv4_dst", &[(32, 0xC000_0201)], "ingress.narrow_ipv4_dst.narrow", &[without_web]),
            step("collect_0", &[(8, 2)], "ingress.collect_0.collect", &[Bits::new(128, 1)]),
            step("deliver", &[(128, 1)], "ingress.send", &[Bits::new(16, 1)]),
        ],
    };
    let explanation = explain(&state, &trace);
    let removal = explanation.filters[0].terms[0].removed_by.as_ref().expect("ruled out");
    assert_eq!((removal.table.as_str(), removal.value.as_str()), ("narrow_ipv4_dst", "192.0.2.1"));
    assert!(explanation.filters[1].matched);
    let text = explanation.to_string();
    assert!(
        text.contains("filter all matches") && text.contains("to ids (instance 1): as it came"),
        "{text}"
    );
}
