//! Packets per second through the broker's program, with tables filled as for many filters.
//!
//! `cargo bench -p sluice-switch` measures; `SLUICE_PROFILE=1` prints where a packet's time goes instead.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sluice_entities::{
    ActionCall, Bits, DefaultEntry, Entity, Match, MulticastGroup, Replica, TableEntry, Update, UpdateKind,
};
use sluice_switch::{Ingress, Output, Sink, Switch, SwitchOptions, Worker};

/// Counts frames, so that nothing of the work can be left out.
#[derive(Default)]
struct Count {
    frames: u64,
    bytes: u64,
}

impl Sink for Count {
    fn send(&mut self, output: Output<'_>) {
        self.frames += 1;
        self.bytes += output.data.len() as u64;
    }
}

/// The table whose name ends so, whatever its control is called.
fn full_name(switch: &Switch, name: &str) -> Arc<str> {
    let found = switch.info().tables.iter().find(|table| table.name.rsplit('.').next() == Some(name));
    found.unwrap_or_else(|| panic!("the broker has no table {name}")).name.clone()
}

/// A call of the table's action of that name.
fn call(switch: &Switch, table: &str, action: &str, params: Vec<Bits>) -> ActionCall {
    let table = switch.info().table(table).expect("its name was looked up");
    let listed = table.actions.iter().find(|listed| listed.name.rsplit('.').next() == Some(action));
    ActionCall { action: listed.unwrap_or_else(|| panic!("no action {action}")).name.clone(), params }
}

struct Filler<'s> {
    switch: &'s Switch,
    terms: u32,
    copies: u32,
}

impl Filler<'_> {
    fn write(&self, kind: UpdateKind, entity: Entity) {
        self.switch.write(&[Update { kind, entity }]).unwrap_or_else(|errors| panic!("{errors}"));
    }

    fn default(&self, name: &str, action: &str, params: Vec<Bits>) {
        let table = full_name(self.switch, name);
        let action = call(self.switch, &table, action, params);
        self.write(UpdateKind::Modify, Entity::Default(DefaultEntry::new(table, Some(action))));
    }

    fn entry(&self, name: &str, key: Match, action: &str, params: Vec<Bits>) {
        self.entries(name, [key].into_iter(), action, &params);
    }

    /// Adds entries that do the same, in one write.
    fn entries(&self, name: &str, keys: impl Iterator<Item = Match>, action: &str, params: &[Bits]) {
        let table = full_name(self.switch, name);
        let info = self.switch.info().table(&table).expect("its name was looked up");
        let kind = info.keys[0].kind;
        let priority = u32::from(matches!(
            kind,
            sluice_entities::MatchKind::Range | sluice_entities::MatchKind::Ternary
        ));
        let action = call(self.switch, &table, action, params.to_vec());
        let updates: Vec<Update> = keys
            .map(|key| TableEntry::new(table.clone(), vec![key], priority, action.clone()))
            .map(|entry| Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) })
            .collect();
        self.switch.write(&updates).unwrap_or_else(|errors| panic!("{errors}"));
    }

    /// Every term stays for the values that the packets have.
    fn narrow(&self, table: &str, keys: impl Iterator<Item = Match>) {
        self.entries(table, keys, "narrow", &[Bits::ones(self.terms)]);
    }
}

