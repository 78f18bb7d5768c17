//! Whom to tell of what happens in a project: e-mail addresses, in lower case. They need not be anybody's here.

use domain::ids::ProjectId;

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, results},
};

/// The databases differ in how they take a set.
const ADD_SQLITE: &str =
    "INSERT INTO project_contacts (project_id, email) SELECT $1, value FROM json_each($2)";
const ADD_POSTGRES: &str = "INSERT INTO project_contacts (project_id, email) SELECT $1, unnest($2)";

/// The project's contacts, in order.
pub async fn list(tx: &mut Tx, project: ProjectId) -> Result<Vec<String>, Error> {
    let text = "SELECT email FROM project_contacts WHERE project_id = $1 ORDER BY email";
    let rows: Vec<(String,)> = fetch_all!(tx, text, project)?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

/// Puts these contacts in the place of those the project has. None may come twice.
pub async fn replace(tx: &mut Tx, project: ProjectId, emails: &[&str]) -> Result<(), Error> {
    execute!(tx, "DELETE FROM project_contacts WHERE project_id = $1", project)?;
    match tx {
        Tx::Sqlite(_) => {
            execute!(tx, ADD_SQLITE, project, &serde_json::Value::from(emails).to_string())?;
        }
        Tx::Postgres(tx) => {
            let query = sqlx::query(ADD_POSTGRES).bind(project).bind(emails);
            results::execute(module_path!(), query.execute(&mut **tx).await)?;
        }
    }
    Ok(())
}
