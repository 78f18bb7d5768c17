//! `/organizations/{organization}/events`: the whole log of an organization, latest first.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_organization_events;
use crate::{
    components::{
        filter::found,
        frame::{Frame, Section, Viewer},
        page::page,
    },
    events::{Log, calls, filter::asked},
    links,
};

const TITLE: &str = "All events";

/// An organization's events.
#[component]
pub(crate) fn OrganizationEventsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let (filter, after) = (asked(&query), query.get("after"));
        let viewer = Viewer::load().await?;
        let id = super::asked(&params)?;
        let (page, refused) = found(list_organization_events(id, filter.clone(), after.clone()).await)?;
        let key = id.to_string();
        let frame = Frame::in_organization(id, Section::OrganizationEvents, TITLE)
            .calls(calls(&format!("/v1/organizations/{key}/events"), &filter));
        let log = Log {
            title: TITLE,
            has_project: true,
            none: "Everything that is done in this organization is recorded here, refused tries too.",
            after: after.as_deref(),
            filter: &filter,
            refused,
            address: &|query| links::found_organization_events(&key, query),
            file: &|query| links::organization_events_file(&key, query),
        };
        Ok(frame.view(viewer, log.view(page)))
    })
}
