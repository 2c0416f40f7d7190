//! The policy: filters, terms, copies, plans, explanations; pure, no I/O.
//!
//! [`parse_policy`] reads `broker.yaml`. [`plan`] turns (what is in the data path, the new policy, the target's tables)
//! into phases of P4Runtime updates, each of which leaves the policy that is alive as it is, and says what the change
//! means. [`State`] is what is in a data path, as data. [`State::account`] says what became of every packet and copy,
//! [`explain`] why one packet went where it went.
//!
//! What the tables mean is in `docs/PIPELINE.md`, the configuration in `docs/CONFIGURATION.md`.

mod account;
mod compile;
mod config;
mod explain;
pub mod fields;
pub mod filter;
mod plan;
pub mod sets;
pub mod term;

pub use account::{
    Account, CounterSource, EgressLoss, FilterAccount, GroupAccount, PortAccount, ToolAccount,
};
pub use config::{
    Anchor, DedupSettings, Destination, Edits, Encapsulation, Filter, Group, Mask, Policy, Port, PortRole,
    STRIP_NAMES, Settings, Slice, Stamp, Tenant, Tool, Tunnel, parse_policy, parse_with_part, part_of,
    with_part,
};
pub use explain::{Explanation, FilterVerdict, PacketTrace, Removal, TermVerdict, TraceStep, explain};
pub use plan::{
    Disagreement, FilterChange, Phase, PhaseKind, Plan, PlanReport, State, TableUse, ToolChange, plan,
    rebalance,
};
