//! Programs: from what a controller pushes to a switch that runs it.

use std::sync::{Arc, OnceLock};

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_entities::{Code, Details, Entity, PipelineInfo, Query, TableQuery};
use sluice_ir::{Module, text, verify};
use sluice_p4info::proto::P4Info;
use sluice_switch::{Switch, SwitchOptions};

use crate::target::{Fault, Program};

/// Where a program comes from.
enum Source {
    /// A controller pushed it.
    Pushed(Arc<Program>),
    /// It was here already; P4Info and text are made when somebody asks.
    Own(Arc<Module>, OnceLock<Option<Arc<Program>>>),
}

/// A program that runs.
pub(super) struct Loaded {
    pub(super) switch: Switch,
    source: Source,
    pub(super) info: Arc<PipelineInfo>,
    /// Entries and default actions as the program itself has them.
    pub(super) own: Vec<Entity>,
}

fn wrong(message: impl Into<String>) -> Fault {
    Fault::new(Code::InvalidArgument, message)
}

fn rendered(found: &Diagnostics, sources: &Sources) -> Fault {
    wrong(found.render(sources).trim_end().to_string())
}

/// Reads the text of the IR, as `sluice p4 compile` writes it.
///
/// # Errors
///
/// `INVALID_ARGUMENT`, with every error at its place.
pub fn decode(device_config: &[u8]) -> Result<Module, Fault> {
    let Ok(program) = std::str::from_utf8(device_config) else {
        return Err(wrong(
            "the device configuration is not text: this switch takes what `sluice p4 compile` writes",
        ));
    };
    let mut sources = Sources::new();
    let source = sources.add("p4_device_config", program);
    let module = text::read(&sources, source).map_err(|found| rendered(&found, &sources))?;
    verify::verify(&module).map_err(|found| rendered(&found, &sources))?;
    Ok(module)
}

/// What a controller is told of a module.
fn describe(module: &Module) -> Result<P4Info, Fault> {
    let described = sluice_p4info::p4info(module);
    described.map(|(info, _)| info).map_err(|found| rendered(&found, &Sources::new()))
}

/// The parts of a P4Info that both sides must have alike: those that say which bytes mean what.
fn essence(info: &P4Info) -> P4Info {
    P4Info { pkg_info: None, type_info: None, ..info.clone() }
}

/// The first part that differs, by its name.
fn difference(given: &P4Info, own: &P4Info) -> Option<&'static str> {
    let parts = [
        ("tables", given.tables == own.tables),
        ("actions", given.actions == own.actions),
        ("action_profiles", given.action_profiles == own.action_profiles),
        ("counters", given.counters == own.counters),
        ("direct_counters", given.direct_counters == own.direct_counters),
        ("meters", given.meters == own.meters),
        ("direct_meters", given.direct_meters == own.direct_meters),
        ("controller_packet_metadata", given.controller_packet_metadata == own.controller_packet_metadata),
        ("value_sets", given.value_sets == own.value_sets),
        ("registers", given.registers == own.registers),
        ("digests", given.digests == own.digests),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
}

/// The module of a program that a controller pushes.
///
/// # Errors
///
/// `INVALID_ARGUMENT`: it is none, or its P4Info is that of another one.
pub fn checked(program: &Program) -> Result<Module, Fault> {
    let module = decode(&program.device_config)?;
    let own = describe(&module)?;
    if let Some(part) = difference(&essence(&program.p4info), &essence(&own)) {
        return Err(wrong(format!(
            "P4Info and device configuration are of different programs: `{part}` differ; take both from one run of the compiler"
        )));
    }
    Ok(module)
}

/// A module as a controller would push it; nothing of one that has no P4Info (wrong annotations).
pub fn pushable(module: &Module) -> Option<Program> {
    let p4info = describe(module).ok()?;
    Some(Program { p4info, device_config: text::print(module).into_bytes() })
}

impl Loaded {
    /// A program that is here already.
    pub(super) fn of_module(module: Arc<Module>, options: SwitchOptions) -> Result<Self, Fault> {
        Self::new(&module.clone(), Source::Own(module, OnceLock::new()), options)
    }

    /// The program as it was pushed, or as it could be; nothing of one that has no P4Info (wrong annotations).
    pub(super) fn program(&self) -> Option<Arc<Program>> {
        match &self.source {
            Source::Pushed(program) => Some(program.clone()),
            Source::Own(module, made) => made.get_or_init(|| pushable(module).map(Arc::new)).clone(),
        }
    }

    /// A program that a controller pushes.
    pub(super) fn of_program(program: &Program, options: SwitchOptions) -> Result<Self, Fault> {
        let module = checked(program)?;
        Self::new(&module, Source::Pushed(Arc::new(program.clone())), options)
    }

    fn new(module: &Module, source: Source, options: SwitchOptions) -> Result<Self, Fault> {
        let switch = Switch::new(module, options).map_err(|error| wrong(error.to_string()))?;
        let info = Arc::new(switch.info().clone());
        let own = entries(&|query, take| read(&switch, query, take))?;
        Ok(Self { switch, source, info, own })
    }
}

/// Reads of a data path.
pub type Read<'r> = &'r dyn Fn(&Query, &mut dyn FnMut(Entity)) -> Result<(), Fault>;

/// Reads of a switch.
pub(super) fn read(switch: &Switch, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
    switch.read_each(query, take).map_err(|error| Fault::new(error.code(), error.to_string()))
}

/// Entries and default actions, as they were written.
///
/// # Errors
///
/// What the data path says.
pub fn entries(read: Read<'_>) -> Result<Vec<Entity>, Fault> {
    let details = Details { meter: true, ..Details::default() };
    let mut all = Vec::new();
    for query in [
        Query::Table(TableQuery { details, ..TableQuery::default() }),
        Query::Default { table: None, details },
    ] {
        read(&query, &mut |entity| all.push(entity))?;
    }
    Ok(all)
}
