//! Where people can go by name: projects and services of an organization, found on the server, however many there are; and
//! what grants can be given on, as people type it.

use domain::{actions::Action, errors::Error, ids::OrganizationId, powers::Powers};
use store::{Tx, access::Target};

use crate::{
    Context,
    errors::{Failure, attempt},
    knowers::Openings,
    standings::{Place, Standing},
};

/// Things of each kind that one search answers, at most.
const FOUND_MAX: u32 = 50;
/// Projects that are told when the one of a name is not there, at most.
const SUGGESTED_MAX: u32 = 3;

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

/// The place that a typed text names, as operations take it: `organization`, `unit:{id}` or `project:{name}`. A project or
/// unit that the actor may know of is found by its plain name; a project comes first.
///
/// # Errors
/// `Invalid` on `place` when there is none of that name, with the projects whose names hold the text; `NotFound` when the
/// actor does not belong to the organization.
pub async fn named(ctx: &Context, organization: OrganizationId, text: &str) -> Result<String, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListProjects, Target::Organization(organization)).await?;
        let text = text.trim();
        if text.is_empty() || text == "organization" {
            return Ok("organization".to_owned());
        }
        let (project, unit) = match text.split_once(':') {
            Some(("project", name)) => (Some(name.trim()), None),
            Some(("unit", name)) => (None, Some(name.trim())),
            _ => (Some(text), Some(text)),
        };
        let mut tx = permit.read().await?;
        if let Some(name) = project {
            let name = name.to_lowercase();
            if knows(ctx, &mut tx, organization, Target::ProjectName(&name)).await? {
                return Ok(format!("project:{name}"));
            }
        }
        if let Some(name) = unit {
            let units = store::units::list(&mut tx, organization).await?;
            let is_named = |unit: &store::units::Unit| unit.name == name || unit.id.to_string() == name;
            if let Some(unit) = units.into_iter().find(is_named)
                && knows(ctx, &mut tx, organization, Target::Unit(unit.id)).await?
            {
                return Ok(format!("unit:{}", unit.id));
            }
        }
        let openings = Openings::of_projects(permit.powers()?);
        let knower = openings.knower(ctx.user()?, ctx.now());
        let word = project.unwrap_or_default().to_lowercase();
        let near = match word.is_empty() {
            true => Vec::new(),
            false => {
                store::places::projects(&mut tx, organization, &knower, "", &[&word], SUGGESTED_MAX).await?
            }
        };
        let near: Vec<String> = near.into_iter().map(|found| found.name).collect();
        Err(Error::invalid("place", nowhere(&near)).into())
    })
}

async fn knows(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    target: Target<'_>,
) -> Result<bool, Failure> {
    let found = ctx.look(tx, target).await?;
    Ok(found.is_some_and(|found| found.access.organization_id == organization && found.powers.knows()))
}

/// What is said when there is no place of that name.
fn nowhere(near: &[String]) -> String {
    let none = "There is no project and no unit of that name here.";
    match near {
        [] => none.to_owned(),
        near => format!("{none} There is {}.", near.join(", ")),
    }
}