/// A switch with the broker's program, and entries for that many filters in about ten narrow tables.
fn broker(filters: u32, terms: u32) -> Switch {
    let build = sluice_broker::Build { terms, ..sluice_broker::Build::default() };
    let module = sluice_broker::compile(build)
        .unwrap_or_else(|(errors, sources)| panic!("{}", errors.render(&sources)));
    let start = std::time::Instant::now();
    let switch = Switch::new(&module, SwitchOptions::default()).expect("the broker is within bounds");
    if std::env::var_os("SLUICE_PROFILE").is_some() {
        println!("prepared in {:?}", start.elapsed());
    }
    let copies = build.copies;
    let filler = Filler { switch: &switch, terms, copies };
    let alive = Bits::ones(filters).resize(terms);
    let zero = Bits::zero(terms);
    filler.default("policy", "activate", vec![alive.clone(), zero.clone(), zero, Bits::zero(copies)]);
    filler.entry(
        "network_port",
        Match::Exact(Bits::new(9, 1)),
        "admit",
        vec![alive, Bits::new(9, 1), Bits::new(1, 0)],
    );
    let exact = |width: u32, values: std::ops::Range<u64>| {
        values.map(move |value| Match::Exact(Bits::new(width, value)))
    };
    filler.narrow("narrow_vlan_outer", exact(13, 0..64));
    filler.narrow("narrow_ip_proto", exact(9, 0..64));
    filler.narrow("narrow_dscp", exact(7, 0..64));
    filler.narrow("narrow_tcp_flags", exact(9, 0..256));
    filler.narrow("narrow_l3", exact(17, 0x800..0x801));
    let prefixes = |low: u64| {
        (0..filters.max(8) as u64)
            .map(move |i| Match::Lpm { value: Bits::new(32, low << 24 | i << 8), length: 24 })
    };
    filler.narrow("narrow_ipv4_src", prefixes(10));
    filler.narrow("narrow_ipv4_dst", prefixes(192));
    let ranges = |count: u64| {
        (0..count).map(|i| Match::Range { low: Bits::new(16, i * 256), high: Bits::new(16, i * 256 + 255) })
    };
    filler.narrow("narrow_l4_src", ranges(256));
    filler.narrow("narrow_l4_dst", ranges(256));
    filler.fill_copies(filters);
    switch
}

impl Filler<'_> {
    /// The first filter's terms give two copies, whose combination has a group of two tools.
    fn fill_copies(&self, filters: u32) {
        let copies = self.copies;
        let two = Bits::new(copies, 3);
        for byte in 0..self.terms / 8 {
            let left = filters.saturating_sub(byte * 8).min(8);
            if left == 0 {
                break;
            }
            let key = Match::Exact(Bits::ones(left).resize(8));
            self.entry(&format!("collect_{byte}"), key, "collect", vec![two.clone()]);
        }
        let replica = |port, instance| Replica { port, instance };
        let group = MulticastGroup::new(1, [replica(10, 1), replica(11, 2)]);
        self.write(UpdateKind::Insert, Entity::Multicast(group));
        self.entry("deliver", Match::Exact(two), "send", vec![Bits::new(16, 1)]);
    }
}

/// Ethernet, VLAN, IPv4, TCP, and zeros up to the length.
fn tcp(length: usize) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 8, 0];
    let ip_length = (length - 18) as u16;
    frame.extend([0x45, 0]);
    frame.extend(ip_length.to_be_bytes());
    frame.extend([0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 3, 9, 192, 0, 2, 7]);
    frame.extend([0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0x10, 0, 0, 0, 0, 0]);
    frame.resize(length, 0);
    frame
}

/// The same inside VXLAN.
fn vxlan(length: usize) -> Vec<u8> {
    let inner = tcp(length - 50);
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend(((length - 14) as u16).to_be_bytes());
    frame.extend([0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 3, 9, 192, 0, 2, 7]);
    frame.extend([0x30, 0x39, 0x12, 0xb5]);
    frame.extend(((length - 34) as u16).to_be_bytes());
    frame.extend([0, 0, 8, 0, 0, 0, 0, 0, 7, 0]);
    frame.extend(inner);
    frame
}

fn run(worker: &mut Worker, frame: &[u8], packets: u64) -> Count {
    let mut count = Count::default();
    for i in 0..packets {
        let ingress = Ingress::new(1, 1_700_000_000_000_000_000 + i * 1000, black_box(frame));
        black_box(worker.process(&ingress, &mut count));
    }
    count
}

