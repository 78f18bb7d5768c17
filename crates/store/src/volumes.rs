//! Volumes: the encrypted disks of nodes. Fingerprints only; no key ever comes here.

use domain::{
    ids::{NodeId, ServiceId, VolumeId},
    states::VolumeKind,
};

use crate::{
    Error, Tx,
    queries::{execute, fetch_all, storable},
};

/// One LUKS2 disk.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// The node it belongs to.
    pub node_id: NodeId,
    /// Which disk of the node it is.
    pub kind: VolumeKind,
    /// Its size.
    pub size_mib: i64,
    /// UUID in its LUKS header, once it is made.
    pub luks_uuid: Option<String>,
    /// SHA-256 (hex) of the LUKS2 digest.
    pub volume_key_fingerprint: Option<String>,
    /// SHA-256 (hex) of the unlock key.
    pub unlock_key_fingerprint: Option<String>,
    /// What the guest's cryptsetup says of it, JSON.
    pub report: Option<String>,
}

/// Adds a volume.
pub async fn add(tx: &mut Tx, volume: &Volume) -> Result<(), Error> {
    let text = "INSERT INTO volumes (id, node_id, kind, size_mib, luks_uuid, volume_key_fingerprint,
            unlock_key_fingerprint, report)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    execute!(
        tx,
        text,
        volume.id,
        volume.node_id,
        volume.kind,
        volume.size_mib,
        volume.luks_uuid.as_deref(),
        volume.volume_key_fingerprint.as_deref(),
        volume.unlock_key_fingerprint.as_deref(),
        volume.report.as_deref(),
    )?;
    Ok(())
}

/// The node's volumes, by kind.
pub async fn list(tx: &mut Tx, node: NodeId) -> Result<Vec<Volume>, Error> {
    fetch_all!(tx, "SELECT * FROM volumes WHERE node_id = $1 ORDER BY kind", node)
}

/// The volumes of all nodes of a service, by node and kind.
pub async fn list_for_service(tx: &mut Tx, service: ServiceId) -> Result<Vec<Volume>, Error> {
    let text = "SELECT v.* FROM volumes v JOIN nodes n ON n.id = v.node_id
        WHERE n.service_id = $1 ORDER BY n.created_at, n.id, v.kind";
    fetch_all!(tx, text, service)
}

/// Notes what the host says of the volume it made.
pub async fn set_facts(
    tx: &mut Tx,
    id: VolumeId,
    luks_uuid: &str,
    volume_key_fingerprint: &str,
    unlock_key_fingerprint: &str,
) -> Result<(), Error> {
    let text = "UPDATE volumes SET luks_uuid = $2, volume_key_fingerprint = $3, unlock_key_fingerprint = $4
        WHERE id = $1";
    execute!(tx, text, id, luks_uuid, volume_key_fingerprint, unlock_key_fingerprint)?;
    Ok(())
}

/// Notes what the guest says of the open volume.
pub async fn set_report(tx: &mut Tx, id: VolumeId, report: &str) -> Result<(), Error> {
    execute!(tx, "UPDATE volumes SET report = $2 WHERE id = $1", id, &*storable(report))?;
    Ok(())
}

/// Removes the volumes of a node that is shredded; returns how many.
pub async fn remove_for_node(tx: &mut Tx, node: NodeId) -> Result<u64, Error> {
    execute!(tx, "DELETE FROM volumes WHERE node_id = $1", node)
}
