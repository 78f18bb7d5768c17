//! Tags of projects: a key and a value each. Which keys there may be is not said here.

use domain::ids::{OrganizationId, ProjectId};

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

/// The tags of the organization's projects whose names lie between these two, or are one of them; by project name and
/// key. For one page of a list of projects.
pub async fn list_between(
    tx: &mut Tx,
    organization: OrganizationId,
    first_name: &str,
    last_name: &str,
) -> Result<Vec<Tag>, Error> {
    let text = "SELECT t.* FROM projects p JOIN project_tags t ON t.project_id = p.id
        WHERE p.organization_id = $1 AND p.name BETWEEN $2 AND $3 ORDER BY p.name, t.key";
    fetch_all!(tx, text, organization, first_name, last_name)
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
