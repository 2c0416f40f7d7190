//! The list of passes.

use sluice_ir::Module;

use super::{
    compact, fold_constants, merge_states, propagate_copies, prune_statements, remove_dead_stores,
    remove_unreachable_states,
};

/// A pass: whether it changed anything.
type Pass = fn(&mut Module) -> bool;

/// In this order, again and again until none changes anything.
const PASSES: [Pass; 7] = [
    // States that nothing reaches keep others from having one predecessor.
    remove_unreachable_states,
    // Longer blocks let copies be followed further.
    merge_states,
    // Lowering copies arguments in and out of everything it inlines.
    propagate_copies,
    // Constants meet operators only now.
    fold_constants,
    // Conditions are constants only now.
    prune_statements,
    // What was read through a copy is read directly now, and copies in pruned branches are gone.
    remove_dead_stores,
    // Arenas still hold what the others left behind.
    compact,
];

/// More rounds than any program needs: each of them removes something.
const ROUNDS: usize = 16;

/// Runs all passes until the module stays as it is, at most 16 rounds.
pub fn optimize(module: &mut Module) {
    for _ in 0..ROUNDS {
        let mut changed = false;
        for pass in PASSES {
            changed |= pass(module);
        }
        if !changed {
            return;
        }
    }
}
