//! From a policy to what stands in the tables.
//!
//! 1. [`copies`]: (tool, edits, selection) to bits of `copies`; [`terms`]: conjunctions of field sets to bits of `terms`.
//! 2. [`narrow`]: field sets to entries, a table a field; [`meets`]: which terms a packet can have together.
//! 3. [`combos`]: the combinations of copies that follow, and what selection leaves of them.
//! 4. [`program`]: all of it, with multicast groups and instances, against the program that is alive.
//! 5. [`fixed`]: the remaining tables, small enough to be made anew each time.
//!
//! [`layout`] says which tables there are.

pub(crate) mod combos;
pub(crate) mod copies;
pub(crate) mod fixed;
pub(crate) mod layout;
pub(crate) mod meets;
pub(crate) mod narrow;
pub(crate) mod program;
pub(crate) mod terms;
