//! Throwaway databases for tests. Never built into the server.
#![expect(clippy::unwrap_used, reason = "a test that has no database should stop, loudly")]

use tempfile::TempDir;

use crate::Store;

/// A migrated SQLite database in a directory that goes away with the second value.
pub async fn temporary_sqlite() -> (Store, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}/test.db", directory.path().display())).await.unwrap();
    store.migrate().await.unwrap();
    (store, directory)
}
