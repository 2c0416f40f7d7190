//! What can be wrong with a write, and what would be right.

use sluice_entities::{Atomicity, Code, MatchKind};

/// What is wrong with one update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Nothing has that name.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The table does not have the action there.
    #[error("table `{table}` cannot run `{action}` {place}; it can run {allowed}")]
    Action {
        /// The table.
        table: String,
        /// The action.
        action: String,
        /// `in an entry` or `as its default`.
        place: &'static str,
        /// Names of the actions that it can run there.
        allowed: String,
        /// Whether the table has the action, but not there.
        is_listed: bool,
    },
    /// An entry's action stands in the wrong place.
    #[error("entries of table `{table}` have {want}")]
    ActionKind {
        /// The table.
        table: String,
        /// What would be right.
        want: String,
    },
    /// The wrong number of parts.
    #[error("{what} has {want} {parts}, not {have}")]
    Count {
        /// Of what.
        what: String,
        /// Kind of part: key fields or parameters.
        parts: &'static str,
        /// Number given.
        have: usize,
        /// Right number.
        want: usize,
    },
    /// A key field is matched in another way.
    #[error("key `{key}` of {owner} is matched as {want:?}")]
    Kind {
        /// The table or value set.
        owner: String,
        /// The key field.
        key: String,
        /// The way it is matched.
        want: MatchKind,
    },
    /// A value of the wrong width.
    #[error("{what} has {want} bits, not {have}")]
    Width {
        /// Of what.
        what: String,
        /// Width given.
        have: u32,
        /// Right width.
        want: u32,
    },
    /// A prefix is longer than the key.
    #[error("key `{key}` of {owner} has {width} bits: the prefix length is at most that, not {length}")]
    PrefixLength {
        /// The table or value set.
        owner: String,
        /// The key field.
        key: String,
        /// Width of the key.
        width: u32,
        /// Length given.
        length: u32,
    },
    /// Bits are set where they do not count.
    #[error("key `{key}` of {owner} has bits set outside its {mask}; they must be zero")]
    Masked {
        /// The table or value set.
        owner: String,
        /// The key field.
        key: String,
        /// `prefix` or `mask`.
        mask: &'static str,
    },
    /// The lower bound is above the upper one.
    #[error("key `{key}` of {owner} has a range from {low} to {high}; the first must not be larger")]
    Range {
        /// The table or value set.
        owner: String,
        /// The key field.
        key: String,
        /// Lower bound.
        low: String,
        /// Upper bound.
        high: String,
    },
    /// A priority is missing, or is not wanted.
    #[error("entries of table `{table}` have {rule}, not priority {have}")]
    Priority {
        /// The table.
        table: String,
        /// What would be right.
        rule: &'static str,
        /// Priority given.
        have: u32,
    },
    /// The table is full.
    #[error("table `{table}` holds {size} entries")]
    Full {
        /// The table.
        table: String,
        /// Entries that it holds.
        size: u64,
    },
    /// The table has no key.
    #[error("table `{table}` has no key: it runs its default action and has no entries")]
    Keyless {
        /// The table.
        table: String,
    },
    /// More than there is room for.
    #[error("{what} holds {most} {parts}, not {have}")]
    TooMany {
        /// What holds them.
        what: String,
        /// Kind of part.
        parts: &'static str,
        /// How many there would be.
        have: u64,
        /// How many there may be.
        most: u64,
    },
    /// A size or weight that cannot be.
    #[error("{what} has {rule}")]
    Size {
        /// What it is of.
        what: String,
        /// What would be right.
        rule: String,
    },
    /// One part twice.
    #[error("{what} has {part} twice")]
    Twice {
        /// What has it.
        what: String,
        /// Which part.
        part: String,
    },
    /// Something refers to it.
    #[error("{what} is used by {by}; change that first")]
    Used {
        /// What.
        what: String,
        /// By what.
        by: &'static str,
    },
    /// One-shot action sets beside members and groups.
    #[error("entries that use selector `{profile}` have {have}: action sets and references do not mix")]
    Mixed {
        /// The selector.
        profile: String,
        /// What the others have.
        have: &'static str,
    },
    /// The table has no such thing.
    #[error("table `{table}` has no {what}")]
    NoResource {
        /// The table.
        table: String,
        /// What it does not have.
        what: &'static str,
    },
    /// It can be read and not written.
    #[error("{what} is read, not written")]
    ReadOnly {
        /// What.
        what: &'static str,
    },
    /// What a meter colored is set to something.
    #[error("what a meter colored can be set to 0, and to nothing else")]
    NotZero,
    /// It is there already.
    #[error("{what} is there already; modify it instead")]
    Exists {
        /// What.
        what: String,
    },
    /// A value set has one member twice.
    #[error("value set `{set}` has a member twice")]
    Repeated {
        /// The value set.
        set: String,
    },
    /// It is not there.
    #[error("{what} is not there; insert it first")]
    Missing {
        /// What.
        what: String,
    },
    /// The program fixes it.
    #[error("{what} is constant in the program")]
    Constant {
        /// What.
        what: String,
    },
    /// It can only be modified.
    #[error("{what} is always there: it can be modified, not inserted or deleted")]
    OnlyModified {
        /// What.
        what: &'static str,
    },
    /// No such cell.
    #[error("{what} has {size} cells, the last is {last}, so that there is no cell {index}", last = size.saturating_sub(1))]
    Index {
        /// Which meter or register.
        what: String,
        /// Cell given.
        index: u64,
        /// Cells that it has.
        size: u64,
    },
    /// The id 0 means "none".
    #[error("{what} 0 means none: ids start at 1")]
    Zero {
        /// `multicast group` or `clone session`.
        what: &'static str,
    },
    /// A backup does not help.
    #[error("{what} has a copy for port {port} with a backup for the same port")]
    Backup {
        /// Which group or session.
        what: String,
        /// Port of both.
        port: u16,
    },
    /// No such port.
    #[error("port {port} does not exist: ports are 0 to 510")]
    Port {
        /// Port given.
        port: u16,
    },
    /// Too many different (port, instance).
    #[error("the switch counts at most {most} different pairs of port and instance")]
    Paths {
        /// How many.
        most: usize,
    },
    /// Something is left out that is needed.
    #[error("{what} is missing")]
    Absent {
        /// What.
        what: &'static str,
    },
    /// A committed rate or burst above the peak one.
    #[error("{meter}: the peak rate and burst must be at least the committed ones")]
    Rates {
        /// The meter.
        meter: String,
    },
}

