//! Reading the event log of a project.

use domain::{
    actions::Action,
    errors::Error,
    views::{EventView, PAGE_ROWS_MAX, Page},
};
use store::access::Target;

use crate::{Context, errors::attempt};

/// One page of a project's events, newest first; `after` is the sequence number that the page before ended with.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list(ctx: &Context, project: &str, after: Option<&str>) -> Result<Page<EventView>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProjectEvents, Target::ProjectName(project)).await?;
        let after = after
            .map(str::parse::<i64>)
            .transpose()
            .map_err(|_| Error::invalid("after", "Give the number that the page before ended with."))?;
        let id = permit.project()?;
        let mut tx = permit.read().await?;
        let total = store::events::count_for_project(&mut tx, id).await?;
        let mut found = store::events::list_for_project(&mut tx, id, after, PAGE_ROWS_MAX + 1).await?;
        let has_more = found.len() > PAGE_ROWS_MAX as usize;
        found.truncate(PAGE_ROWS_MAX as usize);
        let rows = found
            .into_iter()
            .map(|event| EventView {
                id: event.id,
                sequence: event.sequence,
                at: event.at,
                event_type: event.event_type.to_string(),
                outcome: event.outcome,
                actor: event.actor,
                address: event.address,
                agent: event.agent,
                request_id: event.request_id.to_string(),
                service_name: event.service_name,
                text: event.text,
                before: event.before,
                after: event.after,
            })
            .collect::<Vec<_>>();
        let next = rows.last().filter(|_| has_more).map(|row| row.sequence.to_string());
        Ok(Page { rows, next, total })
    })
}
