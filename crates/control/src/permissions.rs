//! Grants: who holds what. Giving is in `giving`, taking back in `taking`, and in `ending` what ends with its holder; what follows from grants is in `explanations`,
//! who may give and take in `standings`.

mod ending;
mod giving;
mod principals;
mod taking;

use domain::{
    actions::Action,
    errors::Error,
    ids::{GrantId, OrganizationId},
    principals::UserKind,
    timestamps::Timestamp,
    views::{GrantRow, Page, Principal, Resource},
};
use serde_json::{Value, json};
use store::{
    access::Target,
    grants::{Described, GrantFilter},
};

use crate::{
    Context,
    errors::attempt,
    pages, resources,
    standings::{Place, Standing, place_of_described},
};

pub(crate) use ending::{Ending, TOLD_MAX, tell};
pub use giving::{Given, Giving, grant, preview_grant};
pub(crate) use giving::{parse_days, parse_granted, put};
pub(crate) use principals::{find_principal, parse_principal, subject};
pub use taking::{
    REVOKED_TOGETHER_MAX, Revoked, preview_revoke, preview_revoke_chosen, revoke, revoke_chosen,
};

/// Whose grants, or on what, a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Of one principal: `user:{id}`, `group:{id}`, the e-mail address of a member, or the name of a group or application
    /// user; empty for all.
    pub principal: &'a str,
    /// On one resource itself: `organization`, `unit:{id}` or `project:{name}`; empty for all.
    pub resource: &'a str,
}

/// One page of the grants of an organization, oldest first. Those on a single project are also shown to who may see
/// the permissions of that project alone; to them somebody who is not there is like somebody who holds nothing there.
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
            text => match principals::id_of(ctx, &mut tx, organization, text).await? {
                Some(id) => Some(id),
                None => return Ok(Page { rows: Vec::new(), next: None, total: 0 }),
            },
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

/// One grant, for who may take it back.
///
/// # Errors
/// As [`revoke`].
pub async fn view(ctx: &Context, organization: OrganizationId, id: GrantId) -> Result<GrantRow, Error> {
    attempt!(ctx, {
        let (permit, row) = taking::authorize_revoking(ctx, organization, id).await?;
        let mut tx = permit.read().await?;
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        Ok(draw(row, &actor, ctx.now()))
    })
}

fn principal_of(row: &Described) -> Principal {
    let is_person = row.user_kind != Some(UserKind::Application);
    Principal {
        kind: row.grant.principal_kind,
        id: row.grant.principal_id,
        name: row.principal_name.clone(),
        email: row.principal_email.clone().filter(|_| is_person),
        user_kind: row.user_kind,
        is_active: row.is_active,
    }
}

fn resource_of(row: &Described) -> Resource {
    Resource { kind: row.grant.resource_kind, id: row.grant.resource_id, name: row.resource_name.clone() }
}

/// What events hold of a grant.
fn recorded(subject: &str, granted: &str, resource: &Resource, expires_at: Option<Timestamp>) -> Value {
    json!({
        "principal": subject, "granted": granted, "resource": resource.name, "resource_kind": resource.kind,
        "expires_at": expires_at.map(Timestamp::rfc3339),
    })
}

fn draw(row: Described, actor: &Standing, now: Timestamp) -> GrantRow {
    let may_revoke = actor.may_take(&row.grant.granted, place_of_described(&row));
    GrantRow {
        id: row.grant.id,
        principal: principal_of(&row),
        resource: resource_of(&row),
        granted: row.grant.granted,
        created_at: row.grant.created_at,
        created_by: row.grant.created_by,
        expires_at: row.grant.expires_at,
        is_expired: row.grant.expires_at.is_some_and(|at| at <= now),
        may_revoke,
    }
}
