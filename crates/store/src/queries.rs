//! How one SQL text runs on both databases: four macros over ordinary sqlx calls, and the decoding of what comes
//! back. Holds no SQL.

use std::{borrow::Cow, ops::Deref};

use sqlx::{Column, FromRow, Row, ValueRef, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

use crate::Error;

/// Runs one statement on the database of the transaction: `on!(tx, "… $1 …", bind; fetch_all)`. The text is pasted
/// into both arms, so that each is a plain query for its driver. Texts are bound as both databases can take them: see
/// [`Bound`].
macro_rules! on {
    ($tx:expr, $text:expr $(, $bind:expr)*; $run:ident) => {
        match $tx {
            $crate::Tx::Sqlite(tx) => $crate::queries::results::$run(
                module_path!(),
                sqlx::query::<sqlx::Sqlite>($text)
                    $(.bind($crate::queries::bound($bind).storable()))*
                    .$run(&mut **tx)
                    .await,
            ),
            $crate::Tx::Postgres(tx) => $crate::queries::results::$run(
                module_path!(),
                sqlx::query::<sqlx::Postgres>($text)
                    $(.bind($crate::queries::bound($bind).storable()))*
                    .$run(&mut **tx)
                    .await,
            ),
        }
    };
}

/// Runs a statement and counts the rows it changed.
macro_rules! execute {
    ($tx:expr, $text:expr $(, $bind:expr)* $(,)?) => { $crate::queries::on!($tx, $text $(, $bind)*; execute) };
}
/// Fetches the one row there must be.
macro_rules! fetch_one {
    ($tx:expr, $text:expr $(, $bind:expr)* $(,)?) => { $crate::queries::on!($tx, $text $(, $bind)*; fetch_one) };
}
/// Fetches the one row there may be.
macro_rules! fetch_optional {
    ($tx:expr, $text:expr $(, $bind:expr)* $(,)?) => { $crate::queries::on!($tx, $text $(, $bind)*; fetch_optional) };
}
/// Fetches every row.
macro_rules! fetch_all {
    ($tx:expr, $text:expr $(, $bind:expr)* $(,)?) => { $crate::queries::on!($tx, $text $(, $bind)*; fetch_all) };
}
/// Fetches every row of a text about a set of ids. The set is the second value, and where it is looked into is [`among`]:
/// the databases differ in how they take it.
macro_rules! fetch_all_among {
    ($tx:expr, $sqlite:expr, $postgres:expr, $first:expr, $ids:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(tx) => $crate::queries::results::fetch_all(
                module_path!(),
                sqlx::query::<sqlx::Sqlite>($sqlite)
                    .bind($crate::queries::bound($first).storable())
                    .bind($crate::queries::hex($ids))
                    $(.bind($crate::queries::bound($bind).storable()))*
                    .fetch_all(&mut **tx)
                    .await,
            ),
            $crate::Tx::Postgres(tx) => $crate::queries::results::fetch_all(
                module_path!(),
                sqlx::query::<sqlx::Postgres>($postgres)
                    .bind($crate::queries::bound($first).storable())
                    .bind($ids)
                    $(.bind($crate::queries::bound($bind).storable()))*
                    .fetch_all(&mut **tx)
                    .await,
            ),
        }
    };
}
/// What follows the name of a column in such a text.
macro_rules! among {
    (sqlite) => {
        "IN (SELECT unhex(value) FROM json_each($2))"
    };
    (postgres) => {
        "= ANY($2)"
    };
}
pub(crate) use {among, execute, fetch_all, fetch_all_among, fetch_one, fetch_optional, on};

/// A set of ids as SQLite takes it: a JSON array of their digits.
pub(crate) fn hex(ids: &[Uuid]) -> String {
    let digits: Vec<String> = ids.iter().map(|id| id.simple().to_string()).collect();
    serde_json::Value::from(digits).to_string()
}

/// A row that can tell its first column, for error reports.
pub(crate) trait KeyedRow: Row {
    /// The first column as text.
    fn key(&self) -> String;
}

/// What a driver says of a statement that was run.
pub(crate) trait Done {
    /// Rows it changed.
    fn rows(&self) -> u64;
}

