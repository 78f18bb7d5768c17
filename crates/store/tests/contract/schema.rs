//! The two schemas are the same schema, in the files and in migrated databases; and `migrate` is careful.

use std::{collections::BTreeSet, fs, path::Path};

use sqlx::Row;
use store::{Error, Store, Tx, testing};

use crate::samples::sql;

contract!(migrating_again_does_nothing, a_newer_database_is_refused, a_changed_migration_is_refused);

async fn migrating_again_does_nothing(store: Store) {
    assert_eq!(store.pending_migrations().await.unwrap(), [""; 0]);
    assert_eq!(store.migrate().await.unwrap(), [""; 0]);
}

async fn a_newer_database_is_refused(store: Store) {
    let mut tx = store.write().await.unwrap();
    let text = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT 9999, 'from the future', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
    assert_eq!(sql(&mut tx, text).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(store.pending_migrations().await, Err(Error::Migration(_))));
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, Error::Migration(_)) && error.to_string().contains("9999"), "{error}");
    // The refusal leaves no lock behind.
    store.write().await.unwrap();
    assert!(matches!(store.migrate().await, Err(Error::Migration(_))));
}

async fn a_changed_migration_is_refused(store: Store) {
    let mut tx = store.write().await.unwrap();
    let text = "UPDATE _sqlx_migrations SET checksum =
        (SELECT wrapped_key FROM organizations WHERE created_at = 42) WHERE version = 1";
    store::organizations::add(
        &mut tx,
        &store::organizations::Organization {
            created_at: crate::samples::at(42),
            ..crate::samples::organization(1)
        },
    )
    .await
    .unwrap();
    assert_eq!(sql(&mut tx, text).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(store.pending_migrations().await, Err(Error::Migration(_))));
    assert!(matches!(store.migrate().await, Err(Error::Migration(_))));
}

