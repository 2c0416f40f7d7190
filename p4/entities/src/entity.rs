//! What the control plane writes (P4Runtime specification, section 9).

use std::sync::Arc;

use crate::Bits;

/// The value of one key field of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Match {
    /// Equal to the value.
    Exact(Bits),
    /// The `length` most significant bits equal; bits of `value` below them are zero.
    Lpm {
        /// The prefix.
        value: Bits,
        /// Bits that count, 0 to the key's width.
        length: u32,
    },
    /// Equal under the mask; bits of `value` outside it are zero.
    Ternary {
        /// The value.
        value: Bits,
        /// Ones where it counts.
        mask: Bits,
    },
    /// `low <= key <= high`.
    Range {
        /// Lower bound, included.
        low: Bits,
        /// Upper bound, included.
        high: Bits,
    },
    /// Equal, or `None` for anything.
    Optional(Option<Bits>),
}

/// An action with its data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionCall {
    /// Name of the action.
    pub action: Arc<str>,
    /// Action data, in the order of [`crate::ActionInfo::params`].
    pub params: Vec<Bits>,
}

/// One entry of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableEntry {
    /// Name of the table.
    pub table: Arc<str>,
    /// Key fields, in the order of [`crate::TableInfo::keys`]. Key and priority together name the entry.
    pub matches: Vec<Match>,
    /// Higher wins, at least 1, for tables with a ternary, range or optional key; 0 for the others.
    pub priority: u32,
    /// What it does.
    pub action: ActionCall,
}

/// The default action of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DefaultEntry {
    /// Name of the table.
    pub table: Arc<str>,
    /// What a miss does; `None` puts the program's own default back.
    pub action: Option<ActionCall>,
}

/// One copy that the packet replication engine makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Replica {
    /// Egress port.
    pub port: u16,
    /// `egress_rid` of the copy.
    pub instance: u16,
}

/// A multicast group (PacketReplicationEngineEntry).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MulticastGroup {
    /// `mcast_grp`; not 0.
    pub id: u16,
    /// Copies, made in this order; (port, instance) is unique among them.
    pub replicas: Vec<Replica>,
}

/// A clone session (PacketReplicationEngineEntry).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CloneSession {
    /// Session id; not 0.
    pub id: u16,
    /// Copies.
    pub replicas: Vec<Replica>,
    /// Bytes kept of each clone; 0 for all.
    pub packet_length_bytes: u16,
}

/// Rates of a two-rate three-color meter (RFC 2698), in the meter's unit: bytes or packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MeterConfig {
    /// Committed rate, units per second.
    pub cir: u64,
    /// Committed burst, units.
    pub cburst: u64,
    /// Peak rate, units per second.
    pub pir: u64,
    /// Peak burst, units.
    pub pburst: u64,
}

/// One cell of an indirect meter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeterEntry {
    /// Name of the meter.
    pub meter: Arc<str>,
    /// Cell.
    pub index: u64,
    /// Rates; `None` marks everything green.
    pub config: Option<MeterConfig>,
}

/// One cell of a register array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegisterEntry {
    /// Name of the register array.
    pub register: Arc<str>,
    /// Cell.
    pub index: u64,
    /// Its value.
    pub value: Bits,
}

/// Anything that can be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// An entry of a table.
    Table(TableEntry),
    /// The default action of a table; only modified.
    Default(DefaultEntry),
    /// A multicast group.
    Multicast(MulticastGroup),
    /// A clone session.
    Clone(CloneSession),
    /// A meter cell; only modified.
    Meter(MeterEntry),
    /// A register cell; only modified.
    Register(RegisterEntry),
}

/// What an update does with its entity (P4Runtime `Update.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateKind {
    /// It must not exist yet.
    Insert,
    /// It must exist.
    Modify,
    /// It must exist; only what names the entity is looked at.
    Delete,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Update {
    /// What to do.
    pub kind: UpdateKind,
    /// With what.
    pub entity: Entity,
}
