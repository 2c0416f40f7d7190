//! Tables that hold an entry a port, instance or slot: made anew from the programs that are to stand in the data path
//! side by side, and compared entry by entry.
//!
//! With two programs given (the one alive and the next), every entry says for each of them what it says for that one
//! alone: bitmaps are joined, ids are shared only where the content is equal.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_entities::{
    ActionCall, Bits, DefaultEntry, Entity, Match, MeterConfig, MeterEntry, MulticastGroup, Replica,
    TableEntry,
};

use super::combos::owners;
use super::layout::{Layout, Slot};
use super::program::{Instance, Program};
use crate::config::{Encapsulation, Filter, PortRole, Stamp, Tunnel};

/// What names an entry of a table, and what it does.
type Rows = BTreeMap<(Arc<str>, Vec<Match>, u32), ActionCall>;

/// Contents of the tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    pub(crate) rows: Rows,
    pub(crate) defaults: BTreeMap<Arc<str>, ActionCall>,
    pub(crate) groups: BTreeMap<u16, Vec<Replica>>,
    pub(crate) meters: BTreeMap<(Arc<str>, u64), MeterConfig>,
}

/// Burst of a limited tool: this part of a second at its rate, and at least [`MIN_BURST`].
const BURSTS_PER_SECOND: u64 = 100;
/// Bytes: two of the longest frames.
const MIN_BURST: u64 = 2 * 9_216;
/// Flag bits of `tool_port`.
const LIMITED: u64 = 1;
const MAX_FRAME: u64 = 2;
const SET_MAC: u64 = 4;
const SET_VLAN: u64 = 8;
/// Flag of the Metamako trailer: this time is not as good as others.
const METAMAKO_DEGRADED: u64 = 0x10;

/// Writes rows, and remembers which table or action was not there.
struct Writer<'a> {
    layout: &'a Layout,
    fixed: Fixed,
    missing: Vec<(&'static str, Option<u16>)>,
}

/// What stands in the data path for `programs`, the next one last.
pub(crate) fn fixed(programs: &[&Program], layout: &Layout) -> Result<Fixed, Diagnostics> {
    let mut writer = Writer { layout, fixed: Fixed::default(), missing: Vec::new() };
    writer.network_ports(programs);
    writer.selection(programs);
    for program in programs {
        for (replicas, id) in &program.groups {
            writer.fixed.groups.insert(*id, replicas.clone());
        }
        for (id, instance) in &program.instances {
            writer.instance(*id, instance);
            writer.labels(*id, instance, programs);
        }
    }
    if writer.missing.is_empty() {
        return Ok(writer.fixed);
    }
    let mut found = Diagnostics::new();
    for (table, instance) in writer.missing {
        found.push(cannot(table, instance, programs));
    }
    Err(found)
}

/// Says whose edit or tool the target cannot serve.
fn cannot(table: &str, instance: Option<u16>, programs: &[&Program]) -> Diagnostic {
    let error = Diagnostic::error(format!("this target cannot `{table}`"))
        .help("its program has no such table or action: leave it out, or use another target");
    let Some(program) = programs.last() else { return error };
    let Some(instance) = instance.and_then(|id| program.instances.get(&id)) else { return error };
    let asks = |filter: &&Filter| filter.edits == instance.edits.edits;
    match program.policy.all_filters().find(asks) {
        Some(filter) => {
            error.at(filter.edits_span, format!("filter `{}`, tool `{}`", filter.name, instance.tool.name))
        }
        None => error,
    }
}

