//! Certificates of destruction: signing, listing, viewing and verifying them (Ed25519, RFC 8032).

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    actions::Action,
    certificates::{ALGORITHM, DestroyedNode, DestructionCertificate, FORMAT, SignedCertificate, is_whole},
    errors::Error,
    ids::{CertificateId, OrganizationId},
    timestamps::Timestamp,
    views::{CertificateRow, CertificateView, Page},
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::Deserialize;
use store::{access::Target, destruction_certificates::Certificate};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{
    Context, Control, MasterKey, Random,
    control::OpenError,
    envelopes::Place,
    errors::{Failure, attempt},
    pages,
};

const SIGNING_KEY: Place = Place { column: "settings.signing_key", row: Uuid::nil() };

/// The installation's signing key. It never leaves this module.
pub(crate) struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads the key from the settings, or makes one at the first start.
    pub(crate) async fn load_or_make(
        tx: &mut store::Tx,
        master_key: &MasterKey,
        random: &dyn Random,
    ) -> Result<Self, OpenError> {
        let made = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new())
            .map_err(|_| OpenError::WrongMasterKey)?;
        let sealed = master_key.seal(random, SIGNING_KEY, made.as_ref());
        store::settings::add_if_absent(tx, "signing_key", &sealed).await?;
        let stored = store::settings::find(tx, "signing_key").await?.unwrap_or_default();
        let pkcs8 = master_key.open(SIGNING_KEY, &stored).map_err(|_| OpenError::WrongMasterKey)?;
        Ed25519KeyPair::from_pkcs8(&pkcs8).map(Self).map_err(|_| OpenError::WrongMasterKey)
    }

    fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }

    /// Signs a certificate: the text is fixed here, byte for byte.
    pub(crate) fn sign(&self, certificate: &DestructionCertificate) -> Result<SignedCertificate, Failure> {
        let text = serde_json::to_string_pretty(certificate)?;
        let signature = STANDARD.encode(self.0.sign(text.as_bytes()).as_ref());
        Ok(SignedCertificate {
            certificate: text,
            algorithm: ALGORITHM.into(),
            public_key: self.public_key(),
            signature,
        })
    }
}

/// The installation's public signing key, base64; publish it where your auditors can find it.
#[must_use]
pub fn public_key(control: &Control) -> String {
    control.signing_key().public_key()
}

/// Checks a certificate's signature and form, without any database.
///
/// With `expected_public_key` the certificate must be signed by that key; without, only that it is whole is shown.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn verify(
    signed: &SignedCertificate,
    expected_public_key: Option<&str>,
) -> Result<DestructionCertificate, String> {
    if signed.algorithm != ALGORITHM {
        return Err(format!("The algorithm is “{}”; only {ALGORITHM} is accepted.", signed.algorithm));
    }
    if let Some(expected) = expected_public_key
        && !bool::from(expected.trim().as_bytes().ct_eq(signed.public_key.as_bytes()))
    {
        return Err("The certificate was signed with another key than the one expected.".into());
    }
    let decode =
        |text: &str, what: &str| STANDARD.decode(text).map_err(|_| format!("The {what} is not base64."));
    let public_key = decode(&signed.public_key, "public key")?;
    let signature = decode(&signed.signature, "signature")?;
    UnparsedPublicKey::new(&ED25519, public_key).verify(signed.certificate.as_bytes(), &signature).map_err(
        |_| "The signature does not fit: the certificate was changed after it was signed.".to_owned(),
    )?;
    let body: DestructionCertificate = serde_json::from_str(&signed.certificate)
        .map_err(|error| format!("The certificate cannot be read: {error}."))?;
    if body.format != FORMAT {
        return Err(format!("The format is “{}”; this program knows {FORMAT}.", body.format));
    }
    Ok(body)
}

/// One page of the certificates of a project, newest first.
///
/// # Errors
/// `Invalid` on `after`; `NotFound`.
pub async fn list(ctx: &Context, project: &str, after: Option<&str>) -> Result<Page<CertificateRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProject, Target::ProjectName(project)).await?;
        let after = parse_key(after)?;
        let id = permit.project()?;
        let mut tx = permit.read().await?;
        let total = store::destruction_certificates::count(&mut tx, id).await?;
        let found = store::destruction_certificates::list(&mut tx, id, after, pages::FETCHED).await?;
        Ok(page(found, total))
    })
}

