//! Phased updates from one policy to the next.
//!
//! After every single update, in any order within a phase, each packet's outcome under the policy that is alive is
//! what it was:
//!
//! - *prepare* adds entries and bits for the new policy beside the old ones ([`crate::compile::narrow`] says why
//!   entries may come in any order); nothing is deleted, and what is modified means the same for old bits.
//! - *switch* is one write: the default action of `policy`.
//! - *drain* waits until no packet is under way that saw the old one; *harvest* reads the counters of what will go
//!   ([`Plan::harvest`]).
//! - *remove* takes away what only the old policy needed: prepare backwards.

mod capacity;
mod health;
mod narrowing;
mod report;
mod state;

use std::sync::Arc;

use sluice_diagnostics::Diagnostics;
use sluice_entities::{
    ActionCall, Bits, DefaultEntry, Entity, Match, PipelineInfo, TableEntry, Update, UpdateKind,
};

pub use health::rebalance;
pub use report::{Disagreement, FilterChange, PlanReport, TableUse, ToolChange};
pub use state::State;

use crate::account::CounterSource;
use crate::compile::fixed::{Difference, fixed};
use crate::compile::layout::{Layout, Slot};
use crate::compile::program::Program;
use crate::compile::terms::{BYTE, Terms};
use crate::config::Policy;

/// What the updates of a phase are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PhaseKind {
    /// The new policy is written beside the old one.
    Prepare,
    /// The one write that makes it alive.
    Switch,
    /// Wait for packets that saw the old policy; no updates.
    Drain,
    /// Read the counters of what goes ([`Plan::harvest`]); no updates.
    Harvest,
    /// What only the old policy needed goes.
    Remove,
}

impl PhaseKind {
    /// As it is written and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Switch => "switch",
            Self::Drain => "drain",
            Self::Harvest => "harvest",
            Self::Remove => "remove",
        }
    }
}

/// Updates that may be applied in any order, all of them before the next phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What they are for.
    pub kind: PhaseKind,
    /// The updates.
    pub updates: Vec<Update>,
}

/// How to come from one policy to another.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All five phases, in order.
    pub phases: Vec<Phase>,
    /// What the change means.
    pub report: PlanReport,
    /// What is in the data path when all phases are done.
    pub next: State,
    before: Arc<Program>,
}

impl Plan {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.phases.iter().all(|phase| phase.updates.is_empty())
    }

    /// In phase [`PhaseKind::Harvest`]: adds the counters of what will be removed to the totals of [`Plan::next`].
    pub fn harvest(&mut self, counters: &dyn CounterSource) {
        crate::account::harvest(&self.before, &mut self.next, counters);
    }
}

/// Plans the change from `state` to `policy`.
///
/// # Errors
/// What does not fit the tables or what the target lacks, located at the filters to change; `info` is another program
/// than that of the state.
pub fn plan(state: &State, policy: &Policy, info: &PipelineInfo) -> Result<Plan, Diagnostics> {
    let layout = Layout::new(info)?;
    if layout != *state.layout {
        return Err(sluice_diagnostics::Diagnostic::error(
            "the target's program is not the one that the state was made for",
        )
        .help("start from an empty state of this target")
        .into());
    }
    let before = &*state.program;
    let after = Arc::new(Program::compile(before, policy, &layout)?);
    let old_fixed = state.fixed()?;
    let both_fixed = fixed(&[before, &after], &layout)?;
    let new_fixed = fixed(&[&after], &layout)?;
    let both_images = narrowing::both(before, &after, &layout);
    capacity::check(before, &after, &both_images, &both_fixed, &layout)?;

    let mut prepare = Vec::new();
    let mut remove = Vec::new();
    push(&mut prepare, old_fixed.difference(&both_fixed));
    push(&mut remove, both_fixed.difference(&new_fixed));
    for (i, table) in layout.narrow.iter().enumerate() {
        let (old, both, new) = (&before.images[i], &both_images[i], &after.images[i]);
        narrowing::updates(table, old, both, layout.terms, &mut prepare);
        narrowing::updates(table, both, new, layout.terms, &mut remove);
    }
    collect(&before.terms, &after.terms, &layout, &mut prepare, &mut remove);
    combinations(before, &after, &layout, &mut prepare, &mut remove);

    let phase = |kind, updates| Phase { kind, updates };
    let phases = vec![
        phase(PhaseKind::Prepare, prepare),
        phase(PhaseKind::Switch, switch(before, &after, &layout)),
        phase(PhaseKind::Drain, Vec::new()),
        phase(PhaseKind::Harvest, Vec::new()),
        phase(PhaseKind::Remove, remove),
    ];
    let report = report::report(before, &after, &new_fixed, &layout);
    let next = State { layout: Arc::clone(&state.layout), program: after, totals: state.totals.clone() };
    Ok(Plan { phases, report, next, before: Arc::clone(&state.program) })
}

fn push(updates: &mut Vec<Update>, difference: Difference) {
    let Difference { insert, modify, delete } = difference;
    for (kind, entities) in
        [(UpdateKind::Insert, insert), (UpdateKind::Modify, modify), (UpdateKind::Delete, delete)]
    {
        updates.extend(entities.into_iter().map(|entity| Update { kind, entity }));
    }
}