impl Writer<'_> {
    fn row(
        &mut self,
        slot: &Slot,
        matches: Vec<Match>,
        call: Option<ActionCall>,
        name: &'static str,
        instance: Option<u16>,
    ) {
        match call {
            Some(call) => {
                self.fixed.rows.insert((Arc::clone(&slot.table), matches, 0), call);
            }
            None => self.missing.push((name, instance)),
        }
    }

    fn network_ports(&mut self, programs: &[&Program]) {
        let slot = &self.layout.network_port;
        let width = slot.keys.first().copied().unwrap_or(9);
        for program in programs {
            for port in &program.policy.ports {
                let PortRole::Network { keep_bad, .. } = port.role else { continue };
                let mut survivors = Bits::ones(self.layout.terms);
                for placed in programs.iter().flat_map(|program| &program.terms.list) {
                    survivors.set_bit(placed.bit, false);
                }
                for placed in programs.iter().flat_map(|program| &program.terms.list) {
                    if placed.ports.binary_search(&port.id).is_ok() {
                        survivors.set_bit(placed.bit, true);
                    }
                }
                let id = u64::from(port.id);
                // What to do with bad frames is the port's state, like up and down: the policy that is alive says it.
                let keep_bad = programs
                    .iter()
                    .find_map(|program| match program.policy.port(port.id)?.role {
                        PortRole::Network { keep_bad, .. } => Some(keep_bad),
                        PortRole::Tool { .. } => None,
                    })
                    .unwrap_or(keep_bad);
                let params = [survivors, Bits::new(64, id), Bits::new(1, u64::from(keep_bad))];
                let call = slot.call("admit", &params);
                self.row(slot, vec![Match::Exact(Bits::new(width, id))], call, "network_port", None);
            }
        }
    }

    fn default(&mut self, slot: &Slot, call: Option<ActionCall>, name: &'static str) {
        match call {
            Some(call) => {
                self.fixed.defaults.insert(Arc::clone(&slot.table), call);
            }
            None => self.missing.push((name, None)),
        }
    }

    /// Copies of either program for which `pick` holds.
    fn class(&self, programs: &[&Program], pick: impl Fn(&super::copies::Selection) -> bool) -> Bits {
        let mut bits = Bits::zero(self.layout.copies);
        for copy in programs.iter().flat_map(|program| &program.copies.list) {
            if copy.send.as_ref().is_some_and(|send| pick(&send.selection)) {
                bits.set_bit(copy.bit, true);
            }
        }
        bits
    }

    fn selection(&mut self, programs: &[&Program]) {
        let layout = self.layout;
        for program in programs {
            for (i, threshold) in &program.slots.sample {
                let copies = self.class(programs, |selection| selection.sample == Some(*threshold));
                let slot = &layout.sample[*i];
                let call = slot.call("thin", &[Bits::new(32, u64::from(*threshold)), copies]);
                self.default(slot, call, "sample");
            }
            for (i, settings) in &program.slots.dedup {
                let copies = self.class(programs, |selection| selection.dedup.as_ref() == Some(settings));
                let slot = &layout.dedup[*i];
                let params =
                    [Bits::new(64, settings.window_ns), copies, Bits::new(8, u64::from(settings.ignore))];
                let call = slot.call("configure", &params);
                self.default(slot, call, "dedup");
            }
        }
        self.balance(programs);
    }

    fn balance(&mut self, programs: &[&Program]) {
        let layout = self.layout;
        let mut hosts = Bits::zero(64);
        let balanced = self.class(programs, |selection| selection.group.is_some());
        for program in programs {
            for (i, group) in &program.slots.balance {
                hosts.set_bit(*i as u32, group.hosts);
                let slot = &layout.balance[*i];
                let width = slot.keys.first().copied().unwrap_or(6);
                let owners = owners(group, &program.down);
                let members: Vec<Bits> = group
                    .members
                    .iter()
                    .map(|member| {
                        let mut others = Bits::zero(layout.copies);
                        for copy in programs.iter().flat_map(|program| &program.copies.list) {
                            let drops = copy.send.as_ref().is_some_and(|send| {
                                send.selection.group.as_ref() == Some(group) && send.tool != *member
                            });
                            others.set_bit(copy.bit, others.bit(copy.bit) || drops);
                        }
                        others
                    })
                    .collect();
                for (bucket, owner) in owners.iter().enumerate() {
                    let key = vec![Match::Exact(Bits::new(width, bucket as u64))];
                    let call = slot.call("choose", std::slice::from_ref(&members[*owner]));
                    self.row(slot, key, call, "balance", None);
                }
            }
        }
        if !balanced.is_zero() {
            match &layout.balance_by {
                Some(slot) => self.default(slot, slot.call("hash_by", &[hosts, balanced]), "balance_by"),
                None => self.missing.push(("balance_by", None)),
            }
        }
    }

    /// A row of an egress table for one instance.
    fn egress(
        &mut self,
        slot: Option<&Slot>,
        id: u16,
        name: &'static str,
        action: &str,
        params: &[(u32, u64)],
    ) {
        let Some(slot) = slot else {
            self.missing.push((name, Some(id)));
            return;
        };
        let width = slot.keys.first().copied().unwrap_or(16);
        let params: Vec<Bits> = params.iter().map(|(width, value)| Bits::new(*width, *value)).collect();
        let call = slot.call(action, &params);
        self.row(slot, vec![Match::Exact(Bits::new(width, u64::from(id)))], call, name, Some(id));
    }

    fn instance(&mut self, id: u16, instance: &Instance) {
        let tables = &self.layout.egress;
        let edits = &instance.edits.edits;
        if edits.strip != 0 {
            self.egress(tables.strip.as_ref(), id, "strip", "strip", &[(16, u64::from(edits.strip))]);
        }
        for (i, mask) in edits.mask.iter().enumerate() {
            let params = [
                (3, mask.at as u64),
                (16, u64::from(mask.offset)),
                (16, u64::from(mask.length)),
                (8, u64::from(mask.value)),
            ];
            self.egress(tables.mask.get(i), id, "mask", "mask", &params);
        }
        if let Some(slice) = edits.slice {
            let params = [(3, slice.anchor as u64), (16, u64::from(slice.bytes))];
            self.egress(tables.slice.as_ref(), id, "slice", "slice", &params);
        }
        match edits.stamp_for(&instance.tool) {
            Some(Stamp::D28b { version, tai_offset_s }) => {
                let params = [(16, u64::from(version)), (16, u64::from(tai_offset_s))];
                self.egress(tables.stamp.as_ref(), id, "stamp", "stamp_d28b", &params);
            }
            Some(Stamp::Vss { source, port_bytes, port }) => {
                let params = [(2, u64::from(source)), (2, u64::from(port_bytes)), (16, u64::from(port))];
                self.egress(tables.stamp.as_ref(), id, "stamp", "stamp_vss", &params);
            }
            Some(Stamp::Ixia { source }) => {
                self.egress(tables.stamp.as_ref(), id, "stamp", "stamp_ixia", &[(8, u64::from(source))]);
            }
            Some(Stamp::Metamako { degraded, device, port }) => {
                let flags = if degraded { METAMAKO_DEGRADED } else { 0 };
                let params = [(8, flags), (16, u64::from(device)), (8, u64::from(port))];
                self.egress(tables.stamp.as_ref(), id, "stamp", "stamp_metamako", &params);
            }
            Some(Stamp::Exablaze { device, port }) => {
                let params = [(8, u64::from(device)), (8, u64::from(port))];
                self.egress(tables.stamp.as_ref(), id, "stamp", "stamp_exablaze", &params);
            }
            None => {}
        }
        if edits.fix_checksums {
            self.egress(tables.fix_checksums.as_ref(), id, "fix_checksums", "fix", &[]);
        }
        if let Some(encapsulation) = &instance.tool.encapsulation {
            self.encapsulation(id, encapsulation);
        }
        self.tool(id, instance);
    }

    fn encapsulation(&mut self, id: u16, outer: &Encapsulation) {
        let mut params = vec![
            (48, outer.dst_mac),
            (48, outer.src_mac),
            (32, u64::from(outer.src_ip)),
            (32, u64::from(outer.dst_ip)),
            (8, u64::from(outer.ttl)),
            (6, u64::from(outer.dscp)),
        ];
        let action = match outer.tunnel {
            Tunnel::Vxlan { vni, udp_port } => {
                params.extend([(16, u64::from(udp_port)), (24, u64::from(vni))]);
                "encapsulate_vxlan"
            }
            Tunnel::Gre { key } => {
                params.push((32, u64::from(key)));
                "encapsulate_gre"
            }
            Tunnel::Erspan2 { session } => {
                params.push((10, u64::from(session)));
                "encapsulate_erspan2"
            }
            Tunnel::Erspan3 { session, granularity } => {
                params.extend([(10, u64::from(session)), (2, u64::from(granularity))]);
                "encapsulate_erspan3"
            }
        };
        self.egress(self.layout.egress.encapsulate.as_ref(), id, "encapsulate", action, &params);
    }

    fn tool(&mut self, id: u16, instance: &Instance) {
        let tool = &instance.tool;
        let flag = |set: bool, flag: u64| if set { flag } else { 0 };
        let flags = flag(tool.limit.is_some(), LIMITED)
            | flag(tool.max_frame.is_some(), MAX_FRAME)
            | flag(tool.dst_mac.is_some(), SET_MAC)
            | flag(tool.vlan.is_some(), SET_VLAN);
        if flags != 0 {
            let params = [
                (8, flags),
                (16, u64::from(tool.max_frame.unwrap_or(0))),
                (48, tool.dst_mac.unwrap_or(0)),
                (12, u64::from(tool.vlan.unwrap_or(0))),
            ];
            self.egress(self.layout.egress.tool_port.as_ref(), id, "tool_port", "tool", &params);
        }
        if let Some(limit) = tool.limit {
            let Some(meter) = &self.layout.rate else {
                self.missing.push(("rate", Some(id)));
                return;
            };
            let rate = limit / 8;
            let burst = (rate / BURSTS_PER_SECOND).max(MIN_BURST);
            let config = MeterConfig { cir: rate, cburst: burst, pir: rate, pburst: burst };
            self.fixed.meters.insert((Arc::clone(meter), u64::from(id)), config);
        }
    }

    /// Labels of an instance, from the programs that assign labels as it does.
    fn labels(&mut self, id: u16, instance: &Instance, programs: &[&Program]) {
        let Some(generation) = instance.edits.labels else { return };
        let Some(slot) = self.layout.egress.label.as_ref() else {
            self.missing.push(("label", Some(id)));
            return;
        };
        for program in programs.iter().filter(|program| program.label_generation == generation) {
            for (port, vid) in &program.labels {
                let widths =
                    (slot.keys.first().copied().unwrap_or(16), slot.keys.get(1).copied().unwrap_or(9));
                let key = vec![
                    Match::Exact(Bits::new(widths.0, u64::from(id))),
                    Match::Exact(Bits::new(widths.1, u64::from(*port))),
                ];
                let call = slot.call("push_label", &[Bits::new(12, u64::from(*vid))]);
                self.row(slot, key, call, "label", Some(id));
            }
        }
    }
}

