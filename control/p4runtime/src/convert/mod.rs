//! Messages to entities and back.
//!
//! [`update`] and [`query`] read what a controller sends, [`entity`] makes what it is sent. What was written is read back as it was: the canonical form of section 8.4 is the only one that is sent,
//! "do not care" fields are left out (section 9.1.1), and which form of a port a controller uses is remembered ([`Forms`]).

mod ask;
mod fit;
mod query;
mod read;
pub(crate) mod shape;
mod tables;
mod told;
mod write;

use std::collections::BTreeSet;

pub use ask::asked;
pub use query::query;
pub use read::{digest_list, entity, idle_entry};
pub use told::{sent, told, told_digests, told_idle};
pub use write::update;

/// Objects whose ports were written as numbers, which P4Runtime keeps for older controllers (`egress_port`, `watch`): they are read as numbers.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    numbered: BTreeSet<FormKey>,
}

/// What such an object is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FormKey {
    Multicast(u16),
    Clone(u16),
    Group(std::sync::Arc<str>, u32),
}

/// How an update names ports; counts once the update is done.
#[derive(Clone, Debug, Default)]
pub struct Noted(Option<(FormKey, bool)>);

impl Forms {
    /// An update with that is done.
    pub fn adopt(&mut self, noted: Noted) {
        match noted.0 {
            Some((key, true)) => {
                self.numbered.insert(key);
            }
            Some((key, false)) => {
                self.numbered.remove(&key);
            }
            None => {}
        }
    }

    pub(crate) fn is_numbered(&self, key: &FormKey) -> bool {
        self.numbered.contains(key)
    }
}
