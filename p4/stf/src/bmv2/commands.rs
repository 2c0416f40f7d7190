//! Operations as commands of `simple_switch_CLI`, and what it prints.

use sluice_entities::{Bits, Match, TableEntry};

use crate::target::{Count, MirrorTarget, Operation};

/// What bmv2's priorities are counted down from: there the lower number wins.
const LOWEST_PRIORITY: u64 = 1 << 30;

/// `table_add`. Entries of scripts have an action of their own.
pub(super) fn insert(entry: &TableEntry) -> String {
    let keys: Vec<String> = entry.matches.iter().map(key).collect();
    let call = entry.call();
    let (action, params) = call.map_or(("", &[][..]), |call| (&*call.action, &call.params[..]));
    let mut line = format!("table_add {} {action} {} =>{}", entry.table, keys.join(" "), data(params));
    if entry.priority > 0 {
        line.push_str(&format!(" {}", LOWEST_PRIORITY.saturating_sub(u64::from(entry.priority))));
    }
    line
}

fn key(key: &Match) -> String {
    match key {
        Match::Exact(value) => hex(value),
        Match::Lpm { value, length } => format!("{}/{length}", hex(value)),
        Match::Ternary { value, mask } => format!("{}&&&{}", hex(value), hex(mask)),
        Match::Range { low, high } => format!("{}->{}", hex(low), hex(high)),
        // In the BMv2 JSON, optional keys are ternary ones.
        Match::Optional(Some(value)) => format!("{}&&&{}", hex(value), hex(&Bits::ones(value.width()))),
        Match::Optional(None) => "0&&&0".to_string(),
    }
}

fn hex(value: &Bits) -> String {
    format!("{value:#x}")
}

fn data(params: &[Bits]) -> String {
    params.iter().map(|value| format!(" {}", hex(value))).collect()
}

/// Operations that need no handle of an entry.
pub(super) fn others(operation: &Operation) -> Vec<String> {
    let list = |ports: &[u16]| ports.iter().map(|port| format!(" {port}")).collect::<String>();
    vec![match operation {
        Operation::Insert(_) | Operation::Delete(_) => return Vec::new(),
        Operation::Default(entry) => match &entry.action {
            Some(call) => format!("table_set_default {} {}{}", entry.table, call.action, data(&call.params)),
            None => format!("table_reset_default {}", entry.table),
        },
        Operation::Mirror { session, to: Some(MirrorTarget::Port(port)) } => {
            format!("mirroring_add {session} {port}")
        }
        Operation::Mirror { session, to: Some(MirrorTarget::Group(group)) } => {
            format!("mirroring_add_mc {session} {group}")
        }
        Operation::Mirror { session, to: None } => format!("mirroring_delete {session}"),
        Operation::MirrorExists { session } => format!("mirroring_get {session}"),
        Operation::GroupCreate { group } => format!("mc_mgrp_create {group}"),
        Operation::NodeCreate { rid, ports } => format!("mc_node_create {rid}{}", list(ports)),
        Operation::NodeUpdate { node, ports } => format!("mc_node_update {node}{}", list(ports)),
        Operation::NodeAssociate { group, node } => format!("mc_node_associate {group} {node}"),
        Operation::CounterWrite { counter, index, count } => {
            format!("counter_write {counter} {index} {} {}", count.packets, count.bytes)
        }
        Operation::RegisterWrite { register, index, value } => {
            format!("register_write {register} {index} {}", decimal(value))
        }
        Operation::RegisterReset { register, .. } => format!("register_reset {register}"),
        Operation::MeterRates { meter, index, config, .. } => {
            let pair =
                |rate: u64, burst: u64| format!("{}.{:06}:{burst}", rate / 1_000_000, rate % 1_000_000);
            let rates = format!("{} {}", pair(config.cir, config.cburst), pair(config.pir, config.pburst));
            match index {
                Some(index) => format!("meter_set_rates {meter} {index} {rates}"),
                None => format!("meter_array_set_rates {meter} {rates}"),
            }
        }
    }]
}

/// The command takes a register's value in decimal digits only, and no more than 64 bits of it.
fn decimal(value: &Bits) -> String {
    value.to_u64().map_or_else(|| hex(value), |value| value.to_string())
}

/// The handles of the entries that were added, in order.
pub(super) fn handles(printed: &str) -> Vec<u64> {
    const SAID: &str = "Entry has been added with handle ";
    let found = printed.match_indices(SAID).map(|(at, _)| &printed[at + SAID.len()..]);
    found.filter_map(|rest| rest.split_whitespace().next()?.parse().ok()).collect()
}

/// What a cell holds, as `counter_read` prints it.
pub(super) fn count(printed: &str) -> Option<Count> {
    let number = |name: &str| -> Option<u64> {
        let rest = &printed[printed.find(name)? + name.len()..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    };
    Some(Count { packets: number("packets=")?, bytes: number("bytes=")? })
}

/// The lines that say that something was refused.
pub(super) fn complaints(printed: &str) -> Vec<&str> {
    let is_complaint =
        |line: &&str| ["Error", "Invalid", "Traceback"].iter().any(|word| line.starts_with(word));
    let lines = printed.lines().map(|line| line.trim_start_matches("RuntimeCmd:").trim_start());
    lines.filter(is_complaint).collect()
}