macro_rules! driver {
    ($row:ty, $done:ty) => {
        impl KeyedRow for $row {
            fn key(&self) -> String {
                if !self.try_get_raw(0).is_ok_and(|value| !value.is_null()) {
                    return "without a key".to_owned();
                }
                self.try_get::<Uuid, _>(0)
                    .map(|id| id.to_string())
                    .or_else(|_| self.try_get::<String, _>(0))
                    .or_else(|_| self.try_get::<i64, _>(0).map(|number| number.to_string()))
                    .unwrap_or_else(|_| format!("with a binary {}", self.column(0).name()))
            }
        }
        impl Done for $done {
            fn rows(&self) -> u64 {
                self.rows_affected()
            }
        }
    };
}
driver!(SqliteRow, sqlx::sqlite::SqliteQueryResult);
driver!(PgRow, sqlx::postgres::PgQueryResult);

/// What is made of a driver's answer, by the name of the call that got it.
pub(crate) mod results {
    use sqlx::FromRow;

    use super::{Done, KeyedRow, decode};
    use crate::Error;

    pub(crate) fn execute<D: Done>(
        _module: &'static str,
        done: Result<D, sqlx::Error>,
    ) -> Result<u64, Error> {
        Ok(done?.rows())
    }

    pub(crate) fn fetch_one<T, R>(module: &'static str, row: Result<R, sqlx::Error>) -> Result<T, Error>
    where
        R: KeyedRow,
        T: for<'r> FromRow<'r, R>,
    {
        decode(module, &row?)
    }

    pub(crate) fn fetch_optional<T, R>(
        module: &'static str,
        row: Result<Option<R>, sqlx::Error>,
    ) -> Result<Option<T>, Error>
    where
        R: KeyedRow,
        T: for<'r> FromRow<'r, R>,
    {
        row?.map(|row| decode(module, &row)).transpose()
    }

    pub(crate) fn fetch_all<T, R>(
        module: &'static str,
        rows: Result<Vec<R>, sqlx::Error>,
    ) -> Result<Vec<T>, Error>
    where
        R: KeyedRow,
        T: for<'r> FromRow<'r, R>,
    {
        rows?.iter().map(|row| decode(module, row)).collect()
    }
}

/// A value that cannot be read is a bug report with the place, not just a failed query. Modules are named after
/// their tables.
fn decode<T, R>(module: &'static str, row: &R) -> Result<T, Error>
where
    R: KeyedRow,
    T: for<'r> FromRow<'r, R>,
{
    T::from_row(row).map_err(|error| match error {
        sqlx::Error::ColumnDecode { index, source } => Error::Inconsistent {
            table: module.rsplit("::").next().unwrap_or(module),
            column: index.trim_matches('"').to_owned(),
            row: row.key(),
            reason: source.to_string(),
        },
        other => Error::from(other),
    })
}

/// Text from outside with what PostgreSQL cannot store made visible.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// A value for a query. PostgreSQL refuses the whole query for a text with a NUL in it, SQLite takes it: so that the same
/// request has the same answer on both, and nobody's search is an internal error, every text is bound as [`storable`].
pub(crate) struct Bound<T>(AsItIs<T>);

/// What holds no text is bound as it is: a method of [`Bound`] comes before the one of this.
pub(crate) struct AsItIs<T>(T);

/// Makes a value one for a query.
pub(crate) const fn bound<T>(value: T) -> Bound<T> {
    Bound(AsItIs(value))
}

impl<'a> Bound<&'a str> {
    pub(crate) fn storable(self) -> Cow<'a, str> {
        storable(self.0.0)
    }
}

impl<'a> Bound<&'a String> {
    pub(crate) fn storable(self) -> Cow<'a, str> {
        storable(self.0.0)
    }
}

impl<'a> Bound<Option<&'a str>> {
    pub(crate) fn storable(self) -> Option<Cow<'a, str>> {
        self.0.0.map(storable)
    }
}

impl Bound<String> {
    pub(crate) fn storable(self) -> String {
        storable(&self.0.0).into_owned()
    }
}

impl<T> Deref for Bound<T> {
    type Target = AsItIs<T>;

    fn deref(&self) -> &AsItIs<T> {
        &self.0
    }
}

impl<T: Clone> AsItIs<T> {
    pub(crate) fn storable(&self) -> T {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_bound_as_both_databases_take_it() {
        let (text, owned) = ("a\0b", "a\0b".to_owned());
        assert_eq!(bound(text).storable(), "a\u{fffd}b");
        assert_eq!(bound(&owned).storable(), "a\u{fffd}b");
        assert_eq!(bound(owned).storable(), "a\u{fffd}b");
        assert_eq!(bound(Some(text)).storable().as_deref(), Some("a\u{fffd}b"));
        assert_eq!(bound(None::<&str>).storable(), None);
        assert_eq!(bound(7_i64).storable(), 7);
        assert_eq!(bound(&b"\0"[..]).storable(), b"\0");
    }
}
