//! Taking back: one grant, and what that would do. Giving is in `giving`.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{GrantId, OrganizationId, UnitId},
    principals::ResourceKind,
    views::Effects,
};
use store::{access::Target, grants::Described};

use super::{principal_of, recorded, resource_of, subject};
use crate::{
    Context,
    contexts::Permit,
    effects::{self, Change},
    errors::{Failure, attempt},
    resources,
    standings::{Place, Standing, forbidden, place_of_described},
};

/// Takes a role or permission back.
///
/// # Errors
/// `Denied`; `NotFound`, also for a grant that is gone already.
pub async fn revoke(ctx: &Context, organization: OrganizationId, id: GrantId) -> Result<(), Error> {
    attempt!(ctx, {
        let (permit, _) = authorize_revoking(ctx, organization, id).await?;
        let mut write = permit.write(EventType::PermissionRevoked).await?;
        let found = store::grants::find_described(&mut write.tx, organization, id).await?;
        let row = found.ok_or(Error::NotFound)?;
        let actor = Standing::of_actor(ctx, &mut write.tx, organization).await?;
        if !actor.may_take(&row.grant.granted, place_of_described(&row)) {
            drop(write);
            let granted = row.grant.granted;
            permit.refuse(format!("would take {granted}, which the actor does not hold there")).await?;
            let reason = format!("You cannot take {granted} back here: you do not hold all of it yourself.");
            return Err(forbidden(reason).into());
        }
        store::grants::remove(&mut write.tx, id).await?;
        let principal = principal_of(&row);
        let (kind, subject) = subject(&principal);
        write.subject(kind, principal.id, subject.clone());
        let (granted, resource) = (&row.grant.granted, resource_of(&row));
        write
            .before(&recorded(&subject, granted, &resource, row.grant.expires_at))?
            .text(format!("Revoked {granted} on the {} {} from {subject}", resource.kind, resource.name));
        write.commit().await
    })
}

/// What taking it back would do, without doing it.
///
/// # Errors
/// As [`revoke`].
pub async fn preview_revoke(
    ctx: &Context,
    organization: OrganizationId,
    id: GrantId,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let (permit, row) = authorize_revoking(ctx, organization, id).await?;
        let mut tx = permit.read().await?;
        let principal = (row.grant.principal_kind, row.grant.principal_id);
        let change = Change::TakeGrant { id, place: Place::of(permit.access()?) };
        effects::of(ctx, &mut tx, organization, principal, change).await
    })
}

pub(super) async fn authorize_revoking(
    ctx: &Context,
    organization: OrganizationId,
    id: GrantId,
) -> Result<(Permit, Described), Failure> {
    let mut tx = ctx.any_read().await?;
    let row = store::grants::find_described(&mut tx, organization, id).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let target = match row.grant.resource_kind {
        ResourceKind::Organization => Target::Organization(organization),
        ResourceKind::Unit => Target::Unit(UnitId::from_uuid(row.grant.resource_id)),
        ResourceKind::Project => Target::ProjectName(&row.resource_name),
    };
    let permit = resources::authorize(ctx, Action::Revoke, organization, target).await?;
    Ok((permit, row))
}
