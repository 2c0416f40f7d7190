//! Who may call, in SQLite.

use rusqlite::{ErrorCode, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::history::Users;
use crate::records::{Audit, Digest, User};
use crate::store::{Store, number, stored, write_audit};

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        name: row.get("name")?,
        role: row.get("role")?,
        tenant: row.get("tenant")?,
        token: row.get("token")?,
        time_ns: number(row, "time_ns")?,
    })
}

impl Users for Store {
    fn add_user(&self, user: &User, audit: &Audit<'_>) -> Result<(), StoreError> {
        self.transaction(|connection| {
            let added = connection.execute(
                "INSERT INTO user (name, role, tenant, token, time_ns) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![user.name, user.role, user.tenant, user.token, stored(user.time_ns)],
            );
            match added {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    return Err(StoreError::Refused(format!("there is a user `{}` already", user.name)));
                }
                added => added?,
            };
            write_audit(connection, audit)
        })
    }

    fn remove_user(&self, name: &str, keep_one: &str, audit: &Audit<'_>) -> Result<(), StoreError> {
        self.transaction(|connection| {
            if connection.execute("DELETE FROM user WHERE name = ?1", [name])? == 0 {
                return Err(StoreError::Refused(format!("there is no user `{name}`")));
            }
            let query = "SELECT count(*) FROM user WHERE role = ?1";
            let left: i64 = connection.query_row(query, [keep_one], |row| row.get(0))?;
            if left == 0 {
                return Err(StoreError::Refused(format!(
                    "`{name}` is the last {keep_one}: add another one first"
                )));
            }
            write_audit(connection, audit)
        })
    }

    fn users(&self) -> Result<Vec<User>, StoreError> {
        let connection = self.connection();
        let mut query = connection.prepare_cached("SELECT * FROM user ORDER BY name")?;
        let rows = query.query_map([], user)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn user_of(&self, token: &Digest) -> Result<Option<User>, StoreError> {
        let query = "SELECT * FROM user WHERE token = ?1";
        Ok(self.connection().query_row(query, params![token], user).optional()?)
    }
}
