//! What is kept by SCIM and therefore not changed by hand here, and who says so.

use domain::{
    errors::Error,
    ids::{GroupId, OrganizationId, UserId},
    views::ScimKeeper,
};
use store::{Tx, scim_users::Keeper};

use crate::errors::Failure;

/// A keeper as it is shown.
pub(crate) fn shown(keeper: Keeper) -> ScimKeeper {
    ScimKeeper { identity_provider_id: keeper.identity_provider_id, identity_provider_name: keeper.name }
}

/// Refuses a change of their own profile to whom an identity provider keeps.
pub(crate) async fn refuse_profile(tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    let keepers = store::scim_users::keepers(tx, user).await?;
    match keepers.first() {
        None => Ok(()),
        Some(keeper) => Err(Error::conflict(format!(
            "Your profile is managed by SCIM of the identity provider {}: it is changed there.",
            keeper.name
        ))
        .into()),
    }
}

/// Refuses to let somebody in by hand whom an identity provider keeps and has shut out.
pub(crate) async fn refuse_let_in(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<(), Failure> {
    let Some(keeper) = store::scim_users::keeper(tx, organization, user).await? else { return Ok(()) };
    let kept = store::scim_users::find(tx, keeper.identity_provider_id, user).await?;
    match kept.is_none_or(|kept| kept.user.is_active) {
        true => Ok(()),
        false => Err(Error::conflict(format!(
            "They were deactivated by SCIM of the identity provider {}: they are reactivated there.",
            keeper.name
        ))
        .into()),
    }
}

/// Refuses a change of a group that an identity provider keeps.
pub(crate) async fn refuse_group(tx: &mut Tx, group: GroupId) -> Result<(), Failure> {
    match store::scim_groups::keeper(tx, group).await? {
        None => Ok(()),
        Some(keeper) => Err(Error::conflict(obstacle(&keeper)).into()),
    }
}

/// What is said of a group that an identity provider keeps.
pub(crate) fn obstacle(keeper: &Keeper) -> String {
    format!(
        "This group is managed by SCIM of the identity provider {}: its name and its members are changed there.",
        keeper.name
    )
}
