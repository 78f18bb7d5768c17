//! Where people can go by name: projects and services of an organization, found on the server, however many there are.

use domain::{actions::Action, errors::Error, ids::OrganizationId};
use store::access::Target;

pub use store::places::ServiceName;

use crate::{Context, errors::attempt, knowers::Openings};

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

/// Finds those of the projects and services that the actor may know of whose names, with what stands `beside` them, hold every word of `text`.
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
        let (powers, user, now) = (permit.powers()?, ctx.user()?, ctx.now());
        let (of_projects, of_services) = (Openings::of_projects(powers), Openings::of_services(powers));
        let (of_projects, of_services) = (of_projects.knower(user, now), of_services.knower(user, now));
        let mut tx = permit.read().await?;
        let text = text.to_lowercase();
        // The longest words tell most.
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let projects =
            store::places::projects(&mut tx, organization, &of_projects, beside.projects, &words, FOUND_MAX)
                .await?;
        let services =
            store::places::services(&mut tx, organization, &of_services, beside.services, &words, FOUND_MAX)
                .await?;
        Ok(Found { projects, services })
    })
}
