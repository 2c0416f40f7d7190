//! What a broker asks of its store; tests put something that fails in between.

use crate::error::StoreError;
use crate::records::{Audit, AuditRecord, Digest, Intent, Record, Summary, User, Version};

/// Policies that were applied, and calls that changed something. What a call recorded is on the disk when it returns, whole or not at all.
pub trait History: Send + Sync {
    /// Records what is about to be done, before it is; gives the next version.
    ///
    /// # Errors
    ///
    /// See [`StoreError`]; the change is not to be made then.
    fn intend(&self, intent: &Intent<'_>) -> Result<Version, StoreError>;

    /// The change was made: it is the one in force from now on; with who did it.
    ///
    /// # Errors
    ///
    /// See [`StoreError`]; the one before is still in force then, as far as the store is concerned.
    fn commit(&self, version: Version, audit: &Audit<'_>) -> Result<(), StoreError>;

    /// The change was not made.
    ///
    /// # Errors
    ///
    /// See [`StoreError`]. What stays intended is abandoned when the store is opened again.
    fn abandon(&self, version: Version, why: &str) -> Result<(), StoreError>;

    /// The change in force: the one that was committed last.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn last(&self) -> Result<Option<Record>, StoreError>;

    /// The change of that version.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn get(&self, version: Version) -> Result<Option<Record>, StoreError>;

    /// Changes before that version (or all), the latest first, so many at most; with a tenant's name those of its part alone.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn list(
        &self,
        before: Option<Version>,
        limit: u32,
        tenant: Option<&str>,
    ) -> Result<Vec<Summary>, StoreError>;

    /// Records a call that changed something, or was to.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn audit(&self, audit: &Audit<'_>) -> Result<(), StoreError>;

    /// Calls before that number (or all), the latest first, so many at most.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn audits(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
}

/// Who may call.
pub trait Users: Send + Sync {
    /// Adds somebody, and records who did.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] for a name that is taken.
    fn add_user(&self, user: &User, audit: &Audit<'_>) -> Result<(), StoreError>;

    /// Takes somebody's token away, and records who did.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] for a name that there is not, and the last one of that role if it is to stay.
    fn remove_user(&self, name: &str, keep_one: &str, audit: &Audit<'_>) -> Result<(), StoreError>;

    /// Everybody, by name.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Whose token has that digest.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    fn user_of(&self, token: &Digest) -> Result<Option<User>, StoreError>;
}
