//! SQLite: one file, one connection, written ahead.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior, params};

use crate::error::StoreError;
use crate::history::History;
use crate::records::{Audit, AuditRecord, Intent, Progress, Record, Summary, Version};
use crate::schema;

/// The file, in the folder of a store.
pub const FILE: &str = "sluice.db";

/// Most bytes of the file, if nothing else is said: some ten thousand large policies.
pub const DEFAULT_MAX_BYTES: u64 = 1 << 30;

/// Bytes of a page, as SQLite has them by default.
const PAGE_BYTES: u64 = 4096;

/// How a store is kept.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Most bytes of the file; what does not fit is refused as if the disk were full.
    pub max_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { max_bytes: DEFAULT_MAX_BYTES }
    }
}

/// A store in a file, or in memory. One process has it.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// The store in that folder; both are made if they are not there, for the owner alone. What a process that ended had begun is abandoned.
    ///
    /// # Errors
    ///
    /// Another process has it; it cannot be made, read or written.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        make_folder(folder)
            .map_err(|error| StoreError::Unavailable(format!("{}: {error}", folder.display())))?;
        let connection = Connection::open(folder.join(FILE))?;
        Self::new(connection, options).map_err(|error| match error {
            StoreError::Unavailable(_) if is_locked(&folder.join(FILE)) => {
                StoreError::InUse(folder.join(FILE))
            }
            error => error,
        })
    }

    /// A store that ends with the process.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::new(Connection::open_in_memory()?, StoreOptions::default())
    }

    fn new(mut connection: Connection, options: StoreOptions) -> Result<Self, StoreError> {
        // The lock is held as long as the process lives, and there is no shared memory beside the file.
        connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        // What was committed is on the disk.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        let pages = i64::try_from(options.max_bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        schema::migrate(&mut connection)?;
        abandon_all(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does work whole or not at all.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// What a process that ended had begun.
fn abandon_all(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let begun = transaction
        .prepare("SELECT version FROM version WHERE progress = ?1")?
        .query_map([Progress::Intended.number()], |row| Ok(Version(number(row, "version")?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for version in begun {
        end(&transaction, version, Progress::Abandoned)?;
        note(&transaction, version, "the process ended before the change was recorded as made")?;
    }
    Ok(transaction.commit()?)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// Whether somebody else holds the file.
fn is_locked(file: &Path) -> bool {
    let read = |connection: Connection| {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    };
    let busy = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
    Connection::open(file)
        .and_then(read)
        .is_err_and(|error| error.sqlite_error_code().is_some_and(|code| busy.contains(&code)))
}

/// SQLite's integers are signed; times and numbers here do not reach that far.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or(0))
}

/// All of a change but its text, and with it.
const SUMMARY: &str = "SELECT version, progress, time_ns, author, restores, tenant, reason, summary, coalesce(note, '') AS note \
    FROM version JOIN content USING (version) LEFT JOIN note USING (version)";
const RECORD: &str = "SELECT version, progress, time_ns, author, restores, tenant, reason, summary, coalesce(note, '') AS note, text \
    FROM version JOIN content USING (version) LEFT JOIN note USING (version)";

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let restores: Option<i64> = row.get("restores")?;
    Ok(Summary {
        version: Version(number(row, "version")?),
        // Nothing else is written.
        progress: Progress::of(row.get("progress")?).unwrap_or(Progress::Abandoned),
        time_ns: number(row, "time_ns")?,
        author: row.get("author")?,
        reason: row.get("reason")?,
        summary: row.get("summary")?,
        restores: restores.and_then(|version| u64::try_from(version).ok()).map(Version),
        note: row.get("note")?,
        tenant: row.get("tenant")?,
    })
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { summary: summary(row)?, text: row.get("text")? })
}

/// Ends an intent.
fn end(connection: &Connection, version: Version, progress: Progress) -> Result<(), StoreError> {
    let changed = connection.execute(
        "UPDATE version SET progress = ?1 WHERE version = ?2 AND progress = ?3",
        params![progress.number(), stored(version.0), Progress::Intended.number()],
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::Refused(format!("version {version} is not under way")))
}

fn note(connection: &Connection, version: Version, text: &str) -> Result<(), StoreError> {
    connection
        .execute("INSERT INTO note (version, note) VALUES (?1, ?2)", params![stored(version.0), text])?;
    Ok(())
}

pub(crate) fn write_audit(connection: &Connection, audit: &Audit<'_>) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO audit (time_ns, user, tenant, action, subject, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![stored(audit.time_ns), audit.user, audit.tenant, audit.action, audit.subject, audit.outcome],
    )?;
    Ok(())
}

impl History for Store {
    fn intend(&self, intent: &Intent<'_>) -> Result<Version, StoreError> {
        self.transaction(|connection| {
            let restores = intent.restores.map(|version| stored(version.0));
            connection.execute(
                "INSERT INTO version (progress, time_ns, author, restores, tenant) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    Progress::Intended.number(),
                    stored(intent.time_ns),
                    intent.author,
                    restores,
                    intent.tenant
                ],
            )?;
            let version = connection.last_insert_rowid();
            connection.execute(
                "INSERT INTO content (version, reason, summary, text) VALUES (?1, ?2, ?3, ?4)",
                params![version, intent.reason, intent.summary, intent.text],
            )?;
            Ok(Version(u64::try_from(version).unwrap_or(0)))
        })
    }

    fn commit(&self, version: Version, audit: &Audit<'_>) -> Result<(), StoreError> {
        self.transaction(|connection| {
            end(connection, version, Progress::Committed)?;
            write_audit(connection, audit)
        })
    }

    fn abandon(&self, version: Version, why: &str) -> Result<(), StoreError> {
        self.transaction(|connection| {
            end(connection, version, Progress::Abandoned)?;
            note(connection, version, why)
        })
    }

    fn last(&self) -> Result<Option<Record>, StoreError> {
        let query = format!("{RECORD} WHERE progress = ?1 ORDER BY version DESC LIMIT 1");
        Ok(self.connection().query_row(&query, [Progress::Committed.number()], record).optional()?)
    }

    fn get(&self, version: Version) -> Result<Option<Record>, StoreError> {
        let query = format!("{RECORD} WHERE version = ?1");
        Ok(self.connection().query_row(&query, [stored(version.0)], record).optional()?)
    }

    fn list(
        &self,
        before: Option<Version>,
        limit: u32,
        tenant: Option<&str>,
    ) -> Result<Vec<Summary>, StoreError> {
        let before = before.map_or(i64::MAX, |version| stored(version.0));
        let connection = self.connection();
        let query = format!(
            "{SUMMARY} WHERE version < ?1 AND (?3 IS NULL OR tenant = ?3) ORDER BY version DESC LIMIT ?2"
        );
        let mut query = connection.prepare_cached(&query)?;
        let rows = query.query_map(params![before, limit, tenant], summary)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn audit(&self, audit: &Audit<'_>) -> Result<(), StoreError> {
        self.transaction(|connection| write_audit(connection, audit))
    }

    fn audits(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let connection = self.connection();
        let mut query =
            connection.prepare_cached("SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2")?;
        let rows = query.query_map(params![before.map_or(i64::MAX, stored), limit], |row| {
            Ok(AuditRecord {
                id: number(row, "id")?,
                time_ns: number(row, "time_ns")?,
                user: row.get("user")?,
                tenant: row.get("tenant")?,
                action: row.get("action")?,
                subject: row.get("subject")?,
                outcome: row.get("outcome")?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
