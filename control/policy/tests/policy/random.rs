//! Random configurations and packets, from pools small enough that they meet.

use sluice_policy::fields::{Address, Field, FieldValue, FieldValues};

use crate::model::Packet;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

const PREFIXES: [&str; 12] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3",
    "10.1.2.128/25",
    "10.0.0.0/9",
    "10.128.0.0/9",
    "192.168.0.0/16",
    "192.168.1.1",
    "0.0.0.0/1",
    "2001:db8::/32",
    "2001:db8:1::/48",
];
const ADDRESSES: [u32; 8] =
    [0x0A01_0203, 0x0A01_0204, 0x0A01_0280, 0x0A01_0500, 0x0A80_0001, 0xC0A8_0101, 0xC0A8_0102, 0x7F00_0001];
const LONG: [u128; 3] = [0x2001_0db8 << 96, 0x2001_0db8_0001 << 80 | 5, 0xfe80 << 112 | 1];
const PORTS: [u16; 9] = [22, 53, 80, 443, 1_023, 1_024, 5_000, 8_080, 65_535];
const MACS: [u64; 4] = [0x0200_0000_0001, 0x0200_0000_0002, 0xFFFF_FFFF_FFFF, 0x0100_5E00_0001];

/// One primitive of the filter language.
fn primitive(r: &mut Random) -> String {
    let prefix = |r: &mut Random| (*r.pick(&PREFIXES)).to_string();
    let port = |r: &mut Random| *r.pick(&PORTS);
    match r.below(18) {
        0 => format!("src net {}", prefix(r)),
        1 => format!("dst net {}", prefix(r)),
        2 => format!("net {}", prefix(r)),
        3 => format!("port {}", port(r)),
        4 => format!("dst port {}", port(r)),
        5 => {
            let (a, b) = (port(r), port(r));
            format!("src portrange {}-{}", a.min(b), a.max(b))
        }
        6 => {
            let (a, b) = (port(r), port(r));
            format!("portrange {}-{}", a.min(b), a.max(b))
        }
        7 => (*r.pick(&["ip", "ip6", "arp", "tcp", "udp", "icmp"])).to_string(),
        8 => format!("vlan {}", r.below(4) + 100),
        9 => format!("dscp {}", r.pick(&[0, 10, 46])),
        10 => format!("ttl < {}", r.pick(&[2, 5, 64])),
        11 => format!("greater {}", r.pick(&[64, 100, 1_000])),
        12 => format!("less {}", r.pick(&[64, 100, 1_000])),
        13 => (*r.pick(&["frag", "frag first", "frag later"])).to_string(),
        14 => (*r.pick(&[
            "ether multicast",
            "ether broadcast",
            "ether dst 02:00:00:00:00:01",
            "ether src 02:00:00:00:00:02",
        ]))
        .to_string(),
        15 => format!("vni {}", r.below(3)),
        16 => format!("inner (src net {})", prefix(r)),
        _ => format!("src in {{{}, {}}}", prefix(r), prefix(r)),
    }
}

fn expression(r: &mut Random, depth: u32) -> String {
    if depth == 0 || r.chance(40) {
        let text = primitive(r);
        return if r.chance(20) { format!("not ({text})") } else { text };
    }
    let operator = if r.chance(60) { "and" } else { "or" };
    let (a, b) = (expression(r, depth - 1), expression(r, depth - 1));
    let text = format!("({a}) {operator} ({b})");
    if r.chance(10) { format!("not ({text})") } else { text }
}

/// The parts of a configuration, to be changed one by one.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) taps: Vec<(u16, u16)>,
    pub(crate) remote: String,
    pub(crate) groups: Vec<String>,
    pub(crate) filters: Vec<(String, String)>,
    pub(crate) otherwise: Option<String>,
    pub(crate) window_ms: u64,
}

