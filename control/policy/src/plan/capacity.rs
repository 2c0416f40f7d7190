//! Whether the old and the new policy fit the tables side by side, and whom to ask if they do not.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_entities::Bits;

use crate::compile::fixed::Fixed;
use crate::compile::layout::{Layout, NarrowTable, last_part};
use crate::compile::narrow::{Image, Placed, constrains, image};
use crate::compile::program::Program;
use crate::config::Filter;

/// Every table at its fullest: when all is prepared and nothing removed.
pub(super) fn check(
    before: &Program,
    after: &Program,
    both: &[Arc<Image>],
    fixed: &Fixed,
    layout: &Layout,
) -> Result<(), Diagnostics> {
    let mut found = Diagnostics::new();
    for (table, image) in layout.narrow.iter().zip(both) {
        if image.len() as u64 > table.slot.size {
            found.push(narrow(table, image.len(), before, after, layout));
        }
    }
    let union = |old: usize, new: usize, shared: usize| (old + new - shared) as u64;
    let (a, b) = (&before.combos, &after.combos);
    let shared = a.deliver.iter().filter(|one| b.deliver.binary_search(one).is_ok()).count();
    let combinations = [
        ("deliver", union(a.deliver.len(), b.deliver.len(), shared), layout.deliver.size),
        ("asked", union_of(&a.asked, &b.asked), layout.asked.size),
        (
            "sampled",
            union_of(&a.sampled, &b.sampled),
            layout.sampled.as_ref().map_or(u64::MAX, |slot| slot.size),
        ),
        (
            "repeated",
            union_of(&a.repeated, &b.repeated),
            layout.repeated.as_ref().map_or(u64::MAX, |slot| slot.size),
        ),
    ];
    for (table, used, size) in combinations {
        if used > size {
            found.push(side_by_side(table, used, size, after));
        }
    }
    for slot in fixed_slots(layout) {
        let used = fixed.rows.keys().filter(|(table, ..)| *table == slot.table).count() as u64;
        if used > slot.size {
            found.push(side_by_side(last_part(&slot.table), used, slot.size, after));
        }
    }
    if found.has_errors() { Err(found) } else { Ok(()) }
}

fn union_of<T: Ord>(old: &[T], new: &[T]) -> u64 {
    let shared = old.iter().filter(|one| new.binary_search(one).is_ok()).count();
    (old.len() + new.len() - shared) as u64
}

fn fixed_slots(layout: &Layout) -> impl Iterator<Item = &crate::compile::layout::Slot> {
    let egress = &layout.egress;
    let optional = [
        &egress.strip,
        &egress.slice,
        &egress.label,
        &egress.stamp,
        &egress.encapsulate,
        &egress.fix_checksums,
        &egress.tool_port,
    ];
    [&layout.network_port].into_iter().chain(&egress.mask).chain(optional.into_iter().flatten())
}

fn side_by_side(table: &str, used: u64, size: u64, after: &Program) -> Diagnostic {
    let mut error = Diagnostic::error(format!(
        "table `{table}` holds {size} entries, and the old and the new policy side by side need {used}"
    ));
    if let Some(filter) = after.policy.filters.first() {
        error = error.at(filter.span, "the new policy's filters start here");
    }
    error.help("change fewer filters at once, or make filters share `to`, `edits`, `sample` and `dedup`")
}

/// Names the new policy's filters with the most entries of their own.
fn narrow(
    table: &NarrowTable,
    used: usize,
    before: &Program,
    after: &Program,
    layout: &Layout,
) -> Diagnostic {
    let filters: Vec<&Filter> = after.policy.all_filters().collect();
    let mut sizes: Vec<(usize, usize)> = Vec::new();
    for (index, _) in filters.iter().enumerate() {
        let own = after
            .terms
            .list
            .iter()
            .filter(|placed| placed.filter == index && constrains(table, &placed.term));
        let own = own.map(|placed| Placed { bit: placed.bit, term: &placed.term });
        sizes.push((image(table, Bits::zero(layout.terms), own).len(), index));
    }
    sizes.sort_unstable_by_key(|(size, index)| (std::cmp::Reverse(*size), *index));
    let name = last_part(&table.slot.table);
    let stay = if before.terms.list.is_empty() { "" } else { ", those of the policy that is alive included" };
    let mut error = Diagnostic::error(format!(
        "table `{name}` holds {} entries, and {used} are needed{stay}",
        table.slot.size
    ));
    for (i, (size, index)) in sizes.iter().take(3).filter(|(size, _)| *size > 0).enumerate() {
        let filter = filters[*index];
        let text = format!("`{}` takes {size}", filter.name);
        error = if i == 0 { error.at(filter.match_span, text) } else { error.also(filter.match_span, text) };
    }
    let values = match table.part {
        crate::compile::layout::Part::V4 | crate::compile::layout::Part::V6 => {
            "join neighboring prefixes into shorter ones"
        }
        crate::compile::layout::Part::Range => "join neighboring ranges",
        _ => "test fewer values",
    };
    error.help(format!("{values}, first in the filters named here"))
}
