//! Groups as an identity provider pushes them: made, renamed, filled and deleted. One that was made by hand is never taken over, and
//! what a group holds is given by hand alone.

mod lists;

use std::collections::BTreeSet;

use domain::{
    errors::Error,
    events::EventType,
    ids::{GroupId, UserId},
    names::GroupName,
    principals::SubjectKind,
};
use identity::scim::{
    Kind, Patch, Reason, Refusal,
    queries::Wanted,
    resources::{Meta, Team, canonical},
};
use serde_json::{Map, Value, json};
use store::{
    Edited, Tx,
    groups::Group,
    scim_groups::{Found, ScimGroup},
};

use super::{Refused, Resource, Stop, is_version, operation, tokens::Provisioner};
use crate::{application_users::refuse_taken, contexts::Write, errors::Failure, permissions::Ending};

pub use lists::list;

/// Names that an event spells out, at most.
const TOLD_MAX: usize = 100;

/// One of the groups that the identity provider keeps.
///
/// # Errors
/// `NotFound`.
pub async fn view(scim: &Provisioner, id: &str, wanted: &Wanted) -> Result<Resource, Refused> {
    operation!(scim, async {
        let mut tx = scim.read().await?;
        let found = find(scim, &mut tx, id).await?;
        let resource = look(scim, &mut tx, &found, wanted.has("members")).await?;
        Ok(Resource { members: wanted.cut(resource.members), ..resource })
    })
}

/// Makes a group that the identity provider keeps. It holds nothing until somebody grants it something.
///
/// # Errors
/// `uniqueness` where a group has the name, also one that was made by hand; `invalidValue`.
pub async fn create(scim: &Provisioner, sent: &Value) -> Result<Resource, Refused> {
    operation!(scim, async {
        let team = Team::read(&canonical(Kind::Group, sent)?)?;
        let mut write = scim.write(EventType::GroupCreated).await?;
        let now = scim.ctx().now();
        let group = Group {
            id: GroupId::from_uuid(scim.ctx().control.new_uuid()),
            organization_id: scim.organization(),
            name: name(&team)?,
            description: String::new(),
            created_at: now,
            generation: 0,
        };
        if !store::groups::add(&mut write.tx, &group).await? {
            return Err(taken(scim, &mut write.tx, &group.name).await?.into());
        }
        refuse_taken(&mut write.tx, scim.organization(), &group.name, Some(group.id.uuid())).await?;
        let row = ScimGroup {
            group_id: group.id,
            identity_provider_id: scim.provider(),
            external_id: team.external_id.clone(),
            created_at: now,
            changed_at: now,
            generation: 1,
        };
        if !store::scim_groups::add(&mut write.tx, &row).await? {
            return Err(store::Error::Conflict.into());
        }
        write.subject(SubjectKind::Group, group.id.uuid(), group.name.clone());
        let (added, _) = set_members(scim, &mut write, group.id, &[], &team.members).await?;
        write
            .after(&json!({ "name": group.name, "external_id": row.external_id, "members": first(&added) }))?
            .text(format!("{} made the group {} with {} members", scim.called(), group.name, added.len()));
        finish(scim, write, group.id).await
    })
}

/// Replaces name and members of a group.
///
/// # Errors
/// As [`create`]; the version's refusal; `NotFound`.
pub async fn replace(
    scim: &Provisioner,
    id: &str,
    version: Option<&str>,
    sent: &Value,
) -> Result<Resource, Refused> {
    operation!(scim, async {
        let team = Team::read(&canonical(Kind::Group, sent)?)?;
        change(scim, id, version, |_| Ok(team.clone())).await
    })
}

/// Changes name and members of a group.
///
/// # Errors
/// As [`replace`]; what a change can be refused for.
pub async fn patch(
    scim: &Provisioner,
    id: &str,
    version: Option<&str>,
    patch: &Patch,
) -> Result<Resource, Refused> {
    operation!(scim, async {
        change(scim, id, version, |mut resource| {
            patch.apply(&mut resource)?;
            Team::read(&resource)
        })
        .await
    })
}

