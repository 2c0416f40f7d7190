//! What can be wrong with a store.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// What is wrong with the store. Nothing of the call was recorded.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the room that the store was given, is full.
    #[error("the store is full ({0}): free space where it is, or give it more, and try again")]
    Full(String),
    /// The file cannot be written or read.
    #[error("the store cannot be written or read ({0}): see to the file system, and try again")]
    Unavailable(String),
    /// Another process has it.
    #[error("another process has the store {}: one broker has one store", .0.display())]
    InUse(PathBuf),
    /// A later version of Sluice wrote it.
    #[error(
        "the store is of form {found}, and this version of sluice knows forms to {known}: run the version that wrote it"
    )]
    Newer {
        /// What it says.
        found: i64,
        /// What is known.
        known: i64,
    },
    /// It does not hold what it should.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// There is no such thing, or there is one already.
    #[error("{0}")]
    Refused(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            _ => Self::Unavailable(text),
        }
    }
}
