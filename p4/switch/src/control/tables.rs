//! One table's entries, and how they become what workers look things up in.
//!
//! A published [`TableState`] is never changed while anybody can see it. Instead of making a whole new one for each write, a table has
//! two that take turns: the one that was replaced last is brought up to date as soon as no worker has it any more, which takes as
//! long as there are changes, not as there are entries. A worker that still has it, or one that stands far behind, costs a copy.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sluice_entities::{ActionCall, Bits, EntryAttributes, Match};

use crate::configuration::{Choice, Entry, TableState, Target};
use crate::counters::NULL_CELL;
use crate::engine::program::{Program, TablePlan, record_head};
use crate::tables::{Engine, Rule};

/// What a miss does.
#[derive(Clone, Debug)]
pub(crate) struct MasterDefault {
    /// Index in the table's list of actions.
    pub(crate) action: u16,
    pub(crate) call: ActionCall,
    /// The controller's data.
    pub(crate) attributes: EntryAttributes,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct MasterTable {
    pub(crate) by_key: FxHashMap<(Vec<Match>, u32), u32>,
    /// By slot.
    entries: Vec<Option<Arc<Entry>>>,
    free: Vec<u32>,
    pub(crate) default: MasterDefault,
    /// The program's.
    pub(crate) original_default: MasterDefault,
    pub(crate) default_cell: u32,
    /// Words of a record, and of its head.
    stride: usize,
    head: usize,
    /// Entries made so far.
    pub(crate) sequence: u32,
    /// Whether the published state is another one.
    pub(crate) is_touched: bool,
    /// Slots in which the published state may be another one.
    changed: Vec<u32>,
    /// The state that was replaced last, and the slots in which the published one may differ from it.
    spare: Option<(Arc<TableState>, Vec<u32>)>,
}

impl MasterTable {
    pub(crate) fn new(
        program: &Program,
        plan: &TablePlan,
        default: MasterDefault,
        default_cell: u32,
    ) -> Self {
        Self {
            by_key: FxHashMap::default(),
            entries: Vec::new(),
            free: Vec::new(),
            original_default: default.clone(),
            default,
            default_cell,
            stride: plan.record_words(program),
            head: plan.head_words(),
            sequence: 0,
            is_touched: false,
            changed: Vec::new(),
            spare: None,
        }
    }

