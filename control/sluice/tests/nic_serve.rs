//! `sluice serve` with an FPGA NIC as the data path: the card is simulated by `sluice nic simulate`, whose RTL takes captures through clock by clock; a controller pushes program and entries over
//! P4Runtime. What leaves, and what is counted, is what the soft switch makes of the same captures.
//!
//! Needs Verilator, which is installed once; skipped, saying so, where that cannot be.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use sluice_capture::sample::{SampleOptions, generate, write_tap};
use sluice_capture::{ReadOptions, Reader};
use sluice_conformance::programs::{rtl_cache, verilator};
use sluice_diagnostics::Sources;
use sluice_entities::{ActionCall, Atomicity, Bits, Entity, Match, Query, TableEntry, Update, UpdateKind};
use sluice_ir::{Module, text};
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_p4runtime::{RemoteOptions, RemoteTarget};
use sluice_switch::{Ingress, Output, Sink};
use sluice_target::{Install, Program, SoftOptions, SoftTarget, Target};

/// A process that ends with the test, and what it says.
struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.current_dir(folder).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(found) = verilator() {
            command.env("SLUICE_VERILATOR", found.root());
        }
        let log = File::create(folder.join(format!("{}.log", arguments[0]))).expect("it can be written");
        let mut child = command.stderr(log).spawn().expect("the command runs");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        Self { child, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it writes text");
        line
    }

    fn terminate(&mut self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().expect("there is `kill`");
        assert!(told.success(), "it runs");
    }
}