const TOOLS: [&str; 8] = ["ids1", "ids2", "ids3", "recorder", "remote", "farm", "pool", "limited"];
const EDITS: [&str; 8] = [
    "{}",
    "{ strip: [vlan] }",
    "{ label: true }",
    "{ strip: [vxlan, gre], slice: { after: l4, bytes: 16 } }",
    "{ slice: { after: frame, bytes: 64 } }",
    "{ mask: [{ at: l3, offset: 12, length: 4, value: 0 }, { at: payload, length: 8, value: 255 }], fix_checksums: true }",
    "{ label: true, stamp: { format: d28b, bits: 48, clock: utc } }",
    "{ stamp: { format: vss } }",
];

fn sends(r: &mut Random) -> String {
    let mut to: Vec<&str> = (0..r.below(4)).map(|_| *r.pick(&TOOLS)).collect();
    to.sort_unstable();
    to.dedup();
    let mut text = format!("to: [{}], edits: {}", to.join(", "), r.pick(&EDITS));
    if r.chance(20) {
        text.push_str(&format!(", sample: {}", r.pick(&["10%", "1/2"])));
    }
    if r.chance(20) {
        text.push_str(", dedup: true");
    }
    text
}

fn filter(r: &mut Random, taps: &[(u16, u16)]) -> String {
    let mut text = sends(r);
    if r.chance(85) {
        // A third tag on the way through an expression is refused: the tables hold two.
        let mut expression = || expression(r, 2);
        let mut drawn = expression();
        while drawn.matches("vlan").count() > 2 {
            drawn = expression();
        }
        text.push_str(&format!(", match: '{drawn}'"));
    }
    if r.chance(40) {
        text.push_str(&format!(", from: tap{}", r.pick(taps).0));
    }
    text
}

fn group(r: &mut Random, name: &str) -> String {
    let mut members: Vec<&str> =
        ["ids1", "ids2", "ids3", "recorder"].into_iter().filter(|_| r.chance(70)).collect();
    if members.is_empty() {
        members.push("ids1");
    }
    let balance = r.pick(&["flows", "hosts"]);
    format!("  {name}: {{ members: [{}], balance: {balance} }}\n", members.join(", "))
}

impl Draft {
    pub(crate) fn new(r: &mut Random, filters: u64) -> Self {
        let taps = vec![(1, 101), (2, 102)];
        Self {
            remote: remote(r),
            groups: vec![group(r, "farm"), group(r, "pool")],
            filters: (0..filters).map(|i| (format!("f{i}"), filter(r, &taps))).collect(),
            otherwise: if r.chance(50) { Some(sends(r)) } else { None },
            window_ms: 50,
            taps,
        }
    }

