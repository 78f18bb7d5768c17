//! `/organizations/{organization}/permissions/{grant}/revoke`: who loses what when a role or permission is taken back, and
//! the form that does it.

use domain::{errors::Error, ids::GrantId, principals::ResourceKind, views::GrantRow};
use leptos::prelude::*;
use leptos_router::{hooks::use_params_map, params::ParamsMap};

use super::{
    choices::{called, named},
    grant_page::around,
    list_page::label,
    preview_page::{after, capitalized},
};
use crate::{
    components::{
        api_call::ApiCalls,
        effects::place,
        frame::{Viewer, head},
        gone::Gone,
        page::page_of,
        preview::Preview,
    },
    context::{answer, control},
    links,
    organizations::asked,
    projects::api::view_project,
};

/// What taking a grant back would do.
#[component]
pub(crate) fn RevokePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(gone(&params), async move {
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let grant: GrantId = params.get("grant").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let row = answer(control::permissions::view(&control()?, id, grant).await)?;
        let would = answer(control::permissions::preview_revoke(&control()?, id, grant).await)?;
        let (organization, key) = (id.to_string(), grant.to_string());
        let path = format!("/v1/organizations/{organization}/permissions/{key}");
        let calls = ApiCalls::new()
            .v1("View the grant", "GET", &path, None)
            .v1("See what revoking it would do", "GET", &format!("{path}/revocation-effects"), None)
            .v1("Revoke it", "DELETE", &path, None);
        let project = match row.resource.kind {
            ResourceKind::Project => Some(view_project(row.resource.name.clone()).await?),
            _ => None,
        };
        let frame = around(&viewer, id, project, "Revoke")
            .step("Revoke", links::revocation(&organization, &key))
            .calls(calls);
        let next = after(&viewer, id, row.resource.kind, &named(&row.resource));
        let preview = Preview {
            action: "/api/permissions/revoke",
            sentence: sentence(&row),
            note: Some("Passwords of services that they have seen stay valid: reset them if that matters."),
            verb: "Revoke",
            is_danger: true,
            confirmation: None,
            back: next.clone(),
            hidden: vec![("organization", organization), ("grant", key), ("next", next)],
        };
        let title = head("Revoke it?".into(), (), ());
        Ok(frame.view(viewer, view! { {title} {preview.view(would)} }.into_any()))
    })
}

/// What is said where there is no such grant.
pub(super) fn gone(params: &ParamsMap) -> Option<Gone> {
    let id = asked(params).ok()?;
    Some(Gone {
        organization: Some(id),
        said: "There is nothing to revoke. If there was, somebody has revoked it already.",
        label: "Go back",
        list: Box::new(move |viewer| after(viewer, id, ResourceKind::Organization, "")),
    })
}

fn sentence(row: &GrantRow) -> String {
    let label = label(&row.granted);
    let place = place(row.resource.kind, &row.resource.name);
    capitalized(&format!("{} will no longer hold “{label}” on {place}.", called(&row.principal)))
}
