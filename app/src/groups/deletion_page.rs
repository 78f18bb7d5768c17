//! `/organizations/{organization}/groups/{group}/delete`: who loses what when a group goes, and the form that deletes it.

use domain::actions::Action;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Viewer, head},
        page::page_of,
        preview::Preview,
    },
    context::{answer, control},
    links,
};

/// What deleting a group would do.
#[component]
pub(crate) fn DeleteGroupPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page_of(super::gone(&params), async move {
        let viewer = Viewer::load().await?;
        let group = super::load(&params).await?;
        let (organization, id, name) = (group.organization_id, group.row.id, group.row.name.clone());
        viewer.require(organization, Action::DeleteGroup)?;
        let would = answer(control::groups::preview_delete(&control()?, organization, id).await)?;
        let (owner, key) = (organization.to_string(), id.to_string());
        let path = format!("/v1/organizations/{owner}/groups/{key}?confirm={}", links::encode(&name));
        let calls = ApiCalls::new().v1("Delete the group", "DELETE", &path, None);
        let frame = super::frame(&group, "Delete group")
            .step("Delete", links::group_deletion(&owner, &key))
            .calls(calls);
        let preview = Preview {
            action: "/api/groups/delete",
            sentence: format!("The group {name} will be deleted, with everything that it holds."),
            note: Some("The people in it stay in the organization. This cannot be undone."),
            verb: "Delete group",
            is_danger: true,
            confirmation: Some(("Name of the group", name.clone())),
            back: links::group(&owner, &key, &[]),
            hidden: vec![("organization", owner), ("group", key)],
        };
        let title = head(format!("Delete {name}?"), (), ());
        Ok(frame.view(viewer, view! { {title} {preview.view(would)} }.into_any()))
    })
}
