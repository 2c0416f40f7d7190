//! XDP passes what every data path has to pass, on pairs of interfaces in a network namespace.
//!
//! Needs root, clang, `ip`, `ethtool` and tcpdump; skipped, saying so, where one is missing.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sluice_conformance::harness::lab::{FarEnd, Lab, must};
use sluice_conformance::programs::{XdpForm, has_xdp};
use sluice_diagnostics::Sources;
use sluice_ir::text;
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_target::conformance::{self, Bench, PORTS};
use sluice_target::port::{Port, Role, packet};
use sluice_target::sys::{Linux, System};
use sluice_target::{Install, Program, Target};
use sluice_xdp::{XdpOptions, XdpTarget};

/// The program that data paths are tested with, as far as XDP can run it.
fn program() -> Program {
    let source = conformance::source(&XdpTarget::new(XdpOptions::default()).capabilities());
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("exercise.p4", &source);
    match compile(&mut sources, &files, "exercise.p4", &CompileOptions::default()) {
        Ok((module, _)) => {
            let (p4info, _) = sluice_p4info::p4info(&module).expect("the program's annotations are right");
            Program { p4info, device_config: text::print(&module).into_bytes() }
        }
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

/// XDP with the far ends of its cables.
struct OnCables {
    target: XdpTarget,
    program: Program,
    ends: Vec<Mutex<Port>>,
    form: XdpForm,
}

fn name(port: u16) -> String {
    format!("p{port}")
}

impl OnCables {
    fn new(program: &Program, form: XdpForm) -> Self {
        let steady = Duration::from_millis(if form == XdpForm::Frozen { 0 } else { 60_000 });
        let target = XdpTarget::new(XdpOptions { steady, ..XdpOptions::default() });
        target.install(program, Install::Anew).expect("the program is taken");
        let system: Arc<dyn System> = Arc::new(Linux);
        let mut ends = Vec::new();
        for port in PORTS {
            let end = format!("{}-end", name(port));
            ends.push(Mutex::new(packet(&end, &end, Role::Both, &system).expect("it is there")));
            target.attach(port, &name(port), &name(port), Role::Both).expect("the device takes the program");
        }
        Self { target, program: program.clone(), ends, form }
    }

    /// Whether another program than the one that runs is to come.
    fn waits(&self) -> bool {
        match self.form {
            XdpForm::Whole => false,
            XdpForm::Lean => self.target.tables_left_out().is_none(),
            XdpForm::Frozen => !self.target.is_steady(),
        }
    }

    fn end(&self, port: u16) -> std::sync::MutexGuard<'_, Port> {
        let at = PORTS.iter().position(|number| *number == port).expect("a port of the bench");
        self.ends[at].lock().expect("nobody panicked")
    }
}

impl Bench for OnCables {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    fn program(&self) -> Program {
        self.program.clone()
    }

    fn send(&self, port: u16, frame: &[u8]) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.waits() {
            assert!(Instant::now() < end, "no program is made for what was written");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.end(port).transmit.as_ref().expect("it sends").send(frame).expect("the cable is in");
    }

    fn receive(&self, port: u16, timeout: Duration) -> Option<Vec<u8>> {
        let mut end = self.end(port);
        let received = end.receive.as_mut().expect("it receives").receive(timeout);
        received.expect("the cable is in").map(|frame| frame.data.to_vec())
    }

    fn set_up(&self, port: u16, is_up: bool) -> bool {
        must(&format!("ip link set {}-end {}", name(port), if is_up { "up" } else { "down" }));
        true
    }
}

#[test]
fn xdp_does_what_every_data_path_does() {
    does_what_every_data_path_does(XdpForm::Whole);
}

/// Each frame comes when the program is there that was made for what is written.
#[test]
fn xdp_does_so_without_the_tables_that_are_empty() {
    does_what_every_data_path_does(XdpForm::Lean);
}

/// The same, with contents of tables as constants.
#[test]
fn xdp_does_so_with_constants() {
    does_what_every_data_path_does(XdpForm::Frozen);
}

fn does_what_every_data_path_does(form: XdpForm) {
    if !has_xdp() {
        return;
    }
    let names = PORTS.map(name);
    let Some(_lab) = Lab::new(names.iter().map(String::as_str), FarEnd::Pass) else { return };
    let program = program();
    let capabilities = XdpTarget::new(XdpOptions::default()).capabilities();
    let (mut failed, mut frozen) = (Vec::new(), 0);
    for check in conformance::all(&capabilities) {
        let bench = OnCables::new(&program, form);
        println!("{}", check.name);
        if let Err(error) = (check.run)(&bench) {
            failed.push(format!("{}: {error} (drops {:?})", check.name, bench.target.drops()));
        }
        frozen = frozen.max(bench.target.tables_frozen());
    }
    assert_eq!(form == XdpForm::Frozen, frozen > 0, "{frozen} tables were constants at once");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