/// What is in one and not the other, as entities: (to insert, to modify, to delete).
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) insert: Vec<Entity>,
    pub(crate) modify: Vec<Entity>,
    pub(crate) delete: Vec<Entity>,
}

impl Fixed {
    /// What turns `self` into `new`.
    pub(crate) fn difference(&self, new: &Self) -> Difference {
        let mut difference = Difference::default();
        let row = |(table, matches, priority): &(Arc<str>, Vec<Match>, u32), action: &ActionCall| {
            let (table, matches, action) = (Arc::clone(table), matches.clone(), action.clone());
            Entity::Table(TableEntry::new(table, matches, *priority, action))
        };
        compare(&self.rows, &new.rows, row, &mut difference);
        let group = |id: &u16, replicas: &Vec<Replica>| {
            Entity::Multicast(MulticastGroup::new(*id, replicas.iter().copied()))
        };
        compare(&self.groups, &new.groups, group, &mut difference);
        let default = |table: &Arc<str>, action: Option<&ActionCall>| {
            Entity::Default(DefaultEntry::new(Arc::clone(table), action.cloned()))
        };
        let meter = |(meter, index): &(Arc<str>, u64), config: Option<&MeterConfig>| {
            let (meter, index, config) = (Arc::clone(meter), Some(*index), config.copied());
            Entity::Meter(MeterEntry { meter, index, config, counters: None })
        };
        reset(&self.defaults, &new.defaults, default, &mut difference.modify);
        reset(&self.meters, &new.meters, meter, &mut difference.modify);
        difference
    }
}

fn compare<K: Ord, V: PartialEq>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    entity: impl Fn(&K, &V) -> Entity,
    difference: &mut Difference,
) {
    for (key, value) in new {
        match old.get(key) {
            None => difference.insert.push(entity(key, value)),
            Some(other) if other != value => difference.modify.push(entity(key, value)),
            Some(_) => {}
        }
    }
    for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        difference.delete.push(entity(key, value));
    }
}

/// Things that are always there and only change; `None` puts the program's own back.
fn reset<K: Ord, V: PartialEq>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    entity: impl Fn(&K, Option<&V>) -> Entity,
    modify: &mut Vec<Entity>,
) {
    for (key, value) in new.iter().filter(|(key, value)| old.get(key) != Some(value)) {
        modify.push(entity(key, Some(value)));
    }
    for key in old.keys().filter(|key| !new.contains_key(key)) {
        modify.push(entity(key, None));
    }
}
