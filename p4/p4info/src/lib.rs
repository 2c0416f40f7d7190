//! P4Info of a program: what a P4Runtime controller is told of it (P4Runtime 1.5, section 6).
//!
//! A controller never sees the program. It sees *ids*: this table is 0x02a3b4c5, its key fields are 1 and 2, this action has
//! one parameter of 9 bits. P4Info says which id is which, and both sides must derive it alike; so [`p4info`] gives the ids
//! and the order of fields that p4c gives, and a program compiled by either has one P4Info.
//!
//! - [`p4info`]: from the IR to the message [`proto::P4Info`].
//! - [`pipeline_info`], [`match_kind`]: from the message to what the control plane works with.
//! - [`to_text`], [`from_text`], [`to_binary`], [`from_binary`]: both formats, and back. Same message, same bytes.

//!
//! # Ids
//!
//! The first byte of an id is the kind of object, the other three are the low bits of the hash of its name ([`name_hash`]), or one of the next free
//! numbers where that is taken; names are given theirs in alphabetical order. `@id(number)` chooses another one. Fields of tables, actions and
//! headers count from 1. An alias is the shortest end of a name, at a dot, with which no other object's name ends.

mod annotations;
mod describe;
mod externs;
mod fields;
mod ids;
mod pipeline;
mod tables;
mod text;
mod types;

pub use describe::p4info;
pub use ids::name_hash;
pub use pipeline::{match_kind, pipeline_info};
pub use text::{ReadError, TEXT_HEAD, from_binary, from_text, to_binary, to_text};

/// The messages of `p4info.proto` and `p4types.proto`, version 1.5.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::semicolon_if_nothing_returned,
    clippy::match_wildcard_for_single_variants,
    reason = "generated"
)]
pub mod proto {
    include!(concat!(env!("OUT_DIR"), "/p4.config.v1.rs"));
}

/// The descriptors of the messages, as a serialized `FileDescriptorSet` with the comments of the `.proto` files.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
