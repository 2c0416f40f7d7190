//! The form of the file.

use rusqlite::Connection;

use crate::error::StoreError;

/// What `user_version` of the file says: how many of [`STEPS`] were made.
const KNOWN: i64 = STEPS.len() as i64;

/// What takes a file from one form to the next. A step that was released does not change.
///
/// The second: tenants, empty for what is of none.
///
/// How far a change came stands apart from its contents, in one byte: to commit it takes no room that a full disk would not have.
const STEPS: [&str; 2] = [
    "
CREATE TABLE version (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    progress INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    author TEXT NOT NULL,
    restores INTEGER
) STRICT;
CREATE TABLE content (
    version INTEGER PRIMARY KEY REFERENCES version (version),
    reason TEXT NOT NULL,
    summary TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE note (
    version INTEGER PRIMARY KEY REFERENCES version (version),
    note TEXT NOT NULL
) STRICT;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ns INTEGER NOT NULL,
    user TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE TABLE user (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    token BLOB NOT NULL UNIQUE,
    time_ns INTEGER NOT NULL
) STRICT;
",
    "
ALTER TABLE version ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
",
];

/// Brings a file to the form that is known.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if !(0..=KNOWN).contains(&found) {
        return Err(StoreError::Newer { found, known: KNOWN });
    }
    for (step, number) in STEPS.iter().zip(1..).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}
