//! Programs: set, saved, committed, told (sections 14 and 15).
//!
//! A program that is saved and not yet committed runs on a *shadow* of the data path, which has no ports: reads and writes go there, so that they are answered as they will be.
//! What was done there is kept, and done again on the data path when the program is committed.

use std::sync::Arc;

use sluice_entities::{Atomicity, Code, Update};
use sluice_target::{Install, Program, Target};

use super::Inner;
use crate::convert::Forms;
use crate::names::Names;
use crate::refusal::Refusal;
use crate::v1;
use v1::get_forwarding_pipeline_config_request::ResponseType;
use v1::set_forwarding_pipeline_config_request::Action;

/// Most updates that are kept for a program that is saved and not committed.
const MAX_KEPT_UPDATES: usize = 1 << 20;

/// A program with the number by which the controller knows it.
#[derive(Clone)]
struct Config {
    program: Arc<Program>,
    cookie: Option<u64>,
}

/// A program that is not yet committed.
struct Saved {
    shadow: Arc<dyn Target>,
    batches: Vec<(Vec<Update>, Atomicity)>,
    updates: usize,
}

/// See the module.
#[derive(Default)]
pub(super) struct Pipelines {
    /// What reads and writes refer to.
    names: Option<Arc<Names>>,
    config: Option<Config>,
    saved: Option<Saved>,
    pub(super) forms: Forms,
}

impl Pipelines {
    /// What the data path runs by now, if that can be told.
    pub(super) fn new(target: &dyn Target) -> Self {
        let Some(program) = target.program() else { return Self::default() };
        let names = Some(Arc::new(Names::new(&program.p4info, &target.info())));
        Self { names, config: Some(Config { program, cookie: None }), ..Self::default() }
    }

    /// The names of the program that reads and writes refer to.
    pub(super) fn names(&self) -> Result<Arc<Names>, Refusal> {
        let none = || {
            Refusal::new(
                Code::FailedPrecondition,
                "there is no program yet: set one (SetForwardingPipelineConfig) first",
            )
        };
        self.names.clone().ok_or_else(none)
    }

    /// What reads and writes go to.
    pub(super) fn target(&self, inner: &Inner) -> Arc<dyn Target> {
        self.saved.as_ref().map_or_else(|| inner.target.clone(), |saved| saved.shadow.clone())
    }

    /// Whether there is room to keep as many updates.
    pub(super) fn has_room(&self, updates: usize) -> bool {
        self.saved.as_ref().is_none_or(|saved| saved.updates + updates <= MAX_KEPT_UPDATES)
    }

    /// Keeps a batch that was written, if it has to be done again.
    pub(super) fn keep(&mut self, updates: Vec<Update>, atomicity: Atomicity) {
        if let Some(saved) = &mut self.saved {
            saved.updates += updates.len();
            saved.batches.push((updates, atomicity));
        }
    }

    /// A program is in place.
    fn committed(&mut self, inner: &Inner, config: Config) {
        self.names = Some(Arc::new(Names::new(&config.program.p4info, &inner.target.info())));
        self.config = Some(config);
        self.saved = None;
    }
}

fn config(request: v1::SetForwardingPipelineConfigRequest) -> Result<Config, Refusal> {
    let Some(given) = request.config else { return Err(Refusal::invalid("config: it is missing")) };
    let Some(p4info) = given.p4info else { return Err(Refusal::invalid("config.p4info: it is missing")) };
    let program = Program { p4info, device_config: given.p4_device_config };
    Ok(Config { program: Arc::new(program), cookie: given.cookie.map(|cookie| cookie.cookie) })
}

/// SetForwardingPipelineConfig.
pub(super) fn set(inner: &Inner, request: v1::SetForwardingPipelineConfigRequest) -> Result<(), Refusal> {
    let mut pipelines = inner.changing();
    inner.may_change(request.device_id, &request.role, request.election_id.as_ref())?;
    let at = |fault: sluice_target::Fault| Refusal::from(fault).at("config");
    let action = Action::try_from(request.action).unwrap_or(Action::Unspecified);
    if let Some(owned) = inner.is_owned().filter(|_| action != Action::Verify) {
        return Err(owned);
    }
    match action {
        Action::Unspecified => Err(Refusal::invalid("action: say what is to be done with the program")),
        Action::Verify => inner.target.verify(&config(request)?.program).map_err(at),
        Action::VerifyAndSave => {
            let config = config(request)?;
            let shadow = inner.target.shadow(&config.program).map_err(at)?;
            pipelines.names = Some(Arc::new(Names::new(&config.program.p4info, &shadow.info())));
            pipelines.config = Some(config);
            pipelines.saved = Some(Saved { shadow, batches: Vec::new(), updates: 0 });
            pipelines.forms = Forms::default();
            Ok(())
        }
        Action::VerifyAndCommit => {
            let config = config(request)?;
            inner.target.install(&config.program, Install::Anew).map_err(at)?;
            pipelines.forms = Forms::default();
            pipelines.committed(inner, config);
            Ok(())
        }
        Action::Commit => commit(inner, &mut pipelines, &request),
        Action::ReconcileAndCommit => {
            let config = config(request)?;
            inner.target.install(&config.program, Install::Reconcile).map_err(at)?;
            pipelines.committed(inner, config);
            Ok(())
        }
    }
}

fn commit(
    inner: &Inner,
    pipelines: &mut Pipelines,
    request: &v1::SetForwardingPipelineConfigRequest,
) -> Result<(), Refusal> {
    if request.config.is_some() {
        return Err(Refusal::invalid("config: COMMIT takes the one that was saved, and none with it"));
    }
    let (Some(saved), Some(config)) = (&pipelines.saved, pipelines.config.clone()) else {
        return Err(Refusal::new(Code::NotFound, "no program is saved: VERIFY_AND_SAVE one first"));
    };
    inner.target.install(&config.program, Install::Anew)?;
    for (updates, atomicity) in &saved.batches {
        // What was wrong on the shadow is wrong here, and was told then.
        let _ = inner.target.write(updates, *atomicity);
    }
    pipelines.committed(inner, config);
    Ok(())
}

/// GetForwardingPipelineConfig.
pub(super) fn get(
    inner: &Inner,
    request: &v1::GetForwardingPipelineConfigRequest,
) -> Result<v1::GetForwardingPipelineConfigResponse, Refusal> {
    inner.is_device(request.device_id)?;
    let wanted = ResponseType::try_from(request.response_type)
        .map_err(|_| Refusal::invalid("response_type: there is no such type"))?;
    let Some(config) = inner.reading().config.clone() else {
        return Ok(v1::GetForwardingPipelineConfigResponse::default());
    };
    let with_info = matches!(wanted, ResponseType::All | ResponseType::P4infoAndCookie);
    let with_program = matches!(wanted, ResponseType::All | ResponseType::DeviceConfigAndCookie);
    let told = v1::ForwardingPipelineConfig {
        p4info: with_info.then(|| config.program.p4info.clone()),
        p4_device_config: if with_program { config.program.device_config.clone() } else { Vec::new() },
        cookie: config.cookie.map(|cookie| v1::forwarding_pipeline_config::Cookie { cookie }),
    };
    Ok(v1::GetForwardingPipelineConfigResponse { config: Some(told) })
}
