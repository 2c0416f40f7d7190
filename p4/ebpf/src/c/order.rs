//! Whether headers leave in the order in which they came.

use std::collections::BTreeSet;

use sluice_ir::{Handle, Header, HeaderRef, Module, StatementKind, Target, Transition, walk};

/// The least rank that a header taken behind each state must have, found by going round until nothing changes. `rank` is a header's
/// place in the deparser.
pub(super) fn keeps(module: &Module, rank: &[Option<usize>]) -> bool {
    let stacks = grouped(module);
    let Some(rank) = group_ranks(module, rank, &stacks) else { return false };
    let states = &module.pipeline.parser.states;
    let mut least = vec![None; states.len()];
    let Some(first) = least.first_mut() else { return true };
    *first = Some(0);
    loop {
        let mut is_stable = true;
        for (handle, state) in states.iter() {
            let Some(mut next) = least[handle.index()] else { continue };
            let mut keeps = true;
            walk::statements(&state.body, &mut |statement| match statement.kind {
                StatementKind::Extract { header, .. } => {
                    let (header, step) = taken(module, header, &stacks);
                    match header.and_then(|header| rank[header.index()]) {
                        Some(rank) if rank >= next => next = rank + step,
                        _ => keeps = false,
                    }
                }
                StatementKind::Advance(_) => keeps = false,
                _ => {}
            });
            if !keeps {
                return false;
            }
            for target in targets(&state.transition) {
                if let Target::State(to) = target
                    && least[to.index()].is_none_or(|known| known < next)
                {
                    least[to.index()] = Some(next);
                    is_stable = false;
                }
            }
        }
        if is_stable {
            return true;
        }
    }
}

/// The stacks whose elements the parser takes by `next`: these are one header with one rank, as they are taken in order.
fn grouped(module: &Module) -> BTreeSet<usize> {
    let mut stacks = BTreeSet::new();
    for (_, state) in module.pipeline.parser.states.iter() {
        walk::statements(&state.body, &mut |statement| {
            if let StatementKind::Extract { header: HeaderRef::Next(stack), .. } = statement.kind {
                stacks.insert(stack.index());
            }
        });
    }
    stacks
}

/// Ranks with that of the first element for all of a grouped stack; none where the deparser does not write them one behind the other.
fn group_ranks(
    module: &Module,
    rank: &[Option<usize>],
    stacks: &BTreeSet<usize>,
) -> Option<Vec<Option<usize>>> {
    let mut ranks = rank.to_vec();
    for (_, stack) in module.stacks.iter().filter(|(handle, _)| stacks.contains(&handle.index())) {
        let first = rank[stack.elements[0].index()]?;
        for (index, element) in stack.elements.iter().enumerate() {
            if rank[element.index()] != Some(first + index) {
                return None;
            }
            ranks[element.index()] = Some(first);
        }
    }
    Some(ranks)
}

/// The header that is taken, and what the next one's rank must be above it.
fn taken(module: &Module, header: HeaderRef, stacks: &BTreeSet<usize>) -> (Option<Handle<Header>>, usize) {
    match header {
        HeaderRef::Header(header) => {
            let in_group = |stack: usize| module.stacks[Handle::new(stack)].elements.contains(&header);
            (Some(header).filter(|_| !stacks.iter().any(|stack| in_group(*stack))), 1)
        }
        HeaderRef::Next(stack) => (module.stacks[stack].elements.first().copied(), 0),
        HeaderRef::Element(..) | HeaderRef::Last(_) => (None, 0),
    }
}

/// Where a state may go.
pub(super) fn targets(transition: &Transition) -> Vec<Target> {
    match transition {
        Transition::Always(target) => vec![*target],
        Transition::Select { cases, .. } => cases.iter().map(|case| case.target).collect(),
    }
}
