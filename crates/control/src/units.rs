//! Units, the level between an organization and its projects. Projects come into them in `projects`.

use std::collections::BTreeMap;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UnitId},
    lists,
    names::UnitName,
    permissions::Permission,
    powers::Powers,
    principals::SubjectKind,
    views::{UnitRow, UnitView},
};
use serde_json::json;
use store::{Edited, Tx, access::Target, knowers::Knower, projects::ProjectFilter, units::Unit};

use crate::{
    Context,
    contexts::Permit,
    errors::{Failure, attempt},
    knowers::Openings,
    organizations::projects_of,
    permissions::Ending,
    resources,
    standings::{Place, Standing},
};

/// Units of one organization, at most: they are listed on one page.
pub const UNITS_MAX: i64 = 1000;

/// The units of an organization that the actor may know of, by name: all for who runs its projects or sees its
/// permissions, else those that they hold something on. Each with the number of those of its projects that they may know
/// of.
///
/// # Errors
/// `NotFound` when the actor does not belong to the organization.
pub async fn list(ctx: &Context, organization: OrganizationId) -> Result<Vec<UnitRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListUnits, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let found = store::units::list(&mut tx, organization).await?;
        let openings = Openings::of_projects(permit.powers()?);
        let knower = openings.knower(ctx.user()?, ctx.now());
        let counted = store::units::count_projects(&mut tx, organization, &knower).await?;
        let projects: BTreeMap<UnitId, i64> = counted.into_iter().collect();
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        let knows_all = sees_all(permit.powers()?);
        let known = |unit: UnitId| {
            let place = Place { organization, unit: Some(unit), project: None };
            knows_all || actor.at(place).knows()
        };
        let known = found.into_iter().filter(|unit| known(unit.id));
        Ok(known
            .map(|unit| {
                let projects = projects.get(&unit.id).copied().unwrap_or_default();
                draw(unit, projects)
            })
            .collect())
    })
}

/// One unit.
///
/// # Errors
/// `NotFound`.
pub async fn view(ctx: &Context, organization: OrganizationId, unit: UnitId) -> Result<UnitView, Error> {
    attempt!(ctx, {
        let permit = resources::authorize(ctx, Action::ViewUnit, organization, Target::Unit(unit)).await?;
        look(ctx, &mut permit.read().await?, &permit, unit).await
    })
}

/// Makes a unit with nothing in it.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken; `Conflict` when there are too many; `Denied`; `NotFound`.
pub async fn create(ctx: &Context, organization: OrganizationId, name: &str) -> Result<UnitView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::CreateUnit, Target::Organization(organization)).await?;
        let name: UnitName = name.parse().map_err(|error| Error::name("name", error))?;
        let mut write = permit.write(EventType::UnitCreated).await?;
        if store::units::count(&mut write.tx, organization).await? >= UNITS_MAX {
            let reason = format!("An organization has at most {UNITS_MAX} units. Delete one first.");
            return Err(Error::conflict(reason).into());
        }
        let id = UnitId::from_uuid(ctx.control.new_uuid());
        let unit = Unit {
            id,
            organization_id: organization,
            name: name.as_str().to_owned(),
            created_at: ctx.now(),
            generation: 0,
        };
        if !store::units::add(&mut write.tx, &unit).await? {
            return Err(taken(&name).into());
        }
        write
            .subject(SubjectKind::Unit, id.uuid(), name.as_str())
            .after(&json!({ "name": name }))?
            .text(format!("Created the unit {name}"));
        // What somebody holds on the organization counts in the unit.
        let found = ctx.look(&mut write.tx, Target::Unit(id)).await?.ok_or(Error::NotFound)?;
        write.commit().await?;
        Ok(UnitView { row: draw(unit, 0), organization_id: organization, powers: found.powers })
    })
}

