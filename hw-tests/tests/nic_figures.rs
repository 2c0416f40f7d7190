//! How fast a driver writes a card's tables and reads its counters: the driver, the bus and the planning, on a card whose application block takes registers and no frames.
//! What `docs/NIC.md` says of it. Needs `SLUICE_LONG=1`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_broker::Build;
use sluice_conformance::trial;
use sluice_entities::{ActionCall, Atomicity, Bits, Entity, Match, Query, TableEntry, Update, UpdateKind};
use sluice_fpga::{IDENTITY, PIPELINE, PROGRAM, program_hash};
use sluice_ir::Module;
use sluice_nic::Card;
use sluice_nic::bus::{Bus, InProcess, VfioUser};
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
    writes: Arc<std::sync::atomic::AtomicU64>,
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
        self.writes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
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

struct Lab {
    target: NicTarget,
    writes: Arc<std::sync::atomic::AtomicU64>,
    _served: Option<(Served, tempfile::TempDir)>,
}

impl Lab {
    fn new(is_remote: bool, module: &Arc<Module>, program: u64) -> Self {
        let writes: Arc<std::sync::atomic::AtomicU64> = Arc::default();
        let registers = Registers { program, block: 0, row: 0, writes: writes.clone() };
        let model = NicModel::new(ModelOptions::default(), Shell::new(registers, 2));
        let device = Arc::new(InProcess::new(model));
        let (bus, served): (Arc<dyn Bus>, _) = if is_remote {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("card.sock");
            let served = serve(device, &path).expect("nobody is there yet");
            let bus = VfioUser::connect(&path, Duration::from_secs(60)).expect("it listens");
            (Arc::new(bus), Some((served, folder)))
        } else {
            (device, None)
        };
        let card = Card::open(bus).expect("it is a card");
        let target = NicTarget::with_module(card, module.clone(), options()).expect("it is of this program");
        Self { target, writes, _served: served }
    }

    fn written(&self) -> u64 {
        self.writes.load(std::sync::atomic::Ordering::Relaxed)
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

fn entries(module: &Arc<Module>, program: u64) {
    let count = 1000;
    let mut singles = Vec::new();
    for (is_remote, way) in WAYS {
        let lab = Lab::new(is_remote, module, program);
        let (begun, start) = (lab.written(), Instant::now());
        for key in 0..count {
            lab.target.write(&[insert(key)], Atomicity::RollbackOnError).expect("there is room");
        }
        let single = start.elapsed();
        println!(
            "{way}: an entry a write: {:.0} a second ({} register writes)",
            count as f64 / single.as_secs_f64(),
            lab.written() - begun
        );
        singles.push(single);
        let updates: Vec<Update> = (0..count).map(insert).collect();
        let lab = Lab::new(is_remote, module, program);
        let start = Instant::now();
        lab.target.write(&updates, Atomicity::RollbackOnError).expect("there is room");
        println!(
            "{way}: 1,000 entries in one write: {:.0} a second",
            count as f64 / start.elapsed().as_secs_f64()
        );
    }
    println!("vfio-user / in process: {:.2}", singles[1].as_secs_f64() / singles[0].as_secs_f64());
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
    if !trial::is_long() {
        println!("skipped: SLUICE_LONG=1 measures");
        return;
    }
    let module = small();
    entries(&module, compiled(&module));
    whole_policy();
}
