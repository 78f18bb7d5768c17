//! The certificate of destruction: what was destroyed, how each step was checked, and the signed envelope around it.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CertificateId, NodeId, OrganizationId, ProjectId, ServiceId, VolumeId},
    states::VolumeKind,
    timestamps::Timestamp,
};

/// Format name inside the body.
pub const FORMAT: &str = "redoubt-destruction-certificate/1";
/// Name of the signature algorithm (RFC 8032).
pub const ALGORITHM: &str = "Ed25519";

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionCertificate {
    /// [`FORMAT`].
    pub format: String,
    /// Id of this certificate.
    pub id: CertificateId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Its name at the time.
    pub organization_name: String,
    /// The project.
    pub project_id: ProjectId,
    /// Its name at the time.
    pub project_name: String,
    /// The service.
    pub service_id: ServiceId,
    /// Its name.
    pub service_name: String,
    /// Who asked for the deletion (sign-in name).
    pub requested_by: String,
    /// When the last check was made.
    pub destroyed_at: Timestamp,
    /// The same instant as text (RFC 3339).
    pub destroyed_at_text: String,
    /// Every node the service had at the end.
    pub nodes: Vec<DestroyedNode>,
}

/// One VM that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestroyedNode {
    /// The node.
    pub node_id: NodeId,
    /// The host that ran it.
    pub host: String,
    /// Its volumes.
    pub volumes: Vec<DestroyedVolume>,
    /// What was done, in order, and how each step was checked.
    pub steps: Vec<DestructionStep>,
}

/// Whether every volume of the nodes was erased, not only its key.
#[must_use]
pub fn is_whole(nodes: &[DestroyedNode]) -> bool {
    nodes.iter().flat_map(|node| &node.volumes).all(|volume| volume.not_erased.is_none())
}

/// One volume that cannot be opened any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestroyedVolume {
    /// The volume.
    pub volume_id: VolumeId,
    /// Which disk it was.
    pub kind: VolumeKind,
    /// UUID in its LUKS header.
    pub luks_uuid: String,
    /// SHA-256 (hex) of its LUKS2 digest: names the volume key without telling anything of it.
    pub volume_key_fingerprint: String,
    /// SHA-256 (hex) of its unlock key.
    pub unlock_key_fingerprint: String,
    /// Why the volume itself was not erased, so that only its key is gone; nothing if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_erased: Option<String>,
}

/// One thing done on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionStep {
    /// What was done.
    pub what: String,
    /// How it was checked, with what was seen.
    pub check: String,
    /// When the check was made.
    pub at: Timestamp,
}

/// The body as exact text, with its signature: what people download and `redoubt verify-certificate` reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCertificate {
    /// The JSON text of a [`DestructionCertificate`], byte for byte as signed.
    pub certificate: String,
    /// [`ALGORITHM`].
    pub algorithm: String,
    /// The installation's public signing key, base64. Compare it with the one the installation publishes.
    pub public_key: String,
    /// Signature over the bytes of `certificate`, base64.
    pub signature: String,
}