/// Gives a unit another name.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken; `Conflict` when somebody else changed it since `generation`; `Denied`;
/// `NotFound`.
pub async fn rename(
    ctx: &Context,
    organization: OrganizationId,
    unit: UnitId,
    generation: i64,
    name: &str,
) -> Result<UnitView, Error> {
    attempt!(ctx, {
        let permit = resources::authorize(ctx, Action::RenameUnit, organization, Target::Unit(unit)).await?;
        let name: UnitName = name.parse().map_err(|error| Error::name("name", error))?;
        let mut write = permit.write(EventType::UnitRenamed).await?;
        let Unit { name: before, generation: present, .. } = find(&mut write.tx, unit).await?;
        let stale = || {
            Error::conflict(format!(
                "Somebody else changed this meanwhile. It is now “{before}”; you sent “{name}”."
            ))
        };
        if present != generation {
            return Err(stale().into());
        }
        if before == name.as_str() {
            return look(ctx, &mut write.tx, &permit, unit).await;
        }
        match store::units::rename(&mut write.tx, unit, generation, name.as_str()).await? {
            Edited::Done => {}
            Edited::Taken => return Err(taken(&name).into()),
            Edited::Stale => return Err(stale().into()),
        }
        let view = look(ctx, &mut write.tx, &permit, unit).await?;
        write
            .subject(SubjectKind::Unit, unit.uuid(), name.as_str())
            .before(&json!({ "name": before }))?
            .after(&json!({ "name": name }))?
            .text(format!("Renamed the unit {before} to {name}"));
        write.commit().await?;
        Ok(view)
    })
}

/// Deletes a unit that holds no projects, with the grants on it. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` naming what stands in the way; `Denied`; `NotFound`.
pub async fn delete(
    ctx: &Context,
    organization: OrganizationId,
    unit: UnitId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = resources::authorize(ctx, Action::DeleteUnit, organization, Target::Unit(unit)).await?;
        let mut write = permit.write(EventType::UnitDeleted).await?;
        let name = find(&mut write.tx, unit).await?.name;
        if confirmation.trim() != name {
            let reason = format!("Type the unit's name, {name}, to delete it.");
            return Err(Error::invalid("confirmation", reason).into());
        }
        // Whoever administers a unit knows of every project in it, so this tells of nothing hidden.
        let all = Knower { user: ctx.user()?, now: ctx.now(), openings: "", knows_all: true };
        let projects = projects(&mut write.tx, &permit, unit, &all).await?;
        if projects > 0 {
            let filter = ProjectFilter { unit: Some(unit), text: None };
            let first = projects_of(&mut write.tx, organization, &all, &filter).await?;
            let (held, them) =
                (lists::told(projects, "project", &first), if projects == 1 { "it" } else { "them" });
            let reason = format!("The unit {name} still holds {held}. Move or delete {them} first.");
            return Err(Error::conflict(reason).into());
        }
        let mut before = json!({ "name": name });
        Ending::on_resource(ctx, &mut write.tx, organization, unit.uuid()).await?.tell(&mut before);
        if !store::units::remove(&mut write.tx, unit).await? {
            return Err(Error::NotFound.into());
        }
        write
            .subject(SubjectKind::Unit, unit.uuid(), name.clone())
            .before(&before)?
            .text(format!("Deleted the unit {name}"));
        write.commit().await
    })
}

/// Whether somebody who holds that on the organization knows of all of its units.
fn sees_all(powers: &Powers) -> bool {
    let sees = [Permission::OrganizationProjectsWrite, Permission::OrganizationPermissionsRead];
    powers.administers() || sees.into_iter().any(|permission| powers.holds(permission))
}

/// A unit that the permit has found.
async fn find(tx: &mut Tx, id: UnitId) -> Result<Unit, Failure> {
    Ok(store::units::find(tx, id).await?.ok_or(Error::NotFound)?)
}

/// The number of projects in it that this one may know of.
async fn projects(tx: &mut Tx, permit: &Permit, id: UnitId, knower: &Knower<'_>) -> Result<i64, Failure> {
    let filter = ProjectFilter { unit: Some(id), text: None };
    Ok(store::projects::count(tx, permit.organization()?, knower, &filter).await?)
}

async fn look(ctx: &Context, tx: &mut Tx, permit: &Permit, id: UnitId) -> Result<UnitView, Failure> {
    let unit = find(tx, id).await?;
    let openings = Openings::of_projects(permit.powers()?);
    let projects = projects(tx, permit, id, &openings.knower(ctx.user()?, ctx.now())).await?;
    Ok(UnitView {
        organization_id: unit.organization_id,
        row: draw(unit, projects),
        powers: permit.powers()?.clone(),
    })
}

fn draw(unit: Unit, projects: i64) -> UnitRow {
    UnitRow {
        id: unit.id,
        name: unit.name,
        projects,
        created_at: unit.created_at,
        generation: unit.generation,
    }
}

fn taken(name: &UnitName) -> Error {
    Error::invalid("name", format!("There is a unit named {name} already. Choose another name."))
}
