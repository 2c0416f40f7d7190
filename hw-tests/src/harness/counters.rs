//! Counters of the soft switch, as the policy reads them.

use std::collections::HashMap;

use sluice_entities::{Match, Replica};
use sluice_policy::{CounterSource, EgressLoss};
use sluice_switch::{DropReason, Switch};

/// Packets of the direct counters of one table: by entry, and of the default action.
type TableCounts = (HashMap<(Vec<Match>, u32), u64>, u64);

/// All counters at one time.
#[derive(Debug)]
pub struct Counted<'a> {
    switch: &'a Switch,
    tables: HashMap<String, TableCounts>,
}

impl<'a> Counted<'a> {
    /// Reads the direct counters now; the others are read when they are asked for.
    pub fn new(switch: &'a Switch) -> Self {
        let mut tables = HashMap::new();
        for table in switch.info().tables.iter().filter(|table| table.direct_counter.is_some()) {
            let Some(counters) = switch.direct_counters(&table.name) else { continue };
            let entries = counters
                .entries
                .into_iter()
                .map(|(entry, data)| ((entry.matches, entry.priority), data.packets))
                .collect();
            tables.insert(table.name.to_string(), (entries, counters.default.packets));
        }
        Self { switch, tables }
    }
}

impl CounterSource for Counted<'_> {
    fn entry(&self, table: &str, matches: &[Match], priority: u32) -> u64 {
        let Some((entries, _)) = self.tables.get(table) else { return 0 };
        entries.get(&(matches.to_vec(), priority)).copied().unwrap_or(0)
    }

    fn default_entry(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |(_, default)| *default)
    }

    fn cell(&self, counter: &str, index: u64) -> u64 {
        self.switch.counter(counter, index).map_or(0, |data| data.packets)
    }

    fn egress_loss(&self, port: u16, instance: u16) -> EgressLoss {
        let counters = self.switch.replica_counters(Replica { port, instance });
        let down = counters.drops.iter().filter(|(reason, _)| *reason == DropReason::PortDown);
        EgressLoss { port_down: down.map(|(_, data)| data.packets).sum(), ..EgressLoss::default() }
    }
}
