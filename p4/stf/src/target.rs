//! What a script asks of the switch that runs it.

use std::sync::Arc;

use sluice_entities::{Bits, DefaultEntry, MeterConfig, TableEntry};

/// A write to the switch, with resolved names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Adds an entry.
    Insert(TableEntry),
    /// Removes an entry, which an earlier operation added.
    Delete(TableEntry),
    /// Sets what a miss does.
    Default(DefaultEntry),
    /// Sets where clones of a session go.
    Mirror {
        /// Clone session.
        session: u16,
        /// Where they go; `None` deletes the session.
        to: Option<MirrorTarget>,
    },
    /// Wants a session to exist.
    MirrorExists {
        /// Clone session.
        session: u16,
    },
    /// Makes a multicast group without members.
    GroupCreate {
        /// Its id.
        group: u16,
    },
    /// Makes a multicast node; they are numbered from 0.
    NodeCreate {
        /// `egress_rid` of its copies.
        rid: u16,
        /// Ports, one copy each.
        ports: Vec<u16>,
    },
    /// Gives a node other ports.
    NodeUpdate {
        /// Its number.
        node: u32,
        /// Ports, one copy each.
        ports: Vec<u16>,
    },
    /// Puts a node into a group.
    NodeAssociate {
        /// The group.
        group: u16,
        /// Number of the node.
        node: u32,
    },
    /// Sets a cell of a counter.
    CounterWrite {
        /// The counter.
        counter: Arc<str>,
        /// Its cell.
        index: u64,
        /// What it holds then.
        count: Count,
    },
    /// Sets a cell of a register array.
    RegisterWrite {
        /// The array.
        register: Arc<str>,
        /// Its cell.
        index: u64,
        /// What it holds then.
        value: Bits,
    },
    /// Sets all cells of a register array to zero.
    RegisterReset {
        /// The array.
        register: Arc<str>,
        /// Cells that it has.
        size: u64,
        /// Bits of each.
        width: u32,
    },
    /// Sets the rates of a meter.
    MeterRates {
        /// The meter.
        meter: Arc<str>,
        /// One cell, or all of them.
        index: Option<u64>,
        /// Cells that it has.
        size: u64,
        /// Rates, units per second.
        config: MeterConfig,
    },
}

/// Where clones go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorTarget {
    /// To a port.
    Port(u16),
    /// To the members of a multicast group, whichever it has then.
    Group(u16),
}

/// A cell that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterCell {
    /// Of an array.
    Index {
        /// The counter.
        counter: Arc<str>,
        /// Its cell.
        index: u64,
    },
    /// Of an entry of a table with a direct counter.
    Entry {
        /// The counter, as the script names it.
        counter: String,
        /// The entry.
        entry: Box<TableEntry>,
    },
}

/// What a cell has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A packet that came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Where.
    pub port: u16,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Which packet of the script it came from, from 0, if the target can tell.
    pub cause: Option<usize>,
}

/// Why a target did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The switch refuses it.
    #[error("{0}")]
    Refused(String),
    /// The target has no such thing.
    #[error("{target} cannot do this: {why}")]
    Unsupported {
        /// Name of the target.
        target: &'static str,
        /// What it lacks.
        why: String,
    },
    /// The target itself failed.
    #[error("{target} failed: {why}")]
    Failed {
        /// Name of the target.
        target: &'static str,
        /// What happened.
        why: String,
    },
}

/// A switch that runs scripts.
pub trait Target {
    /// Writes.
    ///
    /// # Errors
    ///
    /// The switch refuses it, or cannot do it.
    fn operate(&mut self, operation: &Operation) -> Result<(), TargetError>;

    /// Sends a packet in at a port.
    ///
    /// # Errors
    ///
    /// The target failed.
    fn packet(&mut self, port: u16, data: &[u8]) -> Result<(), TargetError>;

    /// Lets what was sent so far pass.
    ///
    /// # Errors
    ///
    /// The target failed.
    fn wait(&mut self) -> Result<(), TargetError>;

    /// Reads a cell of a counter, after what was sent so far has passed.
    ///
    /// # Errors
    ///
    /// The switch has no such cell.
    fn counter(&mut self, cell: &CounterCell) -> Result<Count, TargetError>;

    /// Ends the run and gives what came out, each port in the order in which it sent.
    ///
    /// # Errors
    ///
    /// The target failed.
    fn finish(&mut self) -> Result<Vec<Received>, TargetError>;
}
