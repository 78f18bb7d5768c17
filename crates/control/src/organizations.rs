//! Organizations: looking at one, making, renaming and deleting. Who belongs to them is in `users` and `invitations`.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{EventId, OrganizationId},
    lists::{self, NAMES_TOLD_MAX},
    names::OrganizationName,
    powers::Powers,
    principals::ResourceKind,
    views::OrganizationView,
};
use serde_json::json;
use store::{
    Tx,
    access::{Access, Target},
    events::Event,
    knowers::Knower,
    organizations::Organization,
    projects::ProjectFilter,
};

use crate::{
    Context, access, audit,
    contexts::Reach,
    errors::{Failure, attempt},
    managed,
    permissions::Ending,
    profiles,
    standings::guarded,
};

/// Organizations that one person can belong to and still make another, at most.
pub const ORGANIZATIONS_MAX: usize = 100;

/// The organization, as a member of it sees it.
///
/// # Errors
/// `NotFound` when the actor does not belong to it.
pub async fn view(ctx: &Context, id: OrganizationId) -> Result<OrganizationView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewOrganization, Target::Organization(id)).await?;
        look(ctx, &mut permit.read().await?, id).await
    })
}

/// Makes an organization, whose super admin is who makes it.
///
/// # Errors
/// `Invalid` on `name`; `Conflict` for who belongs to too many; `Forbidden` for who is managed by an organization that they do not
/// administer; `Denied` for tokens.
pub async fn create(ctx: &Context, name: &str) -> Result<OrganizationView, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::CreateOrganization)?;
        let (control, now) = (&ctx.control, ctx.now());
        let mut write = permit.write(EventType::OrganizationCreated).await?;
        // Before the form is read: who is shut out is told so, and nothing else.
        let user = profiles::person(ctx, &mut write.tx).await?;
        let obstacle = managed::organization_obstacle(ctx, &mut write.tx).await?;
        let mut write = guarded(&permit, write, obstacle, "with a managed account").await?;
        let name: OrganizationName = name.parse().map_err(|error| Error::name("name", error))?;
        if store::organizations::list_for_user(&mut write.tx, user.id).await?.len() >= ORGANIZATIONS_MAX {
            let reason = format!("You belong to {ORGANIZATIONS_MAX} organizations. Leave one first.");
            return Err(Error::conflict(reason).into());
        }
        let id = OrganizationId::from_uuid(control.new_uuid());
        let (_, wrapped_key) = control.master_key().make_organization_key(control.random(), id.uuid());
        let organization =
            Organization { id, name: name.as_str().to_owned(), wrapped_key, created_at: now, generation: 0 };
        store::organizations::add(&mut write.tx, &organization).await?;
        store::memberships::add(&mut write.tx, id, user.id, true, now).await?;
        let view = look(ctx, &mut write.tx, id).await?;
        write.event.organization_id = Some(id);
        write
            .after(&json!({ "name": name }))?
            .text(format!("Created the organization {name}, with {} as its super admin", user.email));
        write.commit().await?;
        Ok(view)
    })
}

/// Gives an organization another name.
///
/// # Errors
/// `Invalid` on `name`; `Conflict` when somebody else changed it since `generation`; `Denied`; `NotFound`.
pub async fn rename(
    ctx: &Context,
    id: OrganizationId,
    generation: i64,
    name: &str,
) -> Result<OrganizationView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RenameOrganization, Target::Organization(id)).await?;
        let name: OrganizationName = name.parse().map_err(|error| Error::name("name", error))?;
        let mut write = permit.write(EventType::OrganizationRenamed).await?;
        let Organization { name: before, generation: present, .. } = find(&mut write.tx, id).await?;
        let stale = || {
            Error::conflict(format!(
                "Somebody else changed this meanwhile. It is now “{before}”; you sent “{name}”."
            ))
        };
        if present != generation {
            return Err(stale().into());
        }
        if before == name.as_str() {
            return look(ctx, &mut write.tx, id).await;
        }
        if !store::organizations::rename(&mut write.tx, id, generation, name.as_str()).await? {
            return Err(stale().into());
        }
        let view = look(ctx, &mut write.tx, id).await?;
        write
            .before(&json!({ "name": before }))?
            .after(&json!({ "name": name }))?
            .text(format!("Renamed the organization {before} to {name}"));
        write.commit().await?;
        Ok(view)
    })
}

/// Why the actor may not make another organization, if so: who manages their account says it.
///
/// # Errors
/// `Unauthenticated`.
pub async fn making_obstacle(ctx: &Context) -> Result<Option<String>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnProfile)?;
        managed::organization_obstacle(ctx, &mut permit.read().await?).await
    })
}

