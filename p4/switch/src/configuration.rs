//! What the control plane has written, as workers see it: immutable, replaced as a whole.
//!
//! A worker takes one [`Configuration`] for each packet, so that a packet never sees half a write. A write makes a new one that
//! shares whatever it did not touch with the one before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sluice_entities::{
    Bits, CloneSession, DigestConfig, Match, MeterConfig, MulticastGroup, Replica, TableEntry,
};

use crate::control::gate::Gate;
use crate::counters::{Cells, PORTS};
use crate::engine::op::Pc;
use crate::engine::program::Combine;
use crate::externs::meter::MeterCell;
use crate::native::view::Views;
use crate::pages::Pages;
use crate::selection::{Buckets, ProfileState};
use crate::tables::{Engine, MISS};

/// One state of all that can be written, ports included.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    /// Counts the configurations of a switch.
    pub(crate) version: u64,
    pub(crate) tables: Vec<Arc<TableState>>,
    /// What is needed of each table to see that it has no entries.
    pub(crate) quick: Vec<Quick>,
    /// The same tables for native code. They lead into the states above.
    pub(crate) views: Views,
    pub(crate) profiles: Vec<Arc<ProfileState>>,
    pub(crate) value_sets: Vec<Arc<ValueSetState>>,
    pub(crate) replication: Arc<Replication>,
    /// By meter, then by cell.
    pub(crate) meters: Arc<Vec<Pages<Option<MeterConfig>>>>,
    /// By the cell of the entry that has it.
    pub(crate) direct_meters: Arc<Pages<Option<DirectMeter>>>,
    /// By digest, in the order of the program's information; `None` for those that nobody wants.
    pub(crate) digests: Arc<Vec<Option<DigestConfig>>>,
    pub(crate) ports: Arc<[PortState; PORTS]>,
    pub(crate) cells: Arc<Cells>,
    /// What a worker waits for before it uses this configuration.
    pub(crate) gate: Option<Arc<Gate>>,
}

/// What runs for an entry, or on a miss.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// First instruction; `None` if the action does nothing.
    pub(crate) code: Option<Pc>,
    /// The same in one step, where the action is such a one.
    pub(crate) combine: Option<Combine>,
    /// First word of its data in [`TableState::data`].
    pub(crate) data: u32,
    pub(crate) data_words: u16,
    /// Index in the table's list of actions.
    pub(crate) action: u16,
    /// Its direct counter, and its direct meter.
    pub(crate) cell: u32,
}

/// See [`Configuration::quick`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quick {
    pub(crate) has_entries: bool,
    /// Whether it has none and its default action does nothing.
    pub(crate) is_idle: bool,
    pub(crate) default: Choice,
}

impl Quick {
    pub(crate) fn of(table: &TableState) -> Self {
        let has_entries = table.used > 0;
        Self { has_entries, is_idle: !has_entries && table.default.code.is_none(), default: table.default }
    }
}

/// The entries of one table.
#[derive(Clone, Debug)]
pub(crate) struct TableState {
    pub(crate) engine: Engine,
    /// By slot.
    pub(crate) choices: Vec<Choice>,
    pub(crate) default: Choice,
    /// Records ([`crate::engine::program::TablePlan::record_words`]): that of the default action, then that of each slot.
    pub(crate) data: Vec<u64>,
    /// By slot; `None` for free slots.
    pub(crate) entries: Vec<Option<Arc<Entry>>>,
    pub(crate) used: usize,
    /// When each slot was last hit, for a table with idle timeouts.
    pub(crate) hits: Option<Hits>,
}

/// One entry with what identifies it and its counter.
#[derive(Debug)]
pub(crate) struct Entry {
    /// As written, without the state of counter and meter.
    pub(crate) entry: TableEntry,
    /// Index in the table's list of actions; not used where the action stands in an action profile.
    pub(crate) action: u16,
    pub(crate) target: Target,
    pub(crate) rank: u64,
    pub(crate) cell: u32,
}

/// Where an entry's action stands.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// With the entry.
    Own,
    /// The member of that place.
    Member(u32),
    /// The group of that place.
    Group(u32),
    /// A group of the entry's own.
    Set(Arc<Buckets>),
}

impl Entry {
    pub(crate) fn matches(&self) -> &[Match] {
        &self.entry.matches
    }

    /// The action's data; none for an action that stands elsewhere.
    pub(crate) fn params(&self) -> &[Bits] {
        self.entry.call().map_or(&[], |call| &call.params)
    }

    pub(crate) fn is_const(&self) -> bool {
        self.entry.attributes.is_const
    }
}

impl TableState {
    /// The slot of the entry that wins, or [`MISS`].
    #[inline(always)]
    pub(crate) fn lookup(&self, key: &[u64]) -> u32 {
        self.engine.lookup(key)
    }

