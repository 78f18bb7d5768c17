//! Managed services: what was asked for, where it answers, and what ails it.

use domain::{
    ids::{ProjectId, ServiceId},
    states::{ServiceState, ServiceType},
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
};

/// A managed service.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The project that holds it.
    pub project_id: ProjectId,
    /// Its name, unique in the project.
    pub name: String,
    /// What it runs.
    pub service_type: ServiceType,
    /// Id of its plan.
    pub plan: String,
    /// Id of its cloud.
    pub cloud: String,
    /// What it is doing.
    pub state: ServiceState,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// By whom (sign-in name).
    pub created_by: String,
    /// Its first database.
    pub database_name: String,
    /// Its first user.
    pub username: String,
    /// That user's password, sealed.
    pub password_sealed: Vec<u8>,
    /// Where clients connect to, once there is something to connect to.
    pub host: Option<String>,
    /// The TCP port there.
    pub port: Option<i64>,
    /// When its deletion was asked for.
    pub deletion_requested_at: Option<Timestamp>,
    /// By whom.
    pub deletion_requested_by: Option<String>,
    /// Counts up with each change of the IP filter.
    pub ip_filter_generation: i64,
    /// What goes wrong right now.
    pub problem: Option<String>,
    /// When it first answered queries.
    pub running_at: Option<Timestamp>,
}

/// Adds a service. False if the name is taken in its project.
pub async fn add(tx: &mut Tx, service: &Service) -> Result<bool, Error> {
    let text = "INSERT INTO services (id, project_id, name, service_type, plan, cloud, state, created_at,
            created_by, database_name, username, password_sealed, host, port, deletion_requested_at,
            deletion_requested_by, ip_filter_generation, problem, running_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        ON CONFLICT (project_id, name) DO NOTHING RETURNING id";
    let row: Option<(ServiceId,)> = fetch_optional!(
        tx,
        text,
        service.id,
        service.project_id,
        &service.name,
        service.service_type,
        &service.plan,
        &service.cloud,
        service.state,
        service.created_at,
        &service.created_by,
        &service.database_name,
        &service.username,
        &service.password_sealed,
        service.host.as_deref(),
        service.port,
        service.deletion_requested_at,
        service.deletion_requested_by.as_deref(),
        service.ip_filter_generation,
        service.problem.as_deref(),
        service.running_at,
    )?;
    Ok(row.is_some())
}

/// The service of that id.
pub async fn find(tx: &mut Tx, id: ServiceId) -> Result<Option<Service>, Error> {
    fetch_optional!(tx, "SELECT * FROM services WHERE id = $1", id)
}

/// The service of that name in the project.
pub async fn find_by_name(tx: &mut Tx, project: ProjectId, name: &str) -> Result<Option<Service>, Error> {
    fetch_optional!(tx, "SELECT * FROM services WHERE project_id = $1 AND name = $2", project, name)
}

/// The project's services by name, from behind `after` on.
pub async fn list(
    tx: &mut Tx,
    project: ProjectId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Service>, Error> {
    let text = "SELECT * FROM services WHERE project_id = $1 AND name > $2 ORDER BY name LIMIT $3";
    fetch_all!(tx, text, project, after.unwrap_or(""), i64::from(limit))
}

/// How many services the project holds.
pub async fn count(tx: &mut Tx, project: ProjectId) -> Result<i64, Error> {
    let (count,): (i64,) = fetch_one!(tx, "SELECT COUNT(*) FROM services WHERE project_id = $1", project)?;
    Ok(count)
}

/// Sets what the service is doing.
pub async fn set_state(tx: &mut Tx, id: ServiceId, state: ServiceState) -> Result<(), Error> {
    execute!(tx, "UPDATE services SET state = $2 WHERE id = $1", id, state)?;
    Ok(())
}

/// Sets or clears what goes wrong.
pub async fn set_problem(tx: &mut Tx, id: ServiceId, problem: Option<&str>) -> Result<(), Error> {
    let problem = problem.map(storable);
    execute!(tx, "UPDATE services SET problem = $2 WHERE id = $1", id, problem.as_deref())?;
    Ok(())
}

/// Sets where clients connect to.
pub async fn set_endpoint(tx: &mut Tx, id: ServiceId, host: &str, port: i64) -> Result<(), Error> {
    execute!(tx, "UPDATE services SET host = $2, port = $3 WHERE id = $1", id, host, port)?;
    Ok(())
}

/// Notes when the service first answered queries; a later time does not replace an earlier one.
pub async fn set_running_at(tx: &mut Tx, id: ServiceId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, "UPDATE services SET running_at = $2 WHERE id = $1 AND running_at IS NULL", id, at)?;
    Ok(())
}

/// Notes that the service is to be destroyed. False if that was asked for already, or there is no such service.
pub async fn request_deletion(tx: &mut Tx, id: ServiceId, at: Timestamp, by: &str) -> Result<bool, Error> {
    let text = "UPDATE services SET deletion_requested_at = $2, deletion_requested_by = $3
        WHERE id = $1 AND deletion_requested_at IS NULL";
    Ok(execute!(tx, text, id, at, by)? > 0)
}

/// Counts a change of the IP filter; returns the new generation. The service must exist.
pub async fn bump_ip_filter_generation(tx: &mut Tx, id: ServiceId) -> Result<i64, Error> {
    let text = "UPDATE services SET ip_filter_generation = ip_filter_generation + 1 WHERE id = $1
        RETURNING ip_filter_generation";
    let (generation,): (i64,) = fetch_one!(tx, text, id)?;
    Ok(generation)
}

/// Raises the generation of the IP filter to at least this one, without a change of the list.
pub async fn raise_ip_filter_generation(tx: &mut Tx, id: ServiceId, to: i64) -> Result<(), Error> {
    let text = "UPDATE services SET ip_filter_generation = $2 WHERE id = $1 AND ip_filter_generation < $2";
    execute!(tx, text, id, to)?;
    Ok(())
}

/// Removes a service that has no nodes any more, with its IP filter. False if there is no such service.
pub async fn remove(tx: &mut Tx, id: ServiceId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM services WHERE id = $1", id)? > 0)
}

/// How many services there are of each plan, over all tenants: what the hosts must carry.
pub async fn plans_in_use(tx: &mut Tx) -> Result<Vec<(String, i64)>, Error> {
    fetch_all!(tx, "SELECT plan, COUNT(*) FROM services GROUP BY plan ORDER BY plan")
}
