//! Tables, as the interpreter applies them.

use super::bytes::{load64, low_mask};
use super::op::NO_SLOT;
use super::program::{ApplySite, KeySource, NO_SELECTION};
use super::run::{Env, slice};
use super::select::choose;
use super::state::{PacketState, Words};
use super::wide;
use crate::configuration::{Choice, TableState};
use crate::profile::Part;
use crate::tables::MISS;
use crate::trace::{Observer, TraceEvent};

/// Applies a table that has no entries and a default action that does nothing, if it is such a one.
#[inline(always)]
pub(super) fn idle<O: Observer>(
    env: &Env<'_>,
    words: &mut Words,
    site: &ApplySite,
    observer: &mut O,
) -> bool {
    let table = usize::from(site.table);
    let quick = &env.config.quick[table];
    if !quick.is_idle || O::TRACE {
        return false;
    }
    if O::PROFILE {
        observer.control();
    }
    tell(words, site, 0, &quick.default);
    if O::PROFILE {
        observer.part(Part::Table(table));
    }
    true
}

/// Applies a table; says where its action's code starts, if it has to be run.
#[inline(never)]
pub(super) fn apply<O: Observer>(
    env: &mut Env<'_>,
    state: &mut PacketState,
    site: &ApplySite,
    observer: &mut O,
) -> Option<usize> {
    if O::PROFILE {
        observer.control();
    }
    let table = usize::from(site.table);
    let quick = &env.config.quick[table];
    let code = if !quick.has_entries && !O::TRACE {
        let data = || &env.config.tables[table].data[..];
        act::<O>(env, &mut state.words, site, 0, &quick.default, data)
    } else {
        let config = env.config;
        let entries: &TableState = &config.tables[table];
        let key = usize::from(site.key);
        match site.source {
            KeySource::Words => {}
            KeySource::Slice { a, low, width } => state.words[key] = slice(&state.words, a, low, width),
            KeySource::Load { at, shift, width } => {
                state.words[key] = load64(&state.bytes, at as usize) >> shift & low_mask(width);
            }
        }
        let entry = entries.lookup(&state.words[key..key + usize::from(site.key_words)]);
        if let Some(hits) = &entries.hits
            && entry != MISS
        {
            hits.note(entry, env.ingress.time_ns);
        }
        let chosen = match site.selection {
            NO_SELECTION => None,
            selection => choose(env, state, usize::from(selection), entries, entry),
        };
        let (choice, data) = match &chosen {
            None => (entries.choice(entry), &entries.data[..]),
            Some((choice, data)) => (choice, *data),
        };
        if O::TRACE {
            trace_apply(env, &state.words, site, entry, choice, data, observer);
        }
        act::<O>(env, &mut state.words, site, u64::from(entry != MISS), choice, || data)
    };
    if O::PROFILE && code.is_none() {
        observer.part(Part::Table(table));
    }
    code
}

/// Tells the program which entry matched.
#[inline(always)]
fn tell(words: &mut Words, site: &ApplySite, was_hit: u64, choice: &Choice) {
    if site.hit != NO_SLOT {
        words[usize::from(site.hit)] = was_hit;
    }
    if site.action_run != NO_SLOT {
        words[usize::from(site.action_run)] = u64::from(choice.action);
    }
    if site.cell != NO_SLOT {
        words[usize::from(site.cell)] = u64::from(choice.cell);
    }
}

/// Tells the program which entry matched, and runs its action or gets it ready to run.
#[inline(always)]
fn act<'d, O: Observer>(
    env: &Env<'_>,
    words: &mut Words,
    site: &ApplySite,
    was_hit: u64,
    choice: &Choice,
    data: impl FnOnce() -> &'d [u64],
) -> Option<usize> {
    tell(words, site, was_hit, choice);
    let code = choice.code?;
    let start = choice.data as usize;
    let data = &data()[start..start + usize::from(choice.data_words)];
    if let Some(combine) = &choice.combine
        && !O::TRACE
    {
        if combine.counts {
            env.cells.count(choice.cell, u64::from(env.ingress.wire_length));
        }
        wide::combine(words, combine, data);
        return None;
    }
    let params = usize::from(env.program.layout.params);
    words[params..params + data.len()].copy_from_slice(data);
    Some(code as usize)
}

fn trace_apply<O: Observer>(
    env: &Env<'_>,
    words: &Words,
    site: &ApplySite,
    entry: u32,
    choice: &Choice,
    data: &[u64],
    observer: &mut O,
) {
    let table = usize::from(site.table);
    let plan = &env.program.tables[table];
    let field = |field: &crate::tables::KeyField| {
        let at = usize::from(site.key) + field.word;
        sluice_entities::Bits::from_limbs(field.width, &words[at..at + field.width.div_ceil(64) as usize])
    };
    let keys: Vec<_> = plan.shape.fields().iter().map(field).collect();
    let action = plan.actions.get(usize::from(choice.action));
    let action = action.map(|action| &env.program.actions[usize::from(*action)]);
    let mut at = choice.data as usize;
    let params: Vec<_> = action
        .map_or(&[][..], |action| &action.params[..])
        .iter()
        .map(|width| {
            let limbs = width.div_ceil(64) as usize;
            at += limbs;
            sluice_entities::Bits::from_limbs(*width, data.get(at - limbs..at).unwrap_or(&[]))
        })
        .collect();
    observer.event(&TraceEvent::Table {
        table: &plan.name,
        keys: &keys,
        entry: env.config.tables[table].entry(entry),
        action: action.map_or("(no member)", |action| &action.name),
        params: &params,
    });
}
