//! The ways to a broker that runs.
//!
//! REST, gRPC (`sluice.v1`) and Prometheus metrics, at one address. All of them are thin: [`Api`] has an operation each for what can be asked, says who may ask it,
//! and does it by [`sluice_daemon::Broker`]. The messages of `sluice.v1` ([`v1`]) are the JSON objects of REST, too, so that both have the same content.
//!
//! - [`Access`]: users, roles, tokens, rates.
//! - [`Api::router`]: the routes; [`serve`]: connections, by [`Tls`] where wanted, with a bound on everything that a client can use up.
//! - [`openapi`]: the description, committed as `docs/openapi.json`.
//!
//! How it is used is in `docs/DAEMON.md`.

mod access;
mod content;
mod exposition;
mod grpc;
mod listen;
mod metrics;
mod operations;
mod problem;
mod rates;
mod rest;
mod tenant;
mod tls;
mod watch;

pub use access::{Access, Caller, Role};
pub use listen::serve;
pub use metrics::{Family, HistogramSeries, MoreMetrics, NativeHistogram};
pub use operations::Api;
pub use rest::openapi;
pub use tls::{Tls, TlsError};

/// The messages and the service of `sluice.v1`.
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
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/sluice.v1.rs"));
}

pub use problem::{Problem, problem_of};
