//! Moving a project to another place in its organization, and what that would do to people. Its services do not notice.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UnitId},
    permissions::Permission,
    views::{Effects, NamedUnit, ProjectView},
};
use serde_json::json;
use store::{Tx, access::Target};

use super::{find, place};
use crate::{
    Context,
    contexts::Permit,
    effects::{self, Difference, PEOPLE_MAX, People},
    errors::{Failure, attempt},
    resources,
    standings::Place,
};

/// Moves a project into the unit of that id, or to the organization itself if `unit` is empty. What is held on the unit it
/// was in counts there no more.
///
/// # Errors
/// `Denied` when the actor does not administer the project, or may make none where it is or at the destination; `NotFound`.
pub async fn move_to(ctx: &Context, name: &str, unit: &str) -> Result<ProjectView, Error> {
    relocate(ctx, name, None, unit).await
}

/// The same as long as the project is still in the unit `seen`, or in the organization itself if that is empty: what a move
/// would do was told of a move from there.
///
/// # Errors
/// `Conflict` when somebody else has moved it meanwhile, naming both places; otherwise as [`move_to`].
pub async fn move_from(ctx: &Context, name: &str, seen: &str, unit: &str) -> Result<ProjectView, Error> {
    relocate(ctx, name, Some(seen.trim()), unit).await
}

async fn relocate(ctx: &Context, name: &str, seen: Option<&str>, unit: &str) -> Result<ProjectView, Error> {
    attempt!(ctx, {
        let (permit, destination) = authorize(ctx, name, unit).await?;
        let mut write = permit.write(EventType::ProjectMoved).await?;
        // The permits were given before this transaction began, and only that to move is asked for in it again.
        let there = destination.as_ref().map(|unit| unit.id);
        for unit in [permit.unit()?, there] {
            if !may_create(ctx, &mut write.tx, permit.organization()?, unit).await? {
                drop(write);
                return Err(lacking(&permit).await?);
            }
        }
        let before = find(&mut write.tx, &permit).await?;
        if before.name != name {
            return Err(Error::NotFound.into());
        }
        if before.unit.as_ref().map(|unit| unit.id) == there {
            return Ok(before);
        }
        if let Some(seen) = seen.filter(|seen| *seen != key(before.unit.as_ref())) {
            return Err(moved_meanwhile(ctx, &mut write.tx, &before, seen).await?.into());
        }
        if !store::projects::move_to(&mut write.tx, before.id, there).await? {
            return Err(Error::NotFound.into());
        }
        let view = now(ctx, &mut write.tx, &permit, name).await?;
        write
            .before(&json!({ "unit": before.unit.map(|unit| unit.name) }))?
            .after(&json!({ "unit": destination.as_ref().map(|unit| &unit.name) }))?
            .text(match destination {
                Some(unit) => format!("Moved the project {name} into the unit {}", unit.name),
                None => format!("Moved the project {name} out of its unit"),
            });
        write.commit().await?;
        Ok(view)
    })
}

/// What somebody is told who saw the project elsewhere.
async fn moved_meanwhile(
    ctx: &Context,
    tx: &mut Tx,
    now: &ProjectView,
    seen: &str,
) -> Result<Error, Failure> {
    let organization = now.organization_id;
    let then = match place(organization, seen) {
        Ok(Target::Unit(id)) => match may_create(ctx, tx, organization, Some(id)).await? {
            true => store::units::find(tx, id).await?.map(|unit| (unit.organization_id, unit.name)),
            false => None,
        },
        Ok(_) => Some((organization, String::new())),
        Err(_) => None,
    };
    let then = then.filter(|(owner, _)| *owner == organization);
    let then = then.map_or_else(|| "where you saw it".to_owned(), |(_, name)| called(&name));
    let here = called(now.unit.as_ref().map_or("", |unit| &unit.name));
    Ok(Error::conflict(format!(
        "Somebody has moved the project {} meanwhile: it is in {here} now, and not in {then} any more. Nothing was changed. \
          See what moving it from there would do, and move it then.",
        now.name,
    )))
}

/// A place as people know it: the unit of that name, or the organization itself if there is none.
fn called(unit: &str) -> String {
    match unit {
        "" => "the organization itself".to_owned(),
        unit => format!("the unit {unit}"),
    }
}

/// Where a project is, as it is named to be moved.
fn key(unit: Option<&NamedUnit>) -> String {
    unit.map(|unit| unit.id.to_string()).unwrap_or_default()
}

/// What moving it there would do, without doing it.
///
/// # Errors
/// As [`move_to`].
pub async fn preview_move(ctx: &Context, name: &str, unit: &str) -> Result<Effects, Error> {
    attempt!(ctx, {
        let (permit, destination) = authorize(ctx, name, unit).await?;
        let access = permit.access()?;
        let organization = access.organization_id;
        let from = Place::of(access);
        let to = Place { unit: destination.map(|unit| unit.id), ..from };
        let resource = resources::name(access);
        let mut tx = permit.read().await?;
        let both = [from.unit, to.unit];
        let people = People {
            ids: store::units::holders(&mut tx, organization, both, ctx.now(), PEOPLE_MAX).await?,
            total: store::units::count_holders(&mut tx, organization, both, ctx.now()).await?,
        };
        effects::of_people(ctx, &mut tx, organization, &people, |standing| {
            let difference = Difference::between(&standing.at(from), &standing.at(to));
            difference.map(|difference| (resource.clone(), difference)).into_iter().collect()
        })
        .await
    })
}

/// A permit to move it, once the actor may also make projects where it is to go; and where that is.
async fn authorize(ctx: &Context, name: &str, unit: &str) -> Result<(Permit, Option<NamedUnit>), Failure> {
    let permit = ctx.authorize(Action::MoveProject, Target::ProjectName(name)).await?;
    let organization = permit.organization()?;
    let target = place(organization, unit)?;
    let there = resources::authorize(ctx, Action::CreateProject, organization, target).await?;
    // Who takes a project away from those who keep the place it leaves must be one of them, too.
    let mut tx = permit.read().await?;
    if !may_create(ctx, &mut tx, organization, permit.unit()?).await? {
        drop(tx);
        return Err(lacking(&permit).await?);
    }
    let there = there.access()?;
    let unit: Option<UnitId> = there.unit_id;
    Ok((permit, unit.zip(there.unit_name.clone()).map(|(id, name)| NamedUnit { id, name })))
}

/// Whether the actor may make projects in that unit, or in the organization itself.
async fn may_create(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    unit: Option<UnitId>,
) -> Result<bool, Failure> {
    let target = unit.map_or(Target::Organization(organization), Target::Unit);
    Ok(ctx.look(tx, target).await?.is_some_and(|found| found.powers.may(Action::CreateProject)))
}

/// Puts the try on record and says what is missing. No transaction may be open.
async fn lacking(permit: &Permit) -> Result<Failure, Failure> {
    let lack = Permission::OrganizationProjectsWrite.as_str();
    permit.deny(lack, format!("needs {lack} where the project is, and where it goes")).await
}

/// The project as the actor sees it where it is now: with what they hold there. Who can do nothing there any more sees it
/// this once.
async fn now(ctx: &Context, tx: &mut Tx, permit: &Permit, name: &str) -> Result<ProjectView, Failure> {
    let found = ctx.look(tx, Target::ProjectName(name)).await?.ok_or(Error::NotFound)?;
    Ok(ProjectView { powers: found.powers, ..find(tx, permit).await? })
}
