//! Where people can go by name: projects and services of an organization, found on the server, however many there are.

use domain::{actions::Action, errors::Error, ids::OrganizationId, permissions::Permission};
use store::access::Target;

pub use store::places::ServiceName;

use crate::{Context, access, errors::attempt};

/// Names of each kind that one search answers, at most.
const FOUND_MAX: u32 = 50;

/// What is to be found besides the names themselves: words that people type to say which page or kind they mean.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Of projects.
    pub projects: &'a str,
    /// Of services.
    pub services: &'a str,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Names of projects.
    pub projects: Vec<String>,
    /// Services.
    pub services: Vec<ServiceName>,
}

/// Finds projects and services whose names, with what stands `beside` them, hold every word of `text`.
///
/// # Errors
/// `NotFound` when the actor does not belong to the organization.
pub async fn search(
    ctx: &Context,
    organization: OrganizationId,
    text: &str,
    beside: Beside<'_>,
) -> Result<Found, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListProjects, Target::Organization(organization)).await?;
        let held = permit.access()?;
        let mut tx = permit.read().await?;
        let sees_services = access::holds(held, Permission::ProjectServicesRead);
        if !sees_services && !access::holds(held, Permission::OrganizationProjectsWrite) {
            return Ok(Found::default());
        }
        let text = text.to_lowercase();
        // The longest words tell most.
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let projects =
            store::places::projects(&mut tx, organization, beside.projects, &words, FOUND_MAX).await?;
        let services = if sees_services {
            store::places::services(&mut tx, organization, beside.services, &words, FOUND_MAX).await?
        } else {
            Vec::new()
        };
        Ok(Found { projects, services })
    })
}
