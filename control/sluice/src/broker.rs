//! A policy on a soft switch: what every command needs.

use std::path::Path;
use std::sync::Arc;

use sluice_broker::{Arch, Build};
use sluice_diagnostics::{Diagnostics, Sources};
use sluice_entities::PipelineInfo;
use sluice_ir::Module;
use sluice_policy::{Plan, Policy, State};
use sluice_switch::{Engine, PrepareError, Switch, SwitchOptions, Worker};
use sluice_target::{SoftOptions, SoftTarget, Target, carry_out};

use crate::args::Program;
use crate::failure::Failure;

/// The P4 program in the build that was asked for.
pub(crate) fn program(program: Program) -> Result<Arc<Module>, Failure> {
    compile(program, true)
}

/// The same as hardware can run it: checksums are not mended.
pub(crate) fn for_hardware(program: Program) -> Result<Arc<Module>, Failure> {
    compile(program, false)
}

fn compile(Program { terms, copies }: Program, fixes_checksums: bool) -> Result<Arc<Module>, Failure> {
    let build = Build { arch: Arch::Sluice, terms, copies, fixes_checksums, ..Build::default() };
    let module = sluice_broker::compile(build);
    module.map(Arc::new).map_err(|(diagnostics, sources)| Failure::located(&diagnostics, &sources))
}

/// A policy with the text that it came from.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) policy: Policy,
}

/// Reads a policy file.
pub(crate) fn load(path: &Path) -> Result<Loaded, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
    parse(&path.display().to_string(), &text)
}

/// Reads a policy's text; `name` is what messages call it.
pub(crate) fn parse(name: &str, text: &str) -> Result<Loaded, Failure> {
    let mut sources = Sources::new();
    let source = sources.add(name, text);
    match sluice_policy::parse_policy(&mut sources, source) {
        Ok(policy) => Ok(Loaded { sources, policy }),
        Err(diagnostics) => Err(Failure::located(&diagnostics, &sources)),
    }
}

/// Plans the way from `state` to a policy. Warnings go to standard error.
pub(crate) fn plan(state: &State, loaded: &Loaded, info: &PipelineInfo) -> Result<Plan, Failure> {
    let located = |diagnostics: Diagnostics| Failure::located(&diagnostics, &loaded.sources);
    let plan = sluice_policy::plan(state, &loaded.policy, info).map_err(located)?;
    Ok(plan)
}

/// The state of a data path that has nothing yet.
pub(crate) fn nothing(info: &PipelineInfo) -> Result<State, Failure> {
    State::empty(info).map_err(|diagnostics| Failure::located(&diagnostics, &Sources::new()))
}

/// A soft switch on the engine that is asked for, as far as it is to be had; a warning says where it is not.
pub(crate) fn switch(module: &Module, engine: Engine) -> Result<Switch, PrepareError> {
    let switch = Switch::new(module, SwitchOptions { engine, ..SwitchOptions::default() })?;
    warn_of_interpreter(&switch);
    Ok(switch)
}

fn warn_of_interpreter(switch: &Switch) {
    if let Some(why) = switch.no_native_code() {
        eprintln!("warning: the interpreter runs the program: {why}");
    }
}

/// A soft switch with a policy in force.
pub(crate) struct Broker {
    pub(crate) target: SoftTarget,
    pub(crate) state: State,
}

impl Broker {
    /// Makes a switch of the program, and applies the policy to it.
    pub(crate) fn start(module: Arc<Module>, loaded: &Loaded, engine: Engine) -> Result<Self, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::Refused(error.to_string());
        let options = SoftOptions { engine, ..SoftOptions::default() };
        let target = SoftTarget::with_module(module, options).map_err(|fault| refused(&fault))?;
        if let Some(switch) = target.switch() {
            warn_of_interpreter(&switch);
        }
        let info = target.info();
        let plan = plan(&nothing(&info)?, loaded, &info)?;
        let state = carry_out(&target, plan).map_err(|error| refused(&error))?;
        Ok(Self { target, state })
    }

    /// A worker for the packets of captures.
    pub(crate) fn worker(&self) -> Result<Worker, Failure> {
        self.target.worker().ok_or_else(|| Failure::Refused("there is no program".to_string()))
    }
}
