//! Groups: sets of people and application users, what they are called, and who is in them. What a group holds is in
//! `permissions`.

mod members;
mod protections;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{GroupId, OrganizationId},
    names::{GroupName, note},
    principals::{PrincipalKind, SubjectKind},
    views::{Effects, GroupRow, GroupView, Page},
};
use serde_json::json;
use store::{Edited, Tx, access::Target, grants::GrantFilter, groups::Group};
use uuid::Uuid;

use crate::{
    Context,
    application_users::refuse_taken,
    effects::{self, Change},
    errors::{Failure, attempt, overtaken},
    pages,
    permissions::Ending,
    scim,
    standings::{Place, Standing, guarded},
};

pub use members::{MEMBERS_MAX, add_members, members, preview_add, preview_remove, remove_member, who_is_in};

/// Most characters of a group's description.
pub const DESCRIPTION_CHARS_MAX: usize = 4096;

/// One page of the organization's groups by name, after the one named `after`: those whose name or description holds
/// the text.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    text: &str,
    after: Option<&str>,
) -> Result<Page<GroupRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListGroups, Target::Organization(organization)).await?;
        let text = pages::search(text);
        let mut tx = permit.read().await?;
        let total = store::groups::count(&mut tx, organization, text).await?;
        let found = store::groups::list(&mut tx, organization, text, after, pages::FETCHED).await?;
        let ids: Vec<Uuid> = found.iter().map(|(group, ..)| group.id.uuid()).collect();
        let kept = store::scim_groups::kept_among(&mut tx, organization, &ids).await?;
        let draw = |(group, members, grants): (Group, i64, i64)| {
            let is_kept = kept.contains(&group.id);
            draw(group, members, grants, is_kept)
        };
        Ok(pages::page(found, total, |(group, ..)| group.name.clone(), draw))
    })
}

/// One group.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(ctx: &Context, organization: OrganizationId, id: GroupId) -> Result<GroupView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListGroups, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let group = find(&mut tx, organization, id).await?;
        look(ctx, &mut tx, group).await
    })
}

/// Makes a group, with nobody in it.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken, or `description`; `Denied`; `NotFound`.
pub async fn create(
    ctx: &Context,
    organization: OrganizationId,
    name: &str,
    description: &str,
) -> Result<GroupView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::CreateGroup, Target::Organization(organization)).await?;
        let (name, description) = parse(name, description)?;
        let mut write = permit.write(EventType::GroupCreated).await?;
        let group = Group {
            id: GroupId::from_uuid(ctx.control.new_uuid()),
            organization_id: organization,
            name,
            description,
            created_at: ctx.now(),
            generation: 0,
        };
        if !store::groups::add(&mut write.tx, &group).await? {
            return Err(taken(&group.name).into());
        }
        refuse_taken(&mut write.tx, organization, &group.name, Some(group.id.uuid())).await?;
        write
            .subject(SubjectKind::Group, group.id.uuid(), group.name.clone())
            .after(&recorded(&group))?
            .text(format!("Created the group {}", group.name));
        let view = look(ctx, &mut write.tx, group).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Changes what a group is called and what it is for.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken, or `description`; `Conflict` when somebody else changed it since
/// `generation`, or an identity provider keeps it by SCIM; `Denied`; `NotFound`.
pub async fn edit(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    generation: i64,
    name: &str,
    description: &str,
) -> Result<GroupView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::EditGroup, Target::Organization(organization)).await?;
        let (name, description) = parse(name, description)?;
        let mut write = permit.write(EventType::GroupChanged).await?;
        let before = find(&mut write.tx, organization, id).await?;
        if before.name != name {
            scim::refuse_group(&mut write.tx, id).await?;
        }
        let obstacle = taking_obstacle(ctx, &mut write.tx, &before).await?;
        let mut write = guarded(&permit, write, obstacle, &with(&before)).await?;
        if before.generation != generation {
            return Err(stale(&before, &name, &description).into());
        }
        if (&before.name, &before.description) == (&name, &description) {
            return look(ctx, &mut write.tx, before).await;
        }
        match store::groups::edit(&mut write.tx, id, generation, &name, &description).await? {
            Edited::Done => {}
            Edited::Taken => return Err(taken(&name).into()),
            Edited::Stale => return Err(stale(&before, &name, &description).into()),
        }
        if before.name != name {
            refuse_taken(&mut write.tx, organization, &name, Some(id.uuid())).await?;
        }
        let after = find(&mut write.tx, organization, id).await?;
        let text = match before.name == name {
            true => format!("Changed what the group {name} is for"),
            false => format!("Renamed the group {} to {name}", before.name),
        };
        write
            .subject(SubjectKind::Group, id.uuid(), name)
            .before(&recorded(&before))?
            .after(&recorded(&after))?
            .text(text);
        let view = look(ctx, &mut write.tx, after).await?;
        write.commit().await?;
        Ok(view)
    })
}

