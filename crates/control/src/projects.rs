//! Projects: list, make, rename, delete.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, ProjectId},
    names::ProjectName,
    permissions::Permission,
    views::{Page, ProjectView},
};
use serde_json::json;
use store::{Tx, access::Target, projects::Project};

use crate::{
    Context, access, authorities,
    envelopes::Place,
    errors::{Failure, attempt},
    pages,
};

/// Column that a project's CA key is sealed for.
pub(crate) const CA_KEY: &str = "projects.ca_key_sealed";

/// One page of the organization's projects by name, after the project named `after`.
///
/// # Errors
/// `NotFound` when the actor does not belong to the organization.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    after: Option<&str>,
) -> Result<Page<ProjectView>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListProjects, Target::Organization(organization)).await?;
        let access = permit.access()?;
        let mut tx = permit.read().await?;
        // Who may not look into projects sees none; grants on single projects come with groups and roles.
        let sees = [Permission::ProjectServicesRead, Permission::OrganizationProjectsWrite];
        if !sees.into_iter().any(|permission| access::holds(access, permission)) {
            return Ok(Page { rows: Vec::new(), next: None, total: 0 });
        }
        let total = store::projects::count(&mut tx, organization).await?;
        let found = store::projects::list(&mut tx, organization, after, pages::FETCHED).await?;
        Ok(pages::page(
            found,
            total,
            |(project, _)| project.name.clone(),
            |(project, services)| draw(project, access.organization_name.clone(), services),
        ))
    })
}

/// One project.
///
/// # Errors
/// `NotFound`.
pub async fn view(ctx: &Context, name: &str) -> Result<ProjectView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProject, Target::ProjectName(name)).await?;
        let mut tx = permit.read().await?;
        find(&mut tx, permit.project()?, &permit.access()?.organization_name).await
    })
}

/// Makes a project with a certificate authority of its own.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken; `Denied`; `NotFound`.
pub async fn create(ctx: &Context, organization: OrganizationId, name: &str) -> Result<ProjectView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::CreateProject, Target::Organization(organization)).await?;
        let name: ProjectName = name.parse().map_err(|error| Error::name("name", error))?;
        let now = ctx.now();
        let id = ProjectId::from_uuid(ctx.control.new_uuid());
        let (ca_certificate, ca_key) = authorities::make(name.as_str(), now)?;

        let mut write = permit.write(EventType::ProjectCreated).await?;
        let key = ctx.control.organization_key(&mut write.tx, organization).await?;
        let place = Place { column: CA_KEY, row: id.uuid() };
        let project = Project {
            id,
            organization_id: organization,
            unit_id: None,
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
        write.after(&json!({ "name": project.name }))?.text(format!("Created the project {name}"));
        write.commit().await?;
        Ok(draw(project, permit.access()?.organization_name.clone(), 0))
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
        let (id, organization) = (permit.project()?, &permit.access()?.organization_name);
        if new_name.as_str() == name {
            return find(&mut permit.read().await?, id, organization).await;
        }
        let mut write = permit.write(EventType::ProjectRenamed).await?;
        // The permit was given before this transaction began.
        let before = find(&mut write.tx, id, organization).await?.name;
        if before != name {
            return Err(Error::NotFound.into());
        }
        if !store::projects::rename(&mut write.tx, id, new_name.as_str()).await? {
            return Err(taken(&new_name).into());
        }
        let view = find(&mut write.tx, id, organization).await?;
        write
            .before(&json!({ "name": name }))?
            .after(&json!({ "name": new_name }))?
            .text(format!("Renamed the project {name} to {new_name}"));
        write.commit().await?;
        Ok(view)
    })
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
            return Err(Error::conflict(format!(
                "The project {name} still holds {services} service{}. Delete {} first, and wait until the volumes are shredded.",
                if services == 1 { "" } else { "s" },
                if services == 1 { "it" } else { "them" },
            ))
            .into());
        }
        // False for whoever comes second: the permit was given before this transaction began.
        if !store::projects::remove(&mut write.tx, id).await? {
            return Err(Error::NotFound.into());
        }
        write.before(&json!({ "name": name }))?.text(format!("Deleted the project {name}"));
        write.commit().await?;
        Ok(())
    })
}

/// A project that the permit has found, as its view.
pub(crate) async fn find(
    tx: &mut Tx,
    id: ProjectId,
    organization_name: &str,
) -> Result<ProjectView, Failure> {
    let project = store::projects::find(tx, id).await?.ok_or(Error::NotFound)?;
    let services = store::projects::services_count(tx, id).await?;
    Ok(draw(project, organization_name.to_owned(), services))
}

fn draw(project: Project, organization_name: String, services: i64) -> ProjectView {
    ProjectView {
        id: project.id,
        organization_id: project.organization_id,
        organization_name,
        name: project.name,
        created_at: project.created_at,
        services,
    }
}

fn taken(name: &ProjectName) -> Error {
    Error::invalid(
        "name",
        format!("The name {name} is taken. Project names are unique in the whole installation."),
    )
}
