//! Which organization is that of those who operate the installation: the one that it was set up with, and no other after it.

use domain::ids::OrganizationId;
use store::{Error, Tx};

const KEY: &str = "operators_organization";

/// Keeps which it is, unless that is kept already.
pub(crate) async fn keep(tx: &mut Tx, organization: OrganizationId) -> Result<(), Error> {
    store::settings::add_if_absent(tx, KEY, organization.uuid().as_bytes()).await?;
    Ok(())
}

/// Whether it is this one. None is once that one is deleted.
pub(crate) async fn are(tx: &mut Tx, organization: OrganizationId) -> Result<bool, Error> {
    let kept = store::settings::find(tx, KEY).await?;
    Ok(kept.is_some_and(|kept| kept == organization.uuid().as_bytes()))
}
