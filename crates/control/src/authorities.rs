//! The certificate authority of each project, and the server certificates it signs (RFC 5280). Pure: no database.

use std::{net::IpAddr, time::Duration};

use domain::{agent::TlsFiles, secrets::Secret, timestamps::Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::OffsetDateTime;

/// How long a project's authority lasts.
const AUTHORITY_DAYS: u64 = 3650;
/// How long a server certificate lasts.
const SERVER_DAYS: u64 = 397;
/// How long before its end a certificate is replaced.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far back certificates begin, for clients whose clocks are slow.
const BACKDATE: Duration = Duration::from_secs(24 * 3600);

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a certificate could not be made")]
pub(crate) struct CertificateError(#[from] rcgen::Error);

/// A new authority: its certificate in PEM and its private key in PEM.
pub(crate) fn make(project: &str, now: Timestamp) -> Result<(String, Secret), CertificateError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, format!("Redoubt project {project} CA"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, AUTHORITY_DAYS);
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Secret::new(key.serialize_pem())))
}

/// A server certificate for the names and addresses a service is reached by, with a key made now and kept nowhere else.
pub(crate) fn issue(
    authority: &str,
    authority_key: &Secret,
    common_name: &str,
    addresses: &[IpAddr],
    now: Timestamp,
) -> Result<TlsFiles, CertificateError> {
    let issuer = Issuer::from_ca_cert_pem(authority, KeyPair::from_pem(authority_key.expose())?)?;
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![common_name.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.subject_alt_names.extend(addresses.iter().map(|address| SanType::IpAddress(*address)));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, SERVER_DAYS);
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(TlsFiles {
        certificate: certificate.pem(),
        key: Secret::new(key.serialize_pem()),
        ca: authority.to_owned(),
    })
}

/// Whether a certificate ends soon. One that cannot be read is of no use to anybody.
pub(crate) fn is_due(certificate: &str, now: Timestamp) -> bool {
    let read = || {
        let (_, pem) = x509_parser::pem::parse_x509_pem(certificate.as_bytes()).ok()?;
        let end = pem.parse_x509().ok()?.validity().not_after.timestamp();
        Some(Timestamp::from_micros(end.checked_mul(1_000_000)?))
    };
    read().is_none_or(|end| now.plus(RENEW_BEFORE) >= end)
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, days: u64) {
    params.not_before = date_time(now.minus(BACKDATE));
    params.not_after = date_time(now.plus(Duration::from_secs(days * 24 * 3600)));
}

fn date_time(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.micros() / 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_certificate_is_for_its_address_and_signed_by_its_project() {
        let now = Timestamp::from_micros(1_795_325_845_000_000);
        let (ca, key) = make("acme-shop", now).unwrap();
        let address: IpAddr = "10.213.0.2".parse().unwrap();
        let files = issue(&ca, &key, "orders.acme-shop.redoubt.internal", &[address], now).unwrap();
        assert_eq!(files.ca, ca);
        assert!(files.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(files.key.expose().starts_with("-----BEGIN PRIVATE KEY-----"));

        let days = |count: u64| now.plus(Duration::from_secs(count * 24 * 3600));
        assert!(!is_due(&files.certificate, now));
        assert!(!is_due(&files.certificate, days(366)));
        assert!(is_due(&files.certificate, days(368)));
        assert!(is_due("-----BEGIN CERTIFICATE-----", now));

        let (other_ca, _) = make("acme-shop", now).unwrap();
        assert_ne!(ca, other_ca, "each project has a key of its own");
    }
}
