//! Rules about the parser's graph.

use super::{Checker, Context, Scope};
use crate::{KeySet, SelectCase, State, Target, Transition};

impl Checker<'_> {
    /// Checks states and transitions; bodies are checked with all other code.
    pub(super) fn parser(&mut self) {
        let states = &self.module.pipeline.parser.states;
        for (handle, state) in states.iter() {
            if (handle.index() == 0) != (state.name == "start") {
                self.error(state.span, "the first state is not `start`", "begin with the state `start`");
            }
            match &state.transition {
                Transition::Always(target) => self.target(*target, state),
                Transition::Select { keys, cases } => {
                    let scope = Scope { context: Context::Parser, action: None, span: state.span };
                    if keys.is_empty() {
                        self.error(state.span, "a select has no keys", "go there always");
                    }
                    let widths: Vec<Option<u32>> =
                        keys.iter().map(|key| self.compared(*key, &scope)).collect();
                    for case in cases {
                        self.target(case.target, state);
                        self.case(case, &widths, state);
                    }
                }
            }
        }
    }

    fn target(&mut self, target: Target, state: &State) {
        if let Target::State(to) = target {
            let states = &self.module.pipeline.parser.states;
            self.in_range(states, to, "a transition", Some(state.span));
        }
    }

    fn case(&mut self, case: &SelectCase, widths: &[Option<u32>], state: &State) {
        if let [KeySet::ValueSet(set)] = case.sets.as_slice() {
            if self.in_range(&self.module.value_sets, *set, "a case", Some(state.span)) {
                let fields = &self.module.value_sets[*set].fields;
                let fits = fields.len() == widths.len()
                    && fields.iter().zip(widths).all(|(field, due)| due.is_none_or(|due| due == field.width));
                if !fits {
                    let message = "the value set's fields are not those of the select's keys";
                    self.error(state.span, message, "give both the same widths");
                }
            }
            return;
        }
        if case.sets.len() != widths.len() {
            let message = format!("a case has {} sets for {} keys", case.sets.len(), widths.len());
            self.error(state.span, message, "write one set for each key");
        }
        for (set, width) in case.sets.iter().zip(widths) {
            let Some(width) = *width else { continue };
            let fits = match set {
                KeySet::Value(value) => value.width() == width,
                KeySet::Masked { value, mask } => value.width() == width && mask.width() == width,
                KeySet::Range { low, high } => low.width() == width && high.width() == width && low <= high,
                KeySet::Any => true,
                KeySet::ValueSet(_) => false,
            };
            if !fits {
                let message = format!("a case's set is not one of {width} bits");
                let help =
                    "sets have their key's width, ranges are not empty, a value set stands for all keys";
                self.error(state.span, message, help);
            }
        }
    }
}