/// Deletes a group: whoever is in it loses what it gave them. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Forbidden` when it, or who is in it, administers what the actor does not; `Denied`;
/// `NotFound`.
pub async fn delete(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteGroup, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::GroupDeleted).await?;
        let group = find(&mut write.tx, organization, id).await?;
        scim::refuse_group(&mut write.tx, id).await?;
        let obstacle = deleting_obstacle(ctx, &mut write.tx, &group).await?;
        let mut write = guarded(&permit, write, obstacle, &with(&group)).await?;
        if confirmation.trim() != group.name {
            let reason = format!("Type the group's name, {}, to delete it.", group.name);
            return Err(Error::invalid("confirmation", reason).into());
        }
        let ending = Ending::of_principal(ctx, &mut write.tx, organization, id.uuid()).await?;
        let mut before = recorded(&group);
        members::tell(&mut write.tx, id, &mut before).await?;
        ending.tell(&mut before);
        if !store::groups::remove(&mut write.tx, id).await? {
            return Err(Error::NotFound.into());
        }
        let rest = ending.record(ctx, &mut write, "a group that was deleted").await?;
        write
            .subject(SubjectKind::Group, id.uuid(), group.name.clone())
            .before(&before)?
            .text(format!("Deleted the group {}{rest}", group.name));
        write.commit().await
    })
}

/// What deleting it would do, without doing it.
///
/// # Errors
/// As [`delete`].
pub async fn preview_delete(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteGroup, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let group = find(&mut tx, organization, id).await?;
        scim::refuse_group(&mut tx, id).await?;
        let obstacle = deleting_obstacle(ctx, &mut tx, &group).await?;
        let mut tx = guarded(&permit, tx, obstacle, &with(&group)).await?;
        let principal = (PrincipalKind::Group, id.uuid());
        effects::of(ctx, &mut tx, organization, principal, Change::Leave(id)).await
    })
}

/// The organization's group of that id.
async fn find(tx: &mut Tx, organization: OrganizationId, id: GroupId) -> Result<Group, Failure> {
    Ok(store::groups::find(tx, organization, id).await?.ok_or(Error::NotFound)?)
}

/// Why the actor may put nobody into the group, if so.
async fn giving_obstacle(ctx: &Context, tx: &mut Tx, group: &Group) -> Result<Option<String>, Failure> {
    let actor = Standing::of_actor(ctx, tx, group.organization_id).await?;
    let given = Standing::of_group(ctx, tx, group.organization_id, group.id).await?;
    Ok(actor.giving_obstacle(&given))
}

/// Why the actor may take nobody out of the group, if so.
async fn taking_obstacle(ctx: &Context, tx: &mut Tx, group: &Group) -> Result<Option<String>, Failure> {
    let actor = Standing::of_actor(ctx, tx, group.organization_id).await?;
    let given = Standing::of_group(ctx, tx, group.organization_id, group.id).await?;
    Ok(actor.taking_obstacle(&given))
}

/// Why the actor may not delete the group, if so: that takes what taking out everybody in it takes.
async fn deleting_obstacle(ctx: &Context, tx: &mut Tx, group: &Group) -> Result<Option<String>, Failure> {
    let actor = Standing::of_actor(ctx, tx, group.organization_id).await?;
    let given = Standing::of_group(ctx, tx, group.organization_id, group.id).await?;
    match actor.taking_obstacle(&given) {
        Some(reason) => Ok(Some(reason)),
        None => protections::of_all(ctx, tx, group, &actor).await,
    }
}

/// What the record of a try names.
fn with(group: &Group) -> String {
    format!("with the group {}", group.name)
}

fn parse(name: &str, description: &str) -> Result<(String, String), Error> {
    let name: GroupName = name.parse().map_err(|error| Error::name("name", error))?;
    let description =
        note(description, DESCRIPTION_CHARS_MAX).map_err(|error| Error::name("description", error))?;
    Ok((name.into(), description))
}

async fn look(ctx: &Context, tx: &mut Tx, group: Group) -> Result<GroupView, Failure> {
    let members = store::group_members::count(tx, group.id, None).await?;
    let filter = GrantFilter { principal: Some(group.id.uuid()), resource: None };
    let grants = store::grants::count(tx, group.organization_id, &filter).await?;
    let actor = Standing::of_actor(ctx, tx, group.organization_id).await?;
    let given = Standing::of_group(ctx, tx, group.organization_id, group.id).await?;
    let take_obstacle = actor.taking_obstacle(&given);
    let may_delete = actor.at(Place::organization(group.organization_id)).may(Action::DeleteGroup);
    let delete_obstacle = match may_delete && take_obstacle.is_none() {
        true => protections::of_all(ctx, tx, &group, &actor).await?,
        false => take_obstacle.clone(),
    };
    let keeper = store::scim_groups::keeper(tx, group.id).await?;
    let kept = keeper.as_ref().map(scim::obstacle);
    Ok(GroupView {
        organization_id: group.organization_id,
        generation: group.generation,
        add_obstacle: kept.clone().or_else(|| actor.giving_obstacle(&given)),
        take_obstacle: kept.clone().or(take_obstacle),
        delete_obstacle: kept.or(delete_obstacle),
        row: draw(group, members, grants, keeper.is_some()),
        managed_by_scim: keeper.map(scim::shown),
    })
}

fn draw(group: Group, members: i64, grants: i64, is_kept_by_scim: bool) -> GroupRow {
    GroupRow {
        id: group.id,
        name: group.name,
        description: group.description,
        members,
        grants,
        is_kept_by_scim,
        created_at: group.created_at,
    }
}

/// What events hold of a group.
fn recorded(group: &Group) -> serde_json::Value {
    json!({ "name": group.name, "description": group.description })
}

fn stale(now: &Group, name: &str, description: &str) -> Error {
    overtaken((&now.name, &now.description), (name, description))
}

fn taken(name: &str) -> Error {
    Error::invalid("name", format!("There is a group named {name} already. Choose another name."))
}
