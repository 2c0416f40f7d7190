//! The twin: what somebody would write by hand, in Rust, for the packets of this benchmark and the tables of the broker.
//!
//! It takes its tables from the switch, counts what the program counts, and sends the same frames. It knows no tunnels and no edits, and
//! says so where it meets them: what it leaves out costs the broker nothing either, but for looking whether it is wanted.

use sluice_entities::Match;
use sluice_switch::{Ingress, Output, Sink, Switch};

use super::lookup::{Direct, Lookup};

/// The bitmap of copies: 128 bits.
type Copies = u128;

/// Packets and bytes.
#[derive(Clone, Copy, Default)]
struct Count {
    packets: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.packets += 1;
        self.bytes += bytes;
    }
}

/// Most tags of a frame.
const MAX_TAGS: usize = 4;

/// Values that mean "the packet has none".
const NO_VLAN: u64 = 0x1000;
const NO_BYTE: u64 = 0x100;
const NO_MPLS: u64 = 0x10_0000;

/// Cells of the counter of outcomes.
const RECEIVED: usize = 0;
const REFUSED: usize = 2;
const NOTHING: usize = 3;
const NO_COPY: usize = 6;
const DELIVERED: usize = 7;

/// Keys of one packet.
#[derive(Default)]
struct Keys {
    ether_type: u64,
    vlan_outer: u64,
    vlan_inner: u64,
    mac_src: u64,
    mac_dst: u64,
    ipv4: Option<(u64, u64)>,
    ports: Option<(u64, u64)>,
    ip_proto: u64,
    tcp_flags: u64,
    dscp: u64,
    ecn: u64,
    ttl: u64,
    fragment: u64,
    icmp: u64,
}

/// See the module.
pub(crate) struct Twin<const W: usize> {
    alive: [u64; W],
    either_addr: [u64; W],
    either_port: [u64; W],
    otherwise: Copies,
    /// By port: what a network port's terms are.
    ports: Vec<Option<[u64; W]>>,
    narrow: Narrow<W>,
    /// By byte of the terms, then by its value: copies, and the entry's counter.
    collect: Vec<Vec<Option<Copies>>>,
    collected: Vec<Vec<Count>>,
    asked: Direct,
    asked_hits: Vec<Count>,
    deliver: Direct,
    deliver_hits: Vec<Count>,
    groups: Vec<Vec<(u16, u16)>>,
    /// By edit table, then by instance: whether the copy is edited.
    edits: Vec<Vec<bool>>,
    /// By instance: flags of the tool's port.
    tools: Vec<Option<u8>>,
    outcome: Vec<Count>,
    copy_outcome: Vec<Count>,
    received: Vec<Count>,
    sent: Vec<Count>,
}

/// The tables that narrow.
struct Narrow<const W: usize> {
    ether_type: Lookup<W>,
    l3: Lookup<W>,
    vlan_outer: Lookup<W>,
    vlan_inner: Lookup<W>,
    mac_src: Lookup<W>,
    mac_dst: Lookup<W>,
    ipv4_src: Lookup<W>,
    ipv4_dst: Lookup<W>,
    no_address: Lookup<W>,
    ip_proto: Lookup<W>,
    l4_src: Lookup<W>,
    l4_dst: Lookup<W>,
    no_port: Lookup<W>,
    tcp_flags: Lookup<W>,
    dscp: Lookup<W>,
    ecn: Lookup<W>,
    ttl: Lookup<W>,
    fragment: Lookup<W>,
    icmp: Lookup<W>,
    length: Lookup<W>,
    mpls: Lookup<W>,
    no_tunnel: Lookup<W>,
}

fn full_name(switch: &Switch, name: &str) -> std::sync::Arc<str> {
    let found = switch.info().tables.iter().find(|table| table.name.rsplit('.').next() == Some(name));
    found.unwrap_or_else(|| panic!("the broker has no table {name}")).name.clone()
}

fn terms<const W: usize>(bits: &sluice_entities::Bits) -> [u64; W] {
    std::array::from_fn(|i| bits.limbs().get(i).copied().unwrap_or(0))
}

