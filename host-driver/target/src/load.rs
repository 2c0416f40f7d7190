//! Programs: the one that a card's bitstream was made of, and what was written to it.

use std::sync::{Arc, OnceLock};

use sluice_diagnostics::Sources;
use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Update};
use sluice_fpga::{Before, FpgaError, PROGRAM, Tables, program_hash};
use sluice_ir::Module;
use sluice_nic::Pipeline;
use sluice_rtl::{Layout, Options};
use sluice_switch::{Engine, Switch, SwitchOptions};
use sluice_target::{Fault, Program, Read, carried, checked, entries, not_taken, pushable};

use crate::registers::Bar;

/// Where a program comes from.
enum Source {
    /// A controller pushed it.
    Pushed(Arc<Program>),
    /// It was here already; P4Info and text are made when somebody asks.
    Own(OnceLock<Option<Arc<Program>>>),
}

/// A program that a card can run, and how it is laid out there.
pub(crate) struct Fitting {
    module: Arc<Module>,
    layout: Layout,
    source: Source,
}

pub(crate) fn fault(error: &FpgaError) -> Fault {
    Fault::new(error.code(), error.to_string())
}

impl Fitting {
    /// A program that is here already.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT`: hardware cannot run it; `FAILED_PRECONDITION`: the card's bitstream was made of another one.
    pub(crate) fn of_module(module: Arc<Module>, options: &Options, card: &Pipeline) -> Result<Self, Fault> {
        Self::new(module, Source::Own(OnceLock::new()), options, card)
    }

    /// What a controller pushes.
    ///
    /// # Errors
    ///
    /// As [`Self::of_module`], or it is no program.
    pub(crate) fn of_program(program: &Program, options: &Options, card: &Pipeline) -> Result<Self, Fault> {
        let module = Arc::new(checked(program)?);
        Self::new(module, Source::Pushed(Arc::new(program.clone())), options, card)
    }

    fn new(module: Arc<Module>, source: Source, options: &Options, card: &Pipeline) -> Result<Self, Fault> {
        let compiled = sluice_rtl::compile(&module, PROGRAM, options).map_err(|found| {
            let why = found.render(&Sources::new());
            Fault::new(
                Code::InvalidArgument,
                format!("hardware cannot run this program:\n{}", why.trim_end()),
            )
        })?;
        let (wanted, found) = (program_hash(&compiled.text), card.program());
        if wanted != found {
            let message = format!(
                "the card's bitstream was made of another program ({found:016x}) than this one ({wanted:016x}): load the bitstream of this one, made with the same sizes"
            );
            return Err(Fault::new(Code::FailedPrecondition, message));
        }
        Ok(Self { module, layout: compiled.layout, source })
    }

    /// Entries and default actions as the program itself has them.
    fn own(&self) -> Result<(Switch, Vec<Entity>), Fault> {
        let options = SwitchOptions { engine: Engine::Interpreter, ..SwitchOptions::default() };
        let switch = Switch::new(&self.module, options)
            .map_err(|error| Fault::new(Code::InvalidArgument, error.to_string()))?;
        let own = entries(&|query, take| {
            switch.read_each(query, take).map_err(|error| Fault::new(error.code(), error.to_string()))
        })?;
        Ok((switch, own))
    }
}

/// A program that runs on a card.
pub(crate) struct Loaded {
    pub(crate) tables: Tables<Bar>,
    pub(crate) info: Arc<PipelineInfo>,
    fitting: Fitting,
    own: Vec<Entity>,
}

impl Loaded {
    /// Begins: whatever stands in the card's tables is written over, unless the card says that there is nothing.
    pub(crate) fn begin(fitting: Fitting, card: &Pipeline) -> Result<Self, Fault> {
        let (_, own) = fitting.own()?;
        let registers = Bar(card.clone());
        let is_fresh = card.is_fresh().map_err(|error| Fault::new(Code::Unavailable, error.to_string()))?;
        let before = if is_fresh { Before::Nothing } else { Before::Anything };
        let tables = Tables::new(&fitting.module, fitting.layout.clone(), registers, before);
        let mut tables = tables.map_err(|error| fault(&error))?;
        tables.verify().map_err(|error| fault(&error))?;
        Ok(Self { info: Arc::new(tables.info().clone()), tables, fitting, own })
    }

    /// The program as it was pushed, or as it could be.
    pub(crate) fn program(&self) -> Option<Arc<Program>> {
        match &self.fitting.source {
            Source::Pushed(program) => Some(program.clone()),
            Source::Own(made) => made.get_or_init(|| pushable(&self.fitting.module).map(Arc::new)).clone(),
        }
    }

    /// The program and what was written to it, without asking the card.
    pub(crate) fn written(&self) -> Option<(Arc<Program>, Vec<Update>)> {
        let read: Read<'_> =
            &|query, take| self.tables.written_each(query, take).map_err(|error| fault(&error));
        let updates = carried(read, &self.own, &self.own).ok()?;
        Some((self.program()?, updates))
    }

    /// Begins anew with a program, which the card runs already.
    pub(crate) fn anew(&mut self, next: Fitting) -> Result<(), Fault> {
        let (_, own) = next.own()?;
        self.tables.renew(&next.module, next.layout.clone()).map_err(|error| fault(&error))?;
        self.tables.verify().map_err(|error| fault(&error))?;
        self.info = Arc::new(self.tables.info().clone());
        (self.fitting, self.own) = (next, own);
        Ok(())
    }

    /// The same, with what was written before. It is tried beside the card first.
    pub(crate) fn reconcile(&mut self, next: Fitting) -> Result<(), Fault> {
        let (switch, own) = next.own()?;
        let mut read = Vec::new();
        let tables = std::cell::RefCell::new(&mut self.tables);
        let carried = carried(
            &|query, take| tables.borrow_mut().read_each(query, take).map_err(|error| fault(&error)),
            &self.own,
            &own,
        );
        read.extend(carried?);
        switch.write_batch(&read, Atomicity::RollbackOnError).map_err(|refused| {
            not_taken(&refused.errors.first().map(|(_, error)| error.to_string()).unwrap_or_default())
        })?;
        self.anew(next)?;
        self.tables.write_batch(&read, Atomicity::RollbackOnError).map_err(|refused| {
            not_taken(&refused.0.first().map(|(_, error)| error.to_string()).unwrap_or_default())
        })
    }
}
