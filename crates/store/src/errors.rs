//! The one error of this crate, and which errors of the drivers mean what. Decides nothing about retries.

use sqlx::{migrate::MigrateError, postgres::PgDatabaseError, sqlite::SqliteError};

/// Why the database did not do it. Expected conflicts (a name is taken) are answers, not errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The transaction met another one and was rolled back; do all of it again at once.
    #[error("another transaction was faster; try again")]
    Conflict,
    /// The database does not answer, is locked, or has no room; nothing was changed. Try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The connection was lost while a transaction was being committed: what it did may be there or not. Look before
    /// doing it again.
    #[error("the connection was lost during a commit, which may or may not have been done: {0}")]
    CommitUnknown(#[source] sqlx::Error),
    /// A row holds what no version of this program writes: a bug, or somebody edited the database.
    #[error("row {row} of {table} has a bad {column}: {reason}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
        /// The row's first column, which is its id in most tables.
        row: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// A fault in a statement, or an error that nobody expects.
    #[error("the database refused a statement: {0}")]
    Database(#[source] sqlx::Error),
    /// The schema does not fit this program, or could not be brought up to date.
    #[error("the schema could not be brought up to date: {0}")]
    Migration(#[source] MigrateError),
}

impl Error {
    /// Whether the same transaction may succeed when it is done again: at once for [`Error::Conflict`], later for
    /// [`Error::Unavailable`].
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Unavailable(_))
    }

    /// What an error in place of the answer to a commit means.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        match Self::from(error) {
            Self::Unavailable(error) if is_in_doubt(&error) => Self::CommitUnknown(error),
            other => other,
        }
    }

    /// For statements whose unique key may only be hit by a race: whoever comes second starts again and then sees
    /// the first one's row.
    pub(crate) fn unique_is_conflict(self) -> Self {
        match self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => Self::Conflict,
            other => other,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(database) => match meaning(database.as_ref()) {
                Meaning::Conflict => Self::Conflict,
                Meaning::Unavailable => Self::Unavailable(error),
                Meaning::Other => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        match error {
            // A lost connection says nothing about the schema.
            MigrateError::Execute(cause) => match Self::from(cause) {
                Self::Database(cause) => Self::Migration(MigrateError::Execute(cause)),
                other => other,
            },
            other => Self::Migration(other),
        }
    }
}

/// Whether the database may have committed all the same: it was cut off, rather than saying no.
fn is_in_doubt(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return true };
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // IOERR: what was written before may have reached the disk. BUSY, LOCKED and FULL say no.
        return code.parse::<i64>().is_ok_and(|code| code & 0xff == 10);
    }
    code.starts_with("08") || code.starts_with("58") || code.starts_with("57P")
}

enum Meaning {
    Conflict,
    Unavailable,
    Other,
}

fn meaning(error: &dyn sqlx::error::DatabaseError) -> Meaning {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return postgres_meaning(error.code());
    }
    if let Some(error) = error.try_downcast_ref::<SqliteError>() {
        return sqlite_meaning(sqlx::error::DatabaseError::code(error).and_then(|code| code.parse().ok()));
    }
    Meaning::Other
}

/// By SQLSTATE.
fn postgres_meaning(code: &str) -> Meaning {
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => Meaning::Conflict,
        // A lock or a statement took too long; the server goes down or comes up, or threw the session out.
        "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Meaning::Unavailable,
        // The connection broke; the server lacks memory, disk or connections; an operating system error.
        _ if matches!(code.get(..2), Some("08" | "53" | "58")) => Meaning::Unavailable,
        _ => Meaning::Other,
    }
}

/// By extended result code; its low byte is the primary one.
fn sqlite_meaning(code: Option<i64>) -> Meaning {
    const BUSY_SNAPSHOT: i64 = 517;
    match code.map(|code| (code, code & 0xff)) {
        Some((BUSY_SNAPSHOT, _)) => Meaning::Conflict,
        // BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN.
        Some((_, 5 | 6 | 7 | 10 | 13 | 14)) => Meaning::Unavailable,
        _ => Meaning::Other,
    }
}
