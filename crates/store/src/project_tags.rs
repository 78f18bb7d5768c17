//! Tags of projects: a key and a value each. Which keys there may be is not said here.

use domain::ids::ProjectId;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, results, storable},
};

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Tag {
    /// The project.
    pub project_id: ProjectId,
    /// What it says something about; once per project.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// The databases differ in how they take a set of rows.
const ADD_SQLITE: &str = "INSERT INTO project_tags (project_id, key, value)
    SELECT $1, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($2)";
const ADD_POSTGRES: &str = "INSERT INTO project_tags (project_id, key, value)
    SELECT $1, t.key, t.value FROM unnest($2, $3) t (key, value)";

/// The project's tags, by key.
pub async fn list(tx: &mut Tx, project: ProjectId) -> Result<Vec<Tag>, Error> {
    fetch_all!(tx, "SELECT * FROM project_tags WHERE project_id = $1 ORDER BY key", project)
}

const LIST_SQLITE: &str = "SELECT * FROM project_tags
    WHERE project_id IN (SELECT unhex(value) FROM json_each($1)) ORDER BY project_id, key";
const LIST_POSTGRES: &str = "SELECT * FROM project_tags WHERE project_id = ANY($1) ORDER BY project_id, key";

/// The tags of these projects, by project and key. For one page of a list of projects.
pub async fn list_for_projects(tx: &mut Tx, projects: &[ProjectId]) -> Result<Vec<Tag>, Error> {
    let ids = projects.iter().map(|id| id.uuid());
    match tx {
        Tx::Sqlite(_) => {
            let ids: Vec<_> = ids.map(|id| id.simple().to_string()).collect();
            fetch_all!(tx, LIST_SQLITE, &serde_json::json!(ids).to_string())
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(LIST_POSTGRES).bind(ids.collect::<Vec<_>>());
            results::fetch_all(module_path!(), query.fetch_all(&mut **tx).await)
        }
    }
}

/// Puts these tags, keys and values, in the place of those the project has. No key may come twice.
pub async fn replace(tx: &mut Tx, project: ProjectId, tags: &[(&str, &str)]) -> Result<(), Error> {
    execute!(tx, "DELETE FROM project_tags WHERE project_id = $1", project)?;
    let (keys, values): (Vec<_>, Vec<_>) =
        tags.iter().map(|(key, value)| (storable(key), storable(value))).unzip();
    match tx {
        Tx::Sqlite(_) => {
            let pairs: Vec<_> = keys.iter().zip(&values).collect();
            execute!(tx, ADD_SQLITE, project, &serde_json::json!(pairs).to_string())?;
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(ADD_POSTGRES).bind(project).bind(&keys).bind(&values);
            results::execute(module_path!(), query.execute(&mut **tx).await)?;
        }
    }
    Ok(())
}
