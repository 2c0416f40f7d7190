//! How fast a driver writes a card's tables and reads its counters: the driver, the bus and the planning, on a card whose application block takes registers and no frames.
//! What `docs/NIC.md` says of it. Needs `SLUICE_LONG=1`.
//!
//! For the kernel's VFIO a guest under QEMU runs this program again, with a model outside as its card.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sluice_broker::Build;
use sluice_conformance::trial;
use sluice_entities::{ActionCall, Atomicity, Bits, Entity, Match, Query, TableEntry, Update, UpdateKind};
use sluice_fpga::{IDENTITY, PIPELINE, PROGRAM, program_hash};
use sluice_guest::{Devices, Guest, Qemu, Tree};
use sluice_ir::Module;
use sluice_nic::Card;
use sluice_nic::bus::{Bus, InProcess, Space, Vfio, VfioUser};
use sluice_nic::discover::{self, Address, Linux};
use sluice_nic_model::{DataPath, Leaving, NicModel, Options as ModelOptions, Served, Shell, serve};
use sluice_nic_target::NicTarget;
use sluice_policy::State;
use sluice_rtl::Options;
use sluice_target::{Target, carry_out};

/// Registers of a pipeline that keeps the addresses of rows alone.
struct Registers {
    program: u64,
    block: u32,
    row: u32,
    writes: Arc<AtomicU64>,
}

impl DataPath for Registers {
    fn program(&self) -> u64 {
        self.program
    }

    fn read(&mut self, address: u32) -> Option<u32> {
        Some(match address {
            IDENTITY => PIPELINE,
            0x004 => self.block,
            0x008 => self.row,
            _ => 0,
        })
    }

    fn write(&mut self, address: u32, word: u32) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        match address {
            0x004 => self.block = word,
            0x008 => self.row = word,
            _ => {}
        }
    }

    fn frame(&mut self, _: u16, _: u64, _: &[u8]) -> Vec<Leaving> {
        Vec::new()
    }

    fn reset(&mut self) {}
}

/// Tables as large as the hardware can have them: there is a bitstream of none of this.
fn options() -> Options {
    Options { exact_entries: 65_536, ternary_entries: 1024, intervals: 32_768, ..Options::default() }
}

type Device = Arc<InProcess<NicModel<Shell<Registers>>>>;

fn device(program: u64) -> (Device, Arc<AtomicU64>) {
    let writes: Arc<AtomicU64> = Arc::default();
    let registers = Registers { program, block: 0, row: 0, writes: writes.clone() };
    let model = NicModel::new(ModelOptions::default(), Shell::new(registers, 2));
    (Arc::new(InProcess::new(model)), writes)
}

struct Lab {
    target: NicTarget,
    writes: Arc<AtomicU64>,
    _served: Option<(Served, tempfile::TempDir)>,
}

impl Lab {
    fn new(is_remote: bool, module: &Arc<Module>, program: u64) -> Self {
        let (device, writes) = device(program);
        let (bus, served): (Arc<dyn Bus>, _) = if is_remote {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("card.sock");
            let served = serve(device, &path).expect("nobody is there yet");
            let bus = VfioUser::connect(&path, Duration::from_secs(60)).expect("it listens");
            (Arc::new(bus), Some((served, folder)))
        } else {
            (device, None)
        };
        Self { target: target(bus, module), writes, _served: served }
    }

