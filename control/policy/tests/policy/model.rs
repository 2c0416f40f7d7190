//! The pipeline as a naive interpreter of entries: every lookup is a scan, every rule is that of `docs/PIPELINE.md`.

use std::collections::{BTreeMap, BTreeSet};

use sluice_entities::{
    ActionCall, Bits, Entity, Match, PipelineInfo, Replica, TableEntry, Update, UpdateKind,
};
use sluice_policy::fields::{Address, Field, FieldValue, FieldValues};

/// A packet as the pipeline sees it.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) port: u16,
    pub(crate) values: FieldValues,
    /// Whether it has a tunnel; without one all fields of it are absent.
    pub(crate) tunnel: bool,
    /// Upper 32 bits of the sampling digest.
    pub(crate) digest: u32,
    /// Whether duplicate removal takes it for a repeat.
    pub(crate) repeat: bool,
    /// Bucket of its flow and of its hosts.
    pub(crate) buckets: [u64; 2],
}

/// What became of a packet: a reason, and (port, what is done at egress) of each copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) reason: &'static str,
    pub(crate) copies: BTreeSet<(u16, String)>,
}

/// Everything that stands in the tables.
pub(crate) struct Model {
    info: PipelineInfo,
    entries: BTreeMap<String, Vec<TableEntry>>,
    defaults: BTreeMap<String, ActionCall>,
    groups: BTreeMap<u16, Vec<Replica>>,
    meters: BTreeMap<u64, u64>,
    /// Direct counters, by entry.
    pub(crate) counted: BTreeMap<String, u64>,
    /// Cells, by counter and index.
    pub(crate) cells: BTreeMap<(String, u64), u64>,
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

pub(crate) fn key_text(table: &str, matches: &[Match], priority: u32) -> String {
    format!("{table} {matches:?} {priority}")
}

fn matches(key: &[Bits], entry: &TableEntry) -> bool {
    key.iter().zip(&entry.matches).all(|(key, pattern)| match pattern {
        Match::Exact(value) => value == key,
        Match::Lpm { value, length } => (key & &Bits::prefix_mask(key.width(), *length)) == *value,
        Match::Ternary { value, mask } => (key & mask) == *value,
        Match::Range { low, high } => low <= key && key <= high,
        Match::Optional(value) => value.as_ref().is_none_or(|value| value == key),
    })
}

fn rank(entry: &TableEntry) -> u32 {
    match entry.matches.first() {
        Some(Match::Lpm { length, .. }) => *length,
        _ => entry.priority,
    }
}

impl Model {
    pub(crate) fn new(info: &PipelineInfo) -> Self {
        Self {
            info: info.clone(),
            entries: BTreeMap::new(),
            defaults: BTreeMap::new(),
            groups: BTreeMap::new(),
            meters: BTreeMap::new(),
            counted: BTreeMap::new(),
            cells: BTreeMap::new(),
        }
    }

    /// Applies one update; panics on what a data path would refuse.
    pub(crate) fn apply(&mut self, update: &Update) {
        match &update.entity {
            Entity::Table(entry) => self.table(update.kind, entry),
            Entity::Default(default) => {
                assert_eq!(update.kind, UpdateKind::Modify);
                let name = short(&default.table).to_string();
                match &default.action {
                    Some(action) => self.defaults.insert(name, action.clone()),
                    None => self.defaults.remove(&name),
                };
            }
            Entity::Multicast(group) => match update.kind {
                UpdateKind::Insert => {
                    let replicas = group.replicas().collect();
                    assert!(self.groups.insert(group.id, replicas).is_none(), "group twice");
                }
                UpdateKind::Modify => panic!("groups are never modified"),
                UpdateKind::Delete => assert!(self.groups.remove(&group.id).is_some(), "no such group"),
            },
            Entity::Meter(meter) => {
                assert_eq!(update.kind, UpdateKind::Modify);
                let index = meter.index.expect("the policy writes one cell");
                match meter.config {
                    Some(config) => self.meters.insert(index, config.pir),
                    None => self.meters.remove(&index),
                };
            }
            other => panic!("the policy writes no {other:?}"),
        }
    }

