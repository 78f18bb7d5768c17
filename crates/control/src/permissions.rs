//! Grants: who holds what, giving and taking back. What follows from them is in `explanations`, who may is in
//! `standings`.

mod principals;

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{GrantId, OrganizationId},
    inputs::GrantPermission,
    permissions::Granted,
    principals::{PrincipalKind, ResourceKind, UserKind},
    timestamps::Timestamp,
    views::{Effects, GrantRow, Page, Principal, Resource},
};
use serde_json::json;
use store::{
    Tx,
    access::Target,
    grants::{Described, Grant, GrantFilter, Held},
};
use uuid::Uuid;

use crate::{
    Context,
    contexts::{Permit, Write},
    effects::{self, Change},
    errors::{Failure, attempt},
    pages, resources,
    standings::{GrantedAt, Place, Standing, forbidden, place_of_described},
};

pub(crate) use principals::{find_principal, parse_principal, subject};

/// Longest life of a grant that ends, in days.
const DAYS_MAX: u32 = 3650;

/// Whose grants, or on what, a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Of one principal: `user:{id}`, `group:{id}` or the e-mail address of a member; empty for all.
    pub principal: &'a str,
    /// On one resource itself: `organization`, `unit:{id}` or `project:{name}`; empty for all.
    pub resource: &'a str,
}

/// One page of the grants of an organization, oldest first. Those on a single project are also shown to who may see
/// the permissions of that project alone.
///
/// # Errors
/// `Invalid` on `after`, `principal` or `resource`; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    filter: Filter<'_>,
    after: Option<&str>,
) -> Result<Page<GrantRow>, Error> {
    attempt!(ctx, {
        let on_all = Target::Organization(organization);
        let target = match filter.resource {
            "" => on_all,
            text => resources::parse(organization, text)?,
        };
        let permit = match target {
            Target::ProjectName(_) => {
                resources::authorize(ctx, Action::ViewProjectPermissions, organization, target).await?
            }
            _ => ctx.authorize(Action::ViewPermissions, on_all).await?,
        };
        let after = pages::parse_time_key(after)?;
        let mut tx = permit.read().await?;
        let principal = match filter.principal {
            "" => None,
            text => Some(principals::id_of(&mut tx, organization, text).await?),
        };
        let resource = match target {
            Target::Organization(_) if filter.resource.is_empty() => None,
            Target::Unit(unit) => Some(unit.uuid()),
            _ => Some(Place::of(permit.access()?).id()),
        };
        let filter = GrantFilter { principal, resource };
        let total = store::grants::count(&mut tx, organization, &filter).await?;
        let found = store::grants::list(&mut tx, organization, &filter, after, pages::FETCHED).await?;
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        let now = ctx.now();
        Ok(pages::page(
            found,
            total,
            |row| pages::time_key(row.grant.created_at, row.grant.id.uuid()),
            |row| draw(row, &actor, now),
        ))
    })
}

/// Gives a role or permission. What was given before to the same principal on the same resource gets the new end.
///
/// # Errors
/// `Invalid` on `principal`, `granted`, `resource` or `days`; `Forbidden` when the actor does not hold what they would
/// give; `Denied`; `NotFound`.
pub async fn grant(
    ctx: &Context,
    organization: OrganizationId,
    input: &GrantPermission,
) -> Result<GrantRow, Error> {
    attempt!(ctx, {
        let asked = Asked::authorize(ctx, organization, input).await?;
        let mut write = asked.permit.write(EventType::PermissionGranted).await?;
        let principal = asked.principal(&mut write.tx, organization, input).await?;
        let actor = Standing::of_actor(ctx, &mut write.tx, organization).await?;
        if !actor.may_give(&asked.grant) {
            drop(write);
            return Err(beyond(&asked).await?);
        }
        let (granted, resource) = (asked.grant.granted, resources::name(asked.permit.access()?));
        let id = put(ctx, &mut write, &asked.grant, (principal.kind, principal.id), asked.expires_at).await?;
        let (kind, subject) = subject(&principal);
        write.subject(kind, principal.id, subject.clone());
        let until = asked.expires_at.map(|at| format!(" until {}", at.rfc3339())).unwrap_or_default();
        write
            .after(&json!({
                "principal": subject, "granted": granted, "resource": resource.name,
                "resource_kind": resource.kind, "expires_at": asked.expires_at.map(Timestamp::rfc3339),
            }))?
            .text(format!("Gave {subject} {granted} on the {} {}{until}", resource.kind, resource.name));
        let row =
            store::grants::find_described(&mut write.tx, organization, id).await?.ok_or(Error::NotFound)?;
        write.commit().await?;
        Ok(draw(row, &actor, ctx.now()))
    })
}

