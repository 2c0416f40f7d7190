//! The policy from the outside: what configurations become, what is said about wrong ones, and that a change keeps the policy
//! that is alive whole after every single update.

mod account;
mod atomic;
mod explain;
mod golden;
mod health;
mod info;
mod model;
mod oracle;
mod random;
mod space;
mod tenants;
mod units;

use sluice_diagnostics::Sources;
use sluice_policy::{Policy, parse_policy};

/// Parses a configuration of the tests' own making.
fn policy(text: &str) -> Policy {
    let mut sources = Sources::new();
    let source = sources.add("broker.yaml", text);
    match parse_policy(&mut sources, source) {
        Ok(policy) => policy,
        Err(found) => panic!("{text}\n{}", found.render(&sources)),
    }
}
