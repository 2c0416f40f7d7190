//! What was counted.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sluice_policy::{Account, TableUse};
use sluice_store::Version;
use sluice_target::Counters;

use crate::broker::{Broker, now_ns};
use crate::reach;
use crate::refusal::Refusal;

/// How old a reading may be that is given to somebody else, too.
const FRESH: Duration = Duration::from_millis(200);

/// All counters, as of one time.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The policy in force.
    pub version: Version,
    /// When it was read, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// What became of every packet and copy. Its violations are true whatever is under way ([`Account::violations_since`]).
    pub account: Account,
    /// Packets and copies whose end was not known yet when it was read.
    pub under_way: u64,
    /// Space in the tables.
    pub tables: Vec<TableUse>,
}

fn under_way(account: &Account) -> u64 {
    let ports = account.ports.iter().map(|port| port.received.abs_diff(port.accounted()));
    let tools = account.tools.iter().map(|tool| tool.asked.abs_diff(tool.accounted()));
    ports.chain(tools).sum()
}

impl Broker {
    /// What was counted. Those who ask at about the same time get one reading.
    ///
    /// # Errors
    ///
    /// The data path does not answer.
    pub fn reading(&self) -> Result<Arc<Reading>, Refusal> {
        let mut kept = self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, reading)) = &*kept
            && read.elapsed() < FRESH
            && reading.version == self.version()
        {
            return Ok(reading.clone());
        }
        let reading = Arc::new(self.reading_now()?);
        *kept = Some((Instant::now(), reading.clone()));
        Ok(reading)
    }

    /// What was counted, read anew.
    ///
    /// # Errors
    ///
    /// The data path does not answer.
    pub fn reading_now(&self) -> Result<Reading, Refusal> {
        self.in_reach()?;
        let target = &*self.inner.target;
        // Held while reading: no change moves counters meanwhile.
        let current = self.current();
        let counted = || -> Result<Account, Refusal> {
            let account = Counters::count(target, |counters| current.state.account(counters));
            account.map_err(|fault| reach::refused(&fault))
        };
        let mut account = counted()?;
        if !account.violations.is_empty() {
            target.drain();
            let earlier = std::mem::replace(&mut account, counted()?);
            account.violations = account.violations_since(&earlier);
        }
        Ok(Reading {
            version: current.summary.version,
            time_ns: now_ns(),
            under_way: under_way(&account),
            account,
            tables: current.tables.clone(),
        })
    }
}
