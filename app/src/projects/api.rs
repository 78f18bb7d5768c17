//! Server functions of projects.

use domain::{
    ids::{OrganizationId, ProjectId},
    views::{Effects, Page, ProjectRow, ProjectSettings, ProjectView},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use {control::projects::Renaming, domain::errors::Error};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done, wants_html},
    links,
};

/// The projects of an organization, by name: those in a unit, or whose name holds a text.
#[server(endpoint = "projects/list", input = GetUrl)]
pub async fn list_projects(
    organization: OrganizationId,
    #[server(default)] unit: String,
    #[server(default)] text: String,
    #[server(default)] after: Option<String>,
) -> Result<Page<ProjectRow>, AppError> {
    let filter = control::projects::ProjectFilter { unit: &unit, text: &text };
    answer(control::projects::list(&control()?, organization, &filter, after.as_deref()).await)
}

/// One project.
#[server(endpoint = "projects/view", input = GetUrl)]
pub async fn view_project(project: String) -> Result<ProjectView, AppError> {
    answer(control::projects::view(&control()?, &project).await)
}

/// What is set of a project.
#[server(endpoint = "projects/settings", input = GetUrl)]
pub async fn view_project_settings(project: String) -> Result<ProjectSettings, AppError> {
    answer(control::projects::settings(&control()?, &project).await)
}

/// Makes a project, in a unit if one is named.
#[server(endpoint = "projects/create")]
pub async fn create_project(
    organization: OrganizationId,
    #[server(default)] name: String,
    #[server(default)] unit: String,
) -> Result<ProjectView, AppError> {
    let project = answer(control::projects::create(&control()?, organization, &name, &unit).await)?;
    done(&home(&project), &format!("Project {} is ready.", project.name));
    Ok(project)
}

/// Renames a project. If its id comes along, only as long as nobody else gave it another name.
#[server(endpoint = "projects/rename")]
pub async fn rename_project(
    project: String,
    #[server(default)] id: Option<ProjectId>,
    #[server(default)] name: String,
) -> Result<ProjectView, AppError> {
    let ctx = control()?;
    let renaming = match id {
        Some(id) => answer(control::projects::rename_seen(&ctx, id, &project, &name).await)?,
        None => Renaming::Done(answer(control::projects::rename(&ctx, &project, &name).await)?),
    };
    let renamed = match renaming {
        Renaming::Done(renamed) => renamed,
        Renaming::Overtaken(now) => return overtaken(&project, now),
    };
    done(&links::project_settings(&renamed.name), &format!("{project} is now {}.", renamed.name));
    Ok(renamed)
}

/// Tells who was too late to rename a project. The page of the name that they knew is gone: people see it on that of its
/// name now.
#[cfg(feature = "ssr")]
fn overtaken(seen: &str, now: ProjectView) -> Result<ProjectView, AppError> {
    let told = format!(
        "Somebody has renamed {seen} to {} meanwhile. It keeps that name; nothing was changed.",
        now.name
    );
    if !wants_html() {
        return answer(Err(Error::conflict(told)));
    }
    done(&links::project_settings(&now.name), &told);
    Ok(now)
}

/// What moving a project would do to people. Without a unit it would go to the organization itself.
#[server(endpoint = "projects/preview_move", input = GetUrl)]
pub async fn preview_project_move(
    project: String,
    #[server(default)] unit: String,
) -> Result<Effects, AppError> {
    answer(control::projects::preview_move(&control()?, &project, &unit).await)
}

/// Moves a project into a unit, or to the organization itself if none is named. If it comes along where the project was, as
/// `at:` and the id of its unit, only as long as it is there.
#[server(endpoint = "projects/move")]
pub async fn move_project(
    project: String,
    #[server(default)] unit: String,
    #[server(default)] seen: String,
) -> Result<ProjectView, AppError> {
    let ctx = control()?;
    let moved = match seen.strip_prefix("at:") {
        Some(seen) => control::projects::move_from(&ctx, &project, seen, &unit).await,
        None => control::projects::move_to(&ctx, &project, &unit).await,
    };
    let moved = answer(moved)?;
    let place = moved.unit.as_ref().map_or("the organization itself", |unit| &unit.name);
    done(&home(&moved), &format!("{project} is in {place} now."));
    Ok(moved)
}

/// Where somebody goes on who just made or moved a project: it may be out of their sight.
#[cfg(feature = "ssr")]
fn home(project: &ProjectView) -> String {
    use domain::actions::Action;

    match (project.powers.may(Action::ViewService), project.powers.knows()) {
        (true, _) => links::services(&project.name, None),
        (false, true) => links::project(&project.name),
        (false, false) => links::projects(Some(&project.organization_id.to_string()), None),
    }
}

/// Changes what is said of a project, as long as nobody else changed it: `key=value`, one a line.
#[server(endpoint = "projects/set_tags")]
pub async fn set_project_tags(
    project: String,
    generation: i64,
    #[server(default)] tags: String,
) -> Result<(), AppError> {
    answer(control::projects::set_tags(&control()?, &project, generation, &tags).await)?;
    done(&links::project_settings(&project), "The tags are changed.");
    Ok(())
}

/// Changes whom to tell of what happens in a project, as long as nobody else changed it: an e-mail address a line.
#[server(endpoint = "projects/set_contacts")]
pub async fn set_project_contacts(
    project: String,
    generation: i64,
    #[server(default)] contacts: String,
) -> Result<(), AppError> {
    answer(control::projects::set_contacts(&control()?, &project, generation, &contacts).await)?;
    done(&links::project_settings(&project), "The contacts are changed.");
    Ok(())
}

/// Deletes an empty project.
#[server(endpoint = "projects/delete")]
pub async fn delete_project(
    project: String,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::projects::delete(&control()?, &project, &confirmation).await)?;
    done("/projects", &format!("Project {project} is deleted."));
    Ok(())
}