    /// Puts an entry into a free slot.
    pub(crate) fn insert(&mut self, entry: Arc<Entry>) -> u32 {
        let key = (entry.entry.matches.clone(), entry.entry.priority);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.entries.push(None);
                (self.entries.len() - 1) as u32
            }
        };
        self.entries[slot as usize] = Some(entry);
        self.by_key.insert(key, slot);
        self.touch(slot);
        slot
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Arc<Entry>> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        self.by_key.remove(&(entry.entry.matches.clone(), entry.entry.priority));
        self.free.push(slot);
        self.touch(slot);
        Some(entry)
    }

    /// Puts another entry of the same key in its place.
    pub(crate) fn replace(&mut self, slot: u32, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        let old = self.entries.get_mut(slot as usize)?.replace(entry);
        self.touch(slot);
        old
    }

    /// Sets the default action.
    pub(crate) fn set_default(&mut self, default: MasterDefault) -> MasterDefault {
        self.is_touched = true;
        std::mem::replace(&mut self.default, default)
    }

    fn touch(&mut self, slot: u32) {
        self.is_touched = true;
        self.changed.push(slot);
    }

    pub(crate) fn find(&self, matches: &[Match], priority: u32) -> Option<(u32, &Arc<Entry>)> {
        let slot = *self.by_key.get(&(matches.to_vec(), priority))?;
        Some((slot, self.entries.get(slot as usize)?.as_ref()?))
    }

    /// A state without entries.
    pub(crate) fn first(&self, program: &Program, plan: &TablePlan, has_idle_timeouts: bool) -> TableState {
        let nothing =
            Choice { code: None, combine: None, data: 0, data_words: 0, action: 0, cell: NULL_CELL };
        let mut state = TableState {
            engine: Engine::build(&plan.shape, &[]),
            choices: Vec::new(),
            default: nothing,
            data: vec![0; self.stride],
            entries: Vec::new(),
            used: 0,
            hits: has_idle_timeouts.then(Default::default),
        };
        self.put_default(&mut state, program, plan);
        state
    }

    /// The state to publish behind `current`.
    pub(crate) fn publish(
        &mut self,
        program: &Program,
        plan: &TablePlan,
        current: &Arc<TableState>,
    ) -> Arc<TableState> {
        self.is_touched = false;
        let changed = std::mem::take(&mut self.changed);
        let (mut state, behind) = match self.spare.take() {
            // Nobody else has it, and to catch up takes less than to copy.
            Some((spare, behind))
                if behind.len() * 8 <= current.used + 64 && Arc::strong_count(&spare) == 1 =>
            {
                (spare, behind)
            }
            _ => (Arc::new(TableState::clone(current)), Vec::new()),
        };
        let next = Arc::make_mut(&mut state);
        // Both states note hits in the same places.
        next.hits.clone_from(&current.hits);
        self.put_default(next, program, plan);
        self.catch_up(next, program, plan, behind.iter().chain(&changed).copied());
        self.spare = Some((current.clone(), changed));
        state
    }

    fn put_default(&self, state: &mut TableState, program: &Program, plan: &TablePlan) {
        let default = &self.default;
        state.default = choice(program, plan, default.action, self.default_cell, self.head as u32);
        self.put_record(&mut state.data, 0, &state.default, &default.call.params);
    }

    /// Writes the record of the default action, or, from 1 on, of a slot.
    fn put_record(&self, records: &mut [u64], index: usize, choice: &Choice, params: &[Bits]) {
        let record = &mut records[index * self.stride..(index + 1) * self.stride];
        let (head, data) = record.split_at_mut(self.head);
        head.fill(record_head(choice.action, choice.cell));
        put_data(data, params);
    }

    /// Makes some slots of a state what they are here.
    fn catch_up(
        &self,
        state: &mut TableState,
        program: &Program,
        plan: &TablePlan,
        slots: impl Iterator<Item = u32>,
    ) {
        let slots: Vec<u32> = slots.collect();
        let builds = state.engine.is_better_built(slots.len(), state.used.max(self.by_key.len()));
        state.entries.resize(self.entries.len(), None);
        state.choices.resize(self.entries.len(), state.default);
        state.data.resize((self.entries.len() + 1) * self.stride, 0);
        if let Some(hits) = &mut state.hits {
            hits.grow(self.entries.len());
        }
        let rank = |entry: &Option<Arc<Entry>>| entry.as_ref().map(|entry| entry.rank);
        // What goes goes first: a key that moved to another slot would be lost if its old place were cleared last.
        for slot in &slots {
            let at = *slot as usize;
            if rank(&state.entries[at]) != rank(&self.entries[at])
                && let Some(old) = state.entries[at].take()
                && !builds
            {
                state.engine.remove(&plan.shape, &rule(*slot, &old));
            }
        }
        for slot in slots {
            let at = slot as usize;
            let new = &self.entries[at];
            let old = std::mem::replace(&mut state.entries[at], new.clone());
            if let Some(new) = new
                && old.is_none()
                && !builds
            {
                state.engine.insert(&plan.shape, &rule(slot, new));
            }
            if let Some(entry) = new {
                let start = (at + 1) * self.stride + self.head;
                state.choices[at] = match entry.target {
                    Target::Own => choice(program, plan, entry.action, entry.cell, start as u32),
                    _ => Choice {
                        cell: entry.cell,
                        code: None,
                        combine: None,
                        data: 0,
                        data_words: 0,
                        action: 0,
                    },
                };
                self.put_record(&mut state.data, at + 1, &state.choices[at], entry.params());
            }
        }
        state.engine.settle();
        if builds {
            let entries = state.entries.iter().enumerate();
            let rules: Vec<Rule<'_>> =
                entries.filter_map(|(slot, entry)| Some(rule(slot as u32, entry.as_ref()?))).collect();
            state.engine = Engine::build(&plan.shape, &rules);
        }
        state.used = self.by_key.len();
    }
}

/// What runs for an action of a table.
pub(crate) fn choice(program: &Program, plan: &TablePlan, action: u16, cell: u32, data: u32) -> Choice {
    let action_plan = &program.actions[usize::from(plan.actions[usize::from(action)])];
    Choice {
        code: action_plan.code,
        combine: action_plan.combine,
        data,
        data_words: action_plan.param_words,
        action,
        cell,
    }
}

fn rule(slot: u32, entry: &Entry) -> Rule<'_> {
    Rule { slot, matches: entry.matches(), rank: entry.rank }
}

/// Writes action data to the words that it has.
pub(crate) fn put_data(words: &mut [u64], params: &[Bits]) {
    let limbs = params.iter().flat_map(|value| value.limbs());
    words.iter_mut().zip(limbs).for_each(|(word, limb)| *word = *limb);
}
