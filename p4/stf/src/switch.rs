//! Scripts on the soft switch.

use sluice_entities::{CounterData, TableEntry, Update};
use sluice_switch::{Ingress, Output, Sink, Switch, Worker};

use crate::board::{Board, BoardTarget};
use crate::target::TargetError;

type Result<T> = std::result::Result<T, TargetError>;

/// The soft switch with one worker, which takes packets one by one.
#[derive(Debug)]
pub struct SwitchBoard {
    switch: Switch,
    worker: Worker,
}

/// The soft switch as a target.
pub type SwitchTarget = BoardTarget<SwitchBoard>;

impl SwitchTarget {
    /// A switch that has nothing but what its program says.
    pub fn new(switch: Switch) -> Self {
        let worker = switch.worker();
        Self::on(SwitchBoard { switch, worker })
    }

    /// The switch, with what was written to it.
    pub fn into_switch(self) -> Switch {
        self.board.switch
    }
}

/// Keeps what comes out.
struct Keep(Vec<(u16, Vec<u8>)>);

impl Sink for Keep {
    fn send(&mut self, output: Output<'_>) {
        self.0.push((output.port, output.data.to_vec()));
    }
}

impl Board for SwitchBoard {
    fn write(&mut self, updates: &[Update]) -> Result<()> {
        self.switch.write(updates).map_err(|errors| {
            let messages: Vec<String> = errors.errors.iter().map(|(_, error)| error.to_string()).collect();
            TargetError::Refused(messages.join("; "))
        })
    }

    fn process(&mut self, port: u16, time_ns: u64, data: &[u8]) -> Result<Vec<(u16, Vec<u8>)>> {
        let mut keep = Keep(Vec::new());
        self.worker.process(&Ingress::new(port, time_ns, data), &mut keep);
        Ok(keep.0)
    }

    fn counter(&self, counter: &str, index: u64) -> Option<CounterData> {
        self.switch.counter(counter, index)
    }

    fn direct_counter(&self, entry: &TableEntry) -> Option<CounterData> {
        let counters = self.switch.direct_counters(&entry.table)?;
        let same = |other: &TableEntry| other.matches == entry.matches && other.priority == entry.priority;
        counters.entries.into_iter().find(|(other, _)| same(other)).map(|(_, data)| data)
    }
}
