//! P4Runtime's entities as data, by name.
//!
//! The policy writes them, every data path reads them, and neither has to know the other: this crate is the
//! vocabulary of P4Runtime (specification 1.5, sections 6, 9, 12 and 13) without its wire format.
//!
//! - [`Bits`]: a bit string of stated width.
//! - [`PipelineInfo`]: what P4Info says of a program: tables, keys, actions, counters, sizes.
//! - [`Entity`], [`Update`] and [`Atomicity`]: what can be written, and what becomes of a batch with a mistake.
//! - [`Query`]: what can be read. What is read of an entity is what was written.
//! - [`Code`]: what kind of mistake there is.
//!
//! Keys and parameters are *positional*, in the order in which [`PipelineInfo`] lists them, and complete: a
//! field that does not matter is said so by its value (prefix length 0, mask 0, the whole range). The P4Runtime
//! server maps omitted fields to these and back.

mod bits;
mod entity;
mod externs;
mod info;
mod profile;
mod query;
mod replication;
mod table;

pub use bits::{Bits, ParseBitsError};
pub use entity::{Atomicity, Code, Entity, Update, UpdateKind};
pub use externs::{
    CounterData, CounterEntry, DigestConfig, DigestEntry, DirectCounterEntry, DirectMeterEntry, MeterConfig,
    MeterCounters, MeterEntry, RegisterEntry, ValueSetEntry,
};
pub use info::{
    ActionInfo, ActionProfileInfo, ActionRef, ActionScope, CounterInfo, CounterUnit, DigestInfo, KeyInfo,
    MatchKind, MeterInfo, ParamInfo, PipelineInfo, RegisterInfo, SelectorSizes, SizeSemantics, TableInfo,
    ValueSetInfo,
};
pub use profile::{GroupMember, ProfileGroup, ProfileMember};
pub use query::{Details, Query, TableQuery};
pub use replication::{Branch, CloneSession, MulticastGroup, Replica};
pub use table::{
    ActionCall, DefaultEntry, EntryAttributes, EntryKey, Match, TableAction, TableEntry, WeightedAction,
};