    #[inline(always)]
    pub(crate) fn choice(&self, slot: u32) -> &Choice {
        self.choices.get(slot as usize).unwrap_or(&self.default)
    }

    pub(crate) fn slot(&self, slot: u32) -> Option<&Arc<Entry>> {
        if slot == MISS {
            return None;
        }
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(crate) fn entry(&self, slot: u32) -> Option<&TableEntry> {
        self.slot(slot).map(|entry| &entry.entry)
    }
}

/// When slots were last hit, nanoseconds; shared by all configurations of a table and by all workers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hits {
    pages: Vec<Arc<[AtomicU64; Hits::PAGE]>>,
}

impl Hits {
    const PAGE: usize = 256;

    /// Notes a hit.
    #[inline]
    pub(crate) fn note(&self, slot: u32, time_ns: u64) {
        let at = slot as usize;
        if let Some(page) = self.pages.get(at / Self::PAGE) {
            page[at % Self::PAGE].store(time_ns, Relaxed);
        }
    }

    /// The time of the last hit.
    pub(crate) fn last(&self, slot: u32) -> u64 {
        let at = slot as usize;
        self.pages.get(at / Self::PAGE).map_or(0, |page| page[at % Self::PAGE].load(Relaxed))
    }

    /// Makes room for that many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        while self.pages.len() * Self::PAGE < slots {
            self.pages.push(Arc::new(std::array::from_fn(|_| AtomicU64::new(0))));
        }
    }
}

/// The members of a value set.
#[derive(Debug)]
pub(crate) struct ValueSetState {
    pub(crate) engine: Engine,
    pub(crate) members: Vec<Vec<Match>>,
}

/// The direct meter of an entry.
#[derive(Clone, Debug)]
pub(crate) struct DirectMeter {
    pub(crate) config: MeterConfig,
    pub(crate) cell: Arc<MeterCell>,
}

/// Multicast groups and clone sessions, by id.
#[derive(Clone, Debug)]
pub(crate) struct Replication {
    pub(crate) groups: Pages<Option<Arc<Group>>>,
    pub(crate) sessions: Pages<Option<Arc<Session>>>,
}

impl Default for Replication {
    fn default() -> Self {
        Self { groups: Pages::new(None), sessions: Pages::new(None) }
    }
}

impl Replication {
    #[inline]
    pub(crate) fn group(&self, id: u16) -> Option<&Group> {
        self.groups.get(u64::from(id)).as_deref()
    }

    #[inline]
    pub(crate) fn session(&self, id: u16) -> Option<&Session> {
        self.sessions.get(u64::from(id)).as_deref()
    }
}

/// A multicast group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) written: MulticastGroup,
    pub(crate) paths: Paths,
}

/// A clone session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) written: CloneSession,
    pub(crate) paths: Paths,
}

impl Session {
    /// Bytes kept of each clone; `None` for all.
    pub(crate) fn limit(&self) -> Option<u64> {
        let bytes = u64::from(self.written.packet_length_bytes);
        (bytes > 0).then_some(bytes)
    }
}

/// Copies to make.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// Where they go as the ports are now.
    pub(crate) now: Box<[Path]>,
    /// Each copy with its backups, in order of preference; empty if none has any.
    pub(crate) ways: Box<[Box<[Path]>]>,
}

impl Paths {
    /// Copies, each with its backups, as the ports are.
    pub(crate) fn new(ways: Vec<Box<[Path]>>, ports: &[PortState; PORTS]) -> Self {
        let now = ways.iter().filter_map(|way| chosen(way, ports)).collect();
        let has_backups = ways.iter().any(|way| way.len() > 1);
        Self { now, ways: if has_backups { ways.into_boxed_slice() } else { Box::default() } }
    }

    /// The same as other ports want it; `None` where they change nothing.
    pub(crate) fn anew(&self, ports: &[PortState; PORTS]) -> Option<Self> {
        if self.ways.is_empty() {
            return None;
        }
        let now: Box<[Path]> = self.ways.iter().filter_map(|way| chosen(way, ports)).collect();
        let is_same = now.iter().zip(&self.now).all(|(new, old)| new.replica == old.replica);
        (!is_same).then(|| Self { now, ways: self.ways.clone() })
    }
}

/// The first path whose port is up, else the first.
fn chosen(way: &[Path], ports: &[PortState; PORTS]) -> Option<Path> {
    let up = |path: &&Path| ports[usize::from(path.replica.port) % PORTS].up;
    way.iter().find(up).or(way.first()).copied()
}

/// One copy, and where it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) replica: Replica,
    /// First of its [`crate::counters::PATH_CELLS`].
    pub(crate) cells: u32,
}

/// What a port takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortState {
    pub(crate) up: bool,
    /// Longest frame, bytes.
    pub(crate) max_frame: Option<u32>,
}

impl Default for PortState {
    fn default() -> Self {
        Self { up: true, max_frame: None }
    }
}
