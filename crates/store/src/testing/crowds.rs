//! A crowd for measurements: many people in groups and very many grants, made by the database itself. Measures nothing.

use domain::ids::{OrganizationId, UserId};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Store, Tx};

/// People.
pub const PEOPLE: i64 = 100_000;
/// Groups; each person is in three.
pub const GROUPS: i64 = 10_000;
/// Projects, in [`UNITS`] units.
pub const PROJECTS: i64 = 20_000;
/// Units.
pub const UNITS: i64 = 200;
/// Grants: half to people, half to groups; one in a hundred on a unit, the others on projects.
pub const GRANTS: i64 = 1_000_000;

/// The organization of the crowd.
#[must_use]
pub fn organization() -> OrganizationId {
    OrganizationId::from_uuid(id(1, 0))
}

/// Person of that number, from 0.
#[must_use]
pub fn person(number: i64) -> UserId {
    UserId::from_uuid(id(2, number))
}

/// Name of the project of that number, from 0.
#[must_use]
pub fn project(number: i64) -> String {
    format!("project-{number}")
}

/// Ids are the kind of thing in the first two bytes and its number in the last eight.
fn id(kind: u16, number: i64) -> Uuid {
    Uuid::from_u128(u128::from(kind) << 112 | u128::from(number.unsigned_abs()))
}

/// Makes the crowd in an empty database.
pub async fn gather(store: &Store) {
    let mut tx = store.write().await.unwrap();
    let dialect = match tx {
        Tx::Sqlite(_) => SQLITE,
        Tx::Postgres(_) => POSTGRES,
    };
    for text in people(&dialect).into_iter().chain(places(&dialect)).chain([grants(&dialect)]) {
        match &mut tx {
            Tx::Sqlite(tx) => sqlx::query(AssertSqlSafe(text)).execute(&mut **tx).await.map(drop).unwrap(),
            Tx::Postgres(tx) => {
                sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut **tx).await.unwrap();
                sqlx::query(AssertSqlSafe(text)).execute(&mut **tx).await.map(drop).unwrap();
            }
        }
    }
    tx.commit().await.unwrap();
    analyze(store).await;
}

/// What the two databases write differently.
struct Dialect {
    id: fn(u16, &str) -> String,
    numbers: fn(i64) -> String,
    yes: &'static str,
    no: &'static str,
    no_bytes: &'static str,
}

const SQLITE: Dialect = Dialect {
    id: |kind, number| {
        format!("unhex(printf('%04x', {kind}) || '000000000000' || printf('%016x', {number}))")
    },
    numbers: |count| {
        format!(
            "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {count}) SELECT n FROM s) AS s"
        )
    },
    yes: "1",
    no: "0",
    no_bytes: "x''",
};
const POSTGRES: Dialect = Dialect {
    id: |kind, number| {
        format!("(lpad(to_hex({kind}), 4, '0') || '000000000000' || lpad(to_hex({number}), 16, '0'))::uuid")
    },
    numbers: |count| format!("(SELECT generate_series(0::bigint, {count} - 1) AS n) AS s"),
    yes: "TRUE",
    no: "FALSE",
    no_bytes: "''::bytea",
};

/// The organization, its people and their groups.
fn people(dialect: &Dialect) -> [String; 5] {
    let Dialect { id, numbers, yes, no, no_bytes } = dialect;
    [
        format!(
            "INSERT INTO organizations (id, name, wrapped_key, created_at, generation)
             SELECT {}, 'Crowd', {no_bytes}, 1, 0",
            id(1, "0")
        ),
        format!(
            "INSERT INTO users (id, email, name, password_hash, created_at, is_active)
             SELECT {}, 'person' || n || '@example.org', 'Person ' || n, '', 1, {yes} FROM {}",
            id(2, "n"),
            numbers(PEOPLE)
        ),
        format!(
            "INSERT INTO memberships (organization_id, user_id, is_super_admin, joined_at, is_active)
             SELECT {}, {}, {no}, 1, {yes} FROM {}",
            id(1, "0"),
            id(2, "n"),
            numbers(PEOPLE)
        ),
        format!(
            "INSERT INTO groups (id, organization_id, name, description, created_at, generation)
             SELECT {}, {}, 'Group ' || n, '', 1, 0 FROM {}",
            id(3, "n"),
            id(1, "0"),
            numbers(GROUPS)
        ),
        format!(
            "INSERT INTO group_members (group_id, user_id, added_at) SELECT {}, {}, 1 FROM {}",
            id(3, &format!("((n / {PEOPLE}) * 3333 + n * 7) % {GROUPS}")),
            id(2, &format!("n % {PEOPLE}")),
            numbers(PEOPLE * 3)
        ),
    ]
}

/// Units, and projects in them.
fn places(dialect: &Dialect) -> [String; 2] {
    let Dialect { id, numbers, no_bytes, .. } = dialect;
    [
        format!(
            "INSERT INTO units (id, organization_id, name, created_at, generation)
             SELECT {}, {}, 'Unit ' || n, 1, 0 FROM {}",
            id(4, "n"),
            id(1, "0"),
            numbers(UNITS)
        ),
        format!(
            "INSERT INTO projects (id, organization_id, unit_id, name, ca_certificate, ca_key_sealed, created_at, generation)
             SELECT {}, {}, {}, 'project-' || n, '', {no_bytes}, 1, 0 FROM {}",
            id(5, "n"),
            id(1, "0"),
            id(4, &format!("n % {UNITS}")),
            numbers(PROJECTS)
        ),
    ]
}

/// Grant n: to person or group number n / 2, what and where by its number; each once.
fn grants(dialect: &Dialect) -> String {
    let Dialect { id, numbers, .. } = dialect;
    format!(
        "INSERT INTO grants (id, organization_id, principal_kind, principal_id, granted, resource_kind, resource_id,
            created_at, created_by)
         SELECT {}, {}, CASE WHEN n % 2 = 0 THEN 'user' ELSE 'group' END,
            CASE WHEN n % 2 = 0 THEN {} ELSE {} END,
            CASE (n / 2) % 3 WHEN 0 THEN 'operator' WHEN 1 THEN 'developer' ELSE 'project:services:read' END,
            CASE WHEN n % 100 = 0 THEN 'unit' ELSE 'project' END,
            CASE WHEN n % 100 = 0 THEN {} ELSE {} END, 1, 'crowd'
         FROM {} WHERE TRUE ON CONFLICT DO NOTHING",
        id(6, "n"),
        id(1, "0"),
        id(2, &format!("(n / 2) % {PEOPLE}")),
        id(3, &format!("(n / 2) % {GROUPS}")),
        id(4, &format!("(n / 100) % {UNITS}")),
        id(5, &format!("(n * 31 + n / {PROJECTS}) % {PROJECTS}")),
        numbers(GRANTS),
    )
}

/// Lets the database look at what it holds, as its own upkeep does in time.
async fn analyze(store: &Store) {
    match &store.pools {
        crate::connections::Pools::Sqlite { writer, .. } => {
            sqlx::query("ANALYZE").execute(writer).await.map(drop).unwrap();
        }
        crate::connections::Pools::Postgres(pool) => {
            sqlx::raw_sql("SET statement_timeout = 0; ANALYZE").execute(pool).await.map(drop).unwrap();
        }
    }
}

/// Grants that there are.
pub async fn count(store: &Store) -> i64 {
    let mut tx = store.read().await.unwrap();
    let filter = crate::grants::GrantFilter::default();
    crate::grants::count(&mut tx, organization(), &filter).await.unwrap()
}
