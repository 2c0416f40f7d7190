//! Shares of groups, moved from tools whose ports are down and back.
//!
//! The policy stays what it is, with its bits and ids. What is delivered together may be new: those entries come first, beside what is there; then one write gives each bucket its owner, and a
//! packet sees all buckets as before it or as after it; what nobody delivers any more goes when no packet is under way that was given by the old owners.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_diagnostics::Diagnostics;
use sluice_entities::{Update, UpdateKind};

use super::{Phase, PhaseKind, Plan, State, capacity, combinations, report};
use crate::compile::fixed::fixed;

/// Plans the way to the same policy with those ports of tools down: their shares of groups go to the other members, and nothing else moves. A group whose ports are all down keeps its shares as
/// if none was. A policy that is planned afterwards finds the ports down.
///
/// # Errors
/// What is delivered together by the old owners and the new ones does not fit the tables side by side.
pub fn rebalance(state: &State, down: &BTreeSet<u16>) -> Result<Plan, Diagnostics> {
    let layout = &*state.layout;
    let before = &*state.program;
    let after = Arc::new(before.with_down(down, layout)?);
    let old_fixed = state.fixed()?;
    let new_fixed = fixed(&[&after], layout)?;
    capacity::check(before, &after, &before.images, &new_fixed, layout)?;

    let as_updates = |kind: UpdateKind, entities: Vec<_>| {
        entities.into_iter().map(move |entity| Update { kind, entity }).collect::<Vec<_>>()
    };
    let difference = old_fixed.difference(&new_fixed);
    let mut prepare = as_updates(UpdateKind::Insert, difference.insert);
    let switch = as_updates(UpdateKind::Modify, difference.modify);
    let mut remove = Vec::new();
    combinations(before, &after, layout, &mut prepare, &mut remove);
    remove.extend(as_updates(UpdateKind::Delete, difference.delete));

    let phase = |kind, updates| Phase { kind, updates };
    let phases = vec![
        phase(PhaseKind::Prepare, prepare),
        phase(PhaseKind::Switch, switch),
        phase(PhaseKind::Drain, Vec::new()),
        phase(PhaseKind::Harvest, Vec::new()),
        phase(PhaseKind::Remove, remove),
    ];
    let report = report::report(before, &after, &new_fixed, layout);
    let next = State { layout: Arc::clone(&state.layout), program: after, totals: state.totals.clone() };
    Ok(Plan { phases, report, next, before: Arc::clone(&state.program) })
}