async fn change(
    scim: &Provisioner,
    id: &str,
    version: Option<&str>,
    changed: impl Fn(Map<String, Value>) -> Result<Team, Refusal>,
) -> Result<Resource, Stop> {
    // What is long to work out is worked out before anybody has to wait for it.
    let mut tx = scim.read().await?;
    let read = find(scim, &mut tx, id).await?;
    let resource = look(scim, &mut tx, &read, true).await?;
    drop(tx);
    is_version(&resource.version, version)?;
    let team = changed(resource.members)?;
    let mut write = scim.write(EventType::GroupChanged).await?;
    let before = find(scim, &mut write.tx, id).await?;
    if before != read {
        return Err(store::Error::Conflict.into());
    }
    let (id, name) = (before.group.group_id, name(&team)?);
    let members = store::scim_groups::members(&mut write.tx, id).await?;
    write.subject(SubjectKind::Group, id.uuid(), name.clone());
    let is_renamed = rename(scim, &mut write, &before, &name).await?;
    let (added, removed) = set_members(scim, &mut write, id, &members, &team.members).await?;
    let is_same = !is_renamed && team.external_id == before.group.external_id;
    if is_same && added.is_empty() && removed.is_empty() {
        return look(scim, &mut write.tx, &before, true).await.map_err(Stop::from);
    }
    let row = ScimGroup {
        external_id: team.external_id.clone(),
        changed_at: scim.ctx().now(),
        ..before.group.clone()
    };
    if !store::scim_groups::set(&mut write.tx, &row).await? {
        return Err(store::Error::Conflict.into());
    }
    let called = scim.called();
    write
        .before(&json!({ "name": before.name, "external_id": before.group.external_id, "members": first(&removed) }))?
        .after(&json!({ "name": name, "external_id": row.external_id, "members": first(&added) }))?;
    if !added.is_empty() {
        let text = format!("{called} added {} to the group {name}", told(&added));
        write.record(EventType::GroupMemberAdded, text).await?;
    }
    if !removed.is_empty() {
        let text = format!("{called} removed {} from the group {name}", told(&removed));
        write.record(EventType::GroupMemberRemoved, text).await?;
    }
    write.text(match is_renamed {
        true => format!("{called} renamed the group {} to {name}", before.name),
        false => format!("{called} changed the group {name}"),
    });
    finish(scim, write, id).await
}

async fn rename(scim: &Provisioner, write: &mut Write, before: &Found, name: &str) -> Result<bool, Stop> {
    if before.name == name {
        return Ok(false);
    }
    let (organization, id) = (scim.organization(), before.group.group_id);
    let group = store::groups::find(&mut write.tx, organization, id).await?.ok_or(Error::NotFound)?;
    match store::groups::edit(&mut write.tx, id, group.generation, name, &group.description).await? {
        Edited::Done => {}
        Edited::Taken => return Err(taken(scim, &mut write.tx, name).await?.into()),
        Edited::Stale => return Err(store::Error::Conflict.into()),
    }
    refuse_taken(&mut write.tx, organization, name, Some(id.uuid())).await?;
    Ok(true)
}

/// Has those be in a group, of whom the identity provider keeps; gives the names of who came and who went.
async fn set_members(
    scim: &Provisioner,
    write: &mut Write,
    group: GroupId,
    before: &[UserId],
    wanted: &[String],
) -> Result<(Vec<String>, Vec<String>), Stop> {
    let before: BTreeSet<UserId> = before.iter().copied().collect();
    let mut now = BTreeSet::new();
    for id in wanted {
        let user = id.parse::<UserId>().map_err(|_| stranger(id))?;
        now.insert(user);
    }
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for user in now.difference(&before) {
        let found = store::scim_users::find(&mut write.tx, scim.provider(), *user).await?;
        let found = found.ok_or_else(|| stranger(&user.to_string()))?;
        if store::group_members::add(&mut write.tx, group, *user, scim.ctx().now()).await? {
            added.push(found.user.user_name);
        }
    }
    for user in before.difference(&now) {
        let found = store::scim_users::find(&mut write.tx, scim.provider(), *user).await?;
        if store::group_members::remove(&mut write.tx, group, *user).await? {
            removed.extend(found.map(|found| found.user.user_name));
        }
    }
    Ok((added, removed))
}

