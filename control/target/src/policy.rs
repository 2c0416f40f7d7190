//! A policy's plan, carried out on a data path.

use sluice_entities::Atomicity;
use sluice_policy::{PhaseKind, Plan, State};

use crate::counters::Counters;
use crate::target::{BatchFault, Fault, Target};

/// The data path refused a plan. The planner knows the tables, so that this is a defect of one of them, or somebody else has written to the data path.
#[derive(Debug, thiserror::Error)]
pub enum CarryOutError {
    /// An update of a phase; nothing of the phase was done.
    #[error("{phase:?}: {fault}")]
    Write {
        /// The phase.
        phase: PhaseKind,
        /// Which updates, and why.
        #[source]
        fault: BatchFault,
    },
    /// Counters could not be read.
    #[error("counters: {0}")]
    Read(#[from] Fault),
}

/// Takes a data path from the state that the plan was made for to [`Plan::next`], which it gives.
///
/// Each phase that writes is one batch, [`Atomicity::DataplaneAtomic`] where the data path can do that, else all or nothing, else one by one: in any order each packet's outcome is what it was,
/// and the switch is one update.
///
/// # Errors
///
/// The first phase that failed. Up to and including [`PhaseKind::Prepare`] the old policy is alive, afterwards the new one.
pub fn carry_out(target: &dyn Target, plan: Plan) -> Result<State, CarryOutError> {
    carry_out_told(target, plan, &mut |_| {})
}

/// As [`carry_out`]; tells of each phase when it is done.
///
/// # Errors
///
/// As [`carry_out`].
pub fn carry_out_told(
    target: &dyn Target,
    mut plan: Plan,
    done: &mut dyn FnMut(PhaseKind),
) -> Result<State, CarryOutError> {
    let can = target.capabilities().atomicities;
    let wanted = [Atomicity::DataplaneAtomic, Atomicity::RollbackOnError];
    let best = wanted.into_iter().find(|atomicity| can.contains(atomicity));
    let atomicity = best.unwrap_or(Atomicity::ContinueOnError);
    for phase in std::mem::take(&mut plan.phases) {
        match phase.kind {
            PhaseKind::Drain => target.drain(),
            PhaseKind::Harvest => Counters::count(target, |counters| plan.harvest(counters))?,
            PhaseKind::Prepare | PhaseKind::Switch | PhaseKind::Remove => {
                target
                    .write(&phase.updates, atomicity)
                    .map_err(|fault| CarryOutError::Write { phase: phase.kind, fault })?;
            }
        }
        done(phase.kind);
    }
    Ok(plan.next)
}
