//! Latency, live: the policy sends stamped copies of two taps to one tool port; what is under way from one tap to the other is found in them, continuously.
//!
//! The copies have a stamp of EtherType 0xD28B and a label, the VLAN id that says at which tap the packet was; they may be sliced. [`Copies`] makes a sighting of each, in the thread that sends them,
//! and never waits; [`Ways`] has a thread for each way, which puts sightings in the order of their stamps, finds the same packets (`sluice_latency`), and closes an interval again and again. Nothing is clipped: a delay
//! below zero is counted in the lowest class.

mod measure;
mod run;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sluice_latency::{Format, KeyOptions, Labels, Profile, Sighting, StampReader, keyed};

pub use measure::{BOUNDS_NS, Interval, Measure, Totals};
pub(crate) use run::spawn;

use crate::alerts::Threshold;

/// A way from one tap to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyConfig {
    /// Its name.
    pub name: String,
    /// The tool port whose copies are looked at.
    pub tool: String,
    /// Label of the first tap's port, a VLAN id.
    pub from: u16,
    /// Label of the second tap's.
    pub to: u16,
    /// What does not change on the way.
    pub key: Profile,
    /// Bytes from the transport header on that tell packets apart: no more than the slice leaves.
    pub depth: usize,
    /// How long a packet is waited for.
    pub window: Duration,
    /// Most packets under way.
    pub entries: usize,
    /// From one report to the next.
    pub every: Duration,
    /// A file to which each interval is appended, a JSON object a line.
    pub json: Option<PathBuf>,
    /// When the 99th percentile of an interval is an alert, nanoseconds.
    pub p99: Option<Threshold>,
    /// When the share of packets that were lost is one, millionths.
    pub loss: Option<Threshold>,
}

/// What is known of a way, for whoever shows it.
#[derive(Clone, Debug)]
pub struct WayView {
    /// Its name.
    pub name: String,
    /// All since the start.
    pub totals: Totals,
    /// The interval that was closed last.
    pub last: Option<Interval>,
    /// Sightings that found no room in the queue.
    pub overrun: u64,
    /// Copies with a label of the way, and no stamp that can be read.
    pub unstamped: u64,
    /// Bytes that the correlation holds.
    pub memory_bytes: usize,
}

/// What a way's threads share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Totals, the last interval, memory.
    pub(crate) state: Mutex<(Totals, Option<Interval>, usize)>,
    pub(crate) overrun: AtomicU64,
    pub(crate) unstamped: AtomicU64,
}

impl Shared {
    pub(crate) fn view(&self, name: &str) -> WayView {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        WayView {
            name: name.to_string(),
            totals: state.0.clone(),
            last: state.1.clone(),
            memory_bytes: state.2,
            overrun: self.overrun.load(Ordering::Relaxed),
            unstamped: self.unstamped.load(Ordering::Relaxed),
        }
    }
}

/// Makes sightings of the copies that leave by a port, for one way.
#[derive(Debug)]
pub(crate) struct Copies {
    labels: [u16; 2],
    keys: KeyOptions,
    out: SyncSender<Sighting>,
    shared: Arc<Shared>,
}

/// Bytes of the MACs, and of a tag.
const MACS: usize = 12;
const TAG: usize = 4;
/// The TPID of a label.
const LABEL: [u8; 2] = [0x81, 0x00];

/// The VLAN id of the tag that begins there.
fn label(at: &[u8]) -> Option<u16> {
    let [a, b, high, low] = *at.first_chunk::<TAG>()?;
    ([a, b] == LABEL).then_some(u16::from_be_bytes([high, low]) & 0x0FFF)
}

impl Copies {
    pub(crate) fn new(config: &LatencyConfig, out: SyncSender<Sighting>, shared: Arc<Shared>) -> Self {
        let keys = KeyOptions { profile: config.key, depth: config.depth };
        Self { labels: [config.from, config.to], keys, out, shared }
    }

    /// A copy left.
    pub(crate) fn frame(&self, data: &[u8]) {
        // The times are whole: when the copy left does not matter.
        let stamped = StampReader::new(Format::D28b).read(data, 0, data.len() as u32);
        let Some(stamped) = stamped else {
            let is_ours = data.get(MACS..).and_then(label).is_some_and(|label| self.labels.contains(&label));
            self.shared.unstamped.fetch_add(u64::from(is_ours), Ordering::Relaxed);
            return;
        };
        let Some(label) = label(stamped.from_ether_type) else { return };
        let Some(tap) = self.labels.iter().position(|own| *own == label) else { return };
        let Some(keyed) = stamped.from_ether_type.get(TAG..).and_then(|frame| keyed(frame, &self.keys))
        else {
            return;
        };
        let sighting = Sighting {
            tap,
            time_ns: stamped.time_ns,
            key: keyed.key,
            exact: keyed.exact,
            bytes: stamped.wire_length.saturating_sub(TAG as u32),
            labels: Labels::default(),
        };
        if self.out.try_send(sighting).is_err() {
            self.shared.overrun.fetch_add(1, Ordering::Relaxed);
        }
    }
}
