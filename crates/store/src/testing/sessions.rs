//! Ending the database's sessions, as an administrator or a fail-over does.

use crate::{Store, Tx};

/// Throws out every session of the PostgreSQL database but the one that does it.
pub async fn end_sessions(store: &Store) {
    let Tx::Postgres(mut tx) = store.read().await.unwrap() else { panic!("only PostgreSQL has sessions") };
    let text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(text).execute(&mut *tx).await.unwrap();
}