    fn table(&mut self, kind: UpdateKind, entry: &TableEntry) {
        let info = self.info.table(&entry.table).unwrap_or_else(|| panic!("no table {}", entry.table));
        assert_eq!(info.keys.len(), entry.matches.len(), "{}", entry.table);
        let list = self.entries.entry(short(&entry.table).to_string()).or_default();
        let at =
            list.iter().position(|other| other.matches == entry.matches && other.priority == entry.priority);
        match (kind, at) {
            (UpdateKind::Insert, None) => list.push(entry.clone()),
            (UpdateKind::Modify, Some(at)) => list[at] = entry.clone(),
            (UpdateKind::Delete, Some(at)) => {
                list.remove(at);
                self.counted.remove(&key_text(short(&entry.table), &entry.matches, entry.priority));
            }
            (kind, at) => panic!(
                "{kind:?} of an entry that is {}there: {entry:?}",
                if at.is_none() { "not " } else { "" }
            ),
        }
        assert!(list.len() as u64 <= info.size, "{} is over its size", entry.table);
    }

    /// Nothing is left but what the program starts with.
    pub(crate) fn is_clean(&self) -> bool {
        let alive = self.defaults.iter().filter(|(name, _)| *name != "policy");
        self.entries.values().all(Vec::is_empty)
            && self.groups.is_empty()
            && self.meters.is_empty()
            && alive.count() == 0
    }

    /// A listing for goldens.
    pub(crate) fn listing(&self) -> String {
        let mut out = String::new();
        for (table, action) in &self.defaults {
            out.push_str(&format!("{table} default {}\n", call(action)));
        }
        for (table, entries) in &self.entries {
            let mut lines: Vec<String> = entries
                .iter()
                .map(|entry| format!("{table} {} {}\n", pattern(entry), call(action(entry))))
                .collect();
            lines.sort();
            out.push_str(&lines.concat());
        }
        for (id, replicas) in &self.groups {
            let replicas: Vec<String> =
                replicas.iter().map(|replica| format!("{}#{}", replica.port, replica.instance)).collect();
            out.push_str(&format!("group {id} {}\n", replicas.join(" ")));
        }
        for (instance, rate) in &self.meters {
            out.push_str(&format!("meter {instance} {rate} bytes/s\n"));
        }
        out
    }

    fn lookup(&mut self, table: &str, key: &[Bits]) -> Option<ActionCall> {
        let hit = self.entries.get(table).and_then(|list| {
            let found: Vec<&TableEntry> = list.iter().filter(|entry| matches(key, entry)).collect();
            found.into_iter().max_by_key(|entry| rank(entry))
        });
        if let Some(entry) = hit {
            let text = key_text(table, &entry.matches, entry.priority);
            *self.counted.entry(text).or_default() += 1;
            return Some(action(entry).clone());
        }
        self.defaults.get(table).cloned()
    }

    /// Runs one packet.
    pub(crate) fn run(&mut self, packet: &Packet) -> Outcome {
        let outcome = self.ingress(packet);
        let cells = [
            "received",
            "bad_frame",
            "refused",
            "matched_nothing",
            "discarded",
            "table_miss",
            "no_copy_left",
            "delivered",
        ];
        let reason = cells.iter().position(|name| *name == outcome.reason).expect("a reason") as u64;
        for cell in [0, reason] {
            *self.cells.entry(("outcome".into(), u64::from(packet.port) * 8 + cell)).or_default() += 1;
        }
        outcome
    }

    fn ingress(&mut self, packet: &Packet) -> Outcome {
        let none = |reason| Outcome { reason, copies: BTreeSet::new() };
        let Some(policy) = self.lookup("policy", &[]) else { return none("refused") };
        let Some(port) = self.lookup("network_port", &[Bits::new(9, u64::from(packet.port))]) else {
            return none("refused");
        };
        let mut terms = &policy.params[0] & &port.params[0];
        let source = port.params[1].to_u64().expect("9 bits");
        terms = &terms & &self.narrow(packet, &policy.params[1], &policy.params[2]);
        if terms.is_zero() {
            return none("matched_nothing");
        }
        let mut copies = Bits::zero(policy.params[3].width());
        for byte in 0..terms.width() / 8 {
            let key = terms.slice(byte * 8 + 7, byte * 8);
            if !key.is_zero() {
                let action = self
                    .lookup(&format!("collect_{byte}"), &[key])
                    .expect("every set of alive terms is collected");
                copies |= &action.params[0];
            }
        }
        let wanted = &copies & &!&policy.params[3];
        if !wanted.is_zero() {
            copies = wanted;
        }
        copies = self.select(packet, copies);
        if copies.is_zero() {
            return none("no_copy_left");
        }
        let Some(action) = self.lookup("deliver", &[copies]) else { return none("table_miss") };
        if short(&action.action) == "discard" {
            return none("discarded");
        }
        let group = action.params[0].to_u64().expect("16 bits") as u16;
        let replicas = self.groups.get(&group).expect("the group of an entry is there").clone();
        assert!(!replicas.is_empty());
        let copies =
            replicas.iter().map(|replica| (replica.port, self.egress(replica.instance, source))).collect();
        Outcome { reason: "delivered", copies }
    }

