//! Organizations: for now only looking at one.

use domain::{actions::Action, errors::Error, ids::OrganizationId, views::OrganizationView};
use store::access::Target;

use crate::{Context, errors::attempt};

/// The organization, as a member of it sees it.
///
/// # Errors
/// `NotFound` when the actor does not belong to it.
pub async fn view(ctx: &Context, id: OrganizationId) -> Result<OrganizationView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewOrganization, Target::Organization(id)).await?;
        let access = permit.access()?;
        Ok(OrganizationView {
            id,
            name: access.organization_name.clone(),
            is_super_admin: access.is_super_admin,
            powers: permit.powers()?.clone(),
        })
    })
}