/// The action of `policy` that makes a program alive.
fn activation(program: &Program, layout: &Layout) -> Option<ActionCall> {
    let either = |pick: fn(&crate::term::Term) -> bool| {
        let mut bits = Bits::zero(layout.terms);
        for placed in program.terms.list.iter().filter(|placed| pick(&placed.term)) {
            bits.set_bit(placed.bit, true);
        }
        bits
    };
    let params = [
        program.terms.alive(layout.terms),
        either(|term| term.either_address),
        either(|term| term.either_port),
        program.copies.otherwise.clone(),
    ];
    layout.policy.call("activate", &params)
}

fn switch(before: &Program, after: &Program, layout: &Layout) -> Vec<Update> {
    let (old, new) = (activation(before, layout), activation(after, layout));
    if old == new {
        return Vec::new();
    }
    let entity = Entity::Default(DefaultEntry::new(Arc::clone(&layout.policy.table), new));
    vec![Update { kind: UpdateKind::Modify, entity }]
}

fn entry(slot: &Slot, matches: Vec<Match>, action: &str, params: &[Bits]) -> Option<Entity> {
    let action = slot.call(action, params)?;
    Some(Entity::Table(TableEntry::new(Arc::clone(&slot.table), matches, 0, action)))
}

/// The terms of one byte: (position, copies).
pub(crate) fn byte(terms: &Terms, byte: u32) -> Vec<(u32, &Bits)> {
    let start = terms.list.partition_point(|placed| placed.bit < byte * BYTE);
    let own = terms.list[start..].iter().take_while(|placed| placed.bit / BYTE == byte);
    own.map(|placed| (placed.bit % BYTE, &placed.copies)).collect()
}

/// Every non-empty set of one byte's terms, as key, that holds some bit of `needed`.
pub(crate) fn subsets(terms: &[(u32, &Bits)], needed: u32) -> impl Iterator<Item = u32> + use<> {
    let mask = terms.iter().fold(0u32, |mask, (bit, _)| mask | 1 << bit);
    (1..1u32 << BYTE).filter(move |key| key & !mask == 0 && key & needed != 0)
}

/// The `collect` tables: an entry for each set of terms that are alive together. An entry's meaning never changes.
fn collect(old: &Terms, new: &Terms, layout: &Layout, prepare: &mut Vec<Update>, remove: &mut Vec<Update>) {
    for (index, slot) in layout.collect.iter().enumerate() {
        let (a, b) = (byte(old, index as u32), byte(new, index as u32));
        if a == b {
            continue;
        }
        let key_of = |terms: &[(u32, &Bits)]| terms.iter().fold(0u32, |mask, (bit, _)| mask | 1 << bit);
        let kept = key_of(&a) & key_of(&b);
        for (terms, kind, updates) in
            [(&b, UpdateKind::Insert, &mut *prepare), (&a, UpdateKind::Delete, &mut *remove)]
        {
            for key in subsets(terms, !kept) {
                let mut copies = Bits::zero(layout.copies);
                for (_, own) in terms.iter().filter(|(bit, _)| key >> bit & 1 == 1) {
                    copies |= own;
                }
                let matches = vec![Match::Exact(Bits::new(BYTE, u64::from(key)))];
                if let Some(entity) = entry(slot, matches, "collect", &[copies]) {
                    updates.push(Update { kind, entity });
                }
            }
        }
    }
}

/// Items of `to` that are not in `from`; both sorted.
fn added<'a, T: Ord>(from: &'a [T], to: &'a [T]) -> impl Iterator<Item = (usize, &'a T)> {
    to.iter().enumerate().filter(|(_, item)| from.binary_search(item).is_err())
}

/// `asked`, `sampled`, `repeated` and `deliver`: what a combination means never changes, so entries come and go whole.
fn combinations(
    before: &Program,
    after: &Program,
    layout: &Layout,
    prepare: &mut Vec<Update>,
    remove: &mut Vec<Update>,
) {
    let exact = |bits: &Bits| Match::Exact(bits.clone());
    let both = |(a, b): &(Bits, Bits)| vec![exact(a), exact(b)];
    let one_way = |from: &Program, to: &Program, kind: UpdateKind, updates: &mut Vec<Update>| {
        let mut push = |entity: Option<Entity>| updates.extend(entity.map(|entity| Update { kind, entity }));
        for (_, copies) in added(&from.combos.asked, &to.combos.asked) {
            push(entry(&layout.asked, vec![exact(copies)], "count", &[]));
        }
        if let Some(slot) = &layout.sampled {
            for (_, pair) in added(&from.combos.sampled, &to.combos.sampled) {
                push(entry(slot, both(pair), "count", &[]));
            }
        }
        if let Some(slot) = &layout.repeated {
            for (_, pair) in added(&from.combos.repeated, &to.combos.repeated) {
                push(entry(slot, both(pair), "count", &[]));
            }
        }
        for (i, copies) in added(&from.combos.deliver, &to.combos.deliver) {
            let key = vec![exact(copies)];
            push(match to.deliveries.get(i).copied().flatten() {
                Some(group) => entry(&layout.deliver, key, "send", &[Bits::new(16, u64::from(group))]),
                None => entry(&layout.deliver, key, "discard", &[]),
            });
        }
    };
    one_way(before, after, UpdateKind::Insert, prepare);
    one_way(after, before, UpdateKind::Delete, remove);
}
