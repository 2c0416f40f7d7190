//! Narrow tables while the old and the new policy stand side by side, and the updates between images.

use std::sync::Arc;

use sluice_entities::{DefaultEntry, Entity, Update, UpdateKind};

use crate::compile::layout::{Layout, NarrowTable};
use crate::compile::narrow::{self, Change, Image, Placed};
use crate::compile::program::{Program, kept};

/// The tables with the terms of both programs.
pub(super) fn both(before: &Program, after: &Program, layout: &Layout) -> Vec<Arc<Image>> {
    let kept = kept(&before.terms, &after.terms, layout.terms);
    let free = !&(&before.terms.alive(layout.terms) | &after.terms.alive(layout.terms));
    let image = |(i, table): (usize, &NarrowTable)| {
        let (old, new) = (&before.images[i], &after.images[i]);
        if Arc::ptr_eq(old, new) {
            return Arc::clone(new);
        }
        let old_terms = before.terms.list.iter().filter(|placed| !kept.bit(placed.bit));
        let terms =
            old_terms.chain(&after.terms.list).filter(|placed| narrow::constrains(table, &placed.term));
        let placed = terms.map(|placed| Placed { bit: placed.bit, term: &placed.term });
        let zeros = if old.is_empty() { &new.zeros } else { &old.zeros };
        Arc::new(narrow::image(table, zeros & &free, placed))
    };
    layout.narrow.iter().enumerate().map(image).collect()
}

/// The updates that turn one image into another.
pub(super) fn updates(
    table: &NarrowTable,
    old: &Arc<Image>,
    new: &Arc<Image>,
    width: u32,
    updates: &mut Vec<Update>,
) {
    if Arc::ptr_eq(old, new) {
        return;
    }
    if old.default != new.default {
        let bitmaps = narrow::default_bitmaps(new, width);
        let action = if bitmaps.is_empty() { None } else { table.slot.narrowing(&bitmaps) };
        let entity = Entity::Default(DefaultEntry::new(Arc::clone(&table.slot.table), action));
        updates.push(Update { kind: UpdateKind::Modify, entity });
    }
    for change in narrow::changes(old, new, width) {
        let (kind, entry) = match change {
            Change::Insert(i) => (UpdateKind::Insert, narrow::entry(table, new, i, width)),
            Change::Modify(i) => (UpdateKind::Modify, narrow::entry(table, new, i, width)),
            Change::Delete(i) => (UpdateKind::Delete, narrow::entry(table, old, i, width)),
        };
        updates.extend(entry.map(|entry| Update { kind, entity: Entity::Table(entry) }));
    }
}
