//! Programs: from a module, or what a controller pushes, to one that is in the kernel.

use std::sync::{Arc, OnceLock};

use sluice_entities::{Atomicity, Entity, PipelineInfo};
use sluice_ir::Module;
use sluice_target::{Fault, Program, carried, checked, entries, not_taken, pushable};

use super::fault;
use crate::device::{Device, Purpose};

/// Where a program comes from.
enum Source {
    /// A controller pushed it.
    Pushed(Arc<Program>),
    /// It was here already; P4Info and text are made when somebody asks.
    Own(Arc<Module>, OnceLock<Option<Arc<Program>>>),
}

/// A program in the kernel.
pub(super) struct Loaded {
    pub(super) device: Device,
    pub(super) info: Arc<PipelineInfo>,
    source: Source,
    /// Entries and default actions as the program itself has them.
    own: Vec<Entity>,
}

/// What the first lines of a program's C call it.
const NAME: &str = "program.p4";

impl Loaded {
    pub(super) fn of_module(module: Arc<Module>) -> Result<Self, Fault> {
        Self::new(&module.clone(), Source::Own(module, OnceLock::new()))
    }

    pub(super) fn of_program(program: &Program) -> Result<Self, Fault> {
        Self::new(&checked(program)?, Source::Pushed(Arc::new(program.clone())))
    }

    fn new(module: &Module, source: Source) -> Result<Self, Fault> {
        let device = Device::new(module, NAME, Purpose::Live).map_err(|error| fault(&error))?;
        let info = Arc::new(device.shadow.info().clone());
        let own = entries(&|query, take| device.read_each(query, take).map_err(|error| fault(&error)))?;
        Ok(Self { device, info, source, own })
    }

    /// The program as it was pushed, or as it could be.
    pub(super) fn program(&self) -> Option<Arc<Program>> {
        match &self.source {
            Source::Pushed(program) => Some(program.clone()),
            Source::Own(module, made) => made.get_or_init(|| pushable(module).map(Arc::new)).clone(),
        }
    }

    /// Writes what was written to another program.
    pub(super) fn carry_over(&mut self, current: &Self) -> Result<(), Fault> {
        let read = |query: &_, take: &mut dyn FnMut(Entity)| {
            current.device.read_each(query, take).map_err(|error| fault(&error))
        };
        let updates = carried(&read, &current.own, &self.own)?;
        self.device.write_batch(&updates, Atomicity::RollbackOnError).map_err(|refused| {
            not_taken(&refused.0.first().map(|(_, error)| error.to_string()).unwrap_or_default())
        })
    }
}