/// Entries of a table of one exact key: the key, and the parameters.
fn exact(switch: &Switch, name: &str) -> Vec<(u128, Vec<sluice_entities::Bits>)> {
    let entries = switch.entries(&full_name(switch, name)).unwrap_or_default();
    let pair = |entry: &sluice_entities::TableEntry| {
        let [Match::Exact(key)] = &entry.matches[..] else { panic!("{name} has one exact key") };
        let params = entry.call().map(|call| call.params.clone()).unwrap_or_default();
        (key.resize(128).to_u128().unwrap_or(0), params)
    };
    entries.iter().map(pair).collect()
}

impl<const W: usize> Twin<W> {
    /// A twin with the tables that the switch has now.
    ///
    /// # Panics
    /// Where the tables want something that the twin does not know.
    pub(crate) fn new(switch: &Switch) -> Self {
        let policy = switch.default_action(&full_name(switch, "policy")).expect("it has one").params;
        let mut ports = vec![None; 512];
        for (port, params) in exact(switch, "network_port") {
            if let [survivors, ..] = &params[..] {
                ports[port as usize] = Some(terms(survivors));
            }
        }
        for name in ["sample_0", "sample_1", "sample_2", "sample_3", "dedup_0", "dedup_1", "balance_by"] {
            let action = switch.default_action(&full_name(switch, name)).expect("it has one");
            assert!(action.params.is_empty(), "the twin knows no {name}");
        }
        let (asked, deliver) = (exact(switch, "asked"), exact(switch, "deliver"));
        let by_instance = |name: &str| {
            let mut edited = vec![false; 1024];
            exact(switch, name).iter().for_each(|(instance, _)| edited[*instance as usize] = true);
            edited
        };
        let mut tools = vec![None; 1024];
        for (instance, params) in exact(switch, "tool_port") {
            tools[instance as usize] =
                params.first().and_then(|flags| flags.to_u64()).map(|flags| flags as u8);
        }
        let mut groups = vec![Vec::new(); 1 << 16];
        for group in switch.multicast_groups() {
            groups[usize::from(group.id)] =
                group.replicas().map(|replica| (replica.port, replica.instance)).collect();
        }
        let collect: Vec<_> = (0..W * 8).map(|byte| Self::collect_table(switch, byte)).collect();
        Self {
            alive: terms(&policy[0]),
            either_addr: terms(&policy[1]),
            either_port: terms(&policy[2]),
            otherwise: policy[3].resize(128).to_u128().unwrap_or(0),
            ports,
            narrow: Narrow::new(switch),
            collected: vec![vec![Count::default(); 256]; collect.len()],
            collect,
            asked: Direct::new(asked.iter().map(|(key, _)| (*key, 0))),
            asked_hits: vec![Count::default(); asked.len()],
            deliver: Direct::new(
                deliver.iter().map(|(key, params)| {
                    (*key, params.first().and_then(|group| group.to_u64()).unwrap_or(0))
                }),
            ),
            deliver_hits: vec![Count::default(); deliver.len()],
            groups,
            edits: ["strip", "mask_0", "slice", "label", "stamp", "encapsulate", "fix_checksums"]
                .map(by_instance)
                .to_vec(),
            tools,
            outcome: vec![Count::default(); 512 * 8],
            copy_outcome: vec![Count::default(); 1024 * 8],
            received: vec![Count::default(); 512],
            sent: vec![Count::default(); 512],
        }
    }

    fn collect_table(switch: &Switch, byte: usize) -> Vec<Option<Copies>> {
        let mut table = vec![None; 256];
        for (key, params) in exact(switch, &format!("collect_{byte}")) {
            table[key as usize] = Some(params[0].resize(128).to_u128().unwrap_or(0));
        }
        table
    }

    /// Takes a packet through.
    pub(crate) fn process(&mut self, ingress: &Ingress<'_>, sink: &mut dyn Sink) {
        let (port, bytes) = (usize::from(ingress.port), u64::from(ingress.wire_length));
        self.received[port].add(bytes);
        self.outcome[port * 8 + RECEIVED].add(bytes);
        let outcome = self.ingress(ingress, port, bytes, sink);
        self.outcome[port * 8 + outcome].add(bytes);
    }

