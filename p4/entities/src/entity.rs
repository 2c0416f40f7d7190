//! What the control plane writes (P4Runtime specification, sections 9 and 12).

use crate::{
    CloneSession, CounterEntry, DefaultEntry, DigestEntry, DirectCounterEntry, DirectMeterEntry, MeterEntry,
    MulticastGroup, ProfileGroup, ProfileMember, RegisterEntry, TableEntry, ValueSetEntry,
};

/// Anything that can be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// An entry of a table.
    Table(TableEntry),
    /// The default action of a table; only modified.
    Default(DefaultEntry),
    /// A member of an action profile or selector.
    Member(ProfileMember),
    /// A group of an action selector.
    Group(ProfileGroup),
    /// An indirect meter's cell; only modified.
    Meter(MeterEntry),
    /// The direct meter of an entry; only modified.
    DirectMeter(DirectMeterEntry),
    /// An indirect counter's cell; only modified.
    Counter(CounterEntry),
    /// The direct counter of an entry; only modified.
    DirectCounter(DirectCounterEntry),
    /// A multicast group.
    Multicast(MulticastGroup),
    /// A clone session.
    Clone(CloneSession),
    /// The members of a parser value set; only modified.
    ValueSet(ValueSetEntry),
    /// A register cell; only modified.
    Register(RegisterEntry),
    /// How a digest is sent.
    Digest(DigestEntry),
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

/// What one wrong update means for the others of its batch (P4Runtime section 12.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Atomicity {
    /// All others are done.
    ContinueOnError,
    /// None is done; those behind it are not looked at.
    RollbackOnError,
    /// None is done, all are looked at; if all are right, no packet sees some of them done and others not.
    #[default]
    DataplaneAtomic,
}

/// What kind of thing is wrong, in the words of gRPC that P4Runtime uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The update is wrong, whatever has been written.
    InvalidArgument,
    /// What it names is not there.
    NotFound,
    /// What it inserts is there already.
    AlreadyExists,
    /// The program or the controller's role does not allow it.
    PermissionDenied,
    /// No room is left.
    ResourceExhausted,
    /// Something else has to be written first.
    FailedPrecondition,
    /// The batch was taken back for another update's sake.
    Aborted,
    /// A cell beyond the last one.
    OutOfRange,
    /// The target cannot do it.
    Unimplemented,
    /// The target broke a promise of its own.
    Internal,
    /// The target cannot be reached, or did not answer in time; what was asked may have been done.
    Unavailable,
    /// The target does not know who asks.
    Unauthenticated,
}

impl Code {
    /// Its number in `google.rpc.Code`.
    pub fn number(self) -> i32 {
        match self {
            Self::InvalidArgument => 3,
            Self::NotFound => 5,
            Self::AlreadyExists => 6,
            Self::PermissionDenied => 7,
            Self::ResourceExhausted => 8,
            Self::FailedPrecondition => 9,
            Self::Aborted => 10,
            Self::OutOfRange => 11,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// Its name in `google.rpc.Code`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}
