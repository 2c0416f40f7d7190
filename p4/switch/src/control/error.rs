//! What can be wrong with a write, and what would be right.

use sluice_entities::MatchKind;

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
    #[error("key `{key}` of table `{table}` is matched as {want:?}")]
    Kind {
        /// The table.
        table: String,
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
    #[error(
        "key `{key}` of table `{table}` has {width} bits: the prefix length is at most that, not {length}"
    )]
    PrefixLength {
        /// The table.
        table: String,
        /// The key field.
        key: String,
        /// Width of the key.
        width: u32,
        /// Length given.
        length: u32,
    },
    /// Bits are set where they do not count.
    #[error("key `{key}` of table `{table}` has bits set outside its {mask}; they must be zero")]
    Masked {
        /// The table.
        table: String,
        /// The key field.
        key: String,
        /// `prefix` or `mask`.
        mask: &'static str,
    },
    /// The lower bound is above the upper one.
    #[error("key `{key}` of table `{table}` has a range from {low} to {high}; the first must not be larger")]
    Range {
        /// The table.
        table: String,
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
    /// It is there already.
    #[error("{what} is there already; modify it instead")]
    Exists {
        /// What.
        what: String,
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
    /// One copy twice.
    #[error("{what} has port {port} with instance {instance} twice")]
    Replica {
        /// Which group or session.
        what: String,
        /// Port of the copy.
        port: u16,
        /// Instance of the copy.
        instance: u16,
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
    /// The soft switch has no such thing.
    #[error("the soft switch does not take {what}")]
    Unimplemented {
        /// What.
        what: &'static str,
    },
    /// Something is left out that is needed.
    #[error("{what} is missing")]
    Absent {
        /// What.
        what: &'static str,
    },
    /// A committed rate or burst above the peak one.
    #[error("meter `{meter}`: the peak rate and burst must be at least the committed ones")]
    Rates {
        /// The meter.
        meter: String,
    },
}

/// What is wrong with a write. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteErrors {
    /// Index of the update, from 0, and what is wrong with it; in order.
    pub errors: Vec<(usize, WriteError)>,
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
