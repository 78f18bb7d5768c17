//! `/organizations/{organization}/certificates`: every certificate of destruction of an organization.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::api::list_organization_certificates;
use crate::{
    certificates,
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer},
        list::List,
        page::page,
    },
    links,
};

const TITLE: &str = "All certificates";

/// An organization's certificates of destruction.
#[component]
pub(crate) fn OrganizationCertificatesPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let id = super::asked(&params)?;
        let page = list_organization_certificates(id, after.clone()).await?;
        let key = id.to_string();
        let calls = ApiCalls::new().get(
            "List certificates",
            "/api/organizations/certificates",
            &[("organization", Some(&key)), ("after", after.as_deref())],
        );
        let frame = Frame::in_organization(id, Section::OrganizationCertificates, TITLE);
        let address = |after: Option<&str>| links::organization_certificates(&key, after);
        let certificate = |id: &str| links::organization_certificate(&key, id);
        let list = List {
            caption: TITLE,
            columns: &certificates::OF_ORGANIZATION,
            after: after.as_deref(),
            address: &address,
        };
        Ok(frame.calls(calls).view(viewer, certificates::draw_list(list, page, &certificate)))
    })
}
