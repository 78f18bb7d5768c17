//! `/organizations/{organization}/events`: the whole log of an organization, latest first.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_organization_events;
use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer},
        list::List,
        page::page,
    },
    events, links,
};

const TITLE: &str = "All events";

/// An organization's events.
#[component]
pub(crate) fn OrganizationEventsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let id = super::asked(&params)?;
        let page = list_organization_events(id, after.clone()).await?;
        let key = id.to_string();
        let calls = ApiCalls::new().get(
            "List events",
            "/api/organizations/events",
            &[("organization", Some(&key)), ("after", after.as_deref())],
        );
        let frame = Frame::in_organization(id, Section::OrganizationEvents, TITLE).calls(calls);
        let address = |after: Option<&str>| links::organization_events(&key, after);
        let list = List {
            caption: TITLE,
            columns: &events::OF_ORGANIZATION,
            after: after.as_deref(),
            address: &address,
        };
        let none = "Everything that is done in this organization is recorded here, refused tries too.";
        Ok(frame.view(viewer, events::draw(list, page, none)))
    })
}
