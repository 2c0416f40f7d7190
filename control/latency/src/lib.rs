//! Latency between taps, from packets with times: pure, no I/O.
//!
//! A packet is seen at two or more points of a network (*taps*), with a time at each. [`StampReader`] takes that time from what a device wrote into the frame
//! ([`Format`]), or the capture's own; [`keyed`] makes the *key* by which the same packet is known at the next tap, though routers, address translation or tunnels
//! changed it ([`Profile`]); [`Correlator`] finds it there, within a window and a bound of memory; [`Analysis`] does all of it and gives a [`Report`].
//!
//! Two rules are kept everywhere. A delay is never clipped: where the second clock is behind, it is negative, and shown so. And every packet is accounted for:
//! at each tap, packets are the sum of those matched, unmatched, duplicate, ambiguous and without key.

mod analysis;
mod burst;
mod correlate;
mod exponential;
mod heat;
mod histogram;
mod key;
mod labels;
mod report;
mod rtt;
mod segment;
mod small;
mod stamp;

pub use analysis::{Analysis, Clock, Settings};
pub use burst::{KEPT_BURSTS, OVERHEAD_BYTES, WINDOWS_NS};
pub use correlate::{Arrival, Bounds, Correlator, Fate, Labels, MAX_TAPS, Seen, Sighting, Sink};
pub use exponential::{Exponential, SCHEMA};
pub use histogram::{Delays, Figures};
pub use key::{Flow, KeyOptions, Keyed, Profile, keyed, protocol_name};
pub use report::{
    Bin, BurstReport, GapReport, GroupReport, HeatReport, OneBurst, Report, SegmentReport, TapReport,
};
pub use rtt::{RttFinder, RttKind, RttReport, RttSample};
pub use segment::{Gap, GroupBy, KEPT_GAPS};
pub use small::GROUP_ERROR;
pub use stamp::{ClockSource, DETECTION_PACKETS, Detector, Format, StampReader, Stamped};
