//! A policy on a soft switch: what every command needs.

use std::path::Path;

use sluice_broker::{Arch, Build};
use sluice_diagnostics::{Diagnostics, Sources};
use sluice_entities::PipelineInfo;
use sluice_ir::Module;
use sluice_policy::{PhaseKind, Plan, Policy, State};
use sluice_switch::{Switch, SwitchOptions};

use crate::args::Program;
use crate::failure::Failure;

/// The P4 program in the build that was asked for.
pub(crate) fn program(program: Program) -> Result<Module, Failure> {
    let build = Build { arch: Arch::Sluice, terms: program.terms, ..Build::default() };
    sluice_broker::compile(build).map_err(|(diagnostics, sources)| Failure::located(&diagnostics, &sources))
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

/// A soft switch with a policy in force.
pub(crate) struct Broker {
    pub(crate) switch: Switch,
    pub(crate) state: State,
}

impl Broker {
    /// Makes a switch of the program, and applies the policy to it.
    pub(crate) fn start(module: &Module, loaded: &Loaded) -> Result<Self, Failure> {
        let switch = Switch::new(module, SwitchOptions::default())
            .map_err(|error| Failure::Refused(error.to_string()))?;
        let state = nothing(switch.info())?;
        let plan = plan(&state, loaded, switch.info())?;
        for phase in &plan.phases {
            match phase.kind {
                PhaseKind::Drain => switch.drain(),
                // Nothing was counted yet that could be harvested.
                PhaseKind::Harvest => {}
                PhaseKind::Prepare | PhaseKind::Switch | PhaseKind::Remove => {
                    switch.write(&phase.updates).map_err(|error| Failure::Refused(error.to_string()))?;
                }
            }
        }
        Ok(Self { switch, state: plan.next })
    }
}
