//! Packet scripts in the kernel, by XDP.

use std::fs;

use sluice_diagnostics::Sources;
use sluice_entities::{CounterData, EntryKey, TableEntry, Update};
use sluice_ir::Module;
use sluice_stf::{Board, BoardTarget, TargetError, bind, parse, run};
use sluice_xdp::{Arrival, Device, Freeze, Purpose, XdpError};

use super::Case;

/// What became of a script on XDP.
#[derive(Debug)]
pub enum OnXdp {
    /// Everything is as the script wants it.
    Passed,
    /// The program has what XDP has not: what is said.
    Refused(String),
    /// Something is wrong.
    Failed(String),
}

/// A program in the kernel, as a board of scripts.
struct XdpBoard {
    device: Device,
    form: XdpForm,
    /// Something was written since the last packet.
    is_changed: bool,
}

/// Which program packets meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XdpForm {
    /// The whole one.
    Whole,
    /// What is left of it without the tables that have no entries just then.
    Lean,
    /// The same with contents of tables as constants.
    Frozen,
}

fn failed(error: &XdpError) -> TargetError {
    match error {
        XdpError::Write(errors) => TargetError::Refused(errors.to_string()),
        other => TargetError::Failed { target: "XDP", why: other.to_string() },
    }
}

impl Board for XdpBoard {
    fn write(&mut self, updates: &[Update]) -> Result<(), TargetError> {
        self.is_changed = true;
        self.device.write(updates).map_err(|error| failed(&error))
    }

    fn process(&mut self, port: u16, time_ns: u64, data: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, TargetError> {
        let programs: &[Freeze] = match self.form {
            XdpForm::Whole => &[],
            XdpForm::Lean => &[Freeze::Nothing],
            XdpForm::Frozen => &[Freeze::Nothing, Freeze::Contents],
        };
        if std::mem::take(&mut self.is_changed) {
            for freeze in programs {
                self.device.specialize(*freeze).map_err(|error| failed(&error))?;
            }
        }
        let arrival = Arrival { port, time_ns, frame: data, wire_length: data.len() as u32, is_bad: false };
        let out = self.device.pass(&arrival).map_err(|error| failed(&error))?;
        Ok(out.into_iter().map(|departure| (departure.port, departure.frame)).collect())
    }

    fn counter(&self, counter: &str, index: u64) -> Option<CounterData> {
        self.device.counter(counter, index).ok().flatten()
    }

    fn direct_counter(&self, entry: &TableEntry) -> Option<CounterData> {
        let key = EntryKey::Entry { matches: entry.matches.clone(), priority: entry.priority };
        self.device.direct_counter(&entry.table, &key).ok().flatten()
    }
}

/// Whether programs can be loaded here; else says why a test is skipped.
pub fn has_xdp() -> bool {
    match sluice_xdp::check() {
        Ok(()) => true,
        Err(why) => {
            println!("skipped: {why}");
            false
        }
    }
}

/// Keeps the thread on one processor: a copy finds its packet's state on the processor that made it.
pub fn stay_on_processor() {
    let mut here = rustix::thread::CpuSet::new();
    here.set(rustix::thread::sched_getcpu());
    // Where it cannot be kept, it seldom moves; a copy without its state fails the test.
    let _ = rustix::thread::sched_setaffinity(None, &here);
}

impl Case {
    /// The script on XDP; none for a program without a script.
    pub fn on_xdp(&self, form: XdpForm) -> Option<OnXdp> {
        let text = fs::read_to_string(self.file("stf")).ok()?;
        let mut sources = Sources::new();
        let module = match self.compile(&mut sources, true) {
            Ok((module, _)) => module,
            Err(found) => return Some(OnXdp::Failed(found.render(&sources))),
        };
        stay_on_processor();
        let device = match Device::new(&module, &format!("{}.p4", self.name), Purpose::Test) {
            Ok(device) => device,
            Err(XdpError::Unsupported(found)) => return Some(OnXdp::Refused(found.render(&sources))),
            Err(error) => return Some(OnXdp::Failed(error.to_string())),
        };
        let board = XdpBoard { device, form, is_changed: true };
        Some(self.script_on_xdp(&module, board, text))
    }

    fn script_on_xdp(&self, module: &Module, board: XdpBoard, text: String) -> OnXdp {
        let mut sources = Sources::new();
        let source = sources.add(format!("{}.stf", self.name), text);
        let found = match parse(&sources, source).and_then(|script| bind(&script, &module.info())) {
            Ok(test) => run(&test, &mut BoardTarget::on(board)).found,
            Err(found) => found,
        };
        if found.is_empty() { OnXdp::Passed } else { OnXdp::Failed(found.render(&sources)) }
    }
}
