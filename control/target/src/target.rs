//! The trait, and its words.

use std::sync::Arc;
use std::time::Duration;

use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Query, Replica, TableEntry, Update};
use sluice_p4info::proto::P4Info;
use sluice_switch::{DigestList, PortCounters};

/// Something that a data path does not do, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind of mistake.
    pub code: Code,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault of that kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What is wrong with a batch of updates. What was done of it, its [`Atomicity`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFault {
    /// Index of the update, from 0, and what is wrong with it; in order. Never empty.
    pub errors: Vec<(usize, Fault)>,
}

impl BatchFault {
    /// A batch of which nothing was looked at, for a reason of its own.
    pub fn whole(updates: usize, fault: &Fault) -> Self {
        Self { errors: (0..updates.max(1)).map(|index| (index, fault.clone())).collect() }
    }

    /// What became of each update: `None` for those that were done.
    pub fn of_each(&self, updates: usize, atomicity: Atomicity) -> Vec<Option<Fault>> {
        let aborted = || Fault::new(Code::Aborted, "taken back, since another update of the batch is wrong");
        let others = (atomicity != Atomicity::ContinueOnError).then(aborted);
        let mut all = vec![others; updates];
        for (index, fault) in &self.errors {
            if let Some(slot) = all.get_mut(*index) {
                *slot = Some(fault.clone());
            }
        }
        all
    }
}

impl std::fmt::Display for BatchFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (update, fault)) in self.errors.iter().enumerate() {
            let separator = if i > 0 { "\n" } else { "" };
            write!(f, "{separator}update {update}: {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BatchFault {}

/// A program, and what the controller is told of it (P4Runtime `ForwardingPipelineConfig`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Names and ids.
    pub p4info: P4Info,
    /// The program in the form that the data path takes.
    pub device_config: Vec<u8>,
}

/// What becomes of what was written, when another program is put into place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Install {
    /// It goes: the data path starts with the program's own entries.
    Anew,
    /// It stays, if the new program takes all of it.
    Reconcile,
}

/// What a data path can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// For people: what it is.
    pub name: &'static str,
    /// What a batch can be.
    pub atomicities: Vec<Atomicity>,
    /// The port by which packets go to and come from the controller.
    pub cpu_port: Option<u16>,
    /// The highest port number.
    pub last_port: u16,
    /// Whether registers can be written and read.
    pub registers: bool,
    /// Whether digests come.
    pub digests: bool,
    /// Whether entries tell that they are idle.
    pub idle_timeouts: bool,
    /// Whether programs may clone packets.
    pub clones: bool,
    /// Whether action selectors choose members.
    pub selectors: bool,
    /// Whether entries can share actions by action profiles.
    pub profiles: bool,
    /// Whether entries can have meters of their own.
    pub direct_meters: bool,
    /// Whether parsers have value sets.
    pub value_sets: bool,
    /// Whether a multicast group can make several copies for one port.
    pub copies_to_one_port: bool,
    /// Whether to read one counter is a small part of reading all: who needs a few asks for each.
    pub counts_singly: bool,
}

/// Something that the data path tells of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A packet for the controller: the bytes that left by the CPU port, the program's controller header in front.
    PacketIn(Vec<u8>),
    /// A list of digest messages.
    Digest(DigestList),
    /// Entries that no packet has hit for as long as they say, and the time, nanoseconds since the UNIX epoch.
    Idle {
        /// The entries.
        entries: Vec<TableEntry>,
        /// When that was found.
        time_ns: u64,
    },
    /// A port came up or went down.
    Port {
        /// Its number.
        port: u16,
        /// What it is now.
        is_up: bool,
    },
}

/// Copies that the pipeline sent and that did not leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossCounters {
    /// The port's queue was full.
    pub queue_full: u64,
    /// The port was down, or there is nothing at that number.
    pub port_down: u64,
    /// The device refused the frame (too long for it, most often).
    pub refused: u64,
    /// The disk did not take it: a capture that cannot be written.
    pub not_written: u64,
}

/// The queue in front of a port's device, since the port was attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStatus {
    /// The most that was seen waiting; for how much there is room. Bytes with what the system adds, or frames for ports in memory; both 0: not known. Seen with one frame of sixteen, and
    /// whenever one found no room.
    pub high_water: u64,
    /// For how much there is room.
    pub room: u64,
    /// How often frames began to find no room.
    pub bursts: u64,
    /// The most frames one behind the other that found none.
    pub longest_burst: u64,
}