/// What giving it would do, without doing it.
///
/// # Errors
/// As [`grant`].
pub async fn preview_grant(
    ctx: &Context,
    organization: OrganizationId,
    input: &GrantPermission,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let asked = Asked::authorize(ctx, organization, input).await?;
        let mut tx = asked.permit.read().await?;
        let principal = asked.principal(&mut tx, organization, input).await?;
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        if !actor.may_give(&asked.grant) {
            drop(tx);
            return Err(beyond(&asked).await?);
        }
        let (resource, permit_unit) = (resources::name(asked.permit.access()?), asked.permit.unit()?);
        let held = Held {
            id: GrantId::from_uuid(Uuid::nil()),
            organization_id: organization,
            principal_kind: principal.kind,
            principal_id: principal.id,
            granted: asked.grant.granted.as_str().to_owned(),
            resource_kind: resource.kind,
            resource_id: resource.id,
            created_at: ctx.now(),
            expires_at: asked.expires_at,
            created_by: String::new(),
            group_id: None,
            group_name: None,
            resource_name: resource.name,
            resource_unit_id: permit_unit,
        };
        let change = Change::Give(&held);
        effects::of(ctx, &mut tx, organization, (principal.kind, principal.id), change).await
    })
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
        let (granted, resource) = (row.grant.granted, row.resource_name);
        write
            .before(&json!({
                "principal": subject, "granted": granted, "resource": resource,
                "resource_kind": row.grant.resource_kind,
                "expires_at": row.grant.expires_at.map(Timestamp::rfc3339),
            }))?
            .text(format!("Took {granted} on the {} {resource} from {subject}", row.grant.resource_kind));
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

/// One grant, for who may take it back.
///
/// # Errors
/// As [`revoke`].
pub async fn view(ctx: &Context, organization: OrganizationId, id: GrantId) -> Result<GrantRow, Error> {
    attempt!(ctx, {
        let (permit, row) = authorize_revoking(ctx, organization, id).await?;
        let mut tx = permit.read().await?;
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        Ok(draw(row, &actor, ctx.now()))
    })
}

/// Writes a grant down; who calls has looked at the guards.
pub(crate) async fn put(
    ctx: &Context,
    write: &mut Write,
    grant: &GrantedAt,
    (principal_kind, principal_id): (PrincipalKind, Uuid),
    expires_at: Option<Timestamp>,
) -> Result<GrantId, Failure> {
    let grant = Grant {
        id: GrantId::from_uuid(ctx.control.new_uuid()),
        organization_id: grant.place.organization,
        principal_kind,
        principal_id,
        granted: grant.granted.as_str().to_owned(),
        resource_kind: grant.place.kind(),
        resource_id: grant.place.id(),
        created_at: ctx.now(),
        expires_at,
        created_by: write.event.actor.clone(),
    };
    Ok(store::grants::put(&mut write.tx, &grant).await?)
}

/// What somebody asks to give, as far as it can be read without the database's rows.
struct Asked {
    permit: Permit,
    grant: GrantedAt,
    expires_at: Option<Timestamp>,
}

