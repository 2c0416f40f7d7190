//! The tables of one configuration, as native code sees them: addresses of what the interpreter uses.

use crate::configuration::TableState;
use crate::engine::program::TablePlan;
use crate::tables::{Engine, Lookup};

/// One table.
///
/// All addresses lead into the [`TableState`] that the view was made of. [`crate::configuration::Configuration`] keeps both
/// together, and never changes a state that it has.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct TableView {
    /// One of [`Self::HAS_CODE`], [`Self::HAS_ENTRIES`] and [`Self::IDLE`].
    pub(super) kind: u32,
    /// Number of slots.
    pub(super) count: u32,
    /// The default action's record, then that of each slot.
    pub(super) records: *const u64,
    /// The default action.
    pub(super) default_action: u32,
    /// The record of a miss: 0, or [`Self::NO_RECORD`] where the default action is not the one that all entries have.
    pub(super) on_miss: u32,
    /// Slots: of an array by value, of a hash table by place, of pieces of the number line in their order.
    pub(super) slots: *const u32,
    /// Keys of a hash table by place, or first numbers of pieces.
    pub(super) keys: *const u64,
    /// Number of places of the hash table, or of buckets, less one.
    pub(super) mask: u64,
    /// Pieces of each bucket.
    pub(super) index: *const u64,
    /// First number of the first bucket.
    pub(super) base: u64,
    /// A bucket holds 2^shift numbers.
    pub(super) shift: u64,
    pub(super) engine: *const Engine,
}

impl TableView {
    /// It has no entries, and a default action that does something.
    pub(super) const HAS_CODE: u32 = 0;
    /// It has entries.
    pub(super) const HAS_ENTRIES: u32 = 1;
    /// It has no entries, and its default action does nothing.
    pub(super) const IDLE: u32 = 2;
    /// See [`Self::on_miss`].
    pub(super) const NO_RECORD: u32 = u32::MAX;

    pub(crate) fn of(state: &TableState, plan: &TablePlan) -> Self {
        let kind = match (state.used > 0, state.default.code) {
            (true, _) => Self::HAS_ENTRIES,
            (false, Some(_)) => Self::HAS_CODE,
            (false, None) => Self::IDLE,
        };
        let Lookup { slots, keys, mask, index, base, shift } = state.engine.lookup_parts();
        let default_action = state.default.action;
        let is_same = plan.entry_action.is_none_or(|action| action == default_action);
        Self {
            kind,
            count: state.choices.len() as u32,
            records: state.data.as_ptr(),
            default_action: default_action.into(),
            on_miss: if is_same { 0 } else { Self::NO_RECORD },
            slots: slots.as_ptr(),
            keys: keys.as_ptr(),
            mask,
            index: index.as_ptr(),
            base,
            shift: shift.into(),
            engine: &raw const state.engine,
        }
    }
}

/// All tables of a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    tables: Vec<TableView>,
    /// A bit for each table that is not [`TableView::IDLE`].
    busy: Vec<u64>,
}

impl Views {
    pub(crate) fn set(&mut self, table: usize, view: TableView) {
        let bit = 1 << (table % 64);
        if view.kind == TableView::IDLE {
            self.busy[table / 64] &= !bit;
        } else {
            self.busy[table / 64] |= bit;
        }
        self.tables[table] = view;
    }

    pub(super) fn tables(&self) -> *const TableView {
        self.tables.as_ptr()
    }

    pub(super) fn busy(&self) -> *const u64 {
        self.busy.as_ptr()
    }
}

impl FromIterator<TableView> for Views {
    fn from_iter<I: IntoIterator<Item = TableView>>(views: I) -> Self {
        let tables: Vec<TableView> = views.into_iter().collect();
        let mut all = Self { busy: vec![0; tables.len().div_ceil(64)], tables };
        for (table, view) in all.tables.clone().into_iter().enumerate() {
            all.set(table, view);
        }
        all
    }
}
