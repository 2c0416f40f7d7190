//! The parser's graph.

use std::collections::BTreeMap;

use super::dot::{Dot, Node};
use crate::text::Pieces;
use crate::{Parser, Target, Transition};

/// States, `accept` and `reject`, and the transitions between them.
pub(super) fn graph(pieces: &Pieces<'_>, parser: &Parser) -> String {
    let mut dot = Dot::new("parser");
    let mut states = Vec::new();
    for (handle, state) in parser.states.iter() {
        let mut lines = vec![pieces.state(handle)];
        lines.extend(pieces.lines(&state.body));
        if let Transition::Select { keys, .. } = &state.transition {
            let keys: Vec<String> = keys.iter().map(|key| pieces.expression(*key)).collect();
            lines.push(format!("select ({})", keys.join(", ")));
        }
        states.push(dot.node(if lines.len() == 1 { "ellipse" } else { "box" }, &lines));
    }
    let accept = dot.node("doublecircle", &["accept".to_string()]);
    let reject = dot.node("doublecircle", &["reject".to_string()]);
    let node = |target: Target| match target {
        Target::Accept => accept,
        Target::Reject => reject,
        Target::State(state) => states.get(state.index()).copied().unwrap_or(reject),
    };
    for ((_, state), from) in parser.states.iter().zip(&states) {
        match &state.transition {
            Transition::Always(target) => dot.edge(*from, node(*target), &[]),
            Transition::Select { cases, .. } => {
                let mut by_target: BTreeMap<Node, Vec<String>> = BTreeMap::new();
                for case in cases {
                    let sets: Vec<String> = case.sets.iter().map(|set| pieces.key_set(set)).collect();
                    by_target.entry(node(case.target)).or_default().push(sets.join(", "));
                }
                for (to, sets) in by_target {
                    dot.edge(*from, to, &sets);
                }
            }
        }
    }
    dot.finish()
}
