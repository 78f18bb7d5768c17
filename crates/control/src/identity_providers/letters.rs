//! What is mailed about an identity provider, to those who look after the organization's.

use std::fmt::Write as _;

use domain::{
    identity_providers::SamlSettings, permissions::Permission, principals::MailKind, timestamps::Timestamp,
};
use store::{Tx, identity_providers::IdentityProvider};

use super::drawing::certificates;
use crate::{Control, errors::Failure, notices};

/// Its last certificate ends, or has ended.
pub(super) async fn ending(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    end: Timestamp,
    has_ended: bool,
) -> Result<(), Failure> {
    let name = &provider.name;
    let (subject, first) = match has_ended {
        true => (
            format!("The certificate of {name} has ended"),
            format!("The certificate of the identity provider {name} ended on {}.", end.human()),
        ),
        false => (
            format!("The certificate of {name} ends soon"),
            format!("The certificate of the identity provider {name} ends on {}.", end.human()),
        ),
    };
    let body = format!(
        "{first}\n\nGet the next one from the identity provider and enter it beside the one in use: both are believed until you \
         take the old one out. If the identity provider offers its metadata at an address, enter that: certificates are then \
         taken over by themselves.\n"
    );
    tell(control, tx, provider, &subject, &body).await
}

/// Its metadata said something new, which was taken over.
pub(super) async fn changed(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    before: &SamlSettings,
    after: &SamlSettings,
) -> Result<(), Failure> {
    let mut body = format!(
        "The metadata of the identity provider {} says something new, which was taken over:\n\n",
        provider.name
    );
    for (what, was, is) in [
        ("Address for signing in", &before.sso_url, &after.sso_url),
        ("Address for signing out", &before.slo_url, &after.slo_url),
    ] {
        if was != is {
            let _ = writeln!(body, "{what}: {is}");
        }
    }
    if before.certificates != after.certificates {
        for facts in certificates(after) {
            let _ = writeln!(body, "Certificate until {}: {}", facts.not_after.human(), facts.fingerprint);
        }
    }
    body.push_str(
        "\nIf nobody changed anything at the identity provider, somebody may want to sign in as others: switch it off and ask \
         who looks after it.\n",
    );
    tell(control, tx, provider, &format!("{} changed its metadata", provider.name), &body).await
}

/// Its metadata cannot be read.
pub(super) async fn unread(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    reason: &str,
    since: Timestamp,
) -> Result<(), Failure> {
    let body = format!(
        "The metadata of the identity provider {} cannot be read since {}. People sign in with what it said last, until its \
         certificates end.\n\n{reason}\n",
        provider.name,
        since.human(),
    );
    tell(control, tx, provider, &format!("The metadata of {} cannot be read", provider.name), &body).await
}

async fn tell(
    control: &Control,
    tx: &mut Tx,
    provider: &IdentityProvider,
    subject: &str,
    body: &str,
) -> Result<(), Failure> {
    let (url, id, organization) = (control.public_url(), provider.id, provider.organization_id);
    let body = format!("{body}\nIts page: {url}/organizations/{organization}/identity-providers/{id}\n");
    let permission = Permission::OrganizationIdpsWrite;
    let kind = MailKind::IdentityProvider;
    notices::tell_holders(control, tx, organization, permission, kind, subject, &body).await
}
