//! The secrets that identity providers know us by: what may be one, and how they are kept. They are entered, and never shown.

use domain::{
    errors::Error,
    identity_providers::{CLIENT_SECRET_CHARS_MAX, ProviderProtocol},
    secrets::Secret,
};
use store::{Tx, identity_providers::IdentityProvider};

use crate::{Control, envelopes::Place, errors::Failure};

/// A new secret, if there is one.
pub(super) fn checked(protocol: ProviderProtocol, secret: Option<&Secret>) -> Result<Option<&Secret>, Error> {
    let Some(secret) = secret.filter(|secret| !secret.expose().is_empty()) else { return Ok(None) };
    if protocol != ProviderProtocol::Oidc {
        return Err(Error::invalid("client_secret", "Only OpenID Connect knows a client secret."));
    }
    let text = secret.expose();
    // What can be in a client secret (RFC 6749, appendix A.2).
    if text.chars().count() > CLIENT_SECRET_CHARS_MAX || !text.chars().all(|sign| matches!(sign, ' '..='~')) {
        let reason = format!("Enter one line of at most {CLIENT_SECRET_CHARS_MAX} characters of ASCII.");
        return Err(Error::invalid("client_secret", reason));
    }
    Ok(Some(secret))
}

/// A secret as it is kept.
pub(super) async fn seal(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    secret: &Secret,
) -> Result<Vec<u8>, Failure> {
    let key = control.organization_key(tx, provider.organization_id).await?;
    Ok(key.seal(control.random(), place(provider), secret.expose().as_bytes()))
}

/// The secret that an identity provider knows us by, if there is one.
pub(crate) async fn client_secret(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
) -> Result<Option<Secret>, Failure> {
    let Some(sealed) = &provider.secret_sealed else { return Ok(None) };
    let key = control.organization_key(tx, provider.organization_id).await?;
    let text = key.open(place(provider), sealed)?;
    Ok(Some(Secret::new(String::from_utf8_lossy(&text).into_owned())))
}

const fn place(provider: &IdentityProvider) -> Place {
    Place { column: "identity_providers.secret_sealed", row: provider.id.uuid() }
}
