//! Counters of a data path, as the policy's accounting reads them.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use sluice_entities::{Code, Details, Entity, EntryKey, Match, Query, Replica};
use sluice_policy::{CounterSource, EgressLoss};

use crate::target::{Fault, Target};

/// Packets by direct counter: of a table's entries by key and priority, and of its default action.
#[derive(Debug, Default)]
struct TableCounts {
    entries: FxHashMap<(Vec<Match>, u32), u64>,
    default: u64,
}

/// Counters of a data path, all as of when they were read.
pub struct Counters<'t> {
    target: &'t dyn Target,
    tables: FxHashMap<String, TableCounts>,
    cells: FxHashMap<String, Vec<u64>>,
}

impl std::fmt::Debug for Counters<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counters").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}

impl<'t> Counters<'t> {
    /// Reads all counters once: the accounting asks for one after the other.
    ///
    /// # Errors
    ///
    /// What the data path says.
    pub fn read(target: &'t dyn Target) -> Result<Self, Fault> {
        let mut all = Self { target, tables: FxHashMap::default(), cells: FxHashMap::default() };
        target.read_each(&Query::DirectCounter { table: None, key: None }, &mut |entity| all.take(entity))?;
        let details = Details { counter: true, ..Details::default() };
        target.read_each(&Query::Default { table: None, details }, &mut |entity| all.take(entity))?;
        target.read_each(&Query::Counter { counter: None, index: None }, &mut |entity| all.take(entity))?;
        Ok(all)
    }

    /// Does something with the counters: with all of them, or where the data path says that this is better ([`crate::Capabilities::counts_singly`]) with each as of when it is asked for.
    ///
    /// # Errors
    ///
    /// What the data path says.
    pub fn count<T>(target: &'t dyn Target, of: impl FnOnce(&dyn CounterSource) -> T) -> Result<T, Fault> {
        if !target.capabilities().counts_singly {
            return Ok(of(&Self::read(target)?));
        }
        let singly = Singly { target, failed: RefCell::new(None) };
        let done = of(&singly);
        singly.failed.into_inner().map_or(Ok(done), Err)
    }

    fn take(&mut self, entity: Entity) {
        match entity {
            Entity::DirectCounter(entry) => {
                let EntryKey::Entry { matches, priority } = entry.key else { return };
                let packets = entry.data.map_or(0, |data| data.packets);
                let table = self.tables.entry(entry.table.to_string()).or_default();
                table.entries.insert((matches, priority), packets);
            }
            Entity::Default(entry) => {
                let packets = entry.attributes.counter.map_or(0, |data| data.packets);
                self.tables.entry(entry.table.to_string()).or_default().default = packets;
            }
            Entity::Counter(entry) => {
                // Cells come in order.
                let packets = entry.data.map_or(0, |data| data.packets);
                self.cells.entry(entry.counter.to_string()).or_default().push(packets);
            }
            // The queries ask for nothing else.
            _ => {}
        }
    }
}

impl CounterSource for Counters<'_> {
    fn entry(&self, table: &str, matches: &[Match], priority: u32) -> u64 {
        let key = (matches.to_vec(), priority);
        self.tables.get(table).and_then(|table| table.entries.get(&key)).copied().unwrap_or(0)
    }

    fn default_entry(&self, table: &str) -> u64 {
        self.tables.get(table).map_or(0, |table| table.default)
    }

    fn cell(&self, counter: &str, index: u64) -> u64 {
        let cell = |cells: &Vec<u64>| cells.get(usize::try_from(index).ok()?).copied();
        self.cells.get(counter).and_then(cell).unwrap_or(0)
    }

    fn egress_loss(&self, port: u16, instance: u16) -> EgressLoss {
        egress_loss(self.target, port, instance)
    }
}

fn egress_loss(target: &dyn Target, port: u16, instance: u16) -> EgressLoss {
    let lost = target.lost(Replica { port, instance });
    // A frame that the device or the disk refuses is lost at the port like one that finds the queue full: the port is up, and did not take it.
    let queue_full = lost.queue_full + lost.refused + lost.not_written;
    EgressLoss { queue_full, port_down: lost.port_down }
}

/// Counters that are read when they are asked for.
struct Singly<'t> {
    target: &'t dyn Target,
    failed: RefCell<Option<Fault>>,
}

impl Singly<'_> {
    /// What was counted there; nothing where there is nothing.
    fn packets(&self, query: &Query) -> u64 {
        let mut packets = 0;
        let read = self.target.read_each(query, &mut |entity| {
            packets = match entity {
                Entity::DirectCounter(entry) => entry.data,
                Entity::Default(entry) => entry.attributes.counter,
                Entity::Counter(entry) => entry.data,
                // The queries ask for nothing else.
                _ => None,
            }
            .map_or(0, |data| data.packets);
        });
        if let Err(fault) = read
            && fault.code != Code::NotFound
        {
            self.failed.borrow_mut().get_or_insert(fault);
        }
        packets
    }
}

impl CounterSource for Singly<'_> {
    fn entry(&self, table: &str, matches: &[Match], priority: u32) -> u64 {
        let key = EntryKey::Entry { matches: matches.to_vec(), priority };
        self.packets(&Query::DirectCounter { table: Some(table.into()), key: Some(key) })
    }

    fn default_entry(&self, table: &str) -> u64 {
        let details = Details { counter: true, ..Details::default() };
        self.packets(&Query::Default { table: Some(table.into()), details })
    }

    fn cell(&self, counter: &str, index: u64) -> u64 {
        self.packets(&Query::Counter { counter: Some(counter.into()), index: Some(index) })
    }

    fn egress_loss(&self, port: u16, instance: u16) -> EgressLoss {
        egress_loss(self.target, port, instance)
    }
}
