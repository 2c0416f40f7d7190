//! What goes into the switch, what comes out, and what became of it.

use sluice_entities::Bits;

/// The port that `mark_to_drop` sends to (v1model).
pub const DROP_PORT: u16 = 511;

/// One frame that comes in.
#[derive(Clone, Copy, Debug)]
pub struct Ingress<'a> {
    /// Port that it came in by, 0 to 510.
    pub port: u16,
    /// Time of its arrival, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// What was captured of it, from the destination MAC on, without FCS.
    pub data: &'a [u8],
    /// Its length on the wire without FCS, bytes; more than `data` has where the capture is short.
    pub wire_length: u32,
    /// Whether the port marked it bad (FCS).
    pub bad_frame: bool,
}

impl<'a> Ingress<'a> {
    /// A whole, good frame.
    pub fn new(port: u16, time_ns: u64, data: &'a [u8]) -> Self {
        Self { port, time_ns, data, wire_length: data.len() as u32, bad_frame: false }
    }

    /// Bytes that were on the wire and not captured.
    pub(crate) fn missing_bytes(&self) -> u32 {
        self.wire_length.saturating_sub(self.data.len() as u32)
    }
}

/// One frame that goes out.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// Port that it leaves by.
    pub port: u16,
    /// `egress_rid` of the copy; 0 for a packet that was not replicated.
    pub instance: u16,
    /// Its bytes.
    pub data: &'a [u8],
    /// The length that it would have had uncut, bytes: the deparsed frame after overwriting and trimming, what the capture
    /// lacks of the frame, and the trailer.
    pub original_length: u32,
    /// Port that the packet came in by.
    pub ingress_port: u16,
    /// Time of its arrival, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
}

/// Data that the program sends to the control plane.
#[derive(Clone, Copy, Debug)]
pub struct Digest<'a> {
    /// Name of the digest's type.
    pub name: &'a str,
    /// The receiver that the program named.
    pub receiver: u64,
    /// Its fields, in order.
    pub data: &'a [Bits],
}

/// Takes what comes out of the switch.
pub trait Sink {
    /// Takes one frame. The copies of one packet come in the order in which the replication engine made them.
    fn send(&mut self, output: Output<'_>);

    /// Takes one digest; the default drops it.
    fn digest(&mut self, _digest: Digest<'_>) {}
}

/// Why a packet, or one copy of it, did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DropReason {
    /// The ingress control dropped it (`mark_to_drop`).
    Ingress,
    /// Its multicast group does not exist.
    UnknownGroup,
    /// Its multicast group has no members.
    EmptyGroup,
    /// A loop of the program ran more than [`crate::MAX_LOOP_TURNS`] times.
    LoopLimit,
    /// It was resubmitted, recirculated and cloned more than [`crate::MAX_PASSES`] times.
    PassLimit,
    /// An `assert` of the program failed.
    Assertion,
    /// The egress control dropped the copy.
    Egress,
    /// The copy's port is down.
    PortDown,
    /// The copy is longer than its port takes.
    MaxFrame,
}

impl DropReason {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 9] = [
        Self::Ingress,
        Self::UnknownGroup,
        Self::EmptyGroup,
        Self::LoopLimit,
        Self::PassLimit,
        Self::Assertion,
        Self::Egress,
        Self::PortDown,
        Self::MaxFrame,
    ];

    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress_drop",
            Self::UnknownGroup => "unknown_group",
            Self::EmptyGroup => "empty_group",
            Self::LoopLimit => "loop_limit",
            Self::PassLimit => "pass_limit",
            Self::Assertion => "assertion",
            Self::Egress => "egress_drop",
            Self::PortDown => "port_down",
            Self::MaxFrame => "mtu",
        }
    }
}

/// What ingress decided on a packet, in its last pass through ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// To that port.
    Unicast(u16),
    /// To that many copies of a group.
    Multicast {
        /// `mcast_grp`.
        group: u16,
        /// Members of the group.
        replicas: u32,
    },
    /// Nowhere.
    Dropped(DropReason),
}

/// What became of one packet. `sent + dropped_copies` is the number of copies that were made, clones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// What ingress decided.
    pub outcome: Outcome,
    /// Copies that went to the sink.
    pub sent: u32,
    /// Copies that egress, a port or a limit dropped.
    pub dropped_copies: u32,
    /// Digests that the packet made beyond [`crate::MAX_DIGESTS_PER_PACKET`], and which were dropped.
    pub dropped_digests: u32,
}
