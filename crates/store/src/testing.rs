//! Throwaway databases for tests: SQLite in a temporary directory, and PostgreSQL on a server that is started for
//! them. Never built into the product.
#![expect(clippy::unwrap_used, reason = "a test that has no database should stop, loudly")]

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::Store;

pub mod crowds;
mod dump;
mod events;
mod postgres;
mod sessions;

pub use dump::{dump, dump_without};
pub use events::repeat_last_event;
pub use postgres::Cluster;
pub use sessions::end_sessions;

/// A migrated SQLite database in a directory that goes away with the second value.
pub async fn temporary_sqlite() -> (Store, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}/test.db", directory.path().display())).await.unwrap();
    store.migrate().await.unwrap();
    (store, directory)
}

/// The server that all tests of a process share.
static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);
/// Whether [`TEMPLATE`] is there.
static IS_TEMPLATE_MADE: OnceCell<()> = OnceCell::const_new();
/// The migrated database that the others are copies of.
const TEMPLATE: &str = "template_of_tests";

/// A PostgreSQL database of one test.
pub struct TemporaryDatabase {
    name: String,
    /// Where it is, for those who want to look past the store.
    pub url: String,
}

/// A migrated PostgreSQL database. Panics if PostgreSQL is not installed: no test is ever skipped for want of it.
pub async fn temporary_postgres() -> (Store, TemporaryDatabase) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    IS_TEMPLATE_MADE
        .get_or_init(|| async {
            administrate(&format!("CREATE DATABASE {TEMPLATE}")).await;
            let store = Store::open(&SHARED.url(TEMPLATE)).await.unwrap();
            store.migrate().await.unwrap();
            store.close().await;
        })
        .await;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    administrate(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    let url = SHARED.url(&name);
    (Store::open(&url).await.unwrap(), TemporaryDatabase { name, url })
}

/// An empty PostgreSQL database, for tests of migrations.
pub async fn empty_postgres() -> (Store, TemporaryDatabase) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("empty_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    administrate(&format!("CREATE DATABASE {name}")).await;
    let url = SHARED.url(&name);
    (Store::open(&url).await.unwrap(), TemporaryDatabase { name, url })
}

impl TemporaryDatabase {
    /// Throws everybody out and removes the database. Without it the database goes with the test's process.
    pub async fn remove(self) {
        administrate(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn administrate(statement: &str) {
    let options: PgConnectOptions = SHARED.url("postgres").parse().unwrap();
    let mut connection: PgConnection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