    fn ingress(&mut self, ingress: &Ingress<'_>, port: usize, bytes: u64, sink: &mut dyn Sink) -> usize {
        let Some(survivors) = &self.ports[port] else { return REFUSED };
        let alive: [u64; W] = std::array::from_fn(|i| self.alive[i] & survivors[i]);
        if alive.iter().all(|word| *word == 0) {
            return NOTHING;
        }
        let keys = parse(ingress.data);
        let left = self.narrow.terms(&keys, bytes, alive, &self.either_addr, &self.either_port);
        if left.iter().all(|word| *word == 0) {
            return NOTHING;
        }
        let copies = self.copies(&left, bytes);
        let copies = if copies & !self.otherwise != 0 { copies & !self.otherwise } else { copies };
        if let Some((row, _)) = self.asked.find(copies) {
            self.asked_hits[row].add(bytes);
        }
        if copies == 0 {
            return NO_COPY;
        }
        let Some((row, group)) = self.deliver.find(copies) else { panic!("the policy has all combinations") };
        self.deliver_hits[row].add(bytes);
        for replica in 0..self.groups[group as usize].len() {
            let (port, instance) = self.groups[group as usize][replica];
            self.egress(ingress, port, instance, sink);
        }
        DELIVERED
    }

    fn copies(&mut self, left: &[u64; W], bytes: u64) -> Copies {
        let mut copies = 0;
        for (word, terms) in left.iter().enumerate().filter(|(_, terms)| **terms != 0) {
            for (byte, value) in terms.to_le_bytes().into_iter().enumerate().filter(|(_, value)| *value != 0)
            {
                let table = word * 8 + byte;
                if let Some(more) = self.collect[table][usize::from(value)] {
                    copies |= more;
                    self.collected[table][usize::from(value)].add(bytes);
                }
            }
        }
        copies
    }

    fn egress(&mut self, ingress: &Ingress<'_>, port: u16, instance: u16, sink: &mut dyn Sink) {
        let at = usize::from(instance);
        for edit in &self.edits {
            assert!(!edit[at], "the twin knows no edits");
        }
        assert!(self.tools[at].is_none_or(|flags| flags == 0), "the twin knows no limits");
        self.copy_outcome[at * 8].add(u64::from(ingress.wire_length));
        self.sent[usize::from(port)].add(ingress.data.len() as u64);
        sink.send(Output {
            port,
            instance,
            // No edit is known, so that nothing has to be copied.
            data: ingress.data,
            original_length: ingress.wire_length,
            ingress_port: ingress.port,
            time_ns: ingress.time_ns,
        });
    }

    /// What counters say, to be compared with the switch's: packets that came in, and what became of them.
    pub(crate) fn outcomes(&self, port: u16) -> [u64; 8] {
        std::array::from_fn(|reason| self.outcome[usize::from(port) * 8 + reason].packets)
    }
}

impl<const W: usize> Narrow<W> {
    fn new(switch: &Switch) -> Self {
        let table = |name: &str| Lookup::new(switch, &full_name(switch, name));
        Self {
            ether_type: table("narrow_ether_type"),
            l3: table("narrow_l3"),
            vlan_outer: table("narrow_vlan_outer"),
            vlan_inner: table("narrow_vlan_inner"),
            mac_src: table("narrow_mac_src"),
            mac_dst: table("narrow_mac_dst"),
            ipv4_src: table("narrow_ipv4_src"),
            ipv4_dst: table("narrow_ipv4_dst"),
            no_address: table("narrow_no_address"),
            ip_proto: table("narrow_ip_proto"),
            l4_src: table("narrow_l4_src"),
            l4_dst: table("narrow_l4_dst"),
            no_port: table("narrow_no_port"),
            tcp_flags: table("narrow_tcp_flags"),
            dscp: table("narrow_dscp"),
            ecn: table("narrow_ecn"),
            ttl: table("narrow_ttl"),
            fragment: table("narrow_fragment"),
            icmp: table("narrow_icmp"),
            length: table("narrow_length"),
            mpls: table("narrow_mpls"),
            no_tunnel: table("narrow_no_tunnel"),
        }
    }

