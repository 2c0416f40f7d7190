//! Programs: from a module, or what a controller pushes, to one that is in the kernel.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use sluice_entities::{Atomicity, Entity, PipelineInfo};
use sluice_ir::Module;
use sluice_target::{Fault, Program, carried, checked, entries, not_taken, pushable};

use super::fault;
use crate::device::{Compiled, Device, Purpose};

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
    compiled: Compiled,
}

pub(super) fn compile(module: &Module) -> Result<Compiled, Fault> {
    Compiled::new(module, NAME).map_err(|error| fault(&error))
}

/// What the first lines of a program's C call it.
const NAME: &str = "program.p4";

/// Maps that are pinned, by name.
pub(super) type PinnedMaps = BTreeMap<String, PathBuf>;

impl Loaded {
    /// A program that is here already, with the maps that are given.
    pub(super) fn of_module(
        module: Arc<Module>,
        compiled: Compiled,
        maps: &PinnedMaps,
    ) -> Result<Self, Fault> {
        Self::new(&module.clone(), Source::Own(module, OnceLock::new()), compiled, maps)
    }

    pub(super) fn of_program(program: &Program) -> Result<Self, Fault> {
        let module = checked(program)?;
        let compiled = compile(&module)?;
        Self::new(&module, Source::Pushed(Arc::new(program.clone())), compiled, &PinnedMaps::new())
    }

    fn new(module: &Module, source: Source, compiled: Compiled, maps: &PinnedMaps) -> Result<Self, Fault> {
        let device = Device::load(module, &compiled, Purpose::Live, maps).map_err(|error| fault(&error))?;
        let info = Arc::new(device.shadow.info().clone());
        let own = entries(&|query, take| device.read_each(query, take).map_err(|error| fault(&error)))?;
        Ok(Self { device, info, source, own, compiled })
    }

    /// Loads the program once more, with nothing written to it, and the maps that are given.
    pub(super) fn reload(&mut self, maps: &PinnedMaps) -> Result<(), Fault> {
        let Source::Own(module, _) = &self.source else { return Ok(()) };
        let loaded = Device::load(module, &self.compiled, Purpose::Live, maps);
        let before = std::mem::replace(&mut self.device, loaded.map_err(|error| fault(&error))?);
        self.device.set_tai_ahead(before.live.tai_ahead_ns).map_err(|error| fault(&error))
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