/// What a fresh database goes through, with two servers at once.
async fn from_nothing(store: Store) {
    let all = store.pending_migrations().await.unwrap();
    assert_eq!(all.first().map(String::as_str), Some("0001_spine"));
    let (one, other) = tokio::join!(store.migrate(), store.migrate());
    let mut applied = one.unwrap();
    applied.extend(other.unwrap());
    assert_eq!(applied, all);
    assert_eq!(store.pending_migrations().await.unwrap(), [""; 0]);
    let mut tx = store.read().await.unwrap();
    assert_eq!(store::users::count(&mut tx).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_migrate_an_empty_sqlite_once() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/empty.db", directory.path().display());
    from_nothing(Store::open(&url).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_migrate_an_empty_postgres_once() {
    let (store, database) = testing::empty_postgres().await;
    from_nothing(store.clone()).await;
    store.close().await;
    database.remove().await;
}

/// One line per fact; equal sets are equal schemas.
type Facts = BTreeSet<String>;

async fn sqlite_facts() -> Facts {
    let (store, _directory) = testing::temporary_sqlite().await;
    let Tx::Sqlite(mut tx) = store.read().await.unwrap() else { unreachable!() };
    let columns = "SELECT 'column ' || t.name || '.' || c.name || ' ' || CASE c.type
            WHEN 'INTEGER' THEN 'number' WHEN 'TEXT' THEN 'text' WHEN 'BLOB' THEN 'bytes' ELSE c.type END
            || CASE WHEN c.\"notnull\" THEN ' required' ELSE '' END || CASE WHEN c.pk > 0 THEN ' key' ELSE '' END
            || CASE WHEN t.strict THEN '' ELSE ' NOT STRICT' END
            || CASE WHEN c.dflt_value IS NULL THEN '' ELSE ' default' END
        FROM pragma_table_list t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations'";
    let references =
        "SELECT 'reference ' || t.name || '.' || f.\"from\" || ' to ' || f.\"table\" || '.' || f.\"to\"
            || ' ' || f.on_delete
        FROM pragma_table_list t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";
    let indexes = "SELECT 'index ' || CASE WHEN i.origin = 'c' THEN i.name ELSE 'of ' || t.name END
            || CASE WHEN i.\"unique\" THEN ' unique' ELSE '' END
            || ' (' || (SELECT group_concat(c.name, ', ') FROM
                (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c) || ')'
        FROM pragma_table_list t, pragma_index_list(t.name) i
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations'";
    let mut facts = Facts::new();
    for text in [columns, references, indexes] {
        let rows = sqlx::query(text).fetch_all(&mut *tx).await.unwrap();
        assert!(!rows.is_empty());
        facts.extend(rows.iter().map(|row| row.get::<String, _>(0)));
    }
    facts
}

async fn postgres_facts() -> Facts {
    let (store, database) = testing::temporary_postgres().await;
    let Tx::Postgres(mut tx) = store.read().await.unwrap() else { unreachable!() };
    let columns = "SELECT 'column ' || c.relname || '.' || a.attname || ' '
            || CASE format_type(a.atttypid, a.atttypmod)
                WHEN 'bigint' THEN 'number' WHEN 'boolean' THEN 'number' WHEN 'text' THEN 'text'
                WHEN 'uuid' THEN 'bytes' WHEN 'bytea' THEN 'bytes' ELSE format_type(a.atttypid, a.atttypmod) END
            || CASE WHEN a.attnotnull THEN ' required' ELSE '' END
            || CASE WHEN EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
                AND a.attnum = ANY(i.indkey)) THEN ' key' ELSE '' END
            || CASE WHEN a.atthasdef THEN ' default' ELSE '' END
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> '_sqlx_migrations'";
    let references = "SELECT 'reference ' || k.conrelid::regclass || '.' || a.attname || ' to '
            || k.confrelid::regclass || '.' || b.attname || ' '
            || CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION' ELSE k.confdeltype::text END
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1] WHERE k.contype = 'f'";
    let indexes = "SELECT 'index '
            || CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype <> 'f')
                THEN 'of ' || i.indrelid::regclass ELSE i.indexrelid::regclass::text END
            || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
            || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY n.place) FROM
                unnest(i.indkey) WITH ORDINALITY n (attnum, place)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n.attnum) || ')'
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> '_sqlx_migrations'";
    let mut facts = Facts::new();
    for text in [columns, references, indexes] {
        let rows = sqlx::query(text).fetch_all(&mut *tx).await.unwrap();
        assert!(!rows.is_empty());
        facts.extend(rows.iter().map(|row| row.get::<String, _>(0)));
    }
    drop(tx);
    store.close().await;
    database.remove().await;
    facts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_schemas_are_the_same() {
    let (sqlite, postgres) = (sqlite_facts().await, postgres_facts().await);
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty(),
        "only SQLite: {only_sqlite:#?}\nonly PostgreSQL: {only_postgres:#?}"
    );
    assert!(!sqlite.iter().any(|fact| fact.contains("STRICT")), "{sqlite:#?}");
    // A required column that is added to a table with rows needs a value for them. Nothing else fills itself in.
    let filled: Vec<&str> = sqlite
        .iter()
        .filter(|fact| fact.contains("default"))
        .filter_map(|fact| fact.split_whitespace().nth(1))
        .collect();
    let added = [
        "grants.created_by",
        "memberships.is_active",
        "organizations.generation",
        "units.generation",
        "users.city",
        "users.country",
        "users.department",
        "users.description",
        "users.generation",
        "users.job_title",
        "users.kind",
    ];
    assert_eq!(filled, added);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_sorted_or_unique_sorts_by_bytes_on_postgres() {
    let (store, database) = testing::temporary_postgres().await;
    let Tx::Postgres(mut tx) = store.read().await.unwrap() else { unreachable!() };
    // Columns in an index that also serves an order: everything in a unique key or index of more than one column.
    let text =
        "SELECT DISTINCT c.relname || '.' || a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
        JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relnamespace = 'public'::regnamespace AND i.indnatts > 1 AND l.collname <> 'C'";
    let rows = sqlx::query(text).fetch_all(&mut *tx).await.unwrap();
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // Looked up by, never sorted by.
    assert_eq!(names.iter().filter(|name| !name.starts_with("step_runs.")).collect::<Vec<_>>(), [""; 0]);
    drop(tx);
    store.close().await;
    database.remove().await;
}

#[test]
fn migrations_come_in_pairs() {
    let names = |kind: &str| -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(kind);
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert_eq!(sqlite, postgres);
    for (number, name) in (1..).zip(&sqlite) {
        assert!(name.starts_with(&format!("{number:04}_")) && name.ends_with(".sql"), "{name}");
    }
}
