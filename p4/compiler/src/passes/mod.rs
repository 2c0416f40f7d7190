//! Passes over the IR: each makes a module smaller or simpler and keeps what it means.
//!
//! A pass takes a verified module and leaves a verified one. Tables, actions, counters, meters, registers and their names are the control
//! plane's and stay as they are; so do entries and everything that a packet can be seen to do. Each pass says whether
//! it changed anything. [`optimize`] runs them all.

mod compact;
mod fold_constants;
mod known_bits;
mod merge_states;
mod optimize;
mod propagate_copies;
mod prune_statements;
mod rejects;
mod remove_dead_stores;
mod remove_unreachable_states;
mod specialize;

pub use compact::compact;
pub use fold_constants::fold_constants;
pub use known_bits::fold_known_bits;
pub use merge_states::merge_states;
pub use optimize::optimize;
pub use propagate_copies::propagate_copies;
pub use prune_statements::prune_statements;
pub use remove_dead_stores::remove_dead_stores;
pub use remove_unreachable_states::remove_unreachable_states;
pub use specialize::{DefaultRun, specialize};