    fn select(&mut self, packet: &Packet, mut copies: Bits) -> Bits {
        let counted = |model: &mut Self, table: &str, key: &[Bits]| {
            assert!(model.lookup(table, key).is_some(), "{table} misses {key:?}");
        };
        counted(self, "asked", std::slice::from_ref(&copies));
        let before = copies.clone();
        for i in 0..4 {
            if let Some(action) = self.lookup(&format!("sample_{i}"), &[])
                && u64::from(packet.digest) >= action.params[0].to_u64().expect("32 bits")
            {
                copies = &copies & &!&action.params[1];
            }
        }
        if copies != before {
            counted(self, "sampled", &[before, copies.clone()]);
        }
        let unique: Vec<Bits> = (0..2)
            .filter_map(|i| self.lookup(&format!("dedup_{i}"), &[]))
            .map(|action| action.params[1].clone())
            .collect();
        if let Some(wanted) = unique.iter().map(|unique| &copies & unique).find(|wanted| !wanted.is_zero())
            && packet.repeat
        {
            let after = &copies & &!&wanted;
            counted(self, "repeated", &[copies, after.clone()]);
            copies = after;
        }
        if let Some(by) = self.lookup("balance_by", &[])
            && !(&copies & &by.params[1]).is_zero()
        {
            for i in 0..8 {
                let bucket = packet.buckets[usize::from(by.params[0].bit(i))];
                if let Some(action) = self.lookup(&format!("balance_{i}"), &[Bits::new(6, bucket)]) {
                    copies = &copies & &!&action.params[0];
                }
            }
        }
        copies
    }

    fn narrow(&mut self, packet: &Packet, either_address: &Bits, either_port: &Bits) -> Bits {
        let ones = Bits::ones(either_address.width());
        let never = Bits::zero(ones.width());
        let mut kept = ones.clone();
        for layer in ["", "inner_"] {
            if layer == "inner_" && !packet.tunnel {
                if let Some(action) = self.lookup("narrow_no_tunnel", &[]) {
                    kept &= &action.params[0];
                }
                continue;
            }
            for field in Field::ALL.into_iter().filter(|field| (*field >= Field::Vni) == (layer == "inner_"))
            {
                if let Some((width, value)) = number(field, packet.values.value(field))
                    && let Some(action) =
                        self.lookup(&format!("narrow_{}", field.name()), &[Bits::new(width, value)])
                {
                    kept &= &action.params[0];
                }
            }
            let sides = if layer.is_empty() {
                [
                    (Field::AddressSrc, Field::AddressDst, either_address),
                    (Field::L4Src, Field::L4Dst, either_port),
                ]
            } else {
                // There is no "either" for inner fields.
                let addresses = (Field::InnerAddressSrc, Field::InnerAddressDst, &never);
                [addresses, (Field::InnerL4Src, Field::InnerL4Dst, &never)]
            };
            for (src, dst, either) in sides {
                let (s, d) = self.pair(packet, layer, src, dst);
                let (s, d) = (s.unwrap_or_else(|| ones.clone()), d.unwrap_or_else(|| ones.clone()));
                let both = &s & &d;
                kept &= &(&both | &(either & &(&s | &d)));
            }
        }
        kept
    }