    fn terms(
        &self,
        keys: &Keys,
        length: u64,
        mut kept: [u64; W],
        either_addr: &[u64; W],
        either_port: &[u64; W],
    ) -> [u64; W] {
        self.ether_type.narrow(keys.ether_type, &mut kept);
        self.l3.narrow(keys.ether_type, &mut kept);
        self.vlan_outer.narrow(keys.vlan_outer, &mut kept);
        self.vlan_inner.narrow(keys.vlan_inner, &mut kept);
        self.mac_src.narrow(keys.mac_src, &mut kept);
        self.mac_dst.narrow(keys.mac_dst, &mut kept);
        match keys.ipv4 {
            Some((src, dst)) => {
                Lookup::meet((&self.ipv4_src, src), (&self.ipv4_dst, dst), either_addr, &mut kept);
            }
            None => self.no_address.narrow_both(either_addr, &mut kept),
        }
        match keys.ports {
            Some((src, dst)) => {
                Lookup::meet((&self.l4_src, src), (&self.l4_dst, dst), either_port, &mut kept);
            }
            None => self.no_port.narrow_both(either_port, &mut kept),
        }
        self.ip_proto.narrow(keys.ip_proto, &mut kept);
        self.tcp_flags.narrow(keys.tcp_flags, &mut kept);
        self.dscp.narrow(keys.dscp, &mut kept);
        self.ecn.narrow(keys.ecn, &mut kept);
        self.ttl.narrow(keys.ttl, &mut kept);
        self.fragment.narrow(keys.fragment, &mut kept);
        self.icmp.narrow(keys.icmp, &mut kept);
        self.length.narrow(length.min(0xffff), &mut kept);
        self.mpls.narrow(NO_MPLS, &mut kept);
        self.no_tunnel.narrow(0, &mut kept);
        kept
    }
}

fn be16(data: &[u8], at: usize) -> u64 {
    u64::from(data[at]) << 8 | u64::from(data[at + 1])
}

fn be32(data: &[u8], at: usize) -> u64 {
    be16(data, at) << 16 | be16(data, at + 2)
}

/// Ethernet, tags, IPv4, TCP, UDP and ICMP.
fn parse(data: &[u8]) -> Keys {
    let mut keys = Keys {
        vlan_outer: NO_VLAN,
        vlan_inner: NO_VLAN,
        ip_proto: NO_BYTE,
        tcp_flags: NO_BYTE,
        dscp: 0x40,
        ecn: 4,
        ttl: NO_BYTE,
        ..Keys::default()
    };
    keys.mac_dst = be32(data, 0) << 16 | be16(data, 4);
    keys.mac_src = be32(data, 6) << 16 | be16(data, 10);
    let (mut at, mut tags) = (12, 0);
    while matches!(be16(data, at), 0x8100 | 0x88a8 | 0x9100) && tags < MAX_TAGS {
        let vid = be16(data, at + 2) & 0xfff;
        match tags {
            0 => keys.vlan_outer = vid,
            1 => keys.vlan_inner = vid,
            _ => {}
        }
        (at, tags) = (at + 4, tags + 1);
    }
    keys.ether_type = be16(data, at);
    at += 2;
    assert_eq!(keys.ether_type, 0x0800, "the twin knows IPv4 alone");
    ipv4(&data[at..], &mut keys);
    keys
}

fn ipv4(data: &[u8], keys: &mut Keys) {
    let header = usize::from(data[0] & 15) * 4;
    keys.ipv4 = Some((be32(data, 12), be32(data, 16)));
    keys.dscp = u64::from(data[1] >> 2);
    keys.ecn = u64::from(data[1] & 3);
    keys.ttl = u64::from(data[8]);
    keys.ip_proto = u64::from(data[9]);
    let (offset, more) = (be16(data, 6) & 0x1fff, data[6] & 0x20 != 0);
    keys.fragment = match (offset, more) {
        (0, false) => 1,
        (0, true) => 2,
        _ => 3,
    };
    if offset != 0 {
        return;
    }
    let upper = &data[header..];
    match keys.ip_proto {
        6 => {
            keys.ports = Some((be16(upper, 0), be16(upper, 2)));
            keys.tcp_flags = u64::from(upper[13]);
        }
        17 => {
            assert!(!matches!(be16(upper, 2), 4789 | 6081 | 2152), "the twin knows no tunnels");
            keys.ports = Some((be16(upper, 0), be16(upper, 2)));
        }
        1 => keys.icmp = 1 << 16 | be16(upper, 0),
        _ => {}
    }
}
