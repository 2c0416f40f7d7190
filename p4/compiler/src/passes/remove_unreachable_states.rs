//! Removes parser states that no transition from `start` reaches.

use sluice_ir::{Arena, Handle, Module, State, Target, Transition};

/// Removes them; whether there were any.
pub fn remove_unreachable_states(module: &mut Module) -> bool {
    let states = &mut module.pipeline.parser.states;
    let mut reached = vec![false; states.len()];
    let mut pending: Vec<Handle<State>> = states.iter().map(|(handle, _)| handle).take(1).collect();
    while let Some(handle) = pending.pop() {
        if !std::mem::replace(&mut reached[handle.index()], true) {
            pending.extend(
                targets_mut(&mut states[handle].transition).into_iter().filter_map(|target| state(*target)),
            );
        }
    }
    if reached.iter().all(|reached| *reached) {
        return false;
    }
    let mut kept = Arena::default();
    let mut new_handles = vec![None; states.len()];
    for (handle, state) in states.iter().filter(|(handle, _)| reached[handle.index()]) {
        new_handles[handle.index()] = Some(kept.push(state.clone()));
    }
    for (_, state) in kept.iter_mut() {
        for target in targets_mut(&mut state.transition) {
            if let Target::State(to) = target
                && let Some(new) = new_handles[to.index()]
            {
                *to = new;
            }
        }
    }
    *states = kept;
    true
}

/// All targets of a transition.
pub(super) fn targets_mut(transition: &mut Transition) -> Vec<&mut Target> {
    match transition {
        Transition::Always(target) => vec![target],
        Transition::Select { cases, .. } => cases.iter_mut().map(|case| &mut case.target).collect(),
    }
}

/// The state that a target is, if it is one.
pub(super) fn state(target: Target) -> Option<Handle<State>> {
    match target {
        Target::State(state) => Some(state),
        Target::Accept | Target::Reject => None,
    }
}
