//! Reading the event log of a project or of a whole organization: in pages, or row by row for a file.

use std::{str::FromStr, time::Duration};

use domain::{
    actions::Action,
    errors::Error,
    ids::{OrganizationId, ProjectId},
    inputs::EventFilter,
    timestamps::Timestamp,
    views::{EVENTS_COUNTED_MAX, EVENTS_UNCOUNTED, EventSubject, EventView, Page},
};
use store::{
    Tx,
    access::Target,
    events::{Event, EventFilter as Filter},
};
use uuid::Uuid;

use crate::{
    Context, Control,
    errors::{Failure, attempt},
    pages,
};

/// Rows of a file that are read at once.
pub const EXPORTED_MAX: u32 = 1000;
/// Events that are looked through for one page of those that fit a filter, at most: then the page ends, however many of them
/// fit, and the next one goes on from there.
pub const LOOKED_AT_MAX: u32 = 50_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// One page of a project's events, newest first; `after` is what the page before ended with. With a filter, a page may hold
/// fewer events than others, or none, and yet lead to a next one; see [`LOOKED_AT_MAX`] and [`EVENTS_COUNTED_MAX`].
///
/// # Errors
/// `Invalid` on `after` or a field of the filter; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    project: &str,
    filter: &EventFilter,
    after: Option<&str>,
) -> Result<Page<EventView>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProjectEvents, Target::ProjectName(project)).await?;
        let (filter, after) = (parse(filter)?, pages::parse_number_key(after)?);
        let log = Log::Project(permit.project()?);
        log.page(&mut permit.read().await?, filter, after).await
    })
}

/// One page of everything that happened in an organization, in projects that are gone and to its people too. With a filter
/// as [`list`].
///
/// # Errors
/// `Invalid` on `after` or a field of the filter; `Denied`; `NotFound`.
pub async fn list_for_organization(
    ctx: &Context,
    organization: OrganizationId,
    filter: &EventFilter,
    after: Option<&str>,
) -> Result<Page<EventView>, Error> {
    attempt!(ctx, {
        let target = Target::Organization(organization);
        let permit = ctx.authorize(Action::ViewOrganizationEvents, target).await?;
        let (filter, after) = (parse(filter)?, pages::parse_number_key(after)?);
        let log = Log::Chain(Some(permit.organization()?));
        log.page(&mut permit.read().await?, filter, after).await
    })
}

/// The next [`EXPORTED_MAX`] events of a project before the one numbered `after`, newest first; fewer are the last.
///
/// # Errors
/// `Invalid` on a field of the filter; `Denied`; `NotFound`; `Unauthenticated` when the session ended since the page before.
pub async fn export_project(
    ctx: &Context,
    project: &str,
    filter: &EventFilter,
    after: Option<i64>,
) -> Result<Vec<EventView>, Error> {
    attempt!(ctx, {
        look_again(ctx, after).await?;
        let permit = ctx.authorize(Action::ViewProjectEvents, Target::ProjectName(project)).await?;
        let filter = parse(filter)?;
        let mut tx = permit.read().await?;
        let id = permit.project()?;
        let found = store::events::list_for_project(&mut tx, id, &filter, after, EXPORTED_MAX).await?;
        Ok(found.into_iter().map(draw).collect())
    })
}

/// The next [`EXPORTED_MAX`] events of an organization before the one numbered `after`, newest first; fewer are the
/// last.
///
/// # Errors
/// `Invalid` on a field of the filter; `Denied`; `NotFound`; `Unauthenticated` when the session ended since the page before.
pub async fn export(
    ctx: &Context,
    organization: OrganizationId,
    filter: &EventFilter,
    after: Option<i64>,
) -> Result<Vec<EventView>, Error> {
    attempt!(ctx, {
        look_again(ctx, after).await?;
        let target = Target::Organization(organization);
        let permit = ctx.authorize(Action::ViewOrganizationEvents, target).await?;
        let filter = parse(filter)?;
        let mut tx = permit.read().await?;
        let id = Some(permit.organization()?);
        let found = store::events::list_for_organization(&mut tx, id, &filter, after, EXPORTED_MAX).await?;
        Ok(found.into_iter().map(draw).collect())
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
        let (filter, after) = (Filter::default(), pages::parse_number_key(after)?);
        Log::Chain(None).page(&mut permit.read().await?, filter, after).await
    })
}

/// Whether whoever reads on is signed in still: a file outlives the request that began it. A token is presented again by
/// those who call.
async fn look_again(ctx: &Context, after: Option<i64>) -> Result<(), Failure> {
    if after.is_some() && ctx.session().is_some() && !ctx.has_session().await? {
        return Err(Error::Unauthenticated { reason: "Sign in first.".into() }.into());
    }
    Ok(())
}

