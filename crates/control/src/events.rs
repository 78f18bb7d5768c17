//! Reading the event log of a project or of a whole organization.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    views::{EventView, Page},
};
use store::{access::Target, events::Event};

use crate::{Context, Control, errors::attempt, pages};

/// One page of a project's events, newest first; `after` is the sequence number that the page before ended with.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list(ctx: &Context, project: &str, after: Option<&str>) -> Result<Page<EventView>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProjectEvents, Target::ProjectName(project)).await?;
        let after = pages::parse_number_key(after)?;
        let id = permit.project()?;
        let mut tx = permit.read().await?;
        let total = store::events::count_for_project(&mut tx, id).await?;
        let found = store::events::list_for_project(&mut tx, id, after, pages::FETCHED).await?;
        Ok(page(found, total))
    })
}

/// One page of everything that happened in an organization, in projects that are gone and to its people too.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list_for_organization(
    ctx: &Context,
    organization: OrganizationId,
    after: Option<&str>,
) -> Result<Page<EventView>, Error> {
    attempt!(ctx, {
        let target = Target::Organization(organization);
        let permit = ctx.authorize(Action::ViewOrganizationEvents, target).await?;
        let after = pages::parse_number_key(after)?;
        let id = Some(permit.organization()?);
        let mut tx = permit.read().await?;
        let total = store::events::count_for_organization(&mut tx, id).await?;
        let found = store::events::list_for_organization(&mut tx, id, after, pages::FETCHED).await?;
        Ok(page(found, total))
    })
}

/// One page of what happened to the installation and to no organization: set-up links, sign-ins under the e-mail address
/// of nobody. For the operator, who is outside of all roles.
///
/// # Errors
/// `Invalid` on `after`; `Unavailable` when the database does not answer.
pub async fn list_for_installation(control: &Control, after: Option<&str>) -> Result<Page<EventView>, Error> {
    let ctx = control.operator();
    attempt!(ctx, {
        let permit = ctx.system(Action::ViewInstallationEvents);
        let after = pages::parse_number_key(after)?;
        let mut tx = permit.read().await?;
        let total = store::events::count_for_organization(&mut tx, None).await?;
        let found = store::events::list_for_organization(&mut tx, None, after, pages::FETCHED).await?;
        Ok(page(found, total))
    })
}

fn page(found: Vec<Event>, total: i64) -> Page<EventView> {
    pages::page(found, total, |event| event.sequence.to_string(), draw)
}

fn draw(event: Event) -> EventView {
    EventView {
        id: event.id,
        sequence: event.sequence,
        at: event.at,
        event_type: event.event_type.to_string(),
        outcome: event.outcome,
        actor: event.actor,
        credential: event.credential,
        session: event.session_id,
        address: event.address,
        agent: event.agent,
        request_id: event.request_id.to_string(),
        project_name: event.project_name,
        service_name: event.service_name,
        text: event.text,
        before: event.before,
        after: event.after,
    }
}
