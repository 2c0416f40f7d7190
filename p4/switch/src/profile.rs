//! Where a packet's time goes: time and instructions of each part of the pipeline.
//!
//! Profiling reads the clock around every table, which takes longer than most tables do; what reading the clock takes is
//! measured and taken off. The sum is near the time without profiling, and proportions are what to look at.

use std::sync::Arc;
use std::time::Instant;

use crate::trace::Observer;

/// A part of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Getting ready for a packet.
    Start,
    Parser,
    VerifyChecksum,
    /// The ingress control, apart from its tables.
    Ingress,
    /// Copies and their state.
    Replication,
    /// The egress control, apart from its tables.
    Egress,
    ComputeChecksum,
    Deparser,
    /// Edits of the frame, the ports and the sink.
    Frame,
    Table(usize),
}

const FIXED: [(Part, &str); 9] = [
    (Part::Start, "start"),
    (Part::Parser, "parser"),
    (Part::VerifyChecksum, "verify checksum"),
    (Part::Ingress, "ingress"),
    (Part::Replication, "replication"),
    (Part::Egress, "egress"),
    (Part::ComputeChecksum, "compute checksum"),
    (Part::Deparser, "deparser"),
    (Part::Frame, "frame and sink"),
];

/// What one part took.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfilePart {
    /// Name of the part: a pipeline stage, or `table` and its name.
    pub name: Arc<str>,
    /// Times that it ran.
    pub runs: u64,
    /// Instructions.
    pub ops: u64,
    /// Nanoseconds, without reading the clock.
    pub nanoseconds: f64,
}

/// What the packets took that [`crate::Worker::process_profiled`] processed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Packets.
    pub packets: u64,
    /// Parts in the order of the pipeline, then tables in the order of the program; those that never ran are left out.
    pub parts: Vec<ProfilePart>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    runs: u64,
    ops: u64,
    nanoseconds: u64,
    reads: u64,
}

/// Collects a [`Profile`].
#[derive(Debug)]
pub(crate) struct Profiler {
    sums: Vec<Sum>,
    packets: u64,
    last: Instant,
    ops: u64,
    /// The control that is running.
    control: Part,
    clock_nanoseconds: f64,
}

impl Profiler {
    pub(crate) fn new(tables: usize) -> Self {
        let start = Instant::now();
        let mut last = start;
        for _ in 0..1000 {
            last = Instant::now();
        }
        Self {
            sums: vec![Sum::default(); FIXED.len() + tables],
            packets: 0,
            last,
            ops: 0,
            control: Part::Ingress,
            clock_nanoseconds: last.duration_since(start).as_nanos() as f64 / 1000.0,
        }
    }

    /// A packet begins.
    pub(crate) fn begin(&mut self) {
        self.packets += 1;
        self.ops = 0;
        self.last = Instant::now();
    }

    pub(crate) fn report(&self, tables: &[Arc<str>]) -> Profile {
        let names = FIXED.iter().map(|(_, name)| Arc::from(*name));
        let names = names.chain(tables.iter().map(|name| Arc::from(format!("table {name}"))));
        let parts = names
            .zip(&self.sums)
            .filter(|(_, sum)| sum.runs > 0)
            .map(|(name, sum)| ProfilePart {
                name,
                runs: sum.runs,
                ops: sum.ops,
                nanoseconds: (sum.nanoseconds as f64 - sum.reads as f64 * self.clock_nanoseconds).max(0.0),
            })
            .collect();
        Profile { packets: self.packets, parts }
    }
}

impl Observer for &mut Profiler {
    const TRACE: bool = false;
    const PROFILE: bool = true;

    fn op(&mut self) {
        self.ops += 1;
    }

    fn part(&mut self, part: Part) {
        let index = match part {
            Part::Table(table) => FIXED.len() + table,
            _ => FIXED.iter().position(|(known, _)| *known == part).unwrap_or(0),
        };
        let now = Instant::now();
        if let Some(sum) = self.sums.get_mut(index) {
            sum.runs += 1;
            sum.reads += 1;
            sum.ops += self.ops;
            sum.nanoseconds += now.duration_since(self.last).as_nanos() as u64;
        }
        self.ops = 0;
        self.last = now;
        match part {
            Part::VerifyChecksum => self.control = Part::Ingress,
            Part::Replication => self.control = Part::Egress,
            _ => {}
        }
    }

    fn control(&mut self) {
        self.part(self.control);
    }
}
