//! Bringing the schema up to date, from the files in `migrations/` that are built into the program. Never goes back.

use std::collections::HashMap;

use sqlx::{
    Connection, Executor,
    migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator},
};

use crate::{Error, connections::Pools};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");
/// Where sqlx writes down what was applied.
const TABLE: &str = "_sqlx_migrations";

pub(crate) async fn apply(pools: &Pools) -> Result<Vec<String>, Error> {
    match pools {
        Pools::Sqlite { writer, .. } => {
            // sqlx takes no lock on SQLite: the transaction is the lock, and makes all files one step.
            let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
            tx.ensure_migrations_table(TABLE).await?;
            let pending = outstanding(&SQLITE, &tx.list_applied_migrations(TABLE).await?)?;
            SQLITE.run_direct(None, &mut *tx, false).await?;
            tx.commit().await?;
            Ok(pending)
        }
        Pools::Postgres(pool) => {
            // A connection of its own: a migration may take long, and a failed one must not leave its lock behind.
            let mut connection = pool.acquire().await?.detach();
            connection.execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
            connection.lock().await?;
            connection.ensure_migrations_table(TABLE).await?;
            let pending = outstanding(&POSTGRES, &connection.list_applied_migrations(TABLE).await?)?;
            POSTGRES.run_direct(None, &mut connection, false).await?;
            connection.close().await?;
            Ok(pending)
        }
    }
}

pub(crate) async fn pending(pools: &Pools) -> Result<Vec<String>, Error> {
    match pools {
        Pools::Sqlite { readers, .. } => {
            let mut connection = readers.acquire().await?;
            let is_there = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1";
            let found = sqlx::query(is_there).bind(TABLE).fetch_optional(&mut *connection).await?;
            let applied =
                if found.is_some() { connection.list_applied_migrations(TABLE).await? } else { Vec::new() };
            outstanding(&SQLITE, &applied)
        }
        Pools::Postgres(pool) => {
            let mut connection = pool.acquire().await?;
            let is_there = "SELECT 1 WHERE to_regclass($1) IS NOT NULL";
            let found = sqlx::query(is_there).bind(TABLE).fetch_optional(&mut *connection).await?;
            let applied =
                if found.is_some() { connection.list_applied_migrations(TABLE).await? } else { Vec::new() };
            outstanding(&POSTGRES, &applied)
        }
    }
}

/// Names of the migrations that are not applied; an error if what is applied is not what this program has.
fn outstanding(migrator: &Migrator, applied: &[AppliedMigration]) -> Result<Vec<String>, Error> {
    let mut applied: HashMap<i64, _> = applied.iter().map(|one| (one.version, &one.checksum)).collect();
    let mut pending = Vec::new();
    for migration in migrator.iter() {
        match applied.remove(&migration.version) {
            None => pending.push(name(migration)),
            Some(checksum) if *checksum == migration.checksum => {}
            Some(_) => return Err(Error::Migration(MigrateError::VersionMismatch(migration.version))),
        }
    }
    // What remains was applied by a newer program.
    match applied.keys().max() {
        Some(version) => Err(Error::Migration(MigrateError::VersionMissing(*version))),
        None => Ok(pending),
    }
}

/// As its file is called: sqlx reads the underscores of a name as spaces.
fn name(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))
}
