//! What a packet meets on its way, for people: `sluice explain` prints these events.
//!
//! The engine is compiled once for each kind of [`Observer`], so that a packet that nobody traces pays nothing for it.

use sluice_entities::{Bits, Replica, TableEntry};

use crate::packet::DropReason;

/// One thing that happened to a packet, in the order in which it happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TraceEvent<'a> {
    /// The packet goes through parser and ingress.
    Pass {
        /// 0 for the first time, then 1 more for each resubmission, recirculation or clone.
        number: u32,
        /// v1model's `instance_type`.
        instance_type: u32,
    },
    /// The parser enters a state.
    ParserState {
        /// Its name.
        name: &'a str,
    },
    /// The parser moved a header's bytes into it.
    Extracted {
        /// The header's path.
        header: &'a str,
        /// Its first byte in the packet.
        offset_bytes: usize,
        /// Its length, bytes.
        length_bytes: usize,
    },
    /// The parser rejected the packet, which goes on to ingress.
    ParserError {
        /// Name of the error.
        error: &'a str,
        /// Bytes consumed before.
        offset_bytes: usize,
    },
    /// A table was applied.
    Table {
        /// Its name.
        table: &'a str,
        /// Values of the key fields, in order.
        keys: &'a [Bits],
        /// The entry that matched; `None` for a miss.
        entry: Option<&'a TableEntry>,
        /// The action that runs.
        action: &'a str,
        /// Its data.
        params: &'a [Bits],
    },
    /// An extern was called.
    Call {
        /// Its name, as in the P4 program.
        name: &'static str,
        /// Operands and result.
        detail: &'a str,
    },
    /// Ingress sends the packet to one port.
    Unicast {
        /// The port.
        port: u16,
    },
    /// Copies are made, for a multicast group or a clone session.
    Replicated {
        /// What asked for them.
        by: Replicator,
        /// The copies, in order.
        replicas: &'a [Replica],
    },
    /// A copy enters egress.
    Egress {
        /// Which copy.
        replica: Replica,
        /// v1model's `instance_type`.
        instance_type: u32,
    },
    /// The deparser emitted a header.
    Emitted {
        /// The header's path.
        header: &'a str,
    },
    /// The deparsed frame was edited.
    FrameEdit {
        /// How.
        edit: FrameEdit,
    },
    /// The packet, or a copy of it, ended here.
    Dropped {
        /// Why.
        reason: DropReason,
        /// Which copy; `None` for the packet as a whole.
        replica: Option<Replica>,
    },
    /// A copy left.
    Sent {
        /// Which copy.
        replica: Replica,
        /// Its length, bytes.
        length_bytes: usize,
        /// Its length without truncation, bytes.
        original_length: u32,
    },
}

/// What makes copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicator {
    /// A multicast group.
    Group(u16),
    /// A clone session.
    Session(u16),
}

/// One edit of a deparsed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameEdit {
    /// Bytes were overwritten.
    Overwrite {
        /// First byte.
        offset_bytes: u64,
        /// How many.
        length_bytes: u64,
        /// With what.
        value: u8,
    },
    /// Padding was removed: so many bytes are left.
    Trim(u64),
    /// The frame was cut to so many bytes.
    Truncate(u64),
    /// Lengths and checksums of the IP packet at that byte were made to fit.
    FixChecksums(u64),
    /// So many bytes were appended.
    Trailer(usize),
}

/// Is told what happens to a packet.
pub trait Tracer {
    /// Takes one event.
    fn event(&mut self, event: &TraceEvent<'_>);
}

/// Who looks at the engine while it works.
pub(crate) trait Observer {
    /// Whether events are wanted.
    const TRACE: bool;
    /// Whether times are wanted.
    const PROFILE: bool;

    fn event(&mut self, _event: &TraceEvent<'_>) {}

    /// An instruction runs.
    fn op(&mut self) {}

    /// What ran since the last call belongs to that part.
    fn part(&mut self, _part: crate::profile::Part) {}

    /// The same for the control that is running.
    fn control(&mut self) {}
}

/// Nobody.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    const TRACE: bool = false;
    const PROFILE: bool = false;
}

/// Somebody who wants to know everything.
pub(crate) struct Traced<'a>(pub(crate) &'a mut dyn Tracer);

impl Observer for Traced<'_> {
    const TRACE: bool = true;
    const PROFILE: bool = false;

    fn event(&mut self, event: &TraceEvent<'_>) {
        self.0.event(event);
    }
}
