//! Rows as bits, as the layout wants them.

use sluice_entities::{ActionCall, Bits, Match};
use sluice_rtl::{KeyField, TableLayout};

use crate::error::{FpgaError, Result};

/// A row to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) block: u32,
    pub(crate) kind: u32,
    pub(crate) row: u32,
    pub(crate) bits: Bits,
}

/// `{action, data}` of a call.
pub(crate) fn value(layout: &TableLayout, call: &ActionCall) -> Result<Bits> {
    let found = layout.actions.iter().position(|action| action.name == *call.action);
    let Some(index) = found else {
        return Err(FpgaError::Cannot(format!("`{}` is no action of `{}`", call.action, layout.name)));
    };
    let mut data = Bits::zero(layout.data_width);
    for (field, value) in layout.actions[index].parameters.iter().zip(&call.params) {
        let moved = value.resize(field.width).resize(layout.data_width).shl(field.low);
        data = &data | &moved;
    }
    Ok(Bits::new(8, index as u64).concat(&data))
}

/// The bits of an exact key, in the layout's order; none where a match is no exact one.
pub(crate) fn exact_key(layout: &TableLayout, matches: &[Match]) -> Option<Bits> {
    let mut key = Bits::zero(0);
    for field in &layout.key {
        let Match::Exact(value) = matches.get(field.position as usize)? else { return None };
        key = key.concat(&value.resize(field.width));
    }
    Some(key)
}

/// Values and masks that together match what an entry does: one, but for ranges.
pub(crate) fn masked_keys(layout: &TableLayout, matches: &[Match]) -> Vec<(Bits, Bits)> {
    let mut all = vec![(Bits::zero(0), Bits::zero(0))];
    for field in &layout.key {
        let Some(wanted) = matches.get(field.position as usize) else { continue };
        let parts = masked(field, wanted);
        all = all
            .iter()
            .flat_map(|(value, mask)| {
                parts.iter().map(move |(more, more_mask)| (value.concat(more), mask.concat(more_mask)))
            })
            .collect();
    }
    all
}

fn masked(field: &KeyField, wanted: &Match) -> Vec<(Bits, Bits)> {
    let width = field.width;
    match wanted {
        Match::Exact(value) | Match::Optional(Some(value)) => {
            vec![(value.resize(width), Bits::ones(width))]
        }
        Match::Optional(None) => vec![(Bits::zero(width), Bits::zero(width))],
        Match::Lpm { value, length } => vec![(value.resize(width), Bits::prefix_mask(width, *length))],
        Match::Ternary { value, mask } => vec![(value.resize(width), mask.resize(width))],
        Match::Range { low, high } => prefixes(&low.resize(width), &high.resize(width)),
    }
}

/// The prefixes that a range consists of.
fn prefixes(low: &Bits, high: &Bits) -> Vec<(Bits, Bits)> {
    let width = low.width();
    let mut found = Vec::new();
    let mut at = low.clone();
    while at <= *high {
        // The largest block that begins here and ends inside.
        let mut size = 0;
        while size < width && !at.bit(size) && (&at | &Bits::ones(size + 1).resize(width)) <= *high {
            size += 1;
        }
        found.push((at.clone(), Bits::prefix_mask(width, width - size)));
        let Some(next) = successor(&(&at | &Bits::ones(size).resize(width))) else { break };
        at = next;
    }
    found
}

/// The range of all keys together that an entry of an interval table matches.
pub(crate) fn range(layout: &TableLayout, matches: &[Match]) -> Option<(Bits, Bits)> {
    let (mut low, mut high) = (Bits::zero(0), Bits::zero(0));
    for field in &layout.key {
        let width = field.width;
        let (from, to) = match matches.get(field.position as usize)? {
            Match::Exact(value) => (value.resize(width), value.resize(width)),
            Match::Range { low, high } => (low.resize(width), high.resize(width)),
            Match::Lpm { value, length } => {
                let value = value.resize(width);
                let end = &value | &!&Bits::prefix_mask(width, *length);
                (value, end)
            }
            Match::Ternary { .. } | Match::Optional(_) => return None,
        };
        low = low.concat(&from);
        high = high.concat(&to);
    }
    Some((low, high))
}

/// The next number; none behind the last one.
pub(crate) fn successor(value: &Bits) -> Option<Bits> {
    let mut next = value.clone();
    for at in 0..value.width() {
        if !next.bit(at) {
            next.set_bit(at, true);
            return Some(next);
        }
        next.set_bit(at, false);
    }
    None
}