/// Reads a filter; what is empty filters nothing.
fn parse(filter: &EventFilter) -> Result<Filter<'_>, Error> {
    let until = match given(&filter.until) {
        Some(text) => Some(parse_instant("until", text, DAY)?),
        None => None,
    };
    let since = match given(&filter.since) {
        Some(text) => Some(parse_instant("since", text, Duration::ZERO)?),
        None => None,
    };
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Error::invalid("until", "This is before the beginning: choose a later day."));
    }
    let word = "Choose one of the list.";
    Ok(Filter {
        event_type: parse_word(
            &filter.event_type,
            "event_type",
            &format!("There is no such event type. {word}"),
        )?,
        outcome: parse_word(&filter.outcome, "outcome", "Choose done, denied or failed.")?,
        actor: given(&filter.actor),
        subject: parse_word::<Uuid>(
            &filter.subject,
            "subject",
            "Enter the id of what the events are about.",
        )?,
        project: given(&filter.project),
        since,
        until,
        text: given(&filter.text),
        from: 0,
    })
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn parse_word<T: FromStr>(text: &str, field: &str, reason: &str) -> Result<Option<T>, Error> {
    given(text).map(str::parse).transpose().map_err(|_| Error::invalid(field, reason))
}

/// Reads a date, which `day` is added to, or an instant.
fn parse_instant(field: &str, text: &str, day: Duration) -> Result<Timestamp, Error> {
    let date = Timestamp::from_date(text).map(|at| at.plus(day));
    date.or_else(|| Timestamp::from_rfc3339(text)).ok_or_else(|| {
        Error::invalid(field, "Enter a date like 2026-11-28, or a time like 2026-11-28T09:30:00Z.")
    })
}

/// Whose events.
#[derive(Clone, Copy)]
enum Log {
    Project(ProjectId),
    Chain(Option<OrganizationId>),
}

impl Log {
    /// One page of it.
    async fn page(
        self,
        tx: &mut Tx,
        filter: Filter<'_>,
        after: Option<i64>,
    ) -> Result<Page<EventView>, Failure> {
        let key = |event: &Event| event.sequence.to_string();
        if filter == Filter::default() {
            let total = self.count(tx, &filter).await?;
            let found = self.list(tx, &filter, after).await?;
            return Ok(pages::page(found, total, key, draw));
        }
        // What is beyond is the next pages' to look at.
        let beyond = self.beyond(tx, after).await?;
        let is_all_looked_at = match after {
            None => beyond.is_none(),
            Some(_) => self.beyond(tx, None).await?.is_none(),
        };
        let total = if is_all_looked_at { self.count(tx, &filter).await? } else { EVENTS_UNCOUNTED };
        let from = beyond.map_or(0, |number| number.saturating_add(1));
        let found = self.list(tx, &Filter { from, ..filter }, after).await?;
        let mut page = pages::page(found, total, key, draw);
        page.next = page.next.or_else(|| beyond.map(|_| from.to_string()));
        Ok(page)
    }

    async fn list(
        self,
        tx: &mut Tx,
        filter: &Filter<'_>,
        after: Option<i64>,
    ) -> Result<Vec<Event>, store::Error> {
        match self {
            Self::Project(id) => store::events::list_for_project(tx, id, filter, after, pages::FETCHED).await,
            Self::Chain(id) => {
                store::events::list_for_organization(tx, id, filter, after, pages::FETCHED).await
            }
        }
    }

    async fn count(self, tx: &mut Tx, filter: &Filter<'_>) -> Result<i64, store::Error> {
        let most = EVENTS_COUNTED_MAX + 1;
        match self {
            Self::Project(id) => store::events::count_for_project(tx, id, filter, most).await,
            Self::Chain(id) => store::events::count_for_organization(tx, id, filter, most).await,
        }
    }

    async fn beyond(self, tx: &mut Tx, after: Option<i64>) -> Result<Option<i64>, store::Error> {
        match self {
            Self::Project(id) => store::events::beyond_for_project(tx, id, after, LOOKED_AT_MAX).await,
            Self::Chain(id) => store::events::beyond_for_organization(tx, id, after, LOOKED_AT_MAX).await,
        }
    }
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
        token: event.token_id,
        session: event.session_id,
        address: event.address,
        agent: event.agent,
        request_id: event.request_id.to_string(),
        project_name: event.project_name,
        service_name: event.service_name,
        subject: event.subject_kind.zip(event.subject_id).map(|(kind, id)| EventSubject {
            kind,
            id,
            name: event.subject_name.unwrap_or_default(),
        }),
        text: event.text,
        before: event.before,
        after: event.after,
    }
}
