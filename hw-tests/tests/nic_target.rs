//! An FPGA NIC passes what every data path has to pass: the driver on a model of the card, behind whose BAR2 the RTL pipeline runs clock by clock.
//!
//! Needs Verilator, which is installed once; skipped, saying so, where that cannot be.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sluice_capture::{ReadOptions, Reader};
use sluice_conformance::programs::{rtl_cache, verilator};
use sluice_diagnostics::Sources;
use sluice_entities::{
    ActionCall, Atomicity, Bits, Code, Entity, Match, Query, Replica, TableEntry, TableQuery, Update,
    UpdateKind,
};
use sluice_ir::{Module, text};
use sluice_nic::Card;
use sluice_nic::bus::{Bus, Fault as BusFault, Faulty, InProcess, VfioUser};
use sluice_nic_model::{NicModel, Options as ModelOptions, Served, Shell, serve};
use sluice_nic_target::{NicTarget, able};
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_rtl::Options;
use sluice_rtl_sim::Verilated;
use sluice_target::conformance::{self, Bench, PORTS};
use sluice_target::port::{PortSpec, Role};
use sluice_target::{Install, LossCounters, OpensPorts, Program, Target};

type Device = Arc<InProcess<NicModel<Shell<Verilated>>>>;

/// How large the hardware is: small, since it is built anew.
fn options() -> Options {
    Options { queues: 4, exact_entries: 256, ternary_entries: 32, intervals: 64, ..Options::default() }
}

fn module() -> Module {
    let source = conformance::source(&able());
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("exercise.p4", &source);
    match compile(&mut sources, &files, "exercise.p4", &CompileOptions::default()) {
        Ok((module, _)) => module,
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

fn program(module: &Module) -> Program {
    let (p4info, _) = sluice_p4info::p4info(module).expect("the program's annotations are right");
    Program { p4info, device_config: text::print(module).into_bytes() }
}

/// How a driver reaches the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    InProcess,
    VfioUser,
}

/// A card in its machine.
struct Lab {
    device: Device,
    bus: Arc<Faulty<Arc<dyn Bus>>>,
    served: Option<Served>,
    folder: Option<tempfile::TempDir>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The client has gone before the server waits for the next one.
        let own: Arc<dyn Bus> = self.device.clone();
        self.bus = Arc::new(Faulty::new(own));
        self.served.take();
        self.folder.take();
    }
}

impl Lab {
    fn new(way: Way, data_path: Verilated) -> Self {
        let options = ModelOptions { ports: 4, ..ModelOptions::default() };
        let device = Arc::new(InProcess::new(NicModel::new(options, Shell::new(data_path, 4))));
        let (bus, served, folder): (Arc<dyn Bus>, _, _) = match way {
            Way::InProcess => (device.clone(), None, None),
            Way::VfioUser => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let path: PathBuf = folder.path().join("card.sock");
                let served = serve(device.clone(), &path).expect("nobody is there yet");
                let bus = VfioUser::connect(&path, Duration::from_secs(30)).expect("it listens");
                (Arc::new(bus), Some(served), Some(folder))
            }
        };
        Self { device, bus: Arc::new(Faulty::new(bus)), served, folder }
    }

    fn card(&self) -> Card {
        Card::open(self.bus.clone()).expect("it is a card")
    }
}

/// A card with wires: ports 1, 2, 3 of the program are the card's 0, 1, 2.
struct OnCard {
    target: NicTarget,
    program: Program,
    lab: Lab,
    left: Mutex<Vec<VecDeque<Vec<u8>>>>,
}

impl OnCard {
    fn new(way: Way, program: &Program, data_path: Verilated) -> Self {
        let lab = Lab::new(way, data_path);
        let target = NicTarget::new(lab.card(), options()).expect("it runs a pipeline of ours");
        target.install(program, Install::Anew).expect("the bitstream is of this program");
        for port in PORTS {
            let at = u32::from(port) - 1;
            target.attach(port, at, &format!("p{port}"), Role::Both).expect("the card has it");
        }
        Self { target, program: program.clone(), lab, left: Mutex::new(vec![VecDeque::new(); 4]) }
    }
}

impl Bench for OnCard {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    fn program(&self) -> Program {
        self.program.clone()
    }

    fn send(&self, port: u16, frame: &[u8]) {
        self.lab.device.with(|model, machine| model.receive(machine, port as u8 - 1, frame));
    }

