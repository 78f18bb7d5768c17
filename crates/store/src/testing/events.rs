//! Long event logs, made by the database itself. The events of one are copies: their hashes prove nothing.

use domain::ids::OrganizationId;

use crate::{Store, Tx};

macro_rules! repeat {
    ($id:literal, $numbers:literal) => {
        concat!(
            "INSERT INTO events (id, chain_id, sequence, organization_id, project_id, service_id, project_name,
                service_name, event_type, outcome, at, actor, user_id, session_id, credential, address, agent,
                request_id, action, text, before, after, previous_hash, hash, subject_kind, subject_id, subject_name,
                token_id)
            SELECT ",
            $id,
            ", chain_id, sequence + n, organization_id, project_id, service_id, project_name,
                service_name, event_type, outcome, at, actor, user_id, session_id, credential, address, agent,
                request_id, action, text, before, after, previous_hash, hash, subject_kind, subject_id, subject_name,
                token_id
            FROM events CROSS JOIN ",
            $numbers,
            " WHERE chain_id = $1 AND sequence = (SELECT MAX(sequence) FROM events WHERE chain_id = $1)"
        )
    };
}
const SQLITE: &str = repeat!(
    "randomblob(16)",
    "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < $2) SELECT n FROM s) s"
);
const POSTGRES: &str = repeat!("gen_random_uuid()", "generate_series(1::bigint, $2) s (n)");

/// Appends so many copies of the organization's last event to its log.
pub async fn repeat_last_event(store: &Store, organization: OrganizationId, count: i64) {
    let mut tx = store.write().await.unwrap();
    let added = match &mut tx {
        Tx::Sqlite(tx) => {
            let query = sqlx::query(SQLITE).bind(organization).bind(count);
            query.execute(&mut **tx).await.unwrap().rows_affected()
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(POSTGRES).bind(organization).bind(count);
            query.execute(&mut **tx).await.unwrap().rows_affected()
        }
    };
    assert_eq!(i64::try_from(added), Ok(count));
    tx.commit().await.unwrap();
}
