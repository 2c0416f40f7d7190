//! P4Runtime 1.5 over any data path.
//!
//! - [`proto`]: the messages and the service, compiled from `proto/` (written from the specification; see `docs/decisions/0014`).
//! - [`Names`], [`convert`]: messages to `sluice-entities` and back, with canonical byte strings and what is wrong with a message.
//! - [`Server`]: the service over a [`sluice_target::Target`]: arbitration, pipelines, writes, reads, packets, digests, idle entries.
//! - [`RemoteTarget`]: the other side: a device that is spoken to by P4Runtime, as a data path.
//!
//! Which section of the specification is tested where, and what is not done, is in `docs/P4RUNTIME.md`.

mod bytes;
pub mod convert;
mod names;
mod packets;
mod refusal;
mod remote;
mod server;

pub use names::Names;
pub use refusal::Refusal;
pub use remote::{RemoteOptions, RemoteTarget, RemoteTls, RemoteToken};
pub use server::{Caller, Guard, Rights, Server, ServerOptions};

/// The messages of `p4runtime.proto` and what they are made of, version 1.5.
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::semicolon_if_nothing_returned,
    clippy::match_wildcard_for_single_variants,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod proto {
    /// `google.rpc`.
    pub mod google {
        pub mod rpc {
            include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
        }
    }
    /// `p4.v1`.
    pub mod p4 {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/p4.v1.rs"));
        }
    }
}

pub use proto::p4::v1;

/// The descriptors of the messages, as a serialized `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The version of the specification, as Capabilities tells it.
pub const API_VERSION: &str = "1.5.0";
