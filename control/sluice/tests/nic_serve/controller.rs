//! A controller pushes program and entries over P4Runtime; what leaves, and what is counted, is what the soft switch makes of the same capture.

use std::fs;

use sluice_capture::sample::{SampleOptions, generate, write_tap};
use sluice_conformance::programs::{rtl_cache, verilator};
use sluice_diagnostics::Sources;
use sluice_entities::{
    ActionCall, Atomicity, Bits, Entity, Match, Query, TableEntry, TableQuery, Update, UpdateKind,
};
use sluice_ir::{Module, text};
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_p4runtime::{RemoteOptions, RemoteTarget};
use sluice_switch::{Ingress, Output, Sink};
use sluice_target::{Install, Program, SoftOptions, SoftTarget, Target};

use crate::lab::{Ends, PATIENCE, Process, frames, log, until, words};

fn module() -> Module {
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("card.p4", include_str!("../files/card.p4"));
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

fn written(target: &dyn Target) -> Vec<Entity> {
    let mut all = Vec::new();
    target
        .read_each(&Query::Table(TableQuery::default()), &mut |entity| all.push(entity))
        .expect("it can be read");
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
    fs::write(folder.join("card.p4"), include_str!("../files/card.p4")).expect("it can be written");
    let sample =
        generate(SampleOptions { seed: 5, packets: 600, ..SampleOptions::default() }).expect("it is small");
    let tap = write_tap(Vec::new(), "tap", &sample.tap_a).expect("memory takes it");
    fs::write(folder.join("tap.pcapng"), tap).expect("it can be written");

    let cache = rtl_cache();
    let cache = cache.to_str().expect("the build's folder has a name of text");
    let mut card = Process::start(folder, &[&SIMULATE[..], &[cache]].concat());
    assert_eq!(card.line(), "ready: vfio-user:card.sock\n", "{}", log(folder, "nic"));
    let serve = ["serve", "--card", "vfio-user:card.sock", "--p4runtime", "127.0.0.1:0"];
    let ports = ["--port", "1=nic:0", "--port", "2=nic:1", "--data-path", "auto"];
    let ends = Ends::new(2);
    let fallback = ends.arguments("--fallback", &["1", "2"]);
    let mut broker = Process::start(folder, &[&serve[..], &ports, &words(&fallback)].concat());
    let ready = broker.line();
    let address = ready.strip_prefix("ready: P4Runtime at ").and_then(|rest| rest.split(',').next());
    let address = address.unwrap_or_else(|| panic!("{ready}{}", log(folder, "serve")));

    let module = module();
    let program = program(&module);
    let remote = RemoteTarget::connect(RemoteOptions::new(format!("http://{address}"))).expect("it serves");
    remote.install(&program, Install::Anew).expect("the card's bitstream is of this program");
    remote.write(&entries(), Atomicity::RollbackOnError).expect("there is room");
    card.go();
    let count = sample.tap_a.len();
    assert_eq!(card.line(), format!("{count} frames have come in\n"), "{}", log(folder, "nic"));

    let soft = SoftTarget::with_module(module, SoftOptions::default()).expect("it runs everything");
    soft.write(&entries(), Atomicity::DataplaneAtomic).expect("there is room");
    let (mut worker, mut left) = (soft.worker().expect("it has a program"), Left::default());
    for frame in &sample.tap_a {
        worker.process(&Ingress::new(1, frame.time_ns, &frame.data), &mut left);
    }
    assert_eq!(counted(&remote), counted(&soft));
    let mut found_at_2 = Vec::new();
    for (port, file) in [(1, "port-0"), (2, "port-1")] {
        let wanted: Vec<&Vec<u8>> =
            left.0.iter().filter(|(to, _)| *to == port).map(|(_, frame)| frame).collect();
        let found = frames(&folder.join(format!("left/{file}.pcapng")));
        let found: Vec<&Vec<u8>> = found.iter().map(|(_, frame)| frame).collect();
        assert!(wanted.len() > 20, "the sample has too little for port {port}: {}", wanted.len());
        found_at_2 = found.last().map(|frame| frame.to_vec()).unwrap_or_default();
        assert!(found == wanted, "port {port}: {} of {}", found.len(), wanted.len());
    }

    // The card goes: what the controller wrote is on the soft switch, at the ports to fall back to.
    drop(card);
    until("the soft switch to stand in", || {
        log(folder, "serve")
            .contains("port attached port=\"2\" number=2 role=Both as_typed=\"2=udp:")
            .then_some(())
    });
    assert!(log(folder, "serve").contains("the card is out of reach"), "{}", log(folder, "serve"));
    assert_eq!(written(&remote), written(&soft));
    let to_2 = sample.tap_a.iter().find(|frame| frame.data == found_at_2).expect("it came from there");
    ends.send(0, &to_2.data);
    assert_eq!(ends.receive(1, PATIENCE).as_ref(), Some(&to_2.data));
    drop(remote);
    broker.end();
}
