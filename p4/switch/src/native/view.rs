//! The tables of one configuration, as native code sees them: addresses of what the interpreter uses.

use crate::configuration::{Choice, TableState};
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
    /// Number of choices.
    pub(super) count: u32,
    pub(super) choices: *const Choice,
    pub(super) default: *const Choice,
    /// The default action's data, then that of each slot, as many words each.
    pub(super) data: *const u64,
    pub(super) engine: *const Engine,
    /// Slots: of an array by value, of a hash table by place.
    pub(super) slots: *const u32,
    /// Keys of a hash table by place.
    pub(super) keys: *const u64,
    /// Number of places of the hash table, less one.
    pub(super) mask: u64,
}

impl TableView {
    /// It has no entries, and a default action that does something.
    pub(super) const HAS_CODE: u32 = 0;
    /// It has entries.
    pub(super) const HAS_ENTRIES: u32 = 1;
    /// It has no entries, and its default action does nothing.
    pub(super) const IDLE: u32 = 2;

    pub(crate) fn of(state: &TableState) -> Self {
        let kind = match (state.used > 0, state.default.code) {
            (true, _) => Self::HAS_ENTRIES,
            (false, Some(_)) => Self::HAS_CODE,
            (false, None) => Self::IDLE,
        };
        let Lookup { slots, keys, mask } = state.engine.lookup_parts();
        Self {
            kind,
            count: state.choices.len() as u32,
            choices: state.choices.as_ptr(),
            default: &raw const state.default,
            data: state.data.as_ptr(),
            engine: &raw const state.engine,
            slots: slots.as_ptr(),
            keys: keys.as_ptr(),
            mask,
        }
    }
}
