//! Where people can go by name: projects and services of an organization, found on the server, however many there are.

use domain::{actions::Action, errors::Error, ids::OrganizationId, powers::Powers};
use store::access::Target;

use crate::{
    Context,
    errors::attempt,
    knowers::Openings,
    standings::{Place, Standing},
};

/// Things of each kind that one search answers, at most.
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
    /// Projects.
    pub projects: Vec<FoundProject>,
    /// Services.
    pub services: Vec<FoundService>,
}

/// A project that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundProject {
    /// Its name.
    pub name: String,
    /// What the actor can do in it.
    pub powers: Powers,
}

/// A service that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundService {
    /// Its name.
    pub name: String,
    /// Name of its project.
    pub project: String,
    /// What the actor can do in that.
    pub powers: Powers,
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
        let actor = Standing::of_actor(ctx, &mut tx, organization).await?;
        let powers = |unit, project| actor.at(Place { organization, unit, project: Some(project) });
        let projects = projects
            .into_iter()
            .map(|found| FoundProject { powers: powers(found.unit_id, found.id), name: found.name });
        let services = services.into_iter().map(|found| FoundService {
            powers: powers(found.unit_id, found.project_id),
            name: found.service,
            project: found.project,
        });
        Ok(Found { projects: projects.collect(), services: services.collect() })
    })
}
