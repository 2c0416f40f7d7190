//! Why a packet would go where it would go.

use std::sync::Arc;

use sluice_ir::Module;
use sluice_policy::{Explanation, PortRole, State, explain};
use sluice_store::Version;
use sluice_switch::{Engine, Ingress, Output, Sink, Worker};
use sluice_target::port::MAX_FRAME;
use sluice_target::{Recorder, SoftOptions, SoftTarget, Target, carry_out};

use crate::broker::{Broker, now_ns};
use crate::refusal::Refusal;

/// Between one packet and the next: long enough for none to be a repeat of the one before, or above a rate.
const APART_NS: u64 = 3_600_000_000_000;

/// What was found out about one packet.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The policy that was asked.
    pub version: Version,
    /// Filters, copies, what became of the packet.
    pub explanation: Explanation,
    /// What happened to its bytes, a line each.
    pub notes: Vec<String>,
}

/// A data path without ports, which has the policy of that version.
pub(crate) struct Model {
    version: Version,
    state: State,
    worker: Worker,
    last_ns: u64,
    _target: SoftTarget,
}

struct Nowhere;

impl Sink for Nowhere {
    fn send(&mut self, _output: Output<'_>) {}
}

impl Model {
    fn new(broker: &Broker, module: Arc<Module>) -> Result<Self, Refusal> {
        let defect = |error: &dyn std::fmt::Display| Refusal::Defect(error.to_string());
        let options = SoftOptions { engine: Engine::Interpreter, cpu_port: 0, ..SoftOptions::default() };
        let target = SoftTarget::with_module(module, options).map_err(|fault| defect(&fault))?;
        let (policy, down, version, sources) = {
            let current = broker.current();
            let state = &current.state;
            (state.policy().clone(), state.down().clone(), current.summary.version, current.sources.clone())
        };
        let info = target.info();
        let refused = |found| Refusal::invalid(&found, &sources);
        let empty = State::empty(&info).map_err(refused)?;
        let plan = sluice_policy::plan(&empty, &policy, &info).map_err(refused)?;
        let state = carry_out(&target, plan).map_err(|error| defect(&error))?;
        let moved = sluice_policy::rebalance(&state, &down).map_err(refused)?;
        let state = carry_out(&target, moved).map_err(|error| defect(&error))?;
        let worker = target.worker().ok_or_else(|| defect(&"there is no program"))?;
        Ok(Self { version, state, worker, last_ns: now_ns(), _target: target })
    }

    fn explain(&mut self, port: u16, frame: &[u8]) -> Explained {
        self.last_ns = self.last_ns.saturating_add(APART_NS);
        let ingress = Ingress {
            port,
            time_ns: self.last_ns,
            data: frame,
            wire_length: frame.len() as u32,
            bad_frame: false,
        };
        let mut recorder = Recorder::default();
        self.worker.process_traced(&ingress, &mut Nowhere, &mut recorder);
        Explained {
            version: self.version,
            explanation: explain(&self.state, &recorder.trace),
            notes: recorder.notes,
        }
    }
}

impl Broker {
    /// Why a packet that came in at a network port would go where it would go. Nothing is counted or sent.
    ///
    /// # Errors
    ///
    /// The port is none of the policy's network ports; the frame is too long.
    pub fn explain(&self, port: &str, frame: &[u8]) -> Result<Explained, Refusal> {
        if frame.len() > MAX_FRAME {
            return Err(Refusal::TooLarge { what: "the frame", bytes: frame.len(), max: MAX_FRAME });
        }
        let Some(module) = self.inner.options.explainer.clone() else {
            return Err(Refusal::NotFound("packets cannot be explained on this data path".to_string()));
        };
        let number = {
            let current = self.current();
            let mut ports = current.state.policy().ports.iter();
            ports
                .find(|one| *one.name == *port && matches!(one.role, PortRole::Network { .. }))
                .map(|one| one.id)
        };
        let number =
            number.ok_or_else(|| Refusal::NotFound(format!("the policy has no network port `{port}`")))?;
        let mut slot = self.model();
        let is_current = |model: &Model| {
            let current = self.current();
            model.version == current.summary.version && model.state.down() == current.state.down()
        };
        if !slot.as_ref().is_some_and(is_current) {
            *slot = Some(Model::new(self, module)?);
        }
        match &mut *slot {
            Some(model) => Ok(model.explain(number, frame)),
            None => Err(Refusal::Defect("there is no model".to_string())),
        }
    }
}