    fn written(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}

fn compiled(module: &Module) -> u64 {
    match sluice_rtl::compile(module, PROGRAM, &options()) {
        Ok(program) => program_hash(&program.text),
        Err(found) => panic!("{}", found.render(&sluice_diagnostics::Sources::new())),
    }
}

fn small() -> Arc<Module> {
    let mut sources = sluice_diagnostics::Sources::new();
    let text = include_str!("../../host-driver/tables/tests/suite/tables.p4");
    let files = sluice_p4::MemoryFiles::new().file("tables.p4", text);
    match sluice_p4::compile(&mut sources, &files, "tables.p4", &sluice_p4::CompileOptions::default()) {
        Ok((module, _)) => Arc::new(module),
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

fn insert(key: u64) -> Update {
    let call = ActionCall { action: "ingress.forward".into(), params: vec![Bits::new(9, key % 500)] };
    let entry = TableEntry::new("ingress.exact_t".into(), vec![Match::Exact(Bits::new(16, key))], 0, call);
    Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
}

const WAYS: [(bool, &str); 2] = [(false, "in process"), (true, "vfio-user")];

fn target(bus: Arc<dyn Bus>, module: &Arc<Module>) -> NicTarget {
    let card = Card::open(bus).expect("it is a card");
    NicTarget::with_module(card, module.clone(), options()).expect("it is of this program")
}

const ENTRIES: u64 = 1000;

/// Measures entries of an exact table, a write each; a new card takes them all in one write. Gives how many a second the first were.
fn entries(way: &str, one: &NicTarget) -> f64 {
    let start = Instant::now();
    for key in 0..ENTRIES {
        one.write(&[insert(key)], Atomicity::RollbackOnError).expect("there is room");
    }
    let rate = ENTRIES as f64 / start.elapsed().as_secs_f64();
    println!("{way}: an entry a write: {rate:.0} a second");
    rate
}

fn entries_at_once(way: &str, other: &NicTarget) {
    let updates: Vec<Update> = (0..ENTRIES).map(insert).collect();
    let start = Instant::now();
    other.write(&updates, Atomicity::RollbackOnError).expect("there is room");
    let rate = ENTRIES as f64 / start.elapsed().as_secs_f64();
    println!("{way}: {ENTRIES} entries in one write: {rate:.0} a second");
}

/// Measures accesses to a register of the pipeline.
fn registers(way: &str, bus: &dyn Bus) {
    let mut word = [0; 4];
    let count = 5_000;
    let rate = |access: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..count).for_each(|_| access());
        f64::from(count) / start.elapsed().as_secs_f64()
    };
    let mut read = || bus.read(Space::Bar(2), 4, &mut word).expect("it is there");
    let reads = rate(&mut read);
    let start = Instant::now();
    for _ in 0..count {
        bus.write(Space::Bar(2), 4, &[1, 0, 0, 0]).expect("it is there");
    }
    // All have arrived.
    read();
    let writes = f64::from(count) / start.elapsed().as_secs_f64();
    println!("{way}: {writes:.0} registers written a second, {reads:.0} read");
}

fn small_tables(module: &Arc<Module>, program: u64) {
    let rates = WAYS.map(|(is_remote, way)| {
        let lab = Lab::new(is_remote, module, program);
        let begun = lab.written();
        let rate = entries(way, &lab.target);
        println!("{way}: {} register writes", lab.written() - begun);
        entries_at_once(way, &Lab::new(is_remote, module, program).target);
        rate
    });
    println!("in process / vfio-user: {:.2}", rates[0] / rates[1]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("card.sock");
    let (device, _) = device(program);
    let served = serve(device, &path).expect("nobody is there yet");
    registers(WAYS[1].1, &VfioUser::connect(&path, Duration::from_secs(60)).expect("it listens"));
    in_guest(&path);
    drop(served);
}

/// Where in the guest its card is.
const GUEST_CARD: &str = "SLUICE_GUEST_CARD";

/// This program in a guest, with the card that is served at a socket.
fn in_guest(socket: &Path) {
    let Some(qemu) = Qemu::find() else { return };
    let tree = Tree::new(&qemu);
    tree.program("figures", &std::env::current_exe().expect("it is a file"));
    let script = format!("{GUEST_CARD}=0000:01:00.0 figures figures --exact --nocapture 2>&1");
    let mut guest = Guest::boot(&qemu, &tree, &script, Devices { cards: &[socket], own: false });
    guest.hears("test result: ok");
    let said = guest.said();
    said.lines()
        .filter_map(|line| line.find(BY_VFIO).map(|at| &line[at..]))
        .for_each(|line| println!("{line}"));
}

const BY_VFIO: &str = "the kernel's VFIO in a guest";

/// What runs there.
fn by_vfio(address: &str) {
    let address = Address::parse(address).expect("it is one");
    discover::bind(&Linux::default(), address, false).expect("vfio-pci takes it");
    let module = small();
    let open = || Arc::new(Vfio::open(address).expect("it is with vfio-pci"));
    registers(BY_VFIO, &*open());
    entries(BY_VFIO, &target(open(), &module));
    entries_at_once(BY_VFIO, &target(open(), &module));
}

/// 200 filters that share 10,000 prefixes.
fn policy() -> String {
    let ports = "ports:\n  a: { role: network, id: 1 }\n  t0: { role: tool, id: 10 }\nfilters:\n";
    let mut text = ports.to_string();
    for filter in 0..200_u32 {
        let own = (0..50_u32).map(|at| {
            let address = (filter * 50 + at).wrapping_mul(0x9e37_79b9) & 0xffff_ff00;
            format!("{}/24", std::net::Ipv4Addr::from(address))
        });
        let list = own.collect::<Vec<_>>().join(", ");
        let port = 1000 + filter;
        text += &format!(
            "  - {{ name: f{filter}, match: 'tcp dst port {port} and src in {{{list}}}', to: t0 }}\n"
        );
    }
    text
}

fn whole_policy() {
    let build = Build { terms: 256, fixes_checksums: false, ..Build::default() };
    let module = Arc::new(sluice_broker::compile(build).map_err(|_| "it compiles").expect("it compiles"));
    let program = compiled(&module);
    let mut sources = sluice_diagnostics::Sources::new();
    let source = sources.add("broker.yaml", policy());
    let policy = match sluice_policy::parse_policy(&mut sources, source) {
        Ok(policy) => policy,
        Err(found) => panic!("{}", found.render(&sources)),
    };
    for (is_remote, way) in WAYS {
        let lab = Lab::new(is_remote, &module, program);
        let info = lab.target.info();
        let empty = State::empty(&info).map_err(|_| "an empty state").expect("the broker's tables");
        let plan = match sluice_policy::plan(&empty, &policy, &info) {
            Ok(plan) => plan,
            Err(found) => panic!("{}", found.render(&sources)),
        };
        let (begun, start) = (lab.written(), Instant::now());
        carry_out(&lab.target, plan).expect("there is room");
        println!(
            "{way}: 200 filters with 10,000 prefixes: {:.0} ms, {} register writes",
            start.elapsed().as_secs_f64() * 1e3,
            lab.written() - begun
        );
        let (mut counters, start) = (0, Instant::now());
        for query in
            [Query::Counter { counter: None, index: None }, Query::DirectCounter { table: None, key: None }]
        {
            lab.target.read_each(&query, &mut |_| counters += 1).expect("they can be read");
        }
        println!("{way}: {counters} counters read in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    }
}

#[test]
fn figures() {
    if let Ok(address) = std::env::var(GUEST_CARD) {
        by_vfio(&address);
        return;
    }
    if !trial::is_long() {
        println!("skipped: SLUICE_LONG=1 measures");
        return;
    }
    let module = small();
    small_tables(&module, compiled(&module));
    whole_policy();
}
