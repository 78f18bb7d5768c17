//! Taking back: one grant or several, and what that would do. Giving is in `giving`.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{GrantId, OrganizationId, UnitId},
    principals::ResourceKind,
    views::{ChosenGrant, Effects, PAGE_ROWS_MAX, RevocationEffects},
};
use store::{access::Target, grants::Described};

use super::{draw, principal_of, recorded, resource_of, subject};
use crate::{
    Context,
    contexts::Permit,
    effects::{self, Change},
    errors::{Failure, attempt},
    resources,
    standings::{Place, Standing, forbidden, place_of_described},
};

/// Grants that are taken back in one call, at most: a page of the list.
pub const REVOKED_TOGETHER_MAX: usize = PAGE_ROWS_MAX as usize;

/// What became of several grants that were to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Those that are.
    pub revoked: Vec<GrantId>,
    /// Those that stay, each with why.
    pub kept: Vec<(GrantId, Error)>,
}

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
        if let Some(reason) = obstacle(&actor, &row) {
            drop(write);
            let granted = row.grant.granted;
            permit.refuse(format!("would take {granted}, which the actor does not hold there")).await?;
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
        let ids = [id].into();
        let change = Change::TakeGrants { ids: &ids, place: Place::of(permit.access()?) };
        effects::of(ctx, &mut tx, organization, principal, change).await
    })
}

/// What taking back several would do, and which of them would stay and why, without doing it. What is gone already is left
/// out.
///
/// # Errors
/// `Invalid` on `grants` when there are none or too many; `Denied` when all have to stay; `NotFound` when all are gone.
pub async fn preview_revoke_chosen(
    ctx: &Context,
    organization: OrganizationId,
    grants: &[GrantId],
) -> Result<RevocationEffects, Error> {
    attempt!(ctx, {
        let ids = parse_chosen(grants)?;
        let (mut permit, mut refused, mut found) = (None, Error::NotFound, Vec::new());
        for id in &ids {
            let Some(row) = find(ctx, organization, *id).await? else { continue };
            match authorize(ctx, organization, &row).await {
                Ok(given) => {
                    permit = Some(given);
                    found.push((row, None));
                }
                Err(Failure::Refused(Error::NotFound)) => {}
                Err(Failure::Refused(error @ Error::Denied { .. })) => {
                    found.push((row, Some(error.to_string())));
                    refused = error;
                }
                Err(other) => return Err(other),
            }
        }
        let Some(permit) = permit else { return Err(refused.into()) };
        let mut tx = permit.read().await?;
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        let mut would = RevocationEffects::default();
        let (mut taken, mut principals) = (BTreeMap::<Place, BTreeSet<GrantId>>::new(), Vec::new());
        for (row, denied) in found {
            let (place, principal) = (place_of_described(&row), row.grant.principal_kind);
            if denied.is_some() && !sees_grants(&actor, place) {
                continue;
            }
            let obstacle = denied.or_else(|| obstacle(&actor, &row));
            if obstacle.is_none() {
                taken.entry(place).or_default().insert(row.grant.id);
                principals.push((principal, row.grant.principal_id));
            }
            would.grants.push(ChosenGrant { row: draw(row, &actor, ctx.now()), obstacle });
        }
        let changes = taken.iter().map(|(place, ids)| Change::TakeGrants { ids, place: *place });
        let changes: Vec<_> = changes.collect();
        would.effects = effects::of_all(ctx, &mut tx, organization, &principals, &changes).await?;
        would.gone = i64::try_from(ids.len() - would.grants.len()).unwrap_or(i64::MAX);
        Ok(would)
    })
}

/// Takes several back, each for itself and with an event of its own: one that has to stay keeps no other. What is gone
/// already is passed over.
///
/// # Errors
/// `Invalid` on `grants` when there are none or too many; `NotFound`, when all of them are gone; and the reason of the first
/// that has to stay, when none was taken back.
pub async fn revoke_chosen(
    ctx: &Context,
    organization: OrganizationId,
    grants: &[GrantId],
) -> Result<Revoked, Error> {
    let mut revoked = Revoked { revoked: Vec::new(), kept: Vec::new() };
    for id in parse_chosen(grants)? {
        match revoke(ctx, organization, id).await {
            Ok(()) => revoked.revoked.push(id),
            Err(Error::NotFound) => {}
            Err(error) => revoked.kept.push((id, error)),
        }
    }
    match (revoked.revoked.is_empty(), revoked.kept.first()) {
        (true, None) => Err(Error::NotFound),
        (true, Some((_, error))) => Err(error.clone()),
        (false, _) => Ok(revoked),
    }
}

/// Reads which grants were chosen: some, and not too many.
fn parse_chosen(grants: &[GrantId]) -> Result<BTreeSet<GrantId>, Error> {
    if grants.is_empty() {
        return Err(Error::invalid("grants", "Choose at least one."));
    }
    if grants.len() > REVOKED_TOGETHER_MAX {
        return Err(Error::invalid("grants", format!("Choose at most {REVOKED_TOGETHER_MAX} at once.")));
    }
    Ok(grants.iter().copied().collect())
}

/// Why the actor may not take it back, if so.
fn obstacle(actor: &Standing, row: &Described) -> Option<String> {
    let granted = &row.grant.granted;
    let may_take = actor.may_take(granted, place_of_described(row));
    (!may_take).then(|| format!("You cannot revoke {granted} here: you do not hold all of it yourself."))
}

/// Whether they see who holds what at a place.
fn sees_grants(actor: &Standing, place: Place) -> bool {
    let organization = Place::organization(place.organization);
    actor.at(organization).may(Action::ViewPermissions)
        || place.project.is_some() && actor.at(place).may(Action::ViewProjectPermissions)
}

pub(super) async fn authorize_revoking(
    ctx: &Context,
    organization: OrganizationId,
    id: GrantId,
) -> Result<(Permit, Described), Failure> {
    let row = find(ctx, organization, id).await?.ok_or(Error::NotFound)?;
    Ok((authorize(ctx, organization, &row).await?, row))
}

async fn find(
    ctx: &Context,
    organization: OrganizationId,
    id: GrantId,
) -> Result<Option<Described>, Failure> {
    let mut tx = ctx.any_read().await?;
    Ok(store::grants::find_described(&mut tx, organization, id).await?)
}

async fn authorize(ctx: &Context, organization: OrganizationId, row: &Described) -> Result<Permit, Failure> {
    let target = match row.grant.resource_kind {
        ResourceKind::Organization => Target::Organization(organization),
        ResourceKind::Unit => Target::Unit(UnitId::from_uuid(row.grant.resource_id)),
        ResourceKind::Project => Target::ProjectName(&row.resource_name),
    };
    resources::authorize(ctx, Action::Revoke, organization, target).await
}
