//! Projects: list, make, rename, delete. Where they lie is changed in `moving`, what is said of them in `settings`.

mod moving;
mod settings;

use std::collections::BTreeMap;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, ProjectId, UnitId},
    lists::{self, NAMES_TOLD_MAX},
    names::ProjectName,
    powers::Powers,
    views::{NamedUnit, Page, ProjectRow, ProjectView, Tag},
};
use serde_json::json;
use store::{
    Tx,
    access::Target,
    knowers::Knower,
    projects::{Listed, Project},
};

use crate::{
    Context, authorities,
    contexts::Permit,
    envelopes::Place,
    errors::{Failure, attempt},
    knowers::Openings,
    pages,
    permissions::Ending,
    resources,
};

pub use moving::{move_from, move_to, preview_move};
pub use settings::{CONTACTS_MAX, TAGS_MAX, set_contacts, set_tags, settings};

/// Column that a project's CA key is sealed for.
pub(crate) const CA_KEY: &str = "projects.ca_key_sealed";

/// Which projects a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProjectFilter<'a> {
    /// Id of the unit that they are in; empty for all.
    pub unit: &'a str,
    /// Part of their name; empty for all.
    pub text: &'a str,
}

/// One page of those of the organization's projects that the actor may know of, by name, after the project named `after`.
///
/// # Errors
/// `NotFound` when the actor does not belong to the organization, or for a unit that they do not know of.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    filter: &ProjectFilter<'_>,
    after: Option<&str>,
) -> Result<Page<ProjectRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListProjects, Target::Organization(organization)).await?;
        let unit = match filter.unit.trim() {
            "" => None,
            id => Some(id.parse().map_err(|_| Error::NotFound)?),
        };
        let openings = Openings::of_projects(permit.powers()?);
        let knower = openings.knower(ctx.user()?, ctx.now());
        let mut tx = permit.read().await?;
        if let Some(unit) = unit {
            find_unit(ctx, &mut tx, organization, unit, &knower).await?;
        }
        let text = Some(filter.text.trim()).filter(|text| !text.is_empty());
        let filter = store::projects::ProjectFilter { unit, text };
        let total = store::projects::count(&mut tx, organization, &knower, &filter).await?;
        let found =
            store::projects::list(&mut tx, organization, &knower, &filter, after, pages::FETCHED).await?;
        let mut tags = tags_of(&mut tx, &found).await?;
        Ok(pages::page(
            found,
            total,
            |listed| listed.project.name.clone(),
            |listed| {
                let tags = tags.remove(&listed.project.id).unwrap_or_default();
                draw_row(listed, tags)
            },
        ))
    })
}

/// Makes sure that there is such a unit and that the actor knows of it: by what they hold on it, or in it.
async fn find_unit(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    unit: UnitId,
    knower: &Knower<'_>,
) -> Result<(), Failure> {
    let found = ctx.look(tx, Target::Unit(unit)).await?;
    let found = found.filter(|found| found.access.organization_id == organization).ok_or(Error::NotFound)?;
    let within = store::projects::ProjectFilter { unit: Some(unit), text: None };
    if found.powers.knows() || store::projects::count(tx, organization, knower, &within).await? > 0 {
        return Ok(());
    }
    Err(Error::NotFound.into())
}

/// The tags of the projects on a page.
async fn tags_of(tx: &mut Tx, found: &[Listed]) -> Result<BTreeMap<ProjectId, Vec<Tag>>, Failure> {
    let mut tags: BTreeMap<ProjectId, Vec<Tag>> = BTreeMap::new();
    let ids: Vec<_> = found.iter().map(|listed| listed.project.id).collect();
    for tag in store::project_tags::list_for_projects(tx, &ids).await? {
        tags.entry(tag.project_id).or_default().push(Tag { key: tag.key, value: tag.value });
    }
    Ok(tags)
}

/// One project.
///
/// # Errors
/// `NotFound`.
pub async fn view(ctx: &Context, name: &str) -> Result<ProjectView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProject, Target::ProjectName(name)).await?;
        find(&mut permit.read().await?, &permit).await
    })
}