impl WriteError {
    /// What kind of mistake it is, in P4Runtime's words.
    pub fn code(&self) -> Code {
        match self {
            Self::Action { is_listed: true, .. } | Self::Constant { .. } => Code::PermissionDenied,
            Self::Full { .. } | Self::TooMany { .. } | Self::Paths { .. } => Code::ResourceExhausted,
            Self::Exists { .. } | Self::Repeated { .. } => Code::AlreadyExists,
            Self::Missing { .. } => Code::NotFound,
            Self::Used { .. } => Code::FailedPrecondition,
            Self::Index { .. } => Code::OutOfRange,
            Self::Unknown { .. }
            | Self::Action { .. }
            | Self::ActionKind { .. }
            | Self::Count { .. }
            | Self::Kind { .. }
            | Self::Width { .. }
            | Self::PrefixLength { .. }
            | Self::Masked { .. }
            | Self::Range { .. }
            | Self::Priority { .. }
            | Self::Keyless { .. }
            | Self::Size { .. }
            | Self::Twice { .. }
            | Self::Mixed { .. }
            | Self::NoResource { .. }
            | Self::ReadOnly { .. }
            | Self::NotZero
            | Self::OnlyModified { .. }
            | Self::Zero { .. }
            | Self::Backup { .. }
            | Self::Port { .. }
            | Self::Absent { .. }
            | Self::Rates { .. } => Code::InvalidArgument,
        }
    }
}

/// What is wrong with a batch. What was done of it, its [`Atomicity`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteErrors {
    /// Index of the update, from 0, and what is wrong with it; in order.
    pub errors: Vec<(usize, WriteError)>,
}

impl WriteErrors {
    /// What became of each of a batch's updates: `None` for those that were done.
    pub fn codes(&self, updates: usize, atomicity: Atomicity) -> Vec<Option<Code>> {
        let others = if atomicity == Atomicity::ContinueOnError { None } else { Some(Code::Aborted) };
        let mut codes = vec![others; updates];
        for (index, error) in &self.errors {
            if let Some(code) = codes.get_mut(*index) {
                *code = Some(error.code());
            }
        }
        codes
    }
}

impl std::fmt::Display for WriteErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (update, error)) in self.errors.iter().enumerate() {
            let separator = if i > 0 { "\n" } else { "" };
            write!(f, "{separator}update {update}: {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for WriteErrors {}
