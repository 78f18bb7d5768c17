//! Opening a database, and transactions on it: [`Store`] and [`Tx`]. Holds no statement of any table.

use std::{
    fs::{OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    str::FromStr,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Error, migrations};

/// How long to wait for a connection, and for a lock that somebody else holds.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Connections that read at the same time on SQLite. Each is a thread.
const SQLITE_READERS_MAX: u32 = 4;
/// The write-ahead log is cut back to this size after a checkpoint.
const SQLITE_LOG_BYTES_KEPT: &str = "67108864";
/// Connections per server on PostgreSQL.
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// No statement of this crate takes long; one that does holds up others.
const POSTGRES_STATEMENT_MAX: &str = "30s";
/// A transaction whose server has gone holds up others.
const POSTGRES_IDLE_TRANSACTION_MAX: &str = "60s";

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Pools,
}

#[derive(Clone)]
pub(crate) enum Pools {
    /// Many read, one writes: SQLite has one writer anyway, and this way it queues here instead of failing there.
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    /// All alike.
    Postgres(PgPool),
}

impl Store {
    /// Opens the database: `sqlite:///directory/file.db` (made if it is not there) or `postgres://…`.
    /// Changes no schema; see [`Store::migrate`].
    pub async fn open(url: &str) -> Result<Self, Error> {
        let pools = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => open_sqlite(url).await?,
            Some("postgres" | "postgresql") => open_postgres(url).await?,
            _ => {
                let reason = "the database's URL must begin with sqlite:// or postgres://";
                return Err(Error::Database(sqlx::Error::Configuration(reason.into())));
            }
        };
        Ok(Self { pools })
    }

    /// Brings the schema up to date; returns what was applied. Safe to call from several servers at once.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        migrations::apply(&self.pools).await
    }

    /// The migrations that [`Store::migrate`] would apply. An error if the database is newer than this program.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        migrations::pending(&self.pools).await
    }

    /// A transaction that sees one state of the database and changes nothing.
    pub async fn read(&self) -> Result<Tx, Error> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// A transaction that is serializable against all others. Await nothing but the database while it is open.
    pub async fn write(&self) -> Result<Tx, Error> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await?)
            }
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => readers.acquire().await?.ping().await?,
            Pools::Postgres(pool) => pool.acquire().await?.ping().await?,
        }
        Ok(())
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.pools {
            Pools::Sqlite { .. } => "sqlite",
            Pools::Postgres(_) => "postgres",
        }
    }

    /// Waits for open transactions and closes all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction. Dropping it rolls it back. After an error it is good for nothing but dropping.
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes everything that was done in it last. On an error nothing was done, but for [`Error::CommitUnknown`].
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
        .map_err(Error::of_commit)
    }
}

async fn open_sqlite(url: &str) -> Result<Pools, Error> {
    let options = SqliteConnectOptions::from_str(url)?.foreign_keys(true).busy_timeout(WAIT_MAX);
    make_private(options.get_filename())?;
    let writer_options = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", SQLITE_LOG_BYTES_KEPT);
    // The writer stays: when the last connection that may write closes, the log that readers need goes with it.
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(WAIT_MAX)
        .connect_with(writer_options)
        .await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS_MAX)
        .acquire_timeout(WAIT_MAX)
        .connect_lazy_with(options.read_only(true));
    Ok(Pools::Sqlite { readers, writer })
}

/// Makes the file, or takes everybody else's access to it away; SQLite gives its log the same mode.
fn make_private(path: &Path) -> Result<(), Error> {
    if !path.is_absolute() {
        let reason = "SQLite needs an absolute path, as in sqlite:///var/lib/redoubt/redoubt.db";
        return Err(Error::Database(sqlx::Error::Configuration(reason.into())));
    }
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.and_then(|file| file.set_permissions(Permissions::from_mode(0o600))).map_err(|error| {
        let text = format!("{}: {error}", path.display());
        Error::Unavailable(sqlx::Error::Io(io::Error::new(error.kind(), text)))
    })
}

async fn open_postgres(url: &str) -> Result<Pools, Error> {
    let options = PgConnectOptions::from_str(url)?.options([
        ("statement_timeout", POSTGRES_STATEMENT_MAX),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", POSTGRES_IDLE_TRANSACTION_MAX),
        // After a commit that met another transaction the driver rolls back once more, and each time the server warns
        // that there is nothing to roll back.
        ("client_min_messages", "error"),
    ]);
    // A pool only ever says that it timed out; a single connection says why.
    tokio::time::timeout(WAIT_MAX, options.connect())
        .await
        .map_err(|_| Error::Unavailable(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))??
        .close()
        .await?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS_MAX)
        .acquire_timeout(WAIT_MAX)
        .connect_lazy_with(options);
    Ok(Pools::Postgres(pool))
}
