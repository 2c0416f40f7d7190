//! The simulated pipeline as the data path of a card's model.

use std::path::{Path, PathBuf};

use sluice_fpga::{AccessError, PROGRAM, Registers, program_hash};
use sluice_ir::Module;
use sluice_nic_model::{DataPath, Leaving};
use sluice_rtl::Options;

use crate::build::{Build, Verilator, build};
use crate::device::quiet;
use crate::error::{Result, SimError};
use crate::machine::Machine;

/// A program's pipeline, clock by clock. One frame is in it at a time.
#[derive(Debug)]
pub struct Verilated {
    path: PathBuf,
    program: u64,
    quiet: u32,
    /// None once it is broken.
    machine: Option<Machine>,
}

impl Verilated {
    /// Compiles a verified module, builds it, and starts it.
    ///
    /// # Errors
    /// What the back end has not, or a tool that fails.
    pub fn new(
        module: &Module,
        options: &Options,
        verilator: &Verilator,
        is_fast: bool,
        cache: &Path,
    ) -> Result<Self> {
        let program = sluice_rtl::compile(module, PROGRAM, options).map_err(SimError::Unsupported)?;
        let path = build(verilator, &program.text, Build { queues: options.queues, is_fast }, cache)?;
        let machine = Some(Machine::start(&path)?);
        Ok(Self { path, program: program_hash(&program.text), quiet: quiet(&program.layout), machine })
    }

    /// Does something with the simulation; one that fails is broken from then on.
    fn with<T, E: std::fmt::Display>(
        &mut self,
        action: impl FnOnce(&mut Machine) -> std::result::Result<T, E>,
    ) -> Option<T> {
        let done = action(self.machine.as_mut()?);
        if let Err(why) = &done {
            tracing::error!(%why, "the simulated pipeline is broken");
            self.machine = None;
        }
        done.ok()
    }

    fn pass(&mut self, number: u16, time_ns: u64, frame: &[u8]) -> Option<Vec<Leaving>> {
        let quiet = self.quiet;
        let run = self.with(|machine| {
            // What was written has been done before the frame comes.
            machine.run(8)?;
            machine.frame(number, false, time_ns, 0, frame)?;
            machine.run(quiet)
        })?;
        Some(run.sent.into_iter().map(|sent| Leaving { number: sent.port, frame: sent.bytes }).collect())
    }
}

impl DataPath for Verilated {
    fn program(&self) -> u64 {
        self.program
    }

    fn read(&mut self, address: u32) -> Option<u32> {
        self.with(|machine| Registers::read(machine, address))
    }

    fn write(&mut self, address: u32, word: u32) {
        self.with::<(), AccessError>(|machine| Registers::write(machine, address, word));
    }

    fn frame(&mut self, number: u16, time_ns: u64, frame: &[u8]) -> Vec<Leaving> {
        self.pass(number, time_ns, frame).unwrap_or_default()
    }

    fn reset(&mut self) {
        self.machine = match Machine::start(&self.path) {
            Ok(machine) => Some(machine),
            Err(why) => {
                tracing::error!(%why, "the simulated pipeline does not start again");
                None
            }
        };
    }
}
