//! What a broker tells those who listen outside.
//!
//! - *Traffic*: a [`Tap`] sees the frames that come in at one port. It picks samples for sFlow ([`sflow`]) and keeps flows for IPFIX ([`flows`], [`ipfix`]); [`Exports`] sends both.
//! - *Latency*: stamped copies that leave by a tool port are looked at, and tell how long packets are under way from one tap to another ([`latency`]).
//! - *The broker itself*: [`alerts`] says when something is raised or cleared, [`Receivers`] deliver that to syslog and webhooks, with bounds on queues, tries and times.
//! - [`Config`] is the file that says what is wanted.
//!
//! It knows neither the daemon nor a data path: whoever has frames hands them to a [`Tap`], whoever has counters gives them when they are asked for. A tap never waits: what an exporter
//! cannot take at once is lost and counted ([`Lost`]).

pub mod alerts;
mod config;
mod deliver;
mod export;
pub mod flows;
mod frame;
pub mod ipfix;
pub mod latency;
pub mod sflow;
mod syslog;
mod tap;
mod time;
mod webhook;
mod wire;

pub use config::{AlertsConfig, Config, IpfixConfig, SflowConfig, WebhookConfig, parse};
pub use deliver::{Delivered, Receivers};
pub use export::{Counted, Exports, Interfaces, Ways};
pub use frame::{Dissected, dissect};
pub use syslog::Syslog;
pub use tap::{Lost, SentTap, Tap};
pub use time::rfc3339;
pub use webhook::Url;