fn profile(filters: u32, frame: &[u8], name: &str) {
    let switch = broker(filters, 256);
    let mut worker = switch.worker();
    run(&mut worker, frame, 20_000);
    // The quickest of many short runs: what the machine does beside them shows least in it.
    let runs = (0..200).map(|_| {
        let start = std::time::Instant::now();
        run(&mut worker, frame, 500);
        start.elapsed().as_nanos() / 500
    });
    let quickest = runs.min().unwrap_or_default();
    println!("{name}, {filters} filters: {quickest} ns a packet; with profiling:");
    for _ in 0..50_000 {
        worker.process_profiled(&Ingress::new(1, 1_700_000_000_000_000_000, frame), &mut Count::default());
    }
    let profile = worker.profile();
    let packets = profile.packets as f64;
    for part in &profile.parts {
        let (nanoseconds, ops) = (part.nanoseconds / packets, part.ops as f64 / packets);
        if nanoseconds >= 1.0 || ops >= 5.0 {
            println!("{nanoseconds:9.1} ns {ops:7.1} ops  {}", part.name);
        }
    }
    let sum: f64 = profile.parts.iter().map(|part| part.nanoseconds).sum();
    let ops: u64 = profile.parts.iter().map(|part| part.ops).sum();
    println!("{:9.1} ns {:7.1} ops  in all", sum / packets, ops as f64 / packets);
}

fn packets(criterion: &mut Criterion) {
    if std::env::var_os("SLUICE_PROFILE").is_some() {
        profile(100, &tcp(300), "TCP in VLAN, 300 bytes");
        profile(100, &vxlan(300), "TCP in VXLAN, 300 bytes");
        return;
    }
    const PACKETS: u64 = 1000;
    let mut group = criterion.benchmark_group("broker");
    group.throughput(Throughput::Elements(PACKETS));
    for (filters, terms) in [(1, 256), (10, 256), (100, 256), (1000, 1024)] {
        let switch = broker(filters, terms);
        for (name, frame) in
            [("tcp64", tcp(64)), ("tcp300", tcp(300)), ("tcp1500", tcp(1500)), ("vxlan300", vxlan(300))]
        {
            let mut worker = switch.worker();
            assert_eq!(run(&mut worker, &frame, 10).frames, 20, "{name}: two copies of each packet");
            group.bench_function(BenchmarkId::new(name, filters), |bencher| {
                bencher.iter(|| run(&mut worker, &frame, PACKETS).frames);
            });
        }
    }
    group.finish();
}

/// One write into a large table, and one to the keyless table that switches policies.
fn writes(criterion: &mut Criterion) {
    if std::env::var_os("SLUICE_PROFILE").is_some() {
        return;
    }
    let switch = broker(1, 256);
    let filler = Filler { switch: &switch, terms: 256, copies: 128 };
    let table = full_name(&switch, "narrow_ipv4_src");
    let usage = switch.table_usage(&table).expect("it is there");
    let room = usage.size - usage.used - 1;
    filler.narrow(
        "narrow_ipv4_src",
        (0..room).map(|i| Match::Lpm { value: Bits::new(32, 0x2000_0000 + (i << 8)), length: 24 }),
    );
    let mut group = criterion.benchmark_group("write");
    group.sample_size(20);
    let action = call(&switch, &table, "narrow", vec![Bits::ones(256)]);
    let matches = vec![Match::Lpm { value: Bits::new(32, 0x4000_0000), length: 8 }];
    let entry = TableEntry::new(table, matches, 0, action);
    let update = |kind| [Update { kind, entity: Entity::Table(entry.clone()) }];
    group.bench_function(BenchmarkId::new("insert and delete one of", usage.size), |bencher| {
        bencher.iter(|| {
            switch.write(&update(UpdateKind::Insert)).expect("there is room");
            switch.write(&update(UpdateKind::Delete)).expect("it is there");
        });
    });
    group.bench_function("policy", |bencher| {
        bencher.iter(|| {
            let (ones, zero) = (Bits::ones(256), Bits::zero(256));
            filler.default("policy", "activate", vec![ones, zero.clone(), zero, Bits::zero(128)]);
        });
    });
    group.finish();
}

criterion_group!(benches, packets, writes);
criterion_main!(benches);
