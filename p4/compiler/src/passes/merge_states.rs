//! Joins a parser state to the only one that goes there, if that one always does.

use sluice_ir::{Module, Target, Transition};

use super::remove_unreachable_states::{state, targets_mut};

/// Joins what can be joined and leaves the joined states unreachable; whether there were any.
pub fn merge_states(module: &mut Module) -> bool {
    let states = &mut module.pipeline.parser.states;
    let mut predecessors = vec![0_u32; states.len()];
    for (_, from) in states.iter_mut() {
        for target in targets_mut(&mut from.transition) {
            if let Some(to) = state(*target) {
                predecessors[to.index()] += 1;
            }
        }
    }
    let mut changed = false;
    for (first, _) in states.clone().iter() {
        while let Transition::Always(Target::State(second)) = states[first].transition {
            // `start` has the packet's arrival as a predecessor, too.
            if second == first || second.index() == 0 || predecessors[second.index()] != 1 {
                break;
            }
            let mut body = std::mem::take(&mut states[second].body);
            let rest = std::mem::replace(&mut states[second].transition, Transition::Always(Target::Reject));
            states[first].body.append(&mut body);
            states[first].transition = rest;
            predecessors[second.index()] = 0;
            changed = true;
        }
    }
    changed
}