    fn pair(&mut self, packet: &Packet, layer: &str, src: Field, dst: Field) -> (Option<Bits>, Option<Bits>) {
        let (a, b) = (packet.values.value(src), packet.values.value(dst));
        let key = |value: FieldValue| match value {
            FieldValue::Address(Address::V4(value)) => Some(("ipv4", Bits::new(32, u64::from(value)))),
            FieldValue::Address(Address::V6(value)) => Some(("ipv6", Bits::from_u128(128, value))),
            FieldValue::Port(Some(value)) => Some(("l4", Bits::new(16, u64::from(value)))),
            _ => None,
        };
        if let (Some((name, s)), Some((other, d))) = (key(a), key(b)) {
            assert_eq!(name, other, "both addresses of a packet are of one family");
            let s = self
                .lookup(&format!("narrow_{layer}{name}_src"), &[s])
                .map(|action| action.params[0].clone());
            let d = self
                .lookup(&format!("narrow_{layer}{name}_dst"), &[d])
                .map(|action| action.params[0].clone());
            return (s, d);
        }
        let what = if matches!(a, FieldValue::Port(_)) { "port" } else { "address" };
        match self.lookup(&format!("narrow_{layer}no_{what}"), &[]) {
            Some(action) => (Some(action.params[0].clone()), Some(action.params[1].clone())),
            None => (None, None),
        }
    }

    /// What egress does for an instance, in the order of the tables; the instance itself does not show.
    fn egress(&mut self, instance: u16, source: u64) -> String {
        let mut parts = Vec::new();
        let tables = [
            "strip",
            "mask_0",
            "mask_1",
            "mask_2",
            "mask_3",
            "slice",
            "label",
            "stamp",
            "encapsulate",
            "fix_checksums",
            "tool_port",
        ];
        for table in tables {
            let mut key = vec![Bits::new(16, u64::from(instance))];
            if table == "label" {
                key.push(Bits::new(9, source));
            }
            if let Some(action) = self.lookup(table, &key) {
                parts.push(call(&action));
            }
        }
        if let Some(rate) = self.meters.get(&u64::from(instance)) {
            parts.push(format!("rate({rate})"));
        }
        *self.cells.entry(("copy_outcome".into(), u64::from(instance) * 8)).or_default() += 1;
        parts.join(" ")
    }
}

/// Width and value of what an exact, ternary or length table looks at.
fn number(field: Field, value: FieldValue) -> Option<(u32, u64)> {
    let width = match field {
        Field::EtherType | Field::L3 | Field::InnerL3 => 17,
        Field::VlanOuter | Field::VlanInner | Field::InnerVlan => 13,
        Field::MacSrc | Field::MacDst | Field::InnerMacSrc | Field::InnerMacDst => 48,
        Field::IpProto
        | Field::TcpFlags
        | Field::Ttl
        | Field::InnerIpProto
        | Field::InnerTcpFlags
        | Field::InnerTtl => 9,
        Field::Dscp | Field::InnerDscp => 7,
        Field::Ecn | Field::Fragment | Field::InnerFragment => 3,
        Field::Icmp | Field::InnerIcmp => 18,
        Field::Mpls => 21,
        Field::Vni => 25,
        Field::Teid | Field::GreKey => 33,
        Field::Length => 16,
        _ => return None,
    };
    match value {
        FieldValue::Number(value) => Some((width, value)),
        FieldValue::Port(value) => Some((width, u64::from(value.unwrap_or(0)))),
        FieldValue::Address(_) => None,
    }
}

/// `action(1, 0x2f)`.
pub(crate) fn call(action: &ActionCall) -> String {
    let params: Vec<String> = action.params.iter().map(|param| format!("{param:#x}")).collect();
    format!("{}({})", short(&action.action), params.join(", "))
}

fn pattern(entry: &TableEntry) -> String {
    let one = |pattern: &Match| match pattern {
        Match::Exact(value) => format!("{value:#x}"),
        Match::Lpm { value, length } => format!("{value:#x}/{length}"),
        Match::Ternary { value, mask } => format!("{value:#x}&{mask:#x}"),
        Match::Range { low, high } => format!("{low:#x}..{high:#x}"),
        Match::Optional(value) => format!("{value:?}"),
    };
    let keys: Vec<String> = entry.matches.iter().map(one).collect();
    if entry.priority > 0 { format!("{} !{}", keys.join(" "), entry.priority) } else { keys.join(" ") }
}

/// The action of an entry of the policy, which always has one of its own.
fn action(entry: &TableEntry) -> &ActionCall {
    entry.call().expect("the policy writes actions")
}