/// The names of the organizations that the actor belongs to and is deactivated in: nothing else in them is told to them.
///
/// # Errors
/// `Unauthenticated`.
pub async fn shut_out_of(ctx: &Context) -> Result<Vec<String>, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnProfile)?;
        let mut tx = permit.read().await?;
        Ok(store::organizations::list_shut_out(&mut tx, ctx.user()?).await?)
    })
}

/// Deletes an organization that holds neither projects nor units, with its memberships, groups, grants, application users
/// and open invitations. People keep their accounts; what happened stays on record. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` naming what stands in the way; `Denied`; `NotFound`.
pub async fn delete(ctx: &Context, id: OrganizationId, confirmation: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteOrganization, Target::Organization(id)).await?;
        let mut write = permit.write(EventType::OrganizationDeleted).await?;
        let name = find(&mut write.tx, id).await?.name;
        if confirmation.trim() != name {
            let reason = format!("Type the organization's name, {name}, to delete it.");
            return Err(Error::invalid("confirmation", reason).into());
        }
        if let Some(obstacle) = obstacle(ctx, &mut write.tx, id).await? {
            let reason = format!("The organization {name} still holds {obstacle}. Delete them first.");
            return Err(Error::conflict(reason).into());
        }
        let mut before = json!({ "name": name });
        Ending::on_resource(ctx, &mut write.tx, id, id.uuid()).await?.tell(&mut before);
        if !store::organizations::remove(&mut write.tx, id).await? {
            return Err(Error::NotFound.into());
        }
        write.before(&before)?.text(format!("Deleted the organization {name}"));
        // Its own log ends with this, and nobody is left who could read it: the operator can.
        let told = EventId::from_uuid(ctx.control.new_uuid());
        let told = Event { id: told, organization_id: None, ..write.event.clone() };
        audit::append(&mut write.tx, told).await?;
        write.commit().await
    })
}

/// What keeps the organization from being deleted, if anything does.
async fn obstacle(ctx: &Context, tx: &mut Tx, id: OrganizationId) -> Result<Option<String>, Failure> {
    let knower = Knower { user: ctx.user()?, now: ctx.now(), openings: "", knows_all: true };
    let projects = store::projects::count(tx, id, &knower, &ProjectFilter::default()).await?;
    let units = store::units::list(tx, id).await?;
    let first = projects_of(tx, id, &knower, &ProjectFilter::default()).await?;
    let named: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    let mut told = Vec::new();
    if projects > 0 {
        told.push(lists::told(projects, "project", &first));
    }
    if !units.is_empty() {
        told.push(lists::told(i64::try_from(units.len()).unwrap_or(i64::MAX), "unit", &named));
    }
    Ok(Some(told.join(", and ")).filter(|told| !told.is_empty()))
}

/// The names of the first projects, for a sentence that says what is in the way.
pub(crate) async fn projects_of(
    tx: &mut Tx,
    organization: OrganizationId,
    knower: &Knower<'_>,
    filter: &ProjectFilter<'_>,
) -> Result<Vec<String>, Failure> {
    let found = store::projects::list(tx, organization, knower, filter, None, NAMES_TOLD_MAX).await?;
    Ok(found.into_iter().map(|listed| listed.project.name).collect())
}

async fn find(tx: &mut Tx, id: OrganizationId) -> Result<Organization, Failure> {
    Ok(store::organizations::find(tx, id).await?.ok_or(Error::NotFound)?)
}

/// The organization as the actor sees it now.
async fn look(ctx: &Context, tx: &mut Tx, id: OrganizationId) -> Result<OrganizationView, Failure> {
    let found = ctx.look(tx, Target::Organization(id)).await?.ok_or(Error::NotFound)?;
    Ok(draw(ctx, found.access))
}

/// An organization as the actor sees it, with what they act with: of one whose authentication policy turns them away its name
/// and the rule, and nothing else. Of one whose policy cannot be read there is not even a rule.
pub(crate) fn draw(ctx: &Context, access: Access) -> OrganizationView {
    let (is_open, refused_by) = match ctx.reach(&access) {
        Ok(Reach::Open | Reach::BreakGlass) => (true, None),
        Ok(Reach::Refused(rule)) => (false, Some(rule)),
        Err(_) => (false, None),
    };
    OrganizationView {
        id: access.organization_id,
        is_super_admin: is_open && access.is_super_admin,
        generation: if is_open { access.organization_generation } else { 0 },
        powers: match is_open {
            true => access::powers(&access, ctx.scopes()),
            false => Powers::none(ResourceKind::Organization),
        },
        name: access.organization_name,
        refused_by,
    }
}
