//! The broker's tables as `docs/PIPELINE.md` lists them, for builds of any width.

use std::sync::Arc;

use sluice_entities::{
    ActionInfo, ActionRef, ActionScope, CounterInfo, CounterUnit, KeyInfo, MatchKind, MeterInfo, ParamInfo,
    PipelineInfo, TableInfo,
};

use MatchKind::{Exact, Lpm, Range, Ternary};

struct Builder {
    info: PipelineInfo,
}

impl Builder {
    fn action(&mut self, name: &str, params: &[u32]) -> ActionRef {
        let name: Arc<str> = name.into();
        if self.info.action(&name).is_none() {
            let params = params
                .iter()
                .enumerate()
                .map(|(i, width)| ParamInfo { name: format!("p{i}").into(), width: *width })
                .collect();
            self.info.actions.push(ActionInfo { name: Arc::clone(&name), params });
        }
        ActionRef { name, scope: ActionScope::TableAndDefault }
    }

    fn table(&mut self, name: &str, keys: &[(MatchKind, u32)], actions: &[(&str, &[u32])], size: u64) {
        let mut refs: Vec<ActionRef> =
            actions.iter().map(|(name, params)| self.action(name, params)).collect();
        refs.push(self.action("NoAction", &[]));
        let keys = keys
            .iter()
            .enumerate()
            .map(|(i, (kind, width))| KeyInfo { name: format!("k{i}").into(), kind: *kind, width: *width })
            .collect();
        self.info.tables.push(TableInfo {
            name: name.into(),
            keys,
            selector_keys: Vec::new(),
            actions: refs,
            size,
            default_action: "NoAction".into(),
            default_is_const: false,
            entries_are_const: false,
            direct_counter: Some(CounterUnit::Packets),
            direct_meter: None,
            action_profile: None,
            has_idle_timeouts: false,
        });
    }

    fn narrow(&mut self, name: &str, kind: MatchKind, width: u32, size: u64, terms: u32) {
        let action = format!("ingress.narrow_{name}.narrow");
        self.table(&format!("ingress.narrow_{name}"), &[(kind, width)], &[(&action, &[terms])], size);
    }
}

/// Exact fields of the outer packet, of tunnels and of the inner packet: name and bits.
const OUTER: [(&str, u32, u64); 11] = [
    ("ether_type", 17, 64),
    ("l3", 17, 64),
    ("vlan_outer", 13, 4_097),
    ("vlan_inner", 13, 4_097),
    ("ip_proto", 9, 257),
    ("tcp_flags", 9, 257),
    ("dscp", 7, 257),
    ("ecn", 3, 257),
    ("ttl", 9, 257),
    ("fragment", 3, 257),
    ("mpls", 21, 1_024),
];
const INNER: [(&str, u32, u64); 10] = [
    ("vni", 25, 1_024),
    ("teid", 33, 1_024),
    ("gre_key", 33, 1_024),
    ("inner_l3", 17, 64),
    ("inner_vlan", 13, 4_097),
    ("inner_ip_proto", 9, 257),
    ("inner_tcp_flags", 9, 257),
    ("inner_dscp", 7, 257),
    ("inner_ttl", 9, 257),
    ("inner_fragment", 3, 257),
];