/// Makes a project with a certificate authority of its own, in the unit of that id, or in the organization itself if
/// `unit` is empty.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken; `Denied`; `NotFound`, also for a unit that the actor does not know of.
pub async fn create(
    ctx: &Context,
    organization: OrganizationId,
    name: &str,
    unit: &str,
) -> Result<ProjectView, Error> {
    attempt!(ctx, {
        let target = place(organization, unit)?;
        let permit = resources::authorize(ctx, Action::CreateProject, organization, target).await?;
        let name: ProjectName = name.parse().map_err(|error| Error::name("name", error))?;
        let now = ctx.now();
        let id = ProjectId::from_uuid(ctx.control.new_uuid());
        let (ca_certificate, ca_key) = authorities::make(name.as_str(), now)?;

        let mut write = permit.write(EventType::ProjectCreated).await?;
        let key = ctx.control.organization_key(&mut write.tx, organization).await?;
        let place = Place { column: CA_KEY, row: id.uuid() };
        let unit = permit.access()?.unit_id;
        if let Some(unit) = unit {
            // The permit was given before this transaction began.
            store::units::find(&mut write.tx, unit).await?.ok_or(Error::NotFound)?;
        }
        let project = Project {
            id,
            organization_id: organization,
            unit_id: unit,
            name: name.as_str().to_owned(),
            ca_certificate,
            ca_key_sealed: key.seal(ctx.control.random(), place, ca_key.expose().as_bytes()),
            created_at: now,
            generation: 0,
        };
        if !store::projects::add(&mut write.tx, &project).await? {
            return Err(taken(&name).into());
        }
        write.event.project_id = Some(id);
        write.event.project_name = Some(project.name.clone());
        let (inside, after) = match &permit.access()?.unit_name {
            Some(unit) => (format!(" in the unit {unit}"), json!({ "name": name, "unit": unit })),
            None => (String::new(), json!({ "name": name })),
        };
        write.after(&after)?.text(format!("Created the project {name}{inside}"));
        write.commit().await?;
        // Who made it sees it as whoever looks next does.
        let mut tx = permit.read().await?;
        let found = ctx.look(&mut tx, Target::ProjectName(name.as_str())).await?.ok_or(Error::NotFound)?;
        find_as(&mut tx, id, found.access.organization_name, found.powers).await
    })
}

/// Gives a project another name. Its services keep running and their certificates stay valid.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken; `Denied`; `NotFound`.
pub async fn rename(ctx: &Context, name: &str, new_name: &str) -> Result<ProjectView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RenameProject, Target::ProjectName(name)).await?;
        let new_name: ProjectName = new_name.parse().map_err(|error| Error::name("name", error))?;
        let id = permit.project()?;
        if new_name.as_str() == name {
            return find(&mut permit.read().await?, &permit).await;
        }
        let mut write = permit.write(EventType::ProjectRenamed).await?;
        // The permit was given before this transaction began.
        let before = find(&mut write.tx, &permit).await?.name;
        if before != name {
            return Err(Error::NotFound.into());
        }
        if !store::projects::rename(&mut write.tx, id, new_name.as_str()).await? {
            return Err(taken(&new_name).into());
        }
        let view = find(&mut write.tx, &permit).await?;
        write
            .before(&json!({ "name": name }))?
            .after(&json!({ "name": new_name }))?
            .text(format!("Renamed the project {name} to {new_name}"));
        write.commit().await?;
        Ok(view)
    })
}

/// What became of a project that was to be renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renaming {
    /// It has the new name.
    Done(ProjectView),
    /// Somebody else gave it another name before: it keeps that one.
    Overtaken(ProjectView),
}

