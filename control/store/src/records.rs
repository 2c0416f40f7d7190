//! What is kept, as data.

use std::fmt;

/// Number of a policy that was applied, from 1; later ones are higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is under way.
    Intended,
    /// Packets saw it.
    Committed,
    /// It was not made, or was taken back, or the process ended before it was recorded.
    Abandoned,
}

impl Progress {
    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Committed => "committed",
            Self::Abandoned => "abandoned",
        }
    }

    /// As it is stored.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Intended => 1,
            Self::Committed => 2,
            Self::Abandoned => 3,
        }
    }

    pub(crate) fn of(number: i64) -> Option<Self> {
        [Self::Intended, Self::Committed, Self::Abandoned].into_iter().find(|one| one.number() == number)
    }
}

/// A change that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    /// The policy, as it was written.
    pub text: &'a str,
    /// Who.
    pub author: &'a str,
    /// Why, in their words; may be empty.
    pub reason: &'a str,
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// What the change means, for people.
    pub summary: &'a str,
    /// The version whose text this is again.
    pub restores: Option<Version>,
    /// The tenant whose part of the policy alone it is about; empty: the whole.
    pub tenant: &'a str,
}

/// A change without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its number.
    pub version: Version,
    /// How far it came.
    pub progress: Progress,
    /// When it was begun, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// Who.
    pub author: String,
    /// Why.
    pub reason: String,
    /// What it means.
    pub summary: String,
    /// The version whose text it is again.
    pub restores: Option<Version>,
    /// Why it was abandoned; else empty.
    pub note: String,
    /// The tenant whose part of the policy alone it was about; empty: the whole.
    pub tenant: String,
}

/// A change with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// All but the text.
    pub summary: Summary,
    /// The policy, as it was written.
    pub text: String,
}

/// A changing call, whatever became of it.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// Who.
    pub user: &'a str,
    /// Their tenant; empty: none.
    pub tenant: &'a str,
    /// What was to be done: `apply`, `rollback`, ...
    pub action: &'a str,
    /// With what: a version, a port, a user; may be empty.
    pub subject: &'a str,
    /// `done`, or why not.
    pub outcome: &'a str,
}

/// An [`Audit`] that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number; later ones are higher.
    pub id: u64,
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// Who.
    pub user: String,
    /// Their tenant; empty: none.
    pub tenant: String,
    /// What was to be done.
    pub action: String,
    /// With what.
    pub subject: String,
    /// `done`, or why not.
    pub outcome: String,
}

/// SHA-256 of a token.
pub type Digest = [u8; 32];

/// Somebody who may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name, as in [`Audit::user`].
    pub name: String,
    /// What they may do, by a name that the caller gives a meaning.
    pub role: String,
    /// The tenant that they are of, by a name that the caller gives a meaning; empty: none.
    pub tenant: String,
    /// Digest of their token: the token itself is not kept.
    pub token: Digest,
    /// When they were added, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
}