    /// What a frame makes has left when it was sent, but for what the controller sends.
    fn receive(&self, port: u16, timeout: Duration) -> Option<Vec<u8>> {
        let end = Instant::now() + timeout;
        loop {
            let mut left = self.left.lock().expect("nobody panicked");
            self.lab.device.with(|model, _| {
                while let Some((port, _, frame)) = model.take_sent() {
                    left[usize::from(port)].push_back(frame);
                }
            });
            if let Some(frame) = left[usize::from(port) - 1].pop_front() {
                return Some(frame);
            }
            drop(left);
            if Instant::now() >= end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn set_up(&self, port: u16, is_up: bool) -> bool {
        self.lab.device.with(|model, _| model.set_link(port as u8 - 1, is_up));
        true
    }
}

/// The pipeline of the program, if there is a Verilator.
fn data_path(module: &Module) -> Option<Verilated> {
    let built = Verilated::new(module, &options(), verilator()?, false, &rtl_cache());
    Some(built.expect("it is built"))
}

fn does_what_every_data_path_does(way: Way) {
    let module = module();
    let program = program(&module);
    let mut failed = Vec::new();
    for check in conformance::all(&able()) {
        let Some(data_path) = data_path(&module) else { return };
        let bench = OnCard::new(way, &program, data_path);
        println!("{}", check.name);
        if let Err(error) = (check.run)(&bench) {
            failed.push(format!("{}: {error}", check.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_card_does_what_every_data_path_does() {
    does_what_every_data_path_does(Way::InProcess);
}

#[test]
fn a_card_in_another_process_does_so_too() {
    does_what_every_data_path_does(Way::VfioUser);
}

/// A frame of the program's, of key 1, with a number in its payload.
fn frame(number: u8) -> Vec<u8> {
    let mut frame = vec![1, 1, 0, 0, 0, 0, 0, 0];
    frame.resize(64, number);
    frame
}

fn forward(key: u64) -> Update {
    forward_to(key, 2)
}

fn forward_to(key: u64, port: u64) -> Update {
    let params = vec![Bits::new(9, port), Bits::new(8, 0)];
    let call = ActionCall { action: "ingress.forward".into(), params };
    let matches = vec![Match::Exact(Bits::new(8, key))];
    let entry = TableEntry::new("ingress.exact_t".into(), matches, 0, call);
    Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
}

/// A card that is pulled out in the middle of a write: it is said, nothing is written any more, ports are down; when it is back, the program begins anew.
#[test]
fn a_card_that_goes_is_told_of() {
    let module = module();
    let Some(path) = data_path(&module) else { return };
    let bench = OnCard::new(Way::InProcess, &program(&module), path);
    let target = &bench.target;
    assert_eq!(target.session(), Ok(0));
    for after in 0..8 {
        bench.lab.bus.inject(BusFault::Removed, after);
        let updates = [forward(1), forward(2)];
        let refused = target.write(&updates, Atomicity::RollbackOnError).expect_err("it is gone");
        assert_eq!(refused.errors[0].1.code, Code::Unavailable, "{refused}");
        let session = target.session().expect_err("it is gone");
        assert_eq!(
            session.message,
            "the card is out of reach: the device is gone: its registers read as all ones"
        );
        let again = target.write(&[forward(3)], Atomicity::ContinueOnError).expect_err("it is gone");
        assert_eq!(again.errors[0].1.message, session.message);
        target.poll(Duration::ZERO);
        assert!(target.ports().iter().all(|port| !port.is_up));
        target.install(&bench.program, Install::Reconcile).expect_err("it is still gone");
        bench.lab.bus.inject(BusFault::Removed, u64::MAX);
        target.install(&bench.program, Install::Reconcile).expect("it is back");
        assert_eq!(target.session(), Ok(after + 1));
        let mut entries = 0;
        let query =
            Query::Table(TableQuery { table: Some("ingress.exact_t".into()), ..TableQuery::default() });
        target.read_each(&query, &mut |_| entries += 1).expect("it is there");
        assert_eq!(entries, 0);
        target.poll(Duration::ZERO);
        assert!(target.ports().iter().all(|port| port.is_up));
    }
}

/// What is no card of ours is refused with a help.
#[test]
fn other_applications_and_programs_are_refused() {
    let plain = sluice_nic_model::ToHost { id: 0x1234_5678 };
    let device = Arc::new(InProcess::new(NicModel::new(ModelOptions::default(), plain)));
    let card = Card::open(device).expect("it is a card");
    let refused = NicTarget::new(card, options()).expect_err("it runs something else");
    assert_eq!(
        refused.message,
        "the card runs application 0x12345678, and 0x0511ce01 is wanted: load the right bitstream"
    );
    let module = module();
    let Some(path) = data_path(&module) else { return };
    let lab = Lab::new(Way::InProcess, path);
    // Of other sizes, the hardware is another one.
    let other = Options { queues: 2, ..options() };
    let refused = NicTarget::with_module(lab.card(), module, other).expect_err("it is another bitstream");
    assert_eq!(refused.code, Code::FailedPrecondition);
    assert!(refused.message.starts_with("the card's bitstream was made of another program ("), "{refused}");
}

/// Copies to a port that is a capture: they are in its file, and counted; of those that find no room, each is counted as lost.
#[test]
fn a_tool_is_a_capture_at_the_host() {
    let module = module();
    for way in [Way::InProcess, Way::VfioUser] {
        let Some(path) = data_path(&module) else { return };
        let bench = OnCard::new(way, &program(&module), path);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = format!("capture:{}", folder.path().display());
        let spec: PortSpec = text.parse().expect("it is one");
        let refused = bench.target.open_port("rec", Role::Network, &spec).err().expect("it is written");
        assert!(refused.to_string().contains("a capture is written"), "{refused}");
        bench.target.open_port("rec", Role::Tool, &spec).expect("it opens")(9).expect("the number is free");
        let again = bench.target.attach(9, 3, "p9", Role::Both).expect_err("it is taken");
        assert_eq!(again.to_string(), "port 9 is `rec` already");
        bench.target.write(&[forward_to(1, 9)], Atomicity::RollbackOnError).expect("there is room");
        let sent: Vec<Vec<u8>> = (0..40).map(frame).collect();
        sent.iter().for_each(|frame| bench.send(2, frame));
        bench.target.drain();
        let port = || bench.target.ports().into_iter().find(|port| port.port == 9).expect("it is there");
        let counted = port();
        assert!(counted.is_up && counted.name == "rec");
        assert_eq!((counted.counters.sent.packets, counted.counters.sent.bytes), (40, 40 * 64), "{way:?}");
        assert_eq!(bench.target.lost(Replica { port: 9, instance: 0 }), LossCounters::default());
        assert!(bench.target.detach_port(9), "there is one");
        let files: Vec<_> = std::fs::read_dir(folder.path()).expect("it is there").flatten().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let file = std::fs::File::open(files[0].path()).expect("it is there");
        let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
        let mut found = Vec::new();
        while let Some(packet) = reader.next_packet().expect("it is whole") {
            found.push(packet.data.to_vec());
        }
        assert_eq!(found.len(), sent.len());
        // The program marks its own header.
        let payloads =
            |frames: &[Vec<u8>]| frames.iter().map(|frame| frame[8..].to_vec()).collect::<Vec<_>>();
        assert!(payloads(&found) == payloads(&sent), "{way:?}: {found:?}");
    }
}

/// A card that somebody reset is found by its ports, without a write.
#[test]
fn a_card_that_was_reset_is_found() {
    let module = module();
    let Some(path) = data_path(&module) else { return };
    let bench = OnCard::new(Way::InProcess, &program(&module), path);
    let target = &bench.target;
    target.write(&[forward(1)], Atomicity::RollbackOnError).expect("there is room");
    target.poll(Duration::ZERO);
    assert_eq!(target.session(), Ok(0));
    bench.lab.device.with(|model, _| sluice_nic::function::Function::reset(model));
    let events = target.poll(Duration::ZERO);
    assert!(events.contains(&sluice_target::Event::Port { port: 1, is_up: false }), "{events:?}");
    let session = target.session().expect_err("it forgot everything");
    assert!(session.message.contains("the card was reset by somebody else: port "), "{session}");
    // What was written is known without it.
    let (program, updates) = target.written().expect("it has a program");
    assert_eq!(*program, bench.program);
    assert!(updates.iter().any(|update| update.entity == forward(1).entity), "{updates:?}");
    target.install(&bench.program, Install::Anew).expect("it answers");
    assert_eq!(target.session(), Ok(1));
    target.write(&[forward(1)], Atomicity::RollbackOnError).expect("there is room");
    bench.send(1, &frame(7));
    assert!(bench.receive(2, Duration::from_secs(10)).is_some(), "its ports are there again");
}