    /// Changes some of it.
    pub(crate) fn change(&mut self, r: &mut Random) {
        for _ in 0..r.below(4) + 1 {
            match r.below(11) {
                0 if self.filters.len() > 1 => {
                    let at = r.below(self.filters.len() as u64) as usize;
                    self.filters.remove(at);
                }
                1 | 2 => {
                    let name = format!("g{}", r.below(1_000_000));
                    let at = r.below(self.filters.len() as u64 + 1) as usize;
                    self.filters.insert(at, (name, filter(r, &self.taps)));
                }
                3 | 4 => {
                    let at = r.below(self.filters.len() as u64) as usize;
                    self.filters[at].1 = filter(r, &self.taps);
                }
                5 => r.shuffle(&mut self.filters),
                6 => self.groups = vec![group(r, "farm"), group(r, "pool")],
                7 => self.remote = remote(r),
                8 => self.otherwise = if r.chance(70) { Some(sends(r)) } else { None },
                9 => {
                    let at = r.below(self.taps.len() as u64) as usize;
                    self.taps[at].1 = 100 + r.below(20) as u16;
                }
                10 => self.window_ms = 10 + r.below(90),
                _ => {
                    if self.taps.len() == 2 {
                        self.taps.push((3, 103));
                    } else if self.filters.iter().all(|(_, text)| !text.contains("tap3")) {
                        self.taps.truncate(2);
                    }
                }
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = "ports:\n".to_string();
        for (tap, label) in &self.taps {
            text.push_str(&format!("  tap{tap}: {{ role: network, id: {tap}, label: {label} }}\n"));
        }
        for (i, tool) in ["ids1", "ids2", "ids3", "recorder", "wan", "slow"].iter().enumerate() {
            text.push_str(&format!("  {tool}: {{ role: tool, id: {} }}\n", 10 + i));
        }
        text.push_str(&format!("tools:\n{}groups:\n{}filters:\n", self.remote, self.groups.concat()));
        for (name, filter) in &self.filters {
            text.push_str(&format!("  - {{ name: {name}, {filter} }}\n"));
        }
        if let Some(otherwise) = &self.otherwise {
            text.push_str(&format!("otherwise: {{ {otherwise} }}\n"));
        }
        text.push_str(&format!("settings: {{ dedup: {{ window: {}ms }} }}\n", self.window_ms));
        text
    }
}

fn remote(r: &mut Random) -> String {
    format!(
        "  remote: {{ port: wan, max_frame: 1500, encapsulate: {{ vxlan: {{ dst_mac: '02:00:00:00:00:99', src_mac: '02:00:00:00:00:98', \
         src_ip: 192.0.2.1, dst_ip: 192.0.2.2, vni: {} }} }} }}\n  limited: {{ port: slow, limit: {}Mbps, vlan: 7 }}\n",
        r.below(3),
        r.below(3) + 1
    )
}

/// A packet whose values the expressions know.
pub(crate) fn packet(r: &mut Random) -> Packet {
    let mut values = FieldValues::default();
    let tunnel = r.chance(30);
    layer(r, &mut values, false);
    values.set(Field::Length, FieldValue::Port(Some(*r.pick(&[60, 64, 99, 100, 101, 999, 1_000, 1_500]))));
    if r.chance(40) {
        values.set(Field::VlanOuter, FieldValue::Number(99 + r.below(5)));
    }
    values.set(Field::MacSrc, FieldValue::Number(*r.pick(&MACS)));
    values.set(Field::MacDst, FieldValue::Number(*r.pick(&MACS)));
    if tunnel {
        layer(r, &mut values, true);
        if r.chance(60) {
            values.set(Field::Vni, FieldValue::Number(r.below(4)));
        }
    }
    Packet {
        port: r.pick(&[1, 1, 2, 2, 3, 10]).to_owned(),
        values,
        tunnel,
        digest: r.next() as u32,
        repeat: r.chance(30),
        buckets: [r.below(64), r.below(64)],
    }
}

fn layer(r: &mut Random, values: &mut FieldValues, inner: bool) {
    let of = |field: Field| if inner { field.inner().expect("fields of both layers") } else { field };
    let mut set = |field: Field, value: FieldValue| values.set(of(field), value);
    let number = FieldValue::Number;
    let v4 = |r: &mut Random| FieldValue::Address(Address::V4(*r.pick(&ADDRESSES)));
    match r.below(10) {
        0 => {
            set(Field::L3, number(0x0806));
            set(Field::AddressSrc, v4(r));
            set(Field::AddressDst, v4(r));
            return;
        }
        1 => {
            set(Field::L3, number(0x8847));
            return;
        }
        2 | 3 => {
            set(Field::L3, number(0x86DD));
            set(Field::AddressSrc, FieldValue::Address(Address::V6(*r.pick(&LONG))));
            set(Field::AddressDst, FieldValue::Address(Address::V6(*r.pick(&LONG))));
        }
        _ => {
            set(Field::L3, number(0x0800));
            set(Field::AddressSrc, v4(r));
            set(Field::AddressDst, v4(r));
        }
    }
    set(Field::Ttl, number(*r.pick(&[1, 3, 10, 64])));
    set(Field::Dscp, number(*r.pick(&[0, 10, 46])));
    set(Field::Fragment, number(*r.pick(&[1, 1, 1, 2, 3])));
    let proto = *r.pick(&[6, 6, 17, 1, 47]);
    set(Field::IpProto, number(proto));
    if proto == 6 || proto == 17 {
        set(Field::L4Src, FieldValue::Port(Some(*r.pick(&PORTS))));
        set(Field::L4Dst, FieldValue::Port(Some(*r.pick(&PORTS))));
    }
    if proto == 6 {
        set(Field::TcpFlags, number(*r.pick(&[2, 16, 18])));
    }
}
