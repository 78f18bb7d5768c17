//! Signed certificates of destruction, byte for byte as signed. They outlive what they tell of.

use domain::{
    ids::{CertificateId, NodeId, OrganizationId, ProjectId, ServiceId},
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    queries::{fetch_all, fetch_one, fetch_optional},
};

/// A certificate of destruction.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The project, which may be gone.
    pub project_id: ProjectId,
    /// The service, which is gone.
    pub service_id: ServiceId,
    /// Its name.
    pub service_name: String,
    /// When the last check was made.
    pub destroyed_at: Timestamp,
    /// What was signed, JSON.
    pub body: String,
    /// The key that verifies it, base64.
    pub public_key: String,
    /// The signature, base64.
    pub signature: String,
}

/// Adds a certificate. False if the service has one already, which stays.
pub async fn add(tx: &mut Tx, certificate: &Certificate) -> Result<bool, Error> {
    let text =
        "INSERT INTO destruction_certificates (id, organization_id, project_id, service_id, service_name,
            destroyed_at, body, public_key, signature)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (service_id) DO NOTHING RETURNING id";
    let row: Option<(CertificateId,)> = fetch_optional!(
        tx,
        text,
        certificate.id,
        certificate.organization_id,
        certificate.project_id,
        certificate.service_id,
        &certificate.service_name,
        certificate.destroyed_at,
        &certificate.body,
        &certificate.public_key,
        &certificate.signature,
    )?;
    Ok(row.is_some())
}

/// The certificate of that id.
pub async fn find(tx: &mut Tx, id: CertificateId) -> Result<Option<Certificate>, Error> {
    fetch_optional!(tx, "SELECT * FROM destruction_certificates WHERE id = $1", id)
}

/// The certificate of a service that is gone.
pub async fn find_by_service(tx: &mut Tx, service: ServiceId) -> Result<Option<Certificate>, Error> {
    fetch_optional!(tx, "SELECT * FROM destruction_certificates WHERE service_id = $1", service)
}

/// The certificate that tells of a node's destruction. Reads every body: for the rare node that nobody knows.
pub async fn find_by_node(tx: &mut Tx, node: NodeId) -> Result<Option<Certificate>, Error> {
    let pattern = format!("%{node}%");
    fetch_optional!(tx, "SELECT * FROM destruction_certificates WHERE body LIKE $1 LIMIT 1", pattern)
}

/// A project's certificates, newest first, from behind the one with time and id `after` on.
pub async fn list(
    tx: &mut Tx,
    project: ProjectId,
    after: Option<(Timestamp, CertificateId)>,
    limit: u32,
) -> Result<Vec<Certificate>, Error> {
    let (at, id) = after.unwrap_or_else(from_the_newest);
    let text =
        "SELECT * FROM destruction_certificates WHERE project_id = $1 AND (destroyed_at, id) < ($2, $3)
        ORDER BY destroyed_at DESC, id DESC LIMIT $4";
    fetch_all!(tx, text, project, at, id, i64::from(limit))
}

/// How many certificates the project has.
pub async fn count(tx: &mut Tx, project: ProjectId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM destruction_certificates WHERE project_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, project)?;
    Ok(count)
}

/// An organization's certificates in the same order, those of projects that are gone among them.
pub async fn list_for_organization(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Option<(Timestamp, CertificateId)>,
    limit: u32,
) -> Result<Vec<Certificate>, Error> {
    let (at, id) = after.unwrap_or_else(from_the_newest);
    let text =
        "SELECT * FROM destruction_certificates WHERE organization_id = $1 AND (destroyed_at, id) < ($2, $3)
        ORDER BY destroyed_at DESC, id DESC LIMIT $4";
    fetch_all!(tx, text, organization, at, id, i64::from(limit))
}

/// How many certificates the organization has.
pub async fn count_for_organization(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM destruction_certificates WHERE organization_id = $1";
    let (count,): (i64,) = fetch_one!(tx, text, organization)?;
    Ok(count)
}

/// Behind everything there can be.
fn from_the_newest() -> (Timestamp, CertificateId) {
    (Timestamp::from_micros(i64::MAX), CertificateId::from_uuid(Uuid::max()))
}