fn module() -> Module {
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("card.p4", include_str!("files/card.p4"));
    match compile(&mut sources, &files, "card.p4", &CompileOptions::default()) {
        Ok((module, _)) => module,
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

fn program(module: &Module) -> Program {
    let (p4info, _) = sluice_p4info::p4info(module).expect("the program's annotations are right");
    Program { p4info, device_config: text::print(module).into_bytes() }
}

/// Half of all addresses go to port 2, a quarter to port 1, some to nothing.
fn entries() -> Vec<Update> {
    let entry = |value: u64, length, port| {
        let call = ActionCall { action: "ingress.to_port".into(), params: vec![Bits::new(9, port)] };
        let matches = vec![Match::Lpm { value: Bits::new(32, value), length }];
        let entry = TableEntry::new("ingress.addresses".into(), matches, 0, call);
        Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
    };
    vec![entry(0, 1, 2), entry(0x8000_0000, 2, 1), entry(0x0a00_0000, 9, 1), entry(0x0a00_0000, 30, 77)]
}

fn counted(target: &dyn Target) -> Vec<Entity> {
    let mut all = Vec::new();
    for query in [
        Query::DirectCounter { table: Some("ingress.addresses".into()), key: None },
        Query::Counter { counter: Some("ingress.kinds".into()), index: None },
    ] {
        target.read_each(&query, &mut |entity| all.push(entity)).expect("it can be read");
    }
    all
}

/// What leaves, by port.
#[derive(Default)]
struct Left(Vec<(u16, Vec<u8>)>);

impl Sink for Left {
    fn send(&mut self, output: Output<'_>) {
        self.0.push((output.port, output.data.to_vec()));
    }
}

fn frames(path: &Path) -> Vec<Vec<u8>> {
    let file = File::open(path).expect("it is there");
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Some(packet) = reader.next_packet().expect("it is whole") {
        all.push(packet.data.to_vec());
    }
    all
}

fn log(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default()
}

const SIMULATE: [&str; 12] = [
    "nic",
    "simulate",
    "--socket",
    "card.sock",
    "--program",
    "card.p4",
    "--in",
    "0=tap.pcapng",
    "--out",
    "left",
    "--hold",
    "--build",
];

#[test]
fn a_card_serves_a_controller() {
    if verilator().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    fs::write(folder.join("card.p4"), include_str!("files/card.p4")).expect("it can be written");
    let sample =
        generate(SampleOptions { seed: 5, packets: 600, ..SampleOptions::default() }).expect("it is small");
    let tap = write_tap(Vec::new(), "tap", &sample.tap_a).expect("memory takes it");
    fs::write(folder.join("tap.pcapng"), tap).expect("it can be written");

    let cache = rtl_cache();
    let cache = cache.to_str().expect("the build's folder has a name of text");
    let mut card = Process::start(folder, &[&SIMULATE[..], &[cache]].concat());
    assert_eq!(card.line(), "ready: vfio-user:card.sock\n", "{}", log(folder, "nic"));
    let serve = ["serve", "--card", "vfio-user:card.sock", "--p4runtime", "127.0.0.1:0", "--port", "1=nic:0"];
    let mut broker = Process::start(folder, &[&serve[..], &["--port", "2=nic:1"]].concat());
    let ready = broker.line();
    let address = ready.strip_prefix("ready: P4Runtime at ").and_then(|rest| rest.split(',').next());
    let address = address.unwrap_or_else(|| panic!("{ready}{}", log(folder, "serve")));

    let module = module();
    let program = program(&module);
    let remote = RemoteTarget::connect(RemoteOptions::new(format!("http://{address}"))).expect("it serves");
    remote.install(&program, Install::Anew).expect("the card's bitstream is of this program");
    remote.write(&entries(), Atomicity::RollbackOnError).expect("there is room");
    card.child.stdin.take().expect("it was asked for").write_all(b"go\n").expect("it waits");
    let count = sample.tap_a.len();
    assert_eq!(card.line(), format!("{count} frames have come in\n"), "{}", log(folder, "nic"));

    let soft = SoftTarget::with_module(module, SoftOptions::default()).expect("it runs everything");
    soft.write(&entries(), Atomicity::DataplaneAtomic).expect("there is room");
    let (mut worker, mut left) = (soft.worker().expect("it has a program"), Left::default());
    for frame in &sample.tap_a {
        worker.process(&Ingress::new(1, frame.time_ns, &frame.data), &mut left);
    }
    assert_eq!(counted(&remote), counted(&soft));
    for (port, file) in [(1, "port-0"), (2, "port-1")] {
        let wanted: Vec<&Vec<u8>> =
            left.0.iter().filter(|(to, _)| *to == port).map(|(_, frame)| frame).collect();
        let found = frames(&folder.join(format!("left/{file}.pcapng")));
        assert!(wanted.len() > 20, "the sample has too little for port {port}: {}", wanted.len());
        assert!(
            found.iter().collect::<Vec<_>>() == wanted,
            "port {port}: {} of {}",
            found.len(),
            wanted.len()
        );
    }

    // The card goes: it is said, and the broker stays.
    drop(card);
    let end = Instant::now() + Duration::from_secs(30);
    let refused = loop {
        match remote.write(&entries()[..1], Atomicity::ContinueOnError) {
            Err(refused) if refused.to_string().contains("out of reach") => break refused,
            _ => assert!(Instant::now() < end, "nobody says that the card has gone"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(refused.to_string().contains("the card is out of reach: "), "{refused}");
    assert!(log(folder, "serve").contains("the card is out of reach"), "{}", log(folder, "serve"));
    drop(remote);
    broker.terminate();
    assert!(broker.child.wait().expect("it was begun here").success(), "{}", log(folder, "serve"));
    let mut said = String::new();
    while broker.output.read_line(&mut said).expect("it writes text") > 0 {}
    assert!(said.contains("received "), "{said}");
}

#[test]
fn without_its_card_a_broker_falls_back_where_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let wanted =
        ["serve", "--card", "vfio-user:nothing.sock", "--p4runtime", "127.0.0.1:0", "--port", "1=nic:0"];
    let mut broker = Process::start(folder, &wanted);
    assert_eq!(broker.line(), "");
    assert_eq!(broker.child.wait().expect("it was begun here").code(), Some(2));
    let said = log(folder, "serve");
    assert!(said.contains("the card cannot be the data path: "), "{said}");
    assert!(said.contains("`--data-path auto` and `--fallback"), "{said}");

    let back = ["--data-path", "auto", "--fallback", "1=udp:127.0.0.1:0,127.0.0.1:9"];
    let mut broker = Process::start(folder, &[&wanted[..], &back].concat());
    let ready = broker.line();
    assert!(ready.ends_with(", 1 ports\n"), "{ready}{}", log(folder, "serve"));
    let said = log(folder, "serve");
    assert!(said.contains("the card cannot be the data path"), "{said}");
    assert!(said.contains("data path: soft switch"), "{said}");
    broker.terminate();
    assert!(broker.child.wait().expect("it was begun here").success());
}
