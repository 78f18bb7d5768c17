//! Certificates of destruction as readers see them; making and checking them is in `crate::certificates`.

use serde::{Deserialize, Serialize};

use crate::{
    certificates::{DestructionCertificate, SignedCertificate},
    ids::CertificateId,
    timestamps::Timestamp,
};

/// A certificate of destruction in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRow {
    /// Its id.
    pub id: CertificateId,
    /// The project that the service was in, which may be gone as well.
    pub project_name: String,
    /// The service that is gone.
    pub service_name: String,
    /// When it was destroyed.
    pub destroyed_at: Timestamp,
    /// Whether every volume was erased, not only its key.
    pub is_whole: bool,
}

/// A certificate with what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// What people download.
    pub signed: SignedCertificate,
    /// What it says.
    pub body: DestructionCertificate,
    /// Whether the signature was just found good.
    pub is_valid: bool,
}
