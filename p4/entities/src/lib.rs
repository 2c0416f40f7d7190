//! P4Runtime's entities as data, by name.
//!
//! The policy writes them, every data path reads them, and neither has to know the other: this crate is the
//! vocabulary of P4Runtime (specification 1.4.1, sections 4 and 9) without its wire format.
//!
//! - [`Bits`]: a bit string of stated width.
//! - [`PipelineInfo`]: what P4Info says of a program: tables, keys, actions, counters, sizes.
//! - [`Entity`] and [`Update`]: what can be written.
//!
//! Keys and parameters are *positional*, in the order in which [`PipelineInfo`] lists them, and complete: a
//! field that does not matter is said so by its value (prefix length 0, mask 0, the whole range). The P4Runtime
//! server maps omitted fields to these and back.

mod bits;
mod entity;
mod info;

pub use bits::{Bits, ParseBitsError};
pub use entity::{
    ActionCall, CloneSession, DefaultEntry, Entity, Match, MeterConfig, MeterEntry, MulticastGroup,
    RegisterEntry, Replica, TableEntry, Update, UpdateKind,
};
pub use info::{
    ActionInfo, ActionRef, ActionScope, CounterInfo, CounterUnit, KeyInfo, MatchKind, MeterInfo, ParamInfo,
    PipelineInfo, RegisterInfo, TableInfo,
};
