//! Entries that no packet hits any more (P4Runtime section 9.1.6).

use sluice_entities::TableEntry;

use crate::switch::Switch;

/// An entry that was not hit for as long as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleEntry {
    /// The entry, with its time-out and the time since it was last hit.
    pub entry: TableEntry,
}

impl Switch {
    /// Tells the switch what time it is, nanoseconds since the UNIX epoch, so that time passes without packets, too. The switch's time is the
    /// latest that it was told or that a packet had; it never goes back.
    pub fn advance(&self, now_ns: u64) {
        let mut master = self.shared.master();
        master.clock_ns = master.clock_ns.max(now_ns);
    }

    /// The switch's time, nanoseconds since the UNIX epoch; 0 before the first packet.
    pub fn now_ns(&self) -> u64 {
        self.shared.master().now_ns()
    }

    /// The entries whose idle timeout has passed since they were last hit, inserted, modified or told; by table, in the order in which they
    /// are read.
    ///
    /// An entry that is inserted before the switch knows a time counts from when it knows one.
    pub fn idle_entries(&self) -> Vec<IdleEntry> {
        let mut master = self.shared.master();
        let now = master.now_ns();
        let current = self.shared.current.load();
        let mut idle = Vec::new();
        for (index, table) in current.tables.iter().enumerate() {
            let Some(hits) = &table.hits else { continue };
            for (slot, entry) in table.entries.iter().enumerate() {
                let Some(entry) = entry else { continue };
                let (slot, timeout) = (slot as u32, entry.entry.attributes.idle_timeout_ns);
                if timeout == 0 {
                    continue;
                }
                let last = hits.last(slot);
                if last == 0 {
                    hits.note(slot, now);
                    continue;
                }
                let since = now.saturating_sub(last);
                let told = master.told_idle.get(&(index, slot)).copied().unwrap_or(0);
                if now.saturating_sub(last.max(told)) >= timeout {
                    master.told_idle.insert((index, slot), now);
                    let mut entry = entry.entry.clone();
                    entry.attributes.time_since_hit_ns = Some(since);
                    idle.push(IdleEntry { entry });
                }
            }
        }
        idle
    }
}
