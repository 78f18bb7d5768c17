//! What is mailed about a domain: to those who look after the organization's domains, and to the people whom it makes managed.

use domain::{permissions::Permission, principals::MailKind, timestamps::Timestamp};
use store::{Tx, domains::Domain, users::User};

use super::changes::{managed, no_longer};
use crate::{Control, errors::Failure, notices};

/// It is the organization's now.
pub(super) async fn verified(
    control: &Control,
    tx: &mut Tx,
    domain: &Domain,
    people: i64,
) -> Result<(), Failure> {
    let body = format!(
        "The domain {} was verified: {}. They are told so by mail.\n\nLeave its {} in place: it is looked for every day.\n",
        domain.name,
        managed(people),
        domain.verification.label(),
    );
    tell(control, tx, domain, &format!("{} is verified", domain.name), &body).await
}

/// Its proof was gone, and is there again.
pub(super) async fn found_again(control: &Control, tx: &mut Tx, domain: &Domain) -> Result<(), Failure> {
    let body =
        format!("The proof that {} is yours was found again. You need not do anything.\n", domain.name);
    tell(control, tx, domain, &format!("The proof of {} is there again", domain.name), &body).await
}

/// Its proof is gone.
pub(super) async fn gone(
    control: &Control,
    tx: &mut Tx,
    domain: &Domain,
    reason: &str,
    lapses_at: Timestamp,
) -> Result<(), Failure> {
    let body = format!(
        "The proof that {} is yours is not found any more.\n\n{reason}\n\nIf it is not there again before {}, the domain is not \
         verified any more: its people are not managed any more, and identity providers that are linked to it stop \
         working for it. It is looked for every hour until then.\n",
        domain.name,
        lapses_at.human(),
    );
    tell(control, tx, domain, &format!("The proof of {} is gone", domain.name), &body).await
}

/// It is the organization's no more.
pub(super) async fn lapsed(
    control: &Control,
    tx: &mut Tx,
    domain: &Domain,
    reason: &str,
    people: i64,
) -> Result<(), Failure> {
    let body = format!(
        "The domain {} is not verified any more, since its proof was gone for 14 days: {}.\n\n{reason}\n\nPut the proof back and \
         verify the domain again if it is still yours.\n",
        domain.name,
        no_longer(people),
    );
    tell(control, tx, domain, &format!("{} is not verified any more", domain.name), &body).await
}

/// Tells the super admins and whoever manages domains.
async fn tell(
    control: &Control,
    tx: &mut Tx,
    domain: &Domain,
    subject: &str,
    body: &str,
) -> Result<(), Failure> {
    let (url, id, organization) = (control.public_url(), domain.id, domain.organization_id);
    let body = format!("{body}\nIts page: {url}/organizations/{organization}/domains/{id}\n");
    let permission = Permission::OrganizationDomainsWrite;
    notices::tell_holders(control, tx, organization, permission, MailKind::Domain, subject, &body).await
}

/// Tells somebody that an organization manages their account from now on.
pub(super) async fn managed_now(
    control: &Control,
    tx: &mut Tx,
    user: &User,
    organization: &str,
    domain: &Domain,
) -> Result<(), Failure> {
    let subject = "Your Redoubt account is managed by an organization now";
    let body = format!(
        "The organization {organization} has proven that the domain {} is its own. It manages the account {} from now on: it decides \
         how you sign in, sees and can end your tokens, and can deactivate or delete the account.\n\nWhat you hold in other \
         organizations stays as it is. If you use this address for something that is not theirs to decide, ask them.\n",
        domain.name, user.email,
    );
    send(control, tx, user, subject, &body).await
}

async fn send(control: &Control, tx: &mut Tx, user: &User, subject: &str, body: &str) -> Result<(), Failure> {
    notices::post_within(control, tx, user, MailKind::Domain, notices::MAILS_MAX, subject, body).await?;
    Ok(())
}