fn stranger(id: &str) -> Refusal {
    Refusal::value(format!("The member {id} is nobody whom this identity provider keeps here."))
}

/// Deletes a group: whoever is in it loses what it gave them.
///
/// # Errors
/// The version's refusal; `NotFound`.
pub async fn delete(scim: &Provisioner, id: &str, version: Option<&str>) -> Result<(), Refused> {
    operation!(scim, async {
        let ctx = scim.ctx();
        let mut write = scim.write(EventType::GroupDeleted).await?;
        let found = find(scim, &mut write.tx, id).await?;
        let resource = look(scim, &mut write.tx, &found, false).await?;
        is_version(&resource.version, version)?;
        let id = found.group.group_id;
        let members = store::group_members::count(&mut write.tx, id, None).await?;
        let ending = Ending::of_principal(ctx, &mut write.tx, scim.organization(), id.uuid()).await?;
        let mut before = json!({ "name": found.name, "members_total": members });
        ending.tell(&mut before);
        store::groups::remove(&mut write.tx, id).await?;
        let rest = ending.record(ctx, &mut write, "a group that was deleted").await?;
        write.subject(SubjectKind::Group, id.uuid(), found.name.clone()).before(&before)?.text(format!(
            "{} deleted the group {}{rest}",
            scim.called(),
            found.name
        ));
        Ok(write.commit().await?)
    })
}

async fn finish(scim: &Provisioner, mut write: Write, id: GroupId) -> Result<Resource, Stop> {
    let found = store::scim_groups::find(&mut write.tx, scim.provider(), id).await?.ok_or(Error::NotFound)?;
    let resource = look(scim, &mut write.tx, &found, true).await?;
    write.commit().await?;
    Ok(resource)
}

async fn find(scim: &Provisioner, tx: &mut Tx, id: &str) -> Result<Found, Failure> {
    let id: GroupId = id.parse().map_err(|_| Error::NotFound)?;
    Ok(store::scim_groups::find(tx, scim.provider(), id).await?.ok_or(Error::NotFound)?)
}

fn name(team: &Team) -> Result<String, Refusal> {
    let name: GroupName = team.name.parse().map_err(|error| {
        let domain::names::NameError(reason) = error;
        Refusal::value(format!("displayName: {reason}"))
    })?;
    Ok(name.into())
}

/// What is said where a group has the name already.
async fn taken(scim: &Provisioner, tx: &mut Tx, name: &str) -> Result<Refusal, Failure> {
    let kept = store::scim_groups::find_by_name(tx, scim.provider(), name).await?;
    let detail = match kept {
        Some(_) => format!("There is a group called {name} already."),
        None => format!(
            "There is a group called {name} that this identity provider does not keep: it is not taken over. Rename or delete it, or \
             push the group under another name."
        ),
    };
    Ok(Refusal::new(Reason::Uniqueness, detail))
}

fn first(names: &[String]) -> &[String] {
    names.get(..TOLD_MAX).unwrap_or(names)
}

fn told(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        several => format!("{} people", several.len()),
    }
}

async fn look(
    scim: &Provisioner,
    tx: &mut Tx,
    found: &Found,
    with_members: bool,
) -> Result<Resource, Failure> {
    let Found { group, name } = found;
    let members = match with_members {
        true => store::scim_groups::members(tx, group.group_id).await?,
        false => Vec::new(),
    };
    let members: Vec<String> = members.iter().map(ToString::to_string).collect();
    let base = scim.base_url();
    let meta = Meta {
        id: group.group_id.to_string(),
        external_id: group.external_id.clone(),
        created: group.created_at,
        changed: group.changed_at,
        location: format!("{base}/Groups/{}", group.group_id),
        version: format!("W/\"{}\"", group.generation),
    };
    Ok(Resource::new(Team::draw(name, &members, &format!("{base}/Users"), &meta), meta))
}
