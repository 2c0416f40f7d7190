//! The soft switch passes what every data path has to pass.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sluice_diagnostics::Sources;
use sluice_ir::text;
use sluice_p4::{CompileOptions, DiskFiles, compile};
use sluice_target::conformance::{self, Bench, PORTS};
use sluice_target::port::{PairEnd, Role, pair};
use sluice_target::sys::{Linux, System};
use sluice_target::{Install, Program, SoftOptions, SoftTarget, Target};

/// The program, compiled once.
pub(crate) static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance/exercise.p4");
    let mut sources = Sources::new();
    match compile(&mut sources, &DiskFiles::default(), source, &CompileOptions::default()) {
        Ok((module, _)) => {
            let (p4info, _) = sluice_p4info::p4info(&module).expect("the program's annotations are right");
            Program { p4info, device_config: text::print(&module).into_bytes() }
        }
        Err(found) => panic!("{}", found.render(&sources)),
    }
});

/// A soft switch with ports in memory.
pub(crate) struct Soft {
    pub(crate) target: SoftTarget,
    pub(crate) ends: Vec<PairEnd>,
}

impl Soft {
    pub(crate) fn new() -> Self {
        let target = SoftTarget::new(SoftOptions { wall_clock: true, ..SoftOptions::default() });
        target.install(&PROGRAM, Install::Anew).expect("the program is taken");
        let mut ends = Vec::new();
        for number in PORTS {
            let (port, end) = pair(&format!("p{number}"), Role::Both, 1024);
            target.attach(number, port).expect("the number is free");
            ends.push(end);
        }
        Self { target, ends }
    }

    fn end(&self, port: u16) -> &PairEnd {
        &self.ends[PORTS.iter().position(|number| *number == port).expect("a port of the bench")]
    }
}

impl Bench for Soft {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    fn program(&self) -> Program {
        PROGRAM.clone()
    }

    fn send(&self, port: u16, frame: &[u8]) {
        assert!(self.end(port).send(Linux.now_ns(), frame), "there is room");
    }

    fn receive(&self, port: u16, timeout: Duration) -> Option<Vec<u8>> {
        self.end(port).receive(timeout)
    }

    fn set_up(&self, port: u16, is_up: bool) -> bool {
        self.end(port).set_up(is_up);
        true
    }
}

#[test]
fn the_soft_switch_does_what_every_data_path_does() {
    let failed: Vec<String> = conformance::all(&Soft::new().target.capabilities())
        .into_iter()
        .filter_map(|check| (check.run)(&Soft::new()).err().map(|error| format!("{}: {error}", check.name)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn without_a_program_everything_is_refused() {
    use sluice_entities::{Atomicity, Code, Query};
    let target = SoftTarget::new(SoftOptions::default());
    assert!(target.program().is_none());
    let update = sluice_entities::Update {
        kind: sluice_entities::UpdateKind::Insert,
        entity: sluice_entities::Entity::Multicast(sluice_entities::MulticastGroup::new(1, [])),
    };
    let refused =
        target.write(&[update.clone(), update], Atomicity::ContinueOnError).expect_err("no program");
    let codes: Vec<_> = refused.errors.iter().map(|(index, fault)| (*index, fault.code)).collect();
    assert_eq!(codes, [(0, Code::FailedPrecondition), (1, Code::FailedPrecondition)]);
    let read = target.read_each(&Query::Multicast { id: None }, &mut |_| {}).expect_err("no program");
    assert_eq!(read.code, Code::FailedPrecondition);
    assert_eq!(target.packet_out(&[0; 64]).expect_err("no program").code, Code::FailedPrecondition);
    assert!(!target.acknowledge_digests("note_t", 1));
    target.drain();
}

#[test]
fn threads_go_on_with_a_new_program_and_lose_nothing() {
    let soft = Arc::new(Soft::new());
    let insert = |soft: &Soft| {
        let updates = [conformance_entry()];
        soft.target.write(&updates, sluice_entities::Atomicity::DataplaneAtomic).expect("there is room");
    };
    insert(&soft);
    let mut sent = 0;
    for round in 0..6 {
        for _ in 0..50 {
            soft.send(1, &[1, 1, 0, 0, 0, 0, 0, 0]);
            sent += 1;
        }
        if round % 2 == 1 {
            soft.target.install(&PROGRAM, Install::Reconcile).expect("it takes its own");
        }
    }
    let left = (0..sent).filter_map(|_| soft.receive(2, Duration::from_secs(5))).count();
    assert_eq!(left, sent);
}

fn conformance_entry() -> sluice_entities::Update {
    use sluice_entities::{ActionCall, Bits, Entity, Match, TableEntry, Update, UpdateKind};
    let action =
        ActionCall { action: "ingress.forward".into(), params: vec![Bits::new(9, 2), Bits::new(8, 0)] };
    let entry = TableEntry::new("ingress.exact_t".into(), vec![Match::Exact(Bits::new(8, 1))], 0, action);
    Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
}