/// A port as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortStatus {
    /// Its number.
    pub port: u16,
    /// Its name.
    pub name: String,
    /// Whether it sends.
    pub is_up: bool,
    /// What the pipeline counted.
    pub counters: PortCounters,
    /// Frames that came in and that the data path never saw.
    pub missed: u64,
    /// Copies that did not leave.
    pub lost: LossCounters,
    /// The queue of its sending side.
    pub queue: QueueStatus,
}

/// A data path.
///
/// All methods can be called from any thread. What they promise:
///
/// - **Atomic.** [`Self::write`] applies the updates in order. What is done of a batch becomes visible at once: a packet sees all of it or none,
///   with every atomicity that [`Capabilities::atomicities`] lists as [`Atomicity::DataplaneAtomic`]; others are made of single steps, in order.
///   A batch with a mistake leaves what its atomicity says: all others done, or nothing.
/// - **Visible.** When `write` has returned, every packet that comes in afterwards sees what was written, and so does every read. A packet that
///   came in before may still see the state before it.
/// - **Drained.** When [`Self::drain`] has returned, no packet is under way that saw a state from before the call; its copies have left or were counted as lost.
///   Nothing is held up.
/// - **Read as written.** What [`Self::read_each`] tells of an entity is what was written, in the same form, with counters as of the reading.
/// - **Nothing unaccounted.** Frames that did not come in and copies that did not leave are counted in [`PortStatus`].
/// - **One program.** A packet runs in one program; [`Self::install`] leaves the old one in force where it fails.
pub trait Target: Send + Sync {
    /// What it can do. Does not change within a session.
    fn capabilities(&self) -> Capabilities;

    /// The program that runs, if there is one.
    fn program(&self) -> Option<Arc<Program>>;

    /// Tables, actions and externs of the program that runs; nothing without one.
    fn info(&self) -> Arc<PipelineInfo>;

    /// Whether the data path takes a program. Nothing is changed.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT`: it is not a program, or its P4Info is that of another one.
    fn verify(&self, program: &Program) -> Result<(), Fault>;

    /// A data path of the same kind that runs a program and has no ports: what is written there is answered as it would be here.
    ///
    /// # Errors
    ///
    /// As [`Self::verify`].
    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault>;

    /// Puts a program into place.
    ///
    /// # Errors
    ///
    /// As [`Self::verify`]; with [`Install::Reconcile`] also what was written that the new program does not take.
    fn install(&self, program: &Program, install: Install) -> Result<(), Fault>;

    /// Writes.
    ///
    /// # Errors
    ///
    /// What is wrong with updates: all of them, but for [`Atomicity::RollbackOnError`], which stops at the first. `FAILED_PRECONDITION` for all of
    /// them without a program.
    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault>;

    /// Reads, one by one, in an order that depends on nothing but what was written.
    ///
    /// # Errors
    ///
    /// A query for what the program does not have. Nothing was taken then.
    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault>;

    /// Waits for the packets under way.
    fn drain(&self);

    /// The ports that exist, by number.
    fn ports(&self) -> Vec<PortStatus>;

    /// Copies of one instance that the pipeline sent and that did not leave by that port.
    fn lost(&self, replica: Replica) -> LossCounters;

    /// A packet of the controller's: it comes in by the CPU port, the program's controller header in front.
    ///
    /// # Errors
    ///
    /// `FAILED_PRECONDITION` without a program, `UNIMPLEMENTED` without a CPU port.
    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault>;

    /// The controller has acted on a list of digest messages; says whether the program has a digest of that name.
    fn acknowledge_digests(&self, digest: &str, list: u64) -> bool;

    /// Which time of being in reach this is: what was written in an earlier one may be gone. Does not wait. A data path of this process is always in reach.
    ///
    /// # Errors
    ///
    /// Why it is out of reach now.
    fn session(&self) -> Result<u64, Fault> {
        Ok(0)
    }

    /// For people: why this data path stands in for the one that was chosen, and says of itself that it is; `None` where it is the one that was chosen.
    fn stands_in(&self) -> Option<String> {
        None
    }

    /// What happened since the last call, in order; waits for something to happen for that long at most. Each event is told once, so that one
    /// caller should ask.
    fn poll(&self, timeout: Duration) -> Vec<Event>;
}