/// The broker, with the default sizes.
pub(crate) fn broker(terms: u32, copies: u32) -> PipelineInfo {
    let mut b = Builder { info: PipelineInfo::default() };
    b.table("ingress.policy", &[], &[("ingress.activate", &[terms, terms, terms, copies])], 1);
    let port = [("ingress.admit", &[terms, 9, 1][..]), ("ingress.refuse", &[])];
    b.table("ingress.network_port", &[(Exact, 9)], &port, 512);
    for (name, width, size) in OUTER.into_iter().chain(INNER) {
        b.narrow(name, Exact, width, size, terms);
    }
    for layer in ["", "inner_"] {
        for side in ["src", "dst"] {
            b.narrow(&format!("{layer}mac_{side}"), Ternary, 48, 256, terms);
            b.narrow(&format!("{layer}ipv4_{side}"), Lpm, 32, 32_768, terms);
            b.narrow(&format!("{layer}ipv6_{side}"), Lpm, 128, 16_384, terms);
            b.narrow(&format!("{layer}l4_{side}"), Range, 16, 2_048, terms);
        }
        b.narrow(&format!("{layer}icmp"), Lpm, 18, 256, terms);
        for what in ["address", "port"] {
            let (table, action) =
                (format!("ingress.narrow_{layer}no_{what}"), format!("ingress.{layer}no_{what}"));
            b.table(&table, &[], &[(&action, &[terms, terms])], 1);
        }
    }
    b.narrow("length", Range, 16, 128, terms);
    b.table("ingress.narrow_no_tunnel", &[], &[("ingress.no_tunnel", &[terms])], 1);
    for i in 0..terms / 8 {
        let action = format!("ingress.collect_{i}.collect");
        b.table(&format!("ingress.collect_{i}"), &[(Exact, 8)], &[(&action, &[copies])], 256);
    }
    selection(&mut b, copies);
    egress(&mut b);
    b.info.counters.push(CounterInfo {
        name: "ingress.outcome".into(),
        size: 4_096,
        unit: CounterUnit::Packets,
    });
    b.info.counters.push(CounterInfo {
        name: "egress.copy_outcome".into(),
        size: 8_192,
        unit: CounterUnit::Packets,
    });
    b.info.meters.push(MeterInfo { name: "egress.rate".into(), size: 1_024, unit: CounterUnit::Bytes });
    b.info
}

fn selection(b: &mut Builder, copies: u32) {
    let count: [(&str, &[u32]); 1] = [("ingress.count", &[])];
    b.table("ingress.asked", &[(Exact, copies)], &count, 8_192);
    b.table("ingress.sampled", &[(Exact, copies), (Exact, copies)], &count, 8_192);
    b.table("ingress.repeated", &[(Exact, copies), (Exact, copies)], &count, 8_192);
    for i in 0..4 {
        b.table(
            &format!("ingress.sample_{i}"),
            &[],
            &[(&format!("ingress.sample_{i}.thin"), &[32, copies])],
            1,
        );
    }
    for i in 0..2 {
        let action = format!("ingress.dedup_{i}.configure");
        b.table(&format!("ingress.dedup_{i}"), &[], &[(&action, &[48, copies, 8])], 1);
    }
    b.table("ingress.balance_by", &[], &[("ingress.hash_by", &[8, copies])], 1);
    for i in 0..8 {
        b.table(&format!("ingress.balance_{i}"), &[(Exact, 6)], &[("ingress.choose", &[copies])], 64);
    }
    let deliver = [("ingress.send", &[16][..]), ("ingress.discard", &[]), ("ingress.table_miss", &[])];
    b.table("ingress.deliver", &[(Exact, copies)], &deliver, 8_192);
}

fn egress(b: &mut Builder) {
    let instance = [(Exact, 16)];
    b.table("egress.strip", &instance, &[("egress.strip", &[16])], 1_024);
    for i in 0..4 {
        b.table(
            &format!("egress.mask_{i}"),
            &instance,
            &[(&format!("egress.mask_{i}.mask"), &[3, 16, 16, 8])],
            1_024,
        );
    }
    b.table("egress.slice", &instance, &[("egress.slice", &[3, 16])], 1_024);
    b.table("egress.label", &[(Exact, 16), (Exact, 9)], &[("egress.push_label", &[12])], 4_096);
    let stamp = [
        ("egress.stamp_d28b", &[16, 16][..]),
        ("egress.stamp_vss", &[2, 2, 16]),
        ("egress.stamp_ixia", &[8]),
        ("egress.stamp_metamako", &[8, 16, 8]),
        ("egress.stamp_exablaze", &[8, 8]),
    ];
    b.table("egress.stamp", &instance, &stamp, 1_024);
    let around = |last: &[u32]| [&[48, 48, 32, 32, 8, 6], last].concat();
    let (vxlan, gre, erspan2, erspan3) = (around(&[16, 24]), around(&[32]), around(&[10]), around(&[10, 2]));
    let encapsulate = [
        ("egress.encapsulate_vxlan", &vxlan[..]),
        ("egress.encapsulate_gre", &gre),
        ("egress.encapsulate_erspan2", &erspan2),
        ("egress.encapsulate_erspan3", &erspan3),
    ];
    b.table("egress.encapsulate", &instance, &encapsulate, 1_024);
    b.table("egress.fix_checksums", &instance, &[("egress.fix", &[])], 1_024);
    b.table("egress.tool_port", &instance, &[("egress.tool", &[8, 16, 48, 12])], 1_024);
}