/// One page of the certificates of an organization, newest first, those of projects that are gone among them.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list_for_organization(
    ctx: &Context,
    organization: OrganizationId,
    after: Option<&str>,
) -> Result<Page<CertificateRow>, Error> {
    attempt!(ctx, {
        let target = Target::Organization(organization);
        let permit = ctx.authorize(Action::ViewOrganizationCertificates, target).await?;
        let after = parse_key(after)?;
        let id = permit.organization()?;
        let mut tx = permit.read().await?;
        let total = store::destruction_certificates::count_for_organization(&mut tx, id).await?;
        let limit = pages::FETCHED;
        let found = store::destruction_certificates::list_for_organization(&mut tx, id, after, limit).await?;
        Ok(page(found, total))
    })
}

/// One certificate of a project, with its signature checked now.
///
/// # Errors
/// `NotFound`.
pub async fn view(ctx: &Context, project: &str, id: CertificateId) -> Result<CertificateView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProject, Target::ProjectName(project)).await?;
        let project_id = permit.project()?;
        let mut tx = permit.read().await?;
        let found = store::destruction_certificates::find(&mut tx, id).await?;
        let found = found.filter(|found| found.project_id == project_id).ok_or(Error::NotFound)?;
        draw(ctx, found)
    })
}

/// One certificate of an organization, whatever became of its project, with its signature checked now.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view_for_organization(
    ctx: &Context,
    organization: OrganizationId,
    id: CertificateId,
) -> Result<CertificateView, Error> {
    attempt!(ctx, {
        let target = Target::Organization(organization);
        let permit = ctx.authorize(Action::ViewOrganizationCertificates, target).await?;
        let organization_id = permit.organization()?;
        let mut tx = permit.read().await?;
        let found = store::destruction_certificates::find(&mut tx, id).await?;
        let found = found.filter(|found| found.organization_id == organization_id).ok_or(Error::NotFound)?;
        draw(ctx, found)
    })
}

fn page(found: Vec<Certificate>, total: i64) -> Page<CertificateRow> {
    let key = |row: &Certificate| pages::time_key(row.destroyed_at, row.id.uuid());
    pages::page(found, total, key, |row| {
        let told = told(&row.body);
        CertificateRow {
            id: row.id,
            project_name: told.project_name,
            service_name: row.service_name,
            destroyed_at: row.destroyed_at,
            is_whole: is_whole(&told.nodes),
        }
    })
}

/// What lists show that is in the signed text alone: the project's name at the time, and what became of the volumes.
#[derive(Default, Deserialize)]
struct Told {
    project_name: String,
    nodes: Vec<DestroyedNode>,
}

fn told(body: &str) -> Told {
    serde_json::from_str(body).unwrap_or_default()
}

fn draw(ctx: &Context, found: Certificate) -> Result<CertificateView, Failure> {
    let signed = SignedCertificate {
        certificate: found.body,
        algorithm: ALGORITHM.into(),
        public_key: found.public_key,
        signature: found.signature,
    };
    let is_valid = verify(&signed, Some(&public_key(&ctx.control))).is_ok();
    Ok(CertificateView { body: serde_json::from_str(&signed.certificate)?, signed, is_valid })
}

fn parse_key(after: Option<&str>) -> Result<Option<(Timestamp, CertificateId)>, Error> {
    Ok(pages::parse_time_key(after)?.map(|(at, id)| (at, CertificateId::from_uuid(id))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{OrganizationId, ProjectId, ServiceId};

    fn signed() -> SignedCertificate {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
        let key = SigningKey(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap());
        let id = Uuid::from_u128(9);
        key.sign(&DestructionCertificate {
            format: FORMAT.into(),
            id: CertificateId::from_uuid(id),
            organization_id: OrganizationId::from_uuid(id),
            organization_name: "Acme".into(),
            project_id: ProjectId::from_uuid(id),
            project_name: "shop".into(),
            service_id: ServiceId::from_uuid(id),
            service_name: "orders".into(),
            requested_by: "ann@example.org".into(),
            destroyed_at: Timestamp::from_micros(0),
            destroyed_at_text: Timestamp::from_micros(0).rfc3339(),
            nodes: Vec::new(),
        })
        .unwrap()
    }

    #[test]
    fn every_flipped_byte_is_found() {
        let good = signed();
        assert!(verify(&good, None).is_ok());
        assert!(verify(&good, Some(&good.public_key)).is_ok());
        for index in 0..good.certificate.len() {
            let mut bytes = good.certificate.clone().into_bytes();
            bytes[index] ^= 1;
            let Ok(certificate) = String::from_utf8(bytes) else { continue };
            assert!(
                verify(&SignedCertificate { certificate, ..good.clone() }, None).is_err(),
                "byte {index}"
            );
        }
    }

    #[test]
    fn another_key_is_found() {
        let (good, other) = (signed(), signed());
        assert!(verify(&good, Some(&other.public_key)).unwrap_err().contains("another key"));
        let mixed = SignedCertificate { public_key: other.public_key, ..good };
        assert!(verify(&mixed, None).is_err());
    }
}
