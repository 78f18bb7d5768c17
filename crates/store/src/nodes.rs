//! Nodes: the VMs of services. A node that is gone leaves no row; what is known of its end is in its certificate.

use domain::{
    ids::{NodeId, OrganizationId, ServiceId},
    states::NodeState,
    timestamps::Timestamp,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, fetch_optional, storable},
};

/// One VM.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Its service.
    pub service_id: ServiceId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The host that runs it.
    pub host: String,
    /// The zone it is in.
    pub zone: String,
    /// What it is doing.
    pub state: NodeState,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Where clients connect to.
    pub address: Option<String>,
    /// The TCP port there.
    pub port: Option<i64>,
    /// How its VM is run.
    pub accelerator: Option<String>,
    /// When its agent last answered.
    pub seen_at: Option<Timestamp>,
    /// What the agent answered, JSON.
    pub report: Option<String>,
    /// Generation of the IP filter in force in the guest.
    pub ip_filter_generation: Option<i64>,
    /// How often its VM was started.
    pub starts: i64,
    /// Certificate of its server, PEM.
    pub certificate: Option<String>,
    /// The key of that certificate, sealed.
    pub key_sealed: Option<Vec<u8>>,
}

/// Adds a node.
pub async fn add(tx: &mut Tx, node: &Node) -> Result<(), Error> {
    let text =
        "INSERT INTO nodes (id, service_id, organization_id, host, zone, state, created_at, address, port,
            accelerator, seen_at, report, ip_filter_generation, starts, certificate, key_sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    execute!(
        tx,
        text,
        node.id,
        node.service_id,
        node.organization_id,
        &node.host,
        &node.zone,
        node.state,
        node.created_at,
        node.address.as_deref(),
        node.port,
        node.accelerator.as_deref(),
        node.seen_at,
        node.report.as_deref(),
        node.ip_filter_generation,
        node.starts,
        node.certificate.as_deref(),
        node.key_sealed.as_deref(),
    )?;
    Ok(())
}

/// The node of that id.
pub async fn find(tx: &mut Tx, id: NodeId) -> Result<Option<Node>, Error> {
    fetch_optional!(tx, "SELECT * FROM nodes WHERE id = $1", id)
}

/// The service's nodes, oldest first.
pub async fn list(tx: &mut Tx, service: ServiceId) -> Result<Vec<Node>, Error> {
    fetch_all!(tx, "SELECT * FROM nodes WHERE service_id = $1 ORDER BY created_at, id", service)
}

/// Every node there is, with its service: what hosts may hold.
pub async fn list_all(tx: &mut Tx) -> Result<Vec<(NodeId, ServiceId)>, Error> {
    fetch_all!(tx, "SELECT id, service_id FROM nodes ORDER BY id")
}

/// The nodes a host runs, oldest first.
pub async fn list_by_host(tx: &mut Tx, host: &str) -> Result<Vec<Node>, Error> {
    fetch_all!(tx, "SELECT * FROM nodes WHERE host = $1 ORDER BY created_at, id", host)
}

/// Sets what the node is doing.
pub async fn set_state(tx: &mut Tx, id: NodeId, state: NodeState) -> Result<(), Error> {
    execute!(tx, "UPDATE nodes SET state = $2 WHERE id = $1", id, state)?;
    Ok(())
}

/// Notes where the VM is reached and how it is run.
pub async fn set_vm(
    tx: &mut Tx,
    id: NodeId,
    address: &str,
    port: i64,
    accelerator: &str,
) -> Result<(), Error> {
    let text = "UPDATE nodes SET address = $2, port = $3, accelerator = $4 WHERE id = $1";
    execute!(tx, text, id, address, port, accelerator)?;
    Ok(())
}

/// Notes what the agent answered, and which IP filter it says is in force.
pub async fn set_report(
    tx: &mut Tx,
    id: NodeId,
    report: &str,
    seen_at: Timestamp,
    ip_filter_generation: Option<i64>,
) -> Result<(), Error> {
    let text = "UPDATE nodes SET report = $2, seen_at = $3, ip_filter_generation = $4 WHERE id = $1";
    execute!(tx, text, id, &*storable(report), seen_at, ip_filter_generation)?;
    Ok(())
}

/// Sets the certificate of the node's server and the sealed key of it, or forgets the key.
pub async fn set_certificate(
    tx: &mut Tx,
    id: NodeId,
    certificate: &str,
    key_sealed: Option<&[u8]>,
) -> Result<(), Error> {
    let text = "UPDATE nodes SET certificate = $2, key_sealed = $3 WHERE id = $1";
    execute!(tx, text, id, certificate, key_sealed)?;
    Ok(())
}

/// Counts a start of the VM.
pub async fn count_start(tx: &mut Tx, id: NodeId) -> Result<(), Error> {
    execute!(tx, "UPDATE nodes SET starts = starts + 1 WHERE id = $1", id)?;
    Ok(())
}

/// Removes a node whose volumes are removed. False if there is no such node.
pub async fn remove(tx: &mut Tx, id: NodeId) -> Result<bool, Error> {
    Ok(execute!(tx, "DELETE FROM nodes WHERE id = $1", id)? > 0)
}
