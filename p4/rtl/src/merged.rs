//! What stands in a slot where ways of the parser meet.
//!
//! What a stop puts into a slot can be made zero for packets that do not come by it. So where ways meet that never put it twice, the or of
//! what was put is right for every packet, and no condition has to be carried there; where one way puts over what another one leaves, a
//! choice by the ways' conditions is made.

use std::collections::BTreeSet;

use crate::graph::{Graph, Op, Value};
use crate::state::choose;

/// What is known of what stands in a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The puts, each zero where it was not made, whose or it is; none where it is something else.
    puts: Option<BTreeSet<Value>>,
    /// What may have been put before, and been put over.
    hides: BTreeSet<Value>,
}

impl Known {
    /// Of what stands there at the start.
    pub(crate) fn at_start(graph: &Graph, value: Value) -> Self {
        Self { puts: graph.is(value, 0).then(BTreeSet::new), hides: BTreeSet::new() }
    }

    /// Of what a stop, to which packets come `here`, puts over what stood there.
    pub(crate) fn put(&self, graph: &mut Graph, here: Value, value: Value, name: &str) -> Self {
        let mut hides = self.hides.clone();
        hides.extend(self.puts.iter().flatten());
        let zero = graph.number(graph.width(value), 0);
        let masked = match graph.node(value).op {
            Op::Mux(on, value, otherwise) if otherwise == zero => {
                let both = graph.and(here, on);
                graph.mux(both, value, zero)
            }
            _ => graph.mux(here, value, zero),
        };
        graph.name(masked, name);
        Self { puts: Some([masked].into_iter().filter(|put| *put != zero).collect()), hides }
    }

    /// Whether a put of another way was perhaps made on this one, and put over.
    fn has_hidden(&self, put: Value) -> bool {
        self.hides.contains(&put) && !self.puts.as_ref().is_some_and(|own| own.contains(&put))
    }

    fn all(ways: &[(Value, Value, &Self)]) -> Self {
        let mut all = Self { puts: Some(BTreeSet::new()), hides: BTreeSet::new() };
        for (_, _, known) in ways {
            all.hides.extend(&known.hides);
            match (&mut all.puts, &known.puts) {
                (Some(all), Some(puts)) => all.extend(puts),
                (all, _) => *all = None,
            }
        }
        let is_right = |puts: &BTreeSet<Value>| {
            !puts.iter().any(|put| ways.iter().any(|(_, _, known)| known.has_hidden(*put)))
        };
        if !all.puts.as_ref().is_some_and(is_right) {
            all.hides.extend(ways.iter().flat_map(|(_, _, known)| known.puts.iter().flatten()));
            all.puts = None;
        }
        all
    }
}

/// What stands in a slot where ways meet, each with its condition and what is known of it.
pub(crate) fn join(graph: &mut Graph, ways: &[(Value, Value, &Known)], name: &str) -> (Value, Known) {
    let Some((_, first, known)) = ways.first().copied() else { return (graph.bit(false), Known::default()) };
    let is_one = ways.iter().all(|(_, value, _)| *value == first);
    if is_one && ways.iter().all(|(_, _, other)| *other == known) {
        return (first, known.clone());
    }
    let all = Known::all(ways);
    if is_one {
        return (first, all);
    }
    let joined = match &all.puts {
        Some(puts) => graph.any(graph.width(first), puts.iter().copied()),
        None => {
            let values: Vec<(Value, Value)> = ways.iter().map(|(on, value, _)| (*on, *value)).collect();
            choose(graph, &values)
        }
    };
    graph.name(joined, name);
    (joined, all)
}
