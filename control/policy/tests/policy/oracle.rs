//! What a policy says should become of a packet, straight from the policy: no bits, no tables.

use std::collections::BTreeSet;

use sluice_policy::{Destination, Edits, Filter, Group, Policy, PortRole, Stamp, Tool, Tunnel};

use crate::model::{Outcome, Packet};

/// The member of a group that owns a bucket: the highest weight, an FNV-1a of (group, 0, bucket as 8 bytes, member) finished
/// as SplitMix64 is. Those whose ports are down have none, unless all are.
pub(crate) fn owner(policy: &Policy, down: &BTreeSet<u16>, group: &Group, bucket: u64) -> usize {
    let weight = |member: &str| {
        let mut hash = 0xCBF2_9CE4_8422_2325u64;
        for byte in group.name.bytes().chain([0]).chain(bucket.to_be_bytes()).chain(member.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        hash ^ (hash >> 31)
    };
    let is_down = |member: &usize| down.contains(&policy.tools[*member].port);
    let all_down = group.members.iter().all(is_down);
    *group
        .members
        .iter()
        .filter(|member| all_down || !is_down(member))
        .max_by_key(|member| weight(&policy.tools[**member].name))
        .expect("a group has members")
}

/// What should become of the packet.
pub(crate) fn expected(policy: &Policy, packet: &Packet) -> Outcome {
    expected_with(policy, &BTreeSet::new(), packet)
}

/// The same, with ports of tools that are down.
pub(crate) fn expected_with(policy: &Policy, down: &BTreeSet<u16>, packet: &Packet) -> Outcome {
    let none = |reason| Outcome { reason, copies: BTreeSet::new() };
    let network = policy.port(packet.port).is_some_and(|port| matches!(port.role, PortRole::Network { .. }));
    if !network {
        return none("refused");
    }
    let sees = |filter: &&Filter| {
        filter.from.contains(&packet.port) && filter.terms.iter().any(|term| term.matches(&packet.values))
    };
    let mut wanted: Vec<&Filter> = policy.filters.iter().filter(sees).collect();
    if wanted.is_empty() {
        wanted.extend(policy.otherwise.iter().filter(sees));
    }
    if wanted.is_empty() {
        return none("matched_nothing");
    }
    let mut served = BTreeSet::new();
    let mut copies = BTreeSet::new();
    for filter in &wanted {
        let sampled_out = filter.sample.is_some_and(|threshold| packet.digest >= threshold);
        if sampled_out || (filter.dedup && packet.repeat) {
            continue;
        }
        let mut tools: Vec<usize> = Vec::new();
        for destination in &filter.to {
            match destination {
                Destination::Tool(tool) => tools.push(*tool),
                Destination::Group(group) => {
                    let group = &policy.groups[*group];
                    tools.push(owner(policy, down, group, packet.buckets[usize::from(group.hosts)]));
                }
            }
        }
        for tool in tools {
            if served.insert(tool) {
                let tool = &policy.tools[tool];
                copies.insert((tool.port, egress(policy, tool, &filter.edits, packet.port)));
            }
        }
    }
    if !copies.is_empty() {
        return Outcome { reason: "delivered", copies };
    }
    let discard = wanted.iter().any(|filter| filter.to.is_empty());
    none(if discard { "discarded" } else { "no_copy_left" })
}

/// What egress should do, in the words of the model.
fn egress(policy: &Policy, tool: &Tool, edits: &Edits, port: u16) -> String {
    let mut parts = Vec::new();
    if edits.strip != 0 {
        parts.push(format!("strip({:#x})", edits.strip));
    }
    for mask in &edits.mask {
        parts.push(format!(
            "mask({:#x}, {:#x}, {:#x}, {:#x})",
            mask.at as u8, mask.offset, mask.length, mask.value
        ));
    }
    if let Some(slice) = edits.slice {
        parts.push(format!("slice({:#x}, {:#x})", slice.anchor as u8, slice.bytes));
    }
    if edits.label
        && let Some(PortRole::Network { label: Some(label), .. }) =
            policy.port(port).map(|port| port.role.clone())
    {
        parts.push(format!("push_label({label:#x})"));
    }
    match edits.stamp {
        Some(Stamp::D28b { version, tai_offset_s }) => {
            parts.push(format!("stamp_d28b({version:#x}, {tai_offset_s:#x})"));
        }
        Some(Stamp::Vss { source, port_bytes, port }) => {
            parts.push(format!("stamp_vss({source:#x}, {port_bytes:#x}, {port:#x})"));
        }
        Some(other) => panic!("random policies have no {other:?}"),
        None => {}
    }
    if let Some(outer) = &tool.encapsulation {
        let Tunnel::Vxlan { vni, udp_port } = outer.tunnel else { panic!("random policies have VXLAN only") };
        parts.push(format!(
            "encapsulate_vxlan({:#x}, {:#x}, {:#x}, {:#x}, {:#x}, {:#x}, {udp_port:#x}, {vni:#x})",
            outer.dst_mac, outer.src_mac, outer.src_ip, outer.dst_ip, outer.ttl, outer.dscp
        ));
    }
    if edits.fix_checksums {
        parts.push("fix()".to_string());
    }
    let flags = [tool.limit.is_some(), tool.max_frame.is_some(), tool.dst_mac.is_some(), tool.vlan.is_some()];
    let flags = flags.iter().enumerate().fold(0, |flags, (i, set)| flags | u8::from(*set) << i);
    if flags != 0 {
        parts.push(format!(
            "tool({flags:#x}, {:#x}, {:#x}, {:#x})",
            tool.max_frame.unwrap_or(0),
            tool.dst_mac.unwrap_or(0),
            tool.vlan.unwrap_or(0)
        ));
    }
    if let Some(limit) = tool.limit {
        parts.push(format!("rate({})", limit / 8));
    }
    parts.join(" ")
}
