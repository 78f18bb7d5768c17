//! Server functions of projects.

use domain::{
    ids::OrganizationId,
    views::{Page, ProjectRow, ProjectView},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// The projects of an organization, by name.
#[server(endpoint = "projects/list", input = GetUrl)]
pub async fn list_projects(
    organization: OrganizationId,
    #[server(default)] after: Option<String>,
) -> Result<Page<ProjectRow>, AppError> {
    let filter = control::projects::ProjectFilter::default();
    answer(control::projects::list(&control()?, organization, &filter, after.as_deref()).await)
}

/// One project.
#[server(endpoint = "projects/view", input = GetUrl)]
pub async fn view_project(project: String) -> Result<ProjectView, AppError> {
    answer(control::projects::view(&control()?, &project).await)
}

/// Makes a project.
#[server(endpoint = "projects/create")]
pub async fn create_project(
    organization: OrganizationId,
    #[server(default)] name: String,
) -> Result<ProjectView, AppError> {
    let project = answer(control::projects::create(&control()?, organization, &name, "").await)?;
    done(&links::services(&project.name, None), &format!("Project {} is ready.", project.name));
    Ok(project)
}

/// Renames a project.
#[server(endpoint = "projects/rename")]
pub async fn rename_project(
    project: String,
    #[server(default)] name: String,
) -> Result<ProjectView, AppError> {
    let renamed = answer(control::projects::rename(&control()?, &project, &name).await)?;
    done(&links::project_settings(&renamed.name), &format!("{project} is now {}.", renamed.name));
    Ok(renamed)
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