/// Renames the project of that id as long as it still has the name it was seen with.
///
/// # Errors
/// As [`rename`].
pub async fn rename_seen(
    ctx: &Context,
    id: ProjectId,
    seen: &str,
    new_name: &str,
) -> Result<Renaming, Error> {
    let now = attempt!(ctx, {
        let mut tx = ctx.any_read().await?;
        Ok(store::projects::find(&mut tx, id).await?.ok_or(Error::NotFound)?.name)
    })?;
    match now == seen {
        true => rename(ctx, seen, new_name).await.map(Renaming::Done),
        // Who may not look at it does not learn what it is called.
        false => view(ctx, &now).await.map(Renaming::Overtaken),
    }
}

/// Deletes a project that holds no services. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` naming what stands in the way; `Denied`; `NotFound`.
pub async fn delete(ctx: &Context, name: &str, confirmation: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteProject, Target::ProjectName(name)).await?;
        if confirmation.trim() != name {
            return Err(Error::invalid(
                "confirmation",
                format!("Type the project's name, {name}, to delete it."),
            )
            .into());
        }
        let id = permit.project()?;
        let mut write = permit.write(EventType::ProjectDeleted).await?;
        let services = store::projects::services_count(&mut write.tx, id).await?;
        if services > 0 {
            let first = match permit.powers()?.may(Action::ViewService) {
                true => store::services::list(&mut write.tx, id, None, NAMES_TOLD_MAX).await?,
                false => Vec::new(),
            };
            let first: Vec<&str> = first.iter().map(|service| service.name.as_str()).collect();
            return Err(Error::conflict(format!(
                "The project {name} still holds {}. Delete {} first, and wait until the volumes are shredded.",
                lists::told(services, "service", &first),
                if services == 1 { "it" } else { "them" },
            ))
            .into());
        }
        let mut before = json!({ "name": name });
        let organization = permit.organization()?;
        Ending::on_resource(ctx, &mut write.tx, organization, id.uuid()).await?.tell(&mut before);
        // False for whoever comes second: the permit was given before this transaction began.
        if !store::projects::remove(&mut write.tx, id).await? {
            return Err(Error::NotFound.into());
        }
        write.before(&before)?.text(format!("Deleted the project {name}"));
        write.commit().await?;
        Ok(())
    })
}

/// A project that the permit has found, as its view.
pub(crate) async fn find(tx: &mut Tx, permit: &Permit) -> Result<ProjectView, Failure> {
    let organization_name = permit.access()?.organization_name.clone();
    find_as(tx, permit.project()?, organization_name, permit.powers()?.clone()).await
}

async fn find_as(
    tx: &mut Tx,
    id: ProjectId,
    organization_name: String,
    powers: Powers,
) -> Result<ProjectView, Failure> {
    let project = store::projects::find(tx, id).await?.ok_or(Error::NotFound)?;
    let services = store::projects::services_count(tx, id).await?;
    let unit = match project.unit_id {
        Some(unit) => store::units::find(tx, unit).await?,
        None => None,
    };
    Ok(ProjectView {
        id,
        organization_id: project.organization_id,
        organization_name,
        name: project.name,
        created_at: project.created_at,
        services,
        unit: unit.map(|unit| NamedUnit { id: unit.id, name: unit.name }),
        generation: project.generation,
        powers,
    })
}

fn draw_row(listed: Listed, tags: Vec<Tag>) -> ProjectRow {
    let Listed { project, unit_name, services } = listed;
    ProjectRow {
        id: project.id,
        name: project.name,
        unit: project.unit_id.zip(unit_name).map(|(id, name)| NamedUnit { id, name }),
        created_at: project.created_at,
        services,
        tags,
    }
}

/// The unit of that id; without one the organization itself.
fn place(organization: OrganizationId, unit: &str) -> Result<Target<'static>, Error> {
    match unit.trim() {
        "" => Ok(Target::Organization(organization)),
        id => id.parse().map(Target::Unit).map_err(|_| Error::NotFound),
    }
}

fn taken(name: &ProjectName) -> Error {
    Error::invalid(
        "name",
        format!("The name {name} is taken. Project names are unique in the whole installation."),
    )
}
