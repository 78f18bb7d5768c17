//! The whole database as text, so that tests can say what a call changed. Knows no table.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row};

use crate::{Store, Tx};

/// Every table with its rows as text, sorted; binary values in hexadecimal.
pub async fn dump(store: &Store) -> BTreeMap<String, Vec<String>> {
    dump_without(store, &[]).await
}

/// The same without these columns, given as table and column: what may change however little is done.
pub async fn dump_without(store: &Store, columns: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    let is_left_out = |table: &str, column: &str| columns.contains(&(table, column));
    let mut tables = BTreeMap::new();
    match store.read().await.unwrap() {
        Tx::Sqlite(mut tx) => {
            let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
            for name in sqlx::query(names).fetch_all(&mut *tx).await.unwrap() {
                let name: String = name.get(0);
                let columns = sqlx::query("SELECT name FROM pragma_table_info($1)")
                    .bind(&name)
                    .fetch_all(&mut *tx)
                    .await
                    .unwrap();
                let columns: Vec<_> = columns
                    .iter()
                    .map(|row| row.get::<String, _>(0))
                    .filter(|column| !is_left_out(&name, column))
                    .map(|column| format!("quote({column})"))
                    .collect();
                let text = format!("SELECT {} FROM {name} ORDER BY 1", columns.join(" || '|' || "));
                let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&mut *tx).await.unwrap();
                tables.insert(name, rows.iter().map(|row| row.get(0)).collect());
            }
        }
        Tx::Postgres(mut tx) => {
            let names = "SELECT table_name::text FROM information_schema.tables
                WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
            for name in sqlx::query(names).fetch_all(&mut *tx).await.unwrap() {
                let name: String = name.get(0);
                let left_out = columns.iter().filter(|(table, _)| *table == name);
                let left_out: String = left_out.map(|(_, column)| format!(" - '{column}'")).collect();
                let text = format!("SELECT (to_jsonb(t){left_out})::text FROM {name} t ORDER BY 1");
                let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&mut *tx).await.unwrap();
                tables.insert(name, rows.iter().map(|row| row.get(0)).collect());
            }
        }
    }
    tables
}