impl Asked {
    async fn authorize(
        ctx: &Context,
        organization: OrganizationId,
        input: &GrantPermission,
    ) -> Result<Self, Failure> {
        let target = resources::parse(organization, &input.resource)?;
        let permit = resources::authorize(ctx, Action::Grant, organization, target).await?;
        let place = Place::of(permit.access()?);
        let granted = parse_granted(&input.granted, place.kind())?;
        let expires_at = parse_days(&input.days, "days")?.map(|days| ctx.now().plus(days));
        Ok(Self { permit, grant: GrantedAt { granted, place, until: expires_at }, expires_at })
    }

    async fn principal(
        &self,
        tx: &mut Tx,
        organization: OrganizationId,
        input: &GrantPermission,
    ) -> Result<Principal, Failure> {
        Ok(find_principal(tx, organization, &input.principal).await?.ok_or_else(|| {
            let reason = "Nobody of that name belongs to the organization. Enter the e-mail address of a member, or choose a group.";
            Error::invalid("principal", reason)
        })?)
    }
}

/// Puts the try on record and says why it is refused.
async fn beyond(asked: &Asked) -> Result<Failure, Failure> {
    let granted = asked.grant.granted;
    asked.permit.refuse(format!("would give {granted}, which the actor does not hold there")).await?;
    let reason =
        format!("You cannot give {granted} here: you do not hold all of it yourself, or not for as long.");
    Ok(forbidden(reason).into())
}

async fn authorize_revoking(
    ctx: &Context,
    organization: OrganizationId,
    id: GrantId,
) -> Result<(Permit, Described), Failure> {
    let mut tx = ctx.any_read().await?;
    let row = store::grants::find_described(&mut tx, organization, id).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let target = match row.grant.resource_kind {
        ResourceKind::Organization => Target::Organization(organization),
        ResourceKind::Unit => Target::Unit(domain::ids::UnitId::from_uuid(row.grant.resource_id)),
        ResourceKind::Project => Target::ProjectName(&row.resource_name),
    };
    let permit = resources::authorize(ctx, Action::Revoke, organization, target).await?;
    Ok((permit, row))
}

/// Reads a role or permission that can be given on a resource of that kind.
pub(crate) fn parse_granted(text: &str, kind: ResourceKind) -> Result<Granted, Error> {
    let granted: Granted = text.trim().parse().map_err(|_| {
        Error::invalid("granted", format!("“{text}” is no role and no permission. Choose one of the list."))
    })?;
    if granted.fits(kind) {
        return Ok(granted);
    }
    let reason =
        format!("{granted} is about the organization; give it on the organization, not on a {kind}.");
    Err(Error::invalid("granted", reason))
}

/// Reads a number of days; empty means none.
pub(crate) fn parse_days(text: &str, field: &str) -> Result<Option<Duration>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let days = text.trim().parse::<u32>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| {
        Error::invalid(field, format!("Enter a whole number of days from 1 to {DAYS_MAX}, or nothing."))
    })?;
    Ok(Some(Duration::from_secs(u64::from(days) * 24 * 3600)))
}

fn principal_of(row: &Described) -> Principal {
    let is_person = row.user_kind != Some(UserKind::Application);
    Principal {
        kind: row.grant.principal_kind,
        id: row.grant.principal_id,
        name: row.principal_name.clone(),
        email: row.principal_email.clone().filter(|_| is_person),
        user_kind: row.user_kind,
    }
}

fn draw(row: Described, actor: &Standing, now: Timestamp) -> GrantRow {
    let may_revoke = actor.may_take(&row.grant.granted, place_of_described(&row));
    GrantRow {
        id: row.grant.id,
        principal: principal_of(&row),
        granted: row.grant.granted,
        resource: Resource {
            kind: row.grant.resource_kind,
            id: row.grant.resource_id,
            name: row.resource_name,
        },
        created_at: row.grant.created_at,
        created_by: row.grant.created_by,
        expires_at: row.grant.expires_at,
        is_expired: row.grant.expires_at.is_some_and(|at| at <= now),
        may_revoke,
    }
}
