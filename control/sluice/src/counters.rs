//! The soft switch's counters, as the policy's accounting reads them.

use std::collections::HashMap;

use sluice_entities::{Match, Replica};
use sluice_policy::{CounterSource, EgressLoss};
use sluice_switch::{DropReason, Switch};

/// Direct counters of one table: by key and priority, and the default action's.
#[derive(Debug, Default)]
struct TableCounters {
    entries: HashMap<(Vec<Match>, u32), u64>,
    default: u64,
}

/// Counters of a switch, the direct ones as of the moment when this was made.
#[derive(Debug)]
pub(crate) struct SwitchCounters<'a> {
    switch: &'a Switch,
    tables: HashMap<String, TableCounters>,
}

impl<'a> SwitchCounters<'a> {
    /// Reads all direct counters once: the accounting asks for one entry after the other.
    pub(crate) fn read(switch: &'a Switch) -> Self {
        let mut tables = HashMap::new();
        for table in switch.info().tables.iter().filter(|table| table.direct_counter.is_some()) {
            let Some(counters) = switch.direct_counters(&table.name) else { continue };
            let entries = counters
                .entries
                .into_iter()
                .map(|(entry, data)| ((entry.matches, entry.priority), data.packets))
                .collect();
            tables
                .insert(table.name.to_string(), TableCounters { entries, default: counters.default.packets });
        }
        Self { switch, tables }
    }
}

impl CounterSource for SwitchCounters<'_> {
    fn entry(&self, table: &str, matches: &[Match], priority: u32) -> u64 {
        let key = (matches.to_vec(), priority);
        self.tables.get(table).and_then(|table| table.entries.get(&key)).copied().unwrap_or(0)
    }

    fn default_entry(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |table| table.default)
    }

    fn cell(&self, counter: &str, index: u64) -> u64 {
        self.switch.counter(counter, index).map_or(0, |data| data.packets)
    }

    fn egress_loss(&self, port: u16, instance: u16) -> EgressLoss {
        let counters = self.switch.replica_counters(Replica { port, instance });
        let of = |reason: DropReason| {
            counters.drops.iter().filter(|(other, _)| *other == reason).map(|(_, data)| data.packets).sum()
        };
        // Replay has no queues: a capture file is never slower than the switch.
        EgressLoss { queue_full: 0, port_down: of(DropReason::PortDown) }
    }
}
