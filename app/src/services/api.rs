//! Server functions of services.

use domain::{
    secrets::Secret,
    views::{Page, PlanView, ServiceRow, ServiceView, Timeline},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done, no_store},
    links,
};

/// The plans there are, with prices, and whether each can be had now.
#[server(endpoint = "services/plans", input = GetUrl)]
pub async fn list_plans(project: String) -> Result<Vec<PlanView>, AppError> {
    answer(control::services::plans(&control()?, &project).await)
}

/// The services of a project, by name.
#[server(endpoint = "services/list", input = GetUrl)]
pub async fn list_services(
    project: String,
    #[server(default)] after: Option<String>,
) -> Result<Page<ServiceRow>, AppError> {
    answer(control::services::list(&control()?, &project, after.as_deref()).await)
}

/// One service.
#[server(endpoint = "services/view", input = GetUrl)]
pub async fn view_service(project: String, service: String) -> Result<ServiceView, AppError> {
    answer(control::services::view(&control()?, &project, &service).await)
}

/// What happens and happened to a service.
#[server(endpoint = "services/timeline", input = GetUrl)]
pub async fn view_timeline(project: String, service: String) -> Result<Timeline, AppError> {
    answer(control::services::timeline(&control()?, &project, &service).await)
}

/// Makes a service.
#[server(endpoint = "services/create")]
pub async fn create_service(
    project: String,
    #[server(default)] name: String,
    #[server(default)] service_type: String,
    #[server(default)] plan: String,
    #[server(default)] cloud: String,
) -> Result<ServiceRow, AppError> {
    let input = domain::inputs::CreateService { project: project.clone(), name, service_type, plan, cloud };
    let row = answer(control::services::create(&control()?, input).await)?;
    done(&links::service(&project, &row.name, ""), &format!("{} is being created.", row.name));
    Ok(row)
}

/// Deletes a service and shreds its volumes.
#[server(endpoint = "services/delete")]
pub async fn delete_service(
    project: String,
    service: String,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::services::delete(&control()?, &project, &service, &confirmation).await)?;
    done(&links::service(&project, &service, ""), &format!("{service} is being deleted."));
    Ok(())
}

/// Has the failing step tried again at once.
#[server(endpoint = "services/retry")]
pub async fn retry_service(project: String, service: String) -> Result<(), AppError> {
    answer(control::services::retry(&control()?, &project, &service).await)?;
    done(&links::service(&project, &service, ""), "The step is tried again now.");
    Ok(())
}

/// The password of the service's first user. Every call is in the project's events.
#[server(endpoint = "services/password")]
pub async fn reveal_password(project: String, service: String) -> Result<Secret, AppError> {
    no_store();
    answer(control::services::password(&control()?, &project, &service).await)
}
