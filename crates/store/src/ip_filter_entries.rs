//! Who may connect to a service: the lines of its IP filter. The ranges arrive in canonical form.

use domain::{ids::ServiceId, timestamps::Timestamp};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_one, fetch_optional, storable},
};

/// One line of an IP filter.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct IpFilterEntry {
    /// The service.
    pub service_id: ServiceId,
    /// The range.
    pub cidr: String,
    /// What it is, in the customer's words.
    pub description: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The service's lines, oldest first.
pub async fn list(tx: &mut Tx, service: ServiceId) -> Result<Vec<IpFilterEntry>, Error> {
    let text = "SELECT * FROM ip_filter_entries WHERE service_id = $1 ORDER BY created_at, cidr";
    fetch_all!(tx, text, service)
}

/// Adds a line. False if the range is in the filter already.
pub async fn add(
    tx: &mut Tx,
    service: ServiceId,
    cidr: &str,
    description: &str,
    at: Timestamp,
) -> Result<bool, Error> {
    let text =
        "INSERT INTO ip_filter_entries (service_id, cidr, description, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (service_id, cidr) DO NOTHING RETURNING cidr";
    let row: Option<(String,)> = fetch_optional!(tx, text, service, cidr, &*storable(description), at)?;
    Ok(row.is_some())
}

/// Removes a line. False if the range is not in the filter.
pub async fn remove(tx: &mut Tx, service: ServiceId, cidr: &str) -> Result<bool, Error> {
    let text = "DELETE FROM ip_filter_entries WHERE service_id = $1 AND cidr = $2";
    Ok(execute!(tx, text, service, cidr)? > 0)
}

/// How many lines the filter has.
pub async fn count(tx: &mut Tx, service: ServiceId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM ip_filter_entries WHERE service_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, service)?;
    Ok(count)
}
