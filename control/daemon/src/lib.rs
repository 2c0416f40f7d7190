//! A broker that runs.
//!
//! [`Broker`] is the one place that owns a data path and the policy in it; whoever serves people or programs (the command, REST, gRPC, P4Runtime) does so through it.
//!
//! - A policy changes by [`Broker::apply`], one change at a time. Who changes says which version they looked at ([`Change::expected`]); a change that is made meanwhile refuses theirs.
//! - *What is recorded when*: a change is intended in the store before the data path is touched, committed when packets see it, and taken back where it cannot be committed; the data
//!   path begins empty with the process, and is given what was committed last (`docs/decisions/0018`).
//! - What is counted is read by [`Broker::reading`], at once for all who ask at about the same time.
//! - It knows no network, and nobody's rights.

mod alerts;
mod attach;
mod bindings;
mod broker;
mod change;
mod events;
mod explain;
mod finding;
mod health;
mod heard;
mod policy;
mod ports;
mod reach;
mod reading;
mod refusal;
mod tenants;

pub use alerts::AlertView;
pub use bindings::{Binding, check_copies};
pub use broker::{Broker, BrokerOptions};
pub use change::{Applied, Change, MAX_POLICY_BYTES, MAX_REASON_BYTES, Planned, Source};
pub use events::{Happening, Subscription, What};
pub use explain::Explained;
pub use finding::{Finding, Place};
pub use health::{HealthOptions, PortHealth};
pub use policy::{FilterView, GroupView, InForce, Past};
pub use ports::PortView;
pub use reading::Reading;
pub use refusal::Refusal;
pub use tenants::TenantView;
