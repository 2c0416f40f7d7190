//! Scripts on bmv2's `simple_switch`, where it is on PATH.
//!
//! The switch reads and writes pcap files, which it is given as pipes ([`ports`]); commands go through `simple_switch_CLI`
//! ([`commands`]), many in one run of it. Before commands are given, and before counters are read, what was sent must have
//! passed: the adapter waits until the switch has written nothing for a while.

mod commands;
mod ports;
mod process;

use std::collections::BTreeMap;
use std::path::Path;

use sluice_entities::TableEntry;

use crate::bind::{StepKind, Test};
use crate::target::{Count, CounterCell, Operation, Received, Target, TargetError};
use ports::Ports;
use process::Process;

pub use process::find_program;

/// What messages call it.
const NAME: &str = "simple_switch";

type Result<T> = std::result::Result<T, TargetError>;

fn failed(why: impl Into<String>) -> TargetError {
    TargetError::Failed { target: NAME, why: why.into() }
}

/// A running `simple_switch`. It is stopped when this is dropped, and its files are removed.
#[derive(Debug)]
pub struct Bmv2Target {
    process: Process,
    ports: Ports,
    /// Commands that are not given yet.
    waiting: Vec<String>,
    /// The entries that the waiting commands add.
    adding: Vec<TableEntry>,
    /// Handles of the entries that are there: by table, key and priority.
    handles: Vec<(TableEntry, u64)>,
    sent: usize,
    /// Whether packets were sent since it was last waited for them.
    is_busy: bool,
}

impl Bmv2Target {
    /// Starts the switch for one test: the ports that it names, and the packets that it will send, must be known before.
    ///
    /// `json` is the program's BMv2 JSON.
    ///
    /// # Errors
    ///
    /// `simple_switch` is not on PATH, does not take the program, or does not come up.
    pub fn start(json: &Path, test: &Test) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|why| failed(format!("no folder for its files: {why}")))?;
        let packets = test.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Packet { port, data } => Some((*port, data.clone())),
            _ => None,
        });
        let ports = Ports::create(folder.path(), &test.ports, packets.collect())?;
        let process = Process::start(folder, json, &test.ports)?;
        Ok(Self {
            process,
            ports,
            waiting: Vec::new(),
            adding: Vec::new(),
            handles: Vec::new(),
            sent: 0,
            is_busy: false,
        })
    }

    fn settle(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_busy) {
            self.process.settle()?;
        }
        Ok(())
    }

    /// Gives the waiting commands; gives what was printed.
    fn flush(&mut self) -> Result<String> {
        if self.waiting.is_empty() {
            return Ok(String::new());
        }
        self.settle()?;
        let given = std::mem::take(&mut self.waiting);
        let printed = self.process.commands(&given)?;
        let handles = commands::handles(&printed);
        if handles.len() != self.adding.len() {
            return Err(TargetError::Refused(format!("not every entry was added: {}", printed.trim())));
        }
        self.handles.extend(std::mem::take(&mut self.adding).into_iter().zip(handles));
        Ok(printed)
    }

    /// The handle of an entry; waiting commands are given for that.
    fn handle(&mut self, entry: &TableEntry) -> Result<u64> {
        self.flush()?;
        let same = |other: &TableEntry| {
            other.table == entry.table && other.matches == entry.matches && other.priority == entry.priority
        };
        let found = self.handles.iter().find(|(other, _)| same(other)).map(|(_, handle)| *handle);
        found.ok_or_else(|| TargetError::Refused("there is no such entry".to_string()))
    }
}

impl Target for Bmv2Target {
    fn operate(&mut self, operation: &Operation) -> Result<()> {
        match operation {
            Operation::Delete(entry) => {
                let handle = self.handle(entry)?;
                self.handles.retain(|(other, number)| *number != handle || other.table != entry.table);
                self.waiting.push(format!("table_delete {} {handle}", entry.table));
            }
            Operation::Insert(entry) => {
                self.waiting.push(commands::insert(entry));
                self.adding.push(entry.clone());
            }
            other => self.waiting.extend(commands::others(other)),
        }
        Ok(())
    }

    fn packet(&mut self, _port: u16, _data: &[u8]) -> Result<()> {
        self.flush()?;
        self.ports.release(self.sent)?;
        self.sent += 1;
        self.is_busy = true;
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        self.flush()?;
        self.settle()
    }

    fn counter(&mut self, cell: &CounterCell) -> Result<Count> {
        self.flush()?;
        self.settle()?;
        let line = match cell {
            CounterCell::Index { counter, index } => format!("counter_read {counter} {index}"),
            CounterCell::Entry { counter, entry } => {
                let handle = self.handle(entry)?;
                format!("counter_read {counter} {handle}")
            }
        };
        let printed = self.process.commands(&[line])?;
        commands::count(&printed)
            .ok_or_else(|| TargetError::Refused(format!("the counter cannot be read: {}", printed.trim())))
    }

    fn finish(&mut self) -> Result<Vec<Received>> {
        self.flush()?;
        self.settle()?;
        let sent: BTreeMap<u16, Vec<Vec<u8>>> = self.process.stop()?;
        let all =
            sent.into_iter().flat_map(|(port, packets)| packets.into_iter().map(move |data| (port, data)));
        Ok(all.map(|(port, data)| Received { port, data, cause: None }).collect())
    }
}
